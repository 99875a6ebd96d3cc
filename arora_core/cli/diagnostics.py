"""The log on stderr while a command runs: warnings, guests' output, and more with ``-v``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .terminal import indented, one_line

_MODULES: Final = "arora.module."
_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Stderr(logging.Handler):
    """Writes to the current ``sys.stderr``, which a progress bar replaces for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(indented(_line(record)), file=sys.stderr, flush=True)
        except Exception:
            self.handleError(record)


def _line(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.name.startswith(_MODULES):
        return f"{one_line(record.name.removeprefix(_MODULES))}: {text}"
    return f"{record.levelname.lower() if record.levelno >= logging.WARNING else record.name}: {text}"


@contextmanager
def to_stderr() -> Iterator[None]:
    """Show Arora's log on stderr while the block runs: warnings, guests' stderr included."""
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
    """Set how much is shown: 0 warnings and guests' stderr, 1 guests' stdout as well, 2 the debug log."""
    logging.getLogger("arora").setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])


@contextmanager
def without_warnings_of_plugins() -> Iterator[None]:
    """Silence warnings about disabled plugins, for a command that shows them."""
    logger = logging.getLogger("arora.plugins")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
