"""Finding the executable that belongs to a header file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import LoadError

if TYPE_CHECKING:
    from .model import Header

NATIVE: Final = "native"
_LONGEST_NAME: Final = 255

_LINUX: Final = (("lib", ".so"), ("", ".so"))
_MACOS: Final = (("lib", ".dylib"), ("", ".dylib"))
_WINDOWS: Final = (("", ".dll"), ("lib", ".dll"))


def candidates(header_path: str | PathLike[str], header: Header, suffixes: Iterable[str] = ()) -> list[Path]:
    """Return the paths at which the executable of ``header`` may be, likeliest first, whether they exist or not.

    All are beside the header, named after the header file or the module, with ``-`` and ``_`` interchangeable. The
    suffix is one of ``suffixes``, then ``.wasm`` or, for native modules, that of libraries: of this platform first,
    then of others.
    """
    path = Path(header_path)
    return _named(path.parent, (path.stem, header.name), header, suffixes)


def find(
    header_path: str | PathLike[str],
    header: Header,
    executable: str | PathLike[str] | None = None,
    suffixes: Iterable[str] = (),
) -> Path:
    """Return the path of the executable of ``header``.

    ``executable`` is a path, or a name to look for beside the header, with or without library prefix and suffix.
    ``suffixes`` are those that executors of the header declare.
    Raises LoadError, whose message lists the paths tried.
    """
    path = Path(header_path)
    if executable is None:
        looked_for = candidates(path, header, suffixes)
    else:
        named = Path(fspath(executable))
        beside_header = path.parent / named
        # A bare name means the file beside the header, rather than one in the current directory.
        looked_for = [beside_header, named] if named.name == str(named) else [named, beside_header]
        looked_for += _named(beside_header.parent, (named.name,), header, suffixes)
    for candidate in looked_for:
        # Path.is_file raises for a name that is too long.
        if os.path.isfile(candidate):
            return candidate
    names = ", ".join(dict.fromkeys(str(candidate) for candidate in looked_for))
    message = f"found no executable, looked for {names}; arora build makes one where the sources are"
    raise LoadError(message, module=header.name)


def read(path: Path, header: Header) -> bytes:
    """Return the content of an executable of ``header``. Raises LoadError where it cannot be read."""
    try:
        return path.read_bytes()
    except MemoryError:
        message = f"not enough memory to read the {path.stat().st_size} bytes of {path}"
        raise LoadError(message, module=header.name) from None
    except OSError as error:
        raise LoadError(f"{path}: cannot be read: {error.strerror}", module=header.name) from error


def _named(folder: Path, stems: Iterable[str], header: Header, suffixes: Iterable[str]) -> list[Path]:
    usual = _libraries(sys.platform) if header.executor.name == NATIVE else (("", ".wasm"),)
    affixes = (*(("", suffix) for suffix in suffixes), *usual)
    names = (f"{prefix}{stem}{suffix}" for prefix, suffix in affixes for stem in _spellings(stems))
    return [folder / name for name in dict.fromkeys(names)]


def _spellings(stems: Iterable[str]) -> Iterator[str]:
    for stem in stems:
        # The author chooses the name: skip one that leads out of the folder, or that no file can have.
        if 0 < len(stem) <= _LONGEST_NAME and stem == Path(stem).name and "\\" not in stem:
            yield from (stem, stem.replace("-", "_"), stem.replace("_", "-"))


def _libraries(platform: str) -> tuple[tuple[str, str], ...]:
    if platform == "darwin":
        return _MACOS + _LINUX + _WINDOWS
    if platform in ("win32", "cygwin"):
        return _WINDOWS + _LINUX + _MACOS
    return _LINUX + _MACOS + _WINDOWS
