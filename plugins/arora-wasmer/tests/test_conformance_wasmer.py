"""Wasmer passes the conformance suite."""

from arora_core.conformance import executor_suite

TestConformance = executor_suite("wasmer")
