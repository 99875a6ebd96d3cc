"""Instances that share a worker, as ``ARORA_NATIVE_WORKERS=engine`` asks for: each is as by itself, until it ends."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import closing, suppress
from itertools import repeat
from pathlib import Path

import pytest
from arora_native.isolated.instance import IsolatedInstance

from arora_core import Engine, GuestError, Limits, ModuleBusy, Trap
from arora_core import values as v
from arora_core.conformance.guests import native_guest
from arora_core.errors import LoadError, MissingExport
from arora_core.executor import Transfer
from arora_core.header import ModuleDefinition
from tests.native_libraries import ANSWER, ARGUMENT, HEADER, RUN, StubHost, compiled, guest, value

from .isolated_guests import Isolated, children_of, isolated, parent_of, strike_loads, worker_of
from .shared_guests import FORWARD, call_of, dispatch, engine, load, shared, worker

__all__ = ["engine", "isolated", "shared"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")


# Who shares.


@pytest.mark.parametrize("word", ["", "instance"])
def test_unless_asked_for_each_instance_has_a_worker_of_its_own(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("ARORA_NATIVE_WORKERS", word)
    assert worker_of(isolated()) != worker_of(isolated())


def test_the_instances_of_an_engine_share_a_worker_and_those_of_another_engine_do_not(engine: Engine) -> None:
    with Engine() as other:
        assert worker(engine, load(engine, 0)) == worker(engine, load(engine, 1)) != worker(other, load(other, 0))


def test_an_unknown_word_is_refused(isolated: Isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARORA_NATIVE_WORKERS", "several")
    with pytest.raises(LoadError, match="ARORA_NATIVE_WORKERS is 'several', expected instance or engine"):
        isolated()


def test_an_instance_with_a_memory_limit_has_a_worker_of_its_own(isolated: Isolated) -> None:
    first, limited = isolated(), isolated(limits=Limits(memory=1 << 28))
    assert len({worker_of(each) for each in (first, limited, isolated(limits=Limits(memory=1 << 28)))}) == 3
    assert worker_of(isolated(limits=Limits(deadline=60, interruptible=True))) == worker_of(first)


def test_instances_with_other_rights_do_not_share(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = isolated()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    other = isolated()
    monkeypatch.delenv("LD_LIBRARY_PATH")
    monkeypatch.setenv("ARORA_NATIVE_SANDBOX", "off")
    free = isolated()
    monkeypatch.delenv("ARORA_NATIVE_SANDBOX")
    assert len({worker_of(each) for each in (first, other, free)}) == 3
    assert worker_of(isolated()) == worker_of(first)


# As by themselves.


def test_instances_of_one_library_do_not_share_its_state(isolated: Isolated) -> None:
    instances = [isolated() for _ in range(5)]
    assert len({worker_of(each) for each in instances}) == 1
    for turn in (1, 2, 3):
        assert [value(each.dispatch(RUN, ANSWER)) for each in instances] == [turn] * 5


def test_calls_of_the_host_reach_the_host_of_the_instance_that_runs(isolated: Isolated) -> None:
    def answering(number: int) -> StubHost:
        return StubHost(on_dispatch=lambda *_: bytes([9, 0, 0, 0, 4, number, 0, 0, 0]))

    instances = [isolated(FORWARD, host=answering(each)) for each in range(3)]
    assert [value(each.dispatch(RUN, ARGUMENT)) for each in instances] == [0, 1, 2]


def test_output_goes_to_the_module_that_is_running_also_around_a_nested_call(isolated: Isolated) -> None:
    def writing(word: str, host: StubHost) -> tuple[IsolatedInstance, list[bytes]]:
        body = f'(void)!write(1, "{word} begins", {len(word) + 7}); free(forward(argument)); '
        body += f'(void)!write(1, "{word} ends", {len(word) + 5}); return number(1);'
        written: list[bytes] = []
        return isolated(body, "#include <unistd.h>\n", host, write=lambda _, data: written.append(data)), written

    inner, by_inner = writing("inner", StubHost())
    outer, by_outer = writing("outer", StubHost(on_dispatch=lambda *_: inner.dispatch(RUN, ARGUMENT)))
    outer.dispatch(RUN, ARGUMENT)
    assert (by_outer, by_inner) == ([b"outer begins", b"outer ends"], [b"inner begins", b"inner ends"])


def test_nested_calls_go_to_and_fro_as_with_separate_workers(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    together = [load(engine, each) for each in range(3)]
    monkeypatch.setenv("ARORA_NATIVE_WORKERS", "instance")
    with Engine() as other:
        apart = [load(other, each) for each in range(3)]
        route = b"".join(each.id.bytes for each in together[1:] + together * 15)
        assert together[0].walk(route, 7, 0) == apart[0].walk(route, 7, 0)


def test_an_exception_of_the_host_is_the_same_object_below_all_of_them(engine: Engine) -> None:
    bug = LookupError("below all of them")

    def fail() -> v.Value:
        raise bug

    modules = [load(engine, each) for each in range(3)]
    call = call_of(modules[0], "indirect", v.U64(engine.register_callable(fail)))
    for each in (*modules, *modules):
        call = call_of(each, "forward", *call)
    with pytest.raises(LookupError) as raised:
        dispatch(engine, call)
    assert raised.value is bug
    assert [each.count() for each in modules] == [1, 1, 1]


def test_an_orderly_failure_of_one_ends_nothing(engine: Engine) -> None:
    one, other = load(engine, 0), load(engine, 1)
    assert other.count() == 1
    with pytest.raises(GuestError):
        one.fail("orderly")
    assert other.count() == 2


def test_batches_and_large_values_are_those_of_each_module(engine: Engine) -> None:
    modules = [load(engine, each) for each in range(2)]
    for turn, each in enumerate(modules):
        assert list(each.add.batch([1, 2, 3], repeat(turn))) == [1 + turn, 2 + turn, 3 + turn]
        sent = os.urandom(3 << 20)
        assert each.echo_u8s(sent) == sent
    assert [each.count() for each in modules] == [1, 1]


def test_a_transfer_is_that_of_its_instance(isolated: Isolated) -> None:
    one, other = isolated("return copy(argument);"), isolated("return number(7);")
    assert one.transfer(RUN)(Transfer([ARGUMENT], bytes)) == ARGUMENT
    assert value(other.transfer(RUN)(Transfer([ARGUMENT], bytes))) == 7


def test_a_library_finds_its_neighbours_in_a_shared_worker(tmp_path: Path, isolated: Isolated) -> None:
    (tmp_path / "libneighbour.so").write_bytes(compiled("int other(void) { return 5; }"))
    options = (f"-L{tmp_path}", "-lneighbour", f"-Wl,-rpath,{tmp_path}")
    executable = guest("return number(other());", "int other(void);\n", options)
    instances = [isolated.executor.load(ModuleDefinition(HEADER, executable), StubHost(), Limits()) for _ in range(2)]
    for each in instances:
        with closing(each):
            assert value(each.dispatch(RUN, ARGUMENT)) == 5


def test_host_code_between_two_of_them_may_call_both(engine: Engine) -> None:
    one, other = load(engine, 0), load(engine, 1)
    calls = engine.register_callable(lambda: v.U32(one.count() + other.count()))
    answer = dispatch(engine, call_of(one, "forward", *call_of(other, "indirect", v.U64(calls))))
    assert answer
    assert [one.count(), other.count()] == [2, 2]


# Loading and closing.


def test_closing_one_leaves_the_others_and_the_worker_ends_with_the_last(isolated: Isolated) -> None:
    instances = [isolated() for _ in range(3)]
    process = worker_of(instances[0])
    assert [value(each.dispatch(RUN, ANSWER)) for each in instances] == [1, 1, 1]
    instances[0].close()
    assert value(instances[1].dispatch(RUN, ANSWER)) == 2
    instances[2].close()
    assert value(instances[1].dispatch(RUN, ANSWER)) == 3
    instances[1].close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert value(isolated().dispatch(RUN, ANSWER)) == 1


def test_inside_a_call_others_can_be_loaded_called_and_closed_but_not_the_running_one(isolated: Isolated) -> None:
    seen: list[int] = []

    def host_code(*_: bytes) -> bytes:
        another = isolated()
        assert worker_of(another) == worker_of(running)
        seen.extend(value(each.dispatch(RUN, ANSWER)) for each in (another, idle))
        another.close()
        idle.close()
        with pytest.raises(ModuleBusy):
            running.close()
        return ANSWER

    idle, running = isolated(), isolated(FORWARD, host=StubHost(on_dispatch=host_code))
    assert running.dispatch(RUN, ARGUMENT) == ANSWER
    assert seen == [1, 1]
    assert value(running.dispatch(RUN, ANSWER)) == 1


def test_an_instance_below_another_in_the_stack_cannot_be_closed(isolated: Isolated) -> None:
    def close(*_: bytes) -> bytes:
        for each in (inner, outer):
            with pytest.raises(ModuleBusy):
                each.close()
        return ANSWER

    inner = isolated(FORWARD, host=StubHost(on_dispatch=close))
    outer = isolated(FORWARD, host=StubHost(on_dispatch=lambda *_: inner.dispatch(RUN, ARGUMENT)))
    assert outer.dispatch(RUN, ARGUMENT) == ANSWER


def test_a_restart_of_one_is_a_fresh_copy_in_the_same_worker(engine: Engine) -> None:
    one, other = load(engine, 0), load(engine, 1)
    process = worker(engine, one)
    assert [one.count(), other.count()] == [1, 1]
    one.restart()
    assert [one.count(), other.count()] == [1, 2]
    replaced = load(engine, 1, replace=True)
    assert [one.count(), replaced.count()] == [2, 1]
    engine.unload(one)
    assert replaced.count() == 2
    assert worker(engine, replaced) == process


def test_a_library_that_cannot_be_loaded_leaves_the_others_alone(engine: Engine) -> None:
    one, whole = load(engine, 0), native_guest(own_process=True)
    assert one.count() == 1
    broken = whole.executable.replace(b"arora_buffer_free\0", b"arora_buffer_fred\0")
    with pytest.raises(MissingExport, match="arora_buffer_free"):
        engine.load_module(ModuleDefinition(whole.header(1), broken), executor="native-isolated")
    assert one.count() == 2
    assert worker(engine, load(engine, 1)) == worker(engine, one)


def test_hundreds_of_loads_leave_nothing_in_the_worker(isolated: Isolated) -> None:
    kept = isolated()

    def state() -> tuple[int, int]:
        process = Path(f"/proc/{worker_of(kept)}")
        libraries = {line.split()[4] for line in (process / "maps").read_text().splitlines() if "arora-library" in line}
        return len(libraries), len(list((process / "fd").iterdir()))

    before = state()
    for _ in range(200):
        isolated().close()
        isolated._instances.pop()
    assert state() == before
    assert value(kept.dispatch(RUN, ANSWER)) == 1


def test_a_shared_worker_that_nobody_refers_to_ends(isolated: Isolated) -> None:
    instances = [isolated(), isolated()]
    number = worker_of(instances[0])
    template = parent_of(number)
    isolated._instances.clear()
    del instances
    gc.collect()
    assert number not in children_of(template)


@pytest.mark.parametrize("word", ["instance", "engine"])
def test_the_workers_of_an_engine_that_nobody_refers_to_end(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("ARORA_NATIVE_WORKERS", word)
    engine = Engine()
    module = load(engine, 0)
    number = worker(engine, module)
    template = parent_of(number)
    assert module.count() == 1
    del engine, module
    gc.collect()
    assert number not in children_of(template)


def test_loads_and_closes_struck_at_any_moment_leave_no_worker_behind(isolated: Isolated) -> None:
    kept = isolated()
    template = parent_of(worker_of(kept))

    def check() -> None:
        # Ctrl-C while a library is loaded or unloaded ends the worker, as in a call.
        with suppress(Trap):
            kept.dispatch(RUN, ANSWER)
        assert value(kept.dispatch(RUN, ANSWER)) > 0

    strike_loads(isolated, check)
    isolated().close()
    kept.close()
    gc.collect()
    assert children_of(template) == []
