"""Behaviour specific to Wasmer. ``tests/wasm`` tests what all executors for WebAssembly share."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import arora_libwasmer
import pytest
from arora_wasmer.executor import WasmerExecutor

from arora_core import Engine, ExecutorUnavailable, Limits, MalformedExecutable, discover
from arora_core.errors import Trap
from arora_core.header import ModuleDefinition
from tests.wasm.guests import ARGUMENT, HEADER, RUN, Load, StubHost, guest, wat

ROOT = Path(__file__).resolve().parents[3]
REASON = WasmerExecutor.unavailable()
available = pytest.mark.skipif(REASON is not None, reason=f"Wasmer is not tested: {REASON}")


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_memory(executable: bytes, pages: int) -> bytes:
    """Return a module of the tests, which has one memory of two pages, with a memory of ``pages``."""
    number = bytes([pages & 0x7F | 0x80, pages >> 7 & 0x7F | 0x80, pages >> 14])
    return executable.replace(bytes([5, 3, 1, 0, 2]), bytes([5, 5, 1, 0, *number]), 1)


def test_wasmer_is_tested_wherever_everything_is() -> None:
    """Says in the summary of a run that Wasmer was not tested, and why; fails where nothing may be left out."""
    if REASON is not None:
        if os.environ.get("CI"):
            pytest.fail(f"Wasmer is not tested: {REASON}")
        pytest.skip(f"Wasmer is not tested: {REASON}")


# Whether it can run.


def test_the_executor_is_discovered_on_every_interpreter() -> None:
    assert discover().executors["wasmer"].executor is WasmerExecutor


def test_neither_importing_the_executor_nor_checking_its_availability_loads_the_library() -> None:
    program = """
import sys
import arora_wasmer.executor as e
e.WasmerExecutor.unavailable()
print("arora_wasmer.library" in sys.modules)
"""
    assert run_python(program).strip() == "False"


def test_without_its_library_the_executor_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(arora_libwasmer, "__file__", str(tmp_path / "__init__.py"))
    with Engine() as engine, pytest.raises(ExecutorUnavailable, match="installed without its library"):
        engine.load_module(ModuleDefinition(HEADER, guest()), executor="wasmer")


@available
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("arora_libwasmer.ABI = 999", "has version 1 of its functions, expected 999"),
        ("arora_libwasmer.path = lambda: Path('/nowhere.so')", "/nowhere.so cannot be loaded"),
        ("arora_libwasmer.path = lambda: Path(ctypes.util.find_library('c') or 'none')", "cannot be loaded"),
    ],
    ids=["another-version", "missing", "another-library"],
)
def test_a_library_that_does_not_fit_is_refused(change: str, message: str) -> None:
    program = f"""
import ctypes.util
from pathlib import Path
import arora_libwasmer
from arora_core.errors import ExecutorUnavailable
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
{change}
try:
    Load(WasmerExecutor)(guest())
except ExecutorUnavailable as error:
    print(error)
"""
    assert message in run_python(program)


@available
def test_the_version_is_that_of_the_crate() -> None:
    lock = (ROOT / "plugins" / "arora-libwasmer" / "native" / "Cargo.lock").read_text()
    assert f'name = "wasmer"\nversion = "{WasmerExecutor.version()}"' in lock


# Modules.


@available
def test_modules_are_compiled_once_for_all_instances_of_an_executor() -> None:
    executor = WasmerExecutor()
    load = Load(WasmerExecutor)
    one, other = load(guest(), executor=executor), load(guest(), executor=executor)
    assert executor._compiled is not None
    assert len(executor._compiled) == 1
    one.close()
    assert len(executor._compiled) == 1
    other.close()
    assert len(executor._compiled) == 0


@available
def test_a_memory_of_4_gib_can_be_read() -> None:
    instance = Load(WasmerExecutor)(with_memory(guest(), 65536))
    memory = instance._memory  # type: ignore[attr-defined]
    assert memory.size() == 1 << 32
    memory.write((1 << 32) - 4, b"last")
    assert memory.read((1 << 32) - 4, 4) == b"last"
    # Until here it must not be collected: its memory goes with it.
    instance.close()


@available
@pytest.mark.parametrize(
    "fields", ["(tag (param i32))", "(memory 1 1 shared)", "(memory i64 1)", "(memory 1) (memory 1)"]
)
def test_what_the_library_leaves_out_is_a_load_error(fields: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MalformedExecutable):
        WasmerExecutor().load(ModuleDefinition(HEADER, wat(fields)), StubHost(), Limits())
    assert capfd.readouterr().err == ""


@available
def test_a_panic_of_the_library_is_an_error_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from arora_wasmer import library

    def panicking(executable: bytes, flags: int, threads: int) -> int:
        raise library.Refused("panicked: index out of bounds")

    monkeypatch.setattr(library, "compile", panicking)
    with pytest.raises(MalformedExecutable, match=r"wasmer cannot compile it: index out of bounds"):
        Load(WasmerExecutor)(guest(rest='(func (export "panics"))'), executor=WasmerExecutor())
    assert capfd.readouterr().err == ""


@available
def test_the_lack_of_a_thread_to_compile_in_is_a_load_error_but_no_malformed_executable() -> None:
    program = """
import resource
from arora_core.errors import LoadError, MalformedExecutable
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
load = Load(WasmerExecutor)
load(guest()).dispatch(RUN, ARGUMENT)
used = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
try:
    load(guest(rest="(func unreachable)"))
except LoadError as error:
    print(type(error) is LoadError)
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits its address space by way of /proc")
    assert run_python(program).strip() == "True"


# Instances.


@available
def test_an_instance_that_is_never_closed_is_garbage_collected() -> None:
    from tests.wasm.guests import DISPATCH, FORWARD, IDS

    instance = Load(WasmerExecutor)(guest(FORWARD, imports=DISPATCH, rest=IDS))
    instance.dispatch(RUN, ARGUMENT)
    gone = weakref.ref(instance)
    del instance
    gc.collect()
    assert gone() is None


@available
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_child_loads_modules_as_its_parent_does() -> None:
    program = """
import os
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
load, executor = Load(WasmerExecutor), WasmerExecutor()
instance = load(guest(), executor=executor)
child = os.fork()
if not child:
    other = load(guest(rest="(func unreachable)" * 5000), executor=executor)
    print(instance.dispatch(RUN, ARGUMENT) == ARGUMENT, other.dispatch(RUN, ARGUMENT) == ARGUMENT, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    assert run_python(program).split() == ["True", "True"]


@available
def test_an_overflow_of_the_guests_stack_takes_nothing_of_the_hosts() -> None:
    from tests.wasm.guests import DISPATCH, FORWARD, IDS

    host = StubHost(on_dispatch=lambda module, function, argument: b"".join([argument, b""]))
    body = "(drop (call $deep (i32.const 0) (local.get 0))) " + FORWARD
    deep = """(func $deep (param $depth i32) (param i32) (result i32)
      (if (i32.eq (local.get $depth) (i32.const 10000)) (then (return (i32.const 0))))
      (i32.add (call $deep (i32.add (local.get $depth) (i32.const 1)) (local.get 1)) (i32.const 1)))"""
    instance = Load(WasmerExecutor)(guest(body, imports=DISPATCH, rest=IDS + deep), host)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@available
def test_the_first_call_after_faulthandler_was_enabled_still_traps() -> None:
    program = """
import faulthandler
from arora_core.errors import Trap
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
crashing, whole = Load(WasmerExecutor)(guest("unreachable")), Load(WasmerExecutor)(guest())
def crash():
    try:
        crashing.dispatch(RUN, ARGUMENT)
    except Trap as trap:
        print(trap.kind.name, whole.dispatch(RUN, ARGUMENT) == ARGUMENT)
crash()
for change in (faulthandler.enable, faulthandler.disable, faulthandler.enable):
    change()
    crash()
"""
    assert run_python(program).split() == ["UNREACHABLE", "True"] * 4


@available
@pytest.mark.parametrize("first", ["wasmtime", "wasmer"])
@pytest.mark.parametrize("enabled", ["before", "after", "never"])
def test_traps_on_wasmer_and_on_wasmtime_are_told_apart_in_one_process(first: str, enabled: str) -> None:
    program = f"""
import faulthandler
from arora_core.errors import Trap
from arora_wasmer.executor import WasmerExecutor
from arora_wasmtime.executor import WasmtimeExecutor
from tests.wasm.guests import *
if {enabled!r} == "before":
    faulthandler.enable()
order = [WasmtimeExecutor, WasmerExecutor]
if {first!r} == "wasmer":
    order.reverse()
body = '(i32.load (i32.const -8))'
guests = [Load(executor)(guest(body)) for executor in order]
if {enabled!r} == "after":
    faulthandler.enable()
for _ in range(3):
    for each in guests:
        try:
            each.dispatch(RUN, ARGUMENT)
        except Trap as trap:
            print(trap.kind.name)
"""
    assert run_python(program).split() == ["MEMORY_OUT_OF_BOUNDS"] * 6


@available
def test_a_daemon_thread_in_a_guest_does_not_crash_the_end_of_the_process() -> None:
    program = """
import threading
from arora_wasmer.executor import WasmerExecutor
from tests.wasm.guests import *
began = threading.Event()
def answer(module, function, argument):
    began.set()
    return argument
body = f"(loop $again (drop {FORWARD}) (br $again)) (unreachable)"
instance = Load(WasmerExecutor)(guest(body, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
threading.Thread(target=instance.dispatch, args=(RUN, ARGUMENT), daemon=True).start()
began.wait()
print("end")
"""
    assert run_python(program).strip() == "end"


# Batches.


@available
def test_a_trap_of_a_row_names_the_guests_frames_alone() -> None:
    pytest.importorskip("numpy")
    from arora_core.conformance import guest_for

    with Engine() as engine:
        module = engine.load_module(guest_for(WasmerExecutor).definition(0), executor="wasmer")
        crash = module["crash"].batch
        with pytest.raises(Trap) as caught:
            crash([0] * 2000)
        assert caught.value.row == 0
        assert "arora-wasmer" not in str(caught.value)
        assert list(module["add"].batch(range(2000), range(2000))) == [2 * row for row in range(2000)]
