"""Versions by Semantic Versioning: their text, their order, and where headers, records and runtimes have them."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arora_core import Engine, Header, LoadError, records
from arora_core.errors import HeaderError
from arora_core.header import Version
from arora_core.types import EnumerationType, TypeRegistry

from .installing import Site, executor_source

ASCENDING = (
    *("1.0.0-0.dev.3", "1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
    *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.1.0", "2.0.0", "10.0.0"),
)
STATUS = UUID(int=0xE1)
NUMBERS = st.integers(0, 2**32 - 1)
IDENTIFIERS = st.lists(st.from_regex(r"0|[1-9][0-9]{0,30}|[0-9]*[A-Za-z-][0-9A-Za-z-]*", fullmatch=True), max_size=3)
VERSIONS = st.builds(
    Version, NUMBERS, NUMBERS, NUMBERS, prerelease=IDENTIFIERS.map(".".join), build=IDENTIFIERS.map(".".join)
)


def test_the_parts_of_a_version_are_in_its_text() -> None:
    assert Version.parse("1.2.3-alpha.1+build.5") == Version(1, 2, 3, "alpha.1", "build.5")
    assert Version.parse("1.2.3--+-") == Version(1, 2, 3, "-", "-")
    assert Version.parse("1.2.3+a-b") == Version(1, 2, 3, build="a-b")


@given(VERSIONS)
def test_every_version_is_read_from_its_text(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert pickle.loads(pickle.dumps(version)) == version


@pytest.mark.parametrize(
    "text",
    [
        *("01.0.0", "1.0.0-", "1.0.0+", "1.0.0-a..b", "1.0.0-01", "1.0.0-\u00e4", "1.0.0+a+b", "1.0-rc.1", "1.0.0-a\n"),
        *("\u0661.0.0", "1.0.0 -a", "v1.0.0", "4294967296.0.0"),
    ],
)
def test_text_that_semantic_versioning_excludes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a version such as 1\.2\.3"):
        Version.parse(text)


def test_a_prerelease_comes_before_its_release_and_numbers_before_text() -> None:
    versions = [Version.parse(text) for text in ASCENDING]
    descending = versions[::-1]
    assert sorted(descending) == versions
    assert all(low < high and low <= high and high > low and high >= low for low, high in pairwise(versions))


def test_numbers_of_any_length_are_compared() -> None:
    long = "9" * 5000
    assert Version(1, prerelease=f"rc.{long}") < Version(1, prerelease=f"rc.1{long}") < Version(1, prerelease="rc.a")


def test_builds_of_a_version_are_neither_higher_nor_equal() -> None:
    first, second = Version(1, build="1"), Version(1, build="2")
    assert first != second
    assert [first < second, first <= second, first > second, first >= second] == [False, True, False, True]


def test_versions_are_compared_with_versions_alone() -> None:
    with pytest.raises(TypeError, match="not supported"):
        Version(1) < "1.0.0"  # type: ignore[operator]  # noqa: B015 - it raises


# --- headers -------------------------------------------------------------------------------------


def header(version: object, **requirement: object) -> Header:
    return Header.from_data(
        {
            "id": "11111111-1111-4111-8111-111111111111",
            "name": "probe",
            "author": "",
            "license": "",
            "version": version,
            "executor": {"name": "stub", **requirement},
        }
    )


@pytest.mark.parametrize(
    "data",
    ["1.2.3-rc.1+b7", {"major": 1, "minor": 2, "patch": 3, "prerelease": "rc.1", "build": "b7"}],
    ids=["text", "parts"],
)
def test_a_header_is_read_and_written_with_all_parts_of_its_version(data: object) -> None:
    read = header(data)
    assert read.version == Version(1, 2, 3, "rc.1", "b7")
    assert Header.from_data(read.to_data()) == read
    assert Header.parse(json.dumps(read.to_data())) == read


def test_a_release_is_written_as_three_numbers() -> None:
    assert header("1.2.3").to_data()["version"] == {"major": 1, "minor": 2, "patch": 3}


@given(VERSIONS)
def test_every_version_survives_a_header(version: Version) -> None:
    assert Header.from_data(header(str(version)).to_data()).version == version


@pytest.mark.parametrize("part", ["prerelease", "build"])
@pytest.mark.parametrize("given", ["", "a b", "a..b", "+", 5])
def test_a_part_that_semantic_versioning_excludes_is_a_mistake_at_its_key(part: str, given: object) -> None:
    with pytest.raises(HeaderError) as caught:
        header({"major": 1, "minor": 2, "patch": 3, part: given})
    assert caught.value.path == f"version.{part}"


def test_a_highest_version_before_the_release_of_the_lowest_is_a_mistake() -> None:
    with pytest.raises(HeaderError, match=r"2\.0\.0-rc\.1 is below min_version, 2\.0\.0"):
        header("1.0.0", min_version="2.0.0", max_version="2.0.0-rc.1")
    header("1.0.0", min_version="2.0.0+a", max_version="2.0.0+b")


# --- runtimes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("45", "45.0.0"),
        ("45.1", "45.1.0"),
        ("45.1.2.3", "45.1.2"),
        ("45.0.0rc1", "45.0.0-rc.1"),
        ("45.0.0a02", "45.0.0-alpha.2"),
        ("45.0_Beta-3", "45.0.0-beta.3"),
        ("45.0.0c1", "45.0.0-rc.1"),
        ("45.0.dev7", "45.0.0-0.dev.7"),
        ("45.0.0rc1.post2.dev3+local", "45.0.0-rc.1"),
        ("1!45.0.0.post1", "45.0.0"),
        ("45.0.0-1.b+c", "45.0.0-1.b+c"),
        ("2.36-debian", "2.36.0"),
        ("45.0.0 (with patches)", "45.0.0"),
    ],
)
def test_what_a_runtime_says_of_itself_is_a_version(text: str, version: str) -> None:
    assert Version.of_runtime(text) == Version.parse(version)


@pytest.mark.parametrize("text", ["", "unknown", "9" * 5000, "\u0661\u0662"])
def test_text_without_a_version_is_none(text: str) -> None:
    assert Version.of_runtime(text) is None


@given(st.text(max_size=30) | st.text("0123456789.-+!_abcrdevpost", max_size=30))
def test_no_text_of_a_runtime_is_an_error(text: str) -> None:
    assert isinstance(Version.of_runtime(text), (Version, type(None)))


@pytest.mark.parametrize(
    ("runs", "requirement", "reason"),
    [
        ("45.0.0rc1", {"min_version": "45.0.0"}, "its runtime is 45.0.0rc1, older than the required 45.0.0"),
        ("45.0.0rc1", {"min_version": "45.0.0-rc.2"}, "older than the required 45.0.0-rc.2"),
        ("45.0.0", {"max_version": "45.0.0-rc.2"}, "newer than the accepted 45.0.0-rc.2"),
        ("45.0.0rc2", {"min_version": "45.0.0-rc.2", "max_version": "45.0.0"}, None),
        ("45.0.0+local", {"min_version": "45.0.0+other", "max_version": "45.0.0"}, None),
        ("a fork", {"min_version": "45.0.0"}, None),
    ],
)
def test_a_header_may_require_prereleases_of_a_runtime(
    site: Site, runs: str, requirement: dict[str, Any], reason: str | None
) -> None:
    site.install("arora-mine", executor_source("mine", serves="stub").replace("2.5.1", runs))
    with pytest.raises(LoadError, match="chosen: mine" if reason is None else f"mine: .*{reason}"):
        Engine().load_module_from_parts(header("1.0.0", **requirement), b"")


# --- records -------------------------------------------------------------------------------------


def status(version: str) -> EnumerationType:
    return EnumerationType(STATUS, "Status", "Status", Version.parse(version), ())


def write_status(directory: Path, version: str, stated: str | None = None) -> None:
    (directory / "enumeration").mkdir(exist_ok=True)
    data: dict[str, object] = {"parent": str(records.ROOT_FOLDER), "name": "Status", "variants": {}, "version": stated}
    (directory / "enumeration" / f"{STATUS}@{version}.json").write_text(json.dumps(data))


def test_records_have_the_version_of_their_file_name(tmp_path: Path) -> None:
    versions = ["1.0.0-alpha.1+build5", "1.0.0-RC.1", "1.0.0"]
    for version in versions:
        write_status(tmp_path, version, version)
    found = records.load(tmp_path)
    assert [str(each) for each in found.versions(STATUS)] == ["1.0.0-RC.1", "1.0.0-alpha.1+build5", "1.0.0"]
    assert found.get(STATUS) == status("1.0.0")


def test_the_version_in_a_record_is_that_of_its_file_name_in_every_letter(tmp_path: Path) -> None:
    write_status(tmp_path, "1.0.0-RC.1", "1.0.0-rc.1")
    with pytest.raises(HeaderError, match=r"expected 1\.0\.0-RC\.1, as in the file's name") as caught:
        records.load(tmp_path)
    assert caught.value.path == "version"


@pytest.mark.parametrize("version", ["1.0.0-alpha.1+build5", "1.0.0"])
def test_references_name_a_prerelease_and_build(tmp_path: Path, version: str) -> None:
    write_status(tmp_path, "1.0.0-alpha.1+build5")
    type = {"type": "frozenScalar", "value": {"reference": {"id": str(STATUS), "version": version}}}
    (tmp_path / "structure").mkdir()
    (tmp_path / "structure" / f"{UUID(int=0xE2)}@0.1.0.json").write_text(
        json.dumps(
            {
                "parent": str(records.ROOT_FOLDER),
                "name": "Report",
                "fields": {str(UUID(int=0xF1)): {"name": "status", "type": type}},
            }
        )
    )
    if version == "1.0.0":
        with pytest.raises(HeaderError, match=r"unknown version 1\.0\.0 .*known: 1\.0\.0-alpha\.1\+build5"):
            records.load(tmp_path)
    else:
        assert len(records.load(tmp_path)) == 2


def test_of_several_builds_one_is_found_in_whatever_order_they_were_added() -> None:
    builds = [status("1.0.0+a"), status("1.0.0+b"), status("1.0.0-rc.1+c")]
    for added in (builds, builds[::-1]):
        assert TypeRegistry(added).get(STATUS) is builds[1]
