"""The tools for text, in Python: built as the README says, and run beside the arm that they call."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from arora_core import Engine, GuestError, Header, LimitExceeded, Limits
from arora_core.authoring.generated_files import compare
from arora_core.authoring.python_module_language import GENERATOR
from tests.cli.running import EXAMPLES, arora

TEXT_TOOLS = EXAMPLES / "text_tools"


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a copy of the example, and return its header's path."""
    place = tmp_path_factory.mktemp("example") / "text_tools"
    shutil.copytree(TEXT_TOOLS, place, ignore=shutil.ignore_patterns("*.wasm"))
    made = arora("build", place, "--locked")
    assert made.code == 0, made.err
    return place / "module.yaml"


@pytest.fixture
def tools(engine: Engine, header: Path) -> Any:
    engine.load(EXAMPLES / "ur5" / "module.yaml")
    return engine.load(header)


def test_what_is_generated_is_up_to_date() -> None:
    assert compare(GENERATOR, Header.load(TEXT_TOOLS / "module.yaml"), TEXT_TOOLS / "generated").changed == ()


def test_words_are_counted(tools: Any) -> None:
    assert tools.words("It's a test, a TEST.") == {"a": 2, "it's": 1, "test": 2}


def test_a_slug_is_of_letters_and_digits(tools: Any) -> None:
    assert tools.slug("Grüße, Welt 2!") == "grusse-welt-2"


def test_lines_are_wrapped_at_72_characters_unless_told_otherwise(tools: Any) -> None:
    text = "word " * 30
    assert max(map(len, tools.wrap(text))) == 69
    assert tools.wrap("a bc d", width=4) == ["a bc", "d"]
    with pytest.raises(GuestError, match=r"^text-tools\.wrap: a line needs a width of 1 at least$"):
        tools.wrap(text, 0)


def test_matches_are_found_with_their_places(tools: Any) -> None:
    found = tools.search("t.st", "a test\nand tast test")
    assert [(each.line, each.column, each.text) for each in found] == [(1, 3, "test"), (2, 5, "tast"), (2, 10, "test")]


def test_a_pattern_that_is_none_is_an_error(tools: Any) -> None:
    with pytest.raises(GuestError, match="invalid pattern: missing "):
        tools.search("(", "text")


def test_the_arm_is_asked_where_its_tool_is(tools: Any) -> None:
    assert tools.whereabouts([0, -1.57, 1.57, 0, 1.57, 0]) == "0.47 m behind, 0.11 m to the right, 0.42 m up"


def test_the_arms_error_is_that_of_the_call(tools: Any) -> None:
    with pytest.raises(GuestError, match=r"^text-tools\.whereabouts: .*forward wants 6 joints, got 1$"):
        tools.whereabouts([0.0])


def test_a_search_that_would_not_end_is_ended(engine: Engine, header: Path) -> None:
    tools = engine.load(header, limits=Limits(deadline=2))
    with pytest.raises(LimitExceeded):
        tools.search("(a+)+b", "a" * 100)
    assert tools.slug("still here") == "still-here"
