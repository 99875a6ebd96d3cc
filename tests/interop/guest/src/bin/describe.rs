//! Prints the header and the record that the declaration of the module makes, as lines of JSON.

use arora_module::AroraModule;
use arora_types::module::low::Executor;
use arora_types::Uuid;
use walk::walk::Module;

fn main() {
    let executor = Executor { name: "wasm".to_string(), min_version: None, max_version: None };
    let line = |json: serde_json::Result<String>| println!("{}", json.expect("it has a form in JSON"));
    line(serde_json::to_string(&Module::header(executor)));
    line(serde_json::to_string(&Module::record(Uuid::from_u128(0x1000000))));
}
