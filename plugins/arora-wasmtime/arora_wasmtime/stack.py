"""How much of the native stack a guest may use."""

from __future__ import annotations

from typing import Final

STACK: Final = 1 << 20
"""Bytes, counted from where its store was first entered."""
