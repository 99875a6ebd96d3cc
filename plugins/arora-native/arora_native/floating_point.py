"""The floating-point environment of a thread: rounding, exceptions, flushing of subnormal numbers (``fenv.h`` of C99).

A library may change it when it is loaded, as every library does that gcc before 13 links with ``-ffast-math``, or in a
call. Python and everything else in the thread would compute with it from then on.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import Array, c_char
from functools import cache
from typing import Any, Final

from .elf import IDENTIFICATION, PF_X, PT_LOAD, Elf

Environment = Array[c_char]

_SIZE: Final = 256
"""More than any platform's ``fenv_t``."""
_SETTERS: Final = frozenset(
    {
        *(b"fesetround", b"fesetenv", b"feupdateenv", b"feholdexcept"),
        *(b"fesetmode", b"feenableexcept", b"fedisableexcept"),
    }
)
_CODE: Final = {
    # Intel's manual, volume 2: LDMXCSR and VLDMXCSR, and FLDCW with the operands that compilers give it.
    62: re.compile(
        rb"(?:\x0f|\xc5\xf8)\xae[\x10-\x17\x50-\x57\x90-\x97]|\xd9(?:[\x2c\x6c\xac]\x24|\x2d|\x6d|\xad...[\x00\xff])",
        re.DOTALL,
    ),
    # Arm's manual: MSR FPCR, in four bytes. Untested.
    183: re.compile(rb"[\x00-\x1f]\x44\x1b\xd5"),
}
"""By ELF machine, the instructions that set the environment."""


@cache
def _functions() -> tuple[Any, Any] | None:
    """Return ``fegetenv`` and ``fesetenv``, which take an :data:`Environment`; None where there are none."""
    try:
        # Python itself links to the library of mathematics.
        library = ctypes.PyDLL(None)
        return library.fegetenv, library.fesetenv
    except (AttributeError, OSError, TypeError):
        return None


def environment() -> Environment:
    """Return the environment of this thread."""
    current = (c_char * _SIZE)()
    if (functions := _functions()) is not None:
        functions[0](current)
    return current


def set_environment(environment: Environment) -> None:
    """Set the environment of this thread."""
    if (functions := _functions()) is not None:
        functions[1](environment)


@contextmanager
def unchanged() -> Iterator[None]:
    """Restore the environment of this thread afterwards."""
    before = environment()
    try:
        yield
    finally:
        set_environment(before)


def may_change(executable: bytes) -> bool:
    """Whether calls of a library may change the environment: it imports a function, or has an instruction, that does.

    Only ELF libraries of 64 bits are examined, and not the libraries that they need.
    """
    if not executable.startswith(IDENTIFICATION):
        return False
    elf = Elf(executable)
    if any(not symbol.defined and elf.string(symbol.name) in _SETTERS for symbol in elf.symbols):
        return True
    pattern = _CODE.get(elf.machine)
    return pattern is not None and any(
        pattern.search(executable, segment.offset, segment.offset + segment.file_size)
        for segment in elf.segments
        if segment.type == PT_LOAD and segment.flags & PF_X
    )
