/* Tables: types, their members, and functions. A part of arora_glue.h. */
#ifndef ARORA_GLUE_TABLES_H
#define ARORA_GLUE_TABLES_H

#include "../arora_values.h"

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

#endif /* ARORA_GLUE_TABLES_H */
