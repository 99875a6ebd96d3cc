"""The host of a module in Python: what runs the calls that it makes."""

from __future__ import annotations

from typing import Protocol

from ..buffers import decode, error_message
from ..errors import CallError, GuestError
from ..values import Value


class Host(Protocol):
    """Takes calls to other modules, and to what the host has registered. Ids are 16 raw bytes, buffers as in ABI §1.

    Both methods raise GuestError for a call that failed.
    """

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes: ...

    def dispatch_indirect(self, callable_id: int) -> bytes: ...


class _Nowhere:
    """Stands in for the host where the module runs outside of a component, as in a test of its class."""

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        raise CallError("only a module that runs in a component can call other modules")

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise CallError("only a module that runs in a component can call what its host has registered")


_host: Host = _Nowhere()


def link(host: Host) -> None:
    """Make every call of this process through that host."""
    global _host
    _host = host


def dispatch(module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
    """Call a function of another module; return its result buffer. Raises GuestError where the call fails."""
    return _host.dispatch(module_id, function_id, argument)


def call_indirect(callable_id: int) -> Value:
    """Call what the host has registered under that id (``Engine.register_callable``), and return its value.

    Raises GuestError, with what the host says, for a call that fails.
    """
    answer = _host.dispatch_indirect(callable_id)
    message = error_message(answer)
    if message is not None:
        raise GuestError(message)
    return decode(answer)
