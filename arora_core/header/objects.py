"""Objects: forms of mappings whose keys are the fields of a dataclass, and of lists of such mappings.

A dataclass declares each key with its field, as the field's metadata::

    min_version: Version | None = field(default=None, metadata=key("The lowest version that runs it.", VERSION))

and an :class:`Object` over the class reads, writes and describes them. A field without a key is not part of documents.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from ..documents.places import Place
from ..types.registry import TypeRegistry
from .forms import Definitions, Form, Schema, T, defined

REQUIRED: Final = object()
"""The default of a required key."""

Check = Callable[[T, Place, TypeRegistry], None]
"""Raises the document's error if the keys of an object are valid one by one but contradict each other."""

_METADATA: Final = "arora_core.header key"


class Key(NamedTuple):
    """A key of an object. ``name`` is its name in documents if that differs from the attribute's."""

    description: str
    form: Form[Any]
    default: object = REQUIRED
    examples: tuple[object, ...] = ()
    name: str | None = None

    @property
    def required(self) -> bool:
        """Whether documents must have the key."""
        return self.default is REQUIRED


def key(
    description: str, form: Form[Any], *, absent: object = REQUIRED, examples: tuple[object, ...] = ()
) -> Mapping[str, object]:
    """Return the metadata of a dataclass field that is a key of documents.

    ``absent`` is the value if the key is left out, by default the default of the field. Authors of documents see
    ``description`` and ``examples`` in their editors.
    """
    return {_METADATA: Key(description, form, absent, examples)}


def _declared(cls: type[object]) -> dict[str, Key]:
    """Return the keys of a dataclass by attribute; a key without a default has that of its field."""
    keys: dict[str, Key] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        declared = field.metadata.get(_METADATA)
        if declared is None:
            continue
        has_default = declared.required and field.default is not dataclasses.MISSING
        keys[field.name] = declared._replace(default=field.default) if has_default else declared
    return keys


class Object(Form[T]):
    """The form of a mapping whose keys are attributes of ``cls``.

    ``keys`` holds the keys by attribute, for a class that does not declare them. ``constants`` are keys that have no
    attribute and always the same text. ``check`` is called with every object read.
    """

    def __init__(
        self,
        description: str,
        cls: type[T],
        keys: Mapping[str, Key] | None = None,
        *,
        constants: Mapping[str, str] | None = None,
        check: Check[T] | None = None,
    ) -> None:
        self.description = description
        self.keys: Final = dict(_declared(cls) if keys is None else keys)
        self.cls: Final = cls
        self._constants = dict(constants or {})
        self._check = check
        self._entries = [(each.name or attribute, attribute, each) for attribute, each in self.keys.items()]
        self._required = [*self._constants, *(name for name, _, each in self._entries if each.required)]
        self._optional = [name for name, _, each in self._entries if not each.required]

    def read(self, place: Place, types: TypeRegistry) -> T:
        places = place.keys(self._required, self._optional)
        for name, constant in self._constants.items():
            if places[name].name() != constant:
                places[name].expected(repr(constant))
        values: dict[str, Any] = {
            attribute: each.form.read(places[name], types) if name in places else each.default
            for name, attribute, each in self._entries
        }
        value = self.cls(**values)
        if self._check is not None:
            self._check(value, place, types)
        return value

    def write(self, value: T) -> dict[str, object]:
        data: dict[str, object] = dict(self._constants)
        for name, attribute, each in self._entries:
            part = getattr(value, attribute)
            written = None if part is None else each.form.write(part)
            if written is not None:
                data[name] = written
        return data

    def schema(self, definitions: Definitions) -> Schema:
        name = self.cls.__name__
        return defined(name[0].lower() + name[1:], self.definition, definitions)

    def definition(self, definitions: Definitions) -> Schema:
        """Return the schema itself; ``schema`` returns a reference to it."""
        constants = {
            name: {"description": f"Always `{constant}`.", "const": constant}
            for name, constant in self._constants.items()
        }
        return {
            "description": self.description,
            "type": "object",
            "properties": constants | {name: _described(each, definitions) for name, _, each in self._entries},
            "required": list(self._required),
            "additionalProperties": False,
        }


def _described(key: Key, definitions: Definitions) -> Schema:
    schema = key.form.schema(definitions)
    described = {"description": key.description, **(schema if key.required else _or_null(schema))}
    default = None if key.required or key.default is None else key.form.write(key.default)
    # Editors insert defaults, but authors do not write mappings in the low form.
    if default is not None and not isinstance(default, dict):
        described["default"] = default
    if key.examples:
        described["examples"] = list(key.examples)
    return described


def _or_null(schema: Schema) -> Schema:
    if "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


class Named(Protocol):
    """An item of a list of unique ids and names."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


class Items(Form[tuple[N, ...]], Generic[N]):
    """The form of a list of objects whose ids and names are unique.

    Messages call an item ``noun``. Ids and names are unique among the items for which ``scope`` returns the same.
    """

    def __init__(self, item: Object[N], noun: str, scope: Callable[[N], object] | None = None) -> None:
        self.item: Final = item
        self._noun = noun
        self._scope = scope

    def read(self, place: Place, types: TypeRegistry) -> tuple[N, ...]:
        items: list[N] = []
        seen: dict[object, int] = {}
        for index, each in enumerate(place.items()):
            item = self.item.read(each, types)
            scope = None if self._scope is None else self._scope(item)
            for key, value in (("id", item.id), ("name", item.name)):
                first = seen.setdefault((scope, key, value), index)
                if first != index:
                    at = place.at(first, key).path
                    each.at(key).refuse(f"another {self._noun} has {value}, at {at}")
            items.append(item)
        return tuple(items)

    def write(self, value: tuple[N, ...]) -> object:
        return [self.item.write(each) for each in value]

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "array", "items": self.item.schema(definitions)}
