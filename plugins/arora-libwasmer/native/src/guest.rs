//! Guests: a store with one instance.

use std::ffi::c_void;
use std::ptr::{NonNull, null, null_mut};

use wasmer::sys::NativeEngineExt as _;
use wasmer::sys::vm::{LinearMemory as _, VMExtern, VMMemoryDefinition};
use wasmer::{AsStoreMut as _, Extern, Instance, InstantiationError, Module, Store, StoreMut, TypedFunction};

use crate::beside::Beside;
use crate::boundary::{Text, guarded, name};
use crate::calls::{Entry, Signature};
use crate::checks::{FUEL_WORD, STOP_WORD};
use crate::compiled::Compiled;
use crate::failure::Failure;
use crate::imports::{Import, ImportAnswer, Refuse};
use crate::leaving::answering;
use crate::limits::GuestLimits;

/// Pages of [`Settings`] that stand for no limit.
const NO_LIMIT: u32 = u32::MAX;

/// How a guest is made.
#[repr(C)]
pub struct Settings {
    /// Where results and answers to imports of at most `room` bytes are passed. It outlives the guest.
    pub buffer: *mut u8,
    pub refuse: Refuse,
    /// Bytes of the stack of a call.
    pub stack: usize,
    /// The most pages of its memory, or `NO_LIMIT`.
    pub pages: u32,
    pub room: u32,
}

/// A guest. Python has a pointer to it, and so have its imports and entries.
///
/// Calls nest: an import runs Python, which may call the guest again. So there is never a reference to the whole
/// structure while a guest runs; each step reaches the fields that it needs by way of the pointer.
pub struct Guest {
    /// The instance is in the store, which owns everything. Reached by [`entered`] alone.
    store: Store,
    /// The store as an import has got it, while Python answers that import. Calls that Python makes meanwhile use it.
    lent: *mut StoreMut<'static>,
    module: Module,
    imports: Vec<Extern>,
    instance: Option<Instance>,
    pub memory: *const VMMemoryDefinition,
    pub alloc: Option<TypedFunction<i32, i32>>,
    pub free: Option<TypedFunction<i32, ()>>,
    stop: *const u32,
    fuel: *const i64,
    pub buffer: *mut u8,
    pub room: u32,
    pub refuse: Refuse,
    /// Whether the guest's allocator runs, and its calls to the host are answered step by step.
    pub in_allocator: bool,
    pub failure: Option<Failure>,
    entries: Vec<NonNull<Entry>>,
    besides: Vec<NonNull<Beside>>,
}

/// Runs `run` with the guest's store.
///
/// # Safety
/// `guest` is a guest of this library, in use by this thread alone. If it is running, this is called while an import of
/// it is being answered ([`lend`]).
pub unsafe fn entered<R>(guest: *mut Guest, run: impl FnOnce(&mut StoreMut<'_>) -> R) -> R {
    // SAFETY: the field is reached through the pointer, and no reference to it exists.
    let lent = unsafe { (*guest).lent };
    if lent.is_null() {
        // SAFETY: the guest is not running, so nothing else refers to the store.
        let store = unsafe { &mut (*guest).store };
        return run(&mut store.as_store_mut());
    }
    // SAFETY: `lend` has put it there, and its own reference waits until Python has answered.
    run(unsafe { &mut *lent })
}

/// Runs `answer`, which may call the guest, with the store that an import has got.
///
/// # Safety
/// `guest` is the guest that imports; `answer` does not unwind.
pub unsafe fn lend<R>(guest: *mut Guest, store: &mut StoreMut<'_>, answer: impl FnOnce() -> R) -> R {
    // SAFETY: as for `entered`. The pointer is taken back before the reference it came from is used again, so the
    // lifetime that it claims is never made use of.
    let outer = unsafe { std::mem::replace(&mut (*guest).lent, std::ptr::from_mut(store).cast()) };
    let answered = answering(answer);
    // SAFETY: as above.
    unsafe { (*guest).lent = outer };
    answered
}

impl Guest {
    /// Returns whether the guest's word to stop is set, and whether its fuel is used up.
    ///
    /// # Safety
    /// `guest` is a guest of this library.
    pub unsafe fn checks(guest: *mut Guest) -> (bool, bool) {
        // SAFETY: the words are in the store, or null. Another thread may set the first at any time, so it is read as
        // such a word is.
        unsafe {
            let (stop, fuel) = ((*guest).stop, (*guest).fuel);
            (!stop.is_null() && stop.read_volatile() != 0, !fuel.is_null() && fuel.read_volatile() < 0)
        }
    }

    /// Returns an export.
    ///
    /// # Safety
    /// `guest` has been started, which does not change its exports any more.
    pub unsafe fn export<'a>(guest: *mut Guest, name: &str) -> Result<&'a Extern, String> {
        // SAFETY: as the caller promises.
        let instance = unsafe { (*guest).instance.as_ref() };
        extern_of(instance.ok_or("has not been started")?, name)
    }

    /// Gives what has been made beside the guest to it, which frees it.
    ///
    /// # Safety
    /// `guest` is in use by this thread alone.
    pub unsafe fn own(guest: *mut Guest, beside: Option<NonNull<Beside>>) {
        // SAFETY: as the caller promises; nothing keeps a reference to the field.
        let besides = unsafe { &mut (*guest).besides };
        besides.extend(beside);
    }

    /// Looks up what calls use, once the instance exists.
    fn find(&mut self) -> Result<(), String> {
        let instance = self.instance.as_ref().ok_or("has not been started")?;
        let VMExtern::Memory(memory) = extern_of(instance, "memory")?.to_vm_extern().unwrap_sys() else {
            return Err("memory is no memory".into());
        };
        self.memory = memory.get(self.store.objects_mut().as_sys()).vmmemory().as_ptr();
        self.alloc = instance.exports.get_typed_function(&self.store, "arora_buffer_alloc").ok();
        self.free = instance.exports.get_typed_function(&self.store, "arora_buffer_free").ok();
        let store = &mut self.store.as_store_mut();
        self.stop = global(store, instance, STOP_WORD).unwrap_or(null_mut()).cast();
        self.fuel = global(store, instance, FUEL_WORD).unwrap_or(null_mut()).cast();
        Ok(())
    }
}

fn extern_of<'a>(instance: &'a Instance, name: &str) -> Result<&'a Extern, String> {
    instance.exports.get_extern(name).ok_or_else(|| format!("has no export {name}"))
}

/// Returns where an exported global is.
pub fn global(store: &mut StoreMut<'_>, instance: &Instance, name: &str) -> Result<*mut c_void, String> {
    let VMExtern::Global(found) = extern_of(instance, name)?.to_vm_extern().unwrap_sys() else {
        return Err(format!("{name} is no global"));
    };
    Ok(found.get(store.objects_mut().as_sys()).vmglobal().as_ptr().cast())
}

/// Makes a guest of a module, whose imports are answered as `answers` says, in the module's order. Returns null with a
/// reason in `error`.
///
/// # Safety
/// All pointers are what their types say, `answers` points to `count` of them, and `error` is zeroed. The buffer and the
/// functions of the answers outlive the guest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_guest_new(
    compiled: *const Compiled,
    settings: *const Settings,
    answers: *const ImportAnswer,
    count: usize,
    error: *mut Text,
) -> *mut Guest {
    guarded(error, null_mut(), || {
        // SAFETY: as the caller promises. Neither changes meanwhile.
        let (compiled, settings) = unsafe { (&*compiled, &*settings) };
        let mut engine = compiled.engine.clone();
        let pages = (settings.pages != NO_LIMIT).then_some(settings.pages);
        // Limits belong to this clone alone; the code is shared.
        engine.set_tunables(GuestLimits::new(pages, settings.stack));
        let guest = Box::into_raw(Box::new(Guest {
            store: Store::new(engine),
            lent: null_mut(),
            module: compiled.module.clone(),
            imports: Vec::new(),
            instance: None,
            memory: null(),
            alloc: None,
            free: None,
            stop: null(),
            fuel: null(),
            buffer: settings.buffer,
            room: settings.room,
            refuse: settings.refuse,
            in_allocator: false,
            failure: None,
            entries: Vec::new(),
            besides: Vec::new(),
        }));
        let imports: Result<Vec<Extern>, String> = compiled
            .module
            .imports()
            .enumerate()
            .map(|(index, import)| {
                if index >= count {
                    return Err("has more imports than answers".into());
                }
                let wasmer::ExternType::Function(ty) = import.ty() else {
                    return Err(format!("imports {}.{}, which is no function", import.module(), import.name()));
                };
                // SAFETY: there are `count` answers; the guest is not running, and nobody else has it yet.
                unsafe { Ok(Import::new(guest, &*answers.add(index)).function(&mut (*guest).store, ty).into()) }
            })
            .collect();
        match imports {
            Ok(imports) => {
                // SAFETY: as above.
                unsafe { (*guest).imports = imports };
                Ok(guest)
            }
            Err(reason) => {
                // SAFETY: it was made above, and nobody else has it.
                drop(unsafe { Box::from_raw(guest) });
                Err(reason)
            }
        }
    })
}

/// Instantiates the guest, and runs its start function. Returns 0; 1 if that failed as a call does; 2 for any other
/// reason, with the reason in `error`.
///
/// # Safety
/// `guest` was made by `aw_guest_new`, and has not been started; `error` is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_guest_start(guest: *mut Guest, error: *mut Text) -> i32 {
    guarded(error, 2, || {
        // SAFETY: these fields are not used while the guest is instantiated, except by this function.
        let (module, imports) = unsafe { ((*guest).module.clone(), (*guest).imports.clone()) };
        // SAFETY: the guest is not running yet.
        match unsafe { entered(guest, |store| Instance::new_by_index(store, &module, &imports).map_err(Box::new)) } {
            Ok(instance) => {
                // SAFETY: the guest is not running any more, so this is the only reference to it.
                let guest = unsafe { &mut *guest };
                guest.instance = Some(instance);
                guest.find().map(|()| 0)
            }
            Err(error) => match *error {
                InstantiationError::Start(failed) => {
                    // SAFETY: as above.
                    unsafe { (*guest).failure = Some(Failure::of(failed, false, false)) };
                    Ok(1)
                }
                other => Err(other.to_string()),
            },
        }
    })
}

/// Frees a guest, and everything that was returned for it.
///
/// # Safety
/// `guest` is a guest of this library that is not running, and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_guest_free(guest: *mut Guest) {
    guarded(null_mut(), (), || {
        // SAFETY: all came from boxes, and are freed once.
        unsafe {
            let mut guest = Box::from_raw(guest);
            let (entries, besides) = (std::mem::take(&mut guest.entries), std::mem::take(&mut guest.besides));
            // The store first: the code of instances beside the guest belongs to these.
            drop(guest);
            for entry in entries {
                drop(Box::from_raw(entry.as_ptr()));
            }
            for beside in besides {
                drop(Box::from_raw(beside.as_ptr()));
            }
        }
        Ok(())
    });
}

/// Returns the export of this name as a function to call; null with a reason in `error`.
///
/// # Safety
/// `guest` has been started and is not running; `at` points to `size` bytes; `error` is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_entry(guest: *mut Guest, at: *const u8, size: usize, error: *mut Text) -> *mut Entry {
    guarded(error, null_mut(), || {
        // SAFETY: as the caller promises.
        let name = unsafe { name(at, size) }?;
        let guest_at = guest;
        // SAFETY: the guest is not running, so this is the only reference to it.
        let guest = unsafe { &mut *guest };
        let exports = &guest.instance.as_ref().ok_or("has not been started")?.exports;
        let function = Signature::find(exports, &guest.store, name)?;
        let entry = Box::into_raw(Box::new(Entry { guest: guest_at, function }));
        guest.entries.extend(NonNull::new(entry));
        Ok(entry)
    })
}

/// Returns where the guest's memory is described: its address and its size in bytes, which lasts as long as the guest.
///
/// # Safety
/// `guest` has been started.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_memory(guest: *const Guest) -> *const VMMemoryDefinition {
    // SAFETY: as the caller promises; the field does not change after that.
    unsafe { (*guest).memory }
}

/// Returns where the value of an exported global is, which lasts as long as the guest; null with a reason in `error`.
///
/// # Safety
/// As `aw_entry`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_global(guest: *mut Guest, at: *const u8, size: usize, error: *mut Text) -> *mut c_void {
    guarded(error, null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            let name = name(at, size)?;
            let instance = (*guest).instance.as_ref().ok_or("has not been started")?;
            entered(guest, |store| global(store, instance, name))
        }
    })
}
