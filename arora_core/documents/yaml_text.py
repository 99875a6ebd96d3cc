"""YAML text to plain data, by the core schema of YAML 1.2 where PyYAML by itself follows YAML 1.1.

PyYAML reads the text into events; the data is made here, so that every mistake has its path and its line, and nothing
takes more than linear time.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from .places import Refusal, joined, shown
from .yaml_events import events, position
from .yaml_schema import MAP, MERGE, SEQ, STR, tag_of, value_of

MAX_DEPTH: Final = 300
"""Most levels of lists and mappings in a document. Values that fit into a buffer take fewer."""

_MAX_NODES: Final = 1_000_000
"""The most nodes a document may have once its aliases are expanded: a few lines can expand to gigabytes."""

_Built = tuple[object, int]
"""The data of a node, and the number of nodes in it once its aliases are expanded."""


def parse(text: str, refusal: Refusal) -> object:
    """Return the plain data written in ``text``. Raises the error that ``refusal`` makes, and RecursionError."""
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise refusal("", "YAML needs PyYAML, which is not installed; JSON needs nothing") from None
    return _Builder(yaml, text, refusal).document()


class _Builder:
    """Makes the data of a document from its events, within the bounds."""

    def __init__(self, yaml: Any, text: str, refusal: Refusal) -> None:
        self._next: Final = events(yaml, text, refusal).__next__
        self._scalar: Final = yaml.ScalarEvent
        self._alias: Final = yaml.AliasEvent
        self._list_start: Final = yaml.SequenceStartEvent
        self._list_end: Final = yaml.SequenceEndEvent
        self._mapping_end: Final = yaml.MappingEndEvent
        self._stream_end: Final = yaml.StreamEndEvent
        self._refusal = refusal
        # What the anchors stand for, None for a node that is being built.
        self._anchors: dict[str, _Built | None] = {}
        self._steps: list[str | int] = []

    def document(self) -> object:
        """Return the data of the only document, None if there is none."""
        self._next()  # the start of the stream
        if type(self._next()) is self._stream_end:
            return None
        data, _ = self._build(self._next(), 0)
        self._next()  # the end of the document
        following = self._next()
        if type(following) is not self._stream_end:
            self._refuse(following, "but found another document")
        return data

    def _build(self, event: Any, depth: int) -> _Built:
        if type(event) is self._alias:
            return self._aliased(event)
        if depth > MAX_DEPTH:
            # The whole path would be that long.
            self._steps = [step for step in self._steps[:1] if isinstance(step, str)]
            self._refuse(event, f"nested too deeply, more than {MAX_DEPTH} levels")
        anchor, tag = event.anchor, event.tag
        if anchor is not None:
            if anchor in self._anchors:
                self._refuse_anchor(event, "duplicate anchor")
            self._anchors[anchor] = None
        # The local tag of a value, as serde writes variants: ``!f64 1.0`` is ``{f64: 1.0}``.
        local = tag[1:] if tag is not None and tag[0] == "!" else ""
        if type(event) is self._scalar:
            built: _Built = self._scalar_value(event, self._scalar_tag(event, bool(local))), 1
        elif type(event) is self._list_start:
            built = self._items(event, None if local else tag, depth + 1)
        else:
            built = self._entries(event, None if local else tag, depth + 1)
        if local:
            built = {local: built[0]}, built[1] + 2
        if built[1] > _MAX_NODES:
            self._refuse(event, f"aliases expand to more than {_MAX_NODES:,} nodes")
        if anchor is not None:
            self._anchors[anchor] = built
        return built

    def _aliased(self, event: Any) -> _Built:
        if event.anchor not in self._anchors:
            self._refuse_anchor(event, "undefined alias")
        built = self._anchors[event.anchor]
        if built is None:
            self._refuse(event, "an alias refers to a node that contains it")
        return built

    def _scalar_tag(self, event: Any, has_local: bool) -> str:
        """Return the tag of a scalar, as if it had none where that is a local one."""
        tag: str | None = event.tag
        if tag is None or has_local:
            return STR if event.style else tag_of(event.value)
        return STR if tag == "!" else tag

    def _scalar_value(self, event: Any, tag: str) -> object:
        try:
            return value_of(tag, event.value)
        except KeyError:
            self._refuse_tag(event, tag, "a scalar")
        except ValueError as error:
            self._refuse(event, f"invalid value for its tag {tag}: {error}")

    def _items(self, start: Any, tag: str | None, depth: int) -> _Built:
        if tag not in (None, "!", SEQ):
            self._refuse_tag(start, tag, "a list")
        items: list[object] = []
        nodes = 1
        event = self._next()
        while type(event) is not self._list_end:
            self._steps.append(len(items))
            item, weight = self._build(event, depth)
            self._steps.pop()
            items.append(item)
            nodes += weight
            event = self._next()
        return items, nodes

    def _entries(self, start: Any, tag: str | None, depth: int) -> _Built:
        if tag not in (None, "!", MAP):
            self._refuse_tag(start, tag, "a mapping")
        entries: dict[object, object] = {}
        merged: dict[object, object] = {}
        seen: set[str] = set()
        nodes = 1
        key = self._next()
        while type(key) is not self._mapping_end:
            made = self._key(key)
            name = key.value if type(key) is self._scalar else str(made)
            self._steps.append(name)
            if name in seen:
                self._refuse(key, f"duplicate key {shown(name)}")
            seen.add(name)
            at = self._next()
            item, weight = self._build(at, depth)
            nodes += weight + 1
            if name == "<<" and self._scalar_tag(key, False) == MERGE:
                self._merge(at, item, merged)
            else:
                entries[made] = item
            self._steps.pop()
            key = self._next()
        return ({**merged, **entries} if merged else entries), nodes

    def _key(self, key: Any) -> object:
        data = self._build(key, 0)[0] if type(key) in (self._scalar, self._alias) else []
        if isinstance(data, (dict, list)):
            self._refuse(key, "a key has to be a scalar")
        return data

    def _merge(self, at: Any, source: object, merged: dict[object, object]) -> None:
        """Add the entries of the mappings that a merge key names; the first mapping that has a key gives its value."""
        for each in source if isinstance(source, list) else [source]:
            if not isinstance(each, dict):
                self._refuse(at, f"expected a mapping to merge, or a list of them, got {shown(each)}")
            for key, item in each.items():
                merged.setdefault(key, item)

    def _refuse_anchor(self, event: Any, what: str) -> NoReturn:
        """Refuse it as the mistake in the syntax that it is, which has no path."""
        self._steps.clear()
        self._refuse(event, f"found {what} {shown(event.anchor)}")

    def _refuse_tag(self, event: Any, tag: str | None, what: str) -> NoReturn:
        self._refuse(event, f"the tag {tag} is not allowed on {what}")

    def _refuse(self, event: Any, message: str) -> NoReturn:
        path = ""
        for step in self._steps:
            path = f"{path}[{step}]" if isinstance(step, int) else joined(path, step)
        raise self._refusal(path, f"{position(event.start_mark)}{message}") from None
