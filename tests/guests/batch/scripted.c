/*
 * A guest that answers as a script says, whatever its header promises: for tests of batches.
 *
 * The function f00 ("probe") does what the next entry of the script says, and begins again after the last one. An entry
 * is its size (u32), an action (u8), and the bytes of the result buffer.
 */
#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.h"

enum { ANSWER, TRAP, NOTHING, OWN_ARGUMENT, OUTSIDE, SCRIBBLE, CALL, GROW, KEEP };

static uint8_t *script = NULL;
static uint32_t script_size = 0, next_entry = 0;
static uint64_t seen = 14695981039346656037u;

static uint32_t number_at(const uint8_t *bytes) {
    uint32_t number;
    ARORA_COPY_(&number, bytes, 4);
    return number;
}

static void note(const uint8_t *bytes, uint32_t size) {
    for (uint32_t at = 0; at < size; at++) seen = (seen ^ bytes[at]) * 1099511628211u;
}

static uint8_t *copy_of(const uint8_t *bytes, uint32_t size) {
    uint8_t *copy = arora_buffer_alloc(size);
    if (copy != NULL) ARORA_COPY_(copy, bytes, size);
    return copy;
}

ARORA_FUNCTION(00000000_0000_0000_0000_000000000f00) {
    note(argument, number_at(argument));
    if (script_size == 0) return NULL;
    const uint8_t *entry = script + next_entry;
    uint32_t size = number_at(entry);
    next_entry += 5 + size;
    if (next_entry >= script_size) next_entry = 0;
    switch (entry[4]) {
    case TRAP:
        __builtin_trap();
    case NOTHING:
        return NULL;
    case OWN_ARGUMENT:
        return (uint8_t *)argument;
    case OUTSIDE:
        return (uint8_t *)(uintptr_t)0xfffffff0u;
    case SCRIBBLE:
        for (uint32_t at = 0, end = number_at(argument); at < end; at++) ((uint8_t *)argument)[at] = 0xaa;
        break;
    case CALL: {
        uint8_t *answer = arora_dispatch_indirect(1);
        note(answer, number_at(answer));
        arora_buffer_free(answer);
        break;
    }
    case GROW:
#if defined(__wasm__)
        __builtin_wasm_memory_grow(0, 1);
#endif
        break;
    case KEEP:
        arora_buffer_alloc(24);
        break;
    }
    return copy_of(entry + 5, size);
}

/* "follow": takes the script, u8[]. The items are 48 bytes into the buffer, and their number is before the padding. */
ARORA_FUNCTION(00000000_0000_0000_0000_000000000f01) {
    static const arora_uuid id = ARORA_UUID(0, 0, 0, 0, 0xf01);
    script_size = number_at(argument + 43);
    script = copy_of(argument + 48, script_size);
    next_entry = 0;
    return arora_result_unit(&id);
}

/* "state": returns a hash of all arguments seen, and of the position in the script. */
ARORA_FUNCTION(00000000_0000_0000_0000_000000000f02) {
    static const arora_uuid id = ARORA_UUID(0, 0, 0, 0, 0xf02);
    return arora_result_u64(&id, seen ^ next_entry);
}
