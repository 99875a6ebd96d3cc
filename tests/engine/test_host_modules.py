"""Modules whose functions are Python."""

from __future__ import annotations

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
    with pytest.raises(TypeError, match="its return value does not fit: expected a bool, got int 1"):
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


def test_a_parameter_may_be_called_self(engine: Engine) -> None:
    id = "00000000-0000-4000-8000-0000000000f1"
    header = {
        "id": id,
        "name": "me",
        "author": "",
        "license": "",
        "executor": {"name": "host"},
        "imports": [],
        "version": {"major": 1, "minor": 0, "patch": 0},
        "exports": [
            {"type": "function", "id": id, "name": "same", "ret": {"kind": "scalar", "id": "u8"}}
            | {"parameters": [{"id": id[:-1] + "2", "name": "self", "type": {"kind": "scalar", "id": "u8"}}]}
        ],
    }
    module = HostModule(Header.from_data(header))
    module.function("same")(lambda self: self)
    same = engine.register(module).same
    assert (same(self=3), same(4)) == (3, 4)
