"""Per-signature codecs: Python source made from a function's signature when it is first called.

The compiled pair turns arguments straight into an argument buffer and a result buffer straight into Python
objects (ABI §3). The bytes around the values (tags, ids, counts) are the same in every call, so one ``struct.Struct``
packs or unpacks a run of fixed-size parts, with constants in between.

Compiled code handles the expected types and bytes only. For anything else it raises ``Leave``, and the generic codec
repeats the work or reports the mistake. Some signatures are not compiled at all; the two directions of a function are
judged separately. The generic codec handles

- dynamic values: ``value``, ``keyvalue``, arrays and maps of them, and the bare ``option``;
- types that contain themselves, types nested deeper than 8 levels, and more than 500 parts in all;
- types that no record declares;

and everything on a big-endian host.
"""

from .typed import CompiledCodec, compile_codec

__all__ = ["CompiledCodec", "compile_codec"]
