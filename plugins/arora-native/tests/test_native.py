"""The native executor with libraries compiled by the tests."""

from __future__ import annotations

import ctypes
import signal
import sys
import tempfile
import tracemalloc
from pathlib import Path
from types import FrameType

import pytest
from arora_native.executor import NativeExecutor

from arora_core.errors import (
    FunctionNotFound,
    MalformedExecutable,
    MissingExport,
    ModuleBusy,
    Trap,
    TrapKind,
)
from arora_core.executor import Transfer
from arora_core.guest_symbols import function_symbol
from tests.native_libraries import ANSWER, ARGUMENT, RUN, StubHost, compiled, guest, load, value

ERROR_TAG = 20
FORWARD = "return forward(argument);"
BUSY = "for (volatile long i = 0; i < 100000000; i++) {}"


class Surprise(Exception):
    """An exception that no guest may handle."""


# Calls.


def test_a_function_that_is_not_in_the_header_is_not_found() -> None:
    with pytest.raises(FunctionNotFound, match="41414141-4141-4141-4141-414141414141"):
        load(guest()).dispatch(b"A" * 16, ARGUMENT)


def test_an_argument_larger_than_the_memory_of_small_ones_arrives_whole() -> None:
    large = (1 << 19).to_bytes(4, "little") + bytes(range(256)) * ((1 << 11) - 1) + bytes(252)
    assert load(guest()).dispatch(RUN, large) == large


def memory_of_second_transfer(size: int) -> tuple[int, int]:
    """Transfer an argument of ``size`` bytes twice; return the bytes that the second transfer kept, and its peak."""
    instance = load(guest("return number(1);"))
    call, argument = instance.transfer(RUN), size.to_bytes(4, "little") + bytes(size - 4)
    call(Transfer([argument], bytes))
    tracemalloc.start()
    try:
        call(Transfer([argument], bytes))
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def test_the_memory_of_a_large_argument_is_kept_for_the_next() -> None:
    _, most = memory_of_second_transfer(1 << 20)
    assert most < 1 << 16


def test_the_memory_of_a_very_large_argument_is_released_after_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arora_native.instance._KEPT", 1 << 19)
    held, most = memory_of_second_transfer(1 << 20)
    assert held < 1 << 16
    assert most > 1 << 20


@pytest.mark.parametrize("size", [6, 1 << 16, (1 << 16) + 3])
def test_eight_bytes_behind_an_argument_are_readable(size: int) -> None:
    # In a fresh allocation these bytes are zero; bytes past its end most likely are not.
    body = "uint64_t behind; memcpy(&behind, argument + size_of(argument), 8); return number(behind != 0);"
    instance = load(guest(body))
    assert value(instance.dispatch(RUN, size.to_bytes(4, "little") + b"\xff" * (size - 4))) == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 0;", "null pointer"),
        ('return (uint8_t *)"\\4\\0\\0\\0";', "a buffer of 4 bytes"),
        ("return argument;", "its own argument"),
    ],
)
def test_a_result_that_is_not_a_valid_buffer_violates_the_abi(body: str, message: str) -> None:
    with pytest.raises(Trap, match=message) as caught:
        load(guest(body)).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.ABI


# Calls out of the guest.


def test_after_a_host_failure_the_guest_receives_error_buffers_and_the_host_is_not_called() -> None:
    calls: list[bytes] = []

    def fail(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append(argument)
        raise Surprise

    body = f"""uint8_t *first = forward(argument), *second = arora_dispatch_indirect_fn(1);
      if (first[4] != {ERROR_TAG} || second[4] != {ERROR_TAG}) abort();
      arora_buffer_free(first); return second;"""
    with pytest.raises(Surprise):
        load(guest(body), StubHost(on_dispatch=fail)).dispatch(RUN, ARGUMENT)
    assert calls == [ARGUMENT]


def test_after_an_exception_of_the_host_the_instance_is_usable_and_no_buffer_leaks() -> None:
    def fail(callable_id: int) -> bytes:
        raise Surprise

    body = "if (argument[5]) return arora_dispatch_indirect_fn(1); int before = live; return number(before);"
    instance = load(guest(body), StubHost(on_indirect=fail))
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    assert value(instance.dispatch(RUN, ANSWER)) == 0


def test_an_answer_that_the_guest_cannot_allocate_violates_the_abi() -> None:
    answer = (1 << 21).to_bytes(4, "little") + bytes((1 << 21) - 4)
    body = "uint8_t *got = forward(argument); return number(got == 0);"
    with pytest.raises(Trap, match="out of memory") as caught:
        load(guest(body), StubHost(on_dispatch=lambda *_: answer)).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.ABI


@pytest.mark.parametrize(
    "call",
    ["0, argument, argument", "argument, 0, argument", "argument, argument, 0", "argument, argument, (void *)empty"],
)
def test_a_dispatch_with_null_or_an_invalid_buffer_violates_the_abi(call: str) -> None:
    with pytest.raises(Trap) as caught:
        load(guest(f"static char empty[4]; return arora_dispatch_fn({call});")).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.ABI


def nested(depth: int, innermost: StubHost) -> bytes:
    """Call a guest that calls itself through its host; at ``depth``, ``innermost`` answers."""
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        if level == depth:
            return innermost.dispatch(module, function, argument)
        return instance.dispatch(RUN, argument)

    body = """uint8_t *first = copy(argument), *got = forward(argument);
      if (memcmp(first, argument, 6)) abort();
      arora_buffer_free(first); return got;"""
    instance = load(guest(body), StubHost(on_dispatch=answer))
    return instance.dispatch(RUN, ARGUMENT)


def test_an_exception_comes_out_of_many_levels_as_the_same_object() -> None:
    surprise = Surprise()

    def fail(*_: bytes) -> bytes:
        raise surprise

    with pytest.raises(Surprise) as caught:
        nested(20, StubHost(on_dispatch=fail))
    assert caught.value is surprise


def test_what_a_signal_handler_raises_while_the_guest_runs_comes_out_of_its_call() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    instance = load(guest(BUSY + FORWARD))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(KeyboardInterrupt):
            instance.dispatch(RUN, ARGUMENT)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_python_stack_overflow_at_any_depth_is_an_exception() -> None:
    instance = load(guest(FORWARD))

    def deeper() -> None:
        instance.dispatch(RUN, ARGUMENT)
        deeper()

    # ctypes turns a RecursionError during the conversion of an argument into an ArgumentError.
    with pytest.raises((RecursionError, ctypes.ArgumentError)):
        deeper()
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


# Loading.


@pytest.mark.parametrize(
    ("executable", "message"),
    [
        (b"", "not a shared library: it is empty"),
        (b"hello", "not a shared library: of no known format"),
        (b"\0asm\1\0\0\0", "a WebAssembly module"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "a Mach-O library"),
        (b"MZ" + bytes(60), "a PE library"),
    ],
    ids=["empty", "junk", "wasm", "mach-o", "pe"],
)
def test_an_executable_that_is_not_a_library_of_this_platform_is_refused_with_its_format(
    executable: bytes, message: str
) -> None:
    with pytest.raises(MalformedExecutable, match=message):
        load(executable)


@pytest.mark.parametrize("part", [0.005, 0.05, 0.2])
def test_a_truncated_library_is_refused_before_it_is_mapped(part: float) -> None:
    executable = guest()
    with pytest.raises(MalformedExecutable):
        load(executable[: int(len(executable) * part)])


def test_a_library_for_another_machine_is_refused_with_the_name_of_the_machine() -> None:
    foreign = bytearray(guest())
    foreign[18:20] = (0x1234).to_bytes(2, "little")
    with pytest.raises(MalformedExecutable, match="machine 4660"):
        load(bytes(foreign))


def test_the_loaders_reason_is_reported_without_the_temporary_path() -> None:
    symbols = "extern void nowhere(void); void somewhere(void) { nowhere(); }"
    with pytest.raises(MalformedExecutable, match="nowhere") as caught:
        load(compiled(symbols))
    assert tempfile.gettempdir() not in str(caught.value)


@pytest.mark.parametrize("symbol", ["arora_buffer_alloc", "arora_buffer_free", function_symbol(RUN)])
def test_a_missing_export_is_named(symbol: str) -> None:
    others = {"arora_buffer_alloc", "arora_buffer_free", function_symbol(RUN)} - {symbol}
    with pytest.raises(MissingExport) as caught:
        load(compiled("".join(f"void {name}(void) {{}}\n" for name in sorted(others))))
    assert caught.value.symbol == symbol


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell where code is")
@pytest.mark.parametrize("symbol", ["arora_buffer_alloc", "arora_buffer_free", function_symbol(RUN)])
def test_a_variable_in_the_place_of_a_function_is_refused(symbol: str) -> None:
    others = {"arora_buffer_alloc", "arora_buffer_free", function_symbol(RUN)} - {symbol}
    functions = "".join(f"void {name}(void) {{}}\n" for name in sorted(others))
    with pytest.raises(MissingExport, match=f"^{symbol}.* is data, expected a function") as caught:
        load(compiled(f"{functions}int {symbol} = 1;"))
    assert caught.value.symbol == symbol


def test_a_library_without_variables_for_dispatch_loads() -> None:
    names = ("arora_buffer_alloc", "arora_buffer_free", function_symbol(RUN))
    load(compiled("".join(f"void {name}(void) {{}}\n" for name in names))).close()


# Closing.


def mapped() -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if "arora-" in line]


def test_closing_unloads_the_library() -> None:
    before = mapped()
    instance = load(guest())
    while_loaded = mapped()
    instance.close()
    assert (len(while_loaded) > len(before), mapped()) == (True, before)


def test_a_library_that_was_refused_is_unloaded() -> None:
    before = mapped()
    with pytest.raises(MissingExport):
        load(compiled("void arora_buffer_alloc(void) {}"))
    assert mapped() == before


def test_the_private_copy_is_deleted_once_the_library_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    executable = guest()
    instance = load(executable)
    assert list(tmp_path.iterdir()) == []
    instance.close()


def test_an_instance_cannot_be_closed_from_inside_its_own_call() -> None:
    def answer(*_: bytes) -> bytes:
        instance.close()
        return ANSWER

    instance = load(guest(FORWARD), StubHost(on_dispatch=answer))
    with pytest.raises(ModuleBusy):
        instance.dispatch(RUN, ARGUMENT)


def test_it_declares_no_capabilities() -> None:
    assert NativeExecutor.capabilities == frozenset()


def test_it_has_no_version() -> None:
    assert NativeExecutor.version() is None
