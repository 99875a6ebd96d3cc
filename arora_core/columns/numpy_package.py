"""NumPy, which is imported only where columns are used."""

from __future__ import annotations

from functools import cache
from typing import Any

Array = Any
"""A NumPy array. The core is checked without NumPy's types, which need newer interpreters than the core does."""


@cache
def numpy() -> Any:
    """Return the module ``numpy``. Raises ImportError, which says how to install it."""
    try:
        import numpy
    except ImportError as error:
        message = "batches need NumPy, which is not installed; pip install 'arora-core[numpy]'"
        raise ImportError(message, name="numpy") from error
    return numpy
