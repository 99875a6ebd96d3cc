"""Calls with values by id, and raw calls from buffer to buffer."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from arora_core import (
    ArgumentError,
    Call,
    CallResult,
    Engine,
    FunctionNotFound,
    LoadedModule,
    MalformedBuffer,
    ModuleNotFound,
    buffers,
)
from arora_core import values as v
from arora_core.conformance.guests import id_of
from tests.engine.guest_calls import ADD, A, B, argument
from tests.engine.guest_runners import GuestRunner


def test_the_generic_call_takes_and_gives_values(engine: Engine, guest: LoadedModule) -> None:
    answer = engine.call(Call(module_id=guest.id, id=ADD, args={A: v.U32(1), B: v.U32(2)}))
    assert answer == CallResult(v.U32(3))


def test_the_generic_call_gives_mutable_parameters_by_id(engine: Engine, guest: LoadedModule) -> None:
    append, items, item, log = (id_of(0x5300 + place) for place in range(4))
    given = {log: v.String(""), item: v.F64(2), items: v.ArrayF64([1])}
    answer = engine.call(Call(module_id=guest.id, id=append, args=given))
    assert answer == CallResult(v.U32(2), {items: v.ArrayF64([1, 2]), log: v.String("+")})


def test_a_call_without_a_module_finds_the_only_one_that_exports_the_function(
    engine: Engine, guest: LoadedModule, runner: GuestRunner
) -> None:
    call = Call(id=ADD, args={A: v.U32(1), B: v.U32(2)})
    assert engine.call(call).ret == v.U32(3)
    runner.load(engine, 1)
    with pytest.raises(FunctionNotFound, match=r"several modules export it \(conformance, conformance_1\)"):
        engine.call(call)


@pytest.mark.parametrize(
    ("args", "parameter", "message"),
    [
        ({A: v.U64(1), B: v.U32(2)}, "a", "expected u32, got U64(1)"),
        ({id_of(0xFE): v.U32(1)}, str(id_of(0xFE)), "no parameter"),
    ],
)
def test_a_generic_call_checks_its_arguments(
    engine: Engine, guest: LoadedModule, args: dict[UUID, v.Value], parameter: str, message: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        engine.call(Call(module_id=guest.id, id=ADD, args=args))
    assert caught.value.parameter == parameter
    assert message in str(caught.value)


def test_a_generic_argument_given_twice_is_refused() -> None:
    with pytest.raises(ArgumentError, match="twice"):
        Call(id=ADD, args=[(A, v.U32(1)), (A, v.U32(2))])


def test_a_call_to_nowhere_names_what_is_missing(engine: Engine, guest: LoadedModule) -> None:
    with pytest.raises(ModuleNotFound, match=r"is loaded \(loaded: conformance\)"):
        engine.call(Call(module_id=uuid4(), id=ADD))
    with pytest.raises(FunctionNotFound, match="it has no function"):
        engine.call(Call(module_id=guest.id, id=uuid4()))
    with pytest.raises(FunctionNotFound, match="no loaded module exports it"):
        engine.call(Call(id=uuid4()))


def test_a_raw_dispatch_is_buffer_to_buffer_by_uuid_or_16_bytes(engine: Engine, guest: LoadedModule) -> None:
    buffer = argument(ADD, (A, v.U32(1)), (B, v.U32(2)))
    expected = buffers.encode(v.Structure(ADD, [(ADD, v.U32(3))]))
    assert engine.dispatch(guest.id, ADD, buffer) == expected
    assert engine.dispatch(guest.id.bytes, ADD.bytes, buffer) == expected


@pytest.mark.parametrize("buffer", [b"", b"\x05", b"\x06\x00\x00\x00\x00", b"\xff\xff\xff\xff\x00"])
def test_a_raw_argument_with_a_wrong_size_never_reaches_the_guest(
    engine: Engine, guest: LoadedModule, buffer: bytes
) -> None:
    with pytest.raises(MalformedBuffer, match="size prefix"):
        engine.dispatch(guest.id, ADD, buffer)
