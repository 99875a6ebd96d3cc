//! Why a buffer could not be read.

use super::{Box, String};

/// What is wrong, and the path of the value that it is wrong with.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug, PartialEq)]
struct Parts {
    path: String,
    message: String,
}

impl Error {
    /// The error with a message made of pieces.
    #[cold]
    pub fn new(pieces: &[&str]) -> Self {
        let (path, message) = (String::new(), pieces.concat());
        Self(Box::new(Parts { path, message }))
    }

    /// The error of a value that is not there.
    #[cold]
    pub fn missing(name: &str) -> Self {
        Self::new(&["the value is missing"]).within(name)
    }

    /// The same error, of a value within one of that name.
    #[cold]
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        let parts = &mut *self.0;
        let dot = if parts.path.is_empty() || parts.path.starts_with('[') {
            ""
        } else {
            "."
        };
        parts.path = [name, dot, &parts.path].concat();
        self
    }

    /// The same error, of a value within an item.
    #[cold]
    #[must_use]
    pub fn within_item(self, index: usize) -> Self {
        let mut digits = [0; 20];
        let name = ["[", decimal(index, &mut digits), "]"].concat();
        self.within(&name)
    }
}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        let Parts { path, message } = *error.0;
        if path.is_empty() {
            message
        } else {
            [&*path, ": ", &*message].concat()
        }
    }
}

/// The digits of a number. Formatting by `core::fmt` would add kilobytes of code to a module without panics.
pub fn decimal(number: usize, digits: &mut [u8; 20]) -> &str {
    let (mut start, mut rest) = (digits.len(), number);
    loop {
        start -= 1;
        digits[start] = b"0123456789"[rest % 10];
        rest /= 10;
        if rest == 0 {
            return core::str::from_utf8(&digits[start..]).unwrap_or_default();
        }
    }
}
