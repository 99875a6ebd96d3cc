"""The ``arora`` command line. Needs the extra ``cli``: ``pip install 'arora-core[cli]'``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Final

EXIT_USAGE: Final = 2
"""The exit code for wrong usage, and where the command cannot start."""

_NEEDED: Final = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``arguments`` (those of the process when None).

    Exits by SystemExit once click runs. The exit code is 0 for success, 1 when a module could not be loaded
    or a call failed, 2 for wrong usage, 130 after Ctrl-C.
    """
    from . import streams

    streams.prepare()
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        print(f"error: the arora command needs {' and '.join(missing)}: pip install 'arora-core[cli]'", file=sys.stderr)
        return EXIT_USAGE
    from .group import arora

    try:
        arora.main(None if arguments is None else list(arguments), prog_name="arora")
    finally:
        with suppress(OSError):
            streams.flush_stdout()
    return 0
