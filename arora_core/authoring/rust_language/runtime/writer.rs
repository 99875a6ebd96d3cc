//! Writing buffers.

use super::{buffer, tags, String, Uuid, DEEPEST};
use core::{ptr, slice};

/// A type whose values can be written to a buffer.
pub trait Write {
    /// Writes a value, with its tag.
    fn write(&self, writer: &mut Writer);

    /// Writes an array.
    fn write_items(items: &[Self], writer: &mut Writer)
    where
        Self: Sized,
    {
        writer.array(tags::DYNAMIC, items.len());
        writer.nested(|writer| items.iter().for_each(|item| item.write(writer)));
    }
}

/// A buffer that is being written.
///
/// What cannot be written is remembered: later writes do nothing, and [`Writer::finish`] says what it was.
pub struct Writer {
    start: *mut u8,
    size: usize,
    capacity: usize,
    depth: u32,
    failure: Option<&'static str>,
}

impl Writer {
    /// An empty buffer. Its size comes first, and is written at the end.
    pub fn new() -> Self {
        let mut writer = Self {
            start: ptr::null_mut(),
            size: 0,
            capacity: 0,
            depth: 0,
            failure: None,
        };
        writer.put(&[0; 4]);
        writer
    }

    /// An error buffer.
    pub fn error(message: &str) -> Self {
        let mut writer = Self::new();
        writer.put(&[tags::ERROR]);
        writer.text(message);
        writer
    }

    /// What has been written, after room for the size.
    pub fn bytes(&self) -> Result<&[u8], String> {
        match self.failure {
            Some(failure) => Err(String::from(failure)),
            // SAFETY: that much has been written.
            None => Ok(unsafe { slice::from_raw_parts(self.start, self.size) }),
        }
    }

    /// Returns the buffer, which [`buffer::free`] frees.
    pub fn finish(mut self) -> Result<*mut u8, String> {
        self.bytes()?;
        let size = u32::try_from(self.size).unwrap_or(0).to_le_bytes();
        let start = self.start;
        // SAFETY: a buffer without failure has at least the four bytes of its size.
        unsafe { ptr::copy_nonoverlapping(size.as_ptr(), start, size.len()) };
        self.start = ptr::null_mut();
        Ok(start)
    }

    /// Appends bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > self.capacity - self.size && !self.grow(bytes.len()) {
            return;
        }
        // SAFETY: there is room for the bytes, and they are not in this buffer, which nothing else refers to.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(self.size), bytes.len()) };
        self.size += bytes.len();
    }

    /// Makes room for `count` more bytes, and returns whether there is.
    #[cold]
    fn grow(&mut self, count: usize) -> bool {
        if self.failure.is_some() {
            return false;
        }
        let needed = self
            .size
            .checked_add(count)
            .filter(|size| u32::try_from(*size).is_ok());
        let capacity = match needed {
            Some(needed) => needed.max(self.capacity.saturating_mul(2)).max(64),
            None => return self.fail("the values are too large for a buffer"),
        };
        // SAFETY: the memory is this buffer's own.
        let grown = unsafe {
            if self.start.is_null() {
                buffer::allocate(capacity)
            } else {
                buffer::reallocate(self.start, capacity)
            }
        };
        if grown.is_null() {
            return self.fail("out of memory");
        }
        self.start = grown;
        self.capacity = capacity;
        true
    }

    fn fail(&mut self, failure: &'static str) -> bool {
        if self.failure.is_none() {
            self.failure = Some(failure);
        }
        // Full, so that the next write comes to `grow`.
        self.capacity = self.size;
        false
    }

    pub fn count(&mut self, count: usize) {
        match u32::try_from(count) {
            Ok(count) => self.put(&count.to_le_bytes()),
            Err(_) => drop(self.fail("the values are too large for a buffer")),
        }
    }

    pub fn uuid(&mut self, id: Uuid) {
        self.put(&id.0);
    }

    pub fn unit(&mut self) {
        self.put(&[tags::UNIT]);
    }

    /// Writes text without a tag: its length and its bytes.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.put(text.as_bytes());
    }

    /// Writes what one value encloses.
    pub fn nested(&mut self, write: impl FnOnce(&mut Self)) {
        if self.enter() {
            write(self);
            self.leave();
        }
    }

    /// Begins a value that encloses others, and returns whether it may.
    pub fn enter(&mut self) -> bool {
        if self.depth == DEEPEST {
            return self.fail("values are nested too deeply");
        }
        self.depth += 1;
        true
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Writes an option of something that writes itself, or of nothing.
    pub fn option(&mut self, value: Option<impl FnOnce(&mut Self)>) {
        self.put(&[tags::OPTION, u8::from(value.is_some())]);
        if let Some(write) = value {
            self.nested(write);
        }
    }

    /// Writes the tag and the type of a structure or an enumeration; a count of fields or a variant has to follow.
    pub fn record(&mut self, tag: u8, id: Uuid) {
        self.put(&[tag]);
        self.uuid(id);
    }

    /// Writes the id and the value of a field.
    pub fn field(&mut self, id: Uuid, value: &(impl Write + ?Sized)) {
        self.uuid(id);
        value.write(self);
    }

    /// Writes what comes before the items of an array, but for the type of records.
    pub fn array(&mut self, tag: u8, count: usize) {
        self.put(&[tags::ARRAY, tag]);
        self.count(count);
    }

    /// Writes an array of numbers from their bytes.
    pub fn numbers(&mut self, tag: u8, count: usize, bytes: &[u8]) {
        self.array(tag, count);
        self.put(&[0; 8][..tags::padding(self.size)]);
        self.put(bytes);
    }

    /// Writes an array of structures or enumerations of one type.
    pub fn records<T>(&mut self, tag: u8, id: Uuid, items: &[T], write: impl Fn(&T, &mut Self)) {
        self.array(tag, items.len());
        self.uuid(id);
        self.nested(|writer| items.iter().for_each(|item| write(item, writer)));
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: the memory is this buffer's own; it is null where `finish` has given it away.
        unsafe { buffer::free(self.start) };
    }
}
