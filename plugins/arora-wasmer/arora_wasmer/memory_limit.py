"""Memory limits, written into the module itself.

wasmer's Python interface has no setting for them. But the declaration of a WebAssembly memory includes its maximum
size, which every runtime enforces. Guests cannot import memories, so the declarations cover all.
(WebAssembly core specification, binary format: sections, limits.)
"""

from __future__ import annotations

from typing import Final

from arora_core.wasm import fixed_tables
from arora_core.wasm.binary_reader import WasmReader
from arora_core.wasm.binary_writer import number, section
from arora_core.wasm.fixed_tables import PAGE, beyond

_HEADER: Final = 8
_MEMORIES: Final = 5
_HAS_MAXIMUM: Final = 1


def limited(executable: bytes, memory: int) -> bytes:
    """Return the valid module ``executable`` with its memory and tables limited to ``memory`` bytes in all.

    Its tables keep their initial size. Raise LimitExceeded if it begins larger.
    """
    executable, tables = fixed_tables.fix(executable, memory)
    source = WasmReader(executable, _HEADER)
    parts = [executable[:_HEADER]]
    while source.left:
        begin = len(executable) - source.left
        id = source.byte()
        body = source.part(source.u32())
        if id == _MEMORIES:
            parts.append(section(id, _limited_memories(body, memory, memory - tables)))
        else:
            parts.append(executable[begin : len(executable) - source.left])
    return b"".join(parts)


def _limited_memories(source: WasmReader, memory: int, left: int) -> bytes:
    # Wasmer refuses modules with more than one.
    count = source.u32()
    return number(count) + b"".join(_limits(source, memory, left) for _ in range(count))


def _limits(source: WasmReader, memory: int, left: int) -> bytes:
    flags = source.byte()
    least, allowed = source.u64(), left // PAGE
    most = source.u64() if flags & _HAS_MAXIMUM else allowed
    if least > allowed:
        raise beyond(f"begins with {least * PAGE + memory - left} bytes", memory)
    return bytes([flags | _HAS_MAXIMUM]) + number(least) + number(min(most, allowed))
