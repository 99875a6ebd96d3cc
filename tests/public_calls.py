"""What tests need to know of Wasmtime's public calls, with which the suite runs a second time."""

from __future__ import annotations

import os
from typing import Final

import pytest

PUBLIC_CALLS: Final = os.environ.get("ARORA_WASMTIME_CALLS") == "public"
"""Whether the tests run with public calls."""

unchecked_calls_only = pytest.mark.skipif(
    PUBLIC_CALLS,
    reason="wasmtime-py's public classes keep one exception for all threads, and take more frames and copies",
)
"""Marks tests that public calls of Wasmtime cannot pass (docs/wasmtime-calls.md, other ways)."""
