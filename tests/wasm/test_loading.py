"""Modules that are refused when they are loaded, and the messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from arora_core.errors import LoadError, MalformedExecutable, MissingExport, UnsupportedImport
from arora_core.executor import Executor
from arora_core.wasm.memory_shortage import memory_shortage
from tests.wasm.guests import ALLOCATOR, ARGUMENT, MEMORY, RUN, Load, guest, wat


@pytest.mark.parametrize("executable", [b"root:$secret$1", b"(module $secret", b"\0asm\1\0\0\0secret"])
def test_nothing_is_quoted_of_a_file_that_is_no_module(load: Load, executable: bytes) -> None:
    with pytest.raises(MalformedExecutable) as caught:
        load(executable)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("executable", "said"),
    [
        (b"", "not a WebAssembly module"),
        (b"hello", "not a WebAssembly module"),
        (b"(module)", "not a WebAssembly module"),
        (guest()[:-3], "(?i)unexpected (end|EOF)"),
        (b"\0asm\x0d\0\1\0", "a WebAssembly component, expected a module"),
    ],
    ids=["empty", "junk", "text", "truncated", "component"],
)
def test_an_invalid_module_is_refused_with_a_reason(load: Load, executable: bytes, said: str) -> None:
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
        (
            wat(
                '(memory (export "memory") 1) (func (export "arora_buffer_alloc") (param i64) (result i32) unreachable)'
            ),
            "arora_buffer_alloc",
            r"arora_buffer_alloc has type \(i64\) -> \(i32\), expected \(i32\) -> \(i32\)",
        ),
    ],
)
def test_a_missing_export_is_named(load: Load, executable: bytes, symbol: str, said: str) -> None:
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
def test_an_import_that_no_host_offers_is_named(load: Load, imports: str, symbol: str) -> None:
    with pytest.raises(UnsupportedImport) as caught:
        load(guest(imports=imports))
    assert caught.value.symbol == symbol


def test_a_module_with_a_function_that_takes_a_vector_loads(load: Load) -> None:
    # wasmtime-py ends the process when it is asked for the type of such a function.
    vector = '(func (export "vector") (param v128))'
    assert load(guest(rest=vector)).dispatch(RUN, ARGUMENT) == ARGUMENT
    with pytest.raises(UnsupportedImport):
        load(guest(imports='(import "env" "vector" (func (param v128)))'))


def test_the_lack_of_address_space_is_an_error_of_loading_that_says_so(load: Load, executor: type[Executor]) -> None:
    if executor.name == "browser":
        pytest.skip("the browser has an address space of its own")
    resource = pytest.importorskip("resource")
    load(guest()).close()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    # Runtimes reserve the 4 GiB of a memory's addresses.
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), before[1]))
    try:
        with pytest.raises(LoadError, match="not enough memory or address space"):
            load(guest())
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_the_lack_of_memory_while_compiling_is_no_fault_of_the_module() -> None:
    reason = "Insufficient resources: failed to allocate memory for functions: Cannot allocate memory (os error 12)"
    assert type(memory_shortage(reason)) is LoadError
    assert memory_shortage("unexpected end (at offset 0x3)") is None


READY = """(global $ready (mut i32) (i32.const 0)) (func $set (export "{0}") (global.set $ready (i32.const 5)))"""
ASK = """(local $at i32) (local.set $at (call $alloc (i32.const 8))) (i32.store (local.get $at) (i32.const 5))
  (i32.store8 offset=4 (local.get $at) (global.get $ready)) (local.get $at)"""


@pytest.mark.parametrize("symbol", ["_initialize", "__wasm_call_ctors"])
def test_what_initializes_a_module_has_run_before_its_first_call(load: Load, symbol: str) -> None:
    assert load(guest(ASK, rest=READY.format(symbol))).dispatch(RUN, ARGUMENT)[4] == 5


def test_a_reactor_calls_its_constructors_itself(load: Load) -> None:
    rest = READY.format("_initialize") + '(func (export "__wasm_call_ctors") (unreachable))'
    assert load(guest(ASK, rest=rest)).dispatch(RUN, ARGUMENT)[4] == 5


@pytest.mark.parametrize("also", ["", '(func (export "__wasm_call_ctors"))'], ids=["start", "start and constructors"])
def test_a_program_is_refused_and_the_message_says_how_to_build_a_module(load: Load, also: str) -> None:
    with pytest.raises(MissingExport, match=r"exports _start and no _initialize.*-mexec-model=reactor") as caught:
        load(guest(ASK, rest=READY.format("_start") + also))
    assert caught.value.symbol == "_initialize"
