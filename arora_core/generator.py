"""The contract of a generator: source code in one language, made from a module's header."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final

from .header import Header

BUILT_IN: Final = ("c", "cpp", "rust", "python", "python-module")
"""The languages that arora-core generates itself."""


class Generator(ABC):
    """Writes what a header says as source code, so that a module's author sees no bytes and no UUIDs."""

    language: ClassVar[str]
    """The language's name on the command line, unique among installed generators."""

    comment: ClassVar[str]
    """What begins a comment that takes the rest of its line: ``//``."""

    @abstractmethod
    def generate(self, header: Header) -> Mapping[str, str]:
        """Return the text of each file, by its path with slashes, relative to the output directory.

        The same header gives the same text. Raises HeaderError, whose ``path`` is the key in the header, for a type
        that the language cannot express.
        """
