"""Guests on the WebAssembly of the page that Python itself runs in, under Pyodide.

Only bytes, numbers and names are passed between the two languages. A Python exception is kept in Python while a
JavaScript error unwinds the guest, and then raised again as the same object.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from arora_core.errors import EngineClosed, FunctionNotFound, LoadError, Trap, TrapKind
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import function_symbol

from . import guest_failures
from .executable_check import Startable, check_executable
from .module_expression import module_expression

if TYPE_CHECKING:
    from arora_core.header import Header, ModuleDefinition


class InPageRuntime:
    """Loads guests in the page. ``prepare`` accepts any size, ``load`` what browsers compile synchronously."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[UUID, bytes], InPageInstance] = {}
        self._closed = False

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """As :meth:`arora_core.executor.Executor.load`.

        Uses the instance that ``prepare`` created for an equal definition, if any. Raises LoadError for an executable
        that the browser refuses to compile synchronously: Chromium's limit is 8 MB.
        """
        prepared = self._prepared.pop(_key(definition), None)
        if prepared is not None:
            if prepared.is_for(definition.header):
                prepared.attach(host)
                return prepared
            prepared.close()
        startable = check_executable(definition)
        instance = InPageInstance(definition.header)
        instance.attach(host)
        instance.start(startable)
        return instance

    async def prepare(self, definition: ModuleDefinition) -> None:
        """As :meth:`arora_core.executor.Executor.prepare`: compile and instantiate without blocking the page."""
        startable = check_executable(definition)
        instance = InPageInstance(definition.header)
        await instance.start_async(startable)
        if self._closed:
            instance.close()
            raise EngineClosed("the engine was closed while the module was being prepared")
        replaced = self._prepared.pop(_key(definition), None)
        if replaced is not None:
            replaced.close()
        self._prepared[_key(definition)] = instance

    def close(self) -> None:
        """Close what was prepared but not loaded. Idempotent."""
        self._closed = True
        while self._prepared:
            self._prepared.popitem()[1].close()


class InPageInstance(Instance):
    """One guest in the page, and the proxies of the three Python functions that its imports call."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._host: Host = _BufferingHost()
        self._pending: list[BaseException] = []
        self._guest: Any = None
        self._stack_unknown = self._needs_restart = False
        self._symbols = {each.id.bytes: function_symbol(each.id.bytes) for each in header.exports}
        ffi = import_module("pyodide.ffi")
        self._to_js, self._js_error = ffi.to_js, ffi.JsException
        self._proxies = [
            ffi.create_proxy(each) for each in (self._dispatch, self._dispatch_indirect, self._write_output)
        ]

    def attach(self, host: Host) -> None:
        """Pass the guest's calls to ``host`` from now on, beginning with what it has written so far."""
        previous, self._host = self._host, host
        if isinstance(previous, _BufferingHost):
            for fd, data in previous.written:
                host.write_output(fd, data)

    def is_for(self, header: Header) -> bool:
        """Whether it was created for an equal header."""
        return self._header == header

    def start(self, startable: Startable) -> None:
        """Compile and instantiate the guest. Raises what loading raises."""
        self._stack_unknown = startable.stack.unknown
        try:
            executable = self._to_js(startable.executable)
            self._guest = _javascript().startSync(executable, startable.options(), *self._proxies)
        except BaseException as error:
            raise self._abort_start(error) from None

    async def start_async(self, startable: Startable) -> None:
        """Compile and instantiate the guest without blocking the page."""
        self._stack_unknown = startable.stack.unknown
        try:
            executable = self._to_js(startable.executable)
            self._guest = await _javascript().start(executable, startable.options(), *self._proxies)
        except BaseException as error:
            raise self._abort_start(error) from None

    @property
    def needs_restart(self) -> bool:
        return self._needs_restart

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        if self._guest is None:
            raise EngineClosed("is closed")
        symbol = self._symbols.get(function_id)
        if symbol is None:
            raise FunctionNotFound(guest_failures.not_exported_message(function_id))
        return partial(self._call, symbol)

    def close(self) -> None:
        if self._guest is not None:
            try:
                self._guest.close()
            except self._js_error as error:
                raise self._exception_for(error) from None
            self._guest = None
        for proxy in self._proxies:
            proxy.destroy()
        self._proxies.clear()

    def _call(self, symbol: str, argument: bytes) -> bytes:
        guest, pending = self._guest, self._pending
        if guest is None:
            raise EngineClosed("is closed")
        if pending:
            pending.clear()
        try:
            result: bytes = guest.call(symbol, self._to_js(argument)).to_bytes()
        except BaseException as error:
            self._needs_restart = self._stack_unknown
            if not isinstance(error, self._js_error):
                raise
            raise self._exception_for(error) from None
        return result

    # The guest's imports call these. An exception must not cross JavaScript, where it would lose its identity: it is
    # kept, and None returned.

    def _dispatch(self, module_id: Any, function_id: Any, argument: Any) -> Any:
        try:
            answer = self._host.dispatch(module_id.to_bytes(), function_id.to_bytes(), argument.to_bytes())
            return self._to_js(answer)
        except BaseException as error:
            self._pending.append(error)
            return None

    def _dispatch_indirect(self, callable_id: int) -> Any:
        try:
            return self._to_js(self._host.dispatch_indirect(callable_id))
        except BaseException as error:
            self._pending.append(error)
            return None

    def _write_output(self, fd: int, data: Any) -> bool | None:
        try:
            self._host.write_output(fd, data.to_bytes())
            return True
        except BaseException as error:
            self._pending.append(error)
            return None

    def _abort_start(self, error: BaseException) -> BaseException:
        """Close the instance whose start failed, and return the exception to raise."""
        raised = self._exception_for(error) if isinstance(error, self._js_error) else error
        self.close()
        return raised

    def _exception_for(self, error: Any) -> BaseException:
        """Return the exception that JavaScript's ``error`` stands for: the pending one, or the guest's failure."""
        return self._pending.pop() if self._pending else _exception_for(error, self._header)


class _BufferingHost:
    """The host of a guest that is prepared but not loaded: it keeps what the guest writes, and refuses calls."""

    def __init__(self) -> None:
        self.written: list[tuple[int, bytes]] = []

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)

    def write_output(self, fd: int, data: bytes) -> None:
        self.written.append((fd, data))


@cache
def _javascript() -> Any:
    """Return the exports of ``in_page.mjs``."""
    return import_module("pyodide.code").run_js(module_expression("in_page.mjs"))


def _key(definition: ModuleDefinition) -> tuple[UUID, bytes]:
    return definition.header.id, definition.executable


def _exception_for(error: Any, header: Header) -> BaseException:
    # Other errors of JavaScript may have a `code` too, of their own.
    if error.name != "GuestFailure":
        return cast(BaseException, error)
    code = error.code
    message = guest_failures.replace_symbols(str(error.message), header)
    if code == "too-large":
        return LoadError(f"{message}; await engine.prepare(header, executable) first, then load the same module")
    kind, exit_code, symbol = (getattr(error, each, None) for each in ("kind", "exitCode", "symbol"))
    return guest_failures.exception_from(code, message, kind=kind, exit_code=exit_code, symbol=symbol)
