"""Agreement with the Rust crates: texts and buffers as data, and a session with the crates themselves."""
