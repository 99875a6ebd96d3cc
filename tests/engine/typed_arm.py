"""A typed handle, as generated clients have."""

from __future__ import annotations

from arora_core.client import TypedModule


class Arm(TypedModule):
    """The example ur5."""
