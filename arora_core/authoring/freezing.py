"""Headers in their low form, for other tools that load modules."""

from __future__ import annotations

from ..header import Header


def frozen(header: Header) -> dict[str, object]:
    """Return the low form of a header (ABI §7) as plain data, in a fixed order of keys.

    ``exports`` and ``imports`` are always there, as the Rust engine demands; ``dependencies`` never is. Reading it back
    gives a header that is equal but for these.
    """
    data = header.to_data()
    data.pop("dependencies", None)
    return data
