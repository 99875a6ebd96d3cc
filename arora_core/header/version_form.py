"""The form of versions: three numbers, or text such as ``1.2.3``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..documents.places import Place
from ..types.registry import TypeRegistry
from ..version import Version
from .forms import NATURAL, Definitions, Form, Schema, defined
from .objects import Key, Object

_NUMBERS: Final = Object(
    "A version, as three numbers.",
    Version,
    {
        "major": Key("Changes when users have to change.", NATURAL),
        "minor": Key("Changes with features.", NATURAL),
        "patch": Key("Changes with fixes.", NATURAL),
    },
)


class _Version(Form[Version]):
    def read(self, place: Place, types: TypeRegistry) -> Version:
        if isinstance(place.data, str):
            text = place.data
            return place.made(lambda: Version.parse(text))
        if not isinstance(place.data, Mapping):
            place.expected("a version, {major, minor, patch} or text such as '1.2.3'")
        return _NUMBERS.read(place, types)

    def write(self, value: Version) -> object:
        return _NUMBERS.write(value)

    def schema(self, definitions: Definitions) -> Schema:
        return defined("version", self._definition, definitions)

    def _definition(self, definitions: Definitions) -> Schema:
        text = {
            "description": "A version, as text.",
            "type": "string",
            "pattern": r"^[0-9]{1,10}\.[0-9]{1,10}\.[0-9]{1,10}$",
            "examples": ["1.2.3"],
        }
        return {
            "description": "A version, as three numbers or as text such as 1.2.3.",
            "anyOf": [_NUMBERS.definition(definitions), text],
        }


VERSION: Final = _Version()
