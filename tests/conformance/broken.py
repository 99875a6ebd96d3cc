"""Broken executors, made from the Wasmtime executor by replacing how calls are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from arora_wasmtime.executor import WasmtimeExecutor

from arora_core import Capability, Executor, Host, Instance, Limits, ModuleDefinition, buffers

Dispatch = Callable[[Instance, bytes, bytes], bytes]
"""Calls a function: takes the instance, the function's id and the argument buffer, returns the result buffer."""


class BrokenInstance(Instance):
    """An instance that delegates calls to ``dispatch``."""

    def __init__(self, inner: Instance, dispatch: Dispatch, stack: int) -> None:
        self._inner = inner
        self._dispatch = dispatch
        self.stack = stack

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self._dispatch(self._inner, function_id, argument)

    def close(self) -> None:
        self._inner.close()


def broken(
    dispatch: Dispatch, *, lacking: frozenset[Capability] = frozenset(), stack: int | None = None
) -> type[Executor]:
    """Return an executor whose instances call with ``dispatch``, and that does not declare ``lacking``.

    ``stack`` is what its instances say of the stack that a call uses, None for the truth.
    """

    class Broken(WasmtimeExecutor):
        name: ClassVar[str] = "broken"
        capabilities: ClassVar[frozenset[Capability]] = WasmtimeExecutor.capabilities - lacking

        def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
            inner = super().load(definition, host, limits)
            return BrokenInstance(inner, dispatch, inner.stack if stack is None else stack)

    return Broken


def calls_correctly(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """Call the function, without a fault."""
    return instance.dispatch(function_id, argument)


def loses_errors(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """Return the argument instead of an error buffer."""
    result = instance.dispatch(function_id, argument)
    return argument if buffers.error_message(result) is not None else result


def calls_twice(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """Call the function twice."""
    instance.dispatch(function_id, argument)
    return instance.dispatch(function_id, argument)
