"""Ids for a header that its author wrote without: of the module, its functions and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid4

from ..documents import parsing
from ..documents.places import header_refusal
from ..header import ExportedFunction, Header
from .source_edits import Source, child, children

NewId = Callable[[], UUID]


class HeaderIds:
    """The ids that a header lacks. ``others`` are the headers of modules that it may import from."""

    def __init__(self, data: bytes, name: str, others: Iterable[Header] = (), new_id: NewId = uuid4) -> None:
        """``name`` is the file's. Raises HeaderError for text that is no mapping, or cannot be edited."""
        self._refusal = header_refusal(name)
        self._source = Source(data, self._refusal)
        self._new_id = new_id
        self._offered = {
            (module, each.name): each
            for header in others
            for module in (str(header.id), header.name)
            for each in header.exports
        }
        self.missing: list[str] = []
        """The paths of the ids that are missing."""

    def filled(self) -> bytes:
        """Return the text with every id. Raises HeaderError for an id that cannot be made up or written."""
        source = self._source
        self._fill(source.root, "", self._new_id)
        for path, function in _items(source.root, "exports", ""):
            self._fill(function, path, self._new_id)
            for inner, parameter in _items(function, "parameters", path):
                self._fill(parameter, inner, self._new_id)
        for path, function in _items(source.root, "imports", ""):
            self._import(function, path)
        edited = source.edited()
        if _without_ids(parsing.parse(edited, self._refusal)) != _without_ids(source.data):
            raise self._refusal(
                "", "the ids cannot be added to text that is laid out so: write each key on a line of its own"
            )
        return edited

    def _fill(self, node: Any, path: str, id: NewId) -> None:
        present = child(node, "id")
        if node.id != "mapping":
            self._source.refuse(path, "expected a mapping")
        if present is not None and not (present.id == "scalar" and _is_nothing(present)):
            return
        self.missing.append(f"{path}.id" if path else "id")
        if not node.value:
            self._source.refuse(path, "it is empty")
        self._source.put(node, "id", self._source.scalar(str(id())), path)

    def _import(self, function: Any, path: str) -> None:
        def known(parameter: str | None) -> NewId:
            return lambda: self._offered_id(function, path, parameter)

        self._fill(function, path, known(None))
        for inner, parameter in _items(function, "parameters", path):
            name = child(parameter, "name")
            self._fill(parameter, inner, known("" if name is None else name.value))

    def _offered_id(self, function: Any, path: str, parameter: str | None) -> UUID:
        module, name = child(function, "module"), child(function, "name")
        if module is None or name is None:
            self._source.refuse(path, "an import needs the keys 'module' and 'name'")
        offered: ExportedFunction | None = self._offered.get((module.value.lower(), name.value))
        offered = offered or self._offered.get((module.value, name.value))
        if offered is None:
            self._source.refuse(
                path,
                f"the id of an import is that of the function in {module.value}: give that module's header by --module",
            )
        if parameter is None:
            return offered.id
        found = next((each.id for each in offered.parameters if each.name == parameter), None)
        if found is None:
            self._source.refuse(path, f"{name.value} of {module.value} has no parameter {parameter!r}")
        return found


def _is_nothing(scalar: Any) -> bool:
    return scalar.tag.endswith(":null") or not scalar.value


def _items(node: Any, key: str, path: str) -> Iterator[tuple[str, Any]]:
    found = child(node, key)
    return (
        children(found, f"{path}.{key}" if path else key) if found is not None and found.id == "sequence" else iter(())
    )


def _without_ids(data: object) -> object:
    """Return plain data without the keys ``id`` of the header, its functions and their parameters."""
    if isinstance(data, dict):
        lists = ("exports", "imports", "parameters")
        return {key: _without_ids(each) if key in lists else each for key, each in data.items() if key != "id"}
    return [_without_ids(each) for each in data] if isinstance(data, list) else data
