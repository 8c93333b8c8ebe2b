/* Sockets go on working in a forked child, whatever the parent's threads were at, and the child's doings are its own. */
#include "stuck.h"

#include <sys/wait.h>

enum { PROMPT_US = 100000, TRIES = 10, LATE = 3 };
static int slow;

/* The exit status of a child: 0, or LATE when all was right but slow. */
static int await_child(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == LATE));
    return WEXITSTATUS(status);
}

static pid_t forked(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* Alarms are not inherited. */
        watchdog(slow ? 120 : 50);
    }
    return child;
}

static void converse(jf_socket a, jf_socket b) {
    char room[8];
    EXPECT(jf_send(a, "there", 5, 0), 5);
    EXPECT(jf_recv(b, room, sizeof room, 0), 5);
    CHECK(memcmp(room, "there", 5) == 0);
    EXPECT(jf_send(b, "back", 4, 0), 4);
    EXPECT(jf_recv(a, room, sizeof room, 0), 4);
    CHECK(memcmp(room, "back", 4) == 0);
}

/* What a child does with sockets of its own, threads included. */
static void live_on(void) {
    for (int i = 0; i < 40; i++) {
        jf_socket both[2];
        if (i % 2) {
            tcp_pair(both);
        } else {
            OK(jf_pair(JF_UNIX, i % 4 ? JF_SEQPACKET : JF_STREAM, both));
        }
        converse(both[0], both[1]);
        OK(jf_close(both[0]));
        OK(jf_close(both[1]));
        EXPECT(jf_close(both[1]), JF_E_BAD_HANDLE);
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

/* A child uses what it inherited: both ends, a listener, a connection that was accepted. */
static void a_child_goes_on(void) {
    jf_addr a;
    jf_socket both[2], l = listening("127.0.0.1:0", &a), c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_pair(JF_UNIX, JF_STREAM, both));
    OK(jf_connect(c, &a));
    jf_socket s = OK(jf_accept(l, NULL));
    converse(both[0], both[1]);
    converse(c, s);
    pid_t child = forked();
    if (child == 0) {
        converse(both[0], both[1]);
        converse(c, s);
        /* The parent connects; the child answers. */
        jf_socket accepted = OK(jf_accept(l, NULL));
        char room[8];
        EXPECT(jf_recv(accepted, room, sizeof room, 0), 5);
        EXPECT(jf_send(accepted, "child", 5, 0), 5);
        OK(jf_close(accepted));
        OK(jf_close(l));
        OK(jf_close(s));
        live_on();
        _exit(0);
    }
    jf_socket to_child = OK(jf_open(JF_INET, JF_STREAM, 0));
    char room[8];
    OK(jf_connect(to_child, &a));
    EXPECT(jf_send(to_child, "hello", 5, 0), 5);
    EXPECT(jf_recv(to_child, room, sizeof room, 0), 5);
    CHECK(memcmp(room, "child", 5) == 0);
    CHECK(await_child(child) != 1);
    /* What the child closed is open here. */
    converse(both[0], both[1]);
    converse(c, s);
    OK(jf_connect(both[0] = OK(jf_open(JF_INET, JF_STREAM, 0)), &a));
    OK(jf_close(both[0]));
    OK(jf_close(both[1]));
    OK(jf_close(to_child));
    OK(jf_close(c));
    OK(jf_close(s));
    OK(jf_close(l));
}

static stuck all[KIND_COUNT];
static flight flights[KIND_COUNT];

static int close_promptly(jf_socket s) {
    int64_t began = now_us();
    OK(jf_close(s));
    return now_us() - began < PROMPT_US || slow;
}

/* In a child of a parent whose threads wait on every socket: none of them waits here. */
static int close_everything(void) {
    int prompt = 1;
    for (int i = 0; i < KIND_COUNT; i++) {
        stuck *st = &all[i];
        jf_socket copy = OK(jf_dup(st->s));
        OK(jf_close(copy));
        prompt &= close_promptly(st->s);
        EXPECT(jf_close(st->s), JF_E_BAD_HANDLE);
        EXPECT(call_stuck(st), JF_E_BAD_HANDLE);
        prompt &= st->peer < 0 || close_promptly(st->peer);
        prompt &= st->filler < 0 || close_promptly(st->filler);
    }
    return prompt ? 0 : LATE;
}

/* Uses the sockets on which the parent's threads wait, without harm to them. */
static void use_everything(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        stuck *st = &all[i];
        int64_t value;
        jf_addr a;
        OK(jf_get(st->s, JF_OPT_TYPE, &value));
        OK(jf_local_addr(st->s, &a));
        if (sends(st->kind)) {
            EXPECT(send_some(st, "f", 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        } else if (st->kind->verb != ACCEPT && st->kind->verb != CONNECT) {
            int64_t nothing = st->kind->verb == RECV_RUNS ? JF_E_UNSUPPORTED : JF_E_WOULD_BLOCK;
            EXPECT(jf_recv(st->s, st->room, PAYLOAD_LEN, JF_DONT_WAIT), nothing);
        }
    }
}

/* A child of a process with a call in flight of every kind. */
static void from_among_threads(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        make_stuck(&all[i], &KINDS[i]);
        start(&flights[i], KINDS[i].name, call_stuck, &all[i], 0);
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        await_sleep(&flights[i]);
    }
    int late = LATE;
    for (int try = 0; try < TRIES && late != 0; try++) {
        pid_t child = forked();
        if (child == 0) {
            use_everything();
            pid_t grandchild = forked();
            if (grandchild == 0) {
                int status = close_everything();
                live_on();
                _exit(status);
            }
            /* The grandchild has closed them; the child still has them. */
            late = await_child(grandchild);
            use_everything();
            late |= close_everything();
            live_on();
            _exit(late);
        }
        late = await_child(child);
    }
    CHECK(late == 0);
    /* The parent's calls are where they were, and end as they should. */
    for (int i = 0; i < KIND_COUNT; i++) {
        await_sleep(&flights[i]);
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        release(&all[i], &flights[i]);
        end_stuck(&all[i]);
    }
}

/* And closing, where the children have their copies, wakes. */
static void a_parent_still_wakes(void) {
    int go[2];
    CHECK(pipe(go) == 0);
    for (int i = 0; i < KIND_COUNT; i++) {
        make_stuck(&all[i], &KINDS[i]);
        start(&flights[i], KINDS[i].name, call_stuck, &all[i], 0);
        await_sleep(&flights[i]);
    }
    pid_t child = forked();
    if (child == 0) {
        char room;
        CHECK(read(go[0], &room, 1) == 1);
        _exit(close_everything());
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        OK(jf_close(all[i].s));
        EXPECT(finish(&flights[i]), JF_E_CLOSED);
    }
    CHECK(write(go[1], "", 1) == 1);
    await_child(child);
    for (int i = 0; i < KIND_COUNT; i++) {
        end_stuck(&all[i]);
    }
    close(go[0]);
    close(go[1]);
}

static _Atomic int enough;

static int64_t churn(void *given) {
    (void)given;
    while (!atomic_load(&enough)) {
        jf_socket both[2];
        OK(jf_pair(JF_UNIX, JF_DGRAM, both));
        OK(jf_close(OK(jf_open(JF_INET, JF_DGRAM, 0))));
        converse(both[0], both[1]);
        OK(jf_close(both[0]));
        OK(jf_close(both[1]));
    }
    return 0;
}

/* Forked at any point of the parent's opening and closing. */
static void in_the_midst(void) {
    enum { CHURNERS = 3 };
    flight f[CHURNERS];
    for (int i = 0; i < CHURNERS; i++) {
        start(&f[i], "open and close", churn, NULL, 0);
    }
    for (int i = 0; i < (slow ? 5 : 100); i++) {
        pid_t child = forked();
        if (child == 0) {
            jf_socket s[50];
            for (int k = 0; k < 50; k++) {
                s[k] = OK(jf_open(JF_UNIX, JF_STREAM, 0));
            }
            for (int k = 0; k < 50; k++) {
                OK(jf_close(s[k]));
                EXPECT(jf_close(s[k]), JF_E_BAD_HANDLE);
            }
            _exit(0);
        }
        CHECK(await_child(child) == 0);
    }
    atomic_store(&enough, 1);
    for (int i = 0; i < CHURNERS; i++) {
        EXPECT(finish(&f[i]), 0);
    }
}

static volatile pid_t handlers_child;

static void fork_in_handler(int signal) {
    (void)signal;
    handlers_child = fork();
}

/* The call that is interrupted by a handler that forks: it goes on in both processes. */
static int64_t call_in_both(void *given) {
    stuck *st = given;
    handlers_child = -1;
    int64_t result = call_stuck(st);
    if (handlers_child != 0) {
        return result;
    }
    if (st->kind->verb == ACCEPT) {
        OK(jf_close(OK(result)));
    } else {
        CHECK(result == PAYLOAD_LEN || (result == 0 && st->done == PAYLOAD_LEN));
        CHECK(memcmp(st->room, PAYLOAD, PAYLOAD_LEN) == 0);
    }
    /* A call in flight that the child does not have must not hold it up. */
    int status = close_promptly(st->s) ? 0 : LATE;
    EXPECT(call_stuck(st), JF_E_BAD_HANDLE);
    live_on();
    _exit(status);
}

/* Whether the child's one thread sleeps; where it does, it can only be the call. */
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

static int fork_under_a_call(const kind *k, int64_t timeout_ms) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    handlers_child = -1;
    start(&f, k->name, call_in_both, &st, 0);
    await_sleep(&f);
    CHECK(pthread_kill(f.thread, SIGUSR2) == 0);
    while (handlers_child == -1) {
        breathe();
    }
    pid_t child = handlers_child;
    await_sleep(&f);
    await_child_sleep(child);
    /* One for each of the two. */
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

static void from_a_handler(int flags) {
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
            for (int try = 0; try < TRIES && late != 0; try++) {
                late = fork_under_a_call(k, timeout ? 60000 : -1);
            }
            CHECK(late == 0);
        }
    }
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    a_child_goes_on();
    from_among_threads();
    a_parent_still_wakes();
    in_the_midst();
    from_a_handler(0);
    from_a_handler(SA_RESTART);
    return 0;
}
