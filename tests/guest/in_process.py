"""Modules in Python as they are inside a component, without one: served in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from arora_core import GuestError, Header
from arora_core.authoring.generated_files import texts
from arora_core.authoring.python_module_language import GENERATOR
from arora_core.binding.conversion import Conversions
from arora_core.buffers import AroraCodec
from arora_core.guest.serving import CallFailed, Server
from arora_core.runtime.compiled_signature import CompiledSignature
from tests.authoring.python_clients import imported

_HALF: Final = (1 << 64) - 1


def written_against(made: Header, directory: Path) -> ModuleType:
    """Return what is generated for the author of the module with this header."""
    *_, text = texts(GENERATOR, made).values()
    return imported(text, directory)


def serve(generated: ModuleType, implementation: object) -> Server:
    """Return the server of a module, whose class an object is of."""
    return Server(generated.EXPORTS, implementation)


def caller(made: Header, server: Server) -> Callable[..., Any]:
    """Return a function that calls one of the module's by its name, and as a program does otherwise.

    It raises GuestError, as the engine does, where the call fails.
    """
    conversions = Conversions(made.types)
    signatures = {
        each.name: (each.id.int, CompiledSignature(each, made.types, conversions, AroraCodec()))
        for each in made.exports
    }

    def call(function: str, /, *args: object, **kwargs: object) -> Any:
        id, signature = signatures[function]
        try:
            result = server.dispatch(id >> 64, id & _HALF, signature.encode_call(args, kwargs))
        except CallFailed as error:
            raise GuestError(str(error)) from None
        return signature.decode_result(result)

    return call


class Loop:
    """A host that answers the calls of a module with the module itself, and every callable with the same buffer."""

    def __init__(self, server: Server, answer: bytes = b"") -> None:
        self._server = server
        self._answer = answer

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        id = int.from_bytes(function_id, "big")
        try:
            return self._server.dispatch(id >> 64, id & _HALF, argument)
        except CallFailed as error:
            raise GuestError(str(error)) from None

    def dispatch_indirect(self, callable_id: int) -> bytes:
        return self._answer
