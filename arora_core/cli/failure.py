"""Failures at the command line: one readable line, and an exit code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from ..errors import AroraError
from .streams import discard_stdout
from .terminal import indented, printable

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 plus the number of SIGINT, by the convention of shells."""

NO_READER: Final = 141
"""The exit code when the reader of stdout has closed it: 128 plus the number of SIGPIPE."""


class Failure(click.ClickException):
    """A load or call that failed, shown as ``error: ur5.forward: ...``."""

    exit_code = 1

    def __init__(self, error: Exception, *, trace: bool) -> None:
        super().__init__(_message(error))
        self._trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)) if trace else ""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to stderr, after the traceback if ``--traceback`` was given."""
        click.echo(f"{printable(self._trace)}error: {indented(self.message)}", file=file, err=True)


def _message(error: Exception) -> str:
    if isinstance(error, AroraError):
        # The tail of a trap's stderr was shown when the guest wrote it.
        return error.summary()
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror or error}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error} (a bug in Arora or a plugin; arora --traceback shows where)"


@contextmanager
def reported(trace: Callable[[], bool]) -> Iterator[None]:
    """Convert any exception of the block into click's: a line to show, or an exit code alone."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        discard_stdout()
        raise click.exceptions.Exit(NO_READER) from None
    except click.ClickException as error:
        # It may quote what a header says, such as the name of a function.
        error.message = indented(error.message)  # type: ignore[misc]
        raise
    except (click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        raise Failure(error, trace=trace()) from error
