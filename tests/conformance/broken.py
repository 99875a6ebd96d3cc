"""Executors with a mistake each, made from the one on Wasmtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from arora_wasmtime.executor import WasmtimeExecutor

from arora_core import Capability, Executor, Host, Instance, Limits, ModuleDefinition, buffers

Spoil = Callable[[Instance, bytes, bytes], bytes]
"""Does a call: the instance, the function's id, the argument."""


class SpoiledInstance(Instance):
    """An instance whose calls go through ``spoil``."""

    def __init__(self, inner: Instance, spoil: Spoil) -> None:
        self._inner = inner
        self._spoil = spoil

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self._spoil(self._inner, function_id, argument)

    def close(self) -> None:
        self._inner.close()


def spoiled(by: Spoil, *, lacking: frozenset[Capability] = frozenset()) -> type[Executor]:
    """An executor whose instances call as ``by`` does, and that does not declare ``lacking``."""

    class Spoiled(WasmtimeExecutor):
        name: ClassVar[str] = "spoiled"
        capabilities: ClassVar[frozenset[Capability]] = WasmtimeExecutor.capabilities - lacking

        def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
            return SpoiledInstance(super().load(definition, host, limits), by)

    return Spoiled


def sound(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """No mistake."""
    return instance.dispatch(function_id, argument)


def loses_errors(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """Answers with the argument where the guest failed in an orderly way."""
    answer = instance.dispatch(function_id, argument)
    return argument if buffers.error_message(answer) is not None else answer


def calls_twice(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
    """Calls the guest's function twice."""
    instance.dispatch(function_id, argument)
    return instance.dispatch(function_id, argument)
