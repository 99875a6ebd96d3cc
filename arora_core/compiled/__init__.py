"""Per-signature codecs: Python source made from a function's signature when its module is loaded.

The compiled pair turns arguments straight into an argument buffer and a result buffer straight into Python
objects (ABI §3), for the shapes that calls mostly have. What surrounds the values on the wire (tags, ids, counts)
is the same in every call, so a run of fixed-size parts is one ``struct.Struct`` with constants in between.

Compiled code decides nothing. Where an object or a byte is not exactly what the code was made for, it leaves by an
exception, and the generic codec does the work again or says what is wrong.
"""

from .functions import CompiledCodec, compile_codec

__all__ = ["CompiledCodec", "compile_codec"]
