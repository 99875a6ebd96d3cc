"""The values that the public strategies draw."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import Header, buffers
from arora_core import values as v
from arora_core.conformance import strategies
from arora_core.conformance.guests import header
from arora_core.types import ScalarRef, validate

REGISTRY = header().types


def depth(value: v.Value) -> int:
    inner: list[v.Value] = []
    if isinstance(value, v.Option):
        inner = [] if value.value is None else [value.value]
    elif isinstance(value, v.Structure):
        inner = [each.value for each in value.fields]
    elif isinstance(value, v.Enumeration):
        inner = [value.value]
    elif isinstance(value, v.ArrayValue):
        inner = list(value.items)
    else:
        return 0
    return 1 + max(map(depth, inner), default=0)


@given(strategies.values())
def test_values_encode_and_decode(value: v.Value) -> None:
    assert buffers.decode(buffers.encode(value)) == value


@given(st.data(), st.integers(0, 3))
def test_values_are_not_deeper_than_max_depth(data: st.DataObject, most: int) -> None:
    assert depth(data.draw(strategies.values(max_depth=most))) <= most


@given(strategies.number_arrays(max_size=3))
def test_arrays_are_not_longer_than_max_size(value: v.Value) -> None:
    assert isinstance(value, v.NumberArray)
    assert len(value) <= 3


@settings(max_examples=200)
@given(st.data())
def test_values_of_a_type_are_of_that_type(data: st.DataObject) -> None:
    ref = data.draw(strategies.types(REGISTRY))
    validate(data.draw(strategies.values_of(ref, REGISTRY)), ref, REGISTRY)


def test_every_record_of_a_registry_has_values() -> None:
    for record in REGISTRY:
        found = strategies.values_of(ScalarRef(record.id), REGISTRY)

        @given(found)
        def check(value: v.Value) -> None:
            validate(value, ScalarRef(record.id), REGISTRY)  # noqa: B023 - called in this iteration

        check()


@given(st.data())
def test_arguments_are_of_the_parameters_types(data: st.DataObject) -> None:
    export = data.draw(strategies.signatures(REGISTRY))
    types = {each.id: each.type for each in export.parameters}
    for id, value in data.draw(strategies.arguments(export, REGISTRY)).items():
        validate(value, types[id], REGISTRY)


@given(st.data())
def test_every_argument_is_given_if_none_may_be_absent(data: st.DataObject) -> None:
    export = data.draw(strategies.signatures())
    drawn = data.draw(strategies.arguments(export, absent=False))
    assert set(drawn) == {each.id for each in export.parameters}


@given(strategies.headers(REGISTRY))
def test_headers_read_back_as_themselves(drawn: Header) -> None:
    assert Header.from_data(drawn.to_data(), REGISTRY) == drawn
