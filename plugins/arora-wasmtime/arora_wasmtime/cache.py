"""Wasmtime's cache of compiled code on disk.

The cache of each engine has a thread, and Wasmtime ends the process where that cannot be started. So where threads or
address space are short there is no cache.
"""

from __future__ import annotations

import _thread
import logging
import mmap
from typing import TYPE_CHECKING, Final

from wasmtime import WasmtimeError

from .traps import reason

if TYPE_CHECKING:
    from wasmtime import Config

_logger: Final = logging.getLogger("arora.wasmtime")

_STACK: Final = 8 << 20
"""More bytes than the stack of such a thread."""
_THREADS: Final = 2
"""The thread of the cache, and one of those that try this out, which may still be ending."""


def use_cache(config: Config) -> None:
    """Let engines with this configuration cache compiled code, if that is possible."""
    if (lack := _lack()) is not None:
        _logger.debug("compiled code is not cached on disk: %s", lack)
        return
    try:
        config.cache = True
    except WasmtimeError as error:
        _logger.debug("compiled code is not cached on disk: %s", reason(error))


def _lack() -> str | None:
    """Return why a thread cannot be started, None if it can."""
    done = _thread.allocate_lock()
    with done:
        try:
            mmap.mmap(-1, _STACK).close()
            for _ in range(_THREADS):
                _thread.start_new_thread(_wait, (done,))
        except (OSError, RuntimeError, MemoryError) as error:
            return str(error)
    return None


def _wait(done: _thread.LockType) -> None:
    with done:
        pass
