"""Opening a library from a private copy, and saying what stood in the way.

The copy is a temporary file. Where that cannot be written, or code cannot be mapped from it (a directory mounted
``noexec``), Linux offers a file in memory.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from arora_core.errors import LoadError, MalformedExecutable

from .floating_point import unchanged
from .private_copy import private_copy, uses_origin

_SUFFIX: Final = {"win32": ".dll", "cygwin": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
# Windows locks the file of a loaded library. Other systems keep its contents after it has been deleted.
_DELETABLE_WHILE_LOADED: Final = sys.platform not in ("win32", "cygwin")
OUR_FILES: Final = "arora-"
"""How the names of copies begin."""
_MODE: Final = getattr(os, "RTLD_NOW", 0) | getattr(os, "RTLD_LOCAL", 0)
_OPEN_OWN: Final = partial(os.open, mode=0o600)
_IN_MEMORY: Final = count(1)


class Opened:
    """A loaded library, and the file that has to be deleted once it is unloaded, if any."""

    def __init__(self, library: ctypes.CDLL, left: str | None) -> None:
        self.library = library
        self._left = left

    def delete(self) -> None:
        """Delete the file of the library, which has been unloaded."""
        if self._left is not None:
            with suppress(OSError):
                os.unlink(self._left)


def open_privately(executable: bytes, path: Path | None) -> Opened:
    """Load a copy of the library ``executable``, which was read from ``path`` if that is not None.

    Raises MalformedExecutable where the library is at fault, otherwise LoadError.
    """
    try:
        copy = private_copy(executable, path)
        refusals = []
        for place in _places(path):
            file = ""
            try:
                with place(copy) as file, _neighbours(path):
                    _require_executable(file)
                    library = _open(file)
                return Opened(library, None if _DELETABLE_WHILE_LOADED else file)
            except _PlaceRefused as refused:
                refusals.append(str(refused))
            except _NotLoaded:
                raise
            except BaseException:
                # A signal's handler raised it, perhaps after the loader had returned and before that was assigned.
                _unload(file)
                raise
    except MemoryError:
        raise LoadError(f"not enough memory for a copy of the library of {len(executable)} bytes") from None
    except _NotLoaded as failed:
        raise failed.error(executable, path) from None
    raise LoadError(f"no place to load the library from: {'; '.join(refusals)}")


def open_file(file: str) -> Opened:
    """Load the library in a file that is a copy already. Raises as :func:`open_privately`."""
    try:
        return Opened(_open(file), None)
    except _NotLoaded as failed:
        raise failed.error(b"", None) from None


class _PlaceRefused(Exception):
    """A copy cannot be written to a place, or not be loaded from there."""


class _NotLoaded(Exception):
    """The loader's reason, without the path of the copy."""

    def error(self, executable: bytes, path: Path | None) -> LoadError:
        """Return the error that says whose fault it is."""
        reason = str(self)
        if "static TLS" in reason:
            return LoadError(f"{_NO_STATIC_TLS}: {reason}")
        if _ends_with(reason, errno.ENOMEM) or any(part in reason for part in _NO_ADDRESS_SPACE):
            return LoadError(f"not enough memory or address space to load the library: {reason}")
        if _ends_with(reason, errno.EMFILE, errno.ENFILE):
            return LoadError(f"the library could not be opened: {reason}")
        if _ends_with(reason, errno.ENOENT):
            advice = "" if path is not None or not uses_origin(executable) else f"; {_LOAD_BY_PATH}"
            return LoadError(f"a library that it needs was not found: {reason}{advice}")
        return MalformedExecutable(reason)


_NO_STATIC_TLS: Final = (
    "the C library's room for thread-local variables of libraries that are loaded late (static TLS) is used up: "
    "compile the library with -ftls-model=global-dynamic, or set a larger glibc.rtld.optional_static_tls in the "
    "environment variable GLIBC_TUNABLES"
)
_NO_ADDRESS_SPACE: Final = ("failed to map segment", "cannot map zero-fill pages", "cannot allocate", "out of memory")
"""What glibc's loader says without the system's own error."""
_LOAD_BY_PATH: Final = (
    "it is looked for relative to the library ($ORIGIN), whose path is known only where the module is loaded by path"
)


def _open(file: str) -> ctypes.CDLL:
    with unchanged():
        try:
            library = ctypes.CDLL(file) if sys.platform == "win32" else _dlopen(file)
        except OSError as error:
            reason = str(error)
        else:
            return library
    raise _NotLoaded(reason.replace(f"{file}: ", "").replace(file, "the library"))


def _dlopen(file: str) -> ctypes.CDLL:
    """Load a library. Raise OSError with the loader's reason, of which ctypes reads only what is UTF-8."""
    loader = ctypes.CDLL(None)
    loader.dlopen.restype, loader.dlerror.restype = ctypes.c_void_p, ctypes.c_char_p
    handle: int | None = loader.dlopen(os.fsencode(file), _MODE)
    if handle is None:
        raise OSError((loader.dlerror() or b"").decode(errors="backslashreplace"))
    return ctypes.CDLL(file, handle=handle)


def _unload(file: str) -> None:
    """Unload the library of a file, which has been loaded at most once."""
    no_load: int | None = getattr(os, "RTLD_NOLOAD", None)
    if not file or no_load is None:
        return
    loader = ctypes.CDLL(None)
    loader.dlopen.restype = ctypes.c_void_p
    handle = loader.dlopen(os.fsencode(file), _MODE | no_load)
    if handle is not None:
        with unchanged():
            # Once for this look, and once for the library.
            loader.dlclose(ctypes.c_void_p(handle))
            loader.dlclose(ctypes.c_void_p(handle))


def _require_executable(file: str) -> None:
    """Raise _PlaceRefused if code cannot be mapped from a file, which the loader does not tell from other failures."""
    if sys.platform == "win32":
        return
    with open(file, "rb") as opened:
        try:
            mmap.mmap(opened.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()
        except OSError as error:
            if error.errno == errno.ENOMEM:
                raise _NotLoaded(str(error.strerror)) from None
            noexec = os.statvfs(file).f_flag & getattr(os, "ST_NOEXEC", 0)
            why = "mounted noexec" if noexec else error.strerror
            raise _PlaceRefused(f"code cannot be loaded from {os.path.dirname(file)}: {why}") from None


def _ends_with(reason: str, *numbers: int) -> bool:
    # The C library translates its messages, so only the error's own text can be relied on.
    return reason.endswith(tuple(os.strerror(number) for number in numbers))


def _places(path: Path | None) -> Iterator[Callable[[bytes], AbstractContextManager[str]]]:
    if sys.platform == "darwin" and path is not None:
        # @loader_path, by which libraries on macOS find their neighbours. Untested.
        directory = str(path.absolute().parent)
        yield lambda copy: _temporary_file(copy, directory)
    yield _temporary_file
    if hasattr(os, "memfd_create"):
        yield memory_file


@contextmanager
def _temporary_file(copy: bytes, directory: str | None = None) -> Iterator[str]:
    """Provide the path of a file with this content. It is deleted if that is possible while it is loaded."""
    try:
        directory = directory or tempfile.gettempdir()
    except OSError as error:
        raise _PlaceRefused(f"no directory for temporary files: {error.strerror}") from None
    # Its name is known before it exists: at any later moment a signal's handler may raise an exception.
    path = os.path.join(directory, f"{OUR_FILES}{secrets.token_hex(8)}{_SUFFIX}")
    keep = False
    try:
        try:
            file = open(path, "xb", opener=_OPEN_OWN)  # noqa: SIM115, the next statement closes it
        except OSError as error:
            raise _PlaceRefused(f"no temporary file in {directory}: {error.strerror}") from None
        try:
            with file:
                file.write(copy)
        except OSError as error:
            raise _PlaceRefused(f"{len(copy)} bytes cannot be written to {directory}: {error.strerror}") from None
        yield path
        keep = not _DELETABLE_WHILE_LOADED
    finally:
        if not keep:
            try:  # noqa: SIM105, nor may one come between this and the end of the deletion
                os.unlink(path)
            except OSError:
                pass


@contextmanager
def memory_file(copy: bytes) -> Iterator[str]:
    """Provide the path of a file in memory with this content."""
    try:
        handle = os.memfd_create(f"{OUR_FILES}library")
    except OSError as error:
        raise _PlaceRefused(f"no file in memory: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(copy)
            file.flush()
        except OSError as error:
            raise _PlaceRefused(f"{len(copy)} bytes cannot be written to memory: {error.strerror}") from None
        # A loader takes a path that it has seen for the library that it has loaded. The numbers of files are used
        # again, so the path spells a number of its own in slashes.
        spelled = "".join("./" if bit == "1" else "/" for bit in f"{next(_IN_MEMORY):b}")
        yield f"/proc/self/fd/{spelled}{handle}"


def _neighbours(path: Path | None) -> AbstractContextManager[object]:
    """Let Windows look for other libraries in the directory of the original. Untested."""
    if sys.platform == "win32" and path is not None:
        return os.add_dll_directory(str(path.absolute().parent))
    return nullcontext()
