"""How a function of the simulated guest reads its arguments and returns its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar, Union

from arora_core import buffers
from arora_core import values as v
from arora_core.errors import MalformedBuffer
from arora_core.header import ExportedFunction

from .simulated_guest import SimulatedGuest

_V = TypeVar("_V", bound=v.Value)
U64: Final = (1 << 64) - 1

ReturnValue = Union[v.Value, tuple[v.Value, dict[str, v.Value]], int]
"""The return value; a pair of it and the mutable parameters by name; or a pointer to a result buffer."""


class Failure(Exception):
    """An orderly failure: its message becomes an error buffer."""


class Arguments:
    """The arguments of one call, by parameter name. ``at`` is the address of the argument buffer, ``raw``."""

    def __init__(self, export: ExportedFunction, raw: bytes, at: int) -> None:
        self.export = export
        self.raw = raw
        self.at = at
        self._ids = {each.name: each.id for each in export.parameters}
        try:
            given = buffers.decode(raw)
        except MalformedBuffer as error:
            raise Failure(f"{export.name}: {error}") from None
        if not isinstance(given, v.Structure):
            raise Failure(f"{export.name}: expected a structure")
        self._given = {each.id: each.value for each in reversed(given.fields)}

    def has(self, name: str) -> bool:
        return self._ids[name] in self._given

    def __getitem__(self, name: str) -> v.Value:
        if not self.has(name):
            raise Failure(f"{name}: absent")
        return self._given[self._ids[name]]

    def read(self, name: str, cls: type[_V]) -> _V:
        value = self[name]
        if not isinstance(value, cls):
            raise Failure(f"{name}: expected {cls.__name__}")
        return value

    def u32(self, name: str) -> int:
        return self.read(name, v.U32).value

    def u64(self, name: str) -> int:
        return self.read(name, v.U64).value

    def text(self, name: str) -> str:
        return self.read(name, v.String).value

    def octets(self, name: str) -> bytes:
        return self.read(name, v.ArrayU8).raw

    def id(self, name: str) -> bytes:
        return self.read(name, v.Uuid).value.bytes


Function = Callable[[SimulatedGuest, Arguments], ReturnValue]
FUNCTIONS: Final[dict[str, Function]] = {}


def guest_function(function: Function) -> Function:
    """Register a function of the guest under its Python name."""
    FUNCTIONS[function.__name__] = function
    return function


@lru_cache(maxsize=64)
def fnv1a(hash: int, data: bytes) -> int:
    """Continue an FNV-1a hash of 64 bits with ``data``."""
    for byte in data:
        hash = (hash ^ byte) * 0x100000001B3 & U64
    return hash


def run(guest: SimulatedGuest, export: ExportedFunction, argument_at: int) -> int:
    """Run an exported function: take the address of its argument buffer, return that of its result buffer."""
    guest.meter.spend(100)
    try:
        given = Arguments(export, guest.buffer(argument_at), argument_at)
        returned = FUNCTIONS[export.name](guest, given)
    except Failure as failure:
        return guest.put(buffers.encode_error(str(failure)))
    if isinstance(returned, int):
        return returned
    ret, mutated = returned if isinstance(returned, tuple) else (returned, {})
    ids = {each.name: each.id for each in export.parameters}
    fields = [(export.id, ret), *((ids[name], value) for name, value in mutated.items())]
    return guest.put(buffers.encode(v.Structure(export.id, fields)))
