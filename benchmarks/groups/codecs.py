"""Encoding and decoding three typical values, compared with msgpack and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arora_core import buffers
from arora_core.binding.conversion import Conversions
from arora_core.binding.signature import Signature
from arora_core.buffers import AroraCodec
from arora_core.compiled import compile_codec
from arora_core.header import ExportedFunction, Parameter
from benchmarks.groups.samples import SAMPLES, TYPES, Sample
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

PASS = UUID(int=0x9000_F001)


@dataclass(frozen=True)
class _Sides:
    """The encoder and decoder of a function ``pass(it: T) -> T``, and its argument and result buffers."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    argument: bytes
    result: bytes
    notes: list[str]


def _sides(sample: Sample) -> _Sides:
    export = ExportedFunction(PASS, "pass", (Parameter(UUID(int=0x9000_F002), "it", sample.type),), sample.type)
    signature = Signature(export, TYPES, Conversions(TYPES), AroraCodec())
    compiled = compile_codec("bench", export, TYPES)
    notes = [
        f"typed: the {what} is not compiled, the generic one is measured"
        for what, part in (("encoder", compiled.encode), ("decoder", compiled.decode))
        if part is None
    ]
    encode = compiled.encode or (lambda it: signature.encode_call((it,), {}))
    decode = compiled.decode or signature.decode_result
    argument = signature.encode_call((sample.made,), {})
    return _Sides(encode, decode, argument, signature.encode_result(sample.made), notes)


def _group(name: str, sample: Sample, sizes: dict[str, int]) -> Group:
    listed = ", ".join(f"{what} {size}" for what, size in sizes.items())
    group = Group(f"{name}-{sample.name}", f"{name} {sample.title}", ("msgpack", "JSON"))
    group.notes.append(f"bytes: {listed}")
    return group


def _pair(sample: Sample) -> Iterator[Group]:
    sides = _sides(sample)
    value, plain = buffers.decode(sides.argument).fields[0].value, sample.plain  # type: ignore[attr-defined]
    whole, text = buffers.encode(value), json.dumps(plain).encode()
    sizes = {"Arora": len(whole), "JSON": len(text)}
    encoding, decoding = _group("encode", sample, sizes), _group("decode", sample, sizes)
    encoding.notes += [note for note in sides.notes if "encoder" in note]
    decoding.notes += [note for note in sides.notes if "decoder" in note]
    names = {"encode": sides.encode, "decode": sides.decode, "it": sample.made, "buffer": sides.result}
    encoding.add(statement("typed", "encode(it)", names, expected=sides.argument))
    decoding.add(statement("typed", "decode(buffer)", names, expected=sample.made))
    names = {"encode": buffers.encode, "decode": buffers.decode, "value": value, "buffer": whole}
    encoding.add(statement("values", "encode(value)", names, expected=whole))
    decoding.add(statement("values", "decode(buffer)", names, expected=value))
    with encoding.unless_missing("msgpack"), decoding.unless_missing("msgpack"):
        import msgpack

        packed = msgpack.packb(plain)
        encoding.notes[0] = decoding.notes[0] = f"{encoding.notes[0]}, msgpack {len(packed)}"
        names = {"packb": msgpack.packb, "unpackb": msgpack.unpackb, "plain": plain, "packed": packed}
        encoding.add(statement("msgpack", "packb(plain)", names, expected=packed))
        decoding.add(statement("msgpack", "unpackb(packed)", names, expected=plain))
    names = {"dumps": json.dumps, "loads": json.loads, "plain": plain, "text": text}
    encoding.add(statement("JSON", "dumps(plain).encode()", names, expected=text))
    decoding.add(statement("JSON", "loads(text)", names, expected=plain))
    yield from (encoding, decoding)


def codecs(bench: Workbench) -> Iterator[Group]:
    """Return two groups per value. msgpack and JSON take and return dicts and lists, Arora dataclasses and values."""
    for sample in SAMPLES:
        yield from _pair(sample)
