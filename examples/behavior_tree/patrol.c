/*
 * A robot that patrols between waypoints, as the leaves of a behaviour tree, and control nodes.
 *
 * Each function is one tick: it does a little, and says whether it is done.
 */
#include "patrol.h"

#define FULL 6
#define LEG 2 /* ticks from one waypoint to the next */

static int charge = 3;
static int driven = 0;

arora_failure patrol_battery_ok(arora_arena *arena, behavior_tree_status *result) {
    (void)arena;
    *result = charge > 0 ? BEHAVIOR_TREE_STATUS_SUCCESS : BEHAVIOR_TREE_STATUS_FAILURE;
    return NULL;
}

arora_failure patrol_recharge(arora_arena *arena, behavior_tree_status *result) {
    (void)arena;
    charge += 3;
    *result = charge < FULL ? BEHAVIOR_TREE_STATUS_RUNNING : BEHAVIOR_TREE_STATUS_SUCCESS;
    return NULL;
}

arora_failure patrol_drive(arora_arena *arena, behavior_tree_status *result) {
    (void)arena;
    if (charge == 0) {
        *result = BEHAVIOR_TREE_STATUS_FAILURE;
        return NULL;
    }
    charge--;
    driven = (driven + 1) % LEG;
    *result = driven == 0 ? BEHAVIOR_TREE_STATUS_SUCCESS : BEHAVIOR_TREE_STATUS_RUNNING;
    return NULL;
}

arora_failure patrol_look(arora_arena *arena, behavior_tree_status *result) {
    (void)arena;
    *result = BEHAVIOR_TREE_STATUS_SUCCESS;
    return NULL;
}

arora_failure patrol_in_turn(arora_arena *arena, behavior_tree_tick_id_array children, behavior_tree_status *result) {
    *result = BEHAVIOR_TREE_STATUS_SUCCESS;
    for (uint32_t i = 0; i < children.count && *result == BEHAVIOR_TREE_STATUS_SUCCESS; i++) {
        arora_failure failure = behavior_tree_status_call(arena, children.items[i].callable_id, result);
        if (failure != NULL) return failure;
    }
    return NULL;
}

arora_failure patrol_first_of(arora_arena *arena, behavior_tree_tick_id_array children, behavior_tree_status *result) {
    *result = children.count == 0 ? BEHAVIOR_TREE_STATUS_SUCCESS : BEHAVIOR_TREE_STATUS_FAILURE;
    for (uint32_t i = 0; i < children.count && *result == BEHAVIOR_TREE_STATUS_FAILURE; i++) {
        arora_failure failure = behavior_tree_status_call(arena, children.items[i].callable_id, result);
        if (failure != NULL) return failure;
    }
    return NULL;
}

arora_failure patrol_all_at_once(
    arora_arena *arena, behavior_tree_tick_id_array children, behavior_tree_status *result
) {
    *result = BEHAVIOR_TREE_STATUS_SUCCESS;
    for (uint32_t i = 0; i < children.count; i++) {
        behavior_tree_status status;
        arora_failure failure = behavior_tree_status_call(arena, children.items[i].callable_id, &status);
        if (failure != NULL) return failure;
        if (status != BEHAVIOR_TREE_STATUS_SUCCESS && *result != BEHAVIOR_TREE_STATUS_FAILURE) *result = status;
    }
    return NULL;
}
