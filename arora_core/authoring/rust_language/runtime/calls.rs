//! Calls of what the module exports.

use super::{tags, Error, Reader, String, Uuid, Write, Writer};
use core::any::Any;
use core::ptr;

/// An exported function: reads its arguments, and writes its result.
pub type Function = fn(Reader<'_>) -> Result<Writer, String>;

/// Calls an exported function, and returns a buffer with its result or with what failed.
///
/// # Safety
///
/// `argument` is null, or has as many readable bytes as it says at its start.
pub unsafe fn run(argument: *const u8, function: Function) -> *mut u8 {
    let arguments = Reader::open(argument).map_err(String::from);
    let result = arguments.and_then(function).and_then(Writer::finish);
    result.unwrap_or_else(|message| failed(&message))
}

/// Returns an error buffer that tells of a panic.
pub fn panicked(payload: &(dyn Any + Send)) -> *mut u8 {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    failed(&["panicked: ", text.unwrap_or("no message")].concat())
}

fn failed(message: &str) -> *mut u8 {
    Writer::error(message).finish().unwrap_or(ptr::null_mut())
}

impl Reader<'_> {
    /// Begins the arguments of a function. Those of any function are the same kind of structure.
    pub fn arguments(&mut self) -> Result<(), Error> {
        self.expect(tags::STRUCTURE, "a structure of arguments")?;
        self.uuid()?;
        self.enter()
    }
}

impl Writer {
    /// Begins the result of a function: what it returns, and its mutable parameters.
    pub fn result(function: Uuid, mutable: usize, returned: &impl Write) -> Self {
        let mut writer = Self::new();
        writer.record(tags::STRUCTURE, function);
        writer.count(1 + mutable);
        // Values in the result are in a structure, which counts in how deep they are.
        writer.enter();
        writer.field(function, returned);
        writer
    }
}
