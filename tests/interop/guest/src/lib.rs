//! A module declared with the macros of the Rust crates: what its functions do is what tests here expect of it.

use arora_types::{AroraType, Uuid};

/// A place on a map.
#[derive(Debug, Clone, PartialEq, AroraType)]
#[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e01")]
pub struct Place {
    #[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e02")]
    label: String,
    #[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e03")]
    height: f64,
}

/// How a walk goes on.
#[derive(Debug, Clone, PartialEq, AroraType)]
#[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e11")]
pub enum Way {
    #[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e12")]
    Up,
    #[arora(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e13")]
    Down,
}

#[cfg(target_env = "p2")]
arora_module::artifact!(walk);

/// Return the value that a function of another module answers with.
#[cfg(target_env = "p2")]
fn called(module: Uuid, function: Uuid, arguments: arora_types::value::Value) -> arora_types::value::Value {
    use arora_module::component::{arora::module::host, Id};
    let id = |uuid: Uuid| {
        let (hi, lo) = uuid.as_u64_pair();
        Id { hi, lo }
    };
    let buffer = arora_buffers::serde_uuid::serialize(&arguments);
    let answer = host::dispatch(id(module), id(function), &buffer).expect("the other module answers");
    arora_buffers::serde_uuid::deserialize(&answer)
}

#[cfg(target_env = "p1")]
#[link(wasm_import_module = "env")]
extern "C" {
    fn arora_dispatch(module: *const u8, function: *const u8, argument: *const u8) -> *const u8;
}

/// Return the value that a function of another module answers with.
#[cfg(target_env = "p1")]
fn called(module: Uuid, function: Uuid, arguments: arora_types::value::Value) -> arora_types::value::Value {
    let buffer = arora_buffers::serde_uuid::serialize(&arguments);
    // The answer stays with the guest, which leaks it: a test calls once.
    let answer = unsafe {
        let answer = arora_dispatch(module.as_bytes().as_ptr(), function.as_bytes().as_ptr(), buffer.as_ptr());
        let size = u32::from_le_bytes(*(answer as *const [u8; 4])) as usize;
        std::slice::from_raw_parts(answer, size)
    };
    arora_buffers::serde_uuid::deserialize(answer)
}

#[cfg(not(target_arch = "wasm32"))]
fn called(_: Uuid, _: Uuid, arguments: arora_types::value::Value) -> arora_types::value::Value {
    arguments // A native library cannot call its host.
}

#[arora_module::module(
    id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e20",
    name = "walk",
    version = "1.2.3",
    author = "The Arora authors",
    license = "Apache-2.0",
    description = "Walks in the hills",
    executable_mime = "application/wasm"
)]
pub mod walk {
    use super::{called, Place, Uuid, Way};
    use arora_types::value::{Structure, StructureField, Value};

    /// Returns the text, as often as it is told.
    #[export(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e30")]
    pub fn call_out(
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e31")] text: String,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e32")] times: u8,
    ) -> String {
        text.repeat(times.into())
    }

    /// Multiplies the steps, and returns their sum before.
    #[export(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e40")]
    pub fn stretch(
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e41")] steps: &mut Vec<f64>,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e42")] factor: f32,
    ) -> f64 {
        let before = steps.iter().sum();
        for step in steps.iter_mut() {
            *step *= f64::from(factor);
        }
        before
    }

    /// Returns the place, a hundred metres higher or lower.
    #[export(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e50")]
    pub fn climb(
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e51")] from: Place,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e52")] way: Way,
    ) -> Place {
        let difference = if way == Way::Up { 100.0 } else { -100.0 };
        Place { height: from.height + difference, ..from }
    }

    /// Returns the value itself, whatever it is.
    #[export(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e60")]
    pub fn carry(#[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e61")] value: Value) -> Value {
        value
    }

    /// Returns what a function of another module answers to the value as its only argument.
    #[export(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e70")]
    pub fn ask(
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e71")] owner: String,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e72")] target: String,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e73")] parameter: String,
        #[param(id = "5f9d3c11-6f0b-4f0c-9d69-3a1d5f0c9e74")] value: Value,
    ) -> Value {
        let id = |text: &str| Uuid::parse_str(text).expect("a UUID");
        let fields = vec![StructureField { id: id(&parameter), value: Box::new(value) }];
        let function = id(&target);
        called(id(&owner), function, Value::Structure(Structure { id: function, fields }))
    }
}
