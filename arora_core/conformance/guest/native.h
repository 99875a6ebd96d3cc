/* What the guest uses of WASI, as a library on a system of POSIX has it. */

#include <errno.h>
#include <sched.h>
#include <sys/uio.h>
#include <time.h>

enum { WASI_EBADF = 8, WASI_EINVAL = 28, WASI_EIO = 29 };

static uint32_t failed(void) {
    return errno == EBADF ? WASI_EBADF : WASI_EIO;
}

static _Noreturn void wasi_proc_exit(uint32_t code) {
    exit((int)code);
}

static uint32_t wasi_fd_write(uint32_t fd, const piece *pieces, uint32_t count, uint32_t *done) {
    ssize_t size = writev((int)fd, (const struct iovec *)pieces, (int)count);
    if (size < 0) return failed();
    *done = (uint32_t)size;
    return 0;
}

static uint32_t wasi_fd_read(uint32_t fd, const piece *pieces, uint32_t count, uint32_t *done) {
    ssize_t size = readv((int)fd, (const struct iovec *)pieces, (int)count);
    if (size < 0) return failed();
    *done = (uint32_t)size;
    return 0;
}

/* Directories that WASI opens in advance come from descriptor 3 on. */
static uint32_t wasi_fd_prestat_get(uint32_t fd, void *directory) {
    (void)directory;
    return fcntl((int)fd, F_GETFD) < 0 ? failed() : 0;
}

/* The arguments of the process are not the library's. */
static uint32_t wasi_args_sizes_get(uint32_t *count, uint32_t *size) {
    *count = *size = 0;
    return 0;
}

extern char **environ;

static uint32_t wasi_environ_sizes_get(uint32_t *count, uint32_t *size) {
    *count = *size = 0;
    while (environ != NULL && environ[*count] != NULL) *count += 1;
    return 0;
}

static uint32_t wasi_path_open(uint32_t directory, uint32_t lookup, const char *path, uint32_t size, uint32_t flags,
                               uint64_t rights, uint64_t inherited, uint32_t how, uint32_t *opened) {
    int fd = open(path, O_RDONLY);
    (void)directory, (void)lookup, (void)size, (void)flags, (void)rights, (void)inherited, (void)how;
    if (fd < 0) return failed();
    *opened = (uint32_t)fd;
    return 0;
}

static uint32_t wasi_clock_time_get(uint32_t clock, uint64_t precision, uint64_t *now) {
    struct timespec time;
    (void)precision;
    if (clock > 1) return WASI_EINVAL;
    if (clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time) != 0) return failed();
    *now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    return 0;
}

static uint32_t wasi_random_get(uint8_t *bytes, uint32_t size) {
    while (size > 0) {
        uint32_t part = size < 256 ? size : 256;
        if (getentropy(bytes, part) != 0) return failed();
        bytes += part;
        size -= part;
    }
    return 0;
}

static uint32_t wasi_sched_yield(void) {
    return sched_yield() == 0 ? 0 : failed();
}

static uint32_t wasi_poll_oneoff(const uint64_t *subscription, void *event, uint32_t count, uint32_t *happened) {
    struct timespec left = {(time_t)(subscription[3] / 1000000000u), (long)(subscription[3] % 1000000000u)};
    (void)event;
    while (nanosleep(&left, &left) != 0) {
        if (errno != EINTR) return failed();
    }
    *happened = count;
    return 0;
}
