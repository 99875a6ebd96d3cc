"""Limits of memory, time and fuel: each executor enforces those it declares, and refuses the others."""

from __future__ import annotations

import threading
from time import monotonic

import pytest

from arora_core import Engine
from arora_core.errors import LimitExceeded, Trap, TrapKind, UnsupportedLimit
from arora_core.executor import Executor, Limits
from arora_core.header import ModuleDefinition
from tests.wasm.guests import (
    ANSWER,
    ARGUMENT,
    BUSY,
    DISPATCH,
    ECHO,
    ENDLESS,
    EXECUTORS,
    FD_WRITE,
    FORWARD,
    HEADER,
    IDS,
    RUN,
    Load,
    StubHost,
    guest,
    imported,
)


def enforcing(*limits: Limits) -> pytest.MarkDecorator:
    """Parametrize a test with each executor and each of these limits that it declares to enforce."""
    pairs = [
        pytest.param(executor, limit, id=f"{name}-{'+'.join(limit.requested())}")
        for name, executor in EXECUTORS.items()
        for limit in limits
        if executor.capabilities.issuperset(limit.requested().values())
    ]
    return pytest.mark.parametrize(("executor", "limits"), pairs)


FUEL, DEADLINE, MEMORY = Limits(fuel=100_000), Limits(deadline=0.5), Limits(memory=1 << 20)


def refuses(executor: type[Executor], limits: Limits) -> bool:
    with Engine() as engine:
        try:
            engine.load_module(ModuleDefinition(HEADER, guest()), executor=executor.name, limits=limits)
        except UnsupportedLimit:
            return True
        return False


@pytest.mark.parametrize("limits", [FUEL, DEADLINE, MEMORY], ids=["fuel", "deadline", "memory"])
def test_a_limit_is_refused_exactly_where_it_is_not_declared(executor: type[Executor], limits: Limits) -> None:
    declared = executor.capabilities.issuperset(limits.requested().values())
    assert refuses(executor, limits) is not declared


# Memory.


@enforcing(Limits(memory=65536))
def test_a_module_that_begins_beyond_its_memory_limit_is_refused(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded, match="begins with 131072 bytes, its limit is 65536 bytes of memory") as caught:
        load(guest(), limits=limits)
    assert caught.value.limit == "memory"


@enforcing(MEMORY)
def test_a_table_beyond_the_memory_limit_is_refused(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest="(table 1000000 funcref)"), limits=limits)


@enforcing(MEMORY)
def test_a_guest_cannot_grow_its_table_beyond_the_memory_limit(load: Load, limits: Limits) -> None:
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) (table.grow $t (ref.null func) (i32.const 1000000))) (local.get $at)"""
    instance = load(guest(body, rest="(table $t 1 funcref)"), limits=limits)
    assert instance.dispatch(RUN, ARGUMENT)[4:] == b"\xff" * 4


@enforcing(MEMORY)
def test_tables_count_together(load: Load, limits: Limits) -> None:
    # Eight tables of 160 KiB each: 1.25 MiB.
    tables = "".join("(table 20480 funcref)" for _ in range(8))
    with pytest.raises(LimitExceeded, match=r"begins with tables of 163840 elements, its limit is 1048576 bytes"):
        load(guest(rest=tables), limits=limits)


@enforcing(MEMORY)
def test_memory_has_what_the_tables_leave(load: Load, limits: Limits) -> None:
    grown = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) (memory.grow (i32.const {}))) (local.get $at)"""
    # A page is 64 KiB, and the limit 16 pages; the table takes 8 of them and part of another.
    for pages, answer in ((6, (2).to_bytes(4, "little")), (7, b"\xff" * 4)):
        instance = load(guest(grown.format(pages), rest="(table 66000 funcref)"), limits=limits)
        assert instance.dispatch(RUN, ARGUMENT)[4:] == answer


@enforcing(MEMORY)
def test_many_tables_cannot_grow_to_the_limit_each(load: Load, limits: Limits) -> None:
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) (i32.and (table.grow $t (ref.null func) (i32.const 100000))
        (table.grow $u (ref.null func) (i32.const 100000)))) (local.get $at)"""
    instance = load(guest(body, rest="(table $t 1 funcref) (table $u 1 200000 funcref)"), limits=limits)
    assert instance.dispatch(RUN, ARGUMENT)[4:] == b"\xff" * 4


@enforcing(MEMORY)
def test_a_guest_that_is_out_of_memory_for_its_argument_broke_the_abi(load: Load, limits: Limits) -> None:
    large = (1 << 20).to_bytes(4, "little") + bytes((1 << 20) - 4)
    with pytest.raises(Trap, match=r"arora_buffer_alloc\(1048584\) returned null") as caught:
        load(guest(), limits=limits).dispatch(RUN, large)
    assert caught.value.kind is TrapKind.ABI


# Time and fuel.


@enforcing(FUEL, DEADLINE, Limits(fuel=2**63, deadline=0.05))
def test_a_limit_stops_a_guest_that_never_ends(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(ENDLESS), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == ("fuel" if limits is FUEL else "deadline")


@enforcing(FUEL, DEADLINE)
def test_a_limit_stops_a_guest_that_never_ends_to_initialize(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest=f'(func (export "_initialize") {ENDLESS})'), limits=limits)


@enforcing(FUEL, DEADLINE)
def test_every_outermost_call_has_the_whole_limit(load: Load, limits: Limits) -> None:
    body = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (loop $again (br $again))))" + ECHO
    instance = load(guest(body), limits=limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@enforcing(FUEL, Limits(deadline=0.2))
def test_a_nested_call_does_not_begin_a_limit_anew(load: Load, limits: Limits) -> None:
    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        return instance.dispatch(RUN, ANSWER)

    body = f"""(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (return {ECHO})))
      (loop $again (drop {FORWARD}) (br $again)) (unreachable)"""
    instance = load(guest(body, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer), limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ARGUMENT)


SLEEP = f"""(i64.store (i32.const {256 + 24}) (i64.const 20000000000)) (i32.store (i32.const {256 + 16}) (i32.const 1))
  (drop (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600)))"""
"""Sleeps for twenty seconds in WASI."""
LONG_RANDOM = """(drop (memory.grow (i32.const 16384)))
  (loop $again (drop (call $random_get (i32.const 65536) (i32.const 0x3fff0000))) (br $again))"""


@enforcing(Limits(deadline=0.1))
@pytest.mark.parametrize("when", ["called", "initialized", "instantiated"])
def test_a_guest_that_sleeps_is_stopped_at_its_deadline(load: Load, limits: Limits, when: str) -> None:
    rest = {
        "called": "",
        "initialized": f'(func (export "_initialize") {SLEEP})',
        # Until it has been instantiated, a guest has no memory that WASI could read, so it cannot sleep.
        "instantiated": f"(func $start {ENDLESS}) (start $start)",
    }[when]
    began = monotonic()
    with pytest.raises(LimitExceeded, match=r"ran longer than its deadline of 0\.1 s"):
        load(guest(SLEEP + ECHO, imports=imported("poll_oneoff"), rest=rest), limits=limits).dispatch(RUN, ARGUMENT)
    assert monotonic() - began < 10


@enforcing(Limits(deadline=0.1))
def test_a_guest_is_stopped_while_the_host_makes_random_numbers_for_it(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(LONG_RANDOM + ECHO, imports=imported("random_get")), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == "deadline"


BULK = {
    "memory.fill": "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))",
    "memory.copy": "(memory.copy (i32.const 0) (i32.const 8) (i32.const 65536))",
    "memory.init": "(memory.init $bytes (i32.const 4096) (i32.const 0) (i32.const 65536))",
    "table.fill": "(table.fill $table (i32.const 0) (ref.null func) (i32.const 65536))",
    "table.copy": "(table.copy $table $table (i32.const 0) (i32.const 1) (i32.const 65535))",
    "table.init": "(table.init $table $functions (i32.const 0) (i32.const 0) (i32.const 10000))",
}


@enforcing(Limits(fuel=50_000))
@pytest.mark.parametrize("instruction", BULK.values(), ids=BULK)
def test_instructions_that_move_many_bytes_cost_a_unit_of_fuel_for_each(
    load: Load, limits: Limits, instruction: str
) -> None:
    if (load.executor.version() or "").startswith("45."):
        pytest.skip("Wasmtime 45 charges one unit for any number of bytes")
    body = f"""(local $i i32) (loop $again {instruction}
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))"""
    rest = f"""(table $table 65536 funcref) (data $bytes "{"x" * 65536}") (func $nothing)
      (elem $functions func {"$nothing " * 10_000})"""
    with pytest.raises(LimitExceeded) as caught:
        load(guest(body + ECHO, rest=rest), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == "fuel"


@enforcing(FUEL)
def test_random_numbers_cost_a_unit_of_fuel_a_byte(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded, match=r"units of fuel left, and asked for work of 1073676288") as caught:
        load(guest(LONG_RANDOM + ECHO, imports=imported("random_get")), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == "fuel"


@enforcing(FUEL)
def test_output_costs_a_unit_of_fuel_a_byte(load: Load, limits: Limits) -> None:
    write = """(i32.store (i32.const 64) (i32.const 0)) (i32.store (i32.const 68) (i32.const 10000))
      (loop $again (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72))) (br $again))"""
    host = StubHost()
    with pytest.raises(LimitExceeded) as caught:
        load(guest(write + ECHO, imports=FD_WRITE), host, limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == "fuel"
    assert 5 <= len(host.output) <= 10


@enforcing(FUEL)
def test_a_large_argument_costs_its_caller_a_unit_of_fuel_a_byte(load: Load, limits: Limits) -> None:
    forward = f"(i32.store (i32.const 1024) (i32.const 30000)) (loop $again (drop {FORWARD}) (br $again))"
    calls: list[int] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append(len(argument))
        return ARGUMENT

    host = StubHost(on_dispatch=answer)
    body = forward.replace("(local.get 0)", "(i32.const 1024)") + ECHO
    with pytest.raises(LimitExceeded) as caught:
        load(guest(body, imports=DISPATCH, rest=IDS), host, limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == "fuel"
    assert calls == [30000] * 3


@enforcing(Limits(deadline=0.1))
def test_a_called_guest_without_limits_sleeps_no_longer_than_its_caller_may(load: Load, limits: Limits) -> None:
    sleeper = load(guest(SLEEP + ECHO, imports=imported("poll_oneoff")))
    host = StubHost(on_dispatch=lambda module, function, argument: sleeper.dispatch(RUN, argument))
    began = monotonic()
    with pytest.raises(LimitExceeded, match=r"deadline of 0\.1 s"):
        load(guest(f"(drop {FORWARD})" + ECHO, imports=DISPATCH, rest=IDS), host, limits).dispatch(RUN, ARGUMENT)
    assert monotonic() - began < 10


@enforcing(Limits(deadline=0.5))
def test_a_caller_is_stopped_once_guests_without_limits_have_returned_after_its_deadline(
    load: Load, limits: Limits
) -> None:
    if load.executor.name == "browser":
        pytest.skip("ends the call of the guest without limits, too")
    busy = load(guest(BUSY + ECHO))
    returned: list[float] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        while not returned or returned[-1] < 0.6:
            busy.dispatch(RUN, argument)
            returned.append(monotonic() - began)
        return argument

    caller = load(guest(f"(drop {FORWARD}) (loop)" + ECHO, imports=DISPATCH, rest=IDS), StubHost(answer), limits)
    began = monotonic()
    with pytest.raises(LimitExceeded, match=r"deadline of 0\.5 s"):
        caller.dispatch(RUN, ARGUMENT)
    assert returned[-1] >= 0.6


@enforcing(Limits(deadline=0.5))
def test_a_deadline_of_one_instance_leaves_another_alone(load: Load, limits: Limits) -> None:
    executor = load.executor()
    patient = load(guest(BUSY + ECHO), limits=Limits(deadline=60), executor=executor)
    hasty = load(guest(ENDLESS), limits=limits, executor=executor)
    failures: list[BaseException] = []

    def run_into_the_deadline() -> None:
        try:
            hasty.dispatch(RUN, ARGUMENT)
        except LimitExceeded as exceeded:
            failures.append(exceeded)

    thread = threading.Thread(target=run_into_the_deadline)
    thread.start()
    assert patient.dispatch(RUN, ARGUMENT) == ARGUMENT
    thread.join()
    assert len(failures) == 1


@pytest.mark.usefixtures("no_garbage_of_earlier_tests")
@enforcing(Limits(deadline=60))
def test_no_thread_is_left_once_the_executor_is_closed(load: Load, limits: Limits) -> None:
    before = set(threading.enumerate())
    executor = load.executor()
    instance = load(guest(), limits=limits, executor=executor)
    instance.dispatch(RUN, ARGUMENT)
    instance.close()
    executor.close()
    assert set(threading.enumerate()) <= before
