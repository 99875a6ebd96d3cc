"""A shared library that is loaded from a private copy, and unloaded on close."""

from __future__ import annotations

import _ctypes
import ctypes
import os
import sys
import tempfile
from contextlib import suppress
from typing import Any, Final

from arora_core.errors import MalformedExecutable, MissingExport

from .formats import check_loadable

_SUFFIX: Final = {"win32": ".dll", "cygwin": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
# Windows locks the file of a loaded library. Other systems keep its contents after it has been deleted.
_DELETABLE_WHILE_LOADED: Final = sys.platform not in ("win32", "cygwin")


class Library:
    """A private copy of the library ``executable``. Raises MalformedExecutable if it cannot be loaded.

    The copy separates the globals of two instances: for a path it has loaded, a loader returns the same library.
    """

    def __init__(self, executable: bytes) -> None:
        check_loadable(executable)
        self._path = _written(executable)
        self._library: ctypes.CDLL | None = None
        try:
            self._library = ctypes.CDLL(self._path, mode=getattr(os, "RTLD_NOW", 0) | getattr(os, "RTLD_LOCAL", 0))
        except OSError as error:
            raise MalformedExecutable(_reason(error, self._path)) from None
        finally:
            if _DELETABLE_WHILE_LOADED or self._library is None:
                self._delete()

    def function(self, symbol: str, result: Any, what: str = "", *, quick: bool = False) -> Any:
        """Return the exported function, which takes ctypes objects. Raise MissingExport if it does not exist.

        A call of it releases the GIL, unless it is ``quick``. ``what`` is appended to the error message.
        """
        library = self._open()
        try:
            # Indexing, unlike attribute access, does not cache the function on the library.
            function = (ctypes.PyDLL(None, handle=library._handle) if quick else library)[symbol]
        except AttributeError:
            raise MissingExport(f"does not export {symbol}{what}", symbol=symbol) from None
        function.restype = result
        return function

    def set_pointer(self, symbol: str, function: object) -> None:
        """Store a callback in the exported variable, if the library has it."""
        with suppress(ValueError):
            variable = ctypes.c_void_p.in_dll(self._open(), symbol)
            variable.value = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]

    def close(self) -> None:
        """Unload the library; none of its functions may be called afterwards. Idempotent."""
        library, self._library = self._library, None
        if library is None:
            return
        if sys.platform == "win32":
            _ctypes.FreeLibrary(library._handle)
        else:
            _ctypes.dlclose(library._handle)
        if not _DELETABLE_WHILE_LOADED:
            self._delete()

    def _open(self) -> ctypes.CDLL:
        assert self._library is not None
        return self._library

    def _delete(self) -> None:
        with suppress(OSError):
            os.unlink(self._path)


def _written(executable: bytes) -> str:
    handle, path = tempfile.mkstemp(prefix="arora-", suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(executable)
    except BaseException:
        os.unlink(path)
        raise
    return path


def _reason(error: OSError, path: str) -> str:
    return str(error).replace(f"{path}: ", "").replace(path, "the library")
