"""Forms: how the value of a key is read from a document, written as plain data and described by a JSON Schema.

A new form is a subclass of :class:`Form`, or a :class:`Plain` of two functions. :mod:`.objects` combines forms into
mappings and lists; forms do not know the classes of headers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Generic, TypeVar
from uuid import UUID

from .. import values as v
from ..documents.places import UUID_PATTERN, Place, is_uuid, suggestion
from ..types.registry import TypeRegistry

T = TypeVar("T")

Schema = dict[str, object]
"""A JSON Schema, or a part of one."""

Definitions = dict[str, Schema]
"""The ``$defs`` of a schema. Forms add the definitions that they refer to."""


class Form(ABC, Generic[T]):
    """The representation of values of class ``T`` in documents."""

    __slots__ = ()

    @abstractmethod
    def read(self, place: Place, types: TypeRegistry) -> T:
        """Return the value at ``place``; ``types`` resolves names. Raises the document's error."""

    @abstractmethod
    def write(self, value: T) -> object:
        """Return ``value`` as plain data that can be read without a registry, None to leave out its key."""

    @abstractmethod
    def schema(self, definitions: Definitions) -> Schema:
        """Return the schema of the data that ``read`` accepts."""


def defined(name: str, describe: Callable[[Definitions], Schema], definitions: Definitions) -> Schema:
    """Return a reference to the definition ``name``; the first reference adds it, as ``describe`` returns it."""
    if name not in definitions:
        definitions[name] = {}  # A placeholder, which ends the recursion of a definition that refers to itself.
        definitions[name] = describe(definitions)
    return {"$ref": f"#/$defs/{name}"}


def _unchanged(value: object) -> object:
    return value


class Plain(Form[T]):
    """A form that needs no registry. With a ``name``, its schema is one of the definitions."""

    __slots__ = ("_name", "_read", "_schema", "_write")

    def __init__(
        self,
        read: Callable[[Place], T],
        schema: Schema,
        *,
        write: Callable[[T], object] = _unchanged,
        name: str | None = None,
    ) -> None:
        self._read = read
        self._schema = schema
        self._write = write
        self._name = name

    def read(self, place: Place, types: TypeRegistry) -> T:
        return self._read(place)

    def write(self, value: T) -> object:
        return self._write(value)

    def schema(self, definitions: Definitions) -> Schema:
        if self._name is None:
            return dict(self._schema)
        return defined(self._name, lambda _: self._schema, definitions)


TEXT: Final = Plain(Place.text, {"type": "string"})
"""Text, possibly empty."""

NAME: Final = Plain(Place.name, {"type": "string", "minLength": 1})
"""Text that is not empty."""

BOOLEAN: Final = Plain(Place.boolean, {"type": "boolean"})

NATURAL: Final = Plain(Place.natural, {"type": "integer", "minimum": 0, "maximum": v.U32.kind.high})
"""An integer from 0 to 2**32 - 1."""

LIST: Final[Form[tuple[object, ...]]] = Plain(
    lambda place: tuple(place.list()), {"type": "array"}, write=lambda items: list(items) or None
)
"""A list of anything, left out if it is empty."""

ID: Final[Form[UUID]] = Plain(
    Place.uuid,
    {
        "description": "A UUID, as five groups of hexadecimal digits, 32 digits, a URN or in braces.",
        "type": "string",
        "pattern": f"^({UUID_PATTERN})$",
    },
    write=str,
    name="uuid",
)


class _ModuleId(Form[UUID]):
    """The id of a module; documents may give the name of its record instead."""

    def read(self, place: Place, types: TypeRegistry) -> UUID:
        if not isinstance(place.data, str) or is_uuid(place.data):
            return place.uuid()
        name = place.text()
        id = types.find_module(name)
        if id is None:
            known = {module.path for module in types.modules()}
            place.refuse(
                f"expected a module's UUID, or the name of a module record, got {name!r}{suggestion(name, known)}"
            )
        return id

    def write(self, value: UUID) -> object:
        return str(value)

    def schema(self, definitions: Definitions) -> Schema:
        return {"type": "string", "minLength": 1}


MODULE_ID: Final = _ModuleId()
