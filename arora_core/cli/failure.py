"""How failures end the command: one readable line, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from ..errors import AroraError
from .terminal import printable

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""

NO_READER: Final = 141
"""The exit code when whoever read the output has left: 128 and the number of SIGPIPE."""


class Failure(click.ClickException):
    """What was asked for was tried and failed. Shown as ``error: ur5.forward: ...``."""

    exit_code = 1

    def __init__(self, error: Exception, *, trace: bool) -> None:
        super().__init__(_told(error))
        self._trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)) if trace else ""

    def show(self, file: IO[Any] | None = None) -> None:
        """Writes the line to stderr, below the traceback where one was asked for."""
        # Further lines are set in, so that none of them looks like a message of Arora's own.
        told = printable(self.message).rstrip("\n").replace("\n", "\n  ")
        click.echo(f"{printable(self._trace)}error: {told}", file=file, err=True)


def _told(error: Exception) -> str:
    if isinstance(error, AroraError):
        # The tail of a trap's stderr has been shown as the guest wrote it.
        return error.summary()
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror or error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error} (a bug of Arora's or of a plugin's; arora --traceback shows where)"


@contextmanager
def told(trace: Callable[[], bool]) -> Iterator[None]:
    """Turns whatever fails in the block into what click ends the command with: a line to show, or just a code."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _let_go_of_stdout()
        raise click.exceptions.Exit(NO_READER) from None
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        raise Failure(error, trace=trace()) from error


def flush_stdout() -> None:
    """Writes out what is still buffered, while it can be told that it cannot be written. Raises OSError."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _let_go_of_stdout()
        raise


def _let_go_of_stdout() -> None:
    """Points stdout at nothing. What is left in its buffer would fail once more as the interpreter ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
