"""The rooms of ``arora_core`` import from the rooms above them, never from those below."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import arora_core

CORE: Final = Path(str(arora_core.__file__)).parent

ORDER: Final = (
    ("errors", "lock", "mailbox", "user_cache", "version"),
    ("documents",),
    ("values",),
    ("types", "records"),
    ("header",),
    ("codec",),
    ("buffers",),
    ("limits", "budget"),
    (
        "raw_entry",
        "rows",
        "limits",
        "executor",
        "generator",
        "hookspecs",
        "plugin_code",
        "installed_plugins",
        "installed_executor",
        "plugins",
        "calls",
        "text",
    ),
    ("binding",),
    ("compiled",),
    ("columns",),
    ("wasm", "linear_memory", "guest_symbols", "wasi", "wasm_types", "stack_pointer", "fixed_tables"),
    ("runtime", "engine", "client"),
    ("guest",),
    ("conformance",),
    ("authoring",),
    ("cli",),
    ("__main__",),
)
"""Rooms from the top down. Rooms of one line stand beside each other and may import each other, file by file.

``documents`` is above ``values`` because values as text and record files are read with it, and the contract ``codec``
above ``buffers``, which has the default codec. The files that only re-export stand beside what they re-export.
"""

LEVEL: Final = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
SOURCES: Final = [
    path
    for path in sorted(CORE.rglob("*.py"))
    if path != CORE / "__init__.py" and "templates" not in path.relative_to(CORE).parts
]


def room_of(path: Path) -> str:
    """Return the room that a source file stands in."""
    return path.relative_to(CORE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the room of every import from ``arora_core``, inside functions and type checks as well."""
    package = ("arora_core", *path.relative_to(CORE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            origins = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module or "").split(".")) if node.module else base
            origins = [(*module, alias.name) for alias in node.names]
        else:
            continue
        for origin in origins:
            if origin[0] == "arora_core" and len(origin) > 1 and origin[1] in LEVEL:
                yield node.lineno, origin[1]


def test_every_file_stands_in_a_room_of_the_list() -> None:
    assert {room_of(path) for path in SOURCES} <= LEVEL.keys()
    assert {room for room in LEVEL if not (CORE / room).is_dir() and not (CORE / f"{room}.py").is_file()} == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_file_imports_from_its_own_room_and_those_above(path: Path) -> None:
    own = LEVEL[room_of(path)]
    against = [f"line {line} imports {room}" for line, room in imported_rooms(path) if LEVEL[room] > own]
    assert not against
