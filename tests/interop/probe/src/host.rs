//! Modules, loaded and called by the Rust engine.

use std::pin::Pin;
use std::rc::Rc;

use arora_engine::call::{Call, CallBridge, CallError, Callable};
use arora_engine::engine::{Engine, EngineBuilder};
use arora_engine::executor::{component::ComponentExecutor, native::NativeExecutor};
use arora_engine::load::load_module_from_parts;
use arora_types::value::Value;
use serde_json::{json, Value as Json};
use uuid::Uuid;

use crate::{field, message, text, Answer};

pub struct Host {
    engine: Pin<Box<Engine>>,
}

/// A callable that always answers with the same value.
struct Fixed(Value);

impl Callable for Fixed {
    fn call(&self, _: &mut dyn CallBridge) -> Result<Value, CallError> {
        Ok(self.0.clone())
    }
}

impl Host {
    pub fn new() -> Result<Self, String> {
        let builder = EngineBuilder::new()
            .add_executor(ComponentExecutor::new().map_err(message)?)
            .add_executor(NativeExecutor::new());
        #[cfg(feature = "core-modules")]
        let builder = builder.add_executor(arora_engine::executor::wasm::WebAssemblyExecutor::new().map_err(message)?);
        Ok(Self { engine: builder.build() })
    }

    pub fn answer(&mut self, what: &str, question: &Json) -> Answer {
        match what {
            "load" => self.load(question),
            "call" => self.call(question),
            "dispatch" => self.dispatch(question),
            "register" => self.register(question),
            #[cfg(feature = "trees")]
            "tick" => crate::trees::tick(question, &mut self.engine),
            _ => Err(format!("unknown question {what}")),
        }
    }

    fn load(&mut self, question: &Json) -> Answer {
        let header = text::parsed("yaml", field(question, "header")?)?;
        let executable = std::fs::read(field(question, "executable")?).map_err(message)?;
        let loaded = load_module_from_parts(&mut self.engine, header, executable.into_boxed_slice());
        Ok(json!(loaded.map_err(message)?.id))
    }

    /// Call a function, as a text in the singleton form describes the call.
    fn call(&mut self, question: &Json) -> Answer {
        let call: Call = text::parsed("singleton", field(question, "call")?)?;
        Ok(text::written(&self.engine.arora_call(call).map_err(message)?))
    }

    fn dispatch(&mut self, question: &Json) -> Answer {
        let module = Uuid::parse_str(field(question, "module")?).map_err(message)?;
        let function = Uuid::parse_str(field(question, "function")?).map_err(message)?;
        let mut argument = text::bytes(field(question, "hex")?)?;
        argument.extend([0; 8]); // Guests may read a few bytes more.
        let size = argument.len() - 8;
        let result = self.engine.dispatch(&module, &function, &argument[..size]);
        Ok(json!(text::digits(&result.map_err(message)?)))
    }

    fn register(&mut self, question: &Json) -> Answer {
        let value = text::parsed("singleton", field(question, "value")?)?;
        Ok(json!(self.engine.arora_register_callable(Rc::new(Fixed(value))).id))
    }
}
