/* The same functions without Arora: plain exports, called by wasmtime-py or, in a shared library, by ctypes. */
#include <stdint.h>

#if defined(__wasm__)
#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("host"), import_name(name)))
#elif defined(_WIN32)
#define EXPORT(name) __declspec(dllexport)
#else
#define EXPORT(name) __attribute__((visibility("default")))
#endif

EXPORT("add") uint32_t add(uint32_t a, uint32_t b) {
    return a + b;
}

#if defined(__wasm__)

IMPORT("add") uint32_t host_add(uint32_t a, uint32_t b);
IMPORT("answer") uint64_t host_answer(void);

EXPORT("ask") uint32_t ask(uint32_t times) {
    uint32_t sum = 0;
    while (times--) sum = host_add(sum, 1);
    return sum;
}

EXPORT("call_back") uint64_t call_back(uint32_t times) {
    uint64_t sum = 0;
    while (times--) sum += host_answer();
    return sum;
}

#endif
