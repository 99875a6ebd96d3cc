"""The version of all distributions stands in one file, and everything else that depends on it follows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import arora_core
from releasing.set_version import CRATE, RANGES, REQUIREMENT, ROOT, SOURCE, accepted, texts
from tests.test_file_sizes import tracked_files


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the files that have the version."""
    for path in texts(arora_core.__version__):
        into = tmp_path / path.relative_to(ROOT)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into)
    return tmp_path


def requirements(root: Path) -> list[Requirement]:
    """Every requirement of our own distributions in the files that may have them."""
    paths = [path for pattern in RANGES for path in sorted(root.glob(pattern))]
    found = [match[0] for path in paths for match in REQUIREMENT.finditer(path.read_text(encoding="utf-8"))]
    return [Requirement(each) for each in found]


@pytest.mark.parametrize("path", texts(arora_core.__version__), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_what_the_version_of_the_core_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == texts(arora_core.__version__)[path]


def test_every_plugin_template_and_page_requires_the_core_of_this_version() -> None:
    # The five plugins, one of them twice; three templates; and the pages that show these.
    assert len(requirements(ROOT)) == 12
    assert {str(each.specifier) for each in requirements(ROOT)} == {str(SpecifierSet(accepted(arora_core.__version__)))}


def test_no_other_file_requires_a_version_of_ours() -> None:
    covered = {path.relative_to(ROOT).as_posix() for path in texts(arora_core.__version__)}
    others = [path for path in tracked_files() if path not in covered and not path.startswith("tests/releasing/")]
    texts_of_others = {path: (ROOT / path).read_bytes() for path in others}
    required = re.compile(
        rb"\barora-(?:core|wasmtime|wasmer|libwasmer|native|browser|accelerator)(?:\[[\w,]+\])?[=<>~]="
    )
    assert len(others) > 500
    assert [path for path, text in texts_of_others.items() if required.search(text)] == []


def test_a_new_version_is_set_everywhere(copy: Path) -> None:
    changed = texts("3.4.5", copy)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    assert (copy / SOURCE).read_text() == (ROOT / SOURCE).read_text().replace(arora_core.__version__, "3.4.5")
    assert '\nname = "arora-libwasmer"\nversion = "3.4.5"\n' in (copy / CRATE / "Cargo.toml").read_text()
    assert 'name = "arora-libwasmer"\nversion = "3.4.5"\n' in (copy / CRATE / "Cargo.lock").read_text()
    assert [str(each.specifier) for each in requirements(copy)] == ["<4,>=3.4"] * 12


def test_only_what_is_about_the_version_changes(copy: Path) -> None:
    for path, text in texts("3.4.5", copy).items():
        path.write_text(text, encoding="utf-8")
    back = texts(arora_core.__version__, copy)
    assert {path.relative_to(copy): text for path, text in back.items()} == {
        path.relative_to(ROOT): text for path, text in texts(arora_core.__version__).items()
    }


@pytest.mark.parametrize(
    ("version", "range"),
    [("0.2.0", ">=0.2,<0.3"), ("0.9.4", ">=0.9,<0.10"), ("1.0.0", ">=1.0,<2"), ("1.12.3", ">=1.12,<2")],
)
def test_the_range_ends_where_a_version_may_break_what_was(version: str, range: str) -> None:
    assert accepted(version) == range


@pytest.mark.parametrize("version", ["", "0.2", "v0.2.0", "0.2.0rc1", "0.2.0\n"])
def test_text_that_is_not_three_numbers_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match=r"expected a version such as 1\.2\.3"):
        texts(version)


def test_a_file_without_a_place_for_the_version_is_named(copy: Path) -> None:
    (copy / SOURCE).write_text("")
    with pytest.raises(ValueError, match=r"__init__\.py has 0 places for the version, not one"):
        texts("0.3.0", copy)
