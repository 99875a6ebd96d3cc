"""Readable names of shapes, for comments and messages: ``f64[6]``, ``option<kinematics.Pose>``."""

from __future__ import annotations

from .interface import InterfaceFunction
from .shapes import UNIT, Dynamic, Map, Optional, Record, Scalar, Shape


def shape_name(shape: Shape) -> str:
    """Return the readable name of a shape, as headers name types."""
    if isinstance(shape, Scalar):
        return shape.kind.name
    if isinstance(shape, Record):
        return shape.record.path
    if isinstance(shape, Dynamic):
        return "value"
    if isinstance(shape, Optional):
        return f"option<{shape_name(shape.value)}>"
    if isinstance(shape, Map):
        return f"map<str, {shape_name(shape.value)}>"
    return f"{shape_name(shape.item)}[{'' if shape.length is None else shape.length}]"


def signature(function: InterfaceFunction) -> str:
    """Return a function as people write it: ``clamp(joints: f64[] mutable) -> u32``, on one line."""
    parameters = ", ".join(
        f"{each.name}: {shape_name(each.shape)}"
        + (" mutable" if each.mutable else "")
        + (" with a default" if each.default is not None else "")
        for each in function.parameters
    )
    ret = "" if function.ret == UNIT else f" -> {shape_name(function.ret)}"
    text = f"{function.name}({parameters}){ret}"
    return "".join(each if each.isprintable() else "?" for each in text)
