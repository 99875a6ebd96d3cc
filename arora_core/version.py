"""Versions of modules, runtimes and records: three numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{1,10})\.(\d{1,10})\.(\d{1,10})", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """``major.minor.patch``; ordered number by number, and its ``str`` is the dotted text."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, text: str) -> Version:
        """The version written as ``1.2.3``. Raises ValueError for any other text."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"expected a version such as 1.2.3, got {text!r}")
        return cls(*map(int, match.groups()))
