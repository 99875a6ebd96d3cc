"""How this package's JavaScript modules import one another."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

from arora_browser.web_site import STATIC

IMPORT = re.compile(r'^(?:import|export) [^"]*from "(\.[^"]+)";$', re.MULTILINE)


def imported(module: Path) -> list[Path]:
    return [(module.parent / each).resolve() for each in IMPORT.findall(module.read_text())]


def test_no_modules_import_one_another_in_a_circle() -> None:
    modules = {module: imported(module) for module in STATIC.resolve().rglob("*.mjs")}
    order = list(TopologicalSorter(modules).static_order())
    assert set(order) == set(modules)
