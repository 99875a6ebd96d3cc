"""The names that functions, parameters, fields and variants have in Python.

Headers and records allow any text as a name; Python allows identifiers, which it compares in the normal form NFKC
(https://docs.python.org/3/reference/lexical_analysis.html#identifiers). A name that is an identifier in that form is
its own Python name. Any other gets one like it: ``joint-angle`` -> ``joint_angle``, ``m/s²`` -> ``m_s2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from keyword import iskeyword
from typing import Final
from unicodedata import normalize

Clashes = Callable[[str], bool]
"""Whether a Python name is taken already. Of the names ``a_2``, ``a_3``, ... it may hold for few only."""

LONGEST: Final = 255
"""Characters of the longest name that is used unchanged: normalizing long text can take quadratic time."""

_UNNAMED: Final = "unnamed"
"""The Python name of a name without a single letter, digit or underscore."""

_PRIVATE: Final = "__"
"""The beginning of names that Python uses itself, or changes inside of classes. No Python name begins with it."""


class NameTable:
    """The Python names of things that have names in a header or a record.

    ``python`` holds them in the order of the names: identifiers, no keywords, each different from all others and from
    the names of all other things. ``index_of`` holds the position of each thing by its name, and by its Python name.
    """

    __slots__ = ("index_of", "python")

    def __init__(self, names: Iterable[str], clashes: Clashes = lambda name: False) -> None:
        names = list(names)
        self.python: Final = python_names(names, clashes)
        self.index_of: Final[dict[str, int]] = {}
        for spellings in (names, self.python):
            for index, spelling in enumerate(spellings):
                self.index_of.setdefault(spelling, index)


def python_names(names: Iterable[str], clashes: Clashes = lambda name: False) -> list[str]:
    """Return the Python name of each name. The same names in the same order get the same; it takes linear time."""
    names = list(names)
    made = {name: name for name in names if _is_python(name) and not clashes(name)}
    taken = set(names)
    candidates: dict[str, Iterator[str]] = {}

    def unused(name: str) -> str:
        base = _identifier(name)
        # One iterator for all names that become the same identifier: none tries again what an earlier one was refused.
        for candidate in candidates.setdefault(base, _candidates(base)):
            if candidate not in taken and not iskeyword(candidate) and not clashes(candidate):
                taken.add(candidate)
                return candidate
        raise AssertionError

    return [made.pop(name, "") or unused(name) for name in names]


def _is_python(name: str) -> bool:
    if len(name) > LONGEST or not name.isidentifier() or iskeyword(name) or name.startswith(_PRIVATE):
        return False
    return name.isascii() or normalize("NFKC", name) == name


def _identifier(name: str) -> str:
    """Return an identifier, or a keyword, that looks like a name. It has no two underscores in a row."""
    normal = normalize("NFKC", name[:LONGEST])
    allowed = "".join(each if f"_{each}".isidentifier() else "_" for each in normal)
    identifier = normalize("NFKC", re.sub("__+", "_", allowed).strip("_"))
    if not identifier:
        return _UNNAMED
    return identifier if identifier.isidentifier() else f"_{identifier}"


def _candidates(identifier: str) -> Iterator[str]:
    """Yield ``class``, ``class_``, ``class_2``, ``class_3``, ..."""
    yield identifier
    yield f"{identifier}_"
    for number in count(2):
        yield f"{identifier}_{number}"
