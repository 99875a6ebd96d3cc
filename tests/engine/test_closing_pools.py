"""Calls of pools that are cancelled, and pools that are closed."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path
from typing import Any

import pytest

from arora_core import (
    EngineClosed,
    EnginePool,
    GuestError,
    Interrupted,
    Limits,
    ModuleBusy,
    buffers,
)
from arora_core import values as v
from tests.engine.pooling import ENDLESS, SIZE, Gate, load

ROOT = Path(__file__).parents[2]


def test_a_timeout_ends_the_guest_of_its_task_alone(pool: EnginePool) -> None:
    guest = load(pool, Limits(interruptible=True))
    gate = Gate(pool)

    async def calls() -> Any:
        other = asyncio.ensure_future(guest.indirect.acall(gate.id))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(guest.work.acall(ENDLESS), 0.05)
        gate.open()
        return await other

    assert buffers.decode(bytes(asyncio.run(calls()))) == v.Unit()
    assert [guest.add(number, 1) for number in range(2 * SIZE)] == list(range(1, 2 * SIZE + 1))


def test_a_loop_inside_a_call_of_the_pool_is_told_that_it_could_wait_for_itself(pool: EnginePool) -> None:
    guest = load(pool)

    def host() -> v.Value:
        with pytest.raises(ModuleBusy, match="acall inside a call of the same pool"):
            asyncio.run(guest.add.acall(1, 2))
        with pytest.raises(ModuleBusy, match="cannot be closed from inside one of its calls"):
            pool.close()
        return v.U32(1)

    (callable,) = {each.register_callable(host) for each in pool._engines}
    assert buffers.decode(bytes(guest.indirect(callable))) == v.U32(1)


@pytest.mark.parametrize(
    "use",
    [
        lambda guest: guest.add(1, 2),
        lambda guest: guest.add.submit(1, 2),
        lambda guest: guest.add.batch([1], [2]),
        lambda guest: asyncio.run(guest.add.acall(1, 2)),
    ],
    ids=["call", "submit", "batch", "acall"],
)
def test_a_closed_pool_says_so(pool: EnginePool, use: Callable[[Any], Any]) -> None:
    guest = load(pool)
    pool.close()
    pool.close()
    with pytest.raises(EngineClosed, match="the pool is closed"):
        use(guest)
    with pytest.raises(EngineClosed, match="the pool is closed"):
        load(pool, number=1)


def test_closing_waits_for_what_was_submitted(pool: EnginePool) -> None:
    guest = load(pool)
    futures = [guest.work.submit(100_000) for _ in range(10)]
    pool.close()
    assert [each.result(0) for each in futures] == [100_000] * 10


def test_closing_may_cancel_what_has_not_begun(pool: EnginePool) -> None:
    guest, gate = load(pool), Gate(pool)
    running = [guest.indirect.submit(gate.id) for _ in range(SIZE)]
    waiting = [guest.add.submit(1, 2) for _ in range(5)]
    gate.wait_for(SIZE)
    pool.close(wait=False, cancel_futures=True)
    for each in waiting:
        with pytest.raises(CancelledError):
            each.result(0)
    gate.open()
    assert [buffers.decode(bytes(each.result(60))) for each in running] == [v.Unit()] * SIZE


def test_closing_without_waiting_makes_what_was_submitted(pool: EnginePool) -> None:
    guest, gate = load(pool), Gate(pool)
    futures = [guest.indirect.submit(gate.id) for _ in range(2 * SIZE)]
    pool.close(wait=False)
    gate.open()
    assert [buffers.decode(bytes(each.result(60))) for each in futures] == [v.Unit()] * len(futures)


@pytest.mark.parametrize("executor", ["wasmtime", "native"])
def test_closing_leaves_no_thread_behind(executor: str) -> None:
    before = threading.active_count()
    with EnginePool(SIZE) as pool:
        guest = load(pool, executor=executor)
        wait([guest.add.submit(1, 2) for _ in range(20)])
    assert threading.active_count() <= before


def submitted_and_raised(
    error: BaseException, limits: Limits, name: str, arguments: tuple[int, ...], futures: list[Future[Any]]
) -> None:
    """Leave a pool of two by an exception, while calls are running and waiting."""
    with EnginePool(2, limits=limits) as pool:
        function = load(pool)[name]
        futures += [function.submit(*arguments) for _ in range(5)]
        raise error


def test_an_interrupt_of_the_program_ends_interruptible_guests_and_cancels_the_others() -> None:
    futures: list[Future[Any]] = []
    with pytest.raises(KeyboardInterrupt):
        submitted_and_raised(KeyboardInterrupt(), Limits(interruptible=True), "work", (ENDLESS,), futures)
    ends = [CancelledError if each.cancelled() else type(each.exception()) for each in futures]
    assert set(ends) <= {CancelledError, Interrupted}
    assert ends[-1] is CancelledError


def test_another_exception_waits_for_what_was_submitted() -> None:
    futures: list[Future[Any]] = []
    with pytest.raises(ZeroDivisionError):
        submitted_and_raised(ZeroDivisionError(), Limits(), "add", (1, 2), futures)
    assert [each.result(0) for each in futures] == [3] * 5


def test_a_pool_says_that_it_cannot_be_pickled(pool: EnginePool) -> None:
    with pytest.raises(TypeError, match="make one in each process, or pickle its functions"):
        pickle.dumps(pool)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_is_told_to_make_its_own(pool: EnginePool) -> None:
    guest = load(pool)
    guest.add.submit(1, 2).result()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            guest.add.submit(1, 2)
        except EngineClosed as error:
            os.write(writing, error.message.encode())
        pool.close()
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        assert "a forked process has to make its own" in said.read()


def test_a_pool_is_shown_with_its_size(pool: EnginePool) -> None:
    assert repr(pool) == f"<arora pool of {SIZE} engines>"
    pool.close()
    assert repr(pool) == f"<arora pool of {SIZE} engines, closed>"


INTERRUPTED = """
import signal, threading
from arora_core import EnginePool, Limits
from arora_core.conformance import wasm_guest

def interrupt(done, total):
    # The guests of the other parts run, and this thread is about to wait for them.
    signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
rows = [1] * 2000 + [1 << 40] * 8000
try:
    with EnginePool(2, limits=Limits(interruptible=True)) as pool:
        guest = pool.load_module(wasm_guest().definition(), executor="wasmtime")
        guest.work.batch(rows, errors={errors!r}, progress=interrupt)
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""


@pytest.mark.parametrize("errors", ["raise", "return"])
def test_ctrl_c_ends_a_batch_and_its_pool(errors: str) -> None:
    program = INTERRUPTED.format(errors=errors)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("interrupted 1\n", "")


STRUCK = """
import os, signal, threading
from arora_core import EnginePool, Limits
from arora_core.conformance import wasm_guest

signal.signal(signal.SIGINT, signal.default_int_handler)
with EnginePool(2, limits=Limits(interruptible=True)) as pool:
    guest = pool.load_module(wasm_guest().definition(), executor="wasmtime")
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        guest.work(1 << 40)
    except KeyboardInterrupt:
        print("interrupted", guest.add(1, 2))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
def test_ctrl_c_ends_a_call_of_the_main_thread_and_the_pool_goes_on() -> None:
    done = subprocess.run([sys.executable, "-c", STRUCK], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("interrupted 3\n", "")


def test_a_call_of_an_interruptible_guest_in_the_main_thread_answers_and_raises(pool: EnginePool) -> None:
    guest = load(pool, Limits(interruptible=True))
    assert [guest.add(number, 1) for number in range(10)] == list(range(1, 11))
    with pytest.raises(GuestError, match="no"):
        guest.fail("no")
