from arora_core.conformance import executor_suite

TestConformance = executor_suite("wasmtime-component")
