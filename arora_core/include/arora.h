/*
 * arora.h: write an Arora module in C (C99 or later) or C++ (C++11 or later).
 *
 * The same source builds for wasm32 without a libc (freestanding), for wasm32-wasi, and as a native
 * shared library. A module is one or more source files that include this header; exactly one of them
 * defines ARORA_IMPLEMENTATION first:
 *
 *     #define ARORA_IMPLEMENTATION
 *     #include "arora.h"
 *
 *     static const arora_uuid ADD = ARORA_UUID(0x7d3a2c51, 0x9b1e, 0x4f60, 0x8a2d, 0x51c0e7f3b964);
 *     static const arora_uuid A = ARORA_UUID(0x1f6c0d2e, 0x5a47, 0x4b8e, 0x9c13, 0x2e8d7a60f4b5);
 *     static const arora_uuid B = ARORA_UUID(0xc4e98b07, 0x3d62, 0x4a1f, 0xb5d8, 0x90f1a3c72e6d);
 *
 *     ARORA_FUNCTION(7d3a2c51_9b1e_4f60_8a2d_51c0e7f3b964) {
 *         arora_reader arguments = arora_arguments(argument);
 *         arora_reader a = arora_find_field(&arguments, &A);
 *         arora_reader b = arora_find_field(&arguments, &B);
 *         double sum = arora_read_f64(&a) + arora_read_f64(&b);
 *         if (arora_failed(&a)) return arora_error_in("a", &a);
 *         if (arora_failed(&b)) return arora_error_in("b", &b);
 *         return arora_result_f64(&ADD, sum);
 *     }
 *
 * Contents, in order:
 *     1. Configuration     what the macros below mean
 *     2. Exports           ARORA_FUNCTION, arora_buffer_alloc, arora_buffer_free
 *     3. Basic types       arora_uuid, arora_string, tags
 *     4. Reader            bytes -> C, never outside the buffer
 *     5. Writer            C -> bytes
 *     6. Results           what a function returns
 *     7. Dispatch          calling other modules and the host
 *     8. Implementation    the allocator, emitted once
 *
 * Macros to define before including, all optional:
 *     ARORA_IMPLEMENTATION       emit the exported memory functions; in exactly one source file
 *     ARORA_USES_DISPATCH        declare arora_dispatch and arora_dispatch_indirect; when any source
 *                                file needs them, define it for the ARORA_IMPLEMENTATION one as well
 *     ARORA_HAS_LIBC             1 or 0: whether malloc, free and memcpy exist. Default: from the target
 *     ARORA_NO_MEMORY_FUNCTIONS  do not emit memcpy, memmove, memset and memcmp (wasm without libc)
 *     ARORA_NO_INITIALIZE        do not emit _initialize (C++ on wasm without libc)
 *     ARORA_COMPONENT            make the core module of a component (arora_component.h); wasm only, in
 *                                every source file
 *     ARORA_NO_COMPONENT_EXPORTS do not emit the exports of a component: a later inclusion does
 *     ARORA_MAX_NESTING          how deep arora_skip follows nested values (default 64)
 *
 * docs/ABI.md specifies the wire format and the contract of guests.
 */
#ifndef ARORA_H
#define ARORA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- 1. Configuration --------------------------------------------------------------------------- */

/* Wasm built for a bare target has no libc; WASI and Emscripten bring one, and so do native hosts. */
#ifndef ARORA_HAS_LIBC
#if defined(__wasm__) && !defined(__wasi__) && !defined(__EMSCRIPTEN__)
#define ARORA_HAS_LIBC 0
#else
#define ARORA_HAS_LIBC 1
#endif
#endif

#ifndef ARORA_MAX_NESTING
#define ARORA_MAX_NESTING 64
#endif

/* Buffers are little-endian, and arrays are read in place. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "arora.h reads arrays in place and needs a little-endian machine"
#endif
#endif

#if ARORA_HAS_LIBC
#include <stdlib.h>
#include <string.h>
#define ARORA_COPY_(to, from, size) memcpy((to), (from), (size))
#else
#define ARORA_COPY_(to, from, size) __builtin_memcpy((to), (from), (size))
#endif

#ifdef __cplusplus
#define ARORA_EXTERN_C extern "C"
#else
#define ARORA_EXTERN_C extern
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ARORA_MAYBE_UNUSED_ __attribute__((unused))
#else
#define ARORA_MAYBE_UNUSED_
#endif

/* ---- 2. Exports --------------------------------------------------------------------------------- */

/* Mark a declaration as exported under `name`, a string literal equal to its C name. */
#if defined(__wasm__)
#define ARORA_EXPORT(name) ARORA_EXTERN_C __attribute__((export_name(name)))
#elif defined(_WIN32)
#define ARORA_EXPORT(name) ARORA_EXTERN_C __declspec(dllexport)
#else
#define ARORA_EXPORT(name) ARORA_EXTERN_C __attribute__((visibility("default")))
#endif

/*
 * Open the definition of an exported function. `id` is its UUID in lower case with underscores for
 * hyphens. The body has `argument`, the argument buffer, which the caller frees, and returns a result
 * buffer: from arora_result_end, arora_result_<type>, arora_result_unit or arora_error.
 */
#ifdef ARORA_COMPONENT
#include "arora_component.h"
#else
#define ARORA_FUNCTION(id)                                                                           \
    ARORA_EXPORT("arora_function_" #id) uint8_t *arora_function_##id(const uint8_t *argument);       \
    uint8_t *arora_function_##id(const uint8_t *argument ARORA_MAYBE_UNUSED_)
#endif

/* Visible to the source files of one module, hidden from everything else in the process. */
#if defined(_WIN32)
#define ARORA_INTERNAL_ ARORA_EXTERN_C
#else
#define ARORA_INTERNAL_ ARORA_EXTERN_C __attribute__((visibility("hidden")))
#endif

/* Return memory for a buffer of `size` bytes, 8-byte aligned and with 8 readable bytes after it, or
 * NULL when memory has run out. */
ARORA_EXPORT("arora_buffer_alloc") uint8_t *arora_buffer_alloc(uint32_t size);

/* Free memory that arora_buffer_alloc returned. NULL is allowed. */
ARORA_EXPORT("arora_buffer_free") void arora_buffer_free(uint8_t *buffer);

#if !defined(__wasm__)
/*
 * Calls of one function for many rows, whose argument buffers are alike but for some fields, and so are its usual
 * results. Only hosts fill it: a native host calls arora_call_rows, which every native module exports, in place of
 * calling the function once a row.
 */
typedef struct arora_row_field {
    uint32_t offset; /* in the buffer */
    uint32_t size;
    uint8_t *column;         /* the field of row 0, and behind it those of the other rows */
    const uint8_t *choices;  /* of a result: its only values, or NULL; the column then has their positions, a byte each */
    uint32_t choice_count;
} arora_row_field;

typedef struct arora_rows {
    uint8_t *(*function)(const uint8_t *argument);
    void (*free)(uint8_t *result);    /* the exported arora_buffer_free */
    uint8_t *argument;                /* room for one argument, and 8 bytes behind it */
    const uint8_t *argument_constant; /* the argument without its fields */
    const uint8_t *result_constant;   /* the usual result without its fields */
    const arora_row_field *argument_fields;
    const arora_row_field *result_fields;
    const arora_row_field *known;  /* the bytes of a result that have to be as in result_constant */
    const volatile uint8_t *ended; /* not 0 once the host has failed, and no more rows may be called */
    uint8_t *unusual;              /* set to a result of another form, which is not freed */
    uint32_t argument_size, result_size;
    uint32_t argument_field_count, result_field_count, known_count;
    uint32_t count, done; /* of rows; done is counted up */
} arora_rows;

/* Call rows in order, from `done` on. Return 0 when all are done, 1 where the row at `done` is not: the host has failed
 * in it, or its result is unusual. */
ARORA_EXPORT("arora_call_rows") uint32_t arora_call_rows(arora_rows *rows);
#endif

/* A static error buffer, for when there is no memory to build one. arora_buffer_free ignores it. */
ARORA_INTERNAL_ uint8_t arora_out_of_memory[];

/* ---- 3. Basic types ----------------------------------------------------------------------------- */

/* A UUID: its 16 bytes in the order of its text form. */
typedef struct arora_uuid {
    uint8_t bytes[16];
} arora_uuid;

#define ARORA_BYTE_(number, shift) ((uint8_t)(((uint64_t)(number) >> (shift)) & 0xff))

/*
 * Initialise an arora_uuid from the five groups of its text form:
 * 7d3a2c51-9b1e-4f60-8a2d-51c0e7f3b964 is ARORA_UUID(0x7d3a2c51, 0x9b1e, 0x4f60, 0x8a2d, 0x51c0e7f3b964).
 */
#define ARORA_UUID(a, b, c, d, e)                                                                    \
    {                                                                                                \
        {                                                                                            \
            ARORA_BYTE_(a, 24), ARORA_BYTE_(a, 16), ARORA_BYTE_(a, 8), ARORA_BYTE_(a, 0),            \
            ARORA_BYTE_(b, 8), ARORA_BYTE_(b, 0), ARORA_BYTE_(c, 8), ARORA_BYTE_(c, 0),              \
            ARORA_BYTE_(d, 8), ARORA_BYTE_(d, 0), ARORA_BYTE_(e, 40), ARORA_BYTE_(e, 32),            \
            ARORA_BYTE_(e, 24), ARORA_BYTE_(e, 16), ARORA_BYTE_(e, 8), ARORA_BYTE_(e, 0)             \
        }                                                                                            \
    }

/* Return whether two UUIDs are the same. */
static inline bool arora_uuid_equal(const arora_uuid *a, const arora_uuid *b) {
    uint64_t left[2], right[2];
    ARORA_COPY_(left, a->bytes, sizeof left);
    ARORA_COPY_(right, b->bytes, sizeof right);
    return left[0] == right[0] && left[1] == right[1];
}

/* A view of UTF-8 text owned by something else: `size` bytes at `data`, without a terminator. */
typedef struct arora_string {
    const char *data;
    uint32_t size;
} arora_string;

/* Return a view of a C string. */
static inline arora_string arora_text(const char *text) {
    arora_string string;
    string.data = text;
#if ARORA_HAS_LIBC
    string.size = (uint32_t)strlen(text);
#else
    string.size = 0;
    while (text[string.size] != '\0') string.size++;
#endif
    return string;
}

/* Return whether two strings have the same bytes. */
static inline bool arora_string_equal(arora_string a, arora_string b) {
    if (a.size != b.size) return false;
    for (uint32_t i = 0; i < a.size; i++) {
        if (a.data[i] != b.data[i]) return false;
    }
    return true;
}

/* The tag byte in front of every value. */
enum arora_tag {
    ARORA_UNIT = 0,
    ARORA_BOOLEAN = 1,
    ARORA_U8 = 2,
    ARORA_U16 = 3,
    ARORA_U32 = 4,
    ARORA_U64 = 5,
    ARORA_I8 = 6,
    ARORA_I16 = 7,
    ARORA_I32 = 8,
    ARORA_I64 = 9,
    ARORA_F32 = 10,
    ARORA_F64 = 11,
    ARORA_STRING = 12,
    ARORA_STRUCTURE = 13,
    ARORA_ENUMERATION = 14,
    ARORA_ARRAY = 15,
    ARORA_MAP = 16,
    ARORA_OPTION = 17,
    ARORA_UUID_VALUE = 18,
    ARORA_DYNAMIC = 19,
    ARORA_ERROR = 20,
    ARORA_INVALID = 255 /* never on the wire: arora_peek returns it where there is no value */
};

/* One line per number type: X(name, C type, tag). */
#define ARORA_NUMBERS_(X)                                                                            \
    X(u8, uint8_t, ARORA_U8)                                                                         \
    X(u16, uint16_t, ARORA_U16)                                                                      \
    X(u32, uint32_t, ARORA_U32)                                                                      \
    X(u64, uint64_t, ARORA_U64)                                                                      \
    X(i8, int8_t, ARORA_I8)                                                                          \
    X(i16, int16_t, ARORA_I16)                                                                       \
    X(i32, int32_t, ARORA_I32)                                                                       \
    X(i64, int64_t, ARORA_I64)                                                                       \
    X(f32, float, ARORA_F32)                                                                         \
    X(f64, double, ARORA_F64)

/* Return the size in bytes of a number or boolean of that tag, 0 for every other tag. */
static inline uint32_t arora_number_width(uint8_t tag) {
    switch (tag) {
    case ARORA_BOOLEAN:
    case ARORA_U8:
    case ARORA_I8: return 1;
    case ARORA_U16:
    case ARORA_I16: return 2;
    case ARORA_U32:
    case ARORA_I32:
    case ARORA_F32: return 4;
    case ARORA_U64:
    case ARORA_I64:
    case ARORA_F64: return 8;
    default: return 0;
    }
}

/* Return how many zero bytes lie between an array's count, which ends at `offset`, and its first
 * number. The format pads an aligned offset by 8, not by 0 (docs/ABI.md, section 1). */
static inline uint32_t arora_padding(uint32_t offset) {
    return 8 - offset % 8;
}

/* ---- 4. Reader ---------------------------------------------------------------------------------- */

/*
 * A cursor over one buffer. Reads advance it and never leave the buffer. The first failure is latched:
 * every later read returns zero, NULL, an empty string or a count of 0. So read everything first, then
 * check arora_failed once. To look ahead, copy the reader.
 *
 * Strings and arrays point into the buffer and are valid as long as it is.
 */
typedef struct arora_reader {
    const uint8_t *buffer;
    uint32_t size;         /* of the whole buffer */
    uint32_t position;     /* of the next byte to read, from the start of the buffer */
    uint32_t error_offset; /* where the first failure happened */
    bool absent;           /* arora_find_field did not find the field */
    arora_string error;    /* data is NULL while no read has failed */
} arora_reader;

/* Return whether a read has failed, or the field is absent. */
static inline bool arora_failed(const arora_reader *reader) {
    return reader->error.data != NULL;
}

/* Return whether arora_find_field read a valid structure without that field. */
static inline bool arora_is_absent(const arora_reader *reader) {
    return reader->absent;
}

/* Latch a failure at the current position, unless there is one already. Use it to reject a value that
 * is well formed but not acceptable. `message` must outlive the reader. */
static inline void arora_fail(arora_reader *reader, const char *message) {
    if (arora_failed(reader)) return;
    reader->error = arora_text(message);
    reader->error_offset = reader->position;
}

/* Return a reader at the value of a buffer of `available` bytes. It has failed when the size prefix
 * differs from that. */
static inline arora_reader arora_reader_sized(const uint8_t *buffer, uint32_t available) {
    arora_reader reader;
    uint32_t size = 0;
    reader.buffer = buffer;
    reader.size = available;
    reader.position = 0;
    reader.error_offset = 0;
    reader.absent = false;
    reader.error.data = NULL;
    reader.error.size = 0;
    if (buffer == NULL || available < 5) {
        reader.size = 0;
        arora_fail(&reader, "expected a buffer of at least 5 bytes");
        return reader;
    }
    ARORA_COPY_(&size, buffer, 4);
    if (size != available) arora_fail(&reader, "the size prefix differs from the size of the buffer");
    reader.position = 4;
    return reader;
}

/* Return a reader at the value of a buffer whose size prefix is trusted: an argument, or the answer of
 * a dispatch. */
static inline arora_reader arora_reader_open(const uint8_t *buffer) {
    uint32_t size = 0;
    if (buffer != NULL) ARORA_COPY_(&size, buffer, 4);
    return arora_reader_sized(buffer, size);
}

/* Return the number of unread bytes; 0 after a failure. */
static inline uint32_t arora_remaining(const arora_reader *reader) {
    return arora_failed(reader) ? 0 : reader->size - reader->position;
}

/* Return whether the whole buffer was read without failure; unread bytes are a failure. */
static inline bool arora_reader_finish(arora_reader *reader) {
    if (!arora_failed(reader) && reader->position != reader->size) {
        arora_fail(reader, "expected nothing after the value");
    }
    return !arora_failed(reader);
}

/* Return a pointer to `count` bytes and step over them, or NULL when there are fewer. */
static inline const uint8_t *arora_take_(arora_reader *reader, uint32_t count) {
    const uint8_t *bytes;
    if (arora_failed(reader)) return NULL;
    if (count > reader->size - reader->position) {
        arora_fail(reader, "the buffer ends too early");
        return NULL;
    }
    bytes = reader->buffer + reader->position;
    reader->position += count;
    return bytes;
}

static inline uint8_t arora_take_byte_(arora_reader *reader) {
    const uint8_t *byte = arora_take_(reader, 1);
    return byte == NULL ? 0 : *byte;
}

static inline uint32_t arora_take_u32_(arora_reader *reader) {
    uint32_t number = 0;
    const uint8_t *bytes = arora_take_(reader, 4);
    if (bytes != NULL) ARORA_COPY_(&number, bytes, 4);
    return number;
}

static inline arora_uuid arora_take_uuid_(arora_reader *reader) {
    arora_uuid uuid = ARORA_UUID(0, 0, 0, 0, 0);
    const uint8_t *bytes = arora_take_(reader, 16);
    if (bytes != NULL) ARORA_COPY_(uuid.bytes, bytes, 16);
    return uuid;
}

/* Return a count of items of at least `smallest` bytes each. A count that cannot fit in the buffer fails
 * here, so that a hostile one causes no loop and no allocation. */
static inline uint32_t arora_take_count_(arora_reader *reader, uint32_t smallest) {
    uint32_t count = arora_take_u32_(reader);
    if ((uint64_t)count * smallest > arora_remaining(reader)) {
        arora_fail(reader, "the count does not fit in what is left of the buffer");
    }
    return arora_failed(reader) ? 0 : count;
}

static inline bool arora_expect_(arora_reader *reader, uint8_t tag, const char *expected) {
    if (arora_failed(reader)) return false;
    if (reader->position >= reader->size || reader->buffer[reader->position] != tag) {
        arora_fail(reader, expected);
        return false;
    }
    reader->position++;
    return true;
}

/* Return whether the bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
static inline bool arora_is_utf8(const uint8_t *bytes, uint32_t size) {
    uint32_t i = 0;
    while (i < size) {
        uint8_t lead = bytes[i++];
        uint32_t follow;
        uint8_t low = 0x80, high = 0xbf; /* range of the first continuation byte */
        if (lead < 0x80) continue;
        if (lead >= 0xc2 && lead <= 0xdf) {
            follow = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            follow = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            follow = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else {
            return false;
        }
        if (follow > size - i) return false;
        while (follow-- > 0) {
            if (bytes[i] < low || bytes[i] > high) return false;
            low = 0x80;
            high = 0xbf;
            i++;
        }
    }
    return true;
}

static inline arora_string arora_take_string_(arora_reader *reader) {
    arora_string string = {NULL, 0};
    uint32_t start = reader->position;
    uint32_t size = arora_take_count_(reader, 1);
    const uint8_t *bytes = arora_take_(reader, size);
    if (bytes == NULL) {
        string.data = "";
        return string;
    }
    if (!arora_is_utf8(bytes, size)) {
        reader->position = start;
        arora_fail(reader, "expected UTF-8 text");
        string.data = "";
        return string;
    }
    string.data = (const char *)bytes;
    string.size = size;
    return string;
}

/* Return the tag of the next value without stepping over it; ARORA_INVALID after a failure or at the
 * end of the buffer. */
static inline uint8_t arora_peek(const arora_reader *reader) {
    return arora_remaining(reader) == 0 ? (uint8_t)ARORA_INVALID : reader->buffer[reader->position];
}

/* Step over a unit. */
static inline void arora_read_unit(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_UNIT, "expected a unit");
}

/* Return a boolean; any byte but zero is true. */
static inline bool arora_read_boolean(arora_reader *reader) {
    return arora_expect_(reader, ARORA_BOOLEAN, "expected a boolean") && arora_take_byte_(reader) != 0;
}

/* arora_read_u8, _u16, _u32, _u64, _i8, _i16, _i32, _i64, _f32 and _f64 return a number. */
#define ARORA_DEFINE_READ_(name, type, tag)                                                          \
    static inline type arora_read_##name(arora_reader *reader) {                                     \
        type number = 0;                                                                             \
        if (arora_expect_(reader, tag, "expected a value of type " #name)) {                         \
            const uint8_t *bytes = arora_take_(reader, sizeof number);                               \
            if (bytes != NULL) ARORA_COPY_(&number, bytes, sizeof number);                           \
        }                                                                                            \
        return number;                                                                               \
    }
ARORA_NUMBERS_(ARORA_DEFINE_READ_)

/* Return a string in place. It is checked to be UTF-8. */
static inline arora_string arora_read_string(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_STRING, "expected a string");
    return arora_take_string_(reader);
}

/* Return a UUID. */
static inline arora_uuid arora_read_uuid(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_UUID_VALUE, "expected a uuid");
    return arora_take_uuid_(reader);
}

/* Return whether the option has a value; when true, the value comes next. */
static inline bool arora_read_option(arora_reader *reader) {
    uint8_t some;
    if (!arora_expect_(reader, ARORA_OPTION, "expected an option")) return false;
    some = arora_take_byte_(reader);
    if (some > 1) {
        reader->position--;
        arora_fail(reader, "expected 0 (none) or 1 (some)");
    }
    return !arora_failed(reader) && some == 1;
}

/* The start of a structure: `count` times a field id (arora_read_field) and a value follow. */
typedef struct arora_structure {
    arora_uuid type;
    uint32_t count;
} arora_structure;

/* Return the field count that starts each element of an array of structures. */
static inline uint32_t arora_read_field_count(arora_reader *reader) {
    return arora_take_count_(reader, 16 + 1);
}

/* Return the start of a structure. */
static inline arora_structure arora_read_structure(arora_reader *reader) {
    arora_structure structure;
    (void)arora_expect_(reader, ARORA_STRUCTURE, "expected a structure");
    structure.type = arora_take_uuid_(reader);
    structure.count = arora_read_field_count(reader);
    return structure;
}

/* Return the id of the next field of a structure; its value comes next. */
static inline arora_uuid arora_read_field(arora_reader *reader) {
    return arora_take_uuid_(reader);
}

/* The start of an enumeration: the variant's value follows, a unit when it has none. */
typedef struct arora_enumeration {
    arora_uuid type;
    arora_uuid variant;
} arora_enumeration;

/* Return the start of an enumeration. */
static inline arora_enumeration arora_read_enumeration(arora_reader *reader) {
    arora_enumeration enumeration;
    (void)arora_expect_(reader, ARORA_ENUMERATION, "expected an enumeration");
    enumeration.type = arora_take_uuid_(reader);
    enumeration.variant = arora_take_uuid_(reader);
    return enumeration;
}

/* Return the variant id that starts each element of an array of enumerations; its value comes next. */
static inline arora_uuid arora_read_variant(arora_reader *reader) {
    return arora_take_uuid_(reader);
}

/* The start of a map: `count` times an entry (arora_read_entry) and its value follow. */
typedef struct arora_map {
    arora_uuid id;
    uint32_t count;
} arora_map;

/* The start of a map's entry; its value comes next. */
typedef struct arora_entry {
    arora_string key;
    arora_uuid id;
} arora_entry;

/* Return the start of a map. */
static inline arora_map arora_read_map(arora_reader *reader) {
    arora_map map;
    (void)arora_expect_(reader, ARORA_MAP, "expected a map");
    map.id = arora_take_uuid_(reader);
    map.count = arora_take_count_(reader, 4 + 16 + 1);
    return map;
}

/* Return the start of the next entry of a map. */
static inline arora_entry arora_read_entry(arora_reader *reader) {
    arora_entry entry;
    entry.key = arora_take_string_(reader);
    entry.id = arora_take_uuid_(reader);
    return entry;
}

/*
 * The start of an array. What follows `count` times depends on `element_tag`:
 *     numbers, booleans   nothing: they are at `numbers`, and the reader is past them already
 *     ARORA_STRING        arora_read_string_element
 *     ARORA_STRUCTURE     arora_read_field_count, then that many fields; all are of type `type`
 *     ARORA_ENUMERATION   arora_read_variant, then its value; all are of type `type`
 *     ARORA_DYNAMIC       a complete value, read like any other
 */
typedef struct arora_array {
    uint8_t element_tag;
    uint32_t count;
    arora_uuid type;
    const void *numbers;
} arora_array;

static inline const void *arora_take_numbers_(arora_reader *reader, uint32_t count, uint32_t width) {
    (void)arora_take_(reader, arora_padding(reader->position));
    if ((uint64_t)count * width > arora_remaining(reader)) {
        arora_fail(reader, "the count does not fit in what is left of the buffer");
    }
    return arora_failed(reader) ? NULL : arora_take_(reader, count * width);
}

/* Return the start of an array of any kind. */
static inline arora_array arora_read_array(arora_reader *reader) {
    const arora_uuid nil = ARORA_UUID(0, 0, 0, 0, 0);
    arora_array array;
    uint32_t width;
    array.type = nil;
    array.numbers = NULL;
    (void)arora_expect_(reader, ARORA_ARRAY, "expected an array");
    array.element_tag = arora_take_byte_(reader);
    width = arora_number_width(array.element_tag);
    if (width != 0) {
        array.count = arora_take_u32_(reader);
        array.numbers = arora_take_numbers_(reader, array.count, width);
    } else if (array.element_tag == ARORA_STRING) {
        array.count = arora_take_count_(reader, 4);
    } else if (array.element_tag == ARORA_STRUCTURE) {
        array.count = arora_take_count_(reader, 4);
        array.type = arora_take_uuid_(reader);
    } else if (array.element_tag == ARORA_ENUMERATION) {
        array.count = arora_take_count_(reader, 16 + 1);
        array.type = arora_take_uuid_(reader);
    } else if (array.element_tag == ARORA_DYNAMIC) {
        array.count = arora_take_count_(reader, 1);
    } else {
        arora_fail(reader, "expected the element tag of an array");
    }
    if (arora_failed(reader)) array.count = 0;
    return array;
}

/* Return the next element of an array of strings, in place. */
static inline arora_string arora_read_string_element(arora_reader *reader) {
    return arora_take_string_(reader);
}

static inline const void *arora_read_numbers_(arora_reader *reader, uint8_t tag, uint32_t *count,
                                              const char *expected) {
    arora_reader start = *reader;
    arora_array array;
    *count = 0;
    if (arora_peek(reader) != ARORA_ARRAY) {
        arora_fail(reader, expected);
        return NULL;
    }
    array = arora_read_array(reader);
    if (arora_failed(reader)) return NULL;
    if (array.element_tag != tag) {
        *reader = start;
        arora_fail(reader, expected);
        return NULL;
    }
    if ((uintptr_t)array.numbers % arora_number_width(tag) != 0) {
        *reader = start;
        arora_fail(reader, "expected a buffer that starts at a multiple of 8 bytes");
        return NULL;
    }
    *count = array.count;
    return array.numbers;
}

/* arora_read_u8s, ..., arora_read_f64s return the numbers of an array in place and set `*count`; NULL
 * and 0 after a failure. */
#define ARORA_DEFINE_READ_ARRAY_(name, type, tag)                                                    \
    static inline const type *arora_read_##name##s(arora_reader *reader, uint32_t *count) {          \
        return (const type *)arora_read_numbers_(reader, tag, count,                                 \
                                                 "expected an array of " #name);                     \
    }
ARORA_NUMBERS_(ARORA_DEFINE_READ_ARRAY_)

/* Return the booleans of an array in place, one byte each (any byte but zero is true). */
static inline const uint8_t *arora_read_booleans(arora_reader *reader, uint32_t *count) {
    return (const uint8_t *)arora_read_numbers_(reader, ARORA_BOOLEAN, count,
                                                "expected an array of booleans");
}

static inline void arora_skip_nested_(arora_reader *reader, uint32_t depth);

static inline void arora_skip_fields_(arora_reader *reader, uint32_t depth) {
    uint32_t count = arora_read_field_count(reader);
    while (count-- > 0 && !arora_failed(reader)) {
        (void)arora_take_(reader, 16);
        arora_skip_nested_(reader, depth);
    }
}

static inline void arora_skip_array_(arora_reader *reader, uint32_t depth) {
    arora_array array = arora_read_array(reader);
    if (array.numbers != NULL) return;
    for (uint32_t i = 0; i < array.count && !arora_failed(reader); i++) {
        if (array.element_tag == ARORA_STRING) {
            (void)arora_take_string_(reader);
        } else if (array.element_tag == ARORA_STRUCTURE) {
            arora_skip_fields_(reader, depth);
        } else {
            if (array.element_tag == ARORA_ENUMERATION) (void)arora_take_(reader, 16);
            arora_skip_nested_(reader, depth);
        }
    }
}

static inline void arora_skip_nested_(arora_reader *reader, uint32_t depth) {
    uint8_t tag = arora_peek(reader);
    if (depth > ARORA_MAX_NESTING) {
        arora_fail(reader, "values are nested too deeply");
        return;
    }
    if (arora_number_width(tag) != 0) {
        (void)arora_take_(reader, 1 + arora_number_width(tag));
        return;
    }
    switch (tag) {
    case ARORA_UNIT: arora_read_unit(reader); break;
    case ARORA_STRING: (void)arora_read_string(reader); break;
    case ARORA_UUID_VALUE: (void)arora_read_uuid(reader); break;
    case ARORA_OPTION:
        if (arora_read_option(reader)) arora_skip_nested_(reader, depth + 1);
        break;
    case ARORA_STRUCTURE:
        (void)arora_take_(reader, 1 + 16);
        arora_skip_fields_(reader, depth + 1);
        break;
    case ARORA_ENUMERATION:
        (void)arora_read_enumeration(reader);
        arora_skip_nested_(reader, depth + 1);
        break;
    case ARORA_MAP: {
        arora_map map = arora_read_map(reader);
        while (map.count-- > 0 && !arora_failed(reader)) {
            (void)arora_read_entry(reader);
            arora_skip_nested_(reader, depth + 1);
        }
        break;
    }
    case ARORA_ARRAY: arora_skip_array_(reader, depth + 1); break;
    default: arora_fail(reader, "expected the tag of a value"); break;
    }
}

/* Step over one complete value and check all of it. A value nested in more than ARORA_MAX_NESTING
 * others is a failure. */
static inline void arora_skip(arora_reader *reader) {
    arora_skip_nested_(reader, 0);
}

/*
 * Return a reader at the value of one field of the structure at `structure`, which does not move:
 * fields may come in any order and may be left out. When the field is missing, the returned reader is
 * absent (arora_is_absent), which counts as failed. When the structure is malformed, the reader has
 * failed and is not absent.
 */
static inline arora_reader arora_find_field(const arora_reader *structure, const arora_uuid *id) {
    arora_reader reader = *structure;
    arora_structure header = arora_read_structure(&reader);
    while (header.count-- > 0 && !arora_failed(&reader)) {
        arora_uuid field = arora_read_field(&reader);
        if (arora_uuid_equal(&field, id)) return reader;
        arora_skip(&reader);
    }
    if (!arora_failed(&reader)) {
        reader.absent = true;
        arora_fail(&reader, "absent");
    }
    return reader;
}

/* Return a reader at a function's arguments: a structure with one field per argument, by parameter id.
 * Look each one up with arora_find_field. */
static inline arora_reader arora_arguments(const uint8_t *argument) {
    arora_reader reader = arora_reader_open(argument);
    if (arora_peek(&reader) != ARORA_STRUCTURE) arora_fail(&reader, "expected a structure of arguments");
    return reader;
}

/* ---- 5. Writer ---------------------------------------------------------------------------------- */

/*
 * A buffer under construction, which grows as needed. When memory runs out, or the buffer would exceed
 * 4 GiB, the failure is latched and later writes do nothing: check once, at the end.
 */
typedef struct arora_writer {
    uint8_t *buffer; /* NULL after a failure */
    uint32_t size;
    uint32_t capacity;
} arora_writer;

/* The position of a count or a length, for arora_patch_count and arora_end_string. */
typedef uint32_t arora_mark;

/* Return a writer with room for `capacity` bytes to start with (0 when the size is not known). */
static inline arora_writer arora_writer_begin(uint32_t capacity) {
    arora_writer writer;
    writer.capacity = capacity < 64 ? 64 : capacity;
    writer.buffer = arora_buffer_alloc(writer.capacity);
    writer.size = 4; /* the size prefix, written at the end */
    return writer;
}

/* Free the memory of an unfinished writer, which has failed from then on. */
static inline void arora_writer_abandon(arora_writer *writer) {
    arora_buffer_free(writer->buffer);
    writer->buffer = NULL;
}

/* Finish the buffer and return it, or NULL when memory ran out. The caller owns it. */
static inline uint8_t *arora_writer_finish(arora_writer *writer) {
    uint8_t *buffer = writer->buffer;
    if (buffer != NULL) ARORA_COPY_(buffer, &writer->size, 4);
    writer->buffer = NULL;
    return buffer;
}

/* Return room for `count` more bytes, or NULL. */
static inline uint8_t *arora_put_(arora_writer *writer, uint64_t count) {
    uint8_t *bytes;
    if (writer->buffer == NULL) return NULL;
    if (count > writer->capacity - writer->size) {
        uint64_t needed = writer->size + count;
        uint64_t capacity = (uint64_t)writer->capacity * 2;
        uint8_t *grown = NULL;
        if (capacity > UINT32_MAX) capacity = UINT32_MAX;
        if (capacity < needed) capacity = needed;
        if (capacity <= UINT32_MAX) grown = arora_buffer_alloc((uint32_t)capacity);
        if (grown != NULL) ARORA_COPY_(grown, writer->buffer, writer->size);
        arora_buffer_free(writer->buffer);
        writer->buffer = grown;
        if (grown == NULL) return NULL;
        writer->capacity = (uint32_t)capacity;
    }
    bytes = writer->buffer + writer->size;
    writer->size += (uint32_t)count;
    return bytes;
}

/* Append raw bytes: the pieces of a string between arora_begin_string and arora_end_string, or
 * the numbers of an array between arora_begin_numbers and arora_patch_count. */
static inline void arora_append(arora_writer *writer, const void *data, uint32_t size) {
    uint8_t *bytes = arora_put_(writer, size);
    if (bytes != NULL && size > 0) ARORA_COPY_(bytes, data, size);
}

static inline void arora_append_byte_(arora_writer *writer, uint8_t byte) {
    uint8_t *bytes = arora_put_(writer, 1);
    if (bytes != NULL) *bytes = byte;
}

static inline arora_mark arora_append_count_(arora_writer *writer, uint32_t count) {
    arora_mark mark = writer->size;
    arora_append(writer, &count, 4);
    return mark;
}

static inline void arora_append_uuid_(arora_writer *writer, const arora_uuid *uuid) {
    arora_append(writer, uuid->bytes, 16);
}

/* Replace a count written earlier: write 0 first, count the items while writing them, then patch. */
static inline void arora_patch_count(arora_writer *writer, arora_mark mark, uint32_t count) {
    if (writer->buffer != NULL) ARORA_COPY_(writer->buffer + mark, &count, 4);
}

/* Write a unit. */
static inline void arora_write_unit(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_UNIT);
}

/* Write a boolean. */
static inline void arora_write_boolean(arora_writer *writer, bool value) {
    arora_append_byte_(writer, ARORA_BOOLEAN);
    arora_append_byte_(writer, value ? 1 : 0);
}

/* arora_write_u8, ..., arora_write_f64 write a number. */
#define ARORA_DEFINE_WRITE_(name, type, tag)                                                         \
    static inline void arora_write_##name(arora_writer *writer, type value) {                        \
        uint8_t *bytes = arora_put_(writer, 1 + sizeof value);                                       \
        if (bytes == NULL) return;                                                                   \
        bytes[0] = tag;                                                                              \
        ARORA_COPY_(bytes + 1, &value, sizeof value);                                                \
    }
ARORA_NUMBERS_(ARORA_DEFINE_WRITE_)

/* Write one element of an array of strings. It must be UTF-8. */
static inline void arora_write_string_element(arora_writer *writer, arora_string text) {
    (void)arora_append_count_(writer, text.size);
    arora_append(writer, text.data, text.size);
}

/* Write a string. It must be UTF-8. */
static inline void arora_write_string(arora_writer *writer, arora_string text) {
    arora_append_byte_(writer, ARORA_STRING);
    arora_write_string_element(writer, text);
}

/* Start a string made of pieces: append them, then call arora_end_string with the returned mark. */
static inline arora_mark arora_begin_string(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_STRING);
    return arora_append_count_(writer, 0);
}

/* Append a piece of text to an open string or error. */
static inline void arora_append_string(arora_writer *writer, arora_string text) {
    arora_append(writer, text.data, text.size);
}

/* Append a C string to an open string or error. */
static inline void arora_append_text(arora_writer *writer, const char *text) {
    arora_append_string(writer, arora_text(text));
}

/* Append a number in decimal digits to an open string or error. */
static inline void arora_append_decimal(arora_writer *writer, uint64_t number) {
    char digits[20];
    uint32_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    arora_append(writer, digits + start, (uint32_t)sizeof digits - start);
}

/* End a string or an error made of pieces. */
static inline void arora_end_string(arora_writer *writer, arora_mark mark) {
    arora_patch_count(writer, mark, writer->size - mark - 4);
}

/* Write a UUID. */
static inline void arora_write_uuid(arora_writer *writer, const arora_uuid *uuid) {
    arora_append_byte_(writer, ARORA_UUID_VALUE);
    arora_append_uuid_(writer, uuid);
}

/* Write an empty option. */
static inline void arora_write_none(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_OPTION);
    arora_append_byte_(writer, 0);
}

/* Start an option with a value; write the value next. */
static inline void arora_write_some(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_OPTION);
    arora_append_byte_(writer, 1);
}

/* Write the field count that starts each element of an array of structures. Return its mark. */
static inline arora_mark arora_write_field_count(arora_writer *writer, uint32_t count) {
    return arora_append_count_(writer, count);
}

/* Start a structure of `count` fields: arora_write_field and a value, for each. Return the mark of
 * the count. */
static inline arora_mark arora_write_structure(arora_writer *writer, const arora_uuid *type,
                                               uint32_t count) {
    arora_append_byte_(writer, ARORA_STRUCTURE);
    arora_append_uuid_(writer, type);
    return arora_write_field_count(writer, count);
}

/* Start a field of a structure, or a mutated parameter of a result; write its value next. */
static inline void arora_write_field(arora_writer *writer, const arora_uuid *id) {
    arora_append_uuid_(writer, id);
}

/* Start an enumeration; write the variant's value next, a unit when it has none. */
static inline void arora_write_enumeration(arora_writer *writer, const arora_uuid *type,
                                           const arora_uuid *variant) {
    arora_append_byte_(writer, ARORA_ENUMERATION);
    arora_append_uuid_(writer, type);
    arora_append_uuid_(writer, variant);
}

/* Start an element of an array of enumerations; write the variant's value next. */
static inline void arora_write_variant(arora_writer *writer, const arora_uuid *variant) {
    arora_append_uuid_(writer, variant);
}

/* Start a map of `count` entries: arora_write_entry and a value, for each, in ascending order of the
 * bytes of their keys. Return the mark of the count. */
static inline arora_mark arora_write_map(arora_writer *writer, const arora_uuid *id, uint32_t count) {
    arora_append_byte_(writer, ARORA_MAP);
    arora_append_uuid_(writer, id);
    return arora_append_count_(writer, count);
}

/* Start an entry of a map; write its value next, a unit when the key has none. */
static inline void arora_write_entry(arora_writer *writer, arora_string key, const arora_uuid *id) {
    arora_write_string_element(writer, key);
    arora_append_uuid_(writer, id);
}

static inline arora_mark arora_write_array_(arora_writer *writer, uint8_t element_tag, uint32_t count) {
    arora_append_byte_(writer, ARORA_ARRAY);
    arora_append_byte_(writer, element_tag);
    return arora_append_count_(writer, count);
}

/* Start an array of `count` strings (arora_write_string_element). Return the mark of the count. */
static inline arora_mark arora_write_strings(arora_writer *writer, uint32_t count) {
    return arora_write_array_(writer, ARORA_STRING, count);
}

/* Start an array of `count` structures of one type: arora_write_field_count, then the fields, for
 * each. Return the mark of the count. */
static inline arora_mark arora_write_structures(arora_writer *writer, const arora_uuid *type,
                                                uint32_t count) {
    arora_mark mark = arora_write_array_(writer, ARORA_STRUCTURE, count);
    arora_append_uuid_(writer, type);
    return mark;
}

/* Start an array of `count` enumerations of one type: arora_write_variant and a value, for each.
 * Return the mark of the count. */
static inline arora_mark arora_write_enumerations(arora_writer *writer, const arora_uuid *type,
                                                  uint32_t count) {
    arora_mark mark = arora_write_array_(writer, ARORA_ENUMERATION, count);
    arora_append_uuid_(writer, type);
    return mark;
}

/* Start an array of `count` values of any type. Return the mark of the count. */
static inline arora_mark arora_write_dynamics(arora_writer *writer, uint32_t count) {
    return arora_write_array_(writer, ARORA_DYNAMIC, count);
}

/* Start an array of numbers or booleans whose count is not known yet: arora_append each number's
 * bytes, then call arora_patch_count with the returned mark. */
static inline arora_mark arora_begin_numbers(arora_writer *writer, uint8_t element_tag) {
    static const uint8_t zeros[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    arora_mark mark = arora_write_array_(writer, element_tag, 0);
    arora_append(writer, zeros, arora_padding(writer->size));
    return mark;
}

static inline void *arora_reserve_numbers_(arora_writer *writer, uint8_t element_tag, uint32_t count) {
    arora_mark mark = arora_begin_numbers(writer, element_tag);
    arora_patch_count(writer, mark, count);
    return arora_put_(writer, (uint64_t)count * arora_number_width(element_tag));
}

/*
 * arora_reserve_u8s, ..., arora_reserve_f64s write an array and return a pointer to its `count` numbers
 * for the caller to fill in, which saves a copy: valid until the next write, NULL when memory ran out.
 * arora_write_u8s, ..., arora_write_f64s write an array of `count` numbers.
 */
#define ARORA_DEFINE_WRITE_ARRAY_(name, type, tag)                                                   \
    static inline type *arora_reserve_##name##s(arora_writer *writer, uint32_t count) {              \
        return (type *)arora_reserve_numbers_(writer, tag, count);                                   \
    }                                                                                                \
    static inline void arora_write_##name##s(arora_writer *writer, const type *numbers,              \
                                             uint32_t count) {                                       \
        void *room = arora_reserve_numbers_(writer, tag, count);                                     \
        if (room != NULL && count > 0) ARORA_COPY_(room, numbers, (size_t)count * sizeof *numbers);  \
    }
ARORA_NUMBERS_(ARORA_DEFINE_WRITE_ARRAY_)

/* Write an array of booleans, passed as one byte each. */
static inline void arora_write_booleans(arora_writer *writer, const uint8_t *booleans, uint32_t count) {
    uint8_t *room = (uint8_t *)arora_reserve_numbers_(writer, ARORA_BOOLEAN, count);
    if (room == NULL) return;
    for (uint32_t i = 0; i < count; i++) room[i] = booleans[i] != 0;
}

/* ---- 6. Results --------------------------------------------------------------------------------- */

/*
 * Start the result of `function`: write the return value next (a unit when there is none), then for
 * each of its `mutated` mutable parameters arora_write_field and the value.
 */
static inline arora_writer arora_result_begin(const arora_uuid *function, uint32_t mutated) {
    arora_writer writer = arora_writer_begin(0);
    (void)arora_write_structure(&writer, function, 1 + mutated);
    arora_write_field(&writer, function);
    return writer;
}

/* Finish the result buffer and return it; an "out of memory" error buffer when memory ran out. */
static inline uint8_t *arora_result_end(arora_writer *writer) {
    uint8_t *buffer = arora_writer_finish(writer);
    return buffer != NULL ? buffer : arora_out_of_memory;
}

/* Return the result of a function that returns nothing. */
static inline uint8_t *arora_result_unit(const arora_uuid *function) {
    arora_writer writer = arora_result_begin(function, 0);
    arora_write_unit(&writer);
    return arora_result_end(&writer);
}

/* Return the result of a function that returns a boolean. */
static inline uint8_t *arora_result_boolean(const arora_uuid *function, bool value) {
    arora_writer writer = arora_result_begin(function, 0);
    arora_write_boolean(&writer, value);
    return arora_result_end(&writer);
}

/* Return the result of a function that returns a string. */
static inline uint8_t *arora_result_string(const arora_uuid *function, arora_string text) {
    arora_writer writer = arora_result_begin(function, 0);
    arora_write_string(&writer, text);
    return arora_result_end(&writer);
}

/* arora_result_u8, ..., arora_result_f64 return the result of a function that returns a number. */
#define ARORA_DEFINE_RESULT_(name, type, tag)                                                        \
    static inline uint8_t *arora_result_##name(const arora_uuid *function, type value) {             \
        arora_writer writer = arora_result_begin(function, 0);                                       \
        arora_write_##name(&writer, value);                                                          \
        return arora_result_end(&writer);                                                            \
    }
ARORA_NUMBERS_(ARORA_DEFINE_RESULT_)

/* Start an error buffer whose message is made of pieces: append them, then call arora_error_end with
 * the mark stored in `*mark`. */
static inline arora_writer arora_error_begin(arora_mark *mark) {
    arora_writer writer = arora_writer_begin(0);
    arora_append_byte_(&writer, ARORA_ERROR);
    *mark = arora_append_count_(&writer, 0);
    return writer;
}

/* Finish the error buffer and return it. */
static inline uint8_t *arora_error_end(arora_writer *writer, arora_mark mark) {
    arora_end_string(writer, mark);
    return arora_result_end(writer);
}

/* Return an error buffer with this message, which must be UTF-8. It ends a call as a failure, not a crash. */
static inline uint8_t *arora_error_string(arora_string message) {
    arora_mark mark;
    arora_writer writer = arora_error_begin(&mark);
    arora_append_string(&writer, message);
    return arora_error_end(&writer, mark);
}

/* Return an error buffer with the message of a C string. */
static inline uint8_t *arora_error(const char *message) {
    return arora_error_string(arora_text(message));
}

/* Return an error buffer that says why reading `what` (a parameter's name, say) failed. */
static inline uint8_t *arora_error_in(const char *what, const arora_reader *reader) {
    arora_mark mark;
    arora_writer writer = arora_error_begin(&mark);
    arora_append_text(&writer, what);
    arora_append_text(&writer, ": ");
    arora_append_string(&writer, reader->error);
    return arora_error_end(&writer, mark);
}

/* ---- 7. Dispatch -------------------------------------------------------------------------------- */

/*
 * Reading an answer. Each of these returns a reader that has failed when the answer is an error buffer
 * (with the callee's message) or malformed (with a message that says how). The message is valid as
 * long as the answer.
 */

/* Return a reader at the plain value in the answer of an indirect dispatch. */
static inline arora_reader arora_answer_value(const uint8_t *answer) {
    arora_reader reader = arora_reader_open(answer);
    if (arora_peek(&reader) == ARORA_ERROR) {
        arora_string message;
        (void)arora_take_(&reader, 1);
        message = arora_take_string_(&reader);
        if (!arora_failed(&reader)) {
            reader.error = message;
            reader.error_offset = 4;
        }
    }
    return reader;
}

/* Return a reader at the return value in the answer of a dispatch. */
static inline arora_reader arora_answer_return(const uint8_t *answer) {
    arora_reader reader = arora_answer_value(answer);
    arora_structure header = arora_read_structure(&reader);
    if (header.count != 0) {
        arora_uuid first = arora_read_field(&reader);
        if (arora_uuid_equal(&first, &header.type)) return reader;
    }
    arora_fail(&reader, "expected a result whose first field is the return value");
    return reader;
}

/* Return a reader at a mutated parameter in the answer of a dispatch; absent when it is missing. */
static inline arora_reader arora_answer_mutated(const uint8_t *answer, const arora_uuid *parameter) {
    arora_reader reader = arora_answer_value(answer);
    return arora_find_field(&reader, parameter);
}

/* Start the argument buffer of a dispatch. For each of `count` arguments call arora_write_field and
 * write a value; then call arora_writer_finish. */
static inline arora_writer arora_arguments_begin(const arora_uuid *function, uint32_t count) {
    arora_writer writer = arora_writer_begin(0);
    (void)arora_write_structure(&writer, function, count);
    return writer;
}

#ifdef ARORA_USES_DISPATCH

typedef uint8_t *(*arora_dispatch_function)(const uint8_t *module, const uint8_t *function,
                                            const uint8_t *argument);
typedef uint8_t *(*arora_dispatch_indirect_function)(uint64_t callable);

#if defined(ARORA_COMPONENT)
/* arora_component.h defines them, by other imports. */
ARORA_INTERNAL_ uint8_t *arora_import_dispatch_(const uint8_t *module, const uint8_t *function,
                                                const uint8_t *argument);
ARORA_INTERNAL_ uint8_t *arora_import_dispatch_indirect_(uint64_t callable);
#elif defined(__wasm__)
/* A wasm module imports only the functions it calls, so declaring these costs nothing. */
ARORA_EXTERN_C __attribute__((import_module("env"), import_name("arora_dispatch"))) uint8_t *
arora_import_dispatch_(const uint8_t *module, const uint8_t *function, const uint8_t *argument);
ARORA_EXTERN_C __attribute__((import_module("env"), import_name("arora_dispatch_indirect"))) uint8_t *
arora_import_dispatch_indirect_(uint64_t callable);
#else
/* A native library cannot import from its host portably: the host fills these in after loading. */
ARORA_EXPORT("arora_dispatch_fn") arora_dispatch_function arora_dispatch_fn;
ARORA_EXPORT("arora_dispatch_indirect_fn") arora_dispatch_indirect_function arora_dispatch_indirect_fn;
#endif

static inline uint8_t *arora_answer_or_error_(uint8_t *answer) {
    return answer != NULL ? answer : arora_error("the host answered nothing");
}

/*
 * Call `function` of another loaded module. `argument` comes from arora_writer_finish; this function
 * frees it. NULL (memory ran out) is allowed. Return the answer, never NULL: read it with
 * arora_answer_return and arora_answer_mutated, then free it with arora_buffer_free. After any failure
 * the answer is an error buffer.
 */
static inline uint8_t *arora_dispatch(const arora_uuid *module, const arora_uuid *function,
                                      uint8_t *argument) {
    uint8_t *answer;
    if (argument == NULL) return arora_out_of_memory;
#if defined(__wasm__)
    answer = arora_import_dispatch_(module->bytes, function->bytes, argument);
#else
    if (arora_dispatch_fn == NULL) {
        arora_buffer_free(argument);
        return arora_error("this host offers no dispatch");
    }
    answer = arora_dispatch_fn(module->bytes, function->bytes, argument);
#endif
    arora_buffer_free(argument);
    return arora_answer_or_error_(answer);
}

/* Call the function that the host registered as `callable`. Return the answer, never NULL: read it
 * with arora_answer_value, then free it with arora_buffer_free. */
static inline uint8_t *arora_dispatch_indirect(uint64_t callable) {
#if defined(__wasm__)
    return arora_answer_or_error_(arora_import_dispatch_indirect_(callable));
#else
    if (arora_dispatch_indirect_fn == NULL) return arora_error("this host offers no indirect dispatch");
    return arora_answer_or_error_(arora_dispatch_indirect_fn(callable));
#endif
}

#endif /* ARORA_USES_DISPATCH */

#endif /* ARORA_H */

/* ---- 8. Implementation -------------------------------------------------------------------------- */

/* Outside the include guard: another header may have included this one without ARORA_IMPLEMENTATION. */

#if defined(ARORA_IMPLEMENTATION) && !defined(ARORA_IMPLEMENTED_)
#define ARORA_IMPLEMENTED_

uint8_t arora_out_of_memory[] = {22,  0,   0,   0,   ARORA_ERROR, 13,  0,   0,   0,   'o', 'u',
                                 't', ' ', 'o', 'f', ' ',         'm', 'e', 'm', 'o', 'r', 'y'};

#if defined(ARORA_USES_DISPATCH) && !defined(__wasm__)
arora_dispatch_function arora_dispatch_fn = NULL;
arora_dispatch_indirect_function arora_dispatch_indirect_fn = NULL;
#endif

#if !defined(__wasm__)
static bool arora_row_is_usual_(const arora_rows *rows, const uint8_t *result) {
    uint32_t size, i;
    size_t room = (size_t)rows->argument_size + 8;
    if (result == NULL || (size_t)((uintptr_t)result - (uintptr_t)rows->argument) < room) return false;
    memcpy(&size, result, sizeof size);
    if (size != rows->result_size) return false;
    for (i = 0; i < rows->known_count; i++) {
        const arora_row_field *known = &rows->known[i];
        if (memcmp(result + known->offset, rows->result_constant + known->offset, known->size) != 0) return false;
    }
    return true;
}

static uint32_t arora_choice_(const arora_row_field *field, const uint8_t *result) {
    uint32_t choice = 0;
    while (choice < field->choice_count &&
           memcmp(result + field->offset, field->choices + (size_t)choice * field->size, field->size) != 0) {
        choice++;
    }
    return choice;
}

/* Copy the fields of a result. Return false, having copied some, where one has a value that is not a choice. */
static bool arora_take_row_(const arora_rows *rows, const uint8_t *result) {
    uint32_t i;
    for (i = 0; i < rows->result_field_count; i++) {
        const arora_row_field *field = &rows->result_fields[i];
        if (field->choices != NULL) {
            uint32_t choice = arora_choice_(field, result);
            if (choice == field->choice_count) return false;
            field->column[rows->done] = (uint8_t)choice;
        } else {
            memcpy(field->column + (size_t)rows->done * field->size, result + field->offset, field->size);
        }
    }
    return true;
}

uint32_t arora_call_rows(arora_rows *rows) {
    for (; rows->done < rows->count; rows->done++) {
        uint8_t *result;
        uint32_t i;
        memcpy(rows->argument, rows->argument_constant, rows->argument_size);
        for (i = 0; i < rows->argument_field_count; i++) {
            const arora_row_field *field = &rows->argument_fields[i];
            memcpy(rows->argument + field->offset, field->column + (size_t)rows->done * field->size, field->size);
        }
        result = rows->function(rows->argument);
        if (*rows->ended || !arora_row_is_usual_(rows, result) || !arora_take_row_(rows, result)) {
            rows->unusual = result;
            return 1;
        }
        rows->free(result);
        if (*rows->ended) {
            rows->unusual = NULL;
            return 1;
        }
    }
    return 0;
}
#endif

#if ARORA_HAS_LIBC

uint8_t *arora_buffer_alloc(uint32_t size) {
    if (size > UINT32_MAX - 8) return NULL; /* where size_t has 32 bits, the sum would wrap */
    return (uint8_t *)malloc((size_t)size + 8);
}

void arora_buffer_free(uint8_t *buffer) {
    if (buffer != arora_out_of_memory) free(buffer);
}

#else /* wasm without a libc */

/*
 * The allocator. Memory is divided into adjacent blocks; each starts with its own size and that of the
 * block before it, so that freeing a block can merge it with its neighbours. Free blocks are listed by
 * size class: class c holds the sizes from 2^c up to, but not including, 2^(c+1). A region of memory
 * ends with a used block without payload, which stops the merging. The allocator uses only memory that
 * it requested with memory.grow, so it works beside any other allocator in the same module.
 */
typedef struct arora_block_ {
    uint32_t previous; /* size of the block before; 0 for the first of a region */
    uint32_t size;     /* header included, a multiple of 8; the lowest bit is set while in use */
    struct arora_block_ *next_free; /* valid only while free: these two overlap the payload */
    struct arora_block_ *previous_free;
} arora_block_;

#define ARORA_BLOCK_HEADER_ 8u
#define ARORA_BLOCK_SMALLEST_ 16u
#define ARORA_PAGE_ 65536u

static arora_block_ *arora_free_blocks_[32];
static uint32_t arora_free_classes_; /* bit c is set while class c has a block */
static uint32_t arora_heap_end_;     /* end address of the last region */

static inline uint32_t arora_block_size_(const arora_block_ *block) {
    return block->size & ~1u;
}

static inline arora_block_ *arora_block_at_(uint32_t address) {
    return (arora_block_ *)(uintptr_t)address;
}

static inline arora_block_ *arora_block_after_(const arora_block_ *block) {
    return arora_block_at_((uint32_t)(uintptr_t)block + arora_block_size_(block));
}

static inline uint32_t arora_size_class_(uint32_t size) {
    return 31u - (uint32_t)__builtin_clz(size);
}

static void arora_unlist_(arora_block_ *block) {
    uint32_t c = arora_size_class_(block->size);
    if (block->previous_free != NULL) {
        block->previous_free->next_free = block->next_free;
    } else {
        arora_free_blocks_[c] = block->next_free;
        if (block->next_free == NULL) arora_free_classes_ &= ~(1u << c);
    }
    if (block->next_free != NULL) block->next_free->previous_free = block->previous_free;
}

/* Make `size` bytes at `block` a free block, merged with the free blocks around it. */
static void arora_release_(arora_block_ *block, uint32_t size) {
    arora_block_ *after;
    uint32_t c;
    if (block->previous != 0) {
        arora_block_ *before = arora_block_at_((uint32_t)(uintptr_t)block - block->previous);
        if ((before->size & 1u) == 0) {
            arora_unlist_(before);
            size += before->size;
            block = before;
        }
    }
    after = arora_block_at_((uint32_t)(uintptr_t)block + size);
    if ((after->size & 1u) == 0) {
        arora_unlist_(after);
        size += after->size;
    }
    block->size = size;
    arora_block_after_(block)->previous = size;
    c = arora_size_class_(size);
    block->previous_free = NULL;
    block->next_free = arora_free_blocks_[c];
    if (block->next_free != NULL) block->next_free->previous_free = block;
    arora_free_blocks_[c] = block;
    arora_free_classes_ |= 1u << c;
}

/* Return a free block of at least `size` bytes, or NULL. */
static arora_block_ *arora_find_block_(uint32_t size) {
    uint32_t c = arora_size_class_(size);
    uint32_t larger = arora_free_classes_ & ~((2u << c) - 1u);
    arora_block_ *block = arora_free_blocks_[c];
    while (block != NULL && block->size < size) block = block->next_free;
    if (block == NULL && larger != 0) block = arora_free_blocks_[__builtin_ctz(larger)];
    return block;
}

/* Grow memory by enough for a block of `size` bytes. Return whether that succeeded. */
static bool arora_grow_(uint32_t size) {
    uint32_t pages = (size + 2 * ARORA_BLOCK_HEADER_ + ARORA_PAGE_ - 1) / ARORA_PAGE_;
    size_t first_page = __builtin_wasm_memory_grow(0, pages);
    uint32_t start, end;
    arora_block_ *block;
    if (first_page == (size_t)-1) return false;
    start = (uint32_t)first_page * ARORA_PAGE_;
    end = start + pages * ARORA_PAGE_;
    if (end == 0) end -= ARORA_BLOCK_HEADER_; /* the last possible page: 2^32 does not fit in 32 bits */
    if (start == arora_heap_end_) {
        /* The new memory extends the last region, whose end block starts the new free block. */
        block = arora_block_at_(start - ARORA_BLOCK_HEADER_);
    } else {
        block = arora_block_at_(start);
        block->previous = 0;
    }
    arora_heap_end_ = end;
    size = end - ARORA_BLOCK_HEADER_ - (uint32_t)(uintptr_t)block;
    arora_block_at_(end - ARORA_BLOCK_HEADER_)->size = ARORA_BLOCK_HEADER_ | 1u;
    arora_release_(block, size);
    return true;
}

uint8_t *arora_buffer_alloc(uint32_t size) {
    arora_block_ *block;
    uint32_t rest;
    if (size > 0x7fffffffu) return NULL; /* the sums below would overflow */
    size = (size + ARORA_BLOCK_HEADER_ + 7u) & ~7u;
    if (size < ARORA_BLOCK_SMALLEST_) size = ARORA_BLOCK_SMALLEST_;
    block = arora_find_block_(size);
    if (block == NULL) {
        if (!arora_grow_(size)) return NULL;
        block = arora_find_block_(size);
        if (block == NULL) return NULL;
    }
    arora_unlist_(block);
    rest = block->size - size;
    block->size |= 1u; /* before the rest is released, or the two would be merged again */
    if (rest >= ARORA_BLOCK_SMALLEST_) {
        arora_block_ *remainder = arora_block_at_((uint32_t)(uintptr_t)block + size);
        block->size = size | 1u;
        remainder->previous = size;
        arora_release_(remainder, rest);
    }
    return (uint8_t *)block + ARORA_BLOCK_HEADER_;
}

void arora_buffer_free(uint8_t *buffer) {
    arora_block_ *block;
    if (buffer == NULL || buffer == arora_out_of_memory) return;
    block = (arora_block_ *)(uintptr_t)(buffer - ARORA_BLOCK_HEADER_);
    arora_release_(block, arora_block_size_(block));
}

#ifndef ARORA_NO_MEMORY_FUNCTIONS
/*
 * Compilers turn loops and assignments into calls of these four even without a libc. They are weak, so
 * that any other definition takes precedence, and must not be compiled into calls of themselves.
 */
#define ARORA_WEAK_ ARORA_EXTERN_C __attribute__((weak))
#define ARORA_AS_WRITTEN_ __attribute__((no_builtin))

ARORA_WEAK_ void *memcpy(void *to, const void *from, size_t size);
ARORA_WEAK_ void *memmove(void *to, const void *from, size_t size);
ARORA_WEAK_ void *memset(void *to, int byte, size_t size);
ARORA_WEAK_ int memcmp(const void *a, const void *b, size_t size);

/* Eight bytes at any address. wasm allows unaligned access, which saves seven of eight steps of a copy. */
typedef uint64_t arora_word_ __attribute__((aligned(1), may_alias));

ARORA_AS_WRITTEN_ void *memcpy(void *to, const void *from, size_t size) {
    uint8_t *t = (uint8_t *)to;
    const uint8_t *f = (const uint8_t *)from;
    for (; size >= 8; size -= 8, t += 8, f += 8) *(arora_word_ *)t = *(const arora_word_ *)f;
    while (size-- > 0) *t++ = *f++;
    return to;
}

ARORA_AS_WRITTEN_ void *memmove(void *to, const void *from, size_t size) {
    uint8_t *t = (uint8_t *)to;
    const uint8_t *f = (const uint8_t *)from;
    if ((uintptr_t)t - (uintptr_t)f >= size) {
        while (size-- > 0) *t++ = *f++;
    } else {
        while (size-- > 0) t[size] = f[size];
    }
    return to;
}

ARORA_AS_WRITTEN_ void *memset(void *to, int byte, size_t size) {
    uint8_t *t = (uint8_t *)to;
    while (size-- > 0) *t++ = (uint8_t)byte;
    return to;
}

ARORA_AS_WRITTEN_ int memcmp(const void *a, const void *b, size_t size) {
    const uint8_t *left = (const uint8_t *)a, *right = (const uint8_t *)b;
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
#endif /* ARORA_NO_MEMORY_FUNCTIONS */

#if defined(__cplusplus) && !defined(ARORA_NO_INITIALIZE)
/* Run the constructors of global objects once. Without this function the linker would run them at the
 * start of every exported function. */
extern "C" void __wasm_call_ctors(void);
ARORA_EXPORT("_initialize") void _initialize(void);
void _initialize(void) {
    __wasm_call_ctors();
}
#endif

#endif /* ARORA_HAS_LIBC */

#endif /* ARORA_IMPLEMENTATION */

#ifdef ARORA_COMPONENT
#include "arora_component.h"
#endif
