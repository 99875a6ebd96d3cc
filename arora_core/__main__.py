"""``python -m arora_core`` is the ``arora`` command."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
