"""Features at which Wasmer 2 panics instead of raising an error, recognised before it compiles a module.

(WebAssembly core specification, binary format: sections, imports.)
"""

from __future__ import annotations

from typing import Final

from arora_core.errors import MalformedExecutable, UnsupportedImport
from arora_core.wasm.binary_reader import WasmReader

_HEADER: Final = 8
_IMPORTS, _TAGS = 2, 13
_FUNCTION, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)
_HAS_MAXIMUM: Final = 1


def check(executable: bytes) -> None:
    """Raise UnsupportedImport for an imported tag, and MalformedExecutable for a tag of the module's own."""
    source = WasmReader(executable, _HEADER)
    while source.left:
        section = source.byte()
        body = source.part(source.u32())
        if section == _IMPORTS:
            _check_imports(body)
        elif section == _TAGS:
            raise MalformedExecutable("uses exception handling (tags), which wasmer does not support")


def _check_imports(source: WasmReader) -> None:
    for _ in range(source.u32()):
        namespace, name, kind = source.name(), source.name(), source.byte()
        if kind == _TAG:
            symbol = f"{namespace}.{name}"
            raise UnsupportedImport(
                f"imports the tag {symbol}, and wasmer does not support exception handling", symbol=symbol
            )
        if kind == _FUNCTION:
            source.u32()
        elif kind == _GLOBAL:
            source.byte()
            source.byte()
        elif kind in (_TABLE, _MEMORY):
            if kind == _TABLE:
                source.byte()
            flags = source.byte()
            source.u64()
            if flags & _HAS_MAXIMUM:
                source.u64()
        else:
            return  # wasmer itself says what is malformed.
