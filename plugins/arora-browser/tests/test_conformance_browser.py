from arora_core.conformance import executor_suite

# Every call crosses into another process: 50 generated inputs a check would take minutes.
TestConformance = executor_suite("browser", examples=15)
