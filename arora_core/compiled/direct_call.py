"""The call of one function, compiled for its number of parameters.

Python hands arguments to named parameters as they are. ``*args, **kwargs`` packs them, and to call on unpacks them
again, which takes longer than to encode two numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .source_code import Source
from .typed import ABSENT


def direct_call(parameters: int, filename: str, **steps: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a call of positional arguments, one for each of so many parameters.

    ``steps`` are those of a call, by name, as :class:`arora_core.runtime.typed_call.TypedCall` has them. Calls with
    other arguments are left to ``any_call``. Tracebacks show the function's source under ``filename``.
    """
    names = [f"argument{index}" for index in range(parameters)]
    arguments = ", ".join(names)
    source = Source("call", [*(f"{name}=ABSENT" for name in names), *("/" for _ in names[:1]), "*more", "**named"])
    source.globals.update(steps, ABSENT=ABSENT, given=_given)
    # Fewer arguments than parameters leave out the last one.
    absence = "".join(f" or {name} is ABSENT" for name in names[-1:])
    given = f"*given([{arguments}]), " if names else ""
    source.line(f"if named or more{absence}: return any_call({given}*more, **named)")
    with source.block("try:"):
        source.line(f"buffer = encode({arguments})")
    with source.block("except Exception as error:"):
        source.line("buffer, pieces = b'', pieces_of(error)")
    source.line(f"if not buffer: return unencoded(pieces, [{arguments}], {{}})")
    source.line("result = run(buffer)")
    with source.block("try:"):
        source.line("return decode(result)")
    with source.block("except Exception as error:"):
        source.line("if not takes_over(error): raise")
    source.line("return decode_generically(result)")
    return source.function("call", filename)


def _given(arguments: list[object]) -> list[object]:
    """Return the arguments without those that were left out."""
    return [each for each in arguments if each is not ABSENT]
