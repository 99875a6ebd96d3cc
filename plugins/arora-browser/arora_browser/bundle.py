"""The Python packages that run in a page, as one zip archive."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

_NEEDED: Final = {"arora-core": "arora_core", "arora-browser": "arora_browser", "pluggy": "pluggy", "PyYAML": "yaml"}
"""The package of each distribution. PyYAML works without its compiled part, which is left out."""

_SUFFIXES: Final = frozenset({".py", ".pyi", ".mjs"})
_METADATA: Final = ("METADATA", "entry_points.txt")


def archive() -> bytes:
    """Return a zip file to be unpacked into a page's ``site-packages``, with the metadata by which plugins are found.

    It holds the files that are imported here, also those of editable installs.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, package in _NEEDED.items():
            for file, name_in_archive in _files(package):
                zipped.write(file, name_in_archive)
            installed = distribution(name)
            directory = f"{package}-{installed.version}.dist-info"
            for part in _METADATA:
                zipped.writestr(f"{directory}/{part}", installed.read_text(part) or "")
    return buffer.getvalue()


def _files(package: str) -> Iterator[tuple[Path, str]]:
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec is not None else ():
        for file in sorted(Path(root).rglob("*")):
            if file.suffix in _SUFFIXES:
                yield file, f"{package}/{file.relative_to(root).as_posix()}"
