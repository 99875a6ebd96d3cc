"""The imports of a generated Python file."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping

from .layout import WIDTH, Group, lines
from .names import IMPORTS


def imports(
    used: Collection[str], aliases: Mapping[str, str], stub: bool, origins: Mapping[str, str] = IMPORTS
) -> list[str]:
    """Return the lines that import the names used, sorted, and those of them that have an alias by that as well.

    ``origins`` are the modules that names are imported from.
    """
    by_module: dict[str, list[str]] = {}
    for name in used:
        if name in origins:
            by_module.setdefault(origins[name], []).append(name)
    found = [] if stub else ["from __future__ import annotations", ""]
    own_types = sorted(name for name in aliases if hasattr(builtins, name))
    if own_types:
        # Type checkers do not understand every assignment of a builtin type to a name.
        found += _statement("builtins", [f"{name} as {aliases[name]}" for name in own_types])
    own = [module for module in sorted(by_module) if module.startswith("arora_core")]
    for group in (sorted(by_module.keys() - set(own)), own):
        for module in group:
            names = sorted(by_module[module], key=lambda name: (not name.isupper(), not name[0].isupper(), name))
            found += _statement(module, names)
            found += [f"from {module} import {name} as {aliases[name]}" for name in names if name in aliases]
        if found and found[-1]:
            found.append("")
    return found[:-1]


def _statement(module: str, names: list[str]) -> list[str]:
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return [flat]
    return list(lines(Group(f"from {module} import (", tuple(names), ")", spread=True)))
