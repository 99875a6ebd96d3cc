//! Tests of the C functions, called as Python calls them. The tests of arora-wasmer are about the rest.

mod beside;
mod limits;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::Ordering;

use crate::boundary::{Text, aw_text_free, guarded};
use crate::calls::{Entry, Room, aw_call, aw_exchange};
use crate::checks::{FUEL, STOP};
use crate::compiled::{Compiled, aw_compile, aw_compiled_free, aw_deserialize, aw_serialize};
use crate::failure::aw_failure;
use crate::guest::{Guest, Settings, aw_entry, aw_global, aw_guest_free, aw_guest_new, aw_guest_start};
use crate::imports::ImportAnswer;
use crate::{aw_abi, aw_flags, aw_install_handlers};

const UNLIMITED: u32 = u32::MAX;
const ROOM: Room = Room { at: 1024, capacity: 512, end: 2048 };

/// A guest of the ABI whose allocator never frees, with more fields.
fn guest(body: &str, fields: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
          {fields}
          (memory (export "memory") 1)
          (global $next (mut i32) (i32.const 4096))
          (func $alloc (export "arora_buffer_alloc") (param $size i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get $size))))
          (func (export "arora_buffer_free") (param i32))
          (func $copy (param $from i32) (result i32) (local $to i32)
            (local.set $to (call $alloc (i32.load (local.get $from))))
            (memory.copy (local.get $to) (local.get $from) (i32.load (local.get $from)))
            (local.get $to))
          (func $run (export "run") (param i32) (result i32) {body}))"#
    ))
    .unwrap()
}

const ECHO: &str = "(call $copy (local.get 0))";

fn text() -> Text {
    // SAFETY: a text of zeros is empty.
    unsafe { std::mem::zeroed() }
}

fn taken(mut text: Text) -> String {
    // SAFETY: it is empty, or was filled in by the library.
    unsafe {
        let words = String::from_utf8_lossy(text.bytes()).into_owned();
        aw_text_free(&mut text);
        words
    }
}

struct Loaded {
    compiled: *mut Compiled,
    guest: *mut Guest,
    buffer: Box<[u8; 1024]>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: both were made by the library.
        unsafe {
            aw_guest_free(self.guest);
            aw_compiled_free(self.compiled);
        }
    }
}

unsafe extern "C" fn refuse(_: u32, _: u32) -> i32 {
    0
}

unsafe extern "C" fn fail(_: *mut u64) -> i32 {
    0
}

unsafe extern "C" fn double(values: *mut u64) -> i32 {
    // SAFETY: the library passes the arguments.
    unsafe { *values *= 2 };
    1
}

fn answer(in_steps: unsafe extern "C" fn(*mut u64) -> i32) -> ImportAnswer {
    ImportAnswer { kind: 0, in_steps, ask: null() }
}

impl Loaded {
    fn new(executable: &[u8], flags: u32, pages: u32, answers: &[ImportAnswer]) -> Self {
        aw_install_handlers();
        let (mut error, mut buffer) = (text(), Box::new([0; 1024]));
        // SAFETY: all pointers are what the functions want.
        unsafe {
            let compiled = aw_compile(executable.as_ptr(), executable.len(), flags, 1, &mut error);
            assert!(!compiled.is_null(), "{}", taken(error));
            let settings = Settings { buffer: buffer.as_mut_ptr(), refuse, stack: 1 << 20, pages, room: 1024 };
            let guest = aw_guest_new(compiled, &settings, answers.as_ptr(), answers.len(), &mut error);
            assert!(!guest.is_null(), "{}", taken(error));
            Self { compiled, guest, buffer }
        }
    }

    fn started(executable: &[u8]) -> Self {
        let loaded = Self::new(executable, 0, UNLIMITED, &[]);
        assert_eq!(loaded.start(), 0);
        loaded
    }

    fn start(&self) -> i32 {
        let mut error = text();
        // SAFETY: the guest has not been started.
        let outcome = unsafe { aw_guest_start(self.guest, &mut error) };
        assert_eq!(taken(error), "");
        outcome
    }

    fn entry(&self, name: &str) -> *mut Entry {
        let mut error = text();
        // SAFETY: the guest has been started.
        let entry = unsafe { aw_entry(self.guest, name.as_ptr(), name.len(), &mut error) };
        assert!(!entry.is_null(), "{}", taken(error));
        entry
    }

    fn call(&self, name: &str, argument: u32) -> i64 {
        // SAFETY: the entry is of a guest that exists.
        unsafe { aw_call(self.entry(name), argument) }
    }

    fn exchange(&self, argument: &[u8]) -> i64 {
        // SAFETY: the room is inside the first page.
        unsafe { aw_exchange(self.entry("run"), &ROOM, argument.as_ptr(), argument.len() as u32) }
    }

    fn failure(&self) -> (i32, String) {
        let mut words = text();
        // SAFETY: the guest exists.
        let code = unsafe { aw_failure(self.guest, &mut words) };
        (code, taken(words))
    }

    fn word(&self, name: &str) -> *mut c_void {
        let mut error = text();
        // SAFETY: the guest has been started.
        let at = unsafe { aw_global(self.guest, name.as_ptr(), name.len(), &mut error) };
        assert!(!at.is_null(), "{}", taken(error));
        at
    }
}

#[test]
fn the_library_says_what_it_is() {
    assert_eq!(aw_abi(), 1);
    assert_eq!(aw_flags() & (STOP | FUEL), STOP | FUEL);
}

#[test]
fn an_export_takes_and_returns_a_number() {
    let loaded = Loaded::started(&guest("(i32.add (local.get 0) (i32.const 1))", ""));
    assert_eq!(loaded.call("run", 41), 42);
    assert_eq!(loaded.call("run", u32::MAX - 1), i64::from(u32::MAX));
}

#[test]
fn a_whole_call_copies_its_argument_and_its_result() {
    let loaded = Loaded::started(&guest(ECHO, ""));
    let argument = [6, 0, 0, 0, 1, 1];
    assert_eq!(loaded.exchange(&argument), 6);
    assert_eq!(loaded.buffer[..6], argument);
}

#[test]
fn results_outside_the_memory_are_left_to_python() {
    for at in [0, 65533, 65536, 1024, 2047, u32::MAX] {
        let loaded = Loaded::started(&guest(&format!("(i32.const {})", at as i32), ""));
        assert_eq!(loaded.exchange(&[6, 0, 0, 0, 1, 1]), -1 - i64::from(at));
    }
}

#[test]
fn results_of_a_wrong_size_are_left_to_python() {
    for size in [0, 4, 1025, 62000, u32::MAX] {
        let body = format!("(i32.store (i32.const 4096) (i32.const {})) (i32.const 4096)", size as i32);
        assert_eq!(Loaded::started(&guest(&body, "")).exchange(&[]), -1 - 4096, "{size}");
    }
}

#[test]
fn an_argument_that_does_not_fit_is_refused() {
    let loaded = Loaded::started(&guest(ECHO, ""));
    assert_eq!(loaded.exchange(&[0; 513]), i64::MIN);
    assert!(loaded.failure().1.contains("room"));
}

#[test]
fn a_trap_has_a_code_and_frames_and_leaves_the_guest_usable() {
    let body = "(if (i32.eqz (local.get 0)) (then unreachable)) (local.get 0)";
    let loaded = Loaded::started(&guest(body, ""));
    assert_eq!(loaded.call("run", 0), -1);
    let (code, words) = loaded.failure();
    assert_eq!(code, 9);
    assert!(words.starts_with("unreachable\n") && words.contains("\0run"), "{words:?}");
    assert_eq!(loaded.call("run", 1), 1);
}

#[test]
fn endless_recursion_is_an_overflow_of_the_guests_own_stack() {
    let loaded = Loaded::started(&guest("(i32.add (call $run (local.get 0)) (i32.const 1))", ""));
    assert_eq!(loaded.call("run", 0), -1);
    assert_eq!(loaded.failure().0, 0);
}

#[test]
fn an_import_is_answered() {
    let fields = r#"(import "env" "f" (func $f (param i64) (result i64)))"#;
    let executable = guest("(i32.wrap_i64 (call $f (i64.extend_i32_u (local.get 0))))", fields);
    let loaded = Loaded::new(&executable, 0, UNLIMITED, &[answer(double)]);
    assert_eq!(loaded.start(), 0);
    assert_eq!(loaded.call("run", 21), 42);
}

#[test]
fn an_import_that_fails_unwinds_the_guest() {
    let fields = r#"(import "env" "f" (func $f (param i32)))"#;
    let loaded = Loaded::new(&guest("(call $f (local.get 0)) (i32.const 1)", fields), 0, UNLIMITED, &[answer(fail)]);
    assert_eq!(loaded.start(), 0);
    assert_eq!(loaded.call("run", 0), -1);
    assert_eq!(loaded.failure().0, -1);
}

static INNER: std::sync::atomic::AtomicPtr<Entry> = std::sync::atomic::AtomicPtr::new(null_mut());

unsafe extern "C" fn call_again(values: *mut u64) -> i32 {
    // SAFETY: the test has set the entry, of the guest that waits for this answer.
    unsafe { *values = aw_call(INNER.load(Ordering::SeqCst), *values as u32 - 1) as u64 };
    1
}

#[test]
fn an_import_may_call_the_guest_that_waits_for_it() {
    let fields = r#"(import "env" "f" (func $f (param i32) (result i32)))"#;
    let body = "(if (result i32) (local.get 0)
      (then (i32.add (call $f (local.get 0)) (local.get 0))) (else (i32.const 0)))";
    let loaded = Loaded::new(&guest(body, fields), 0, UNLIMITED, &[answer(call_again)]);
    assert_eq!(loaded.start(), 0);
    let entry = loaded.entry("run");
    INNER.store(entry, Ordering::SeqCst);
    // SAFETY: the entry is of a guest that exists.
    assert_eq!(unsafe { aw_call(entry, 10) }, 55);
}

#[test]
fn more_imports_than_answers_are_refused() {
    let executable = guest(ECHO, r#"(import "env" "f" (func (param i32)))"#);
    let (mut error, settings) =
        (text(), Settings { buffer: null_mut(), refuse, stack: 1 << 20, pages: UNLIMITED, room: 0 });
    // SAFETY: all pointers are what the functions want.
    unsafe {
        let compiled = aw_compile(executable.as_ptr(), executable.len(), 0, 1, &mut error);
        assert!(aw_guest_new(compiled, &settings, null(), 0, &mut error).is_null());
        aw_compiled_free(compiled);
    }
    assert!(taken(error).contains("more imports"));
}

#[test]
fn compiled_code_can_be_written_and_read() {
    let loaded = Loaded::new(&guest("(local.get 0)", ""), FUEL, UNLIMITED, &[]);
    let (mut code, mut error) = (text(), text());
    // SAFETY: all pointers are what the functions want.
    unsafe {
        assert!(aw_serialize(loaded.compiled, &mut code, &mut error));
        let bytes = code.bytes().to_vec();
        aw_text_free(&mut code);
        let again = aw_deserialize(bytes.as_ptr(), bytes.len(), &mut error);
        assert!(!again.is_null(), "{}", taken(error));
        aw_compiled_free(again);
    }
}

#[test]
fn what_is_no_module_is_refused_with_a_reason() {
    let mut error = text();
    // SAFETY: all pointers are what the function wants.
    assert!(unsafe { aw_compile(b"\0asm\x01\0\0\0\xff".as_ptr(), 9, 0, 1, &mut error) }.is_null());
    assert_ne!(taken(error), "");
}

#[test]
fn features_that_are_off_are_refused() {
    for fields in ["(memory 1) (memory 1)", "(tag (param i32))", "(memory 1 1 shared)", "(memory i64 1)"] {
        let (executable, mut error) = (wat::parse_str(format!("(module {fields})")).unwrap(), text());
        // SAFETY: all pointers are what the function wants.
        assert!(unsafe { aw_compile(executable.as_ptr(), executable.len(), 0, 1, &mut error) }.is_null(), "{fields}");
        assert_ne!(taken(error), "");
    }
}

#[test]
fn a_panic_becomes_a_reason() {
    let mut error = text();
    crate::boundary::silence_panics();
    assert_eq!(guarded(&mut error, 5, || -> Result<i32, String> { panic!("number {}", 7) }), 5);
    assert_eq!(taken(error), "panicked: number 7");
}
