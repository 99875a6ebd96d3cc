;; The exports of a core guest (ABI §3), made of a component's function dispatch (component_program.py).
;;
;; Placeholders: stack, the import and export of the component's stack pointer, if that is known; post_return, the import
;; of the function that frees a result, or an empty function; give_back, what frees a result that the component does not
;; free (UNFREED_RESULTS); functions, an export for each function of the module, which calls $call with the halves of its
;; id.
(module $arora-wasmtime
  (import "blocks" "memory" (memory $blocks 0))
  (import "blocks" "alloc" (func $alloc (param i32) (result i32)))
  (import "blocks" "free" (func $free (param i32)))
  (import "component" "memory" (memory $component 0))
  (import "component" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "component" "dispatch" (func $dispatch (param i64 i64 i32 i32) (result i32)))
  $$stack
  $$post_return
  (export "memory" (memory $blocks))
  (export "arora_buffer_alloc" (func $alloc))
  (export "arora_buffer_free" (func $free))

  ;; Takes the address of an argument buffer, and returns that of the result buffer.
  (func $call (param $high i64) (param $low i64) (param $argument i32) (result i32)
    (local $size i32) (local $given i32) (local $returned i32) (local $from i32) (local $result i32) (local $header i32)
    (local.set $size (i32.load $blocks (local.get $argument)))
    (local.set $given (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
    (memory.copy $component $blocks (local.get $given) (local.get $argument) (local.get $size))
    (local.set $returned (call $dispatch (local.get $high) (local.get $low) (local.get $given) (local.get $size)))
    (local.set $from (i32.load $component offset=4 (local.get $returned)))
    (local.set $size (i32.load $component offset=8 (local.get $returned)))
    ;; The message of err becomes an error buffer: the size, the tag 20, the message with its size.
    (if (i32.load8_u $component (local.get $returned)) (then (local.set $header (i32.const 9))))
    (if (i32.gt_u (local.get $size) (i32.const 0xb0000000)) (then (unreachable)))
    (local.set $result (call $alloc (i32.add (local.get $size) (local.get $header))))
    ;; The host refuses a result at 0.
    (if (i32.eqz (local.get $result)) (then (return (i32.const 0))))
    (memory.copy $blocks $component
      (i32.add (local.get $result) (local.get $header)) (local.get $from) (local.get $size))
    (if (local.get $header)
      (then
        (i32.store $blocks (local.get $result) (i32.add (local.get $size) (i32.const 9)))
        (i32.store8 $blocks offset=4 (local.get $result) (i32.const 20))
        (i32.store $blocks offset=5 align=1 (local.get $result) (local.get $size)))
      (else
        ;; A buffer says its size itself. Another one is refused, as a buffer that is too small.
        (if (if (result i32) (i32.lt_u (local.get $size) (i32.const 5))
              (then (i32.const 1))
              (else (i32.ne (i32.load $blocks (local.get $result)) (local.get $size))))
          (then (i32.store $blocks (local.get $result) (i32.const 0))))))
    (call $post_return (local.get $returned))
    $$give_back
    (local.get $result))

  $$functions)
