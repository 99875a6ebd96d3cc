;; A flag that the call adapter and the callback adapters of one guest share: 1 while one of them runs the guest's
;; allocator, 0 otherwise.
;;
;; They leave buffers for a moment in memory that the host has reserved: what the guest returned, until Python has
;; read it; what a callback answers, until the allocator has given memory for it. An allocator that itself calls the
;; host in that moment would have its own answer put over the buffer. While the flag is 1, callbacks are answered step
;; by step instead, without that memory. An allocator that traps leaves it at 1, and that slower way is taken from
;; then on.
(module $arora-wasmtime
  (global (export "in_allocator") (mut i32) (i32.const 0)))
