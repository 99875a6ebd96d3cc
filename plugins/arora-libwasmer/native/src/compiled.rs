//! Compiling modules, and reading and writing compiled code.

use std::num::NonZero;
use std::sync::Arc;

use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Features};
use wasmer::{Engine, Module};

use crate::boundary::{Text, bytes, guarded, silence_panics};
use crate::checks::{self, Checks};

/// The flag of code that Singlepass compiles instead of Cranelift.
pub const SINGLEPASS: u32 = 4;

/// Bytes of the stack of a thread that compiles.
const STACK: usize = 8 << 20;

/// A compiled module. It has an engine of its own, because an engine keeps all code until it ends.
pub struct Compiled {
    pub engine: Engine,
    pub module: Module,
}

/// What guests may use. Off: atomic instructions, which need a shared memory to be of use, and may wait without end;
/// tags and exceptions; several memories, because a limit is one for each; and what is not standardized.
fn features() -> Features {
    Features {
        reference_types: true,
        simd: true,
        bulk_memory: true,
        multi_value: true,
        extended_const: true,
        ..Features::none()
    }
}

fn engine(flags: u32, threads: usize) -> Result<Engine, String> {
    let config: Box<dyn CompilerConfig> = if flags & SINGLEPASS == 0 {
        let mut config = Cranelift::default();
        config.num_threads(NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN));
        Box::new(config)
    } else {
        singlepass()?
    };
    Ok(EngineBuilder::new(checked(config, flags)).set_features(Some(features())).engine().into())
}

#[cfg(feature = "singlepass")]
fn singlepass() -> Result<Box<dyn CompilerConfig>, String> {
    Ok(Box::new(wasmer::sys::Singlepass::default()))
}

#[cfg(not(feature = "singlepass"))]
fn singlepass() -> Result<Box<dyn CompilerConfig>, String> {
    Err("this library was built without Singlepass".into())
}

fn checked(mut config: Box<dyn CompilerConfig>, flags: u32) -> Box<dyn CompilerConfig> {
    if flags & (checks::STOP | checks::FUEL) != 0 {
        config.push_middleware(Arc::new(Checks::new(flags)));
    }
    config
}

/// Runs `body` with that many threads of its own.
///
/// Wasmer compiles in the threads of rayon. Those that it would start once and keep are missing in a forked child, which
/// would wait for them for ever. These end with the call.
fn with_threads<T: Send>(count: usize, body: impl FnOnce() -> T + Send) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count.max(1)).stack_size(STACK).build();
    Ok(pool.map_err(|error| format!("cannot start a thread: {error}"))?.install(body))
}

/// Compiles the module of `size` bytes in up to `threads` threads. Returns null with a reason in `error`.
///
/// # Safety
/// `at` points to `size` bytes; `error` to a zeroed text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_compile(
    at: *const u8,
    size: usize,
    flags: u32,
    threads: usize,
    error: *mut Text,
) -> *mut Compiled {
    guarded(error, std::ptr::null_mut(), || {
        silence_panics();
        // SAFETY: as the caller promises; Python keeps the bytes for the call.
        let binary = unsafe { bytes(at, size) };
        let engine = engine(flags, threads)?;
        let module =
            with_threads(threads, || Module::from_binary(&engine, binary))?.map_err(|error| error.to_string())?;
        Ok(Box::into_raw(Box::new(Compiled { engine, module })))
    })
}

/// Hands the compiled code out to `code`. Returns whether that was possible, with a reason in `error`.
///
/// # Safety
/// `compiled` is a module of this library; the texts are zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_serialize(compiled: *const Compiled, code: *mut Text, error: *mut Text) -> bool {
    guarded(error, false, || {
        // SAFETY: as the caller promises. A compiled module never changes.
        let compiled = unsafe { &*compiled };
        Text::set(code, compiled.module.serialize().map_err(|error| error.to_string())?);
        Ok(true)
    })
}

/// Returns the module of compiled code; null with a reason in `error`.
///
/// # Safety
/// The bytes are what `aw_serialize` of the same build of this library handed out: they are run as machine code. `error`
/// is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_deserialize(at: *const u8, size: usize, error: *mut Text) -> *mut Compiled {
    guarded(error, std::ptr::null_mut(), || {
        silence_panics();
        // SAFETY: as the caller promises.
        let code = unsafe { bytes(at, size) };
        let engine = engine(0, 1)?;
        // SAFETY: as the caller promises.
        let module = unsafe { Module::deserialize(&engine, code) }.map_err(|error| error.to_string())?;
        Ok(Box::into_raw(Box::new(Compiled { engine, module })))
    })
}

/// Frees a compiled module. Its guests keep what they need of it.
///
/// # Safety
/// `compiled` is a module of this library that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_compiled_free(compiled: *mut Compiled) {
    guarded(std::ptr::null_mut(), (), || {
        // SAFETY: it came from a box, and is freed once.
        drop(unsafe { Box::from_raw(compiled) });
        Ok(())
    });
}
