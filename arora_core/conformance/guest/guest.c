/*
 * The conformance guest: its functions do, on request, everything that a guest can do to its host.
 *
 * This is the only file to compile, with arora.h on the include path. The other headers here define the functions,
 * sorted by subject, and document each.
 *
 * Function NN has the id 00000000-0000-4000-8c0f-00000000NN00; its parameters have ids of the same form that end in
 * 01, 02, ...; module.yaml lists them. Code inside `#if HAS_SYSTEM` needs a sandbox and WASI. Native builds have it if
 * OWN_PROCESS is defined, for executors that run a library in a process of its own, on systems of POSIX.
 */
#if defined(__wasm__)
#define HAS_SYSTEM 1
#elif defined(OWN_PROCESS)
#define HAS_SYSTEM 1
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#else
#define HAS_SYSTEM 0
#endif
#define ARORA_USES_DISPATCH
#include "arora.h"

/* arora.h's allocator under other names: the exported one, in allocator.h, wraps it to count and to misbehave. */
#define ARORA_IMPLEMENTATION
#define ARORA_NO_COMPONENT_EXPORTS
#define arora_buffer_alloc pool_alloc
#define arora_buffer_free pool_free
#include "arora.h"
#undef arora_buffer_alloc
#undef arora_buffer_free
/* What a component exports uses the one in allocator.h. */
#undef ARORA_NO_COMPONENT_EXPORTS
#include "arora.h"

#define ID(n) id_of(0x##n##00u)
#define PARAMETER(n) id_of(0x##n##u)
#define FUNCTION(n) ARORA_FUNCTION(00000000_0000_4000_8c0f_00000000##n##00)

static arora_uuid id_of(uint32_t number) {
    arora_uuid made = ARORA_UUID(0x00000000, 0x0000, 0x4000, 0x8c0f, 0x000000000000);
    made.bytes[13] = (uint8_t)(number >> 16);
    made.bytes[14] = (uint8_t)(number >> 8);
    made.bytes[15] = (uint8_t)number;
    return made;
}

static arora_reader parameter(const uint8_t *argument, arora_uuid id) {
    arora_reader arguments = arora_arguments(argument);
    return arora_find_field(&arguments, &id);
}

static uint32_t size_of(const uint8_t *buffer) {
    return arora_reader_open(buffer).size;
}

/* Return a buffer with exactly these bytes, valid or not. */
static uint8_t *raw(const uint8_t *bytes, uint32_t size) {
    uint8_t *buffer = arora_buffer_alloc(size);
    for (uint32_t i = 0; buffer && i < size; i++) buffer[i] = bytes[i];
    return buffer;
}

/* Each header uses definitions of those above it. */
#include "allocator.h"
#include "values.h"
#include "records.h"
#include "calls.h"
#include "dispatch.h"
#include "resources.h"
#include "surroundings.h"
#include "start.h"
#include "failures.h"
