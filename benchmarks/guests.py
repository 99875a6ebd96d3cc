"""The guests of the benchmarks, compiled when needed into ``benchmarks/build/``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from arora_core import Header, LoadedModule, ModuleDefinition
from arora_core.authoring.building import INCLUDE, library_name
from arora_core.authoring.python_language import GENERATOR
from arora_core.client import TypedModule
from examples import build

HERE: Final = Path(__file__).resolve().parent
SOURCES: Final = HERE / "guests"
BUILT: Final = HERE / "build"


def id_of(number: int) -> UUID:
    """Return the id of the function or parameter of ``bench.c`` with that number."""
    return UUID(f"00000000-0000-4000-9000-{number:012x}")


ADD: Final = id_of(0x10)
A: Final = id_of(0x11)
B: Final = id_of(0x12)
ECHO: Final = id_of(0x20)
ITEMS: Final = id_of(0x21)
ASK: Final = id_of(0x40)
MODULE: Final = id_of(0x41)
ASK_TIMES: Final = id_of(0x42)
CALL_BACK: Final = id_of(0x50)
CALLABLE: Final = id_of(0x51)
CALL_TIMES: Final = id_of(0x52)


def wasm(name: str) -> Path:
    """Compile ``guests/<name>.c`` to WebAssembly and return the path."""
    return _compiled(build.compile_wasm, SOURCES / f"{name}.c", BUILT / f"{name}.wasm")


def native(name: str) -> Path:
    """Compile ``guests/<name>.c`` to a shared library and return the path."""
    return _compiled(build.compile_native, SOURCES / f"{name}.c", BUILT / library_name(name))


def _compiled(compile: Callable[[Path, Path], Path], source: Path, output: Path) -> Path:
    # Compare times, although the compiler has a cache: measured processes run this, and starting the compiler takes
    # 40 ms. Include the other sources, because a large guest includes one of them.
    inputs = (source, *SOURCES.glob("*.c"), INCLUDE / "arora.h", Path(build.__file__))
    if not output.is_file() or output.stat().st_mtime < max(each.stat().st_mtime for each in inputs):
        compile(source, output)
    return output


def header(kind: str, number: int = 1) -> Header:
    """Return the header of ``bench.c`` for one kind of executable. Each ``number`` has a different module id."""
    data = Header.load(SOURCES / "bench.yaml").to_data()
    data.update(executor={"name": kind}, id=str(id_of(number)), name=f"bench{number}")
    return Header.from_data(data)


def executable(kind: str) -> Path:
    """Return the path of ``bench.c`` compiled as that kind of executable."""
    return wasm("bench") if kind == "wasm" else native("bench")


def bench(kind: str, number: int = 1) -> ModuleDefinition:
    """Return ``bench.c`` as a module of that kind."""
    return ModuleDefinition(header(kind, number), executable(kind).read_bytes())


def client(module: LoadedModule) -> TypedModule:
    """Return a client of ``bench.c``, of the source that is generated from the module's header."""
    (text,) = GENERATOR.generate(module.header).values()
    generated: dict[str, Any] = {"__name__": "generated"}
    exec(text, generated)
    made: TypedModule = generated[f"Bench{module.name.removeprefix('bench')}"](module)
    return made


def on_disk(kind: str) -> tuple[Path, Path]:
    """Write ``bench.c`` as a module of that kind to disk and return the paths of header and executable."""
    BUILT.mkdir(exist_ok=True)
    path = BUILT / f"{kind}.json"
    path.write_text(json.dumps(header(kind).to_data()), encoding="utf-8")
    return path, executable(kind)


def large(kind: str, size: int) -> Path:
    """Return the path of ``bench.c`` compiled with at least ``size`` bytes of additional code."""
    name = f"bench-{size >> 10}k"
    source = BUILT / f"{name}.c"
    text = _with_more_code(size)
    if not source.is_file() or source.read_text(encoding="utf-8") != text:
        BUILT.mkdir(exist_ok=True)
        source.write_text(text, encoding="utf-8")
    if kind == "wasm":
        return _compiled(build.compile_wasm, source, BUILT / f"{name}.wasm")
    return _compiled(build.compile_native, source, BUILT / library_name(name))


_FUNCTION_SIZE: Final = 175
"""The minimum size in bytes of one generated function in WebAssembly."""


def _with_more_code(size: int) -> str:
    """Return the source of ``bench.c`` and of different functions, called through an exported one."""
    count = size // _FUNCTION_SIZE
    functions = "\n".join(_function(number) for number in range(count))
    table = ", ".join(f"f{number}" for number in range(count))
    chooser = (
        f"static uint32_t (*const table[])(uint32_t *, uint32_t) = {{{table}}};\n"
        'ARORA_EXPORT("any") uint32_t any(uint32_t which, uint32_t *values, uint32_t n) {\n'
        f"    return table[which % {count}u](values, n);\n}}\n"
    )
    return f'#include "{(SOURCES / "bench.c").as_posix()}"\n{functions}\n{chooser}'


def _function(number: int) -> str:
    # Pseudorandom constants: the compiler cannot merge functions, and they are the same on every machine.
    a, b, c, d = ((number * 4 + part) * 2654435761 % 2**32 for part in range(4))
    return (
        f"static uint32_t f{number}(uint32_t *v, uint32_t n) {{\n"
        f"    uint32_t x = {a}u;\n"
        "    for (uint32_t i = 0; i < n; i++) {\n"
        f"        x = (x ^ v[i]) * {b | 1}u + (x >> {number % 13 + 3});\n"
        f"        if (x & {1 << number % 31}u) v[i] += {c}u; else v[(i * {number + 3}u) % n] ^= x;\n"
        f"        if (x > {d}u) v[i] = v[i] * {number + 7}u - x / {number % 97 + 3}u;\n"
        "    }\n"
        f"    return x ^ {number}u;\n}}"
    )
