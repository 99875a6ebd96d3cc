"""The functions of another module, for a module in Python to call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..binding.conversion import Conversions
from ..binding.declared_functions import declared_header
from ..binding.python_names import NameTable
from ..buffers import AroraCodec
from ..executor import Transfer
from ..header import ExportedFunction
from ..runtime.compiled_signature import CompiledSignature
from ..runtime.typed_call import TypedCall
from .host import dispatch


class Imported:
    """The base of the classes that are generated for imported modules: an attribute for each function.

    A call takes and returns plain Python objects, as it does in a program. It raises ArgumentError for arguments that
    do not fit, and GuestError where the called function fails, or there is none.
    """

    def __init__(self, id: str, name: str, *functions: ExportedFunction, records: Iterable[type[Any]] = ()) -> None:
        """``records`` are the declared classes of the types that the functions use."""
        header = declared_header(id, name, "", functions, records)
        conversions = Conversions(header.types)
        for export, python in zip(functions, NameTable(each.name for each in functions).python, strict=True):
            signature = CompiledSignature(export, header.types, conversions, AroraCodec())
            run = partial(dispatch, header.id.bytes, export.id.bytes)
            call = TypedCall(name, "", export, signature, run, partial(_in_pieces, run))
            # Compiled when the module is built: what a component begins with has it.
            call.compile()
            setattr(self, python, call.direct() or call)


def _in_pieces(run: Callable[[bytes], bytes]) -> Callable[[Transfer], Any]:
    """Return the way to make calls with large arguments, which are one buffer on this side of the border too."""

    def transfer(transfer: Transfer) -> Any:
        argument = b"".join(transfer.pieces)
        transfer.release()
        return transfer.read(run(argument))

    return transfer
