"""A browser, from its start to its end."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from arora_core.errors import ExecutorUnavailable

from .event_loop import LoopThread
from .finding import FLAGS
from .page import Page

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import BrowserContext, Playwright

_PATIENCE: Final = 15.0
"""Seconds the browser is given to end by itself."""


class BrowserEnded(ExecutorUnavailable):
    """The browser is no more; another one may be."""


class RunningBrowser:
    """One headless browser, driven from a thread of its own: it runs until it is closed."""

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._process = os.getpid()
        self._alive = True
        self._closed = False
        self._closing = threading.Lock()
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._playwright: Playwright | None = None
        self._browser: PlaywrightBrowser | None = None
        self._thread = LoopThread("arora-browser")
        _open.add(self)
        try:
            self._thread.submit(self._start(executable, flags)).result()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether it still runs, and for this process."""
        return self._alive and self._process == os.getpid()

    def open_context(self) -> BrowserContext:
        """A new context: pages of different ones share neither storage nor processes. Raises BrowserEnded."""
        opening: Future[BrowserContext] = self._thread.submit(self._new_context())
        return opening.result()

    def close_context(self, context: BrowserContext) -> None:
        """Closes a context with its pages, and waits until it has given everything back."""
        if self.alive:
            with suppress(Exception):
                self._thread.submit(context.close()).result(_PATIENCE)

    def open_page(self, context: BrowserContext) -> Page:
        """A new page. Raises BrowserEnded, and ExecutorUnavailable if pages of this browser cannot suspend a guest."""
        opening: Future[Page] = self._thread.submit(self._new_page(context))
        return opening.result()

    def close(self) -> None:
        """Ends the browser with all of its pages, and waits until it has. Idempotent."""
        if self._process != os.getpid():
            return
        self._lose("its browser was closed")
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._close()
        _open.discard(self)

    def _close(self) -> None:
        with suppress(Exception):
            self._thread.submit(self._end()).result(_PATIENCE)
        self._thread.stop(_PATIENCE)

    # In the browser's thread.

    async def _start(self, executable: str, flags: Sequence[str]) -> None:
        # A fifth of a second: not for those who only ask what executors there are.
        from playwright.async_api import Error, async_playwright

        self._playwright = await async_playwright().start()
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=executable,
                args=list(flags),
                headless=True,
                # It is for the user to say so where it has to go without.
                chromium_sandbox=True,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            self._browser.on("disconnected", lambda _: self._lose("its browser ended"))
        except Error as error:
            raise ExecutorUnavailable(_no_start(executable, str(error))) from None

    async def _new_context(self) -> BrowserContext:
        assert self._browser is not None
        try:
            return await self._browser.new_context()
        except Exception as error:
            raise self._ended(error) from None

    async def _new_page(self, context: BrowserContext) -> Page:
        assert self._browser is not None
        try:
            page = await Page.opened(self._thread, context)
            suspends = await page.suspends()
        except Exception as error:
            raise self._ended(error) from None
        if not suspends:
            page.abandon("it cannot suspend a guest")
            raise ExecutorUnavailable(
                f"the browser (version {self._browser.version}) has no WebAssembly.Suspending (JSPI), by which a guest "
                "waits for Python; Chromium has it since version 137"
            )
        self._pages.add(page)
        return page

    def _ended(self, error: Exception) -> BrowserEnded:
        # It may take a while until the browser's end is heard of otherwise, or its driver may have ended.
        self._lose("its browser ended")
        return BrowserEnded(f"the browser opens no page any more: {_first_line(error)}")

    async def _end(self) -> None:
        if self._browser is not None:
            with suppress(Exception):
                await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    def _lose(self, reason: str) -> None:
        self._alive = False
        for page in list(self._pages):
            page.lose(reason)


def _no_start(executable: str, said: str) -> str:
    message = f"{executable} does not start: {_first_line(said)}"
    if "no-sandbox" in said and "root" in said:
        message += f"; as root it needs the flag --no-sandbox, which {FLAGS} can give it"
    return message


def _first_line(said: object) -> str:
    return str(said).partition("\n")[0]


_open: Final[set[RunningBrowser]] = set()


@atexit.register
def _close_all(*_: Any) -> None:
    # A program that ends without closing its engine must neither hang nor leave a browser behind.
    for browser in list(_open):
        browser.close()
