"""What generated Python accepts for arrays of numbers, as type checkers see it."""

from __future__ import annotations

import collections.abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Union

if TYPE_CHECKING:
    from typing_extensions import Buffer
else:
    Buffer = getattr(collections.abc, "Buffer", Any)


class NumPyArray(Protocol):
    """A NumPy array. Not all releases of NumPy tell type checkers that it is a buffer."""

    @property
    def __array_interface__(self) -> Any: ...


Floats = Union[Sequence[float], Buffer, NumPyArray]
"""What is accepted for an array of floats: a sequence, or a buffer of that item type, such as a NumPy array."""

Integers = Union[Sequence[int], Buffer, NumPyArray]
"""What is accepted for an array of integers: a sequence, or a buffer of that item type, such as a NumPy array."""
