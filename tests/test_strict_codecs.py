"""Bugs in compiled code: calls raise them in strict mode; otherwise the generic codec takes over."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

import pytest

import arora_core.compiled
import arora_core.compiled.generic
import arora_core.compiled.host
from arora_core import ArgumentError, Engine, Function, Header, HostModule
from arora_core import values as v
from arora_core.compiled import CompiledCodec
from arora_core.runtime import fallback

MODULE = "5b0f3b9e-62d4-4c5e-9d3c-0c1f4a8e7b21"
U32 = {"kind": "scalar", "id": "u32"}
ADD: dict[str, Any] = {
    "type": "function",
    "id": "7d3a2c51-9b1e-4f60-8a2d-51c0e7f3b964",
    "name": "add",
    "parameters": [
        {"id": "1f6c0d2e-5a47-4b8e-9c13-2e8d7a60f4b5", "name": "a", "type": U32},
        {"id": "c4e98b07-3d62-4a1f-b5d8-90f1a3c72e6d", "name": "b", "type": U32},
    ],
    "ret": U32,
}
HEADER: dict[str, Any] = {
    "id": MODULE,
    "name": "host",
    "author": "",
    "license": "",
    "version": {"major": 1, "minor": 0, "patch": 0},
    "executor": {"name": "wasm"},
    "exports": [ADD],
}

Patch = Callable[[BaseException], None]


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise error

    return fail


@pytest.fixture
def add() -> Iterator[Function]:
    """Yield a function of a host module, so that a call uses all the codecs of typed calls."""
    module = HostModule(Header.from_data(HEADER))
    module.function("add")(lambda a, b: a + b)
    with Engine() as engine:
        yield engine.register(module)["add"]


TYPED = {
    "the caller's encoder": (arora_core.compiled, "compile_codec", "encode"),
    "the caller's decoder": (arora_core.compiled, "compile_codec", "decode"),
    "the host's decoder": (arora_core.compiled.host, "compile_host_codec", "decode"),
    "the host's encoder": (arora_core.compiled.host, "compile_host_codec", "encode"),
}
"""The codecs that a typed call of a host module uses: the module that compiles each, and its part."""


@pytest.fixture(params=list(TYPED))
def spoil(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Return a function that makes one of the codecs of typed calls raise an error."""
    return partial(_spoil, monkeypatch, *TYPED[request.param])


@pytest.fixture(params=["encode", "decode"])
def spoil_values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Return a function that makes one of the codecs of generic calls raise an error."""
    return partial(_spoil, monkeypatch, arora_core.compiled.generic, "compile_values", request.param)


def _spoil(monkeypatch: pytest.MonkeyPatch, home: ModuleType, name: str, part: str, error: BaseException) -> None:
    compile: Callable[..., Any] = getattr(home, name)
    monkeypatch.setattr(home, name, lambda *args: compile(*args)._replace(**{part: raising(error)}))


@pytest.fixture
def normal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn off strict mode."""
    monkeypatch.setattr(fallback, "strict", False)


def generic_call(function: Function) -> v.Value:
    ids = [each.id for each in function.parameters]
    return function.call(dict(zip(ids, [v.U32(1), v.U32(2)], strict=True))).ret


# --- strict mode -----------------------------------------------------------------------------------


def test_these_tests_run_in_strict_mode() -> None:
    assert fallback.strict


def test_a_bug_in_compiled_code_comes_out_as_it_is(add: Function, spoil: Patch) -> None:
    bug = ZeroDivisionError()
    spoil(bug)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError) as caught:
            add(1, 2)
        assert caught.value is bug


def test_a_bug_in_compiled_code_comes_out_of_a_generic_call(add: Function, spoil_values: Patch) -> None:
    spoil_values(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        generic_call(add)


def test_a_type_error_in_compiled_code_is_not_taken_for_arguments_that_do_not_bind(add: Function, spoil: Patch) -> None:
    spoil(TypeError("a bug"))
    for _ in range(2):
        with pytest.raises(TypeError, match="a bug"):
            add(1, 2)


def test_a_type_error_while_compiling_comes_out(add: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arora_core.compiled, "compile_codec", raising(TypeError("a bug")))
    with pytest.raises(TypeError, match="a bug"):
        add(1, 2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RecursionError, OSError])
def test_a_compilation_that_was_interrupted_is_made_again(
    add: Function, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    compiled: list[object] = []
    compile_codec = arora_core.compiled.compile_codec

    def compile_again(*args: Any) -> CompiledCodec:
        compiled.append(args)
        return compile_codec(*args)

    monkeypatch.setattr(arora_core.compiled, "compile_codec", raising(error()))
    with pytest.raises(error):
        add(1, 2)
    monkeypatch.setattr(arora_core.compiled, "compile_codec", compile_again)
    assert [add(1, 2), add(3, 4)] == [3, 7]
    assert len(compiled) == 1


@pytest.mark.parametrize(("args", "kwargs"), [((1, 2, 3), {}), ((1,), {"a": 1}), ((), {"c": 1})])
def test_arguments_that_do_not_bind_are_argument_errors(
    add: Function, args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    for _ in range(2):
        with pytest.raises(ArgumentError) as caught:
            add(*args, **kwargs)
        assert caught.value.__context__ is None


def test_what_compiled_code_does_not_cover_is_no_bug(add: Function) -> None:
    with pytest.raises(ArgumentError, match="a: expected an integer"):
        add("1", 2)
    with pytest.raises(ArgumentError, match="b: -1 is out of range"):
        add(1, -1)
    assert add(1, True + 1) == 3


# --- normal use ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("normal")
def test_the_generic_codec_takes_over_from_a_bug(add: Function, spoil: Patch) -> None:
    spoil(ZeroDivisionError())
    assert [add(1, 2), add(1, b=2)] == [3, 3]


@pytest.mark.usefixtures("normal")
def test_the_generic_codec_takes_over_a_generic_call(add: Function, spoil_values: Patch) -> None:
    spoil_values(ZeroDivisionError())
    assert generic_call(add) == v.U32(3)


@pytest.mark.usefixtures("normal")
def test_a_bug_is_logged_once_with_its_function_and_traceback(
    add: Function, spoil: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    bug = ZeroDivisionError()
    spoil(bug)
    for _ in range(3):
        add(1, 2)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "add(a: u32, b: u32) -> u32" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is bug
    assert bug.__traceback__ is not None


@pytest.mark.usefixtures("normal")
def test_what_compiled_code_does_not_cover_is_not_logged(add: Function, caplog: pytest.LogCaptureFixture) -> None:
    for args in (("1", 2), (1, -1), (1, 2, 3)):
        with pytest.raises(ArgumentError):
            add(*args)
    assert caplog.records == []


@pytest.mark.usefixtures("normal")
def test_what_fails_to_compile_is_not_compiled_again(add: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []

    def compile_nothing(*args: object) -> NoReturn:
        compiled.append(args)
        raise ZeroDivisionError

    monkeypatch.setattr(arora_core.compiled, "compile_codec", compile_nothing)
    assert [add(1, 2), add(3, 4)] == [3, 7]
    assert len(compiled) == 1


# --- both ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [True, False])
def test_an_interrupt_passes_through(
    add: Function, spoil: Patch, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    monkeypatch.setattr(fallback, "strict", strict)
    spoil(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        add(1, 2)


@pytest.mark.parametrize(("value", "strict"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_the_environment_turns_strict_mode_on(value: str | None, strict: bool) -> None:
    environment = {name: each for name, each in os.environ.items() if name != fallback.STRICT_VARIABLE}
    if value is not None:
        environment[fallback.STRICT_VARIABLE] = value
    program = "from arora_core.runtime import fallback; print(fallback.strict)"
    shown = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == f"{strict}\n"


@pytest.mark.usefixtures("normal")
def test_a_lack_of_memory_in_compiled_code_is_no_bug(
    add: Function, spoil: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(MemoryError())
    with pytest.raises(MemoryError):
        add(1, 2)
    assert not caplog.records
