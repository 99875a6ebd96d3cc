/* The order of maps. A part of arora_glue.h. */
#ifndef ARORA_GLUE_MAPS_H
#define ARORA_GLUE_MAPS_H

#include "memory.h"

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

#endif /* ARORA_GLUE_MAPS_H */
