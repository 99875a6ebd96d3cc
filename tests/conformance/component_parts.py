"""What is in a component: its core modules, and the sections that nothing depends on.

The format: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arora_core.wasm.binary_reader import WasmReader
from arora_core.wasm.binary_writer import section

_PREAMBLE: Final = 8
_COMPONENT: Final = b"\0asm\x0d\0\1\0"
_CUSTOM: Final = 0
_CORE_MODULE: Final = 1
_NESTED_COMPONENT: Final = 4


def core_modules(component: bytes) -> list[bytes]:
    """Return the core modules that are directly in a component, in order."""
    return [body for id, body in _sections(component) if id == _CORE_MODULE]


def without_custom_sections(binary: bytes) -> bytes:
    """Return a component or a core module without custom sections, such as names, at any depth."""
    nesting = (_CORE_MODULE, _NESTED_COMPONENT) if binary[:_PREAMBLE] == _COMPONENT else ()
    kept = [
        section(id, without_custom_sections(body) if id in nesting else body)
        for id, body in _sections(binary)
        if id != _CUSTOM
    ]
    return binary[:_PREAMBLE] + b"".join(kept)


def _sections(binary: bytes) -> Iterator[tuple[int, bytes]]:
    reader = WasmReader(binary, _PREAMBLE)
    while reader.left:
        id = reader.byte()
        yield id, reader.part(reader.u32()).rest()
