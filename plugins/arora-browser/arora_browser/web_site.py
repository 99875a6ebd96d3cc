"""The files of the page by their address. Nothing else is served."""

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
"""The header of the module that is shown by default."""

_MEDIA_TYPES: Final[Mapping[str, str]] = {
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
_RECORD_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


@dataclass(frozen=True)
class Resource:
    """The content of one address: bytes, or a file that is read for each request."""

    content: bytes | Path
    media_type: str

    def read(self) -> bytes:
        """Return the bytes. Raises OSError for a file that does not exist any more."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass
class Site:
    """The resources by address."""

    resources: dict[str, Resource] = field(default_factory=dict)

    def add(self, address: str, content: bytes | Path) -> None:
        """Put a file, or bytes, at an address, whose suffix determines the media type."""
        media_type = _MEDIA_TYPES.get(os.path.splitext(address)[1], "application/octet-stream")
        self.resources[address] = Resource(content, media_type)


def build_site(modules: Sequence[Path], pyodide: Path) -> Site:
    """Return the page with these modules, given by their header files, and the Pyodide in that directory.

    Raises HeaderError for an invalid header, and LoadError for one whose executable is not found.
    """
    site = Site()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file() and file.suffix in _MEDIA_TYPES:
            site.add(f"/{file.relative_to(STATIC).as_posix()}", file)
    site.resources["/"] = site.resources["/web/index.html"]
    for file in sorted(pyodide.iterdir()):
        if file.is_file():
            site.add(f"/pyodide/{file.name}", file)
    site.add("/arora.zip", bundle.archive())
    listed = [_add_module(site, number, path) for number, path in enumerate(modules or [EXAMPLE])]
    site.add("/modules.json", json.dumps({"modules": listed}).encode())
    return site


def _add_module(site: Site, number: int, path: Path) -> dict[str, object]:
    header = Header.load(path)
    executable = find(path, header)
    base = f"/modules/{number}"

    def put(file: Path, name: str) -> str:
        site.add(f"{base}/{name}", file)
        return quote(f"{base}/{name}")

    directory = path.parent / "records"
    files = sorted(each for each in directory.glob("*/*") if each.suffix in _RECORD_SUFFIXES)
    records = {name: put(file, f"records/{name}") for file in files if (name := f"{file.parent.name}/{file.name}")}
    return {
        "name": header.name,
        "header": put(path, path.name),
        "executable": put(executable, executable.name),
        "records": records,
    }
