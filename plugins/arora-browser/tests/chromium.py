"""A real Chromium, and the page of ``arora web`` served to it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from arora_browser.web_server import SiteServer
from arora_browser.web_site import build_site
from playwright.sync_api import Browser, Page, sync_playwright

from .node_page import PYODIDE, require_npm_packages

# Without these flags the browser makes network requests of its own.
_FLAGS = ("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")


class Chromium:
    """The browser, and the address of the served page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def page(self, **context: Any) -> Page:
        """Return a page in a new context with these Playwright options."""
        page = self.browser.new_context(**context).new_page()
        page.set_default_timeout(30_000)
        return page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Chromium and the served page, for the tests of one file."""
    require_npm_packages()
    executable = os.environ.get("ARORA_BROWSER") or shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is missing: apt-get install chromium, or name it by ARORA_BROWSER", pytrace=False)
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with SiteServer(build_site([], PYODIDE)) as server:
        serving = threading.Thread(target=server.serve_forever, name="arora web")
        serving.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=executable, args=flags)
                yield Chromium(browser, server.url)
                browser.close()
        finally:
            server.shutdown()
            serving.join()
