"""Which global of a module is its stack pointer."""

from __future__ import annotations

import pytest
from wasmtime import Engine, Global, Instance, Module, Store

from arora_core.conformance.guests import wasm_guest
from arora_core.wasm import stack_pointer
from arora_core.wasm.stack_pointer import EXPORT, SYMBOL
from examples import build
from tests.wasm.guests import guest, wat
from tests.wasm.stacks import ECHOING

COUNTER = "(global $counter (mut i32) (i32.const 7))"
SP = '(global $sp (mut i32) (i32.const 65536)) (memory (export "memory") 1)'


def frame(name: str, size: int = 16) -> str:
    """Return a function that begins as LLVM's do, with a frame of the global ``name``."""
    return f"""(func (param i32) (local $frame i32)
      (global.set {name} (local.tee $frame (i32.sub (global.get {name}) (i32.const {size}))))
      (global.set {name} (i32.add (local.get $frame) (i32.const {size}))))"""


UNOPTIMIZED = """(func (local $old i32) (local $by i32) (local $new i32)
  (local.set $old (global.get $sp)) (local.set $by (i32.const 32))
  (local.set $new (i32.sub (local.get $old) (local.get $by))) (global.set $sp (local.get $new)))"""
FOR_SIZE = """(func (local $frame i32)
  (global.set $sp (local.tee $frame (i32.add (global.get $sp) (i32.const -64)))))"""
ASSEMBLY_SCRIPT = """(func (global.set $managed (i32.sub (global.get $managed) (i32.const 4)))
  (global.set $managed (i32.add (global.get $managed) (i32.const 4))))"""


def section(name: str, content: bytes) -> bytes:
    body = bytes([len(name)]) + name.encode() + content
    return bytes([0, len(body)]) + body


def global_name(index: int, name: str) -> bytes:
    names = bytes([1, index, len(name)]) + name.encode()
    return section("name", bytes([7, len(names)]) + names)


def found(executable: bytes) -> int | None:
    """Return the initial value of the global that is exported as the stack pointer, None if there is none."""
    changed, stack = stack_pointer.exported(executable)
    assert not stack.unknown
    if stack.export is None:
        assert changed == executable
        return None
    store = Store()
    pointer = Instance(store, Module(store.engine, changed), []).exports(store)[stack.export]
    assert isinstance(pointer, Global)
    value: int = pointer.value(store)
    return value


def is_unknown(executable: bytes) -> bool:
    changed, stack = stack_pointer.exported(executable)
    assert changed == executable
    assert stack.export is None
    return stack.unknown


@pytest.mark.parametrize("function", [frame("$sp"), UNOPTIMIZED, FOR_SIZE], ids=["optimized", "unoptimized", "small"])
def test_the_global_that_frames_are_allocated_with_is_the_stack_pointer(function: str) -> None:
    assert found(wat(f"{COUNTER} {SP} {function}")) == 65536


def test_an_export_of_that_name_is_the_stack_pointer_and_needs_no_second_one() -> None:
    executable = wat(f'{COUNTER} {SP} (export "__stack_pointer" (global $sp)) {frame("$counter")}')
    assert found(executable) == 65536
    assert stack_pointer.exported(executable)[0] == executable


@pytest.mark.parametrize("name", ["__stack_pointer", "~lib/memory/__stack_pointer"], ids=["llvm", "assemblyscript"])
def test_a_global_of_that_name_is_the_stack_pointer(name: str) -> None:
    assert found(wat(f"{COUNTER} {SP}") + global_name(1, name)) == 65536


def test_a_constant_of_that_name_is_no_stack_pointer() -> None:
    constant = '(global $c i32 (i32.const 1)) (export "__stack_pointer" (global $c))'
    assert found(wat(constant)) is None


def test_the_first_global_is_no_stack_pointer_by_its_position() -> None:
    assert found(wat(f'{COUNTER} (memory (export "memory") 1) (func (global.set $counter (i32.const 1)))')) is None


@pytest.mark.parametrize("step", [1, 2, 6, -16])
def test_a_counter_is_no_stack_pointer(step: int) -> None:
    assert found(wat(f'{COUNTER} (memory (export "memory") 1) {frame("$counter", step)}')) is None


def test_guests_without_a_stack_have_no_stack_pointer() -> None:
    assert found(guest()) is None


def test_frames_of_several_globals_leave_the_stack_pointer_unknown() -> None:
    assert is_unknown(wat(f"{COUNTER} {SP} {frame('$sp')} {frame('$counter')}"))


def test_frames_that_llvm_does_not_allocate_leave_the_stack_pointer_unknown() -> None:
    assert is_unknown(wat(f"(global $managed (mut i32) (i32.const 4096)) {ASSEMBLY_SCRIPT}"))


@pytest.mark.parametrize(
    "mark",
    [section("target_features", b"\0"), section("producers", b"\1\x0cprocessed-by\1\5clang\0021")],
    ids=["features", "producers"],
)
def test_llvm_guests_that_set_a_global_otherwise_have_an_unknown_stack_pointer(mark: bytes) -> None:
    executable = wat(f"{SP} (func (global.set $sp (i32.const 1)))") + mark
    assert is_unknown(executable)
    assert found(wat(SP) + mark) is None


def test_the_added_export_takes_a_name_that_is_free() -> None:
    executable = wat(f'{SP} {frame("$sp")} (func (export "{EXPORT}"))')
    assert stack_pointer.exported(executable)[1].export == EXPORT + "_"
    assert found(executable) == 65536


def test_stripped_modules_of_a_c_compiler_show_theirs() -> None:
    changed, stack = stack_pointer.exported(wasm_guest().executable)
    assert stack == (EXPORT, False)
    Module.validate(Engine(), changed)


@pytest.mark.parametrize("name", build.example_names())
def test_the_examples_tell_theirs_by_name(name: str) -> None:
    executable = build.wasm_path(name).read_bytes()
    assert stack_pointer.exported(executable) == (executable, (SYMBOL, False))


def test_invalid_modules_are_not_changed() -> None:
    for end in range(0, len(ECHOING), 7):
        cut = ECHOING[:end]
        if not stack_pointer.exported(cut)[1].export:
            assert stack_pointer.exported(cut)[0] == cut
