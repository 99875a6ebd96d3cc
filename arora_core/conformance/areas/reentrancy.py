"""Calls of a guest that is already running."""

from __future__ import annotations

from functools import partial

from ... import buffers
from ... import values as v
from ...errors import ModuleBusy, Trap
from ...executor import Capability
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises, unless_restarted
from ..subject import Subject


@check("reentrancy", uses=["count", "forward"])
def a_nested_call_is_made_once(subject: Subject) -> None:
    subject.require_single_calls()


@check("reentrancy", uses=["count", "descend", "forward"])
def a_guest_calls_itself_through_the_host(subject: Subject) -> None:
    subject.require_single_calls()
    for depth in (1, 2, 10, 40):
        expect_equal(subject.module.descend(subject.module.id, depth), depth, f"descend({depth})")


@check("reentrancy", uses=["count", "forward", "walk"])
def two_guests_call_each_other_in_turn(subject: Subject) -> None:
    subject.require_single_calls()
    module, other = subject.module, subject.load(1)
    route = (other.id.bytes + module.id.bytes) * 10
    first = module.walk(route, 1, 0)
    elsewhere = subject.new_engine()
    again, _ = [subject.load(number, engine=elsewhere) for number in (0, 1)]
    expect_equal(again.walk(route, 1, 0), first, "the same walk in another engine")
    expect(
        module.walk(route, 1, 0) != first,
        "a second walk returned the same as the first, although guests count their visits",
    )


@check("reentrancy", uses=["count", "descend", "forward"])
def nesting_beyond_the_limit_is_an_error_the_guest_can_handle(subject: Subject) -> None:
    subject.require_single_calls()
    module = subject.module
    result = subject.dispatch("descend", v.Uuid(module.id), v.U32(500))
    message = buffers.error_message(result)
    expect(message is not None and "64" in message, f"expected an error that names the limit of 64, got {result!r}")
    expect_equal(module.descend(module.id, 3), 3, "descend(3) afterwards")


@check("reentrancy", uses=["add", "count", "indirect"])
def a_callable_may_call_the_guest_that_called_it(subject: Subject) -> None:
    module = subject.module
    callable = subject.engine.register_callable(lambda: v.U32(module.add(module.count(), 40)))
    expect_equal(module.indirect(callable), buffers.encode(v.U32(41)), "a callable that calls its caller twice")


@check("reentrancy", uses=["checksum", "forward", "indirect"])
def a_nested_call_leaves_the_argument_of_the_outer_one_alone(subject: Subject) -> None:
    module = subject.module
    callable = subject.engine.register_callable(lambda: v.Boolean(module.checksum(b"\xff" * 5000) > 0))
    argument = subject.argument("indirect", v.U64(callable))
    result = module.forward(module.id, subject.function_id("indirect"), argument)
    inner = buffers.encode(v.Boolean(True))
    expect_equal(result, subject.result("indirect", v.ArrayU8(inner)), "the result of the inner call")


@check("reentrancy", needs=[Capability.TRAPS], uses=["add", "crash", "indirect"])
def a_trap_in_a_nested_call_leaves_the_outer_one_running(subject: Subject) -> None:
    module = subject.module

    def crash() -> v.Value:
        expect_raises(Trap, partial(module.crash, 0), "crash(0) inside a call of the same guest")
        return v.U32(module.add(2, 3))

    outer = partial(module.indirect, subject.engine.register_callable(crash))
    result = unless_restarted(outer, "the outer call")
    expect(result in (None, buffers.encode(v.U32(5))), f"the outer call returned {result!r}, expected 5")


@check("reentrancy", uses=["add", "indirect"])
def a_module_cannot_be_unloaded_from_inside_its_call(subject: Subject) -> None:
    module = subject.module

    def unload() -> v.Value:
        expect_raises(ModuleBusy, partial(subject.engine.unload, module), "unload from inside a call")
        return v.Unit()

    result = module.indirect(subject.engine.register_callable(unload))
    expect_equal(result, buffers.encode(v.Unit()), "the result of the call")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")
