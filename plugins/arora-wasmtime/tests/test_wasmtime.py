"""The executor against the real runtime."""

from __future__ import annotations

import gc
import logging
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from uuid import UUID

import pytest
from arora_wasmtime.executor import WasmtimeExecutor
from wasmtime import wat2wasm

from arora_core.errors import (
    EngineClosed,
    FunctionNotFound,
    LimitExceeded,
    MalformedExecutable,
    MissingExport,
    ModuleBusy,
    Trap,
    TrapKind,
    UnsupportedImport,
)
from arora_core.executor import Instance, Limits
from arora_core.guest_symbols import function_symbol
from arora_core.header import Header, ModuleDefinition

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

# A bump allocator whose free gives everything back once nothing is in use; it grows its memory as needed.
ALLOCATOR = r"""
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 4096))
  (global $used (mut i32) (i32.const 0))
  (func $alloc (export "arora_buffer_alloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $next))
    (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (global.set $used (i32.add (global.get $used) (i32.const 1)))
    (block $fits
      (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $fits (i32.ne (i32.const -1) (memory.grow (i32.add (i32.const 1)
        (i32.div_u (local.get $size) (i32.const 65536))))))
      (return (i32.const 0)))
    (local.get $at))
  (func $free (export "arora_buffer_free") (param i32)
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
"""Its argument goes to the module whose id stands at 0, to the function whose id stands at 16."""
IDS = '(data (i32.const 0) "0123456789abcdefABCDEFGHIJKLMNOP")'


def guest(body: str = ECHO, *, imports: str = "", rest: str = "") -> bytes:
    """A module whose one function has this body."""
    symbol = function_symbol(RUN)
    return wat(f'{imports} {ALLOCATOR} (func ${symbol} (export "{symbol}") (param i32) (result i32) {body}) {rest}')


def wat(fields: str) -> bytes:
    return bytes(wat2wasm(f"(module {fields})"))


@dataclass
class StubHost:
    """Answers with what it was given, or as told."""

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


def load(
    executable: bytes,
    host: StubHost | None = None,
    limits: Limits | None = None,
    executor: WasmtimeExecutor | None = None,
) -> Instance:
    executor = executor or WasmtimeExecutor()
    return executor.load(ModuleDefinition(HEADER, executable), host or StubHost(), limits or Limits())


ENDLESS = "(loop $again (br $again)) (unreachable)"
BUSY = """(local $i i64)
  (loop $again (br_if $again (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 300000000))))"""
PRINT = """(i32.store (i32.const 64) (i32.const 80)) (i32.store (i32.const 68) (i32.const 6))
  (drop (call $fd_write (i32.const {fd}) (i32.const 64) (i32.const 1) (i32.const 72)))"""
TEXT = '(data (i32.const 80) "hello\\n")'


class Surprise(Exception):
    """Something no guest may handle."""


# Calls.


def test_a_guest_answers_with_the_buffer_it_made() -> None:
    assert load(guest()).dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_bound_function_does_the_same_as_dispatch() -> None:
    assert load(guest()).function(RUN)(ARGUMENT) == ARGUMENT


def test_a_bound_function_keeps_its_instance_alive() -> None:
    function = load(guest()).function(RUN)
    gc.collect()
    assert function(ARGUMENT) == ARGUMENT


def test_a_function_that_is_not_in_the_header_is_not_found() -> None:
    with pytest.raises(FunctionNotFound, match="99999999-2222-4333-8444-555555555555"):
        load(guest()).dispatch(OTHER, ARGUMENT)


def test_a_large_buffer_makes_the_memory_grow_and_survives() -> None:
    large = (1 << 20).to_bytes(4, "little") + bytes(range(256)) * ((1 << 12) - 1) + bytes(252)
    assert load(guest()).dispatch(RUN, large) == large


def test_a_result_beyond_the_memory_there_was_before_the_call_is_read() -> None:
    body = """(local $at i32) (local.set $at (i32.mul (memory.grow (i32.const 3)) (i32.const 65536)))
      (i64.store (local.get $at) (i64.const 0x000000010000_0006)) (i32.store8 (i32.const 0) (i32.const 0))
      (local.get $at)"""
    assert load(guest(body)).dispatch(RUN, ARGUMENT) == bytes([6, 0, 0, 0, 1, 0])


def test_a_thousand_calls_take_no_memory_of_the_guest() -> None:
    def size_of(instance: Instance) -> int:
        return int.from_bytes(instance.dispatch(RUN, ARGUMENT)[4:], "little")

    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16)))
      (i32.store (local.get $at) (i32.const 8)) (i32.store offset=4 (local.get $at) (global.get $next))
      (local.get $at)"""
    instance = load(guest(body))
    before = size_of(instance)
    for _ in range(1000):
        instance.dispatch(RUN, ARGUMENT)
    assert size_of(instance) == before


def test_initialize_is_called_once_and_first() -> None:
    count = "(global $count (mut i32) (i32.const 0))"
    start = '(func (export "_initialize") (global.set $count (i32.add (global.get $count) (i32.const 1))))'
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 5))
      (i32.store8 offset=4 (local.get $at) (global.get $count)) (local.get $at)"""
    instance = load(guest(body, rest=count + start))
    assert [instance.dispatch(RUN, ARGUMENT)[4] for _ in range(2)] == [1, 1]


def test_a_guest_that_crashes_as_it_initializes_is_a_trap_of_load() -> None:
    with pytest.raises(Trap) as caught:
        load(guest(rest='(func (export "_initialize") unreachable)'))
    assert caught.value.kind is TrapKind.UNREACHABLE


# Traps.

TRAPS = {
    "unreachable": (TrapKind.UNREACHABLE, "unreachable", ""),
    "memory": (TrapKind.MEMORY_OUT_OF_BOUNDS, "(i32.load (i32.const -8))", ""),
    "table": (TrapKind.TABLE_OUT_OF_BOUNDS, "(call_indirect (result i32) (i32.const 9))", "(table 1 funcref)"),
    "null": (TrapKind.INDIRECT_CALL, "(call_indirect (result i32) (i32.const 0))", "(table 1 funcref)"),
    "signature": (
        TrapKind.INDIRECT_CALL,
        "(call_indirect (result i32) (i32.const 0))",
        "(table 1 funcref) (elem (i32.const 0) $free)",
    ),
    "division": (TrapKind.INTEGER_DIVISION_BY_ZERO, "(i32.div_s (local.get 0) (i32.const 0))", ""),
    "overflow": (TrapKind.INTEGER_OVERFLOW, "(i32.div_s (i32.const 0x80000000) (i32.const -1))", ""),
    "conversion": (TrapKind.BAD_CONVERSION, "(i32.trunc_f32_s (f32.const nan))", ""),
    "stack": (
        TrapKind.STACK_OVERFLOW,
        "(call $deeper)",
        "(func $deeper (result i32) (drop (call $deeper)) (i32.const 1))",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_says_how_the_guest_crashed(name: str) -> None:
    kind, body, rest = TRAPS[name]
    with pytest.raises(Trap) as caught:
        load(guest(body, rest=rest)).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is kind


def test_a_trap_names_the_innermost_functions_in_one_line() -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(call $inner)", rest="(func $inner (result i32) unreachable)")).dispatch(RUN, ARGUMENT)
    assert str(caught.value) == "unreachable in inner <- run"


def test_a_function_name_cannot_write_lines_of_its_own() -> None:
    body = '(call $"a\\nb")'
    with pytest.raises(Trap) as caught:
        load(guest(body, rest='(func $"a\\nb" (result i32) unreachable)')).dispatch(RUN, ARGUMENT)
    assert "\n" not in str(caught.value)


def test_an_exit_is_a_trap_with_its_code() -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(call $proc_exit (i32.const 3)) (unreachable)", imports=PROC_EXIT)).dispatch(RUN, ARGUMENT)
    assert (caught.value.kind, caught.value.exit_code) == (TrapKind.EXIT, 3)


def test_an_instance_can_be_called_again_after_a_trap() -> None:
    body = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then unreachable))" + ECHO
    instance = load(guest(body))
    with pytest.raises(Trap):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_result_outside_of_memory_is_named_with_its_place() -> None:
    with pytest.raises(
        Trap, match="answered with a buffer at 0xfffffff0, outside its 131072 bytes of memory"
    ) as caught:
        load(guest("(i32.const -16)")).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.ABI


# Calls out of the guest.


def test_a_dispatch_reaches_the_host_with_ids_and_argument() -> None:
    calls = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append((module, function, argument))
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER
    assert calls == [(b"0123456789abcdef", b"ABCDEFGHIJKLMNOP", ARGUMENT)]


def test_a_callable_id_is_unsigned() -> None:
    ids: list[int] = []

    def answer(id: int) -> bytes:
        ids.append(id)
        return ANSWER

    instance = load(guest("(call $indirect (i64.const -1))", imports=INDIRECT), StubHost(on_indirect=answer))
    assert (instance.dispatch(RUN, ARGUMENT), ids) == (ANSWER, [2**64 - 1])


@pytest.mark.parametrize("exception", [Surprise("host"), KeyboardInterrupt(), SystemExit(3), Trap("of another")])
def test_an_exception_of_the_host_comes_out_as_the_same_object(exception: BaseException) -> None:
    def fail(*_: bytes) -> bytes:
        raise exception

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail))
    with pytest.raises(type(exception)) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert caught.value is exception


def test_an_exception_of_the_host_leaves_the_instance_usable() -> None:
    failing = True

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        if failing:
            raise Surprise
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    failing = False
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


def nested(depth: int, innermost: StubHost) -> bytes:
    """Lets a guest call itself through its host; what ``innermost`` does, it does at that depth."""
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        try:
            if level == depth:
                return innermost.dispatch(module, function, argument)
            return instance.dispatch(RUN, argument)
        finally:
            level -= 1

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    return instance.dispatch(RUN, ARGUMENT)


def test_a_module_may_be_entered_again_while_it_runs() -> None:
    assert nested(20, StubHost(on_dispatch=lambda *_: ANSWER)) == ANSWER


def test_an_exception_comes_out_of_many_levels_as_the_same_object() -> None:
    surprise = Surprise()

    def fail(*_: bytes) -> bytes:
        raise surprise

    with pytest.raises(Surprise) as caught:
        nested(20, StubHost(on_dispatch=fail))
    assert caught.value is surprise


def test_an_inner_failure_that_the_host_handles_does_not_reach_the_outer_call() -> None:
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        if level == 2:
            raise Surprise
        with pytest.raises(Surprise):
            instance.dispatch(RUN, argument)
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


def test_two_threads_get_their_own_exceptions() -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        def fail(*_: bytes) -> bytes:
            raise Surprise(number)

        instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail))
        for _ in range(500):
            try:
                instance.dispatch(RUN, ARGUMENT)
            except Surprise as surprise:
                if surprise.args != (number,):
                    wrong.append(surprise)
            else:
                wrong.append("no exception")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_signal_that_arrives_while_the_guest_runs_comes_out_of_its_next_call_to_the_host() -> None:
    # On entering the callback, in CPython 3.11 and 3.12: not handling this killed the process.
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    instance = load(guest(BUSY + FORWARD, imports=DISPATCH, rest=IDS))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(KeyboardInterrupt):
            instance.dispatch(RUN, ARGUMENT)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_running_out_of_python_stack_anywhere_on_the_way_is_a_recursion_error() -> None:
    # Whatever frame it is that does not fit any more, the one of a callback must not be the first.
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS))

    def deeper() -> None:
        instance.dispatch(RUN, ARGUMENT)
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("frames", range(20))
def test_endless_nesting_ends_in_a_trap_or_a_recursion_error(frames: int) -> None:
    # However many frames are in use beforehand: each number makes another call the one that does not fit.
    def start(frames: int) -> bytes:
        return start(frames - 1) if frames else nested(1_000_000, StubHost())

    with pytest.raises((Trap, RecursionError)):
        start(frames)


def test_a_memory_that_grows_for_an_answer_takes_it() -> None:
    answer = (300_000).to_bytes(4, "little") + bytes(299_996)
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=lambda *_: answer))
    assert instance.dispatch(RUN, ARGUMENT) == answer


# Output and WASI.


@pytest.mark.parametrize("fd", [1, 2])
def test_what_the_guest_prints_goes_to_the_host(fd: int) -> None:
    host = StubHost()
    load(guest(PRINT.format(fd=fd) + ECHO, imports=FD_WRITE, rest=TEXT), host).dispatch(RUN, ARGUMENT)
    assert host.output == [(fd, b"hello\n")]


def test_an_exception_while_taking_output_comes_out_of_the_call(
    capfd: pytest.CaptureFixture[str],
) -> None:
    surprise = Surprise()

    def fail(fd: int, data: bytes) -> None:
        raise surprise

    instance = load(guest(PRINT.format(fd=1) + ECHO, imports=FD_WRITE, rest=TEXT), StubHost(on_output=fail))
    with pytest.raises(Surprise) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert caught.value is surprise
    assert capfd.readouterr() == ("", "")


def test_an_exception_while_taking_output_ends_the_guest_where_it_is() -> None:
    calls: list[bytes] = []

    def fail(fd: int, data: bytes) -> None:
        raise Surprise

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append(argument)
        return ANSWER

    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)
    with pytest.raises(Surprise):
        load(executable, StubHost(on_output=fail, on_dispatch=answer)).dispatch(RUN, ARGUMENT)
    assert calls == []


def test_output_arrives_in_the_thread_of_the_call() -> None:
    threads: list[int] = []
    host = StubHost(on_output=lambda fd, data: threads.append(threading.get_ident()))
    load(guest(PRINT.format(fd=1) + ECHO, imports=FD_WRITE, rest=TEXT), host).dispatch(RUN, ARGUMENT)
    assert threads == [threading.get_ident()]


def test_a_guest_has_no_arguments_no_environment_and_no_files() -> None:
    imports = """
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))"""
    body = """(local $at i32) (drop (call $args (i32.const 64) (i32.const 72)))
      (drop (call $environ (i32.const 68) (i32.const 72))) (local.set $at (call $alloc (i32.const 16)))
      (i32.store (local.get $at) (i32.const 16)) (i64.store offset=4 (local.get $at) (i64.load (i32.const 64)))
      (i32.store offset=12 (local.get $at) (call $prestat (i32.const 3) (i32.const 72))) (local.get $at)"""
    badf = 8
    assert load(guest(body, imports=imports)).dispatch(RUN, ARGUMENT)[4:] == bytes(8) + badf.to_bytes(4, "little")


def test_every_function_of_preview_1_links() -> None:
    imports = '(import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32)))'
    assert load(guest(imports=imports)).dispatch(RUN, ARGUMENT) == ARGUMENT


# Loading.


@pytest.mark.parametrize(
    ("executable", "said"),
    [
        (b"", r"not a WebAssembly module \(starts with b''\)"),
        (b"hello", r"not a WebAssembly module \(starts with b'hello'\)"),
        (b"(module)", r"not a WebAssembly module \(starts with b'\(module\)'\)"),
        (guest()[:-3], "failed to parse WebAssembly module: unexpected end"),
        (b"\0asm\x0d\0\1\0", "a WebAssembly component, expected a module"),
    ],
    ids=["empty", "junk", "text", "truncated", "component"],
)
def test_what_is_no_module_is_refused_with_a_reason(executable: bytes, said: str) -> None:
    with pytest.raises(MalformedExecutable, match=said) as caught:
        load(executable)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("executable", "symbol", "said"),
    [
        (wat(""), "memory", "does not export memory"),
        (wat(MEMORY), "arora_buffer_alloc", "does not export arora_buffer_alloc"),
        (wat(ALLOCATOR), "arora_function_11111111_2222_4333_8444_555555555555", "which is run"),
        (wat('(global (export "memory") i32 (i32.const 0))'), "memory", "memory is a global, expected a memory"),
        (wat('(memory (export "memory") i64 1)'), "memory", "memory is a 64-bit memory, expected a memory"),
        (
            wat(
                '(memory (export "memory") 1) (func (export "arora_buffer_alloc") (param i64) (result i32) unreachable)'
            ),
            "arora_buffer_alloc",
            r"arora_buffer_alloc has type \(i64\) -> \(i32\), expected \(i32\) -> \(i32\)",
        ),
    ],
)
def test_a_missing_export_is_named(executable: bytes, symbol: str, said: str) -> None:
    with pytest.raises(MissingExport, match=said) as caught:
        load(executable)
    assert caught.value.symbol == symbol


@pytest.mark.parametrize(
    ("imports", "symbol"),
    [
        ('(import "env" "missing" (func))', "env.missing"),
        ('(import "other" "arora_dispatch" (func))', "other.arora_dispatch"),
        ('(import "env" "arora_dispatch" (func (param i32)))', "env.arora_dispatch"),
        ('(import "env" "table" (table 1 funcref))', "env.table"),
        ('(import "" "" (func))', "."),
        ('(import "wasi_snapshot_preview1" "missing" (func))', "wasi_snapshot_preview1.missing"),
        ('(import "wasi_snapshot_preview1" "fd_write" (func))', "wasi_snapshot_preview1.fd_write"),
    ],
)
def test_an_import_that_no_host_offers_is_named(imports: str, symbol: str) -> None:
    with pytest.raises(UnsupportedImport) as caught:
        load(guest(imports=imports))
    assert caught.value.symbol == symbol


# Limits.


def test_a_module_that_begins_beyond_its_memory_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(), limits=Limits(memory=65536))
    assert caught.value.limit == "memory"


def test_a_table_beyond_the_memory_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest="(table 1000000 funcref)"), limits=Limits(memory=1 << 20))


def test_a_guest_cannot_grow_beyond_its_memory_limit() -> None:
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) (memory.grow (i32.const 30))) (local.get $at)"""
    assert load(guest(body), limits=Limits(memory=1 << 20)).dispatch(RUN, ARGUMENT)[4:] == b"\xff" * 4


def test_a_guest_that_is_out_of_memory_for_its_argument_broke_the_abi() -> None:
    large = (1 << 20).to_bytes(4, "little") + bytes((1 << 20) - 4)
    with pytest.raises(Trap, match=r"arora_buffer_alloc\(1048584\) answered null") as caught:
        load(guest(), limits=Limits(memory=1 << 20)).dispatch(RUN, large)
    assert caught.value.kind is TrapKind.ABI


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05), Limits(fuel=2**63, deadline=0.05)])
def test_a_limit_stops_a_guest_that_never_ends(limits: Limits) -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(ENDLESS), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == ("fuel" if limits.fuel == 100_000 else "deadline")


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05)])
def test_a_limit_stops_a_guest_that_never_ends_to_initialize(limits: Limits) -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest=f'(func (export "_initialize") {ENDLESS})'), limits=limits)


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05)])
def test_every_outermost_call_has_the_whole_limit(limits: Limits) -> None:
    body = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (loop $again (br $again))))" + ECHO
    instance = load(guest(body), limits=limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.2)])
def test_a_nested_call_does_not_begin_a_limit_anew(limits: Limits) -> None:
    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        return instance.dispatch(RUN, ANSWER)

    body = f"""(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (return {ECHO})))
      (loop $again (drop {FORWARD}) (br $again)) (unreachable)"""
    instance = load(guest(body, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer), limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ARGUMENT)


def test_a_deadline_of_one_instance_leaves_another_alone() -> None:
    executor = WasmtimeExecutor()
    patient = load(guest(BUSY + ECHO), limits=Limits(deadline=60), executor=executor)
    hasty = load(guest(ENDLESS), limits=Limits(deadline=0.02), executor=executor)
    failures: list[BaseException] = []

    def run_into_the_deadline() -> None:
        try:
            hasty.dispatch(RUN, ARGUMENT)
        except LimitExceeded as exceeded:
            failures.append(exceeded)

    thread = threading.Thread(target=run_into_the_deadline)
    thread.start()
    assert patient.dispatch(RUN, ARGUMENT) == ARGUMENT
    thread.join()
    assert len(failures) == 1


def test_no_thread_is_left_once_the_executor_is_closed() -> None:
    before = set(threading.enumerate())
    executor = WasmtimeExecutor()
    instance = load(guest(), limits=Limits(deadline=60), executor=executor)
    instance.dispatch(RUN, ARGUMENT)
    instance.close()
    executor.close()
    assert set(threading.enumerate()) <= before


# The end.


def test_closing_twice_is_closing_once() -> None:
    instance = load(guest())
    instance.close()
    instance.close()


def test_a_closed_instance_refuses_calls_also_through_what_was_bound_before() -> None:
    instance = load(guest())
    function = instance.function(RUN)
    instance.close()
    with pytest.raises(EngineClosed):
        function(ARGUMENT)
    with pytest.raises(EngineClosed):
        instance.dispatch(RUN, ARGUMENT)


def test_an_instance_cannot_be_closed_from_inside_its_own_call() -> None:
    def answer(*_: bytes) -> bytes:
        instance.close()
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(ModuleBusy):
        instance.dispatch(RUN, ARGUMENT)


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


def test_closing_gives_the_memory_back() -> None:
    executor = WasmtimeExecutor()
    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)

    def cycle() -> None:
        instance = load(executable, executor=executor)
        instance.dispatch(RUN, ARGUMENT)
        instance.close()

    cycle()
    gc.collect()
    before = mappings()
    for _ in range(300):
        cycle()
    gc.collect()
    assert mappings() <= before + 10


# The process around it.


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    prelude = f"import sys; sys.path[:] = {sys.path!r}\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(program)], capture_output=True, text=True, timeout=60
    )


def test_faulthandler_enabled_after_the_first_engine_does_not_turn_a_trap_into_a_crash() -> None:
    done = run_python(
        """
        import faulthandler
        from test_wasmtime import *
        from arora_core.errors import Trap
        load(guest()).dispatch(RUN, ARGUMENT)
        faulthandler.enable()
        for body in ("unreachable", "(i32.load (i32.const -8))", "(i32.div_s (local.get 0) (i32.const 0))"):
            try:
                load(guest(body)).dispatch(RUN, ARGUMENT)
            except Trap as trap:
                print(trap.kind.name)
        """
    )
    assert (done.stdout.split(), done.stderr) == (
        ["UNREACHABLE", "MEMORY_OUT_OF_BOUNDS", "INTEGER_DIVISION_BY_ZERO"],
        "",
    )


def test_a_forked_child_compiles_prints_and_meets_deadlines() -> None:
    done = run_python(
        """
        import os
        from test_wasmtime import *
        from arora_core.errors import LimitExceeded
        executor = WasmtimeExecutor()
        hello = '''(i32.store (i32.const 64) (i32.const 80)) (i32.store (i32.const 68) (i32.const 6))
          (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72)))'''
        def work(number):
            host = StubHost()
            rest = f'(data (i32.const 80) "hello{number}")'
            load(guest(hello + ECHO, imports=FD_WRITE, rest=rest), host, executor=executor).dispatch(RUN, ARGUMENT)
            try:
                load(guest(ENDLESS), None, Limits(deadline=0.02), executor).dispatch(RUN, ARGUMENT)
            except LimitExceeded as exceeded:
                print(host.output, exceeded.limit, flush=True)
        work(1)
        child = os.fork()
        if not child:
            work(2)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """
    )
    assert done.stdout.splitlines() == ["[(1, b'hello1')] deadline", "[(1, b'hello2')] deadline"], done.stderr


def test_importing_the_executor_does_not_import_wasmtime() -> None:
    done = run_python("import arora_wasmtime.executor, sys; print('wasmtime' in sys.modules)")
    assert done.stdout.strip() == "False"


def test_a_cache_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    with caplog.at_level(logging.DEBUG, "arora.wasmtime"):
        assert load(guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    assert "not cached" in caplog.text


def test_the_version_is_the_runtimes() -> None:
    assert str(WasmtimeExecutor.version()).startswith("50.")


def test_it_is_available_where_wasmtime_is_installed() -> None:
    assert WasmtimeExecutor.unavailable() is None
