"""Versions of modules, runtimes and records, by Semantic Versioning 2.0 (https://semver.org)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_NUMBER: Final = 2**32 - 1
"""The highest number in a version that is written as text or in a header."""

_NUMBER: Final = "(0|[1-9][0-9]{0,9})"
PRERELEASE_PATTERN: Final = r"{0}(\.{0})*".format("(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)")
BUILD_PATTERN: Final = r"{0}(\.{0})*".format("[0-9A-Za-z-]+")
PATTERN: Final = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{PRERELEASE_PATTERN})?(\+{BUILD_PATTERN})?"

_TEXT: Final = re.compile(PATTERN)
_OF_A_RUNTIME: Final = re.compile(
    r"(?:[0-9]+!)?([0-9]{1,10})(?:\.([0-9]{1,10}))?(?:\.([0-9]{1,10}))?(?![0-9])(?:\.[0-9]+)*"
    r"(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview|dev)[-_.]?([0-9]*)(?![A-Za-z]))?",
    re.IGNORECASE,
)
_PRERELEASES: Final = {"a": "alpha", "alpha": "alpha", "b": "beta", "beta": "beta", "dev": "0.dev"}
"""What Python's abbreviations stand for. A numeric identifier comes before all others, as ``dev`` does there."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version ``major.minor.patch-prerelease+build``; ``str`` returns this text.

    Versions compare number by number, then a pre-release comes before its release. The build says nothing about which
    of two versions is higher, but versions of different builds are not equal.
    """

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    """Identifiers separated by dots: ``alpha.1``."""
    build: str = ""
    """Identifiers separated by dots: ``build.5``."""

    def __str__(self) -> str:
        before = f"-{self.prerelease}" if self.prerelease else ""
        return f"{self.major}.{self.minor}.{self.patch}{before}{f'+{self.build}' if self.build else ''}"

    def __lt__(self, other: Version) -> bool:
        return self._precedence() < other._precedence() if isinstance(other, Version) else NotImplemented

    def __le__(self, other: Version) -> bool:
        return self._precedence() <= other._precedence() if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: Version) -> bool:
        return self._precedence() > other._precedence() if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: Version) -> bool:
        return self._precedence() >= other._precedence() if isinstance(other, Version) else NotImplemented

    def _precedence(self) -> tuple[int, int, int, bool, list[tuple[bool, int, str]]]:
        return self.major, self.minor, self.patch, not self.prerelease, [*map(_rank, self.prerelease.split("."))]

    @classmethod
    def parse(cls, text: str) -> Version:
        """Return the version that ``1.2.3`` or ``1.2.3-rc.1+build.5`` denotes. Raises ValueError for any other text."""
        if _TEXT.fullmatch(text) is None:
            raise ValueError(f"expected a version such as 1.2.3, got {text!r}")
        before, _, build = text.partition("+")
        numbers, _, prerelease = before.partition("-")
        major, minor, patch = map(int, numbers.split("."))
        if max(major, minor, patch) > MAX_NUMBER:
            raise ValueError(f"expected a version such as 1.2.3 with numbers up to {MAX_NUMBER}, got {text!r}")
        return cls(major, minor, patch, prerelease, build)

    @classmethod
    def of_runtime(cls, text: str) -> Version | None:
        """Return the version in what a runtime says of itself, such as ``45.0.0rc1``; None where there is none.

        Missing numbers are 0. Python's pre-releases (https://peps.python.org/pep-0440) become those of this class,
        ``45.0.0-rc.1``; whatever else follows the numbers is ignored.
        """
        if _TEXT.fullmatch(text) is not None:
            return cls.parse(text)
        found = _OF_A_RUNTIME.match(text)
        if found is None:
            return None
        major, minor, patch, phase, number = found.groups(default="")
        prerelease = f"{_PRERELEASES.get(phase.lower(), 'rc')}.{number.lstrip('0') or 0}" if phase else ""
        return cls(int(major), int(minor or 0), int(patch or 0), prerelease)


def _rank(identifier: str) -> tuple[bool, int, str]:
    """Return what orders an identifier: numbers by value and before text, however many digits they have."""
    is_number = identifier.isdigit()
    return not is_number, len(identifier) if is_number else 0, identifier
