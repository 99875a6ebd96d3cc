"""Behaviour specific to Wasmtime. ``tests/wasm`` tests what all executors for WebAssembly share."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import textwrap
from importlib.metadata import requires
from pathlib import Path
from unittest import mock

import pytest
from arora_wasmtime import executor
from arora_wasmtime.cache import use_cache
from arora_wasmtime.executor import WasmtimeExecutor
from wasmtime import Config

from arora_core import Engine
from arora_core.errors import MalformedExecutable, MissingExport
from arora_core.executor import Limits
from arora_core.header import ModuleDefinition
from tests.wasm.guests import ARGUMENT, HEADER, RUN, Load, guest, wat

ROOT = Path(__file__).resolve().parents[3]


def test_the_error_for_a_64_bit_memory_says_64_bit() -> None:
    with pytest.raises(MissingExport, match="memory is a 64-bit memory, expected a memory"):
        Load(WasmtimeExecutor)(wat('(memory (export "memory") i64 1)'))


def test_a_memory_that_threads_share_is_no_trap_of_the_guest() -> None:
    with pytest.raises(MalformedExecutable, match=r"^shared memory support is disabled for this engine$"):
        Load(WasmtimeExecutor)(guest(rest="(memory $shared 1 1 shared)"))


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )


def test_a_forked_child_compiles_prints_and_meets_deadlines() -> None:
    done = run_python(
        """
        import os
        from arora_core.errors import LimitExceeded
        from arora_core.executor import Limits
        from arora_wasmtime.executor import WasmtimeExecutor
        from tests.wasm.guests import ARGUMENT, ECHO, ENDLESS, FD_WRITE, RUN, Load, StubHost, guest
        load = Load(WasmtimeExecutor)
        executor = WasmtimeExecutor()
        hello = '''(i32.store (i32.const 64) (i32.const 80)) (i32.store (i32.const 68) (i32.const 6))
          (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72)))'''
        def work(number):
            host = StubHost()
            rest = f'(data (i32.const 80) "hello{number}")'
            load(guest(hello + ECHO, imports=FD_WRITE, rest=rest), host, executor=executor).dispatch(RUN, ARGUMENT)
            try:
                load(guest(ENDLESS), None, Limits(deadline=0.02), executor).dispatch(RUN, ARGUMENT)
            except LimitExceeded as exceeded:
                print(host.output, exceeded.limit, flush=True)
        work(1)
        child = os.fork()
        if not child:
            work(2)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        """
    )
    assert done.stdout.splitlines() == ["[(1, b'hello1')] deadline", "[(1, b'hello2')] deadline"], done.stderr


def test_unloading_a_module_with_a_deadline_releases_its_engine_at_once() -> None:
    def mappings() -> int:
        return len(Path("/proc/self/maps").read_text().splitlines())

    def cycle(engine: Engine) -> None:
        module = engine.load_module(ModuleDefinition(HEADER, guest()), limits=Limits(deadline=60), executor="wasmtime")
        engine.dispatch(module.id, RUN, ARGUMENT)
        engine.unload(module)

    with Engine() as engine:
        cycle(engine)
        gc.collect()
        gc.disable()
        try:
            before = mappings()
            for _ in range(20):
                cycle(engine)
            assert mappings() <= before + 10
        finally:
            gc.enable()


def test_importing_the_executor_does_not_import_wasmtime() -> None:
    done = run_python("import arora_wasmtime.executor, sys; print('wasmtime' in sys.modules)")
    assert done.stdout.strip() == "False"


def test_modules_load_without_a_cache_if_it_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    with caplog.at_level(logging.DEBUG, "arora.wasmtime"):
        instance = Load(WasmtimeExecutor)(guest(), executor=WasmtimeExecutor())
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert "not cached" in caplog.text


def test_the_version_is_that_of_the_runtime() -> None:
    oldest, newest = 45, 50
    assert oldest <= int(str(WasmtimeExecutor.version()).partition(".")[0]) <= newest


def test_the_executor_is_available_if_wasmtime_is_installed() -> None:
    assert WasmtimeExecutor.unavailable() is None


@pytest.mark.parametrize("version", ["45.0.0", "50.0.1", "51.0.0", "unknown", None])
def test_the_executor_is_available_with_a_new_enough_release(
    monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    monkeypatch.setattr(WasmtimeExecutor, "version", lambda: version)
    assert WasmtimeExecutor.unavailable() is None


def test_the_executor_is_unavailable_with_a_release_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WasmtimeExecutor, "version", lambda: "44.0.0")
    assert WasmtimeExecutor.unavailable() == (
        "wasmtime 44.0.0 is installed, but 45 is the oldest that can be used; pip install --upgrade wasmtime"
    )


def test_the_oldest_release_that_can_be_used_is_the_lower_bound_of_the_dependency() -> None:
    (asked,) = [each for each in requires("arora-wasmtime") or () if each.startswith("wasmtime")]
    assert f">={executor._OLDEST}" in asked


def test_where_no_thread_can_be_started_there_is_no_cache_whose_thread_would_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    # As wasmtime.Config, whose setting cannot be read.
    config = mock.Mock(spec=Config, cache=False)
    monkeypatch.setattr("_thread.start_new_thread", refuse)
    use_cache(config)
    assert config.cache is False
    monkeypatch.undo()
    use_cache(config)
    assert config.cache is True
