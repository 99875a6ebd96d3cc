"""Exceptions that the host raises while a guest calls it propagate as the same object."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from ... import buffers
from ... import values as v
from ...errors import CallError, GuestError, Trap, TrapKind
from ...executor import Capability
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises
from ..scripted_host import ScriptedHost
from ..subject import Subject


class _Bug(Exception):
    """A bug in host code: not an AroraError."""


class _Rare(BaseException):
    """An exception that no ``except Exception`` handles."""


@check("exceptions", uses=["add", "indirect"])
def an_exception_of_the_host_comes_out_as_the_same_object(subject: Subject) -> None:
    for kind in (_Bug, ValueError, StopIteration, KeyboardInterrupt, SystemExit):
        bug = kind("of the host")

        def fail(bug: BaseException = bug) -> v.Value:
            raise bug

        callable = subject.engine.register_callable(fail)
        raised = expect_raises(
            kind, partial(subject.module.indirect, callable), f"a callable that raises {kind.__name__}"
        )
        expect(raised is bug, f"expected the same {bug!r} that the callable raised, got {raised!r}")
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {kind.__name__}")


@check("exceptions", uses=["forward", "indirect", "nothing"])
def an_error_that_the_host_raises_is_not_the_guests_to_handle(subject: Subject) -> None:
    # A host returns an error that the guest may handle as an error buffer, and raises all others.
    host = ScriptedHost()
    instance = subject.instance(host)
    given = (v.Uuid(uuid4()), v.Uuid(uuid4()), v.ArrayU8(subject.argument("nothing")))
    calls = {"forward": subject.argument("forward", *given), "indirect": subject.argument("indirect", v.U64(1))}
    for error in (CallError("no"), Trap("elsewhere", kind=TrapKind.UNREACHABLE), GuestError("of another guest")):

        def refuse(error: CallError = error) -> bytes:
            raise error

        host.respond = refuse
        for name, argument in calls.items():
            run = partial(instance.dispatch, subject.function_id(name).bytes, argument)
            raised = expect_raises(type(error), run, f"{name}, where the host raises {error!r}")
            expect(raised is error, f"{name}: expected the same {error!r} that the host raised, got {raised!r}")


@check("exceptions", uses=["add", "forward", "indirect"])
def an_exception_of_the_host_comes_out_through_several_guests(subject: Subject) -> None:
    bug = _Bug("deep below")

    def fail() -> v.Value:
        raise bug

    modules = [subject.load(number) for number in range(3)]
    name, argument = "indirect", subject.argument("indirect", v.U64(subject.engine.register_callable(fail)))
    for module in modules[1:]:
        given = (v.Uuid(module.id), v.Uuid(subject.function_id(name)), v.ArrayU8(argument))
        name, argument = "forward", subject.argument("forward", *given)
    run = partial(subject.engine.dispatch, modules[-1].id, subject.function_id(name), argument)
    raised = expect_raises(_Bug, run, "an exception below three guests")
    expect(raised is bug, f"expected the same {bug!r} that the callable raised, got {raised!r}")
    expect_equal([each.add(1, 2) for each in modules], [3, 3, 3], "add(1, 2) of all afterwards")


@check("exceptions", uses=["add", "indirect"])
def an_exception_that_was_carried_is_not_seen_again(subject: Subject) -> None:
    def fail() -> v.Value:
        raise _Bug

    callable = subject.engine.register_callable(fail)
    for _ in range(3):
        expect_raises(_Bug, partial(subject.module.indirect, callable), "a callable that raises")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) afterwards")
    other = subject.engine.register_callable(lambda: v.U8(1))
    expect_equal(subject.module.indirect(other), buffers.encode(v.U8(1)), "another callable afterwards")


@check("exceptions", uses=["add", "indirect"])
def an_exception_below_a_nested_call_passes_a_guest_twice(subject: Subject) -> None:
    module = subject.module
    bug = LookupError("inside")

    def fail() -> v.Value:
        raise bug

    inner = subject.engine.register_callable(fail)

    def outer() -> v.Value:
        module.indirect(inner)
        return v.Unit()

    run = partial(module.indirect, subject.engine.register_callable(outer))
    raised = expect_raises(LookupError, run, "an exception two calls deep in one guest")
    expect(raised is bug, f"expected the same {bug!r} that was raised, got {raised!r}")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")


@check("exceptions", uses=["indirect"])
def an_exception_handled_halfway_harms_nobody(subject: Subject) -> None:
    module = subject.module

    def fail() -> v.Value:
        raise LookupError("inside")

    inner = subject.engine.register_callable(fail)

    def outer() -> v.Value:
        expect_raises(LookupError, partial(module.indirect, inner), "the inner call")
        return v.U8(7)

    result = module.indirect(subject.engine.register_callable(outer))
    expect_equal(result, buffers.encode(v.U8(7)), "the result of the outer call")


@check("exceptions", needs=[Capability.OUTPUT], uses=["print"])
def an_exception_raised_while_output_is_taken_comes_out_as_itself(subject: Subject) -> None:
    for bug in (OSError("the log is full"), CallError("no"), KeyboardInterrupt(), SystemExit(1), _Rare()):

        class Host(ScriptedHost):
            def write_output(self, fd: int, data: bytes, bug: BaseException = bug) -> None:
                raise bug

        instance, id = subject.instance(Host()), subject.function_id("print").bytes
        raised = _raised_by(partial(instance.dispatch, id, subject.argument("print", v.U32(1), v.String("x"))))
        expect(raised is bug, f"expected the same {bug!r} that Host.write_output raised, got {raised!r}")


@check("exceptions", uses=["add", "forward", "indirect"])
def any_exception_of_the_host_ends_every_guest_it_passes(subject: Subject) -> None:
    modules = [subject.load(number) for number in range(2)]
    kinds = (SystemExit, GeneratorExit, KeyboardInterrupt, CancelledError, StopAsyncIteration, MemoryError, _Rare)
    for kind in kinds:
        bug = kind("of the host")

        def fail(bug: BaseException = bug) -> v.Value:
            raise bug

        callable = subject.engine.register_callable(fail)
        inner = subject.argument("indirect", v.U64(callable))
        for call, what in (
            (partial(modules[0].indirect, callable), "a callable"),
            (partial(modules[1].forward, modules[0].id, subject.function_id("indirect"), inner), "two guests"),
        ):
            raised = _raised_by(call)
            expect(raised is bug, f"{what}: expected the same {bug!r} that the host raised, got {raised!r}")
        expect_equal([each.add(1, 2) for each in modules], [3, 3], f"add(1, 2) after {kind.__name__}")


def _raised_by(call: Callable[[], object]) -> BaseException | None:
    """Return the exception that a call raises, of any kind."""
    try:
        call()
    except BaseException as raised:
        return raised
    return None
