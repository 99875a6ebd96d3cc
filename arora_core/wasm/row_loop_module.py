"""A WebAssembly module that calls a function of a guest for many rows, in one entry into the guest.

It is made for the forms of the buffers (:mod:`arora_core.rows`): sizes, offsets and all bytes that do not change are
constants in its code. Instantiated beside the guest, it imports the guest's memory as ``memory``, its function as
``function`` and its ``arora_buffer_free`` as ``free``, all from ``guest``. Its export ``run`` takes

- the first row, and the row to stop before;
- where the host's block begins and ends. The block begins with the room for one argument buffer;
- for each field of the argument, and then of the result, where in the block its column has the first row.

Each row's argument is whole, even if the guest has changed the one before it. It returns -1 when every row is done, and
otherwise the address of a result that is unusual in any way, untouched for the host to check. The global ``row`` is
then that row; after a trap, it is the row of the trap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..rows import Forms, RowField, RowForm
from . import binary_writer
from .wasm_code import I32, I64, V128, Code

_FIRST, _STOP, _BLOCK, _BLOCK_END = range(4)
_POINTERS: Final = 4
"""The first parameter that is the address of a column."""
_FUNCTION, _FREE, _RUN = range(3)
"""The indices of the functions."""
_ROW: Final = 0
"""The index of the global."""
_COPIED: Final = 128
"""Bytes above which a field is copied by an instruction for memory of any size."""

_TYPES, _IMPORTS, _FUNCTIONS, _GLOBALS, _EXPORTS, _CODE, _CUSTOM = 1, 2, 3, 6, 7, 10, 0
_FUNCTION_TYPE: Final = 0x60


def row_loop_module(forms: Forms, name: str) -> bytes:
    """Return the module for these forms. ``name`` is its own, for messages about traps."""
    columns = len(forms.argument.fields) + len(forms.result.fields)
    types = [_type([I32], [I32]), _type([I32], []), _type([I32] * (_POINTERS + columns), [I64])]
    imports = [
        _import("memory", b"\x02\x00\x00"),
        _import("function", b"\x00" + binary_writer.number(_FUNCTION)),
        _import("free", b"\x00" + binary_writer.number(_FREE)),
    ]
    variable = bytes([I32, 1, 0x41, 0, 0x0B])
    exports = [_export("run", 0, _RUN), _export("row", 3, _ROW)]
    return b"".join(
        [
            b"\0asm\1\0\0\0",
            binary_writer.section(_TYPES, binary_writer.vector(types)),
            binary_writer.section(_IMPORTS, binary_writer.vector(imports)),
            binary_writer.section(_FUNCTIONS, binary_writer.vector([binary_writer.number(_RUN)])),
            binary_writer.section(_GLOBALS, binary_writer.vector([variable])),
            binary_writer.section(_EXPORTS, binary_writer.vector(exports)),
            binary_writer.section(_CODE, binary_writer.vector([_Loop(forms).body()])),
            binary_writer.section(_CUSTOM, binary_writer.name("name") + _named(name)),
        ]
    )


def room_size(form: RowForm, slack: int) -> int:
    """Return the bytes at the beginning of the block that one argument takes, with ``slack`` behind it."""
    return -(-(len(form.constant) + slack) // 16) * 16


class _Loop:
    """The code of ``run``."""

    def __init__(self, forms: Forms) -> None:
        self._argument, self._result = forms
        self._first_result = _POINTERS + len(forms.argument.fields)
        self._code = Code(self._first_result + len(forms.result.fields))
        self._at = self._code.local(I32)
        self._found = {
            position: self._code.local(I32) for position, field in enumerate(self._result.fields) if field.choices
        }
        self._bits = self._code.local(V128)

    def body(self) -> bytes:
        """Return the encoded function body."""
        code = self._code
        with code.block() as unusual:
            with code.block() as finished:
                with code.loop() as again:
                    code.get(_FIRST).get(_STOP).i32_eq().branch_if(finished)
                    code.get(_FIRST).set_global(_ROW)
                    self._write_argument()
                    code.get(_BLOCK).call(_FUNCTION).set(self._at)
                    self._check_place(unusual)
                    self._check_bytes(unusual)
                    self._take_fields()
                    code.get(self._at).call(_FREE)
                    code.get(_FIRST).i32_const(1).i32_add().set(_FIRST)
                    code.branch(again)
            code.get(_STOP).set_global(_ROW)
            code.i64_const(-1).leave()
        code.get(self._at).i64_extend()
        return code.body()

    def _write_argument(self) -> None:
        code = self._code
        # Reading costs less than writing: the guest's loads would wait for the stores that they overlap.
        with code.block() as intact:
            self._differs(self._argument, _BLOCK)
            code.i32_eqz().branch_if(intact)
            for offset in _vectors(len(self._argument.constant)):
                code.get(_BLOCK).constant(self._argument.constant[offset : offset + 16]).store(16, offset)
        for pointer, field in enumerate(self._argument.fields, _POINTERS):
            self._copy(_BLOCK, field.offset, pointer, 0, field.size)
            code.get(pointer).i32_const(field.size).i32_add().set(pointer)

    def _check_place(self, unusual: int) -> None:
        """Leave for a result that is not inside the memory, at null, or in the host's block."""
        code = self._code
        # In 64 bits, so that neither the size of 4 GiB of memory nor the end of the buffer overflows. The size is read
        # after the call, which may have grown the memory.
        code.get(self._at).i64_extend().i64_const(len(self._result.constant)).i64_add()
        code.memory_size().i64_extend().i64_const(16).i64_shl().i64_gt_u().branch_if(unusual)
        code.get(self._at).i32_eqz().branch_if(unusual)
        code.get(self._at).get(_BLOCK).i32_sub().get(_BLOCK_END).get(_BLOCK).i32_sub().i32_lt_u().branch_if(unusual)

    def _check_bytes(self, unusual: int) -> None:
        """Leave for a result with other bytes than those of its form."""
        code, form = self._code, self._result
        self._differs(form, self._at)
        code.branch_if(unusual)
        for position, found in self._found.items():
            self._find(form.fields[position], found, unusual)

    def _differs(self, form: RowForm, at: int) -> None:
        """Push whether a buffer, at the address in a local, has other bytes than its form where these are known."""
        code, begun = self._code, False
        for offset in _vectors(len(form.constant)):
            known = form.known[offset : offset + 16]
            if not any(known):
                continue
            code.get(at).load(16, offset).constant(form.constant[offset : offset + 16]).v128_xor()
            if not all(known):
                code.constant(known).v128_and()
            if begun:
                code.v128_or()
            begun = True
        code.v128_any_true()

    def _find(self, field: RowField, found: int, unusual: int) -> None:
        """Set the local ``found`` to the position of a field's value among its choices; leave if there is none."""
        code = self._code
        code.get(self._at).load(16, field.offset).set(self._bits)
        code.i32_const(-1).set(found)
        for position, choice in enumerate(field.choices):
            code.i32_const(position).get(found)
            code.get(self._bits).constant(choice).i8x16_eq().i8x16_all_true().select().set(found)
        code.get(found).i32_const(-1).i32_eq().branch_if(unusual)

    def _take_fields(self) -> None:
        code = self._code
        for position, field in enumerate(self._result.fields):
            pointer = self._first_result + position
            if field.choices:
                code.get(pointer).get(self._found[position]).store(1, 0)
            else:
                self._copy(pointer, 0, self._at, field.offset, field.size)
            code.get(pointer).i32_const(field.item).i32_add().set(pointer)

    def _copy(self, to: int, to_offset: int, source: int, source_offset: int, size: int) -> None:
        code = self._code
        if size > _COPIED:
            code.get(to).i32_const(to_offset).i32_add()
            code.get(source).i32_const(source_offset).i32_add()
            code.i32_const(size).memory_copy()
            return
        for offset, part in _parts(size):
            code.get(to).get(source).load(part, source_offset + offset).store(part, to_offset + offset)


def _parts(size: int) -> Iterator[tuple[int, int]]:
    """Yield offsets and sizes of parts of 16, 8, 4, 2 and 1 bytes."""
    offset = 0
    for part in (16, 8, 4, 2, 1):
        while size - offset >= part:
            yield offset, part
            offset += part


def _vectors(size: int) -> Iterator[int]:
    """Yield offsets of 16 bytes that cover ``size`` bytes, which are more. The last two may overlap."""
    yield from range(0, size - 15, 16)
    if size % 16:
        yield size - 16


# --- sections ------------------------------------------------------------------------------------------


def _type(parameters: Sequence[int], results: Sequence[int]) -> bytes:
    encoded = [binary_writer.vector([bytes([each]) for each in types]) for types in (parameters, results)]
    return bytes([_FUNCTION_TYPE]) + b"".join(encoded)


def _import(name: str, type: bytes) -> bytes:
    return binary_writer.name("guest") + binary_writer.name(name) + type


def _export(name: str, kind: int, index: int) -> bytes:
    return binary_writer.name(name) + bytes([kind]) + binary_writer.number(index)


def _named(name: str) -> bytes:
    return binary_writer.section(0, binary_writer.name(name))
