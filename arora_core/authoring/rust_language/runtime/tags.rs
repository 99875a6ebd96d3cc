//! The tag bytes in front of values.

pub const UNIT: u8 = 0;
pub const BOOLEAN: u8 = 1;
pub const U8: u8 = 2;
pub const U16: u8 = 3;
pub const U32: u8 = 4;
pub const U64: u8 = 5;
pub const I8: u8 = 6;
pub const I16: u8 = 7;
pub const I32: u8 = 8;
pub const I64: u8 = 9;
pub const F32: u8 = 10;
pub const F64: u8 = 11;
pub const STRING: u8 = 12;
pub const STRUCTURE: u8 = 13;
pub const ENUMERATION: u8 = 14;
pub const ARRAY: u8 = 15;
pub const MAP: u8 = 16;
pub const OPTION: u8 = 17;
pub const UUID: u8 = 18;
pub const DYNAMIC: u8 = 19;
pub const ERROR: u8 = 20;

/// The size in bytes of a number or boolean of that tag; 0 for every other tag.
pub const fn width(tag: u8) -> usize {
    match tag {
        BOOLEAN | U8 | I8 => 1,
        U16 | I16 => 2,
        U32 | I32 | F32 => 4,
        U64 | I64 | F64 => 8,
        _ => 0,
    }
}

/// The zero bytes between an array's count, which ends at `offset`, and its first number: 8 where it is aligned.
pub const fn padding(offset: usize) -> usize {
    8 - offset % 8
}

/// What an error calls a value of that tag.
pub const fn name(tag: u8) -> &'static str {
    match tag {
        UNIT => "unit",
        BOOLEAN => "bool",
        U8 => "u8",
        U16 => "u16",
        U32 => "u32",
        U64 => "u64",
        I8 => "i8",
        I16 => "i16",
        I32 => "i32",
        I64 => "i64",
        F32 => "f32",
        F64 => "f64",
        STRING => "str",
        STRUCTURE => "a structure",
        ENUMERATION => "an enumeration",
        ARRAY => "an array",
        MAP => "a map",
        OPTION => "an option",
        UUID => "uuid",
        _ => "no value",
    }
}
