"""The engine, on every executor: loading, typed and generic calls, callables, host modules, closing."""

from __future__ import annotations

import logging
import threading
from array import array
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from uuid import UUID, uuid4

import numpy as np
import pytest

from arora_core import (
    ArgumentError,
    Call,
    CallResult,
    Engine,
    EngineClosed,
    FunctionNotFound,
    GuestError,
    Header,
    HeaderError,
    HostModule,
    LimitExceeded,
    LoadedModule,
    LoadError,
    MalformedBuffer,
    MalformedExecutable,
    MissingExport,
    ModuleBusy,
    ModuleDefinition,
    ModuleNotFound,
    Result,
    Trap,
    TrapKind,
    buffers,
)
from arora_core import values as v
from arora_core.buffers import decode, encode
from arora_core.conformance.guests import id_of, wasm_guest
from arora_core.conformance.subject import only
from arora_core.executor import Executor, Host, Instance, Limits
from tests.guest_runners import GuestRunner

ADD, A, B = id_of(0x5100), id_of(0x5101), id_of(0x5102)


# --- typed calls -----------------------------------------------------------------------------------


def test_a_function_is_called_by_attribute_and_by_item(guest: LoadedModule) -> None:
    assert guest.add(1, 2) == guest["add"](1, 2) == guest.add(b=2, a=1) == guest.add(1, b=2) == 3


def test_a_handle_says_what_it_is(guest: LoadedModule, runner: GuestRunner) -> None:
    assert (guest.id, guest.name, guest.executor) == (id_of(0), "conformance", runner.executor)
    assert list(guest.functions)[:3] == ["echo", "echo_unit", "echo_bool"]
    assert guest.add.signature == "add(a: u32, b: u32) -> u32"
    assert guest.append.signature == "append(mutable items: f64[], item: f64, mutable log: str) -> u32"
    assert (guest.add.id, guest.add.name, [each.name for each in guest.add.parameters]) == (ADD, "add", ["a", "b"])
    assert "add" in dir(guest)


def test_a_function_with_mutable_parameters_returns_a_result(guest: LoadedModule) -> None:
    answer = guest.append([1, 2.5], 4, "log")
    assert answer == Result(3, {"items": array("d", [1, 2.5, 4]), "log": "log+"})
    assert answer.mutated["items"].typecode == "d"


def test_an_argument_left_out_is_absent_to_the_guest(guest: LoadedModule) -> None:
    assert guest.given() == 0b000
    assert guest.given(b=0) == 0b010
    assert guest.given(1, 2, 3) == 0b111


def test_none_given_for_an_option_is_not_an_argument_left_out(guest: LoadedModule) -> None:
    assert guest.echo_option(None) is None
    with pytest.raises(GuestError, match="value: absent"):
        guest.echo_option()


def test_unit_is_none(guest: LoadedModule) -> None:
    assert guest.nothing() is None


def test_a_guest_keeps_its_state_between_calls(guest: LoadedModule) -> None:
    assert [guest.count(), guest.count()] == [1, 2]


def test_two_engines_share_no_state(runner: GuestRunner) -> None:
    with Engine() as one, Engine() as other:
        first = runner.load(one)
        second = runner.load(other)
        assert [first.count(), first.count(), second.count()] == [1, 2, 1]


@pytest.mark.parametrize("items", [[1, 2], (1.0, 2.0), array("d", [1, 2]), np.array([1.0, 2.0]), np.arange(1, 3)])
def test_a_number_array_takes_lists_buffers_and_numpy_arrays(guest: LoadedModule, items: Any) -> None:
    assert list(guest.append(items, 3, "").mutated["items"]) == [1, 2, 3]


def test_an_unknown_function_is_an_attribute_error_with_a_hint(guest: LoadedModule) -> None:
    with pytest.raises(AttributeError, match="did you mean 'append'"):
        _ = guest.apend
    assert not hasattr(guest, "nonsense")


def test_an_unknown_function_by_item_lists_those_there_are_or_what_was_meant(
    engine: Engine, guest: LoadedModule
) -> None:
    with pytest.raises(FunctionNotFound, match=r"robot: it has no function 'xyz' \(known: say, push\)"):
        engine.register(robot())["xyz"]
    with pytest.raises(FunctionNotFound, match="no function 'apend', did you mean 'append'"):
        guest["apend"]


REFUSED_ARGUMENTS: dict[str, tuple[Callable[[LoadedModule], object], str | None, str]] = {
    "wrong type": (lambda guest: guest.add("1", 2), "a", "expected an integer"),
    "a float for an integer": (lambda guest: guest.add(1, 2.0), "b", "expected an integer"),
    "a bool for an integer": (lambda guest: guest.add(True, 2), "a", "got bool True"),
    "nothing for an integer": (lambda guest: guest.add(None, 2), "a", "got None"),
    "negative": (lambda guest: guest.add(-1, 2), "a", "-1 is out of range for u32"),
    "too large": (lambda guest: guest.add(1, 1 << 32), "b", "4294967296 is out of range for u32"),
    "unknown": (lambda guest: guest.add(1, 2, c=3), "c", "no such parameter"),
    "twice": (lambda guest: guest.add(1, 2, a=3), "a", "given twice"),
    "too many": (lambda guest: guest.add(1, 2, 3), None, "takes 2 arguments, got 3"),
    "one bad item": (lambda guest: guest.append([1.0, "x"], 1, ""), "items", "[1]: expected a number"),
    "two dimensions": (lambda guest: guest.append(np.zeros((2, 2)), 1, ""), "items", "one dimension"),
    "a lone surrogate": (lambda guest: guest.fail("\ud800"), "message", "surrogate"),
}


@pytest.mark.parametrize("case", REFUSED_ARGUMENTS)
def test_a_bad_argument_is_refused_by_name_before_the_guest_sees_it(guest: LoadedModule, case: str) -> None:
    call, parameter, message = REFUSED_ARGUMENTS[case]
    with pytest.raises(ArgumentError) as caught:
        call(guest)
    assert caught.value.parameter == parameter
    assert caught.value.module == "conformance"
    assert message in str(caught.value)
    assert guest.add(1, 2) == 3


# --- generic and raw calls -------------------------------------------------------------------------


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


def argument(function: UUID, *fields: tuple[UUID, v.Value]) -> bytes:
    return buffers.encode(v.Structure(function, fields))


def test_a_raw_dispatch_is_buffer_to_buffer_by_uuid_or_16_bytes(engine: Engine, guest: LoadedModule) -> None:
    buffer = argument(ADD, (A, v.U32(1)), (B, v.U32(2)))
    expected = buffers.encode(v.Structure(ADD, [(ADD, v.U32(3))]))
    assert engine.dispatch(guest.id, ADD, buffer) == expected
    assert engine.dispatch(guest.id.bytes, ADD.bytes, buffer) == expected


def test_arguments_may_come_in_any_order(engine: Engine, guest: LoadedModule) -> None:
    raw = engine.dispatch(guest.id, ADD, argument(ADD, (B, v.U32(2)), (A, v.U32(40))))
    assert raw == buffers.encode(v.Structure(ADD, [(ADD, v.U32(42))]))


def test_a_raw_dispatch_gives_error_buffers_as_they_are(engine: Engine, guest: LoadedModule) -> None:
    raw = engine.dispatch(guest.id, id_of(0x6000), argument(id_of(0x6000), (id_of(0x6001), v.String("no"))))
    assert buffers.error_message(raw) == "no"


@pytest.mark.parametrize("buffer", [b"", b"\x05", b"\x06\x00\x00\x00\x00", b"\xff\xff\xff\xff\x00"])
def test_a_raw_argument_with_a_wrong_size_never_reaches_the_guest(
    engine: Engine, guest: LoadedModule, buffer: bytes
) -> None:
    with pytest.raises(MalformedBuffer, match="size prefix"):
        engine.dispatch(guest.id, ADD, buffer)


# --- guests that fail ------------------------------------------------------------------------------


def test_an_orderly_failure_is_a_guest_error_and_the_guest_lives_on(guest: LoadedModule) -> None:
    with pytest.raises(GuestError) as caught:
        guest.fail("no such joint: «hip»")
    assert caught.value.message == "no such joint: «hip»"
    assert (caught.value.module, caught.value.function) == ("conformance", "fail")
    assert caught.value.executor == guest.executor
    assert str(caught.value) == "conformance.fail: no such joint: «hip»"
    assert guest.add(1, 2) == 3


MALFORMED_ANSWERS = {
    0: "answered with",
    1: "answered with",
    2: "UTF-8",
    3: "the result of another function",
    4: "the end of the buffer",
    5: "return value does not fit",
    6: "expected a result buffer",
    7: "other mutated parameters",
}


@pytest.mark.parametrize("how", MALFORMED_ANSWERS)
def test_an_answer_that_breaks_the_abi_is_a_trap_and_the_engine_lives_on(guest: LoadedModule, how: int) -> None:
    with pytest.raises(Trap, match=MALFORMED_ANSWERS[how]) as caught:
        guest.malform(how)
    assert caught.value.kind is TrapKind.ABI
    assert (caught.value.module, caught.value.function) == ("conformance", "malform")
    assert guest.add(1, 2) == 3


def test_a_generic_call_checks_the_answer_as_well(engine: Engine, guest: LoadedModule) -> None:
    with pytest.raises(Trap, match="does not fit") as caught:
        engine.call(Call(module_id=guest.id, id=id_of(0x6100), args={id_of(0x6101): v.U32(5)}))
    assert caught.value.kind is TrapKind.ABI


@pytest.mark.parametrize("how", range(5))
def test_a_wild_pointer_is_a_trap_and_the_engine_lives_on(sandboxed_guest: LoadedModule, how: int) -> None:
    with pytest.raises(Trap) as caught:
        sandboxed_guest.wild(how)
    assert caught.value.kind is TrapKind.ABI
    assert sandboxed_guest.add(1, 2) == 3


CRASHES = [
    TrapKind.UNREACHABLE,
    TrapKind.MEMORY_OUT_OF_BOUNDS,
    TrapKind.INTEGER_DIVISION_BY_ZERO,
    TrapKind.INTEGER_OVERFLOW,
    TrapKind.BAD_CONVERSION,
    TrapKind.INDIRECT_CALL,
    TrapKind.STACK_OVERFLOW,
    TrapKind.EXIT,
]


@pytest.mark.parametrize(("how", "kind"), list(enumerate(CRASHES)))
def test_a_crash_is_a_trap_of_its_kind_and_the_engine_lives_on(
    sandboxed_guest: LoadedModule, how: int, kind: TrapKind
) -> None:
    with pytest.raises(Trap) as caught:
        sandboxed_guest.crash(how)
    assert caught.value.kind is kind
    assert (caught.value.module, caught.value.function, caught.value.executor) == (
        "conformance",
        "crash",
        sandboxed_guest.executor,
    )
    assert caught.value.exit_code == (3 if kind is TrapKind.EXIT else None)
    assert sandboxed_guest.add(1, 2) == 3


def test_a_trap_carries_the_tail_of_stderr(sandboxed_guest: LoadedModule) -> None:
    sandboxed_guest.print(2, "first\nsecond, unfinished")
    with pytest.raises(Trap) as caught:
        sandboxed_guest.crash(0)
    assert caught.value.stderr == "first\nsecond, unfinished"
    assert "second, unfinished" in str(caught.value)
    assert "\n" not in caught.value.summary()


def test_output_goes_to_the_log_by_lines_tagged_with_the_module(
    sandboxed_guest: LoadedModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sandboxed_guest.print(1, "one\ntwo, ")
        sandboxed_guest.print(2, "wrong\n")
        sandboxed_guest.print(1, "three\n")
    records = [(record.name, record.levelname, record.message) for record in caplog.records]
    assert records == [
        ("arora.module.conformance", "INFO", "one"),
        ("arora.module.conformance", "WARNING", "wrong"),
        ("arora.module.conformance", "INFO", "two, three"),
    ]


def test_unfinished_output_is_logged_on_unload(
    engine: Engine, sandboxed_guest: LoadedModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sandboxed_guest.print(1, "the rest")
        assert not caplog.records
        engine.unload(sandboxed_guest)
    assert [record.message for record in caplog.records] == ["the rest"]


def test_memory_may_grow_while_an_answer_is_made(sandboxed_guest: LoadedModule) -> None:
    assert sandboxed_guest.fill(1 << 16, 7) == b"\7" * (1 << 16)
    assert sandboxed_guest.fill(40 << 16, 7) == b"\7" * (40 << 16)


# --- callables -------------------------------------------------------------------------------------


def indirect(guest: LoadedModule, callable_id: int) -> bytes:
    """What the guest got for calling a callable."""
    answer: bytes = guest.indirect(callable_id)
    return answer


def test_a_callable_answers_programs_and_guests(engine: Engine, guest: LoadedModule) -> None:
    id = engine.register_callable(lambda: v.U64(42))
    assert engine.call_indirect(id) == v.U64(42)
    assert indirect(guest, id) == buffers.encode(v.U64(42))


def test_a_callable_that_returns_nothing_answers_unit(engine: Engine) -> None:
    nothing: Any = lambda: None  # noqa: E731
    assert engine.call_indirect(engine.register_callable(nothing)) == v.Unit()


def test_an_unregistered_callable_is_not_found(engine: Engine, guest: LoadedModule) -> None:
    id = engine.register_callable(lambda: v.U64(42))
    engine.unregister_callable(id)
    with pytest.raises(FunctionNotFound, match=f"id {id}"):
        engine.call_indirect(id)
    with pytest.raises(FunctionNotFound):
        engine.unregister_callable(id)
    assert buffers.error_message(indirect(guest, id)) == f"no callable is registered under the id {id}"
    assert guest.add(1, 2) == 3


def test_a_callable_may_unregister_itself_while_it_runs(engine: Engine, guest: LoadedModule) -> None:
    def once() -> v.Value:
        engine.unregister_callable(registered)
        return v.U8(1)

    registered = engine.register_callable(once)
    assert indirect(guest, registered) == buffers.encode(v.U8(1))
    assert buffers.error_message(indirect(guest, registered)) is not None


@pytest.mark.parametrize("error", [KeyError("bug"), RuntimeError("bug"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_in_a_callable_comes_out_as_the_same_object(
    engine: Engine, guest: LoadedModule, error: BaseException
) -> None:
    def fail() -> v.Value:
        raise error

    with pytest.raises(type(error)) as caught:
        guest.indirect(engine.register_callable(fail))
    assert caught.value is error
    assert guest.add(1, 2) == 3


def test_a_call_error_in_a_callable_reaches_the_guest_as_an_error(engine: Engine, guest: LoadedModule) -> None:
    def fail() -> v.Value:
        raise GuestError("not now")

    assert buffers.error_message(indirect(guest, engine.register_callable(fail))) == "not now"


def test_a_callable_that_returns_no_value_is_a_bug_of_the_host(engine: Engine, guest: LoadedModule) -> None:
    wrong: Any = lambda: 42  # noqa: E731
    with pytest.raises(TypeError, match=r"must return a value of arora_core\.values, got 42"):
        guest.indirect(engine.register_callable(wrong))


def test_only_a_callable_can_be_registered(engine: Engine) -> None:
    with pytest.raises(TypeError, match="expected a callable, got 42"):
        engine.register_callable(42)  # type: ignore[arg-type]


# --- host modules ----------------------------------------------------------------------------------

ROBOT = """
id: 22222222-2222-4222-8222-222222222222
name: robot
author: ""
license: ""
version: {major: 1, minor: 0, patch: 0}
executor: {name: host}
exports:
  - type: function
    id: 22222222-2222-4222-8222-222222222210
    name: say
    parameters:
      - {id: 22222222-2222-4222-8222-222222222211, name: text, type: {kind: scalar, id: str}}
    ret: {kind: scalar, id: bool}
  - type: function
    id: 22222222-2222-4222-8222-222222222220
    name: push
    parameters:
      - {id: 22222222-2222-4222-8222-222222222221, name: items, type: {kind: array, id: u8}, mutable: true}
    ret: {kind: scalar, id: u32}
"""
SAY, TEXT = UUID("22222222-2222-4222-8222-222222222210"), UUID("22222222-2222-4222-8222-222222222211")


def robot(say: Callable[..., Any] = lambda text="silence": text == "hello") -> HostModule:
    module = HostModule(Header.parse(ROBOT))
    module.function("say")(say)
    module.function("push")(lambda items: Result(len(items), {"items": items + b"!"}))
    return module


def forward(guest: LoadedModule, module: UUID, function: UUID, buffer: bytes) -> bytes:
    """What the guest got for a dispatch."""
    answer: bytes = guest.forward(module, function, buffer)
    return answer


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


# --- nested calls ----------------------------------------------------------------------------------


def test_a_dispatch_to_nobody_answers_an_error_and_the_guest_carries_on(engine: Engine, guest: LoadedModule) -> None:
    missing = uuid4()
    answer = forward(guest, missing, ADD, argument(ADD))
    assert buffers.error_message(answer) == f"no module {missing} is loaded (loaded: conformance)"
    missing_function = forward(guest, guest.id, missing, argument(missing))
    assert "it has no function" in (buffers.error_message(missing_function) or "")


def test_a_guest_may_call_itself(guest: LoadedModule) -> None:
    inner = argument(ADD, (A, v.U32(1)), (B, v.U32(2)))
    assert forward(guest, guest.id, ADD, inner) == buffers.encode(v.Structure(ADD, [(ADD, v.U32(3))]))


def test_guests_on_different_executors_call_one_another(engine: Engine) -> None:
    wasm = GuestRunner("wasmtime").load(engine)
    native = GuestRunner("native").load(engine, 1)
    inner = argument(ADD, (A, v.U32(20)), (B, v.U32(22)))
    expected = buffers.encode(v.Structure(ADD, [(ADD, v.U32(42))]))
    assert forward(wasm, native.id, ADD, inner) == expected
    assert forward(native, wasm.id, ADD, inner) == expected


def test_a_trap_in_a_nested_call_is_an_error_to_the_caller(engine: Engine, guest: LoadedModule) -> None:
    answer = forward(guest, guest.id, id_of(0x6100), argument(id_of(0x6100), (id_of(0x6101), v.U32(0))))
    message = buffers.error_message(answer)
    assert message is not None
    assert message.startswith("conformance.malform: ")
    assert guest.add(1, 2) == 3


def chain(guest: LoadedModule, links: int) -> bytes:
    """An argument for ``forward`` that makes it call itself ``links`` times before it adds."""
    function, buffer = ADD, argument(ADD, (A, v.U32(1)), (B, v.U32(2)))
    for _ in range(links):
        fields = [
            (id_of(0x8001), v.Uuid(guest.id)),
            (id_of(0x8002), v.Uuid(function)),
            (id_of(0x8003), v.ArrayU8(buffer)),
        ]
        function, buffer = id_of(0x8000), argument(id_of(0x8000), *fields)
    return buffer


def unchained(answer: bytes, links: int) -> bytes:
    """The answer of the innermost call."""
    for _ in range(links):
        result = buffers.decode(answer)
        assert isinstance(result, v.Structure)
        carried = result.fields[0].value
        assert isinstance(carried, v.ArrayU8)
        answer = carried.raw
    return answer


def test_calls_nest_up_to_the_depth_limit(engine: Engine, guest: LoadedModule) -> None:
    # `links` calls of forward, and the one of add at the end.
    answer = unchained(engine.dispatch(guest.id, id_of(0x8000), chain(guest, 63)), 63)
    assert answer == buffers.encode(v.Structure(ADD, [(ADD, v.U32(3))]))


def test_the_call_beyond_the_depth_limit_is_answered_with_an_error(engine: Engine, guest: LoadedModule) -> None:
    answer = unchained(engine.dispatch(guest.id, id_of(0x8000), chain(guest, 64)), 64)
    assert buffers.error_message(answer) == "conformance.add: calls are nested deeper than the limit of 64"
    assert guest.add(1, 2) == 3


def test_the_depth_limit_holds_for_python_between_guests(engine: Engine, guest: LoadedModule) -> None:
    depths: list[int] = []

    def deeper() -> v.Value:
        depths.append(len(depths))
        guest.indirect(registered)
        return v.Unit()

    registered = engine.register_callable(deeper)
    guest.indirect(registered)
    assert len(depths) == 32


def test_the_depth_limit_is_settable(runner: GuestRunner) -> None:
    with Engine(max_depth=1) as engine:
        guest = runner.load(engine)
        assert guest.add(1, 2) == 3
        answer = forward(guest, guest.id, ADD, argument(ADD))
        assert "deeper than the limit of 1" in (buffers.error_message(answer) or "")


def test_a_limit_is_no_bug_of_the_host(engine: Engine) -> None:
    def deeper() -> v.Value:
        return engine.call_indirect(registered)

    registered = engine.register_callable(deeper)
    with pytest.raises(LimitExceeded) as caught:
        engine.call_indirect(registered)
    assert caught.value.limit == "depth"


# --- loading, replacing, unloading, closing --------------------------------------------------------


def test_loading_an_id_twice_is_an_error(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    with pytest.raises(LoadError, match=r"already loaded as conformance .* replace=True"):
        runner.load(engine)
    assert guest.add(1, 2) == 3


def test_replacing_puts_a_fresh_module_in_the_place(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    guest.count()
    fresh = runner.load(engine, replace=True)
    assert fresh.count() == 1
    with pytest.raises(ModuleNotFound, match=r"conformance\.count: the module has been unloaded"):
        guest.count()
    with pytest.raises(ModuleNotFound):
        engine.unload(guest)
    assert engine.modules == {guest.id: fresh}


def test_a_replacement_that_fails_to_load_changes_nothing(
    engine: Engine, guest: LoadedModule, runner: GuestRunner
) -> None:
    broken = ModuleDefinition(runner.definition().header, b"nonsense")
    with pytest.raises(MalformedExecutable) as caught:
        engine.load_module(broken, executor=runner.executor, replace=True)
    assert (caught.value.module, caught.value.executor) == ("conformance", runner.executor)
    assert guest.add(1, 2) == 3


def test_a_truncated_executable_is_malformed(engine: Engine, runner: GuestRunner) -> None:
    half = runner.guest.executable[: len(runner.guest.executable) // 50]
    with pytest.raises(MalformedExecutable):
        engine.load_module_from_parts(runner.definition().header, half, executor=runner.executor)
    assert not engine.modules


def test_a_function_the_executable_lacks_is_missing_by_name(engine: Engine, runner: GuestRunner) -> None:
    data: dict[str, Any] = runner.definition().header.to_data()
    data["exports"] = [{**data["exports"][0], "id": str(id_of(0xEE)), "name": "absent"}]
    with pytest.raises(MissingExport, match="absent") as caught:
        engine.load_module_from_parts(Header.from_data(data), runner.guest.executable, executor=runner.executor)
    assert caught.value.symbol == f"arora_function_{str(id_of(0xEE)).replace('-', '_')}"


def test_an_unloaded_module_is_gone(engine: Engine, guest: LoadedModule) -> None:
    engine.unload(guest)
    assert not engine.modules
    with pytest.raises(ModuleNotFound, match="unloaded"):
        guest.add(1, 2)
    with pytest.raises(ModuleNotFound):
        engine.call(Call(module_id=guest.id, id=ADD))
    with pytest.raises(ModuleNotFound):
        engine.unload(guest.id)


def test_an_unloaded_module_can_be_loaded_again(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    engine.unload(guest.id)
    assert runner.load(engine).add(1, 2) == 3


def test_a_module_cannot_be_unloaded_or_replaced_from_inside_its_own_call(
    engine: Engine, guest: LoadedModule, runner: GuestRunner
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: engine.unload(guest),
        lambda: runner.load(engine, replace=True),
        engine.close,
    ]

    def attempt() -> v.Value:
        for each in attempts:
            with pytest.raises(ModuleBusy):
                each()
        return v.U8(len(attempts))

    assert indirect(guest, engine.register_callable(attempt)) == buffers.encode(v.U8(3))
    assert guest.add(1, 2) == 3


def test_unloading_from_another_thread_waits_for_the_call_to_end(engine: Engine, guest: LoadedModule) -> None:
    order: list[str] = []

    def unload() -> None:
        started.set()
        engine.unload(guest)
        order.append("unloaded")

    def while_running() -> v.Value:
        thread.start()
        assert started.wait(10)
        # The other thread is at the engine's lock by now or will be; it cannot have passed it.
        order.append("still running")
        return v.U8(1)

    started = threading.Event()
    thread = threading.Thread(target=unload)
    id = engine.register_callable(while_running)
    assert indirect(guest, id) == buffers.encode(v.U8(1))
    thread.join(10)
    assert order == ["still running", "unloaded"]


def test_a_module_unloads_another_from_inside_a_call(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    twin = runner.load(engine, 1)

    def unload() -> v.Value:
        engine.unload(twin)
        return v.Unit()

    assert indirect(guest, engine.register_callable(unload)) == buffers.encode(v.Unit())
    assert list(engine.modules) == [guest.id]


def test_nothing_works_after_close_and_all_says_so(guest: LoadedModule, engine: Engine, runner: GuestRunner) -> None:
    id = engine.register_callable(lambda: v.U8(1))
    engine.close()
    attempts: list[Callable[[], object]] = [
        lambda: guest.add(1, 2),
        lambda: engine.call(Call(id=ADD)),
        lambda: engine.dispatch(guest.id, ADD, argument(ADD)),
        lambda: engine.call_indirect(id),
        lambda: engine.register_callable(lambda: v.U8(1)),
        lambda: engine.unregister_callable(id),
        lambda: engine.load_module(runner.definition()),
        lambda: engine.register(robot()),
        lambda: engine.unload(guest),
    ]
    for attempt in attempts:
        with pytest.raises(EngineClosed, match="closed"):
            attempt()
    engine.close()


def test_an_engine_serves_many_threads_one_call_at_a_time(guest: LoadedModule) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.extend(guest.count() for _ in range(100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 401))


def test_engines_in_different_threads_keep_their_exceptions_apart(runner: GuestRunner) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        error = ValueError(number)

        def fail() -> v.Value:
            raise error

        with Engine() as engine:
            guest = runner.load(engine)
            id = engine.register_callable(fail)
            for _ in range(200):
                try:
                    wrong.append(guest.indirect(id))
                except ValueError as caught:
                    if caught is not error:
                        wrong.append(caught)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- calls that come at a bad moment ---------------------------------------------------------------


class Struck(Executor):
    """Runs guests in the middle of which a signal's handler is called, or a finalizer."""

    name, serves = "struck", frozenset({"wasm"})
    strike: ClassVar[Callable[[], object]] = lambda: None

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return StruckInstance(host)


class StruckInstance(Instance):
    def __init__(self, host: Host) -> None:
        self.host = host

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        Struck.strike()
        return self.host.dispatch_indirect(1)

    def close(self) -> None: ...


@pytest.fixture
def struck() -> Iterator[tuple[Engine, Callable[[], bytes]]]:
    with Engine(plugins=only(Struck)) as engine:
        module = engine.load_module(wasm_guest().definition())
        yield engine, lambda: engine.dispatch(module.id, module.add.id, encode(v.Structure(module.add.id)))


def test_a_call_in_the_middle_of_another_is_refused_and_that_one_goes_on(
    struck: tuple[Engine, Callable[[], bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, call = struck
    refused: list[ModuleBusy] = []

    def strike() -> None:
        for each in (call, lambda: engine.call_indirect(1)):
            with pytest.raises(ModuleBusy, match="does not come out of it") as caught:
                each()
            refused.append(caught.value)

    monkeypatch.setattr(Struck, "strike", staticmethod(strike))
    assert engine.register_callable(lambda: v.U8(7)) == 1
    assert decode(call()) == v.U8(7)
    assert len(refused) == 2


def test_a_call_out_of_a_callable_is_none_of_those(struck: tuple[Engine, Callable[[], bytes]]) -> None:
    engine, call = struck
    deeper = iter([True, True])
    nested: list[bytes] = []

    def answer() -> v.Value:
        if next(deeper, False):
            nested.append(call())
            engine.call_indirect(1)
        return v.U8(7)

    assert engine.register_callable(answer) == 1
    assert decode(call()) == v.U8(7)
    assert len(nested) == 2


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
