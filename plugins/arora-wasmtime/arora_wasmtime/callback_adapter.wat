;; The callback adapter (callback_adapter.py): a call of the guest to its host, answered in one entry of the host.
;;
;; The guest owns what it is answered with, so the memory for it has to come from the guest's own allocator. The host
;; would enter the guest again, from inside its call, to ask for that. This module does it in the host's place.
;;
;; Placeholders: params, the types of the import's parameters; arguments, which pushes their values; slack, the bytes
;; to reserve behind a buffer; size_bits, how many bits of what $ask returns are the size.
(module $arora-wasmtime
  (type $import (func (param $$params) (result i32)))
  (import "guest" "memory" (memory 0))
  (import "guest" "alloc" (func $alloc (param i32) (result i32)))
  ;; Answers step by step, without this module. Returns the address of the answer.
  (import "host" "answer" (func $answer_in_steps (type $import)))
  ;; Calls Python, which leaves its answer in memory that the host has reserved. Returns its address above its size
  ;; (the lower size_bits bits); or -1 - address where the answer is in memory from the guest's allocator already.
  (import "host" "ask" (func $ask (param $$params) (result i64)))
  ;; Traps with a message where an allocation (its address, its size) cannot be used.
  (import "host" "check" (func $check (param i32 i32) (result i32)))
  (import "gate" "table" (table 1 funcref))
  (import "host" "in_allocator" (global $in_allocator (mut i32)))

  ;; From here on the gate calls this module.
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
    ;; Nothing is running in the allocator here, so the flag goes back to 0.
    (global.set $in_allocator (i32.const 1))
    (local.set $reserved (i32.add (local.get $size) (i32.const $$slack)))
    (local.set $at (call $alloc (local.get $reserved)))
    (global.set $in_allocator (i32.const 0))
    ;; Null, or not all inside of memory.
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
