"""How generated files of C and of C++ begin, and what is hidden from other libraries in them."""

from __future__ import annotations

from typing import Final

from ...header import Header
from .text import printable

HIDE: Final = ("#if defined(__GNUC__) && !defined(_WIN32)", "#pragma GCC visibility push(hidden)", "#endif")
"""What is declared from here to ``SHOW`` is the module's own, and if it is missing, that is found when it is linked."""
SHOW: Final = ("#if defined(__GNUC__) && !defined(_WIN32)", "#pragma GCC visibility pop", "#endif")


def of_header(header: Header) -> str:
    """Return what the comment at the beginning of a module's header says."""
    described = f": {' '.join(header.description.split())}" if header.description else ""
    return f"The module {printable(header.name)}{described}"


def guard(file: str, suffix: str) -> str:
    """Return the macro that guards a header."""
    return f"ARORA_GENERATED_{file.upper()}_{suffix.upper()}"


def of_glue(header: Header) -> str:
    """Return what the comment at the beginning of a module's glue says."""
    return f"What stands between the module {printable(header.name)} and buffers."


def glue_includes(file: str, suffix: str) -> list[str]:
    """Return what the glue includes. In this order: the glue configures what both include."""
    return [f'#include "arora_glue.{suffix}"', "", f'#include "{file}.{suffix}"']
