"""A signature that tries compiled code first for generic calls and host functions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..binding.conversion import Conversions
from ..binding.signature import Signature
from ..buffers import AroraCodec
from ..calls import CallResult
from ..codec import Codec
from ..header import ExportedFunction
from ..types import TypeRegistry
from ..values import Value
from .fallback import Fallback

if TYPE_CHECKING:
    from ..compiled.generic import CompiledValues
    from ..compiled.host import HostCodec


class CompiledSignature(Signature):
    """A :class:`Signature` that uses its base class only where compiled code does not apply."""

    def __init__(
        self, export: ExportedFunction, registry: TypeRegistry, conversions: Conversions, codec: Codec
    ) -> None:
        super().__init__(export, registry, conversions, codec)
        self.fallback = Fallback(self)
        self._is_compiled = type(codec) is AroraCodec

    def encode_values(self, args: Mapping[UUID, Value]) -> bytes:
        try:
            return self._values.encode(args)
        except Exception as error:
            # The base class is called after this ``except``, so that its errors have no ``__context__``.
            if not self.fallback.takes_over(error):
                raise
        return super().encode_values(args)

    def decode_values(self, buffer: bytes) -> CallResult:
        try:
            return self._values.decode(buffer)
        except Exception as error:
            if not self.fallback.takes_over(error):
                raise
        return super().decode_values(buffer)

    def decode_call(self, buffer: bytes) -> dict[str, Any]:
        try:
            return self._host.decode(buffer)
        except Exception as error:
            if not self.fallback.takes_over(error):
                raise
        return super().decode_call(buffer)

    def encode_result(self, answer: object) -> bytes:
        try:
            return self._host.encode(answer)
        except Exception as error:
            if not self.fallback.takes_over(error):
                raise
        return super().encode_result(answer)

    def compile_host(self) -> None:
        """Compile the code of a host function now rather than at its first call."""
        _ = self._host

    # Each is compiled on first use: most functions get no generic call, or are not host functions.

    @cached_property
    def _values(self) -> CompiledValues:
        from ..compiled.generic import compile_values, no_values

        return compile_values(self._export, self.registry) if self._is_compiled else no_values

    @cached_property
    def _host(self) -> HostCodec:
        from ..compiled.host import compile_host_codec, no_host_codec

        return compile_host_codec(self._export, self.registry) if self._is_compiled else no_host_codec
