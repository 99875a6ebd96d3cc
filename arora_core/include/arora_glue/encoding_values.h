/* Writing dynamic values. A part of arora_glue.h. */
#ifndef ARORA_GLUE_ENCODING_VALUES_H
#define ARORA_GLUE_ENCODING_VALUES_H

#include "encoding.h"

static bool arora_encode_value_(arora_encoding_ *out, const arora_value *from, uint32_t depth);

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

#endif /* ARORA_GLUE_ENCODING_VALUES_H */
