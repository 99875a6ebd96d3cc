"""The examples as WebAssembly and as native libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.modules import Module, NativeModule, WasmModule


@pytest.fixture(params=["wasm", "native"])
def open_module(request: pytest.FixtureRequest, native_examples: dict[str, Path]) -> Iterator[Callable[..., Module]]:
    stores = []

    def open_as_wasm(name: str, *host: Any) -> Module:
        module = WasmModule(name, *host)
        stores.append(module.store)
        return module

    def open_as_native(name: str, *host: Any) -> Module:
        return NativeModule(native_examples[name], name, *host)

    yield open_as_wasm if request.param == "wasm" else open_as_native
    # Deleting a store with host functions while the interpreter shuts down crashes the process.
    for store in stores:
        store.close()
