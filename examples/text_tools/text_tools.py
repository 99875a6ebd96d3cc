"""Words, slugs and searches in text; calls the module ur5."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from array import array
from collections import Counter

from arora_core import GuestError

from generated.text_tools import Match, Module, ur5

_WORD = re.compile(r"\w+(?:'\w+)*")


class TextTools(Module):
    def words(self, text: str) -> dict[str, int | None]:
        return dict(Counter(_WORD.findall(text.lower())))

    def slug(self, text: str) -> str:
        plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
        return "-".join(re.findall("[a-z0-9]+", plain))

    def wrap(self, text: str, width: int) -> list[str]:
        if width == 0:
            raise GuestError("a line needs a width of 1 at least")
        return textwrap.wrap(text, width)

    def search(self, pattern: str, text: str) -> list[Match]:
        try:
            expression = re.compile(pattern)
        except re.error as error:
            raise GuestError(f"invalid pattern: {error}") from error
        return [
            Match(line, found.start() + 1, found[0])
            for line, content in enumerate(text.splitlines(), 1)
            for found in expression.finditer(content)
        ]

    def whereabouts(self, joints: array[float]) -> str:
        tool = ur5.forward(joints).position
        aside = "left" if tool.y > 0 else "right"
        ahead = "ahead" if tool.x > 0 else "behind"
        return f"{abs(tool.x):.2f} m {ahead}, {abs(tool.y):.2f} m to the {aside}, {tool.z:.2f} m up"
