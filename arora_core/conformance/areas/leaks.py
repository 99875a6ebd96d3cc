"""Every block that is allocated in the guest's memory is freed exactly once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ... import values as v
from ...errors import GuestError, Trap
from ...executor import Capability
from ..checking import check
from ..expecting import CheckFailed, CheckSkipped, expect_equal, expect_raises
from ..measuring import TRIES, resident_memory
from ..subject import Subject

_TIMES = 20
_LOADS = 15
_MEGABYTES = 4
_CLOSED = 9
"""A descriptor that guests cannot write to."""


def _balanced(subject: Subject, call: Callable[[], object], what: str) -> None:
    """Raise CheckFailed if repeated calls change the number of blocks in use, or free a block twice."""
    # Call once before counting: executors may keep memory of earlier calls for later ones.
    subject.allocations()
    call()
    before = subject.allocations()
    times = subject.times(_TIMES)
    for _ in range(times):
        call()
    after = subject.allocations()
    expect_equal(after[0] - before[0], 0, f"blocks not freed after {times} times {what}")
    expect_equal(after[3] - before[3], 0, f"frees of blocks that were not in use, after {times} times {what}")


@check("leaks", uses=["allocations", "checksum", "echo_str", "fill"])
def a_call_gives_back_its_argument_and_its_result(subject: Subject) -> None:
    _balanced(subject, partial(subject.module.echo_str, "x" * 100), "echo_str")
    _balanced(subject, partial(subject.module.checksum, bytes(subject.up_to(1 << 20))), "a large checksum")
    _balanced(subject, partial(subject.module.fill, subject.up_to(100_000), 1), "a large fill")


@check("leaks", uses=["allocations", "fail"])
def an_orderly_failure_gives_everything_back(subject: Subject) -> None:
    def fail() -> None:
        expect_raises(GuestError, partial(subject.module.fail, "x"), "fail('x')")

    _balanced(subject, fail, "fail('x')")


@check("leaks", uses=["allocations", "write"])
def a_call_that_an_exception_unwinds_gives_back_its_argument(subject: Subject) -> None:
    module, level = subject.module, 0
    data = {size: bytes(subject.up_to(size)) for size in (100, 70_000)}

    def fail() -> v.Value:
        nonlocal level
        level -= 1
        if level > 0:
            module.write(_CLOSED, data[size], callable)
        raise LookupError

    callable = subject.engine.register_callable(fail)

    def call(depth: int) -> None:
        nonlocal level
        level = depth
        expect_raises(LookupError, partial(module.write, _CLOSED, data[size], callable), "write(...) of one that fails")

    for depth in (1, 4):
        for size in data:
            _balanced(subject, partial(call, depth), f"an exception of the host, {depth} deep, with {size} bytes each")


@check("leaks", needs=[Capability.TRAPS], uses=["allocations", "last_words"])
def a_call_that_traps_gives_back_its_argument(subject: Subject) -> None:
    for size in (100, 70_000):
        crash = partial(subject.module.last_words, "x" * subject.up_to(size))
        _balanced(subject, partial(expect_raises, Trap, crash, "last_words"), f"a trap of a call with {size} bytes")


@check("leaks", uses=["add", "allocations", "echo_str"])
def no_block_is_given_back_twice(subject: Subject) -> None:
    for turn in range(subject.times(_TIMES)):
        subject.module.add(1, 2)
        subject.module.echo_str("x" * turn)
    expect_equal(subject.allocations()[3], 0, "frees of blocks that were not in use")


@check("leaks", uses=["allocations", "echo_str", "forward"])
def a_dispatch_gives_everything_back_in_both_guests(subject: Subject) -> None:
    module, other = subject.module, subject.load(1)
    argument = subject.argument("echo_str", v.String("y" * 200))
    module.forward(other.id, subject.function_id("echo_str"), argument)
    subject.allocations(other)
    before = subject.allocations(other)
    _balanced(subject, partial(module.forward, other.id, subject.function_id("echo_str"), argument), "forward")
    after = subject.allocations(other)
    expect_equal((after[0] - before[0], after[3]), (0, 0), "blocks that the callee did not free, and freed twice")


@check("leaks", uses=["allocations", "forward", "indirect", "nothing"])
def a_dispatch_that_fails_gives_everything_back(subject: Subject) -> None:
    module = subject.module
    unknown = partial(module.forward, module.id, module.id, subject.argument("nothing"))
    _balanced(subject, unknown, "a dispatch of an unknown function")
    _balanced(subject, partial(module.indirect, 1 << 40), "an unknown callable")


@check("leaks", uses=["allocations", "indirect"])
def a_callable_gives_everything_back(subject: Subject) -> None:
    callable = subject.engine.register_callable(lambda: v.ArrayF64(range(500)))
    _balanced(subject, partial(subject.module.indirect, callable), "indirect")


@check("leaks", uses=["allocations", "count", "descend", "forward"])
def nested_calls_give_everything_back(subject: Subject) -> None:
    subject.require_single_calls()
    _balanced(subject, partial(subject.module.descend, subject.module.id, 10), "descend(10)")


@check("leaks", uses=["echo_u8s", "pages"])
def memory_does_not_grow_from_call_to_call(subject: Subject) -> None:
    module, data = subject.module, bytes(subject.up_to(50_000))
    for _ in range(10):
        module.echo_u8s(data)
    before = module.pages()
    times = subject.times(200)
    for _ in range(times):
        module.echo_u8s(data)
    expect_equal(module.pages(), before, f"pages of memory after {times} more calls of the same size")


@check("leaks", uses=["fill"], may_use=["hog"])
def an_unloaded_module_gives_its_memory_back(subject: Subject) -> None:
    if subject.size < _MEGABYTES << 20:
        raise CheckSkipped(f"the growth of the process shows only with size={_MEGABYTES << 20} or more")

    def once() -> None:
        module = subject.load()
        if "hog" in subject.guest.functions:
            module.hog(_MEGABYTES << 4)
        else:
            module.fill(_MEGABYTES << 20, 1)
        subject.engine.unload(module)

    for _ in range(3):
        once()
    most = _MEGABYTES * _LOADS // 3
    for _ in range(TRIES):
        before = resident_memory()
        for _ in range(_LOADS):
            once()
        grown = (resident_memory() - before) >> 20
        if grown < most:
            return
    raise CheckFailed(f"the process grew by {grown} MiB over {_LOADS} modules of {_MEGABYTES} MiB, each unloaded")
