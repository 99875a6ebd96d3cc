"""Types of functions, read from a module's binary."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from wasmtime import Engine, FuncType, GlobalType, MemoryType, Module, TableType, wat2wasm

from arora_core import wasm_types
from arora_core.errors import MalformedExecutable
from arora_core.guest_symbols import WasmFunctionType, WasmType
from tests.wasm.guests import DISPATCH, FD_WRITE, FORWARD, IDS, guest

EXAMPLES = Path(__file__).parents[2] / "examples"
EVERYTHING = """(module
  (type $f (func (param i32 i64 f32 f64 funcref) (result i32 i64)))
  (import "a" "function" (func (type $f)))
  (import "a" "table" (table 1 2 funcref))
  (import "a" "global" (global (mut i64)))
  (memory (export "memory") 1 2)
  (table (export "table") 3 externref)
  (global (export "global") f64 (f64.const 1))
  (func (export "function") (param i32) (result f32) (f32.const 0))
  (export "again" (func 0)))"""


@pytest.mark.parametrize(
    "executable",
    [
        pytest.param(bytes(wat2wasm(EVERYTHING)), id="everything"),
        pytest.param(guest(FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS), id="guest"),
        *(pytest.param(path.read_bytes(), id=path.stem) for path in sorted(EXAMPLES.glob("*/*.wasm"))),
    ],
)
def test_types_are_those_that_wasmtime_reports(executable: bytes) -> None:
    module, found = Module(Engine(), executable), wasm_types.read(executable)
    assert found.exports == {export.name: plain(export.type) for export in module.exports}
    assert found.imports == [(each.module, each.name, plain(each.type)) for each in module.imports]
    memories = [each.type for each in module.exports if isinstance(each.type, MemoryType)]
    assert found.least_memory == sum(each.limits.min * each.page_size for each in memories)


def plain(type: object) -> WasmType:
    """Return a type of wasmtime-py as a :data:`WasmType`."""
    if isinstance(type, FuncType):
        return WasmFunctionType(tuple(map(str, type.params)), tuple(map(str, type.results)))
    if isinstance(type, MemoryType):
        return "memory"
    return "table" if isinstance(type, TableType) else "global" if isinstance(type, GlobalType) else "tag"


@pytest.mark.parametrize(("memory", "kind"), [("i64 1", "64-bit memory"), ("1 1 shared", "shared memory")])
def test_memories_that_guests_cannot_have_are_distinguished(memory: str, kind: str) -> None:
    found = wasm_types.read(bytes(wat2wasm(f'(module (memory (export "memory") {memory}))')))
    assert found.exports == {"memory": kind}


def test_vectors_are_a_type() -> None:
    # Not compared with wasmtime-py, which ends the process when it is asked for such a type.
    found = wasm_types.read(bytes(wat2wasm('(module (import "a" "b" (func (param v128))))')))
    assert found.imports == [("a", "b", WasmFunctionType(("v128",)))]


def test_tags_are_recognized() -> None:
    found = wasm_types.read(bytes(wat2wasm('(module (import "a" "b" (tag (param i32))) (export "c" (tag 0)))')))
    assert (found.imports, found.exports) == ([("a", "b", "tag")], {"c": "tag"})


def test_types_of_structures_and_arrays_are_skipped() -> None:
    text = """(module
      (rec (type $s (sub (struct (field (mut i8)) (field (ref null $a))))) (type $a (array (mut i32))))
      (func (export "f") (param (ref null $s)) (result i32) (i32.const 0)))"""
    found = wasm_types.read(bytes(wat2wasm(text)))
    assert found.exports == {"f": WasmFunctionType(("(ref null 0)",), ("i32",))}


def test_a_truncated_or_changed_binary_is_read_or_refused_as_malformed() -> None:
    whole = bytes(wat2wasm(EVERYTHING))
    damaged = [whole[:size] for size in range(len(whole))]
    damaged += [whole[:at] + bytes([value]) + whole[at + 1 :] for at in range(len(whole)) for value in (0, 0x7F, 0xFF)]
    for each in damaged:
        with suppress(MalformedExecutable):
            wasm_types.read(each)


def test_a_vector_length_beyond_the_bytes_left_is_refused_at_once() -> None:
    with pytest.raises(MalformedExecutable, match="vector length 4294967295 exceeds the 0 bytes left"):
        wasm_types.read(b"\0asm\1\0\0\0" + b"\x01\x05\xff\xff\xff\xff\x0f")
