"""The start of a module: a directory with a header, sources with one working function, and a test of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from uuid import uuid4

from .compilers import COMPONENT, WASM
from .identifiers import python_stem
from .project import HEADER

TEMPLATES: Final = Path(__file__).parent / "templates"
LANGUAGES: Final = ("c", "cpp", "rust", "python")
"""The languages that a module can be started in."""

_IN_EVERY: Final = "every"
"""The directory of the templates for all languages. A language may have another file of the same name."""
_WORDS: Final = re.compile(r"my-module|my_module|MyModule|00000000-0000-4000-8000-[0-9]{12}")
"""What is replaced in the templates: the module's name in three styles, and ids."""
_HIDDEN: Final = "gitignore"
"""The template whose name gets a dot: with it, git would follow it here."""


def module_tree(name: str, language: str, *, component: bool = False) -> dict[str, str]:
    """Return the files of a module of that name, words of a-z and 0-9 joined by ``-``, by their paths with slashes.

    Every id in them is new. ``component`` says whether the module is a component where its language leaves the choice.
    """
    words = {
        "my-module": name,
        # In Python, a module called like one of Python's own would take its place.
        "my_module": python_stem(name) if language == "python" else name.replace("-", "_"),
        "MyModule": "".join(part.capitalize() for part in name.split("-")),
    }

    def renamed(text: str) -> str:
        return _WORDS.sub(lambda match: words.setdefault(match[0], str(uuid4())), text)

    files: dict[str, str] = {}
    for folder in (_IN_EVERY, language):
        for path in sorted((TEMPLATES / folder).rglob("*")):
            # Installers compile every Python file that they install.
            if path.is_file() and path.parent.name != "__pycache__":
                relative = path.relative_to(TEMPLATES / folder).as_posix()
                relative = f".{relative}" if relative == _HIDDEN else relative
                files[renamed(relative)] = renamed(path.read_text(encoding="utf-8"))
    if component:
        files[HEADER] = files[HEADER].replace(f"{{name: {WASM}}}", f"{{name: {COMPONENT}}}")
    return dict(sorted(files.items()))
