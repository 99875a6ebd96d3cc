"""The JSON Schema of module headers, with which editors complete and check a ``module.yaml``."""

from __future__ import annotations

from importlib.resources import files


def text() -> str:
    """The schema (JSON Schema draft 2020-12), as JSON text.

    It knows the shape of a header. What a header says twice or against itself, and types that no record declares,
    are for :meth:`Header.parse` alone.
    """
    return files(__package__).joinpath("module.schema.json").read_text(encoding="utf-8")
