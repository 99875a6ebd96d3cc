//! UUIDs.

use core::fmt;

/// A UUID: its 16 bytes in the order of its text form.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// The UUID of zeros.
    pub const NIL: Self = Self([0; 16]);

    /// The UUID of a text of 32 hexadecimal digits and hyphens.
    ///
    /// # Panics
    ///
    /// If the text is anything else; at compile time where it is a constant.
    pub const fn parse(text: &str) -> Self {
        let text = text.as_bytes();
        let mut bytes = [0; 16];
        let (mut at, mut digits) = (0, 0);
        while at < text.len() {
            let digit = match text[at] {
                byte @ b'0'..=b'9' => byte - b'0',
                byte @ b'a'..=b'f' => byte - b'a' + 10,
                byte @ b'A'..=b'F' => byte - b'A' + 10,
                _ => 16,
            };
            if digit < 16 {
                assert!(digits < 32, "a UUID has 32 digits");
                bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
                digits += 1;
            } else {
                assert!(
                    text[at] == b'-',
                    "a UUID has hexadecimal digits and hyphens"
                );
            }
            at += 1;
        }
        assert!(digits == 32, "a UUID has 32 digits");
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                formatter.write_str("-")?;
            }
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
