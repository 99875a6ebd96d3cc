"""The Python that the pages show runs as it stands, and prints what its comments say."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from typing import Final

import pytest

from arora_core import Engine, EnginePool, LoadedModule, discover
from tests.pages import ROOT, Block, pages, prints_what_it_says, python_blocks

RUN_HERE: Final = (
    "README.md",
    "docs/calling.md",
    "docs/callbacks.md",
    "docs/choosing-executors.md",
    "docs/columns.md",
    "docs/limits.md",
    "plugins/arora-browser/README.md",
    "plugins/arora-libwasmer/README.md",
    "plugins/arora-wasmer/README.md",
    "plugins/arora-wasmtime/README.md",
)
"""Pages whose programs a reader would paste into a file at the root of a checkout and run."""
EXECUTORS: Final = {"plugins/arora-browser/README.md": "browser", "plugins/arora-wasmer/README.md": "wasmer"}
"""The executor that the programs of a page need, where it may be missing."""
RUN_ELSEWHERE: Final = {
    "docs/conformance.md: ": "tests/conformance/test_docs.py",
    "docs/executor-in-one-file.md: arora_tiny.py": "tests/test_executor_in_one_file.py",
    "docs/executor-*.md: recipe: *": "tests/test_executor_recipes.py",
    "docs/python-modules.md: greeter.py": "tests/authoring/test_python_page.py",
    "docs/scaling.md: needs:*": "tests/test_scaling_page.py",
    "docs/writing-a-codec.md: *.py": "tests/test_writing_an_executor.py",
    "docs/writing-a-command.md: *.py": "tests/test_writing_an_executor.py",
    "docs/writing-a-module.md: ": "tests/authoring/test_page.py",
    "docs/writing-an-executor.md: *.py": "tests/test_writing_an_executor.py",
    "plugins/arora-native/README.md: ": "plugins/arora-native/tests/test_page.py",
}
"""The tests that run other blocks: those of a page whose marks match."""
NOT_RUN: Final = {
    "docs/python-modules.md": "from generated.text_tools import Module, ur5",  # Runs in a guest alone.
    "plugins/arora-browser/README.md": "with Engine() as engine:",  # Runs in the page of a browser alone.
}
"""The first line of the one block of a page that nothing can run, and why. It is compiled."""


def is_not_run(block: Block) -> bool:
    return NOT_RUN.get(block.page) == block.program.partition("\n")[0]


SHOWN: Final = [
    pytest.param(page, block.program, id=f"{page}-{number}")
    for page in RUN_HERE
    for number, block in enumerate(python_blocks(page), 1)
    if not is_not_run(block)
]


@pytest.mark.parametrize(("page", "program"), SHOWN)
def test_a_program_runs_and_prints_what_its_comments_say(page: str, program: str) -> None:
    if page in EXECUTORS:
        installed = discover().executors.get(EXECUTORS[page])
        missing = "it is not installed" if installed is None else installed.unavailable()
        if missing:
            pytest.skip(f"{EXECUTORS[page]}: {missing}")
    prints_what_it_says(program)


def test_every_block_is_run_or_listed_with_the_reason_why_not() -> None:
    blocks = [block for page in pages() for block in python_blocks(page)]
    place = {block: f"{block.page}: {block.mark}" for block in blocks}
    elsewhere = {block for block in blocks if any(fnmatchcase(place[block], pattern) for pattern in RUN_ELSEWHERE)}
    here = {block for block in blocks if block.page in RUN_HERE}
    assert [block for block in blocks if not is_not_run(block) and block not in here | elsewhere] == []


@pytest.mark.parametrize("page", pages())
def test_every_method_that_the_text_of_a_page_names_exists(page: str) -> None:
    owners = {"engine": Engine, "pool": EnginePool, "module": LoadedModule}
    named = re.findall(r"`(engine|pool|module)\.(\w+)\(", (ROOT / page).read_text(encoding="utf-8"))
    assert [f"{owner}.{name}" for owner, name in named if not hasattr(owners[owner], name)] == []


def test_no_list_of_blocks_or_of_their_tests_is_out_of_date() -> None:
    places = {f"{block.page}: {block.mark}" for page in pages() for block in python_blocks(page)}
    assert [each for each in RUN_ELSEWHERE if not any(fnmatchcase(place, each) for place in places)] == []
    assert [test for test in RUN_ELSEWHERE.values() if not (ROOT / test).is_file()] == []
    assert [page for page in RUN_HERE if not python_blocks(page)] == []
    assert [page for page in NOT_RUN if not any(map(is_not_run, python_blocks(page)))] == []


@pytest.mark.parametrize("page", NOT_RUN)
def test_what_is_not_run_is_valid_python(page: str) -> None:
    (block,) = filter(is_not_run, python_blocks(page))
    compile(block.program, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
