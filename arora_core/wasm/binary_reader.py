"""A bounds-checked reader of the integers and names of WebAssembly's binary format.

Reference: https://webassembly.github.io/spec/core/binary/values.html
"""

from __future__ import annotations

from ..errors import MalformedExecutable


class WasmReader:
    """Reads ``data`` from ``at`` to ``end``.

    Every method that reads raises MalformedExecutable for an unexpected end or an invalid encoding.
    """

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = at
        self._end = len(data) if end is None else end

    @property
    def left(self) -> int:
        """The number of bytes not read yet."""
        return self._end - self._at

    def part(self, size: int) -> WasmReader:
        """Skip the next ``size`` bytes; return a reader of them."""
        at = self._skip(size)
        return WasmReader(self._data, at, self._at)

    def rest(self) -> bytes:
        """Return the bytes not read yet."""
        return self._data[self._at : self._end]

    def peek(self) -> int:
        """Return the next byte without consuming it; -1 at the end."""
        return self._data[self._at] if self.left else -1

    def byte(self) -> int:
        """Read one byte."""
        return self._data[self._skip(1)]

    def u32(self) -> int:
        """Read an unsigned 32-bit LEB128 integer."""
        return self._unsigned(32)

    def u64(self) -> int:
        """Read an unsigned 64-bit LEB128 integer."""
        return self._unsigned(64)

    def s33(self) -> int:
        """Read a signed 33-bit LEB128 integer: the index of a type, or the negative code of an abstract one."""
        value, bits = self._leb(33)
        return value - (1 << bits) if value >> (bits - 1) else value

    def skip_integer(self) -> None:
        """Skip a LEB128 integer of any size, signed or not."""
        while self.byte() & 0x80:
            continue

    def count(self) -> int:
        """Read the length of a vector. Every element has a byte at least: a length beyond those left is malformed."""
        count = self.u32()
        if count > self.left:
            raise self.malformed(f"vector length {count} exceeds the {self.left} bytes left")
        return count

    def name(self) -> str:
        """Read a name: a length in bytes, and UTF-8."""
        size = self.u32()
        at = self._skip(size)
        try:
            return self._data[at : at + size].decode()
        except UnicodeDecodeError:
            raise self.malformed("a name that is not valid UTF-8") from None

    def malformed(self, what: str) -> MalformedExecutable:
        """Return the error to raise for ``what``, which was found just before the current position."""
        return MalformedExecutable(f"is malformed WebAssembly: {what}, before byte {self._at}")

    def _skip(self, size: int) -> int:
        if size > self.left:
            raise self.malformed(f"unexpected end, {size} bytes expected and {self.left} left")
        at, self._at = self._at, self._at + size
        return at

    def _unsigned(self, bits: int) -> int:
        value, _ = self._leb(bits)
        if value >> bits:
            raise self.malformed(f"an integer of more than {bits} bits")
        return value

    def _leb(self, bits: int) -> tuple[int, int]:
        """Read a LEB128 integer; return it as unsigned, and the number of bits that its encoding has."""
        value = read = 0
        while read < bits:
            byte = self.byte()
            value |= (byte & 0x7F) << read
            read += 7
            if not byte & 0x80:
                return value, read
        raise self.malformed(f"an integer of more than {bits} bits")
