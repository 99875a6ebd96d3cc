/* What an author writes on the types and prototypes that are generated, to test these. */
#include "shapes.h"

arora_failure shapes_describe(arora_arena *arena, arora_string name, arora_u8_option age, uint32_t times,
                              arora_string *result) {
    *result = age.present ? arora_text(arora_format(arena, "%.*s, %u, %lu times", (int)name.size, name.data,
                                                    (unsigned)age.value, (unsigned long)times))
                          : name;
    return NULL;
}

arora_failure shapes_refuse(arora_arena *arena, arora_string why) {
    return arora_format(arena, "%.*s: %c%s %d %lld %x %.3f %f%%", (int)why.size, why.data, '<', ">", -7,
                        (long long)INT64_MIN, 255u, -0.0625, 2e20);
}

arora_failure shapes_refuse_badly(arora_arena *arena) {
    (void)arena;
    return "\xff";
}

arora_failure shapes_move(arora_arena *arena, const shapes_point *from, shapes_point *to) {
    (void)arena;
    to->x += from->x;
    return NULL;
}

arora_failure shapes_echo_deep(arora_arena *arena, const shapes_deep *deep, shapes_deep *result) {
    (void)arena;
    *result = *deep;
    return NULL;
}

arora_failure shapes_count(arora_arena *arena, const shapes_list *list, uint32_t *result) {
    (void)arena;
    for (; list != NULL; list = list->tail) ++*result;
    return NULL;
}

arora_failure shapes_echo(arora_arena *arena, const arora_value *value, arora_value *result) {
    (void)arena;
    *result = *value;
    return NULL;
}

arora_failure shapes_repeat(arora_arena *arena, uint64_t callable, arora_value *result) {
    return arora_call(arena, callable, result);
}

arora_failure shapes_unordered(arora_arena *arena, arora_u8_map *result) {
    static const arora_u8_map_entry entries[] = {
        {.key = {"b", 1}, .value = 1}, {.key = {"", 0}, .empty = true}, {.key = {"ab", 2}, .value = 2},
        {.key = {"a", 1}, .value = 3}, {.key = {"b", 1}, .value = 4},
    };
    (void)arena;
    *result = (arora_u8_map){entries, 5};
    return NULL;
}

arora_failure shapes_sum(arora_arena *arena, uint32_t megabytes, uint32_t *result) {
    uint8_t *bytes = arora_new(arena, uint8_t, (size_t)megabytes << 20);
    if (bytes == NULL) return ARORA_NO_MEMORY;
    *result = bytes[0] + (uint32_t)megabytes;
    return NULL;
}

/* Results that cannot be written. */
arora_failure shapes_lie(arora_arena *arena, uint8_t how, shapes_deep *result) {
    static const shapes_shape odd = {.variant = 77};
    static const shapes_point points[2] = {{0}};
    shapes_shape *shapes = arora_new(arena, shapes_shape, 2);
    result->corners = (shapes_point_array){points, 2};
    if (shapes == NULL) return ARORA_NO_MEMORY;
    if (how == 0) result->corners.count = 1;
    if (how == 1) result->shapes = (shapes_shape_array){NULL, 3};
    if (how == 2) result->shapes = (shapes_shape_array){&odd, 1};
    if (how == 3) {
        shapes[1].variant = SHAPES_SHAPE_MAYBE;
        shapes[1].as.maybe.present = true;
        shapes[1].as.maybe.value.inner.text = (arora_string){"\xff", 1};
        result->shapes = (shapes_shape_array){shapes, 2};
    }
    return NULL;
}

arora_failure shapes_nest(arora_arena *arena, uint32_t depth, shapes_list *result) {
    shapes_list *list = result;
    while (--depth > 0) {
        shapes_list *tail = arora_new(arena, shapes_list, 1);
        if (tail == NULL) return ARORA_NO_MEMORY;
        list->tail = tail;
        list = tail;
    }
    return NULL;
}

arora_failure shapes_ask(arora_arena *arena, arora_string question, uint32_t *patience, arora_string *result) {
    return robot_say(arena, question, patience, result);
}
