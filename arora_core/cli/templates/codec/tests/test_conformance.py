from arora_core.conformance import codec_suite

TestMine = codec_suite("mine")
