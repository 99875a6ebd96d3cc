"""The floating-point environment of the thread that loads and calls a library."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

import pytest
from arora_native.floating_point import environment, may_change, set_environment

from tests.native_libraries import ANSWER, ARGUMENT, RUN, StubHost, guest, load, value

FLUSH = """
#include <stdint.h>
static void flush(void) { uint32_t word = 0x9fc0; __asm__ volatile("ldmxcsr %0" : : "m"(word)); }
static uint32_t flushes(void) { uint32_t word; __asm__ volatile("stmxcsr %0" : "=m"(word)); return word & 0x8040; }
"""
LEAST = sys.float_info.min

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the guests are written for x86-64")


def is_usual() -> bool:
    """Whether subnormal numbers exist, and numbers round to the nearest."""
    return bool(LEAST / 2) and 1 + LEAST == 1 and 1 - LEAST == 1


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = environment()
    assert is_usual()
    yield
    set_environment(before)


def test_loading_a_library_leaves_it_as_it_was() -> None:
    constructor = "\n__attribute__((constructor)) static void at_start(void) { flush(); }\n"
    load(guest(before=FLUSH + constructor))
    assert is_usual()


def test_closing_a_library_leaves_it_as_it_was() -> None:
    destructor = "\n__attribute__((destructor)) static void at_end(void) { flush(); }\n"
    load(guest(before=FLUSH + destructor)).close()
    assert is_usual()


@pytest.mark.parametrize(
    ("body", "before"),
    [("flush();", FLUSH), ("fesetround(FE_UPWARD);", "#include <fenv.h>\n")],
    ids=["instruction", "function"],
)
def test_a_call_leaves_it_as_it_was(body: str, before: str) -> None:
    executable = guest(f"{body} return copy(argument);", before, ("-lm",))
    assert load(executable).dispatch(RUN, ARGUMENT) == ARGUMENT
    assert is_usual()


def test_a_call_whose_host_fails_leaves_it_as_it_was() -> None:
    def fail(*_: bytes) -> bytes:
        raise KeyError

    with pytest.raises(KeyError):
        load(guest("flush(); return forward(argument);", FLUSH), StubHost(fail)).dispatch(RUN, ARGUMENT)
    assert is_usual()


def test_the_host_runs_in_that_of_the_caller_and_the_library_goes_on_in_its_own() -> None:
    seen: list[bool] = []

    def answer(*_: bytes) -> bytes:
        seen.append(is_usual())
        return ANSWER

    body = "flush(); arora_buffer_free(forward(argument)); return number(flushes());"
    assert value(load(guest(body, FLUSH), StubHost(answer)).dispatch(RUN, ARGUMENT)) == 0x8040
    assert seen == [True]


def test_a_library_that_cannot_change_it_is_called_directly() -> None:
    assert not may_change(guest())
