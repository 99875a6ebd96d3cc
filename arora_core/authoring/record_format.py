"""Records in their canonical form: one order of keys, one layout, ids in lower case, and every comment kept.

Written so, a record is the same bytes whoever wrote it last: writing it again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ..documents import parsing
from ..documents.files import Directory
from ..documents.places import header_refusal, is_uuid
from ..types import TypeRegistry
from ..types.record_files import SUFFIXES, load
from ..types.record_text import flow
from .source_edits import Source, child

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "folder": ("name", "parent"),
    "structure": ("parent", "name", "fields"),
    "enumeration": ("parent", "name", "variants"),
}
"""The keys of each kind, in order. A module's record describes the module, and stays as it is."""


def formatted(directory: Path, base: TypeRegistry) -> dict[Path, bytes]:
    """Return the canonical content of the files in a directory of records whose content differs from it.

    Raises HeaderError for the first mistake in the records, as :func:`arora_core.records.load` does.
    """
    load(directory, base)
    inside = Directory(directory)
    changed = {}
    for kind in _KEYS:
        folder = directory / kind
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in SUFFIXES and not path.name.startswith("."):
                data = inside.read(path, header_refusal(str(path)))
                new = canonical(kind, data, str(path))
                if new != data:
                    changed[path] = new
    return changed


def canonical(kind: str, data: bytes, name: str) -> bytes:
    """Return the canonical text of a valid record of that kind; errors name its file ``name``."""
    refusal = header_refusal(name)
    source = Source(data, refusal)
    ordered = {key: _canonical(source.data[key]) for key in _KEYS[kind] if key in source.data}
    text = json.dumps(ordered, indent=2, ensure_ascii=False) + "\n" if source.is_json else _yaml(source, ordered)
    kept = _canonical({key: source.data[key] for key in ordered})
    if _canonical(parsing.parse(text, refusal)) != kept:
        source.refuse("", "it cannot be formatted: its text would mean something else")
    return text.encode()


_ORDER: Final = ("name", "type", "kind", "value", "reference", "id", "version")
"""The keys inside of members, in order."""


def _canonical(data: object) -> object:
    """Return plain data with ids in lower case, and the keys of members in order. Members stay in their order."""
    if isinstance(data, dict):
        keys = sorted(data, key=_ORDER.index) if data.keys() <= set(_ORDER) else data
        return {_id(key): _canonical(data[key]) for key in keys}
    return _id(data) if isinstance(data, str) else data


def _id(text: str) -> str:
    return str(UUID(text)) if is_uuid(text) else text


# --- YAML ----------------------------------------------------------------------------------------


def _yaml(source: Source, ordered: Mapping[str, Any]) -> str:
    comments = _Comments(source)
    lines = [*comments.first]
    for key, value in ordered.items():
        node = child(source.root, key)
        start = next(each.start_mark.index for each, _ in source.root.value if each.value == key)
        if isinstance(value, dict):
            lines += comments.around(start, "", f"{key}:" if value else f"{key}: {{}}")
            for (member, content), (id, data) in zip(node.value, value.items(), strict=True):
                lines += comments.around(member.start_mark.index, "  ", f"{id}:")
                for inner in ("name", "type"):
                    at = next(each.start_mark.index for each, _ in content.value if each.value == inner)
                    lines += comments.around(at, "    ", f"{inner}: {flow(data[inner])}")
        else:
            lines += comments.around(start, "", f"{key}: {flow(value)}")
    return "\n".join([*lines, *comments.left()]) + "\n"


class _Comments:
    """The comments of a text: those before a key, on lines of their own, and those behind it."""

    def __init__(self, source: Source) -> None:
        keys = sorted(_keys(source.root))
        self._before: dict[int, list[str]] = {}
        self._behind: dict[int, list[str]] = {}
        self._last: list[str] = []
        self.first: list[str] = []
        """What stands above all keys."""
        for start, text, alone in source.comments():
            if start < keys[0]:
                self.first.append(text)
                continue
            following = next((key for key in keys if key > start), None)
            if not alone:
                self._behind.setdefault(next(key for key in reversed(keys) if key < start), []).append(text)
            elif following is not None:
                self._before.setdefault(following, []).append(text)
            else:
                self._last.append(text)

    def around(self, key: int, margin: str, line: str) -> Iterator[str]:
        """Yield a line with the comments of the key at that position."""
        behind = self._behind.pop(key, [])
        for each in [*self._before.pop(key, []), *behind[1:]]:
            yield margin + each
        yield margin + line + (f"  {behind[0]}" if behind else "")

    def left(self) -> Iterator[str]:
        """Yield the comments that no key has taken: of keys that are not written, and those at the end."""
        for comments in (*self._before.values(), *self._behind.values(), self._last):
            yield from comments


def _keys(root: Any) -> Iterator[int]:
    """Yield the positions of the keys that are written: of the record, of its members, and of their names and types."""
    for key, value in root.value:
        yield key.start_mark.index
        if key.value in ("fields", "variants") and value.id == "mapping":
            for member, content in value.value:
                yield member.start_mark.index
                yield from (each.start_mark.index for each, _ in content.value)
