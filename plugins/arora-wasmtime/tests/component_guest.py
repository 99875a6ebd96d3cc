"""A component in WebAssembly's text format, whose functions are told apart by the last number of their id."""

from __future__ import annotations

from uuid import UUID

from wasmtime import wat2wasm

from arora_core import Header, ModuleDefinition

MODULE = UUID(int=0xC0 << 64 | 0xFF)
CALLEE = UUID(int=0xCA << 64 | 0xEE)
ECHO, DISPATCH, INDIRECT, FAIL, CRASH, SHORT, PRINT, SPIN, SLEEP, LIE, CONNECT = range(1, 12)
NAMES = ["echo", "dispatch", "indirect", "fail", "crash", "short", "print", "spin", "sleep", "lie", "connect"]


def function_id(number: int) -> UUID:
    """Return the id of a function."""
    return UUID(int=0xF0 << 64 | number)


def header(module: UUID = MODULE, names: list[str] = NAMES) -> Header:
    """Return a header in which each function takes bytes, and returns them."""
    array = {"kind": "array", "id": "u8"}
    return Header.from_data(
        {
            "id": str(module),
            "name": f"component_{module.int & 0xFF:x}",
            "author": "A",
            "license": "MIT",
            "description": "",
            "version": {"major": 1, "minor": 0, "patch": 0},
            "executor": {"name": "wasm-component"},
            "executable_mime": "application/wasm",
            "exports": [
                {
                    "type": "function",
                    "id": str(function_id(number)),
                    "name": name,
                    "ret": array,
                    "parameters": [{"id": str(UUID(int=number)), "name": "data", "type": array}],
                }
                for number, name in enumerate(names, 1)
            ],
        }
    )


_HOST = """
    (import "arora:module/types@0.1.0" (instance $types (export "id" (type (eq $record)))))
    (alias export $types "id" (type $id))
    (import "arora:module/host@0.1.0" (instance $host
      (alias outer 1 $id (type $id))
      (export "id" (type $id2 (eq $id)))
      (type $answer (result (list u8) (error string)))
      (export "dispatch" (func (param "module" $id2) (param "method" $id2) (param "arg" (list u8)) (result $answer)))
      (export "dispatch-indirect" (func (param "callable" u64) (result $answer)))))
"""

_WASI = """
    (import "wasi:io/poll@0.2.3" (instance $poll
      (export "pollable" (type $pollable (sub resource)))
      (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
      (alias outer 1 $pollable (type $pollable))
      (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
    (import "wasi:io/error@0.2.3" (instance $errors (export "error" (type (sub resource)))))
    (alias export $errors "error" (type $error))
    (import "wasi:io/streams@0.2.3" (instance $streams
      (export "output-stream" (type $out (sub resource)))
      (alias outer 1 $error (type $error))
      (type $failed (variant (case "last-operation-failed" (own $error)) (case "closed")))
      (export "stream-error" (type $failure (eq $failed)))
      (export "[method]output-stream.blocking-write-and-flush"
        (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $failure)))))))
    (alias export $streams "output-stream" (type $out))
    (import "wasi:cli/stdout@0.2.3" (instance $stdout
      (alias outer 1 $out (type $out))
      (export "get-stdout" (func (result (own $out))))))
    (import "wasi:sockets/network@0.2.3" (instance $network
      (export "network" (type (sub resource)))
      (export "[method]network.secret" (func))))
"""

_LIBC = """
    (core module $libc
      (memory (export "memory") 2)
      (global $next (mut i32) (i32.const 1024))
      ;; Frees everything that was allocated since the outermost call began.
      (func (export "reset") (param i32) (global.set $next (i32.const 1024)))
      (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
          (then (drop (memory.grow
            (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))))
        (local.get $at)))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (alias core export $libc "reset" (core func $reset))
"""

_MAIN = f"""
    (core module $main
      (import "libc" "memory" (memory 1))
      (import "host" "dispatch" (func $dispatch (param i64 i64 i64 i64 i32 i32 i32)))
      (import "host" "dispatch-indirect" (func $indirect (param i64 i32)))
      (import "wasi" "get-stdout" (func $stdout (result i32)))
      (import "wasi" "write" (func $write (param i32 i32 i32 i32)))
      (import "wasi" "drop" (func $drop (param i32)))
      (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
      (import "wasi" "block" (func $block (param i32)))
      (import "wasi" "secret" (func $secret))
      (data (i32.const 64) "not today\\0a")
      (func $ok (param $at i32) (param $size i32) (result i32)
        (i32.store8 (i32.const 16) (i32.const 0))
        (i32.store (i32.const 20) (local.get $at))
        (i32.store (i32.const 24) (local.get $size))
        (i32.const 16))
      (func (export "dispatch") (param $high i64) (param $low i64) (param $at i32) (param $size i32) (result i32)
        (local $stream i32)
        (if (i64.ne (local.get $high) (i64.const 0xF0)) (then (unreachable)))
        (if (i64.eq (local.get $low) (i64.const {DISPATCH}))
          (then
            (call $dispatch (i64.const {CALLEE.int >> 64}) (i64.const {CALLEE.int & 0xFF}) (i64.const 0xF0)
              (i64.const {ECHO}) (local.get $at) (local.get $size) (i32.const 16))
            (return (i32.const 16))))
        (if (i64.eq (local.get $low) (i64.const {LIE}))
          (then
            (call $dispatch (i64.const {CALLEE.int >> 64}) (i64.const {CALLEE.int & 0xFF}) (i64.const 0xF0)
              (i64.const {ECHO}) (local.get $at) (i32.const 6) (i32.const 16))
            (return (i32.const 16))))
        (if (i64.eq (local.get $low) (i64.const {INDIRECT}))
          (then (call $indirect (i64.load (i32.add (local.get $at) (i32.sub (local.get $size) (i32.const 8))))
              (i32.const 16))
            (return (i32.const 16))))
        (if (i64.eq (local.get $low) (i64.const {FAIL}))
          (then
            (drop (call $ok (i32.const 64) (i32.const 9)))
            (i32.store8 (i32.const 16) (i32.const 1))
            (return (i32.const 16))))
        (if (i64.eq (local.get $low) (i64.const {CRASH})) (then (unreachable)))
        (if (i64.eq (local.get $low) (i64.const {SHORT})) (then (return (call $ok (local.get $at) (i32.const 6)))))
        (if (i64.eq (local.get $low) (i64.const {PRINT}))
          (then
            (local.set $stream (call $stdout))
            (call $write (local.get $stream) (i32.const 64) (i32.const 10) (i32.const 32))
            (call $drop (local.get $stream))))
        (if (i64.eq (local.get $low) (i64.const {SPIN})) (then (loop $forever (br $forever))))
        (if (i64.eq (local.get $low) (i64.const {SLEEP}))
          (then (call $block (call $subscribe (i64.const 3000000000)))))
        (if (i64.eq (local.get $low) (i64.const {CONNECT})) (then (call $secret)))
        (call $ok (local.get $at) (local.get $size))))
"""

_LINKED = """
    (core func $lowered (canon lower (func $host "dispatch") (memory $memory) (realloc $realloc)))
    (core func $lowered_indirect (canon lower (func $host "dispatch-indirect") (memory $memory) (realloc $realloc)))
    (core func $get_stdout (canon lower (func $stdout "get-stdout")))
    (core func $write (canon lower
      (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory) (realloc $realloc)))
    (core func $drop (canon resource.drop $out))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core func $block (canon lower (func $poll "[method]pollable.block")))
    (core func $secret (canon lower (func $network "[method]network.secret")))
    (core instance $main (instantiate $main
      (with "libc" (instance $libc))
      (with "host" (instance
        (export "dispatch" (func $lowered)) (export "dispatch-indirect" (func $lowered_indirect))))
      (with "wasi" (instance
        (export "get-stdout" (func $get_stdout)) (export "write" (func $write)) (export "drop" (func $drop))
        (export "subscribe" (func $subscribe)) (export "block" (func $block)) (export "secret" (func $secret))))))
"""

TYPE = '(func (param "method" $id) (param "arg" (list u8)) (result (result (list u8) (error string))))'
"""The type of ``dispatch`` that the world requires."""


def text(more: str = "", exported: str = TYPE, options: str = "", name: str = "dispatch") -> str:
    """Return the component, with ``more`` imports, and its function ``name`` of another type or with more options."""
    return f"""(component
    (type $record (record (field "hi" u64) (field "lo" u64)))
    {_HOST}{_WASI}{more}{_LIBC}{_MAIN}{_LINKED}
    (type $exported {exported})
    (func $dispatch (type $exported) (canon lift (core func $main "dispatch")
      (memory $memory) (realloc $realloc) (post-return $reset) {options}))
    (export "{name}" (func $dispatch)))"""


def definition(source: str | None = None, module: UUID = MODULE) -> ModuleDefinition:
    """Return the component as a module."""
    return ModuleDefinition(header(module), bytes(wat2wasm(source or text())))
