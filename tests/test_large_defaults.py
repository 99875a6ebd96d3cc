"""Default values of types that records from strangers declare: they end soon, with a value or a TypeError."""

from __future__ import annotations

from uuid import UUID

import pytest

from arora_core import buffers
from arora_core.types import (
    TYPE_IDS,
    FieldType,
    FixedArrayRef,
    ScalarRef,
    StructureType,
    TypeRegistry,
    Version,
    default_value,
)


def chain(length: int, fields: int = 1) -> TypeRegistry:
    """Return structures, each of fields of the next one, the last of u8. The first has the id 1000."""
    return TypeRegistry(
        StructureType(
            UUID(int=1000 + n),
            f"S{n}",
            f"S{n}",
            Version(1),
            tuple(
                FieldType(
                    UUID(int=each),
                    f"f{each}",
                    ScalarRef(TYPE_IDS["u8"]) if n == length - 1 else ScalarRef(UUID(int=1001 + n)),
                )
                for each in range(fields)
            ),
        )
        for n in range(length)
    )


def test_the_default_of_a_type_nested_deeper_than_buffers_may_be_is_a_type_error() -> None:
    assert buffers.encode(default_value(ScalarRef(UUID(int=1000)), chain(63)))
    with pytest.raises(TypeError, match="S0 has no default value: it is nested too deeply"):
        default_value(ScalarRef(UUID(int=1000)), chain(10_000))


def test_a_default_larger_than_the_memory_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="its default value is larger than 33,554,432 bytes"):
        default_value(FixedArrayRef(UUID(int=1040), 2**32 - 1), chain(50, fields=2))
    with pytest.raises(TypeError, match="its default value is larger than 33,554,432 bytes"):
        default_value(ScalarRef(UUID(int=1000)), chain(50, fields=2))
