;; What the guest imports in place of a function of the host, where it is called publicly (public_calls.py).
;;
;; An exception cannot be raised through wasmtime-py. So the host's function never raises: it returns the i32 that the
;; guest is to get, zero-extended to 64 bits, or -1 where the guest has to unwind. This module then traps in the
;; guest's place.
;;
;; Placeholders: params, the types of the import's parameters; arguments, which pushes their values.
(module $arora-wasmtime
  (import "" "" (func $answer_or_unwind (param $$params) (result i64)))
  (func (export "") (param $$params) (result i32) (local $answer i64)
    (local.set $answer (call $answer_or_unwind $$arguments))
    (if (i64.eq (local.get $answer) (i64.const -1)) (then unreachable))
    (i32.wrap_i64 (local.get $answer))))
