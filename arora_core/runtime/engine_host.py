"""The host that an engine passes to its instances."""

from __future__ import annotations

from ..buffers import encode_error
from ..codec import Codec
from ..errors import CallError
from ..executor import TRANSFER_THRESHOLD
from .call_stack import CallStack, out_of_frames
from .callables import Callables
from .guest_output import GuestOutput
from .module_table import ModuleTable


class EngineHost:
    """The :class:`~arora_core.executor.Host` of one module.

    It returns failures that a guest may handle as error buffers (ABI §4). Guests call it in the thread that holds the
    engine's lock.
    """

    __slots__ = ("_call", "_calls", "_encode", "_find", "_modules", "write_output")

    def __init__(
        self, calls: CallStack, modules: ModuleTable, callables: Callables, codec: Codec, output: GuestOutput
    ) -> None:
        self._calls = calls
        self._modules = modules
        self._find = modules.get
        self._call = callables.call
        self._encode = codec.encode
        # Output may reach a user's log handler, which may make a nested call.
        self.write_output = calls.hosted(output.write)

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        calls = self._calls
        outer, calls.host_depth = calls.host_depth, len(calls.running)
        try:
            module = self._find(module_id) or self._modules[module_id]
            function = module.functions.get(function_id) or module.function(function_id)
            if len(argument) > TRANSFER_THRESHOLD:
                with calls.passed.holding(len(argument)):
                    return function.enter_nested(argument)
            return function.enter_nested(argument)
        except CallError as error:
            return encode_error(error.summary())
        except RecursionError as error:
            return encode_error(out_of_frames(error).summary())
        finally:
            calls.host_depth = outer

    def dispatch_indirect(self, callable_id: int) -> bytes:
        try:
            return self._encode(self._call(callable_id))
        except CallError as error:
            return encode_error(error.summary())
        except RecursionError as error:
            return encode_error(out_of_frames(error).summary())
