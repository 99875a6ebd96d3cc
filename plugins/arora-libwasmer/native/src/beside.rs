//! Small modules in a guest's store, which use its memory and call its functions without leaving it.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use wasmer::{Engine, Extern, Function, Instance, Module, Value};

use crate::boundary::{Text, guarded, name};
use crate::calls::attempt;
use crate::compiled::Compiled;
use crate::guest::{Guest, entered, global};

/// An instance beside a guest, which owns it.
pub struct Beside {
    guest: *mut Guest,
    instance: Instance,
    run: Function,
    /// The code belongs to it.
    _compiled: (Engine, Module),
}

/// Instantiates a module beside a guest. It imports, by these names, the guest's `memory`, its allocator's `free`, and
/// as `function` the export whose name is given. Returns null with a reason in `error`.
///
/// # Safety
/// `guest` has been started and is not running, or waits for its host; `compiled` is a module; `at` points to `size`
/// bytes; `error` is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_beside(
    guest: *mut Guest,
    compiled: *const Compiled,
    at: *const u8,
    size: usize,
    error: *mut Text,
) -> *mut Beside {
    guarded(error, null_mut(), || {
        // SAFETY: as the caller promises.
        let (compiled, symbol) = unsafe { (&*compiled, name(at, size)?) };
        let module = &compiled.module;
        let mut imports: Vec<Extern> = Vec::new();
        for import in module.imports() {
            let export = match import.name() {
                "memory" => "memory",
                "free" => "arora_buffer_free",
                _ => symbol,
            };
            // SAFETY: the guest has been started, and its exports do not change.
            imports.push(unsafe { Guest::export(guest, export) }?.clone());
        }
        // SAFETY: as the caller promises.
        let instance = unsafe {
            entered(guest, |store| Instance::new_by_index(store, module, &imports).map_err(|error| error.to_string()))
        }?;
        let run = instance.exports.get_function("run").map_err(|error| error.to_string())?.clone();
        let beside = Box::into_raw(Box::new(Beside {
            guest,
            instance,
            run,
            _compiled: (compiled.engine.clone(), module.clone()),
        }));
        // SAFETY: nobody else uses the field meanwhile.
        unsafe { Guest::own(guest, NonNull::new(beside)) };
        Ok(beside)
    })
}

/// Calls the instance's export `run`, which takes `count` i32 and returns an i64, and puts that into `result`. Returns
/// 0, or 1 for a call of the guest that has failed.
///
/// # Safety
/// `beside` exists, its guest is in use by this thread alone, and the pointers are what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_beside_run(
    beside: *const Beside,
    numbers: *const u32,
    count: usize,
    result: *mut i64,
) -> i32 {
    // SAFETY: as the caller promises; it does not change.
    let beside = unsafe { &*beside };
    let run = || {
        // SAFETY: as the caller promises.
        let numbers = unsafe { std::slice::from_raw_parts(numbers, count) };
        let given: Vec<Value> = numbers.iter().map(|number| Value::I32(*number as i32)).collect();
        // SAFETY: as the caller promises.
        let answered = unsafe { entered(beside.guest, |store| beside.run.call(store, &given)) }?;
        let answer = answered.first().and_then(Value::i64).unwrap_or_default();
        // SAFETY: as the caller promises.
        unsafe { *result = answer };
        Ok(0)
    };
    // SAFETY: as the caller promises.
    unsafe { attempt(beside.guest, 1, run) as i32 }
}

/// Returns where the value of an exported global of the instance is, as `aw_global`.
///
/// # Safety
/// As `aw_global`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_beside_global(
    beside: *const Beside,
    at: *const u8,
    size: usize,
    error: *mut Text,
) -> *mut c_void {
    guarded(error, null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            let name = name(at, size)?;
            entered((*beside).guest, |store| global(store, &(*beside).instance, name))
        }
    })
}
