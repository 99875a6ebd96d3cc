"""A library in a worker, and which worker that is: one of its own, or one that the instances of an engine share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from arora_core.errors import LoadError

if TYPE_CHECKING:
    from arora_core.executor import Host

WORKERS: Final = "ARORA_NATIVE_WORKERS"
"""The environment variable that has the instances of an engine share a worker: by the word ``engine``."""


class Rights(NamedTuple):
    """What a library may do. Only those that may do the same share a worker."""

    confined: bool
    directories: tuple[str, ...]


def sharing() -> bool:
    """Return whether instances share workers. Raises LoadError for a setting that is not understood."""
    setting = os.environ.get(WORKERS, "").strip().lower()
    if setting not in ("", "instance", "engine"):
        raise LoadError(f"{WORKERS} is {setting!r}, expected instance or engine")
    return setting == "engine"


class Tenant:
    """A library that has been loaded into a worker, from the side of its host."""

    def __init__(self, name: str, library: int, exports: Mapping[str, str], host: Host, deadline: float | None) -> None:
        """Take the module's name, a descriptor of its library, the names of its functions by their symbols."""
        self.name = name
        self.library = library
        self.exports = exports
        self.host = host
        self.write = host.write_output
        """Kept apart: what the output refers to lives as long as the worker, and a host may refer to its engine."""
        self.deadline = deadline
        self.first = 0
        """The number of its first function in the worker."""
        self.called = False
        """Whether it may have a state that is lost with the worker, and nobody has been told yet."""
