"""The programs of this plugin's README print what their comments say, with the module that arora build compiles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arora_core.authoring.new_module import module_tree
from tests.cli.running import arora
from tests.pages import prints_what_it_says, python_blocks
from tests.plugin_pages import write

IN_THIS_PROCESS, ISOLATED = (block.program for block in python_blocks("plugins/arora-native/README.md"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the module stats, compiled for this platform."""
    place = tmp_path_factory.mktemp("page")
    write(module_tree("stats", "c"), place / "stats")
    assert arora("build", place / "stats", "--target", "native").code == 0
    return place


def test_a_library_runs_in_this_process_as_the_page_shows(place: Path) -> None:
    prints_what_it_says(IN_THIS_PROCESS, place)


@pytest.mark.skipif(sys.platform != "linux", reason="native-isolated runs on Linux")
def test_a_library_runs_in_a_process_of_its_own_as_the_page_shows(place: Path) -> None:
    prints_what_it_says(ISOLATED, place)
