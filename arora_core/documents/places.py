"""Places in a document (the plain data that JSON and YAML parse to), so that every error names the path of its cause.

A :class:`Place` is one node of a document: its data and its path. Its methods return the data as the expected type, or
raise the error that the document's reader chose: a HeaderError for a header, an ArgumentError for a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NoReturn, TypeVar
from uuid import UUID

from ..errors import AroraError, HeaderError

Refusal = Callable[[str, str], AroraError]
"""Makes the error to raise, from the path and the message."""

_T = TypeVar("_T")
UUID_PATTERN = (
    "[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{32}"
    "|urn:uuid:[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
    r"|\{[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}"
)
"""The forms of a UUID: five groups of digits, 32 digits, and the groups after urn:uuid: or in braces (RFC 9562)."""
_UUID = re.compile(UUID_PATTERN)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ITEM = re.compile(r"(\[\d+\]): (.*)", re.DOTALL)
_U32_MAX = 2**32 - 1
_MOST_SHOWN = 60
"""Characters of data in a message or a path. What strangers wrote may be a megabyte long."""
_LONGEST_MESSAGE = 2000
_MOST_COMPARED = 1000
"""Known words that an unknown one is compared with, which takes about 10 us each."""


def header_refusal(source: str | None = None) -> Refusal:
    """Return a maker of HeaderErrors about the file ``source``."""
    return lambda path, message: HeaderError(_shortened(message, _LONGEST_MESSAGE), path=path, source=source)


def shown(data: object) -> str:
    """Return a short description of data for a message: ``5``, ``'f64'``, ``a mapping``."""
    if data is None:
        return "nothing"
    if isinstance(data, Mapping):
        return "a mapping"
    if isinstance(data, (list, tuple)):
        return "a list"
    return _shortened(repr(data), _MOST_SHOWN)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def suggestion(word: object, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: the nearest known word, or all of them when they are few."""
    from difflib import get_close_matches

    spellings = {spelling.casefold(): spelling for spelling in islice(known, _MOST_COMPARED)}
    near = get_close_matches(str(word).casefold(), spellings, n=1) if len(str(word)) <= _MOST_SHOWN else []
    if near:
        return f", did you mean {spellings[near[0]]!r}?"
    return f" (known: {', '.join(spellings.values())})" if 0 < len(spellings) <= 16 else ""


def joined(path: str, key: str) -> str:
    """Return the path of the entry ``key`` of the mapping at ``path``."""
    if len(key) > _MOST_SHOWN or not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{shown(key)}]"
    return f"{path}.{key}" if path else key


def is_uuid(text: str) -> bool:
    """Return whether ``text`` is a UUID in one of its forms."""
    return _UUID.fullmatch(text) is not None


class Place:
    """One node of a document."""

    __slots__ = ("data", "path", "refusal")

    def __init__(self, data: object, refusal: Refusal, path: str = "") -> None:
        self.data = data
        self.path = path
        self.refusal = refusal

    def refuse(self, message: str) -> NoReturn:
        """Raise the error about this place."""
        raise self.refusal(self.path, message) from None

    def expected(self, what: str) -> NoReturn:
        """Raise the error that says what was expected here, and what was found."""
        self.refuse(f"expected {what}, got {shown(self.data)}")

    def under(self, key: str, data: object) -> Place:
        """Return the place of ``data`` under ``key``."""
        return Place(data, self.refusal, joined(self.path, key))

    def at(self, *steps: str | int) -> Place:
        """Return the place that keys and indexes lead to from here; the data there is None where there is none."""
        place = self
        for step in steps:
            if isinstance(step, str):
                data = place.data.get(step) if isinstance(place.data, Mapping) else None
                place = place.under(step, data)
            else:
                data = place.data[step] if isinstance(place.data, (list, tuple)) else None
                place = Place(data, place.refusal, f"{place.path}[{step}]")
        return place

    def required(self, key: str) -> Place:
        """Return the place under ``key``, which the mapping here must have."""
        if not isinstance(self.data, Mapping):
            self.expected("a mapping")
        if key not in self.data:
            self.under(key, None).refuse(f"the key {key!r} is missing")
        return self.under(key, self.data[key])

    def made(self, make: Callable[[], _T]) -> _T:
        """Return what ``make`` returns; its TypeError or ValueError becomes the error about this place or its item."""
        try:
            return make()
        except (TypeError, ValueError) as error:
            item = _ITEM.fullmatch(str(error))
            if item is None:
                self.refuse(str(error))
            Place(None, self.refusal, self.path + item[1]).refuse(item[2])

    def text(self) -> str:
        """Return the text, which may be empty."""
        if not isinstance(self.data, str):
            self.expected("text")
        try:
            self.data.encode()
        except UnicodeEncodeError as error:
            self.refuse(f"lone surrogate at character {error.start}, which UTF-8 cannot encode")
        return self.data

    def name(self) -> str:
        """Return the text, which may not be empty."""
        return self.text() or self.expected("a name")

    def boolean(self) -> bool:
        """Return the boolean."""
        if not isinstance(self.data, bool):
            self.expected("true or false")
        return self.data

    def natural(self) -> int:
        """Return the integer, from 0 to 2**32 - 1."""
        if isinstance(self.data, bool) or not isinstance(self.data, int) or not 0 <= self.data <= _U32_MAX:
            self.expected(f"an integer from 0 to {_U32_MAX}")
        return int(self.data)

    def uuid(self) -> UUID:
        """Return the UUID."""
        if isinstance(self.data, UUID):
            return self.data
        if not isinstance(self.data, str) or not is_uuid(self.data):
            self.expected("a UUID")
        return UUID(self.data)

    def list(self) -> list[object]:
        """Return the list, its items unread."""
        if not isinstance(self.data, (list, tuple)):
            self.expected("a list")
        return list(self.data)

    def items(self) -> Iterator[Place]:
        """Yield the places of the list's items."""
        for index, item in enumerate(self.list()):
            yield Place(item, self.refusal, f"{self.path}[{index}]")

    def entries(self) -> Iterator[tuple[str, Place]]:
        """Yield the keys of the mapping, which may be any text, and their places."""
        if not isinstance(self.data, Mapping):
            self.expected("a mapping")
        for key, data in self.data.items():
            if not isinstance(key, str):
                self.refuse(f"expected a text key, got {shown(key)} (quote it)")
            yield key, self.under(key, data)

    def keys(self, required: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Place]:
        """Return the places of the mapping by key: the required keys, and the optional ones that are not null."""
        places = dict(self.entries())
        known = [*required, *optional]
        for key, place in places.items():
            if key not in known:
                place.refuse(f"unknown key {key!r}{suggestion(key, known)}")
        for key in required:
            if key not in places:
                self.required(key)
        return {key: place for key, place in places.items() if key in required or place.data is not None}
