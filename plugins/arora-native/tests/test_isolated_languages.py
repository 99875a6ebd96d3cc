"""Libraries of other languages and runtimes, each in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from arora_native.isolated.executor import IsolatedExecutor

from arora_core.errors import Trap, TrapKind
from arora_core.executor import Instance, Limits
from arora_core.guest_symbols import function_symbol
from arora_core.header import ModuleDefinition
from tests.native_libraries import ANSWER, ARGUMENT, HEADER, RUN, SOURCE, StubHost, value

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")

SYMBOL = function_symbol(RUN)


@contextmanager
def loaded(library: Path, host: StubHost | None = None) -> Iterator[Instance]:
    definition = ModuleDefinition(HEADER, library.read_bytes())
    with closing(IsolatedExecutor().load(definition, host or StubHost(), Limits())) as instance:
        yield instance


def built(tool: str, source: str, path: Path, *command: str, **environment: str) -> Path:
    """Return the library that a compiler makes of a source. Skips the test where there is no such compiler."""
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool}")
    path.write_text(source)
    output = path.with_suffix(".so")
    done = subprocess.run(
        [tool, *command, "-o", str(output), str(path)],
        cwd=path.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return output


RUST = """
use std::alloc::{{alloc, Layout}};
#[no_mangle] pub extern "C" fn arora_buffer_alloc(size: u32) -> *mut u8 {{
    unsafe {{ alloc(Layout::from_size_align(size as usize, 8).unwrap()) }}
}}
#[no_mangle] pub extern "C" fn arora_buffer_free(_buffer: *mut u8) {{}}
#[no_mangle] pub extern "C" fn {symbol}(argument: *const u8) -> *mut u8 {{
    if unsafe {{ *argument.add(5) }} == 1 {{ panic!("on purpose"); }}
    let result = arora_buffer_alloc(9);
    unsafe {{ std::ptr::copy_nonoverlapping([9u8, 0, 0, 0, 4, 42, 0, 0, 0].as_ptr(), result, 9) }};
    result
}}
"""


@pytest.mark.parametrize("panic", ["abort", "unwind"])
def test_a_panic_of_rust_is_a_trap_with_its_message(tmp_path: Path, panic: str) -> None:
    flags = ("--crate-type", "cdylib", "--edition", "2021", "-C", f"panic={panic}")
    library = built("rustc", RUST.format(symbol=SYMBOL), tmp_path / "guest.rs", *flags)
    written: list[bytes] = []
    host = StubHost()
    host.write_output = lambda fd, data: written.append(data)  # type: ignore[method-assign]
    with loaded(library, host) as instance:
        for _ in range(2):
            assert value(instance.dispatch(RUN, ANSWER)) == 42
            with pytest.raises(Trap, match="SIGABRT") as caught:
                instance.dispatch(RUN, ARGUMENT)
            assert (caught.value.kind, caught.value.restarted) == (TrapKind.UNREACHABLE, True)
    assert b"on purpose" in b"".join(written)


GO = """package main

// #include <stdint.h>
// #include <stdlib.h>
import "C"
import ("unsafe"; "sync")

//export arora_buffer_alloc
func arora_buffer_alloc(size C.uint32_t) unsafe.Pointer {{ return C.malloc(C.size_t(size)) }}

//export arora_buffer_free
func arora_buffer_free(buffer unsafe.Pointer) {{ C.free(buffer) }}

//export {symbol}
func {symbol}(argument unsafe.Pointer) unsafe.Pointer {{
	given := unsafe.Slice((*byte)(argument), 6)
	if given[5] == 1 {{
		var nothing *int
		*nothing = 1
	}}
	sum, parts, group := byte(0), make([]byte, 10), sync.WaitGroup{{}}
	for index := range parts {{
		group.Add(1)
		go func(index int) {{ parts[index] = byte(index); group.Done() }}(index)
	}}
	group.Wait()
	for _, part := range parts {{ sum += part }}
	result := C.malloc(9)
	copy(unsafe.Slice((*byte)(result), 9), []byte{{9, 0, 0, 0, 4, sum, 0, 0, 0}})
	return result
}}

func main() {{}}
"""


def test_a_library_of_go_runs_its_goroutines_and_its_crash_is_a_trap(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module guest\n\ngo 1.18\n")
    settings = {"CGO_ENABLED": "1", "GOFLAGS": "-mod=mod", "CC": "gcc"}
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    library = built("go", GO.format(symbol=SYMBOL), tmp_path / "guest.go", "build", "-buildmode=c-shared", **settings)
    with loaded(library, silent()) as instance:
        for _ in range(2):
            assert value(instance.dispatch(RUN, ANSWER)) == 45
            with pytest.raises(Trap) as caught:
                instance.dispatch(RUN, ARGUMENT)
            assert caught.value.restarted


def silent() -> StubHost:
    host = StubHost()
    host.write_output = lambda fd, data: None  # type: ignore[method-assign]
    return host


def test_openmp_computes_with_its_threads(tmp_path: Path) -> None:
    body = """int threads = 0, sum = 0;
      #pragma omp parallel num_threads(4) reduction(+ : sum)
      { sum += 1; }
      threads = sum; return number(threads);"""
    source = SOURCE.format(symbol=SYMBOL, body="BODY").replace("BODY", body)
    library = built("gcc", source, tmp_path / "guest.c", "-shared", "-fPIC", "-fopenmp", "-O2")
    with loaded(library) as instance:
        assert [value(instance.dispatch(RUN, ARGUMENT)) for _ in range(3)] == [4, 4, 4]


CPP = """
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
extern "C" uint8_t *arora_buffer_alloc(uint32_t size) {{ return (uint8_t *)std::malloc(size); }}
extern "C" void arora_buffer_free(uint8_t *buffer) {{ std::free(buffer); }}
static void check(bool fail) {{ if (fail) throw std::runtime_error("thrown on purpose"); }}
extern "C" uint8_t *{symbol}(const uint8_t *argument) {{
  uint8_t caught = 0;
  try {{ check(true); }} catch (const std::exception &error) {{ caught = (uint8_t)std::strlen(error.what()); }}
  check(argument[5] == 1);
  uint8_t *result = arora_buffer_alloc(9);
  const uint8_t bytes[9] = {{9, 0, 0, 0, 4, caught, 0, 0, 0}};
  std::memcpy(result, bytes, 9);
  return result;
}}
"""


def test_exceptions_of_cpp_are_caught_within_and_a_trap_where_they_are_not(tmp_path: Path) -> None:
    library = built("g++", CPP.format(symbol=SYMBOL), tmp_path / "guest.cpp", "-shared", "-fPIC", "-O1")
    written: list[bytes] = []
    host = StubHost()
    host.write_output = lambda fd, data: written.append(data)  # type: ignore[method-assign]
    with loaded(library, host) as instance:
        assert value(instance.dispatch(RUN, ANSWER)) == len("thrown on purpose")
        with pytest.raises(Trap, match="SIGABRT"):
            instance.dispatch(RUN, ARGUMENT)
        assert value(instance.dispatch(RUN, ANSWER)) == len("thrown on purpose")
    assert b"thrown on purpose" in b"".join(written)
