"""What the executor does outside a page: a browser of its own or a part of one, when it is first needed."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from arora_core.errors import ExecutorUnavailable
from arora_core.executor import Host, Instance, Limits

from .. import checks
from . import finding

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .sharing import Browser


class Driven:
    """``executable`` and ``flags`` are the user's, as :mod:`arora_browser.driven.finding` takes them."""

    def __init__(self, executable: str | None, flags: tuple[str, ...]) -> None:
        self._executable = executable
        self._flags = flags
        self._browser: Browser | None = None
        self._starting = Lock()

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`."""
        from .browser import BrowserEnded
        from .instance import DrivenInstance

        checks.check(definition)
        try:
            browser = self._running_browser()
            page = browser.open_page()
        except BrowserEnded:
            # Between two loads a browser may have died without anyone noticing; one that dies at once is broken.
            browser = self._running_browser()
            page = browser.open_page()
        return DrivenInstance(browser, page, definition, host, limits)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """Nothing: the browser compiles in a process of its own, and ``load`` waits for it."""

    def close(self) -> None:
        """Ends the browser, unless another executor has a part in it. Idempotent."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def _running_browser(self) -> Browser:
        """The browser, or a new one in the place of one that has ended."""
        from .sharing import Browser

        with self._starting:
            if self._browser is not None and not self._browser.alive:
                self.close()
            if self._browser is None:
                executable = finding.executable(self._executable)
                if executable is None:
                    raise ExecutorUnavailable(finding.obstacle(self._executable) or "the browser is gone")
                self._browser = Browser(executable, finding.flags(self._flags))
            return self._browser
