"""JSON and YAML text to plain data, with every mistake in the text reported.

YAML is read by the rules of YAML 1.2 (its core schema), as other languages do, where PyYAML by itself follows 1.1:
``on``, ``no``, ``012`` and dates are text here, and ``1e3`` is a number. Duplicate keys are errors.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from ..errors import AroraError
from .places import Refusal, joined

_MAX_NODES = 1_000_000
"""The most nodes a YAML document may have once its aliases are expanded: a few lines can expand to gigabytes."""

_YAML = "tag:yaml.org,2002:"
_YAML_SCALARS = [
    (_YAML + kind, re.compile(rf"(?:{pattern})\Z"))
    for kind, pattern in (
        ("merge", r"<<"),
        ("null", r"~|null|Null|NULL|"),
        ("bool", r"true|True|TRUE|false|False|FALSE"),
        ("int", r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"),
        ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    )
]
_YAML_TAGS = {tag for tag, _ in _YAML_SCALARS} | {_YAML + kind for kind in ("str", "map", "seq")}


def read_file(path: str | os.PathLike[str], refusal: Refusal) -> object:
    """Return the plain data in a JSON or YAML file. Raises the error that ``refusal`` makes, also for I/O errors."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise refusal("", f"cannot be read: {error.strerror or error}") from error
    return parse(raw, refusal)


def parse(text: str | bytes, refusal: Refusal) -> object:
    """Return the plain data written in ``text``: JSON where it starts with a brace and is valid JSON, else YAML."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise refusal("", f"not UTF-8 text: {error.reason} at byte {error.start}") from None
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip()[:1] == "{":
            return _json_or_flow_yaml(text, refusal)
        return _yaml(text, refusal)
    except RecursionError:
        raise refusal("", "nested too deeply") from None


# --- JSON ----------------------------------------------------------------------------------------


class _Repeating(dict[str, object]):
    """A JSON object that has ``key`` twice."""

    key = ""


def _json_or_flow_yaml(text: str, refusal: Refusal) -> object:
    try:
        return _json(text, refusal)
    except json.JSONDecodeError as error:
        # {id: ...} without quotes is YAML. If it is neither, a brace at the start means JSON was meant.
        try:
            return _yaml(text, refusal)
        except AroraError as yaml_error:
            if getattr(yaml_error, "path", ""):
                raise  # It is YAML, with a mistake somewhere in it.
            raise refusal("", f"line {error.lineno}, column {error.colno}: invalid JSON: {error.msg}") from None
    except ValueError as error:
        raise refusal("", f"invalid JSON: {error}") from None


def _json(text: str, refusal: Refusal) -> object:
    repeating: list[_Repeating] = []

    def from_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        repeated = _Repeating(made)
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                repeated.key = key
                break
            seen.add(key)
        repeating.append(repeated)
        return repeated

    data = json.loads(text, object_pairs_hook=from_pairs)
    if repeating:
        path = _path_of(repeating[0], data, "") or ""
        raise refusal(joined(path, repeating[0].key), f"duplicate key {repeating[0].key!r}")
    return data


def _path_of(wanted: object, data: object, path: str) -> str | None:
    if data is wanted:
        return path
    children: list[tuple[str, object]] = []
    if isinstance(data, dict):
        children = [(joined(path, key), item) for key, item in data.items()]
    elif isinstance(data, list):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(data)]
    found = (_path_of(wanted, item, place) for place, item in children)
    return next((place for place in found if place is not None), None)


# --- YAML ----------------------------------------------------------------------------------------


def _yaml(text: str, refusal: Refusal) -> object:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise refusal("", "YAML needs PyYAML, which is not installed; JSON needs nothing") from None
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        loader.yaml_implicit_resolvers = {None: _YAML_SCALARS}
        node = loader.get_single_node()
        if node is None:
            return None
        _NodeCheck(yaml, refusal).weigh(node, "")
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        place = _line(error.problem_mark or error.context_mark)
        raise refusal("", f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise refusal("", str(error).replace("\n", " ")) from None
    except (ValueError, LookupError) as error:
        # A scalar that contradicts its explicit tag, such as `!!int x`.
        raise refusal("", f"invalid value for its tag: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""


class _NodeCheck:
    """Rejects constructs that PyYAML would accept, before any object is constructed from a YAML document."""

    def __init__(self, yaml: Any, refusal: Refusal) -> None:
        self._yaml = yaml
        self._refusal = refusal
        self._weights: dict[int, int] = {}

    def weigh(self, node: Any, path: str) -> int:
        """Return the number of nodes in ``node`` once its aliases are expanded."""
        weight = self._weights.get(id(node))
        if weight is None:
            self._weights[id(node)] = 0
            weight = self._weights[id(node)] = 1 + self._weigh_children(node, path)
        elif weight == 0:
            raise self._refused(node, path, "an alias refers to a node that contains it")
        if weight > _MAX_NODES:
            raise self._refused(node, path, f"aliases expand to more than {_MAX_NODES:,} nodes")
        return weight

    def _weigh_children(self, node: Any, path: str) -> int:
        if node.tag not in _YAML_TAGS:
            raise self._refused(node, path, f"the tag {node.tag} is not allowed")
        if isinstance(node, self._yaml.SequenceNode):
            return sum(self.weigh(item, f"{path}[{index}]") for index, item in enumerate(node.value))
        if not isinstance(node, self._yaml.MappingNode):
            return 0
        total = 0
        seen: set[str] = set()
        for key, item in node.value:
            name = key.value if isinstance(key, self._yaml.ScalarNode) else ""
            place = joined(path, name)
            if isinstance(key, self._yaml.ScalarNode):
                if name in seen:
                    raise self._refused(key, place, f"duplicate key {name!r}")
                seen.add(name)
            total += self.weigh(key, path) + self.weigh(item, place)
        return total

    def _refused(self, node: Any, path: str, message: str) -> Exception:
        return self._refusal(path, f"{_line(node.start_mark)}{message}")
