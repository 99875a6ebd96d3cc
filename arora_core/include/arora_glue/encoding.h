/* Writing values by tables. A part of arora_glue.h. */
#ifndef ARORA_GLUE_ENCODING_H
#define ARORA_GLUE_ENCODING_H

#include "maps.h"
#include "tables.h"
#include "text.h"

struct arora_encoding_ {
    arora_writer writer;
    arora_arena *arena;
    arora_failure failure;
    const char *path; /* from the outermost value to the mistake, once there is one */
};

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

#endif /* ARORA_GLUE_ENCODING_H */
