"""Sets the version of all distributions, everywhere it is written: ``python releasing/set_version.py 0.2.0``.

All take theirs from ``arora_core/__init__.py``. What cannot is set as well: the ranges by which they require one
another, those in the plugins that ``arora new`` writes and the documentation shows, and the crate of arora-libwasmer.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = "arora_core/__init__.py"
CRATE: Final = "plugins/arora-libwasmer/native"
RANGES: Final = (
    "plugins/*/pyproject.toml",
    "arora_core/cli/templates/*/pyproject.toml",
    "docs/writing-a*.md",
)
"""The files that may require our own distributions."""
REQUIREMENT: Final = re.compile(r'(?<=")(arora-(?:core|libwasmer)(?:\[\w+\])?)>=[^"]+(?=")')


def accepted(version: str) -> str:
    """Return the range of versions that go with a version: before 1.0 its second number is the one that breaks."""
    major, minor, _ = map(int, version.split("."))
    return f">={major}.{minor},<{f'0.{minor + 1}' if major == 0 else major + 1}"


def texts(version: str, root: Path = ROOT) -> dict[Path, str]:
    """Return the text that each file with the version has to have. Raises ValueError where the version has no place."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"expected a version such as 1.2.3, got {version!r}")
    in_lock = r'(?<=name = "arora-libwasmer"\nversion = ")[^"]+'
    found = {
        root / SOURCE: _set(root / SOURCE, r'(?<=^__version__ = ")[^"]+', version),
        root / CRATE / "Cargo.toml": _set(root / CRATE / "Cargo.toml", r'(?<=^version = ")[^"]+', version),
        root / CRATE / "Cargo.lock": _set(root / CRATE / "Cargo.lock", in_lock, version),
    }
    for path in (path for pattern in RANGES for path in sorted(root.glob(pattern))):
        found[path] = REQUIREMENT.sub(rf"\1{accepted(version)}", path.read_text(encoding="utf-8"))
    return found


def _set(path: Path, pattern: str, version: str) -> str:
    text, count = re.subn(pattern, version, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{path} has {count} places for the version, not one")
    return text


def main() -> None:
    """Set the version that the command line gives, and print the files that change."""
    if len(sys.argv) != 2:
        sys.exit("usage: python releasing/set_version.py 1.2.3")
    for path, text in texts(sys.argv[1]).items():
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
