"""One page of the browser, as the thread sees it that talks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Union

from .. import page_modules
from .event_loop import LoopThread

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession
    from playwright.async_api import Page as BrowserPage

_GRACE: Final = 5.0
"""Seconds a page is given to do what it has no reason to take long for."""
_BINDING: Final = "aroraAsk"
_TERMINATED: Final = "Execution was terminated"


@dataclass(frozen=True)
class Answered:
    """A call is over; ``outcome`` is as ``driven.mjs`` tells it."""

    outcome: str


@dataclass(frozen=True)
class Asked:
    """The guest asks something of its host, and is suspended until it is answered or refused."""

    request: int
    what: str
    parts: list[Any]


@dataclass(frozen=True)
class Gone:
    """The page is no more."""


Message = Union[Answered, Asked, Gone]
Mailbox = SimpleQueue[Message]


class Page:
    """One page with one guest. ``gone`` says why there is nothing to be had from it any more."""

    def __init__(self, thread: LoopThread, page: BrowserPage, session: CDPSession) -> None:
        self.gone: str | None = None
        self._thread = thread
        self._page = page
        self._session = session
        self._glue = ""
        self._numbers = count(1)
        self._calls: dict[int, Mailbox] = {}
        self._sent: set[asyncio.Task[None]] = set()

    @classmethod
    async def opened(cls, thread: LoopThread, context: BrowserContext) -> Page:
        """A page with ``driven.mjs`` in it. Runs in ``thread``."""
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        opened = cls(thread, page, session)
        page.on("crash", lambda _: opened.lose("its page crashed"))
        page.on("close", lambda _: opened.lose("its page was closed"))
        session.on("Runtime.bindingCalled", opened._asked)
        await session.send("Runtime.enable")
        await session.send("Runtime.addBinding", {"name": _BINDING})
        found = await session.send("Runtime.evaluate", {"expression": page_modules.joined("driven.mjs")})
        opened._glue = found["result"]["objectId"]
        return opened

    async def suspends(self) -> bool:
        """Whether the page can suspend guests. Runs in the page's thread."""
        return bool(await self._evaluate("suspends"))

    # From the thread that makes a call.

    def begin(self, method: str, *arguments: str) -> tuple[int, Mailbox]:
        """Begins a call: its number, and where to hear what comes of it. ``end`` has to follow."""
        number, mailbox = next(self._numbers), Mailbox()
        self._calls[number] = mailbox
        if self.gone is not None:
            # Whoever lost the page may have done so before this mailbox was there to be told.
            mailbox.put(Gone())
        self._send(method, (number, *arguments), lambda outcome: mailbox.put(Answered(str(outcome))))
        return number, mailbox

    def end(self, number: int) -> None:
        """Hears no more of a call."""
        self._calls.pop(number, None)

    def answer(self, request: int, answered: str) -> None:
        """Lets a suspended guest go on."""
        self._send("answer", (request, answered))

    def refuse(self, request: int) -> None:
        """Unwinds a suspended guest."""
        self._send("refuse", (request,))

    def interrupt(self, number: int) -> None:
        """Stops a call, whatever its guest is doing; or the page, if that does not work."""
        if self.gone is not None:
            return
        stopped = False
        try:
            self._thread.submit(self._interrupt(number)).result(_GRACE)
            stopped = True
        except Exception:
            return
        finally:
            if not stopped:
                self.abandon("its page was closed because a call that was to stop did not")

    def abandon(self, reason: str) -> None:
        """Closes the page without waiting for it."""
        self.lose(reason)
        self._thread.soon(lambda: self._task(self._page.close()))

    def close(self) -> None:
        """Closes the page, and waits until it has given everything back."""
        if self.gone is not None:
            return
        self.lose("it is closed")
        try:
            self._thread.submit(self._page.close()).result(_GRACE)
        except Exception:
            # A page that cannot be closed is closed with its browser, or was.
            return

    # From any thread.

    def lose(self, reason: str) -> None:
        """Tells every call that there is nothing to wait for."""
        if self.gone is None:
            self.gone = reason
        for mailbox in list(self._calls.values()):
            mailbox.put(Gone())

    # In the page's thread.

    def _send(
        self, method: str, arguments: tuple[object, ...], then: Callable[[object], None] = lambda _: None
    ) -> None:
        self._thread.soon(lambda: self._task(self._sending(method, arguments, then)))

    def _task(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(_quietly(coroutine))
        # The loop itself keeps no task alive.
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)

    async def _sending(self, method: str, arguments: tuple[object, ...], then: Callable[[object], None]) -> None:
        try:
            answered = await self._evaluate(method, *arguments)
        except Exception as error:
            # A call that was interrupted has no answer. Of every other failure its caller must hear, in case the
            # page, the browser or the driver ends without any event that says so.
            if _TERMINATED not in str(error):
                self.lose("its page does not answer any more")
        else:
            then(answered)

    async def _evaluate(self, method: str, *arguments: object) -> object:
        answered = await self._session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": f"function (...values) {{ return this.{method}(...values); }}",
                "objectId": self._glue,
                "arguments": [{"value": each} for each in arguments],
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in answered:
            self.lose(f"its page failed: {answered['exceptionDetails'].get('text')}")
        return answered["result"].get("value")

    async def _interrupt(self, number: int) -> None:
        # Answered once what was running has stopped; harmless where nothing was.
        await self._session.send("Runtime.terminateExecution")
        await self._evaluate("interrupt", number)

    def _asked(self, event: dict[str, Any]) -> None:
        call, request, what, *parts = json.loads(event["payload"])
        mailbox = self._calls.get(call)
        if mailbox is not None:
            mailbox.put(Asked(request, what, parts))


async def _quietly(coroutine: Any) -> None:
    try:
        await coroutine
    except Exception:
        # What was to be closed, or sent to, has ended already.
        return
