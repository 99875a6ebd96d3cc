"""Versions of modules, runtimes and records, as three numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{1,10})\.(\d{1,10})\.(\d{1,10})", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """A version ``major.minor.patch``. Versions compare number by number; ``str`` returns the dotted text."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, text: str) -> Version:
        """Return the version that ``1.2.3`` denotes. Raises ValueError for any other text."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"expected a version such as 1.2.3, got {text!r}")
        return cls(*map(int, match.groups()))
