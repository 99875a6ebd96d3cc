"""Modules are imported only when they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import arora_core

SLOW = (
    *("click", "email", "hypothesis", "importlib.metadata", "json", "jsonschema"),
    *("numpy", "pluggy", "pytest", "rich", "yaml"),
)
"""Modules that are slow to import and that only some uses need."""


def imported_by(program: str) -> set[str]:
    """Return the modules that a program imports and an empty one does not."""
    listing = "import sys; print(*sys.modules)"
    runs = (
        subprocess.run([sys.executable, "-c", each], capture_output=True, text=True, check=True).stdout.split()
        for each in (f"{program}\n{listing}", listing)
    )
    return set.difference(*map(set, runs))


def test_the_package_alone_imports_nothing() -> None:
    assert imported_by("import arora_core") == {"arora_core"}


def test_values_come_without_the_engine() -> None:
    imported = imported_by("from arora_core import values")
    assert {name.split(".")[1] for name in imported if name.startswith("arora_core.")} == {"values"}
    assert not imported.intersection(["dataclasses", "inspect", "logging", *SLOW])


def test_a_plugin_imports_no_more_than_the_hooks() -> None:
    imported = imported_by("from arora_core import hookimpl")
    assert {name for name in imported if name.startswith("arora_core.")} == {"arora_core.hookspecs"}


def test_the_engine_comes_without_what_only_some_of_its_uses_need() -> None:
    imported = imported_by("from arora_core import Engine, Executor, Header, HostModule, Limits")
    assert not imported.intersection(SLOW)
    assert not imported.intersection(
        f"arora_core.{name}"
        for name in (
            "compiled",
            "cli",
            "conformance",
            "header.reading",
            "wasm",
            "types.record_files",
            "header.schema",
            "values.text_form",
        )
    )


def test_modules_in_python_come_without_the_engine() -> None:
    imported = imported_by(
        "import arora_core.guest, arora_core.guest.serving\nfrom arora_core import GuestError, Result"
    )
    assert not imported.intersection([*SLOW, "arora_core.runtime.engine", "arora_core.plugins", "arora_core.wasm"])


def test_finding_plugins_imports_no_runtime_no_parser_and_no_terminal() -> None:
    imported = imported_by("from arora_core import Engine\nEngine().close()")
    for runtime in ("wasmtime", "wasmer", "playwright", "click", "rich", "yaml", "jsonschema", "hypothesis", "numpy"):
        assert runtime not in imported


def test_codecs_are_compiled_for_the_first_call_and_not_before() -> None:
    program = """
from arora_core import Engine, Header, HostModule
module = HostModule(Header.from_data({
    "id": "5b0f3b9e-62d4-4c5e-9d3c-0c1f4a8e7b21", "name": "m", "author": "", "license": "",
    "version": {"major": 1, "minor": 0, "patch": 0}, "executor": {"name": "wasm"},
    "exports": [{"type": "function", "id": "7d3a2c51-9b1e-4f60-8a2d-51c0e7f3b964", "name": "f"}],
}))
module.function("f")(lambda: None)
with Engine() as engine:
    function = engine.register(module).f
"""
    assert "arora_core.compiled" not in imported_by(program)
    assert "arora_core.compiled" in imported_by(program + "    function()\n")


@pytest.mark.parametrize("name", vars(arora_core)["__all__"])
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(arora_core, name) is not None
    assert name in dir(arora_core)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'arora_core' has no attribute 'Engin'"):
        arora_core.Engin  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError):
        exec("from arora_core import Engin")
