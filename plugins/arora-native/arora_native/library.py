"""A shared library that is loaded from a private copy, and unloaded on close."""

from __future__ import annotations

import _ctypes
import ctypes
import sys
from pathlib import Path
from typing import Any, Final

from arora_core.errors import MalformedExecutable, MissingExport

from .address_space import store
from .floating_point import unchanged
from .formats import check_loadable
from .opening import Opened, open_privately
from .running_code import file_at, regions, user_of


class Library:
    """A private copy of the library ``executable``. Raises a LoadError if it cannot be loaded.

    The copy separates the globals of two instances: for a path it has loaded, a loader returns the same library.
    ``path`` is where it was read from, None if unknown: libraries may look for others beside it.
    """

    def __init__(self, executable: bytes, path: Path | None = None, *, opened: Opened | None = None) -> None:
        """``opened`` is a library that has been loaded already."""
        if opened is None:
            check_loadable(executable)
            opened = open_privately(executable, path)
        self._opened: Opened | None = opened
        self._code: list[tuple[int, int]] | None = None

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has done its work."""
        return self._opened is None

    def function(self, symbol: str, result: Any, what: str = "", *, quick: bool = False) -> Any:
        """Return the exported function, which takes ctypes objects. Raise MissingExport if there is none.

        A call of it releases the GIL, unless it is ``quick``. ``what`` is appended to the error message.
        """
        library = self._open()
        try:
            # Indexing, unlike attribute access, does not cache the function on the library.
            function = (ctypes.PyDLL(None, handle=library._handle) if quick else library)[symbol]
        except (AttributeError, UnicodeDecodeError):
            # ctypes decodes the loader's message, which names the file, as UTF-8.
            raise MissingExport(f"does not export {symbol}{what}", symbol=symbol) from None
        if not self._is_code(ctypes.cast(function, ctypes.c_void_p).value):
            raise MissingExport(f"{symbol}{what} is data, expected a function", symbol=symbol)
        function.restype = result
        return function

    def optional_function(self, symbol: str, result: Any) -> Any:
        """Return the exported function, as :meth:`function`; None if it does not exist."""
        try:
            return self.function(symbol, result)
        except MissingExport:
            return None

    def set_pointer(self, symbol: str, function: object) -> None:
        """Store a callback in the exported variable, if the library has it.

        Raise MalformedExecutable if the variable is constant.
        """
        try:
            variable = ctypes.c_void_p.in_dll(self._open(), symbol)
        except ValueError:
            return
        pointer = ctypes.cast(function, ctypes.c_void_p)  # type: ignore[arg-type]
        if not store(ctypes.addressof(variable), bytes(pointer)):
            raise MalformedExecutable(
                f"exports {symbol} in read-only memory; the host has to be able to set it: declare it without const in "
                "C, as an AtomicPtr or a static mut in Rust"
            )

    def close(self) -> str | None:
        """Unload the library; none of its functions may be called afterwards. Idempotent.

        Where code of the library may still run, it stays loaded. Returns why.
        """
        if self._opened is None:
            return None
        address = _address(self._opened.library)
        file, user = file_at(address), user_of(address)
        # Forgotten before it is unloaded: a signal's handler may raise in between, or close it meanwhile.
        opened, self._opened = self._opened, None
        if opened is None:
            return None
        if user is not None:
            return f"{user} may still run its code"
        # Not by `_ctypes.dlclose`, which holds the GIL: the library may end a thread that waits for it.
        if sys.platform == "win32":
            _ctypes.FreeLibrary(opened.library._handle)
        else:
            with unchanged():
                ctypes.CDLL(None).dlclose(ctypes.c_void_p(opened.library._handle))
        opened.delete()
        return _BY_THE_LOADER if file is not None and file_at(address) == file else None

    def _is_code(self, address: int | None) -> bool:
        """Return whether there is code at an address, True where the system does not tell."""
        if self._code is None:
            self._code = [(each.start, each.end) for each in regions() if "x" in each.permissions]
        return not self._code or any(start <= (address or 0) < end for start, end in self._code)

    def _open(self) -> ctypes.CDLL:
        assert self._opened is not None
        return self._opened.library


_BY_THE_LOADER: Final = "it is linked so (-z nodelete), or a thread has to destroy variables of its own at its end"


def _address(library: ctypes.CDLL) -> int:
    """Return an address inside a library, 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    # The handle is a struct link_map (link.h), whose third word is the address of the dynamic section.
    return ctypes.c_size_t.from_address(library._handle + 2 * ctypes.sizeof(ctypes.c_size_t)).value
