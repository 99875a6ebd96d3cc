"""The JSON Schema of module headers, which editors use to complete and check a ``module.yaml``."""

from __future__ import annotations

import json
from typing import Final

from .forms import Definitions
from .model import HEADER

_WIDTH: Final = 120


def text() -> str:
    """Return the schema (JSON Schema draft 2020-12), as JSON text.

    It describes the shape of a header. Only :meth:`Header.parse` finds duplicate names and ids, keys that contradict
    each other, and names of types that no record declares.
    """
    definitions: Definitions = {}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Arora module header",
        **HEADER.definition(definitions),
        "$defs": definitions,
    }
    return _laid_out(schema)


def _laid_out(data: object, indent: str = "") -> str:
    """Return JSON text in which every part that fits on one line is on one line."""
    line = json.dumps(data)
    if not isinstance(data, (dict, list)) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = f"{indent}  "
    if isinstance(data, dict):
        items = [f"{inner}{json.dumps(key)}: {_laid_out(item, inner)}" for key, item in data.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _laid_out(item, inner) for item in data) + f"\n{indent}]"
