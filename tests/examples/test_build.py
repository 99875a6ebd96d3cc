"""Building the examples: their committed wasm is what their sources give."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import wasmtime
import yaml

from arora_core import Header
from arora_core.authoring.building import library_name
from arora_core.authoring.compilers import BuildError
from arora_core.authoring.generated_files import compare
from arora_core.authoring.languages import generator
from arora_core.plugins import discover
from examples import build
from tests.examples.modules import EXAMPLES, header


def test_the_committed_wasm_is_what_the_sources_give() -> None:
    assert build.stale_wasm(build.example_names()) == []


def test_what_is_generated_from_the_examples_headers_is_up_to_date() -> None:
    for name in build.example_names():
        directory = EXAMPLES / name / "generated"
        if directory.is_dir():
            language = "cpp" if build.uses_cxx_library(EXAMPLES / name) else "c"
            made = generator(language, discover())
            assert compare(made, Header.load(EXAMPLES / name / "module.yaml"), directory).changed == ()


def test_where_a_source_lies_does_not_show_in_the_wasm(tmp_path: Path) -> None:
    elsewhere = tmp_path / "some other place"
    shutil.copytree(EXAMPLES / "ur5", elsewhere)
    assert build.compile_example(elsewhere, tmp_path / "x.wasm").read_bytes() == build.wasm_path("ur5").read_bytes()


def test_a_stale_wasm_fails_the_check_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "ur5.wasm"
    stale.write_bytes(b"\0asm")
    monkeypatch.setattr(build, "wasm_path", lambda name: stale)
    assert build.main(["--check", "ur5"]) == 1
    assert capsys.readouterr().out.startswith("ur5: ur5.wasm (4 bytes) differs from the build of its sources (")


def test_a_source_that_does_not_compile_is_reported_with_the_compilers_message(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int broken(void) { return nothing; }\n")
    with pytest.raises(BuildError, match="nothing"):
        build.compile_wasm(source, tmp_path / "broken.wasm")


def test_a_missing_compiler_is_reported_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert build.main(["--check", "ur5"]) == 1
    assert "pip install ziglang==" in capsys.readouterr().err


def test_a_native_bundle_has_all_a_module_needs(native_examples: dict[str, Path]) -> None:
    for name, bundle in native_examples.items():
        assert (bundle / library_name(build.module_name(name))).is_file()
        native = yaml.safe_load((bundle / "module.yaml").read_text(encoding="utf-8"))
        assert native["executor"] == {"name": "native"}
        assert (native["id"], native["exports"]) == (header(name)["id"], header(name)["exports"])
        records = [path.relative_to(bundle) for path in (bundle / "records").rglob("*.yaml")]
        assert sorted(records) == sorted(p.relative_to(EXAMPLES / name) for p in (EXAMPLES / name).glob("records/*/*"))


def test_every_function_of_a_header_is_exported_by_the_wasm() -> None:
    for name in build.example_names():
        module = wasmtime.Module.from_file(wasmtime.Engine(), str(build.wasm_path(name)))
        exported = {export.name for export in module.exports}
        declared = {f"arora_function_{function['id']}".replace("-", "_") for function in header(name)["exports"]}
        always = {"memory", "arora_buffer_alloc", "arora_buffer_free", "__stack_pointer"}
        library = {"_initialize"} if build.uses_cxx_library(EXAMPLES / name) else set()
        assert exported == declared | always | library


def test_records_that_two_examples_share_are_the_same() -> None:
    for path in (EXAMPLES / "ur5" / "records").rglob("*.yaml"):
        copy = EXAMPLES / "watchdog" / path.relative_to(EXAMPLES / "ur5")
        assert copy.read_bytes() == path.read_bytes()
