/* Reading values by tables. What is read takes the place of whatever was there. A part of arora_glue.h. */
#ifndef ARORA_GLUE_DECODING_H
#define ARORA_GLUE_DECODING_H

#include "maps.h"
#include "tables.h"
#include "text.h"

struct arora_decoding_ {
    arora_reader reader;
    arora_arena *arena;
    const char *path; /* from the outermost value to the mistake, once there is one */
};

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
    *to = arora_get_option_(in);
    if (*to == 0) return arora_done_(in);
    return arora_may_nest_(in, depth) && type->item->codec->decode(in, type->item, to + type->offset, depth + 1);
}

static bool arora_decode_boxed_option_(arora_decoding_ *in, const arora_type_ *type, uint8_t *to, uint32_t depth) {
    const void *none = NULL;
    ARORA_COPY_(to, &none, sizeof none);
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

#endif /* ARORA_GLUE_DECODING_H */
