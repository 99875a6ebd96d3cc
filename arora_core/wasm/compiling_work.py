"""How much work a module may be to compile, from the sizes of its functions.

Optimizing compilers take more than linear time for large functions, for many variables in loops, for loops inside one
another, and for values that blocks pass on. What a function really takes depends on its code; the bound here is one
that no shape of code exceeded, in what was tried: a unit was at most 7 nanoseconds, and mostly a hundredth of that.
(WebAssembly core specification, binary format: code section, name section.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import MalformedExecutable
from . import module_types
from .binary_reader import WasmReader
from .guest_symbols import WasmFunctionType

MUCH: Final = 5 * 10**8
"""Units of work that a module may be to be compiled in this process."""
_OVERHEAD: Final = 128
"""Bytes that count for each function besides its own."""
_VARIABLES: Final = 16
"""Local variables that double the work of a function."""
_LOOP: Final = 3
"""The instruction, a byte that also occurs elsewhere."""
_HEADER: Final = 8
_CODE, _EXPORTS, _CUSTOM = 10, 7, 0
_FUNCTION, _NAMES_OF_FUNCTIONS = 0, 1
_TYPED_REFERENCES: Final = (0x63, 0x64)


def is_much(executable: bytes) -> bool:
    """Return whether a module with a valid header may be much work to compile, or is not understood."""
    total = 0
    try:
        for _, _, work in _functions(executable):
            total += work
            if total > MUCH:
                return True
    except MalformedExecutable:
        return True
    return False


def most_work(executable: bytes) -> str:
    """Return which function may be the most work, for readers; empty if that is not understood."""
    try:
        number, size, _ = max(_functions(executable), key=lambda each: each[2])
        imports = module_types.read(executable).imports
        name = _names(executable).get(number + sum(isinstance(each[2], WasmFunctionType) for each in imports))
    except (MalformedExecutable, ValueError):
        return ""
    return f"function number {number} of its code{f', {name!r},' if name else ''} of {size} bytes"


def _functions(executable: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the number, the size in bytes and the work of each function in the code."""
    types = module_types.read(executable)
    reader = WasmReader(executable, _HEADER)
    while reader.left:
        section, body = reader.byte(), reader.part(reader.u32())
        if section == _CODE:
            for number in range(body.count()):
                size = body.u32()
                function = body.part(size)
                variables = types.most_params + _variables(function)
                # A byte of code may stand for as many values as a type has results.
                work = (size + _OVERHEAD) ** 2 * (_VARIABLES + variables) // _VARIABLES * max(1, types.most_results)
                # Wasmer's compiler takes cubic time for loops inside one another.
                yield number, size, work + 2 * function.rest().count(_LOOP) ** 3


def _variables(function: WasmReader) -> int:
    count = 0
    for _ in range(function.count()):
        count += function.u32()
        if function.byte() in _TYPED_REFERENCES:
            function.s33()
    return count


def _names(executable: bytes) -> dict[int, str]:
    """Return the names of functions by index: those in the name section, otherwise those of exports."""
    exported: dict[int, str] = {}
    named: dict[int, str] = {}
    reader = WasmReader(executable, _HEADER)
    while reader.left:
        section, body = reader.byte(), reader.part(reader.u32())
        if section == _EXPORTS:
            for _ in range(body.count()):
                name, kind, index = body.name(), body.byte(), body.u32()
                if kind == _FUNCTION:
                    exported[index] = name
        elif section == _CUSTOM and body.name() == "name":
            while body.left:
                kind, names = body.byte(), body.part(body.u32())
                if kind == _NAMES_OF_FUNCTIONS:
                    for _ in range(names.count()):
                        index = names.u32()
                        named[index] = names.name()
    return exported | named
