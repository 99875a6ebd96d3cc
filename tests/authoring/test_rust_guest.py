"""A guest made by the generator for Rust: what its author's functions are given, and what callers get."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest

from arora_core import Engine, GuestError, Limits, LoadedModule, ModuleDefinition, Trap, buffers
from arora_core import values as v
from arora_core.errors import ModuleNotFound

from . import rust_guests
from .rust_builds import unavailable
from .rust_guests import TARGETS, Surprise

ROUNDS = int(os.environ.get("ARORA_SOAK_ROUNDS", "40000"))
"""Calls that leave nothing behind. A million take a minute."""


@pytest.fixture(scope="session", params=TARGETS)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def definition(target: str, tmp_path_factory: pytest.TempPathFactory) -> ModuleDefinition:
    missing = unavailable(target)
    if missing is not None:
        pytest.skip(missing)
    return rust_guests.compile_guest(tmp_path_factory.mktemp(f"rust-{target}"), target)


@pytest.fixture(scope="module")
def opened(definition: ModuleDefinition) -> Iterator[tuple[Engine, LoadedModule]]:
    with rust_guests.loaded(definition) as engine_and_guest:
        yield engine_and_guest


@pytest.fixture
def guest(opened: tuple[Engine, LoadedModule]) -> LoadedModule:
    return opened[1]


@pytest.fixture
def engine(opened: tuple[Engine, LoadedModule]) -> Engine:
    return opened[0]


def test_a_default_a_given_argument_and_one_that_is_left_out(guest: LoadedModule) -> None:
    assert guest.greet(name="ho") == "hoho."
    assert guest.greet(name="ho", times=3, tail="!") == "hohoho!"


def test_names_that_are_keywords(guest: LoadedModule) -> None:
    assert guest["match"](2, 0.5) == 2.5
    assert guest["match"](2) == pytest.approx(2.1)


def test_mutable_parameters_come_back(guest: LoadedModule) -> None:
    result = guest.clamp(numbers=[1.0, 2.0, 3.0])
    assert (result.ret, list(result.mutated["numbers"]), result.mutated["clamped"]) == (True, [1.0, 1.5, 1.5], 2)


def test_enumerations_with_payloads_and_recursion(guest: LoadedModule) -> None:
    assert guest.area("nothing") == 0
    assert guest.area({"circle": 2.0}) == 12
    corner = {"at": {"x": 2.0, "y": 3.0}, "type": 1, "joint angle": [0.0]}
    assert guest.area({"inside": {"inside": {"polygon": [corner, corner]}}}) == 12


def test_defaults_of_records_and_arrays(guest: LoadedModule) -> None:
    corner = guest.corner()
    assert (corner.at.x, corner.type, list(corner.joint_angle)) == (2.0, 1, [1.0, 4.0])
    assert math.copysign(1, corner.at.y) == -1


def test_fixed_arrays_and_maps(guest: LoadedModule) -> None:
    assert guest.total([1.0, 2.0, 3.0], [0.5] * 1000, {"a": 4.0, "b": None}) == 510


@pytest.mark.parametrize("failing", ["refuse", "tell"])
def test_an_error_of_the_author_is_one_of_the_call(guest: LoadedModule, failing: str) -> None:
    message = {"refuse": "not today", "tell": "hoarse"}[failing]
    with pytest.raises(GuestError, match=message):
        guest[failing]({"refuse": message, "tell": "error"}[failing])


def test_a_panic_is_a_trap_or_an_error_and_the_guest_goes_on(guest: LoadedModule, target: str) -> None:
    with pytest.raises(GuestError if guest.executor == "native" else Trap) as caught:
        guest.panic("too far")
    if guest.executor == "native":
        assert str(caught.value).endswith("panicked: too far")
    elif target in ("wasi", "component"):
        assert "too far" in str(caught.value)
    assert guest.greet(name="ho") == "hoho."


def test_calls_of_another_module(guest: LoadedModule) -> None:
    assert guest.tell("hello") is True


def test_a_module_that_is_not_there_is_an_error_of_the_call(definition: ModuleDefinition) -> None:
    with Engine() as alone, pytest.raises((GuestError, ModuleNotFound)):
        alone.load_module(definition).tell("hello")


def test_calls_of_what_the_host_has_registered(engine: Engine, guest: LoadedModule) -> None:
    assert guest.ask(engine.register_callable(lambda: v.String("here"))) == "here"
    with pytest.raises(GuestError, match="answer: expected str, found u8 at byte 4"):
        guest.ask(engine.register_callable(lambda: v.U8(1)))


def test_a_guest_that_waits_may_be_called_again(engine: Engine, guest: LoadedModule) -> None:
    assert guest.ask(engine.register_callable(lambda: v.String(guest.greet(name="ho")))) == "hoho."


def test_a_function_that_a_component_does_not_have_is_an_error_of_the_call(
    definition: ModuleDefinition, target: str
) -> None:
    if target != "component":
        pytest.skip("the functions of others are found when they are loaded")
    other = replace(definition.header.exports[0], id=UUID(int=1))
    with Engine() as engine:
        guest = engine.load_module(replace(definition, header=replace(definition.header, exports=(other,))))
        with pytest.raises(GuestError, match="this module has no function with that id"):
            guest.greet(name="ho")


def test_failures_of_the_host_leave_the_stack_where_it_was(guest: LoadedModule) -> None:
    guest.stack()  # Python itself is deeper in its native stack at the first call of a function.
    before = guest.stack()
    for _ in range(200):
        with pytest.raises(Surprise):
            guest.tell("surprise")
    assert guest.stack() == before
    assert guest.tell("hello") is True


# Arguments as bytes.


def answer(engine: Engine, guest: LoadedModule, name: str, argument: bytes) -> v.Value:
    buffer = engine.dispatch(guest.id, guest[name].id, argument)
    message = buffers.error_message(buffer)
    if message is not None:
        raise GuestError(message)
    return buffers.decode(buffer)


def raw(engine: Engine, guest: LoadedModule, name: str, fields: list[tuple[UUID, v.Value]]) -> v.Value:
    function = guest[name].id
    result = answer(engine, guest, name, buffers.encode(v.Structure(function, fields)))
    assert isinstance(result, v.Structure)
    return result.fields[0].value


def id_of(guest: LoadedModule, name: str, parameter: str) -> UUID:
    export = next(each for each in guest.header.exports if each.name == name)
    return next(each.id for each in export.parameters if each.name == parameter)


def test_arguments_come_in_any_order_unknown_ones_are_skipped_and_the_first_one_counts(
    engine: Engine, guest: LoadedModule
) -> None:
    name, times = (id_of(guest, "greet", each) for each in ("name", "times"))
    everything = v.ArrayStructure(times, [[(name, v.Option(v.KeyValue(name, {"a": (name, None)})))]])
    fields = [(guest.id, everything), (times, v.U8(1)), (name, v.String("ho")), (times, v.String("three"))]
    assert raw(engine, guest, "greet", fields) == v.String("ho.")


@pytest.mark.parametrize(
    ("function", "given", "message"),
    [
        ("greet", {}, "name: the value is missing"),
        ("greet", {"name": v.U8(1)}, "name: expected str, found u8 at byte"),
        ("match", {"type": v.I32(1), "joint angle": v.F64(1)}, "joint angle: expected f32, found f64 at byte"),
        ("clamp", {"numbers": v.ArrayF32([1])}, "numbers: expected an array of f64, found another one at byte"),
        ("total", {"few": v.ArrayF64([1])}, "few: expected 3 items, found 1 at byte"),
        ("area", {"outline": v.Structure(UUID(int=1), [])}, "outline: expected shapes.Outline, found a structure"),
        ("total", {"by name": v.KeyValue(UUID(int=1), {"a": (UUID(int=1), v.U8(1))})}, 'by name["a"]: expected f64'),
    ],
)
def test_an_argument_of_another_type_is_an_error_that_names_the_parameter(
    engine: Engine, guest: LoadedModule, function: str, given: dict[str, v.Value], message: str
) -> None:
    fields = [(id_of(guest, function, name), value) for name, value in given.items()]
    with pytest.raises(GuestError) as caught:
        raw(engine, guest, function, fields)
    assert message in str(caught.value)


def test_an_error_says_where_in_the_parameter(engine: Engine, guest: LoadedModule) -> None:
    corners = guest.header.types
    outline = next(each for each in corners if each.name == "Outline")
    corner = next(each for each in corners if each.name == "Corner point")
    polygon, inside = outline.members[2], outline.members[3]
    bad = v.ArrayStructure(corner.id, [[(corner.members[0].id, v.Unit())]])
    nested = v.Enumeration(outline.id, inside.id, v.Enumeration(outline.id, polygon.id, bad))
    with pytest.raises(GuestError) as caught:
        raw(engine, guest, "area", [(id_of(guest, "area", "outline"), nested)])
    assert "outline.inside.polygon[0].at: expected shapes.Point, found unit at byte" in str(caught.value)


@pytest.mark.parametrize("turn", range(4))
def test_broken_arguments_are_errors_and_never_crashes(engine: Engine, guest: LoadedModule, turn: int) -> None:
    chance = random.Random(turn)
    for name in ("greet", "clamp", "area", "corner", "total", "same"):
        for argument in _arguments(guest, name):
            whole = buffers.encode(v.Structure(guest[name].id, argument))
            for _ in range(60):
                with suppress(GuestError):
                    answer(engine, guest, name, _broken(whole, chance))
    assert guest.greet(name="ho") == "hoho."


def _arguments(guest: LoadedModule, name: str) -> list[list[tuple[UUID, v.Value]]]:
    values: dict[str, list[v.Value]] = {
        "name": [v.String("é")],
        "numbers": [v.ArrayF64([1, 2])],
        "outline": [v.Enumeration(UUID(int=1), UUID(int=2))],
        "names": [v.ArrayString(["a", "é"])],
        "by name": [v.KeyValue(UUID(int=1), {"a": (UUID(int=1), v.F64(1))})],
        "value": [
            v.ArrayValue([v.Option(v.Unit()), v.ArrayBoolean([True]), v.Uuid(UUID(int=1))]),
            v.ArrayEnumeration(UUID(int=1), [(UUID(int=2), v.ArrayU16([3]))]),
        ],
    }
    export = next(each for each in guest.header.exports if each.name == name)
    return [[(each.id, value)] for each in export.parameters for value in values.get(each.name, [])]


def _broken(whole: bytes, chance: random.Random) -> bytes:
    """Return the bytes with some changed, or with the end cut off; the size prefix is right, as every host's is."""
    data = bytearray(whole[4:])
    if chance.random() < 0.3:
        del data[chance.randrange(1, len(data)) :]
    for _ in range(chance.randint(0, 3)):
        data[chance.randrange(len(data))] = chance.choice([0, 1, 15, 19, 255, chance.randrange(256)])
    return (len(data) + 4).to_bytes(4, "little") + data


def test_values_that_are_nested_too_deeply_are_errors(engine: Engine, guest: LoadedModule) -> None:
    value: v.Value = v.Unit()
    for _ in range(63):
        value = v.Option(value)
    parameter = id_of(guest, "same", "value")
    assert raw(engine, guest, "same", [(parameter, value)]) == value
    function = guest["same"].id
    deeper = buffers.encode(v.Structure(function, [(parameter, v.Option(value))]), max_depth=99)
    with pytest.raises(GuestError, match="value: values are nested too deeply at byte"):
        answer(engine, guest, "same", deeper)
    with pytest.raises(GuestError, match="values are nested too deeply"):
        guest.nested(2000)
    assert guest.nested(10) is not None


def test_dynamic_values_come_back_as_they_were(engine: Engine, guest: LoadedModule) -> None:
    entries = {"é": (UUID(int=3), None), "a": (UUID(int=4), v.Structure(UUID(int=5), [(UUID(int=6), v.I8(-1))]))}
    value = v.ArrayValue([v.KeyValue(UUID(int=2), entries), v.ArrayStructure(UUID(int=7), [[], []]), v.F32(0.5)])
    assert raw(engine, guest, "same", [(id_of(guest, "same", "value"), value)]) == value


# Memory.


@pytest.fixture
def small(definition: ModuleDefinition) -> Iterator[tuple[Engine, LoadedModule]]:
    """The guest with 2 MiB of memory."""
    if definition.header.executor.name == "native":
        pytest.skip("the memory of a native library is that of the process")
    with Engine() as engine:
        yield engine, engine.load_module(definition, limits=Limits(memory=2 << 20))


def test_values_leave_nothing_behind(small: tuple[Engine, LoadedModule]) -> None:
    assert small[1].soak(ROUNDS) > 0


def test_calls_that_trap_leave_no_argument_behind(small: tuple[Engine, LoadedModule]) -> None:
    engine, guest = small
    large = (guest.id, v.ArrayU8(bytes(200_000)))
    panicking = [(id_of(guest, "panic", "message"), v.String("no")), large]
    for _ in range(30):
        with pytest.raises(Trap):
            raw(engine, guest, "panic", panicking)
    assert raw(engine, guest, "greet", [(id_of(guest, "greet", "name"), v.String("ho")), large]) == v.String("hoho.")


def test_calls_leave_nothing_behind(small: tuple[Engine, LoadedModule]) -> None:
    engine, guest = small
    function, parameter = guest["same"].id, id_of(guest, "same", "value")
    value = v.ArrayValue([v.String("x" * 100), v.ArrayF64([1.0] * 100), v.Uuid(UUID(int=1))])
    good = buffers.encode(v.Structure(function, [(parameter, value)]))
    bad = (len(good) - 1).to_bytes(4, "little") + good[4:-1]
    for _ in range(ROUNDS // 2):
        engine.dispatch(guest.id, function, good)
        engine.dispatch(guest.id, function, bad)
    assert buffers.error_message(engine.dispatch(guest.id, function, bad)) is not None
