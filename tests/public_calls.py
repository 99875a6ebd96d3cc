"""What tests need to know of Wasmtime's public calls, with which the suite runs a second time."""

from __future__ import annotations

import os

import pytest

unchecked_calls_only = pytest.mark.skipif(
    os.environ.get("ARORA_WASMTIME_CALLS") == "public",
    reason="wasmtime-py's public classes keep one exception for all threads, and take more frames and copies",
)
"""Marks tests that public calls of Wasmtime cannot pass (docs/wasmtime-calls.md, other ways)."""
