"""Types as short text: ``f64``, ``geometry.Vector3[]``, ``f64[6]``, ``option<f64>``, ``map<str, f64>``.

:func:`.names.type_name` shows types so, too, but names array types like arrays of scalars; here the text of a type is
read back as that type.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from .references import (
    ELEMENT_IDS,
    STR,
    TYPE_IDS,
    TYPE_NAMES,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)

IdOf = Callable[[str], UUID]
"""Returns the id of the type with a name. Raises ValueError for a name that is unknown."""

_NAME: Final = r"[^<>\[\],\s]+"
_FORMS: Final = re.compile(
    rf"option<(?P<option>{_NAME})>|map<\s*(?P<key>{_NAME})\s*,\s*(?P<value>{_NAME})\s*>"
    rf"|(?P<item>{_NAME})(?P<array>\[(?P<length>[0-9]{{0,10}})\])?"
)
_MOST_ITEMS: Final = 2**32 - 1


def type_text(ref: TypeRef) -> str:
    """Return the text of a type, in which types of records are UUIDs."""
    return text_of(ref, _id_text)


def text_of(ref: TypeRef, name_of: Callable[[UUID], str]) -> str:
    """Return the text of a type, in which ``name_of`` gives the types with ids their names."""
    if isinstance(ref, MapRef):
        return f"map<{name_of(ref.key_id)}, {name_of(ref.value_id)}>"
    name = name_of(ref.id)
    if isinstance(ref, OptionRef):
        return f"option<{name}>"
    if isinstance(ref, ArrayRef):
        return f"{name}[]"
    return f"{name}[{ref.length}]" if isinstance(ref, FixedArrayRef) else name


def _id_text(id: UUID) -> str:
    return TYPE_NAMES[id] if id in TYPE_NAMES and id not in ELEMENT_IDS else str(id)


def well_known_or_uuid(name: str) -> UUID:
    """Return the id of a well-known type, or the UUID that is written. Raises ValueError for anything else."""
    return TYPE_IDS[name] if name in TYPE_IDS else UUID(name)


def read_type(text: str, id_of: IdOf = well_known_or_uuid) -> TypeRef:
    """Return the type that is written. Raises ValueError for text that is no type, and what ``id_of`` raises."""
    found = _FORMS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected a type such as f64, f64[], f64[6], option<f64> or map<str, f64>, got {text!r}")
    if found["option"]:
        return OptionRef(id_of(found["option"]))
    if found["key"]:
        if id_of(found["key"]) != STR:
            raise ValueError(f"expected str, the only type of key, got {found['key']!r}")
        return MapRef(STR, id_of(found["value"]))
    item = id_of(found["item"])
    if not found["array"]:
        return ScalarRef(item)
    if not found["length"]:
        return ArrayRef(item)
    length = int(found["length"])
    if length > _MOST_ITEMS:
        raise ValueError(f"expected at most {_MOST_ITEMS} items, got {length}")
    return FixedArrayRef(item, length)
