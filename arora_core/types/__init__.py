"""Types: references, the records that declare them, validation of values, and default values."""

from ..version import Version
from .checking import TypeMismatch, carrier, validate
from .defaults import default_value
from .names import type_name
from .references import (
    ARRAY_CLASSES,
    ARRAY_IDS,
    DYNAMIC,
    SCALAR_CLASSES,
    TYPE_IDS,
    TYPE_NAMES,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from .registry import (
    EnumerationType,
    FieldType,
    ModuleRecord,
    Record,
    StructureType,
    TypeRecord,
    TypeRegistry,
    VariantType,
)

__all__ = [
    "ARRAY_CLASSES",
    "ARRAY_IDS",
    "DYNAMIC",
    "SCALAR_CLASSES",
    "TYPE_IDS",
    "TYPE_NAMES",
    "ArrayRef",
    "EnumerationType",
    "FieldType",
    "FixedArrayRef",
    "MapRef",
    "ModuleRecord",
    "OptionRef",
    "Record",
    "ScalarRef",
    "StructureType",
    "TypeMismatch",
    "TypeRecord",
    "TypeRef",
    "TypeRegistry",
    "VariantType",
    "Version",
    "carrier",
    "default_value",
    "type_name",
    "validate",
]
