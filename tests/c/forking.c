/* Sockets stay usable after fork(), whatever the parent's threads were doing, and the child's calls do not affect
 * the parent. */
#include "stuck.h"

#include <sys/wait.h>

enum { MAX_CLOSE_US = 100000, ATTEMPTS = 10, LATE = 3 };
static int slow;

/* Returns the exit status of a child: 0, or LATE if everything was correct but slow. */
static int await_child(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == LATE));
    return WEXITSTATUS(status);
}

static pid_t fork_child(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* Alarms are not inherited. */
        watchdog(slow ? 120 : 50);
    }
    return child;
}

static void exchange(jf_socket a, jf_socket b) {
    char buffer[8];
    EXPECT(jf_send(a, "there", 5, 0), 5);
    EXPECT(jf_recv(b, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "there", 5) == 0);
    EXPECT(jf_send(b, "back", 4, 0), 4);
    EXPECT(jf_recv(a, buffer, sizeof buffer, 0), 4);
    CHECK(memcmp(buffer, "back", 4) == 0);
}

/* A child opens new sockets, and uses threads. */
static void check_new_sockets(void) {
    for (int i = 0; i < 40; i++) {
        jf_socket pair[2];
        if (i % 2) {
            tcp_pair(pair);
        } else {
            OK(jf_pair(JF_UNIX, i % 4 ? JF_SEQPACKET : JF_STREAM, pair));
        }
        exchange(pair[0], pair[1]);
        OK(jf_close(pair[0]));
        OK(jf_close(pair[1]));
        EXPECT(jf_close(pair[1]), JF_E_CLOSED);
    }
    for (int i = 0; i < KIND_COUNT; i += 3) {
        stuck st;
        flight f;
        make_stuck(&st, &KINDS[i]);
        start(&f, KINDS[i].name, call_stuck, &st, 0);
        await_sleep(&f);
        OK(jf_close(st.s));
        EXPECT(finish(&f), JF_E_CLOSED);
        end_stuck(&st);
    }
}

/* A child uses inherited sockets: a pair, a listener, and an accepted connection. */
static void check_inherited_sockets(void) {
    jf_addr a;
    jf_socket pair[2], l = listening("127.0.0.1:0", &a), c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_pair(JF_UNIX, JF_STREAM, pair));
    OK(jf_connect(c, &a));
    jf_socket s = OK(jf_accept(l, NULL));
    exchange(pair[0], pair[1]);
    exchange(c, s);
    pid_t child = fork_child();
    if (child == 0) {
        exchange(pair[0], pair[1]);
        exchange(c, s);
        /* The parent connects, the child answers. */
        jf_socket accepted = OK(jf_accept(l, NULL));
        char buffer[8];
        EXPECT(jf_recv(accepted, buffer, sizeof buffer, 0), 5);
        EXPECT(jf_send(accepted, "child", 5, 0), 5);
        OK(jf_close(accepted));
        OK(jf_close(l));
        OK(jf_close(s));
        check_new_sockets();
        _exit(0);
    }
    jf_socket to_child = OK(jf_open(JF_INET, JF_STREAM, 0));
    char buffer[8];
    OK(jf_connect(to_child, &a));
    EXPECT(jf_send(to_child, "hello", 5, 0), 5);
    EXPECT(jf_recv(to_child, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "child", 5) == 0);
    CHECK(await_child(child) != 1);
    /* Sockets closed in the child are still open in the parent. */
    exchange(pair[0], pair[1]);
    exchange(c, s);
    OK(jf_connect(pair[0] = OK(jf_open(JF_INET, JF_STREAM, 0)), &a));
    OK(jf_close(pair[0]));
    OK(jf_close(pair[1]));
    OK(jf_close(to_child));
    OK(jf_close(c));
    OK(jf_close(s));
    OK(jf_close(l));
}

static stuck stucks[KIND_COUNT];
static flight flights[KIND_COUNT];

static int close_promptly(jf_socket s) {
    int64_t began = now_us();
    OK(jf_close(s));
    return now_us() - began < MAX_CLOSE_US || slow;
}

/* Runs in a child whose parent has threads blocked on every socket. The child has no such threads, so its closes
 * must not wait. */
static int close_all_sockets(void) {
    int is_prompt = 1;
    for (int i = 0; i < KIND_COUNT; i++) {
        stuck *st = &stucks[i];
        jf_socket copy = OK(jf_dup(st->s));
        OK(jf_close(copy));
        is_prompt &= close_promptly(st->s);
        EXPECT(jf_close(st->s), JF_E_CLOSED);
        EXPECT(call_stuck(st), JF_E_CLOSED);
        is_prompt &= st->peer < 0 || close_promptly(st->peer);
        is_prompt &= st->filler < 0 || close_promptly(st->filler);
    }
    return is_prompt ? 0 : LATE;
}

/* Uses the sockets on which the parent's threads are blocked. The parent's calls must not be disturbed. */
static void use_all_sockets(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        stuck *st = &stucks[i];
        int64_t value;
        jf_addr a;
        OK(jf_get(st->s, JF_OPT_TYPE, &value));
        OK(jf_local_addr(st->s, &a));
        if (sends(st->kind)) {
            EXPECT(send_some(st, "f", 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        } else if (st->kind->verb != ACCEPT && st->kind->verb != CONNECT) {
            int64_t expected = st->kind->verb == RECV_RUNS ? JF_E_UNSUPPORTED : JF_E_WOULD_BLOCK;
            EXPECT(jf_recv(st->s, st->room, PAYLOAD_LEN, JF_DONT_WAIT), expected);
        }
    }
}

/* Forks while a call of every kind is in flight. */
static void check_fork_with_calls_in_flight(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        make_stuck(&stucks[i], &KINDS[i]);
        start(&flights[i], KINDS[i].name, call_stuck, &stucks[i], 0);
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        await_sleep(&flights[i]);
    }
    int late = LATE;
    for (int attempt = 0; attempt < ATTEMPTS && late != 0; attempt++) {
        pid_t child = fork_child();
        if (child == 0) {
            use_all_sockets();
            pid_t grandchild = fork_child();
            if (grandchild == 0) {
                int status = close_all_sockets();
                check_new_sockets();
                _exit(status);
            }
            /* The grandchild closed its sockets; the child's are still open. */
            late = await_child(grandchild);
            use_all_sockets();
            late |= close_all_sockets();
            check_new_sockets();
            _exit(late);
        }
        late = await_child(child);
    }
    CHECK(late == 0);
    /* The parent's calls are still blocked, and then return the expected results. */
    for (int i = 0; i < KIND_COUNT; i++) {
        await_sleep(&flights[i]);
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        release(&stucks[i], &flights[i]);
        end_stuck(&stucks[i]);
    }
}

/* A close in the parent wakes its calls although a child has copies of the sockets. */
static void check_parent_close_wakes(void) {
    int start_pipe[2];
    CHECK(pipe(start_pipe) == 0);
    for (int i = 0; i < KIND_COUNT; i++) {
        make_stuck(&stucks[i], &KINDS[i]);
        start(&flights[i], KINDS[i].name, call_stuck, &stucks[i], 0);
        await_sleep(&flights[i]);
    }
    pid_t child = fork_child();
    if (child == 0) {
        char buffer;
        CHECK(read(start_pipe[0], &buffer, 1) == 1);
        _exit(close_all_sockets());
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        OK(jf_close(stucks[i].s));
        EXPECT(finish(&flights[i]), JF_E_CLOSED);
    }
    CHECK(write(start_pipe[1], "", 1) == 1);
    await_child(child);
    for (int i = 0; i < KIND_COUNT; i++) {
        end_stuck(&stucks[i]);
    }
    close(start_pipe[0]);
    close(start_pipe[1]);
}

static _Atomic int is_done;

static int64_t open_and_close(void *given) {
    (void)given;
    while (!atomic_load(&is_done)) {
        jf_socket pair[2];
        OK(jf_pair(JF_UNIX, JF_DGRAM, pair));
        OK(jf_close(OK(jf_open(JF_INET, JF_DGRAM, 0))));
        exchange(pair[0], pair[1]);
        OK(jf_close(pair[0]));
        OK(jf_close(pair[1]));
    }
    return 0;
}

/* Forks while other threads open and close sockets. */
static void check_fork_during_open_and_close(void) {
    enum { THREADS = 3 };
    flight f[THREADS];
    for (int i = 0; i < THREADS; i++) {
        start(&f[i], "open and close", open_and_close, NULL, 0);
    }
    for (int i = 0; i < (slow ? 5 : 100); i++) {
        pid_t child = fork_child();
        if (child == 0) {
            jf_socket s[50];
            for (int k = 0; k < 50; k++) {
                s[k] = OK(jf_open(JF_UNIX, JF_STREAM, 0));
            }
            for (int k = 0; k < 50; k++) {
                OK(jf_close(s[k]));
                EXPECT(jf_close(s[k]), JF_E_CLOSED);
            }
            _exit(0);
        }
        CHECK(await_child(child) == 0);
    }
    atomic_store(&is_done, 1);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(finish(&f[i]), 0);
    }
}

static volatile pid_t handler_child;

static void fork_in_handler(int signal) {
    (void)signal;
    handler_child = fork();
}

/* A call interrupted by a handler that forks. The call continues in both processes. */
static int64_t call_in_both_processes(void *given) {
    stuck *st = given;
    handler_child = -1;
    int64_t result = call_stuck(st);
    if (handler_child != 0) {
        return result;
    }
    if (st->kind->verb == ACCEPT) {
        OK(jf_close(OK(result)));
    } else {
        CHECK(result == PAYLOAD_LEN || (result == 0 && st->done == PAYLOAD_LEN));
        CHECK(memcmp(st->room, PAYLOAD, PAYLOAD_LEN) == 0);
    }
    /* The parent's call in flight must not delay a close in the child. */
    int status = close_promptly(st->s) ? 0 : LATE;
    EXPECT(call_stuck(st), JF_E_CLOSED);
    check_new_sockets();
    _exit(status);
}

/* Waits until the child's only thread sleeps. The blocking call is the only place where it can. */
static void await_child_sleep(pid_t child) {
    char path[64], state[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0);
        ssize_t len = read(fd, state, sizeof state - 1);
        close(fd);
        CHECK(len > 0);
        state[len] = 0;
        const char *after = strrchr(state, ')');
        CHECK(after != NULL);
        if (after[2] == 'S') {
            return;
        }
        CHECK(after[2] != 'Z');
        breathe();
    }
}

static int fork_in_call(const kind *k, int64_t timeout_ms) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    handler_child = -1;
    start(&f, k->name, call_in_both_processes, &st, 0);
    await_sleep(&f);
    CHECK(pthread_kill(f.thread, SIGUSR2) == 0);
    while (handler_child == -1) {
        breathe();
    }
    pid_t child = handler_child;
    await_sleep(&f);
    await_child_sleep(child);
    /* One message or connection for each process. */
    if (k->verb == ACCEPT) {
        st.peer = OK(jf_open(k->family, k->type, 0));
        st.filler = OK(jf_open(k->family, k->type, 0));
        OK(jf_connect(st.peer, &st.to));
        OK(jf_connect(st.filler, &st.to));
        OK(jf_close(OK(finish(&f))));
    } else {
        for (int i = 0; i < 2; i++) {
            give(&st);
        }
        int64_t result = finish(&f);
        CHECK(result == PAYLOAD_LEN || (result == 0 && st.done == PAYLOAD_LEN));
        CHECK(memcmp(st.room, PAYLOAD, PAYLOAD_LEN) == 0);
    }
    int late = await_child(child);
    OK(jf_close(st.s));
    end_stuck(&st);
    return late;
}

static void check_fork_in_handler(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = fork_in_handler;
    action.sa_flags = flags;
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
    for (int i = 0; i < KIND_COUNT; i++) {
        const kind *k = &KINDS[i];
        if (k->verb == CONNECT || sends(k)) {
            continue;
        }
        for (int timeout = 0; timeout < 2; timeout++) {
            int late = LATE;
            for (int attempt = 0; attempt < ATTEMPTS && late != 0; attempt++) {
                late = fork_in_call(k, timeout ? 60000 : -1);
            }
            CHECK(late == 0);
        }
    }
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    check_inherited_sockets();
    check_fork_with_calls_in_flight();
    check_parent_close_wakes();
    check_fork_during_open_and_close();
    check_fork_in_handler(0);
    check_fork_in_handler(SA_RESTART);
    return 0;
}
