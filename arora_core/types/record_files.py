"""Reading a directory of type records into a TypeRegistry (ABI §8)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from ..documents import parsing
from ..documents.files import Directory
from ..documents.places import Place, Refusal, header_refusal, is_uuid, suggestion
from ..errors import HeaderError
from ..values.kinds import KINDS
from ..version import Version
from .references import DYNAMIC, TYPE_IDS, TYPE_NAMES, ArrayRef, ScalarRef, TypeRef
from .registry import EnumerationType, FieldType, ModuleRecord, Record, StructureType, TypeRegistry, VariantType

ROOT_FOLDER = UUID("00000000-0000-0000-0000-000001000000")
"""The id of the root folder: dotted paths start below it."""

_REQUIRED_KEYS = {
    "structure": ("parent", "name", "fields"),
    "enumeration": ("parent", "name", "variants"),
    "module": ("parent", "name"),
    "folder": ("parent", "name"),
}
SUFFIXES = (".yaml", ".yml", ".json")
_MOST_RECORDS: Final = 20_000
_MOST_BYTES: Final = 32 << 20
"""Records in one directory, and their bytes in all. Reading so many takes some seconds."""

_LONGEST_PATH = 1000
"""Characters of a dotted path. Each record has its own, so that those of deep folders would fill the memory."""

PRIMITIVES: dict[str, TypeRef] = {
    **{kind.record_name: ScalarRef(kind.id) for kind in KINDS if kind.record_name is not None and kind.id is not None},
    **{
        kind.array_record_name: ArrayRef(kind.id)
        for kind in KINDS
        if kind.array_record_name is not None and kind.id is not None
    },
}

_Member = TypeVar("_Member", FieldType, VariantType)


Report = Callable[[HeaderError], None]
"""What happens to a mistake: it is raised, or kept."""


def load(directory: str | os.PathLike[str], base: TypeRegistry | None = None) -> TypeRegistry:
    """Return the records in a directory as a new registry.

    They may belong to folders of ``base`` and refer to its types; the types of ``base`` are not in the result.
    Raises HeaderError, whose ``source`` is the file and ``path`` the key, for a mistake in a record, in a
    file name or in a reference.
    """
    return read(Path(directory), TypeRegistry() if base is None else base, _raise)


def _raise(error: HeaderError) -> None:
    raise error


def read(directory: Path, base: TypeRegistry, report: Report, *, strict: bool = False) -> TypeRegistry:
    """Return the records in a directory, as :func:`load` does, with every mistake reported in place of raised.

    Where ``report`` returns, what is mistaken is left out. With ``strict``, a reference to a version that engines do
    not use is a mistake, too.
    """
    files, unreadable = _files(directory, report)
    _check_ids(files, report)
    known = {**base.folders, **{file.id: "" for file in unreadable if file.kind == "folder"}}
    folders = _folder_paths([file for file in files if file.kind == "folder"], known, report)
    _check_names(files, report)
    types = _Types([*files, *unreadable], base, report if strict else None)
    registry = TypeRegistry()
    registry.folders.update(folders)
    for file in files:
        if file.kind == "folder":
            continue
        path = file.name
        with _reported(report):
            path = file.path(folders)
        record: Record = ModuleRecord(file.id, file.name, path, file.version)
        if file.kind == "structure":
            fields = _members(FieldType, file.keys["fields"], types, report)
            record = StructureType(file.id, file.name, path, file.version, fields)
        elif file.kind == "enumeration":
            variants = _members(VariantType, file.keys["variants"], types, report)
            record = EnumerationType(file.id, file.name, path, file.version, variants)
        with _reported(report):
            registry.add(record)
    return registry


@contextmanager
def _reported(report: Report) -> Iterator[None]:
    try:
        yield
    except HeaderError as error:
        report(error)


# --- files ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _FileName:
    """What the name of a record file says."""

    source: str
    kind: str
    id: UUID
    version: Version


@dataclass(frozen=True)
class _File(_FileName):
    """A record file, of which the keys that every kind of record has are read."""

    parent: UUID
    name: str
    keys: Mapping[str, Place]

    def path(self, folders: Mapping[UUID, str]) -> str:
        """Return the record's dotted path. Raises HeaderError if its folder is not among ``folders``."""
        folder = folders.get(self.parent)
        if folder is None:
            self.keys["parent"].refuse(f"unknown folder {self.parent}")
        path = f"{folder}.{self.name}" if folder else self.name
        if len(path) > _LONGEST_PATH:
            self.keys["name"].refuse(f"a dotted path of {len(path)} characters, at most {_LONGEST_PATH} are allowed")
        return path


def _files(directory: Path, report: Report) -> tuple[list[_File], list[_FileName]]:
    """Return the record files, and those whose content is mistaken."""
    refusal = header_refusal(str(directory))
    if not os.path.isdir(directory):
        raise refusal("", "no such directory")
    inside = _Records(directory)
    files: list[_File] = []
    unreadable: list[_FileName] = []
    for folder in _listed(directory):
        if folder.name.startswith(".") or not os.path.isdir(folder):
            continue
        with _reported(report):
            for path in _record_paths(folder, directory, inside):
                with _reported(report):
                    name = _file_name(folder.name, path)
                    unreadable.append(name)
                    files.append(_read(name, path, inside))
                    unreadable.pop()
                if inside.full:
                    return files, unreadable
    return files, unreadable


def _record_paths(folder: Path, directory: Path, inside: _Records) -> list[Path]:
    """Return the paths of the records of one kind."""
    if folder.name not in _REQUIRED_KEYS:
        message = f"unknown kind of record {folder.name!r}{suggestion(folder.name, _REQUIRED_KEYS)}"
        raise header_refusal(str(directory))("", message)
    if not inside.has(folder):
        raise header_refusal(str(folder))("", "cannot be read: it is a symbolic link out of its directory")
    return [path for path in _listed(folder) if not path.name.startswith(".") and path.suffix in SUFFIXES]


class _Records:
    """The files of a directory of records, whose number and size are bounded."""

    def __init__(self, directory: Path) -> None:
        self._inside = Directory(directory)
        self._refusal = header_refusal(str(directory))
        self._number = self._size = 0
        self.has = self._inside.has
        self.full = False
        """Whether a bound is passed: no further record is read."""

    def read(self, path: Path, refusal: Refusal) -> bytes:
        content = self._inside.read(path, refusal)
        self._number += 1
        self._size += len(content)
        self.full = self._number > _MOST_RECORDS or self._size > _MOST_BYTES
        if self._number > _MOST_RECORDS:
            raise self._refusal("", f"more than {_MOST_RECORDS:,} records")
        if self._size > _MOST_BYTES:
            raise self._refusal("", f"records of more than {_MOST_BYTES:,} bytes in all")
        return content


def _listed(directory: Path) -> list[Path]:
    try:
        found = list(islice(directory.iterdir(), _MOST_RECORDS + 1))
    except OSError as error:
        raise header_refusal(str(directory))("", f"cannot be read: {error.strerror or error}") from error
    if len(found) > _MOST_RECORDS:
        raise header_refusal(str(directory))("", f"more than {_MOST_RECORDS:,} files")
    return sorted(found)


def _file_name(kind: str, path: Path) -> _FileName:
    refusal = header_refusal(str(path))
    id_text, at, version_text = path.stem.partition("@")
    if not is_uuid(id_text) or bool(at) != (kind != "folder"):
        pattern = "<uuid>" if kind == "folder" else "<uuid>@<version>"
        raise refusal("", f"expected a file name such as {pattern}{path.suffix}, which arora id gives to a record")
    version = Place(path.stem, refusal).made(lambda: Version.parse(version_text) if at else Version(0))
    return _FileName(str(path), kind, UUID(id_text), version)


def _read(file: _FileName, path: Path, inside: _Records) -> _File:
    refusal = header_refusal(file.source)
    document = Place(parsing.parse(inside.read(path, refusal), refusal), refusal)
    keys = _keys(document, file.kind, file.id)
    if "id" in keys and keys["id"].uuid() != file.id:
        keys["id"].expected(f"{file.id}, as in the file's name")
    if "version" in keys and str(keys["version"].data) != str(file.version):
        keys["version"].expected(f"{file.version}, as in the file's name")
    name = keys["name"].name()
    if "." in name and file.kind != "module":
        keys["name"].expected("a name without dots")
    parent = keys["parent"].uuid() if "parent" in keys else ROOT_FOLDER
    return _File(file.source, file.kind, file.id, file.version, parent, name, keys)


def _keys(document: Place, kind: str, id: UUID) -> dict[str, Place]:
    required = _REQUIRED_KEYS[kind]
    if id == ROOT_FOLDER:
        return document.keys(required=("name",), optional=("parent", "id"))
    if kind == "module":
        # Only the folder and the name matter here: the other keys of a module record describe the module.
        return document.keys(required=required, optional=[key for key, _ in document.entries()])
    return document.keys(required=required, optional=("id", "version"))


# --- checks across records -----------------------------------------------------------------------


def _check_ids(files: list[_File], report: Report) -> None:
    """Check that each id is one of records, of one kind, and each version of it in one file; leave others out."""
    by_id: dict[UUID, _File] = {}
    seen: dict[tuple[UUID, Version], _File] = {}
    for file in list(files):
        first = by_id.setdefault(file.id, file)
        same = seen.setdefault((file.id, file.version), file)
        well_known = file.kind in ("structure", "enumeration") and file.id in TYPE_NAMES
        if first.kind == file.kind and same is file and not well_known:
            continue
        message = f"the same record is in {same.source}"
        if well_known:
            message = f"{file.id} is the id of {TYPE_NAMES[file.id]}"
        elif first.kind != file.kind:
            message = f"{file.id} is already the id of the {first.kind} in {first.source}"
        files.remove(file)
        with _reported(report):
            raise header_refusal(file.source)("", message)


def _check_names(files: Iterable[_File], report: Report) -> None:
    """Check that within a folder the names of types, of modules and of folders are unique."""
    seen: dict[tuple[UUID, str, str], _File] = {}
    for file in files:
        if file.id == ROOT_FOLDER:
            continue
        kind = file.kind if file.kind in ("module", "folder") else "type"
        first = seen.setdefault((file.parent, file.name, kind), file)
        if first.id != file.id:
            with _reported(report):
                file.keys["name"].refuse(f"the folder has another {kind} named {file.name!r}, in {first.source}")


def _folder_paths(files: Iterable[_File], base: Mapping[UUID, str], report: Report) -> dict[UUID, str]:
    """Return the dotted path of every folder, empty for the root."""
    by_id = {file.id: file for file in files}
    paths = {**base, ROOT_FOLDER: ""}
    found: set[UUID] = {ROOT_FOLDER}
    for file in by_id.values():
        chain: dict[UUID, _File] = {}
        step = file
        while step.id not in found:
            if step.id in chain:
                with _reported(report):
                    file.keys["parent"].refuse("the folder contains itself")
                paths[step.id] = step.name
                break
            chain[step.id] = step
            if step.parent not in by_id:
                break
            step = by_id[step.parent]
        for step in reversed(chain.values()):
            paths.setdefault(step.id, step.name)
            with _reported(report):
                paths[step.id] = step.path(paths)
        found |= chain.keys()
    return paths


# --- types ---------------------------------------------------------------------------------------


_WITHOUT_RECORD: Final = frozenset({*DYNAMIC, TYPE_IDS["uuid"]})
"""The well-known types that records refer to by id, as no primitive has their name (ABI §2)."""


class _Types:
    """Reads types, T in ABI §8. All are declared before any is read, because references may be cyclic."""

    def __init__(self, files: Iterable[_FileName], base: TypeRegistry, report: Report | None) -> None:
        """``report`` is told of references to versions that engines do not use."""
        self._report = report
        self._declared: dict[UUID, set[Version]] = {}
        for record in base:
            self._declared.setdefault(record.id, set()).add(record.version)
        for file in files:
            if file.kind in ("structure", "enumeration"):
                self._declared.setdefault(file.id, set()).add(file.version)

    def read(self, place: Place) -> TypeRef:
        keys = place.keys(required=("type", "value"))
        kind = keys["type"].name()
        if kind == "primitive":
            return self._primitive(keys["value"])
        if kind == "frozenScalar":
            return ScalarRef(self._reference(keys["value"]))
        if kind == "frozenArray":
            return ArrayRef(self._reference(keys["value"]))
        known = ("primitive", "frozenScalar", "frozenArray")
        return keys["type"].refuse(f"unknown kind of type {kind!r}{suggestion(kind, known)}")

    def _primitive(self, place: Place) -> TypeRef:
        kind = place.keys(required=("kind",))["kind"]
        name = kind.name()
        if name not in PRIMITIVES:
            kind.refuse(f"unknown primitive {name!r}{suggestion(name, PRIMITIVES)}")
        return PRIMITIVES[name]

    def _reference(self, place: Place) -> UUID:
        reference = place.keys(required=("reference",))["reference"]
        keys = reference.keys(required=("id", "version"))
        id = keys["id"].uuid()
        text = keys["version"].text()
        version = keys["version"].made(lambda: Version.parse(text))
        if id in _WITHOUT_RECORD:
            return id
        versions = self._declared.get(id)
        if versions is None:
            keys["id"].refuse(f"unknown structure or enumeration {id}")
        if version not in versions:
            known = ", ".join(map(str, sorted(versions)))
            keys["version"].refuse(f"unknown version {version} of {id} (known: {known})")
        if self._report is not None and version != max(versions):
            with _reported(self._report):
                keys["version"].refuse(
                    f"engines use {max(versions)} of {id}, the highest version, in place of {version}"
                )
        return id


def _members(make: type[_Member], place: Place, types: _Types, report: Report) -> tuple[_Member, ...]:
    members: dict[UUID, _Member] = {}
    names: set[str] = set()
    with _reported(report):
        for key, entry in place.entries():
            with _reported(report):
                member = _member(make, key, entry, types)
                if member.id in members:
                    entry.refuse(f"duplicate id {member.id}")
                if member.name in names:
                    entry.at("name").refuse(f"duplicate name {member.name!r}")
                names.add(member.name)
                members[member.id] = member
    return tuple(members.values())


def _member(make: type[_Member], key: str, entry: Place, types: _Types) -> _Member:
    id = Place(key, entry.refusal, entry.path).uuid()
    keys = entry.keys(required=("name", "type"))
    return make(id, keys["name"].name(), types.read(keys["type"]))
