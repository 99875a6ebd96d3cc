"""Small native guests, compiled as the tests need them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from arora_native.executor import NativeExecutor

from arora_core.executor import Instance, Limits
from arora_core.guest_symbols import function_symbol
from arora_core.header import Header, ModuleDefinition

RUN = UUID("11111111-2222-4333-8444-555555555555").bytes
HEADER = Header.from_data(
    {
        "id": "0a0a0a0a-0000-4000-8000-000000000001",
        "name": "guest",
        "author": "",
        "license": "",
        "version": {"major": 1, "minor": 0, "patch": 0},
        "executor": {"name": "native"},
        "exports": [{"type": "function", "id": str(UUID(bytes=RUN)), "name": "run"}],
        "imports": [],
    }
)
ARGUMENT = bytes([6, 0, 0, 0, 1, 1])
"""A boolean, true."""
ANSWER = bytes([6, 0, 0, 0, 1, 0])
SOURCE = """
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static int live = 0, calls = 0;
uint8_t *arora_buffer_alloc(uint32_t size) {{ live++; return size > 1u << 20 ? 0 : malloc(size); }}
void arora_buffer_free(uint8_t *buffer) {{ live--; free(buffer); }}
uint8_t *(*arora_dispatch_fn)(const uint8_t *, const uint8_t *, const uint8_t *);
uint8_t *(*arora_dispatch_indirect_fn)(uint64_t);
static uint32_t size_of(const uint8_t *buffer) {{ uint32_t size; memcpy(&size, buffer, 4); return size; }}
static uint8_t *copy(const uint8_t *buffer) {{
  uint8_t *result = arora_buffer_alloc(size_of(buffer));
  return memcpy(result, buffer, size_of(buffer));
}}
static uint8_t *number(uint32_t value) {{
  uint8_t *result = arora_buffer_alloc(9);
  memcpy(result, "\\x09\\0\\0\\0\\x04", 5); memcpy(result + 5, &value, 4);
  return result;
}}
static uint8_t *forward(const uint8_t *argument) {{
  return arora_dispatch_fn((const uint8_t *)"0123456789abcdef", (const uint8_t *)"ABCDEFGHIJKLMNOP", argument);
}}
uint8_t *{symbol}(uint8_t *argument) {{ {body} }}
"""
ECHO = "return copy(argument);"


@cache
def compiled(source: str, *options: str) -> bytes:
    """Return the library of a source in C, compiled once."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "guest.c").write_text(source)
        command = [sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-O1", "guest.c", "-o", "guest.library"]
        command += options
        ran = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return (Path(folder) / "guest.library").read_bytes()


def guest(body: str = ECHO, before: str = "", options: tuple[str, ...] = ()) -> bytes:
    """Return a library whose function has this body; ``before`` comes before everything else in its source."""
    return compiled(before + SOURCE.format(symbol=function_symbol(RUN), body=body), *options)


@dataclass
class StubHost:
    """A host that returns the argument, or what its fields return."""

    on_dispatch: Callable[[bytes, bytes, bytes], bytes] = lambda module, function, argument: argument
    on_indirect: Callable[[int], bytes] = lambda callable_id: ARGUMENT

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.on_dispatch(module_id, function_id, argument)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        return self.on_indirect(callable_id)

    def write_output(self, fd: int, data: bytes) -> None:
        raise AssertionError("a native guest writes to the process's own streams")


def load(executable: bytes, host: StubHost | None = None, path: Path | None = None) -> Instance:
    """Return an instance of a library, which was read from ``path``."""
    return NativeExecutor().load(ModuleDefinition(HEADER, executable, path), host or StubHost(), Limits())


def value(buffer: bytes) -> int:
    """Return the number in a buffer."""
    return int.from_bytes(buffer[5:], "little")
