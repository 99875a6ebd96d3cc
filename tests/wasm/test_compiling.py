"""Modules that may be much work to compile are compiled in a process that can be stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from arora_core.errors import LoadError, MalformedExecutable
from arora_core.wasm.compiling_apart import MEMORY, SECONDS, compile_apart, is_apart
from tests.wasm.guests import ARGUMENT, ECHO, EXECUTORS, RUN, Load, guest

optimizing = pytest.mark.parametrize(
    "executor", [pytest.param(each, id=name) for name, each in EXECUTORS.items() if name != "browser"]
)
"""The executors that compile in this process. A browser bounds the work itself."""


def nested_loops(depth: int, variables: int) -> str:
    """Return a function with loops inside one another that change variables. Compilers take long for such code."""
    changes = "".join(
        f"(loop (local.set {i * 7 % variables} (i64.add (local.get {i % variables}) (i64.const 1))) "
        for i in range(depth)
    )
    return f"(func $nested (local {'i64 ' * variables}) {changes} {'(br_if 0 (memory.size)))' * depth})"


def passed_values(blocks: int, values: int) -> str:
    """Return a function with blocks that pass values on: four bytes for as many values as you like."""
    types = f"(param {'i32 ' * values}) (result {'i32 ' * values})"
    return (
        f"(type $wide (func {types})) (func $passing {'i32.const 0 ' * values}"
        f"{'block (type $wide) end ' * blocks} {'drop ' * values})"
    )


HARMLESS = f"(func {'(drop (i32.add (i32.const 1) (i32.const 1)))' * 10_000})"
"""A large function."""


@optimizing
@pytest.mark.parametrize("function", [nested_loops(3000, 500), passed_values(30_000, 900)], ids=["loops", "values"])
def test_a_module_that_takes_long_or_much_memory_to_compile_is_refused_by_name(
    load: Load, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECONDS, "1")
    monkeypatch.setenv(MEMORY, str(512 << 20))
    with pytest.raises(
        LoadError, match=r"(takes (longer than 1 s|more than 536870912 bytes)).* '(nested|passing)', of "
    ):
        load(guest(rest=function))


@optimizing
def test_a_large_module_is_compiled_in_another_process_and_runs_as_any(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARORA_WASMER_CACHE", "")
    monkeypatch.setenv("ARORA_WASMTIME_CACHE", "")
    executable = guest(ECHO, rest=HARMLESS)
    assert is_apart(executable)
    processes = count_processes(monkeypatch)
    assert load(executable).dispatch(RUN, ARGUMENT) == ARGUMENT
    assert processes


@optimizing
def test_other_modules_are_compiled_without_a_process(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = count_processes(monkeypatch)
    load(guest(ECHO))
    assert not processes


@optimizing
def test_a_large_module_that_is_invalid_is_malformed(load: Load) -> None:
    valid = guest(rest=HARMLESS)
    # The last instruction of that function, drop, becomes one that does not exist.
    at = valid.rindex(b"\x6a\x1a\x0b") + 1
    with pytest.raises(MalformedExecutable):
        load(valid[:at] + b"\x27" + valid[at + 1 :])


def count_processes(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list to which an element is added for each process that is started to compile."""
    started: list[object] = []
    run: Callable[..., object] = subprocess.run

    def counted(command: object, **options: object) -> object:
        started.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    return started


@pytest.mark.parametrize("variable", [SECONDS, MEMORY])
def test_a_setting_that_is_no_number_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1 MiB")
    with pytest.raises(LoadError, match=f"{variable} is '1 MiB', expected a number above zero"):
        compile_apart("none", None, b"", RuntimeError)


def test_a_frozen_program_compiles_all_modules_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert not is_apart(guest(rest=HARMLESS))


@pytest.mark.parametrize(
    "function",
    [nested_loops(1000, 2), nested_loops(300, 1000), passed_values(100, 900)],
    ids=["many loops", "many variables", "many values"],
)
def test_small_functions_may_be_much_work(function: str) -> None:
    assert is_apart(guest(rest=function))


def test_types_that_are_not_understood_count_as_much_work() -> None:
    assert is_apart(b"\0asm\1\0\0\0\x01\x03\x01\x5d\x00")
