"""Which objects are sequences, and so make arrays; and what NumPy's objects hold that no value can."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

_MOST_ITEMS: Final = (1 << 32) - 1
"""A buffer counts items in 32 bits."""


def described(value: object) -> str:
    """Return the class and the shortened repr of ``value``, such as ``str 'hello'``, for error messages."""
    if value is None:
        return "None"
    try:
        text = repr(value)
    except Exception:  # A repr may raise anything; that of deeply nested lists is a RecursionError.
        return f"a {type(value).__name__}"
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def refuse_masks_and_times(value: object) -> None:
    """Raise TypeError for a masked array or scalar, and for datetime64 and timedelta64.

    NumPy converts them to numbers silently: a masked item to whatever it hides, a time to a count of some unit.
    """
    if hasattr(value, "mask") and hasattr(value, "filled"):
        raise TypeError("masked arrays are not accepted; fill them first, as with .filled(0)")
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M" or kind == "m":
        raise TypeError(f"times are not accepted, got {described(value)}; convert them to numbers of a unit")


def sequence_of(obj: Any, expected: str = "a sequence") -> Sequence[Any]:
    """Return the items of a list, a tuple, any other sequence but text and bytes, or a one-dimensional array.

    Raises TypeError for anything else: sets, mappings and iterators among it.
    """
    if type(obj) is list or type(obj) is tuple:
        return obj
    refuse_masks_and_times(obj)
    if hasattr(obj, "tolist") and not isinstance(obj, type):
        if getattr(obj, "ndim", 1) != 1:
            raise TypeError(f"expected one dimension, got an array of shape {obj.shape}")
        obj = obj.tolist()
    if not isinstance(obj, Sequence) or isinstance(obj, (str, bytes, bytearray)):
        raise TypeError(f"expected {expected}, got {described(obj)}")
    _refuse_endless(obj, expected)
    return obj


def _refuse_endless(obj: Sequence[Any], expected: str) -> None:
    """Raise TypeError for more items than a buffer counts: collecting those of ``range(10**12)`` would not end."""
    try:
        size = len(obj)
    except OverflowError:
        size = sys.maxsize
    if size > _MOST_ITEMS:
        raise TypeError(f"expected {expected} of at most {_MOST_ITEMS:,} items, got {described(obj)} with more")
