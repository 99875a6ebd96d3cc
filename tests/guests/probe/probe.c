/*
 * A guest that does, on request, everything a guest can do to its host: answer, forward, fail and break the ABI.
 * Function N has the id 00000000-0000-4000-8000-0000000000NN, its parameters the ids of the same form from N+1 on.
 */
#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.h"

#define ID(n) id(0x##n)
#define FUNCTION(n) ARORA_FUNCTION(00000000_0000_4000_8000_0000000000##n)

static arora_uuid id(uint8_t number) {
    arora_uuid made = ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x8000, 0x000000000000);
    made.bytes[15] = number;
    return made;
}

static arora_reader parameter(const uint8_t *argument, arora_uuid id) {
    arora_reader arguments = arora_arguments(argument);
    return arora_find_field(&arguments, &id);
}

/* A buffer with exactly these bytes, whatever they say. */
static uint8_t *raw(const uint8_t *bytes, uint32_t size) {
    uint8_t *buffer = arora_buffer_alloc(size);
    for (uint32_t i = 0; buffer && i < size; i++) buffer[i] = bytes[i];
    return buffer;
}

/* add(a: u32, b: u32) -> u32 */
FUNCTION(10) {
    arora_uuid self = ID(10);
    arora_reader a = parameter(argument, ID(11)), b = parameter(argument, ID(12));
    uint32_t sum = arora_read_u32(&a) + arora_read_u32(&b);
    if (arora_failed(&a)) return arora_error_in("a", &a);
    if (arora_failed(&b)) return arora_error_in("b", &b);
    return arora_result_u32(&self, sum);
}

/* fail(message: str): an orderly failure */
FUNCTION(20) {
    arora_reader message = parameter(argument, ID(21));
    return arora_error_string(arora_read_string(&message));
}

/* append(items: mutable f64[], item: f64) -> u32: answers with the new length */
FUNCTION(30) {
    arora_uuid self = ID(30), items_id = ID(31);
    arora_reader items = parameter(argument, ID(31)), item = parameter(argument, ID(32));
    uint32_t count = 0;
    const double *given = arora_read_f64s(&items, &count);
    arora_writer writer = arora_result_begin(&self, 1);
    arora_write_u32(&writer, count + 1);
    arora_write_field(&writer, &items_id);
    double *all = arora_reserve_f64s(&writer, count + 1);
    for (uint32_t i = 0; all && i < count; i++) all[i] = given[i];
    if (all) all[count] = arora_read_f64(&item);
    return arora_result_end(&writer);
}

/* given(what: option<f64>) -> bool: whether the argument was given at all */
FUNCTION(40) {
    arora_uuid self = ID(40);
    arora_reader what = parameter(argument, ID(41));
    return arora_result_boolean(&self, !arora_is_absent(&what));
}

/* forward(module: uuid, function: uuid, argument: u8[]) -> u8[]: dispatches a raw buffer, answers with the raw answer */
FUNCTION(50) {
    arora_uuid self = ID(50);
    arora_reader module = parameter(argument, ID(51)), function = parameter(argument, ID(52));
    arora_reader bytes = parameter(argument, ID(53));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    uint8_t *answer = arora_dispatch(&module_id, &function_id, raw(given, size));
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, answer, arora_reader_open(answer).size);
    arora_buffer_free(answer);
    return arora_result_end(&writer);
}

/* indirect(callable: u64) -> u8[]: the raw answer */
FUNCTION(60) {
    arora_uuid self = ID(60);
    arora_reader callable = parameter(argument, ID(61));
    uint8_t *answer = arora_dispatch_indirect(arora_read_u64(&callable));
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, answer, arora_reader_open(answer).size);
    arora_buffer_free(answer);
    return arora_result_end(&writer);
}

/* count() -> u32: how often it has been called, to see whether state is shared */
FUNCTION(70) {
    static uint32_t calls;
    arora_uuid self = ID(70);
    return arora_result_u32(&self, ++calls);
}

/* nothing() */
FUNCTION(80) {
    arora_uuid self = ID(80);
    return arora_result_unit(&self);
}

/* malform(how: u32) -> u32: answers with what breaks the ABI */
FUNCTION(90) {
    arora_uuid self = ID(90), other = ID(10), stranger = ID(ff);
    arora_reader how = parameter(argument, ID(91));
    static const uint8_t bad_text[] = {10, 0, 0, 0, 20, 1, 0, 0, 0, 0xff};
    static const uint8_t tiny[] = {4, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t trailing[] = {6, 0, 0, 0, 0, 0};
    switch (arora_read_u32(&how)) {
    case 0: return 0;                                 /* no buffer at all */
    case 1: return raw(tiny, sizeof tiny);            /* a size below 5 */
    case 2: return raw(bad_text, sizeof bad_text);    /* an error whose message is no UTF-8 */
    case 3: return arora_result_u32(&other, 1);       /* the result of another function */
    case 4: return raw(trailing, sizeof trailing);    /* trailing bytes */
    case 5: return arora_result_f64(&self, 1);        /* another type than declared */
    case 6: {                                         /* a plain value */
        arora_writer writer = arora_writer_begin(16);
        arora_write_u32(&writer, 1);
        return arora_writer_finish(&writer);
    }
    case 7: {                                         /* a mutable parameter nobody declared */
        arora_writer writer = arora_result_begin(&self, 1);
        arora_write_u32(&writer, 1);
        arora_write_field(&writer, &stranger);
        arora_write_u32(&writer, 1);
        return arora_result_end(&writer);
    }
    default: return arora_result_u32(&self, 0);
    }
}

#if defined(__wasm__)

/* A wild pointer, and one whose size reaches beyond memory: for a native guest both would end the process. */
/* wild(how: u32) */
FUNCTION(a0) {
    arora_reader how = parameter(argument, ID(a1));
    uint32_t size = (uint32_t)__builtin_wasm_memory_size(0) * 65536u;
    static uint8_t huge[8] = {0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0};
    switch (arora_read_u32(&how)) {
    case 0: return (uint8_t *)(uintptr_t)0xfffffff0u;
    case 1: return (uint8_t *)(uintptr_t)(size - 2);
    case 2: return huge;
    case 3: return arora_import_dispatch_(0, (uint8_t *)(uintptr_t)0xfffffff8u, 0);
    default: return (uint8_t *)(uintptr_t)size;
    }
}

static volatile uint32_t zero;
static volatile double infinite;

/* Keeps nothing in linear memory, so that the call stack is what runs out. */
static uint32_t recurse(uint32_t depth) {
    return zero ? depth : recurse(depth + 1) + zero + depth;
}

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"))) _Noreturn void wasi_proc_exit(int);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int wasi_fd_write(int, const void *,
                                                                                                    int, uint32_t *);

typedef uint32_t (*nullary)(void);
static volatile nullary nowhere;

/* crash(how: u32) */
FUNCTION(b0) {
    arora_reader how = parameter(argument, ID(b1));
    uint32_t kind = arora_read_u32(&how);
    volatile uint32_t sink = 0;
    switch (kind) {
    case 0: __builtin_trap();
    case 1: sink = *(volatile uint32_t *)(uintptr_t)0xfffffff0u; break;
    case 2: __asm__ volatile("i32.const 1\n i32.const 0\n i32.div_u\n local.set %0" : "=r"(zero)); break;
    case 3: __asm__ volatile("i32.const 0x80000000\n i32.const -1\n i32.div_s\n local.set %0" : "=r"(zero)); break;
    case 4: __asm__ volatile("f64.const infinity\n i32.trunc_f64_u\n local.set %0" : "=r"(zero)); break;
    case 5: sink = nowhere(); break;
    case 6: sink = recurse(0); break;
    case 7: wasi_proc_exit(3);
    }
    arora_uuid self = ID(b0);
    return arora_result_u32(&self, sink);
}

/* print(fd: u32, text: str) */
FUNCTION(c0) {
    arora_uuid self = ID(c0);
    arora_reader fd = parameter(argument, ID(c1)), text = parameter(argument, ID(c2));
    arora_string string = arora_read_string(&text);
    struct {
        const void *data;
        uint32_t size;
    } vector = {string.data, string.size};
    uint32_t written = 0;
    wasi_fd_write((int)arora_read_u32(&fd), &vector, 1, &written);
    return arora_result_unit(&self);
}

/* grow(pages: u32) -> u8[]: grows memory while the answer is being made, and answers from the new part */
FUNCTION(d0) {
    arora_uuid self = ID(d0);
    arora_reader pages = parameter(argument, ID(d1));
    uint32_t count = arora_read_u32(&pages);
    arora_writer writer = arora_result_begin(&self, 0);
    uint8_t *bytes = arora_reserve_u8s(&writer, count * 65536u);
    for (uint32_t i = 0; bytes && i < count * 65536u; i++) bytes[i] = (uint8_t)i;
    return arora_result_end(&writer);
}

#endif
