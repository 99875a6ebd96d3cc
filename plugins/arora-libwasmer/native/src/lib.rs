//! Wasmer for arora-wasmer: a few C functions, which Python calls by ctypes.
//!
//! The functions pass pointers and numbers. Python owns nothing that is allocated here, and frees what it has made with
//! the function named `..._free`; a guest owns its entries. No function may be called with a pointer that has been
//! freed, and a guest is used by one thread at a time. `arora_wasmer/library.py` is the other side of every signature.
//!
//! No panic leaves a function: [`boundary`] turns it into an error or a failed call.

mod beside;
mod boundary;
mod calls;
mod checks;
mod compiled;
mod failure;
mod guest;
mod imports;
mod leaving;
mod limits;
#[cfg(test)]
mod tests;

use std::ffi::c_char;

/// The version of these signatures. Python refuses a library of another one.
const ABI: u32 = 1;

/// What this library was built from, which hatch_build.py computes; empty for one that was built by hand.
const BUILD: &str = match option_env!("ARORA_LIBWASMER_BUILD") {
    Some(build) => build,
    None => "",
};

/// Returns the version of the C functions.
#[unsafe(no_mangle)]
pub extern "C" fn aw_abi() -> u32 {
    ABI
}

/// Returns the bits of `aw_compile`'s flags that this library knows.
#[unsafe(no_mangle)]
pub extern "C" fn aw_flags() -> u32 {
    checks::STOP | checks::FUEL | if cfg!(feature = "singlepass") { compiled::SINGLEPASS } else { 0 }
}

/// Returns what the library was built from, in at most 127 characters that end with a zero byte.
#[unsafe(no_mangle)]
pub extern "C" fn aw_build() -> *const c_char {
    static WORDS: std::sync::LazyLock<std::ffi::CString> = std::sync::LazyLock::new(|| {
        // Compiled code uses what the processor has.
        let features = wasmer::sys::CpuFeature::for_host().as_u64();
        let words = if BUILD.is_empty() { String::new() } else { format!("{BUILD} {features:x}") };
        std::ffi::CString::new(words).unwrap_or_default()
    });
    WORDS.as_ptr()
}

/// Installs the handlers of signals by which Wasmer notices traps, if they have not been installed yet.
#[unsafe(no_mangle)]
pub extern "C" fn aw_install_handlers() {
    boundary::guarded(std::ptr::null_mut(), (), || {
        boundary::silence_panics();
        wasmer::sys::vm::init_traps();
        Ok(())
    });
}
