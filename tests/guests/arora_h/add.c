#define ARORA_IMPLEMENTATION
#include "arora.h"

static const arora_uuid ADD = ARORA_UUID(0x7d3a2c51, 0x9b1e, 0x4f60, 0x8a2d, 0x51c0e7f3b964);
static const arora_uuid A = ARORA_UUID(0x1f6c0d2e, 0x5a47, 0x4b8e, 0x9c13, 0x2e8d7a60f4b5);
static const arora_uuid B = ARORA_UUID(0xc4e98b07, 0x3d62, 0x4a1f, 0xb5d8, 0x90f1a3c72e6d);

ARORA_FUNCTION(7d3a2c51_9b1e_4f60_8a2d_51c0e7f3b964) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader a = arora_find_field(&arguments, &A);
    arora_reader b = arora_find_field(&arguments, &B);
    double sum = arora_read_f64(&a) + arora_read_f64(&b);
    if (arora_failed(&a)) return arora_error_in("a", &a);
    if (arora_failed(&b)) return arora_error_in("b", &b);
    return arora_result_f64(&ADD, sum);
}
