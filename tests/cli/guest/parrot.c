/*
 * Answers what it is told: one echo function for each type the command line has to read and print, and
 * functions that say something, fail, crash and never end.
 */
#define ARORA_IMPLEMENTATION
#include "arora.h"

#include <stdio.h>

#define FUNCTION(number) ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x8001, 0x000000000000 + (number))
#define ARGUMENT ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x8002, 0x000000000001)

/* A result differs from an argument with one field in nothing but that field's id, which is the function's. */
static uint8_t *echo(const uint8_t *argument, arora_uuid function) {
    arora_reader arguments = arora_arguments(argument);
    uint32_t size = arguments.size;
    uint8_t *result;
    arora_uuid id = ARGUMENT;
    arora_reader field = arora_find_field(&arguments, &id);
    if (arora_failed(&field)) return arora_error_in("what", &field);
    result = arora_buffer_alloc(size);
    memcpy(result, argument, size);
    memcpy(result + 4 + 1 + 16 + 4, function.bytes, 16);
    return result;
}

#define ECHO(digits)                                                                                 \
    ARORA_FUNCTION(00000000_0000_4000_8001_0000000000##digits) {                                     \
        arora_uuid function = FUNCTION(0x##digits);                                                  \
        return echo(argument, function);                                                             \
    }

ECHO(01) ECHO(02) ECHO(03) ECHO(04) ECHO(05) ECHO(06) ECHO(07) ECHO(08)
ECHO(09) ECHO(0a) ECHO(0b) ECHO(0c) ECHO(0d) ECHO(0e) ECHO(0f) ECHO(10)
ECHO(11) ECHO(12) ECHO(13)

static arora_string text_of(const uint8_t *argument) {
    arora_reader arguments = arora_arguments(argument);
    arora_uuid id = ARGUMENT;
    arora_reader field = arora_find_field(&arguments, &id);
    return arora_read_string(&field);
}

static void write_line(FILE *to, arora_string text) {
    fwrite(text.data, 1, text.size, to);
    fputc('\n', to);
    fflush(to);
}

/* say(what: str) */
ARORA_FUNCTION(00000000_0000_4000_8001_000000000020) {
    arora_uuid function = FUNCTION(0x20);
    write_line(stdout, text_of(argument));
    return arora_result_unit(&function);
}

/* warn(what: str) */
ARORA_FUNCTION(00000000_0000_4000_8001_000000000021) {
    arora_uuid function = FUNCTION(0x21);
    write_line(stderr, text_of(argument));
    return arora_result_unit(&function);
}

/* fail(what: str) */
ARORA_FUNCTION(00000000_0000_4000_8001_000000000022) { return arora_error_string(text_of(argument)); }

/* crash(what: str) */
ARORA_FUNCTION(00000000_0000_4000_8001_000000000023) {
    write_line(stderr, text_of(argument));
    __builtin_trap();
}

/* spin(what: str) */
ARORA_FUNCTION(00000000_0000_4000_8001_000000000024) {
    static volatile uint32_t rounds;
    write_line(stderr, text_of(argument));
    for (;;) rounds++;
    return NULL;
}
