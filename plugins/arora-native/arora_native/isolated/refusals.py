"""What a worker answers in place of a result."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from arora_core.errors import AroraError, LimitExceeded, LoadError, MalformedExecutable, MissingExport, Trap, TrapKind

MEMORY: Final = "memory"
OTHER: Final = "other"


class Refusal(NamedTuple):
    """An error of a worker."""

    kind: str
    """The name of the error's class, or one of the words above."""
    message: str
    symbol: str = ""

    def written(self) -> bytes:
        """Return it as bytes."""
        return json.dumps(self).encode()

    @classmethod
    def read(cls, content: bytes) -> Refusal | None:
        """Return what was written as ``content``; None if that is something else, which a guest may have written."""
        try:
            kind, message, symbol = json.loads(content)
            return cls(str(kind), str(message), str(symbol))
        except (ValueError, TypeError, RecursionError):
            return None

    def error(self) -> AroraError:
        """Return the error."""
        if self.kind == MEMORY:
            return LimitExceeded(self.message, limit="memory")
        if self.kind == "Trap":
            return Trap(self.message, kind=TrapKind.ABI)
        if self.kind == "MissingExport":
            return MissingExport(self.message, symbol=self.symbol)
        for kind in (LoadError, MalformedExecutable):
            if self.kind == kind.__name__:
                return kind(self.message)
        return Trap(f"its worker failed: {self.message}")
