"""Isolated libraries in engines: in threads and tasks, with other executors, and by limits."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from itertools import permutations
from threading import Thread
from typing import Any

import pytest

from arora_core import Engine, Interrupted, Limits, buffers
from arora_core import values as v
from arora_core.conformance.guests import native_guest, wasm_guest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")


def test_engines_in_threads_have_workers_of_their_own_at_the_same_time() -> None:
    answers: list[list[int]] = [[] for _ in range(4)]

    def work(mine: list[int]) -> None:
        with Engine() as engine:
            guest = native_guest(own_process=True)
            module = engine.load_module(guest.definition(), executor="native-isolated")
            mine.extend(module.count() for _ in range(100))

    threads = [Thread(target=work, args=(each,)) for each in answers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [list(range(1, 101))] * 4


def test_a_task_that_is_cancelled_ends_its_call() -> None:
    async def main(engine: Engine) -> None:
        module: Any = engine.load_module(
            native_guest(own_process=True).definition(),
            executor="native-isolated",
            limits=Limits(interruptible=True),
        )
        task = asyncio.ensure_future(module.spin.acall())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, Interrupted)):
            await task
        assert await module.add.acall(1, 2) == 3

    with Engine() as engine:
        asyncio.run(main(engine))


@pytest.mark.parametrize("order", list(permutations(["native", "native-isolated", "wasmtime"])), ids="-".join)
def test_modules_on_three_executors_call_each_other_and_carry_an_exception(order: tuple[str, ...]) -> None:
    guests = {"native": native_guest(), "native-isolated": native_guest(own_process=True), "wasmtime": wasm_guest()}
    bug = LookupError("below all of them")

    def fail() -> v.Value:
        raise bug

    with ExitStack() as stack:
        engine = stack.enter_context(Engine())
        modules = [engine.load_module(guests[name].definition(at), executor=name) for at, name in enumerate(order)]
        route = b"".join(each.id.bytes for each in modules[1:] + modules * 3)
        walked = modules[0].walk(route, 7, 0)
        with Engine() as alike:
            others = [
                alike.load_module(guests["wasmtime"].definition(at), executor="wasmtime") for at in range(len(order))
            ]
            assert others[0].walk(route, 7, 0) == walked
        function, argument = _id_of(modules[2], "indirect"), engine.register_callable(fail)
        inner = _argument(modules[2], "indirect", v.U64(argument))
        for below, above in ((modules[2], modules[1]), (modules[1], modules[0])):
            given = (v.Uuid(below.id), v.Uuid(function), v.ArrayU8(inner))
            function, inner = _id_of(above, "forward"), _argument(above, "forward", *given)
        with pytest.raises(LookupError) as raised:
            engine.dispatch(modules[0].id, function, inner)
        assert raised.value is bug
        assert [each.add(1, 2) for each in modules] == [3, 3, 3]


def _id_of(module: Any, name: str) -> Any:
    return module[name].id


def _argument(module: Any, name: str, *given: v.Value) -> bytes:
    parameters = module[name].parameters
    fields = [(parameter.id, each) for parameter, each in zip(parameters, given, strict=True)]
    return buffers.encode(v.Structure(module[name].id, fields))


def test_native_modules_with_limits_run_isolated_and_others_do_not() -> None:
    guest = native_guest()
    with Engine() as engine:
        assert engine.load_module(guest.definition()).executor == "native"
        limited = engine.load_module(guest.definition(1), limits=Limits(deadline=5))
        assert limited.executor == "native-isolated"
