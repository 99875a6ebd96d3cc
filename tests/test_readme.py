"""What the README tells a newcomer works as it stands there, and fits on a few screens."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_command_prints_the_answer_shown() -> None:
    (command,) = re.findall(r"\.venv/bin/arora (call examples/ur5.*)\n", README)
    answer = subprocess.run(
        f"{sys.executable} -m arora_core {command}", shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = re.search(r"```yaml\n(position:.*?)```", README, re.DOTALL)
    assert shown is not None
    assert answer.stdout == shown[1]


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    command = (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1]
    assert f"```sh\n{command}\n```" in README


def test_it_has_fewer_than_200_lines() -> None:
    assert len(README.splitlines()) < 200


def test_every_time_in_it_is_one_of_the_page_on_performance() -> None:
    performance = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    times = re.findall(r"\b[\d.]+ (?:ns|us|ms)\b", README)
    assert len(times) >= 8
    assert [time for time in times if not re.search(rf"(?<![\d.]){re.escape(time)}\b", performance)] == []
