"""The pages of the documentation, and the code that they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def marked(page: str, name: str) -> str:
    """Return the code block of a page that stands under the comment ``<!-- name -->``.

    The page is named by its path from the root of the repository.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", text, re.DOTALL)
    assert found is not None, f"{page} marks no block as {name}"
    return found[1]
