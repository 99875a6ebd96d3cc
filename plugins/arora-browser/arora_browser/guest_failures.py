"""Arora's exceptions for the failures that JavaScript reports (``guest_failure.mjs``)."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from arora_core.errors import (
    AroraError,
    EngineClosed,
    LoadError,
    MalformedExecutable,
    MissingExport,
    ModuleBusy,
    Trap,
    TrapKind,
    UnsupportedImport,
)
from arora_core.guest_symbols import function_symbol
from arora_core.header import Header

_SYMBOL: Final = re.compile(function_symbol(bytes(16)).replace("0", "[0-9a-f]"))


def exception_from(
    code: str, message: str, *, kind: str | None = None, exit_code: int | None = None, symbol: str | None = None
) -> AroraError:
    """Return the exception for a ``GuestFailure`` with these facts."""
    if code == "trap":
        return Trap(message, kind=TrapKind[kind or "OTHER"], exit_code=exit_code)
    if code == "malformed":
        return MalformedExecutable(message)
    if code == "link":
        return UnsupportedImport(message, symbol=symbol or "")
    if code == "missing":
        return MissingExport(message, symbol=symbol or "")
    if code == "busy":
        return ModuleBusy(message)
    if code == "closed":
        return EngineClosed(message)
    return LoadError(message)


def replace_symbols(message: str, header: Header) -> str:
    """Return ``message`` with the symbols of the header's functions replaced by their names."""
    names = {function_symbol(each.id.bytes): each.name for each in header.exports}
    return _SYMBOL.sub(lambda found: names.get(found[0], found[0]), message)


def not_exported_message(function_id: bytes) -> str:
    """Return the message for a function id that the header does not have."""
    return f"exports no function {UUID(bytes=function_id) if len(function_id) == 16 else function_id!r}"
