"""What a codec must be: a two-way mapping between values and bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from .values import Value


class Codec(ABC):
    """Turns a value into a buffer and back. The default one, ``arora``, is :mod:`arora_core.buffers`."""

    name: ClassVar[str]
    """Unique among installed codecs."""

    @abstractmethod
    def encode(self, value: Value) -> bytes:
        """The buffer of ``value``."""

    @abstractmethod
    def decode(self, buffer: bytes) -> Value:
        """The value of ``buffer``. Raises MalformedBuffer, and nothing else, for bytes that are no buffer."""
