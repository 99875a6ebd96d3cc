;; What the guest imports in place of a function of the host (callback_adapter.py).
;;
;; The callback adapter needs the memory and the allocator of a guest that cannot be instantiated before its imports
;; are there. So the guest imports this function, which calls whatever stands in a table: the host's function at
;; first, and the callback adapter's as soon as there is one.
;;
;; Placeholders: params, the types of the import's parameters; arguments, which pushes their values.
(module $arora-wasmtime
  (type $import (func (param $$params) (result i32)))
  (import "host" "answer" (func $answer_in_steps (type $import)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) func $answer_in_steps)
  (func (export "answer") (type $import)
    (call_indirect (type $import) $$arguments (i32.const 0))))
