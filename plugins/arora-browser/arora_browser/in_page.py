"""Guests on the WebAssembly of the page that Python itself runs in, under Pyodide.

Nothing crosses between the two languages but bytes, numbers and names: an exception of Python's stays in Python
while a stand-in unwinds the guest, and is raised again as the same object behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from arora_core.errors import EngineClosed, FunctionNotFound, LoadError, Trap, TrapKind
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import function_symbol

from . import checks, guest_failures, page_modules

if TYPE_CHECKING:
    from arora_core.header import Header, ModuleDefinition

# What a guest's imports call. A null from Python means that Python holds an exception back.
_HOST: Final = """(answerDispatch, answerIndirect, write) => {
  const heldBack = new Error("an exception of Python's");
  const taken = (answer) => { if (answer === undefined) throw heldBack; return answer; };
  return {
    dispatch: (moduleId, functionId, argument) => taken(answerDispatch(moduleId, functionId, argument)),
    dispatchIndirect: (callableId) => taken(answerIndirect(callableId)),
    writeOutput: (fd, data) => { taken(write(fd, data)); },
  };
}"""


class InPage:
    """What the executor does in a page. ``prepare`` takes modules of any size, ``load`` what it may block for."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[UUID, bytes], PageInstance] = {}
        self._closed = False

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`.

        Takes the instance that ``prepare`` made of an equal definition, if there is one. Raises LoadError for an
        executable that the page refuses to compile without it: Chromium's limit is 8 MB.
        """
        prepared = self._prepared.pop(_key(definition), None)
        if prepared is not None:
            if prepared.fits(definition.header):
                prepared.attach(host)
                return prepared
            prepared.close()
        checks.check(definition)
        instance = PageInstance(definition.header)
        instance.attach(host)
        return instance.started(definition.executable)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """As :meth:`arora_core.executor.Executor.prepare`: compiles and instantiates, without blocking the page."""
        checks.check(definition)
        instance = await PageInstance(definition.header).starting(definition.executable)
        if self._closed:
            instance.close()
            raise EngineClosed("the engine was closed while the module was being prepared")
        replaced = self._prepared.pop(_key(definition), None)
        if replaced is not None:
            replaced.close()
        self._prepared[_key(definition)] = instance

    def close(self) -> None:
        """Gives back what was prepared and not loaded. Idempotent."""
        self._closed = True
        while self._prepared:
            self._prepared.popitem()[1].close()


class PageInstance(Instance):
    """One guest of the page, and the three functions of Python's that it was given."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._host: Host = _Waiting()
        self._held_back: list[BaseException] = []
        self._guest: Any = None
        self._symbols = {each.id.bytes: function_symbol(each.id.bytes) for each in header.exports}
        ffi = import_module("pyodide.ffi")
        self._to_js, self._js_error = ffi.to_js, ffi.JsException
        self._proxies = [ffi.create_proxy(each) for each in (self._dispatch_out, self._indirect_out, self._write_out)]

    def attach(self, host: Host) -> None:
        """Answers the guest from ``host`` from now on, which first gets what the guest has written so far."""
        waiting, self._host = self._host, host
        if isinstance(waiting, _Waiting):
            for fd, data in waiting.written:
                host.write_output(fd, data)

    def fits(self, header: Header) -> bool:
        """Whether it was made for a header with the same functions."""
        return self._header == header

    def started(self, executable: bytes) -> PageInstance:
        """Itself, with the guest compiled and running. Raises as loading does."""
        page = _page()
        try:
            module = page.guest.compileSync(self._to_js(executable))
            self._guest = page.guest.Guest.instantiateSync(module, self._answers(page))
        except BaseException as error:
            raise self._failed_start(error) from None
        return self

    async def starting(self, executable: bytes) -> PageInstance:
        """As ``started``, without blocking."""
        page = _page()
        try:
            module = await page.guest.compile(self._to_js(executable))
            self._guest = await page.guest.Guest.instantiate(module, self._answers(page))
        except BaseException as error:
            raise self._failed_start(error) from None
        return self

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        if self._guest is None:
            raise EngineClosed("is closed")
        symbol = self._symbols.get(function_id)
        if symbol is None:
            raise FunctionNotFound(guest_failures.not_exported(function_id))
        return partial(self._call, symbol)

    def close(self) -> None:
        if self._guest is not None:
            try:
                self._guest.close()
            except self._js_error as error:
                raise self._explained(error) from None
            self._guest = None
        for proxy in self._proxies:
            proxy.destroy()
        self._proxies.clear()

    def _call(self, symbol: str, argument: bytes) -> bytes:
        guest, held_back = self._guest, self._held_back
        if guest is None:
            raise EngineClosed("is closed")
        if held_back:
            held_back.clear()
        try:
            result: bytes = guest.call(symbol, self._to_js(argument)).to_bytes()
        except self._js_error as error:
            raise self._explained(error) from None
        return result

    # What the guest's imports call. Nothing may be raised here: it would cross JavaScript and lose its identity.

    def _dispatch_out(self, module_id: Any, function_id: Any, argument: Any) -> Any:
        try:
            answer = self._host.dispatch(module_id.to_bytes(), function_id.to_bytes(), argument.to_bytes())
            return self._to_js(answer)
        except BaseException as error:
            self._held_back.append(error)
            return None

    def _indirect_out(self, callable_id: int) -> Any:
        try:
            return self._to_js(self._host.dispatch_indirect(callable_id))
        except BaseException as error:
            self._held_back.append(error)
            return None

    def _write_out(self, fd: int, data: Any) -> bool | None:
        try:
            self._host.write_output(fd, data.to_bytes())
            return True
        except BaseException as error:
            self._held_back.append(error)
            return None

    def _answers(self, page: _Page) -> Any:
        return page.host(*self._proxies)

    def _failed_start(self, error: BaseException) -> BaseException:
        raised = self._explained(error) if isinstance(error, self._js_error) else error
        self.close()
        return raised

    def _explained(self, error: Any) -> BaseException:
        """What was thrown, as the exception of Python's that it stands for."""
        return self._held_back.pop() if self._held_back else _explained(error, self._header)


class _Waiting:
    """The host of a guest that is prepared: it may write already, and nothing else."""

    def __init__(self) -> None:
        self.written: list[tuple[int, bytes]] = []

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)

    def write_output(self, fd: int, data: bytes) -> None:
        self.written.append((fd, data))


class _Page:
    """The page's side: what ``guest.mjs`` exports, and the maker of hosts."""

    def __init__(self) -> None:
        run_js = import_module("pyodide.code").run_js
        self.guest: Any = run_js(page_modules.joined("guest.mjs"))
        self.host: Any = run_js(_HOST)


@cache
def _page() -> _Page:
    return _Page()


def _key(definition: ModuleDefinition) -> tuple[UUID, bytes]:
    return definition.header.id, definition.executable


def _explained(error: Any, header: Header) -> BaseException:
    code = getattr(error, "code", None)
    if code is None:
        return cast(BaseException, error)
    message = guest_failures.named(str(error.message), header)
    if code == "too-large":
        return LoadError(f"{message}; await engine.prepare(header, executable) first, then load the same")
    kind, exit_code, symbol = (getattr(error, each, None) for each in ("kind", "exitCode", "symbol"))
    return guest_failures.error(code, message, kind=kind, exit_code=exit_code, symbol=symbol)
