"""Fuel and deadline of one instance: both count from the outermost call into it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_size_t, c_uint8, c_uint64, c_void_p
from time import monotonic
from typing import Any, Final

from wasmtime import Store
from wasmtime import _ffi as ffi

from arora_core.c_callbacks import Unwinding, c_callback
from arora_core.executor import Limits
from arora_core.linear_memory import BufferCall, LinearGuest

from .deadline import Alarm
from .traps import Failures
from .unchecked import context

_ON_EPOCH: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(c_uint64), POINTER(c_uint8))

_set_callback: Final = ffi.dll["wasmtime_store_epoch_deadline_callback"]
_set_callback.restype = None
_new_error: Final = ffi.dll["wasmtime_error_new"]
_new_error.restype = c_size_t
_delete_error: Final = ffi.dll["wasmtime_error_delete"]
_delete_error.restype = None
_quick: Final = ctypes.PyDLL(str(ffi.filename))
_set_epoch_deadline: Final = _quick["wasmtime_context_set_epoch_deadline"]
_set_epoch_deadline.restype = None
_set_fuel: Final = _quick["wasmtime_context_set_fuel"]
_set_fuel.restype = c_void_p

_ONE: Final = c_uint64(1)


class Meter:
    """Starts when the guest is entered from outside. A call nested in another goes on its outer call's account."""

    def __init__(self, store: Store, guest: LinearGuest, limits: Limits, alarm: Alarm, failures: Failures) -> None:
        self._context = context(store)
        self._deadline = limits.deadline
        self._fuel = None if limits.fuel is None else c_uint64(min(limits.fuel, 2**64 - 1))
        self._alarm = alarm
        self._failures = failures
        self._until = 0.0
        self._running = False
        self._stopping = Unwinding(_stop, lambda error: _delete_error(c_void_p(error)))
        self._callback = _ON_EPOCH(c_callback(self._on_epoch, guest.carried, self._stopping))
        if limits.deadline is not None:
            _set_callback(ctypes.cast(store.ptr(), c_void_p), self._callback, None, None)

    def around(self, call: BufferCall) -> BufferCall:
        """``call``, held to the limits."""
        if self._deadline is None and self._fuel is None:
            return call

        def run(argument: bytes) -> bytes:
            if self._running:
                return call(argument)
            with self.running():
                return call(argument)

        return run

    @contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside is one outermost call."""
        alarm_number = None
        self._running = True
        try:
            self._failures.expired = False
            self._stopping.arm()
            if self._fuel is not None:
                _set_fuel(self._context, self._fuel)
            if self._deadline is not None:
                self._until = monotonic() + self._deadline
                # Of an engine's instances, the alarm is for one and reaches all: each looks at its own time.
                _set_epoch_deadline(self._context, _ONE)
                alarm_number = self._alarm.set(self._until)
            yield
        finally:
            if alarm_number is not None:
                self._alarm.cancel(alarm_number)
            self._running = False

    def close(self) -> None:
        """To be called once the store is closed."""
        self._stopping.close()

    def _on_epoch(self, store: Any, data: Any, extension: Any, kind: Any) -> int:
        if monotonic() < self._until:
            extension[0] = 1
            return 0
        self._failures.expired = True
        return _stop()


def _stop() -> int:
    error: int = _new_error(b"stopped by the host")
    return error
