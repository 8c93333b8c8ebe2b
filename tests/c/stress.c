/* Many threads open, use and close sockets, including each other's. Every byte identifies its connection and
 * position, so misdirected data is detected. Every error must be explained by what other threads do to the socket. */
#include "stuck.h"

#include <dirent.h>
#include <sys/stat.h>

enum { SERVERS = 6, CLIENTS = 6, VANDALS = 4, THREADS = SERVERS + CLIENTS + VANDALS, TABLE = 12, CHUNK = 16384 };

static _Atomic int should_stop;
/* Handles that any thread may close. */
static _Atomic int64_t shared_handles[TABLE];
static jf_socket listeners[2];
static jf_addr addresses[2];
static _Atomic uint32_t next_id = 1;
static _Atomic int64_t conversations, closed_by_others, stale_uses;

static unsigned pick(unsigned *seed, unsigned below) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

static void publish(unsigned *seed, jf_socket s) {
    atomic_store(&shared_handles[pick(seed, TABLE)], s);
}

static unsigned char byte_of(uint32_t id, int64_t position) {
    return (unsigned char)(id * 31 + (id >> 8) + (uint32_t)position * 7 + (uint32_t)(position >> 8));
}

/* Errors of a socket that another thread closes, shuts down, gives a short timeout, or takes the descriptor of. */
static int is_explained(int64_t error) {
    switch (error) {
    case JF_E_CLOSED:
    case JF_E_PIPE:
    case JF_E_CONN_RESET:
    case JF_E_CONN_ABORTED:
    case JF_E_CONN_REFUSED:
    case JF_E_NOT_CONNECTED:
    case JF_E_END_OF_STREAM:
    case JF_E_TIMED_OUT:
        return 1;
    default:
        return 0;
    }
}

/* Whether a call succeeded. Only calls on shared sockets may fail. */
static int is_success(const char *what, int64_t result, int is_shared) {
    if (result >= 0) {
        return 1;
    }
    if (!is_shared || !is_explained(result)) {
        fprintf(stderr, "%s%s: %" PRId64 " (%s)\n", what, is_shared ? " on a shared socket" : "", result,
                jf_error_name(result));
        exit(1);
    }
    return 0;
}

static void close_own(jf_socket s, int is_shared) {
    int64_t result = jf_close(s);
    if (is_shared && result == JF_E_CLOSED) {
        atomic_fetch_add(&closed_by_others, 1);
    } else {
        EXPECT(result, 0);
    }
}

static void set_timeouts(jf_socket s, int is_shared) {
    /* UNIX sockets do not have this option. */
    int64_t result = jf_set(s, JF_OPT_NO_DELAY, 1);
    CHECK(result == 0 || result == JF_E_OPTION_UNSUPPORTED || (is_shared && result == JF_E_CLOSED));
    int64_t ms = is_shared ? 30 : 60000;
    is_success("set", jf_set(s, JF_OPT_RECV_TIMEOUT, ms), is_shared);
    is_success("set", jf_set(s, JF_OPT_SEND_TIMEOUT, ms), is_shared);
}

/* The first bytes of a connection. */
typedef struct hello {
    uint32_t id, is_shared;
} hello;

/* Echoes the data, inverted in some bits, until the end of the stream. */
static void serve(jf_socket s, unsigned *seed) {
    unsigned char buffer[CHUNK];
    hello h;
    int64_t position = 0, count;
    /* Before the hello arrives the socket may be one that others close at the client's end. */
    set_timeouts(s, 0);
    int64_t begun = jf_recv_exact(s, &h, sizeof h, NULL);
    if (begun != 0) {
        CHECK(begun == JF_E_END_OF_STREAM || begun == JF_E_CONN_RESET);
        close_own(s, 0);
        return;
    }
    CHECK(h.is_shared <= 1 && h.id < atomic_load(&next_id));
    int is_shared = (int)h.is_shared;
    if (is_shared) {
        set_timeouts(s, 1);
        publish(seed, s);
    }
    while (is_success("recv", count = jf_recv(s, buffer, 1 + pick(seed, sizeof buffer), 0), is_shared) && count > 0) {
        for (int64_t i = 0; i < count; i++) {
            CHECK(buffer[i] == byte_of(h.id, position + i));
            buffer[i] ^= 0x5a;
        }
        position += count;
        if (!is_success("send_all", jf_send_all(s, buffer, (size_t)count, NULL), is_shared)) {
            break;
        }
    }
    close_own(s, is_shared);
}

static int64_t server(void *given) {
    unsigned seed = 1000003u * (unsigned)(intptr_t)given + 17;
    for (;;) {
        int64_t s = jf_accept(listeners[(intptr_t)given % 2], NULL);
        if (s < 0) {
            /* At the end the listeners are closed, during the accept or before it. */
            CHECK(atomic_load(&should_stop) && s == JF_E_CLOSED);
            return 0;
        }
        serve(s, &seed);
    }
}

/* A connection to a server. */
static void run_client_connection(unsigned *seed) {
    unsigned char sent[CHUNK], buffer[CHUNK];
    int which = (int)pick(seed, 2), is_shared = (int)pick(seed, 2);
    hello h = {atomic_fetch_add(&next_id, 1), (uint32_t)is_shared};
    jf_socket s = OK(jf_open(addresses[which].family, JF_STREAM, 0));
    if (addresses[which].family == JF_INET) {
        /* Source addresses all over 127/8, so that connections in TIME_WAIT do not use up the ports. */
        char text[32];
        snprintf(text, sizeof text, "127.%u.%u.%u:0", 1 + pick(seed, 254), pick(seed, 256), 1 + pick(seed, 254));
        jf_addr from = parsed(text);
        OK(jf_bind(s, &from));
    }
    if (is_shared) {
        publish(seed, s);
    }
    set_timeouts(s, is_shared);
    int64_t position = 0;
    int is_good = is_success("connect", jf_connect(s, &addresses[which]), is_shared)
               && is_success("send_all", jf_send_all(s, &h, sizeof h, NULL), is_shared);
    for (unsigned turn = pick(seed, 8); is_good && turn > 0; turn--) {
        int64_t count = 1 + pick(seed, CHUNK);
        for (int64_t i = 0; i < count; i++) {
            sent[i] = byte_of(h.id, position + i);
        }
        size_t done = 0;
        is_good = is_success("send_all", jf_send_all(s, sent, (size_t)count, NULL), is_shared)
               && is_success("recv_exact", jf_recv_exact(s, buffer, (size_t)count, &done), is_shared);
        for (size_t i = 0; i < done; i++) {
            CHECK((buffer[i] ^ 0x5a) == byte_of(h.id, position + (int64_t)i));
        }
        position += count;
    }
    if (is_good && is_success("shutdown", jf_shutdown(s, JF_SHUT_WRITE), is_shared)) {
        int64_t end = jf_recv(s, buffer, sizeof buffer, 0);
        CHECK(end <= 0);
        is_success("the end", end, is_shared);
    }
    close_own(s, is_shared);
    atomic_fetch_add(&conversations, 1);
}

typedef struct message {
    uint32_t magic, id, position, check;
} message;

static message make_message(uint32_t id, uint32_t position) {
    message m = {0x4a41434b, id, position, id * 2654435761u ^ position};
    return m;
}

/* Messages between two sockets of one thread. */
static void exchange_messages(unsigned *seed) {
    static const int KIND[][2] = {{JF_INET, JF_DGRAM}, {JF_INET6, JF_DGRAM}, {JF_UNIX, JF_DGRAM},
                                   {JF_UNIX, JF_SEQPACKET}};
    unsigned which = pick(seed, 4);
    int is_shared = (int)pick(seed, 2);
    uint32_t id = atomic_fetch_add(&next_id, 1);
    jf_socket both[2];
    if (KIND[which][0] == JF_UNIX) {
        OK(jf_pair(JF_UNIX, KIND[which][1], both));
    } else {
        jf_addr a[2];
        both[0] = fresh_bound(KIND[which][0], JF_DGRAM, &a[0]);
        both[1] = fresh_bound(KIND[which][0], JF_DGRAM, &a[1]);
        OK(jf_connect(both[0], &a[1]));
        OK(jf_connect(both[1], &a[0]));
    }
    set_timeouts(both[0], is_shared);
    set_timeouts(both[1], is_shared);
    if (is_shared) {
        publish(seed, both[0]);
        publish(seed, both[1]);
    }
    int is_good = 1;
    for (uint32_t position = 0, turns = pick(seed, 50); is_good && position < turns; position++) {
        message m = make_message(id, position), got;
        int to = (int)pick(seed, 2);
        is_good = is_success("send", jf_send(both[to], &m, sizeof m, 0), is_shared);
        while (is_good) {
            int64_t count = jf_recv(both[!to], &got, sizeof got, 0);
            if (!is_success("recv", count, is_shared) || count == 0) {
                /* A shared socket may be shut down. Otherwise a count of 0 is wrong: no empty messages are sent. */
                CHECK(is_shared);
                is_good = 0;
                break;
            }
            CHECK(count == sizeof got && got.magic == m.magic && got.check == (got.id * 2654435761u ^ got.position));
            if (got.id == id && got.position == position) {
                break;
            }
            /* A message that another socket sent to this port before ours was connected, or after a vandal took
             * ours. */
            CHECK(is_shared || (which < 2 && got.id != id));
        }
    }
    close_own(both[0], is_shared);
    close_own(both[1], is_shared);
    atomic_fetch_add(&conversations, 1);
}

static int64_t client(void *given) {
    unsigned seed = 1000003u * (unsigned)(intptr_t)given + 17;
    while (!atomic_load(&should_stop)) {
        if (pick(&seed, 2)) {
            run_client_connection(&seed);
        } else {
            exchange_messages(&seed);
        }
    }
    return 0;
}

/* Makes a blocking call on a shared socket, which another thread may close. */
static void block_on_shared_socket(unsigned *seed) {
    stuck st;
    const kind *k = &KINDS[pick(seed, KIND_COUNT)];
    if (k->family == JF_INET && sends(k)) {
        return;
    }
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), 1 + pick(seed, 5)));
    publish(seed, st.s);
    int64_t result = call_stuck(&st);
    /* A vandal may shut the socket down; a listener then no longer listens. */
    CHECK(result == 0 || is_explained(result) || (k->verb == ACCEPT && result == JF_E_INVALID));
    end_stuck(&st);
}

enum { DEAD = 128 };

static int64_t vandal(void *given) {
    unsigned seed = 1000003u * (unsigned)(intptr_t)given + 17;
    jf_socket dead[DEAD];
    unsigned dead_count = 0;
    while (!atomic_load(&should_stop)) {
        jf_socket s = atomic_load(&shared_handles[pick(&seed, TABLE)]);
        int64_t value, result = 0;
        jf_addr a;
        char byte;
        switch (pick(&seed, 12)) {
        case 0:
        case 1:
        case 2:
        case 10:
            result = jf_close(s);
            if (result == 0) {
                dead[dead_count++ % DEAD] = s;
            }
            CHECK(result == 0 || result == JF_E_CLOSED);
            break;
        case 3:
            result = jf_shutdown(s, 1 + (int)pick(&seed, 3));
            /* Netlink sockets have no shutdown. */
            result = result == JF_E_UNSUPPORTED ? 0 : result;
            break;
        case 4:
            result = jf_dup(s);
            if (result > 0) {
                dead[dead_count++ % DEAD] = result;
                OK(jf_close(result));
            }
            break;
        case 5:
            result = jf_into_fd(s);
            CHECK(result >= 0 || result == JF_E_BUSY || result == JF_E_CLOSED);
            if (result >= 0) {
                struct stat about;
                CHECK(fstat((int)result, &about) == 0 && S_ISSOCK(about.st_mode));
                CHECK(close((int)result) == 0);
                dead[dead_count++ % DEAD] = s;
                result = 0;
            }
            result = result == JF_E_BUSY ? 0 : result;
            break;
        case 6:
            result = jf_set(s, JF_OPT_RECV_TIMEOUT, 1 + pick(&seed, 30));
            break;
        case 7:
            result = jf_local_addr(s, &a);
            break;
        case 8:
            result = jf_get(s, JF_OPT_TYPE, &value);
            if (result == 0 && value != JF_STREAM) {
                /* A whole datagram may be consumed; with coalescing the call returns JF_E_UNSUPPORTED. */
                result = jf_recv(s, &byte, 1, JF_DONT_WAIT);
                int is_none = result == JF_E_WOULD_BLOCK || result == JF_E_TRUNCATED || result == JF_E_UNSUPPORTED;
                result = is_none ? 0 : result;
            }
            break;
        case 9:
            block_on_shared_socket(&seed);
            break;
        default:
            for (unsigned i = 0; i < DEAD && i < dead_count; i++) {
                EXPECT(jf_recv(dead[i], &byte, 1, JF_DONT_WAIT), JF_E_CLOSED);
                EXPECT(jf_shutdown(dead[i], JF_SHUT_BOTH), JF_E_CLOSED);
                EXPECT(jf_close(dead[i]), JF_E_CLOSED);
                atomic_fetch_add(&stale_uses, 1);
            }
        }
        CHECK(result >= 0 || is_explained(result));
    }
    return 0;
}

static int entries(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    const char *seconds_text = getenv("JACKFIELD_STRESS_SECONDS");
    int seconds = seconds_text != NULL ? atoi(seconds_text) : slow ? 3 : 30;
    watchdog((unsigned)seconds + (slow ? 250 : 80));
    /* The file stays open from its first use. */
    CHECK(zeros() > 0);
    int descriptors = entries("/proc/self/fd"), tasks = entries("/proc/self/task");

    for (int i = 0; i < 2; i++) {
        listeners[i] = fresh_bound(i == 0 ? JF_INET : JF_UNIX, JF_STREAM, &addresses[i]);
        OK(jf_listen(listeners[i], 64));
    }
    /* Until the first sockets are published, the table has a closed one. */
    jf_socket closed = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_close(closed));
    for (int i = 0; i < TABLE; i++) {
        atomic_store(&shared_handles[i], closed);
    }
    static flight f[THREADS];
    for (int i = 0; i < THREADS; i++) {
        int64_t (*role)(void *) = i < SERVERS ? server : i < SERVERS + CLIENTS ? client : vandal;
        start(&f[i], "stress", role, (void *)(intptr_t)(i + 1), 0);
    }
    for (int64_t end = now_us() + seconds * INT64_C(1000000); now_us() < end;) {
        breathe();
    }
    atomic_store(&should_stop, 1);
    /* The servers run until the last client has ended. */
    for (int i = SERVERS; i < THREADS; i++) {
        EXPECT(finish(&f[i]), 0);
    }
    OK(jf_close(listeners[0]));
    OK(jf_close(listeners[1]));
    for (int i = 0; i < SERVERS; i++) {
        EXPECT(finish(&f[i]), 0);
    }

    /* Work was done, and nothing leaked. */
    CHECK(atomic_load(&conversations) > 0);
    CHECK(slow || seconds < 5 || (atomic_load(&closed_by_others) > 0 && atomic_load(&stale_uses) > 0));
    CHECK(entries("/proc/self/fd") == descriptors);
    /* A joined thread may remain visible for a moment. */
    while (entries("/proc/self/task") != tasks) {
        breathe();
    }
    if (argc > 1 && strcmp(argv[1], "counts") == 0) {
        printf("%" PRId64 " conversations, %" PRId64 " sockets closed by others, %" PRId64 " stale handles tried\n",
               atomic_load(&conversations), atomic_load(&closed_by_others), atomic_load(&stale_uses));
    }
    return 0;
}
