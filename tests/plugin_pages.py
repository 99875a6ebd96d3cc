"""The pages on writing plugins, and the files that they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]


def page(kind: str) -> str:
    """Return the page on writing an executor, a codec or a command."""
    article = "an" if kind == "executor" else "a"
    return (ROOT / "docs" / f"writing-{article}-{kind}.md").read_text(encoding="utf-8")


def marked_blocks(kind: str) -> dict[str, str]:
    """Return the blocks of a page that stand under a comment with a path, by that, and ``run``: the commands."""
    return dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```\n", page(kind), re.DOTALL))


def recipes() -> dict[str, str]:
    """Return the blocks of the pages for executors under a comment ``recipe: FILE``, by the name of the file."""
    text = "".join(each.read_text(encoding="utf-8") for each in sorted(ROOT.glob("docs/executor-*.md")))
    return dict(re.findall(r"<!-- recipe: (\S+) -->\n```\w+\n(.*?)```\n", text, re.DOTALL))


def tree_of_the_page(kind: str) -> dict[str, str]:
    """Return the files that a page shows, and the one that it says is empty."""
    blocks = marked_blocks(kind)
    del blocks["run"]
    return {**blocks, "arora_mine/py.typed": ""}


def write(tree: dict[str, str], directory: Path) -> Path:
    """Write files by path below a directory, and return that."""
    for path, text in tree.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return directory


def on_the_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the plugin ``arora-mine`` on the path, to be found by its entry point as if it were installed."""
    info = place / "arora_mine-0.1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: arora-mine\nVersion: 0.1.0\n")
    info.joinpath("entry_points.txt").write_text("[arora]\nmine = arora_mine\n")
    monkeypatch.syspath_prepend(str(place))
