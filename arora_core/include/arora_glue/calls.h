/* Calls of exported and imported functions, and of callables. A part of arora_glue.h. */
#ifndef ARORA_GLUE_CALLS_H
#define ARORA_GLUE_CALLS_H

#include "kinds.h"

/* A call of an exported function. */
typedef struct arora_call_ {
    arora_arena arena;
    arora_failure failure;
} arora_call_;

/* Return the message of a mistake at a path: `joints[2]: expected a value of type f64`. */
static inline arora_failure arora_at_(arora_arena *arena, const char *path, arora_string message) {
    if (*path == '.') path++;
    return arora_format(arena, "%s%s%.*s", path, *path == '\0' ? "" : ": ", (int)message.size, message.data);
}

/* Read the arguments or the results of a call to its frame. */
static inline arora_failure arora_decode_frame_(arora_arena *arena, const arora_type_ *type, arora_reader reader,
                                                void *frame) {
    arora_decoding_ in = {reader, arena, ""};
    if (type->codec->decode(&in, type, (uint8_t *)frame, 0) && arora_reader_finish(&in.reader)) return NULL;
    return arora_at_(arena, in.path, in.reader.error);
}

/* Write the arguments or the results of a call to a buffer, NULL when there is no memory left. */
static inline arora_failure arora_encode_frame_(arora_arena *arena, const arora_type_ *type, const void *frame,
                                                uint8_t **buffer) {
    arora_encoding_ out = {arora_writer_begin(0), arena, NULL, ""};
    if (type->codec->encode(&out, type, (const uint8_t *)frame, 0)) {
        *buffer = arora_writer_finish(&out.writer);
        return NULL;
    }
    arora_writer_abandon(&out.writer);
    return arora_at_(arena, out.path, arora_text(out.failure));
}

/* Begin a call of an exported function: read its arguments. Return whether the author's function is to be called. */
static inline bool arora_begin_(arora_call_ *call, const arora_function_ *function, const uint8_t *argument,
                                void *frame) {
    arora_reader reader = arora_arguments(argument);
    if (arora_failed(&reader))
        call->failure = arora_format(&call->arena, "%.*s", (int)reader.error.size, reader.error.data);
    else call->failure = arora_decode_frame_(&call->arena, &function->arguments, reader, frame);
    return call->failure == NULL;
}

/* End a call of an exported function: write its results, or its failure, and free its memory. */
static inline uint8_t *arora_end_(arora_call_ *call, const arora_function_ *function, const void *frame) {
    uint8_t *buffer = NULL;
    if (call->failure == NULL) call->failure = arora_encode_frame_(&call->arena, &function->results, frame, &buffer);
    if (call->failure != NULL) {
        arora_string message = arora_text(call->failure);
        bool text = arora_is_utf8((const uint8_t *)message.data, message.size);
        buffer = arora_error_string(text ? message : arora_text("failed, with a message that is not UTF-8"));
    }
    arora_free_(&call->arena);
    return buffer != NULL ? buffer : arora_out_of_memory;
}

/* Return the failure in an answer, if it is one. */
static inline arora_failure arora_answered_failure_(arora_arena *arena, const arora_reader *answer) {
    if (!arora_failed(answer)) return NULL;
    return arora_format(arena, "%.*s", (int)answer->error.size, answer->error.data);
}

/* Call an imported function: write its arguments, and read its results. */
static inline arora_failure arora_import_(arora_arena *arena, const arora_function_ *function, void *frame) {
    uint8_t *buffer = NULL;
    arora_reader answer;
    arora_failure failure = arora_encode_frame_(arena, &function->arguments, frame, &buffer);
    if (failure == NULL) {
        buffer = arora_dispatch(&function->module, &function->arguments.id, buffer);
        if (!arora_keep_(arena, buffer)) return ARORA_NO_MEMORY;
        answer = arora_answer_value(buffer);
        failure = arora_answered_failure_(arena, &answer);
        if (failure != NULL) return failure;
        failure = arora_decode_frame_(arena, &function->results, answer, frame);
    }
    return failure == NULL ? NULL : arora_format(arena, "%s: %s", function->name, failure);
}

/* Call what the host registered as `callable`, and read the value that it returns. */
static inline arora_failure arora_call_of_(arora_arena *arena, uint64_t callable, const arora_type_ *type,
                                           void *result) {
    uint8_t *buffer = arora_dispatch_indirect(callable);
    arora_reader answer;
    if (!arora_keep_(arena, buffer)) return ARORA_NO_MEMORY;
    answer = arora_answer_value(buffer);
    if (arora_failed(&answer)) return arora_answered_failure_(arena, &answer);
    return arora_decode_frame_(arena, type, answer, result);
}

arora_failure arora_call(arora_arena *arena, uint64_t callable, arora_value *result) {
    return arora_call_of_(arena, callable, &arora_value__type, result);
}

#endif /* ARORA_GLUE_CALLS_H */
