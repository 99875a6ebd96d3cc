"""The form of versions: their parts, or text such as ``1.2.3``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..documents.places import Place
from ..types.registry import TypeRegistry
from ..version import BUILD_PATTERN, PATTERN, PRERELEASE_PATTERN, Version
from .forms import NATURAL, Definitions, Form, Plain, Schema, defined
from .objects import Key, Object


def _identifiers(pattern: str) -> Form[str]:
    """Return the form of identifiers separated by dots, left out where there are none."""
    known = re.compile(pattern)

    def read(place: Place) -> str:
        text = place.text()
        if known.fullmatch(text) is None:
            place.expected("letters, digits and hyphens, separated by dots, and numbers without a leading zero")
        return text

    return Plain(read, {"type": "string", "pattern": f"^({pattern})$"}, write=lambda text: text or None)


_PARTS: Final = Object(
    "A version, in its parts.",
    Version,
    {
        "major": Key("Changes when users have to change.", NATURAL),
        "minor": Key("Changes with features.", NATURAL),
        "patch": Key("Changes with fixes.", NATURAL),
        "prerelease": Key("What comes before the release, such as `rc.1`.", _identifiers(PRERELEASE_PATTERN), ""),
        "build": Key("Tells builds of the same version apart.", _identifiers(BUILD_PATTERN), ""),
    },
)


class _Version(Form[Version]):
    def read(self, place: Place, types: TypeRegistry) -> Version:
        if isinstance(place.data, str):
            text = place.data
            return place.made(lambda: Version.parse(text))
        if not isinstance(place.data, Mapping):
            place.expected("a version, {major, minor, patch} or text such as '1.2.3'")
        return _PARTS.read(place, types)

    def write(self, value: Version) -> object:
        return _PARTS.write(value)

    def schema(self, definitions: Definitions) -> Schema:
        return defined("version", self._definition, definitions)

    def _definition(self, definitions: Definitions) -> Schema:
        text = {
            "description": "A version, as text.",
            "type": "string",
            "pattern": f"^{PATTERN}$",
            "examples": ["1.2.3", "1.2.3-rc.1"],
        }
        return {
            "description": "A version, in its parts or as text such as 1.2.3.",
            "anyOf": [_PARTS.definition(definitions), text],
        }


VERSION: Final = _Version()
