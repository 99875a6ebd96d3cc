"""The suite for codecs: the default codec passes, and broken codecs fail the test that names the fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from arora_core import Codec, MalformedBuffer, PluginError, buffers
from arora_core import values as v
from arora_core.buffers import AroraCodec
from arora_core.conformance import codec_suite

TestDefaultCodec = codec_suite(AroraCodec())


class Broken(Codec):
    """The default codec, with a replacement for one of its two functions."""

    name = "broken"

    def __init__(
        self,
        encode: Callable[[v.Value], bytes] = buffers.encode,
        decode: Callable[[bytes], v.Value] = buffers.decode,
    ) -> None:
        self._encode = encode
        self._decode = decode

    def encode(self, value: v.Value) -> bytes:
        return self._encode(value)

    def decode(self, buffer: bytes) -> v.Value:
        return self._decode(buffer)


def big_endian_size(value: v.Value) -> bytes:
    buffer = buffers.encode(value)
    return buffer[:4][::-1] + buffer[4:]


def quiet_nan(value: v.Value) -> bytes:
    return buffers.encode(v.F64(float("nan")) if isinstance(value, v.F64) and value.value != value.value else value)


def lenient(buffer: bytes) -> v.Value:
    """Ignore trailing bytes."""
    for size in range(5, len(buffer) + 1):
        try:
            return buffers.decode(size.to_bytes(4, "little") + buffer[4:size])
        except MalformedBuffer:
            continue
    return buffers.decode(buffer)


def crashing(buffer: bytes) -> v.Value:
    try:
        return buffers.decode(buffer)
    except MalformedBuffer as error:
        raise IndexError(str(error)) from error


@pytest.mark.parametrize(
    ("codec", "test"),
    [
        (Broken(encode=big_endian_size), "test_every_vector_encodes_to_its_bytes"),
        (Broken(encode=quiet_nan), "test_any_value_has_the_bytes_of_the_default_codec"),
        (Broken(decode=lenient), "test_trailing_bytes_are_refused"),
        (Broken(decode=crashing), "test_a_buffer_cut_short_anywhere_is_refused"),
        (Broken(decode=crashing), "test_endless_nesting_is_refused"),
    ],
)
def test_a_broken_codec_fails_the_test_that_names_its_fault(codec: Codec, test: str) -> None:
    with pytest.raises(pytest.fail.Exception):
        getattr(codec_suite(codec, examples=400)(), test)()


def test_a_codec_that_is_not_installed_is_one_error_with_the_reason() -> None:
    with pytest.raises(PluginError, match=r"no codec 'mine' is installed \(installed: arora"):
        codec_suite("mine")
