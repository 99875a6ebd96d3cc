"""JSON and YAML text to plain data, with every mistake in the text reported; duplicate keys are mistakes."""

from __future__ import annotations

import json

from ..errors import AroraError
from . import yaml_text
from .numerals import finite, integer
from .places import Refusal, joined, shown
from .yaml_text import MAX_DEPTH


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
        return yaml_text.parse(text, refusal)
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
            return yaml_text.parse(text, refusal)
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

    data = json.loads(text, object_pairs_hook=from_pairs, parse_int=integer, parse_float=finite)
    if repeating:
        path = _path_of(repeating[0], data, "") or ""
        raise refusal(joined(path, repeating[0].key), f"duplicate key {shown(repeating[0].key)}")
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deeper(data):
        raise refusal("", f"nested too deeply, more than {MAX_DEPTH} levels")
    return data


def _is_deeper(data: object) -> bool:
    """Return whether ``data`` has more than MAX_DEPTH levels of lists and mappings."""
    level: list[object] = [data]
    for _ in range(MAX_DEPTH + 1):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        level = [each for items in inner for each in items]
    return bool(level)


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
