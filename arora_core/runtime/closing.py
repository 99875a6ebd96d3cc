"""Closing many things, none of which may keep another from being closed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

_log = logging.getLogger("arora.engine")


class Closable(Protocol):
    def close(self) -> None:
        """Release all resources. Idempotent."""


def close_all(things: Iterable[Closable]) -> None:
    """Close every thing, whatever their ``close`` raises; then raise the first exception, with notes of the others.

    Where one raises, all are closed once more: the exception may be that of a signal's handler, as KeyboardInterrupt
    is, raised before or amid the work of one ``close``.
    """
    things = list(things)
    failures = _failures(things)
    if failures:
        _failures(things)
        first, *others = failures
        _add_notes(first, others)
        raise first


def close_after(error: BaseException, thing: Closable) -> None:
    """Close a thing that ``error`` has made useless. What that raises becomes a note of ``error``."""
    failures = _failures([thing])
    if failures:
        _failures([thing])
        _add_notes(error, failures)


def close_and_log(thing: Closable, message: str) -> None:
    """Close a thing. Log an error of that with ``message``; other exceptions, as KeyboardInterrupt, come out."""
    try:
        close_all([thing])
    except Exception:
        _log.exception(message)


def _failures(things: Iterable[Closable]) -> list[BaseException]:
    """Close every thing; return what was raised."""
    failures: list[BaseException] = []
    remaining = iter(things)
    complete = False
    while not complete:
        try:
            # The iterator continues behind a thing whose ``close`` raised.
            for thing in remaining:
                thing.close()
            complete = True
        except BaseException as error:
            failures.append(error)
    return failures


def _add_notes(error: BaseException, others: Iterable[BaseException]) -> None:
    # As ``add_note`` does, which CPython 3.10 lacks.
    notes = [f"Closing raised {other!r} then." for other in others]
    vars(error)["__notes__"] = [*getattr(error, "__notes__", ()), *notes]
