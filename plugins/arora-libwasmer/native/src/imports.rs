//! The imports of a guest, which Python answers.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use wasmer::{
    AsStoreMut as _, Function, FunctionEnv, FunctionEnvMut, FunctionType, RuntimeError, Store, StoreMut, Type, Value,
};

use crate::calls::memory_size;
use crate::failure::unwinding;
use crate::guest::{Guest, lend};

/// Answers any import. `values` has its arguments, and gets its result. Returns 0 if Python has raised.
pub type AnswerInSteps = unsafe extern "C" fn(values: *mut u64) -> i32;
/// Answers `arora_dispatch`, of these addresses: returns the size of the answer, which is in the buffer that the guest
/// shares with Python; or the negative address where the answer is already in memory of the guest's; 0 if Python has
/// raised.
type AskDispatch = unsafe extern "C" fn(module: u32, function: u32, argument: u32) -> i64;
/// Answers `arora_dispatch_indirect`, as [`AskDispatch`].
type AskIndirect = unsafe extern "C" fn(callable: u64) -> i64;
/// Raises what is wrong with an address that the guest's allocator returned for so many bytes.
pub type Refuse = unsafe extern "C" fn(at: u32, size: u32) -> i32;

/// The kinds of an [`ImportAnswer`].
const DISPATCH: u32 = 1;
const INDIRECT: u32 = 2;

/// Bytes that are reserved behind an answer, because guests may read a few bytes past its end.
const SLACK: usize = 8;
/// The most values of a function of WASI.
const MOST_VALUES: usize = 16;
/// The largest answer that is passed in the buffer.
const MOST_ANSWER: usize = 1024;

/// How Python answers an import.
#[repr(C)]
pub struct ImportAnswer {
    pub kind: u32,
    pub in_steps: AnswerInSteps,
    /// An [`AskDispatch`] or [`AskIndirect`], by `kind`; otherwise null.
    pub ask: *const c_void,
}

#[derive(Clone, Copy)]
enum Ask {
    Nothing,
    Dispatch(AskDispatch),
    Indirect(AskIndirect),
}

/// One import of one guest.
#[derive(Clone, Copy)]
pub struct Import {
    guest: *mut Guest,
    in_steps: AnswerInSteps,
    ask: Ask,
}

// SAFETY: Wasmer asks for these because a store may be moved to another thread. A guest is used by one thread at a time,
// and its imports are called by none but the guest.
unsafe impl Send for Import {}
// SAFETY: as above.
unsafe impl Sync for Import {}

impl Import {
    /// # Safety
    /// `guest` outlives the import, and the functions of `answer` outlive both and have the types of its kind.
    pub unsafe fn new(guest: *mut Guest, answer: &ImportAnswer) -> Self {
        let ask = match answer.kind {
            // SAFETY: as the caller promises.
            DISPATCH => Ask::Dispatch(unsafe { std::mem::transmute::<*const c_void, AskDispatch>(answer.ask) }),
            // SAFETY: as the caller promises.
            INDIRECT => Ask::Indirect(unsafe { std::mem::transmute::<*const c_void, AskIndirect>(answer.ask) }),
            _ => Ask::Nothing,
        };
        Self { guest, in_steps: answer.in_steps, ask }
    }

    /// Returns the function for the guest to import.
    pub fn function(self, store: &mut Store, ty: &FunctionType) -> Function {
        let env = FunctionEnv::new(store, ());
        match (self.ask, ty.params(), ty.results()) {
            (Ask::Dispatch(ask), [Type::I32, Type::I32, Type::I32], [Type::I32]) => Function::new_typed_with_env(
                store,
                &env,
                move |mut env: FunctionEnvMut<'_, ()>, module: i32, function: i32, argument: i32| {
                    let import = self;
                    let given = [module as u32, function as u32, argument as u32];
                    let [module, function, argument] = given;
                    // SAFETY: Python's function has this type.
                    let ask = || unsafe { ask(module, function, argument) };
                    import.answer(&mut env.as_store_mut(), &given.map(u64::from), ask)
                },
            ),
            (Ask::Indirect(ask), [Type::I64], [Type::I32]) => {
                Function::new_typed_with_env(store, &env, move |mut env: FunctionEnvMut<'_, ()>, callable: i64| {
                    let import = self;
                    // SAFETY: Python's function has this type.
                    let ask = || unsafe { ask(callable as u64) };
                    import.answer(&mut env.as_store_mut(), &[callable as u64], ask)
                })
            }
            _ => {
                let result = ty.results().first().copied();
                Function::new_with_env(store, &env, ty.clone(), move |mut env, values: &[Value]| {
                    let import = self;
                    let given: Vec<u64> = values.iter().map(bits).collect();
                    let answer = import.answer_in_steps(&mut env.as_store_mut(), &given)?;
                    Ok(result.map(|ty| value(ty, answer)).into_iter().collect())
                })
            }
        }
    }

    /// Answers with the address of the answer, for which the guest's allocator makes room.
    fn answer(self, store: &mut StoreMut<'_>, given: &[u64], ask: impl FnOnce() -> i64) -> Result<i32, RuntimeError> {
        // SAFETY: the guest waits for this answer; nothing else uses these fields meanwhile.
        let (busy, alloc) = unsafe { ((*self.guest).in_allocator, (*self.guest).alloc.clone()) };
        let Some(alloc) = alloc.filter(|_| !busy) else {
            // The allocator itself calls, or there is none yet. Python knows how far that may go.
            return Ok(self.answer_in_steps(store, given)? as i32);
        };
        // SAFETY: Python's functions do not unwind.
        let asked = unsafe { lend(self.guest, store, ask) };
        if asked <= 0 {
            return if asked == 0 { Err(unwinding()) } else { Ok((-asked) as u32 as i32) };
        }
        let mut answer = MaybeUninit::<[u8; MOST_ANSWER]>::uninit();
        let size = (asked as usize).min(MOST_ANSWER);
        // Copied at once: what the allocator does may call Python, which then uses the buffer again.
        // SAFETY: Python has written that many bytes to it, and its size is not less.
        unsafe { std::ptr::copy_nonoverlapping((*self.guest).buffer, answer.as_mut_ptr().cast(), size) };
        // SAFETY: as above. It is put back whether or not the allocator fails.
        unsafe { (*self.guest).in_allocator = true };
        let at = alloc.call(store, (size + SLACK) as i32);
        // SAFETY: as above.
        unsafe { (*self.guest).in_allocator = false };
        let at = at? as u32;
        // SAFETY: the guest has been started, because it has an allocator.
        let (base, end) = unsafe { memory_size(self.guest) };
        if at == 0 || at as usize + size + SLACK > end {
            // SAFETY: the field does not change, and Python's function has this type. It does not unwind.
            unsafe { lend(self.guest, store, || ((*self.guest).refuse)(at, (size + SLACK) as u32)) };
            return Err(unwinding());
        }
        // SAFETY: the bytes are inside memory, which nothing else uses while its guest waits.
        unsafe { std::ptr::copy_nonoverlapping(answer.as_ptr().cast(), base.add(at as usize), size) };
        Ok(at as i32)
    }

    /// Answers with what Python returns.
    fn answer_in_steps(self, store: &mut StoreMut<'_>, given: &[u64]) -> Result<u64, RuntimeError> {
        let mut values = [0; MOST_VALUES];
        for (slot, value) in values.iter_mut().zip(given) {
            *slot = *value;
        }
        // SAFETY: Python's function has this type, does not unwind, and uses no more values than its type has.
        let answered = unsafe { lend(self.guest, store, || (self.in_steps)(values.as_mut_ptr())) };
        if answered == 0 { Err(unwinding()) } else { Ok(values[0]) }
    }
}

fn bits(value: &Value) -> u64 {
    match value {
        Value::I32(value) => u64::from(*value as u32),
        Value::I64(value) => *value as u64,
        Value::F32(value) => u64::from(value.to_bits()),
        Value::F64(value) => value.to_bits(),
        // No function that hosts offer has such a parameter.
        _ => 0,
    }
}

fn value(ty: Type, bits: u64) -> Value {
    match ty {
        Type::I64 => Value::I64(bits as i64),
        Type::F32 => Value::F32(f32::from_bits(bits as u32)),
        Type::F64 => Value::F64(f64::from_bits(bits)),
        _ => Value::I32(bits as i32),
    }
}
