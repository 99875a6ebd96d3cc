"""The JSON Schema of module headers, with which editors complete and check a ``module.yaml``."""

from __future__ import annotations

import json
from importlib.resources import files

from ..types import TYPE_IDS
from ..values import text_schema


def text() -> str:
    """Return the schema (JSON Schema draft 2020-12), as JSON text.

    It knows the shape of a header. What a header says twice or against itself, and types that no record declares,
    are for :meth:`Header.parse` alone.
    """
    # The file leaves out what the table of kinds says: the names of types, and the ranges of numbers.
    schema = json.loads(files(__package__).joinpath("module.schema.json").read_text(encoding="utf-8"))
    names, *_ = schema["$defs"]["typeId"]["anyOf"]
    names["enum"] = list(TYPE_IDS)
    _, tagged = schema["$defs"]["value"]["anyOf"]
    tagged["properties"].update(text_schema.numbers())
    return json.dumps(schema, indent=2)
