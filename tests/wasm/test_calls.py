"""Calls into a guest: buffers in and out."""

from __future__ import annotations

import gc

import pytest

from arora_core.errors import FunctionNotFound
from tests.wasm.guests import ARGUMENT, OTHER, RUN, Load, guest


def test_a_bound_function_keeps_its_instance_alive(load: Load) -> None:
    function = load(guest()).function(RUN)
    gc.collect()
    assert function(ARGUMENT) == ARGUMENT


def test_a_function_that_is_not_in_the_header_is_not_found(load: Load) -> None:
    with pytest.raises(FunctionNotFound, match="99999999-2222-4333-8444-555555555555"):
        load(guest()).dispatch(OTHER, ARGUMENT)
