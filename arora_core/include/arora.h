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
 *     3. Words             arora_uuid, arora_string, tags
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
 *     ARORA_HAS_LIBC             1 or 0: whether malloc, free and memcpy exist. Found out when absent
 *     ARORA_NO_MEMORY_FUNCTIONS  do not emit memcpy, memmove, memset and memcmp (wasm without libc)
 *     ARORA_NO_INITIALIZE        do not emit _initialize (C++ on wasm without libc)
 *     ARORA_MAX_NESTING          how deep arora_skip follows nested values (default 64)
 *
 * The wire format and the guest contract are written down in docs/ABI.md.
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

/* Marks a declaration as exported under `name`, a string literal equal to its C name. */
#if defined(__wasm__)
#define ARORA_EXPORT(name) ARORA_EXTERN_C __attribute__((export_name(name)))
#elif defined(_WIN32)
#define ARORA_EXPORT(name) ARORA_EXTERN_C __declspec(dllexport)
#else
#define ARORA_EXPORT(name) ARORA_EXTERN_C __attribute__((visibility("default")))
#endif

/*
 * Opens the definition of an exported function. `id` is its UUID in lower case with underscores for
 * hyphens. The body sees `argument`, the argument buffer (the caller keeps it), and returns a result
 * buffer: from arora_result_end, arora_result_<type>, arora_result_unit or arora_error.
 */
#define ARORA_FUNCTION(id)                                                                           \
    ARORA_EXPORT("arora_function_" #id) uint8_t *arora_function_##id(const uint8_t *argument);       \
    uint8_t *arora_function_##id(const uint8_t *argument ARORA_MAYBE_UNUSED_)

/* Shared by the source files of one module, and by nobody else in the process. */
#if defined(_WIN32)
#define ARORA_INTERNAL_ ARORA_EXTERN_C
#else
#define ARORA_INTERNAL_ ARORA_EXTERN_C __attribute__((visibility("hidden")))
#endif

/* Returns memory for a buffer of `size` bytes, 8-byte aligned and with 8 readable bytes behind it, or
 * NULL when there is none left. */
ARORA_EXPORT("arora_buffer_alloc") uint8_t *arora_buffer_alloc(uint32_t size);

/* Gives back what arora_buffer_alloc returned. NULL is allowed. */
ARORA_EXPORT("arora_buffer_free") void arora_buffer_free(uint8_t *buffer);

/* A ready error buffer, for when there is no memory to build one. arora_buffer_free ignores it. */
ARORA_INTERNAL_ uint8_t arora_out_of_memory[];

/* ---- 3. Words ----------------------------------------------------------------------------------- */

/* A UUID as its 16 bytes in the order they are written. */
typedef struct arora_uuid {
    uint8_t bytes[16];
} arora_uuid;

#define ARORA_BYTE_(number, shift) ((uint8_t)(((uint64_t)(number) >> (shift)) & 0xff))

/*
 * Initialises an arora_uuid from the five groups of its text form:
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

/* Returns whether two UUIDs are the same. */
static inline bool arora_uuid_equal(const arora_uuid *a, const arora_uuid *b) {
    uint64_t left[2], right[2];
    ARORA_COPY_(left, a->bytes, sizeof left);
    ARORA_COPY_(right, b->bytes, sizeof right);
    return left[0] == right[0] && left[1] == right[1];
}

/* UTF-8 text that lives elsewhere: `size` bytes at `data`, without a terminator. */
typedef struct arora_string {
    const char *data;
    uint32_t size;
} arora_string;

/* Returns the view of a C string. */
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

/* Returns whether two texts have the same bytes. */
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
    ARORA_INVALID = 255 /* never on the wire: what arora_peek returns when there is nothing to see */
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

/* Returns the bytes one number or boolean of that tag takes, 0 for every other tag. */
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

/* Returns the zero bytes between an array's count, which ends at `offset`, and its first number. An
 * aligned offset is padded by 8, not by 0: that is the format, not a mistake. */
static inline uint32_t arora_padding(uint32_t offset) {
    return 8 - offset % 8;
}

/* ---- 4. Reader ---------------------------------------------------------------------------------- */

/*
 * A cursor over one buffer. Reads advance it and never leave the buffer. The first failure is kept
 * (latched): every later read returns zero, NULL or an empty text, and counts come out as 0. So read
 * everything first and ask arora_failed once. Copying a reader is how to look ahead.
 *
 * Texts and arrays point into the buffer: they live as long as it does.
 */
typedef struct arora_reader {
    const uint8_t *buffer;
    uint32_t size;         /* of the whole buffer */
    uint32_t position;     /* of the next byte to read, from the start of the buffer */
    uint32_t error_offset; /* where the first failure happened */
    bool absent;           /* the field looked for is not there */
    arora_string error;    /* data is NULL while all is well */
} arora_reader;

/* Returns whether a read has failed, or the field is absent. */
static inline bool arora_failed(const arora_reader *reader) {
    return reader->error.data != NULL;
}

/* Returns whether arora_find_field found no such field in a sound structure. */
static inline bool arora_is_absent(const arora_reader *reader) {
    return reader->absent;
}

/* Latches a failure with the position it happened at; the first one stays. Useful to report a value
 * that is well formed but not acceptable. `message` must outlive the reader. */
static inline void arora_fail(arora_reader *reader, const char *message) {
    if (arora_failed(reader)) return;
    reader->error = arora_text(message);
    reader->error_offset = reader->position;
}

/* Returns a reader at the value of a buffer of which `available` bytes exist. It has failed when the
 * size prefix says anything else. */
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

/* Returns a reader at the value of a buffer whose size prefix is to be believed: an argument, or the
 * answer of a dispatch. */
static inline arora_reader arora_reader_open(const uint8_t *buffer) {
    uint32_t size = 0;
    if (buffer != NULL) ARORA_COPY_(&size, buffer, 4);
    return arora_reader_sized(buffer, size);
}

/* Returns the bytes left after the cursor; 0 after a failure. */
static inline uint32_t arora_remaining(const arora_reader *reader) {
    return arora_failed(reader) ? 0 : reader->size - reader->position;
}

/* Returns whether everything was read without failure; bytes left over are a failure. */
static inline bool arora_reader_finish(arora_reader *reader) {
    if (!arora_failed(reader) && reader->position != reader->size) {
        arora_fail(reader, "expected nothing after the value");
    }
    return !arora_failed(reader);
}

/* Returns `count` bytes and steps over them, or NULL when there are fewer. */
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

/* Returns a count of things that take at least `smallest` bytes each. A count that cannot fit fails
 * here, so that nobody loops or allocates on a hostile one. */
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

/* Returns whether the bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
static inline bool arora_is_utf8(const uint8_t *bytes, uint32_t size) {
    uint32_t i = 0;
    while (i < size) {
        uint8_t lead = bytes[i++];
        uint32_t follow;
        uint8_t low = 0x80, high = 0xbf; /* what the first continuation byte may be */
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

/* Returns the tag of the next value without stepping over it; ARORA_INVALID after a failure or at the
 * end of the buffer. */
static inline uint8_t arora_peek(const arora_reader *reader) {
    return arora_remaining(reader) == 0 ? (uint8_t)ARORA_INVALID : reader->buffer[reader->position];
}

/* Steps over a unit. */
static inline void arora_read_unit(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_UNIT, "expected a unit");
}

/* Returns a boolean; any byte but zero is true. */
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

/* Returns a text in place. Its bytes are checked to be UTF-8. */
static inline arora_string arora_read_string(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_STRING, "expected a string");
    return arora_take_string_(reader);
}

/* Returns a UUID. */
static inline arora_uuid arora_read_uuid(arora_reader *reader) {
    (void)arora_expect_(reader, ARORA_UUID_VALUE, "expected a uuid");
    return arora_take_uuid_(reader);
}

/* Returns whether the option holds something; when true, the value comes next. */
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

/* Returns a field count; the start of each element of an array of structures. */
static inline uint32_t arora_read_field_count(arora_reader *reader) {
    return arora_take_count_(reader, 16 + 1);
}

/* Returns the start of a structure. */
static inline arora_structure arora_read_structure(arora_reader *reader) {
    arora_structure structure;
    (void)arora_expect_(reader, ARORA_STRUCTURE, "expected a structure");
    structure.type = arora_take_uuid_(reader);
    structure.count = arora_read_field_count(reader);
    return structure;
}

/* Returns the id of the next field of a structure; its value comes next. */
static inline arora_uuid arora_read_field(arora_reader *reader) {
    return arora_take_uuid_(reader);
}

/* The start of an enumeration: the variant's value follows, a unit when it carries none. */
typedef struct arora_enumeration {
    arora_uuid type;
    arora_uuid variant;
} arora_enumeration;

/* Returns the start of an enumeration. */
static inline arora_enumeration arora_read_enumeration(arora_reader *reader) {
    arora_enumeration enumeration;
    (void)arora_expect_(reader, ARORA_ENUMERATION, "expected an enumeration");
    enumeration.type = arora_take_uuid_(reader);
    enumeration.variant = arora_take_uuid_(reader);
    return enumeration;
}

/* Returns the variant id that starts each element of an array of enumerations; its value comes next. */
static inline arora_uuid arora_read_variant(arora_reader *reader) {
    return arora_take_uuid_(reader);
}

/* The start of a map: `count` entries (arora_read_entry), each with a value behind it, follow. */
typedef struct arora_map {
    arora_uuid id;
    uint32_t count;
} arora_map;

/* The start of a map's entry; its value comes next. */
typedef struct arora_entry {
    arora_string key;
    arora_uuid id;
} arora_entry;

/* Returns the start of a map. */
static inline arora_map arora_read_map(arora_reader *reader) {
    arora_map map;
    (void)arora_expect_(reader, ARORA_MAP, "expected a map");
    map.id = arora_take_uuid_(reader);
    map.count = arora_take_count_(reader, 4 + 16 + 1);
    return map;
}

/* Returns the start of the next entry of a map. */
static inline arora_entry arora_read_entry(arora_reader *reader) {
    arora_entry entry;
    entry.key = arora_take_string_(reader);
    entry.id = arora_take_uuid_(reader);
    return entry;
}

/*
 * The start of an array. By `element_tag`, what follows `count` times:
 *     numbers, booleans   nothing: they are at `numbers`, and the reader is behind them already
 *     ARORA_STRING        arora_read_string_element
 *     ARORA_STRUCTURE     arora_read_field_count, then that many fields; all are of type `type`
 *     ARORA_ENUMERATION   arora_read_variant, then its value; all are of type `type`
 *     ARORA_DYNAMIC       a whole value, read as any other
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

/* Returns the start of an array of any kind. */
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

/* Returns one element of an array of strings, in place. */
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

/* Returns the booleans of an array in place, a byte each (any byte but zero is true). */
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

/* Steps over one whole value, checking all of it. A value inside more than ARORA_MAX_NESTING others
 * is a failure. */
static inline void arora_skip(arora_reader *reader) {
    arora_skip_nested_(reader, 0);
}

/*
 * Returns a reader at the value of a field of the structure that `structure` stands at, which itself
 * does not move: fields may come in any order, and be left out. When the field is not there the
 * reader returned is absent (arora_is_absent), which counts as failed; when the structure is
 * malformed it has failed and is not absent.
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

/* Returns a reader at a function's arguments: a structure whose fields are the parameters by id. Look
 * each one up with arora_find_field. */
static inline arora_reader arora_arguments(const uint8_t *argument) {
    arora_reader reader = arora_reader_open(argument);
    if (arora_peek(&reader) != ARORA_STRUCTURE) arora_fail(&reader, "expected a structure of arguments");
    return reader;
}

/* ---- 5. Writer ---------------------------------------------------------------------------------- */

/*
 * Builds one buffer, growing as needed. When memory runs out, or the buffer would pass 4 GiB, the
 * failure is kept and later writes do nothing: ask once, at the end.
 */
typedef struct arora_writer {
    uint8_t *buffer; /* NULL after a failure */
    uint32_t size;
    uint32_t capacity;
} arora_writer;

/* Where a count or a length was written, for arora_patch_count and arora_end_string. */
typedef uint32_t arora_mark;

/* Returns a writer with room for `capacity` bytes to start with (0 when there is no telling). */
static inline arora_writer arora_writer_begin(uint32_t capacity) {
    arora_writer writer;
    writer.capacity = capacity < 64 ? 64 : capacity;
    writer.buffer = arora_buffer_alloc(writer.capacity);
    writer.size = 4; /* the size prefix, written at the end */
    return writer;
}

/* Gives the memory of an unfinished writer back, and leaves it failed. */
static inline void arora_writer_abandon(arora_writer *writer) {
    arora_buffer_free(writer->buffer);
    writer->buffer = NULL;
}

/* Returns the finished buffer, which the caller owns, or NULL when memory ran out. */
static inline uint8_t *arora_writer_finish(arora_writer *writer) {
    uint8_t *buffer = writer->buffer;
    if (buffer != NULL) ARORA_COPY_(buffer, &writer->size, 4);
    writer->buffer = NULL;
    return buffer;
}

/* Returns room for `count` more bytes, or NULL. */
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

/* Appends bytes as they are: the pieces of a text between arora_begin_string and arora_end_string, or
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

/* Replaces a count written earlier: write 0 first, count while writing, then patch. */
static inline void arora_patch_count(arora_writer *writer, arora_mark mark, uint32_t count) {
    if (writer->buffer != NULL) ARORA_COPY_(writer->buffer + mark, &count, 4);
}

/* Writes a unit. */
static inline void arora_write_unit(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_UNIT);
}

/* Writes a boolean. */
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

/* Writes one element of an array of strings. The text must be UTF-8. */
static inline void arora_write_string_element(arora_writer *writer, arora_string text) {
    (void)arora_append_count_(writer, text.size);
    arora_append(writer, text.data, text.size);
}

/* Writes a string. The text must be UTF-8. */
static inline void arora_write_string(arora_writer *writer, arora_string text) {
    arora_append_byte_(writer, ARORA_STRING);
    arora_write_string_element(writer, text);
}

/* Starts a string made of pieces: append them, then arora_end_string with the mark returned here. */
static inline arora_mark arora_begin_string(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_STRING);
    return arora_append_count_(writer, 0);
}

/* Appends a piece of text to an open string or error. */
static inline void arora_append_string(arora_writer *writer, arora_string text) {
    arora_append(writer, text.data, text.size);
}

/* Appends a C string to an open string or error. */
static inline void arora_append_text(arora_writer *writer, const char *text) {
    arora_append_string(writer, arora_text(text));
}

/* Appends a number in decimal digits to an open string or error. */
static inline void arora_append_decimal(arora_writer *writer, uint64_t number) {
    char digits[20];
    uint32_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    arora_append(writer, digits + start, (uint32_t)sizeof digits - start);
}

/* Ends a string or an error made of pieces. */
static inline void arora_end_string(arora_writer *writer, arora_mark mark) {
    arora_patch_count(writer, mark, writer->size - mark - 4);
}

/* Writes a UUID. */
static inline void arora_write_uuid(arora_writer *writer, const arora_uuid *uuid) {
    arora_append_byte_(writer, ARORA_UUID_VALUE);
    arora_append_uuid_(writer, uuid);
}

/* Writes an empty option. */
static inline void arora_write_none(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_OPTION);
    arora_append_byte_(writer, 0);
}

/* Starts an option that holds something; write the value next. */
static inline void arora_write_some(arora_writer *writer) {
    arora_append_byte_(writer, ARORA_OPTION);
    arora_append_byte_(writer, 1);
}

/* Writes the field count that starts each element of an array of structures. Returns its mark. */
static inline arora_mark arora_write_field_count(arora_writer *writer, uint32_t count) {
    return arora_append_count_(writer, count);
}

/* Starts a structure of `count` fields: arora_write_field and a value, for each. Returns the mark of
 * the count. */
static inline arora_mark arora_write_structure(arora_writer *writer, const arora_uuid *type,
                                               uint32_t count) {
    arora_append_byte_(writer, ARORA_STRUCTURE);
    arora_append_uuid_(writer, type);
    return arora_write_field_count(writer, count);
}

/* Starts a field of a structure, or a mutated parameter of a result; write its value next. */
static inline void arora_write_field(arora_writer *writer, const arora_uuid *id) {
    arora_append_uuid_(writer, id);
}

/* Starts an enumeration; write the variant's value next, a unit when it carries none. */
static inline void arora_write_enumeration(arora_writer *writer, const arora_uuid *type,
                                           const arora_uuid *variant) {
    arora_append_byte_(writer, ARORA_ENUMERATION);
    arora_append_uuid_(writer, type);
    arora_append_uuid_(writer, variant);
}

/* Starts an element of an array of enumerations; write the variant's value next. */
static inline void arora_write_variant(arora_writer *writer, const arora_uuid *variant) {
    arora_append_uuid_(writer, variant);
}

/* Starts a map of `count` entries: arora_write_entry and a value, for each, in ascending order of the
 * bytes of their keys. Returns the mark of the count. */
static inline arora_mark arora_write_map(arora_writer *writer, const arora_uuid *id, uint32_t count) {
    arora_append_byte_(writer, ARORA_MAP);
    arora_append_uuid_(writer, id);
    return arora_append_count_(writer, count);
}

/* Starts an entry of a map; write its value next, a unit when the key has none. */
static inline void arora_write_entry(arora_writer *writer, arora_string key, const arora_uuid *id) {
    arora_write_string_element(writer, key);
    arora_append_uuid_(writer, id);
}

static inline arora_mark arora_write_array_(arora_writer *writer, uint8_t element_tag, uint32_t count) {
    arora_append_byte_(writer, ARORA_ARRAY);
    arora_append_byte_(writer, element_tag);
    return arora_append_count_(writer, count);
}

/* Starts an array of `count` strings (arora_write_string_element). Returns the mark of the count. */
static inline arora_mark arora_write_strings(arora_writer *writer, uint32_t count) {
    return arora_write_array_(writer, ARORA_STRING, count);
}

/* Starts an array of `count` structures of one type: arora_write_field_count, then the fields, for
 * each. Returns the mark of the count. */
static inline arora_mark arora_write_structures(arora_writer *writer, const arora_uuid *type,
                                                uint32_t count) {
    arora_mark mark = arora_write_array_(writer, ARORA_STRUCTURE, count);
    arora_append_uuid_(writer, type);
    return mark;
}

/* Starts an array of `count` enumerations of one type: arora_write_variant and a value, for each.
 * Returns the mark of the count. */
static inline arora_mark arora_write_enumerations(arora_writer *writer, const arora_uuid *type,
                                                  uint32_t count) {
    arora_mark mark = arora_write_array_(writer, ARORA_ENUMERATION, count);
    arora_append_uuid_(writer, type);
    return mark;
}

/* Starts an array of `count` values of any type. Returns the mark of the count. */
static inline arora_mark arora_write_dynamics(arora_writer *writer, uint32_t count) {
    return arora_write_array_(writer, ARORA_DYNAMIC, count);
}

/* Starts an array of numbers or booleans of a count yet unknown: arora_append each number's bytes,
 * then arora_patch_count with the mark returned here. */
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
 * arora_reserve_u8s, ..., arora_reserve_f64s write an array and return its `count` numbers to be
 * filled in, saving a copy: valid until the next write, NULL when memory ran out.
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

/* Writes an array of booleans, given as a byte each. */
static inline void arora_write_booleans(arora_writer *writer, const uint8_t *booleans, uint32_t count) {
    uint8_t *room = (uint8_t *)arora_reserve_numbers_(writer, ARORA_BOOLEAN, count);
    if (room == NULL) return;
    for (uint32_t i = 0; i < count; i++) room[i] = booleans[i] != 0;
}

/* ---- 6. Results --------------------------------------------------------------------------------- */

/*
 * Starts the result of `function`: write the return value next (a unit when there is none), then for
 * each of its `mutated` mutable parameters arora_write_field and the value.
 */
static inline arora_writer arora_result_begin(const arora_uuid *function, uint32_t mutated) {
    arora_writer writer = arora_writer_begin(0);
    (void)arora_write_structure(&writer, function, 1 + mutated);
    arora_write_field(&writer, function);
    return writer;
}

/* Returns the finished result buffer; an "out of memory" error buffer when memory ran out. */
static inline uint8_t *arora_result_end(arora_writer *writer) {
    uint8_t *buffer = arora_writer_finish(writer);
    return buffer != NULL ? buffer : arora_out_of_memory;
}

/* Returns the result of a function that returns nothing. */
static inline uint8_t *arora_result_unit(const arora_uuid *function) {
    arora_writer writer = arora_result_begin(function, 0);
    arora_write_unit(&writer);
    return arora_result_end(&writer);
}

/* Returns the result of a function that returns a boolean. */
static inline uint8_t *arora_result_boolean(const arora_uuid *function, bool value) {
    arora_writer writer = arora_result_begin(function, 0);
    arora_write_boolean(&writer, value);
    return arora_result_end(&writer);
}

/* Returns the result of a function that returns a string. */
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

/* Starts an error buffer whose message is made of pieces: append them, then arora_error_end. The mark
 * goes to `*mark`. */
static inline arora_writer arora_error_begin(arora_mark *mark) {
    arora_writer writer = arora_writer_begin(0);
    arora_append_byte_(&writer, ARORA_ERROR);
    *mark = arora_append_count_(&writer, 0);
    return writer;
}

/* Returns the finished error buffer. */
static inline uint8_t *arora_error_end(arora_writer *writer, arora_mark mark) {
    arora_end_string(writer, mark);
    return arora_result_end(writer);
}

/* Returns an error buffer: the function failed in an orderly way. The message must be UTF-8. */
static inline uint8_t *arora_error_string(arora_string message) {
    arora_mark mark;
    arora_writer writer = arora_error_begin(&mark);
    arora_append_string(&writer, message);
    return arora_error_end(&writer, mark);
}

/* Returns an error buffer with the message of a C string. */
static inline uint8_t *arora_error(const char *message) {
    return arora_error_string(arora_text(message));
}

/* Returns an error buffer that says why reading `what` (a parameter's name, say) failed. */
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
 * Reading an answer. Each of these returns a reader that has failed, with the message of the callee,
 * when the answer is an error buffer, and with a message of its own when the answer is malformed. The
 * message lives as long as the answer.
 */

/* Returns a reader at the plain value an indirect dispatch answered. */
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

/* Returns a reader at the return value of a dispatch's answer. */
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

/* Returns a reader at a mutated parameter of a dispatch's answer; absent when it is not there. */
static inline arora_reader arora_answer_mutated(const uint8_t *answer, const arora_uuid *parameter) {
    arora_reader reader = arora_answer_value(answer);
    return arora_find_field(&reader, parameter);
}

/* Starts the argument buffer of a dispatch: arora_write_field and a value, for each of `count`
 * arguments, then arora_writer_finish. */
static inline arora_writer arora_arguments_begin(const arora_uuid *function, uint32_t count) {
    arora_writer writer = arora_writer_begin(0);
    (void)arora_write_structure(&writer, function, count);
    return writer;
}

#ifdef ARORA_USES_DISPATCH

typedef uint8_t *(*arora_dispatch_function)(const uint8_t *module, const uint8_t *function,
                                            const uint8_t *argument);
typedef uint8_t *(*arora_dispatch_indirect_function)(uint64_t callable);

#if defined(__wasm__)
/* A wasm module imports only what it calls: declaring these costs nothing. */
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
 * Calls `function` of another loaded module. `argument` comes from arora_writer_finish; it is given
 * back here, and NULL (memory ran out) is allowed. Returns the answer, never NULL: read it with
 * arora_answer_return and arora_answer_mutated, then arora_buffer_free it. Whatever went wrong, the
 * answer is an error buffer.
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

/* Calls what the host registered as `callable`. Returns the answer, never NULL: read it with
 * arora_answer_value, then arora_buffer_free it. */
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

/* Outside the guard: another header may have included this one before the macro was defined. */

#if defined(ARORA_IMPLEMENTATION) && !defined(ARORA_IMPLEMENTED_)
#define ARORA_IMPLEMENTED_

uint8_t arora_out_of_memory[] = {22,  0,   0,   0,   ARORA_ERROR, 13,  0,   0,   0,   'o', 'u',
                                 't', ' ', 'o', 'f', ' ',         'm', 'e', 'm', 'o', 'r', 'y'};

#if defined(ARORA_USES_DISPATCH) && !defined(__wasm__)
arora_dispatch_function arora_dispatch_fn = NULL;
arora_dispatch_indirect_function arora_dispatch_indirect_fn = NULL;
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
 * The allocator. Memory is cut into blocks that lie back to back; each starts with its own size and
 * that of the block before it, so that freeing can join neighbours at once. Free blocks are listed by
 * size class: class c holds the sizes from 2^c up to, not including, 2^(c+1). A stretch of memory
 * ends with a used block of no payload, which stops the joining. Only memory this allocator asked
 * for with memory.grow is used: it gets along with any other allocator in the same module.
 */
typedef struct arora_block_ {
    uint32_t previous; /* size of the block before; 0 for the first of a stretch */
    uint32_t size;     /* header included, a multiple of 8; the lowest bit is set while in use */
    struct arora_block_ *next_free; /* this and the next overlap the payload: only while free */
    struct arora_block_ *previous_free;
} arora_block_;

#define ARORA_BLOCK_HEADER_ 8u
#define ARORA_BLOCK_SMALLEST_ 16u
#define ARORA_PAGE_ 65536u

static arora_block_ *arora_free_blocks_[32];
static uint32_t arora_free_classes_; /* bit c is set while class c has a block */
static uint32_t arora_heap_end_;     /* where the last stretch ends */

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

/* Makes `size` bytes at `block` a free block, joined with the free blocks around it. */
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

/* Returns a free block of at least `size` bytes, or NULL. */
static arora_block_ *arora_find_block_(uint32_t size) {
    uint32_t c = arora_size_class_(size);
    uint32_t larger = arora_free_classes_ & ~((2u << c) - 1u);
    arora_block_ *block = arora_free_blocks_[c];
    while (block != NULL && block->size < size) block = block->next_free;
    if (block == NULL && larger != 0) block = arora_free_blocks_[__builtin_ctz(larger)];
    return block;
}

/* Asks for enough memory for a block of `size` bytes. Returns whether there was any. */
static bool arora_grow_(uint32_t size) {
    uint32_t pages = (size + 2 * ARORA_BLOCK_HEADER_ + ARORA_PAGE_ - 1) / ARORA_PAGE_;
    size_t first_page = __builtin_wasm_memory_grow(0, pages);
    uint32_t start, end;
    arora_block_ *block;
    if (first_page == (size_t)-1) return false;
    start = (uint32_t)first_page * ARORA_PAGE_;
    end = start + pages * ARORA_PAGE_;
    if (end == 0) end -= ARORA_BLOCK_HEADER_; /* the last page there can be: 2^32 does not fit */
    if (start == arora_heap_end_) {
        /* The new memory follows the last stretch, whose end block becomes its first. */
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
    if (size > 0x7fffffffu) return NULL; /* more than the sums below can hold */
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
    block->size |= 1u; /* before the rest is released, or the two would be joined again */
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
 * Compilers turn loops and assignments into calls of these four even when there is no libc. They are
 * weak, so any other definition wins, and must not be compiled into calls of themselves.
 */
#define ARORA_WEAK_ ARORA_EXTERN_C __attribute__((weak))
#define ARORA_AS_WRITTEN_ __attribute__((no_builtin))

ARORA_WEAK_ void *memcpy(void *to, const void *from, size_t size);
ARORA_WEAK_ void *memmove(void *to, const void *from, size_t size);
ARORA_WEAK_ void *memset(void *to, int byte, size_t size);
ARORA_WEAK_ int memcmp(const void *a, const void *b, size_t size);

/* Eight bytes at any address; wasm allows it, and it makes long copies eight times shorter. */
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
/* Runs the constructors of global objects, once. Without it the linker would run them again at the
 * start of every exported function. */
extern "C" void __wasm_call_ctors(void);
ARORA_EXPORT("_initialize") void _initialize(void);
void _initialize(void) {
    __wasm_call_ctors();
}
#endif

#endif /* ARORA_HAS_LIBC */

#endif /* ARORA_IMPLEMENTATION */
