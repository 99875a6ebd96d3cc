/* Reading dynamic values. A part of arora_glue.h. */
#ifndef ARORA_GLUE_DECODING_VALUES_H
#define ARORA_GLUE_DECODING_VALUES_H

#include "decoding.h"

static bool arora_decode_value_(arora_decoding_ *in, arora_value *to, uint32_t depth);

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
    to->as.option = NULL;
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

#endif /* ARORA_GLUE_DECODING_VALUES_H */
