"""The keys of objects in documents: declared with the fields of a class, then read, written and described."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from arora_core.documents.places import Place, header_refusal
from arora_core.errors import HeaderError
from arora_core.header.forms import BOOLEAN, ID, LIST, NAME, TEXT
from arora_core.header.objects import Items, Key, Object, key
from arora_core.header.version_form import VERSION
from arora_core.types import TypeRegistry
from arora_core.version import Version

FIRST, SECOND = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Joint:
    id: UUID = field(metadata=key("Its id.", ID))
    name: str = field(metadata=key("Its name.", NAME, examples=("elbow",)))
    unit: str | None = field(metadata=key("Its unit.", TEXT, absent=None))
    locked: bool = field(default=False, metadata=key("Whether it is locked.", BOOLEAN))
    since: Version | None = field(default=None, metadata=key("The first version with it.", VERSION))
    marks: tuple[object, ...] = field(default=(), metadata=key("Anything.", LIST))
    cached: int = 7


def check(joint: Joint, place: Place, types: TypeRegistry) -> None:
    if joint.locked and joint.unit is not None:
        place.at("unit").refuse("a locked joint has no unit")


JOINT = Object("A joint.", Joint, constants={"type": "joint"}, check=check)
ELBOW = {"type": "joint", "id": str(FIRST), "name": "elbow"}


def read(form: Object[Joint] | Items[Joint], data: object) -> object:
    return form.read(Place(data, header_refusal()), TypeRegistry())


def mistake(form: Object[Joint] | Items[Joint], data: object) -> tuple[str, str]:
    with pytest.raises(HeaderError) as caught:
        read(form, data)
    return caught.value.path, caught.value.message


def test_a_key_is_read_into_its_field() -> None:
    data = {**ELBOW, "unit": "rad", "since": "1.2.3", "marks": [1]}
    assert read(JOINT, data) == Joint(FIRST, "elbow", "rad", since=Version(1, 2, 3), marks=(1,))


def test_a_key_that_is_left_out_has_its_own_default_or_that_of_its_field() -> None:
    assert read(JOINT, ELBOW) == Joint(FIRST, "elbow", None, False)


def test_a_key_without_a_default_may_not_be_left_out() -> None:
    assert mistake(JOINT, {"type": "joint", "id": str(FIRST)}) == ("name", "the key 'name' is missing")


def test_a_field_without_a_key_is_not_in_documents() -> None:
    assert mistake(JOINT, {**ELBOW, "cached": 1})[0] == "cached"
    assert "cached" not in JOINT.write(Joint(FIRST, "elbow", None))


def test_a_constant_is_required_and_may_not_differ() -> None:
    assert mistake(JOINT, {**ELBOW, "type": "link"}) == ("type", "expected 'joint', got 'link'")


def test_keys_that_contradict_each_other_are_refused_by_the_check() -> None:
    assert mistake(JOINT, {**ELBOW, "unit": "rad", "locked": True}) == ("unit", "a locked joint has no unit")


def test_an_object_is_written_in_the_order_of_its_fields_without_empty_ones() -> None:
    written = JOINT.write(Joint(FIRST, "elbow", None, True, Version(1)))
    assert list(written.items()) == [
        *ELBOW.items(),
        ("locked", True),
        ("since", {"major": 1, "minor": 0, "patch": 0}),
    ]


def test_the_schema_of_an_object_describes_its_keys() -> None:
    definition = JOINT.definition({})
    assert definition["description"] == "A joint."
    assert definition["required"] == ["type", "id", "name"]
    assert definition["properties"] == {
        "type": {"description": "Always `joint`.", "const": "joint"},
        "id": {"description": "Its id.", "$ref": "#/$defs/uuid"},
        "name": {"description": "Its name.", "type": "string", "minLength": 1, "examples": ["elbow"]},
        "unit": {"description": "Its unit.", "type": ["string", "null"]},
        "locked": {"description": "Whether it is locked.", "type": ["boolean", "null"], "default": False},
        "since": {
            "description": "The first version with it.",
            "anyOf": [{"$ref": "#/$defs/version"}, {"type": "null"}],
        },
        "marks": {"description": "Anything.", "type": ["array", "null"]},
    }


def test_a_key_may_have_another_name_in_documents_than_its_attribute() -> None:
    form = Object("A version.", Version, {"major": Key("The number.", BOOLEAN, name="number")})
    assert form.write(Version(1)) == {"number": 1}
    assert form.definition({})["required"] == ["number"]


def test_two_items_of_a_list_have_different_ids_and_names() -> None:
    items = Items(JOINT, "joint")
    again = {**ELBOW, "id": str(SECOND)}
    assert mistake(items, [ELBOW, ELBOW]) == ("[1].id", f"another joint has {FIRST}, at [0].id")
    assert mistake(items, [ELBOW, again]) == ("[1].name", "another joint has elbow, at [0].name")


def test_items_of_different_scopes_may_be_alike() -> None:
    items = Items(JOINT, "joint", scope=lambda joint: joint.unit)
    other = {**ELBOW, "unit": "rad"}
    assert read(items, [ELBOW, other]) == (Joint(FIRST, "elbow", None), Joint(FIRST, "elbow", "rad"))
    assert mistake(items, [ELBOW, other, other])[0] == "[2].id"
