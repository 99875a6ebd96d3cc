"""The process in which a module is compiled that may be much work (:mod:`arora_core.wasm.compiling_apart`)."""

from __future__ import annotations

from contextlib import suppress

from wasmtime import Engine, Module, WasmtimeError

from .configuration import Metered, configuration


def compiled(metered: tuple[bool, bool], executable: bytes) -> bytes:
    """Return the code of a module. ``metered`` says whether epochs and fuel are counted."""
    config = configuration(Metered(*metered))
    # Nothing is forked here.
    config.parallel_compilation = True
    # The process that loads the module logs that there is no cache.
    with suppress(WasmtimeError):
        config.cache = True
    return bytes(Module(Engine(config), executable).serialize())
