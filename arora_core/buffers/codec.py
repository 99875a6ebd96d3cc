"""The default codec, as an implementation of the codec contract."""

from __future__ import annotations

from ..codec import Codec
from ..values import Value
from .decoding import decode
from .encoding import encode


class AroraCodec(Codec):
    """The reference codec, in pure Python. Every other codec must produce the same bytes."""

    name = "arora"

    def encode(self, value: Value) -> bytes:
        """Return the buffer of ``value``; see :func:`arora_core.buffers.encode`."""
        return encode(value)

    def decode(self, buffer: bytes) -> Value:
        """Return the value in ``buffer``; see :func:`arora_core.buffers.decode`."""
        return decode(buffer)
