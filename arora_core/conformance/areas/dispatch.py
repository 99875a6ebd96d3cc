"""Calls by guests of other modules, host modules and callables, and the errors they receive when a call fails."""

from __future__ import annotations

from functools import partial
from random import Random
from uuid import UUID, uuid4

from hypothesis import strategies as st

from ... import buffers
from ... import values as v
from ...errors import CallError, Trap, TrapKind
from ...executor import Capability
from ...runtime.loaded_module import LoadedModule
from .. import strategies
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises
from ..guests import COMPONENT, id_of
from ..scripted_host import ScriptedHost
from ..subject import Subject

_LARGEST_ID = (1 << 64) - 1


def _forward(subject: Subject, caller: LoadedModule, callee: UUID, name: str, *given: v.Value) -> bytes:
    """Let ``caller`` call a function of ``callee``, and return the result buffer that it receives."""
    result: bytes = caller.forward(callee, subject.function_id(name), subject.argument(name, *given))
    return result


@check("dispatch", uses=["add", "forward"])
def a_guest_calls_a_function_of_another_module(subject: Subject) -> None:
    other = subject.load(1)
    result = _forward(subject, subject.module, other.id, "add", v.U32(20), v.U32(22))
    expect_equal(result, subject.result("add", v.U32(42)), "add(20, 22), called by another module")


@check("dispatch", uses=["echo", "forward"])
def any_value_passes_through_a_dispatch_as_the_same_bytes(subject: Subject) -> None:
    other = subject.load(1)

    def echo(value: v.Value) -> None:
        result = _forward(subject, subject.module, other.id, "echo", value)
        expect_equal(result, subject.result("echo", value), f"echo({value!r}) by dispatch")

    subject.for_all(strategies.values(), echo)


@check("dispatch", uses=["forward"])
def the_host_is_asked_for_what_the_guest_named(subject: Subject) -> None:
    host = ScriptedHost()
    instance = subject.instance(host)
    module, function = uuid4(), uuid4()
    inner = buffers.encode(v.Structure(function, [(UUID(int=1), v.String("hello"))]))
    response = buffers.encode(v.Structure(function, [(function, v.U8(9))]))
    host.respond = lambda: response
    argument = subject.argument("forward", v.Uuid(module), v.Uuid(function), v.ArrayU8(inner))
    result = instance.dispatch(subject.function_id("forward").bytes, argument)
    expect_equal(host.dispatched, [(module.bytes, function.bytes, inner)], "the arguments of Host.dispatch")
    expect_equal(result, subject.result("forward", v.ArrayU8(response)), "the result buffer that the guest received")


@check("dispatch", uses=["forward", "nothing"])
def what_crosses_to_the_host_and_back_is_bytes(subject: Subject) -> None:
    # Views of the guest's memory would change when the guest goes on.
    host = ScriptedHost()
    instance = subject.instance(host)
    given = (v.Uuid(uuid4()), v.Uuid(uuid4()), v.ArrayU8(subject.argument("nothing")))
    result = instance.dispatch(subject.function_id("forward").bytes, subject.argument("forward", *given))
    found = [type(each).__name__ for each in (*host.dispatched[-1], result)]
    expect_equal(found, ["bytes"] * 4, "the types of the arguments of Host.dispatch and of the result")


@check("dispatch", uses=["indirect"])
def a_callable_is_called_by_its_id(subject: Subject) -> None:
    callable = subject.engine.register_callable(lambda: v.String("from the host"))
    expected = buffers.encode(v.String("from the host"))
    expect_equal(subject.module.indirect(callable), expected, "the result of a callable")


@check("dispatch", uses=["indirect"])
def the_id_of_a_callable_has_64_bits(subject: Subject) -> None:
    host = ScriptedHost()
    instance = subject.instance(host)
    for number in (0, 1, 1 << 31, 1 << 32, 1 << 63, _LARGEST_ID):
        instance.dispatch(subject.function_id("indirect").bytes, subject.argument("indirect", v.U64(number)))
        expect_equal(host.indirect[-1], number, "the argument of Host.dispatch_indirect")


@check("dispatch", uses=["indirect"])
def any_value_of_a_callable_arrives_as_the_same_bytes(subject: Subject) -> None:
    current: list[v.Value] = [v.Unit()]
    callable = subject.engine.register_callable(lambda: current[0])

    def return_value(value: v.Value) -> None:
        current[0] = value
        expect_equal(subject.module.indirect(callable), buffers.encode(value), f"a callable that returns {value!r}")

    subject.for_all(strategies.values(), return_value)


@check("dispatch", uses=["add", "forward"])
def a_missing_module_is_an_error_the_guest_can_handle(subject: Subject) -> None:
    result = _forward(subject, subject.module, uuid4(), "add")
    expect(buffers.error_message(result) is not None, f"expected an error buffer, the guest received {result!r}")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) afterwards")


@check("dispatch", uses=["add", "forward", "indirect"])
def a_missing_function_or_callable_is_an_error_the_guest_can_handle(subject: Subject) -> None:
    module = subject.module
    unknown = module.forward(module.id, uuid4(), subject.argument("add"))
    expect(buffers.error_message(unknown) is not None, f"expected an error buffer, the guest received {unknown!r}")
    missing = module.indirect(_LARGEST_ID)
    expect(buffers.error_message(missing) is not None, f"expected an error buffer, the guest received {missing!r}")


@check("dispatch", uses=["fail", "forward"])
def an_error_of_the_callee_reaches_the_caller_as_it_is(subject: Subject) -> None:
    other = subject.load(1)
    result = _forward(subject, subject.module, other.id, "fail", v.String("the arm is stuck"))
    expect_equal(result, buffers.encode_error("the arm is stuck"), "the result of a callee that failed")


@check("dispatch", uses=["indirect"])
def an_error_of_the_host_reaches_the_guest_as_an_error(subject: Subject) -> None:
    def refuse() -> v.Value:
        raise CallError("not today")

    result = subject.module.indirect(subject.engine.register_callable(refuse))
    expect_equal(buffers.error_message(result), "not today", "the error message that the guest received")


@check("dispatch", needs=[Capability.TRAPS], uses=["add", "crash", "forward"])
def a_trap_of_the_callee_is_an_error_to_the_caller(subject: Subject) -> None:
    other = subject.load(1)
    result = _forward(subject, subject.module, other.id, "crash", v.U32(0))
    expect(buffers.error_message(result) is not None, f"expected an error buffer, the guest received {result!r}")
    expect_equal([subject.module.add(1, 2), other.add(1, 2)], [3, 3], "add(1, 2) of both afterwards")


@check("dispatch", uses=["forward", "malform"])
def a_callee_that_breaks_the_abi_is_an_error_to_the_caller(subject: Subject) -> None:
    other = subject.load(1)
    result = _forward(subject, subject.module, other.id, "malform", v.U32(0))
    expect(buffers.error_message(result) is not None, f"expected an error buffer, the guest received {result!r}")


@check("dispatch", needs=[Capability.TRAPS], uses=["add", "forward_with", "nothing"])
def an_answer_that_finds_no_memory_is_a_trap(subject: Subject) -> None:
    module, other, inner = subject.module, subject.load(1), subject.argument("nothing")
    # In a component, code of its own stands between the host and the allocator, and has its own way to trap.
    kind = {} if subject.guest.kind == COMPONENT else {"kind": TrapKind.ABI}
    for mode, what in ((3, "null"), (4, "a pointer outside of memory")):
        call = f"a dispatch for whose result arora_buffer_alloc returns {what}"
        run = partial(module.forward_with, mode, other.id, subject.function_id("nothing"), inner)
        expect_raises(Trap, run, call, **kind)
        expect_equal(module.add(1, 2), 3, f"add(1, 2) after {call}")


@check("dispatch", uses=["fill", "forward_with"])
def memory_that_grows_for_an_answer_changes_nothing(subject: Subject) -> None:
    other = subject.load(1)
    argument = subject.argument("fill", v.U32(100_000), v.U8(3))
    result = subject.module.forward_with(1, other.id, subject.function_id("fill"), argument)
    expected = subject.result("fill", v.ArrayU8(b"\3" * 100_000))
    expect(result == expected, f"a result of {len(expected)} bytes did not arrive whole")


@check("dispatch", uses=["forward"])
def what_is_dispatched_may_be_any_buffer(subject: Subject) -> None:
    host = ScriptedHost()
    instance, id = subject.instance(host), subject.function_id("forward").bytes

    def send(inner: bytes) -> None:
        buffer = (len(inner) + 4).to_bytes(4, "little") + inner
        argument = subject.argument("forward", v.Uuid(id_of(1)), v.Uuid(id_of(2)), v.ArrayU8(buffer))
        instance.dispatch(id, argument)
        expect_equal(host.dispatched[-1][2], buffer, "the argument buffer of Host.dispatch")

    subject.for_all(st.binary(min_size=1, max_size=200), send)


@check("dispatch", uses=["echo_u8s", "forward", "indirect"])
def every_byte_of_a_large_dispatch_is_where_it_was(subject: Subject) -> None:
    module, other = subject.module, subject.load(1)
    current: list[v.Value] = [v.Unit()]
    callable = subject.engine.register_callable(lambda: current[0])
    for size in (subject.up_to(70_000), subject.up_to(1 << 20), subject.size):
        # Random bytes: with a pattern, swapped bytes or blocks may be equal.
        current[0] = v.ArrayU8(Random(size).randbytes(size))
        result = _forward(subject, module, other.id, "echo_u8s", current[0])
        expect(result == subject.result("echo_u8s", current[0]), f"{size} bytes came back changed from another module")
        result = module.indirect(callable)
        expect(result == buffers.encode(current[0]), f"{size} bytes of a callable arrived changed")
