/* The library's calls do not allocate memory: this program replaces malloc and counts its calls. */
#include "clock.h"
#include "pairs.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* glibc's own functions, under the names that remain when malloc and free are replaced. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static atomic_long calls;

void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    calls++;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    calls++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    calls++;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

void free(void *memory) {
    calls++;
    __libc_free(memory);
}

/* Valgrind replaces our allocator with its own, so under valgrind the calls are made but not counted. */
static int is_counted;
static enum kind kind;
static jf_socket s[2];
static jf_addr names[2];
static char buffer[256];

static void connect_pair(void) {
    connected(kind, s);
    for (int i = 0; i < 2; i++) {
        OK(jf_local_addr(s[i], &names[i]));
        OK(jf_set(s[i], JF_OPT_RECV_TIMEOUT, 10000));
    }
}

/* One round of each group of calls. */
static void send_recv(void) {
    EXPECT(jf_send(s[0], "hello", 5, 0), 5);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, 0), 5);
}

static void send_recv_from(void) {
    jf_addr from;
    if (kind == UDP4 || kind == UDP6)
        EXPECT(jf_send_to(s[0], "hello", 5, 0, &names[1]), 5);
    else
        EXPECT(jf_send(s[0], "hello", 5, 0), 5);
    EXPECT(jf_recv_from(s[1], buffer, sizeof buffer, 0, &from), 5);
}

static void vectors(void) {
    const jf_buf out[] = {{(void *)"he", 2}, {NULL, 0}, {(void *)"llo", 3}};
    jf_buf in[] = {{buffer, 4}, {buffer + 8, 64}};
    EXPECT(jf_send_vec(s[0], out, 3, 0), 5);
    EXPECT(jf_recv_vec(s[1], in, 2, 0), 5);
}

static void messages(void) {
    static jf_passed passed[4];
    jf_buf out[] = {{(void *)"he", 2}, {(void *)"llo", 3}}, in[] = {{buffer, 4}, {buffer + 8, 64}};
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = out;
    m.buf_count = 2;
    m.passed = passed;
    m.passed_room = 4;
    if (kind_family(kind) == JF_UNIX) {
        passed[0] = (jf_passed){0, JF_PASSED_DESCRIPTOR, 0};
        passed[1] = (jf_passed){s[0], JF_PASSED_SOCKET, 0};
        m.passed_count = 2;
    } else if (kind_type(kind) == JF_DGRAM) {
        m.present = JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_TOS;
        m.addr = names[1];
        m.ttl = 3;
    }
    EXPECT(jf_send_msg(s[0], &m, 0), 5);
    m.bufs = in;
    EXPECT(jf_recv_msg(s[1], &m, 0), 5);
    if (kind_family(kind) == JF_UNIX) {
        CHECK(m.passed_count == 2 && close((int)passed[0].value) == 0);
        OK(jf_close(passed[1].value));
    }
    EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* A full batch: each datagram in its own buffer, then coalesced. */
static void many(void) {
    enum { COUNT = JF_COALESCED_COUNT };
    static jf_datagram out[COUNT], in[COUNT];
    static char buffers[JF_COALESCED_ROOM];
    if (kind_type(kind) != JF_DGRAM) return;
    int may_run = kind != UNIX_DGRAM;
    for (int runs = 0; runs <= may_run; runs++) {
        for (int i = 0; i < COUNT; i++) {
            out[i] = (jf_datagram){.data = "hello", .len = 5, .present = may_run * JF_HAS_ADDR, .addr = names[1]};
            in[i] = (jf_datagram){.room = buffers + 8 * i, .room_len = 8};
        }
        if (runs) in[0].room_len = sizeof buffers;
        EXPECT(jf_send_many(s[0], out, 8, 0), 8);
        out[3].data = NULL;
        EXPECT(jf_send_many(s[0], out, 4, 0), 3);
        EXPECT(out[3].result, JF_E_INVALID);
        for (int64_t count = 0; count < 11;) count += OK(jf_recv_many(s[1], in, COUNT, 0));
        EXPECT(jf_recv_many(s[1], in, COUNT, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    if (may_run) OK(jf_set(s[1], JF_OPT_GRO, 0));
}

static void all_and_exact(void) {
    if (kind_type(kind) != JF_STREAM) return;
    size_t sent, received;
    EXPECT(jf_send_all(s[0], buffer, 200, &sent), 0);
    EXPECT(jf_recv_exact(s[1], buffer, 200, &received), 0);
}

static void file(void) {
    static int fd;
    if (kind_type(kind) != JF_STREAM) return;
    if (fd == 0) CHECK((fd = memfd_create("file", MFD_CLOEXEC)) > 0 && ftruncate(fd, 200) == 0);
    for (int64_t timeout = -1; timeout < 10000; timeout += 5000) {
        OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
        EXPECT(jf_send_file(s[0], fd, 0, 300), 200);
        EXPECT(jf_recv_exact(s[1], buffer, 200, NULL), 0);
    }
    EXPECT(jf_send_file(s[0], fd, 200, 1), JF_E_END_OF_STREAM);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, -1));
}

static void wait_for(void) {
    jf_wait_item items[32];
    for (int i = 0; i < 32; i++) items[i] = (jf_wait_item){s[i % 2], JF_READABLE | JF_WRITABLE, 0};
    EXPECT(jf_wait(items, 32, 1000), 32);
    EXPECT(jf_wait(items, 1, -1), 1);
    items[0].events = JF_READABLE;
    EXPECT(jf_wait(items, 1, 1), 0);
}

static void pollers(void) {
    static jf_poller p;
    jf_event e[4];
    if (p == 0) p = OK(jf_poller_open());
    jf_poller other = OK(jf_poller_open());
    OK(jf_poller_add(p, s[0], JF_READABLE | JF_WRITABLE, 1));
    OK(jf_poller_add(other, s[0], JF_WRITABLE, 1));
    OK(jf_poller_add_fd(p, OK(jf_poller_fd(other)), JF_READABLE, 2));
    EXPECT(jf_poller_wait(p, e, 4, 1000), 2);
    OK(jf_poller_modify(p, s[0], JF_READABLE | JF_ONE_SHOT, 3));
    OK(jf_poller_remove_fd(p, OK(jf_poller_fd(other))));
    EXPECT(jf_poller_wait(p, e, 4, 0), 0);
    OK(jf_poller_wake(p));
    EXPECT(jf_poller_wait(p, e, 4, -1), 0);
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 0));
    OK(jf_close(OK(jf_dup(s[0]))));
    OK(jf_poller_remove(p, s[0]));
    OK(jf_poller_close(other));
}

static void would_block(void) {
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void too_short(void) {
    if (kind_type(kind) == JF_STREAM) return;
    EXPECT(jf_send(s[0], "hello", 5, 0), 5);
    EXPECT(jf_recv(s[1], buffer, 2, 0), JF_E_TRUNCATED);
}

static void refused(void) {
    EXPECT(jf_recv(0, buffer, sizeof buffer, 0), JF_E_BAD_HANDLE);
    EXPECT(jf_send(s[0], NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_get(s[0], 0, NULL), JF_E_INVALID);
}

static void options(void) {
    int64_t value;
    OK(jf_set(s[0], JF_OPT_KEEP_ALIVE, 1));
    OK(jf_get(s[0], JF_OPT_KEEP_ALIVE, &value));
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 1000));
    OK(jf_get(s[0], JF_OPT_RECV_TIMEOUT, &value));
    OK(jf_set_text(s[0], JF_OPT_DEVICE, "lo"));
    EXPECT(jf_get_text(s[0], JF_OPT_DEVICE, buffer, sizeof buffer), 2);
    OK(jf_set_text(s[0], JF_OPT_DEVICE, ""));
    OK(jf_get_raw(s[0], SOL_SOCKET, SO_KEEPALIVE, buffer, 4));
    OK(jf_set_raw(s[0], SOL_SOCKET, SO_KEEPALIVE, buffer, 4));
    OK(jf_supported(JF_OPT_KEEP_ALIVE));
}

static void tcp_info(void) {
    jf_tcp_info_data info = {.size = sizeof info};
    EXPECT(jf_tcp_info(s[0], &info), kind == TCP4 || kind == TCP6 ? 0 : JF_E_OPTION_UNSUPPORTED);
}

static jf_addr group;

static void memberships(void) {
    if (kind_type(kind) != JF_DGRAM || kind_family(kind) == JF_UNIX) return;
    OK(jf_join(s[0], &group, NULL, 1));
    EXPECT(jf_join(s[0], &group, NULL, 1), JF_E_ADDR_IN_USE);
    OK(jf_leave(s[0], &group, NULL, 1));
}

static void addresses(void) {
    jf_addr a;
    OK(jf_local_addr(s[0], &a));
    OK(jf_peer_addr(s[0], &a));
    OK(jf_fd(s[0]));
    OK(jf_addr_family(&a));
    EXPECT(jf_addr_equal(&a, &a), 1);
}

static void timed_out(void) {
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, 0), JF_E_TIMED_OUT);
    if (kind_type(kind) == JF_STREAM) EXPECT(jf_recv_exact(s[1], buffer, sizeof buffer, NULL), JF_E_TIMED_OUT);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
}

/* A whole socket lifetime; the listener exists throughout. */
static jf_socket listener;
static jf_addr listener_addr;

static void open_and_close(void) {
    jf_addr peer;
    jf_socket c = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    if (kind_type(kind) != JF_DGRAM) {
        OK(jf_connect(c, &listener_addr));
        jf_socket a = OK(jf_accept(listener, &peer));
        OK(jf_close(a));
    }
    OK(jf_close(c));
}

static void into_fd_and_from_fd(void) {
    s[0] = OK(jf_from_fd(OK(jf_into_fd(s[0]))));
    OK(jf_close(OK(jf_dup(s[0]))));
}

static const struct {
    const char *name;
    void (*round)(void);
    int rounds;
} rounds[] = {{"send, recv", send_recv, 1000},
              {"send_to, recv_from", send_recv_from, 1000},
              {"send_vec, recv_vec", vectors, 1000},
              {"send_msg, recv_msg", messages, 1000},
              {"send_many, recv_many", many, 1000},
              {"send_all, recv_exact", all_and_exact, 1000},
              {"send_file, recv_exact", file, 100},
              {"wait", wait_for, 20},
              {"pollers", pollers, 1000},
              {"recv that would block", would_block, 1000},
              {"recv that is truncated", too_short, 1000},
              {"calls that are refused", refused, 1000},
              {"set, get", options, 1000},
              {"tcp_info", tcp_info, 1000},
              {"join, leave", memberships, 100},
              {"local_addr, peer_addr", addresses, 1000},
              {"recv that times out", timed_out, 20},
              {"open, connect, accept, close", open_and_close, 100},
              {"into_fd, from_fd, dup", into_fd_and_from_fd, 100}};

int main(int argc, char **argv) {
    is_counted = !is_slow(argc, argv);
    /* jf_interfaces uses getifaddrs(), which allocates: this shows that our malloc is in use. */
    long before = calls;
    OK(jf_interfaces(NULL, 0));
    CHECK(!is_counted || calls > before);

    for (kind = 0; kind < KINDS; kind++) {
        connect_pair();
        group = parsed(kind_family(kind) == JF_INET6 ? "[ff15::7]:0" : "239.7.7.7:0");
        if (kind_type(kind) != JF_DGRAM) {
            listener = bound(kind_anywhere(kind), kind_type(kind), &listener_addr);
            OK(jf_listen(listener, 4));
        }
        for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
            /* The first round is not counted: it makes one-time allocations, such as thread-local data. */
            rounds[i].round();
            long until = calls;
            for (int round = 0; round < rounds[i].rounds; round++) rounds[i].round();
            long allocated = calls - until;
            if (is_counted && allocated) {
                fprintf(stderr, "%s, %s: %ld allocator calls in %d rounds\n", kind_names[kind], rounds[i].name,
                        allocated, rounds[i].rounds);
                return 1;
            }
        }
        close_both(s);
        if (kind_type(kind) != JF_DGRAM) OK(jf_close(listener));
    }
    return 0;
}
