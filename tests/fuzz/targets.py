"""What is fuzzed: functions of arbitrary bytes that raise only where a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from arora_core import Header, HeaderError, MalformedBuffer, buffers, values

from . import hostile_guest

Target = Callable[[bytes], None]


def decode(data: bytes) -> None:
    """Bytes are a value or MalformedBuffer, and what they are a value of can be written and read again."""
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
    # A mutation seldom mends the size prefix as well: mended here, the rest of the bytes is looked at too.
    try:
        return buffers.decode(_mended(data))
    except MalformedBuffer:
        return None


def _mended(data: bytes) -> bytes:
    return max(len(data), 4).to_bytes(4, "little") + data[4:]


def error_message(data: bytes) -> None:
    """Bytes are an error buffer, another buffer, or MalformedBuffer; a message can be written again."""
    mended = _mended(data)
    try:
        message = buffers.error_message(mended)
    except MalformedBuffer:
        return
    assert message is None or buffers.encode_error(message) == mended


def header(data: bytes) -> None:
    """A document is a header or HeaderError, and a header's plain data is the same header."""
    try:
        parsed = Header.parse(data)
    except HeaderError:
        return
    again = Header.from_data(parsed.to_data())
    # Which of its many NaNs a document means is not written down.
    assert again == parsed, data
    assert Header.from_data(again.to_data()) == again, data


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {"decode": decode, "error": error_message, "header": header, "guest": hostile_guest.call}
)
