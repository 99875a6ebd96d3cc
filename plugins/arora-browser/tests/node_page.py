"""Arora in Pyodide in Node, for tests that run Python or JavaScript there."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from threading import Timer
from typing import Any, Final

import pytest
from arora_browser import bundle, web_site

from arora_core.conformance import wasm_guest
from arora_core.header import Header

HERE: Final = Path(__file__).parent
REPOSITORY: Final = HERE.parents[2]
NODE_MODULES: Final = HERE / "js" / "node_modules"
PYODIDE: Final = NODE_MODULES / "pyodide"
_LONGEST: Final = 300.0
"""Seconds that a program may take before its process is killed."""
NEEDING_RECORDS: Final = frozenset({"mirror", "mirror_all", "echo_shape", "echo_shapes"})


def require_npm_packages() -> None:
    """Fail, with what to do, unless the npm packages of the tests are installed."""
    if not (PYODIDE / "pyodide.mjs").is_file():
        pytest.fail(f"the npm packages are missing: run `npm install` in {HERE / 'js'}", pytrace=False)


def test_files(directory: Path) -> Path:
    """A directory with the examples in it, and the conformance guest as a module called ``probe``."""
    for name in ("ur5", "watchdog"):
        source = REPOSITORY / "examples" / name
        shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("native", "*.c"))
    probe = directory / "probe"
    probe.mkdir()
    (probe / "module.yaml").write_text(json.dumps(probe_header().to_data()), encoding="utf-8")
    (probe / "probe.wasm").write_bytes(wasm_guest().executable)
    return directory


def probe_header() -> Header:
    """The conformance guest's header under the name ``probe``, without the functions that need records."""
    header = wasm_guest().header()
    exports = tuple(each for each in header.exports if each.name not in NEEDING_RECORDS)
    return replace(header, name="probe", exports=exports)


test_files.__test__ = False  # type: ignore[attr-defined]


class NodePage:
    """One Node process with an ``Engine`` of ``arora.mjs``. Files are below ``/files`` for Python, ``files`` for
    JavaScript. A program that ends Node or Python fails; the page cannot be used after that."""

    def __init__(self, directory: Path) -> None:
        require_npm_packages()
        archive = directory / "arora.zip"
        archive.write_bytes(bundle.archive())
        node = shutil.which("node")
        assert node is not None, "the tests need Node on PATH"
        api = (web_site.STATIC / "arora.mjs").as_uri()
        self._stderr = (directory / "stderr").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [node, str(HERE / "js" / "host.mjs"), api, str(PYODIDE), str(archive), str(test_files(directory))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self._python_ended = False

    @property
    def is_usable(self) -> bool:
        """Whether both Node and the Python in it are still running."""
        return not self._python_ended and self._process.poll() is None

    def python(self, code: str) -> Any:
        """Return the value of the last expression. Raises AssertionError with the traceback of a Python exception."""
        return self._request({"python": textwrap.dedent(code)})

    def javascript(self, code: str) -> Any:
        """Run the body of an async function, and return its result."""
        return self._request({"javascript": code})

    def _request(self, request: dict[str, str]) -> Any:
        assert self._process.stdin is not None
        mark = token_hex(8)
        with suppress(BrokenPipeError):  # Node has ended, and so there is no reply.
            self._process.stdin.write(json.dumps({**request, "mark": mark}) + "\n")
            self._process.stdin.flush()
        reply = self._reply(mark)
        self._python_ended = reply.get("pythonEnded", False)
        assert "error" not in reply, reply["error"]
        return reply["value"]

    def _reply(self, mark: str) -> dict[str, Any]:
        """Return what follows ``mark`` on stdout. The rest is what programs wrote, and is shown if the test fails."""
        assert self._process.stdout is not None
        limit = Timer(_LONGEST, self._process.kill)
        limit.start()
        try:
            for line in self._process.stdout:
                written, marked, reply = line.partition(mark)
                print(written, end="")
                if marked:
                    return dict(json.loads(reply))
        finally:
            limit.cancel()
        code = self._process.wait()
        self._stderr.seek(0)
        pytest.fail(f"Node ended with code {code}: {self._stderr.read()}")

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)
        self._stderr.close()


_SHARED: Final = pytest.StashKey[NodePage]()


def shared_page(config: pytest.Config, directories: pytest.TempPathFactory) -> NodePage:
    """Return the one page that all tests use, or another once a test has ended it."""
    page = config.stash.get(_SHARED, None)
    if page is None or not page.is_usable:
        page = config.stash[_SHARED] = NodePage(directories.mktemp("node"))
        config.add_cleanup(page.close)
    return page


@pytest.fixture
def node_page(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> NodePage:
    """Python and JavaScript in one Node process, which is started for the first test that needs it."""
    return shared_page(pytestconfig, tmp_path_factory)
