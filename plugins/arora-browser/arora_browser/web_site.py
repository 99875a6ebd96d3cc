"""What the page is made of: every address it may ask for, and what is there. Nothing else is served."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from arora_core.header import Header
from arora_core.header.executable_files import find

from . import bundle

STATIC: Final = Path(__file__).parent / "static"
EXAMPLE: Final = STATIC / "web" / "ur5" / "module.yaml"
"""The module shown when none is asked for."""

_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
    ".yaml": "text/yaml; charset=utf-8",
    ".yml": "text/yaml; charset=utf-8",
}
_RECORDS: Final = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True)
class Resource:
    """What is at one address: bytes, or a file to be read when it is asked for."""

    content: bytes | Path
    media_type: str

    def read(self) -> bytes:
        """The bytes. Raises OSError for a file that is gone."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass
class Site:
    """The resources by address."""

    resources: dict[str, Resource] = field(default_factory=dict)

    def add(self, address: str, content: bytes | Path) -> None:
        """Puts a file, or bytes, at an address; its ending says of what kind they are."""
        media_type = _TYPES.get(os.path.splitext(address)[1], "application/octet-stream")
        self.resources[address] = Resource(content, media_type)


def site(modules: Sequence[Path], pyodide: Path) -> Site:
    """The page with these modules, given by their header files, on this Pyodide.

    Raises HeaderError and LoadError for a module that is none.
    """
    made = Site()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file() and file.suffix in _TYPES:
            made.add(f"/{file.relative_to(STATIC).as_posix()}", file)
    made.resources["/"] = made.resources["/web/index.html"]
    for file in sorted(pyodide.iterdir()):
        if file.is_file():
            made.add(f"/pyodide/{file.name}", file)
    made.add("/arora.zip", bundle.archive())
    listed = [_add_module(made, number, path) for number, path in enumerate(modules or [EXAMPLE])]
    made.add("/modules.json", json.dumps({"modules": listed}).encode())
    return made


def _add_module(made: Site, number: int, path: Path) -> dict[str, object]:
    header = Header.load(path)
    executable = find(path, header)
    base = f"/modules/{number}"

    def put(file: Path, name: str) -> str:
        made.add(f"{base}/{name}", file)
        return quote(f"{base}/{name}")

    directory = path.parent / "records"
    files = sorted(each for each in directory.glob("*/*") if each.suffix in _RECORDS)
    records = {name: put(file, f"records/{name}") for file in files if (name := f"{file.parent.name}/{file.name}")}
    return {
        "name": header.name,
        "header": put(path, path.name),
        "executable": put(executable, executable.name),
        "records": records,
    }
