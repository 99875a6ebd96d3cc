//! Unit, booleans, numbers, text and UUIDs.

use super::{tags, Error, Read, Reader, String, Uuid, Vec, Write, Writer};
use core::mem::size_of;
use core::{ptr, slice};

impl Read for () {
    const NAME: &'static str = "unit";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.unit()
    }
}

impl Write for () {
    fn write(&self, writer: &mut Writer) {
        writer.unit();
    }
}

impl Read for bool {
    const NAME: &'static str = "bool";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.expect(tags::BOOLEAN, Self::NAME)?;
        reader.byte().map(|byte| byte != 0)
    }

    fn read_items(reader: &mut Reader<'_>, length: Option<usize>) -> Result<Vec<Self>, Error> {
        let bytes = reader.numbers(tags::BOOLEAN, Self::NAME, length)?;
        Ok(bytes.iter().map(|byte| *byte != 0).collect())
    }
}

impl Write for bool {
    fn write(&self, writer: &mut Writer) {
        writer.put(&[tags::BOOLEAN, u8::from(*self)]);
    }

    fn write_items(items: &[Self], writer: &mut Writer) {
        // SAFETY: a bool is one byte, 0 or 1.
        let bytes = unsafe { slice::from_raw_parts(items.as_ptr().cast(), items.len()) };
        writer.numbers(tags::BOOLEAN, items.len(), bytes);
    }
}

macro_rules! number {
    ($type:ident, $tag:ident) => {
        impl Read for $type {
            const NAME: &'static str = stringify!($type);

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                reader.expect(tags::$tag, Self::NAME)?;
                reader.array_of().map(Self::from_le_bytes)
            }

            fn read_items(
                reader: &mut Reader<'_>,
                length: Option<usize>,
            ) -> Result<Vec<Self>, Error> {
                let bytes = reader.numbers(tags::$tag, Self::NAME, length)?;
                let count = bytes.len() / size_of::<Self>();
                let mut items = Vec::<Self>::with_capacity(count);
                // SAFETY: there is room for the items, and any bytes are numbers.
                unsafe {
                    let room = items.as_mut_ptr().cast::<u8>();
                    ptr::copy_nonoverlapping(bytes.as_ptr(), room, count * size_of::<Self>());
                    items.set_len(count);
                }
                Ok(items)
            }
        }

        impl Write for $type {
            fn write(&self, writer: &mut Writer) {
                let mut bytes = [tags::$tag; 1 + size_of::<Self>()];
                bytes[1..].copy_from_slice(&self.to_le_bytes());
                writer.put(&bytes);
            }

            fn write_items(items: &[Self], writer: &mut Writer) {
                let size = items.len() * size_of::<Self>();
                // SAFETY: numbers are bytes without gaps.
                let bytes = unsafe { slice::from_raw_parts(items.as_ptr().cast(), size) };
                writer.numbers(tags::$tag, items.len(), bytes);
            }
        }
    };
}

number!(u8, U8);
number!(u16, U16);
number!(u32, U32);
number!(u64, U64);
number!(i8, I8);
number!(i16, I16);
number!(i32, I32);
number!(i64, I64);
number!(f32, F32);
number!(f64, F64);

impl Read for String {
    const NAME: &'static str = "str";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.expect(tags::STRING, Self::NAME)?;
        reader.text().map(Self::from)
    }

    fn read_items(reader: &mut Reader<'_>, length: Option<usize>) -> Result<Vec<Self>, Error> {
        let count = reader.array(tags::STRING, Self::NAME, length)?;
        let mut items = Vec::new();
        for index in 0..count {
            let text = reader.text();
            items.push(Self::from(text.map_err(|error| error.within_item(index))?));
        }
        Ok(items)
    }
}

impl Write for String {
    fn write(&self, writer: &mut Writer) {
        self.as_str().write(writer);
    }

    fn write_items(items: &[Self], writer: &mut Writer) {
        writer.array(tags::STRING, items.len());
        for item in items {
            writer.text(item);
        }
    }
}

impl Write for str {
    fn write(&self, writer: &mut Writer) {
        writer.put(&[tags::STRING]);
        writer.text(self);
    }
}

impl Read for Uuid {
    const NAME: &'static str = "uuid";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.expect(tags::UUID, Self::NAME)?;
        reader.uuid()
    }
}

impl Write for Uuid {
    fn write(&self, writer: &mut Writer) {
        writer.put(&[tags::UUID]);
        writer.uuid(*self);
    }
}
