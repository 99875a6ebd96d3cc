"""Fixtures of compiled guests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arora_core.authoring.building import library_name
from examples import build
from tests.arora_h.guests import ADD, GUESTS, Guest, open_guest, open_stores


@pytest.fixture(autouse=True)
def close_stores() -> Iterator[None]:
    """Close all stores: deleting one with host functions while the interpreter shuts down crashes the process."""
    yield
    while open_stores:
        open_stores.pop().close()


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the compiled guests of these tests, by name."""
    out = tmp_path_factory.mktemp("arora_h")
    counter = [GUESTS / "counter.cpp", GUESTS / "counter_implementation.cpp"]
    return {
        "walk.native": build.compile_native(GUESTS / "walk.c", out / library_name("walk")),
        "walk.wasm": build.compile_wasm(GUESTS / "walk.c", out / "walk.wasm"),
        "walk.wasi": build.compile_wasm(GUESTS / "walk.c", out / "walk-wasi.wasm", wasi=True),
        "add.native": build.compile_native(GUESTS / "add.c", out / library_name("add")),
        "add.wasm": build.compile_wasm(GUESTS / "add.c", out / "add.wasm"),
        "add.wasi": build.compile_wasm(GUESTS / "add.c", out / "add-wasi.wasm", wasi=True),
        "counter.native": build.compile_native(counter, out / library_name("counter")),
        "counter.wasm": build.compile_wasm(counter, out / "counter.wasm"),
        "counter.wasi": build.compile_wasm(counter, out / "counter-wasi.wasm", wasi=True),
        "hostile.native": build.compile_native(
            GUESTS / "hostile.c",
            out / library_name("hostile"),
            extra=("-fsanitize=undefined", "-fsanitize-trap=undefined"),
        ),
    }


@pytest.fixture(params=["native", "wasm", "wasi"])
def walk(request: pytest.FixtureRequest, artefacts: dict[str, Path]) -> Guest:
    return open_guest(artefacts, "walk", request.param)


@pytest.fixture(params=["native", "wasm", "wasi"])
def add(request: pytest.FixtureRequest, artefacts: dict[str, Path]) -> Callable[[bytes], bytes | None]:
    guest = open_guest(artefacts, "add", request.param)
    return lambda argument: guest.call_for_buffer(f"arora_function_{ADD}".replace("-", "_"), argument)
