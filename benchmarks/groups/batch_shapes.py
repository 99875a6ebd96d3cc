"""How the cost of a row of a batch depends on the number of columns, and on the size of what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from arora_core import Header, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.guest_symbols import function_symbol
from benchmarks import guests
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

COLUMNS: Final = (1, 2, 4, 8, 16, 32)
ITEMS: Final = (1, 4, 16, 64, 256, 1024)
ROWS: Final = 10_000
QUICK_ROWS: Final = 1_000
_MOST_ITEMS: Final = 1_000_000
"""Numbers in a column, of which longer rows have fewer."""

# Whatever its arguments, it answers with the u32 7, at a fixed address. Only the host allocates memory: rooms, and then
# one block after the other.
_CONSTANT: Final = """(module
  (memory (export "memory") 512)
  (data (i32.const 16) "{answer}")
  (global $next (mut i32) (i32.const 65536))
  (func (export "arora_buffer_alloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $next))
    (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (local.get $at))
  (func (export "arora_buffer_free") (param $at i32) (global.set $next (local.get $at)))
  (func (export "{symbol}") (param i32) (result i32) (i32.const 16)))"""


def batch_shapes(bench: Workbench) -> Iterator[Group]:
    """The groups of batches of different shape, all on Wasmtime."""
    yield _by_columns(bench)
    yield _by_items(bench)


def _by_columns(bench: Workbench) -> Group:
    count = QUICK_ROWS if bench.quick else ROWS
    group = Group("batch-columns", f"a row of a batch of {count} rows, by the number of u32 columns", ())
    if not _has_wasmtime(bench, group):
        return group
    engine = bench.engine()
    for columns in COLUMNS:
        batch = engine.load_module(_constant(columns), executor="wasmtime")["constant"].batch
        given = [np.arange(count, dtype=np.uint32)] * columns
        assert (batch(*given) == 7).all()
        names = {"batch": batch, "given": given}
        group.add(statement(f"{columns} columns, wasmtime", "batch(*given)", names, operations=count))
    return group


def _by_items(bench: Workbench) -> Group:
    group = Group("batch-items", "a row of a batch that echoes an f64[] of so many items", ())
    if not _has_wasmtime(bench, group):
        return group
    batch = bench.load(bench.engine(), "wasmtime")["echo"].batch
    for items in ITEMS:
        count = QUICK_ROWS if bench.quick else min(ROWS, _MOST_ITEMS // items)
        names = {"batch": batch, "given": np.ones((count, items))}
        group.add(statement(f"{items} items, wasmtime", "batch(given)", names, operations=count))
    return group


def _has_wasmtime(bench: Workbench, group: Group) -> bool:
    if "wasmtime" in bench.executors:
        return True
    group.missing["wasmtime"] = "Wasmtime is not measured"
    return False


def _constant(columns: int) -> ModuleDefinition:
    from wasmtime import wat2wasm

    function = guests.id_of(0x70)
    parameters = [
        {"id": str(guests.id_of(0x1000 + number)), "name": f"c{number}", "type": {"kind": "scalar", "id": "u32"}}
        for number in range(columns)
    ]
    export = {
        "type": "function",
        "id": str(function),
        "name": "constant",
        "ret": {"kind": "scalar", "id": "u32"},
        "parameters": parameters,
    }
    data = Header.load(guests.SOURCES / "bench.yaml").to_data()
    data.update(id=str(guests.id_of(0x7000 + columns)), name=f"constant{columns}", exports=[export], imports=[])
    header = Header.from_data(data)
    answer = "".join(f"\\{byte:02x}" for byte in buffers.encode(v.Structure(function, [(function, v.U32(7))])))
    text = _CONSTANT.format(symbol=function_symbol(function.bytes), answer=answer)
    return ModuleDefinition(header, bytes(wat2wasm(text)))
