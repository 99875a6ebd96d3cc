"""Records that use one another in a chain of thousands: nothing recurses once for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from arora_core import ArgumentError, Call, Engine, Header, HostModule, LoadedModule, TypeRegistry, text
from arora_core import values as v
from arora_core.binding.generated_classes import structure_class
from arora_core.header.used_types import used_types
from arora_core.types import ArrayRef, FieldType, StructureType, Version

LENGTH = 10_000
FIRST = 1000
FIELD = UUID(int=1)
FUNCTION, PARAMETER, MODULE = UUID(int=20), UUID(int=21), UUID(int=10)


def record(n: int) -> StructureType:
    """Return a structure of an array of the next one; the last one's is of the first."""
    following = FIRST + (n + 1) % LENGTH
    return StructureType(
        UUID(int=FIRST + n), f"S{n}", f"S{n}", Version(1), (FieldType(FIELD, "next", ArrayRef(UUID(int=following))),)
    )


RECORDS = TypeRegistry(map(record, range(LENGTH)))


def nested(levels: int) -> dict[str, Any]:
    """Return an argument of that many structures, each in the one before."""
    made: dict[str, Any] = {"next": []}
    for _ in range(levels - 1):
        made = {"next": [made]}
    return made


def value(levels: int) -> v.Structure:
    """Return the value of that many structures, each in the one before."""
    items: list[list[tuple[UUID, v.Value]]] = []
    for n in reversed(range(1, levels + 1)):
        items = [[(FIELD, v.ArrayStructure(UUID(int=FIRST + n % LENGTH), items))]]
    return v.Structure(UUID(int=FIRST), items[0])


@pytest.fixture(scope="module")
def header() -> Header:
    """Return the header of a function that takes the first type of the chain and returns it."""
    first = {"kind": "scalar", "id": str(UUID(int=FIRST))}
    parameter = {"id": str(PARAMETER), "name": "p", "type": first, "default_value": text.to_data(value(3))}
    function = {"type": "function", "id": str(FUNCTION), "name": "echo", "parameters": [parameter], "ret": first}
    about = {"id": str(MODULE), "name": "chained", "author": "", "license": "", "version": "1.0.0"}
    return Header.from_data({**about, "executor": {"name": "host"}, "exports": [function]}, RECORDS)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


def chained(engine: Engine, header: Header, function: Callable[[Any], Any] = lambda p: p) -> LoadedModule:
    module = HostModule(header)
    module.function("echo")(lambda p: function(p))
    return engine.register(module)


def depth(answer: Any) -> int:
    levels = 1
    while answer.next:
        answer, levels = answer.next[0], levels + 1
    return levels


def test_the_records_that_a_function_uses_are_listed_in_order_of_first_use(header: Header) -> None:
    assert used_types(header.exports, header.types) == list(RECORDS)


def test_a_function_with_a_type_at_the_start_of_a_chain_is_called(engine: Engine, header: Header) -> None:
    module = chained(engine, header)
    assert depth(module.echo()) == 3
    assert depth(module.echo(nested(1))) == 1
    answer = module.echo(nested(60))
    assert depth(answer) == 60
    assert type(answer.next[0]) is structure_class(record(1))
    assert module.echo(answer) == answer
    assert module.echo(value(60)) == answer


@pytest.mark.parametrize("levels", [64, 100, 1000, 20_000])
def test_an_argument_nested_deeper_than_buffers_may_be_is_an_argument_error(
    engine: Engine, header: Header, levels: int
) -> None:
    module = chained(engine, header)
    with pytest.raises(ArgumentError, match=r"nested (too deep|deeper)"):
        module.echo(nested(levels))
    with pytest.raises(ArgumentError, match="nested too deep"):
        module.echo(value(levels))
    with pytest.raises(ArgumentError, match="nested too deep"):
        engine.call(Call(FUNCTION, {PARAMETER: value(levels)}, module_id=MODULE))


@pytest.mark.parametrize("levels", [64, 20_000])
def test_what_a_host_function_returns_is_refused_where_it_is_nested_deeper(
    engine: Engine, header: Header, levels: int
) -> None:
    module = chained(engine, header, lambda p: nested(levels))
    with pytest.raises(TypeError, match="nested too deep"):
        module.echo()
