"""The default codec, as an object of the codec contract."""

from __future__ import annotations

from ..codec import Codec
from ..values import Value
from .decoding import decode
from .encoding import encode


class AroraCodec(Codec):
    """The reference: pure Python, and what every other codec must equal byte for byte."""

    name = "arora"

    def encode(self, value: Value) -> bytes:
        """See :func:`arora_core.buffers.encode`."""
        return encode(value)

    def decode(self, buffer: bytes) -> Value:
        """See :func:`arora_core.buffers.decode`."""
        return decode(buffer)
