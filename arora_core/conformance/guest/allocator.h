/* The exported allocator, which counts and misbehaves on request, and the functions that inspect and control it. */

enum { TRACKED = 1024 };

enum allocator_mode {
    NORMAL = 0,   /* blocks from the pool */
    GROWING = 1,  /* memory grows at every allocation, until the mode is set again */
    TIGHT = 2,    /* the next block ends where memory ends, with no bytes after it */
    REFUSING = 3, /* the next allocation returns null */
    WILD = 4,     /* the next allocation returns a pointer outside of memory */
    CRASHING = 5  /* the next free crashes */
};

static uint8_t *live[TRACKED];
static uint64_t live_count, allocated, freed, wrongly_freed;
static uint32_t mode;
static bool free_crashes;
/* A block that did not come from the pool, and must not be freed into it. */
static uint8_t *foreign;

static void track(uint8_t *block) {
    allocated++;
    if (live_count < TRACKED) live[live_count] = block;
    live_count++;
}

#if defined(__wasm__)
/* Make at least `size` more bytes of memory, and return where memory ends; NULL if there is no more. */
static uint8_t *end_of_memory(uint32_t size) {
    if (__builtin_wasm_memory_grow(0, size / 65536u + 1) == (size_t)-1) return NULL;
    return (uint8_t *)(uintptr_t)((uint32_t)__builtin_wasm_memory_size(0) * 65536u);
}
#elif HAS_SYSTEM
/* Make `size` more bytes of memory that nothing lies behind, and return where they end; NULL if there is no more. */
static uint8_t *end_of_memory(uint32_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + page - 1) / page * page;
    uint8_t *block = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED || mprotect(block + whole, page, PROT_NONE) != 0) return NULL;
    return block + whole;
}
#endif

uint8_t *arora_buffer_alloc(uint32_t size) {
    uint8_t *block;
    uint32_t wanted = mode;
    if (mode != GROWING) mode = NORMAL;
    if (wanted == REFUSING) return NULL;
#if HAS_SYSTEM
    if (wanted == WILD) return (uint8_t *)(uintptr_t)0xfffffff0u;
    if (wanted == TIGHT) {
        uint8_t *end = end_of_memory(size);
        if (end == NULL) return NULL;
        block = (uint8_t *)(((uintptr_t)end - size) & ~(uintptr_t)7);
        track(foreign = block);
        return block;
    }
#endif
#if defined(__wasm__)
    if (wanted == GROWING) (void)__builtin_wasm_memory_grow(0, 1);
#endif
    block = pool_alloc(size);
    if (block) track(block);
    return block;
}

void arora_buffer_free(uint8_t *buffer) {
    if (buffer == NULL || buffer == arora_out_of_memory) return;
#if HAS_SYSTEM
    if (free_crashes) {
        free_crashes = false;
        __builtin_trap();
    }
#endif
    uint64_t known = live_count < TRACKED ? live_count : TRACKED;
    for (uint64_t i = known; i-- > 0;) {
        if (live[i] != buffer) continue;
        live[i] = live[known - 1];
        live_count--;
        freed++;
        if (buffer == foreign) {
            foreign = NULL;
        } else {
            pool_free(buffer);
        }
        return;
    }
    /* Not a block in use: count it and do nothing else. */
    wrongly_freed++;
}

/* allocations() -> u64[]: number of blocks in use, ever allocated, ever freed, and freed while not in use */
FUNCTION(90) {
    arora_uuid self = ID(90);
    uint64_t counts[] = {live_count, allocated, freed, wrongly_freed};
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u64s(&writer, counts, 4);
    return arora_result_end(&writer);
}

/* set_allocator(mode: u32): set how the allocator behaves from the next allocation on. 0 correctly; 1 memory grows at
 * every allocation, until the mode is set again. For the next allocation only: 3 null; in a sandbox also 2 a block at
 * the very end of memory; 4 a pointer outside of memory; 5 normal, but the next free crashes, which is that of the result
 * of this call or of its argument */
FUNCTION(91) {
    arora_uuid self = ID(91);
    arora_reader how = parameter(argument, PARAMETER(9101));
    uint32_t wanted = arora_read_u32(&how);
    if (arora_failed(&how)) return arora_error_in("mode", &how);
    uint8_t *result = arora_result_unit(&self);
    if (wanted == CRASHING) {
        free_crashes = true;
    } else {
        mode = wanted;
    }
    return result;
}
