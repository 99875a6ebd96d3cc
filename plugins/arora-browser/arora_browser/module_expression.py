"""A JavaScript module of this package as one expression, which a page can evaluate synchronously.

A page imports modules only asynchronously, but guests are loaded synchronously. So the module and all that it imports
are joined: each becomes a function that is called once and returns what the module exports.
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


def module_expression(name: str) -> str:
    """Return a JavaScript expression whose value is an object with the exports of the module ``name``.

    Raises ValueError for module syntax other than named imports and exports on lines of their own.
    """
    functions: dict[str, str] = {}
    _add_module(name, functions)
    # Dicts keep their order: a module's imports are added before it.
    body = "\n".join(f"modules[{json.dumps(each)}] = {function};" for each, function in functions.items())
    return f'(() => {{ "use strict"; const modules = {{}};\n{body}\nreturn modules[{json.dumps(name)}]; }})()'


def _add_module(name: str, functions: dict[str, str]) -> None:
    source = (files(__package__) / "static" / name).read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(source):
        if imported[2] not in functions:
            _add_module(imported[2], functions)
    functions[name] = _called_function(name, source)


def _called_function(name: str, source: str) -> str:
    exported = [each[1] for each in _EXPORTED.finditer(source)]
    for listed in _EXPORT_LIST.finditer(source):
        exported += [each.strip() for each in listed[1].split(",") if each.strip()]
    source = _EXPORT_LIST.sub("", _EXPORTED.sub("", source))
    source = _IMPORT.sub(lambda each: f"const {each[1]} = modules[{json.dumps(each[2])}];", source)
    left = _MODULE_SYNTAX.search(source)
    if left is not None:
        raise ValueError(f"{name}: cannot be part of an expression, because of {left[0]!r}")
    return f"(() => {{\n{source}\nreturn {{ {', '.join(exported)} }};\n}})()"
