/* The kinds of types: how each is read and written, and how its tables are made. A part of arora_glue.h. */
#ifndef ARORA_GLUE_KINDS_H
#define ARORA_GLUE_KINDS_H

#include "decoding_values.h"
#include "encoding_values.h"

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

#endif /* ARORA_GLUE_KINDS_H */
