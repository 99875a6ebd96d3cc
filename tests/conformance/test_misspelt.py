"""A suite of an unknown executor is a single error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from arora_core import ExecutorNotFound, ExecutorUnavailable
from arora_core.conformance import executor_suite
from tests.installing import Site


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(ExecutorNotFound, match=r"no executor 'wasmtim' is installed \(installed: .*wasmtime"):
        executor_suite("wasmtim")


def test_an_executor_whose_plugin_failed_is_refused_with_the_reason(site: Site) -> None:
    site.install("arora-broken", "import nothing_of_that_name")
    with pytest.raises(ExecutorUnavailable, match="nothing_of_that_name"):
        executor_suite("arora-broken")


def test_pytest_reports_an_unknown_executor_once(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from arora_core.conformance import executor_suite\n\nTestIt = executor_suite('wasmtim')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no executor 'wasmtim' is installed" in done.stdout
    assert "1 error in" in done.stdout
