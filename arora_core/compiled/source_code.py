"""Generation of Python source, and its compilation to functions whose source tracebacks show."""

from __future__ import annotations

import linecache
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final, NoReturn

from ..binding.leave import Leave

STRUCT_ERROR: Final = "struct_error"
"""The name of ``struct.error`` in generated source."""


def leave(*args: object, **kwargs: object) -> NoReturn:
    """Raise Leave. Takes the place of compiled code where nothing could be compiled."""
    raise Leave


def one_line(text: str) -> str:
    """Return ``text`` with escapes for everything that cannot be printed, such as line breaks."""
    return text if text.isprintable() else repr(text)[1:-1]


class Source:
    """The source lines of one function, and the objects they refer to by name."""

    def __init__(self, name: str, parameters: Collection[str]) -> None:
        """``parameters`` are the function's, with their defaults: ``"a"``, ``"b=ABSENT"``."""
        self._head = f"def {name}({', '.join(parameters)}):"
        self._lines: list[str] = []
        self._indent = "    "
        self._taken = {parameter.partition("=")[0] for parameter in parameters}
        self._names = count()
        self._relied_on: dict[str, None] = {}
        self.globals: dict[str, object] = {"Leave": Leave}

    def line(self, text: str) -> None:
        """Add a line to the function's body."""
        self._lines.append(self._indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a block: ``head``, then the lines added inside the context as its body."""
        self.line(head)
        with self._indented():
            yield

    def relies_on(self, *exceptions: type[Exception]) -> None:
        """Turn these exceptions into Leave, whichever line of the function raises them.

        Only for exceptions that a bug in the generated code cannot raise; for the others use :meth:`attempt`.
        """
        self._relied_on.update(dict.fromkeys(map(self._named, exceptions)))

    @contextmanager
    def attempt(self, *exceptions: type[Exception]) -> Iterator[None]:
        """Turn these exceptions into Leave where the lines added inside the context raise them."""
        with self.block("try:"):
            yield
        self.line(_leaving(map(self._named, exceptions)))

    @contextmanager
    def held_back(self) -> Iterator[list[str]]:
        """Collect the lines added inside the context, indented as a body, in a list: lines above may depend on them."""
        kept, self._lines = self._lines, []
        try:
            with self._indented():
                yield self._lines
        finally:
            self._lines = kept

    def add(self, lines: Iterable[str]) -> None:
        """Add lines that :meth:`held_back` collected."""
        self._lines += lines

    def variable(self, prefix: str) -> str:
        """Return an unused name."""
        return next(name for number in self._names if (name := f"{prefix}{number}") not in self._taken)

    def refer(self, prefix: str, referred: object) -> str:
        """Return a global name for an object that has no literal in Python source."""
        name = self.variable(prefix)
        self.globals[name] = referred
        return name

    def __str__(self) -> str:
        lines = self._lines
        if self._relied_on:
            lines = ["    try:", *(f"    {line}" for line in lines), f"    {_leaving(self._relied_on)}"]
        return "\n".join([self._head, *lines]) + "\n"

    def function(self, name: str, filename: str) -> Callable[..., Any]:
        """Compile the source and return its function ``name``. Tracebacks show the source under ``filename``."""
        text, filename = str(self), one_line(filename)
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
