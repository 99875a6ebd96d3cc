//! What crosses between Rust and C: texts that go out, and panics, which do not.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Bytes that are handed out. Python passes a zeroed one, and returns it to [`aw_text_free`].
#[repr(C)]
pub struct Text {
    at: *mut u8,
    size: usize,
}

impl Text {
    /// Hands `words` out to `out`, which may be null.
    pub fn set(out: *mut Text, words: impl Into<Vec<u8>>) {
        // SAFETY: Python passes null, or a structure of its own with this layout, which it does not touch meanwhile.
        if let Some(out) = unsafe { out.as_mut() } {
            let bytes = words.into().into_boxed_slice();
            out.size = bytes.len();
            out.at = Box::into_raw(bytes).cast();
        }
    }
}

#[cfg(test)]
impl Text {
    /// Returns the bytes.
    ///
    /// # Safety
    /// It is empty, or was filled in and has not been freed.
    pub unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: as the caller promises.
        unsafe { bytes(self.at, self.size) }
    }
}

/// Frees the bytes of a text, and empties it.
///
/// # Safety
/// `text` is zeroed, or was filled in by a function of this library since it was last freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aw_text_free(text: *mut Text) {
    // SAFETY: the caller passes a text of its own.
    let Some(text) = (unsafe { text.as_mut() }) else { return };
    if !text.at.is_null() {
        // SAFETY: `set` made both from one boxed slice, and a text that is freed is empty.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(text.at, text.size)) });
        *text = Text { at: std::ptr::null_mut(), size: 0 };
    }
}

/// Returns what `body` makes. For an error or a panic, hands its reason out to `error`, and returns `otherwise`.
pub fn guarded<T>(error: *mut Text, otherwise: T, body: impl FnOnce() -> Result<T, String>) -> T {
    // What a panic leaves half done is freed, or not used again: loading has failed.
    let reason = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(made)) => return made,
        Ok(Err(reason)) => reason,
        Err(panic) => format!("{PANICKED}{}", said(&*panic)),
    };
    Text::set(error, reason);
    otherwise
}

/// What the reason of a panic begins with.
pub const PANICKED: &str = "panicked: ";

/// Returns what a panic said.
pub fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|words| words.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a reason".into())
}

/// Keeps panics from being printed. Those of this library alone: it has a Rust runtime of its own.
pub fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|_| ())));
}

/// Returns the bytes that a caller passes.
///
/// # Safety
/// `at` points to `size` bytes, which nothing changes while the slice is in use. It may be null if `size` is 0.
pub unsafe fn bytes<'a>(at: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(at, size) }
}

/// Returns the name that a caller passes.
///
/// # Safety
/// As [`bytes`].
pub unsafe fn name<'a>(at: *const u8, size: usize) -> Result<&'a str, String> {
    // SAFETY: as the caller promises.
    std::str::from_utf8(unsafe { bytes(at, size) }).map_err(|error| error.to_string())
}
