"""This package's JavaScript modules, evaluated at once in the page that Python runs in.

A page imports modules only asynchronously, and loading a guest is synchronous. So the modules' sources are joined
into one expression, each as a function that runs once and answers what its module exports.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Final

_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([\w.]+)";$', re.MULTILINE)
_EXPORTED: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\*? (\w+))", re.MULTILINE)
_EXPORT_LIST: Final = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
_MODULE_SYNTAX: Final = re.compile(r"^\s*(?:import|export)\b.*", re.MULTILINE)


def joined(name: str) -> str:
    """A JavaScript expression whose value holds what the module ``name`` exports, with all that it imports inside."""
    scopes: dict[str, str] = {}
    _collect(name, scopes)
    # Where one module imports another, that one stands before it.
    body = "\n".join(f"modules[{json.dumps(each)}] = {scope};" for each, scope in scopes.items())
    return f'(() => {{ "use strict"; const modules = {{}};\n{body}\nreturn modules[{json.dumps(name)}]; }})()'


def _collect(name: str, scopes: dict[str, str]) -> None:
    source = (files(__package__) / "static" / name).read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(source):
        if imported[2] not in scopes:
            _collect(imported[2], scopes)
    scopes[name] = _scope(name, source)


def _scope(name: str, source: str) -> str:
    exported = [each[1] for each in _EXPORTED.finditer(source)]
    for listed in _EXPORT_LIST.finditer(source):
        exported += [each.strip() for each in listed[1].split(",") if each.strip()]
    source = _EXPORT_LIST.sub("", _EXPORTED.sub("", source))
    source = _IMPORT.sub(lambda each: f"const {each[1]} = modules[{json.dumps(each[2])}];", source)
    left = _MODULE_SYNTAX.search(source)
    if left is not None:
        raise ValueError(f"{name}: cannot be evaluated at once, because of {left[0]!r}")
    return f"(() => {{\n{source}\nreturn {{ {', '.join(exported)} }};\n}})()"
