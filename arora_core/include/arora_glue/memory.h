/* The memory of a call. A part of arora_glue.h. */
#ifndef ARORA_GLUE_MEMORY_H
#define ARORA_GLUE_MEMORY_H

#include "../arora_values.h"

/* One copy of what is used in many places keeps modules small. */
#if defined(__GNUC__) || defined(__clang__)
#define ARORA_APART_ __attribute__((noinline)) static
#else
#define ARORA_APART_ static
#endif

/* A piece of memory of an arena. */
typedef struct arora_chunk_ {
    struct arora_chunk_ *next;
    uint64_t words[];
} arora_chunk_;

/* The answer of an imported function. */
typedef struct arora_answer_ {
    struct arora_answer_ *next;
    uint8_t *buffer;
} arora_answer_;

#define ARORA_SMALLEST_CHUNK_ 1024u
#define ARORA_LARGEST_CHUNK_ 65536u

ARORA_APART_ bool arora_add_chunk_(arora_arena *arena, uint32_t bytes) {
    uint32_t size = arena->chunk_size < ARORA_SMALLEST_CHUNK_ ? ARORA_SMALLEST_CHUNK_ : arena->chunk_size;
    arora_chunk_ *chunk;
    if (size < ARORA_LARGEST_CHUNK_) arena->chunk_size = size * 2;
    if (size < bytes) size = bytes;
    if (size > UINT32_MAX - (uint32_t)sizeof *chunk) return false;
    chunk = (arora_chunk_ *)(void *)arora_buffer_alloc(size + (uint32_t)sizeof *chunk);
    if (chunk == NULL) return false;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->next = (uint8_t *)chunk->words;
    arena->left = size;
    return true;
}

void *arora_allocate(arora_arena *arena, size_t count, size_t size) {
    void *memory;
    uint32_t bytes;
    if (size != 0 && count > (UINT32_MAX - 7) / size) return NULL;
    bytes = ((uint32_t)(count * size) + 7u) & ~7u;
    if (bytes == 0) bytes = 8; /* NULL means that there is no memory */
    if (bytes > arena->left && !arora_add_chunk_(arena, bytes)) return NULL;
    memory = arena->next;
    arena->next += bytes;
    arena->left -= bytes;
    __builtin_memset(memory, 0, bytes);
    return memory;
}

/* Keep the answer of an imported function until the call ends. Return whether there was memory for that. */
static inline bool arora_keep_(arora_arena *arena, uint8_t *buffer) {
    arora_answer_ *answer = arora_new(arena, arora_answer_, 1);
    if (answer == NULL) {
        arora_buffer_free(buffer);
        return false;
    }
    answer->next = arena->answers;
    answer->buffer = buffer;
    arena->answers = answer;
    return true;
}

static inline void arora_free_(arora_arena *arena) {
    for (arora_answer_ *answer = arena->answers; answer != NULL; answer = answer->next) {
        arora_buffer_free(answer->buffer);
    }
    while (arena->chunks != NULL) {
        arora_chunk_ *chunk = arena->chunks;
        arena->chunks = chunk->next;
        arora_buffer_free((uint8_t *)chunk);
    }
}

#endif /* ARORA_GLUE_MEMORY_H */
