;; The flag that the call adapter and the callback adapters of one guest share: 1 while one of them runs the guest's
;; allocator, 0 otherwise.
;;
;; The adapters keep buffers in a room (guest_rooms.py): a result until Python has read it, the answer to a callback
;; until the allocator has returned memory for it. If the allocator called the host meanwhile, that answer would
;; overwrite the buffer. So while the flag is 1, callbacks are answered step by step, without the room. Where a call
;; ends before the allocator returns, the host puts the flag back with the stack pointer (kept_stack.py).
(module $arora-wasmtime
  (global (export "in_allocator") (mut i32) (i32.const 0)))
