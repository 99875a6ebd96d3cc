"""Which objects are arguments, by the same rule wherever a value is made of a Python object (docs/values.md)."""

from __future__ import annotations

import array
import ctypes
import math
from collections import UserList, deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from arora_core import ArgumentError, Engine, Header, HostModule, TypeRegistry
from arora_core import values as v
from arora_core.types import ArrayRef, FieldType, StructureType, Version

RECORD, FUNCTION, PARAMETER = (UUID(int=0xA6 << 64 | index) for index in range(3))
NODE = StructureType(RECORD, "Node", "Node", Version(1), (FieldType(UUID(int=0xA6F << 64), "in", ArrayRef(RECORD)),))


def echo(type: dict[str, object], function: Callable[[Any], object] = lambda x: x) -> Callable[..., Any]:
    parameter = {"id": str(PARAMETER), "name": "x", "type": type}
    export = {"type": "function", "id": str(FUNCTION), "name": "f", "ret": type, "parameters": [parameter]}
    header = {"id": str(FUNCTION), "name": "m", "author": "", "license": "", "version": "1.0.0", "imports": []}
    types = TypeRegistry([NODE])
    module = HostModule(Header.from_data(header | {"executor": {"name": "host"}, "exports": [export]}, types))
    module.function("f")(function)
    return Engine(types=types).register(module).f


def scalar(name: str) -> dict[str, object]:
    return {"kind": "scalar", "id": name}


def of_items(name: str) -> dict[str, object]:
    return {"kind": "array", "id": name}


class Pair(ctypes.Structure):
    _fields_ = (("first", ctypes.c_int32), ("second", ctypes.c_int32))


class Shrinking(UserList[int]):
    """Has fewer items each time it is looked at."""

    def __iter__(self) -> Iterator[int]:
        yield from list(self.data)
        self.data.pop()


masked_array: Any = np.ma.array  # NumPy for CPython 3.10 declares no types for it.
ITEMS: dict[str, object] = {"u8": 1, "f64": 1.0, "bool": True, "str": "a"}
REFUSED: dict[str, tuple[dict[str, object], Any]] = {
    **{f"set for {name}[]": (of_items(name), {item}) for name, item in ITEMS.items()},
    **{f"dict for {name}[]": (of_items(name), {item: 0}) for name, item in ITEMS.items()},
    **{f"iterator for {name}[]": (of_items(name), iter([item])) for name, item in ITEMS.items()},
    **{f"endless range for {name}[]": (of_items(name), range(10**12)) for name in ("u8", "i64", "f64", "bool")},
    "range longer than a size for u8[]": (of_items("u8"), range(1 << 70)),
    "doubles of ctypes for i32[]": (of_items("i32"), (ctypes.c_double * 2)(1, 2)),
    "structures of ctypes for u8[]": (of_items("u8"), (Pair * 2)()),
    "set of structures": (of_items(str(RECORD)), frozenset()),
    "text for str[]": (of_items("str"), "ab"),
    "bytes for bool[]": (of_items("bool"), b"ab"),
    "masked array for f64[]": (of_items("f64"), masked_array([1.0], mask=[True])),
    "masked array for bool[]": (of_items("bool"), masked_array([True], mask=[True])),
    "masked item for f64": (scalar("f64"), np.ma.masked),
    "masked item in f64[]": (of_items("f64"), [np.ma.masked]),
    "datetime64 for i64": (scalar("i64"), np.datetime64(5, "ns")),
    "timedelta64 for i64": (scalar("i64"), np.timedelta64(5, "ns")),
    "timedelta64 for f64": (scalar("f64"), np.timedelta64(5, "ns")),
    "datetime64 for i64[]": (of_items("i64"), np.array([5], "M8[ns]")),
    "timedelta64 for i64[]": (of_items("i64"), np.array([5], "m8[ns]")),
    "timedelta64 in f64[]": (of_items("f64"), [np.timedelta64(5, "ns")]),
    "bools for u8[]": (of_items("u8"), np.array([True])),
    "bools for f64[]": (of_items("f64"), [1.0, True]),
    "two dimensions for f64[]": (of_items("f64"), np.zeros((2, 2))),
    "two dimensions for str[]": (of_items("str"), np.array([["a"]])),
    "inexact integer for f64": (scalar("f64"), 2**53 + 1),
    "inexact integer for f32": (scalar("f32"), 2**24 + 1),
    "inexact integer in f64[]": (of_items("f64"), [0.5, 2**53 + 1]),
    "inexact integer in f32[]": (of_items("f32"), (2**24 + 1,)),
    "inexact integer beside larger floats": (of_items("f64"), [1e300, math.nan, 2**53 + 1]),
    "inexact integer beside others in f32[]": (of_items("f32"), [0.5, -(2**24) - 1]),
    "integer out of range in f64[]": (of_items("f64"), [0.5, 10**400]),
    "bool among numbers": (of_items("f64"), [0.5, 1, True]),
    "inexact integer in an int64 array": (of_items("f64"), np.array([2**53 + 1])),
    "third for f64": (scalar("f64"), Fraction(1, 3)),
    "long double for f64": (scalar("f64"), np.longdouble(1) / 3),
    "float for i32": (scalar("i32"), 1.0),
    "surrogate in str": (scalar("str"), "\ud800"),
    "surrogate in str[]": (of_items("str"), ["\ud800"]),
    "surrogate in a key": ({"kind": "map", "key_id": "str", "value_id": "u8"}, {"\ud800": 1}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_value_says_exactly_is_an_argument_error_that_names_the_parameter(what: str) -> None:
    type, given = REFUSED[what]
    with pytest.raises(ArgumentError) as caught:
        echo(type)(given)
    assert caught.value.parameter == "x"


@pytest.mark.parametrize("what", [what for what in REFUSED if "iterator" not in what])
def test_the_same_is_refused_where_a_host_function_returns_it(what: str) -> None:
    type, given = REFUSED[what]
    good: Any = [] if type["kind"] == "array" else {} if type["kind"] == "map" else "" if type["id"] == "str" else 0
    with pytest.raises(TypeError, match="its return value does not fit"):
        echo(type, lambda x: given)(good)


ACCEPTED: dict[str, tuple[str, Any, Any]] = {
    "tuple": ("u16", (1, 2), array.array("H", [1, 2])),
    "range": ("u16", range(1, 3), array.array("H", [1, 2])),
    "deque": ("u16", deque([1, 2]), array.array("H", [1, 2])),
    "sequence": ("str", UserList(["a"]), ["a"]),
    "sequence that changes": ("i32", Shrinking([1, 2, 3]), array.array("i", [1, 2, 3])),
    "doubles of ctypes": ("f64", (ctypes.c_double * 2)(1, 2), array.array("d", [1.0, 2.0])),
    "integers of ctypes for floats": ("f64", (ctypes.c_int32 * 2)(1, 2), array.array("d", [1.0, 2.0])),
    "NumPy array of text": ("str", np.array(["a"]), ["a"]),
    "NumPy array of bools": ("bool", np.array([True]), [True]),
    "integers that are exact": ("f64", [2**60, 0.5, -(2**53)], array.array("d", [2.0**60, 0.5, -(2.0**53)])),
    "large floats and integers": ("f64", [1e300, 1], array.array("d", [1e300, 1.0])),
    "floats of f32": ("f32", [0.5, 2**30], array.array("f", [0.5, 2.0**30])),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_sequences_and_exact_numbers_are_accepted(what: str) -> None:
    name, given, expected = ACCEPTED[what]
    assert echo(of_items(name))(given) == expected


@pytest.mark.parametrize("make", [v.ArrayBoolean, v.ArrayString, v.ArrayValue, v.ArrayU8, v.ArrayF64])
@pytest.mark.parametrize(
    "given", [set(), {}, iter(()), "", masked_array([]), np.array([], "M8[s]")], ids=lambda given: type(given).__name__
)
def test_arrays_of_values_are_made_of_sequences_only(make: Any, given: object) -> None:
    with pytest.raises(TypeError):
        make(given)


def test_objects_that_contain_themselves_or_nest_too_deeply_are_argument_errors() -> None:
    cyclic: dict[str, Any] = {}
    cyclic["in"] = [cyclic]
    deep: dict[str, Any] = {"in": []}
    for _ in range(100_000):
        deep = {"in": [deep]}
    f = echo(scalar(str(RECORD)))
    for given in (cyclic, deep):
        with pytest.raises(ArgumentError, match=r"parameter x: in\[0\]\.in\[0\].*: nested deeper than 64 levels"):
            f(given)
    assert f({"in": [{"in": []}]}) is not None
    items: list[Any] = []
    for _ in range(100_000):
        items = [items]
    with pytest.raises(ArgumentError, match="expected a str, got a list"):
        echo(scalar("str"))(items)


def test_a_deeply_nested_value_is_an_argument_error_in_generic_calls() -> None:
    value = v.Structure(RECORD, [(NODE.fields[0].id, v.ArrayStructure(RECORD, []))])
    for _ in range(3000):
        value = v.Structure(RECORD, [(NODE.fields[0].id, v.ArrayStructure(RECORD, [value.fields]))])
    with pytest.raises(ArgumentError, match="nested too deep"):
        echo(scalar(str(RECORD))).call({PARAMETER: value})  # type: ignore[attr-defined]


@pytest.mark.parametrize("cls", v.NUMBER_ARRAYS, ids=lambda cls: cls.__name__)
def test_an_item_of_a_number_array_is_read_without_a_copy_of_the_array(cls: type[v.NumberArray]) -> None:
    class Uncopied(cls):  # type: ignore[misc,valid-type]
        __slots__ = ()

        @property
        def items(self) -> Any:
            raise AssertionError

    numbers = Uncopied(range(10))
    assert (numbers[0], numbers[3], numbers[-1], numbers[np.int64(2)]) == (0, 3, 9, 2)
    assert numbers[2:4].tolist() == [2, 3]
    assert numbers[8:2].tolist() == []
    with pytest.raises(IndexError):
        numbers[10]
