"""A bound on the functions that an executor compiles: optimizing compilers take more than linear time for large ones.

The time grows with the size of a function and with its local variables, and no runtime can be stopped while it
compiles. The default admits functions that Wasmtime compiled within about ten seconds at worst, in what was tried. It
does not bound the nesting of blocks, or the number of functions.
(WebAssembly core specification, binary format: code section.)
"""

from __future__ import annotations

import os
from typing import Final

from ..errors import LoadError, MalformedExecutable
from .binary_reader import WasmReader

VARIABLE: Final = "ARORA_LARGEST_FUNCTION"
"""The environment variable that replaces :data:`LARGEST`, in bytes."""
LARGEST: Final = 1 << 19
"""Bytes of the largest function that is compiled."""
_VARIABLES: Final = 128
"""A function of the largest size may have so many local variables, a smaller one more in proportion."""
_MOST_VARIABLES: Final = 50_000
"""The local variables that runtimes accept in any function."""
_HEADER: Final = 8
_CODE: Final = 10
_TYPED_REFERENCES: Final = (0x63, 0x64)


def check_functions(executable: bytes) -> None:
    """Raise MalformedExecutable for a function that is too large to compile, with its number and its size.

    ``executable`` is a module with a valid header. Anything else that is wrong with it is left to the compiler. Raises
    LoadError if the environment variable is no number of bytes.
    """
    setting = os.environ.get(VARIABLE) or str(LARGEST)
    if not setting.isdecimal():
        raise LoadError(f"{VARIABLE} is {setting!r}, expected a number of bytes")
    largest = int(setting)
    try:
        found = _first_beyond(executable, largest)
    except MalformedExecutable:
        return
    if found is not None:
        number, size, variables = found
        raise MalformedExecutable(
            f"defines a function (number {number} of its code) of {size} bytes with {variables} local variables; up to "
            f"{largest} bytes with {_VARIABLES} are compiled, or fewer bytes with more ({VARIABLE} sets another size)"
        )


def _first_beyond(executable: bytes, largest: int) -> tuple[int, int, int] | None:
    """Return the number, the size and the local variables of the first function that is too large."""
    reader = WasmReader(executable, _HEADER)
    while reader.left:
        section, body = reader.byte(), reader.part(reader.u32())
        if section == _CODE:
            for number in range(body.u32()):
                size = body.u32()
                function = body.part(size)
                # Most functions are too small for any number of variables.
                if size * _MOST_VARIABLES > largest * _VARIABLES:
                    variables = _variables(function)
                    if size > largest or size * variables > largest * _VARIABLES:
                        return number, size, variables
    return None


def _variables(function: WasmReader) -> int:
    count = 0
    for _ in range(function.u32()):
        count += function.u32()
        if function.byte() in _TYPED_REFERENCES:
            function.s33()
    return count
