;; The call adapter (call_adapter.py): one function of the guest, called and tidied up after in one entry.
;;
;; The host would enter the guest twice: to call the function, and to free the buffer that it returned. This module
;; stands in the guest's own store, one for each function that is called, and does both.
;;
;; Traps leave this module's name out of what they report (BETWEEN in traps.py).
(module $arora-wasmtime
  (import "guest" "memory" (memory 0))
  (import "guest" "function" (func $function (param i32) (result i32)))
  (import "guest" "free" (func $free (param i32)))
  (import "host" "in_allocator" (global $in_allocator (mut i32)))

  ;; The host has reserved the bytes from $argument to $room_end in the guest's memory. The argument buffer is at
  ;; their start. From $answer on there is room for what the guest returns.
  ;;
  ;; Returns the size of the result buffer, which has been copied to $answer and freed. Or, where anything about that
  ;; buffer is unusual, -1 - its address: nothing has been done with it then, and the host looks at it.
  ;;
  ;; $outcome is not read. Parameters and results share an array (wasmtime_val_raw_t), and what the host passed in its
  ;; first place is overwritten by the result; so the parameters it prepared once in the other places stay as they
  ;; are.
  (func (export "exchange")
    (param $outcome i64) (param $argument i32) (param $answer i32) (param $room_end i32) (result i64)
    (local $at i32) (local $size i32) (local $memory i64) (local $before i32)
    (local.set $at (call $function (local.get $argument)))
    ;; In 64 bits, in which neither the size of 4 GiB of memory nor the end of a buffer overflows. Taken after the
    ;; call, in which the memory may have grown.
    (local.set $memory (i64.mul (i64.extend_i32_u (memory.size)) (i64.const 65536)))
    (block $unusual
      ;; Its size prefix has to lie in memory,
      (br_if $unusual (i64.gt_u (i64.add (i64.extend_i32_u (local.get $at)) (i64.const 4)) (local.get $memory)))
      (local.set $size (i32.load (local.get $at)))
      ;; and to say no less than the smallest buffer has (prefix and tag), and no more than there is room for.
      (br_if $unusual (i32.lt_u (local.get $size) (i32.const 5)))
      (br_if $unusual (i32.gt_u (local.get $size) (i32.sub (local.get $room_end) (local.get $answer))))
      ;; All of it has to lie in memory.
      (br_if $unusual
        (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size)))
          (local.get $memory)))
      ;; Null is not a buffer,
      (br_if $unusual (i32.eqz (local.get $at)))
      ;; and the bytes that the host has reserved are not the guest's to return.
      (br_if $unusual
        (i32.and
          (i32.ge_u (local.get $at) (local.get $argument))
          (i32.lt_u (local.get $at) (local.get $room_end))))
      (memory.copy (local.get $answer) (local.get $at) (local.get $size))
      ;; What the allocator calls the host for must not overwrite the copy (allocator_flag.wat). It may be running
      ;; already, further out, so the flag is put back to what it was.
      (local.set $before (global.get $in_allocator))
      (global.set $in_allocator (i32.const 1))
      (call $free (local.get $at))
      (global.set $in_allocator (local.get $before))
      (return (i64.extend_i32_u (local.get $size))))
    (i64.sub (i64.const -1) (i64.extend_i32_u (local.get $at)))))
