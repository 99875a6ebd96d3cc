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

#if HAS_SYSTEM

#if defined(__wasm__)
static uint8_t *more_memory(uint32_t pages) {
    size_t before = __builtin_wasm_memory_grow(0, pages);
    return before == (size_t)-1 ? NULL : (uint8_t *)(before * 65536u);
}

static uint32_t memory_pages(void) {
    return (uint32_t)__builtin_wasm_memory_size(0);
}
#else
static uint8_t *more_memory(uint32_t pages) {
    uint8_t *more = mmap(NULL, (size_t)pages * 65536u, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return more == MAP_FAILED ? NULL : more;
}

/* The memory of the process, in pages of its own; 0 where Linux does not tell. */
static uint64_t size_of_process(void) {
    char text[32] = "0";
    int file = open("/proc/self/statm", O_RDONLY);
    if (file >= 0) (void)!read(file, text, sizeof text - 1);
    close(file);
    return strtoull(text, NULL, 10);
}

static uint64_t size_before;
extern char __ehdr_start __attribute__((visibility("hidden"))), _end __attribute__((visibility("hidden")));

__attribute__((constructor)) static void measure(void) {
    size_before = size_of_process() - (uint64_t)(&_end - &__ehdr_start) / (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint32_t memory_pages(void) {
    uint64_t bytes = (size_of_process() - size_before) * (uint64_t)sysconf(_SC_PAGESIZE);
    return (uint32_t)((bytes + 65535u) / 65536u);
}
#endif

/* hog(pages: u32) -> bool: grows memory by that many pages of 64 KiB; whether that succeeded */
FUNCTION(c2) {
    arora_uuid self = ID(c2);
    arora_reader pages = parameter(argument, PARAMETER(c201));
    uint32_t wanted = arora_read_u32(&pages);
    uint8_t *more = more_memory(wanted);
    if (more == NULL) return arora_result_boolean(&self, false);
    for (uint32_t i = 0; i < wanted; i++) *(volatile uint8_t *)(more + (size_t)i * 65536u) = 1;
    return arora_result_boolean(&self, true);
}

/* pages() -> u32: current size of its memory, in pages of 64 KiB; as a library: of what its process has got since it was
 * loaded, itself included */
FUNCTION(c3) {
    arora_uuid self = ID(c3);
    return arora_result_u32(&self, memory_pages());
}

#endif
