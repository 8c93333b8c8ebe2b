/* No function is a thread cancellation point: a cancelled thread goes on until it comes to one of its own. */
#include "stuck.h"

#include <sys/socket.h>

/* A call in a thread that is cancelled, and what came of it. */
typedef struct canceled {
    flight f;
    stuck st;
    pthread_t thread;
    /* The thread came to the end of its call; it did not to what follows. */
    _Atomic int returned, went_on;
} canceled;

static void *call_and_test(void *given) {
    canceled *c = given;
    atomic_store(&c->f.tid, (int)syscall(SYS_gettid));
    c->f.result = call_stuck(&c->st);
    atomic_store(&c->f.over, 1);
    atomic_store(&c->returned, 1);
    pthread_testcancel();
    atomic_store(&c->went_on, 1);
    return NULL;
}

static void ends_after_its_call(canceled *c) {
    void *result;
    CHECK(pthread_join(c->thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(atomic_load(&c->returned) && !atomic_load(&c->went_on));
}

/* Cancelling a thread that waits in a call changes nothing for the call. */
static void is_not_canceled(const kind *k, int64_t timeout_ms) {
    canceled c;
    memset(&c, 0, sizeof c);
    c.f.name = k->name;
    make_stuck(&c.st, k);
    OK(jf_set(c.st.s, timeout_option(k), timeout_ms));
    CHECK(pthread_create(&c.thread, NULL, call_and_test, &c) == 0);
    await_sleep(&c.f);
    CHECK(pthread_cancel(c.thread) == 0);
    await_sleep(&c.f);
    CHECK(!atomic_load(&c.returned));
    OK(jf_close(c.st.s));
    ends_after_its_call(&c);
    EXPECT(c.f.result, JF_E_CLOSED);
    end_stuck(&c.st);
}

static int64_t wait_for_ever(void *given) {
    jf_event e;
    return jf_poller_wait(*(jf_poller *)given, &e, 1, -1);
}

/* Nor for a poller's wait. */
static void *wait_and_test(void *given) {
    canceled *c = given;
    atomic_store(&c->f.tid, (int)syscall(SYS_gettid));
    c->f.result = wait_for_ever(&c->st.s);
    atomic_store(&c->f.over, 1);
    atomic_store(&c->returned, 1);
    pthread_testcancel();
    atomic_store(&c->went_on, 1);
    return NULL;
}

static void a_wait_is_not_canceled(void) {
    canceled c;
    memset(&c, 0, sizeof c);
    c.f.name = "a poller's wait";
    c.st.s = OK(jf_poller_open());
    CHECK(pthread_create(&c.thread, NULL, wait_and_test, &c) == 0);
    await_sleep(&c.f);
    CHECK(pthread_cancel(c.thread) == 0);
    await_sleep(&c.f);
    CHECK(!atomic_load(&c.returned));
    OK(jf_poller_close(c.st.s));
    ends_after_its_call(&c);
    EXPECT(c.f.result, JF_E_CLOSED);
}

/* A call in the socket, and one in the poller, keep the closer busy. */
static stuck kept;
static flight keeper;
static jf_poller kept_poller;
static flight poller_keeper;

/* Everything there is, in a thread whose cancellation is pending: the first cancellation point would be its end. */
static void *call_everything(void *given) {
    _Atomic int *step = given;
    char text[400], room[8];
    jf_socket s, c, a, both[2];
    jf_addr at, of;
    jf_buf buf = {room, 3};
    size_t done;
    int64_t value;

    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = &buf;
    m.buf_count = 1;

    CHECK(pthread_cancel(pthread_self()) == 0);
    s = OK(jf_open(JF_INET6, JF_STREAM, 0));
    at = parsed("[::1]:0");
    of = parsed("[fe80::1%lo]:80");
    OK(jf_addr_format(&of, text, sizeof text));
    CHECK(jf_addr_equal(&at, &of) == 0 && jf_addr_family(&at) == JF_INET6 && jf_addr_port(&of) == 80);
    OK(jf_addr_set_port(&of, 81));
    OK(jf_bind(s, &at));
    OK(jf_local_addr(s, &at));
    OK(jf_listen(s, 4));
    c = OK(jf_open(JF_INET6, JF_STREAM, 0));
    OK(jf_set(c, JF_OPT_NO_DELAY, 1));
    OK(jf_get(c, JF_OPT_NO_DELAY, &value));
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 5000));
    OK(jf_set_text(c, JF_OPT_CONGESTION, "reno"));
    EXPECT(jf_get_text(c, JF_OPT_CONGESTION, text, sizeof text), 4);
    EXPECT(jf_get_raw(c, SOL_SOCKET, SO_KEEPALIVE, room, 4), 4);
    OK(jf_set_raw(c, SOL_SOCKET, SO_KEEPALIVE, room, 4));
    EXPECT(jf_supported(JF_OPT_PEER_PID), 1);
    OK(jf_connect(c, &at));
    OK(jf_peer_addr(c, &of));
    a = OK(jf_accept(s, &of));
    EXPECT(jf_send(c, "abc", 3, 0), 3);
    EXPECT(jf_recv(a, room, 3, JF_WAIT_ALL), 3);
    OK(jf_send_all(c, "abc", 3, &done));
    OK(jf_recv_exact(a, room, 3, &done));
    jf_tcp_info_data info = {.size = sizeof info};
    jf_wait_item item = {c, JF_READABLE, 0};
    OK(jf_tcp_info(c, &info));
    EXPECT(jf_wait(&item, 1, 1), 0);
    EXPECT(jf_send_file(c, zeros(), 0, 3), 3);
    OK(jf_recv_exact(a, room, 3, &done));
    EXPECT(jf_send_vec(c, &buf, 1, 0), 3);
    EXPECT(jf_recv_vec(a, &buf, 1, JF_WAIT_ALL), 3);
    EXPECT(jf_send_msg(c, &m, 0), 3);
    EXPECT(jf_recv_msg(a, &m, JF_WAIT_ALL), 3);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(s, NULL), JF_E_WOULD_BLOCK);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_accept(s, NULL), JF_E_TIMED_OUT);
    EXPECT(jf_recv(a, room, 3, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_set(a, JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv(a, room, 3, 0), JF_E_TIMED_OUT);
    EXPECT(jf_recv_exact(a, room, 3, &done), JF_E_TIMED_OUT);
    OK(jf_shutdown(c, JF_SHUT_BOTH));
    OK(jf_set(a, JF_OPT_LINGER, 1000));
    OK(jf_close(a));
    OK(jf_close(c));
    OK(jf_close(s));

    jf_socket to = fresh_bound(JF_INET, JF_DGRAM, &at);
    s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    EXPECT(jf_send_to(s, "abc", 3, 0, &at), 3);
    EXPECT(jf_recv_from(to, room, 3, 0, &of), 3);
    jf_datagram d[2];
    memset(d, 0, sizeof d);
    for (int i = 0; i < 2; i++) {
        d[i] = (jf_datagram){.data = "abc", .len = 3, .present = JF_HAS_ADDR, .addr = at, .room = room, .room_len = 4};
    }
    EXPECT(jf_send_many(s, d, 2, 0), 2);
    d[1].room = room + 4;
    OK(jf_recv_many(to, d, 1, 0));
    EXPECT(jf_recv_many(to, d, 2, 0), 1);
    OK(jf_set(to, JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv_many(to, d, 2, 0), JF_E_TIMED_OUT);
    of = parsed("239.7.7.7:0");
    OK(jf_join(to, &of, NULL, 1));
    OK(jf_leave(to, &of, NULL, 1));
    OK(jf_join(to, &of, &at, 1));
    OK(jf_leave(to, &of, &at, 1));
    OK(jf_close(s));
    OK(jf_close(to));

    OK(jf_pair(JF_UNIX, JF_STREAM, both));
    jf_poller p = OK(jf_poller_open()), q = OK(jf_poller_open());
    jf_event e;
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 1));
    OK(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1));
    OK(jf_poller_add(p, both[0], JF_WRITABLE, 1));
    EXPECT(jf_poller_wait(p, &e, 1, -1), 1);
    OK(jf_poller_modify(p, both[0], JF_READABLE, 1));
    EXPECT(jf_poller_wait(p, &e, 1, 1), 0);
    OK(jf_poller_add_fd(q, OK(jf_poller_fd(p)), JF_READABLE, 2));
    OK(jf_poller_modify_fd(q, OK(jf_poller_fd(p)), JF_READABLE | JF_EDGE, 2));
    OK(jf_poller_wake(p));
    EXPECT(jf_poller_wait(q, &e, 1, 1000), 1);
    OK(jf_poller_remove_fd(q, OK(jf_poller_fd(p))));
    OK(jf_poller_add(q, both[0], JF_READABLE, 1));
    OK(jf_close(OK(jf_dup(both[0]))));
    OK(jf_poller_remove(p, both[0]));
    OK(jf_poller_close(p));
    s = OK(jf_dup(both[0]));
    OK(jf_poller_add(q, s, JF_READABLE, 1));
    s = OK(jf_from_fd(OK(jf_into_fd(s))));
    CHECK(OK(jf_fd(s)) >= 0);
    OK(jf_close(s));
    OK(jf_close(both[0]));
    OK(jf_close(both[1]));
    OK(jf_poller_close(q));
    /* These wait, for the threads that have a call in flight. */
    OK(jf_close(kept.s));
    OK(jf_poller_close(kept_poller));

    CHECK(jf_interfaces(NULL, 0) > 0);
    EXPECT(jf_inherited(NULL, 0), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    CHECK(jf_version() >= 0 && jf_version_text() != NULL && jf_error_text(JF_E_PIPE) != NULL);
    atomic_store(step, 1);
    pthread_testcancel();
    atomic_store(step, 2);
    return NULL;
}

/* The same of names, endpoints and dialers. */
static void *name_everything(void *given) {
    _Atomic int *step = given;
    char name[JF_HOST_TEXT], at[JF_ADDR_TEXT], endpoint[JF_ADDR_TEXT + 8];
    const char *expected;
    size_t place;
    jf_addr found[4], own = parsed("127.0.0.1:0"), v4 = parsed("127.0.0.1:1");
    jf_socket s, c;

    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(jf_resolve("localhost", "80", JF_UNSPEC, JF_STREAM, 60000, found, 4) > 0);
    CHECK(jf_resolve("localhost", "80", JF_INET, 0, -1, found, 4) > 0);
    EXPECT(jf_resolve("localhost", "80", JF_UNSPEC, 0, 0, found, 4), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve("127.0.0.1", "no-such-service", JF_UNSPEC, 0, -1, found, 4), JF_E_NOT_FOUND);
    CHECK(jf_resolve("127.0.0.1", "http", JF_UNSPEC, 0, -1, found, 4) != 0);
    EXPECT(jf_resolve("fe80::1%lo", NULL, JF_UNSPEC, 0, 0, found, 4), 1);
    CHECK(jf_resolve_addr(&v4, -1, name, sizeof name) > 0);
    EXPECT(jf_endpoint_check("tcp://a..b:80", &place, &expected), JF_E_ADDR_INVALID);

    s = OK(jf_serve("tcp://localhost:0", 16));
    OK(jf_local_addr(s, &own));
    OK(jf_addr_format(&own, at, sizeof at));
    snprintf(endpoint, sizeof endpoint, "tcp://%s", at);
    c = OK(jf_dial(endpoint, 60000));
    OK(jf_close(c));
    jf_dialer d = OK(jf_dialer_open());
    OK(jf_dialer_set(d, JF_OPT_NO_DELAY, 1));
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno"));
    OK(jf_dialer_set_delay(d, 100));
    own = parsed("127.0.0.1:0");
    OK(jf_dialer_bind(d, &own));
    c = OK(jf_dialer_dial(d, endpoint, -1));
    OK(jf_close(c));
    OK(jf_close(s));
    EXPECT(jf_dialer_dial(d, endpoint, -1), JF_E_CONN_REFUSED);
    EXPECT(jf_dialer_dial(d, "tcp://localhost:1", -1), JF_E_CONN_REFUSED);
    OK(jf_dialer_close(d));
    OK(jf_close(OK(jf_serve("udp://127.0.0.1:0", 0))));
    OK(jf_close(OK(jf_dial("udp://localhost:9", -1))));
    EXPECT(jf_dial("unix://@jackfield-nobody", -1), JF_E_CONN_REFUSED);

    /* One that waits: the listener keeps one connection and accepts none. */
    snprintf(endpoint, sizeof endpoint, "unix://@jackfield-cancel-%d", (int)getpid());
    s = OK(jf_serve(endpoint, 0));
    c = OK(jf_dial(endpoint, -1));
    EXPECT(jf_dial(endpoint, 1), JF_E_TIMED_OUT);
    OK(jf_close(c));
    OK(jf_close(s));
    atomic_store(step, 1);
    pthread_testcancel();
    atomic_store(step, 2);
    return NULL;
}

static void comes_to_its_end(void *(*calls)(void *)) {
    pthread_t thread;
    void *result;
    _Atomic int step = 0;
    CHECK(pthread_create(&thread, NULL, calls, &step) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    EXPECT(atomic_load(&step), 1);
    CHECK(result == PTHREAD_CANCELED);
}

static void nothing_is_a_cancellation_point(const kind *kept_in) {
    make_stuck(&kept, kept_in);
    kept_poller = OK(jf_poller_open());
    start(&keeper, "recv", call_stuck, &kept, 0);
    start(&poller_keeper, "a poller's wait", wait_for_ever, &kept_poller, 0);
    await_sleep(&keeper);
    await_sleep(&poller_keeper);
    comes_to_its_end(call_everything);
    EXPECT(finish(&keeper), JF_E_CLOSED);
    EXPECT(finish(&poller_keeper), JF_E_CLOSED);
    end_stuck(&kept);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    a_wait_is_not_canceled();
    for (int i = 0; i < KIND_COUNT; i++) {
        is_not_canceled(&KINDS[i], -1);
        is_not_canceled(&KINDS[i], 60000);
        /* Of the closer, a UNIX sender of messages makes it wait the longest. */
        nothing_is_a_cancellation_point(&KINDS[i]);
    }
    comes_to_its_end(name_everything);
    return 0;
}
