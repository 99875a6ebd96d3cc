/* What the guest writes, and what it sees of its host, through WASI, or through what native.h has in its place. */

#if HAS_SYSTEM

/* Bytes to write or to read: of WASI, and of POSIX. */
typedef struct piece {
    const void *data;
    size_t size;
} piece;

#if defined(__wasm__)

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) wasi_##name

_Noreturn void WASI(proc_exit)(uint32_t);
uint32_t WASI(fd_write)(uint32_t, const void *, uint32_t, uint32_t *);
uint32_t WASI(fd_read)(uint32_t, const void *, uint32_t, uint32_t *);
uint32_t WASI(fd_prestat_get)(uint32_t, void *);
uint32_t WASI(args_sizes_get)(uint32_t *, uint32_t *);
uint32_t WASI(environ_sizes_get)(uint32_t *, uint32_t *);
uint32_t WASI(path_open)(uint32_t, uint32_t, const char *, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t,
                         uint32_t *);
uint32_t WASI(clock_time_get)(uint32_t, uint64_t, uint64_t *);
uint32_t WASI(random_get)(uint8_t *, uint32_t);
uint32_t WASI(sched_yield)(void);
uint32_t WASI(poll_oneoff)(const void *, void *, uint32_t, uint32_t *);

#else
#include "native.h"
#endif

static uint32_t written(uint32_t fd, arora_string text) {
    while (text.size > 0) {
        uint32_t done = 0;
        piece whole = {text.data, text.size};
        uint32_t failure = wasi_fd_write(fd, &whole, 1, &done);
        if (failure || done == 0) return failure;
        text.data += done;
        text.size -= done;
    }
    return 0;
}

/* last_words(text: str): writes to stderr, then crashes */
FUNCTION(72) {
    arora_reader text = parameter(argument, PARAMETER(7201));
    written(2, arora_read_string(&text));
    __builtin_trap();
}

/* print(fd: u32, text: str) -> u32: writes the whole text; the WASI error number, 0 on success */
FUNCTION(a0) {
    arora_uuid self = ID(a0);
    arora_reader fd = parameter(argument, PARAMETER(a001)), text = parameter(argument, PARAMETER(a002));
    arora_string string = arora_read_string(&text);
    return arora_result_u32(&self, written(arora_read_u32(&fd), string));
}

/* print_pieces(fd: u32, first: str, second: str) -> u32: writes two pieces in one call; number of bytes written */
FUNCTION(a1) {
    arora_uuid self = ID(a1);
    arora_reader fd = parameter(argument, PARAMETER(a101)), first = parameter(argument, PARAMETER(a102));
    arora_reader second = parameter(argument, PARAMETER(a103));
    arora_string one = arora_read_string(&first), two = arora_read_string(&second);
    uint32_t done = 0;
    piece pieces[2] = {{one.data, one.size}, {two.data, two.size}};
    wasi_fd_write(arora_read_u32(&fd), pieces, 2, &done);
    return arora_result_u32(&self, done);
}

/* write(fd: u32, data: u8[], then: u64) -> u32: writes all the bytes, then calls the callable `then`, and then writes them
 * again; the WASI error number of the first write that fails, 0 on success */
FUNCTION(a2) {
    arora_uuid self = ID(a2);
    arora_reader fd = parameter(argument, PARAMETER(a201)), data = parameter(argument, PARAMETER(a202));
    arora_reader then = parameter(argument, PARAMETER(a203));
    uint32_t size = 0, to = arora_read_u32(&fd);
    const uint8_t *bytes = arora_read_u8s(&data, &size);
    arora_string text = {(const char *)bytes, size};
    uint32_t failure = written(to, text);
    arora_buffer_free(arora_dispatch_indirect(arora_read_u64(&then)));
    return arora_result_u32(&self, failure ? failure : written(to, text));
}

/* leave(code: u32): exits with this code */
FUNCTION(73) {
    arora_reader code = parameter(argument, PARAMETER(7301));
    wasi_proc_exit(arora_read_u32(&code));
}

/* clock(id: u32) -> u64: time in nanoseconds. 0 is the wall clock, 1 the monotonic clock */
FUNCTION(b0) {
    arora_uuid self = ID(b0);
    arora_reader clock = parameter(argument, PARAMETER(b001));
    uint64_t now = 0;
    if (wasi_clock_time_get(arora_read_u32(&clock), 1, &now) != 0) return arora_error("there is no such clock");
    return arora_result_u64(&self, now);
}

/* random(size: u32) -> u8[]: random bytes */
FUNCTION(b1) {
    arora_uuid self = ID(b1);
    arora_reader size = parameter(argument, PARAMETER(b101));
    uint32_t count = arora_read_u32(&size);
    arora_writer writer = arora_result_begin(&self, 0);
    uint8_t *bytes = arora_reserve_u8s(&writer, count);
    if (bytes && wasi_random_get(bytes, count) != 0) {
        arora_writer_abandon(&writer);
        return arora_error("there are no random numbers");
    }
    return arora_result_end(&writer);
}

/* sleep(nanoseconds: u64) -> u32: sleeps with poll_oneoff; the WASI error number, 0 on success */
FUNCTION(b3) {
    arora_uuid self = ID(b3);
    arora_reader nanoseconds = parameter(argument, PARAMETER(b301));
    /* userdata; the tag of clocks; the monotonic clock; timeout; precision; flags */
    uint64_t subscription[6] = {0, 0, 1, arora_read_u64(&nanoseconds), 0, 0}, event[4];
    uint32_t happened = 0;
    return arora_result_u32(&self, wasi_poll_oneoff(subscription, event, 1, &happened));
}

/* ambient() -> u32[]: what it can access. Number of arguments; number of environment variables; the error numbers of
 * fd_prestat_get for a first directory and of opening "/etc/passwd" and "." in it; number of bytes read from stdin */
FUNCTION(b2) {
    arora_uuid self = ID(b2);
    uint32_t seen[6] = {0}, ignored = 0, opened = 0;
    uint8_t directory[8], byte[16];
    piece whole = {byte, sizeof byte};
    wasi_args_sizes_get(&seen[0], &ignored);
    wasi_environ_sizes_get(&seen[1], &ignored);
    seen[2] = wasi_fd_prestat_get(3, directory);
    seen[3] = wasi_path_open(3, 0, "/etc/passwd", 11, 0, 2, 0, 0, &opened);
    seen[4] = wasi_path_open(3, 0, ".", 1, 2, 0, 0, 0, &opened);
    wasi_fd_read(0, &whole, 1, &seen[5]);
    (void)wasi_sched_yield();
    arora_writer writer = arora_result_begin(&self, 0);
    arora_write_u32s(&writer, seen, 6);
    return arora_result_end(&writer);
}

#endif
