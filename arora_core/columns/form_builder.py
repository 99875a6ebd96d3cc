"""Building the form of a buffer, part by part."""

from __future__ import annotations

from ..buffers.wire import PADDING_SIZES, SIZE_PREFIX
from ..rows import RowField, RowForm


class FormBuilder:
    """A form under construction; it begins with the size prefix."""

    __slots__ = ("_constant", "_fields", "_known")

    def __init__(self) -> None:
        self._constant = bytearray(SIZE_PREFIX)
        self._known = bytearray(b"\xff" * SIZE_PREFIX)
        self._fields: list[RowField] = []

    def constant(self, data: bytes) -> None:
        """Add bytes that are the same in every row."""
        self._constant += data
        self._known += b"\xff" * len(data)

    def pad_with_zeros(self) -> None:
        """Add the padding before packed items, as it is written."""
        self.constant(bytes(PADDING_SIZES[len(self._constant) % 8]))

    def skip_padding(self) -> None:
        """Add the padding before packed items, which may have any value where it is read."""
        self._skip(PADDING_SIZES[len(self._constant) % 8])

    def field(self, size: int, choices: tuple[bytes, ...] = ()) -> None:
        """Add a field."""
        self._fields.append(RowField(len(self._constant), size, choices))
        self._skip(size)

    def finish(self) -> RowForm:
        """Return the form."""
        self._constant[:SIZE_PREFIX] = len(self._constant).to_bytes(SIZE_PREFIX, "little")
        return RowForm(bytes(self._constant), bytes(self._known), tuple(self._fields))

    def _skip(self, size: int) -> None:
        self._constant += bytes(size)
        self._known += bytes(size)
