"""Compiled codecs agree with the generic codec on random signatures, values and damaged buffers, or raise Leave."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import Result, buffers
from arora_core import values as v
from arora_core.binding.leave import Leave
from arora_core.compiled.generic import compile_values
from arora_core.compiled.host import compile_host_codec
from arora_core.conformance import strategies
from arora_core.types import ScalarRef, TypeRef, carrier

from .signatures import (
    CONVERSIONS,
    COVERED,
    DEEP,
    FUNCTION,
    REGISTRY,
    array,
    both,
    decoder,
    encoder,
    function,
    same,
    sample,
    scalar,
)

TYPES = st.sampled_from(COVERED)


def objects(type: TypeRef) -> st.SearchStrategy[Any]:
    """Return a strategy for the Python objects of a type, as calls return them."""
    return strategies.values_of(type, REGISTRY, max_size=4).map(CONVERSIONS.of(type).to_python)


@settings(max_examples=150)
@given(st.data(), st.lists(TYPES, max_size=3))
def test_arguments_encode_to_the_generic_codecs_bytes(data: st.DataObject, types: list[TypeRef]) -> None:
    codec, generic = both(function(types))
    arguments = [data.draw(objects(type)) for type in types]
    expected = generic.encode_call(arguments, {})
    assert encoder(codec)(*arguments) == expected
    assert encoder(codec)(**{f"p{index}": argument for index, argument in enumerate(arguments)}) == expected


@settings(max_examples=150)
@given(st.data(), TYPES, st.lists(TYPES, max_size=2))
def test_results_decode_to_the_generic_codecs_objects(data: st.DataObject, ret: TypeRef, types: list[TypeRef]) -> None:
    codec, generic = both(function(types, ret, mutable=True))
    buffer = generic.encode_result(answer(data, ret, types))
    assert same(decoder(codec)(buffer), generic.decode_result(buffer))


@settings(max_examples=300)
@given(st.data(), TYPES, st.lists(TYPES, max_size=1))
def test_a_damaged_result_is_read_as_the_generic_codec_reads_it_or_left(
    data: st.DataObject, ret: TypeRef, types: list[TypeRef]
) -> None:
    codec, generic = both(function(types, ret, mutable=True))
    damaged = data.draw(damage(generic.encode_result(answer(data, ret, types))))
    try:
        read = decoder(codec)(damaged)
    except Leave:
        return
    assert same(read, generic.decode_result(damaged))


@settings(max_examples=150)
@given(st.data(), TYPES, TYPES)
def test_arguments_of_another_type_are_encoded_as_the_generic_codec_does_or_left(
    data: st.DataObject, declared: TypeRef, given: TypeRef
) -> None:
    codec, generic = both(function([declared]))
    argument = data.draw(objects(given))
    try:
        encoded = encoder(codec)(argument)
    except Leave:
        return
    assert encoded == generic.encode_call([argument], {})


@pytest.mark.parametrize("turn", [0, 2])
def test_a_result_with_any_byte_changed_is_read_as_the_generic_codec_reads_it_or_left(turn: int) -> None:
    for type in COVERED:
        codec, generic = both(function(ret=type))
        decode = decoder(codec)
        buffer = buffers.encode(v.Structure(FUNCTION, [(FUNCTION, sample(type, turn))]))
        assert same(decode(buffer), generic.decode_result(buffer))
        for changed in changes(buffer):
            try:
                read = decode(changed)
            except Leave:
                continue
            assert same(read, generic.decode_result(changed)), (type, changed)


def changes(buffer: bytes) -> Iterator[bytes]:
    for place in range(4, len(buffer)):
        for byte in {0, 1, 2, buffer[place] ^ 1, buffer[place] ^ 0x80} - {buffer[place]}:
            yield buffer[:place] + bytes([byte]) + buffer[place + 1 :]
        yield struct.pack("<I", place) + buffer[4:place]
        yield struct.pack("<I", len(buffer) - 1) + buffer[4:place] + buffer[place + 1 :]


@settings(max_examples=100)
@given(st.data(), TYPES, st.lists(TYPES, max_size=2))
def test_a_host_function_is_given_and_answers_what_the_generic_codec_reads_and_writes(
    data: st.DataObject, ret: TypeRef, types: list[TypeRef]
) -> None:
    export = function(types, ret, mutable=True)
    host, (_, generic) = compile_host_codec(export, REGISTRY), both(export)
    returned = answer(data, ret, types)
    assert host.encode(returned) == generic.encode_result(returned)
    buffer = generic.encode_call([data.draw(objects(type)) for type in types], {})
    assert same(host.decode(buffer), generic.decode_call(buffer))
    damaged = data.draw(damage(buffer))
    try:
        read = host.decode(damaged)
    except Leave:
        return
    assert same(read, generic.decode_call(damaged))


@settings(max_examples=100)
@given(st.data(), TYPES, TYPES)
def test_an_answer_of_another_type_is_encoded_as_the_generic_codec_does_or_left(
    data: st.DataObject, declared: TypeRef, given: TypeRef
) -> None:
    export = function(ret=declared)
    host, (_, generic) = compile_host_codec(export, REGISTRY), both(export)
    returned = data.draw(objects(given))
    try:
        encoded = host.encode(returned)
    except Leave:
        return
    assert encoded == generic.encode_result(returned)


# --- generic calls ---------------------------------------------------------------------------------

ANY_TYPE = TYPES | st.sampled_from([scalar("value"), array("value"), scalar("keyvalue"), scalar("option")])


@settings(max_examples=60)
@given(st.data(), st.lists(ANY_TYPE, max_size=3), ANY_TYPE)
def test_values_encode_to_the_generic_codecs_bytes_or_are_left(
    data: st.DataObject, types: list[TypeRef], other: TypeRef
) -> None:
    export = function(types)
    compiled, (_, generic) = compile_values(export, REGISTRY), both(export)
    values = {each.id: data.draw(strategies.values_of(each.type, REGISTRY, max_size=4)) for each in export.parameters}
    assert compiled.encode(values) == generic.encode_values(values)
    if values:
        values[export.parameters[0].id] = data.draw(strategies.values_of(other, REGISTRY, max_size=4))
        try:
            encoded = compiled.encode(values)
        except Leave:
            return
        assert encoded == generic.encode_values(values)


@settings(max_examples=100)
@given(st.data(), ANY_TYPE, st.lists(ANY_TYPE, max_size=1))
def test_values_decode_as_the_generic_codec_decodes_them_or_are_left(
    data: st.DataObject, ret: TypeRef, types: list[TypeRef]
) -> None:
    export = function(types, ret, mutable=True)
    compiled, (_, generic) = compile_values(export, REGISTRY), both(export)
    fields = [(FUNCTION, data.draw(strategies.values_of(ret, REGISTRY, max_size=4)))]
    for each in export.parameters:
        fields.append((each.id, data.draw(strategies.values_of(each.type, REGISTRY, max_size=4))))
    buffer = buffers.encode(v.Structure(FUNCTION, fields))
    assert compiled.decode(buffer) == generic.decode_values(buffer)
    damaged = data.draw(damage(buffer))
    try:
        read = compiled.decode(damaged)
    except Leave:
        return
    assert read == generic.decode_values(damaged)


def test_values_with_any_byte_changed_are_read_as_the_generic_codec_reads_them_or_left() -> None:
    for type in [*filter(carrier, COVERED), ScalarRef(DEEP.id)]:
        export = function(ret=type)
        compiled, (_, generic) = compile_values(export, REGISTRY), both(export)
        buffer = buffers.encode(v.Structure(FUNCTION, [(FUNCTION, sample(type, 2))]))
        for changed in changes(buffer):
            try:
                read = compiled.decode(changed)
            except Leave:
                continue
            assert read == generic.decode_values(changed), (type, changed)


# --- parts -----------------------------------------------------------------------------------------


def answer(data: st.DataObject, ret: TypeRef, types: list[TypeRef]) -> object:
    mutated = {f"p{index}": data.draw(objects(type)) for index, type in enumerate(types)}
    returned = data.draw(objects(ret))
    return Result(returned, mutated) if types else returned


@st.composite
def damage(draw: st.DrawFn, buffer: bytes) -> bytes:
    """Return the buffer with bytes changed, inserted, deleted or repeated.

    Its size prefix is mostly correct, so that the codec reads as far as the damage.
    """
    damaged = bytearray(buffer)
    places = st.integers(0, len(buffer) - 1)
    for _ in range(draw(st.integers(1, 3))):
        kind, place, size = draw(st.sampled_from(KINDS)), draw(places), draw(sizes)
        if kind == "change":
            damaged[place : place + 1] = bytes([draw(tags | st.integers(0, 255))])
        elif kind == "insert":
            damaged[place:place] = draw(st.binary(max_size=4))
        elif kind == "delete":
            del damaged[place : place + size]
        elif kind == "repeat":
            damaged[place:place] = damaged[place : place + size]
        else:
            del damaged[place:]
    if draw(st.integers(0, 9)):
        damaged[:4] = struct.pack("<I", max(len(damaged), 4))
    return bytes(damaged)


KINDS = ("change", "insert", "delete", "repeat", "cut")
sizes = st.sampled_from([1, 2, 4, 8, 16, 17, 20, 21])
tags = st.integers(0, 20)
"""Small numbers: valid counts, option bytes and tags to replace others with."""
