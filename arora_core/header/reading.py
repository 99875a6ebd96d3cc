"""Reading header documents: text, and files with the records beside them."""

from __future__ import annotations

from pathlib import Path

from ..documents import parsing
from ..documents.places import Place, header_refusal
from ..errors import HeaderError
from ..types import record_files
from ..types.registry import TypeRegistry


def parse(text: str | bytes) -> Place:
    """Return the document written in YAML or JSON. Raises HeaderError for mistakes in the syntax."""
    refusal = header_refusal()
    return Place(parsing.parse(text, refusal), refusal)


def load(path: Path, types: TypeRegistry) -> tuple[Place, TypeRegistry]:
    """Return the document in a file, and ``types`` with the records in ``records/`` beside the file, if any.

    Raises HeaderError, with the file or directory as its ``source``, for a file that cannot be read, for mistakes in
    the syntax and for mistakes in the records.
    """
    refusal = header_refusal(str(path))
    document = Place(parsing.read_file(path, refusal), refusal)
    directory = path.parent / "records"
    if not directory.is_dir():
        return document, types
    own = record_files.load(directory, types)
    try:
        return document, types.merged(own)
    except HeaderError as error:
        raise header_refusal(str(directory))("", error.message) from None
