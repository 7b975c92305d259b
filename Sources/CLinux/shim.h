/* System calls and constants that Swift's importer cannot see: variadic functions and macros that
   compute a value. No logic: each function is one call, but where several make one thing. */
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

/* Tried on x86-64 only: the arena's frames are 4 KiB as the kernel's there, and no test of its
   orders of memory has run elsewhere. Who ports it defines ZSWAPFS_UNTRIED_ARCHITECTURE. */
#if !defined(__x86_64__) && !defined(ZSWAPFS_UNTRIED_ARCHITECTURE)
#error "zswapfs supports x86-64 only; see Docs/decisions/0045-architectures.md"
#endif

#include <stdio.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <linux/futex.h>
#include <linux/loop.h>
#include <linux/stat.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <emmintrin.h>
#endif

/* Not without _GNU_SOURCE. */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

/* Sixteen aligned bytes read as one, on processors where that can be told. ThreadSanitizer does not
   see what assembly reads, so its build takes the atomic that other processors take. */
typedef struct {
    uint64_t first, second;
} clinux_pair;

#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
/* Every processor with AVX reads an aligned vector of 16 bytes in one piece, says its manual. */
static inline int clinux_reads_pairs(void) {
    unsigned int a, b, c = 0, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AVX) != 0;
}
static inline clinux_pair clinux_load_pair(const void *address) {
    __m128i both;
    __asm__ volatile("movdqa %1, %0" : "=x"(both) : "m"(*(const __m128i *)address) : "memory");
    clinux_pair pair = {(uint64_t)_mm_cvtsi128_si64(both),
                        (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(both, both))};
    return pair;
}
#else
static inline int clinux_reads_pairs(void) { return 0; }
static inline clinux_pair clinux_load_pair(const void *address) { __builtin_trap(); }
#endif

/* Asks the processor to bring a cache line, with the intent to read. Never faults. */
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }

static inline int clinux_memfd_create(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
}
/* A file in memory that the kernel never swaps, mapped and locked or not: without a name, in a
   tmpfs with noswap that is mounted nowhere. -1 and an errno where the kernel can't make one:
   before Linux 6.4, and without CAP_SYS_ADMIN. */
static inline int clinux_unswappable_file(void) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", 1U /* FSOPEN_CLOEXEC */);
    if (context < 0) return -1;
    int file = -1;
    if (syscall(SYS_fsconfig, context, 0U /* SET_FLAG */, "noswap", NULL, 0) == 0 &&
        syscall(SYS_fsconfig, context, 1U /* SET_STRING */, "size", "0", 0) == 0 &&
        syscall(SYS_fsconfig, context, 6U /* CREATE */, NULL, NULL, 0) == 0) {
        int mount = (int)syscall(SYS_fsmount, context, 1U /* FSMOUNT_CLOEXEC */, 0U);
        if (mount >= 0) {
            file = openat(mount, ".", 020000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0600);
            int failure = errno;
            close(mount);
            errno = failure;
        }
    }
    int failure = errno;
    close(context);
    errno = failure;
    return file;
}
/* The same, or a memfd of this name where it can't be had. */
static inline int clinux_memory_file(const char *name) {
    int file = clinux_unswappable_file();
    return file >= 0 ? file : clinux_memfd_create(name);
}
static inline int clinux_lock_on_fault(const void *start, size_t length) {
    return (int)syscall(SYS_mlock2, start, length, 1U /* MLOCK_ONFAULT */);
}
static inline int clinux_punch_hole(int fd, int64_t offset, int64_t length) {
    return (int)syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                        length);
}
static inline long clinux_futex_wait(const uint32_t *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                   nanoseconds < 0 ? NULL : &timeout, NULL, 0);
}
static inline long clinux_futex_wake(const uint32_t *word, int count) {
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}
static inline int clinux_set_io_flusher(int enabled) {
    return prctl(PR_SET_IO_FLUSHER, enabled, 0L, 0L, 0L);
}

/* Soft and hard limit of a resource; all bits set: none. */
typedef struct {
    uint64_t soft, hard;
} clinux_limit;
static inline int clinux_get_limit(int resource, clinux_limit *limit) {
    return (int)syscall(SYS_prlimit64, 0, resource, NULL, limit);
}
static inline int clinux_set_limit(int resource, const clinux_limit *limit) {
    return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

/* Ignores a signal, also one that the C library keeps for itself and would end the process as long
   as it has no handler for it. */
static inline int clinux_ignore_signal(int number) {
    struct {
        void (*handler)(int);
        unsigned long flags, restorer, mask;
    } action = {SIG_IGN, 0, 0, 0};
    return (int)syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask);
}

/* Not in Swift, which clears the structure with two SSE instructions: behind the decoding of a page
   these two take 0.35 us on a Xeon, probably since AVX has left the upper halves of the registers
   in use. */
static inline int64_t clinux_monotonic_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline int clinux_set_thread_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0L, 0L, 0L);
}

/* 16 bytes, the last of them 0. */
static inline int clinux_get_thread_name(void *name) {
    return prctl(PR_GET_NAME, name, 0L, 0L, 0L);
}

/* Where the program's own instructions are; the linker knows. */
extern const char __executable_start, etext;
static inline unsigned long clinux_program_start(void) {
    return (unsigned long)&__executable_start;
}
static inline unsigned long clinux_program_end(void) { return (unsigned long)&etext; }

#define CLINUX_REG_RIP 16 /* REG_RIP */
/* The instruction that a fault's handler was called for. */
static inline unsigned long clinux_fault_place(const void *context) {
#if defined(__x86_64__)
    return (unsigned long)((const ucontext_t *)context)->uc_mcontext.gregs[CLINUX_REG_RIP];
#else
    (void)context;
    return 0;
#endif
}

/* The process that sent a signal with kill(2). */
static inline unsigned clinux_sender(const siginfo_t *information) {
    return (unsigned)information->si_pid;
}

/* An instruction that is none. */
_Noreturn static inline void clinux_trap(void) { __builtin_trap(); }

/* Flags of swapon(2) that glibc does not know. */
#define CLINUX_SWAP_FLAG_DISCARD_ONCE 0x20000
#define CLINUX_SWAP_FLAG_DISCARD_PAGES 0x40000

static inline char **clinux_environment(void) { return __environ; }

static inline int clinux_open(const char *path, int flags, mode_t mode) {
    return open(path, flags, mode);
}
#ifndef F_SETLEASE
#define F_SETLEASE 1024
#endif
static inline int clinux_set_lease(int fd, int type) { return fcntl(fd, F_SETLEASE, type); }
static inline int clinux_terminal_columns(int terminal) {
    struct winsize size;
    return ioctl(terminal, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
static inline int clinux_terminal_rows(int terminal) {
    struct winsize size;
    return ioctl(terminal, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}
static inline int clinux_loop_get_free(int control) { return ioctl(control, LOOP_CTL_GET_FREE); }
static inline int clinux_loop_configure(int loop, const struct loop_config *config) {
    return ioctl(loop, LOOP_CONFIGURE, config);
}
static inline int clinux_loop_set_fd(int loop, int backing) {
    return ioctl(loop, LOOP_SET_FD, backing);
}
static inline int clinux_loop_clear_fd(int loop) { return ioctl(loop, LOOP_CLR_FD); }
static inline int clinux_loop_set_status(int loop, const struct loop_info64 *info) {
    return ioctl(loop, LOOP_SET_STATUS64, info);
}
static inline int clinux_loop_get_status(int loop, struct loop_info64 *info) {
    return ioctl(loop, LOOP_GET_STATUS64, info);
}
static inline int clinux_loop_set_block_size(int loop, unsigned long byte_count) {
    return ioctl(loop, LOOP_SET_BLOCK_SIZE, byte_count);
}
static inline int clinux_loop_set_direct_io(int loop, unsigned long enabled) {
    return ioctl(loop, LOOP_SET_DIRECT_IO, enabled);
}
static inline dev_t clinux_makedev(unsigned int major, unsigned int minor) {
    return makedev(major, minor);
}
static inline unsigned int clinux_major(dev_t device) { return major(device); }
static inline unsigned int clinux_minor(dev_t device) { return minor(device); }

/* What statx(2) says of an open file, of whatever kind of descriptor, without asking a filesystem
   for anything: what the kernel has in memory. */
static inline int clinux_status_in_memory(int fd, struct statx *status) {
    return (int)syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                        STATX_TYPE | STATX_INO | STATX_SIZE, status);
}
/* The same, but only the device, which everybody may know. */
static inline int clinux_device_in_memory(int fd, struct statx *status) {
    return (int)syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, status);
}
static inline int clinux_open_at(int directory, const char *name, int flags) {
    return openat(directory, name, flags);
}

#define CLINUX_O_PATH 010000000  /* O_PATH */
#define CLINUX_O_DIRECT __O_DIRECT
#define CLINUX_MS_NOSYMFOLLOW 256 /* MS_NOSYMFOLLOW, Linux 5.10 */
#define CLINUX_SPAWN_SETSID 0x80 /* POSIX_SPAWN_SETSID */
#define CLINUX_MCL_ONFAULT 4     /* MCL_ONFAULT */

/* <spawn.h> and _GNU_SOURCE are kept out: with either, this module would have an fd_set of its own
   that differs from the C library module's. */
extern int clinux_add_close_from(void *actions, int first)
    __asm__("posix_spawn_file_actions_addclosefrom_np");

/* Declared for programs that are _GNU_SOURCE only. */
extern int clinux_dup3(int from, int to, int flags) __asm__("dup3");
extern const char *clinux_error_name(int error) __asm__("strerrorname_np");

/* Linux AIO: no library is needed for these four. */
static inline int clinux_io_setup(unsigned int count, aio_context_t *context) {
    return (int)syscall(SYS_io_setup, count, context);
}
static inline int clinux_io_submit(aio_context_t context, long count, struct iocb **requests) {
    return (int)syscall(SYS_io_submit, context, count, requests);
}
static inline int clinux_io_getevents(aio_context_t context, long least, long most,
                                      struct io_event *events) {
    return (int)syscall(SYS_io_getevents, context, least, most, events, NULL);
}
static inline int clinux_io_destroy(aio_context_t context) {
    return (int)syscall(SYS_io_destroy, context);
}

/* Processor sets as plain words: cpu_set_t needs _GNU_SOURCE. */
static inline long clinux_get_affinity(pid_t thread, uint64_t *words, size_t byte_count) {
    return syscall(SYS_sched_getaffinity, thread, byte_count, words);
}
static inline long clinux_set_affinity(pid_t thread, const uint64_t *words, size_t byte_count) {
    return syscall(SYS_sched_setaffinity, thread, byte_count, words);
}

static inline int clinux_pipe(int *ends) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
static inline int clinux_spawn_close_from(void *actions, int first) {
    return clinux_add_close_from(actions, first);
}
static inline void clinux_open_log(const char *name) { openlog(name, LOG_PID, LOG_DAEMON); }
static inline void clinux_log(int priority, const char *line) { syslog(priority, "%s", line); }

/* Local sockets as plain calls: <sys/socket.h> would bring an fd_set of its own. */
static inline int clinux_local_socket(void) {
    return (int)syscall(SYS_socket, 1 /* AF_UNIX */, 1 | O_CLOEXEC | O_NONBLOCK, 0);
}
static inline int clinux_socket_pair(void *ends) {
    return (int)syscall(SYS_socketpair, 1, 1 | O_CLOEXEC | O_NONBLOCK, 0, ends);
}
static inline int clinux_bind(int socket, const void *address, uint32_t byte_count) {
    return (int)syscall(SYS_bind, socket, address, byte_count);
}
static inline int clinux_connect(int socket, const void *address, uint32_t byte_count) {
    return (int)syscall(SYS_connect, socket, address, byte_count);
}
static inline int clinux_accept(int socket) {
    return (int)syscall(SYS_accept4, socket, NULL, NULL, O_CLOEXEC | O_NONBLOCK);
}
/* Without waiting and without SIGPIPE. */
static inline long clinux_send(int socket, const void *bytes, size_t byte_count) {
    return syscall(SYS_sendto, socket, bytes, byte_count, 0x40 | 0x4000, NULL, 0);
}
/* Packets: each is read whole, and may carry a descriptor. The structures are those of the kernel,
   struct user_msghdr and struct cmsghdr with room for one descriptor and no more. */
typedef struct {
    size_t byte_count;
    int level, type, descriptor;
} clinux_passing;
typedef struct {
    const void *bytes;
    size_t byte_count;
} clinux_part;
typedef struct {
    void *name;
    int name_byte_count;
    clinux_part *parts;
    size_t part_count;
    clinux_passing *control;
    size_t control_byte_count;
    unsigned int flags;
} clinux_packet;
#define CLINUX_PASSING_BYTE_COUNT 20 /* CMSG_LEN(sizeof(int)) */

static inline int clinux_datagram_socket(void) {
    return (int)syscall(SYS_socket, 1, 2 /* SOCK_DGRAM */ | O_CLOEXEC | O_NONBLOCK, 0);
}
static inline int clinux_packet_socket(void) {
    return (int)syscall(SYS_socket, 1, 5 /* SOCK_SEQPACKET */ | O_CLOEXEC | O_NONBLOCK, 0);
}
static inline int clinux_packet_pair(void *ends) {
    return (int)syscall(SYS_socketpair, 1, 5 /* SOCK_SEQPACKET */ | O_CLOEXEC | O_NONBLOCK, 0,
                        ends);
}
/* Without waiting and without SIGPIPE. -1: no descriptor goes along. */
static inline long clinux_send_packet(int socket, const void *bytes, size_t byte_count,
                                      int descriptor) {
    clinux_passing control = {CLINUX_PASSING_BYTE_COUNT, 1 /* SOL_SOCKET */, 1 /* SCM_RIGHTS */,
                              descriptor};
    clinux_part part = {bytes, byte_count};
    clinux_packet packet = {NULL, 0, &part, 1, NULL, 0, 0};
    if (descriptor >= 0) {
        packet.control = &control;
        packet.control_byte_count = CLINUX_PASSING_BYTE_COUNT;
    }
    return syscall(SYS_sendmsg, socket, &packet, 0x40 | 0x4000);
}
/* Without waiting. Sets the descriptor that came along, closed on exec, or -1; and whether some of
   the bytes or descriptors were cut off. */
static inline long clinux_receive_packet(int socket, void *bytes, size_t byte_count,
                                         int *descriptor, int *is_cut) {
    clinux_passing control = {0, 0, 0, -1};
    clinux_part part = {bytes, byte_count};
    clinux_packet packet = {NULL, 0, &part, 1, &control, CLINUX_PASSING_BYTE_COUNT, 0};
    long count = syscall(SYS_recvmsg, socket, &packet, 0x40 | 0x40000000 /* MSG_CMSG_CLOEXEC */);
    int is_passed = count >= 0 && control.byte_count == CLINUX_PASSING_BYTE_COUNT;
    *descriptor = is_passed && control.level == 1 && control.type == 1 ? control.descriptor : -1;
    *is_cut = count >= 0 && (packet.flags & (0x20 | 0x8) /* MSG_TRUNC, MSG_CTRUNC */) != 0;
    return count;
}
/* Readable when the process has ended. */
static inline int clinux_open_process(pid_t process) {
    return (int)syscall(SYS_pidfd_open, process, 0);
}
static inline int clinux_signal_process(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
/* Readable while a signal of the set waits. */
static inline int clinux_signal_descriptor(const sigset_t *set) {
    return (int)syscall(SYS_signalfd4, -1, set, 8, O_CLOEXEC | O_NONBLOCK);
}

/* Process, user and group at the other end: three words. */
static inline int clinux_peer(int socket, void *words) {
    uint32_t byte_count = 12;
    return (int)syscall(SYS_getsockopt, socket, 1, 17 /* SO_PEERCRED */, words, &byte_count);
}

/* Writes out what is still in standard output's buffer: 0, or the errno; EIO when an earlier write
   failed, whose errno is gone. Swift does not let stdout be named. */
static inline int clinux_flush_output(void) {
    if (fflush(stdout) != 0) return errno;
    return ferror(stdout) ? EIO : 0;
}

#endif
