"""Reading header documents: text, and files with the records beside them."""

from __future__ import annotations

import os
from pathlib import Path

from ..documents import files, parsing
from ..documents.places import Place, header_refusal
from ..errors import HeaderError
from ..types import record_files
from ..types.registry import TypeRegistry


def parse(text: str | bytes) -> Place:
    """Return the document written in YAML or JSON. Raises HeaderError for mistakes in the syntax, or if it is large."""
    refusal = header_refusal()
    if len(text) > files.MAX_BYTES:
        raise refusal("", f"larger than {files.MAX_BYTES:,} bytes")
    return Place(parsing.parse(text, refusal), refusal)


def load(path: Path, types: TypeRegistry) -> tuple[Place, TypeRegistry]:
    """Return the document in a file, and ``types`` with the records in ``records/`` beside the file, if any.

    Raises HeaderError, with the file or directory as its ``source``, for a file that cannot be read, for mistakes in
    the syntax and for mistakes in the records.
    """
    refusal = header_refusal(str(path))
    document = Place(parsing.parse(files.read(path, refusal), refusal), refusal)
    directory = path.parent / "records"
    if not os.path.isdir(directory):
        return document, types
    own = record_files.load(directory, types)
    try:
        return document, types.merged(own)
    except HeaderError as error:
        raise header_refusal(str(directory))("", error.message) from None
