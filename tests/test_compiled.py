"""Compiled codecs: the same bytes and the same objects as the generic codec, or nothing."""

from __future__ import annotations

import math
import traceback
from array import array
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import Result, TypeRegistry, buffers
from arora_core import values as v
from arora_core.buffers import AroraCodec
from arora_core.calls import CallResult
from arora_core.compiled import CompiledCodec, compile_codec
from arora_core.compiled.source import Source
from arora_core.conversion import Conversions
from arora_core.header import ExportedFunction, Parameter
from arora_core.python_types import enumeration_class, structure_class
from arora_core.signature import Signature
from arora_core.types import (
    TYPE_IDS,
    ArrayRef,
    EnumerationType,
    FieldType,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    VariantType,
    Version,
)

FUNCTION = UUID(int=0xF00)
ONE = Version(1, 0, 0)


def scalar(name: str) -> ScalarRef:
    return ScalarRef(TYPE_IDS[name])


COLOUR = EnumerationType(
    UUID(int=0xC0),
    "Colour",
    "Colour",
    ONE,
    (VariantType(UUID(int=0xC1), "red", scalar("unit")), VariantType(UUID(int=0xC2), "green", scalar("unit"))),
)
INNER = StructureType(
    UUID(int=0xD0),
    "Inner",
    "Inner",
    ONE,
    (FieldType(UUID(int=0xD1), "text", scalar("str")), FieldType(UUID(int=0xD2), "class", scalar("f32"))),
)
OUTER = StructureType(
    UUID(int=0xE0),
    "Outer",
    "Outer",
    ONE,
    (
        FieldType(UUID(int=0xE1), "inner", ScalarRef(INNER.id)),
        FieldType(UUID(int=0xE2), "items", ArrayRef(TYPE_IDS["i32"])),
        FieldType(UUID(int=0xE3), "colour", ScalarRef(COLOUR.id)),
    ),
)
REGISTRY = TypeRegistry([COLOUR, INNER, OUTER])
Colour: Any = enumeration_class(COLOUR)
Inner, Outer = structure_class(INNER), structure_class(OUTER)

RANGES = {f"{sign}{bits}": (bits, sign) for bits in (8, 16, 32, 64) for sign in "ui"}


def integers(bits: int, sign: str) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1) if sign == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INNERS = st.builds(Inner, TEXT, st.floats(width=32))
PLAIN: dict[TypeRef, st.SearchStrategy[Any]] = {
    scalar("unit"): st.none(),
    scalar("bool"): st.booleans(),
    **{scalar(name): integers(*of) for name, of in RANGES.items()},
    scalar("f32"): st.floats(width=32),
    scalar("f64"): st.floats(),
    scalar("str"): TEXT,
    scalar("uuid"): st.uuids(),
    ArrayRef(TYPE_IDS["u8"]): st.binary(max_size=20),
    **{ArrayRef(TYPE_IDS[name]): st.lists(integers(*of), max_size=9) for name, of in RANGES.items() if name != "u8"},
    ArrayRef(TYPE_IDS["f64"]): st.lists(st.floats(), max_size=9),
    ScalarRef(COLOUR.id): st.sampled_from(list(Colour)),
    ScalarRef(INNER.id): INNERS,
    ScalarRef(OUTER.id): st.builds(
        Outer, INNERS, st.lists(integers(32, "i"), max_size=9), st.sampled_from(list(Colour))
    ),
}


def function(parameters: list[tuple[TypeRef, bool]], ret: TypeRef) -> ExportedFunction:
    return ExportedFunction(
        FUNCTION,
        "probe",
        tuple(
            Parameter(UUID(int=0xA00 + index), f"p{index}", type, mutable)
            for index, (type, mutable) in enumerate(parameters)
        ),
        ret,
    )


def both(export: ExportedFunction) -> tuple[CompiledCodec, Signature]:
    return compile_codec("tests", export, REGISTRY), Signature(export, REGISTRY, Conversions(REGISTRY), AroraCodec())


def encoder(codec: CompiledCodec) -> Callable[..., bytes]:
    assert codec.encode is not None
    return codec.encode


def decoder(codec: CompiledCodec) -> Callable[[bytes], Any]:
    assert codec.decode is not None
    return codec.decode


def same(left: object, right: object) -> bool:
    """Equal in type and in every bit that shows, NaN included."""
    return type(left) is type(right) and repr(left) == repr(right)


TYPES = st.sampled_from(list(PLAIN))


@settings(max_examples=300)
@given(st.data(), st.lists(TYPES, max_size=4))
def test_arguments_encode_to_the_generic_codecs_bytes(data: st.DataObject, types: list[TypeRef]) -> None:
    codec, generic = both(function([(type, False) for type in types], scalar("unit")))
    arguments = [data.draw(PLAIN[type]) for type in types]
    expected = generic.encode_call(arguments, {})
    assert encoder(codec)(*arguments) == expected
    assert encoder(codec)(**{f"p{index}": argument for index, argument in enumerate(arguments)}) == expected


@settings(max_examples=300)
@given(st.data(), TYPES, st.lists(TYPES, max_size=3))
def test_results_decode_to_the_generic_codecs_objects(data: st.DataObject, ret: TypeRef, types: list[TypeRef]) -> None:
    codec, generic = both(function([(type, True) for type in types], ret))
    mutated = {f"p{index}": data.draw(PLAIN[type]) for index, type in enumerate(types)}
    answer = data.draw(PLAIN[ret])
    buffer = generic.encode_result(Result(answer, mutated) if types else answer)
    assert same(decoder(codec)(buffer), generic.decode_result(buffer))


@settings(max_examples=300)
@given(st.data(), TYPES, st.lists(TYPES, max_size=2))
def test_a_corrupted_result_is_read_as_the_generic_codec_reads_it_or_left(
    data: st.DataObject, ret: TypeRef, types: list[TypeRef]
) -> None:
    codec, generic = both(function([(type, True) for type in types], ret))
    mutated = {f"p{index}": data.draw(PLAIN[type]) for index, type in enumerate(types)}
    answer = data.draw(PLAIN[ret])
    buffer = bytearray(generic.encode_result(Result(answer, mutated) if types else answer))
    for _ in range(data.draw(st.integers(1, 3))):
        buffer[data.draw(st.integers(0, len(buffer) - 1))] = data.draw(st.integers(0, 255))
    corrupted = bytes(buffer[: data.draw(st.integers(0, len(buffer)))] if data.draw(st.booleans()) else buffer)
    try:
        read = decoder(codec)(corrupted)
    except Exception:
        return
    assert same(read, generic.decode_result(corrupted))


LEFT: dict[str, tuple[TypeRef, list[Any]]] = {
    "u8": (scalar("u8"), [True, 1.0, -1, 256, "1", None, v.U8(1)]),
    "f64": (scalar("f64"), [True, "1", None, 10**400]),
    "f32": (scalar("f32"), [True, 1e300]),
    "bool": (scalar("bool"), [0, 1, None]),
    "unit": (scalar("unit"), [0]),
    "str": (scalar("str"), [b"x", "\ud800", v.String("x")]),
    "uuid": (scalar("uuid"), ["00000000-0000-0000-0000-000000000000"]),
    "i32[]": (ArrayRef(TYPE_IDS["i32"]), [1, "12", [1.0], [True], [2**31]]),
    "structure": (ScalarRef(INNER.id), [{"text": "a", "class": 1.0}, Inner("a", "b"), v.Structure(INNER.id)]),
    "enumeration": (ScalarRef(COLOUR.id), ["red", v.Enumeration(COLOUR.id, UUID(int=0xC1))]),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_the_code_was_not_made_for_is_left_to_the_generic_codec(name: str) -> None:
    type, arguments = LEFT[name]
    codec, _ = both(function([(type, False)], scalar("unit")))
    for argument in arguments:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whichever: the caller only needs to be told
            encoder(codec)(argument)
    with pytest.raises(Exception):  # noqa: B017, PT011
        encoder(codec)()


def test_fields_in_another_order_are_left_to_the_generic_codec() -> None:
    codec, generic = both(function([], ScalarRef(INNER.id)))
    fields = [(UUID(int=0xD2), v.F32(1)), (UUID(int=0xD1), v.String("a"))]
    buffer = buffers.encode(v.Structure(FUNCTION, [(FUNCTION, v.Structure(INNER.id, fields))]))
    with pytest.raises(Exception):  # noqa: B017, PT011
        decoder(codec)(buffer)
    assert generic.decode_result(buffer) == Inner("a", 1.0)


def test_a_shape_that_is_not_covered_leaves_only_its_own_direction_to_the_generic_codec() -> None:
    option = OptionRef(TYPE_IDS["u8"])
    assert both(function([(option, False)], scalar("u8")))[0].encode is None
    assert both(function([(option, False)], scalar("u8")))[0].decode is not None
    assert both(function([], option))[0].decode is None


def test_a_run_of_fixed_size_fields_is_one_struct() -> None:
    codec, _ = both(function([(scalar("u32"), False), (scalar("f64"), False), (scalar("bool"), False)], scalar("i64")))
    encode, decode = codec.source.split("# <arora decoder")
    assert encode.count("pack") == 1
    assert decode.count("unpack") == 1


def test_the_source_is_shown_in_tracebacks() -> None:
    codec, _ = both(function([(scalar("str"), False)], scalar("unit")))
    with pytest.raises(UnicodeEncodeError) as caught:
        encoder(codec)("\ud800")
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.filename == "<arora encoder of tests.probe>"
    assert last.line == "text0 = p0.encode()"


def test_names_of_parameters_never_meet_names_of_the_code() -> None:
    names = ["text0", "pack1", "Leave", "len", "join", "buffer", "type", "size0", "int"]
    export = ExportedFunction(
        FUNCTION,
        "probe",
        tuple(Parameter(UUID(int=0xA00 + index), name, scalar("str")) for index, name in enumerate(names)),
        scalar("unit"),
    )
    codec, generic = both(export)
    assert encoder(codec)(*names) == generic.encode_call(names, {})


def test_a_variable_never_takes_a_parameters_name() -> None:
    source = Source("f", ["text0", "text1=None"])
    assert source.variable("text") == "text2"


def test_number_arrays_come_out_as_arrays_and_bytes() -> None:
    codec, generic = both(function([], ArrayRef(TYPE_IDS["f64"])))
    buffer = generic.encode_result([1.0, math.nan])
    read = decoder(codec)(buffer)
    assert isinstance(read, array)
    assert read.typecode == "d"
    assert generic.decode_values(buffer) == CallResult(v.ArrayF64([1.0, math.nan]))
