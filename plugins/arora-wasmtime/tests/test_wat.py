"""Adapter modules are text files with placeholders."""

from __future__ import annotations

import pytest
from arora_wasmtime import wat
from wasmtime import wat2wasm

from arora_core.guest_symbols import HOST_TYPES


def test_one_dollar_sign_begins_a_name_and_two_a_placeholder() -> None:
    gate = wat.forwarding("callback_gate", HOST_TYPES["arora_dispatch"])
    assert "(type $import (func (param i32 i32 i32) (result i32)))" in gate
    assert "(call_indirect (type $import) (local.get 0) (local.get 1) (local.get 2) (i32.const 0))" in gate
    assert wat2wasm(gate)


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="slack"):
        wat.forwarding("callback_adapter", HOST_TYPES["arora_dispatch"], size_bits=16)
