"""What arora_component.h makes of a module: the core module of a component."""

from __future__ import annotations

import struct
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import wasmtime

from arora_core import buffers
from arora_core import values as v
from arora_core.conformance import component_guest
from arora_core.wasm import module_types
from examples import build
from tests.arora_h.component import Answer, CoreModule
from tests.arora_h.guests import ADD, ADD_A, ADD_B, GUESTS, NEXT
from tests.conformance.component_parts import core_modules
from tests.wire import buffer, error, f64, structure, u32

HEADER = component_guest().header()


@pytest.fixture
def guest() -> CoreModule:
    """The core module of the conformance guest."""
    return CoreModule(core_modules(component_guest().executable)[0])


def argument(name: str, *given: v.Value) -> tuple[UUID, bytes]:
    """Return the id and the argument buffer of a call of the conformance guest."""
    export = next(each for each in HEADER.exports if each.name == name)
    fields = [(parameter.id, value) for parameter, value in zip(export.parameters, given, strict=True)]
    return export.id, buffers.encode(v.Structure(export.id, fields))


def result(name: str, value: v.Value) -> bytes:
    """Return the result buffer of a function of the conformance guest that returns ``value``."""
    id = next(each.id for each in HEADER.exports if each.name == name)
    return buffers.encode(v.Structure(id, [(id, value)]))


def forwarded(guest: CoreModule, answer: Answer) -> Answer:
    """Return what the guest receives where the host answers so to a dispatch."""
    guest.on_dispatch = lambda module, function, argument: answer
    forward = argument("forward", v.Uuid(uuid4()), v.Uuid(uuid4()), v.ArrayU8(buffer(b"\0")))
    return guest.call(*forward)


def test_a_function_is_found_by_its_id(guest: CoreModule) -> None:
    assert guest.call(*argument("add", v.U32(20), v.U32(22))) == result("add", v.U32(42))
    assert guest.call(*argument("echo", v.String("é"))) == result("echo", v.String("é"))


def test_an_unknown_id_is_a_failure(guest: CoreModule) -> None:
    id, buffer = argument("add", v.U32(1), v.U32(2))
    for near in (1, 1 << 63, 1 << 64, 1 << 127):
        assert guest.call(UUID(int=id.int ^ near), buffer) == "this module has no function with that id"


def test_an_argument_whose_size_is_not_that_in_it_is_refused(guest: CoreModule) -> None:
    id, whole = argument("echo", v.String("x" * 50))
    for wrong in (b"", whole[:3], whole[:-1], whole + b"\0"):
        assert str(guest.call(id, wrong)).startswith("argument: ")


def test_a_module_without_dispatch_asks_nothing_of_its_host(tmp_path: Path) -> None:
    source, freestanding = GUESTS / "add.c", tmp_path / "add.wasm"
    binary = build.compile_wasm(source, freestanding, extra=["-DARORA_COMPONENT"]).read_bytes()
    types = module_types.read(binary)
    assert (types.imports, [name for name in types.exports if name.startswith("arora_function_")]) == ([], [])
    arguments = buffer(structure(ADD.bytes, [(ADD_A.bytes, f64(1.5)), (ADD_B.bytes, f64(2.0))]))
    assert CoreModule(binary).call(ADD, arguments) == buffer(structure(ADD.bytes, [(ADD.bytes, f64(3.5))]))


@pytest.mark.parametrize("wasi", [False, True])
def test_functions_of_several_files_in_cpp_are_found(tmp_path: Path, wasi: bool) -> None:
    sources = [GUESTS / "counter.cpp", GUESTS / "counter_implementation.cpp"]
    built = build.compile_wasm(sources, tmp_path / "counter.wasm", extra=["-DARORA_COMPONENT"], wasi=wasi)
    module, arguments = CoreModule(built.read_bytes()), buffer(structure(NEXT.bytes, []))
    answers = [module.call(NEXT, arguments) for _ in range(2)]
    assert answers == [buffer(structure(NEXT.bytes, [(NEXT.bytes, u32(count))])) for count in (100, 101)]


def test_a_module_without_functions_has_an_empty_table(tmp_path: Path) -> None:
    source = tmp_path / "nothing.c"
    source.write_text('#define ARORA_IMPLEMENTATION\n#include "arora.h"\n')
    built = build.compile_wasm(source, tmp_path / "nothing.wasm", extra=["-DARORA_COMPONENT"])
    arguments = buffer(structure(NEXT.bytes, []))
    assert CoreModule(built.read_bytes()).call(NEXT, arguments) == "this module has no function with that id"


def test_an_error_buffer_is_a_failure_with_its_message(guest: CoreModule) -> None:
    for message in ("", "the arm is stuck", "é🦀" * 100):
        assert guest.call(*argument("fail", v.String(message))) == message


@pytest.mark.parametrize("how", range(11))
def test_a_result_that_breaks_the_abi_is_left_to_the_host(guest: CoreModule, how: int) -> None:
    # 0 is NULL and 8 its own argument, which is freed once.
    answer = guest.call(*argument("malform", v.U32(how)))
    assert isinstance(answer, bytes)
    assert (len(answer) == 0) == (how in (0, 8))
    assert wrongly_freed(guest) == 0


def test_a_dispatch_carries_ids_and_bytes_over_and_the_answer_back(guest: CoreModule) -> None:
    seen = []

    def answer(module: UUID, function: UUID, argument: bytes) -> bytes:
        seen.append((module, function, argument))
        return b"\6\0\0\0\1\1"

    guest.on_dispatch = answer
    module, function, inner = uuid4(), uuid4(), buffer(structure(NEXT.bytes, []))
    received = guest.call(*argument("forward", v.Uuid(module), v.Uuid(function), v.ArrayU8(inner)))
    assert received == result("forward", v.ArrayU8(b"\6\0\0\0\1\1"))
    assert seen == [(module, function, inner)]


def test_the_id_of_a_callable_has_64_bits(guest: CoreModule) -> None:
    guest.on_indirect = lambda number: buffers.encode(v.U64(number))
    for id in (0, 1 << 32, (1 << 64) - 1):
        received = guest.call(*argument("indirect", v.U64(id)))
        assert received == result("indirect", v.ArrayU8(buffers.encode(v.U64(id))))


def test_a_failure_of_the_host_is_an_error_buffer_to_the_module(guest: CoreModule) -> None:
    for message in ("", "no such joint: «hip»"):
        assert forwarded(guest, message) == result("forward", v.ArrayU8(error(message)))


def test_an_answer_whose_size_is_not_that_in_it_does_not_reach_the_module(guest: CoreModule) -> None:
    for wrong in (b"", b"\5\0\0", b"\xff\xff\0\0\0", b"\5\0\0\0\0\0"):
        received = forwarded(guest, wrong)
        assert isinstance(received, bytes)
        assert b"the answer of the host: " in received


def test_calls_nest_in_a_module_that_waits_for_its_host(guest: CoreModule) -> None:
    guest.on_dispatch = lambda module, function, argument: guest.call(function, argument)
    assert guest.call(*argument("descend", v.Uuid(uuid4()), v.U32(20))) == result("descend", v.U32(20))


def test_a_failure_in_a_nested_call_is_the_outer_ones_to_handle(guest: CoreModule) -> None:
    guest.on_dispatch = lambda module, function, argument: guest.call(function, argument)
    id, inner = argument("fail", v.String("below"))
    received = guest.call(*argument("forward", v.Uuid(uuid4()), v.Uuid(id), v.ArrayU8(inner)))
    assert received == result("forward", v.ArrayU8(error("below")))


def test_nothing_leaks(guest: CoreModule) -> None:
    def everything() -> None:
        for how in range(11):
            guest.call(*argument("malform", v.U32(how)))
        guest.call(*argument("fail", v.String("x" * 100)))
        guest.call(uuid4(), buffer(b"\0"))
        guest.call(uuid4(), b"")
        for answer in ("no", buffer(b"\0" * 5000), b"", b"\xff\xff\0\0\0"):
            forwarded(guest, answer)
        guest.on_dispatch = lambda module, function, argument: guest.call(function, argument)
        guest.call(*argument("descend", v.Uuid(uuid4()), v.U32(9)))

    everything()
    before = blocks_in_use(guest)
    everything()
    assert (blocks_in_use(guest), wrongly_freed(guest)) == (before, 0)


def test_an_argument_is_freed_though_the_host_unwinds_its_call(guest: CoreModule) -> None:
    def fail(module: UUID, function: UUID, inner: bytes) -> bytes:
        raise LookupError

    def call_again(module: UUID, function: UUID, inner: bytes) -> bytes:
        guest.on_dispatch = fail
        guest.call(*forward)
        raise AssertionError("the inner call returned")

    forward = argument("forward", v.Uuid(uuid4()), v.Uuid(uuid4()), v.ArrayU8(buffer(b"\0")))
    crash = argument("last_words", v.String("x" * 1000))
    before = blocks_in_use(guest)
    for _ in range(5):
        for answer in (fail, call_again):
            guest.on_dispatch = answer
            with pytest.raises(LookupError):
                guest.call(*forward)
        with pytest.raises(wasmtime.Trap):
            guest.call(*crash)
    # What the guest itself had in use at the time is lost: a copy of what it forwards, for each of three calls.
    assert (blocks_in_use(guest) - before, wrongly_freed(guest)) == (5 * 3, 0)


def test_calls_below_one_that_goes_on_are_freed_when_it_ends(guest: CoreModule) -> None:
    crash = argument("crash", v.U32(0))

    def survive(module: UUID, function: UUID, inner: bytes) -> str:
        for _ in range(3):
            with pytest.raises(wasmtime.Trap):
                guest.call(*crash)
        return "it crashed"

    guest.on_dispatch = survive
    forward = argument("forward", v.Uuid(uuid4()), v.Uuid(uuid4()), v.ArrayU8(buffer(b"\0")))
    before = blocks_in_use(guest)
    for _ in range(5):
        assert guest.call(*forward) == result("forward", v.ArrayU8(error("it crashed")))
    assert (blocks_in_use(guest), wrongly_freed(guest)) == (before, 0)


def test_a_module_may_read_behind_what_it_is_given(guest: CoreModule) -> None:
    guest.call(*argument("set_allocator", v.U32(2)))  # the next block ends where memory ends
    assert guest.call(*argument("read_behind", v.ArrayU8(b"x" * 1003))) == result("read_behind", v.Unit())


def test_a_block_keeps_its_bytes_when_it_is_moved(guest: CoreModule) -> None:
    for size in (3, 10, 5000):
        block = guest.invoke("cabi_realloc", 0, 0, 1, 10)
        guest.write(block, b"0123456789")
        moved = guest.invoke("cabi_realloc", block, 10, 1, size)
        assert guest.read(moved, min(size, 10)) == b"0123456789"[:size]
    assert wrongly_freed(guest) == 0


def test_memory_that_has_run_out_is_a_trap(guest: CoreModule) -> None:
    for size in (-1, -4, -5, 1 << 31):
        with pytest.raises(wasmtime.Trap):
            guest.invoke("cabi_realloc", 0, 0, 1, size)


def counts(guest: CoreModule) -> tuple[int, ...]:
    answer = guest.call(*argument("allocations"))
    assert isinstance(answer, bytes)
    return struct.unpack("<4Q", answer[-32:])


def blocks_in_use(guest: CoreModule) -> int:
    return counts(guest)[0]


def wrongly_freed(guest: CoreModule) -> int:
    return counts(guest)[3]
