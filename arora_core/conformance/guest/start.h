/* Which build of the guest this is, and what it does when it starts. */

/* The suite changes the digit in the executable, to have an executable that differs. */
static const volatile char edition_text[] = "arora conformance guest, edition 1";

enum { EDITION_SIZE = sizeof edition_text - 1 };

static arora_string edition_of(char *copy) {
    for (uint32_t i = 0; i < EDITION_SIZE; i++) copy[i] = edition_text[i];
    arora_string text = {copy, EDITION_SIZE};
    return text;
}

/* edition() -> str: a text that is in the executable as it is, and ends in the edition's digit */
FUNCTION(5b) {
    char copy[EDITION_SIZE];
    arora_uuid self = ID(5b);
    arora_writer writer = arora_result_begin(&self, 0);
    arora_mark mark = arora_begin_string(&writer);
    arora_append_string(&writer, edition_of(copy));
    arora_end_string(&writer, mark);
    return arora_result_end(&writer);
}

#if HAS_SYSTEM

enum { TOO_LATE = 100 };

static uint32_t initialised;

/* Every edition but the first writes its name to stdout and to stderr. */
#if defined(__wasm__)
ARORA_EXPORT("_initialize") void _initialize(void);
#else
__attribute__((constructor)) static void _initialize(void);
#endif
void _initialize(void) {
    char copy[EDITION_SIZE];
    initialised += allocated ? TOO_LATE : 1;
    if (edition_text[EDITION_SIZE - 1] == '1') return;
    written(1, edition_of(copy));
    written(2, edition_of(copy));
}

/* initialised() -> u32: number of times that the host has called _initialize, or loaded a library; a call after the first allocation
 * counts as 100 */
FUNCTION(c4) {
    arora_uuid self = ID(c4);
    return arora_result_u32(&self, initialised);
}

#endif
