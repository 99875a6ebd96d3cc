"""The process of a headless browser."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from arora_core.errors import ExecutorUnavailable
from arora_core.lock import Lock

from .browser_executable import FLAGS_VARIABLE
from .event_loop import EventLoopThread
from .page import Page

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import BrowserContext, Playwright

_TIMEOUT: Final = 15.0
"""Seconds that the browser may take to end."""


class BrowserEnded(ExecutorUnavailable):
    """The browser has ended. Another one may be started."""


class BrowserProcess:
    """One headless browser, driven from a thread of its own. It runs until it is closed."""

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._process = os.getpid()
        self._alive = True
        self._closed = False
        self._closing = Lock()
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._playwright: Playwright | None = None
        self._browser: PlaywrightBrowser | None = None
        self._thread = EventLoopThread("arora-browser")
        _open.add(self)
        try:
            self._thread.submit(self._start(executable, flags)).result()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the browser is running, and was not inherited by a fork."""
        return self._alive and self._process == os.getpid()

    def open_context(self) -> BrowserContext:
        """Return a new context, which shares neither storage nor processes of pages. Raises BrowserEnded."""
        opening: Future[BrowserContext] = self._thread.submit(self._new_context())
        return opening.result()

    def close_context(self, context: BrowserContext) -> None:
        """Close a context with its pages, and wait until its resources are released."""
        if self.alive:
            with suppress(Exception):
                self._thread.submit(context.close()).result(_TIMEOUT)

    def open_page(self, context: BrowserContext) -> Page:
        """Return a new page.

        Raises BrowserEnded, and ExecutorUnavailable if pages of this browser cannot suspend a guest.
        """
        opening: Future[Page] = self._thread.submit(self._new_page(context))
        return opening.result()

    def close(self) -> None:
        """End the browser with all of its pages, and wait until it has ended. Idempotent."""
        if self._process != os.getpid():
            return
        self._mark_ended("its browser was closed")
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._close()
        _open.discard(self)

    def _close(self) -> None:
        with suppress(Exception):
            self._thread.submit(self._end()).result(_TIMEOUT)
        self._thread.stop(_TIMEOUT)

    # In the browser's thread.

    async def _start(self, executable: str, flags: Sequence[str]) -> None:
        # This import takes a fifth of a second, which listing the executors should not.
        from playwright.async_api import Error, async_playwright

        self._playwright = await async_playwright().start()
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=executable,
                args=list(flags),
                headless=True,
                # Only the user can disable the sandbox, by a flag.
                chromium_sandbox=True,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            self._browser.on("disconnected", lambda _: self._mark_ended("its browser ended"))
        except Error as error:
            raise ExecutorUnavailable(_start_failure(executable, str(error))) from None

    async def _new_context(self) -> BrowserContext:
        assert self._browser is not None
        try:
            return await self._browser.new_context()
        except Exception as error:
            raise self._ended_error(error) from None

    async def _new_page(self, context: BrowserContext) -> Page:
        assert self._browser is not None
        try:
            page = await Page.open(self._thread, context)
            can_suspend = await page.can_suspend()
        except Exception as error:
            raise self._ended_error(error) from None
        if not can_suspend:
            page.close_soon("it cannot suspend a guest")
            raise ExecutorUnavailable(
                f"the browser (version {self._browser.version}) has no WebAssembly.Suspending (JSPI), by which a guest "
                "waits for Python; Chromium has it since version 137"
            )
        self._pages.add(page)
        return page

    def _ended_error(self, error: Exception) -> BrowserEnded:
        # The event of the browser's end may come later, or not at all if the driver has ended.
        self._mark_ended("its browser ended")
        return BrowserEnded(f"the browser cannot open a page any more: {_first_line(error)}")

    async def _end(self) -> None:
        if self._browser is not None:
            with suppress(Exception):
                await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    def _mark_ended(self, reason: str) -> None:
        self._alive = False
        for page in list(self._pages):
            page.mark_lost(reason)


def _start_failure(executable: str, details: str) -> str:
    message = f"{executable} does not start: {_first_line(details)}"
    if "no-sandbox" in details and "root" in details:
        message += f"; as root it needs the flag --no-sandbox, which {FLAGS_VARIABLE} can give it"
    return message


def _first_line(text: object) -> str:
    return str(text).partition("\n")[0]


_open: Final[set[BrowserProcess]] = set()


@atexit.register
def _close_all(*_: Any) -> None:
    # A program that exits without closing its engine must neither hang nor leave a browser running.
    for browser in list(_open):
        browser.close()
