"""The executor. Importing this file imports neither a browser's driver nor Pyodide."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, Final

from arora_core.executor import Capability, Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .driven.runtime import Driven
    from .in_page import InPage

IN_PAGE: Final[bool] = sys.platform == "emscripten"
"""Whether this Python runs in a page itself, and its guests beside it."""


class BrowserExecutor(Executor):
    """Runs WebAssembly modules on a browser: the one Python runs in, or one that it starts and drives.

    ``browser`` and ``flags`` are for the latter: the executable to start, in place of the environment variable
    ARORA_BROWSER and of what is on PATH; and what to pass to it, after what ARORA_BROWSER_FLAGS says.
    """

    name: ClassVar[str] = "browser"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    # Nothing can stop a guest of the page that Python itself runs in: it has the thread.
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.TRAPS, Capability.OUTPUT}) | (
        frozenset() if IN_PAGE else frozenset({Capability.DEADLINE})
    )
    # Outside a page every call crosses into another process: other executors come first.
    priority: ClassVar[int] = 0 if IN_PAGE else -10

    browser: ClassVar[str | None] = None
    flags: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self._runs: Driven | InPage | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        if IN_PAGE:
            return None
        from .driven import finding

        return finding.obstacle(cls.browser)

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`.

        ExecutorUnavailable when the browser does not start, or cannot suspend a guest while it calls Python;
        LimitExceeded when the guest takes longer than its deadline to start.
        """
        return self._way().load(definition, host, limits)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """As :meth:`arora_core.executor.Executor.prepare`."""
        await self._way().prepare(definition)

    def close(self) -> None:
        if self._runs is not None:
            self._runs.close()
            self._runs = None

    def _way(self) -> Driven | InPage:
        if self._runs is None:
            if IN_PAGE:
                from .in_page import InPage

                self._runs = InPage()
            else:
                from .driven.runtime import Driven

                self._runs = Driven(type(self).browser, type(self).flags)
        return self._runs
