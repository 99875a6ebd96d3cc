"""What the server of ``arora web`` serves, and to whom."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from arora_browser import web_site
from arora_browser.web_server import SiteServer

from .chromium import Chromium, chromium
from .node_page import REPOSITORY

__all__ = ["chromium"]


EXAMPLES = REPOSITORY / "examples"


@pytest.fixture(scope="module")
def served(chromium: Chromium) -> Iterator[http.client.HTTPConnection]:
    """A connection to the server of the page."""
    connection = http.client.HTTPConnection(re.sub(r"http://|/", "", chromium.url))
    yield connection
    connection.close()


def _answer(served: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, str | None]:
    served.request("GET", path, headers=headers)
    response = served.getresponse()
    response.read()
    return response.status, response.getheader("Content-Type")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/arora.mjs", "text/javascript; charset=utf-8"),
        ("/pyodide/pyodide.asm.wasm", "application/wasm"),
        ("/modules/0/ur5.wasm", "application/wasm"),
        ("/arora.zip", "application/zip"),
        ("/modules.json", "application/json"),
    ],
)
def test_the_files_of_the_page_are_served_with_their_media_type(
    served: http.client.HTTPConnection, path: str, media_type: str
) -> None:
    assert _answer(served, path) == (200, media_type)


@pytest.mark.parametrize("path", ["/..%2f..%2fexecutor.py", "/../executor.py", "/pyodide/../web/app.mjs", "/pyodide/"])
def test_nothing_else_is_served(served: http.client.HTTPConnection, path: str) -> None:
    assert _answer(served, path)[0] == 404


def test_a_request_with_the_host_name_of_another_site_is_refused(served: http.client.HTTPConnection) -> None:
    assert _answer(served, "/modules.json", Host="example.org")[0] == 403


def test_the_server_is_not_reachable_from_other_computers() -> None:
    with SiteServer(web_site.Site()) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_the_example_in_the_package_is_the_one_in_the_repository() -> None:
    packaged, original = web_site.EXAMPLE.parent, EXAMPLES / "ur5"
    files = {file.relative_to(packaged) for file in packaged.rglob("*") if file.is_file()}
    assert Path("ur5.wasm") in files
    for file in files:
        assert (packaged / file).read_bytes() == (original / file).read_bytes(), f"copy {file} anew from {original}"
    records = {file.relative_to(original) for file in original.glob("records/*/*")}
    assert records <= files
