"""How much stack a guest and its host are given."""

from __future__ import annotations

from typing import Final

GUEST_STACK: Final = 1 << 20
"""Bytes of the stack that Wasmer makes for each running call of a guest. The guest uses no other."""
STACK: Final = 64 << 10
"""Bytes of the thread's own stack that a call takes for what Wasmer itself does, such as growing a memory."""
