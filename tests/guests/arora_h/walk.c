/*
 * Walks any buffer with the reader of arora.h and writes what it sees with the writer, and exercises
 * the allocator. Valid C99 and C++11.
 */
#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.h"

static void recode_value(arora_reader *reader, arora_writer *writer, uint32_t depth);

static void recode_fields(arora_reader *reader, arora_writer *writer, uint32_t count, uint32_t depth) {
    while (count-- > 0 && !arora_failed(reader)) {
        arora_uuid id = arora_read_field(reader);
        arora_write_field(writer, &id);
        recode_value(reader, writer, depth);
    }
}

static void recode_array(arora_reader *reader, arora_writer *writer, uint32_t depth) {
    arora_array array = arora_read_array(reader);
    arora_mark mark;
    uint32_t width = arora_number_width(array.element_tag);
    uint32_t i;
    if (arora_failed(reader)) return;
    /* Counts are patched afterwards here, and known beforehand everywhere else. */
    if (width != 0) {
        mark = arora_begin_numbers(writer, array.element_tag);
        arora_append(writer, array.numbers, array.count * width);
    } else if (array.element_tag == ARORA_STRING) {
        mark = arora_write_strings(writer, 0);
    } else if (array.element_tag == ARORA_STRUCTURE) {
        mark = arora_write_structures(writer, &array.type, 0);
    } else if (array.element_tag == ARORA_ENUMERATION) {
        mark = arora_write_enumerations(writer, &array.type, 0);
    } else {
        mark = arora_write_dynamics(writer, 0);
    }
    for (i = 0; i < array.count && width == 0 && !arora_failed(reader); i++) {
        if (array.element_tag == ARORA_STRING) {
            arora_write_string_element(writer, arora_read_string_element(reader));
        } else if (array.element_tag == ARORA_STRUCTURE) {
            uint32_t count = arora_read_field_count(reader);
            (void)arora_write_field_count(writer, count);
            recode_fields(reader, writer, count, depth);
        } else {
            if (array.element_tag == ARORA_ENUMERATION) {
                arora_uuid variant = arora_read_variant(reader);
                arora_write_variant(writer, &variant);
            }
            recode_value(reader, writer, depth);
        }
    }
    arora_patch_count(writer, mark, array.count);
}

#define RECODE_NUMBER(name, type, tag)                                                               \
    case tag: arora_write_##name(writer, arora_read_##name(reader)); break;

static void recode_value(arora_reader *reader, arora_writer *writer, uint32_t depth) {
    if (depth > ARORA_MAX_NESTING) {
        arora_fail(reader, "values are nested too deeply");
        return;
    }
    switch (arora_peek(reader)) {
        ARORA_NUMBERS_(RECODE_NUMBER)
    case ARORA_UNIT:
        arora_read_unit(reader);
        arora_write_unit(writer);
        break;
    case ARORA_BOOLEAN: arora_write_boolean(writer, arora_read_boolean(reader)); break;
    case ARORA_STRING: arora_write_string(writer, arora_read_string(reader)); break;
    case ARORA_UUID_VALUE: {
        arora_uuid uuid = arora_read_uuid(reader);
        arora_write_uuid(writer, &uuid);
        break;
    }
    case ARORA_OPTION:
        if (arora_read_option(reader)) {
            arora_write_some(writer);
            recode_value(reader, writer, depth + 1);
        } else {
            arora_write_none(writer);
        }
        break;
    case ARORA_STRUCTURE: {
        arora_structure structure = arora_read_structure(reader);
        (void)arora_write_structure(writer, &structure.type, structure.count);
        recode_fields(reader, writer, structure.count, depth + 1);
        break;
    }
    case ARORA_ENUMERATION: {
        arora_enumeration enumeration = arora_read_enumeration(reader);
        arora_write_enumeration(writer, &enumeration.type, &enumeration.variant);
        recode_value(reader, writer, depth + 1);
        break;
    }
    case ARORA_MAP: {
        arora_map map = arora_read_map(reader);
        (void)arora_write_map(writer, &map.id, map.count);
        while (map.count-- > 0 && !arora_failed(reader)) {
            arora_entry entry = arora_read_entry(reader);
            arora_write_entry(writer, entry.key, &entry.id);
            recode_value(reader, writer, depth + 1);
        }
        break;
    }
    case ARORA_ARRAY: recode_array(reader, writer, depth + 1); break;
    default: arora_fail(reader, "expected the tag of a value"); break;
    }
}

/* Returns a new buffer with the same value, or NULL when the bytes are malformed. */
ARORA_EXPORT("recode") uint8_t *recode(const uint8_t *buffer, uint32_t available);
uint8_t *recode(const uint8_t *buffer, uint32_t available) {
    arora_reader reader = arora_reader_sized(buffer, available);
    arora_writer writer;
    if (arora_peek(&reader) == ARORA_ERROR) {
        reader = arora_answer_value(buffer);
        return arora_error_string(reader.error);
    }
    writer = arora_writer_begin(0);
    recode_value(&reader, &writer, 0);
    if (!arora_reader_finish(&reader)) arora_writer_abandon(&writer);
    return arora_writer_finish(&writer);
}

/* Returns 1 when one whole value can be skipped and nothing follows it, else 0. */
ARORA_EXPORT("skips") uint32_t skips(const uint8_t *buffer, uint32_t available);
uint32_t skips(const uint8_t *buffer, uint32_t available) {
    arora_reader reader = arora_reader_sized(buffer, available);
    arora_skip(&reader);
    return arora_reader_finish(&reader);
}

/* Returns where skipping failed. */
ARORA_EXPORT("failure_offset") uint32_t failure_offset(const uint8_t *buffer, uint32_t available);
uint32_t failure_offset(const uint8_t *buffer, uint32_t available) {
    arora_reader reader = arora_reader_sized(buffer, available);
    arora_skip(&reader);
    (void)arora_reader_finish(&reader);
    return reader.error_offset;
}

/* Reads the same value with every typed array reader. Returns how many accepted it. */
#define TRY_ARRAY(name, type, tag)                                                                   \
    {                                                                                                \
        arora_reader reader = arora_reader_sized(buffer, available);                                 \
        const type *numbers = arora_read_##name##s(&reader, &count);                                 \
        accepted += numbers != NULL;                                                                 \
        for (i = 0; i < count; i++) sum += (double)numbers[i];                                       \
    }

ARORA_EXPORT("typed_arrays") uint32_t typed_arrays(const uint8_t *buffer, uint32_t available, double *total);
uint32_t typed_arrays(const uint8_t *buffer, uint32_t available, double *total) {
    uint32_t count, i, accepted = 0;
    double sum = 0;
    ARORA_NUMBERS_(TRY_ARRAY)
    *total = sum;
    return accepted;
}

#define SLOTS 256

static uint32_t random_state = 1;

static uint32_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Allocates and frees `rounds` times, mixing sizes, with up to 256 allocations alive at a time.
 * Returns how many of them were found misaligned or overwritten. */
ARORA_EXPORT("soak") uint32_t soak(uint32_t rounds);
uint32_t soak(uint32_t rounds) {
    static uint8_t *slots[SLOTS];
    static uint32_t sizes[SLOTS];
    uint32_t damaged = 0, i, slot;
    random_state = 1;
    for (i = 0; i < rounds + SLOTS; i++) {
        slot = i < rounds ? random_number() % SLOTS : i - rounds; /* the last rounds empty every slot */
        if (slots[slot] != NULL) {
            uint32_t size = sizes[slot];
            uint8_t *bytes = slots[slot];
            damaged += bytes[0] != (uint8_t)slot || bytes[size / 2] != (uint8_t)slot ||
                       bytes[size - 1] != (uint8_t)slot || (uintptr_t)bytes % 8 != 0;
            arora_buffer_free(bytes);
            slots[slot] = NULL;
        }
        if (i < rounds) {
            /* Mostly small, sometimes large, as calls are. */
            uint32_t size = 1 + random_number() % (16u << (random_number() % 12));
            uint8_t *bytes = arora_buffer_alloc(size);
            if (bytes == NULL) {
                damaged++;
                continue;
            }
            bytes[0] = bytes[size / 2] = bytes[size - 1] = (uint8_t)slot;
            slots[slot] = bytes;
            sizes[slot] = size;
        }
    }
    return damaged;
}

/* Returns the result of a function that writes `count` numbers. */
ARORA_EXPORT("numbers") uint8_t *numbers(uint32_t count);
uint8_t *numbers(uint32_t count) {
    static const arora_uuid ID = ARORA_UUID(0, 0, 0, 0, 1);
    arora_writer writer = arora_result_begin(&ID, 0);
    double *room = arora_reserve_f64s(&writer, count);
    uint32_t i;
    for (i = 0; i < count && room != NULL; i++) room[i] = i;
    return arora_result_end(&writer);
}

/* Returns a text made of growing pieces, so that the writer has to grow many times. */
ARORA_EXPORT("counting") uint8_t *counting(uint32_t last);
uint8_t *counting(uint32_t last) {
    arora_writer writer = arora_writer_begin(0);
    arora_mark mark = arora_begin_string(&writer);
    uint32_t i;
    for (i = 0; i <= last; i++) {
        arora_append_decimal(&writer, i);
        arora_append_text(&writer, " ");
    }
    arora_end_string(&writer, mark);
    return arora_writer_finish(&writer);
}

/* Calls a function of another module with one u32 argument. Returns what came back: the return value,
 * or the mutated parameter, or the error, as a plain value or an error buffer. */
ARORA_EXPORT("relay") uint8_t *relay(uint32_t number, uint32_t want_mutated);
uint8_t *relay(uint32_t number, uint32_t want_mutated) {
    static const arora_uuid MODULE = ARORA_UUID(0x01020304, 0x0506, 0x0708, 0x090a, 0x0b0c0d0e0f10);
    static const arora_uuid FUNCTION = ARORA_UUID(0x11121314, 0x1516, 0x1718, 0x191a, 0x1b1c1d1e1f20);
    static const arora_uuid PARAMETER = ARORA_UUID(0x21222324, 0x2526, 0x2728, 0x292a, 0x2b2c2d2e2f30);
    arora_writer writer = arora_arguments_begin(&FUNCTION, 1);
    uint8_t *answer, *result;
    arora_reader reader;
    arora_write_field(&writer, &PARAMETER);
    arora_write_u32(&writer, number);
    answer = arora_dispatch(&MODULE, &FUNCTION, arora_writer_finish(&writer));
    reader = want_mutated ? arora_answer_mutated(answer, &PARAMETER) : arora_answer_return(answer);
    writer = arora_writer_begin(0);
    recode_value(&reader, &writer, 0);
    if (arora_failed(&reader)) {
        arora_writer_abandon(&writer);
        result = arora_error_in("relay", &reader);
    } else {
        result = arora_writer_finish(&writer);
    }
    arora_buffer_free(answer);
    return result;
}
