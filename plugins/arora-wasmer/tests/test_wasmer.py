"""Behaviour specific to Wasmer. ``tests/wasm`` tests what all executors for WebAssembly share."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path
from typing import NoReturn

import pytest
from arora_wasmer import unsupported
from arora_wasmer.executor import WasmerExecutor
from arora_wasmer.traps import Failures

from arora_core import Engine, ExecutorUnavailable, Limits, LoadError, MalformedExecutable, discover
from arora_core.errors import Trap, UnsupportedImport
from arora_core.header import ModuleDefinition
from tests.wasm.guests import ARGUMENT, DISPATCH, EXECUTORS, FORWARD, HEADER, IDS, RUN, Load, StubHost, guest, wat

ROOT = Path(__file__).resolve().parents[3]


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_executor_is_discovered_on_every_interpreter() -> None:
    assert discover().executors["wasmer"].executor is WasmerExecutor


def test_importing_the_executor_does_not_import_wasmer() -> None:
    assert run_python("import arora_wasmer.executor, sys; print('wasmer' in sys.modules)").strip() == "False"


def test_checking_its_availability_does_not_import_wasmer() -> None:
    program = "import arora_wasmer.executor as e, sys; e.WasmerExecutor.unavailable(); print('wasmer' in sys.modules)"
    assert run_python(program).strip() == "False"


def with_memory(executable: bytes, pages: int) -> bytes:
    """Return a module of the tests, which has one memory of two pages, with a memory of ``pages``."""
    number = bytes([pages & 0x7F | 0x80, pages >> 7 & 0x7F | 0x80, pages >> 14])
    return executable.replace(bytes([5, 3, 1, 0, 2]), bytes([5, 5, 1, 0, *number]), 1)


class PanicException(BaseException):
    """As PyO3 declares it, in a module that cannot be imported."""


def panicking(*_: object) -> NoReturn:
    raise PanicException("index out of bounds")


if sys.version_info < (3, 11):

    def test_the_executor_is_available_if_wasmer_is_installed() -> None:
        assert WasmerExecutor.unavailable() is None

    def test_the_version_is_that_of_the_runtime() -> None:
        assert WasmerExecutor.version() == "1.1.0"

    def test_a_package_without_a_build_for_this_platform_is_not_taken_for_wasmer(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "wasmer").mkdir()
        (tmp_path / "wasmer" / "__init__.py").write_text("raise ImportError\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "wasmer", raising=False)
        assert WasmerExecutor.unavailable() == (
            "the package wasmer has no build for this platform; use arora-wasmtime on this one"
        )

    def test_modules_are_compiled_once_for_all_instances_of_an_executor() -> None:
        executor = WasmerExecutor()
        load = Load(WasmerExecutor)
        one, other = load(guest(), executor=executor), load(guest(), executor=executor)
        (compiled,) = executor._compiled.values()
        assert compiled is not None
        del compiled
        one.close()
        assert len(executor._compiled) == 1
        other.close()
        assert len(executor._compiled) == 0

    def test_a_memory_of_4_gib_can_be_read() -> None:
        memory = Load(WasmerExecutor)(with_memory(guest(), 65536))._memory  # type: ignore[attr-defined]
        assert memory.size() == 1 << 32
        memory.write((1 << 32) - 4, b"last")
        assert memory.read((1 << 32) - 4, 4) == b"last"

    @pytest.mark.parametrize(
        ("fields", "error", "message"),
        [
            ('(import "env" "oops" (tag (param i32)))', UnsupportedImport, "imports the tag env.oops"),
            ("(tag (param i32))", MalformedExecutable, "exception handling"),
        ],
    )
    def test_exception_handling_is_a_load_error_and_no_panic(
        fields: str, error: type[LoadError], message: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(error, match=message):
            WasmerExecutor().load(ModuleDefinition(HEADER, wat(fields)), StubHost(), Limits())
        assert capfd.readouterr().err == ""

    def test_a_panic_of_the_compiler_is_a_malformed_executable(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unsupported, "check", lambda executable: None)
        with pytest.raises(MalformedExecutable, match="wasmer cannot compile it: "):
            WasmerExecutor().load(ModuleDefinition(HEADER, wat("(tag (param i32))")), StubHost(), Limits())

    def test_a_panic_while_a_module_starts_is_a_trap(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("arora_wasmer.runtime.instantiate", panicking)
        with pytest.raises(Trap, match=r"wasmer panicked: index out of bounds$"):
            Load(WasmerExecutor)(guest())

    def test_a_panic_in_a_call_is_a_trap() -> None:
        from arora_wasmer.calls import Calls, Guest

        call = Calls(None, Guest(StubHost()), Failures({})).export(panicking)
        with pytest.raises(Trap, match=r"^wasmer panicked: index out of bounds$"):
            call(0)

    def test_an_instance_that_is_never_closed_is_garbage_collected() -> None:
        instance = Load(WasmerExecutor)(guest(FORWARD, imports=DISPATCH, rest=IDS))
        instance.dispatch(RUN, ARGUMENT)
        gone = weakref.ref(instance)
        del instance
        gc.collect()
        assert gone() is None

    def test_a_guest_that_overflows_the_stack_in_its_host_can_still_be_closed() -> None:
        # In a separate process: the overflow leaves Python's own state as it was at that moment.
        program = """
from arora_core.errors import Trap
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
symbol = function_symbol(RUN)
body = f"(drop {FORWARD}) (call ${symbol} (local.get 0))"
instance = Load(WasmerExecutor)(guest(body, imports=DISPATCH, rest=IDS))
try:
    instance.dispatch(RUN, ARGUMENT)
except Trap as trap:
    print(trap.kind.name)
instance.close()
print("closed")
"""
        assert run_python(program).split() == ["STACK_OVERFLOW", "closed"]

    def test_a_forked_child_calls_modules_loaded_before_and_cannot_load_others() -> None:
        program = """
import os
from arora_core.errors import ExecutorUnavailable
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
load, executor = Load(WasmerExecutor), WasmerExecutor()
instance = load(guest(), executor=executor)
child = os.fork()
if not child:
    again = load(guest(), executor=executor)
    print(instance.dispatch(RUN, ARGUMENT) == ARGUMENT, again.dispatch(RUN, ARGUMENT) == ARGUMENT)
    try:
        load(guest(rest="(func unreachable)"), executor=executor)
    except ExecutorUnavailable:
        print("refused", flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
        assert run_python(program).split() == ["True", "True", "refused"]

else:

    def test_on_an_interpreter_without_a_wheel_the_reason_names_an_alternative() -> None:
        assert WasmerExecutor.unavailable() == (
            "the last release of wasmer is for CPython 3.10, and this is "
            f"cpython {sys.version_info.major}.{sys.version_info.minor}; use arora-wasmtime on this one"
        )
        assert "wasmer" not in EXECUTORS

    def test_selecting_it_by_name_raises_with_the_reason() -> None:
        with Engine() as engine, pytest.raises(ExecutorUnavailable, match="use arora-wasmtime on this one"):
            engine.load_module(ModuleDefinition(HEADER, guest()), executor="wasmer")
