"""Type records, and the registry of those that an engine or a header knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Union
from uuid import UUID

from ..errors import HeaderError
from ..version import Version
from .references import TypeRef


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field of a structure."""

    id: UUID
    name: str
    type: TypeRef


@dataclass(frozen=True, slots=True)
class StructureType:
    """A structure. ``path`` is its dotted path, its name included: ``kinematics.Pose``."""

    id: UUID
    name: str
    path: str
    version: Version
    fields: tuple[FieldType, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """The fields. The members of an enumeration are its variants."""
        return self.fields


@dataclass(frozen=True, slots=True)
class VariantType:
    """One variant of an enumeration. ``type`` is that of its payload, the unit scalar if it has none."""

    id: UUID
    name: str
    type: TypeRef


@dataclass(frozen=True, slots=True)
class EnumerationType:
    """An enumeration. ``path`` is its dotted path, its name included: ``behavior_tree.Status``."""

    id: UUID
    name: str
    path: str
    version: Version
    variants: tuple[VariantType, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """The variants. The members of a structure are its fields."""
        return self.variants


@dataclass(frozen=True, slots=True)
class ModuleRecord:
    """A module in the folders of records, by which headers can refer to the module by name."""

    id: UUID
    name: str
    path: str
    version: Version


Member = Union[FieldType, VariantType]
TypeRecord = Union[StructureType, EnumerationType]
Record = Union[StructureType, EnumerationType, ModuleRecord]


class TypeRegistry:
    """A set of records. It keeps every version of a record; a lookup without a version returns the highest.

    If two types have the same dotted path, the path leads to the one added last; both can be found by id.
    """

    __slots__ = ("_types", "_modules", "_type_paths", "folders")

    folders: dict[UUID, str]
    """The dotted path of every folder by id, for records in these folders that are loaded later."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._types: dict[UUID, dict[Version, TypeRecord]] = {}
        self._modules: dict[UUID, dict[Version, ModuleRecord]] = {}
        self._type_paths: dict[str, UUID] = {}
        self.folders = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Add one record; adding an equal record again does nothing.

        Raises HeaderError if a different record has the same id and version.
        """
        self._check(record)
        if isinstance(record, ModuleRecord):
            self._modules.setdefault(record.id, {})[record.version] = record
        else:
            self._types.setdefault(record.id, {})[record.version] = record
            self._type_paths[record.path] = record.id

    def update(self, other: TypeRegistry) -> None:
        """Add every record of ``other``. Raises HeaderError as ``add`` does, and then adds none."""
        records = [*other, *other.modules()]
        for record in records:
            self._check(record)
        for record in records:
            self.add(record)
        self.folders.update(other.folders)

    def _check(self, record: Record) -> None:
        known: Record | None
        if isinstance(record, ModuleRecord):
            known = self._modules.get(record.id, {}).get(record.version)
        else:
            known = self.get(record.id, record.version)
        if known is not None and known != record:
            raise HeaderError(
                f"{record.path} {record.version} ({record.id}) differs from {known.path} {known.version}, "
                "which has the same id and version"
            )

    def merged(self, other: TypeRegistry) -> TypeRegistry:
        """Return a new registry of these records and then those of ``other``. Raises HeaderError as ``add`` does."""
        both = TypeRegistry()
        both.update(self)
        both.update(other)
        return both

    def get(self, id: UUID, version: Version | None = None) -> TypeRecord | None:
        """Return the type of that id, in that version or else in the highest, or None."""
        versions = self._types.get(id)
        if versions is None:
            return None
        if version is not None:
            return versions.get(version)
        return versions[next(iter(versions)) if len(versions) == 1 else self.versions(id)[-1]]

    def versions(self, id: UUID) -> list[Version]:
        """Return the known versions of a type, lowest first; builds of the same version in the order of their text."""
        return sorted(sorted(self._types.get(id, ()), key=lambda version: version.build))

    def find(self, path: str) -> TypeRecord | None:
        """Return the type whose highest version has that dotted path, or None."""
        id = self._type_paths.get(path)
        record = None if id is None else self.get(id)
        return record if record is not None and record.path == path else None

    def paths(self) -> list[str]:
        """Return every dotted path that ``find`` knows, sorted."""
        return sorted(path for path in self._type_paths if self.find(path) is not None)

    def find_module(self, name: str) -> UUID | None:
        """Return the id of the module with that dotted path, or of the only one with that name, or None."""
        by_path = {module.id for module in self.modules() if module.path == name}
        found = by_path or {module.id for module in self.modules() if module.name == name}
        return found.pop() if len(found) == 1 else None

    def modules(self) -> Iterator[ModuleRecord]:
        """Yield every version of every module record."""
        for versions in self._modules.values():
            yield from versions.values()

    def __iter__(self) -> Iterator[TypeRecord]:
        """Yield every version of every type."""
        for versions in self._types.values():
            yield from versions.values()

    def __len__(self) -> int:
        return sum(map(len, self._types.values()))

    def __contains__(self, id: object) -> bool:
        return id in self._types

    def __repr__(self) -> str:
        return f"<TypeRegistry of {len(self)} types>"
