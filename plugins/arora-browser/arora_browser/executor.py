"""The executor. Importing this file imports neither Playwright nor Pyodide."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar, Final

from arora_core.executor import Capability, Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .driven.runtime import DrivenRuntime
    from .in_page import InPageRuntime

IN_PAGE: Final[bool] = sys.platform == "emscripten"
"""Whether this Python runs in a page, which then runs its guests too."""


class BrowserExecutor(Executor):
    """Run WebAssembly modules on a browser: the one that Python runs in, or one that it starts and drives.

    ``browser`` and ``flags`` apply to a driven browser. ``browser`` is its executable, and takes precedence over the
    environment variable ARORA_BROWSER and PATH; ``flags`` are its arguments, after those of ARORA_BROWSER_FLAGS.
    """

    name: ClassVar[str] = "browser"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    # A guest in Python's own page cannot be stopped: it runs on the page's only thread.
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.TRAPS, Capability.OUTPUT}) | (
        frozenset() if IN_PAGE else frozenset({Capability.DEADLINE})
    )
    # Outside a page every call crosses into another process: other executors are preferred.
    priority: ClassVar[int] = 0 if IN_PAGE else -10

    browser: ClassVar[str | None] = None
    flags: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self._runtime: DrivenRuntime | InPageRuntime | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        if IN_PAGE:
            return None
        from .driven.browser_executable import unavailable_reason

        return unavailable_reason(cls.browser)

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`.

        Raises ExecutorUnavailable when the browser does not start, or cannot suspend a guest while it calls Python, and
        LimitExceeded when the guest takes longer than its deadline to start.
        """
        return self._require_runtime().load(definition, host, limits)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """As :meth:`arora_core.executor.Executor.prepare`."""
        await self._require_runtime().prepare(definition)

    def close(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    def _require_runtime(self) -> DrivenRuntime | InPageRuntime:
        if self._runtime is None:
            if IN_PAGE:
                from .in_page import InPageRuntime

                self._runtime = InPageRuntime()
            else:
                from .driven.runtime import DrivenRuntime

                self._runtime = DrivenRuntime(type(self).browser, type(self).flags)
        return self._runtime
