"""Calls of the conformance guest that several tests make."""

from __future__ import annotations

from uuid import UUID

from arora_core import LoadedModule, buffers
from arora_core import values as v
from arora_core.conformance.guests import id_of

ADD, A, B = id_of(0x5100), id_of(0x5101), id_of(0x5102)


def argument(function: UUID, *fields: tuple[UUID, v.Value]) -> bytes:
    return buffers.encode(v.Structure(function, fields))


def indirect(guest: LoadedModule, callable_id: int) -> bytes:
    """Return the buffer that the guest received from a callable."""
    answer: bytes = guest.indirect(callable_id)
    return answer


def forward(guest: LoadedModule, module: UUID, function: UUID, buffer: bytes) -> bytes:
    """Return the buffer that the guest received from a dispatch."""
    answer: bytes = guest.forward(module, function, buffer)
    return answer
