;; The interface arora:module/host, made of the functions that core guests import (component_program.py).
;;
;; A result goes to 12 bytes at $result: 0 for ok or 1 for err, and at 4 and 8 the address and size of a list or string,
;; in memory from the component's allocator.
(module $arora-wasmtime
  (import "blocks" "memory" (memory $blocks 0))
  (import "blocks" "alloc" (func $alloc (param i32) (result i32)))
  (import "blocks" "free" (func $free (param i32)))
  (import "component" "memory" (memory $component 0))
  (import "component" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "env" "arora_dispatch" (func $dispatch (param i32 i32 i32) (result i32)))
  (import "env" "arora_dispatch_indirect" (func $dispatch_indirect (param i64) (result i32)))
  ;; Raises an error about an argument of so many bytes at this address.
  (import "env" "refuse" (func $refuse (param i32 i32) (result i32)))

  (func $store_big_endian (param $at i32) (param $value i64)
    (local $shift i64)
    (local.set $shift (i64.const 56))
    (loop $bytes
      (i64.store8 $blocks (local.get $at) (i64.shr_u (local.get $value) (local.get $shift)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $shift (i64.sub (local.get $shift) (i64.const 8)))
      (br_if $bytes (i64.ge_s (local.get $shift) (i64.const 0)))))

  ;; Copies a buffer of the host's to the component, and frees it. An error buffer (tag 20) becomes err.
  (func $deliver (param $buffer i32) (param $result i32)
    (local $from i32) (local $size i32) (local $at i32) (local $failed i32)
    (local.set $failed (i32.eq (i32.load8_u $blocks offset=4 (local.get $buffer)) (i32.const 20)))
    (if (local.get $failed)
      (then
        (local.set $from (i32.add (local.get $buffer) (i32.const 9)))
        (local.set $size (i32.load $blocks offset=5 align=1 (local.get $buffer))))
      (else
        (local.set $from (local.get $buffer))
        (local.set $size (i32.load $blocks (local.get $buffer)))))
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
    (memory.copy $component $blocks (local.get $at) (local.get $from) (local.get $size))
    (call $free (local.get $buffer))
    (i32.store8 $component (local.get $result) (local.get $failed))
    (i32.store $component offset=4 (local.get $result) (local.get $at))
    (i32.store $component offset=8 (local.get $result) (local.get $size)))

  (func (export "dispatch")
    (param $module_high i64) (param $module_low i64) (param $method_high i64) (param $method_low i64)
    (param $argument i32) (param $size i32) (param $result i32)
    (local $block i32)
    (if (if (result i32) (i32.lt_u (local.get $size) (i32.const 5))
          (then (i32.const 1))
          (else (i32.ne (i32.load $component align=1 (local.get $argument)) (local.get $size))))
      (then (drop (call $refuse (local.get $argument) (local.get $size)))))
    (if (i32.gt_u (local.get $size) (i32.const 0xb0000000)) (then (unreachable)))
    (local.set $block (call $alloc (i32.add (local.get $size) (i32.const 48))))
    (if (i32.eqz (local.get $block)) (then (unreachable)))
    (call $store_big_endian (i32.add (local.get $block) (i32.const 16)) (local.get $module_high))
    (call $store_big_endian (i32.add (local.get $block) (i32.const 24)) (local.get $module_low))
    (call $store_big_endian (i32.add (local.get $block) (i32.const 32)) (local.get $method_high))
    (call $store_big_endian (i32.add (local.get $block) (i32.const 40)) (local.get $method_low))
    (memory.copy $blocks $component
      (i32.add (local.get $block) (i32.const 48)) (local.get $argument) (local.get $size))
    ;; Freed first, because the host may never return. It reads the ids and the argument before anything else, and
    ;; freeing changes only the first bytes of a block.
    (call $free (local.get $block))
    (call $deliver
      (call $dispatch
        (i32.add (local.get $block) (i32.const 16))
        (i32.add (local.get $block) (i32.const 32))
        (i32.add (local.get $block) (i32.const 48)))
      (local.get $result)))

  (func (export "dispatch-indirect") (param $callable i64) (param $result i32)
    (call $deliver (call $dispatch_indirect (local.get $callable)) (local.get $result))))
