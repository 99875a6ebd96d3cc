"""Code that takes long to compile is kept on disk, where only the user can write."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from arora_wasmtime import code_cache
from arora_wasmtime.configuration import Metered
from arora_wasmtime.engines import Compiled, CompilingEngine
from wasmtime import wat2wasm

from arora_core import Engine, Limits, LoadedModule

from .component_guest import definition, text

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from component_guest import definition
from arora_core import Engine
from arora_wasmtime import component_code, engines

def refuse(*_):
    raise AssertionError("compiled again")

engines._compile = refuse
with Engine() as engine:
    try:
        engine.load_module(definition())["echo"](b"data")
    except Exception as error:
        print(error)
"""

LARGE = f'(module (func {"(drop (i32.add (i32.const 1) (i32.const 1)))" * 10_000}) (memory (export "memory") 1 2))'
"""A module that is compiled in a process of its own."""
UNMETERED = Metered(epochs=False, fuel=False)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "cache"
    monkeypatch.setenv(code_cache.DIRECTORY, str(directory))
    return directory


def load(number: int = 0) -> LoadedModule:
    """Load a component that was not loaded before, or is not any more."""
    with Engine() as engine:
        return engine.load_module(definition(text() + f";; {number}"))


def in_new_process() -> str:
    """Return what a new process says that cannot compile."""
    run = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


def test_another_process_does_not_compile_a_component_again(directory: Path) -> None:
    load()
    assert "returned a result whose first field is not the return value" in in_new_process()


def test_every_memory_limit_has_the_same_code(directory: Path) -> None:
    for pages in (32, 64, 128):
        with Engine() as engine:
            engine.load_module(definition(), limits=Limits(memory=pages << 16))
    assert len(list(directory.iterdir())) == 1


def test_without_a_directory_nothing_is_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(code_cache.DIRECTORY, "")
    load()
    assert not directory.exists()
    assert "compiled again" in in_new_process()


def test_a_directory_that_others_can_write_to_is_not_used(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)
    load()
    assert not list(directory.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b"damaged"),
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.unlink(),
    ],
    ids=["overwritten", "shortened", "removed"],
)
@pytest.mark.parametrize("name", ["facts", "0.cwasm"])
def test_a_damaged_component_is_compiled_again(directory: Path, name: str, damage: Callable[[Path], object]) -> None:
    load()
    (kept,) = directory.iterdir()
    damage(kept / name)
    assert "compiled again" in in_new_process()
    load()
    assert "compiled again" not in in_new_process()


def test_what_was_not_used_for_longest_is_removed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_cache, "MOST", 1)
    load()
    assert not list(directory.iterdir())


def compiled() -> Compiled:
    """Return the large module, compiled or from the disk."""
    return CompilingEngine(UNMETERED).compiled(bytes(wat2wasm(LARGE)))


def test_a_module_that_takes_long_to_compile_is_kept_with_what_is_known_of_it(directory: Path) -> None:
    first = compiled()
    types, stack = first.types, first.stack
    del first
    again = compiled()
    assert again.file is not None
    assert again.file.is_relative_to(directory)
    assert (again.types, again.stack) == (types, stack)


def test_other_modules_are_left_to_the_cache_of_wasmtime(directory: Path) -> None:
    CompilingEngine(UNMETERED).compiled(bytes(wat2wasm("(module)")))
    assert not directory.exists()


def test_code_that_counts_is_kept_apart_from_code_that_does_not(directory: Path) -> None:
    for fuel in (False, True):
        CompilingEngine(Metered(epochs=False, fuel=fuel)).compiled(bytes(wat2wasm(LARGE)))
    assert len(list(directory.iterdir())) == 2


@pytest.mark.parametrize("name", ["facts", "0.cwasm"])
def test_a_damaged_module_is_compiled_again(directory: Path, name: str) -> None:
    compiled()
    (kept,) = directory.iterdir()
    (kept / name).write_bytes(b"damaged")
    assert compiled().file is None
    assert compiled().file is not None
