"""The stack pointer of a guest: the global that LLVM keeps the address of its stack in.

Every function restores it before it returns, so it is the same whenever the guest is not running. A guest that is
unwound (by a trap, an exception of its host, a limit) restores nothing: its frames are lost, until the stack is used up
or overwrites static data. So the host puts the value back, and for that it has to find and reach the global. Its
position proves nothing: in a module of another compiler the first global is something else. What counts, in this order:

1. an export named ``__stack_pointer``;
2. that name in the module's name section;
3. the code by which LLVM allocates a frame, if all of it in the module uses one global.

Without any of these a guest may still have a stack: if frames use several globals, if only similar code is found, or if
LLVM made a module that sets a global. What a failure loses then cannot be put back, only made anew.

References: https://github.com/WebAssembly/tool-conventions/blob/main/BasicCABI.md (the stack),
https://github.com/WebAssembly/extended-name-section (names of globals), LLVM's WebAssemblyFrameLowering.cpp (the code).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import MalformedExecutable
from . import binary_writer
from .binary_reader import WasmReader

SYMBOL: Final = "__stack_pointer"
"""The name that compilers give the global."""
EXPORT: Final = "arora_stack_pointer"
"""The name of the export that is added to a module without one."""

_HEADER: Final = 8
_CUSTOM, _GLOBALS, _EXPORTS, _CODE = 0, 6, 7, 10
_GLOBAL: Final = 3
_I32: Final = 0x7F
_TYPED_REFERENCES: Final = (0x63, 0x64)
_MUTABLE: Final = 1
_NAMES_OF_GLOBALS: Final = 7
# Instructions of constant expressions: f32.const and f64.const; i32.const, i64.const, global.get, ref.null and
# ref.func; addition, subtraction and multiplication.
_END: Final = 0x0B
_CONSTANTS_OF_SIZE: Final = {0x43: 4, 0x44: 8}
_WITH_INTEGER: Final = {0x41, 0x42, 0x23, 0xD0, 0xD2}
_ARITHMETIC: Final = {0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E}
_ALIGNMENT: Final = 16
"""Sizes of LLVM's frames are multiples of this."""
_WORD: Final = 4
"""Sizes of any frame are multiples of this."""
_LLVM_SECTIONS: Final = {"target_features", "dylink.0", "linking"}
_LLVM_TOOLS: Final = re.compile(rb"clang|rustc|LLVM|Emscripten|swift|TinyGo", re.IGNORECASE)

# Instructions: 23 global.get, 24 global.set, 20 local.get, 21 local.set, 22 local.tee, 41 i32.const, 6a i32.add,
# 6b i32.sub. Optimizers of code size write a subtraction as the addition of a negative number.
_LEB: Final = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_ALLOCATION: Final = (
    rb"\x23(?P<name>%(leb)s)\x41(?P<size>%(leb)s)(?P<operation>[\x6a\x6b])(?P<kept>\x22%(leb)s)?\x24(?P=name)"
    % {b"leb": _LEB}
)
_UNOPTIMIZED: Final = (
    rb"\x23(?P<name>%(leb)s)\x21(?P<old>%(leb)s)\x41(?P<size>%(leb)s)\x21(?P<by>%(leb)s)\x20(?P=old)\x20(?P=by)"
    rb"(?P<operation>\x6b)\x21(?P<kept>%(leb)s)\x20(?P=kept)\x24(?P=name)" % {b"leb": _LEB}
)
_FRAMES: Final = [re.compile(each, re.DOTALL) for each in (_ALLOCATION, _UNOPTIMIZED)]


class GuestStack(NamedTuple):
    """What is known of the stack of one module."""

    export: str | None
    """The name under which the module exports its stack pointer; None if it has none, or an unknown one."""
    unknown: bool
    """Whether the module may have a stack whose pointer is unknown. Components may have one besides another."""


def exported(executable: bytes) -> tuple[bytes, GuestStack]:
    """Return ``executable``, with an export for its stack pointer if that is known. Invalid modules are not changed."""
    try:
        return _Module(executable).exported()
    except MalformedExecutable:
        return executable, GuestStack(None, unknown=False)


class _Module:
    """The parts of a module that say something about its stack."""

    def __init__(self, executable: bytes) -> None:
        self._executable = executable
        # The mutable globals of type i32, which alone can be a stack pointer. Guests cannot import globals.
        self._variables: set[int] = set()
        self._taken: set[str] = set()
        self._exports: dict[str, int] = {}
        self._exports_at: tuple[int, int] | None = None
        self._named: dict[int, str] = {}
        self._code = b""
        self._by_llvm = False
        reader = WasmReader(executable, _HEADER)
        while reader.left:
            begin = len(executable) - reader.left
            id, body = reader.byte(), reader.part(reader.u32())
            end = len(executable) - reader.left
            if id == _EXPORTS:
                self._exports_at = begin, end
                self._read_exports(body)
            elif id == _GLOBALS:
                self._read_globals(body)
            elif id == _CODE:
                self._code = executable[begin:end]
            elif id == _CUSTOM:
                self._read_custom(body, executable[begin:end])

    def exported(self) -> tuple[bytes, GuestStack]:
        """Return the module, with an export for its stack pointer if that is known."""
        found, unknown = self._found()
        if found is None or self._exports_at is None:
            return self._executable, GuestStack(None, unknown)
        for name, index in self._exports.items():
            if index == found:
                return self._executable, GuestStack(name, unknown=False)
        name = EXPORT
        while name in self._taken:
            name += "_"
        return self._with_export(name, found, *self._exports_at), GuestStack(name, unknown=False)

    def _found(self) -> tuple[int | None, bool]:
        """Return the index of the stack pointer, None where it is unknown; and whether there may be one then."""
        for named in ({index: name for name, index in self._exports.items()}, self._named):
            for index in self._variables:
                if named.get(index, "").rpartition("/")[2] == SYMBOL:
                    return index, False
        certain, possible = set[int](), set[int]()
        for pattern in _FRAMES:
            for frame in pattern.finditer(self._code):
                index, size = WasmReader(frame["name"]).u32(), _signed(frame["size"])
                if frame["operation"] == b"\x6a":
                    size = -size
                if index in self._variables and size > 0 and size % _WORD == 0:
                    possible.add(index)
                    if frame["kept"] is not None and size % _ALIGNMENT == 0:
                        certain.add(index)
        if len(certain) == 1:
            return certain.pop(), False
        return None, bool(possible) or (self._by_llvm and any(map(self._sets, self._variables)))

    def _sets(self, index: int) -> bool:
        return re.search(rb"\x24" + _any_encoding(index), self._code) is not None

    def _with_export(self, name: str, index: int, begin: int, end: int) -> bytes:
        reader = WasmReader(self._executable, begin + 1, end)
        body = reader.part(reader.u32())
        count = body.u32()
        others = self._executable[end - body.left : end]
        added = binary_writer.name(name) + bytes([_GLOBAL]) + binary_writer.number(index)
        section = binary_writer.section(_EXPORTS, binary_writer.number(count + 1) + others + added)
        return self._executable[:begin] + section + self._executable[end:]

    # Sections.

    def _read_globals(self, body: WasmReader) -> None:
        for index in range(body.count()):
            type = body.byte()
            if type in _TYPED_REFERENCES:
                body.s33()
            if body.byte() == _MUTABLE and type == _I32:
                self._variables.add(index)
            _skip_constant(body)

    def _read_exports(self, body: WasmReader) -> None:
        for _ in range(body.count()):
            name, kind, index = body.name(), body.byte(), body.u32()
            self._taken.add(name)
            if kind == _GLOBAL:
                self._exports[name] = index

    def _read_custom(self, body: WasmReader, content: bytes) -> None:
        name = body.name()
        if name in _LLVM_SECTIONS or (name == "producers" and _LLVM_TOOLS.search(content)):
            self._by_llvm = True
        elif name == "name":
            while body.left:
                kind, names = body.byte(), body.part(body.u32())
                if kind == _NAMES_OF_GLOBALS:
                    for _ in range(names.count()):
                        index = names.u32()
                        self._named[index] = names.name()


def _skip_constant(body: WasmReader) -> None:
    """Skip a constant expression. Raises MalformedExecutable for an instruction that no compiler with a stack uses."""
    while (instruction := body.byte()) != _END:
        if instruction in _CONSTANTS_OF_SIZE:
            body.part(_CONSTANTS_OF_SIZE[instruction])
        elif instruction in _WITH_INTEGER:
            body.skip_integer()
        elif instruction not in _ARITHMETIC:
            raise body.malformed(f"a constant with the instruction {instruction:#x}")


def _signed(encoded: bytes) -> int:
    """Return the value of a signed LEB128 integer."""
    value, bits = 0, 7 * len(encoded)
    for position, byte in enumerate(encoded):
        value |= (byte & 0x7F) << 7 * position
    return value - (1 << bits) if value >> (bits - 1) else value


def _any_encoding(index: int) -> bytes:
    """Return a pattern for the encodings of ``index`` that compilers use: the shortest, and the padded one."""
    padded = bytes([index >> 7 * position & 0x7F | 0x80 for position in range(4)]) + b"\0"
    return b"(?:" + re.escape(binary_writer.number(index)) + b"|" + re.escape(padded) + b")"
