"""Ids for records that their author wrote by name.

A file ``structure/Pose.yaml`` becomes ``structure/<uuid>@1.0.0.yaml``; in it, and in files that have their ids already,

    parent: ur5
    fields:
      position: kinematics.Vector3
      samples: f64[]

become the folder's id, and for each field an id with its name and its type as ABI §8 has it. A folder that no record
describes gets one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from ..documents import parsing
from ..documents.files import Directory
from ..documents.places import header_refusal, is_uuid, suggestion
from ..documents.writing import replace
from ..errors import HeaderError
from ..types import TypeRegistry, Version
from ..types.record_files import ROOT_FOLDER, SUFFIXES, read
from ..types.record_text import FIRST, flow, type_data
from ..types.references import TYPE_IDS
from ..types.type_text import read_type
from .source_edits import Source, child

NewId = Callable[[], UUID]

_MEMBERS: Final = {"structure": "fields", "enumeration": "variants"}


@dataclass
class _Named:
    """A record file, and what is known of the record: by its name, or its id."""

    path: Path
    kind: str
    source: Source
    id: UUID
    name: str
    version: Version
    finished: bool
    """Whether the file's name has the id."""
    folder: str = ""

    def check_names(self) -> None:
        """Raise the error for text in which the edits went wrong, because of how it is laid out."""
        key = _MEMBERS[self.kind]
        edited: Any = parsing.parse(self.source.edited(), header_refusal(str(self.path)))
        given = [each if not is_uuid(each) else value.get("name") for each, value in self.source.data[key].items()]
        if [each.get("name") for each in edited[key].values()] != given:
            self.source.refuse(key, "ids cannot be added to text that is laid out so: write each on a line of its own")

    @property
    def target(self) -> Path:
        """Where the file belongs."""
        return self.path if self.finished else self.path.with_name(f"{self.id}@{self.version}{self.path.suffix}")


@dataclass(frozen=True)
class Filled:
    """What filling in ids changes: the new content of files, and those that make room for them."""

    written: Mapping[Path, bytes]
    removed: tuple[Path, ...]
    missing: tuple[str, ...] = field(default=())
    """The places of the ids that were missing, with their files."""


class RecordIds:
    """The ids that a directory of records lacks. ``base`` are other records that these may refer to."""

    def __init__(self, directory: Path, base: TypeRegistry, new_id: NewId = uuid4) -> None:
        """Raises HeaderError for files that cannot be edited."""
        self._directory = directory
        self._base = base
        self._new_id = new_id
        self._new_folders: dict[Path, bytes] = {}
        self._missing: list[str] = []
        known = read(directory, base, lambda error: None)
        self._folders = {path: id for id, path in {**base.folders, **known.folders}.items()}
        self._files = list(self._read_files())
        self._ids: dict[str, UUID] = {}
        self._versions: dict[UUID, Version] = {}
        for each in [*base, *known]:
            self._know(each.path, each.id, each.version)
        for file in self._files:
            file.folder = self._folder(file)
            self._know(f"{file.folder}.{file.name}" if file.folder else file.name, file.id, file.version)

    def filled(self) -> Filled:
        """Return what has to be written. Raises HeaderError for what has no form in records, or would not be valid."""
        for file in self._files:
            self._fill(file)
        changed = [file for file in self._files if file.source.changed or not file.finished]
        for file in changed:
            file.check_names()
        written = {**self._new_folders, **{file.target: file.source.edited() for file in changed}}
        removed = tuple(file.path for file in changed if file.target != file.path)
        filled = Filled(written, removed, tuple(self._missing))
        self._check(filled)
        return filled

    def _know(self, path: str, id: UUID, version: Version) -> None:
        self._ids[path] = id
        self._versions[id] = max(version, self._versions.get(id, version))

    # --- files -------------------------------------------------------------------------------------

    def _read_files(self) -> list[_Named]:
        inside = Directory(self._directory)
        found = []
        for kind in _MEMBERS:
            folder = self._directory / kind
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix in SUFFIXES and not path.name.startswith("."):
                    source = Source(inside.read(path, header_refusal(str(path))), header_refusal(str(path)))
                    found.append(self._named(path, kind, source))
        return found

    def _named(self, path: Path, kind: str, source: Source) -> _Named:
        stem, _, text = path.stem.partition("@")
        finished = is_uuid(stem) and bool(text)
        given = source.data.get("id")
        id = UUID(stem) if finished else UUID(given) if isinstance(given, str) and is_uuid(given) else self._new_id()
        text = text or str(source.data.get("version") or FIRST)
        try:
            version = Version.parse(text)
        except ValueError as error:
            source.refuse("version", str(error))
        name = source.data.get("name") or stem
        if not isinstance(name, str):
            source.refuse("name", "expected a name")
        if not finished:
            self._missing.append(f"{path}: the record's id")
            if "name" not in source.data:
                source.put(source.root, "name", source.scalar(name), "")
        return _Named(path, kind, source, id, name, version, finished)

    def _folder(self, file: _Named) -> str:
        """Return the path of a record's folder, after its id has been put in the place of its path."""
        parent = child(file.source.root, "parent")
        if parent is None:
            file.source.put(file.source.root, "parent", str(ROOT_FOLDER), "")
            return ""
        if is_uuid(parent.value):
            paths = {id: path for path, id in self._folders.items()}
            return paths.get(UUID(parent.value), "")
        file.source.replace(parent, file.source.scalar(str(self._folder_id(parent.value))))
        return str(parent.value)

    def _folder_id(self, path: str) -> UUID:
        """Return the id of a folder, which gets a record if it has none."""
        if path in self._folders:
            return self._folders[path]
        above, _, name = path.rpartition(".")
        parent, id = self._folder_id(above), self._new_id()
        place = self._directory / "folder" / f"{id}.yaml"
        self._new_folders[place] = f"name: {json.dumps(name)}\nparent: {parent}\n".encode()
        self._missing.append(f"{place}: the id of the folder {path}")
        self._folders[path] = id
        return id

    # --- members -----------------------------------------------------------------------------------

    def _fill(self, file: _Named) -> None:
        key = _MEMBERS[file.kind]
        members = child(file.source.root, key)
        if members is None:
            file.source.refuse("", f"the key {key!r} is missing")
        if members.id != "mapping":
            file.source.refuse(key, "expected a mapping, such as {x: f64}")
        for name, value in members.value:
            path = f"{key}.{name.value}"
            if not is_uuid(name.value):
                text = self._type(file, value, path)
                written = file.source.written(name) if "\n" not in file.source.written(name) else name.value
                written = written if written[:1] in "\"'" else file.source.scalar(name.value)
                member = f"name: {written}, type: {text}"
                if file.source.is_json:
                    member = f'"name": {written}, "type": {text}'
                self._missing.append(f"{file.path}: {path}")
                file.source.replace_entry(name, value, f"{file.source.scalar(str(self._new_id()))}: {{{member}}}")
            elif (type := child(value, "type")) is not None and type.id == "scalar":
                file.source.replace(type, self._type(file, type, f"{path}.type"))

    def _type(self, file: _Named, node: Any, path: str) -> str:
        """Return a type as records write it."""
        if node.id != "scalar":
            file.source.refuse(path, "expected a type such as f64, f64[] or geometry.Vector3")
        text = node.value if not node.tag.endswith(":null") else ""
        if not text and file.kind == "enumeration":
            text = "unit"
        try:
            ref = read_type(text, lambda name: self._type_id(name, file.folder))
        except ValueError as error:
            file.source.refuse(path, str(error))
        data = type_data(ref, lambda each: self._versions.get(each, FIRST))
        if data is None:
            file.source.refuse(path, f"records have no form for {text}; a function's parameters and results have one")
        return json.dumps(data) if file.source.is_json else flow(data)

    def _type_id(self, name: str, folder: str) -> UUID:
        if name in TYPE_IDS:
            return TYPE_IDS[name]
        found = self._ids.get(f"{folder}.{name}") or self._ids.get(name)
        if found is None:
            raise ValueError(f"unknown type {name!r}{suggestion(name, [*TYPE_IDS, *self._ids])}")
        return found

    # --- checking ----------------------------------------------------------------------------------

    def _check(self, filled: Filled) -> None:
        """Raise the first mistake in the files that are written: of what their authors wrote, as ids are in place."""
        targets = {str(path) for path in filled.written}
        origin = {str(file.target): str(file.path) for file in self._files}
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "records"
            shutil.copytree(self._directory, copy, symlinks=True)
            apply(filled, self._directory, copy)
            mistakes: list[HeaderError] = []
            read(copy, self._base, mistakes.append)
        for each in mistakes:
            place = str(each.source).replace(str(copy), str(self._directory), 1)
            if place in targets:
                raise header_refusal(origin.get(place, place))(each.path, each.message)


def apply(filled: Filled, directory: Path, target: Path | None = None) -> None:
    """Write what filling in ids changes, into the directory or a copy of it at ``target``. Raises OSError."""
    target = directory if target is None else target
    for path, data in filled.written.items():
        place = target / path.relative_to(directory)
        place.parent.mkdir(parents=True, exist_ok=True)
        replace(place, data)
    for path in filled.removed:
        (target / path.relative_to(directory)).unlink()
