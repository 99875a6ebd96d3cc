/* An Extism guest that calls a function of its host. Separate from extism.c, which must load without one. */
#include <stdint.h>

#define KERNEL(name) __attribute__((import_module("extism:host/env"), import_name(name)))

KERNEL("input_load_u64") uint64_t input_load_u64(uint64_t offset);
KERNEL("alloc") uint64_t alloc(uint64_t size);
KERNEL("store_u64") void store_u64(uint64_t pointer, uint64_t value);
KERNEL("output_set") void output_set(uint64_t pointer, uint64_t size);
__attribute__((import_module("host"), import_name("answer"))) uint64_t host_answer(void);

/* call_back: the number of calls as a u64 in; the sum of what they returned out */
__attribute__((export_name("call_back"))) int32_t call_back(void) {
    uint64_t left = input_load_u64(0), sum = 0, answer = alloc(8);
    while (left--) sum += host_answer();
    store_u64(answer, sum);
    output_set(answer, 8);
    return 0;
}
