;; The function that the guest imports in place of a host function, with public calls (public_calls.py).
;;
;; The host function must not raise through wasmtime-py. So it returns the i32 for the guest, zero-extended to 64 bits,
;; or an i64 that is not negative, or -1 if an exception is pending. This module then traps, which unwinds the guest.
;;
;; Placeholders: params, the types of the import's parameters; arguments, instructions that push their values; result,
;; the type of the import's result; answered, the instruction that pushes it. Both are empty for an import without one.
(module $arora-wasmtime
  (import "" "" (func $answer_or_unwind (param $$params) (result i64)))
  (func (export "") (param $$params) $$result (local $answer i64)
    (local.set $answer (call $answer_or_unwind $$arguments))
    (if (i64.eq (local.get $answer) (i64.const -1)) (then unreachable))
    $$answered))
