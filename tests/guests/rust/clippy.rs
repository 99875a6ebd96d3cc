//! The generated code alone, as clippy sees it.

mod generated;
