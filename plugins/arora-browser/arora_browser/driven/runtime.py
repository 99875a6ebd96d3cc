"""Loads guests in a browser that Python drives, which starts with the first guest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arora_core.errors import ExecutorUnavailable
from arora_core.executor import Host, Instance, Limits
from arora_core.lock import Lock

from ..executable_check import check_executable
from .browser_executable import browser_arguments, find_executable, unavailable_reason

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .shared_browser import SharedBrowser


class DrivenRuntime:
    """``executable`` and ``flags`` are the user's, as in :class:`arora_browser.executor.BrowserExecutor`."""

    def __init__(self, executable: str | None, flags: tuple[str, ...]) -> None:
        self._executable = executable
        self._flags = flags
        self._browser: SharedBrowser | None = None
        self._start_lock = Lock()

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`."""
        from .browser_process import BrowserEnded
        from .instance import DrivenInstance

        startable = check_executable(definition)
        try:
            browser = self._running_browser()
            page = browser.open_page()
        except BrowserEnded:
            # The browser may have ended unnoticed since the last load. If a new one ends at once, it is broken.
            browser = self._running_browser()
            page = browser.open_page()
        return DrivenInstance(browser, page, startable, definition.header, host, limits)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """Do nothing: the browser compiles in a process of its own, and ``load`` waits for it."""

    def close(self) -> None:
        """End the browser, unless another executor shares it. Idempotent."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def _running_browser(self) -> SharedBrowser:
        """Return the browser, or a new one in the place of one that has ended."""
        from .shared_browser import SharedBrowser

        with self._start_lock:
            if self._browser is not None and not self._browser.alive:
                self.close()
            if self._browser is None:
                executable = find_executable(self._executable)
                if executable is None:
                    raise ExecutorUnavailable(unavailable_reason(self._executable) or "no browser was found")
                self._browser = SharedBrowser(executable, browser_arguments(self._flags))
            return self._browser
