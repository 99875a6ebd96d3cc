"""Packages have no import cycles, including imports inside functions and under TYPE_CHECKING."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = [ROOT / "arora_core", *sorted(path.parent for path in ROOT.glob("plugins/*/*/__init__.py"))]


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by module name, without templates."""
    named = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if "templates" not in parts:
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the names of the ``known`` modules that this one imports."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                # A name that is not a module is an attribute of ``origin``.
                found = f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in known else origin
                if found in known:
                    yield found


def cycle(package: Path) -> list[str]:
    """Return the modules of an import cycle, each before one that imports it; empty if there is none."""
    known = modules(package)
    graph = {name: set(imported(name, path, known)) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_has_no_import_cycle(package: Path) -> None:
    assert modules(package)
    assert cycle(package) == []


@pytest.mark.parametrize(
    "back",
    [
        "from .first import name",
        "from . import first",
        "from package import first",
        "import package.first",
        "def late():\n    from .first import name",
        "if TYPE_CHECKING:\n    from .first import name",
    ],
)
def test_every_form_of_import_that_closes_a_cycle_is_found(tmp_path: Path, back: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("from .second import other")
    (package / "second.py").write_text("from package.third import other")
    (package / "third.py").write_text(back)
    assert set(cycle(package)) == {"package.first", "package.second", "package.third"}
