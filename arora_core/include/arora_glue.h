/*
 * arora_glue.h: what the glue that `arora generate --language c` writes has in common. Authors do not include it.
 *
 * The glue describes each type of the module in a table: what it is on the wire, and where its parts are in the C type.
 * The functions here move values between buffers and C by these tables. One source file of a module includes this
 * header, the glue; it emits the exported functions of arora.h as well.
 *
 * Contents, in order:
 *     1. Memory       the arena, and text in it
 *     2. Tables       types, members and functions
 *     3. Maps         their order
 *     4. Decoding     bytes -> C
 *     5. Encoding     C -> bytes
 *     6. Kinds        how values of each kind of type are read and written, and tables of types
 *     7. Calls        exported functions, imported functions, callables
 */
#ifndef ARORA_GLUE_H
#define ARORA_GLUE_H

#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora_values.h"

#include <stdarg.h>

/* One copy of what is used in many places keeps modules small. */
#if defined(__GNUC__) || defined(__clang__)
#define ARORA_APART_ __attribute__((noinline)) static
#else
#define ARORA_APART_ static
#endif

/* ---- 1. Memory ---------------------------------------------------------------------------------- */

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

/* Text that is written or, while `to` is NULL, only measured. */
typedef struct arora_text_ {
    char *to;
    size_t size;
} arora_text_;

ARORA_APART_ void arora_put_text_(arora_text_ *text, const char *piece, size_t size) {
    if (text->to != NULL && size > 0) ARORA_COPY_(text->to + text->size, piece, size);
    text->size += size;
}

ARORA_APART_ void arora_put_number_(arora_text_ *text, uint64_t number, uint32_t base, uint32_t fewest) {
    char digits[20];
    uint32_t start = sizeof digits;
    while (number != 0 || sizeof digits - start < fewest) {
        digits[--start] = "0123456789abcdef"[number % base];
        number /= base;
    }
    arora_put_text_(text, digits + start, sizeof digits - start);
}

static void arora_put_fraction_(arora_text_ *text, double number, uint32_t digits) {
    uint64_t scale = 1, whole, fraction;
    uint32_t exponent = 0;
    if (number < 0) {
        arora_put_text_(text, "-", 1);
        number = -number;
    }
    if (!(number <= 1.7976931348623157e308)) {
        arora_put_text_(text, number > 0 ? "inf" : "nan", 3);
        return;
    }
    for (; number >= 1e18; exponent++) number /= 10;
    for (uint32_t i = 0; i < digits; i++) scale *= 10;
    whole = (uint64_t)number;
    fraction = (uint64_t)((number - (double)whole) * (double)scale + 0.5);
    if (fraction >= scale) {
        whole++;
        fraction -= scale;
    }
    arora_put_number_(text, whole, 10, 1);
    if (digits > 0) {
        arora_put_text_(text, ".", 1);
        arora_put_number_(text, fraction, 10, digits);
    }
    if (exponent > 0) {
        arora_put_text_(text, "e", 1);
        arora_put_number_(text, exponent, 10, 1);
    }
}

static void arora_put_integer_(arora_text_ *text, int64_t number) {
    if (number < 0) arora_put_text_(text, "-", 1);
    arora_put_number_(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, 1);
}

static size_t arora_length_(const char *text, size_t most) {
    size_t size = 0;
    while (size < most && text[size] != '\0') size++;
    return size;
}

/* Write one conversion, which starts after its percent sign. Return what follows it, or NULL if it is unknown. */
static const char *arora_put_conversion_(arora_text_ *text, const char *format, va_list *arguments) {
    size_t precision = SIZE_MAX;
    int longs = 0;
    if (*format == '.') {
        format++;
        if (*format == '*') {
            int given = va_arg(*arguments, int);
            precision = given < 0 ? SIZE_MAX : (size_t)given;
            format++;
        } else {
            for (precision = 0; *format >= '0' && *format <= '9'; format++) {
                precision = precision * 10 + (size_t)(*format - '0');
            }
        }
    }
    for (;; format++) {
        if (*format == 'l') longs += sizeof(long) == 8 ? 2 : 1;
        else if (*format == 'z') longs += sizeof(size_t) == 8 ? 2 : 1;
        else if (*format == 'j') longs += 2;
        else if (*format != 'h') break;
    }
    switch (*format) {
    case '%': arora_put_text_(text, "%", 1); break;
    case 'c': {
        char character = (char)va_arg(*arguments, int);
        arora_put_text_(text, &character, 1);
        break;
    }
    case 's': {
        const char *piece = va_arg(*arguments, const char *);
        arora_put_text_(text, piece, arora_length_(piece, precision));
        break;
    }
    case 'd':
    case 'i': arora_put_integer_(text, longs > 1 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int)); break;
    case 'u':
    case 'x': {
        uint64_t number = longs > 1 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        arora_put_number_(text, number, *format == 'x' ? 16 : 10, 1);
        break;
    }
    case 'f':
        if (precision == SIZE_MAX) precision = 6;
        arora_put_fraction_(text, va_arg(*arguments, double), precision < 9 ? (uint32_t)precision : 9);
        break;
    default: return NULL;
    }
    return format + 1;
}

static void arora_put_formatted_(arora_text_ *text, const char *format, va_list *arguments) {
    while (*format != '\0') {
        size_t plain = 0;
        const char *after;
        while (format[plain] != '\0' && format[plain] != '%') plain++;
        arora_put_text_(text, format, plain);
        format += plain;
        if (*format == '\0') break;
        after = arora_put_conversion_(text, format + 1, arguments);
        if (after == NULL) { /* whose arguments are unknown, and with them where the next ones are */
            arora_put_text_(text, format, arora_length_(format, SIZE_MAX));
            break;
        }
        format = after;
    }
}

const char *arora_format(arora_arena *arena, const char *format, ...) {
    arora_text_ text = {NULL, 0};
    va_list arguments;
    va_start(arguments, format);
    arora_put_formatted_(&text, format, &arguments);
    va_end(arguments);
    text.to = (char *)arora_allocate(arena, text.size + 1, 1);
    if (text.to == NULL) return ARORA_NO_MEMORY;
    text.size = 0;
    va_start(arguments, format);
    arora_put_formatted_(&text, format, &arguments);
    va_end(arguments);
    return text.to;
}

/* ---- 2. Tables ---------------------------------------------------------------------------------- */

typedef struct arora_type_ arora_type_;
typedef struct arora_decoding_ arora_decoding_;
typedef struct arora_encoding_ arora_encoding_;

/* Read a value to where `to` has room for its C type, all zeros. Return whether it could be read. */
typedef bool arora_decoder_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth);

/* Write a value whose C type is at `from`. Return whether it could be written. */
typedef bool arora_encoder_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth);

/* How values of one kind are read and written. A module contains the code for the kinds that it uses. */
typedef struct arora_codec_ {
    arora_decoder_ *decode;
    arora_encoder_ *encode;
    arora_decoder_ *decode_item; /* of an array whose element tag says what its items are */
    arora_encoder_ *encode_item;
} arora_codec_;

/* The number of items of an array of any length. */
#define ARORA_ANY_COUNT_ UINT32_MAX

/* A type: how it is read and written, and where in its C type the parts are. */
struct arora_type_ {
    const arora_codec_ *codec;
    const char *name;                    /* what messages call it or, if it is an array, its items */
    const struct arora_type_ *item;      /* of arrays, options, maps and boxes */
    const struct arora_member_ *members; /* of structures and enumerations */
    uint32_t count;                      /* of members; of arrays: of items */
    uint32_t size;                       /* of the C type; of maps: of an entry */
    uint32_t offset;                     /* of options and entries: of the value; of enumerations: the tag's size */
    uint32_t smallest;                   /* of arrays: the fewest bytes that an item takes on the wire */
    uint8_t tag;                         /* of the value; of arrays: of their elements */
    bool optional;                       /* whether a value of zeros is none */
    bool any_id;                         /* of structures: whether they may have another id, and options be missing */
    arora_uuid id;                       /* of structures and enumerations */
};

/* A field of a structure, a variant of an enumeration, or a parameter of a function. */
typedef struct arora_member_ {
    arora_uuid id;
    const char *name;
    const arora_type_ *type;
    size_t offset;
    const uint8_t *fallback; /* the buffer of a parameter's default value, or NULL */
} arora_member_;

/* A function: its arguments and its results are structures, in one C structure, the frame of the call. */
typedef struct arora_function_ {
    const char *name;
    arora_uuid module; /* of an imported function */
    arora_type_ arguments;
    arora_type_ results;
} arora_function_;

/* Return whether an array with that element tag says of what type its items are. */
static bool arora_has_id_(uint8_t element_tag) {
    return element_tag == ARORA_STRUCTURE || element_tag == ARORA_ENUMERATION;
}

typedef char arora_booleans_have_one_byte_[sizeof(bool) == 1 ? 1 : -1];

/* ---- 3. Maps ------------------------------------------------------------------------------------ */

/* Return how the key of one entry of a map compares to that of another: the key is the first member of an entry. */
static int arora_compare_keys_(const void *left, const void *right) {
    arora_string a, b;
    ARORA_COPY_(&a, left, sizeof a);
    ARORA_COPY_(&b, right, sizeof b);
    for (uint32_t i = 0; i < a.size && i < b.size; i++) {
        if (a.data[i] != b.data[i]) return (uint8_t)a.data[i] < (uint8_t)b.data[i] ? -1 : 1;
    }
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

/* Sort pointers to entries; those with the same key keep their order. `spare` has room for as many. Return whichever
 * of the two has them afterwards. */
static const void **arora_sort_(const void **entries, const void **spare, uint32_t count) {
    for (uint64_t width = 1; width < count; width *= 2) {
        const void **swap = entries;
        for (uint64_t start = 0; start < count; start += 2 * width) {
            uint64_t left = start, middle = start + width < count ? start + width : count;
            uint64_t right = middle, end = start + 2 * width < count ? start + 2 * width : count;
            for (uint64_t i = start; i < end; i++) {
                bool from_left =
                    right == end || (left < middle && arora_compare_keys_(entries[left], entries[right]) <= 0);
                spare[i] = entries[from_left ? left++ : right++];
            }
        }
        entries = spare;
        spare = swap;
    }
    return entries;
}

/* Return the entries of a map, each of `size` bytes, in ascending order of their keys; of equal keys, the last. Set
 * `*count` to their number. Return NULL when there is no memory left. */
static const uint8_t *arora_in_order_(arora_arena *arena, const uint8_t *entries, uint32_t size, uint32_t *count) {
    uint32_t ordered = 1, kept = 0;
    const void **sorted;
    uint8_t *copy;
    while (ordered < *count &&
           arora_compare_keys_(entries + (size_t)(ordered - 1) * size, entries + (size_t)ordered * size) < 0) {
        ordered++;
    }
    if (ordered >= *count) return entries;
    sorted = arora_new(arena, const void *, (size_t)*count * 2);
    copy = (uint8_t *)arora_allocate(arena, *count, size);
    if (sorted == NULL || copy == NULL) return NULL;
    for (uint32_t i = 0; i < *count; i++) sorted[i] = entries + (size_t)i * size;
    sorted = arora_sort_(sorted, sorted + *count, *count);
    for (uint32_t i = 0; i < *count; i++) {
        if (i + 1 < *count && arora_compare_keys_(sorted[i], sorted[i + 1]) == 0) continue;
        ARORA_COPY_(copy + (size_t)kept++ * size, sorted[i], size);
    }
    *count = kept;
    return copy;
}

/* ---- 4. Decoding -------------------------------------------------------------------------------- */

struct arora_decoding_ {
    arora_reader reader;
    arora_arena *arena;
    const char *path; /* from the outermost value to the mistake, once there is one */
};

static bool arora_decode_value_(arora_decoding_ *in, arora_value *to, uint32_t depth);

ARORA_APART_ bool arora_refuse_(arora_decoding_ *in, const char *message) {
    arora_fail(&in->reader, message);
    return false;
}

static bool arora_done_(const arora_decoding_ *in) {
    return !arora_failed(&in->reader);
}

/* Read bytes. */
ARORA_APART_ bool arora_get_(arora_decoding_ *in, void *to, uint32_t size) {
    const uint8_t *bytes = arora_take_(&in->reader, size);
    if (bytes != NULL) ARORA_COPY_(to, bytes, size);
    return bytes != NULL;
}

static arora_uuid arora_get_uuid_(arora_decoding_ *in) {
    arora_uuid uuid = ARORA_UUID(0, 0, 0, 0, 0);
    (void)arora_get_(in, &uuid, sizeof uuid);
    return uuid;
}

/* Read a tag, which has to be that of `type`. */
ARORA_APART_ bool arora_get_tag_(arora_decoding_ *in, uint8_t tag, const char *type) {
    if (arora_peek(&in->reader) != tag) return arora_refuse_(in, arora_format(in->arena, "expected %s", type));
    in->reader.position++;
    return true;
}

ARORA_APART_ uint32_t arora_get_count_(arora_decoding_ *in, uint32_t smallest) {
    return arora_take_count_(&in->reader, smallest);
}

/* Read the size and the bytes of a string. */
ARORA_APART_ bool arora_get_text_(arora_decoding_ *in, arora_string *to) {
    *to = arora_take_string_(&in->reader);
    return arora_done_(in);
}

ARORA_APART_ arora_array arora_get_array_(arora_decoding_ *in) {
    return arora_read_array(&in->reader);
}

/* Read the rest of a number, a boolean, a uuid or a unit, after its tag. */
ARORA_APART_ bool arora_get_plain_(arora_decoding_ *in, uint8_t tag, void *to) {
    uint8_t byte = 0;
    if (tag == ARORA_UUID_VALUE) return arora_get_(in, to, sizeof(arora_uuid));
    if (tag != ARORA_BOOLEAN) return arora_get_(in, to, arora_number_width(tag));
    (void)arora_get_(in, &byte, 1);
    *(bool *)to = byte != 0;
    return arora_done_(in);
}

static bool arora_decode_plain_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    (void)depth;
    return arora_get_tag_(in, type->tag, type->name) && arora_get_plain_(in, type->tag, to);
}

static bool arora_decode_text_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    (void)type;
    (void)depth;
    return arora_get_text_(in, (arora_string *)(void *)to);
}

static bool arora_decode_string_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    return arora_get_tag_(in, ARORA_STRING, type->name) && arora_decode_text_(in, type, to, depth);
}

/* Refuse a value that contains others where nothing more may be nested. */
static bool arora_may_nest_(arora_decoding_ *in, uint32_t depth) {
    return depth < ARORA_MAX_NESTING || arora_refuse_(in, "values are nested too deeply");
}

ARORA_APART_ void *arora_room_(arora_decoding_ *in, uint32_t count, size_t size) {
    void *room = arora_allocate(in->arena, count, size);
    if (room == NULL) arora_fail(&in->reader, ARORA_NO_MEMORY);
    return room;
}

/* Add a step to the front of the path to a mistake. */
ARORA_APART_ bool arora_in_member_(arora_arena *arena, const char **path, const char *name) {
    *path = arora_format(arena, ".%s%s", name, *path);
    return false;
}

ARORA_APART_ bool arora_in_item_(arora_arena *arena, const char **path, uint32_t index) {
    *path = arora_format(arena, "[%lu]%s", (unsigned long)index, *path);
    return false;
}

ARORA_APART_ bool arora_in_entry_(arora_arena *arena, const char **path, arora_string key) {
    *path = arora_format(arena, "['%.*s']%s", (int)(key.size < 64 ? key.size : 64), key.data, *path);
    return false;
}

/* Return the index of the member with that id, or the count of members. Look at `likely` first: fields mostly come in
 * the order in which they are declared. */
static uint32_t arora_find_member_(const arora_type_ *type, const arora_uuid *id, uint32_t likely) {
    if (likely < type->count && arora_uuid_equal(&type->members[likely].id, id)) return likely;
    for (uint32_t i = 0; i < type->count; i++) {
        if (arora_uuid_equal(&type->members[i].id, id)) return i;
    }
    return type->count;
}

/* Give a member that the buffer does not have the value that it has then. */
static bool arora_decode_missing_(arora_decoding_ *in, const arora_type_ *type, const arora_member_ *member,
                                  uint8_t *to) {
    arora_decoding_ fallback = *in;
    if (member->fallback == NULL) {
        if (type->any_id && member->type->optional) return true;
        return arora_refuse_(in, "absent") || arora_in_member_(in->arena, &in->path, member->name);
    }
    fallback.reader = arora_reader_open(member->fallback);
    return member->type->codec->decode(&fallback, member->type, to + member->offset, 0) ||
           arora_refuse_(in, "its default value cannot be read");
}

#define ARORA_FEW_MEMBERS_ 128

/* Read fields: in any order, unknown ones skipped, and of several with the same id the first. */
static bool arora_decode_fields_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    uint8_t few[ARORA_FEW_MEMBERS_ / 8] = {0}, *seen = few;
    uint32_t fields = arora_get_count_(in, 16 + 1), next = 0;
    if (type->count > ARORA_FEW_MEMBERS_) {
        seen = (uint8_t *)arora_room_(in, type->count / 8 + 1, 1);
        if (seen == NULL) return false;
    }
    while (fields-- > 0 && arora_done_(in)) {
        arora_uuid id = arora_get_uuid_(in);
        uint32_t index = arora_find_member_(type, &id, next);
        const arora_member_ *member = type->members + index;
        if (index == type->count || (seen[index / 8] >> index % 8 & 1) != 0) {
            arora_skip_nested_(&in->reader, depth);
            continue;
        }
        seen[index / 8] |= (uint8_t)(1u << index % 8);
        next = index + 1;
        if (!member->type->codec->decode(in, member->type, to + member->offset, depth)) {
            return arora_in_member_(in->arena, &in->path, member->name);
        }
    }
    for (uint32_t i = 0; i < type->count && arora_done_(in); i++) {
        if ((seen[i / 8] >> i % 8 & 1) == 0) (void)arora_decode_missing_(in, type, type->members + i, to);
    }
    return arora_done_(in);
}

static bool arora_decode_variant_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    arora_uuid id = arora_get_uuid_(in);
    uint32_t index = arora_find_member_(type, &id, type->count);
    const arora_member_ *member = type->members + index;
    if (!arora_done_(in)) return false;
    if (index == type->count) {
        return arora_refuse_(in, arora_format(in->arena, "expected a variant of %s", type->name));
    }
    ARORA_COPY_(to, &index, type->offset); /* little-endian: the first bytes are the low ones */
    if (!member->type->codec->decode(in, member->type, to + member->offset, depth)) {
        return arora_in_member_(in->arena, &in->path, member->name);
    }
    return arora_done_(in);
}

/* Read the tag and the id of a structure or an enumeration. */
static bool arora_decode_id_(arora_decoding_ *in, const arora_type_ *type, uint8_t tag) {
    arora_reader start = in->reader;
    arora_uuid id;
    if (arora_peek(&in->reader) == tag) {
        in->reader.position++;
        id = arora_get_uuid_(in);
        if (type->any_id || !arora_done_(in) || arora_uuid_equal(&id, &type->id)) {
            return arora_done_(in);
        }
    }
    in->reader = start;
    return arora_refuse_(in, arora_format(in->arena, "expected %s", type->name));
}

static const void *arora_booleans_(arora_decoding_ *in, const uint8_t *bytes, uint32_t count) {
    uint8_t most = 0;
    uint8_t *copy;
    for (uint32_t i = 0; i < count; i++) most |= bytes[i];
    if (most <= 1) return bytes;
    copy = (uint8_t *)arora_room_(in, count, 1); /* any byte but zero is true, but not as a bool of C */
    for (uint32_t i = 0; copy != NULL && i < count; i++) copy[i] = bytes[i] != 0;
    return copy;
}

/* Return the numbers or booleans of an array: in the buffer, if they are what C expects. */
static const void *arora_numbers_(arora_decoding_ *in, const arora_array *array) {
    uint32_t width = arora_number_width(array->element_tag);
    void *copy;
    if (array->element_tag == ARORA_BOOLEAN) {
        return arora_booleans_(in, (const uint8_t *)array->numbers, array->count);
    }
    if ((uintptr_t)array->numbers % width == 0) return array->numbers;
    copy = arora_room_(in, array->count, width);
    if (copy != NULL && array->count > 0) ARORA_COPY_(copy, array->numbers, (size_t)array->count * width);
    return copy;
}

/* Store an array or a map, whose C types all begin like this. */
static void arora_store_items_(uint8_t *to, const void *items, uint32_t count) {
    ARORA_COPY_(to, &items, sizeof items);
    ARORA_COPY_(to + sizeof items, &count, sizeof count);
}

static bool arora_decode_array_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    arora_reader start = in->reader;
    arora_array array = arora_get_array_(in);
    arora_decoder_ *decode = type->tag == ARORA_DYNAMIC ? type->item->codec->decode : type->item->codec->decode_item;
    const void *numbers;
    uint8_t *items;
    if (!arora_done_(in)) return false;
    if (array.element_tag != type->tag ||
        (arora_has_id_(type->tag) && !arora_uuid_equal(&array.type, &type->item->id))) {
        in->reader = start;
        return arora_refuse_(in, arora_format(in->arena, "expected an array of %s", type->name));
    }
    if (type->count != ARORA_ANY_COUNT_ && array.count != type->count) {
        in->reader = start;
        return arora_refuse_(in, arora_format(in->arena, "expected %lu items, got %lu", (unsigned long)type->count,
                                              (unsigned long)array.count));
    }
    if (array.numbers != NULL) {
        numbers = arora_numbers_(in, &array);
        arora_store_items_(to, numbers, array.count);
        return arora_done_(in);
    }
    if (array.element_tag != ARORA_STRING && !arora_may_nest_(in, depth)) return false;
    if ((uint64_t)array.count * type->smallest > arora_remaining(&in->reader)) {
        return arora_refuse_(in, "the count does not fit in what is left of the buffer");
    }
    items = (uint8_t *)arora_room_(in, array.count, type->item->size);
    for (uint32_t i = 0; i < array.count && arora_done_(in); i++) {
        if (!decode(in, type->item, items + (size_t)i * type->item->size, depth + 1)) {
            return arora_in_item_(in->arena, &in->path, i);
        }
    }
    arora_store_items_(to, items, array.count);
    return arora_done_(in);
}

/* Read the start of a map, and return the number of its entries. */
static uint32_t arora_get_map_(arora_decoding_ *in, arora_uuid *id, uint32_t depth) {
    if (!arora_get_tag_(in, ARORA_MAP, "a map") || !arora_may_nest_(in, depth)) return 0;
    *id = arora_get_uuid_(in);
    return arora_get_count_(in, 4 + 16 + 1);
}

/* Each entry begins with its key; after that comes whether it is empty. */
static bool arora_decode_map_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    arora_uuid id;
    uint32_t count = arora_get_map_(in, &id, depth);
    uint8_t *entries = (uint8_t *)arora_room_(in, count, type->size);
    const uint8_t *ordered;
    for (uint32_t i = 0; i < count && arora_done_(in); i++) {
        uint8_t *entry = entries + (size_t)i * type->size;
        arora_string *key = (arora_string *)(void *)entry;
        if (!arora_get_text_(in, key) || !arora_get_(in, &id, sizeof id)) break;
        if (arora_peek(&in->reader) == ARORA_UNIT && type->item->tag != ARORA_DYNAMIC) {
            entry[sizeof *key] = type->item->tag != ARORA_UNIT;
            in->reader.position++;
        } else if (!type->item->codec->decode(in, type->item, entry + type->offset, depth + 1)) {
            return arora_in_entry_(in->arena, &in->path, *key);
        }
    }
    if (!arora_done_(in)) return false;
    ordered = arora_in_order_(in->arena, entries, type->size, &count);
    arora_store_items_(to, ordered, count);
    return ordered != NULL || arora_refuse_(in, ARORA_NO_MEMORY);
}

static bool arora_decode_box_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    void *item = arora_room_(in, 1, type->item->size);
    ARORA_COPY_(to, &item, sizeof item);
    return item != NULL && type->item->codec->decode(in, type->item, (uint8_t *)item, depth);
}

/* Return whether there is a value in an option. */
ARORA_APART_ bool arora_get_option_(arora_decoding_ *in) {
    return arora_read_option(&in->reader);
}

static bool arora_decode_option_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    if (!arora_get_option_(in)) return arora_done_(in);
    *to = 1;
    return arora_may_nest_(in, depth) && type->item->codec->decode(in, type->item, to + type->offset, depth + 1);
}

static bool arora_decode_boxed_option_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    if (!arora_get_option_(in)) return arora_done_(in);
    return arora_may_nest_(in, depth) && arora_decode_box_(in, type, to, depth + 1);
}

static bool arora_decode_structure_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    return arora_decode_id_(in, type, ARORA_STRUCTURE) && arora_may_nest_(in, depth) &&
           arora_decode_fields_(in, type, to, depth + 1);
}

static bool arora_decode_enumeration_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    return arora_decode_id_(in, type, ARORA_ENUMERATION) && arora_may_nest_(in, depth) &&
           arora_decode_variant_(in, type, to, depth + 1);
}

/* Dynamic values. */

static bool arora_decode_value_fields_(arora_decoding_ *in, arora_fields_value *to, uint32_t depth) {
    uint32_t count = arora_get_count_(in, 16 + 1);
    arora_field_value *fields = (arora_field_value *)arora_room_(in, count, sizeof *fields);
    for (uint32_t i = 0; i < count && arora_done_(in); i++) {
        fields[i].id = arora_get_uuid_(in);
        (void)arora_decode_value_(in, &fields[i].value, depth);
    }
    to->items = fields;
    to->count = count;
    return arora_done_(in);
}

static bool arora_decode_value_variant_(arora_decoding_ *in, arora_variant_value *to, uint32_t depth) {
    to->id = arora_get_uuid_(in);
    return arora_done_(in) && arora_decode_value_(in, &to->payload, depth);
}

static bool arora_decode_value_structure_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    arora_structure_value *structure = (arora_structure_value *)arora_room_(in, 1, sizeof *structure);
    if (structure == NULL || !arora_may_nest_(in, depth)) return false;
    to->as.structure = structure;
    in->reader.position++;
    structure->type = arora_get_uuid_(in);
    return arora_decode_value_fields_(in, &structure->fields, depth + 1);
}

static bool arora_decode_value_enumeration_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    arora_enumeration_value *enumeration = (arora_enumeration_value *)arora_room_(in, 1, sizeof *enumeration);
    if (enumeration == NULL || !arora_may_nest_(in, depth)) return false;
    to->as.enumeration = enumeration;
    in->reader.position++;
    enumeration->type = arora_get_uuid_(in);
    return arora_decode_value_variant_(in, &enumeration->variant, depth + 1);
}

static bool arora_decode_value_option_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    arora_value *option;
    if (!arora_get_option_(in)) return arora_done_(in);
    option = (arora_value *)arora_room_(in, 1, sizeof *option);
    to->as.option = option;
    return option != NULL && arora_may_nest_(in, depth) && arora_decode_value_(in, option, depth + 1);
}

static bool arora_decode_value_map_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    arora_map_value *map = (arora_map_value *)arora_room_(in, 1, sizeof *map);
    arora_entry_value *entries;
    if (map == NULL) return false;
    to->as.map = map;
    map->count = arora_get_map_(in, &map->id, depth);
    entries = (arora_entry_value *)arora_room_(in, map->count, sizeof *entries);
    for (uint32_t i = 0; i < map->count && arora_done_(in); i++) {
        (void)(arora_get_text_(in, &entries[i].key) && arora_get_(in, &entries[i].id, sizeof entries[i].id) &&
               arora_decode_value_(in, &entries[i].value, depth + 1));
    }
    if (!arora_done_(in)) return false;
    map->entries = (const arora_entry_value *)(const void *)arora_in_order_(in->arena, (const uint8_t *)entries,
                                                                            sizeof *entries, &map->count);
    return map->entries != NULL || arora_refuse_(in, ARORA_NO_MEMORY);
}

static size_t arora_value_item_size_(enum arora_tag element_tag) {
    switch (element_tag) {
    case ARORA_STRING: return sizeof(arora_string);
    case ARORA_STRUCTURE: return sizeof(arora_fields_value);
    case ARORA_ENUMERATION: return sizeof(arora_variant_value);
    default: return sizeof(arora_value);
    }
}

static bool arora_decode_value_array_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    arora_array_value *array = (arora_array_value *)arora_room_(in, 1, sizeof *array);
    arora_array start = arora_get_array_(in);
    uint8_t *items;
    size_t size = arora_value_item_size_((enum arora_tag)start.element_tag);
    if (!arora_done_(in)) return false;
    to->as.array = array;
    array->element_tag = (enum arora_tag)start.element_tag;
    array->type = start.type;
    array->count = start.count;
    if (start.numbers != NULL) {
        array->items.any = arora_numbers_(in, &start);
        return arora_done_(in);
    }
    if (start.element_tag != ARORA_STRING && !arora_may_nest_(in, depth)) return false;
    items = (uint8_t *)arora_room_(in, start.count, size);
    array->items.any = items;
    for (uint32_t i = 0; i < start.count && arora_done_(in); i++) {
        void *item = items + i * size;
        switch (start.element_tag) {
        case ARORA_STRING: (void)arora_get_text_(in, (arora_string *)item); break;
        case ARORA_STRUCTURE: (void)arora_decode_value_fields_(in, (arora_fields_value *)item, depth + 1); break;
        case ARORA_ENUMERATION: (void)arora_decode_value_variant_(in, (arora_variant_value *)item, depth + 1); break;
        default: (void)arora_decode_value_(in, (arora_value *)item, depth + 1); break;
        }
    }
    return arora_done_(in);
}

static bool arora_decode_value_(arora_decoding_ *in, arora_value *to, uint32_t depth) {
    uint8_t tag = arora_peek(&in->reader);
    to->tag = (enum arora_tag)tag;
    switch (tag) {
    case ARORA_STRUCTURE: return arora_decode_value_structure_(in, to, depth);
    case ARORA_ENUMERATION: return arora_decode_value_enumeration_(in, to, depth);
    case ARORA_OPTION: return arora_decode_value_option_(in, to, depth);
    case ARORA_MAP: return arora_decode_value_map_(in, to, depth);
    case ARORA_ARRAY: return arora_decode_value_array_(in, to, depth);
    default:
        if (tag > ARORA_STRING && tag != ARORA_UUID_VALUE) return arora_refuse_(in, "expected a value");
        in->reader.position++;
        if (tag == ARORA_STRING) return arora_get_text_(in, &to->as.string);
        return arora_get_plain_(in, tag, &to->as); /* all members of a union begin where it does */
    }
}

static bool arora_decode_dynamic_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    (void)type;
    return arora_decode_value_(in, (arora_value *)(void *)to, depth);
}

/* ---- 5. Encoding -------------------------------------------------------------------------------- */

struct arora_encoding_ {
    arora_writer writer;
    arora_arena *arena;
    arora_failure failure;
    const char *path; /* from the outermost value to the mistake, once there is one */
};

static bool arora_encode_value_(arora_encoding_ *out, const arora_value *from, uint32_t depth);

/* Write bytes. */
ARORA_APART_ void arora_put_bytes_(arora_encoding_ *out, const void *bytes, uint32_t size) {
    arora_append(&out->writer, bytes, size);
}

static void arora_put_byte_(arora_encoding_ *out, uint8_t byte) {
    arora_put_bytes_(out, &byte, 1);
}

static void arora_put_count_(arora_encoding_ *out, uint32_t count) {
    arora_put_bytes_(out, &count, 4);
}

static void arora_put_uuid_(arora_encoding_ *out, const arora_uuid *uuid) {
    arora_put_bytes_(out, uuid->bytes, 16);
}

/* Write the start of a structure, an enumeration or a map. */
static void arora_put_start_(arora_encoding_ *out, uint8_t tag, const arora_uuid *id) {
    arora_put_byte_(out, tag);
    arora_put_uuid_(out, id);
}

/* Write the start of an array, up to what its element tag asks for. */
static void arora_put_array_(arora_encoding_ *out, uint8_t element_tag, uint32_t count) {
    arora_put_byte_(out, ARORA_ARRAY);
    arora_put_byte_(out, element_tag);
    arora_put_count_(out, count);
}

/* Write the start of an option. */
static void arora_put_option_(arora_encoding_ *out, bool present) {
    arora_put_byte_(out, ARORA_OPTION);
    arora_put_byte_(out, present);
}

static bool arora_reject_(arora_encoding_ *out, arora_failure failure) {
    out->failure = failure;
    return false;
}

static bool arora_can_nest_(arora_encoding_ *out, uint32_t depth) {
    return depth < ARORA_MAX_NESTING || arora_reject_(out, "values are nested too deeply");
}

/* Check that there are items where a count says so. */
static bool arora_has_(arora_encoding_ *out, const void *items, uint32_t count) {
    return items != NULL || count == 0 || arora_reject_(out, "there are no items, but a count of them");
}

/* Write the size and the bytes of a string. */
ARORA_APART_ bool arora_put_string_(arora_encoding_ *out, arora_string text) {
    if (!arora_has_(out, text.data, text.size)) return false;
    if (!arora_is_utf8((const uint8_t *)text.data, text.size)) return arora_reject_(out, "the text is not UTF-8");
    arora_put_count_(out, text.size);
    arora_put_bytes_(out, text.data, text.size);
    return true;
}

/* Write a number, a boolean, a uuid or a unit. */
ARORA_APART_ bool arora_put_plain_(arora_encoding_ *out, uint8_t tag, const void *from) {
    arora_put_byte_(out, tag);
    if (tag == ARORA_UUID_VALUE) arora_put_bytes_(out, from, sizeof(arora_uuid));
    else if (tag != ARORA_UNIT) arora_put_bytes_(out, from, arora_number_width(tag));
    return true;
}

static bool arora_encode_plain_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    (void)depth;
    return arora_put_plain_(out, type->tag, from);
}

static bool arora_encode_text_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    (void)type;
    (void)depth;
    return arora_put_string_(out, *(const arora_string *)(const void *)from);
}

static bool arora_encode_string_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    arora_put_byte_(out, ARORA_STRING);
    return arora_encode_text_(out, type, from, depth);
}

ARORA_APART_ bool arora_encode_numbers_(arora_encoding_ *out, uint8_t tag, const void *numbers, uint32_t count) {
    void *room;
    if (!arora_has_(out, numbers, count)) return false;
    room = arora_reserve_numbers_(&out->writer, tag, count);
    if (room != NULL && count > 0) ARORA_COPY_(room, numbers, (size_t)count * arora_number_width(tag));
    return true;
}

static bool arora_encode_fields_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    arora_put_count_(out, type->count);
    for (uint32_t i = 0; i < type->count; i++) {
        const arora_member_ *member = type->members + i;
        arora_put_uuid_(out, &member->id);
        if (!member->type->codec->encode(out, member->type, from + member->offset, depth)) {
            return arora_in_member_(out->arena, &out->path, member->name);
        }
    }
    return true;
}

static bool arora_encode_variant_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    uint32_t index = 0;
    const arora_member_ *member;
    ARORA_COPY_(&index, from, type->offset);
    if (index >= type->count) {
        return arora_reject_(out, arora_format(out->arena, "%s has no variant %lu", type->name, (unsigned long)index));
    }
    member = type->members + index;
    arora_put_uuid_(out, &member->id);
    if (!member->type->codec->encode(out, member->type, from + member->offset, depth)) {
        return arora_in_member_(out->arena, &out->path, member->name);
    }
    return true;
}

static const uint8_t *arora_load_items_(const uint8_t *from, uint32_t *count) {
    const uint8_t *items;
    ARORA_COPY_(&items, from, sizeof items);
    ARORA_COPY_(count, from + sizeof items, sizeof *count);
    return items;
}

static bool arora_encode_array_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    uint32_t count;
    const uint8_t *items = arora_load_items_(from, &count);
    arora_encoder_ *encode = type->tag == ARORA_DYNAMIC ? type->item->codec->encode : type->item->codec->encode_item;
    if (type->count != ARORA_ANY_COUNT_ && count != type->count) {
        return arora_reject_(out, arora_format(out->arena, "it has %lu items, not %lu", (unsigned long)count,
                                               (unsigned long)type->count));
    }
    if (!arora_has_(out, items, count)) return false;
    if (arora_number_width(type->tag) != 0) {
        return arora_encode_numbers_(out, type->tag, items, count);
    }
    if (type->tag != ARORA_STRING && !arora_can_nest_(out, depth)) return false;
    arora_put_array_(out, type->tag, count);
    if (arora_has_id_(type->tag)) arora_put_uuid_(out, &type->item->id);
    for (uint32_t i = 0; i < count; i++) {
        if (!encode(out, type->item, items + (size_t)i * type->item->size, depth + 1)) {
            return arora_in_item_(out->arena, &out->path, i);
        }
    }
    return true;
}

/* The id of maps, and that of their entries. */
static const arora_uuid arora_map_id_ = ARORA_UUID(0, 0, 0, 0, 0x1b);
static const arora_uuid arora_entry_id_ = ARORA_UUID(0, 0, 0, 0, 0);

static bool arora_encode_map_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    uint32_t count;
    const uint8_t *entries = arora_load_items_(from, &count);
    if (!arora_has_(out, entries, count) || !arora_can_nest_(out, depth)) return false;
    entries = arora_in_order_(out->arena, entries, type->size, &count);
    if (entries == NULL && count > 0) return arora_reject_(out, ARORA_NO_MEMORY);
    arora_put_start_(out, ARORA_MAP, &arora_map_id_);
    arora_put_count_(out, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = entries + (size_t)i * type->size;
        arora_string key = *(const arora_string *)(const void *)entry;
        bool done = arora_put_string_(out, key);
        arora_put_uuid_(out, &arora_entry_id_);
        if (entry[sizeof key] != 0) arora_put_byte_(out, ARORA_UNIT);
        else done = done && type->item->codec->encode(out, type->item, entry + type->offset, depth + 1);
        if (!done) return arora_in_entry_(out->arena, &out->path, key);
    }
    return true;
}

static bool arora_encode_box_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    const uint8_t *item;
    ARORA_COPY_(&item, from, sizeof item);
    return item == NULL ? arora_reject_(out, "it has no value")
                        : type->item->codec->encode(out, type->item, item, depth);
}

static bool arora_encode_option_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    bool present = *from != 0;
    arora_put_option_(out, present);
    if (!present) return true;
    return arora_can_nest_(out, depth) && type->item->codec->encode(out, type->item, from + type->offset, depth + 1);
}

static bool arora_encode_boxed_option_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from,
                                       uint32_t depth) {
    const uint8_t *item;
    ARORA_COPY_(&item, from, sizeof item);
    arora_put_option_(out, item != NULL);
    return item == NULL || (arora_can_nest_(out, depth) && arora_encode_box_(out, type, from, depth + 1));
}

static bool arora_encode_structure_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from,
                                    uint32_t depth) {
    arora_put_start_(out, ARORA_STRUCTURE, &type->id);
    return arora_can_nest_(out, depth) && arora_encode_fields_(out, type, from, depth + 1);
}

static bool arora_encode_enumeration_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from,
                                      uint32_t depth) {
    arora_put_start_(out, ARORA_ENUMERATION, &type->id);
    return arora_can_nest_(out, depth) && arora_encode_variant_(out, type, from, depth + 1);
}

/* Dynamic values. */

static bool arora_encode_value_fields_(arora_encoding_ *out, const arora_fields_value *from, uint32_t depth) {
    if (!arora_has_(out, from->items, from->count)) return false;
    arora_put_count_(out, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        arora_put_uuid_(out, &from->items[i].id);
        if (!arora_encode_value_(out, &from->items[i].value, depth)) return false;
    }
    return true;
}

static bool arora_encode_value_variant_(arora_encoding_ *out, const arora_variant_value *from, uint32_t depth) {
    arora_put_uuid_(out, &from->id);
    return arora_encode_value_(out, &from->payload, depth);
}

static bool arora_encode_value_option_(arora_encoding_ *out, const arora_value *option, uint32_t depth) {
    arora_put_option_(out, option != NULL);
    return option == NULL || arora_encode_value_(out, option, depth + 1);
}

static bool arora_encode_value_map_(arora_encoding_ *out, const arora_map_value *from, uint32_t depth) {
    uint32_t count = from->count;
    const arora_entry_value *entries = from->entries;
    if (!arora_has_(out, entries, count)) return false;
    entries = (const arora_entry_value *)(const void *)arora_in_order_(out->arena, (const uint8_t *)entries,
                                                                       sizeof *entries, &count);
    if (entries == NULL && count > 0) return arora_reject_(out, ARORA_NO_MEMORY);
    arora_put_start_(out, ARORA_MAP, &from->id);
    arora_put_count_(out, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!arora_put_string_(out, entries[i].key)) return false;
        arora_put_uuid_(out, &entries[i].id);
        if (!arora_encode_value_(out, &entries[i].value, depth + 1)) return false;
    }
    return true;
}

static bool arora_encode_value_array_(arora_encoding_ *out, const arora_array_value *from, uint32_t depth) {
    bool done = true;
    if (arora_number_width((uint8_t)from->element_tag) != 0) {
        return arora_encode_numbers_(out, (uint8_t)from->element_tag, from->items.any, from->count);
    }
    if (!arora_has_(out, from->items.any, from->count)) return false;
    arora_put_array_(out, (uint8_t)from->element_tag, from->count);
    if (arora_has_id_((uint8_t)from->element_tag)) arora_put_uuid_(out, &from->type);
    for (uint32_t i = 0; i < from->count && done; i++) {
        switch (from->element_tag) {
        case ARORA_STRING: done = arora_put_string_(out, from->items.strings[i]); break;
        case ARORA_STRUCTURE: done = arora_encode_value_fields_(out, &from->items.structures[i], depth + 1); break;
        case ARORA_ENUMERATION: done = arora_encode_value_variant_(out, &from->items.enumerations[i], depth + 1); break;
        case ARORA_DYNAMIC: done = arora_encode_value_(out, &from->items.values[i], depth + 1); break;
        default: return arora_reject_(out, "there is no array with that element tag");
        }
    }
    return done;
}

/* Whether a dynamic value nests others: arrays of numbers and of strings do not. */
static bool arora_nests_(const arora_value *value) {
    switch (value->tag) {
    case ARORA_STRUCTURE:
    case ARORA_ENUMERATION:
    case ARORA_MAP: return true;
    case ARORA_OPTION: return value->as.option != NULL;
    case ARORA_ARRAY: return value->as.array == NULL || value->as.array->element_tag > ARORA_STRING;
    default: return false;
    }
}

static bool arora_encode_value_(arora_encoding_ *out, const arora_value *from, uint32_t depth) {
    uint8_t tag = (uint8_t)from->tag;
    bool has_parts = tag == ARORA_STRUCTURE || tag == ARORA_ENUMERATION || tag == ARORA_MAP || tag == ARORA_ARRAY;
    if (has_parts && from->as.structure == NULL) return arora_reject_(out, "the value has a tag, but no parts");
    if (arora_nests_(from) && !arora_can_nest_(out, depth)) return false;
    switch (tag) {
    case ARORA_STRUCTURE:
        arora_put_start_(out, ARORA_STRUCTURE, &from->as.structure->type);
        return arora_encode_value_fields_(out, &from->as.structure->fields, depth + 1);
    case ARORA_ENUMERATION:
        arora_put_start_(out, ARORA_ENUMERATION, &from->as.enumeration->type);
        return arora_encode_value_variant_(out, &from->as.enumeration->variant, depth + 1);
    case ARORA_OPTION: return arora_encode_value_option_(out, from->as.option, depth);
    case ARORA_MAP: return arora_encode_value_map_(out, from->as.map, depth);
    case ARORA_ARRAY: return arora_encode_value_array_(out, from->as.array, depth);
    default:
        if (tag > ARORA_STRING && tag != ARORA_UUID_VALUE) return arora_reject_(out, "there is no value with that tag");
        if (tag != ARORA_STRING) return arora_put_plain_(out, tag, &from->as);
        arora_put_byte_(out, tag);
        return arora_put_string_(out, from->as.string);
    }
}

static bool arora_encode_dynamic_(arora_encoding_ *out, const arora_type_ *type, const uint8_t *from, uint32_t depth) {
    (void)type;
    return arora_encode_value_(out, (const arora_value *)(const void *)from, depth);
}

/* ---- 6. The kinds of types ---------------------------------------------------------------------- */

#define ARORA_CODEC_(kind_, item_)                                                                                     \
    static const arora_codec_ arora_##kind_##_codec_ ARORA_MAYBE_UNUSED_ = {                                           \
        arora_decode_##kind_##_, arora_encode_##kind_##_, arora_decode_##item_##_, arora_encode_##item_##_};

ARORA_CODEC_(plain, plain)
ARORA_CODEC_(string, text)
ARORA_CODEC_(array, array)
ARORA_CODEC_(option, option)
ARORA_CODEC_(boxed_option, boxed_option)
ARORA_CODEC_(box, box)
ARORA_CODEC_(map, map)
ARORA_CODEC_(structure, fields)
ARORA_CODEC_(enumeration, variant)
ARORA_CODEC_(dynamic, dynamic)

#define ARORA_PLAIN_(stem_, type_, tag_, codec_)                                                                       \
    static const arora_type_ arora_##stem_##__type ARORA_MAYBE_UNUSED_ = {                                             \
        .codec = &arora_##codec_##_codec_, .name = #stem_, .size = sizeof(type_), .tag = tag_};
#define ARORA_NUMBER_(stem_, type_, tag_) ARORA_PLAIN_(stem_, type_, tag_, plain)

ARORA_NUMBERS_(ARORA_NUMBER_)
ARORA_PLAIN_(unit, arora_unit, ARORA_UNIT, plain)
ARORA_PLAIN_(boolean, bool, ARORA_BOOLEAN, plain)
ARORA_PLAIN_(uuid, arora_uuid, ARORA_UUID_VALUE, plain)
ARORA_PLAIN_(str, arora_string, ARORA_STRING, string)
ARORA_PLAIN_(value, arora_value, ARORA_DYNAMIC, dynamic)

/*
 * Initialise the other types. `type_` is their C type, `item_` that of their item, whose table is called item_##__type;
 * `name_` is what messages call the type or, of an array, its items.
 */
#define ARORA_ARRAY_(type_, item_, name_, tag_, count_, smallest_)                                                     \
    {.codec = &arora_array_codec_,                                                                                     \
     .name = name_,                                                                                                    \
     .item = &item_##__type,                                                                                           \
     .count = count_,                                                                                                  \
     .size = sizeof(type_),                                                                                            \
     .smallest = smallest_,                                                                                            \
     .tag = tag_}
#define ARORA_OPTION_(type_, item_)                                                                                    \
    {.codec = &arora_option_codec_,                                                                                    \
     .tag = ARORA_OPTION,                                                                                              \
     .item = &item_##__type,                                                                                           \
     .size = sizeof(type_),                                                                                            \
     .offset = offsetof(type_, value),                                                                                 \
     .optional = true}
#define ARORA_MAP_(type_, item_)                                                                                       \
    {.codec = &arora_map_codec_,                                                                                       \
     .tag = ARORA_MAP,                                                                                                 \
     .item = &item_##__type,                                                                                           \
     .size = sizeof(type_##_entry),                                                                                    \
     .offset = offsetof(type_##_entry, value)}
#define ARORA_BOX_(item_)                                                                                              \
    {.codec = &arora_box_codec_, .tag = ARORA_INVALID, .item = &item_##__type, .size = sizeof(void *)}
#define ARORA_BOXED_OPTION_(item_)                                                                                     \
    {.codec = &arora_boxed_option_codec_,                                                                              \
     .tag = ARORA_OPTION,                                                                                              \
     .item = &item_##__type,                                                                                           \
     .size = sizeof(void *),                                                                                           \
     .optional = true}
#define ARORA_FIELDS_(type_, members_, name_, id_, count_)                                                             \
    {.codec = &arora_structure_codec_,                                                                                 \
     .tag = ARORA_STRUCTURE,                                                                                           \
     .name = name_,                                                                                                    \
     .members = members_,                                                                                              \
     .count = count_,                                                                                                  \
     .size = sizeof(type_),                                                                                            \
     .id = id_}
#define ARORA_VARIANTS_(type_, tag_, members_, name_, id_, count_)                                                     \
    {.codec = &arora_enumeration_codec_,                                                                               \
     .tag = ARORA_ENUMERATION,                                                                                         \
     .name = name_,                                                                                                    \
     .members = members_,                                                                                              \
     .count = count_,                                                                                                  \
     .size = sizeof(type_),                                                                                            \
     .offset = sizeof(tag_),                                                                                           \
     .id = id_}

/* Initialise the tables of an exported or an imported function. The id comes last in those of its structures, as it has
 * commas in it. */
#define ARORA_ARGUMENTS_(name_, members_, count_, ...)                                                                 \
    {.codec = &arora_structure_codec_,                                                                                 \
     .name = name_,                                                                                                    \
     .members = members_,                                                                                              \
     .count = count_,                                                                                                  \
     .any_id = true,                                                                                                   \
     .id = __VA_ARGS__}
#define ARORA_RESULTS_(name_, members_, count_, ...)                                                                   \
    {.codec = &arora_structure_codec_,                                                                                 \
     .name = "the result of " name_,                                                                                   \
     .members = members_,                                                                                              \
     .count = count_,                                                                                                  \
     .id = __VA_ARGS__}
#define ARORA_EXPORTED_(name_, id_, arguments_, argument_count_, results_, result_count_)                              \
    {.name = name_,                                                                                                    \
     .arguments = ARORA_ARGUMENTS_(name_, arguments_, argument_count_, id_),                                           \
     .results = ARORA_RESULTS_(name_, results_, result_count_, id_)}
#define ARORA_IMPORTED_(module_, name_, id_, arguments_, argument_count_, results_, result_count_)                     \
    {.name = name_,                                                                                                    \
     .module = module_,                                                                                                \
     .arguments = ARORA_ARGUMENTS_(name_, arguments_, argument_count_, id_),                                           \
     .results = ARORA_RESULTS_(name_, results_, result_count_, id_)}

/* ---- 7. Calls ----------------------------------------------------------------------------------- */

/* A call of an exported function. */
typedef struct arora_call_ {
    arora_arena arena;
    arora_failure failure;
} arora_call_;

/* Return the message of a mistake at a path: `joints[2]: expected a value of type f64`. */
static inline arora_failure arora_at_(arora_arena *arena, const char *path, arora_string message) {
    if (*path == '.') path++;
    return arora_format(arena, "%s%s%.*s", path, *path == '\0' ? "" : ": ", (int)message.size, message.data);
}

/* Read the arguments or the results of a call to its frame. */
static inline arora_failure arora_decode_frame_(arora_arena *arena, const arora_type_ *type, arora_reader reader,
                                                void *frame) {
    arora_decoding_ in = {reader, arena, ""};
    if (type->codec->decode(&in, type, (uint8_t *)frame, 0) && arora_reader_finish(&in.reader)) return NULL;
    return arora_at_(arena, in.path, in.reader.error);
}

/* Write the arguments or the results of a call to a buffer, NULL when there is no memory left. */
static inline arora_failure arora_encode_frame_(arora_arena *arena, const arora_type_ *type, const void *frame,
                                                uint8_t **buffer) {
    arora_encoding_ out = {arora_writer_begin(0), arena, NULL, ""};
    if (type->codec->encode(&out, type, (const uint8_t *)frame, 0)) {
        *buffer = arora_writer_finish(&out.writer);
        return NULL;
    }
    arora_writer_abandon(&out.writer);
    return arora_at_(arena, out.path, arora_text(out.failure));
}

/* Begin a call of an exported function: read its arguments. Return whether the author's function is to be called. */
static inline bool arora_begin_(arora_call_ *call, const arora_function_ *function, const uint8_t *argument,
                                void *frame) {
    arora_reader reader = arora_arguments(argument);
    if (arora_failed(&reader))
        call->failure = arora_format(&call->arena, "%.*s", (int)reader.error.size, reader.error.data);
    else call->failure = arora_decode_frame_(&call->arena, &function->arguments, reader, frame);
    return call->failure == NULL;
}

/* End a call of an exported function: write its results, or its failure, and free its memory. */
static inline uint8_t *arora_end_(arora_call_ *call, const arora_function_ *function, const void *frame) {
    uint8_t *buffer = NULL;
    if (call->failure == NULL) call->failure = arora_encode_frame_(&call->arena, &function->results, frame, &buffer);
    if (call->failure != NULL) {
        arora_string message = arora_text(call->failure);
        bool text = arora_is_utf8((const uint8_t *)message.data, message.size);
        buffer = arora_error_string(text ? message : arora_text("failed, with a message that is not UTF-8"));
    }
    arora_free_(&call->arena);
    return buffer != NULL ? buffer : arora_out_of_memory;
}

/* Return the failure in an answer, if it is one. */
static inline arora_failure arora_answered_failure_(arora_arena *arena, const arora_reader *answer) {
    if (!arora_failed(answer)) return NULL;
    return arora_format(arena, "%.*s", (int)answer->error.size, answer->error.data);
}

/* Call an imported function: write its arguments, and read its results. */
static inline arora_failure arora_import_(arora_arena *arena, const arora_function_ *function, void *frame) {
    uint8_t *buffer = NULL;
    arora_reader answer;
    arora_failure failure = arora_encode_frame_(arena, &function->arguments, frame, &buffer);
    if (failure == NULL) {
        buffer = arora_dispatch(&function->module, &function->arguments.id, buffer);
        if (!arora_keep_(arena, buffer)) return ARORA_NO_MEMORY;
        answer = arora_answer_value(buffer);
        failure = arora_answered_failure_(arena, &answer);
        if (failure != NULL) return failure;
        failure = arora_decode_frame_(arena, &function->results, answer, frame);
    }
    return failure == NULL ? NULL : arora_format(arena, "%s: %s", function->name, failure);
}

arora_failure arora_call(arora_arena *arena, uint64_t callable, arora_value *result) {
    uint8_t *buffer = arora_dispatch_indirect(callable);
    arora_reader answer;
    if (!arora_keep_(arena, buffer)) return ARORA_NO_MEMORY;
    answer = arora_answer_value(buffer);
    if (arora_failed(&answer)) return arora_answered_failure_(arena, &answer);
    return arora_decode_frame_(arena, &arora_value__type, answer, result);
}

#endif /* ARORA_GLUE_H */
