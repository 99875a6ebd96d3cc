//! Calls of a guest.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmer::{AsStoreRef, Exports, RuntimeError, TypedFunction};

use crate::failure::Failure;
use crate::guest::{Guest, entered};

/// What `aw_call` returns for a call that failed; results are not negative.
const FAILED: i64 = -1;
/// What `aw_exchange` returns for a call that failed.
pub const EXCHANGE_FAILED: i64 = i64::MIN;

/// Sizes of the prefix of a buffer, and of the smallest buffer, a prefix and a tag.
const PREFIX: usize = 4;
const SMALLEST: usize = 5;
/// The largest result that is passed in the buffer.
const MOST_RESULT: usize = 1024;

/// The functions that Python calls.
pub enum Signature {
    Number(TypedFunction<i32, i32>),
    Take(TypedFunction<i32, ()>),
    Run(TypedFunction<(), ()>),
}

impl Signature {
    pub fn find(exports: &Exports, store: &impl AsStoreRef, name: &str) -> Result<Self, String> {
        let number = exports.get_typed_function(store, name).map(Self::Number);
        let found = number.or_else(|_| exports.get_typed_function(store, name).map(Self::Take));
        found.or_else(|_| exports.get_typed_function(store, name).map(Self::Run)).map_err(|error| error.to_string())
    }
}

/// An export of a guest, which owns it.
pub struct Entry {
    pub guest: *mut Guest,
    pub function: Signature,
}

/// Memory of the guest's that belongs to the host: the argument of a call goes there.
#[repr(C)]
pub struct Room {
    pub at: u32,
    pub capacity: u32,
    /// Where what has been reserved ends.
    pub end: u32,
}

/// Returns the address and the size of a guest's memory at this moment.
///
/// # Safety
/// `guest` has been started.
pub unsafe fn memory_size(guest: *mut Guest) -> (*mut u8, usize) {
    // SAFETY: the description lasts as long as the guest, which is not growing its memory at this moment.
    let described = unsafe { (*guest).memory.read_volatile() };
    (described.base, described.current_length)
}

/// Returns what `call` does; for an error or a panic, leaves the failure with the guest, and returns `failed`.
///
/// # Safety
/// `guest` is a guest of this library, in use by this thread alone.
pub unsafe fn attempt(guest: *mut Guest, failed: i64, call: impl FnOnce() -> Result<i64, RuntimeError>) -> i64 {
    let failure = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(result)) => return result,
        Ok(Err(error)) => {
            // SAFETY: as the caller promises.
            let (stopped, out_of_fuel) = unsafe { Guest::checks(guest) };
            Failure::of(error, stopped, out_of_fuel)
        }
        Err(panic) => Failure::of_panic(&*panic),
    };
    // SAFETY: as the caller promises; the call has ended.
    unsafe { (*guest).failure = Some(failure) };
    failed
}

/// Calls an export with `argument`, as far as it takes one. Returns its result, 0 for none; [`FAILED`] if it failed.
///
/// # Safety
/// `entry` is of this library, and its guest not freed. The guest is in use by this thread alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_call(entry: *const Entry, argument: u32) -> i64 {
    // SAFETY: as the caller promises; entries never change.
    let entry = unsafe { &*entry };
    let call = || {
        // SAFETY: as the caller promises.
        unsafe {
            entered(entry.guest, |store| match &entry.function {
                Signature::Number(function) => Ok(i64::from(function.call(store, argument as i32)? as u32)),
                Signature::Take(function) => function.call(store, argument as i32).map(|()| 0),
                Signature::Run(function) => function.call(store).map(|()| 0),
            })
        }
    };
    // SAFETY: as the caller promises.
    unsafe { attempt(entry.guest, FAILED, call) }
}

/// Makes a whole call: copies the argument to the guest's memory, calls the function, copies its result to the buffer
/// that the guest shares with Python, and frees it.
///
/// Returns the size of the result. If the result is unusual in any way, returns -1 - its address, and leaves it
/// untouched for Python to check. Returns [`EXCHANGE_FAILED`] if the call failed.
///
/// # Safety
/// As `aw_call`. `room` is a room in the guest's memory that no running call uses; `argument` points to `size` bytes,
/// at most the room's capacity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_exchange(entry: *const Entry, room: *const Room, argument: *const u8, size: u32) -> i64 {
    // SAFETY: as the caller promises; neither changes during the call.
    let (entry, room) = unsafe { (&*entry, &*room) };
    let Signature::Number(function) = &entry.function else { return EXCHANGE_FAILED };
    let call = || {
        // SAFETY: as the caller promises; the fields do not change.
        let (most, buffer) = unsafe { ((*entry.guest).room as usize, (*entry.guest).buffer) };
        let mut result = MaybeUninit::<[u8; MOST_RESULT]>::uninit();
        // SAFETY: `write` gets as many bytes as it is said to, and `read` takes no more than the array has. The result
        // is copied before the guest runs again, which may call Python, which then uses the buffer.
        let size = unsafe {
            exchange(
                entry.guest,
                function,
                room,
                size as usize,
                |to, size| std::ptr::copy_nonoverlapping(argument, to, size),
                |from, size| {
                    if size > most.min(MOST_RESULT) {
                        return false;
                    }
                    std::ptr::copy_nonoverlapping(from, result.as_mut_ptr().cast(), size);
                    true
                },
            )
        }?;
        if let Ok(size) = usize::try_from(size) {
            // SAFETY: the buffer has room for it, and Python reads it when this has returned.
            unsafe { std::ptr::copy_nonoverlapping(result.as_ptr().cast(), buffer, size) };
        }
        Ok(size)
    };
    // SAFETY: as the caller promises.
    unsafe { attempt(entry.guest, EXCHANGE_FAILED, call) }
}

/// Calls a function of the guest with an argument of `size` bytes, which `write` writes, and frees the result, once
/// `read` has read it.
///
/// Returns the size of the result; or -1 - its address, without freeing it, where it is unusual: because it is not a
/// buffer inside the guest's memory, or because `read` returns false.
///
/// # Safety
/// As `aw_exchange`. `write` gets the address of `size` bytes, `read` that of a result and its size, both valid only
/// then.
pub unsafe fn exchange(
    guest: *mut Guest,
    function: &TypedFunction<i32, i32>,
    room: &Room,
    size: usize,
    write: impl FnOnce(*mut u8, usize),
    read: impl FnOnce(*const u8, usize) -> bool,
) -> Result<i64, RuntimeError> {
    // SAFETY: as the caller promises.
    let (base, end) = unsafe { memory_size(guest) };
    let (room_at, room_end) = (room.at as usize, room.end as usize);
    if size > room.capacity as usize || room_end > end || room_at + room.capacity as usize > room_end {
        return Err(RuntimeError::new("the room for its argument is not inside its memory"));
    }
    // SAFETY: the bytes are inside the guest's memory, and the guest is not running or waits for its host.
    write(unsafe { base.add(room_at) }, size);
    // SAFETY: as the caller promises.
    let at = unsafe { entered(guest, |store| function.call(store, room_at as i32)) }? as u32;
    let (unusual, from) = (Ok(-1 - i64::from(at)), at as usize);
    // SAFETY: as above; the guest may have grown its memory.
    let (base, end) = unsafe { memory_size(guest) };
    if at == 0 || from + PREFIX > end || (room_at <= from && from < room_end) {
        return unusual;
    }
    // SAFETY: the prefix is inside the guest's memory. Addresses are not aligned.
    let found = u32::from_le(unsafe { base.add(from).cast::<u32>().read_unaligned() }) as usize;
    // SAFETY: the field changes only while the guest is started.
    let Some(free) = (unsafe { (*guest).free.clone() }) else { return unusual };
    // SAFETY: when `read` is called, all bytes of the result are inside the guest's memory.
    if found < SMALLEST || from + found > end || !read(unsafe { base.add(from) }, found) {
        return unusual;
    }
    // SAFETY: as the caller promises. The flag is put back whether or not the call fails.
    let freed = unsafe {
        let outer = std::mem::replace(&mut (*guest).in_allocator, true);
        let freed = entered(guest, |store| free.call(store, at as i32));
        (*guest).in_allocator = outer;
        freed
    };
    freed.map(|()| found as i64)
}
