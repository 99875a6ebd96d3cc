"""The wheel of arora-libwasmer says which crates are in its library."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import arora_core

SOURCE = Path(__file__).resolve().parents[1]
NATIVE = SOURCE / "native"
HOST = "x86_64-unknown-linux-gnu"

sys.path.insert(0, str(SOURCE))
import compiling  # noqa: E402
import crates  # noqa: E402

sys.path.remove(str(SOURCE))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as they are written for Linux, by the real cargo."""
    try:
        compiling._rust()
    except compiling.CannotCompile as reason:
        pytest.skip(str(reason))
    into = tmp_path_factory.mktemp("crates")
    crates.write(NATIVE, HOST, "", into)
    return into


@pytest.fixture
def bill(written: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((written / crates.BILL).read_text())
    return read


def names(bill: dict[str, Any]) -> set[str]:
    return {each["name"] for each in bill["components"]}


def test_the_bill_is_a_document_by_the_schema_of_cyclonedx(written: Path) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    text = (written / crates.BILL).read_text()
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"type": "library"', '"type": "crate"')) is not None


def test_it_is_about_this_version_of_the_distribution(bill: dict[str, Any]) -> None:
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/arora-libwasmer@{arora_core.__version__}"


def test_it_lists_what_is_linked_and_not_what_compiles_or_tests_it(bill: dict[str, Any]) -> None:
    assert {"wasmer", "wasmer-vm", "cranelift-codegen", "regalloc2", "hashbrown"} <= names(bill)
    locked = set(re.findall(r'^name = "(.+)"$', (NATIVE / "Cargo.lock").read_text(), re.MULTILINE))
    # A macro, a build script's crate, a test's, another platform's, a feature's, and one with nothing in it.
    others = {"serde_derive", "autocfg", "wat", "windows-sys", "wasmer-compiler-singlepass", "libwild"}
    assert others <= locked
    assert not others & names(bill)


def test_a_feature_brings_its_crates(written: Path, tmp_path: Path) -> None:
    crates.write(NATIVE, HOST, "singlepass", tmp_path)
    assert "wasmer-compiler-singlepass" in names(json.loads((tmp_path / crates.BILL).read_text()))


def test_it_is_the_same_each_time(written: Path, tmp_path: Path) -> None:
    crates.write(NATIVE, HOST, "", tmp_path)
    for name in (crates.BILL, crates.LICENCES):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_every_crate_has_the_hash_of_the_lock_and_its_licence(bill: dict[str, Any]) -> None:
    lock = (NATIVE / "Cargo.lock").read_text()
    for each in bill["components"]:
        block = f'name = "{each["name"]}"\nversion = "{each["version"]}"\nsource = '
        assert each["hashes"][0]["content"] in lock.partition(block)[2].partition("\n\n")[0]
        assert "/" not in each["licenses"][0]["expression"]


def test_all_that_is_listed_is_needed_by_something_listed(bill: dict[str, Any]) -> None:
    listed = {each["bom-ref"] for each in bill["components"]}
    needed = {ref for each in bill["dependencies"] for ref in each["dependsOn"]}
    assert needed == listed
    assert {each["ref"] for each in bill["dependencies"]} == listed | {bill["metadata"]["component"]["bom-ref"]}


def test_the_licences_are_those_of_every_crate_that_is_listed(written: Path, bill: dict[str, Any]) -> None:
    text = (written / crates.LICENCES).read_text()
    assert "Permission is hereby granted, free of charge" in text
    assert [each["name"] for each in bill["components"] if f"{each['name']} {each['version']} (" not in text] == []


def test_a_cargo_that_fails_is_an_error(written: Path, tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        crates.write(tmp_path, HOST, "", tmp_path)
