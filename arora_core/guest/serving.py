"""Answering calls of a module in Python: from an argument buffer to a method, and from what it returns to a result."""

from __future__ import annotations

import linecache
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final
from uuid import UUID

from ..binding.conversion import Conversions
from ..binding.signature import Signature
from ..buffers import AroraCodec
from ..errors import CallError, GuestError
from ..runtime.compiled_signature import CompiledSignature
from ..runtime.host_function import HostFunction
from .exports import Exports

_HALF: Final = (1 << 64) - 1
_OWN: Final = f"{__name__.partition('.')[0]}."


class CallFailed(Exception):
    """A call that ends in an orderly failure with this message."""


class Server:
    """The functions of a module, each by the two halves of its id."""

    def __init__(self, exports: Exports, implementation: object) -> None:
        """Compile the codecs of all functions, so that a component has them from the start.

        Raises HeaderError for a method that cannot take the parameters that the header declares.
        """
        header = exports.header
        conversions = Conversions(header.types)
        self._functions: dict[tuple[int, int], Callable[[bytes], bytes]] = {}
        for export, python in zip(header.exports, exports.python_names, strict=True):
            signature = CompiledSignature(export, header.types, conversions, AroraCodec())
            signature.compile_host()
            function = HostFunction(header, export, getattr(implementation, python))
            self._functions[export.id.int >> 64, export.id.int & _HALF] = partial(_answer, function, signature)

    def dispatch(self, hi: int, lo: int, argument: bytes) -> bytes:
        """Return the result buffer of a call of the function with that id.

        Raises CallFailed, and nothing else: with the message of a CallError, or, after the traceback has been written
        to stderr, with the type and message of any other exception.
        """
        function = self._functions.get((hi, lo))
        if function is None:
            raise CallFailed(f"there is no function {UUID(int=hi << 64 | lo)}")
        try:
            return function(argument)
        except CallError as error:
            failure = error.summary()
        except BaseException as error:
            traceback.print_exception(_without_own_frames(error), file=sys.stderr)
            failure = f"{type(error).__name__}: {error}"
        raise CallFailed(failure)


def keep_lines(source: ModuleType) -> None:
    """Let tracebacks show the lines of a module, and of those in its directory: a component has no files."""
    directory = Path(str(source.__file__)).parent
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path is not None and directory in Path(path).parents:
            lines = linecache.getlines(path)
            # Without a time of change, the lines are never looked up again.
            linecache.cache[path] = (sum(map(len, lines)), None, lines, path)


def _answer(function: HostFunction, signature: Signature, argument: bytes) -> bytes:
    returned = function.call(signature, argument)
    try:
        return signature.encode_result(returned)
    except TypeError as error:
        raise GuestError(f"{signature}: {error}") from error


def _without_own_frames(error: BaseException) -> BaseException:
    """Return the error with a traceback that begins where the author's code does, if it comes from there."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(_OWN):
        trace = trace.tb_next
    return error if trace is None else error.with_traceback(trace)
