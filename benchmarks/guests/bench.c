/*
 * The Arora guest of the benchmarks: its functions do as little work as possible, so that the calls dominate.
 * Function NN has the id 00000000-0000-4000-9000-0000000000NN, its parameters the ids of the same form from NN+1 on.
 */
#define ARORA_IMPLEMENTATION
#define ARORA_USES_DISPATCH
#include "arora.h"

#define FUNCTION(n) ARORA_FUNCTION(00000000_0000_4000_9000_0000000000##n)
#define ID(n) ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x9000, 0x0000000000##n)

static const arora_uuid ADD = ID(10), A = ID(11), B = ID(12);
static const arora_uuid ECHO = ID(20), ITEMS = ID(21);
static const arora_uuid ECHO_BYTES = ID(30), BYTES = ID(31);
static const arora_uuid ASK = ID(40), MODULE = ID(41), ASK_TIMES = ID(42);
static const arora_uuid CALL_BACK = ID(50), CALLABLE = ID(51), CALL_TIMES = ID(52);

/* add(a: u32, b: u32) -> u32 */
FUNCTION(10) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader a = arora_find_field(&arguments, &A), b = arora_find_field(&arguments, &B);
    uint32_t sum = arora_read_u32(&a) + arora_read_u32(&b);
    if (arora_failed(&a)) return arora_error_in("a", &a);
    if (arora_failed(&b)) return arora_error_in("b", &b);
    return arora_result_u32(&ADD, sum);
}

/* echo(items: f64[]) -> f64[] */
FUNCTION(20) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader items = arora_find_field(&arguments, &ITEMS);
    uint32_t count = 0;
    const double *given = arora_read_f64s(&items, &count);
    if (arora_failed(&items)) return arora_error_in("items", &items);
    arora_writer writer = arora_result_begin(&ECHO, 0);
    arora_write_f64s(&writer, given, count);
    return arora_result_end(&writer);
}

/* echo_bytes(bytes: u8[]) -> u8[] */
FUNCTION(30) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader bytes = arora_find_field(&arguments, &BYTES);
    uint32_t count = 0;
    const uint8_t *given = arora_read_u8s(&bytes, &count);
    if (arora_failed(&bytes)) return arora_error_in("bytes", &bytes);
    arora_writer writer = arora_result_begin(&ECHO_BYTES, 0);
    arora_write_u8s(&writer, given, count);
    return arora_result_end(&writer);
}

/* ask(module: uuid, times: u32) -> u32: dispatches add(sum, 1) to a module, that many times; returns the sum */
FUNCTION(40) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader module = arora_find_field(&arguments, &MODULE), times = arora_find_field(&arguments, &ASK_TIMES);
    arora_uuid module_id = arora_read_uuid(&module);
    uint32_t left = arora_read_u32(&times), sum = 0;
    if (arora_failed(&module)) return arora_error_in("module", &module);
    if (arora_failed(&times)) return arora_error_in("times", &times);
    while (left--) {
        arora_writer writer = arora_arguments_begin(&ADD, 2);
        arora_write_field(&writer, &A);
        arora_write_u32(&writer, sum);
        arora_write_field(&writer, &B);
        arora_write_u32(&writer, 1);
        uint8_t *answer = arora_dispatch(&module_id, &ADD, arora_writer_finish(&writer));
        arora_reader answered = arora_answer_return(answer);
        sum = arora_read_u32(&answered);
        if (arora_failed(&answered)) return arora_error_in("add", &answered);
        arora_buffer_free(answer);
    }
    return arora_result_u32(&ASK, sum);
}

/* call_back(callable: u64, times: u32) -> u64: calls it that many times; returns the sum of the u64s it returned */
FUNCTION(50) {
    arora_reader arguments = arora_arguments(argument);
    arora_reader callable = arora_find_field(&arguments, &CALLABLE), times = arora_find_field(&arguments, &CALL_TIMES);
    uint64_t id = arora_read_u64(&callable), sum = 0;
    uint32_t left = arora_read_u32(&times);
    if (arora_failed(&callable)) return arora_error_in("callable", &callable);
    if (arora_failed(&times)) return arora_error_in("times", &times);
    while (left--) {
        uint8_t *answer = arora_dispatch_indirect(id);
        arora_reader answered = arora_answer_value(answer);
        sum += arora_read_u64(&answered);
        if (arora_failed(&answered)) return arora_error_in("callable", &answered);
        arora_buffer_free(answer);
    }
    return arora_result_u64(&CALL_BACK, sum);
}
