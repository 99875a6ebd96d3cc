/*
 * The conformance guest: does, on request, everything a guest can do to its host.
 *
 * Function NN has the id 00000000-0000-4000-8c0f-00000000NN00, its parameters those of the same form that end in 01,
 * 02, ...; module.yaml lists them. What is inside `#if defined(__wasm__)` needs a sandbox, or WASI, and has no native
 * twin.
 */
#define ARORA_USES_DISPATCH
#include "arora.h"

/* The allocator proper, under other names: the exported one, below, counts and misbehaves on top of it. */
#define ARORA_IMPLEMENTATION
#define arora_buffer_alloc pool_alloc
#define arora_buffer_free pool_free
#include "arora.h"
#undef arora_buffer_alloc
#undef arora_buffer_free

#define ID(n) id_of(0x##n##00u)
#define PARAMETER(n) id_of(0x##n##u)
#define FUNCTION(n) ARORA_FUNCTION(00000000_0000_4000_8c0f_00000000##n##00)

static arora_uuid id_of(uint32_t number) {
    arora_uuid made = ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x8c0f, 0x000000000000);
    made.bytes[13] = (uint8_t)(number >> 16);
    made.bytes[14] = (uint8_t)(number >> 8);
    made.bytes[15] = (uint8_t)number;
    return made;
}

static arora_reader parameter(const uint8_t *argument, arora_uuid id) {
    arora_reader arguments = arora_arguments(argument);
    return arora_find_field(&arguments, &id);
}

static uint32_t size_of(const uint8_t *buffer) {
    return arora_reader_open(buffer).size;
}

/* A buffer with exactly these bytes, whatever they say. */
static uint8_t *raw(const uint8_t *bytes, uint32_t size) {
    uint8_t *buffer = arora_buffer_alloc(size);
    for (uint32_t i = 0; buffer && i < size; i++) buffer[i] = bytes[i];
    return buffer;
}

/* ---- The exported allocator ----------------------------------------------------------------------- */

enum { TRACKED = 1024 };

enum allocator_mode {
    NORMAL = 0,   /* blocks from the pool */
    GROWING = 1,  /* memory grows at every allocation, until told otherwise */
    TIGHT = 2,    /* the next block lies at the very end of memory, with nothing behind it */
    REFUSING = 3, /* the next answer is null */
    WILD = 4      /* the next answer lies outside of memory */
};

static uint8_t *live[TRACKED];
static uint64_t live_count, allocated, freed, wrongly_freed;
static uint32_t mode;
/* A block that did not come from the pool, and must not get there. */
static uint8_t *foreign;

static void track(uint8_t *block) {
    allocated++;
    if (live_count < TRACKED) live[live_count] = block;
    live_count++;
}

uint8_t *arora_buffer_alloc(uint32_t size) {
    uint8_t *block;
    uint32_t wanted = mode;
    if (mode != GROWING) mode = NORMAL;
    if (wanted == REFUSING) return NULL;
#if defined(__wasm__)
    if (wanted == WILD) return (uint8_t *)(uintptr_t)0xfffffff0u;
    if (wanted == TIGHT) {
        uint32_t pages = size / 65536u + 1;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
        uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) * 65536u;
        block = (uint8_t *)(uintptr_t)((end - size) & ~7u);
        track(foreign = block);
        return block;
    }
    if (wanted == GROWING) (void)__builtin_wasm_memory_grow(0, 1);
#endif
    block = pool_alloc(size);
    if (block) track(block);
    return block;
}

void arora_buffer_free(uint8_t *buffer) {
    if (buffer == NULL || buffer == arora_out_of_memory) return;
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
    /* Not a block of ours, or not any more: counted, and left alone. */
    wrongly_freed++;
}

/* ---- Values --------------------------------------------------------------------------------------- */

/* Answers with the bytes of a parameter as they are: both buffers have the value at the same offset. */
static uint8_t *copied(const uint8_t *argument, arora_uuid self, arora_uuid id) {
    arora_reader value = parameter(argument, id);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    uint32_t from = value.position;
    arora_skip(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_append(&writer, value.buffer + from, value.position - from);
    return arora_result_end(&writer);
}

/* echo(value: value) -> value */
FUNCTION(01) { return copied(argument, ID(01), PARAMETER(0101)); }

/* echo_unit(value: unit) */
FUNCTION(10) {
    arora_uuid self = ID(10);
    arora_reader value = parameter(argument, PARAMETER(1001));
    arora_read_unit(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    return arora_result_unit(&self);
}

#define ECHO_SCALAR(n, first, type, name)                                                            \
    FUNCTION(n) {                                                                                    \
        arora_uuid self = ID(n);                                                                     \
        arora_reader value = parameter(argument, PARAMETER(first));                                  \
        type read = arora_read_##name(&value);                                                       \
        if (arora_failed(&value)) return arora_error_in("value", &value);                            \
        return arora_result_##name(&self, read);                                                     \
    }

/* echo_bool, echo_u8, ... echo_f64, echo_str: read as what they are, and written anew */
ECHO_SCALAR(11, 1101, bool, boolean)
ECHO_SCALAR(12, 1201, uint8_t, u8)
ECHO_SCALAR(13, 1301, uint16_t, u16)
ECHO_SCALAR(14, 1401, uint32_t, u32)
ECHO_SCALAR(15, 1501, uint64_t, u64)
ECHO_SCALAR(16, 1601, int8_t, i8)
ECHO_SCALAR(17, 1701, int16_t, i16)
ECHO_SCALAR(18, 1801, int32_t, i32)
ECHO_SCALAR(19, 1901, int64_t, i64)
ECHO_SCALAR(1a, 1a01, float, f32)
ECHO_SCALAR(1b, 1b01, double, f64)
ECHO_SCALAR(1c, 1c01, arora_string, string)

/* echo_uuid(value: uuid) -> uuid */
FUNCTION(1d) {
    arora_uuid self = ID(1d);
    arora_reader value = parameter(argument, PARAMETER(1d01));
    arora_uuid read = arora_read_uuid(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_uuid(&writer, &read);
    return arora_result_end(&writer);
}

#define ECHO_ARRAY(n, first, type, name)                                                             \
    FUNCTION(n) {                                                                                    \
        arora_uuid self = ID(n);                                                                     \
        arora_reader value = parameter(argument, PARAMETER(first));                                  \
        uint32_t count = 0;                                                                          \
        const type *items = arora_read_##name##s(&value, &count);                                    \
        if (arora_failed(&value)) return arora_error_in("value", &value);                            \
        arora_writer writer = arora_result_begin(&self, 0);                                          \
        arora_write_##name##s(&writer, items, count);                                                \
        return arora_result_end(&writer);                                                            \
    }

/* echo_bools, echo_u8s, ... echo_f64s */
ECHO_ARRAY(31, 3101, uint8_t, boolean)
ECHO_ARRAY(32, 3201, uint8_t, u8)
ECHO_ARRAY(33, 3301, uint16_t, u16)
ECHO_ARRAY(34, 3401, uint32_t, u32)
ECHO_ARRAY(35, 3501, uint64_t, u64)
ECHO_ARRAY(36, 3601, int8_t, i8)
ECHO_ARRAY(37, 3701, int16_t, i16)
ECHO_ARRAY(38, 3801, int32_t, i32)
ECHO_ARRAY(39, 3901, int64_t, i64)
ECHO_ARRAY(3a, 3a01, float, f32)
ECHO_ARRAY(3b, 3b01, double, f64)

/* echo_strs(value: str[]) -> str[] */
FUNCTION(3c) {
    arora_uuid self = ID(3c);
    arora_reader value = parameter(argument, PARAMETER(3c01));
    arora_array array = arora_read_array(&value);
    if (array.element_tag != ARORA_STRING) arora_fail(&value, "expected an array of strings");
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_strings(&writer, array.count);
    while (array.count-- > 0) arora_write_string_element(&writer, arora_read_string_element(&value));
    return arora_result_end(&writer);
}

/* echo_values(value: value[]) -> value[] */
FUNCTION(3d) { return copied(argument, ID(3d), PARAMETER(3d01)); }

typedef struct point {
    double x, y;
    arora_string label;
} point;

/* Reads the fields of a Point, which stand in any order. */
static point read_point(arora_reader *reader, uint32_t count) {
    point read = {0, 0, {NULL, 0}};
    arora_uuid x = id_of(0xff0101u), y = id_of(0xff0102u), label = id_of(0xff0103u);
    while (count-- > 0 && !arora_failed(reader)) {
        arora_uuid field = arora_read_field(reader);
        if (arora_uuid_equal(&field, &x)) {
            read.x = arora_read_f64(reader);
        } else if (arora_uuid_equal(&field, &y)) {
            read.y = arora_read_f64(reader);
        } else if (arora_uuid_equal(&field, &label)) {
            read.label = arora_read_string(reader);
        } else {
            arora_fail(reader, "a field that Point does not have");
        }
    }
    return read;
}

/* Writes a Point's fields with x and y in each other's place. */
static void write_mirrored(arora_writer *writer, point read) {
    arora_uuid x = id_of(0xff0101u), y = id_of(0xff0102u), label = id_of(0xff0103u);
    arora_write_field(writer, &x);
    arora_write_f64(writer, read.y);
    arora_write_field(writer, &y);
    arora_write_f64(writer, read.x);
    arora_write_field(writer, &label);
    arora_write_string(writer, read.label);
}

/* mirror(value: Point) -> Point: with x and y in each other's place */
FUNCTION(40) {
    arora_uuid self = ID(40), type = id_of(0xff0100u);
    arora_reader value = parameter(argument, PARAMETER(4001));
    arora_structure header = arora_read_structure(&value);
    if (!arora_uuid_equal(&header.type, &type)) arora_fail(&value, "not a Point");
    point read = read_point(&value, header.count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_structure(&writer, &type, 3);
    write_mirrored(&writer, read);
    return arora_result_end(&writer);
}

/* echo_shape(value: Shape) -> Shape */
FUNCTION(41) { return copied(argument, ID(41), PARAMETER(4101)); }

/* mirror_all(value: Point[]) -> Point[] */
FUNCTION(42) {
    arora_uuid self = ID(42);
    arora_reader value = parameter(argument, PARAMETER(4201));
    arora_array array = arora_read_array(&value);
    if (array.element_tag != ARORA_STRUCTURE) arora_fail(&value, "expected an array of structures");
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    (void)arora_write_structures(&writer, &array.type, array.count);
    while (array.count-- > 0 && !arora_failed(&value)) {
        point read = read_point(&value, arora_read_field_count(&value));
        (void)arora_write_field_count(&writer, 3);
        write_mirrored(&writer, read);
    }
    if (!arora_failed(&value)) return arora_result_end(&writer);
    arora_writer_abandon(&writer);
    return arora_error_in("value", &value);
}

/* echo_shapes(value: Shape[]) -> Shape[] */
FUNCTION(43) { return copied(argument, ID(43), PARAMETER(4301)); }

/* echo_option(value: option<f64>) -> option<f64> */
FUNCTION(44) { return copied(argument, ID(44), PARAMETER(4401)); }

/* echo_map(value: map<str, f64>) -> map<str, f64> */
FUNCTION(45) { return copied(argument, ID(45), PARAMETER(4501)); }

/* reverse(value: f64[3]) -> f64[3] */
FUNCTION(46) {
    arora_uuid self = ID(46);
    arora_reader value = parameter(argument, PARAMETER(4601));
    uint32_t count = 0;
    const double *items = arora_read_f64s(&value, &count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    arora_writer writer = arora_result_begin(&self, 0);
    double *reversed = arora_reserve_f64s(&writer, count);
    for (uint32_t i = 0; reversed && i < count; i++) reversed[i] = items[count - 1 - i];
    return arora_result_end(&writer);
}

/* ---- Calls ---------------------------------------------------------------------------------------- */

/* given(a: u32, b: u32, c: u32) -> u32: bit 0 is set when a was given, bit 1 for b, bit 2 for c */
FUNCTION(50) {
    arora_uuid self = ID(50);
    arora_reader a = parameter(argument, PARAMETER(5001)), b = parameter(argument, PARAMETER(5002));
    arora_reader c = parameter(argument, PARAMETER(5003));
    return arora_result_u32(&self, !arora_is_absent(&a) | !arora_is_absent(&b) << 1 | !arora_is_absent(&c) << 2);
}

/* add(a: u32, b: u32) -> u32: wraps around */
FUNCTION(51) {
    arora_uuid self = ID(51);
    arora_reader a = parameter(argument, PARAMETER(5101)), b = parameter(argument, PARAMETER(5102));
    uint32_t sum = arora_read_u32(&a) + arora_read_u32(&b);
    if (arora_failed(&a)) return arora_error_in("a", &a);
    if (arora_failed(&b)) return arora_error_in("b", &b);
    return arora_result_u32(&self, sum);
}

/* received(value: value) -> u8[]: the whole argument buffer, as it arrived */
FUNCTION(52) {
    arora_uuid self = ID(52);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, argument, size_of(argument));
    return arora_result_end(&writer);
}

/* append(items: mutable f64[], item: f64, log: mutable str) -> u32: the new length; "+" is appended to log */
FUNCTION(53) {
    arora_uuid self = ID(53), items_id = PARAMETER(5301), log_id = PARAMETER(5303);
    arora_reader items = parameter(argument, items_id), item = parameter(argument, PARAMETER(5302));
    arora_reader log = parameter(argument, log_id);
    uint32_t count = 0;
    const double *given = arora_read_f64s(&items, &count);
    double last = arora_read_f64(&item);
    arora_string text = arora_read_string(&log);
    if (arora_failed(&items)) return arora_error_in("items", &items);
    if (arora_failed(&item)) return arora_error_in("item", &item);
    if (arora_failed(&log)) return arora_error_in("log", &log);
    arora_writer writer = arora_result_begin(&self, 2);
    arora_write_u32(&writer, count + 1);
    arora_write_field(&writer, &items_id);
    double *all = arora_reserve_f64s(&writer, count + 1);
    for (uint32_t i = 0; all && i < count; i++) all[i] = given[i];
    if (all) all[count] = last;
    arora_write_field(&writer, &log_id);
    arora_mark mark = arora_begin_string(&writer);
    arora_append_string(&writer, text);
    arora_append_text(&writer, "+");
    arora_end_string(&writer, mark);
    return arora_result_end(&writer);
}

/* nothing() */
FUNCTION(54) {
    arora_uuid self = ID(54);
    return arora_result_unit(&self);
}

/* count() -> u32: how often it has been called */
FUNCTION(55) {
    static uint32_t calls;
    arora_uuid self = ID(55);
    return arora_result_u32(&self, ++calls);
}

/* exchange(value: u64) -> u64: keeps the value, answers with the one kept before; 0 at first */
FUNCTION(56) {
    static uint64_t kept;
    arora_uuid self = ID(56);
    arora_reader value = parameter(argument, PARAMETER(5601));
    uint64_t before = kept, given = arora_read_u64(&value);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    kept = given;
    return arora_result_u64(&self, before);
}

/* alignment(value: u8[]) -> u32: the address of the argument buffer, modulo 8 */
FUNCTION(57) {
    arora_uuid self = ID(57);
    return arora_result_u32(&self, (uint32_t)((uintptr_t)argument % 8));
}

/* read_behind(value: u8[]): reads the 4 bytes behind the argument buffer, as guests may */
FUNCTION(58) {
    arora_uuid self = ID(58);
    const volatile uint8_t *behind = argument + size_of(argument);
    for (uint32_t i = 0; i < 4; i++) (void)behind[i];
    return arora_result_unit(&self);
}

/* fill(size: u32, byte: u8) -> u8[]: so many of that byte. Memory grows, while it answers, when that is much */
FUNCTION(59) {
    arora_uuid self = ID(59);
    arora_reader size = parameter(argument, PARAMETER(5901)), byte = parameter(argument, PARAMETER(5902));
    uint32_t count = arora_read_u32(&size);
    uint8_t item = arora_read_u8(&byte);
    if (arora_failed(&size)) return arora_error_in("size", &size);
    if (arora_failed(&byte)) return arora_error_in("byte", &byte);
    arora_writer writer = arora_result_begin(&self, 0);
    uint8_t *bytes = arora_reserve_u8s(&writer, count);
    for (uint32_t i = 0; bytes && i < count; i++) bytes[i] = item;
    return arora_result_end(&writer);
}

static uint64_t mixed(uint64_t hash, const uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* checksum(value: u8[]) -> u64: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
FUNCTION(5a) {
    arora_uuid self = ID(5a);
    arora_reader value = parameter(argument, PARAMETER(5a01));
    uint32_t count = 0;
    const uint8_t *bytes = arora_read_u8s(&value, &count);
    if (arora_failed(&value)) return arora_error_in("value", &value);
    return arora_result_u64(&self, mixed(0xcbf29ce484222325u, bytes, count));
}

/* fail(message: str): an orderly failure */
FUNCTION(60) {
    arora_reader message = parameter(argument, PARAMETER(6001));
    return arora_error_string(arora_read_string(&message));
}

/* malform(how: u32) -> u32: answers with what breaks the ABI. 0 null; 1 a size below 5; 2 an error whose message is
 * no UTF-8; 3 the result of another function; 4 trailing bytes; 5 another type than declared; 6 a plain value; 7 a
 * mutable parameter nobody declared; 8 its own argument; 9 an unknown tag; 10 no return value; else: 0 */
FUNCTION(61) {
    arora_uuid self = ID(61), other = ID(51), stranger = PARAMETER(0fff);
    arora_reader how = parameter(argument, PARAMETER(6101));
    static const uint8_t bad_text[] = {10, 0, 0, 0, 20, 1, 0, 0, 0, 0xff};
    static const uint8_t tiny[] = {4, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t trailing[] = {6, 0, 0, 0, 0, 0};
    static const uint8_t unknown[] = {5, 0, 0, 0, 77};
    arora_writer writer;
    switch (arora_read_u32(&how)) {
    case 0: return NULL;
    case 1: return raw(tiny, sizeof tiny);
    case 2: return raw(bad_text, sizeof bad_text);
    case 3: return arora_result_u32(&other, 1);
    case 4: return raw(trailing, sizeof trailing);
    case 5: return arora_result_f64(&self, 1);
    case 6:
        writer = arora_writer_begin(16);
        arora_write_u32(&writer, 1);
        return arora_writer_finish(&writer);
    case 7:
        writer = arora_result_begin(&self, 1);
        arora_write_u32(&writer, 1);
        arora_write_field(&writer, &stranger);
        arora_write_u32(&writer, 1);
        return arora_result_end(&writer);
    case 8: return (uint8_t *)(uintptr_t)argument;
    case 9: return raw(unknown, sizeof unknown);
    case 10:
        writer = arora_writer_begin(0);
        (void)arora_write_structure(&writer, &self, 0);
        return arora_writer_finish(&writer);
    default: return arora_result_u32(&self, 0);
    }
}

/* ---- Dispatch ------------------------------------------------------------------------------------- */

/* A result that holds the raw bytes of an answer, which is given back. */
static uint8_t *handed_on(arora_uuid self, uint8_t *answer) {
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u8s(&writer, answer, size_of(answer));
    arora_buffer_free(answer);
    return arora_result_end(&writer);
}

/* forward(module: uuid, function: uuid, argument: u8[]) -> u8[]: dispatches a raw buffer, answers with the raw answer */
FUNCTION(80) {
    arora_reader module = parameter(argument, PARAMETER(8001)), function = parameter(argument, PARAMETER(8002));
    arora_reader bytes = parameter(argument, PARAMETER(8003));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    return handed_on(ID(80), arora_dispatch(&module_id, &function_id, raw(given, size)));
}

/* indirect(callable: u64) -> u8[]: the raw answer */
FUNCTION(81) {
    arora_reader callable = parameter(argument, PARAMETER(8101));
    uint64_t number = arora_read_u64(&callable);
    if (arora_failed(&callable)) return arora_error_in("callable", &callable);
    return handed_on(ID(81), arora_dispatch_indirect(number));
}

/* forward_with(mode: u32, module: uuid, function: uuid, argument: u8[]) -> u8[]: as forward, with that mode of the
 * allocator (see set_allocator) for the answer */
FUNCTION(82) {
    arora_reader how = parameter(argument, PARAMETER(8201)), module = parameter(argument, PARAMETER(8202));
    arora_reader function = parameter(argument, PARAMETER(8203)), bytes = parameter(argument, PARAMETER(8204));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0, wanted = arora_read_u32(&how);
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    uint8_t *copy = raw(given, size);
    mode = wanted;
    return handed_on(ID(82), arora_dispatch(&module_id, &function_id, copy));
}

/* descend(module: uuid, depth: u32) -> u32: calls itself through `module` until depth is 0; answers how deep it came,
 * and fails when what it kept on its stack has changed meanwhile */
FUNCTION(83) {
    arora_uuid self = ID(83), depth_id = PARAMETER(8302), module_parameter = PARAMETER(8301);
    arora_reader module = parameter(argument, module_parameter), depth = parameter(argument, depth_id);
    arora_uuid module_id = arora_read_uuid(&module);
    uint32_t left = arora_read_u32(&depth);
    volatile uint32_t kept[32];
    if (arora_failed(&module)) return arora_error_in("module", &module);
    if (arora_failed(&depth)) return arora_error_in("depth", &depth);
    if (left == 0) return arora_result_u32(&self, 0);
    for (uint32_t i = 0; i < 32; i++) kept[i] = left * 31 + i;
    arora_writer inner = arora_arguments_begin(&self, 2);
    arora_write_field(&inner, &module_parameter);
    arora_write_uuid(&inner, &module_id);
    arora_write_field(&inner, &depth_id);
    arora_write_u32(&inner, left - 1);
    uint8_t *answer = arora_dispatch(&module_id, &self, arora_writer_finish(&inner));
    arora_reader result = arora_answer_return(answer);
    uint32_t deeper = arora_read_u32(&result);
    uint8_t *failure = arora_failed(&result) ? arora_error_string(result.error) : NULL;
    arora_buffer_free(answer);
    if (failure) return failure;
    for (uint32_t i = 0; i < 32; i++) {
        if (kept[i] != left * 31 + i) return arora_error("the stack was written to by a nested call");
    }
    /* The argument must have stayed where it is while others were written. */
    depth = parameter(argument, depth_id);
    if (arora_read_u32(&depth) != left) return arora_error("the argument was written to by a nested call");
    return arora_result_u32(&self, deeper + 1);
}

/* walk(route: u8[], seed: u64, end: u32) -> u64: route is module ids back to back; each module calls the next one's
 * walk and mixes what comes back with a count of its own. At the last one, end is 0 to answer, 1 to fail, 2 to break
 * the ABI. An error on the way is mixed in as such: not its words, which are the host's */
FUNCTION(84) {
    static uint64_t visits;
    arora_uuid self = ID(84), route_id = PARAMETER(8401), seed_id = PARAMETER(8402), end_id = PARAMETER(8403);
    arora_reader route = parameter(argument, route_id), seed = parameter(argument, seed_id);
    arora_reader end = parameter(argument, end_id);
    uint32_t size = 0, how = arora_read_u32(&end);
    const uint8_t *left = arora_read_u8s(&route, &size);
    uint64_t hash = arora_read_u64(&seed);
    if (arora_failed(&route)) return arora_error_in("route", &route);
    if (arora_failed(&seed)) return arora_error_in("seed", &seed);
    visits++;
    hash = mixed(hash, (const uint8_t *)&visits, sizeof visits);
    if (size < 16) {
        if (how == 1) return arora_error("the end of the walk");
        if (how == 2) return NULL;
        return arora_result_u64(&self, hash);
    }
    arora_uuid next;
    ARORA_COPY_(next.bytes, left, 16);
    arora_writer inner = arora_arguments_begin(&self, 3);
    arora_write_field(&inner, &route_id);
    arora_write_u8s(&inner, left + 16, size - 16);
    arora_write_field(&inner, &seed_id);
    arora_write_u64(&inner, hash);
    arora_write_field(&inner, &end_id);
    arora_write_u32(&inner, how);
    uint8_t *answer = arora_dispatch(&next, &self, arora_writer_finish(&inner));
    arora_reader result = arora_answer_return(answer);
    uint64_t there = arora_read_u64(&result);
    hash = arora_failed(&result) ? mixed(hash, (const uint8_t *)"error", 5)
                                 : mixed(hash, (const uint8_t *)&there, sizeof there);
    arora_buffer_free(answer);
    return arora_result_u64(&self, hash);
}

/* repeat(module: uuid, function: uuid, argument: u8[], times: u32) -> u32: dispatches so often; how many failed */
FUNCTION(85) {
    arora_uuid self = ID(85);
    arora_reader module = parameter(argument, PARAMETER(8501)), function = parameter(argument, PARAMETER(8502));
    arora_reader bytes = parameter(argument, PARAMETER(8503)), times = parameter(argument, PARAMETER(8504));
    arora_uuid module_id = arora_read_uuid(&module), function_id = arora_read_uuid(&function);
    uint32_t size = 0, left = arora_read_u32(&times), failures = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &size);
    if (arora_failed(&bytes)) return arora_error_in("argument", &bytes);
    while (left-- > 0) {
        uint8_t *answer = arora_dispatch(&module_id, &function_id, raw(given, size));
        arora_reader result = arora_answer_return(answer);
        if (arora_failed(&result)) failures++;
        arora_buffer_free(answer);
    }
    return arora_result_u32(&self, failures);
}

/* ---- Allocation ----------------------------------------------------------------------------------- */

/* allocations() -> u64[]: blocks in use now, ever allocated, ever given back, and given back that were not in use */
FUNCTION(90) {
    arora_uuid self = ID(90);
    uint64_t counts[] = {live_count, allocated, freed, wrongly_freed};
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u64s(&writer, counts, 4);
    return arora_result_end(&writer);
}

/* set_allocator(mode: u32): how the allocator behaves from the next allocation on. 0 as it should; 1 memory grows at
 * every one, until told otherwise. In a sandbox, for the next one only: 2 a block at the very end of memory; 3 null;
 * 4 a pointer outside of memory */
FUNCTION(91) {
    arora_uuid self = ID(91);
    arora_reader how = parameter(argument, PARAMETER(9101));
    uint32_t wanted = arora_read_u32(&how);
    if (arora_failed(&how)) return arora_error_in("mode", &how);
    uint8_t *result = arora_result_unit(&self);
    mode = wanted;
    return result;
}

/* ---- Time and memory ------------------------------------------------------------------------------ */

static volatile uint64_t turns;

/* spin(): never returns */
FUNCTION(c0) {
    for (;;) turns++;
}

/* work(turns: u64) -> u64: goes round so often, and returns */
FUNCTION(c1) {
    arora_uuid self = ID(c1);
    arora_reader wanted = parameter(argument, PARAMETER(c101));
    uint64_t left = arora_read_u64(&wanted);
    uint64_t done = 0;
    for (; done < left; done++) turns++;
    return arora_result_u64(&self, done);
}

#if defined(__wasm__)

/* ---- What needs a sandbox ------------------------------------------------------------------------- */

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) wasi_##name

_Noreturn void WASI(proc_exit)(uint32_t);
uint32_t WASI(fd_write)(uint32_t, const void *, uint32_t, uint32_t *);
uint32_t WASI(fd_read)(uint32_t, const void *, uint32_t, uint32_t *);
uint32_t WASI(fd_prestat_get)(uint32_t, void *);
uint32_t WASI(args_sizes_get)(uint32_t *, uint32_t *);
uint32_t WASI(environ_sizes_get)(uint32_t *, uint32_t *);
uint32_t WASI(path_open)(uint32_t, uint32_t, const char *, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t *);
uint32_t WASI(clock_time_get)(uint32_t, uint64_t, uint64_t *);
uint32_t WASI(random_get)(uint8_t *, uint32_t);
uint32_t WASI(sched_yield)(void);

/* wild(how: u32): hands its host pointers and sizes that reach beyond memory. As its answer: 0 a pointer near 2^32;
 * 1 one whose size prefix crosses the end of memory; 2 a size of 2 GiB; 3 the end of memory; 4 a size that reaches
 * one byte beyond the end. To arora_dispatch: 5 a module id; 6 a function id; 7 an argument; 8 an argument whose size
 * reaches beyond; 9 an argument of 4 bytes; 10 an answer that ends with the last byte of memory, which is fine */
FUNCTION(70) {
    arora_uuid self = ID(70), other = ID(54);
    arora_reader how = parameter(argument, PARAMETER(7001));
    uint32_t chosen = arora_read_u32(&how);
    static const uint8_t tiny[8] = {4, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t huge[8] = {0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0};
    uint8_t *far = (uint8_t *)(uintptr_t)0xfffffff8u;
    uint32_t end, size;
    uint8_t *last;
    (void)__builtin_wasm_memory_grow(0, 1);
    end = (uint32_t)__builtin_wasm_memory_size(0) * 65536u;
    switch (chosen) {
    case 0: return (uint8_t *)(uintptr_t)0xfffffff0u;
    case 1: return (uint8_t *)(uintptr_t)(end - 2);
    case 2: return raw(huge, sizeof huge);
    case 3: return (uint8_t *)(uintptr_t)end;
    case 4:
        last = (uint8_t *)(uintptr_t)(end - 8);
        *(uint32_t *)last = 9;
        return last;
    case 5: return arora_import_dispatch_(far, other.bytes, argument);
    case 6: return arora_import_dispatch_(self.bytes, far, argument);
    case 7: return arora_import_dispatch_(self.bytes, other.bytes, far);
    case 8: return arora_import_dispatch_(self.bytes, other.bytes, huge);
    case 9: return arora_import_dispatch_(self.bytes, other.bytes, tiny);
    case 10: {
        uint8_t *result = arora_result_unit(&self);
        size = size_of(result);
        last = (uint8_t *)(uintptr_t)(end - size);
        for (uint32_t i = 0; i < size; i++) last[i] = result[i];
        arora_buffer_free(result);
        track(foreign = last);
        return last;
    }
    default: return arora_result_unit(&self);
    }
}

static volatile uint32_t zero;

/* Keeps nothing in linear memory, so that the call stack is what runs out. */
static uint32_t recurse(uint32_t depth) {
    return zero ? depth : recurse(depth + 1) + zero + depth;
}

typedef uint32_t (*nullary)(void);
typedef uint64_t (*other_signature)(uint64_t, uint64_t);
static volatile nullary nowhere;

/* crash(how: u32): 0 unreachable; 1 memory out of bounds; 2 division by zero; 3 integer overflow; 4 conversion of
 * NaN; 5 indirect call to null; 6 stack overflow; 7 exit(3); 8 table out of bounds; 9 indirect call with another
 * signature; 10 exit(0) */
FUNCTION(71) {
    arora_uuid self = ID(71);
    arora_reader how = parameter(argument, PARAMETER(7101));
    uint32_t sink = 0;
    switch (arora_read_u32(&how)) {
    case 0: __builtin_trap();
    case 1: sink = *(volatile uint32_t *)(uintptr_t)0xfffffff0u; break;
    case 2: __asm__ volatile("i32.const 1\n i32.const 0\n i32.div_u\n local.set %0" : "=r"(sink)); break;
    case 3: __asm__ volatile("i32.const 0x80000000\n i32.const -1\n i32.div_s\n local.set %0" : "=r"(sink)); break;
    case 4: __asm__ volatile("f64.const nan\n i32.trunc_f64_u\n local.set %0" : "=r"(sink)); break;
    case 5: sink = nowhere(); break;
    case 6: sink = recurse(0); break;
    case 7: wasi_proc_exit(3);
    case 8: sink = ((nullary)(uintptr_t)(0x7fffffffu - zero))(); break;
    case 9: {
        static uint32_t (*volatile some)(uint32_t) = recurse;
        sink = (uint32_t)((other_signature)(uintptr_t)some)(1, 2);
        break;
    }
    case 10: wasi_proc_exit(0);
    }
    zero = sink & 0;
    return arora_result_unit(&self);
}

static uint32_t written(uint32_t fd, arora_string text) {
    while (text.size > 0) {
        uint32_t done = 0, vector[2] = {(uint32_t)(uintptr_t)text.data, text.size};
        uint32_t failure = wasi_fd_write(fd, vector, 1, &done);
        if (failure || done == 0) return failure;
        text.data += done;
        text.size -= done;
    }
    return 0;
}

/* last_words(text: str): writes to stderr, then crashes */
FUNCTION(72) {
    arora_reader text = parameter(argument, PARAMETER(7201));
    written(2, arora_read_string(&text));
    __builtin_trap();
}

/* print(fd: u32, text: str) -> u32: writes all of it; WASI's error number, 0 for none */
FUNCTION(a0) {
    arora_uuid self = ID(a0);
    arora_reader fd = parameter(argument, PARAMETER(a001)), text = parameter(argument, PARAMETER(a002));
    arora_string string = arora_read_string(&text);
    return arora_result_u32(&self, written(arora_read_u32(&fd), string));
}

/* print_pieces(fd: u32, first: str, second: str) -> u32: in one write of two pieces; how many bytes were written */
FUNCTION(a1) {
    arora_uuid self = ID(a1);
    arora_reader fd = parameter(argument, PARAMETER(a101)), first = parameter(argument, PARAMETER(a102));
    arora_reader second = parameter(argument, PARAMETER(a103));
    arora_string one = arora_read_string(&first), two = arora_read_string(&second);
    uint32_t done = 0;
    uint32_t vectors[4] = {(uint32_t)(uintptr_t)one.data, one.size, (uint32_t)(uintptr_t)two.data, two.size};
    wasi_fd_write(arora_read_u32(&fd), vectors, 2, &done);
    return arora_result_u32(&self, done);
}

/* clock(id: u32) -> u64: nanoseconds. 0 is the wall clock, 1 one that never goes back */
FUNCTION(b0) {
    arora_uuid self = ID(b0);
    arora_reader clock = parameter(argument, PARAMETER(b001));
    uint64_t now = 0;
    if (wasi_clock_time_get(arora_read_u32(&clock), 1, &now) != 0) return arora_error("there is no such clock");
    return arora_result_u64(&self, now);
}

/* random(size: u32) -> u8[] */
FUNCTION(b1) {
    arora_uuid self = ID(b1);
    arora_reader size = parameter(argument, PARAMETER(b101));
    uint32_t count = arora_read_u32(&size);
    arora_writer writer = arora_result_begin(&self, 0);
    uint8_t *bytes = arora_reserve_u8s(&writer, count);
    if (bytes && wasi_random_get(bytes, count) != 0) {
        arora_writer_abandon(&writer);
        return arora_error("there are no random numbers");
    }
    return arora_result_end(&writer);
}

/* ambient() -> u32[]: what of its surroundings it can see. How many arguments; how many environment variables; the
 * error numbers of asking for a first directory, of opening "/etc/passwd" and "." in it; how many bytes stdin gave */
FUNCTION(b2) {
    arora_uuid self = ID(b2);
    uint32_t seen[6] = {0}, ignored = 0, opened = 0;
    uint8_t directory[8], byte[16];
    uint32_t vector[2] = {(uint32_t)(uintptr_t)byte, sizeof byte};
    wasi_args_sizes_get(&seen[0], &ignored);
    wasi_environ_sizes_get(&seen[1], &ignored);
    seen[2] = wasi_fd_prestat_get(3, directory);
    seen[3] = wasi_path_open(3, 0, "/etc/passwd", 11, 0, 2, 0, 0, &opened);
    seen[4] = wasi_path_open(3, 0, ".", 1, 2, 0, 0, 0, &opened);
    wasi_fd_read(0, vector, 1, &seen[5]);
    (void)wasi_sched_yield();
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u32s(&writer, seen, 6);
    return arora_result_end(&writer);
}

/* hog(pages: u32) -> bool: takes so many pages of 64 KiB, for good; whether it got them */
FUNCTION(c2) {
    arora_uuid self = ID(c2);
    arora_reader pages = parameter(argument, PARAMETER(c201));
    uint32_t wanted = arora_read_u32(&pages);
    size_t before = __builtin_wasm_memory_grow(0, wanted);
    if (before == (size_t)-1) return arora_result_boolean(&self, false);
    for (uint32_t i = 0; i < wanted; i++) *(volatile uint8_t *)((before + i) * 65536u) = 1;
    return arora_result_boolean(&self, true);
}

/* pages() -> u32: of 64 KiB, that its memory has now */
FUNCTION(c3) {
    arora_uuid self = ID(c3);
    return arora_result_u32(&self, (uint32_t)__builtin_wasm_memory_size(0));
}

enum { TOO_LATE = 100 };

static uint32_t initialised;

ARORA_EXPORT("_initialize") void _initialize(void);
void _initialize(void) {
    initialised += allocated ? TOO_LATE : 1;
}

/* initialised() -> u32: how often the host has called _initialize; a hundred for each time after something was
 * allocated */
FUNCTION(c4) {
    arora_uuid self = ID(c4);
    return arora_result_u32(&self, initialised);
}

#endif
