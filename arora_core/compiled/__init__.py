"""Per-signature codecs: Python source made from a function's signature when it is first called.

The compiled pair turns arguments straight into an argument buffer and a result buffer straight into Python
objects (ABI §3). What surrounds the values on the wire (tags, ids, counts) is the same in every call, so a run of
fixed-size parts is one ``struct.Struct`` with constants in between.

Compiled code decides nothing. Where an object or a byte is not exactly what the code was made for, it leaves by an
exception, and the generic codec does the work again or says what is wrong. What is left to it from the start, each
direction of a function by itself, are signatures with

- dynamic values: ``value``, ``keyvalue``, arrays and maps of them, and the bare ``option``;
- types that contain themselves, types nested deeper than 8 levels, and more than 500 parts in all;
- types that no record declares;

and on a big-endian host everything.
"""

from .typed import CompiledCodec, compile_codec

__all__ = ["CompiledCodec", "compile_codec"]
