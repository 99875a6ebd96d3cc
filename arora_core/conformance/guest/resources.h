/* Use of time and memory. */

static volatile uint64_t turns;

/* spin(): never returns */
FUNCTION(c0) {
    for (;;) turns++;
}

/* work(turns: u64) -> u64: counts to `turns` and returns it */
FUNCTION(c1) {
    arora_uuid self = ID(c1);
    arora_reader wanted = parameter(argument, PARAMETER(c101));
    uint64_t left = arora_read_u64(&wanted);
    uint64_t done = 0;
    for (; done < left; done++) turns++;
    return arora_result_u64(&self, done);
}

#if defined(__wasm__)

/* hog(pages: u32) -> bool: grows memory by that many pages of 64 KiB; whether that succeeded */
FUNCTION(c2) {
    arora_uuid self = ID(c2);
    arora_reader pages = parameter(argument, PARAMETER(c201));
    uint32_t wanted = arora_read_u32(&pages);
    size_t before = __builtin_wasm_memory_grow(0, wanted);
    if (before == (size_t)-1) return arora_result_boolean(&self, false);
    for (uint32_t i = 0; i < wanted; i++) *(volatile uint8_t *)((before + i) * 65536u) = 1;
    return arora_result_boolean(&self, true);
}

/* pages() -> u32: current size of its memory, in pages of 64 KiB */
FUNCTION(c3) {
    arora_uuid self = ID(c3);
    return arora_result_u32(&self, (uint32_t)__builtin_wasm_memory_size(0));
}

#endif
