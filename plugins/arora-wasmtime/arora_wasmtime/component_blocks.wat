;; The buffers between a component and its host, in a memory of their own (component_program.py).
;;
;; A component exports an allocator for what it is given and frees itself, and nothing that frees. It may also free all
;; at once when a call ends. So what the host allocates and frees is not in the component's memory but here.
;;
;; A block has a size class, four to each power of two; freed blocks of a class are in a list. The list's heads are at
;; the begin of the memory. A block is preceded by 8 bytes with its class, and begins, while it is free, with the address
;; of the next one.
(module $arora-wasmtime
  (memory (export "memory") 1)
  ;; Behind the heads of the lists.
  (global $next (mut i32) (i32.const 512))

  ;; Returns the address of so many new bytes, a multiple of 16; 0 if memory cannot grow.
  (func $grown (param $size i32) (result i32)
    (local $at i32) (local $end i64) (local $held i64)
    (local.set $at (global.get $next))
    (local.set $end (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size))))
    (local.set $held (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (if (i64.gt_u (local.get $end) (local.get $held))
      (then
        (if (i64.ge_u (local.get $end) (i64.const 0x100000000)) (then (return (i32.const 0))))
        (if (i32.eq (i32.const -1) (memory.grow (i32.wrap_i64
              (i64.shr_u (i64.add (i64.sub (local.get $end) (local.get $held)) (i64.const 0xffff)) (i64.const 16)))))
          (then (return (i32.const 0))))))
    (global.set $next (i32.wrap_i64 (local.get $end)))
    (local.get $at))

  ;; Returns the address of a block of at least so many bytes, at a multiple of 8; 0 if there is no memory.
  (func (export "alloc") (param $size i32) (result i32)
    (local $power i32) (local $step i32) (local $class i32) (local $head i32) (local $at i32)
    (if (i32.gt_u (local.get $size) (i32.const 0xc0000000)) (then (return (i32.const 0))))
    (local.set $size (i32.add (local.get $size) (i32.const 8)))
    (if (i32.lt_u (local.get $size) (i32.const 64)) (then (local.set $size (i32.const 64))))
    ;; Round up to a quarter of the power of two below.
    (local.set $step (i32.shl (i32.const 1)
      (i32.sub (i32.const 29) (i32.clz (local.get $size)))))
    (local.set $size (i32.and
      (i32.add (local.get $size) (i32.sub (local.get $step) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $step))))
    (local.set $power (i32.sub (i32.const 31) (i32.clz (local.get $size))))
    (local.set $class (i32.add
      (i32.shl (local.get $power) (i32.const 2))
      (i32.and (i32.shr_u (local.get $size) (i32.sub (local.get $power) (i32.const 2))) (i32.const 3))))
    (local.set $head (i32.shl (local.get $class) (i32.const 2)))
    (local.set $at (i32.load (local.get $head)))
    (if (local.get $at)
      (then (i32.store (local.get $head) (i32.load (local.get $at))))
      (else
        (local.set $at (call $grown (local.get $size)))
        (if (i32.eqz (local.get $at)) (then (return (i32.const 0))))
        (i32.store (local.get $at) (local.get $class))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (local.get $at))

  ;; Gives a block back. Its bytes stay as they are until the next allocation, but for the first four.
  (func (export "free") (param $at i32)
    (local $head i32)
    (if (local.get $at)
      (then
        (local.set $head (i32.shl (i32.load (i32.sub (local.get $at) (i32.const 8))) (i32.const 2)))
        (i32.store (local.get $at) (i32.load (local.get $head)))
        (i32.store (local.get $head) (local.get $at))))))
