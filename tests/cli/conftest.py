"""Fixtures of the modules for tests of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from examples import build
from tests.cli.running import EXAMPLES, GUEST


class Example:
    """The headers of one example, by executor."""

    def __init__(self, wasmtime: Path, native: Path) -> None:
        self.wasmtime = wasmtime
        self.native = native


@pytest.fixture
def ur5(native_examples: dict[str, Path]) -> Example:
    """Return the headers of the arm's kinematics."""
    return Example(EXAMPLES / "ur5" / "module.yaml", native_examples["ur5"] / "module.yaml")


@pytest.fixture
def watchdog(native_examples: dict[str, Path]) -> Example:
    """Return the headers of the module that calls the arm's module and the host."""
    return Example(EXAMPLES / "watchdog" / "module.yaml", native_examples["watchdog"] / "module.yaml")


@pytest.fixture(scope="session")
def parrot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the header of a guest that echoes its argument, or traps on request."""
    directory = tmp_path_factory.mktemp("parrot") / "guest"
    shutil.copytree(GUEST, directory)
    build.compile_wasm(directory / "parrot.c", directory / "parrot.wasm", wasi=True)
    return directory / "parrot.yaml"
