/*
 * arora_values.h: what the functions of a module take and return, and the memory that holds it.
 *
 * `arora generate --language c` writes a header for a module that includes this one. A function that the author
 * defines looks like this:
 *
 *     arora_failure ur5_clamp(arora_arena *arena, arora_f64_array joints, uint32_t *result);
 *
 * It returns NULL when all is well, and otherwise a message, which ends the call as a failure that the caller sees.
 *
 * Arguments are valid until the function returns and are never changed: arrays and strings may lie in the caller's
 * buffer. What a function returns has to live until then too: in the arena, in static memory, or in its arguments.
 *
 * It needs C11 and no libc.
 */
#ifndef ARORA_VALUES_H
#define ARORA_VALUES_H

#include "arora.h"

/* ---- Failures ----------------------------------------------------------------------------------- */

/* NULL when all is well, otherwise the message of a failure: UTF-8 that lives as long as the arena of the call. */
typedef const char *arora_failure;

/* The failure of a function that has no memory left. */
#define ARORA_NO_MEMORY "out of memory"

/* ---- Memory ------------------------------------------------------------------------------------- */

/* The memory of one call. Everything in it is freed when the call ends, whether it succeeds or not. */
typedef struct arora_arena {
    struct arora_chunk_ *chunks;   /* the newest first */
    struct arora_answer_ *answers; /* of imported functions: results point into them */
    uint8_t *next;
    uint32_t left;
    uint32_t chunk_size;
} arora_arena;

/* Return zeroed memory for `count` objects of `size` bytes, aligned for any of them; NULL when there is none left. */
ARORA_INTERNAL_ void *arora_allocate(arora_arena *arena, size_t count, size_t size);

/* Return zeroed memory for an array of `count` objects of a type, or NULL: double *joints = arora_new(arena, double,
 * 6); */
#define arora_new(arena, type, count) ((type *)arora_allocate((arena), (count), sizeof(type)))

/*
 * Return text in the arena, or ARORA_NO_MEMORY: as the message of a failure or, with arora_text, as a string. `format`
 * is as printf has it, with %s, %.*s, %c, %d, %i, %u, %x, %% and the sizes h, hh, l, ll, z, j, and with %f, which shows
 * up to nine digits after the point. What follows any other conversion is copied as it stands.
 */
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 2, 3)))
#endif
ARORA_INTERNAL_ const char *arora_format(arora_arena *arena, const char *format, ...);

/* ---- Types -------------------------------------------------------------------------------------- */

/* A value that says nothing. */
typedef struct arora_unit {
    uint8_t unused;
} arora_unit;

/* X(name, C type) for each type without parts. */
#define ARORA_PLAIN_TYPES_(X)                                                                                          \
    X(unit, arora_unit)                                                                                                \
    X(boolean, bool)                                                                                                   \
    X(u8, uint8_t)                                                                                                     \
    X(u16, uint16_t)                                                                                                   \
    X(u32, uint32_t)                                                                                                   \
    X(u64, uint64_t)                                                                                                   \
    X(i8, int8_t)                                                                                                      \
    X(i16, int16_t)                                                                                                    \
    X(i32, int32_t)                                                                                                    \
    X(i64, int64_t)                                                                                                    \
    X(f32, float)                                                                                                      \
    X(f64, double)                                                                                                     \
    X(str, arora_string)                                                                                               \
    X(uuid, arora_uuid)

/*
 * arora_u8_array, arora_f64_array, arora_str_array and so on: `count` items. A fixed array is one whose count is
 * checked when it is read and when it is written.
 */
#define ARORA_DECLARE_ARRAY_(name, type)                                                                               \
    typedef struct arora_##name##_array {                                                                              \
        const type *items;                                                                                             \
        uint32_t count;                                                                                                \
    } arora_##name##_array;

/* arora_u8_option and so on: a value, or none. */
#define ARORA_DECLARE_OPTION_(name, type)                                                                              \
    typedef struct arora_##name##_option {                                                                             \
        bool present;                                                                                                  \
        type value; /* if present */                                                                                   \
    } arora_##name##_option;

/*
 * arora_u8_map and so on: values by text. Those that a function is given have ascending keys, compared byte by byte;
 * those that it returns are put in order, and of two entries with the same key the later counts.
 */
#define ARORA_DECLARE_MAP_(name, type)                                                                                 \
    typedef struct arora_##name##_map_entry {                                                                          \
        arora_string key;                                                                                              \
        bool empty; /* whether the key has no value */                                                                 \
        type value; /* if not empty */                                                                                 \
    } arora_##name##_map_entry;                                                                                        \
    typedef struct arora_##name##_map {                                                                                \
        const arora_##name##_map_entry *entries;                                                                       \
        uint32_t count;                                                                                                \
    } arora_##name##_map;

#define ARORA_DECLARE_OPTION_AND_MAP_(name, type)                                                                      \
    ARORA_DECLARE_OPTION_(name, type)                                                                                  \
    ARORA_DECLARE_MAP_(name, type)

ARORA_PLAIN_TYPES_(ARORA_DECLARE_ARRAY_)
ARORA_PLAIN_TYPES_(ARORA_DECLARE_OPTION_AND_MAP_)

/* ---- Dynamic values ----------------------------------------------------------------------------- */

/* A value of any type: `tag` says which member of `as` holds it. A unit is in none. */
typedef struct arora_value {
    enum arora_tag tag;
    union {
        bool boolean; /* ARORA_BOOLEAN */
        uint8_t u8;   /* ARORA_U8, and so on */
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        arora_string string;                               /* ARORA_STRING */
        arora_uuid uuid;                                   /* ARORA_UUID_VALUE */
        const struct arora_value *option;                  /* ARORA_OPTION: NULL for none */
        const struct arora_structure_value *structure;     /* ARORA_STRUCTURE */
        const struct arora_enumeration_value *enumeration; /* ARORA_ENUMERATION */
        const struct arora_map_value *map;                 /* ARORA_MAP */
        const struct arora_array_value *array;             /* ARORA_ARRAY */
    } as;
} arora_value;

ARORA_DECLARE_ARRAY_(value, arora_value)
ARORA_DECLARE_OPTION_AND_MAP_(value, arora_value)

/* A field of a structure. */
typedef struct arora_field_value {
    arora_uuid id;
    arora_value value;
} arora_field_value;

/* The fields of a structure. */
typedef struct arora_fields_value {
    const arora_field_value *items;
    uint32_t count;
} arora_fields_value;

/* A structure of any type. */
typedef struct arora_structure_value {
    arora_uuid type;
    arora_fields_value fields;
} arora_structure_value;

/* A variant with its payload: a unit if it has none. */
typedef struct arora_variant_value {
    arora_uuid id;
    arora_value payload;
} arora_variant_value;

/* An enumeration of any type. */
typedef struct arora_enumeration_value {
    arora_uuid type;
    arora_variant_value variant;
} arora_enumeration_value;

/* An entry of a map; the value is a unit if the key has none. */
typedef struct arora_entry_value {
    arora_string key;
    arora_uuid id;
    arora_value value;
} arora_entry_value;

/* A map of values of any type, in ascending order of their keys. */
typedef struct arora_map_value {
    arora_uuid id;
    const arora_entry_value *entries;
    uint32_t count;
} arora_map_value;

/* An array of any type: `element_tag` says which member of `items` holds its `count` items. */
typedef struct arora_array_value {
    enum arora_tag element_tag;
    arora_uuid type; /* of structures and enumerations */
    uint32_t count;
    union {
        const void *any;
        const bool *booleans; /* ARORA_BOOLEAN */
        const uint8_t *u8s;   /* ARORA_U8, and so on */
        const uint16_t *u16s;
        const uint32_t *u32s;
        const uint64_t *u64s;
        const int8_t *i8s;
        const int16_t *i16s;
        const int32_t *i32s;
        const int64_t *i64s;
        const float *f32s;
        const double *f64s;
        const arora_string *strings;             /* ARORA_STRING */
        const arora_fields_value *structures;    /* ARORA_STRUCTURE */
        const arora_variant_value *enumerations; /* ARORA_ENUMERATION */
        const arora_value *values;               /* ARORA_DYNAMIC */
    } items;
} arora_array_value;

/* The arrays, options and maps of arrays and of options of any value. */
#define ARORA_DECLARE_NESTED_(name, type)                                                                              \
    ARORA_DECLARE_ARRAY_(name, type)                                                                                   \
    ARORA_DECLARE_OPTION_AND_MAP_(name, type)
#define ARORA_DECLARE_NESTED_ARRAY_(name, type) ARORA_DECLARE_NESTED_(name##_array, arora_##name##_array)

ARORA_PLAIN_TYPES_(ARORA_DECLARE_NESTED_ARRAY_)
ARORA_DECLARE_NESTED_ARRAY_(value, arora_value)
ARORA_DECLARE_NESTED_(value_option, arora_value_option)

/* ---- Callables ---------------------------------------------------------------------------------- */

/* Call the function that the host registered as `callable`; store what it returns. */
ARORA_INTERNAL_ arora_failure arora_call(arora_arena *arena, uint64_t callable, arora_value *result);

#endif /* ARORA_VALUES_H */
