;; The function that the guest imports in place of a host function (callback_adapter.py).
;;
;; The callback adapter needs the guest's memory and allocator, but the guest cannot be instantiated before its imports
;; exist. So the guest imports this function, which calls the one in a table: the host function at first, and the
;; callback adapter's once it exists.
;;
;; Placeholders: params, the types of the import's parameters; arguments, instructions that push their values.
(module $arora-wasmtime
  (type $import (func (param $$params) (result i32)))
  (import "host" "answer" (func $answer_in_steps (type $import)))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) func $answer_in_steps)
  (func (export "answer") (type $import)
    (call_indirect (type $import) $$arguments (i32.const 0))))
