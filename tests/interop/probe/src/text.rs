//! Texts and buffers: read by the crates, and written again in each form that they know.

use arora_buffers::serde_uuid;
use arora_types::call::{Call, CallResult};
use arora_types::module::{high, low};
use arora_types::record::{enumeration, folder, module, structure};
use arora_types::value::Value;
use serde::{de::DeserializeOwned, Serialize};
use serde_json::{json, Value as Json};
use serde_yaml::with::singleton_map_recursive;

use crate::{message, Answer};

/// Return what a text is, read as the kind and in the form given, written in each form.
pub fn read(kind: &str, form: &str, text: &str) -> Answer {
    match kind {
        "value" => {
            let value: Value = parsed(form, text)?;
            Ok(with_buffer(&value))
        }
        "call" => rewritten::<Call>(form, text),
        "result" => rewritten::<CallResult>(form, text),
        "header" => rewritten::<low::Header>(form, text),
        "authored header" => rewritten::<high::ModuleDefinition>(form, text),
        "structure" => rewritten::<structure::frozen::Structure>(form, text),
        "enumeration" => rewritten::<enumeration::frozen::Enumeration>(form, text),
        "folder" => rewritten::<folder::public::Public>(form, text),
        "module" => rewritten::<module::frozen::Module>(form, text),
        _ => Err(format!("unknown kind {kind}")),
    }
}

/// Return the value in a buffer, written in each form.
pub fn decode(buffer: &[u8]) -> Answer {
    Ok(with_buffer(&serde_uuid::deserialize(buffer)))
}

/// Return bytes from their hexadecimal digits.
pub fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let pair = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or("odd"), 16).map_err(message);
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// Return the hexadecimal digits of bytes.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Return a text's content, read in a form.
pub fn parsed<T: DeserializeOwned>(form: &str, text: &str) -> Result<T, String> {
    match form {
        "yaml" => serde_yaml::from_str(text).map_err(message),
        "singleton" => singleton_map_recursive::deserialize(serde_yaml::Deserializer::from_str(text)).map_err(message),
        "json" => serde_json::from_str(text).map_err(message),
        _ => Err(format!("unknown form {form}")),
    }
}

/// Return an item in each form; null where its crate cannot write it.
pub fn written<T: Serialize>(item: &T) -> Json {
    let mut singleton = Vec::new();
    let made = singleton_map_recursive::serialize(item, &mut serde_yaml::Serializer::new(&mut singleton));
    json!({
        "yaml": serde_yaml::to_string(item).ok(),
        "singleton": made.ok().and_then(|()| String::from_utf8(singleton).ok()),
        "json": serde_json::to_string(item).ok(),
    })
}

fn rewritten<T: DeserializeOwned + Serialize>(form: &str, text: &str) -> Answer {
    Ok(written(&parsed::<T>(form, text)?))
}

fn with_buffer(value: &Value) -> Json {
    let mut made = written(value);
    made["hex"] = json!(digits(&serde_uuid::serialize(value)));
    made
}
