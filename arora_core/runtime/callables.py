"""Registered callables: Python functions without arguments, which guests call by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from ..errors import FunctionNotFound
from ..values import Unit, Value
from .call_stack import CallStack


class Callables:
    """The registered callables of one engine by id, a u64."""

    __slots__ = ("_functions", "_ids", "_run")

    def __init__(self, calls: CallStack) -> None:
        self._functions: dict[int, Callable[[], Value | None]] = {}
        self._ids = count(1)
        self._run = calls.run_callable

    def add(self, function: Callable[[], Value | None], id: int | None = None) -> int:
        """Register a callable and return its id, by default a new one.

        Raises TypeError for an object that is not callable.
        """
        if not callable(function):
            raise TypeError(f"expected a callable, got {function!r}")
        if id is None:
            id = next(self._ids)
        self._functions[id] = function
        return id

    def remove(self, id: int) -> None:
        """Forget a callable. Raises FunctionNotFound."""
        if self._functions.pop(id, None) is None:
            raise _no_callable(id)

    def registered(self) -> Mapping[int, Callable[[], Value | None]]:
        """Return the callables by id."""
        return dict(self._functions)

    def clear(self) -> None:
        """Forget every callable."""
        self._functions.clear()

    def call(self, id: int) -> Value:
        """Call a callable and return its value.

        Raises FunctionNotFound, LimitExceeded, TypeError for a result that is not a value, and any exception of the
        callable.
        """
        function = self._functions.get(id)
        if function is None:
            raise _no_callable(id)
        result = self._run(function)
        if result is None:
            return Unit()
        if not isinstance(result, Value):
            raise TypeError(f"callable {id} must return a value of arora_core.values, got {result!r}")
        return result


def _no_callable(id: int) -> FunctionNotFound:
    return FunctionNotFound(f"no callable is registered under the id {id}")
