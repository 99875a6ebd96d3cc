//! Tests of instances beside a guest.

use super::{ECHO, Loaded, guest, taken, text};
use crate::beside::{Beside, aw_beside, aw_beside_global, aw_beside_run};
use crate::compiled::{aw_compile, aw_compiled_free};

/// Calls the guest's function with the bytes at its first argument, frees the result, and counts.
const ADAPTER: &str = r#"(module $arora-wasmer
  (import "guest" "memory" (memory 0))
  (import "guest" "function" (func $function (param i32) (result i32)))
  (import "guest" "free" (func $free (param i32)))
  (global $row (export "row") (mut i32) (i32.const 0))
  (func (export "run") (param i32 i32) (result i64) (local $at i32)
    (global.set $row (i32.add (global.get $row) (i32.const 1)))
    (i32.store (local.get 0) (i32.const 6))
    (local.set $at (call $function (local.get 0)))
    (call $free (local.get $at))
    (i64.extend_i32_u (i32.add (i32.load (local.get $at)) (local.get 1)))))"#;

fn beside(loaded: &Loaded, symbol: &str) -> *mut Beside {
    let (executable, mut error) = (wat::parse_str(ADAPTER).unwrap(), text());
    // SAFETY: all pointers are what the functions want.
    let made = unsafe {
        let compiled = aw_compile(executable.as_ptr(), executable.len(), 0, 1, &mut error);
        assert!(!compiled.is_null());
        let made = aw_beside(loaded.guest, compiled, symbol.as_ptr(), symbol.len(), &mut error);
        aw_compiled_free(compiled);
        made
    };
    assert_eq!(taken(error).is_empty(), !made.is_null());
    made
}

fn run(beside: *mut Beside) -> (i32, i64) {
    let (numbers, mut result) = ([1024_u32, 100], 0);
    // SAFETY: the instance exists, and takes so many numbers.
    let outcome = unsafe { aw_beside_run(beside, numbers.as_ptr(), numbers.len(), &mut result) };
    (outcome, result)
}

#[test]
fn an_instance_beside_a_guest_uses_its_memory_and_calls_it() {
    let loaded = Loaded::started(&guest(ECHO, ""));
    let made = beside(&loaded, "run");
    assert_eq!((run(made), run(made)), ((0, 106), (0, 106)));
    let mut error = text();
    // SAFETY: the instance exists.
    let row = unsafe { *aw_beside_global(made, "row".as_ptr(), 3, &mut error).cast::<i32>() };
    assert_eq!(row, 2);
}

#[test]
fn a_trap_below_it_is_a_failure_of_the_guest_without_frames_of_its_own() {
    let loaded = Loaded::started(&guest("unreachable", ""));
    assert_eq!(run(beside(&loaded, "run")).0, 1);
    let (code, words) = loaded.failure();
    assert_eq!(code, 9);
    assert_eq!(words.lines().count(), 2, "{words:?}");
}

#[test]
fn what_the_guest_does_not_export_cannot_be_called() {
    assert!(beside(&Loaded::started(&guest(ECHO, "")), "missing").is_null());
}
