"""What goes to stderr while a command runs: warnings, what guests write, and the log when it is asked for."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .terminal import printable

_MODULES: Final = "arora.module."
_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Stderr(logging.Handler):
    """Writes to whatever ``sys.stderr`` is at that moment: a progress bar takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(printable(_line(record)), file=sys.stderr, flush=True)
        except Exception:
            self.handleError(record)


def _line(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.name.startswith(_MODULES):
        return f"{record.name.removeprefix(_MODULES)}: {text}"
    return f"{record.levelname.lower() if record.levelno >= logging.WARNING else record.name}: {text}"


@contextmanager
def to_stderr() -> Iterator[None]:
    """Shows Arora's log on stderr while the block runs: warnings, and with them what guests write to their stderr."""
    logger, handler = logging.getLogger("arora"), _Stderr()
    level = logger.level
    logger.addHandler(handler)
    set_verbosity(0)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def set_verbosity(verbose: int) -> None:
    """Shows more: 1 adds what guests write to their stdout, 2 adds how things were decided."""
    logging.getLogger("arora").setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])


@contextmanager
def without_warnings_of_plugins() -> Iterator[None]:
    """Keeps quiet about plugins that were kept out, for a command that lists them."""
    logger = logging.getLogger("arora.plugins")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
