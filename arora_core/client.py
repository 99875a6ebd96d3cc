"""What the Python files that ``arora generate`` and ``arora stubs`` write are made of. See docs/writing-a-module.md."""

from __future__ import annotations

import collections.abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Union

from .binding.declared_classes import enumeration as enumeration
from .binding.declared_classes import structure as structure
from .binding.generated_classes import Variant as Variant
from .runtime.loaded_module import ModuleHandle as ModuleHandle
from .runtime.typed_host import function as function
from .runtime.typed_host import parameter as parameter
from .runtime.typed_host import register as register
from .runtime.typed_module import TypedModule as TypedModule

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
