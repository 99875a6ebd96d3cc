"""Compiled codecs return the same bytes and objects as the generic codec, or leave the work to it."""

from __future__ import annotations

import array as arrays
import linecache
import math
import struct
import traceback
from typing import Any
from uuid import UUID

import pytest

from arora_core import Result, buffers
from arora_core import values as v
from arora_core.binding.leave import Leave
from arora_core.binding.signature import Signature
from arora_core.buffers import AroraCodec
from arora_core.calls import CallResult
from arora_core.compiled.source_code import Source
from arora_core.header import ExportedFunction, Parameter
from arora_core.types import TYPE_IDS, ArrayRef, FixedArrayRef, MapRef, OptionRef, ScalarRef, TypeRef

from .signatures import (
    COLOUR,
    CONVERSIONS,
    COVERED,
    FUNCTION,
    INNER,
    POINT,
    REGISTRY,
    SHAPE,
    UNCOVERED,
    Colour,
    Inner,
    Point,
    Shape,
    array,
    both,
    decoder,
    encoder,
    function,
    parameter,
    scalar,
)

LEFT: dict[str, tuple[TypeRef, list[Any]]] = {
    "u8": (scalar("u8"), [True, 1.0, -1, 256, "1", None, v.U8(1)]),
    "f64": (scalar("f64"), [True, "1", None, 10**400]),
    "f32": (scalar("f32"), [True, 1e300]),
    "bool": (scalar("bool"), [0, 1, None]),
    "unit": (scalar("unit"), [0]),
    "str": (scalar("str"), [b"x", "\ud800", v.String("x")]),
    "uuid": (scalar("uuid"), ["00000000-0000-0000-0000-000000000000"]),
    "i32[]": (array("i32"), [1, "12", [1.0], [True], [2**31]]),
    "i32[2]": (FixedArrayRef(TYPE_IDS["i32"], 2), [[1], [1, 2, 3], []]),
    "bool[]": (array("bool"), [[0], [1.0], b"\1", {True}]),
    "str[]": (array("str"), ["ab", [b"x"], ["\ud800"], {"a"}]),
    "str[2]": (FixedArrayRef(TYPE_IDS["str"], 2), [["a"], ["a", "b", "c"]]),
    "option": (OptionRef(TYPE_IDS["u8"]), [True, -1, v.Option(v.U8(1)), v.U8(1)]),
    "map": (MapRef(TYPE_IDS["str"], TYPE_IDS["u8"]), [{1: 1}, {"a": True}, [("a", 1)], v.KeyValue(UUID(int=1))]),
    "structure": (ScalarRef(INNER.id), [{"text": "a", "class": 1.0}, Inner("a", "b"), v.Structure(INNER.id)]),
    "structure[]": (
        ArrayRef(POINT.id),
        [Point(0.0, 0, True, Colour.red), [Point(0.0, True, True, Colour.red)], [None]],
    ),
    "enumeration": (ScalarRef(COLOUR.id), ["red", v.Enumeration(COLOUR.id, UUID(int=0xC1)), Shape.none]),
    "enumeration[]": (ArrayRef(COLOUR.id), [["red"], "red", [Shape.none]]),
    "payloads": (ScalarRef(SHAPE.id), ["none", Shape.at, Shape.at(None), Shape.along(1.0), Colour.red]),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_the_code_was_not_made_for_is_left_to_the_generic_codec(name: str) -> None:
    type, arguments = LEFT[name]
    codec, _ = both(function([type]))
    for argument in arguments:
        with pytest.raises(Leave):
            encoder(codec)(argument)


def test_fields_in_another_order_are_left_to_the_generic_codec() -> None:
    codec, generic = both(function(ret=ScalarRef(INNER.id)))
    fields = [(UUID(int=0xD2), v.F32(1)), (UUID(int=0xD1), v.String("a"))]
    buffer = buffers.encode(v.Structure(FUNCTION, [(FUNCTION, v.Structure(INNER.id, fields))]))
    with pytest.raises(Leave):
        decoder(codec)(buffer)
    assert generic.decode_result(buffer) == Inner("a", 1.0)


def test_a_map_comes_out_in_the_order_of_its_keys_and_the_last_of_equal_ones_wins() -> None:
    codec, generic = both(function(ret=MapRef(TYPE_IDS["str"], TYPE_IDS["u8"])))
    entries = b"".join(
        struct.pack("<I1s16sBB", 1, key, b"", 2, value) for key, value in [(b"b", 1), (b"a", 2), (b"b", 3)]
    )
    map = b"\x10" + bytes(16) + struct.pack("<I", 3) + entries
    result = b"\x0d" + FUNCTION.bytes + b"\1\0\0\0" + FUNCTION.bytes + map
    buffer = struct.pack("<I", 4 + len(result)) + result
    assert list(decoder(codec)(buffer).items()) == [("a", 2), ("b", 3)]
    assert list(generic.decode_result(buffer).items()) == [("a", 2), ("b", 3)]


def test_a_map_goes_in_in_the_order_of_its_keys() -> None:
    codec, generic = both(function([MapRef(TYPE_IDS["str"], TYPE_IDS["u8"])]))
    assert encoder(codec)({"b": 1, "a": 2}) == generic.encode_call([{"b": 1, "a": 2}], {})


def test_whatever_calls_have_is_compiled_in_both_directions() -> None:
    compiled = [both(function([type], type, mutable=True))[0] for type in COVERED]
    assert len(compiled) > 100
    assert all(codec.encode is not None and codec.decode is not None for codec in compiled)


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_is_not_covered_leaves_only_its_own_direction_to_the_generic_codec(name: str) -> None:
    argument, _ = both(function([UNCOVERED[name]], scalar("u8")))
    assert argument.encode is None
    assert argument.decode is not None
    assert "left to the generic codec" in argument.source
    assert both(function([], UNCOVERED[name]))[0].decode is None


def test_types_of_very_many_parts_are_left_to_the_generic_codec() -> None:
    assert both(function([ScalarRef(POINT.id)] * 200))[0].encode is None


def test_a_host_function_that_forgets_a_mutable_parameter_is_told_so_by_the_generic_codec() -> None:
    export = function([scalar("u8")], mutable=True)
    signature = Signature(export, REGISTRY, CONVERSIONS, AroraCodec())
    answers: list[object] = [None, Result(None, {}), Result(1, {"p0": 1}), Result(None, {"p0": 300})]
    for answer in answers:
        with pytest.raises(TypeError):
            signature.encode_result(answer)
    assert signature.decode_result(signature.encode_result(Result(None, {"p0": 1}))) == Result(None, {"p0": 1})


# --- arguments left out ----------------------------------------------------------------------------


def test_arguments_left_out_at_the_end_are_absent() -> None:
    codec, generic = both(function([scalar("u8"), scalar("str"), OptionRef(TYPE_IDS["f64"])]))
    for given in ([1, "a", None], [1, "a"], [1], []):
        assert encoder(codec)(*given) == generic.encode_call(given, {})


def test_a_call_that_leaves_out_hundreds_of_arguments_compiles_one_encoder() -> None:
    codec, generic = both(function([scalar("u8")] * 300))
    before = set(linecache.cache)
    for _ in range(2):
        assert encoder(codec)(1) == generic.encode_call([1], {})
    assert set(linecache.cache) - before <= {"<arora encoder of tests.probe given p0>"}


def test_of_calls_that_always_leave_out_other_arguments_only_some_are_compiled() -> None:
    codec, generic = both(function([scalar("u8")] * 50))
    for count in range(30):
        assert encoder(codec)(*range(count)) == generic.encode_call(range(count), {})
    encoder(codec)(*range(30)), encoder(codec)(*range(31))
    with pytest.raises(Leave):
        encoder(codec)(*range(32))


def test_arguments_left_out_before_others_are_left_to_the_generic_codec() -> None:
    codec, _ = both(function([scalar("u8"), scalar("str")]))
    with pytest.raises(Leave):
        encoder(codec)(p1="a")


DEFAULTS: dict[str, tuple[TypeRef, v.Value]] = {
    "u8": (scalar("u8"), v.U8(7)),
    "f32": (scalar("f32"), v.F32(0.1)),
    "f64[]": (array("f64"), v.ArrayF64([1.0])),
    "option": (OptionRef(TYPE_IDS["u8"]), v.Option(v.U8(7))),
    "enumeration": (ScalarRef(COLOUR.id), v.Enumeration(COLOUR.id, UUID(int=0xC2))),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_arguments_left_out_have_their_default(name: str) -> None:
    type, default = DEFAULTS[name]
    parameters = (parameter(0, scalar("u8")), parameter(1, type, default=default), parameter(2, scalar("str")))
    codec, generic = both(ExportedFunction(FUNCTION, "probe", parameters, scalar("unit")))
    assert encoder(codec)(1) == generic.encode_call([1], {})
    assert encoder(codec)(1, p2="a") == generic.encode_call([1], {"p2": "a"})


def test_a_default_that_no_python_object_stands_for_is_left_to_the_generic_codec() -> None:
    signalling = v.float_from_raw(v.F32, b"\x01\x00\xa0\x7f")
    export = ExportedFunction(FUNCTION, "probe", (parameter(0, scalar("f32"), default=signalling),), scalar("unit"))
    codec, generic = both(export)
    encoded = generic.encode_call([], {})
    assert signalling.raw in encoded
    if struct.pack("<f", signalling.value) == signalling.raw:
        # CPython 3.14 has a float for it.
        assert encoder(codec)() == encoded
    else:
        with pytest.raises(Leave):
            encoder(codec)()


# --- the source ------------------------------------------------------------------------------------


def test_a_run_of_fixed_size_fields_is_one_struct() -> None:
    codec, _ = both(function([scalar("u32"), scalar("f64"), scalar("bool")], scalar("i64")))
    encode, decode = codec.source.split("# <arora decoder")
    assert encode.count("pack") == 1
    assert decode.count("unpack") == 1


def test_the_source_is_shown_in_tracebacks() -> None:
    codec, _ = both(function([scalar("str")]))
    with pytest.raises(Leave) as caught:
        encoder(codec)("\ud800")
    assert isinstance(caught.value.__context__, UnicodeEncodeError)
    last = traceback.extract_tb(caught.value.__context__.__traceback__)[-1]
    assert last.filename == "<arora encoder of tests.probe>"
    assert last.line == "text0 = p0.encode()"


def test_an_array_of_structures_of_fixed_size_is_one_struct() -> None:
    codec, _ = both(function([ArrayRef(POINT.id)], ArrayRef(POINT.id)))
    encode, decode = codec.source.split("# <arora decoder")
    assert encode.count("pack") == 2  # the array's header, and each structure
    assert (decode.count("unpack"), decode.count("rows")) == (1, 1)


def test_the_source_of_a_whole_function_is_readable() -> None:
    codec, _ = both(function([scalar("u32"), scalar("u32")], scalar("u32")))
    assert codec.source == EXPECTED


EXPECTED = """\
# <arora encoder of tests.probe>
def codec(p0=ABSENT, p1=ABSENT):
    try:
        if p1 is ABSENT: return fewer[p0 is ABSENT, p1 is ABSENT,](p0, p1)
        if not (type(p0) is int): raise Leave
        if not (type(p1) is int): raise Leave
        return pack2(CONSTANT0, p0, CONSTANT1, p1)
    except struct_error: raise Leave

# <arora decoder of tests.probe>
def codec(buffer):
    try:
        constant3, value1, = unpack2(buffer)
        if constant3 != CONSTANT4: raise Leave
        return value1
    except struct_error: raise Leave
"""


def named(*names: str) -> ExportedFunction:
    parameters = (Parameter(UUID(int=0xA00 + index), name, scalar("str")) for index, name in enumerate(names))
    return ExportedFunction(FUNCTION, "probe", tuple(parameters), scalar("unit"))


def test_names_of_parameters_never_meet_names_of_the_code() -> None:
    names = ["text0", "pack1", "Leave", "len", "join", "buffer", "type", "size0", "int", "fewer", "class", "type_"]
    codec, generic = both(named(*names))
    assert encoder(codec)(*names) == generic.encode_call(names, {})


def test_a_parameter_of_a_builtins_name_is_never_another_ones() -> None:
    codec, generic = both(named("type", "type_"))
    assert encoder(codec)("a", type_="b") == generic.encode_call(["a", "b"], {})
    with pytest.raises(TypeError):
        encoder(codec)(type="a", type_="b")


def test_a_variable_never_takes_a_parameters_name() -> None:
    source = Source("f", ["text0", "text1=None"])
    assert source.variable("text") == "text2"


def test_number_arrays_come_out_as_arrays_and_bytes() -> None:
    codec, generic = both(function(ret=array("f64")))
    buffer = generic.encode_result([1.0, math.nan])
    read = decoder(codec)(buffer)
    assert isinstance(read, arrays.array)
    assert read.typecode == "d"
    assert generic.decode_values(buffer) == CallResult(v.ArrayF64([1.0, math.nan]))
