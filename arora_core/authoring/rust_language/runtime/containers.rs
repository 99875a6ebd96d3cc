//! Arrays, options, maps, boxes and references.

use super::{tags, BTreeMap, Box, Error, Read, Reader, String, Uuid, Value, Vec, Write, Writer};

impl<T: Read> Read for Vec<T> {
    const NAME: &'static str = "an array";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        T::read_items(reader, None)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, writer: &mut Writer) {
        T::write_items(self, writer);
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, writer: &mut Writer) {
        T::write_items(self, writer);
    }
}

impl<T: Read, const N: usize> Read for [T; N] {
    const NAME: &'static str = "an array";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let items = T::read_items(reader, Some(N))?;
        items
            .try_into()
            .map_err(|_| reader.mismatch("expected ", Self::NAME))
    }

    fn read_boxed(reader: &mut Reader<'_>) -> Result<Box<Self>, Error> {
        let items = T::read_items(reader, Some(N))?.into_boxed_slice();
        items
            .try_into()
            .map_err(|_| reader.mismatch("expected ", Self::NAME))
    }
}

impl<T: Write, const N: usize> Write for [T; N] {
    fn write(&self, writer: &mut Writer) {
        T::write_items(self, writer);
    }
}

impl<T: Read> Read for Option<T> {
    const NAME: &'static str = "an option";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.option()? {
            reader.nested(T::read).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, writer: &mut Writer) {
        writer.option(
            self.as_ref()
                .map(|value| move |writer: &mut Writer| value.write(writer)),
        );
    }
}

impl<T: Read> Read for Box<T> {
    const NAME: &'static str = T::NAME;

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        T::read_boxed(reader)
    }
}

impl<T: Write + ?Sized> Write for Box<T> {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

impl<T: Write + ?Sized> Write for &mut T {
    fn write(&self, writer: &mut Writer) {
        (**self).write(writer);
    }
}

/// What a map may hold: a key has a value or none, which is a unit in the buffer.
pub trait Entry: Sized {
    fn read_entry(reader: &mut Reader<'_>) -> Result<Self, Error>;
    fn write_entry(&self, writer: &mut Writer);
}

impl Entry for () {
    fn read_entry(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.unit()
    }

    fn write_entry(&self, writer: &mut Writer) {
        writer.unit();
    }
}

impl Entry for Value {
    fn read_entry(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Self::read(reader)
    }

    fn write_entry(&self, writer: &mut Writer) {
        self.write(writer);
    }
}

impl<T: Read + Write> Entry for Option<T> {
    fn read_entry(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.peek() == Some(tags::UNIT) {
            return reader.unit().map(|()| None);
        }
        T::read(reader).map(Some)
    }

    fn write_entry(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.write(writer),
            None => writer.unit(),
        }
    }
}

const MAP: Uuid = Uuid::parse("00000000-0000-0000-0000-00000000001b");

impl<T: Entry> Read for BTreeMap<String, T> {
    const NAME: &'static str = "a map";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.expect(tags::MAP, Self::NAME)?;
        reader.nested(|reader| {
            reader.uuid()?;
            let mut entries = Self::new();
            for _ in 0..reader.count(4 + 16 + 1)? {
                let key = reader.text()?;
                reader.uuid()?;
                let value = T::read_entry(reader)
                    .map_err(|error| error.within(&["[\"", key, "\"]"].concat()))?;
                entries.insert(String::from(key), value);
            }
            Ok(entries)
        })
    }
}

impl<T: Entry> Write for BTreeMap<String, T> {
    fn write(&self, writer: &mut Writer) {
        writer.put(&[tags::MAP]);
        writer.uuid(MAP);
        writer.count(self.len());
        writer.nested(|writer| {
            for (key, value) in self {
                writer.text(key);
                writer.uuid(Uuid::NIL);
                value.write_entry(writer);
            }
        });
    }
}
