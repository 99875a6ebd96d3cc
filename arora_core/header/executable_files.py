"""Finding the executable that belongs to a header file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import LoadError

if TYPE_CHECKING:
    from .model import Header

NATIVE: Final = "native"

_LINUX: Final = (("lib", ".so"), ("", ".so"))
_MACOS: Final = (("lib", ".dylib"), ("", ".dylib"))
_WINDOWS: Final = (("", ".dll"), ("lib", ".dll"))


def candidates(header_path: str | PathLike[str], header: Header) -> list[Path]:
    """The files that could be the executable of ``header``, the likeliest first, whether they exist or not.

    All lie beside the header. They are named after the header file or the module, with ``-`` and ``_`` alike,
    and end in ``.wasm``, or for native modules in what libraries of this platform, then of others, end in.
    """
    path = Path(header_path)
    return _named(path.parent, (path.stem, header.name), header)


def find(header_path: str | PathLike[str], header: Header, executable: str | PathLike[str] | None = None) -> Path:
    """The path of the executable of ``header``.

    ``executable`` is a path, or a name to look for beside the header, with or without prefix and suffix.
    Raises LoadError listing what was looked for.
    """
    path = Path(header_path)
    if executable is None:
        looked_for = candidates(path, header)
    else:
        given = Path(fspath(executable))
        beside = path.parent / given
        # A name alone means the file beside the header, before one that happens to be where Python runs.
        looked_for = [beside, given] if given.name == str(given) else [given, beside]
        looked_for += _named(beside.parent, (given.name,), header)
    for candidate in looked_for:
        if candidate.is_file():
            return candidate
    names = ", ".join(dict.fromkeys(str(candidate) for candidate in looked_for))
    raise LoadError(f"found no executable, looked for {names}", module=header.name)


def _named(folder: Path, stems: Iterable[str], header: Header) -> list[Path]:
    affixes = _libraries(sys.platform) if header.executor.name == NATIVE else (("", ".wasm"),)
    names = (f"{prefix}{stem}{suffix}" for prefix, suffix in affixes for stem in _spellings(stems))
    return [folder / name for name in dict.fromkeys(names)]


def _spellings(stems: Iterable[str]) -> Iterator[str]:
    for stem in stems:
        # A name is the author's and may hold anything; one that leads out of the folder is none of ours.
        if stem and stem == Path(stem).name and "\\" not in stem:
            yield from (stem, stem.replace("-", "_"), stem.replace("_", "-"))


def _libraries(platform: str) -> tuple[tuple[str, str], ...]:
    if platform == "darwin":
        return _MACOS + _LINUX + _WINDOWS
    if platform in ("win32", "cygwin"):
        return _WINDOWS + _LINUX + _MACOS
    return _LINUX + _MACOS + _WINDOWS
