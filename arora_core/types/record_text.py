"""Records as text, in their canonical form (ABI §8): what ``arora records format`` writes, without comments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from ..documents.places import header_refusal, is_uuid
from ..version import Version
from .record_files import PRIMITIVES, ROOT_FOLDER
from .references import ArrayRef, ScalarRef, TypeRef
from .registry import StructureType, TypeRecord, TypeRegistry
from .type_text import type_text

FIRST: Final = Version(1, 0, 0)
"""The version of a record that its author gives none."""

_PRIMITIVE_NAMES: Final = {ref: name for name, ref in PRIMITIVES.items()}
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def flow(data: object) -> str:
    """Return plain data as YAML on one line, which readers of YAML 1.1 and 1.2 understand alike."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in data.items()) + "}"
    text = str(data)
    plain = is_uuid(text) or (_PLAIN.fullmatch(text) and text.casefold() not in _RESERVED)
    return text if plain else json.dumps(text, ensure_ascii=False)


def type_data(ref: TypeRef, version_of: Callable[[UUID], Version]) -> dict[str, Any] | None:
    """Return a type as records write it, None for one that they have no form for."""
    if ref in _PRIMITIVE_NAMES:
        return {"type": "primitive", "value": {"kind": _PRIMITIVE_NAMES[ref]}}
    if not isinstance(ref, (ScalarRef, ArrayRef)):
        return None
    kind = "frozenScalar" if isinstance(ref, ScalarRef) else "frozenArray"
    return {"type": kind, "value": {"reference": {"id": str(ref.id), "version": str(version_of(ref.id))}}}


def texts(registry: TypeRegistry) -> dict[str, str]:
    """Return the text of each folder, structure and enumeration, by its path in a directory of records.

    Reading them gives equal records. As a registry does not keep the versions that references name, each names the
    highest. Raises HeaderError for a record whose folder the registry does not know, and for a type that records have
    no form for.
    """
    folders = {"": ROOT_FOLDER, **{path: id for id, path in registry.folders.items()}}
    written = {}
    for path, id in folders.items():
        if path:
            above, _, name = path.rpartition(".")
            written[f"folder/{id}.yaml"] = f"name: {flow(name)}\nparent: {_folder(above, folders, path)}\n"
    for record in registry:
        kind = "structure" if isinstance(record, StructureType) else "enumeration"
        written[f"{kind}/{record.id}@{record.version}.yaml"] = _record(record, registry, folders)
    return dict(sorted(written.items()))


def _record(record: TypeRecord, registry: TypeRegistry, folders: Mapping[str, UUID]) -> str:
    def version_of(id: UUID) -> Version:
        return max(registry.versions(id), default=FIRST)

    key = "fields" if isinstance(record, StructureType) else "variants"
    parent = _folder(record.path.removesuffix(record.name).removesuffix("."), folders, record.path)
    lines = [f"parent: {parent}", f"name: {flow(record.name)}", f"{key}:" if record.members else f"{key}: {{}}"]
    for member in record.members:
        data = type_data(member.type, version_of)
        if data is None:
            message = f"records have no form for {type_text(member.type)}, the type of {member.name}"
            raise header_refusal()(record.path, message)
        lines += [f"  {member.id}:", f"    name: {flow(member.name)}", f"    type: {flow(data)}"]
    return "\n".join(lines) + "\n"


def _folder(path: str, folders: Mapping[str, UUID], of: str) -> UUID:
    if path not in folders:
        raise header_refusal()(of, f"the folder {path} is not known")
    return folders[path]
