"""Names of functions, parameters, fields and variants in Python, for any text in a header or a record."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any
from unicodedata import normalize
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import Engine, Function, FunctionNotFound, Header, HostModule, LoadedModule, TypeRegistry
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import attributes_of, enumeration_class, structure_class
from arora_core.binding.python_names import LONGEST, NameTable, python_names
from arora_core.header import ExportedFunction, Parameter
from arora_core.types import (
    TYPE_IDS,
    EnumerationType,
    FieldType,
    ScalarRef,
    StructureType,
    TypeMismatch,
    VariantType,
    Version,
)
from tests.signatures import both, encoder

U8, STR = ScalarRef(TYPE_IDS["u8"]), ScalarRef(TYPE_IDS["str"])
UNIT = ScalarRef(TYPE_IDS["unit"])

# fmt: off
_TRICKY = [
    "class", "class_", "a-b", "a_b", "a_b_", "a_b_2", "µ", "μ", "m/s²", "½", "ﬁ", "fi", "+x", "-x", "x", "<unknown>",
    "_missing_", "__init__", "_E__x", "mro", "name", "value", "variant_id", "self", "len", "join", "ABSENT", "id",
    "2", "_2_", "_", "__", "۞", "text0", "e\u0301", "\u0301", "ﷺ", "restart", "_functions",
]
# fmt: on
WIDE_IF = "\uff49\uff46"
"""A spelling of the keyword ``if``."""
names = st.one_of(st.sampled_from([*_TRICKY, WIDE_IF, "a" * 300]), st.text(min_size=1, max_size=12))
several = st.lists(names, min_size=1, max_size=8, unique=True)


def number(index: int) -> UUID:
    return UUID(int=0x4F << 64 | index)


# --- the table -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["x", "joint-angle", "class", "2nd"], ["x", "joint_angle", "class_", "_2nd"]),
        (["a-b", "a_b", "a b"], ["a_b_", "a_b", "a_b_2"]),
        (["class", "class_", WIDE_IF], ["class_2", "class_", "if_"]),
        (["µ", "m/s²", "½", "+x", "<unknown>"], ["μ", "m_s2", "_1_2", "x", "unknown"]),
        (["µ", "μ", "ﬁ", "fi"], ["μ_", "μ", "fi_", "fi"]),
        (["__init__", "名", "°"], ["init", "名", "unnamed"]),
    ],
)
def test_a_name_that_is_an_identifier_is_kept_and_any_other_gets_one_like_it(
    names: list[str], expected: list[str]
) -> None:
    assert python_names(names) == expected


@given(several)
def test_python_names_are_identifiers_that_python_does_not_change_or_use(names: list[str]) -> None:
    for made in python_names(names):
        assert made.isidentifier()
        assert normalize("NFKC", made) == made
        assert not keyword.iskeyword(made)
        assert not made.startswith("__")


@given(several)
def test_no_python_name_is_the_name_of_anything_else(names: list[str]) -> None:
    table = NameTable(names)
    assert len(set(table.python)) == len(names)
    for index, (name, made) in enumerate(zip(names, table.python, strict=True)):
        assert table.index_of[name] == table.index_of[made] == index


def test_ten_thousand_names_that_become_the_same_identifier_take_linear_time() -> None:
    tried = 0

    def clashes(name: str) -> bool:
        nonlocal tried
        tried += 1
        return False

    distinct = ["a" + "!" * (index % 100) + "?" * (index // 100) for index in range(10_000)]
    followers = [f"a_{index}" for index in range(10_000)]
    made = python_names([*distinct, *followers], clashes)
    assert len(set(made)) == 20_000
    assert tried < 40_000


def test_a_name_of_a_megabyte_is_cut() -> None:
    # The normal form of such a run of marks takes minutes.
    made = python_names(["a" + "\u0301\u0316" * 500_000, "b" * 1_000_000])
    assert all(len(each) <= 2 * LONGEST for each in made)


# --- parameters ------------------------------------------------------------------------------------


def function(names: list[str]) -> ExportedFunction:
    parameters = tuple(Parameter(number(index), name, U8) for index, name in enumerate(names))
    return ExportedFunction(number(0xF00), "probe", parameters, UNIT)


@settings(max_examples=50)
@given(several)
def test_the_compiled_and_the_generic_codec_agree_on_the_names_of_parameters(names: list[str]) -> None:
    codec, generic = both(function(names))
    for spellings in (names, NameTable(names).python):
        arguments = {spelling: index for index, spelling in enumerate(spellings)}
        expected = generic.encode_call(range(len(names)), {})
        assert generic.encode_call((), arguments) == expected
        # The compiled code does not know names in the header: it leaves them to the generic codec.
        with suppress(TypeError):
            assert encoder(codec)(**arguments) == expected


def test_an_argument_never_reaches_a_parameter_of_a_similar_name() -> None:
    codec, generic = both(function(["a-b", "a_b"]))
    assert encoder(codec)(1, a_b=2) == generic.encode_call((1,), {"a_b": 2}) == generic.encode_call((1, 2), {})


def header(exports: list[dict[str, object]]) -> Header:
    return Header.from_data(
        {"id": str(number(0xA)), "name": "host", "author": "", "license": "", "imports": [], "exports": exports}
        | {"version": {"major": 1, "minor": 0, "patch": 0}, "executor": {"name": "host"}}
    )


def export(index: int, name: str, parameters: list[str]) -> dict[str, object]:
    declared = [
        {"id": str(number(0x100 + each)), "name": parameter, "type": {"kind": "scalar", "id": "u8"}}
        for each, parameter in enumerate(parameters)
    ]
    u8s = {"kind": "array", "id": "u8"}
    return {"type": "function", "id": str(number(index)), "name": name, "parameters": declared, "ret": u8s}


def host(exports: list[dict[str, object]], implementation: Callable[..., object]) -> LoadedModule:
    module = HostModule(header(exports))
    for each in module.header.exports:
        module.function(each.name)(implementation)
    return Engine().register(module)


@settings(max_examples=50)
@given(several)
def test_arguments_of_any_name_reach_a_host_function_by_their_names_in_the_header(names: list[str]) -> None:
    handle = host([export(1, "f", names)], lambda **given: [given[name] for name in names])
    expected = bytes(range(len(names)))
    assert handle.f(*expected) == expected
    assert handle.f(**dict(zip(names, expected, strict=True))) == expected
    assert handle.f(**dict(zip(python_names(names), expected, strict=True))) == expected


@settings(max_examples=50)
@given(several)
def test_a_host_function_can_be_written_for_parameters_of_any_name(names: list[str]) -> None:
    made = python_names(names)
    namespace: dict[str, Any] = {}
    exec(f"def f({', '.join(made)}): return bytes([{', '.join(made)}])", namespace)
    handle = host([export(1, "f", names)], namespace["f"])
    assert handle.f(*range(len(names))) == bytes(range(len(names)))


# --- functions -------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(several)
def test_a_function_of_any_name_is_an_item_and_an_attribute(names: list[str]) -> None:
    handle = host([export(index, name, []) for index, name in enumerate(names)], lambda: b"")
    assert list(handle) == names
    attributes = [getattr(handle, attribute) for attribute in dir(handle)]
    assert {each.id for each in attributes if isinstance(each, Function)} == {handle[name].id for name in names}
    assert [handle[name]() for name in names] == [b""] * len(names)
    assert (handle.name, handle.executor) == ("host", "host")


def test_a_function_named_like_an_attribute_of_the_handle_is_an_item_and_a_similar_attribute() -> None:
    handle = host([export(1, "id", []), export(2, "move-to", [])], lambda: b"done")
    assert handle.id == number(0xA)
    assert handle["id"]() == handle.id_() == handle.move_to() == b"done"
    assert {"id_", "move_to"} <= set(dir(handle))
    with pytest.raises(AttributeError, match=r"is the item \['move-to'\] and the attribute move_to"):
        getattr(handle, "move-to")
    with pytest.raises(FunctionNotFound, match="did you mean 'move-to'"):
        handle["move_to"]


# --- fields and variants ---------------------------------------------------------------------------


@settings(max_examples=50)
@given(several, names)
def test_a_structure_with_fields_of_any_names_is_a_dataclass_and_a_mapping(fields: list[str], name: str) -> None:
    record = StructureType(
        number(0x10), name, name, Version(1), tuple(FieldType(number(i), each, U8) for i, each in enumerate(fields))
    )
    converter = Conversions(TypeRegistry([record])).of(ScalarRef(record.id))
    value = converter.to_value(dict(zip(fields, range(len(fields)), strict=True)))
    made = converter.to_python(value)
    assert made == structure_class(record)(*range(len(fields)))
    assert converter.to_value(made) == value
    assert converter.to_value({each: getattr(made, each) for each in attributes_of(record).python}) == value


@settings(max_examples=50)
@given(several, names, st.booleans())
def test_an_enumeration_with_variants_of_any_names_is_a_class_and_names(
    variants: list[str], name: str, with_payload: bool
) -> None:
    payload = U8 if with_payload else UNIT
    record = EnumerationType(
        number(0x10),
        name,
        name,
        Version(1),
        tuple(VariantType(number(i), each, UNIT if i else payload) for i, each in enumerate(variants)),
    )
    converter = Conversions(TypeRegistry([record])).of(ScalarRef(record.id))
    made = enumeration_class(record)
    if issubclass(made, Enum):
        assert len(made) == len(variants)
    for index, variant in enumerate(variants):
        carried = v.U8(7) if with_payload and not index else v.Unit()
        value = v.Enumeration(record.id, number(index), carried)
        assert converter.to_value({variant: carried.value if isinstance(carried, v.U8) else None}) == value
        assert converter.to_value(converter.to_python(value)) == value


def test_a_field_given_by_both_of_its_names_is_refused() -> None:
    record = StructureType(number(0x10), "R", "R", Version(1), (FieldType(number(1), "a-b", U8),))
    converter = Conversions(TypeRegistry([record])).of(ScalarRef(record.id))
    with pytest.raises(TypeMismatch, match="R is given its field a-b twice"):
        converter.to_value({"a-b": 1, "a_b": 2})
