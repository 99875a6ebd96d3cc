#include "my_module.h"

arora_failure my_module_mean(arora_arena *arena, arora_f64_array values, double *result) {
    double sum = 0;
    (void)arena; /* what is made with arora_new(arena, …) lives until the call ends */
    if (values.count == 0) return "no values";
    for (uint32_t i = 0; i < values.count; i++) sum += values.items[i];
    *result = sum / values.count;
    return NULL;
}
