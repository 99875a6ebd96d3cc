"""Components (ABI §6) run as core guests do: calls, failures, limits and output."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from arora_core import Engine, GuestError, HostModule, Limits, LoadedModule, Trap, TrapKind, buffers
from arora_core import values as v
from arora_core.errors import LimitExceeded

from .component_guest import (
    CALLEE,
    CONNECT,
    CRASH,
    DISPATCH,
    ECHO,
    INDIRECT,
    LIE,
    MODULE,
    NAMES,
    PRINT,
    SHORT,
    SLEEP,
    SPIN,
    definition,
    function_id,
    header,
)

MEBIBYTE = 1 << 20


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture
def module(engine: Engine) -> LoadedModule:
    return engine.load_module(definition())


def call(engine: Engine, number: int, data: bytes = b"data") -> bytes:
    """Call a function of the component, which gives its argument buffer back where it does nothing else."""
    id = function_id(number)
    argument = buffers.encode(v.Structure(id, [(id, v.ArrayU8(data))]))
    result = buffers.decode(engine.dispatch(MODULE, id, argument))
    if isinstance(result, v.Structure):
        (field,) = result.fields
        assert isinstance(field.value, v.ArrayU8)
        return bytes(field.value.items)
    raise AssertionError(f"{result!r}")


def answer_of(engine: Engine, callable_id: int) -> v.Value:
    """Let the component call a callable; return the value that it got."""
    id = function_id(INDIRECT)
    argument = buffers.encode(v.Structure(id, [(id, v.U64(callable_id))]))
    return buffers.decode(engine.dispatch(MODULE, id, argument))


# Calls.


def test_a_component_is_run_by_the_executor_of_components(module: LoadedModule) -> None:
    assert module.executor == "wasmtime-component"


@pytest.mark.parametrize("size", [0, 5, 500, 70_000, 8 * MEBIBYTE])
def test_buffers_of_any_size_come_back_unchanged(engine: Engine, module: LoadedModule, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    assert call(engine, ECHO, data[:size]) == data[:size]


def test_an_error_that_the_component_returns_is_a_guest_error(module: LoadedModule) -> None:
    with pytest.raises(GuestError, match=r"component_ff\.fail: not today$"):
        module["fail"](b"")


def test_components_call_one_another(engine: Engine, module: LoadedModule) -> None:
    engine.load_module(definition(module=CALLEE))
    assert call(engine, DISPATCH) == b"data"


def test_a_component_calls_a_host_module(engine: Engine, module: LoadedModule) -> None:
    callee = HostModule(header(CALLEE, NAMES[:1]))

    @callee.function("echo")
    def echo(data: bytes) -> bytes:
        return bytes(reversed(data))

    engine.register(callee)
    id = function_id(DISPATCH)
    parameter = header().exports[0].parameters[0].id
    argument = buffers.encode(v.Structure(function_id(ECHO), [(parameter, v.ArrayU8(b"abc"))]))
    assert engine.dispatch(MODULE, id, argument).endswith(b"cba")


def test_a_failed_dispatch_is_an_error_that_the_component_may_return(engine: Engine, module: LoadedModule) -> None:
    with pytest.raises(GuestError, match=r"component_ff\.dispatch: .*" + str(CALLEE)):
        module["dispatch"](b"")


def test_a_component_calls_a_callable(engine: Engine, module: LoadedModule) -> None:
    assert answer_of(engine, engine.register_callable(lambda: v.String("forty-two"))) == v.String("forty-two")


def test_a_component_may_be_entered_again_while_it_waits_for_its_host(engine: Engine, module: LoadedModule) -> None:
    depth = 0

    def again() -> v.Value:
        nonlocal depth
        depth += 1
        return answer_of(engine, callable_id) if depth < 5 else v.U64(depth)

    callable_id = engine.register_callable(again)
    assert answer_of(engine, callable_id) == v.U64(5)


MANY_CALLS = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from component_guest import ECHO, MODULE, definition, function_id
from arora_core import Engine, buffers, values as v

id = function_id(ECHO)
argument = buffers.encode(v.Structure(id, [(id, v.ArrayU8(bytes(100)))]))
with Engine() as engine:
    engine.load_module(definition())
    most = []
    for calls in (1000, 100_000):
        for _ in range(calls):
            engine.dispatch(MODULE, id, argument)
        most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(most[1] - most[0])
"""


def test_a_hundred_thousand_calls_keep_no_memory() -> None:
    # In a process of its own, whose memory nothing else changes.
    run = [sys.executable, "-c", MANY_CALLS, str(Path(__file__).parent)]
    kilobytes = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert kilobytes < 1024


# Failures.


def test_a_trap_names_its_kind_and_leaves_the_component_usable(engine: Engine, module: LoadedModule) -> None:
    with pytest.raises(Trap, match="unreachable") as raised:
        call(engine, CRASH)
    assert raised.value.kind is TrapKind.UNREACHABLE
    assert call(engine, ECHO) == b"data"


def test_the_exception_of_a_callable_is_the_same_object(engine: Engine, module: LoadedModule) -> None:
    exception = KeyError("mine")

    def fail() -> v.Value:
        raise exception

    with pytest.raises(KeyError) as raised:
        answer_of(engine, engine.register_callable(fail))
    assert raised.value is exception
    assert call(engine, ECHO) == b"data"


def test_a_result_that_is_no_buffer_is_a_trap(engine: Engine, module: LoadedModule) -> None:
    with pytest.raises(Trap, match="minimum is 5") as raised:
        call(engine, SHORT)
    assert raised.value.kind is TrapKind.ABI


def test_an_argument_that_is_no_buffer_is_a_trap(engine: Engine, module: LoadedModule) -> None:
    with pytest.raises(Trap, match="with a list of 6 bytes that is not a buffer of this size"):
        call(engine, LIE)


def test_a_function_of_wasi_that_is_not_granted_is_a_trap_that_names_it(engine: Engine, module: LoadedModule) -> None:
    with pytest.raises(Trap, match=r"wasi:sockets/network@0\.2\.3\.\[method\]network\.secret, which is not granted"):
        call(engine, CONNECT)


def test_ten_thousand_failures_keep_no_memory(engine: Engine) -> None:
    module = engine.load_module(definition(), limits=Limits(memory=2 * MEBIBYTE))
    for _ in range(10_000):
        with pytest.raises(Trap):
            call(engine, CRASH)
    assert call(engine, ECHO, bytes(1000)) == bytes(1000)
    assert module.executor == "wasmtime-component"


# Limits.


@pytest.mark.parametrize("number", [SPIN, SLEEP])
def test_a_component_is_stopped_at_its_deadline(engine: Engine, number: int) -> None:
    engine.load_module(definition(), limits=Limits(deadline=0.2))
    begun = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"deadline of 0\.2 s") as raised:
        call(engine, number)
    assert raised.value.limit == "deadline"
    assert time.monotonic() - begun < 2
    assert call(engine, ECHO) == b"data"


def test_a_component_is_stopped_when_its_fuel_is_used_up(engine: Engine) -> None:
    engine.load_module(definition(), limits=Limits(fuel=100_000))
    with pytest.raises(LimitExceeded, match="100000 units of fuel"):
        call(engine, SPIN)
    assert call(engine, ECHO) == b"data"


def test_a_component_is_refused_more_memory_than_its_limit(engine: Engine) -> None:
    engine.load_module(definition(), limits=Limits(memory=MEBIBYTE))
    with pytest.raises((Trap, LimitExceeded)):
        call(engine, ECHO, bytes(2 * MEBIBYTE))
    assert call(engine, ECHO) == b"data"


def test_a_component_that_begins_with_more_memory_than_its_limit_is_not_loaded(engine: Engine) -> None:
    with pytest.raises(LimitExceeded) as raised:
        engine.load_module(definition(), limits=Limits(memory=MEBIBYTE // 16))
    assert raised.value.limit == "memory"


@pytest.mark.parametrize("name", ["spin", "sleep"])
def test_a_component_is_interrupted(engine: Engine, name: str) -> None:
    module = engine.load_module(definition(), limits=Limits(interruptible=True))

    async def cancelled() -> None:
        await asyncio.wait_for(module[name].acall(b""), 0.2)

    begun = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(cancelled())
    assert time.monotonic() - begun < 2
    assert call(engine, ECHO) == b"data"


# Output.


def test_what_a_component_writes_is_logged(
    engine: Engine, module: LoadedModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="arora.module"):
        call(engine, PRINT)
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("arora.module.component_ff", "not today")
    ]


# Life.


def test_a_component_is_loaded_again_under_other_ids(engine: Engine) -> None:
    for _ in range(20):
        engine.load_module(definition(module=uuid4()))
    engine.load_module(definition())
    assert call(engine, ECHO) == b"data"
