//! Values of which the type is known only when they come.

use super::{tags, BTreeMap, Box, Error, Read, Reader, String, Uuid, Vec, Write, Writer};

/// A value of any type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Unit,
    Bool(bool),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    F32(f32),
    F64(f64),
    Str(String),
    Uuid(Uuid),
    Option(Option<Box<Value>>),
    /// A structure: its type, and its fields by their ids.
    Structure(Uuid, Vec<(Uuid, Value)>),
    /// An enumeration: its type, its variant, and what the variant carries.
    Enumeration(Uuid, Uuid, Box<Value>),
    /// A map: its id, and the field id and the value of each key. A key without a value has unit.
    Map(Uuid, BTreeMap<String, (Uuid, Value)>),
    Bools(Vec<bool>),
    U8s(Vec<u8>),
    U16s(Vec<u16>),
    U32s(Vec<u32>),
    U64s(Vec<u64>),
    I8s(Vec<i8>),
    I16s(Vec<i16>),
    I32s(Vec<i32>),
    I64s(Vec<i64>),
    F32s(Vec<f32>),
    F64s(Vec<f64>),
    Strs(Vec<String>),
    Values(Vec<Value>),
    /// Structures of one type: the fields of each.
    Structures(Uuid, Vec<Vec<(Uuid, Value)>>),
    /// Enumerations of one type: the variant of each, and what it carries.
    Enumerations(Uuid, Vec<(Uuid, Value)>),
}

impl Value {
    /// The value of a type that is known here.
    pub fn of(value: &impl Write) -> Result<Self, String> {
        let mut writer = Writer::new();
        value.write(&mut writer);
        Ok(Reader::of(writer.bytes()?)?.named("value")?)
    }

    /// This value as one of a type that is known here.
    pub fn to<T: Read>(&self) -> Result<T, String> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        Ok(T::read(&mut Reader::of(writer.bytes()?)?)?)
    }
}

fn read_fields(reader: &mut Reader<'_>) -> Result<Vec<(Uuid, Value)>, Error> {
    let mut fields = Vec::new();
    for _ in 0..reader.fields()? {
        fields.push((reader.uuid()?, Value::read(reader)?));
    }
    Ok(fields)
}

fn write_fields(fields: &[(Uuid, Value)], writer: &mut Writer) {
    writer.count(fields.len());
    for (id, value) in fields {
        writer.field(*id, value);
    }
}

fn read_entries(reader: &mut Reader<'_>) -> Result<BTreeMap<String, (Uuid, Value)>, Error> {
    let mut entries = BTreeMap::new();
    for _ in 0..reader.count(4 + 16 + 1)? {
        let key = String::from(reader.text()?);
        entries.insert(key, (reader.uuid()?, Value::read(reader)?));
    }
    Ok(entries)
}

fn read_array(reader: &mut Reader<'_>) -> Result<Value, Error> {
    match reader.peek_element().unwrap_or(tags::ERROR) {
        tags::BOOLEAN => Read::read(reader).map(Value::Bools),
        tags::U8 => Read::read(reader).map(Value::U8s),
        tags::U16 => Read::read(reader).map(Value::U16s),
        tags::U32 => Read::read(reader).map(Value::U32s),
        tags::U64 => Read::read(reader).map(Value::U64s),
        tags::I8 => Read::read(reader).map(Value::I8s),
        tags::I16 => Read::read(reader).map(Value::I16s),
        tags::I32 => Read::read(reader).map(Value::I32s),
        tags::I64 => Read::read(reader).map(Value::I64s),
        tags::F32 => Read::read(reader).map(Value::F32s),
        tags::F64 => Read::read(reader).map(Value::F64s),
        tags::STRING => Read::read(reader).map(Value::Strs),
        tags::STRUCTURE => {
            let count = reader.array(tags::STRUCTURE, "", None)?;
            let id = reader.uuid()?;
            Ok(Value::Structures(id, reader.items(count, read_fields)?))
        }
        tags::ENUMERATION => {
            let count = reader.array(tags::ENUMERATION, "", None)?;
            let id = reader.uuid()?;
            let read = |reader: &mut Reader<'_>| Ok((reader.uuid()?, Value::read(reader)?));
            Ok(Value::Enumerations(id, reader.items(count, read)?))
        }
        tags::DYNAMIC => Read::read(reader).map(Value::Values),
        _ => Err(reader.no_element_tag()),
    }
}

impl Read for Value {
    const NAME: &'static str = "a value";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.peek().unwrap_or(tags::ERROR) {
            tags::UNIT => reader.unit().map(|()| Self::Unit),
            tags::BOOLEAN => Read::read(reader).map(Self::Bool),
            tags::U8 => Read::read(reader).map(Self::U8),
            tags::U16 => Read::read(reader).map(Self::U16),
            tags::U32 => Read::read(reader).map(Self::U32),
            tags::U64 => Read::read(reader).map(Self::U64),
            tags::I8 => Read::read(reader).map(Self::I8),
            tags::I16 => Read::read(reader).map(Self::I16),
            tags::I32 => Read::read(reader).map(Self::I32),
            tags::I64 => Read::read(reader).map(Self::I64),
            tags::F32 => Read::read(reader).map(Self::F32),
            tags::F64 => Read::read(reader).map(Self::F64),
            tags::STRING => Read::read(reader).map(Self::Str),
            tags::UUID => Read::read(reader).map(Self::Uuid),
            tags::OPTION => Read::read(reader).map(Self::Option),
            tags::STRUCTURE => {
                reader.take(1)?;
                let id = reader.uuid()?;
                Ok(Self::Structure(id, reader.nested(read_fields)?))
            }
            tags::ENUMERATION => {
                reader.take(1)?;
                let (id, variant) = (reader.uuid()?, reader.uuid()?);
                Ok(Self::Enumeration(id, variant, reader.nested(Read::read)?))
            }
            tags::MAP => {
                reader.take(1)?;
                let id = reader.uuid()?;
                Ok(Self::Map(id, reader.nested(read_entries)?))
            }
            tags::ARRAY => read_array(reader),
            _ => Err(reader.mismatch("expected ", Self::NAME)),
        }
    }
}

impl Write for Value {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Unit => writer.unit(),
            Self::Bool(value) => value.write(writer),
            Self::U8(value) => value.write(writer),
            Self::U16(value) => value.write(writer),
            Self::U32(value) => value.write(writer),
            Self::U64(value) => value.write(writer),
            Self::I8(value) => value.write(writer),
            Self::I16(value) => value.write(writer),
            Self::I32(value) => value.write(writer),
            Self::I64(value) => value.write(writer),
            Self::F32(value) => value.write(writer),
            Self::F64(value) => value.write(writer),
            Self::Str(value) => value.write(writer),
            Self::Uuid(value) => value.write(writer),
            Self::Option(value) => value.write(writer),
            Self::Structure(id, fields) => {
                writer.record(tags::STRUCTURE, *id);
                writer.nested(|writer| write_fields(fields, writer));
            }
            Self::Enumeration(id, variant, value) => {
                writer.record(tags::ENUMERATION, *id);
                writer.nested(|writer| writer.field(*variant, value));
            }
            Self::Map(id, entries) => {
                writer.record(tags::MAP, *id);
                writer.count(entries.len());
                writer.nested(|writer| {
                    for (key, (id, value)) in entries {
                        writer.text(key);
                        writer.field(*id, value);
                    }
                });
            }
            Self::Bools(items) => items.write(writer),
            Self::U8s(items) => items.write(writer),
            Self::U16s(items) => items.write(writer),
            Self::U32s(items) => items.write(writer),
            Self::U64s(items) => items.write(writer),
            Self::I8s(items) => items.write(writer),
            Self::I16s(items) => items.write(writer),
            Self::I32s(items) => items.write(writer),
            Self::I64s(items) => items.write(writer),
            Self::F32s(items) => items.write(writer),
            Self::F64s(items) => items.write(writer),
            Self::Strs(items) => items.write(writer),
            Self::Values(items) => items.write(writer),
            Self::Structures(id, items) => {
                writer.records(tags::STRUCTURE, *id, items, |fields, writer| {
                    write_fields(fields, writer);
                });
            }
            Self::Enumerations(id, items) => {
                writer.records(tags::ENUMERATION, *id, items, |(variant, value), writer| {
                    writer.field(*variant, value);
                });
            }
        }
    }
}
