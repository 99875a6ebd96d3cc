//! Reading buffers. Nothing outside a buffer is read, and no more memory is allocated than its bytes justify.

use super::error::decimal;
use super::{tags, Box, Error, Uuid, Vec, DEEPEST};
use core::{slice, str};

/// A type whose values can be read from a buffer.
pub trait Read: Sized {
    /// What errors call the type.
    const NAME: &'static str;

    /// Reads a value, with its tag.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// Reads a value to where a box keeps it.
    fn read_boxed(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        Self::read(reader).map(Box::new)
    }

    /// Reads an array, which has to have that length if there is one.
    fn read_items(reader: &mut Reader<'_>, length: Option<usize>) -> Result<Vec<Self>, Error> {
        let count = reader.array(tags::DYNAMIC, Self::NAME, length)?;
        reader.items(count, Self::read)
    }
}

/// A cursor over a buffer.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// A reader at the value of a buffer.
    ///
    /// # Safety
    ///
    /// `buffer` is null, or has as many readable bytes as it says at its start.
    pub unsafe fn open(buffer: *const u8) -> Result<Self, Error> {
        if buffer.is_null() {
            return Err(Error::new(&["expected a buffer, found none"]));
        }
        let size = buffer.cast::<[u8; 4]>().read();
        let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(0);
        Self::of(slice::from_raw_parts(buffer, size))
    }

    /// A reader at the value of a buffer with these bytes.
    pub fn of(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() < 5 {
            return Err(Error::new(&["expected a buffer of at least 5 bytes"]));
        }
        Ok(Self {
            bytes,
            at: 4,
            depth: 0,
        })
    }

    /// The tag of the next value, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The tag of the elements of the array that comes next.
    pub fn peek_element(&self) -> Option<u8> {
        self.bytes.get(self.at + 1).copied()
    }

    /// Checks that nothing is left.
    pub fn finish(&self) -> Result<(), Error> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.failure("expected nothing after the value", ""))
        }
    }

    #[cold]
    pub fn failure(&self, expected: &str, name: &str) -> Error {
        let mut digits = [0; 20];
        Error::new(&[expected, name, " at byte ", decimal(self.at, &mut digits)])
    }

    /// The error that the next value is not what was expected.
    #[cold]
    pub fn mismatch(&self, expected: &str, name: &str) -> Error {
        let found = self.peek().map_or("the end of the buffer", tags::name);
        self.failure(&[expected, name, ", found ", found].concat(), "")
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let left = &self.bytes[self.at..];
        if count > left.len() {
            return Err(self.failure("the buffer ends too early", ""));
        }
        self.at += count;
        Ok(&left[..count])
    }

    pub fn array_of<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub fn byte(&mut self) -> Result<u8, Error> {
        self.array_of::<1>().map(|[byte]| byte)
    }

    pub fn uuid(&mut self) -> Result<Uuid, Error> {
        self.array_of().map(Uuid)
    }

    /// A count of items of at least `smallest` bytes each, which have to fit in what is left.
    pub fn count(&mut self, smallest: usize) -> Result<usize, Error> {
        let count = usize::try_from(u32::from_le_bytes(self.array_of()?)).unwrap_or(usize::MAX);
        match count.checked_mul(smallest) {
            Some(size) if size <= self.bytes.len() - self.at => Ok(count),
            _ => Err(self.failure("the count does not fit in what is left of the buffer", "")),
        }
    }

    /// Steps over a tag, if it is the next byte.
    pub fn expect(&mut self, tag: u8, name: &str) -> Result<(), Error> {
        if self.peek() != Some(tag) {
            return Err(self.mismatch("expected ", name));
        }
        self.at += 1;
        Ok(())
    }

    pub fn unit(&mut self) -> Result<(), Error> {
        self.expect(tags::UNIT, "unit")
    }

    /// Text without a tag: its length and its bytes.
    pub fn text(&mut self) -> Result<&'a str, Error> {
        let size = self.count(1)?;
        let start = self.at;
        let bytes = self.take(size)?;
        str::from_utf8(bytes).map_err(|error| {
            self.at = start + error.valid_up_to();
            self.failure("expected UTF-8", "")
        })
    }

    /// Whether an option has a value, which comes next.
    pub fn option(&mut self) -> Result<bool, Error> {
        self.expect(tags::OPTION, "an option")?;
        let some = match self.peek() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(self.failure("expected an option's 0 or 1", "")),
        };
        self.at += 1;
        Ok(some)
    }

    /// Begins a value that encloses others. There is no need to leave it after an error.
    pub fn enter(&mut self) -> Result<(), Error> {
        if self.depth == DEEPEST {
            return Err(self.failure("values are nested too deeply", ""));
        }
        self.depth += 1;
        Ok(())
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Begins a structure or an enumeration of that type; a count of fields or a variant follows.
    pub fn record(&mut self, tag: u8, id: Uuid, name: &str) -> Result<(), Error> {
        self.expect(tag, name)?;
        self.type_id(id, name)
    }

    fn type_id(&mut self, id: Uuid, name: &str) -> Result<(), Error> {
        if self.uuid()? == id {
            Ok(())
        } else {
            Err(self.failure("expected the type id of ", name))
        }
    }

    /// The number of fields: an id and a value each.
    pub fn fields(&mut self) -> Result<usize, Error> {
        self.count(16 + 1)
    }

    /// Begins an array with that tag of its elements, and returns their number, which has to be `length` if there is one.
    pub fn array(&mut self, tag: u8, name: &str, length: Option<usize>) -> Result<usize, Error> {
        if self.peek() != Some(tags::ARRAY) {
            return Err(self.mismatch("expected an array of ", name));
        }
        if self.peek_element() != Some(tag) {
            return Err(self.failure(
                &["expected an array of ", name, ", found another one"].concat(),
                "",
            ));
        }
        self.at += 2;
        let count = self.count(smallest_item(tag))?;
        match length {
            Some(length) if length != count => Err(self.wrong_length(length, count)),
            _ => Ok(count),
        }
    }

    #[cold]
    fn wrong_length(&self, length: usize, count: usize) -> Error {
        let (mut wanted, mut found) = ([0; 20], [0; 20]);
        let (wanted, found) = (decimal(length, &mut wanted), decimal(count, &mut found));
        self.failure(&["expected ", wanted, " items, found ", found].concat(), "")
    }

    /// The bytes of the numbers of an array.
    pub fn numbers(
        &mut self,
        tag: u8,
        name: &str,
        length: Option<usize>,
    ) -> Result<&'a [u8], Error> {
        let count = self.array(tag, name, length)?;
        self.take(tags::padding(self.at))?;
        self.take(count * tags::width(tag))
    }

    /// Reads an array of structures or enumerations of one type.
    pub fn records<T>(
        &mut self,
        tag: u8,
        id: Uuid,
        name: &str,
        length: Option<usize>,
        read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let count = self.array(tag, name, length)?;
        self.type_id(id, name)?;
        self.items(count, read)
    }

    /// Reads the items of an array.
    pub fn items<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.enter()?;
        // Without a capacity: an item in memory may be far larger than the smallest one on the wire.
        let mut items = Vec::new();
        for index in 0..count {
            items.push(read(self).map_err(|error| error.within_item(index))?);
        }
        self.leave();
        Ok(items)
    }

    /// Reads a value of that name.
    pub fn named<T: Read>(&mut self, name: &str) -> Result<T, Error> {
        T::read(self).map_err(|error| error.within(name))
    }

    /// Steps over a value, and checks it.
    pub fn skip(&mut self) -> Result<(), Error> {
        let tag = self.peek().unwrap_or(tags::DYNAMIC);
        if tags::width(tag) != 0 {
            return self.take(1 + tags::width(tag)).map(drop);
        }
        match tag {
            tags::UNIT => self.unit(),
            tags::STRING => {
                self.at += 1;
                self.text().map(drop)
            }
            tags::UUID => self.take(1 + 16).map(drop),
            tags::OPTION => {
                if self.option()? {
                    self.nested(Self::skip)?;
                }
                Ok(())
            }
            tags::STRUCTURE => {
                self.take(1 + 16)?;
                self.nested(Self::skip_fields)
            }
            tags::ENUMERATION => {
                self.take(1 + 16 + 16)?;
                self.nested(Self::skip)
            }
            tags::MAP => self.nested(Self::skip_map),
            tags::ARRAY => self.skip_array(),
            _ => Err(self.mismatch("expected a value", "")),
        }
    }

    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.enter()?;
        let value = read(self)?;
        self.leave();
        Ok(value)
    }

    fn skip_fields(&mut self) -> Result<(), Error> {
        for _ in 0..self.fields()? {
            self.take(16)?;
            self.skip()?;
        }
        Ok(())
    }

    fn skip_map(&mut self) -> Result<(), Error> {
        self.take(1 + 16)?;
        for _ in 0..self.count(4 + 16 + 1)? {
            self.text()?;
            self.take(16)?;
            self.skip()?;
        }
        Ok(())
    }

    fn skip_array(&mut self) -> Result<(), Error> {
        let tag = self.peek_element().unwrap_or(tags::ERROR);
        if tags::width(tag) != 0 {
            return self.numbers(tag, "", None).map(drop);
        }
        if !matches!(
            tag,
            tags::STRING | tags::STRUCTURE | tags::ENUMERATION | tags::DYNAMIC
        ) {
            return Err(self.no_element_tag());
        }
        let count = self.array(tag, "", None)?;
        match tag {
            tags::STRING => {
                for _ in 0..count {
                    self.text()?;
                }
                Ok(())
            }
            tags::STRUCTURE => {
                self.take(16)?;
                self.items(count, Self::skip_fields).map(drop)
            }
            tags::ENUMERATION => {
                self.take(16)?;
                self.items(count, |reader| reader.take(16).and_then(|_| reader.skip()))
                    .map(drop)
            }
            _ => self.items(count, Self::skip).map(drop),
        }
    }

    /// The error that the array that comes next has elements that no array has.
    #[cold]
    pub fn no_element_tag(&self) -> Error {
        self.failure("expected an array of what arrays can have", "")
    }
}

/// The bytes of the smallest item of an array, by the tag of its elements.
fn smallest_item(tag: u8) -> usize {
    match tag {
        tags::STRING | tags::STRUCTURE => 4,
        tags::ENUMERATION => 16 + 1,
        tags::DYNAMIC => 1,
        _ => tags::width(tag),
    }
}

/// The value of a buffer that was made with the code: the default of a parameter.
pub fn encoded<T: Read>(buffer: &[u8]) -> Result<T, Error> {
    T::read(&mut Reader::of(buffer)?)
}
