"""The standard streams of the process, which whoever starts it may have closed, or which may be full."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import BufferedWriter, TextIOWrapper
from typing import Final, TextIO

_UNUSABLE: Final = (os.O_WRONLY, os.O_RDONLY, os.O_RDWR)
"""How the null device replaces a closed stream: reading stdin fails, writing stdout fails, and stderr is lost."""


class _Stdout(TextIOWrapper):
    """A text stream whose errors say which stream cannot be written."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            error.filename = "stdout"
            raise

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            error.filename = "stdout"
            raise


class _Stderr(TextIOWrapper):
    """A text stream that drops what cannot be written: a message that is lost must not change the exit code."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def prepare() -> None:
    """Give the process three standard streams that can be used; streams that a program has put in place stay.

    A closed descriptor is the next that the process opens: what is written to stderr would end up in some file or
    socket. So the null device takes its place.
    """
    for descriptor, mode in enumerate(_UNUSABLE):
        try:
            os.fstat(descriptor)
        except OSError:
            # It is the lowest free one: those below it are open by now.
            os.set_inheritable(os.open(os.devnull, mode), True)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    # Results that the encoding of a terminal cannot represent are written as escapes, rather than fail.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _Stdout(_binary(1), encoding=_encoding(sys.stdout), errors="backslashreplace")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _Stderr(_binary(2), encoding=_encoding(sys.stderr), errors="backslashreplace", line_buffering=True)


def _binary(descriptor: int) -> BufferedWriter:
    return open(descriptor, "wb", closefd=False)


def _encoding(stream: TextIO | None) -> str:
    return "utf-8" if stream is None else stream.encoding


def flush_stdout() -> None:
    """Flush stdout while a failure to write can still be reported. Raises OSError."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_stdout()
        raise


def discard_stdout() -> None:
    """Redirect stdout to the null device: its buffer would fail to flush again when the interpreter exits."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
