"""The contract of a codec: a two-way mapping between values and bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from .values import Value


class Codec(ABC):
    """Turns values into buffers and back. The default codec, ``arora``, is :mod:`arora_core.buffers`."""

    name: ClassVar[str]
    """The codec's name, unique among installed codecs."""

    @abstractmethod
    def encode(self, value: Value) -> bytes:
        """Return the buffer that encodes ``value``."""

    @abstractmethod
    def decode(self, buffer: bytes) -> Value:
        """Return the value in ``buffer``. Raises MalformedBuffer, and nothing else, for an invalid buffer."""
