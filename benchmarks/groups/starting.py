"""Starting processes, importing, and loading a large module. Every sample is a separate process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from benchmarks import guests
from benchmarks.groups import load_one
from benchmarks.measure import Contender, Group
from benchmarks.workbench import Workbench, kind_of

LARGE: Final = 1 << 20
LARGE_WHEN_QUICK: Final = 1 << 16
IMPORT: Final = ("-c", "import arora_core")
EXECUTORS: Final = ("-m", "arora_core", "executors")


def process(bench: Workbench) -> Group:
    """Whole processes from start to end, with all bytecode cached, and with all but Arora's."""
    group = Group("start-process", "a whole process", ("python",), calibrated=False)
    cached, uncached = _bytecode(bench)
    group.add(_process("python", ("-c", "pass"), cached))
    group.add(_process("import arora_core", IMPORT, cached))
    group.add(_process("import arora_core, no bytecode", IMPORT, uncached))
    group.add(_process("arora executors", EXECUTORS, cached))
    group.add(_process("arora executors, no bytecode", EXECUTORS, uncached))
    for executor in bench.executors:
        group.add(_process(f"arora call, {executor}", _first_call(executor), cached))
    group.notes.append("no bytecode: all bytecode is cached except Arora's")
    return group


def load(bench: Workbench) -> Group:
    """Loading a large module in a new process that has loaded a small one before."""
    size = LARGE_WHEN_QUICK if bench.quick else LARGE
    group = Group("start-load", f"load of a module of {size >> 10} KiB", ("wasmtime-py",), calibrated=False)
    warm = _directory(bench)
    for executor in bench.executors:
        kind = kind_of(executor)
        arguments = (load_one.__file__, executor, str(guests.large(kind, size)))
        if kind != "wasm":
            group.add(_load(executor, arguments, lambda: warm))
            continue
        group.add(_load(f"{executor}, cold", arguments, lambda: _directory(bench)))
        group.add(_load(f"{executor}, warm", arguments, lambda: warm))
        group.contenders[-1].sample(1)
    with group.unless_missing("wasmtime-py"):
        import wasmtime  # noqa: F401

        arguments = (load_one.__file__, load_one.BARE, str(guests.large("wasm", size)))
        group.add(_load("wasmtime-py", arguments, lambda: warm))
        group.notes.append("wasmtime-py: with default settings, i.e. on all cores and without its cache")
    group.notes.append("cold: the runtime's cache of compiled code is empty; warm: it holds this module")
    return group


def compiling(bench: Workbench) -> Group:
    """Compiling a large module, by the time that processors work for it: the compilers, whatever else runs."""
    size = LARGE_WHEN_QUICK if bench.quick else LARGE
    title = f"load of a module of {size >> 10} KiB, nothing cached, processor time"
    group = Group("start-compile", title, ("wasmtime-py",), calibrated=False)
    large = str(guests.large("wasm", size))

    def add(name: str, loaded: str) -> None:
        group.add(_load(name, (load_one.__file__, loaded, large), lambda: _directory(bench), load_one.WORKED))

    for executor in bench.executors:
        if kind_of(executor) == "wasm":
            add(executor, executor)
    with group.unless_missing("wasmtime-py"):
        import wasmtime  # noqa: F401

        add("wasmtime-py", load_one.BARE)
    with group.unless_missing("Singlepass"):
        _require_singlepass()
        add("Singlepass", load_one.SINGLEPASS)
    group.notes.append("wasmer: by its compiler Cranelift. Singlepass: Wasmer's other compiler, without loading")
    return group


def _require_singlepass() -> None:
    from arora_wasmer import library

    if not library.FLAGS & library.SINGLEPASS:
        raise ImportError("arora-libwasmer was compiled without it (ARORA_LIBWASMER_FEATURES=singlepass)")


def _process(name: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Contender:
    def sample(loops: int) -> float:
        start = perf_counter()
        for _ in range(loops):
            _run(arguments, environment)
        return perf_counter() - start

    return Contender(name, sample, " ".join(["python", *arguments]))


def _first_call(executor: str) -> tuple[str, ...]:
    header, executable = guests.on_disk(kind_of(executor))
    options = ("--executor", executor, "--exe", str(executable))
    return "-m", "arora_core", "call", str(header), "add", "a=2", "b=3", *options


def _load(
    name: str, arguments: tuple[str, ...], cache: Callable[[], Path], reported: int = load_one.ELAPSED
) -> Contender:
    """Return a contender whose process reports its times, of which ``reported`` is taken.

    ``cache`` returns the directory for the runtime's cache.
    """

    def sample(loops: int) -> float:
        took = 0.0
        for _ in range(loops):
            directory = str(cache())
            said = _run(arguments, {"HOME": directory, "XDG_CACHE_HOME": directory, "LOCALAPPDATA": directory})
            took += float(said.split()[reported])
        return took

    return Contender(name, sample, " ".join(["python", *arguments]))


def _run(arguments: tuple[str, ...], environment: Mapping[str, str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr}")
    return done.stdout


def _bytecode(bench: Workbench) -> tuple[dict[str, str], dict[str, str]]:
    """Return two environments: in one all bytecode is cached, in the other all but Arora's."""
    whole, partial = _directory(bench) / "whole", _directory(bench) / "partial"
    cached = {"PYTHONPYCACHEPREFIX": str(whole), "PYTHONDONTWRITEBYTECODE": ""}
    for arguments in (IMPORT, EXECUTORS, *(_first_call(each) for each in bench.executors)):
        _run(arguments, cached)
    shutil.copytree(whole, partial)
    for directory in list(partial.rglob("arora_*")):
        shutil.rmtree(directory, ignore_errors=True)
    return cached, {"PYTHONPYCACHEPREFIX": str(partial), "PYTHONDONTWRITEBYTECODE": "1"}


def _directory(bench: Workbench) -> Path:
    return Path(bench.stack.enter_context(TemporaryDirectory(prefix="arora-bench-")))
