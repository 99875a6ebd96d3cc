"""docs/writing-a-module.md: what it shows works in the order in which it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from arora_core import Header
from arora_core.client import TypedModule

from ..cli.running import arora
from .python_clients import imported

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-module.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_files_and_commands_of_the_page_lead_to_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for kind, text in blocks:
        if kind == "yaml":
            path = Path(text.partition("\n")[0].removeprefix("# "))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for kind, text in blocks:
        for command in text.splitlines() if kind == "console" else ():
            name, *arguments = shlex.split(command.removeprefix("$ "))
            assert name == "arora"
            assert arora(*arguments).code == 0
    header = Header.load("module.yaml")
    assert Header.load("frozen.yaml") == header
    made = imported(Path("client/mean.py").read_text(encoding="utf-8"), tmp_path)
    summary = made.Summary(3, 2.0, made.Spread.deviation(0.5), [])
    assert summary.spread.value == 0.5
    assert issubclass(made.Mean, TypedModule)
