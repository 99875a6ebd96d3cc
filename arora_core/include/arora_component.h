/*
 * arora_component.h: a module written with arora.h, as a component.
 *
 * A component (https://component-model.bytecodealliance.org) is a WebAssembly module in an envelope that says what its
 * imports and exports mean. wit/module.wit says so for a module of Arora, and docs/ABI.md (section 6) in words: in place
 * of one export for each function, there is one, `dispatch`, that takes the function's UUID.
 *
 * Nothing of a module's sources changes. Compiled with -DARORA_COMPONENT, arora.h includes this file, and what comes out
 * is the core module that tools such as wasm-tools put into the envelope:
 *
 *     zig cc -target wasm32-wasi -mexec-model=reactor -DARORA_COMPONENT ... -o core.wasm
 *     wasm-tools component embed "$(arora include-dir)/wit" core.wasm -o embedded.wasm
 *     wasm-tools component new embedded.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o module.wasm
 *
 * How values cross the border is the Canonical ABI, of which this needs little:
 * https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
 */
#ifndef ARORA_COMPONENT_H
#define ARORA_COMPONENT_H

#if !defined(__wasm__)
#error "a component is WebAssembly: compile with -DARORA_COMPONENT for that target alone"
#endif

/* The numbers behind characters of a UUID's text, which end the symbol of a function. */
#define ARORA_HEX_1_(text, i)                                                                                          \
    ((uint64_t)((text)[i] <= '9' ? (text)[i] - '0' : ((text)[i] | 0x20) - 'a' + 10))
#define ARORA_HEX_4_(text, i)                                                                                          \
    (ARORA_HEX_1_(text, i) << 12 | ARORA_HEX_1_(text, (i) + 1) << 8 | ARORA_HEX_1_(text, (i) + 2) << 4 |               \
     ARORA_HEX_1_(text, (i) + 3))

/* The big-endian halves of a UUID from its text: XXXXXXXX_XXXX_XXXX_XXXX_XXXXXXXXXXXX. */
#define ARORA_HIGH_(text)                                                                                              \
    (ARORA_HEX_4_(text, 0) << 48 | ARORA_HEX_4_(text, 4) << 32 | ARORA_HEX_4_(text, 9) << 16 | ARORA_HEX_4_(text, 14))
#define ARORA_LOW_(text)                                                                                               \
    (ARORA_HEX_4_(text, 19) << 48 | ARORA_HEX_4_(text, 24) << 32 | ARORA_HEX_4_(text, 28) << 16 |                      \
     ARORA_HEX_4_(text, 32))

/* What `dispatch` looks a function up in: the halves of its UUID. */
typedef struct arora_listed_function_ {
    uint64_t high, low;
    uint8_t *(*call)(const uint8_t *argument);
} arora_listed_function_;

/* The linker lays the entries of all source files side by side, because they have a section of their own. */
#define ARORA_FUNCTION(id)                                                                                             \
    ARORA_INTERNAL_ uint8_t *arora_function_##id(const uint8_t *argument);                                             \
    __attribute__((used, section("arora_functions"))) static const arora_listed_function_ arora_listed_##id##_ = {         \
        ARORA_HIGH_(#id), ARORA_LOW_(#id), arora_function_##id};                                                       \
    uint8_t *arora_function_##id(const uint8_t *argument ARORA_MAYBE_UNUSED_)

#endif /* ARORA_COMPONENT_H */

/* ---- Implementation ---------------------------------------------------------------------------------------------- */

/* Outside the include guard: arora.h includes this file once more at its end. */

#if defined(ARORA_IMPLEMENTED_) && !defined(ARORA_NO_COMPONENT_EXPORTS) && !defined(ARORA_COMPONENT_IMPLEMENTED_)
#define ARORA_COMPONENT_IMPLEMENTED_

/* A result<list<u8>, string>, as it lies in memory. */
typedef struct arora_component_result_ {
    uint8_t failed;
    uint8_t *data;
    uint32_t size;
} arora_component_result_;

/* The bytes of an error buffer before its message: size, tag, and the size of the message. */
enum { ARORA_BEFORE_MESSAGE_ = 9 };

/* From the linker: where the section starts, and where it ends. Weak, because a module may have no function. */
extern const arora_listed_function_ __start_arora_functions[] __attribute__((weak, visibility("hidden")));
extern const arora_listed_function_ __stop_arora_functions[] __attribute__((weak, visibility("hidden")));

/*
 * A call in progress. It lies behind the argument in the same block, because what unwinds a call (a trap, an exception of
 * the host) leaves nothing on the stack. A host may go on then, and the argument would never be freed.
 */
typedef struct arora_component_call_ {
    uint8_t *argument;
    uintptr_t frame; /* of `dispatch`: the stack grows downwards */
    struct arora_component_call_ *outer;
} arora_component_call_;

/* The innermost call in progress. */
static arora_component_call_ *arora_component_innermost_;

/* Where the call lies in the block of an argument: behind the 4 bytes that a module may read after its argument
 * (docs/ABI.md, section 3), aligned. */
static inline uint32_t arora_component_call_at_(uint32_t size) {
    return (size + 4 + 3) & ~3u;
}

/*
 * Memory for what the host passes: an argument, or the answer of a dispatch. Both are freed with arora_buffer_free: the
 * argument by `dispatch`, the answer by the module. There is no way to refuse but a trap: any pointer would be taken for
 * memory.
 */
ARORA_EXPORT("cabi_realloc")
void *arora_component_realloc_(void *old, uint32_t old_size, uint32_t alignment, uint32_t size);
void *arora_component_realloc_(void *old, uint32_t old_size, uint32_t alignment, uint32_t size) {
    uint32_t most = UINT32_MAX - 8 - (uint32_t)sizeof(arora_component_call_);
    uint32_t whole = arora_component_call_at_(size) + (uint32_t)sizeof(arora_component_call_);
    uint8_t *block = size > most ? NULL : arora_buffer_alloc(whole);
    (void)alignment; /* At most 8, as every block has. */
    if (block == NULL) __builtin_trap();
    if (old != NULL) {
        ARORA_COPY_(block, old, old_size < size ? old_size : size);
        arora_buffer_free((uint8_t *)old);
    }
    return block;
}

/* End the innermost call, and free its argument. */
static void arora_component_end_(void) {
    arora_component_call_ *call = arora_component_innermost_;
    arora_component_innermost_ = call->outer;
    arora_buffer_free(call->argument);
}

static arora_component_call_ *arora_component_begin_(uint8_t *argument, uint32_t size, uintptr_t frame) {
    arora_component_call_ *call = (arora_component_call_ *)(void *)(argument + arora_component_call_at_(size));
    /* A call that still runs has its frame above those of the calls inside it: any other has been unwound. */
    while (arora_component_innermost_ != NULL && arora_component_innermost_->frame <= frame) arora_component_end_();
    call->argument = argument;
    call->frame = frame;
    call->outer = arora_component_innermost_;
    arora_component_innermost_ = call;
    return call;
}

static uint8_t *arora_component_function_(uint64_t high, uint64_t low, const uint8_t *argument, uint32_t size) {
    const arora_listed_function_ *each;
    arora_reader reader = arora_reader_sized(argument, size);
    if (arora_failed(&reader)) return arora_error_in("argument", &reader);
    for (each = __start_arora_functions; each < __stop_arora_functions; each++) {
        if (each->low == low && each->high == high) return each->call(argument);
    }
    return arora_error("this module has no function with that id");
}

/*
 * Call the function whose UUID has these halves. The result is where the pointer says until cabi_post_dispatch, which the
 * host calls once it has copied it. One place is enough for it, though calls nest: no call of this module runs between
 * the moment at which it is written, when all nested ones have ended, and that.
 */
ARORA_EXPORT("dispatch")
arora_component_result_ *arora_component_dispatch_(uint64_t high, uint64_t low, uint8_t *argument, uint32_t size);
arora_component_result_ *arora_component_dispatch_(uint64_t high, uint64_t low, uint8_t *argument, uint32_t size) {
    static arora_component_result_ result;
    volatile uint8_t frame = 0; /* on the stack until the function returns */
    arora_component_call_ *call = arora_component_begin_(argument, size, (uintptr_t)&frame);
    arora_string message;
    arora_reader reader;
    uint8_t *buffer = arora_component_function_(high, low, argument, size);
    /* Its argument is no result of a function. The empty list that NULL becomes is not either, and the host says so. */
    if (buffer == argument) buffer = NULL;
    while (arora_component_innermost_ != call) arora_component_end_();
    arora_component_end_();
    result.failed = 0;
    result.data = buffer;
    result.size = 0;
    if (buffer != NULL) ARORA_COPY_(&result.size, buffer, 4);
    /* An error whose message is no text stays a buffer: a string that is none would be a fault of the component. */
    reader = arora_reader_open(buffer);
    if (arora_expect_(&reader, ARORA_ERROR, "expected an error")) {
        message = arora_take_string_(&reader);
        if (arora_reader_finish(&reader)) {
            result.failed = 1;
            result.data = buffer + ARORA_BEFORE_MESSAGE_;
            result.size = message.size;
        }
    }
    return &result;
}

/* Free the result of `dispatch`. */
ARORA_EXPORT("cabi_post_dispatch") void arora_component_post_dispatch_(arora_component_result_ *result);
void arora_component_post_dispatch_(arora_component_result_ *result) {
    arora_buffer_free(result->failed ? result->data - ARORA_BEFORE_MESSAGE_ : result->data);
}

#ifdef ARORA_USES_DISPATCH

#define ARORA_HOST_(name) ARORA_EXTERN_C __attribute__((import_module("arora:module/host@0.1.0"), import_name(name)))

ARORA_HOST_("dispatch")
void arora_component_host_dispatch_(uint64_t module_high, uint64_t module_low, uint64_t function_high,
                                    uint64_t function_low, const uint8_t *argument, uint32_t size,
                                    arora_component_result_ *result);
ARORA_HOST_("dispatch-indirect")
void arora_component_host_dispatch_indirect_(uint64_t callable, arora_component_result_ *result);

/* The half of a UUID that starts at these bytes. */
static uint64_t arora_component_half_(const uint8_t *bytes) {
    uint64_t half;
    ARORA_COPY_(&half, bytes, sizeof half);
    return __builtin_bswap64(half);
}

/* Return what the host answered as a buffer that the module owns. */
static uint8_t *arora_component_answer_(const arora_component_result_ *result) {
    arora_reader reader;
    arora_string message;
    uint8_t *error;
    if (result->failed) {
        message.data = (const char *)result->data;
        message.size = result->size;
        error = arora_error_string(message);
    } else {
        /* The module trusts the size in it. */
        reader = arora_reader_sized(result->data, result->size);
        if (!arora_failed(&reader)) return result->data;
        error = arora_error_in("the answer of the host", &reader);
    }
    arora_buffer_free(result->data);
    return error;
}

uint8_t *arora_import_dispatch_(const uint8_t *module, const uint8_t *function, const uint8_t *argument) {
    arora_component_result_ result;
    uint32_t size;
    ARORA_COPY_(&size, argument, sizeof size);
    arora_component_host_dispatch_(arora_component_half_(module), arora_component_half_(module + 8),
                                   arora_component_half_(function), arora_component_half_(function + 8), argument, size,
                                   &result);
    return arora_component_answer_(&result);
}

uint8_t *arora_import_dispatch_indirect_(uint64_t callable) {
    arora_component_result_ result;
    arora_component_host_dispatch_indirect_(callable, &result);
    return arora_component_answer_(&result);
}

#endif /* ARORA_USES_DISPATCH */

#endif /* ARORA_IMPLEMENTED_ */
