"""Reading header documents: text, and files with the records beside them."""

from __future__ import annotations

import os
from pathlib import Path

from ..documents import files, parsing
from ..documents.places import Place, Refusal, header_refusal
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
    the syntax and for mistakes in the records. Nothing is quoted of a file outside that a link at ``path`` leads to.
    """
    text = files.read(path, header_refusal(str(path)))
    refusal = _refusal(path)
    document = Place(parsing.parse(text, refusal), refusal)
    directory = path.parent / "records"
    if not os.path.isdir(directory):
        return document, types
    own = record_files.load(directory, types)
    try:
        return document, types.merged(own)
    except HeaderError as error:
        raise header_refusal(str(directory))("", error.message) from None


def _refusal(path: Path) -> Refusal:
    """Return the maker of errors about what stands in a header's file."""
    if Path(os.path.realpath(path)).parent == Path(os.path.realpath(path.parent)):
        return header_refusal(str(path))
    # It may lead to a file of secrets, of which a message would quote a part.
    message = "a link out of its directory leads to no valid header; load the file by its own path to see what is wrong"
    return lambda *_: HeaderError(message, source=str(path))
