"""YAML text to plain data, by the core schema of YAML 1.2 where PyYAML by itself follows YAML 1.1.

``on``, ``no``, ``012`` and dates are text here, and ``1e3`` is a number. PyYAML reads the text into nodes; the data is
made here, so that every mistake has its path and its line, and nothing takes more than linear time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final, NoReturn

from .numerals import integer
from .places import Refusal, joined, shown

MAX_DEPTH: Final = 300
"""Most levels of lists and mappings in a document. Values that fit into a buffer take fewer."""

_MAX_NODES: Final = 1_000_000
"""The most nodes a document may have once its aliases are expanded: a few lines can expand to gigabytes."""

_MAX_PARTS: Final = 100_000
"""The most scalars and starts and ends of lists and mappings in a text. PyYAML takes a second for some 40,000 of them;
JSON has no such bound."""

_MAX_DIGITS: Final = 1000
"""Digits of the longest integer. The time to convert one from and to text grows with their square."""

_YAML: Final = "tag:yaml.org,2002:"
_MERGE, _MAP, _SEQ, _STR = (_YAML + kind for kind in ("merge", "map", "seq", "str"))
_SPECIAL_FLOATS: Final = {"inf": math.inf, "nan": math.nan}


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits")
    return integer(text, 16 if text.startswith("0x") else 10)


def _float(text: str) -> float:
    special = _SPECIAL_FLOATS.get(text[-3:].lower())
    if special is None:
        return float(text)
    return -special if text.startswith("-") else special


_NULL: Final = r"~|null|Null|NULL|"
_BOOLEAN: Final = r"true|True|TRUE|false|False|FALSE"
_INTEGER: Final = r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+"
_FLOAT: Final = (
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)

_IMPLICIT: Final = [
    (_YAML + kind, re.compile(rf"(?:{pattern})\Z"))
    for kind, pattern in (
        ("merge", "<<"),
        ("null", _NULL),
        ("bool", _BOOLEAN),
        ("int", _INTEGER),
        ("float", _FLOAT),
    )
]
"""The tags of plain scalars that have none."""

_SCALARS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str], object]]]] = {
    _YAML + kind: (re.compile(rf"(?:{pattern})\Z"), make)
    for kind, pattern, make in (
        ("null", _NULL, lambda text: None),
        ("bool", _BOOLEAN, lambda text: text.lower() == "true"),
        ("int", _INTEGER, _integer),
        ("float", rf"{_FLOAT}|[-+]?[0-9]+", _float),
    )
}
"""By tag, the scalars that it may be written at, and what makes their value."""


def parse(text: str, refusal: Refusal) -> object:
    """Return the plain data written in ``text``. Raises the error that ``refusal`` makes, and RecursionError."""
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise refusal("", "YAML needs PyYAML, which is not installed; JSON needs nothing") from None
    node = _composed(yaml, text, refusal)
    return None if node is None else _Builder(yaml, refusal).build(node, 0)[0]


def _composed(yaml: Any, text: str, refusal: Refusal) -> Any:
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        loader.yaml_implicit_resolvers = {None: _IMPLICIT}
        loader.get_event = _bounded(loader.get_event, refusal)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        place = _line(error.problem_mark or error.context_mark)
        raise refusal("", f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise refusal("", str(error).replace("\n", " ")) from None
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # PyYAML converts some numbers unchecked, such as those in escapes and in %YAML.
        raise refusal("", f"invalid YAML: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()


def _bounded(get_event: Callable[[], Any], refusal: Refusal) -> Callable[[], Any]:
    """Return ``get_event``, by which PyYAML reads a text bit by bit, so that it ends at the bound."""
    left = count(_MAX_PARTS, -1)

    def bounded() -> Any:
        event = get_event()
        if next(left) < 0:
            raise refusal(
                "", f"{_line(event.start_mark)}more than {_MAX_PARTS:,} parts: write it as JSON, which is faster"
            )
        return event

    return bounded


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""


class _Builder:
    """Makes the data of a document's nodes, within the bounds."""

    def __init__(self, yaml: Any, refusal: Refusal) -> None:
        self._scalar_node: Final = yaml.ScalarNode
        self._mapping_node: Final = yaml.MappingNode
        self._refusal = refusal
        # The data and the number of nodes of each node that was built, None while it is being built.
        self._built: dict[int, tuple[object, int] | None] = {}
        self._steps: list[str | int] = []

    def build(self, node: Any, depth: int) -> tuple[object, int]:
        """Return the data of ``node`` and the number of its nodes, once its aliases are expanded."""
        if id(node) in self._built:
            built = self._built[id(node)]
            if built is None:
                self._refuse(node, "an alias refers to a node that contains it")
            return built
        if depth > MAX_DEPTH:
            self._refuse(node, f"nested too deeply, more than {MAX_DEPTH} levels")
        self._built[id(node)] = None
        # The local tag of a value, as serde writes variants: ``!f64 1.0`` is ``{f64: 1.0}``.
        local = node.tag[1:] if node.tag.startswith("!") else ""
        if local:
            node.tag = self._untagged(node)
        if isinstance(node, self._scalar_node):
            built = self._scalar(node), 1
        elif isinstance(node, self._mapping_node):
            built = self._mapping(node, depth + 1)
        else:
            built = self._sequence(node, depth + 1)
        if local:
            built = {local: built[0]}, built[1] + 2
        if built[1] > _MAX_NODES:
            self._refuse(node, f"aliases expand to more than {_MAX_NODES:,} nodes")
        self._built[id(node)] = built
        return built

    def _untagged(self, node: Any) -> str:
        """Return the tag that the node would have without its own."""
        if not isinstance(node, self._scalar_node):
            return _MAP if isinstance(node, self._mapping_node) else _SEQ
        is_plain = node.style is None
        return next((tag for tag, pattern in _IMPLICIT if is_plain and pattern.match(node.value)), _STR)

    def _scalar(self, node: Any) -> object:
        text: str = node.value
        if node.tag in (_STR, _MERGE):
            # The text << means a merge as a key alone.
            return text
        known = _SCALARS.get(node.tag)
        if known is None:
            self._refuse_tag(node, "a scalar")
        pattern, make = known
        try:
            if not pattern.match(text):
                raise ValueError(shown(text))
            return make(text)
        except ValueError as error:
            self._refuse(node, f"invalid value for its tag {node.tag}: {error}")

    def _sequence(self, node: Any, depth: int) -> tuple[object, int]:
        if node.tag != _SEQ:
            self._refuse_tag(node, "a list")
        items: list[object] = []
        nodes = 1
        for index, each in enumerate(node.value):
            self._steps.append(index)
            item, weight = self.build(each, depth)
            self._steps.pop()
            items.append(item)
            nodes += weight
        return items, nodes

    def _mapping(self, node: Any, depth: int) -> tuple[object, int]:
        if node.tag != _MAP:
            self._refuse_tag(node, "a mapping")
        entries: dict[object, object] = {}
        merged: dict[object, object] = {}
        seen: set[str] = set()
        nodes = 1
        for key, each in node.value:
            name = key.value if isinstance(key, self._scalar_node) else ""
            self._steps.append(name)
            if not isinstance(key, self._scalar_node):
                self._refuse(key, "a key has to be a scalar")
            if name in seen:
                self._refuse(key, f"duplicate key {shown(name)}")
            seen.add(name)
            item, weight = self.build(each, depth)
            nodes += weight + 1
            if key.tag == _MERGE:
                self._merge(each, item, merged)
            else:
                entries[self._scalar(key)] = item
            self._steps.pop()
        return ({**merged, **entries} if merged else entries), nodes

    def _merge(self, node: Any, source: object, merged: dict[object, object]) -> None:
        """Add the entries of the mappings that a merge key names; the first mapping that has a key gives its value."""
        for each in source if isinstance(source, list) else [source]:
            if not isinstance(each, dict):
                self._refuse(node, f"expected a mapping to merge, or a list of them, got {shown(each)}")
            for key, item in each.items():
                merged.setdefault(key, item)

    def _refuse_tag(self, node: Any, what: str) -> NoReturn:
        self._refuse(node, f"the tag {node.tag} is not allowed on {what}")

    def _refuse(self, node: Any, message: str) -> NoReturn:
        path = ""
        for step in self._steps:
            path = f"{path}[{step}]" if isinstance(step, int) else joined(path, step)
        raise self._refusal(path, f"{_line(node.start_mark)}{message}")
