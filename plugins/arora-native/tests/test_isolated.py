"""Workers: who starts them, what they share with their host, and that none outlives it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from arora_native.isolated import channel

from arora_core import Engine, ModuleBusy
from arora_core.conformance.guests import native_guest
from arora_core.errors import EngineClosed, MissingExport, Trap
from arora_core.executor import Transfer
from tests.native_libraries import ANSWER, ARGUMENT, RUN, StubHost, value

from .isolated_guests import (
    Isolated,
    children_of,
    isolated,
    parent_of,
    said_by_a_fork,
    strike_loads,
    wait_for_the_end_of,
    worker_of,
)

__all__ = ["isolated"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")

ECHO = "return copy(argument);"


def buffer_of(size: int, *, start: bytes = bytes([1, 1])) -> bytes:
    """Return bytes that are as long as their prefix says."""
    return size.to_bytes(4, "little") + start + os.urandom(size - 4 - len(start))


# What both share.


def test_arguments_and_results_of_any_size_pass_whole(isolated: Isolated) -> None:
    instance = isolated(ECHO)
    for size in (6, 100, 1 << 16, channel.FIRST_ROOM - 8, channel.FIRST_ROOM, 1 << 20):
        sent = buffer_of(size)
        assert instance.dispatch(RUN, sent) == sent


def test_a_transfer_is_written_once_and_read_where_it_lies(isolated: Isolated) -> None:
    instance, sent = isolated(ECHO), buffer_of(500_000)
    kinds: list[type] = []

    def read(result: bytes | memoryview) -> bytes:
        kinds.append(type(result))
        return bytes(result)

    view = memoryview(sent)
    assert instance.transfer(RUN)(Transfer([view[:100], view[100:]], read)) == sent
    assert kinds == [memoryview]


def test_the_memory_of_large_transfers_is_given_back(isolated: Isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arora_native.isolated.instance.KEPT", 1 << 16)
    instance, sent = isolated(ECHO), buffer_of(900_000)
    assert instance.transfer(RUN)(Transfer([sent], bytes)) == sent
    assert instance._worker is not None
    taken = os.fstat(instance._worker.channel.memory).st_blocks * 512
    assert taken <= (1 << 16) + channel.CONTROL


def test_nested_calls_of_all_sizes_leave_outer_arguments_alone(isolated: Isolated) -> None:
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        return sent[0] if level == 30 else instance.dispatch(RUN, sent[level % 2])

    body = """uint8_t *first = copy(argument), *got = forward(argument);
      if (memcmp(first, argument, size_of(argument))) abort();
      arora_buffer_free(first); return got;"""
    sent = [buffer_of(100), buffer_of(150_000)]
    instance = isolated(body, host=StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, sent[1]) == sent[0]
    assert level == 30


@pytest.mark.parametrize(
    "message",
    [
        (10, 0, 1 << 60, 1 << 60),
        (11, 0, 0, 40),
        (99, 0, 0, 0),
        (14, 0, (1 << 64) - 1, 0),
        (13, 0, 5, 1 << 62),
        (13, 0, 0, 5),
    ],
    ids=["far result", "no error", "unknown", "unknown callable", "far argument", "no ids"],
)
def test_a_message_that_makes_no_sense_is_a_trap(isolated: Isolated, message: channel.Message) -> None:
    # A guest can write to all of the memory that its worker shares with the host.
    instance = isolated()
    worker = instance._worker
    assert worker is not None
    worker.channel.message = partial(_once, worker.channel, message)  # type: ignore[method-assign]
    with pytest.raises(Trap):
        instance.dispatch(RUN, ANSWER)
    assert value(instance.dispatch(RUN, ANSWER)) == 1


def _once(end: channel.HostEnd, message: channel.Message) -> channel.Message:
    """Return a message in place of the one that a worker has sent."""
    del end.message
    return message


# Output.


def test_output_arrives_before_the_host_is_called_and_before_the_call_returns(isolated: Isolated) -> None:
    seen: list[list[tuple[int, bytes]]] = []

    def look(*_: bytes) -> bytes:
        seen.append(list(isolated.written))
        return ANSWER

    before = "#include <unistd.h>\n"
    body = '(void)!write(1, "one", 3); free(forward(argument)); (void)!write(2, "two", 3); return number(1);'
    isolated(body, before, StubHost(on_dispatch=look)).dispatch(RUN, ARGUMENT)
    assert seen == [[(1, b"one")]]
    assert isolated.written == [(1, b"one"), (2, b"two")]


def test_more_output_than_a_pipe_holds_arrives_while_the_guest_runs(isolated: Isolated) -> None:
    before = "#include <stdio.h>\n"
    body = 'for (int i = 0; i < 50000; i++) printf("line %d\\n", i); return number(1);'
    isolated(body, before).dispatch(RUN, ARGUMENT)
    assert b"".join(data for _, data in isolated.written) == b"".join(b"line %d\n" % each for each in range(50_000))


# Its life.


def test_no_worker_outlives_a_host_that_is_killed(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from arora_core import Engine
from arora_core.conformance.guests import native_guest
from arora_native.isolated import spawner
if os.fork():
    os.wait()
    os._exit(0)
engine = Engine()
module = engine.load_module(native_guest(own_process=True).definition(), executor="native-isolated")
(worker,), template = spawner._parents, spawner._current._process.pid
# A process that holds all that this one has open.
keeper = os.fork()
if keeper == 0:
    os.closerange(0, 3)
    signal.pause()
print(worker, template, keeper, flush=True)
call = engine.register_callable(lambda: os.kill(os.getpid(), signal.SIGKILL))
module.indirect(call) if sys.argv[1] == "host" else os.fork() or module.spin()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, "host"], capture_output=True, text=True, timeout=60)
    worker, template, keeper = map(int, done.stdout.split())
    try:
        for each in (worker, template):
            wait_for_the_end_of(each)
    finally:
        os.kill(keeper, signal.SIGKILL)


def test_a_worker_in_an_endless_loop_ends_with_its_host() -> None:
    program = """
import os, sys
from arora_core import Engine
from arora_core.conformance.guests import native_guest
from arora_native.isolated import spawner
engine = Engine()
module = engine.load_module(native_guest(own_process=True).definition(), executor="native-isolated")
print(*spawner._parents, flush=True)
module.spin()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        worker = int(host.stdout.readline())
        host.kill()
    wait_for_the_end_of(worker)


def test_when_the_template_is_killed_workers_end_and_new_ones_start(isolated: Isolated) -> None:
    instance = isolated()
    instance.dispatch(RUN, ANSWER)
    worker = worker_of(instance)
    os.kill(parent_of(worker), signal.SIGKILL)
    wait_for_the_end_of(worker)
    with pytest.raises(Trap) as caught:
        instance.dispatch(RUN, ANSWER)
    assert caught.value.restarted
    assert value(instance.dispatch(RUN, ANSWER)) == 1


def test_a_worker_that_nobody_refers_to_ends(isolated: Isolated) -> None:
    instance = isolated()
    template, number = parent_of(worker_of(instance)), worker_of(instance)
    isolated._instances.clear()
    del instance
    gc.collect()
    assert number not in children_of(template)


def test_a_forked_process_says_once_that_the_worker_is_anothers_and_starts_its_own(isolated: Isolated) -> None:
    instance = isolated()
    instance.dispatch(RUN, ANSWER)

    def program() -> bytes:
        with pytest.raises(Trap) as caught:
            instance.dispatch(RUN, ANSWER)
        return caught.value.message.encode() + b" %d %d" % (
            caught.value.restarted,
            value(instance.dispatch(RUN, ANSWER)),
        )

    said = said_by_a_fork(program)
    assert said == b"its worker belongs to the process that this one was forked from 1 1"
    assert value(instance.dispatch(RUN, ANSWER)) == 2


def test_a_forked_process_that_gets_a_library_before_its_first_call_starts_its_own(isolated: Isolated) -> None:
    instance = isolated()
    child = os.fork()
    if child == 0:
        os._exit(value(instance.dispatch(RUN, ANSWER)) + 40)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 41
    assert value(instance.dispatch(RUN, ANSWER)) == 1


def test_loads_and_closes_struck_at_any_moment_leave_no_worker_behind(isolated: Isolated) -> None:
    kept = isolated()
    template = parent_of(worker_of(kept))
    gc.collect()
    before = set(children_of(template))

    strike_loads(isolated, lambda: None)
    # The next request settles what is left of struck ones.
    isolated().close()
    gc.collect()
    assert set(children_of(template)) <= before
    assert value(kept.dispatch(RUN, ANSWER)) == 1
    kept.close()


def test_a_closed_instance_refuses_calls(isolated: Isolated) -> None:
    instance = isolated()
    call = instance.function(RUN)
    instance.close()
    instance.close()
    with pytest.raises(EngineClosed):
        call(ANSWER)


def test_an_instance_cannot_be_closed_inside_its_call(isolated: Isolated) -> None:
    def close(*_: bytes) -> bytes:
        with pytest.raises(ModuleBusy):
            instance.close()
        return ANSWER

    instance = isolated("return forward(argument);", host=StubHost(on_dispatch=close))
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


def test_what_a_library_lacks_is_named_by_its_loading() -> None:
    guest = native_guest(own_process=True)
    header = guest.header()
    broken = guest.executable.replace(b"arora_buffer_free\0", b"arora_buffer_fred\0")
    with Engine() as engine, pytest.raises(MissingExport, match="arora_buffer_free"):
        engine.load_module_from_parts(header, broken, executor="native-isolated")
