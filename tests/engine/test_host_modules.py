"""Modules whose functions are Python."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from uuid import UUID

import pytest

from arora_core import (
    Engine,
    FunctionNotFound,
    Header,
    HeaderError,
    HostModule,
    LoadedModule,
    MissingExport,
    Result,
    buffers,
)
from arora_core import values as v
from tests.engine.guest_calls import argument, forward
from tests.engine.robot import ROBOT, SAY, TEXT, robot


def test_a_host_module_is_called_like_any_other(engine: Engine) -> None:
    handle = engine.register(robot())
    assert handle.executor == "host"
    assert (handle.say("hello"), handle.say("bye"), handle.say()) == (True, False, False)
    assert handle.push(b"ab") == Result(2, {"items": b"ab!"})


def test_a_guest_calls_a_host_module(engine: Engine, guest: LoadedModule) -> None:
    handle = engine.register(robot())
    answer = forward(guest, handle.id, SAY, argument(SAY, (TEXT, v.String("hello"))))
    assert answer == buffers.encode(v.Structure(SAY, [(SAY, v.Boolean(True))]))


def test_a_guest_that_gives_a_host_module_bad_arguments_gets_an_error(engine: Engine, guest: LoadedModule) -> None:
    handle = engine.register(robot())
    wrong_type = forward(guest, handle.id, SAY, argument(SAY, (TEXT, v.U8(1))))
    assert buffers.error_message(wrong_type) == "robot.say: parameter text: expected String, got U8(1)"
    unknown = forward(guest, handle.id, SAY, argument(SAY, (SAY, v.U8(1))))
    assert "has no parameter" in (buffers.error_message(unknown) or "")
    other = forward(guest, handle.id, SAY, argument(TEXT))
    assert "not one of this function" in (buffers.error_message(other) or "")
    malformed = forward(guest, handle.id, SAY, b"\x05\x00\x00\x00\xff")
    assert "malformed" in (buffers.error_message(malformed) or "")


def test_an_exception_in_a_host_module_comes_out_as_the_same_object(engine: Engine, guest: LoadedModule) -> None:
    error = ZeroDivisionError("bug")

    def say(text: str) -> bool:
        raise error

    handle = engine.register(robot(say))
    with pytest.raises(ZeroDivisionError) as caught:
        forward(guest, handle.id, SAY, argument(SAY, (TEXT, v.String("hello"))))
    assert caught.value is error


def test_a_host_function_that_returns_the_wrong_type_is_a_bug_of_the_host(engine: Engine) -> None:
    with pytest.raises(TypeError, match=r"^robot\.say: its return value does not fit: expected a bool, got int 1"):
        engine.register(robot(lambda text: 1)).say("x")


def test_a_host_module_must_implement_every_export(engine: Engine) -> None:
    module = HostModule(Header.parse(ROBOT))
    with pytest.raises(MissingExport, match="no Python function implements 'say'") as caught:
        engine.register(module)
    assert caught.value.symbol == "say"


def test_a_host_function_must_take_the_declared_parameters() -> None:
    module = HostModule(Header.parse(ROBOT))
    with pytest.raises(HeaderError, match=r"declares text, which .* does not take"):
        module.function("say")(lambda speech: True)
    with pytest.raises(FunctionNotFound, match=r"exports no 'shout' \(it exports say, push\)"):
        module.function("shout")


SAME, FIRST, SECOND = (UUID(f"00000000-0000-4000-8000-0000000000f{digit}") for digit in (1, 2, 3))


def same(first: str, second: str | None = None, **first_has: object) -> HostModule:
    """Return a module with a function ``same`` of u8 parameters, which has to return the first one."""
    u8 = {"kind": "scalar", "id": "u8"}
    parameters = [{"id": str(FIRST), "name": first, "type": u8} | first_has]
    if second is not None:
        parameters.append({"id": str(SECOND), "name": second, "type": u8})
    function = {"type": "function", "id": str(SAME), "name": "same", "ret": u8, "parameters": parameters}
    header = {"id": str(SAME), "name": "me", "author": "", "license": "", "executor": {"name": "host"}, "imports": []}
    return HostModule(Header.from_data(header | {"version": "1.0.0", "exports": [function]}))


def test_a_parameter_may_be_called_self(engine: Engine) -> None:
    module = same("self")
    module.function("same")(lambda self: self)
    function = engine.register(module).same
    assert (function(self=3), function(4)) == (3, 4)


@pytest.mark.parametrize(
    ("first", "second", "implementation"),
    [
        ("joint-angle", "from", lambda joint_angle, from_: joint_angle),
        ("joint-angle", "from", lambda **given: given["joint-angle"] if "from" in given else 0),
        ("joint-angle", "from", lambda from_, **rest: rest["joint-angle"]),
        ("a-b", "a_b", lambda a_b_, a_b: a_b_),
        ("µ", "x", lambda µ, x: µ),
    ],
)
def test_a_parameter_of_any_name_is_implemented_by_its_python_name_or_by_keyword_arguments(
    engine: Engine, first: str, second: str, implementation: Callable[..., int]
) -> None:
    module = same(first, second)
    module.function("same")(implementation)
    assert engine.register(module).same(1, 2) == 1


def test_a_mutable_parameter_is_returned_by_either_of_its_names(engine: Engine) -> None:
    for name in ("joint-angle", "joint_angle"):
        module = same("joint-angle", mutable=True)
        module.function("same")(lambda joint_angle, name=name: Result(joint_angle, {name: 7}))
        assert engine.register(module, replace=True).same(1) == Result(1, {"joint-angle": 7})


def test_an_argument_that_a_guest_leaves_out_has_the_default_of_the_header(engine: Engine, guest: LoadedModule) -> None:
    module = same("x", default_value={"u8": 7})
    module.function("same")(lambda x=9: x)
    engine.register(module)
    answer = forward(guest, SAME, SAME, argument(SAME))
    assert answer == buffers.encode(v.Structure(SAME, [(SAME, v.U8(7))]))


def test_a_guest_that_leaves_out_an_argument_without_a_default_gets_an_error(
    engine: Engine, guest: LoadedModule
) -> None:
    module = same("joint-angle", "y")
    module.function("same")(lambda joint_angle, y=2: joint_angle + y)
    engine.register(module)
    answer = forward(guest, SAME, SAME, argument(SAME, (SECOND, v.U8(1))))
    assert buffers.error_message(answer) == "me.same: parameter joint-angle: it is missing, and has no default"
    answer = forward(guest, SAME, SAME, argument(SAME, (FIRST, v.U8(1))))
    assert answer == buffers.encode(v.Structure(SAME, [(SAME, v.U8(3))]))


class Adder:
    def __init__(self, to: int) -> None:
        self.to = to

    def __call__(self, x: int) -> int:
        return self.to + x

    def added(self, x: int) -> int:
        return self.to + x

    @staticmethod
    def static(x: int) -> int:
        return 1 + x


@pytest.mark.parametrize(
    "implementation",
    [Adder(1), Adder(1).added, Adder.static, partial(lambda y, x: x + y, 1), partial(Adder.added, Adder(1))],
    ids=["callable object", "bound method", "static method", "partial", "partial of a method"],
)
def test_any_callable_that_says_which_parameters_it_takes_implements_an_export(
    engine: Engine, implementation: Callable[..., int]
) -> None:
    module = same("x")
    assert module.function("same")(implementation) is implementation
    assert module.functions == {"same": implementation}
    assert engine.register(module).same(1) == 2


async def coroutine(x: int) -> int:
    return x


def generator(x: int) -> Iterator[int]:
    yield x


async def asynchronous_generator(x: int) -> AsyncIterator[int]:
    yield x


class AsynchronousObject:
    async def __call__(self, x: int) -> int:
        return x


REFUSED: dict[str, tuple[object, str]] = {
    "a coroutine function": (coroutine, "coroutine is a coroutine function; a host function returns its result"),
    "a generator function": (generator, "generator is a generator function"),
    "an asynchronous generator": (asynchronous_generator, "is an asynchronous generator function"),
    "a partial of a coroutine function": (partial(coroutine), "is a coroutine function"),
    "an object with an asynchronous call": (AsynchronousObject(), "is a coroutine function"),
    "no callable": (5, "expected a function, got 5"),
    "a builtin without a signature": (max, r"max does not say .* takes; .* def same\(x\): \.\.\."),
    "a builtin with positional parameters": (math.sqrt, "sqrt does not take by keyword: .*positional"),
    "other parameters": (partial(lambda y: y), r"declares x, which .*partial.* does not take by keyword: missing"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_implement_an_export_is_refused_with_the_reason(what: str) -> None:
    implementation, reason = REFUSED[what]
    with pytest.raises(HeaderError, match=reason) as caught:
        same("x").function("same")(implementation)  # type: ignore[type-var]
    assert caught.value.path is not None
    assert caught.value.path.startswith("exports[0]")
