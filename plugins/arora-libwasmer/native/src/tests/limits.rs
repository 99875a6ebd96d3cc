//! Tests of what stops a guest, and of what it may take.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Loaded, UNLIMITED, guest};
use crate::checks::{FUEL, FUEL_WORD, STOP, STOP_WORD};
use crate::guest::aw_memory;

#[test]
fn a_loop_without_end_stops_when_its_word_is_set() {
    let loaded = Loaded::new(&guest("(loop $again (br $again)) (i32.const 0)", ""), STOP, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 0);
    let word = loaded.word(STOP_WORD) as usize;
    let stopping = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        // SAFETY: the word exists until the thread has been joined, and is aligned.
        unsafe { AtomicU32::from_ptr(word as *mut u32) }.store(1, Ordering::SeqCst);
    });
    assert_eq!(loaded.call("run", 0), -1);
    stopping.join().unwrap();
    assert_eq!(loaded.failure().0, -4);
}

#[test]
fn recursion_stops_when_the_word_is_set() {
    let loaded = Loaded::new(&guest("(call $run (local.get 0))", ""), STOP, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 0);
    // SAFETY: the word exists, and the guest is not running.
    unsafe { *loaded.word(STOP_WORD).cast::<u32>() = 1 };
    assert_eq!(loaded.call("run", 0), -1);
    assert_eq!(loaded.failure().0, -4);
}

#[test]
fn fuel_is_used_up_and_can_be_filled_again() {
    let body = "(loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 7)";
    let loaded = Loaded::new(&guest(body, ""), FUEL, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 0);
    let fuel = loaded.word(FUEL_WORD).cast::<i64>();
    // SAFETY: the word exists, and the guest is not running.
    unsafe {
        *fuel = 1000;
        assert_eq!(loaded.call("run", 10), 7);
        let left = *fuel;
        assert!((900..1000).contains(&left), "{left}");
        assert_eq!(loaded.call("run", 1_000_000), -1);
        assert_eq!(loaded.failure().0, -3);
        *fuel = 1000;
    }
    assert_eq!(loaded.call("run", 10), 7);
}

#[test]
fn moving_many_bytes_uses_as_much_fuel() {
    let body = "(memory.fill (i32.const 0) (i32.const 0) (local.get 0)) (i32.const 7)";
    let loaded = Loaded::new(&guest(body, ""), FUEL, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 0);
    // SAFETY: the word exists, and the guest is not running.
    unsafe { *loaded.word(FUEL_WORD).cast::<i64>() = 1000 };
    assert_eq!(loaded.call("run", 800), 7);
    assert_eq!(loaded.call("run", 800), -1);
    assert_eq!(loaded.failure().0, -3);
}

#[test]
fn with_checks_the_start_function_is_left_to_the_caller() {
    let executable = guest("(i32.const 0)", "(func $endless (loop $again (br $again))) (start $endless)");
    let loaded = Loaded::new(&executable, STOP, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 0);
    // SAFETY: the word exists, and the guest is not running.
    unsafe { *loaded.word(STOP_WORD).cast::<u32>() = 1 };
    assert_eq!(loaded.call("arora.start", 0), -1);
    assert_eq!(loaded.failure().0, -4);
}

#[test]
fn a_start_function_that_traps_fails_as_a_call_does() {
    let executable = guest("(i32.const 0)", "(func $trap unreachable) (start $trap)");
    let loaded = Loaded::new(&executable, 0, UNLIMITED, &[]);
    assert_eq!(loaded.start(), 1);
    assert_eq!(loaded.failure().0, 9);
}

#[test]
fn a_limited_memory_does_not_grow_beyond_its_limit() {
    let loaded = Loaded::new(&guest("(memory.grow (local.get 0))", ""), 0, 3, &[]);
    assert_eq!(loaded.start(), 0);
    assert_eq!(loaded.call("run", 3), i64::from(u32::MAX));
    assert_eq!(loaded.call("run", 2), 1);
    // SAFETY: the guest has been started.
    assert_eq!(unsafe { (*aw_memory(loaded.guest)).current_length }, 3 << 16);
}

#[test]
fn with_a_limit_tables_do_not_grow() {
    let executable = guest("(table.grow $table (ref.null func) (local.get 0))", "(table $table 2 10 funcref)");
    let limited = Loaded::new(&executable, 0, 3, &[]);
    assert_eq!(limited.start(), 0);
    assert_eq!(limited.call("run", 1), i64::from(u32::MAX));
    assert_eq!(Loaded::started(&executable).call("run", 1), 2);
}
