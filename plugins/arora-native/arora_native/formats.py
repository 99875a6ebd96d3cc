"""Checks of library files before the platform's loader maps them."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Final

from arora_core.errors import MalformedExecutable

from .elf import IDENTIFICATION, Elf

_ELF: Final = "an ELF library (Linux, BSD)"
_MACH_O: Final = "a Mach-O library (macOS)"
_PE: Final = "a PE library (Windows)"
_MAGICS: Final = (
    (b"\x7fELF", _ELF),
    (b"\xcf\xfa\xed\xfe", _MACH_O),
    (b"\xce\xfa\xed\xfe", _MACH_O),
    (b"\xca\xfe\xba\xbe", _MACH_O),
    (b"MZ", _PE),
    (b"\0asm", "a WebAssembly module"),
)
_PLATFORM_LOADS: Final = {"darwin": _MACH_O, "win32": _PE, "cygwin": _PE}.get(sys.platform, _ELF)

# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_CLASS_AND_ORDER: Final = slice(4, 6)
_BIG_ENDIAN: Final = b"\2"
_MACHINE: Final = slice(18, 20)
_MACHINES: Final = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V"}


def check_loadable(executable: bytes) -> None:
    """Raise MalformedExecutable if this is not a library for this platform, or it is truncated.

    The loader does not notice truncation: it maps the segments of the headers, and reading past the end of the file
    crashes the process.
    """
    kind = next((kind for magic, kind in _MAGICS if executable.startswith(magic)), None)
    if kind is None:
        # Nothing is quoted of it: it may be a link of a stranger's to another file.
        raise MalformedExecutable("not a shared library: " + ("of no known format" if executable else "it is empty"))
    if kind != _PLATFORM_LOADS:
        raise MalformedExecutable(f"{kind}; this platform loads {_PLATFORM_LOADS}")
    if kind == _ELF:
        _check_elf(executable)


def _check_elf(executable: bytes) -> None:
    ours = _interpreter()
    if ours and (executable[_CLASS_AND_ORDER], executable[_MACHINE]) != (ours[_CLASS_AND_ORDER], ours[_MACHINE]):
        raise MalformedExecutable(f"{_ELF} for {_machine(executable)}; this process runs on {_machine(ours)}")
    if executable.startswith(IDENTIFICATION):
        Elf(executable)


def _machine(elf: bytes) -> str:
    number = int.from_bytes(elf[_MACHINE], "little")
    bits = {1: "32-bit ", 2: "64-bit "}.get(elf[4] if len(elf) > 4 else 0, "")
    if elf[5:6] == _BIG_ENDIAN:
        bits, number = f"{bits}big-endian ", int.from_bytes(elf[_MACHINE], "big")
    return bits + _MACHINES.get(number, f"machine {number}")


@cache
def _interpreter() -> bytes:
    """Return the first 64 bytes of the running executable; empty if they cannot be read."""
    try:
        with Path("/proc/self/exe").open("rb") as file:
            return file.read(64)
    except OSError:
        return b""
