//! Says what the Rust crates make of texts, buffers and modules: a question in JSON on each line, an answer on each.
//!
//! Engines print messages of their own, so answers begin with MARK. A panic of the crates is an answer, too.

mod host;
mod text;
#[cfg(feature = "trees")]
mod trees;

use std::io::{stdin, stdout, BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};

use serde_json::{json, Value as Json};

const MARK: &str = "answer: ";

pub type Answer = Result<Json, String>;

/// Return the text under a key of a question.
pub fn field<'a>(question: &'a Json, key: &str) -> Result<&'a str, String> {
    question[key].as_str().ok_or_else(|| format!("the question has no {key}"))
}

/// Return the message of an error of any kind.
pub fn message(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn answer(question: &Json, host: &mut Option<host::Host>) -> Answer {
    match field(question, "do")? {
        "read" => text::read(field(question, "kind")?, field(question, "form")?, field(question, "text")?),
        "decode" => text::decode(&text::bytes(field(question, "hex")?)?),
        other => {
            if host.is_none() {
                *host = Some(host::Host::new()?);
            }
            host.as_mut().unwrap().answer(other, question)
        }
    }
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut host = None;
    for line in stdin().lock().lines() {
        let line = line.expect("stdin is readable");
        let question: Json = serde_json::from_str(&line).expect("a question is JSON");
        let made = catch_unwind(AssertUnwindSafe(|| answer(&question, &mut host)));
        let said = match made {
            Ok(Ok(answer)) => json!({ "ok": answer }),
            Ok(Err(error)) => json!({ "error": error }),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|each| each.to_string()));
                json!({ "panic": text.unwrap_or_default() })
            }
        };
        println!("\n{MARK}{said}");
        stdout().flush().expect("stdout is writable");
    }
}
