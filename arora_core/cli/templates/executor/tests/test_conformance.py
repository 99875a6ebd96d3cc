from arora_core.conformance import executor_suite

TestMine = executor_suite("mine")
