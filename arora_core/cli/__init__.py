"""The ``arora`` command: runs modules from a shell. Needs the extra, ``pip install 'arora-core[cli]'``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Final

EXIT_USAGE: Final = 2
"""What the command ends with when it was asked for wrongly, or cannot start."""

_NEEDED: Final = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line ``arguments`` (those of the process when None).

    Ends by SystemExit once click runs. The exit code is 0 when all went well, 1 when a module could not be loaded
    or a call failed, 2 for wrong usage, 130 after Ctrl-C.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        print(f"error: the arora command needs {' and '.join(missing)}: pip install 'arora-core[cli]'", file=sys.stderr)
        return EXIT_USAGE
    if isinstance(sys.stdout, TextIOWrapper):
        # A result that the terminal's encoding cannot show is still worth showing.
        sys.stdout.reconfigure(errors="backslashreplace")
    from .group import arora

    arora.main(None if arguments is None else list(arguments), prog_name="arora")
    return 0
