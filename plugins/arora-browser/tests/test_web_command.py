"""The command ``arora web``."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from arora_browser import web_site
from arora_browser.web_server import SiteServer

from .node_page import PYODIDE, require_npm_packages

ARORA = Path(sys.executable).with_name("arora")


def _run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "ARORA_PYODIDE"}
    return subprocess.run(
        [ARORA, "web", "--no-browser", *arguments],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
    )


def test_the_command_serves_until_it_is_interrupted_and_exits_quietly(tmp_path: Path) -> None:
    require_npm_packages()
    command = [str(ARORA), "web", "--no-browser", "--pyodide", str(PYODIDE)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        try:
            assert process.stdout is not None
            told = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert told is not None
            connection = http.client.HTTPConnection("127.0.0.1", int(told[1]))
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            connection.close()
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, rest, errors) == (130, "", "")


def test_without_pyodide_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    run = _run(cwd=tmp_path)
    assert run.returncode == 2
    assert "npm install pyodide" in run.stderr


def test_a_directory_that_is_not_pyodide_is_refused(tmp_path: Path) -> None:
    run = _run(cwd=tmp_path, ARORA_PYODIDE=str(tmp_path))
    assert run.returncode == 2
    assert f"{tmp_path} is not the npm package pyodide" in run.stderr


def test_a_malformed_header_is_reported_before_anything_is_served(tmp_path: Path) -> None:
    require_npm_packages()
    header = tmp_path / "module.yaml"
    header.write_text("id: 5\n")
    run = _run("--pyodide", str(PYODIDE), "--module", str(header), cwd=tmp_path)
    assert run.returncode == 1
    assert run.stderr.startswith(f"error: {header}: ")


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
    require_npm_packages()
    with SiteServer(web_site.Site()) as server:
        run = _run("--pyodide", str(PYODIDE), "--port", str(server.server_port), cwd=tmp_path)
        assert run.returncode == 1
        assert f"port {server.server_port}: " in run.stderr
