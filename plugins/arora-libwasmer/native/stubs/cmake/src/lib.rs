//! Stands in for a crate that wasmer's build script uses for another engine, V8, alone.
