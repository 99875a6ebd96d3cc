"""``Limits.result``: the engine looks at the size of each result before it reads the result.

Calls of a module with that limit are transfers, in which executors show a result where it lies in the guest's memory.
So the limit needs nothing of an executor, and calls without it pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import LimitExceeded
from ..executor import Instance, RowsCall, Transfer, row_by_row


def calling(function_id: bytes, most: int | None) -> Callable[[Instance], Callable[[bytes], bytes]]:
    """Return what makes the entry point of a function, for results of up to ``most`` bytes (None: of any size)."""
    if most is None:
        return lambda instance: instance.function(function_id)
    bind = transferring(function_id, most)

    def bind_limited(instance: Instance) -> Callable[[bytes], bytes]:
        transfer = bind(instance)
        return lambda argument: transfer(Transfer((argument,), bytes))

    return bind_limited


def transferring(function_id: bytes, most: int | None) -> Callable[[Instance], Callable[[Transfer], Any]]:
    """Return what makes the entry point for large buffers, as :func:`calling`."""
    if most is None:
        return lambda instance: instance.transfer(function_id)

    def bind_limited(instance: Instance) -> Callable[[Transfer], Any]:
        transfer = instance.transfer(function_id)

        def limited(large: Transfer) -> Any:
            def read(result: bytes | memoryview) -> Any:
                if len(result) > most:
                    raise LimitExceeded(
                        f"returned a buffer of {len(result)} bytes, the limit of its results is {most} bytes",
                        limit="result",
                    )
                return large.read(result)

            return transfer(Transfer(large.pieces, read))

        return limited

    return bind_limited


def batching(function_id: bytes, most: int | None) -> Callable[[Instance], RowsCall]:
    """Return what makes the entry point for many calls, as :func:`calling`."""
    if most is None:
        return lambda instance: instance.batch(function_id)
    bind = calling(function_id, most)
    return lambda instance: row_by_row(bind(instance))
