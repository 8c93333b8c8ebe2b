/* No function is a thread cancellation point. A cancelled thread runs on until a cancellation point outside the
 * library. */
#include "stuck.h"

#include <sys/socket.h>

/* A call in a thread that is cancelled, and its outcome. */
typedef struct cancelled_call {
    flight f;
    stuck st;
    pthread_t thread;
    /* Set once the call has returned; set if the thread passed pthread_testcancel. */
    _Atomic int returned, continued;
} cancelled_call;

static void *call_then_testcancel(void *given) {
    cancelled_call *c = given;
    atomic_store(&c->f.tid, (int)syscall(SYS_gettid));
    c->f.result = call_stuck(&c->st);
    atomic_store(&c->f.over, 1);
    atomic_store(&c->returned, 1);
    pthread_testcancel();
    atomic_store(&c->continued, 1);
    return NULL;
}

static void check_cancelled_after_call(cancelled_call *c) {
    void *result;
    CHECK(pthread_join(c->thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(atomic_load(&c->returned) && !atomic_load(&c->continued));
}

/* Cancelling a thread that is blocked in a call does not affect the call. */
static void check_call_is_not_cancelled(const kind *k, int64_t timeout_ms) {
    cancelled_call c;
    memset(&c, 0, sizeof c);
    c.f.name = k->name;
    make_stuck(&c.st, k);
    OK(jf_set(c.st.s, timeout_option(k), timeout_ms));
    CHECK(pthread_create(&c.thread, NULL, call_then_testcancel, &c) == 0);
    await_sleep(&c.f);
    CHECK(pthread_cancel(c.thread) == 0);
    await_sleep(&c.f);
    CHECK(!atomic_load(&c.returned));
    OK(jf_close(c.st.s));
    check_cancelled_after_call(&c);
    EXPECT(c.f.result, JF_E_CLOSED);
    end_stuck(&c.st);
}

static int64_t wait_for_ever(void *given) {
    jf_event e;
    return jf_poller_wait(*(jf_poller *)given, &e, 1, -1);
}

/* The same for jf_poller_wait. */
static void *wait_then_testcancel(void *given) {
    cancelled_call *c = given;
    atomic_store(&c->f.tid, (int)syscall(SYS_gettid));
    c->f.result = wait_for_ever(&c->st.s);
    atomic_store(&c->f.over, 1);
    atomic_store(&c->returned, 1);
    pthread_testcancel();
    atomic_store(&c->continued, 1);
    return NULL;
}

static void check_poller_wait_is_not_cancelled(void) {
    cancelled_call c;
    memset(&c, 0, sizeof c);
    c.f.name = "jf_poller_wait";
    c.st.s = OK(jf_poller_open());
    CHECK(pthread_create(&c.thread, NULL, wait_then_testcancel, &c) == 0);
    await_sleep(&c.f);
    CHECK(pthread_cancel(c.thread) == 0);
    await_sleep(&c.f);
    CHECK(!atomic_load(&c.returned));
    OK(jf_poller_close(c.st.s));
    check_cancelled_after_call(&c);
    EXPECT(c.f.result, JF_E_CLOSED);
}

/* One blocked call on the socket and one on the poller, so that the closing thread has to wait for them. */
static stuck blocked;
static flight blocked_call;
static jf_poller blocked_poller;
static flight blocked_poller_wait;

/* Calls every function in a thread whose cancellation is pending. The first cancellation point would end the thread. */
static void *call_every_socket_function(void *given) {
    _Atomic int *step = given;
    char text[400], buffer[8];
    jf_socket s, c, a, pair[2];
    jf_addr at, of;
    jf_buf buf = {buffer, 3};
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
    EXPECT(jf_get_raw(c, SOL_SOCKET, SO_KEEPALIVE, buffer, 4), 4);
    OK(jf_set_raw(c, SOL_SOCKET, SO_KEEPALIVE, buffer, 4));
    EXPECT(jf_supported(JF_OPT_PEER_PID), 1);
    OK(jf_connect(c, &at));
    OK(jf_peer_addr(c, &of));
    a = OK(jf_accept(s, &of));
    EXPECT(jf_send(c, "abc", 3, 0), 3);
    EXPECT(jf_recv(a, buffer, 3, JF_WAIT_ALL), 3);
    OK(jf_send_all(c, "abc", 3, &done));
    OK(jf_recv_exact(a, buffer, 3, &done));
    jf_tcp_info_data info = {.size = sizeof info};
    jf_wait_item item = {c, JF_READABLE, 0};
    OK(jf_tcp_info(c, &info));
    EXPECT(jf_wait(&item, 1, 1), 0);
    EXPECT(jf_send_file(c, zeros(), 0, 3), 3);
    OK(jf_recv_exact(a, buffer, 3, &done));
    EXPECT(jf_send_vec(c, &buf, 1, 0), 3);
    EXPECT(jf_recv_vec(a, &buf, 1, JF_WAIT_ALL), 3);
    EXPECT(jf_send_msg(c, &m, 0), 3);
    EXPECT(jf_recv_msg(a, &m, JF_WAIT_ALL), 3);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(s, NULL), JF_E_WOULD_BLOCK);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_accept(s, NULL), JF_E_TIMED_OUT);
    EXPECT(jf_recv(a, buffer, 3, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_set(a, JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv(a, buffer, 3, 0), JF_E_TIMED_OUT);
    EXPECT(jf_recv_exact(a, buffer, 3, &done), JF_E_TIMED_OUT);
    OK(jf_shutdown(c, JF_SHUT_BOTH));
    OK(jf_set(a, JF_OPT_LINGER, 1000));
    OK(jf_close(a));
    OK(jf_close(c));
    OK(jf_close(s));

    jf_socket to = fresh_bound(JF_INET, JF_DGRAM, &at);
    s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    EXPECT(jf_send_to(s, "abc", 3, 0, &at), 3);
    EXPECT(jf_recv_from(to, buffer, 3, 0, &of), 3);
    jf_datagram d[2];
    memset(d, 0, sizeof d);
    for (int i = 0; i < 2; i++) {
        d[i] = (jf_datagram){.data = "abc", .len = 3, .present = JF_HAS_ADDR, .addr = at};
        d[i].room = buffer;
        d[i].room_len = 4;
    }
    EXPECT(jf_send_many(s, d, 2, 0), 2);
    d[1].room = buffer + 4;
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

    OK(jf_pair(JF_UNIX, JF_STREAM, pair));
    jf_poller p = OK(jf_poller_open()), q = OK(jf_poller_open());
    jf_event e;
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 1));
    OK(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1));
    OK(jf_poller_add(p, pair[0], JF_WRITABLE, 1));
    EXPECT(jf_poller_wait(p, &e, 1, -1), 1);
    OK(jf_poller_modify(p, pair[0], JF_READABLE, 1));
    EXPECT(jf_poller_wait(p, &e, 1, 1), 0);
    OK(jf_poller_add_fd(q, OK(jf_poller_fd(p)), JF_READABLE, 2));
    OK(jf_poller_modify_fd(q, OK(jf_poller_fd(p)), JF_READABLE | JF_EDGE, 2));
    OK(jf_poller_wake(p));
    EXPECT(jf_poller_wait(q, &e, 1, 1000), 1);
    OK(jf_poller_remove_fd(q, OK(jf_poller_fd(p))));
    OK(jf_poller_add(q, pair[0], JF_READABLE, 1));
    OK(jf_close(OK(jf_dup(pair[0]))));
    OK(jf_poller_remove(p, pair[0]));
    OK(jf_poller_close(p));
    s = OK(jf_dup(pair[0]));
    OK(jf_poller_add(q, s, JF_READABLE, 1));
    s = OK(jf_from_fd(OK(jf_into_fd(s))));
    CHECK(OK(jf_fd(s)) >= 0);
    OK(jf_close(s));
    OK(jf_close(pair[0]));
    OK(jf_close(pair[1]));
    OK(jf_poller_close(q));
    /* These calls wait for the threads that have a call in flight. */
    OK(jf_close(blocked.s));
    OK(jf_poller_close(blocked_poller));

    CHECK(jf_interfaces(NULL, 0) > 0);
    EXPECT(jf_inherited(NULL, 0), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    CHECK(jf_version() >= 0 && jf_version_text() != NULL && jf_error_text(JF_E_PIPE) != NULL);
    atomic_store(step, 1);
    pthread_testcancel();
    atomic_store(step, 2);
    return NULL;
}

/* The same for names, endpoints and dialers. */
static void *call_every_name_function(void *given) {
    _Atomic int *step = given;
    char name[JF_HOST_TEXT], at[JF_ADDR_TEXT], endpoint[JF_ADDR_TEXT + 8];
    const char *expected;
    size_t position;
    jf_addr found[4], local = parsed("127.0.0.1:0"), v4 = parsed("127.0.0.1:1");
    jf_socket s, c;

    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(jf_resolve("localhost", "80", JF_UNSPEC, JF_STREAM, 60000, found, 4) > 0);
    CHECK(jf_resolve("localhost", "80", JF_INET, 0, -1, found, 4) > 0);
    EXPECT(jf_resolve("localhost", "80", JF_UNSPEC, 0, 0, found, 4), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve("127.0.0.1", "no-such-service", JF_UNSPEC, 0, -1, found, 4), JF_E_NOT_FOUND);
    CHECK(jf_resolve("127.0.0.1", "http", JF_UNSPEC, 0, -1, found, 4) != 0);
    EXPECT(jf_resolve("fe80::1%lo", NULL, JF_UNSPEC, 0, 0, found, 4), 1);
    CHECK(jf_resolve_addr(&v4, -1, name, sizeof name) > 0);
    EXPECT(jf_endpoint_check("tcp://a..b:80", &position, &expected), JF_E_ADDR_INVALID);

    s = OK(jf_serve("tcp://localhost:0", 16));
    OK(jf_local_addr(s, &local));
    OK(jf_addr_format(&local, at, sizeof at));
    snprintf(endpoint, sizeof endpoint, "tcp://%s", at);
    c = OK(jf_dial(endpoint, 60000));
    OK(jf_close(c));
    jf_dialer d = OK(jf_dialer_open());
    OK(jf_dialer_set(d, JF_OPT_NO_DELAY, 1));
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno"));
    OK(jf_dialer_set_delay(d, 100));
    local = parsed("127.0.0.1:0");
    OK(jf_dialer_bind(d, &local));
    c = OK(jf_dialer_dial(d, endpoint, -1));
    OK(jf_close(c));
    OK(jf_close(s));
    EXPECT(jf_dialer_dial(d, endpoint, -1), JF_E_CONN_REFUSED);
    EXPECT(jf_dialer_dial(d, "tcp://localhost:1", -1), JF_E_CONN_REFUSED);
    OK(jf_dialer_close(d));
    OK(jf_close(OK(jf_serve("udp://127.0.0.1:0", 0))));
    OK(jf_close(OK(jf_dial("udp://localhost:9", -1))));
    EXPECT(jf_dial("unix://@jackfield-unbound", -1), JF_E_CONN_REFUSED);

    /* A dial that blocks: the listener's backlog is full and nothing accepts. */
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

static void check_all_calls_complete(void *(*calls)(void *)) {
    pthread_t thread;
    void *result;
    _Atomic int step = 0;
    CHECK(pthread_create(&thread, NULL, calls, &step) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    EXPECT(atomic_load(&step), 1);
    CHECK(result == PTHREAD_CANCELED);
}

static void check_no_cancellation_points(const kind *blocked_kind) {
    make_stuck(&blocked, blocked_kind);
    blocked_poller = OK(jf_poller_open());
    start(&blocked_call, "recv", call_stuck, &blocked, 0);
    start(&blocked_poller_wait, "jf_poller_wait", wait_for_ever, &blocked_poller, 0);
    await_sleep(&blocked_call);
    await_sleep(&blocked_poller_wait);
    check_all_calls_complete(call_every_socket_function);
    EXPECT(finish(&blocked_call), JF_E_CLOSED);
    EXPECT(finish(&blocked_poller_wait), JF_E_CLOSED);
    end_stuck(&blocked);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    check_poller_wait_is_not_cancelled();
    for (int i = 0; i < KIND_COUNT; i++) {
        check_call_is_not_cancelled(&KINDS[i], -1);
        check_call_is_not_cancelled(&KINDS[i], 60000);
        /* Closing waits longest when the blocked call is a UNIX sender of datagrams. */
        check_no_cancellation_points(&KINDS[i]);
    }
    check_all_calls_complete(call_every_name_function);
    return 0;
}
