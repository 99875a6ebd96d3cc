"""The fuzz targets: functions of arbitrary bytes that raise only if a property does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from arora_core import Header, HeaderError, MalformedBuffer, buffers, values

from . import hostile_guest

Target = Callable[[bytes], None]


def decode(data: bytes) -> None:
    """Check that bytes decode to a value or raise MalformedBuffer, and that the value survives a round trip."""
    value = _decoded(data)
    if value is None:
        return
    written = buffers.encode(value)
    again = buffers.decode(written)
    assert again == value, (again, value)
    assert buffers.encode(again) == written, (written, data)


def _decoded(data: bytes) -> values.Value | None:
    try:
        return buffers.decode(data)
    except MalformedBuffer as error:
        if error.offset:
            return None
    # A mutation seldom has a matching size prefix. Corrected here, so that the remaining bytes are tested too.
    try:
        return buffers.decode(_with_size_prefix(data))
    except MalformedBuffer:
        return None


def _with_size_prefix(data: bytes) -> bytes:
    return max(len(data), 4).to_bytes(4, "little") + data[4:]


def error_message(data: bytes) -> None:
    """Check that bytes are an error buffer, another buffer or malformed, and that a message survives a round trip."""
    buffer = _with_size_prefix(data)
    try:
        message = buffers.error_message(buffer)
    except MalformedBuffer:
        return
    assert message is None or buffers.encode_error(message) == buffer


def header(data: bytes) -> None:
    """Check that a document parses or raises HeaderError, and that the header survives a round trip."""
    try:
        parsed = Header.parse(data)
    except HeaderError:
        return
    again = Header.from_data(parsed.to_data())
    # Text does not distinguish NaNs, so a header with any NaN is read as the same header.
    assert again == parsed, data
    assert Header.from_data(again.to_data()) == again, data


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {"decode": decode, "error": error_message, "header": header, "guest": hostile_guest.call}
)
