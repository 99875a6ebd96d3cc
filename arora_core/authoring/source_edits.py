"""Edits of YAML and JSON text at the places of its nodes: comments, order and layout stay as their author wrote them.

PyYAML says where each node stands, and only the characters of an edit change. A place that cannot be edited so is an
error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from ..documents import parsing
from ..documents.places import Refusal, is_uuid, joined

_BEFORE_A_KEY: Final = re.compile(r"[ ]*(?:- +)*")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ./-][A-Za-z0-9_]+)*")
_COMMENT: Final = re.compile(r"#[^\r\n]*")
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class Source:
    """The text of a document, the nodes in it, and the edits that are to be made.

    A node is one of PyYAML's. Errors are those that ``refusal`` makes, of the path of their place.
    """

    def __init__(self, data: bytes, refusal: Refusal) -> None:
        """Raises the error for text that is not valid, uses aliases, or has no mapping in it."""
        import yaml  # type: ignore[import-untyped,unused-ignore]

        self._refusal = refusal
        self.data: Any = parsing.parse(data, refusal)
        self._bom = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
        self._text = data.decode().removeprefix("\ufeff")
        self._break = "\r\n" if "\r\n" in self._text else "\n"
        self.is_json = self._text.lstrip()[:1] == "{" and _is_json(self._text)
        if not isinstance(self.data, dict):
            raise refusal("", "expected a mapping")
        try:
            # JSON allows tabs between its parts, and none elsewhere.
            text = self._text.replace("\t", " ") if self.is_json else self._text
            self.root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise refusal("", f"it cannot be edited: {error}".replace("\n", " ")) from None
        self._refuse_aliases(self.root, "", set())
        self._edits: list[tuple[int, int, str]] = []

    def refuse(self, path: str, message: str) -> NoReturn:
        """Raise the error about a place."""
        raise self._refusal(path, message)

    @property
    def changed(self) -> bool:
        """Whether there is an edit."""
        return bool(self._edits)

    def edited(self) -> bytes:
        """Return the text with all edits made."""
        text = self._text
        for start, end, new in sorted(self._edits, reverse=True):
            text = text[:start] + new + text[end:]
        return (self._bom + text).encode()

    def scalar(self, text: str) -> str:
        """Return a string as it is written in this document."""
        plain = is_uuid(text) or (_PLAIN.fullmatch(text) and text.casefold() not in _RESERVED)
        return text if plain and not self.is_json else json.dumps(text, ensure_ascii=False)

    def written(self, node: Any) -> str:
        """Return the text of a node as it stands there."""
        return self._text[node.start_mark.index : node.end_mark.index]

    def comments(self) -> Iterator[tuple[int, str, bool]]:
        """Yield each comment: where it starts, its text, and whether it is alone on its line."""
        import yaml

        end = 0
        for token in yaml.scan(self._text, Loader=yaml.SafeLoader):
            # Between tokens there are but spaces and comments; a quotation mark in a comment starts nothing.
            for found in _COMMENT.finditer(self._text, end, token.start_mark.index):
                line = self._text[: found.start()].rpartition("\n")[2]
                yield found.start(), found[0].rstrip(), not line.strip()
            end = max(end, token.end_mark.index)

    def replace(self, node: Any, text: str) -> None:
        """Put text in the place of a node; of one that is left empty, a space goes before it."""
        start, end = node.start_mark.index, node.end_mark.index
        self._edits.append((start, end, text if end > start else f" {text}"))

    def replace_entry(self, key: Any, value: Any, text: str) -> None:
        """Put text in the place of a key and its value."""
        end = max(key.end_mark.index, value.end_mark.index)
        self._edits.append((key.start_mark.index, end, text))

    def put(self, mapping: Any, key: str, value: str, path: str) -> None:
        """Set ``key`` of a mapping to a written scalar. A new key becomes the first, or the second after ``type``."""
        entries = {each.value: (each, content) for each, content in mapping.value}
        if key in entries:
            self.replace(entries[key][1], value)
        elif mapping.flow_style:
            self._put_in_flow(mapping, key, value)
        else:
            self._put_in_block(mapping, key, value, path)

    def _put_in_flow(self, mapping: Any, key: str, value: str) -> None:
        entry = f'"{key}": {value}' if self.is_json else f"{key}: {value}"
        if not mapping.value:
            at = mapping.start_mark.index + 1
            self._edits.append((at, at, entry))
            return
        first = mapping.value[0][0].start_mark
        if first.line != mapping.start_mark.line:
            entry += f",{self._break}{self._margin(first)}"
        else:
            entry += ", "
        self._edits.append((first.index, first.index, entry))

    def _put_in_block(self, mapping: Any, key: str, value: str, path: str) -> None:
        (first, content) = mapping.value[0]
        start = first.start_mark
        before = self._text[start.index - start.column : start.index]
        if not _BEFORE_A_KEY.fullmatch(before):
            self.refuse(path, f"the key {key!r} cannot be added: write {self.written(first)!r} on a line of its own")
        margin = " " * start.column
        if first.value == "type" and content.start_mark.line == content.end_mark.line == start.line:
            end = self._text.find("\n", content.end_mark.index)
            end = len(self._text) if end < 0 else end - (self._text[end - 1] == "\r")
            self._edits.append((end, end, f"{self._break}{margin}{key}: {value}"))
        else:
            self._edits.append((start.index, start.index, f"{key}: {value}{self._break}{margin}"))

    def _margin(self, mark: Any) -> str:
        line = self._text[mark.index - mark.column : mark.index]
        return line if not line.strip() else " " * mark.column

    def _refuse_aliases(self, node: Any, path: str, seen: set[int]) -> None:
        if id(node) in seen:
            self.refuse(path, "an alias stands for more than one place: write them out, or give them ids by hand")
        seen.add(id(node))
        for step, each in children(node, path):
            self._refuse_aliases(each, step, seen)


def children(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the nodes in a node, with their paths."""
    if node.id == "mapping":
        for key, value in node.value:
            yield joined(path, str(key.value)), value
    elif node.id == "sequence":
        for index, each in enumerate(node.value):
            yield f"{path}[{index}]", each


def child(mapping: Any, key: str) -> Any:
    """Return the node under a key of a mapping, None where there is none."""
    return (
        next((value for each, value in mapping.value if each.value == key), None) if mapping.id == "mapping" else None
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
