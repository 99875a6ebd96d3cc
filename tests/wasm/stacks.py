"""Guests with a stack in linear memory, allocated as LLVM does it, in the text format."""

from __future__ import annotations

from typing import Final

from tests.wasm.guests import DISPATCH, ECHO, IDS, guest

FRAME: Final = 4096
TOP: Final = 65536
"""Where the stack begins; it grows down."""

# The first two globals of ALLOCATOR are not stack pointers, whatever their position.
POINTER: Final = f"(global $sp (mut i32) (i32.const {TOP}))"

ENTER: Final = f"""(local $frame i32)
  (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const {FRAME}))))"""
LEAVE: Final = f"(global.set $sp (i32.add (local.get $frame) (i32.const {FRAME})))"
LOCAL: Final = "(local $at i32)"
AT: Final = """(local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
  (i32.store offset=4 (local.get $at) (global.get $sp)) (local.get $at)"""
"""Returns a buffer with the stack pointer."""


def framed(body: str, *, imports: str = "", pointer: str = POINTER, rest: str = "") -> bytes:
    """Return a guest that returns its stack pointer for an argument that begins with 0, else runs ``body`` in a frame.

    The frame is left when ``body`` ends without returning.
    """
    function = """(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (return (call $position))))
      (call $in_frame (local.get 0))"""
    rest = f"""{pointer} (func $position (result i32) {LOCAL} {AT})
      (func $in_frame (param i32) (result i32) (local $result i32) {ENTER}
        (local.set $result (block (result i32) {body})) {LEAVE} (local.get $result)) {rest}"""
    return guest(function, imports=imports, rest=rest)


CALLING: Final = framed("(call $dispatch (i32.const 0) (i32.const 16) (local.get 0))", imports=DISPATCH, rest=IDS)
"""Dispatches its argument from inside a frame."""
ECHOING: Final = framed(ECHO)
