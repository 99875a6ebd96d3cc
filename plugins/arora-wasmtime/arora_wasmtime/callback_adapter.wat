;; The callback adapter (callback_adapter.py): answers a callback of the guest without entering the store again.
;;
;; The guest owns the answer to its callback, so the memory for it must come from the guest's allocator. Step by step,
;; the host enters the guest again, inside the callback, to call it. This module calls it instead.
;;
;; Placeholders: params, the types of the import's parameters; arguments, instructions that push their values; slack,
;; the bytes to reserve behind a buffer; size_bits, how many bits of the result of $ask are the size.
(module $arora-wasmtime
  (type $import (func (param $$params) (result i32)))
  (import "guest" "memory" (memory 0))
  (import "guest" "alloc" (func $alloc (param i32) (result i32)))
  ;; Answers the callback step by step, without this module. Returns the address of the answer.
  (import "host" "answer" (func $answer_in_steps (type $import)))
  ;; Calls Python, which writes its answer into a room. Returns the size in the lower size_bits bits and the address
  ;; above them; or -1 - address if the answer is already in memory from the guest's allocator.
  (import "host" "ask" (func $ask (param $$params) (result i64)))
  ;; Traps with a message about an allocation (its address, its size) that is null or not inside memory.
  (import "host" "check" (func $check (param i32 i32) (result i32)))
  (import "gate" "table" (table 1 funcref))
  (import "host" "in_allocator" (global $in_allocator (mut i32)))

  ;; Instantiation makes the gate call this module.
  (elem (i32.const 0) func $answer)

  (func $answer (type $import) (local $asked i64) (local $size i32) (local $reserved i32) (local $at i32)
    (if (global.get $in_allocator) (then (return (call $answer_in_steps $$arguments))))
    (local.set $asked (call $ask $$arguments))
    (if (i64.lt_s (local.get $asked) (i64.const 0))
      (then (return (i32.wrap_i64 (i64.sub (i64.const -1) (local.get $asked))))))
    (local.set $size
      (i32.and
        (i32.wrap_i64 (local.get $asked))
        (i32.sub (i32.shl (i32.const 1) (i32.const $$size_bits)) (i32.const 1))))
    ;; The flag was 0 (checked above), so it is reset to 0 afterwards.
    (global.set $in_allocator (i32.const 1))
    (local.set $reserved (i32.add (local.get $size) (i32.const $$slack)))
    (local.set $at (call $alloc (local.get $reserved)))
    (global.set $in_allocator (i32.const 0))
    ;; Null, or not entirely inside memory.
    (if (i32.or
          (i32.eqz (local.get $at))
          (i64.gt_u
            (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $reserved)))
            (i64.mul (i64.extend_i32_u (memory.size)) (i64.const 65536))))
      (then (drop (call $check (local.get $at) (local.get $reserved)))))
    (memory.copy
      (local.get $at)
      (i32.wrap_i64 (i64.shr_u (local.get $asked) (i64.const $$size_bits)))
      (local.get $size))
    (local.get $at)))
