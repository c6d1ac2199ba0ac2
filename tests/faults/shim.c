/* Stands between a program and the C library: calls on files below one place fail or dawdle, and
 * the clock of the day stands or goes wrong. Orders and counts lie in a file that every process of
 * the program shares, and that may be written anew while they run.
 *
 * KAM_SHIM_STATE  that file: nine 64-bit numbers, as in `struct state`
 * KAM_SHIM_PLACE  text that stands in the path of every file meant
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, CREATE = 8, READ = 16 };
enum { DIE = -1, DIE_HALFWAY = -2 };

static struct state {
    int64_t seen;     /* calls that were meant */
    int64_t injected; /* of these, calls that failed or took longer */
    int64_t calls;    /* which calls are meant: a sum of the above */
    int64_t error;    /* number of the error; 0: none fails; DIE: the process is killed before
                         the call; DIE_HALFWAY: after half of what it writes */
    int64_t after;    /* so many calls go well first */
    int64_t times;    /* so many fail then; 0: all */
    int64_t slow;     /* microseconds that each call takes longer */
    int64_t shift;    /* seconds by which the clock is wrong */
    int64_t stand;    /* second at which the clock stands; 0: it goes */
} *state;
static const char *place;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KAM_SHIM_STATE");
    place = getenv("KAM_SHIM_PLACE");
    int file = path ? open(path, O_RDWR) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) state = shared;
}

static int meant(int kind, const char *path) {
    if (!state || !place || !(state->calls & kind) || !path || !strstr(path, place)) return 0;
    int64_t seen = __sync_add_and_fetch(&state->seen, 1);
    if (state->slow) {
        struct timespec pause = {state->slow / 1000000, state->slow % 1000000 * 1000};
        nanosleep(&pause, NULL);
        __sync_add_and_fetch(&state->injected, 1);
    }
    if (!state->error || seen <= state->after) return 0;
    if (state->times && seen > state->after + state->times) return 0;
    __sync_add_and_fetch(&state->injected, 1);
    if (state->error == DIE) kill(getpid(), SIGKILL);
    errno = (int)state->error;
    return 1;
}

static int meant_file(int kind, int file) {
    if (!state || !(state->calls & kind)) return 0;
    char link[40], path[4096];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length < 0) return 0;
    path[length] = 0;
    return meant(kind, path);
}

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *text, size_t size) {
    NEXT(write);
    if (!meant_file(WRITE, file)) return next(file, text, size);
    if (state->error == DIE_HALFWAY) {
        next(file, text, size / 2);
        kill(getpid(), SIGKILL);
    }
    return -1;
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    NEXT(writev);
    return meant_file(WRITE, file) ? -1 : next(file, parts, count);
}
ssize_t pwrite(int file, const void *text, size_t size, off_t at) {
    NEXT(pwrite);
    return meant_file(WRITE, file) ? -1 : next(file, text, size, at);
}
ssize_t pwrite64(int file, const void *text, size_t size, off64_t at) {
    NEXT(pwrite64);
    return meant_file(WRITE, file) ? -1 : next(file, text, size, at);
}
ssize_t sendfile(int out, int in, off_t *at, size_t size);
ssize_t sendfile(int out, int in, off_t *at, size_t size) {
    NEXT(sendfile);
    return meant_file(WRITE, out) ? -1 : next(out, in, at, size);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t size);
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
    NEXT(sendfile64);
    return meant_file(WRITE, out) ? -1 : next(out, in, at, size);
}
ssize_t read(int file, void *text, size_t size) {
    NEXT(read);
    return meant_file(READ, file) ? -1 : next(file, text, size);
}
ssize_t pread(int file, void *text, size_t size, off_t at) {
    NEXT(pread);
    return meant_file(READ, file) ? -1 : next(file, text, size, at);
}
ssize_t pread64(int file, void *text, size_t size, off64_t at) {
    NEXT(pread64);
    return meant_file(READ, file) ? -1 : next(file, text, size, at);
}
int fsync(int file) {
    NEXT(fsync);
    return meant_file(SYNC, file) ? -1 : next(file);
}
int fdatasync(int file) {
    NEXT(fdatasync);
    return meant_file(SYNC, file) ? -1 : next(file);
}
int rename(const char *from, const char *to) {
    NEXT(rename);
    return meant(RENAME, to) ? -1 : next(from, to);
}
int open64(const char *path, int flags, ...) {
    NEXT(open64);
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return (flags & O_CREAT) && meant(CREATE, path) ? -1 : next(path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    NEXT(clock_gettime);
    int done = next(clock, now);
    if (!done && state && clock == CLOCK_REALTIME) {
        if (state->stand) *now = (struct timespec){state->stand, 0};
        now->tv_sec += state->shift;
    }
    return done;
}
