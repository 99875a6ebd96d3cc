//! What every generated module needs: values as bytes, and the memory they cross the border in.

#![allow(dead_code, unused_imports, unused_macros)]
// What is public here is for the code around it, which is private to the crate.
#![allow(clippy::must_use_candidate, clippy::missing_errors_doc)]

#[cfg(target_endian = "big")]
compile_error!("buffers are little-endian, and arrays are copied as they are");

extern crate alloc;

mod buffer;
mod calls;
#[cfg(target_env = "p2")]
mod component;
mod containers;
mod dispatch;
mod error;
mod macros;
mod reader;
mod scalars;
pub mod tags;
mod uuid;
mod value;
#[cfg(target_env = "p2")]
mod world;
mod writer;

pub use self::alloc::boxed::Box;
pub use self::alloc::collections::BTreeMap;
pub use self::alloc::string::String;
pub use self::alloc::vec::Vec;
pub use self::calls::{panicked, run, Function};
#[cfg(target_env = "p2")]
pub(crate) use self::component::{answer, export_functions, Outcome};
pub use self::dispatch::{dispatch_indirect, Call};
pub use self::error::Error;
#[cfg(not(target_env = "p2"))]
pub(crate) use self::macros::export_functions;
pub(crate) use self::macros::{
    assign, enumeration, export_function, export_symbol, field_default, field_name, fields, id,
    import_function, mutated, pass, payload, record, structure, variant,
};
pub use self::reader::{encoded, Read, Reader};
pub use self::uuid::Uuid;
pub use self::value::Value;
pub use self::writer::{Write, Writer};

/// How many values may enclose another, in a buffer that is read or written.
pub const DEEPEST: u32 = 64;
