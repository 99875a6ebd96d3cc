/*
 * Feeds truncated and corrupted buffers to the walker, each placed so that it ends at a page that
 * cannot be touched: one read too far ends the process.
 */
#include "walk.c"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#endif

#define READABLE 65536u

static uint8_t *guarded_end(void) {
    static uint8_t *end;
    if (end == NULL) {
#if defined(_WIN32)
        DWORD before;
        uint8_t *pages = (uint8_t *)VirtualAlloc(NULL, 2 * READABLE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (pages == NULL || !VirtualProtect(pages + READABLE, READABLE, PAGE_NOACCESS, &before)) return NULL;
#else
        void *mapped = mmap(NULL, 2 * READABLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
        uint8_t *pages = (uint8_t *)mapped;
        if (mapped == MAP_FAILED || mprotect(pages + READABLE, READABLE, PROT_NONE) != 0) return NULL;
#endif
        end = pages + READABLE;
    }
    return end;
}

/* What is read ends up here, so that no read is optimised away. */
static volatile double sink;

/* Reads what it expects without looking at tags first, as a module does with its arguments. */
static void read_blindly(const uint8_t *bytes, uint32_t size) {
    arora_reader start = arora_reader_sized(bytes, size);
    arora_reader reader = start;
    arora_structure structure = arora_read_structure(&reader);
    arora_uuid field = arora_read_field(&reader);
    sink = arora_read_f64(&reader) + structure.count;
    reader = arora_find_field(&start, &field);
    sink = arora_read_string(&reader).size;
    reader = start;
    sink = arora_read_enumeration(&reader).variant.bytes[15];
    sink = arora_read_option(&reader);
    reader = start;
    sink = arora_read_option(&reader);
    sink = arora_read_u32(&reader);
    reader = start;
    sink = arora_read_map(&reader).count;
    sink = arora_read_entry(&reader).key.size;
    sink = arora_read_uuid(&reader).bytes[15];
    if (arora_failed(&start)) return; /* an answer's size prefix comes from the host, and is right */
    reader = arora_answer_return(bytes);
    sink = arora_read_boolean(&reader);
    reader = arora_answer_mutated(bytes, &field);
    sink = arora_read_array(&reader).count;
}

/* Returns 0 when the walker and arora_skip agree about the bytes. */
static uint32_t disagree(const uint8_t *bytes, uint32_t size) {
    double total;
    uint8_t *written = recode(bytes, size);
    uint32_t is_error = size >= 5 && bytes[4] == ARORA_ERROR;
    uint32_t differ = !is_error && (written != NULL) != (skips(bytes, size) == 1);
    arora_buffer_free(written);
    sink = typed_arrays(bytes, size, &total);
    sink = total;
    read_blindly(bytes, size);
    return differ;
}

/* Tries every truncation of a buffer, with its own and with a fitting size prefix, and every byte
 * replaced by each of 20 others. Returns the number of disagreements; UINT32_MAX when there are no
 * guarded pages to be had. */
ARORA_EXPORT("torment") uint32_t torment(const uint8_t *buffer, uint32_t size);
uint32_t torment(const uint8_t *buffer, uint32_t size) {
    static const uint8_t others[20] = {0,  1,  2,  4,    11,   12,   13,   14,   15,   16,
                                       17, 19, 20, 0x20, 0x7f, 0x80, 0xc3, 0xe2, 0xf0, 0xff};
    uint8_t *end = guarded_end();
    uint8_t *bytes;
    uint32_t length, i, k, disagreements = 0;
    if (end == NULL || size > READABLE) return UINT32_MAX;
    for (length = 0; length < size; length++) {
        bytes = end - length;
        memcpy(bytes, buffer, length);
        disagreements += disagree(bytes, length);
        if (length < 4) continue;
        memcpy(bytes, &length, 4);
        disagreements += disagree(bytes, length);
    }
    bytes = end - size;
    memcpy(bytes, buffer, size);
    for (i = 0; i < size; i++) {
        for (k = 0; k < sizeof others; k++) {
            bytes[i] = others[k];
            disagreements += disagree(bytes, size);
        }
        bytes[i] = buffer[i];
    }
    return disagreements;
}
