"""Readable names of shapes, for comments and messages: ``f64[6]``, ``option<kinematics.Pose>``."""

from __future__ import annotations

from .shapes import Dynamic, Map, Optional, Record, Scalar, Shape


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
