"""No file imports another that imports it, by whatever way round: inside functions and type checks as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = sorted(path.parent for path in ROOT.glob("plugins/*/*/__init__.py"))


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by the name they are imported by. Templates are not imported."""
    named = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if "templates" not in parts:
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield which of the ``known`` modules this one imports."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                # What is not a module of its own is a name in the one it is imported from.
                found = f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in known else origin
                if found in known:
                    yield found


def circle(package: Path) -> list[str]:
    """Return the modules of one circle, from each to one that imports it; none where there is no circle."""
    known = modules(package)
    graph = {name: set(imported(name, path, known)) - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_has_no_import_circle(package: Path) -> None:
    assert len(modules(package)) > 1
    assert circle(package) == []


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
def test_a_circle_is_found_however_it_is_closed(tmp_path: Path, back: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("from .second import other")
    (package / "second.py").write_text("from package.third import other")
    (package / "third.py").write_text(back)
    assert set(circle(package)) == {"package.first", "package.second", "package.third"}
