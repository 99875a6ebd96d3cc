"""The suite for codecs: vectors, round trips, malformed buffers, and comparison with the default codec."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from .. import buffers, text
from .. import values as v
from ..codec import Codec
from ..errors import MalformedBuffer
from ..plugins import discover
from ..values import Tag
from . import strategies
from .expecting import CheckFailed, expect, expect_equal
from .generating import for_all

VECTORS: Final = Path(__file__).parent / "vectors" / "buffers.json"
"""A list of ``{"value": ..., "hex": ...}`` and ``{"error": ..., "hex": ...}``: values as text (ABI §9) and bytes."""

_DEEPEST: Final = 64
"""Every codec has to refuse deeper nesting than this."""


def codec_suite(codec: Codec | str, *, examples: int = 200) -> type:
    """Return a new pytest class with the tests of one codec. Assign it to a name that begins with ``Test``.

    ``codec`` is an object, or the name of an installed one. Raises PluginError, with the reason, if no codec has that
    name or its plugin is disabled. pytest reports this as one error of the test file.
    """
    tested = _installed(codec) if isinstance(codec, str) else codec
    methods: dict[str, object] = {f"test_{each.__name__}": _method(each, tested, examples) for each in CHECKS}
    methods["__doc__"] = f"The conformance of the codec {tested.name}."
    return type("CodecSuite", (), methods)


def _installed(name: str) -> Codec:
    """Return the installed codec of that name, as it is: what ``Plugins.codec`` returns handles its exceptions."""
    plugins = discover()
    found = plugins.codec(name)
    return plugins.codecs.get(name, found)


def _method(run: Callable[[Codec, int], None], codec: Codec, examples: int) -> Callable[[object], None]:
    def test(_: object) -> None:
        try:
            run(codec, examples)
        except CheckFailed as failure:
            pytest.fail(str(failure), pytrace=False)

    return test


@cache
def vectors() -> tuple[Mapping[str, Any], ...]:
    """Return the vectors that ship with the suite."""
    return tuple(json.loads(VECTORS.read_text(encoding="utf-8")))


def every_vector_encodes_to_its_bytes(codec: Codec, examples: int) -> None:
    for row in vectors():
        if "value" in row:
            encoded = codec.encode(text.from_data(row["value"])).hex()
            expect_equal(encoded, row["hex"], f"the bytes of {row['value']!r}")


def every_vector_decodes_to_its_value(codec: Codec, examples: int) -> None:
    for row in vectors():
        if "value" in row:
            expect_equal(codec.decode(bytes.fromhex(row["hex"])), text.from_data(row["value"]), row["hex"])


def an_error_buffer_holds_no_value(codec: Codec, examples: int) -> None:
    for row in vectors():
        if "error" in row:
            _refused(codec, bytes.fromhex(row["hex"]), f"an error buffer ({row['error']!r})")


def any_value_comes_back_as_itself(codec: Codec, examples: int) -> None:
    def round_trip(value: v.Value) -> None:
        expect_equal(codec.decode(codec.encode(value)), value, "what comes back")

    for_all(strategies.scalars() | strategies.values(), round_trip, examples)


def any_value_has_the_bytes_of_the_default_codec(codec: Codec, examples: int) -> None:
    def same(value: v.Value) -> None:
        expect_equal(codec.encode(value).hex(), buffers.encode(value).hex(), f"the bytes of {value!r}")

    for_all(strategies.scalars() | strategies.values(), same, examples)


def a_buffer_cut_short_anywhere_is_refused(codec: Codec, examples: int) -> None:
    def cut(value: v.Value) -> None:
        whole = buffers.encode(value)
        for size in range(len(whole)):
            _refused(codec, whole[:size], f"{size} of {len(whole)} bytes")
            shorter = size.to_bytes(4, "little") + whole[4:size]
            if size >= 5:
                _refused(codec, shorter, f"{size} of {len(whole)} bytes, with that size in front")

    for_all(strategies.values(max_size=3), cut, examples // 4)


def trailing_bytes_are_refused(codec: Codec, examples: int) -> None:
    def append(drawn: tuple[v.Value, bytes]) -> None:
        value, more = drawn
        body = buffers.encode(value)[4:] + more
        _refused(codec, (len(body) + 4).to_bytes(4, "little") + body, f"{value!r} and {more!r} behind it")

    for_all(st.tuples(strategies.scalars(), st.binary(min_size=1, max_size=8)), append, examples // 4)


def any_bytes_are_read_or_refused_as_by_the_default_codec(codec: Codec, examples: int) -> None:
    def read(body: bytes) -> None:
        _same_as_default(codec, (len(body) + 4).to_bytes(4, "little") + body)

    for_all(st.binary(min_size=1, max_size=80), read, examples)


def a_buffer_with_a_changed_byte_is_read_or_refused_as_by_the_default_codec(codec: Codec, examples: int) -> None:
    def change(drawn: tuple[v.Value, int, int]) -> None:
        value, place, byte = drawn
        changed = bytearray(buffers.encode(value))
        changed[place % len(changed)] = byte
        _same_as_default(codec, bytes(changed))

    drawn = st.tuples(strategies.values(), st.integers(0, 1 << 16), st.integers(0, 255))
    for_all(drawn, change, examples)


def counts_that_cannot_fit_are_refused_before_anything_is_allocated(codec: Codec, examples: int) -> None:
    for tag in (cls.element_tag for cls in v.ARRAYS):
        for count in (1 << 20, (1 << 32) - 1):
            body = bytes([Tag.ARRAY, tag]) + count.to_bytes(4, "little") + bytes(40)
            what = f"an array of {count} elements of tag {tag:d} in 46 bytes"
            _refused(codec, (len(body) + 4).to_bytes(4, "little") + body, what)


def endless_nesting_is_refused(codec: Codec, examples: int) -> None:
    for depth in (_DEEPEST + 1, 1000, 100_000):
        body = bytes([Tag.OPTION, 1]) * depth + bytes([Tag.UNIT])
        _refused(codec, (len(body) + 4).to_bytes(4, "little") + body, f"{depth} options in one another")


CHECKS: Final = (
    every_vector_encodes_to_its_bytes,
    every_vector_decodes_to_its_value,
    an_error_buffer_holds_no_value,
    any_value_comes_back_as_itself,
    any_value_has_the_bytes_of_the_default_codec,
    a_buffer_cut_short_anywhere_is_refused,
    trailing_bytes_are_refused,
    any_bytes_are_read_or_refused_as_by_the_default_codec,
    a_buffer_with_a_changed_byte_is_read_or_refused_as_by_the_default_codec,
    counts_that_cannot_fit_are_refused_before_anything_is_allocated,
    endless_nesting_is_refused,
)


def _outcome(decode: Callable[[], v.Value]) -> v.Value | None:
    """Return the decoded value, None for MalformedBuffer. Raises CheckFailed for any other exception."""
    try:
        return decode()
    except MalformedBuffer:
        return None
    except Exception as other:
        raise CheckFailed(f"expected MalformedBuffer, it raised {type(other).__name__}: {other}") from other


def _refused(codec: Codec, buffer: bytes, what: str) -> None:
    found = _outcome(partial(codec.decode, buffer))
    expect(found is None, f"{what}: expected MalformedBuffer, it decoded to {found!r}")


def _same_as_default(codec: Codec, buffer: bytes) -> None:
    expected = _outcome(partial(buffers.decode, buffer))
    expect_equal(_outcome(partial(codec.decode, buffer)), expected, f"what {buffer.hex()} decodes to (None: refused)")
