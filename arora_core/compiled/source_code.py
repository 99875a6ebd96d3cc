"""Writing Python source, and making functions of it that tracebacks can show."""

from __future__ import annotations

import linecache
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final, NoReturn

from ..binding.leave import Leave

STRUCT_ERROR: Final = "struct_error"
"""The name that ``struct.error`` has in sources."""


def leave(*args: object, **kwargs: object) -> NoReturn:
    """Stand in for compiled code where nothing could be compiled: raise Leave."""
    raise Leave


class Source:
    """The lines of one function, and the objects it refers to by name."""

    def __init__(self, name: str, parameters: Collection[str]) -> None:
        """``parameters`` are the function's, each with its default where it has one."""
        self._head = f"def {name}({', '.join(parameters)}):"
        self._lines: list[str] = []
        self._indent = "    "
        self._taken = {parameter.partition("=")[0] for parameter in parameters}
        self._names = count()
        self._relied_on: dict[str, None] = {}
        self.globals: dict[str, object] = {"Leave": Leave}

    def line(self, text: str) -> None:
        """Adds a line to the function's body."""
        self._lines.append(self._indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines added meanwhile stand below ``head``, as its body."""
        self.line(head)
        with self._indented():
            yield

    def relies_on(self, *exceptions: type[Exception]) -> None:
        """Turn these into Leave, whichever line of the function raises them.

        Only for those that a mistake in the function itself would not raise: of the others, see :meth:`attempt`.
        """
        self._relied_on.update(dict.fromkeys(map(self._named, exceptions)))

    @contextmanager
    def attempt(self, *exceptions: type[Exception]) -> Iterator[None]:
        """Turn these into Leave where the lines added meanwhile raise them."""
        with self.block("try:"):
            yield
        self.line(_leaving(map(self._named, exceptions)))

    @contextmanager
    def held_back(self) -> Iterator[list[str]]:
        """Lines added meanwhile, indented as a body, go to the list: what stands above them may depend on them."""
        kept, self._lines = self._lines, []
        try:
            with self._indented():
                yield self._lines
        finally:
            self._lines = kept

    def add(self, lines: Iterable[str]) -> None:
        """Adds lines that were held back."""
        self._lines += lines

    def variable(self, prefix: str) -> str:
        """A name that nothing else has."""
        return next(name for number in self._names if (name := f"{prefix}{number}") not in self._taken)

    def refer(self, prefix: str, referred: object) -> str:
        """A global name for an object that the source cannot spell."""
        name = self.variable(prefix)
        self.globals[name] = referred
        return name

    def __str__(self) -> str:
        lines = self._lines
        if self._relied_on:
            lines = ["    try:", *(f"    {line}" for line in lines), f"    {_leaving(self._relied_on)}"]
        return "\n".join([self._head, *lines]) + "\n"

    def function(self, name: str, filename: str) -> Callable[..., Any]:
        """The function ``name`` that the lines define. Tracebacks through it show them."""
        text = str(self)
        exec(compile(text, filename, "exec"), self.globals)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        made: Callable[..., Any] = self.globals[name]  # type: ignore[assignment]
        return made

    def _named(self, exception: type[Exception]) -> str:
        name = STRUCT_ERROR if exception is struct.error else exception.__name__
        self.globals[name] = exception
        return name

    @contextmanager
    def _indented(self) -> Iterator[None]:
        outer, self._indent = self._indent, self._indent + "    "
        try:
            yield
        finally:
            self._indent = outer


def _leaving(exceptions: Iterable[str]) -> str:
    names = ", ".join(exceptions)
    return f"except ({names}): raise Leave" if "," in names else f"except {names}: raise Leave"
