"""The code that WebAssembly executors share: the guest protocol, WASI, and a reader of binaries."""
