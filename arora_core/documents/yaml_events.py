"""The events in YAML text: its scalars, and the starts and ends of its lists and mappings.

libyaml reads them where PyYAML was built with it, some ten times as fast as PyYAML by itself. It says less well what a
mistake is and where, so that PyYAML goes on where libyaml finds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Any, Final

from .places import Refusal

MAX_EVENTS: Final = 300_000
"""The most events in a text; an ordinary header of 2 MiB has fewer. Without libyaml they take some seconds."""

_UNCHECKED: Final = (ArithmeticError, LookupError, TypeError, ValueError)
"""What parsers raise for some numbers, such as those in escapes and in %YAML, and for lone surrogates."""


def events(yaml: Any, text: str, refusal: Refusal) -> Iterator[Any]:
    """Yield the events of ``text``. Raises the error that ``refusal`` makes."""
    left = count(MAX_EVENTS, -1)
    try:
        for event in _events(yaml, text):
            if next(left) == 0:
                message = f"more than {MAX_EVENTS:,} parts: write it as JSON, which is faster"
                raise refusal("", f"{position(event.start_mark)}{message}")
            yield event
    except yaml.MarkedYAMLError as error:
        at = position(error.problem_mark or error.context_mark)
        raise refusal("", f"{at}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise refusal("", str(error).replace("\n", " ")) from None
    except _UNCHECKED as error:
        raise refusal("", f"invalid YAML: {error}") from None


def position(mark: Any) -> str:
    """Return the beginning of a message about a place in the text."""
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""


def _events(yaml: Any, text: str) -> Iterator[Any]:
    given = 0
    # libyaml ignores byte order marks inside a text, and takes minutes for a megabyte of %TAG.
    if hasattr(yaml, "CSafeLoader") and "\ufeff" not in text and "%TAG" not in text:
        with suppress(yaml.YAMLError, *_UNCHECKED):
            for event in _read(yaml.CSafeLoader, text):
                given += 1
                yield event
    yield from islice(_read(yaml.SafeLoader, text), given, None)


def _read(loader: Callable[[str], Any], text: str) -> Iterator[Any]:
    reading = loader(text)
    try:
        while True:
            yield reading.get_event()
    finally:
        reading.dispose()
