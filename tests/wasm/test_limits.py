"""Limits of memory, time and fuel, by what an executor says it enforces."""

from __future__ import annotations

import pytest

from arora_core.errors import LimitExceeded, Trap, TrapKind
from arora_core.executor import Limits
from tests.wasm.guests import ANSWER, ARGUMENT, DISPATCH, ECHO, ENDLESS, FORWARD, IDS, RUN, Load, StubHost, guest


def test_a_module_that_begins_beyond_its_memory_limit_is_refused(load: Load) -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(), limits=Limits(memory=65536))
    assert caught.value.limit == "memory"


def test_a_table_beyond_the_memory_limit_is_refused(load: Load) -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest="(table 1000000 funcref)"), limits=Limits(memory=1 << 20))


def test_a_guest_cannot_grow_beyond_its_memory_limit(load: Load) -> None:
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) (memory.grow (i32.const 30))) (local.get $at)"""
    assert load(guest(body), limits=Limits(memory=1 << 20)).dispatch(RUN, ARGUMENT)[4:] == b"\xff" * 4


def test_a_guest_that_is_out_of_memory_for_its_argument_broke_the_abi(load: Load) -> None:
    large = (1 << 20).to_bytes(4, "little") + bytes((1 << 20) - 4)
    with pytest.raises(Trap, match=r"arora_buffer_alloc\(1048584\) answered null") as caught:
        load(guest(), limits=Limits(memory=1 << 20)).dispatch(RUN, large)
    assert caught.value.kind is TrapKind.ABI


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05), Limits(fuel=2**63, deadline=0.05)])
def test_a_limit_stops_a_guest_that_never_ends(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded) as caught:
        load(guest(ENDLESS), limits=limits).dispatch(RUN, ARGUMENT)
    assert caught.value.limit == ("fuel" if limits.fuel == 100_000 else "deadline")


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05)])
def test_a_limit_stops_a_guest_that_never_ends_to_initialize(load: Load, limits: Limits) -> None:
    with pytest.raises(LimitExceeded):
        load(guest(rest=f'(func (export "_initialize") {ENDLESS})'), limits=limits)


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.05)])
def test_every_outermost_call_has_the_whole_limit(load: Load, limits: Limits) -> None:
    body = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (loop $again (br $again))))" + ECHO
    instance = load(guest(body), limits=limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("limits", [Limits(fuel=100_000), Limits(deadline=0.2)])
def test_a_nested_call_does_not_begin_a_limit_anew(load: Load, limits: Limits) -> None:
    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        return instance.dispatch(RUN, ANSWER)

    body = f"""(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (return {ECHO})))
      (loop $again (drop {FORWARD}) (br $again)) (unreachable)"""
    instance = load(guest(body, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer), limits)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ARGUMENT)
