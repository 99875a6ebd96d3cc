"""Instructions of WebAssembly, encoded one after another.

Reference: https://webassembly.github.io/spec/core/binary/instructions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from . import binary_writer

I32, I64, V128 = 0x7F, 0x7E, 0x7B

_VECTOR: Final = 0xFD
_LOADS: Final = {1: b"\x2d", 2: b"\x2f", 4: b"\x28", 8: b"\x29", 16: b"\xfd\x00"}
_STORES: Final = {1: b"\x3a", 2: b"\x3b", 4: b"\x36", 8: b"\x37", 16: b"\xfd\x0b"}
_NO_VALUE: Final = 0x40


class Code:
    """The body of a function under construction. Methods that add an instruction return the code itself."""

    def __init__(self, parameters: int) -> None:
        self._parameters = parameters
        self._locals: list[int] = []
        self._code = bytearray()
        self._depth = 0

    def local(self, type: int) -> int:
        """Add a local variable; return its index."""
        self._locals.append(type)
        return self._parameters + len(self._locals) - 1

    def body(self) -> bytes:
        """Return the body with its size and its locals."""
        groups = binary_writer.vector([bytes([1, type]) for type in self._locals])
        body = groups + bytes(self._code) + b"\x0b"
        return binary_writer.number(len(body)) + body

    # Structure. A label is the depth of its block.

    @contextmanager
    def block(self) -> Iterator[int]:
        """Put what is added inside the context into a block; a branch to the label leaves it."""
        with self._nested(0x02) as label:
            yield label

    @contextmanager
    def loop(self) -> Iterator[int]:
        """Put what is added inside the context into a loop; a branch to the label begins it again."""
        with self._nested(0x03) as label:
            yield label

    @contextmanager
    def _nested(self, opcode: int) -> Iterator[int]:
        self._add(opcode, _NO_VALUE)
        self._depth += 1
        yield self._depth
        self._depth -= 1
        self._add(0x0B)

    def branch(self, label: int) -> Code:
        return self._add(0x0C, self._depth - label)

    def branch_if(self, label: int) -> Code:
        return self._add(0x0D, self._depth - label)

    def leave(self) -> Code:
        """Return from the function."""
        return self._add(0x0F)

    def call(self, function: int) -> Code:
        return self._with(0x10, function)

    # Variables.

    def get(self, local: int) -> Code:
        return self._with(0x20, local)

    def set(self, local: int) -> Code:
        return self._with(0x21, local)

    def set_global(self, index: int) -> Code:
        return self._with(0x24, index)

    # Memory.

    def load(self, size: int, offset: int) -> Code:
        """Load 1, 2 or 4 bytes as an i32, 8 as an i64, or 16 as a v128."""
        return self._access(_LOADS[size], offset)

    def store(self, size: int, offset: int) -> Code:
        """Store what :meth:`load` loads."""
        return self._access(_STORES[size], offset)

    def memory_size(self) -> Code:
        return self._add(0x3F, 0)

    def memory_copy(self) -> Code:
        return self._add(0xFC, 0x0A, 0, 0)

    # Constants and arithmetic.

    def i32_const(self, value: int) -> Code:
        self._code += b"\x41" + binary_writer.signed(value)
        return self

    def i64_const(self, value: int) -> Code:
        self._code += b"\x42" + binary_writer.signed(value)
        return self

    def constant(self, data: bytes) -> Code:
        """Push 16 bytes."""
        self._code += bytes([_VECTOR, 0x0C]) + data
        return self

    def select(self) -> Code:
        return self._add(0x1B)

    def i32_eqz(self) -> Code:
        return self._add(0x45)

    def i32_eq(self) -> Code:
        return self._add(0x46)

    def i32_lt_u(self) -> Code:
        return self._add(0x49)

    def i32_add(self) -> Code:
        return self._add(0x6A)

    def i32_sub(self) -> Code:
        return self._add(0x6B)

    def i64_extend(self) -> Code:
        """Extend an unsigned i32."""
        return self._add(0xAD)

    def i64_gt_u(self) -> Code:
        return self._add(0x56)

    def i64_add(self) -> Code:
        return self._add(0x7C)

    def i64_shl(self) -> Code:
        return self._add(0x86)

    def v128_and(self) -> Code:
        return self._add(_VECTOR, 78)

    def v128_or(self) -> Code:
        return self._add(_VECTOR, 80)

    def v128_xor(self) -> Code:
        return self._add(_VECTOR, 81)

    def v128_any_true(self) -> Code:
        return self._add(_VECTOR, 83)

    def i8x16_eq(self) -> Code:
        return self._add(_VECTOR, 35)

    def i8x16_all_true(self) -> Code:
        return self._add(_VECTOR, 99)

    def _access(self, opcode: bytes, offset: int) -> Code:
        # Alignment 0 promises nothing.
        self._code += opcode + b"\x00" + binary_writer.number(offset)
        return self

    def _with(self, opcode: int, index: int) -> Code:
        self._code.append(opcode)
        self._code += binary_writer.number(index)
        return self

    def _add(self, *encoded: int) -> Code:
        self._code += bytes(encoded)
        return self
