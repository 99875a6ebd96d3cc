"""A call out of a guest in one entry: what the host would do inside the guest is done by small modules beside it.

The guest owns what it is answered with, so its own allocator has to be asked for the memory: the host, called by the
guest, enters it again. An *answering* module does that in the host's place. It asks the host, which leaves its answer
in the room that the adapter keeps (:mod:`arora_wasmtime.adapter`), and takes it from there into the guest's memory.

It needs that memory, and the allocator, from a guest that cannot be instantiated without its imports. So what the
guest imports is the function of a *gate*: a module with a table of one function, which is the host's at first and the
answering module's as soon as there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from arora_core.guest_symbols import ALLOC, MEMORY, WasmFunctionType
from arora_core.linear_memory import SLACK, U32

from .traps import BETWEEN

if TYPE_CHECKING:
    from .adapter import Adapter
    from .engines import CompilingEngine
    from .unchecked import Calls

_SIZE_BITS: Final = 16

_GATE: Final = """
(module ${between}
  (type $answer (func (param {params}) (result i32)))
  (import "host" "answer" (func $answer (type $answer)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) func $answer)
  (func (export "answer") (type $answer) (call_indirect (type $answer) {arguments} (i32.const 0))))
"""

_ANSWERING: Final = """
(module ${between}
  (type $answer (func (param {params}) (result i32)))
  (import "guest" "memory" (memory 0))
  (import "guest" "alloc" (func $alloc (param i32) (result i32)))
  (import "host" "answer" (func $answer_in_steps (type $answer)))
  (import "host" "ask" (func $ask (param {params}) (result i64)))
  (import "host" "check" (func $check (param i32 i32) (result i32)))
  (import "gate" "table" (table 1 funcref))
  (import "host" "in_allocator" (global $in_allocator (mut i32)))
  (elem (i32.const 0) func $answer)

  (func $answer (type $answer) (local $asked i64) (local $size i32) (local $reserved i32) (local $at i32)
    (if (global.get $in_allocator) (then (return (call $answer_in_steps {arguments}))))
    ;; The size and above it the offset of the answer; or -1 - pointer of one that is in the guest's memory already.
    (local.set $asked (call $ask {arguments}))
    (if (i64.lt_s (local.get $asked) (i64.const 0))
      (then (return (i32.wrap_i64 (i64.sub (i64.const -1) (local.get $asked))))))
    (local.set $size (i32.and (i32.wrap_i64 (local.get $asked)) (i32.const {size_mask})))
    (global.set $in_allocator (i32.const 1))
    (local.set $reserved (i32.add (local.get $size) (i32.const {slack})))
    (local.set $at (call $alloc (local.get $reserved)))
    (global.set $in_allocator (i32.const 0))
    (if (i32.or
          (i32.eqz (local.get $at))
          (i64.gt_u
            (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $reserved)))
            (i64.mul (i64.extend_i32_u (memory.size)) (i64.const 65536))))
      ;; Which crashes the guest.
      (then (drop (call $check (local.get $at) (local.get $reserved)))))
    (memory.copy
      (local.get $at)
      (i32.wrap_i64 (i64.shr_u (local.get $asked) (i64.const {size_bits})))
      (local.get $size))
    (local.get $at)))
"""


def gate(type: WasmFunctionType) -> str:
    """The source of the gate for an import of this type."""
    return _source(_GATE, type)


def answering(type: WasmFunctionType) -> str:
    """The source of the module that answers an import of this type."""
    return _source(_ANSWERING, type)


def _source(template: str, type: WasmFunctionType) -> str:
    return template.format(
        between=BETWEEN,
        params=" ".join(type.params),
        arguments=" ".join(f"(local.get {number})" for number in range(len(type.params))),
        slack=SLACK,
        size_bits=_SIZE_BITS,
        size_mask=(1 << _SIZE_BITS) - 1,
    )


class Outlet:
    """One import of one guest. ``ask`` takes what the guest passes, and returns the buffer to answer with."""

    def __init__(
        self, calls: Calls, compiling: CompilingEngine, type: WasmFunctionType, answer: Any, ask: Callable[..., bytes]
    ) -> None:
        """``answer`` is the host's function that answers step by step."""
        self._calls = calls
        self._compiling = compiling
        self._type = type
        self._answer = answer
        self._ask = ask
        self._gate = calls.instantiate_beside(compiling.beside(gate(type)), [answer])

    @property
    def function(self) -> Any:
        """What the guest imports."""
        return self._gate("answer")

    def open(self, adapter: Adapter) -> None:
        """From here on calls take the short way. To be called when the guest has been instantiated."""
        calls, type = self._calls, self._type
        asking = WasmFunctionType(type.params, ("i64",))
        ask = calls.host_function(asking, self._asked(adapter))
        check = calls.host_function(WasmFunctionType(("i32", "i32"), ("i32",)), self._checked)
        guest = [calls.exported(MEMORY), calls.exported(ALLOC)]
        module = self._compiling.beside(answering(type))
        calls.instantiate_beside(module, [*guest, self._answer, ask, check, self._gate("table"), calls.in_allocator])

    def _checked(self, at: int, reserved: int) -> int:
        # Of the raw values only the lower half is the guest's.
        return self._calls.guest.check_reserved(at & U32, reserved & U32)

    def _asked(self, adapter: Adapter) -> Callable[..., int]:
        ask, leave, place = self._ask, adapter.leave, self._calls.guest.place

        def answer(*numbers: int) -> int:
            result = ask(*numbers)
            at = leave(result)
            return at << _SIZE_BITS | len(result) if at else -1 - place(result)

        return answer
