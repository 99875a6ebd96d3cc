"""The names that a header's things have in a programming language.

Headers and records allow any text as a name. A language has a style (``joint_angle``, ``JointAngle``), keywords, and
letters it allows; here they are the ASCII ones, which every compiler and every reader's keyboard knows. Names that
become the same are told apart by a number: ``joint_angle``, ``joint_angle_2``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count
from typing import Final
from unicodedata import normalize

from ..binding.python_names import python_names

Style = Callable[[list[str]], str]
"""Joins the words of a name, which are of ``a-z``, ``A-Z`` and ``0-9``."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST: Final = 255
"""Characters of a name that are looked at."""


def snake(words: list[str]) -> str:
    """Return ``joint_angle``."""
    return "_".join(words).lower()


def screaming(words: list[str]) -> str:
    """Return ``JOINT_ANGLE``."""
    return "_".join(words).upper()


def camel(words: list[str]) -> str:
    """Return ``JointAngle``."""
    return "".join(word[0].upper() + word[1:].lower() for word in words)


def identifiers(names: Iterable[str], style: Style, reserved: Collection[str] = (), *, joint: str = "_") -> list[str]:
    """Return the identifier of each name, in order: each different from the others and from those ``reserved``.

    A name that is an identifier of that style keeps it, however many others become the same. ``joint`` comes before
    the number of one that does not: a style may forbid underscores. It takes linear time.
    """
    names = list(names)
    made = [style(_words(name)) for name in names]
    taken = set(reserved)
    chosen: list[str | None] = [None] * len(names)
    for index, (name, identifier) in enumerate(zip(names, made, strict=True)):
        if name == identifier and identifier not in taken:
            taken.add(identifier)
            chosen[index] = identifier
    candidates: dict[str, Iterator[str]] = {}

    def unused(identifier: str) -> str:
        # One iterator for all names that become the same: none tries again what an earlier one was refused.
        for candidate in candidates.setdefault(identifier, _candidates(identifier, joint)):
            if candidate not in taken:
                taken.add(candidate)
                return candidate
        raise AssertionError

    return [given or unused(identifier) for given, identifier in zip(chosen, made, strict=True)]


def python_stem(name: str) -> str:
    """Return the name, without its suffix, of the Python file for a module: it hides no module of Python's own."""
    return python_names(identifiers([name], snake), sys.stdlib_module_names.__contains__)[0]


def _words(name: str) -> list[str]:
    """Return the words of a name: ``m/s²`` has ``m`` and ``s2``, ``HTTPServer`` has ``HTTP`` and ``Server``."""
    plain = normalize("NFKD", name[:_LONGEST]).encode("ascii", "ignore").decode()
    words: list[str] = []
    for part in re.split("[^A-Za-z0-9]+", plain):
        found = _WORDS.findall(part)
        for word in found:
            # Digits belong to the word before them: vector3 is one word.
            if word.isdigit() and words and found[0] is not word:
                words[-1] += word
            else:
                words.append(word)
    if not words:
        return ["unnamed"]
    return ["n", *words] if words[0][0].isdigit() else words


def _candidates(identifier: str, joint: str) -> Iterator[str]:
    yield identifier
    for turn in count(2):
        yield f"{identifier}{joint}{turn}"
