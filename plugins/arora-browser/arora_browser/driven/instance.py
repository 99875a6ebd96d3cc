"""One guest in a page of its own."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from arora_core.budget import current
from arora_core.errors import EngineClosed, FunctionNotFound, ModuleBusy
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import function_symbol
from arora_core.lock import Lock

from ..guest_failures import not_exported_message
from .call import PageCall, page_lost_error, to_base64
from .page import Page
from .shared_browser import SharedBrowser

if TYPE_CHECKING:
    from arora_core.header import Header

    from ..executable_check import Startable


class DrivenInstance(Instance):
    """Each call is one round trip to the page, plus one for each request of the guest to its host."""

    def __init__(
        self,
        browser: SharedBrowser,
        page: Page,
        startable: Startable,
        header: Header,
        host: Host,
        limits: Limits,
    ) -> None:
        # An instance keeps the browser running, as its executor does.
        self._browser = browser
        self._page = page
        self._header = header
        self._host = host
        self._limits = limits
        self._symbols = {each.id.bytes: function_symbol(each.id.bytes) for each in header.exports}
        self._stack_unknown = startable.stack.unknown
        self._needs_restart = False
        self._closed = False
        self._depth = 0
        # A guest is single-threaded: a call from another thread waits until this one has returned.
        self._lock = Lock()
        self._process = os.getpid()
        # An instance that is not closed leaves no page behind.
        weakref.finalize(self, page.close_soon, "it was garbage-collected").atexit = False
        try:
            PageCall(page, self._header, host, limits).run("compileModule", to_base64(startable.executable))
            self._run("start", startable.options())
        except BaseException:
            self.close()
            raise

    @property
    def needs_restart(self) -> bool:
        return self._needs_restart or (self._page.lost_reason is not None and not self._closed)

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        symbol = self._symbols.get(function_id)
        if symbol is None:
            raise FunctionNotFound(not_exported_message(function_id))
        return partial(self._call, symbol)

    def close(self) -> None:
        """As :meth:`arora_core.executor.Instance.close`. Raises ModuleBusy from inside one of its own calls."""
        if self._depth:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed = True
        if self._process == os.getpid():
            self._page.close()

    def _call(self, symbol: str, argument: bytes) -> bytes:
        try:
            return self._run("callExport", symbol, to_base64(argument))
        except BaseException:
            self._needs_restart = self._stack_unknown
            raise

    def _run(self, method: str, *arguments: str) -> bytes:
        with self._lock:
            self._require_page()
            deadline = None if self._depth else self._limits.deadline
            self._depth += 1
            try:
                with current.limited(deadline, None):
                    return PageCall(self._page, self._header, self._host, self._limits).run(method, *arguments)
            finally:
                self._depth -= 1

    def _require_page(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")
        if self._process != os.getpid():
            raise EngineClosed("belongs to the process that this one was forked from")
        if self._page.lost_reason is not None:
            raise page_lost_error(self._page)
