"""Statistics of numbers."""

from __future__ import annotations

from array import array

from arora_core import GuestError

from generated.my_module import Module


class MyModule(Module):
    def mean(self, values: array[float]) -> float:
        if not values:
            raise GuestError("no values")
        return sum(values) / len(values)
