;; Memory for the lists that functions of WASI return to a component (component_program.py).
(module $arora-wasmtime
  (import "component" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  ;; Allocators may check the alignment, which is that of the items.
  (func (export "bytes") (param $size i32) (result i32)
    (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
  (func (export "words") (param $size i32) (result i32)
    (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (local.get $size))))
