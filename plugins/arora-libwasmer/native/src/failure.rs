//! Why a call failed, in words and numbers for Python.

use wasmer::RuntimeError;
use wasmer::sys::vm::TrapCode;

use crate::boundary::{PANICKED, Text, guarded, said};
use crate::guest::Guest;

/// The codes besides those of `TrapCode`, which are not negative.
const UNWOUND: i32 = -1;
const OTHER: i32 = -2;
const OUT_OF_FUEL: i32 = -3;
const STOPPED: i32 = -4;

/// The name of modules beside a guest, whose frames are left out.
const BESIDE: &str = "arora-wasmer";
/// Frames of a trap that are passed on. Guests choose their number and their names.
const MOST_FRAMES: usize = 4;
const MOST_NAME: usize = 200;

/// The failure of the last call, until Python takes it.
pub struct Failure {
    code: i32,
    /// The message and, each in a line, the frames: index, a zero byte, name.
    words: String,
}

/// What an import returns to unwind the guest: Python keeps the exception.
#[derive(Debug)]
struct Unwound;

impl std::fmt::Display for Unwound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("unwound by the host")
    }
}

impl std::error::Error for Unwound {}

/// Returns the error by which an import unwinds the guest.
pub fn unwinding() -> RuntimeError {
    RuntimeError::user(Box::new(Unwound))
}

impl Failure {
    pub fn of_panic(panic: &(dyn std::any::Any + Send)) -> Self {
        Self { code: OTHER, words: format!("wasmer {PANICKED}{}", said(panic)) }
    }

    /// `stopped` and `out_of_fuel` say what the words of the guest's checks are.
    pub fn of(error: RuntimeError, stopped: bool, out_of_fuel: bool) -> Self {
        let mut words = error.message().replace('\n', " ");
        let of_guest = error.trace().iter().filter(|frame| frame.module_name() != BESIDE);
        for frame in of_guest.take(MOST_FRAMES) {
            let name: String = frame.function_name().unwrap_or("").chars().take(MOST_NAME).collect();
            words += &format!("\n{}\0{}", frame.func_index(), name.replace('\n', " "));
        }
        let code = if error.is::<Unwound>() {
            UNWOUND
        } else {
            match error.to_trap() {
                Some(TrapCode::UnreachableCodeReached) if out_of_fuel => OUT_OF_FUEL,
                Some(TrapCode::UnreachableCodeReached) if stopped => STOPPED,
                Some(code) => code as i32,
                None => OTHER,
            }
        };
        Self { code, words }
    }
}

/// Takes the failure of the last call; hands its words out to `words`. Returns its code.
///
/// # Safety
/// `guest` is a guest of this library; `words` is zeroed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_failure(guest: *mut Guest, words: *mut Text) -> i32 {
    guarded(words, OTHER, || {
        // SAFETY: as the caller promises. Calls touch this field only when they end.
        let taken = unsafe { (*guest).failure.take() };
        let Failure { code, words: said } = taken.ok_or("no call has failed")?;
        Text::set(words, said);
        Ok(code)
    })
}
