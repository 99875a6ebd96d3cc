"""Defaults of parameters as Rust expressions: a literal where there is one, otherwise the value as a buffer."""

from __future__ import annotations

import math
from struct import pack, unpack

from ... import buffers
from ...values import Boolean, Enumeration, Float, Integer, Kind, String, Uuid, Value, kinds
from ..interface import InterfaceParameter
from ..shapes import Optional, Record, Scalar
from . import text
from .rust_types import LARGEST, RustTypes


def default_of(parameter: InterfaceParameter, types: RustTypes) -> str | None:
    """Return the value of an argument that is left out, None where there has to be one."""
    value = parameter.default
    if value is None:
        return "None" if isinstance(parameter.shape, Optional) else None
    literal = _literal(parameter, value, types)
    return literal if literal is not None else f"arora::encoded({text.byte_string(buffers.encode(value))})?"


def _literal(parameter: InterfaceParameter, value: Value, types: RustTypes) -> str | None:
    if isinstance(parameter.shape, Record):
        return _variant(parameter.shape, value, types)
    if not isinstance(parameter.shape, Scalar):
        return None
    if isinstance(value, Boolean):
        return "true" if value.value else "false"
    if isinstance(value, Integer):
        return str(value.value)
    if isinstance(value, Float):
        return _float(value.kind, value.value)
    if isinstance(value, String):
        return f"arora::String::from({text.string(value.value)})"
    return f'arora::id!("{value.value}")' if isinstance(value, Uuid) else None


def _variant(shape: Record, value: Value, types: RustTypes) -> str | None:
    if not isinstance(value, Enumeration) or types.size(shape) > LARGEST:
        return None
    index = [each.id for each in shape.record.members].index(value.variant_id)
    if types.has_payload(shape.record, index):
        return None
    return f"super::{types.names[shape.record.id]}::{types.members[shape.record.id][index]}"


def _float(kind: Kind, value: float) -> str | None:
    """Return the shortest literal that is this number, None for a number without one."""
    if not math.isfinite(value):
        return None
    if kind is kinds.F64:
        return repr(value)
    for digits in range(1, 10):
        shown = f"{value:.{digits}g}"
        if unpack("<f", pack("<f", float(shown)))[0] == value:
            return repr(float(shown))
    raise AssertionError
