"""Functions that would take minutes to compile are refused."""

from __future__ import annotations

import pytest

from arora_core.errors import LoadError, MalformedExecutable
from arora_core.wasm.code_size import LARGEST, VARIABLE, check_functions
from tests.wasm.guests import EXECUTORS, Load, guest

optimizing = pytest.mark.parametrize(
    "executor", [pytest.param(each, id=name) for name, each in EXECUTORS.items() if name != "browser"]
)
"""The executors that compile in this process. A browser bounds functions itself."""


def with_function(operations: int, variables: int = 0) -> bytes:
    """Return a guest with a function of this many additions, of five bytes each, and local variables."""
    body = "(drop (i32.add (i32.const 1) (i32.const 1)))" * operations
    return guest(rest=f"(func (local {'i64 ' * variables}) {body})")


@optimizing
def test_a_function_of_many_bytes_is_refused_with_its_number_and_its_size(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "10000")
    with pytest.raises(MalformedExecutable, match=r"function \(number 4 of its code\) of 18002 bytes with 0 local"):
        load(with_function(3000))


@optimizing
def test_a_function_of_many_variables_for_its_size_is_refused(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "10000")
    with pytest.raises(MalformedExecutable, match=r"with 1000 local variables; up to 10000 bytes with 128"):
        load(with_function(300, 1000))


def test_the_default_admits_large_functions() -> None:
    check_functions(with_function(80_000))
    with pytest.raises(MalformedExecutable, match=f"up to {LARGEST} bytes"):
        check_functions(with_function(100_000))


def test_a_setting_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1MB")
    with pytest.raises(LoadError, match=f"{VARIABLE} is '1MB', expected a number of bytes"):
        check_functions(guest())
