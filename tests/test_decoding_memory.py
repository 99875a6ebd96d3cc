"""The memory that a decoded buffer takes is bounded by a multiple of its bytes."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from typing import Final
from uuid import UUID

import pytest

from arora_core.binding.leave import Leave
from arora_core.buffers import decode
from arora_core.compiled.host import compile_host_codec
from arora_core.types import ArrayRef, TypeRef
from tests import signatures
from tests.signatures import COLOUR, EMPTY

MULTIPLE: Final = 40
"""The multiple that docs/security.md states."""
SIZE: Final = 1 << 14
ID: Final = bytes(16)
STRUCTURES, VALUES, STRINGS, ENUMERATIONS = 13, 19, 12, 14


def array(tag: int, item: bytes, head: bytes = b"") -> bytes:
    """Return the array of as many copies of an encoded item as fit into ``SIZE``."""
    count = SIZE // len(item)
    return bytes([15, tag]) + count.to_bytes(4, "little") + head + item * count


CASES: Final = {
    "units": array(VALUES, b"\0"),
    "booleans": array(VALUES, b"\1\1"),
    "bytes": array(VALUES, b"\2\xc8"),
    "u16": array(VALUES, b"\3\xe8\3"),
    "options of bytes": array(VALUES, b"\x11\1\2\xc8"),
    "options of options": array(VALUES, b"\x11\1\x11\1\0"),
    "strings": array(STRINGS, b"\2\0\0\0\xc4\x80"),
    "empty arrays": array(VALUES, b"\x0f\x13\0\0\0\0"),
    "empty packed arrays": array(VALUES, b"\x0f\x0c\0\0\0\0"),
    "empty structures": array(STRUCTURES, bytes(4), ID),
    "empty structures as values": array(VALUES, b"\x0d" + bytes(20)),
    "empty maps": array(VALUES, b"\x10" + bytes(20)),
    "enumerations": array(ENUMERATIONS, bytes(17), ID),
    "uuids": bytes([15, VALUES])
    + (SIZE // 17).to_bytes(4, "little")
    + b"".join(b"\x12" + os.urandom(16) for _ in range(SIZE // 17)),
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_decoding_takes_no_more_than_the_stated_multiple_of_the_bytes(body: bytes) -> None:
    buffer = (len(body) + 4).to_bytes(4, "little") + body
    decode(buffer)
    tracemalloc.start()
    try:
        value = decode(buffer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MULTIPLE * len(buffer), value


def test_a_count_beyond_the_bytes_left_is_refused_before_anything_is_made() -> None:
    body = bytes([15, VALUES]) + (1 << 31).to_bytes(4, "little") + b"\0"
    buffer = (len(body) + 4).to_bytes(4, "little") + body
    with pytest.raises(Exception, match="a count of values that fits in the 1 bytes left"):
        decode(buffer)


DECLARED: Final[dict[str, tuple[TypeRef, bytes]]] = {
    "units": (signatures.array("unit"), CASES["units"]),
    "strings": (signatures.array("str"), CASES["strings"]),
    "uuids": (signatures.array("uuid"), CASES["uuids"]),
    "empty structures": (ArrayRef(EMPTY.id), array(STRUCTURES, bytes(4), EMPTY.id.bytes)),
    "members": (ArrayRef(COLOUR.id), array(ENUMERATIONS, COLOUR.variants[0].id.bytes + b"\0", COLOUR.id.bytes)),
    "dynamic values": (signatures.array("value"), CASES["options of bytes"]),
}


def decoders(declared: TypeRef) -> dict[str, tuple[UUID, Callable[[bytes], object] | None]]:
    """Return every decoder of a type, as the result of a function or as its parameter, with the id of the field."""
    returning, taking = signatures.function(ret=declared), signatures.function([declared])
    compiled, generic = signatures.both(returning)
    ids = returning.id, taking.parameters[0].id
    return {
        "typed, compiled": (ids[0], compiled.decode),
        "typed, generic": (ids[0], generic.decode_result),
        "host, compiled": (ids[1], compile_host_codec(taking, signatures.REGISTRY).decode),
        "host, generic": (ids[1], signatures.both(taking)[1].decode_call),
    }


@pytest.mark.parametrize("decoder", decoders(signatures.UNIT))
@pytest.mark.parametrize("case", DECLARED)
def test_so_does_decoding_results_and_arguments_to_plain_objects(case: str, decoder: str) -> None:
    declared, body = DECLARED[case]
    id, read = decoders(declared)[decoder]
    structure = b"\x0d" + signatures.FUNCTION.bytes + (1).to_bytes(4, "little") + id.bytes + body
    buffer = (len(structure) + 4).to_bytes(4, "little") + structure
    if read is None:
        pytest.skip("left to the generic codec")
    try:
        read(buffer)
    except Leave:
        pytest.skip("left to the generic codec")
    tracemalloc.start()
    try:
        decoded = read(buffer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MULTIPLE * len(buffer), decoded
