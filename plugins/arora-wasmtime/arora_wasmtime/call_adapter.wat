;; The call adapter (call_adapter.py): calls a function of the guest and frees its result, in one entry of the store.
;;
;; Step by step, the host enters the guest twice: to call the function, and to free the buffer that it returned. This
;; module, instantiated in the guest's own store once for each function that is called, does both.
;;
;; Trap messages leave out frames of this module, which they recognise by its name (ADAPTER in traps.py).
(module $arora-wasmtime
  (import "guest" "memory" (memory 0))
  (import "guest" "function" (func $function (param i32) (result i32)))
  (import "guest" "free" (func $free (param i32)))
  (import "host" "in_allocator" (global $in_allocator (mut i32)))

  ;; The room: the host has reserved the bytes from $argument to $room_end in the guest's memory. The argument buffer is
  ;; at its start. The bytes from $answer on are for the result.
  ;;
  ;; Returns the size of the result buffer, which has been copied to $answer and freed. If the buffer is unusual in any
  ;; way, returns -1 - its address, and leaves it untouched for the host to check.
  ;;
  ;; $outcome is not read. Parameters and results share an array (wasmtime_val_raw_t), and the result overwrites its
  ;; first element. So the parameters in the other elements, which the host sets once, survive the call.
  (func (export "exchange")
    (param $outcome i64) (param $argument i32) (param $answer i32) (param $room_end i32) (result i64)
    (local $at i32) (local $size i32) (local $memory i64) (local $before i32)
    (local.set $at (call $function (local.get $argument)))
    ;; In 64 bits, so that neither the size of 4 GiB of memory nor the end of a buffer overflows. Read after the call,
    ;; which may have grown the memory.
    (local.set $memory (i64.mul (i64.extend_i32_u (memory.size)) (i64.const 65536)))
    (block $unusual
      ;; The size prefix must be inside memory,
      (br_if $unusual (i64.gt_u (i64.add (i64.extend_i32_u (local.get $at)) (i64.const 4)) (local.get $memory)))
      (local.set $size (i32.load (local.get $at)))
      ;; and be at least 5 (size prefix and tag), and at most what the room holds.
      (br_if $unusual (i32.lt_u (local.get $size) (i32.const 5)))
      (br_if $unusual (i32.gt_u (local.get $size) (i32.sub (local.get $room_end) (local.get $answer))))
      ;; The whole buffer must be inside memory.
      (br_if $unusual
        (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size)))
          (local.get $memory)))
      ;; The address must not be null,
      (br_if $unusual (i32.eqz (local.get $at)))
      ;; nor inside the room, which belongs to the host.
      (br_if $unusual
        (i32.and
          (i32.ge_u (local.get $at) (local.get $argument))
          (i32.lt_u (local.get $at) (local.get $room_end))))
      (memory.copy (local.get $answer) (local.get $at) (local.get $size))
      ;; A callback of the allocator must not overwrite the copy (allocator_flag.wat). An outer call may be inside the
      ;; allocator already, so the flag's previous value is restored.
      (local.set $before (global.get $in_allocator))
      (global.set $in_allocator (i32.const 1))
      (call $free (local.get $at))
      (global.set $in_allocator (local.get $before))
      (return (i64.extend_i32_u (local.get $size))))
    (i64.sub (i64.const -1) (i64.extend_i32_u (local.get $at)))))
