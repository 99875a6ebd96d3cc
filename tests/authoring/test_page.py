"""docs/writing-a-module.md: what it shows works in the order in which it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from arora_core import Engine, Header, HostModule, LoadedModule
from arora_core.client import TypedModule

from ..cli.running import arora
from ..pages import python_blocks
from .python_clients import imported

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-module.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class EngineInPython(Engine):
    """Implements the page's function in Python, where others would run an executable, which the page does not show."""

    def load(self, path: Any, **_: Any) -> LoadedModule:
        module = HostModule(Header.load(path, self.types))

        @module.function("summarize")
        def summarize(values: Any, scale: float) -> Any:
            mean = scale * sum(values) / len(values)
            return {"count": len(values), "mean": mean, "spread": {"deviation": 0.5}, "outliers": []}

        return self.register(module, replace=True)


def test_the_files_and_commands_of_the_page_lead_to_a_client_and_its_programs_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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
    monkeypatch.syspath_prepend(str(tmp_path / "client"))
    capsys.readouterr()
    with EngineInPython() as engine:
        for _, _, program in python_blocks("docs/writing-a-module.md"):
            shown: dict[str, Any] = {"engine": engine}
            exec(program, shown)
            assert shown["mean"].summarize([2.0]).mean == 2.0
    mean = 2.0 * (1.0 + 2.0 + 4.0) / 3
    assert capsys.readouterr().out == f"{mean} 0.5\n"
