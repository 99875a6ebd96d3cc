"""Checking a directory of records: all mistakes at once, and what reading it lets pass but authors want to know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from ..documents.places import Place, header_refusal
from ..errors import HeaderError
from ..types import MapRef, Record, TypeRecord, TypeRegistry
from ..types.record_files import SUFFIXES, read
from ..types.references import TYPE_NAMES
from ..types.registry import ModuleRecord, StructureType
from .record_order import always_contained
from .shapes import Shape, Shapes


def problems(directory: Path, base: TypeRegistry) -> list[HeaderError]:
    """Return every mistake in a directory of records that may refer to those of ``base``, by file and place.

    Besides what :func:`arora_core.records.load` raises, these are: records that always contain themselves, a module
    with the path of a folder, references to versions that engines do not use, and names that no identifier can be made
    of. Raises HeaderError for a directory that cannot be read.
    """
    found: list[HeaderError] = []
    own = read(directory, base, found.append, strict=True)
    clashing = list(_clashes(directory, own, base))
    found += clashing
    if not clashing:
        found += _circles(directory, own, base)
    found += _modules_at_folders(directory, own, base)
    for record in [*own, *own.modules()]:
        found += _unspeakable(directory, record)
    return sorted(found, key=lambda each: (each.source or "", each.path))


def _problem(directory: Path, record: Record, path: str, message: str) -> HeaderError:
    kind = "module" if isinstance(record, ModuleRecord) else "enumeration"
    kind = "structure" if isinstance(record, StructureType) else kind
    named = [directory / kind / f"{record.id}@{record.version}{suffix}" for suffix in SUFFIXES]
    source = next((each for each in named if each.exists()), named[0])
    error = header_refusal(str(source))(path, message)
    assert isinstance(error, HeaderError)
    return error


def _clashes(directory: Path, own: TypeRegistry, base: TypeRegistry) -> Iterator[HeaderError]:
    """Yield the clashes with included records; those within the directory are found when it is read."""
    for record in own:
        known = base.get(record.id, record.version)
        if known is not None and known != record:
            message = f"{known.path} {known.version} of the included records has the same id, and differs"
            yield _problem(directory, record, "", message)
        named = base.find(record.path)
        if named is not None and named.id != record.id:
            message = f"the included records have another {record.path}, with the id {named.id}"
            yield _problem(directory, record, "name", message)


def _circles(directory: Path, own: TypeRegistry, base: TypeRegistry) -> Iterator[HeaderError]:
    known = base.merged(own)
    shapes = Shapes(known)
    records = {each.id: each for id in dict.fromkeys(each.id for each in known) if (each := known.get(id)) is not None}
    members = {id: tuple(_shapes(record, shapes, known)) for id, record in records.items()}
    complete = {id: record for id, record in records.items() if len(members[id]) == len(record.members)}
    for circle in always_contained(complete, members):
        names = ", ".join(sorted(each.path for each in circle))
        for record in circle:
            if own.get(record.id, record.version) is not None:
                message = "it always contains itself, so it has no value"
                if len(circle) > 1:
                    message = f"it always contains itself, so it has no value: {names} contain each other"
                yield _problem(directory, record, "fields", message)


def _shapes(record: TypeRecord, shapes: Shapes, known: TypeRegistry) -> Iterator[Shape]:
    for member in record.members:
        ref = member.type
        if _is_known(ref.value_id if isinstance(ref, MapRef) else ref.id, known):
            yield shapes.of(ref, Place(None, header_refusal()))


def _is_known(id: UUID, known: TypeRegistry) -> bool:
    return id in TYPE_NAMES or id in known


def _modules_at_folders(directory: Path, own: TypeRegistry, base: TypeRegistry) -> Iterator[HeaderError]:
    folders = {*own.folders.values(), *base.folders.values()}
    for module in own.modules():
        if module.path in folders:
            yield _problem(
                directory, module, "name", f"there is a folder {module.path}, too: give one of them another name"
            )


def _unspeakable(directory: Path, record: Record) -> Iterator[HeaderError]:
    named = [("name", record.name)]
    if not isinstance(record, ModuleRecord):
        kind = "fields" if isinstance(record, StructureType) else "variants"
        named += [(f"{kind}.{each.id}.name", each.name) for each in record.members]
    for path, name in named:
        if not any(each.isalnum() for each in name):
            yield _problem(directory, record, path, f"{name!r} has no letter and no digit to make an identifier of")
        elif not name.isprintable():
            yield _problem(directory, record, path, f"{name!r} has characters that cannot be printed")
