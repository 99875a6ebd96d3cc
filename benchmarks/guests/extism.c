/*
 * The Extism guest. It declares the functions of Extism's kernel by hand, because no PDK (plug-in development kit) is
 * installed. Extism keeps input and output in a separate memory, which guests access 1 or 8 bytes at a time.
 */
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define KERNEL(name) __attribute__((import_module("extism:host/env"), import_name(name)))

KERNEL("input_length") uint64_t input_length(void);
KERNEL("input_load_u64") uint64_t input_load_u64(uint64_t offset);
KERNEL("alloc") uint64_t alloc(uint64_t size);
KERNEL("store_u64") void store_u64(uint64_t pointer, uint64_t value);
KERNEL("output_set") void output_set(uint64_t pointer, uint64_t size);

/* add: two little-endian u32 in, their sum as a u64 out */
EXPORT("add") int32_t add(void) {
    uint64_t given = input_load_u64(0), answer = alloc(8);
    store_u64(answer, (uint32_t)given + (uint32_t)(given >> 32));
    output_set(answer, 8);
    return 0;
}

/* echo: the input in words of 8 bytes, copied through the guest's own memory, as a guest that reads them has to */
static uint64_t words[1u << 20];

EXPORT("echo") int32_t echo(void) {
    uint64_t size = input_length() & ~7ull;
    if (size > sizeof words) return 1;
    for (uint64_t at = 0; at < size; at += 8) words[at / 8] = input_load_u64(at);
    uint64_t answer = alloc(size);
    for (uint64_t at = 0; at < size; at += 8) store_u64(answer + at, words[at / 8]);
    output_set(answer, size);
    return 0;
}
