"""Guests written in the text format, a stub host, and a loader for both."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from uuid import UUID

from wasmtime import wat2wasm

from arora_core import discover
from arora_core.executor import Executor, Instance, Limits
from arora_core.guest_symbols import WASI_NAMESPACE, function_symbol
from arora_core.header import Header, ModuleDefinition
from arora_core.wasi import PREVIEW_1

#: The executors under test: all WebAssembly executors that are installed and can run here.
EXECUTORS: Final[Mapping[str, type[Executor]]] = {
    name: found.executor
    for name, found in discover().executors.items()
    if "wasm" in found.executor.serves and found.executor.unavailable() is None
}

RUN = UUID("11111111-2222-4333-8444-555555555555").bytes
OTHER = UUID("99999999-2222-4333-8444-555555555555").bytes
HEADER = Header.from_data(
    {
        "id": "0a0a0a0a-0000-4000-8000-000000000001",
        "name": "guest",
        "author": "",
        "license": "",
        "version": {"major": 1, "minor": 0, "patch": 0},
        "executor": {"name": "wasm"},
        "exports": [{"type": "function", "id": str(UUID(bytes=RUN)), "name": "run"}],
        "imports": [],
    }
)
ARGUMENT = bytes([6, 0, 0, 0, 1, 1])
"""A boolean, true."""
ANSWER = bytes([6, 0, 0, 0, 1, 0])

DISPATCH = '(import "env" "arora_dispatch" (func $dispatch (param i32 i32 i32) (result i32)))'
INDIRECT = '(import "env" "arora_dispatch_indirect" (func $indirect (param i64) (result i32)))'
FD_WRITE = '(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))'
PROC_EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))'

# A bump allocator. It reuses the last block when that is freed, and all memory when no block is in use. It grows its
# memory as needed.
ALLOCATOR = r"""
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 4096))
  (global $used (mut i32) (i32.const 0))
  (global $last (mut i32) (i32.const 0))
  (func $alloc (export "arora_buffer_alloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $next))
    (global.set $last (local.get $at))
    (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (global.set $used (i32.add (global.get $used) (i32.const 1)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $fits (i32.ne (i32.const -1) (memory.grow (i32.add (i32.const 1)
        (i32.div_u (local.get $size) (i32.const 65536))))))
      (return (i32.const 0)))
    (local.get $at))
  (func $free (export "arora_buffer_free") (param $at i32)
    (if (i32.eq (local.get $at) (global.get $last)) (then (global.set $next (local.get $at))))
    (global.set $used (i32.sub (global.get $used) (i32.const 1)))
    (if (i32.eqz (global.get $used)) (then (global.set $next (i32.const 4096)))))
  (func $copy (param $from i32) (result i32) (local $to i32)
    (local.set $to (call $alloc (i32.load (local.get $from))))
    (memory.copy (local.get $to) (local.get $from) (i32.load (local.get $from)))
    (local.get $to))
"""
MEMORY = '(memory (export "memory") 1)'
ECHO = "(call $copy (local.get 0))"
FORWARD = "(call $dispatch (i32.const 0) (i32.const 16) (local.get 0))"
"""Dispatches its argument to the module id at address 0 and the function id at address 16."""
IDS = '(data (i32.const 0) "0123456789abcdefABCDEFGHIJKLMNOP")'


def guest(body: str = ECHO, *, imports: str = "", rest: str = "") -> bytes:
    """Return a module whose only function has this body."""
    symbol = function_symbol(RUN)
    return wat(f'{imports} {ALLOCATOR} (func ${symbol} (export "{symbol}") (param i32) (result i32) {body}) {rest}')


def imported(name: str) -> str:
    """Return the import of a function of preview 1, under its own name."""
    type = PREVIEW_1[name]
    words = [
        f"({kind} {' '.join(types)})" for kind, types in (("param", type.params), ("result", type.results)) if types
    ]
    return f'(import "{WASI_NAMESPACE}" "{name}" (func ${name} {" ".join(words)}))'


def wat(fields: str) -> bytes:
    return bytes(wat2wasm(f"(module {fields})"))


@dataclass
class StubHost:
    """Returns the argument it receives, or the result of a function that the test sets."""

    on_dispatch: Callable[[bytes, bytes, bytes], bytes] = lambda module, function, argument: argument
    on_indirect: Callable[[int], bytes] = lambda callable_id: ARGUMENT
    on_output: Callable[[int, bytes], None] | None = None
    output: list[tuple[int, bytes]] = field(default_factory=list)

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.on_dispatch(module_id, function_id, argument)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        return self.on_indirect(callable_id)

    def write_output(self, fd: int, data: bytes) -> None:
        self.output.append((fd, data))
        if self.on_output is not None:
            self.on_output(fd, data)


class Load:
    """Loads guests into one executor."""

    def __init__(self, executor: type[Executor]) -> None:
        self.executor = executor

    def __call__(
        self,
        executable: bytes,
        host: StubHost | None = None,
        limits: Limits | None = None,
        executor: Executor | None = None,
    ) -> Instance:
        executor = executor or _shared(self.executor)
        return executor.load(ModuleDefinition(HEADER, executable), host or StubHost(), limits or Limits())


@cache
def _shared(executor: type[Executor]) -> Executor:
    """Return the only executor of this class for all tests, because starting a browser is slow."""
    made = executor()
    atexit.register(made.close)
    return made


ENDLESS = "(loop $again (br $again)) (unreachable)"
BUSY = """(local $i i64)
  (loop $again (br_if $again (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 300000000))))"""
PRINT = """(i32.store (i32.const 64) (i32.const 80)) (i32.store (i32.const 68) (i32.const 6))
  (drop (call $fd_write (i32.const {fd}) (i32.const 64) (i32.const 1) (i32.const 72)))"""
TEXT = '(data (i32.const 80) "hello\\n")'


class Surprise(Exception):
    """An exception that no guest may handle."""
