/* Commands of names_tool.c that repeat other commands, run them in parallel, or change the state of the process:
 *
 *     count                           0, and the numbers of open descriptors and of threads
 *     settle DESCRIPTORS THREADS      waits until both numbers are at most these, for up to a minute, then as count
 *     row COUNT COMMAND...            runs the command COUNT times in sequence: 0, the slowest time, the fastest time,
 *                                     and how often each result occurred
 *     crowd COUNT MOST COMMAND...     runs it in COUNT threads in parallel; output as row, but the first number is the
 *                                     peak number of extra threads. Prints a line "under way" as soon as there are
 *                                     MOST extra threads, or all callers have returned
 *     cut COUNT SEED COMMAND...       a dial with settings, whose dialer another thread closes after 0 to 3 ms; output
 *                                     as row, but the times are measured from the close, and the first number is how
 *                                     many dials began before it
 *     share COUNT MS COMMAND...       a dial with settings from COUNT threads with one dialer, which is closed after MS
 *                                     milliseconds (-1: when all have returned). Output as cut, but the first number
 *                                     is the result of a change to the dialer before the close
 *     beside COMMAND...               starts the command in another thread: 0
 *     join                            waits for that thread and prints its outcome
 *     signaled COMMAND...             runs it with a pending signal that this thread blocks; no other thread may
 *                                     handle the signal
 *     fork COMMAND...                 runs it in a child process
 *     fork-anew COMMAND...            the same, after the child replaced all inherited sockets with its own
 *     fill COUNT                      opens descriptors until only COUNT are left: 0; "fill -1" closes them again
 *     timer MS                        delivers a signal to the main thread every MS milliseconds; 0 stops it */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_THREADS 256

/* Counts how often each result occurred. */
struct tally {
    int64_t results[16];
    int counts[16];
    int len;
    double slowest, quickest;
};

static void add(struct tally *t, int64_t result, double ms) {
    int at = 0;
    int64_t kind = result < 0 ? result : 0;
    while (at < t->len && t->results[at] != kind)
        at++;
    CHECK(at < 16);
    if (at == t->len) {
        t->results[at] = kind;
        t->counts[t->len++] = 0;
    }
    t->quickest = t->slowest == 0 || ms < t->quickest ? ms : t->quickest;
    t->slowest = ms > t->slowest ? ms : t->slowest;
    t->counts[at]++;
}

static void print_tally(int64_t result, const struct tally *t) {
    print_result(result);
    printf(" %.1f %.1f", t->slowest, t->quickest);
    for (int i = 0; i < t->len; i++)
        printf(" %s=%d", t->results[i] == 0 ? "done" : jf_error_name(t->results[i]), t->counts[i]);
    printf("\n");
}

static void repeat(char **words, int count) {
    struct tally t = {0};
    for (int i = atoi(words[1]); i > 0; i--) {
        struct outcome o = perform(words + 2, count - 2);
        add(&t, o.result, o.ms);
    }
    print_tally(0, &t);
}

/* One of the parallel callers. */
struct caller {
    pthread_t thread;
    char **words;
    int count;
    struct outcome outcome;
    pthread_barrier_t *all;
    atomic_int *done;
};

static void *run_caller(void *argument) {
    struct caller *c = argument;
    pthread_barrier_wait(c->all);
    c->outcome = perform(c->words, c->count);
    atomic_fetch_add(c->done, 1);
    /* Keeps every caller's thread alive until the last caller is done. */
    pthread_barrier_wait(c->all);
    return NULL;
}

static void run_in_parallel(char **words, int count) {
    static struct caller callers[MOST_THREADS];
    pthread_barrier_t all;
    atomic_int done = 0;
    int len = atoi(words[1]), most = atoi(words[2]), peak = 0;
    CHECK(len <= MOST_THREADS);
    pthread_barrier_init(&all, NULL, (unsigned)len + 1);
    int before = thread_count() + len;
    for (int i = 0; i < len; i++) {
        callers[i] = (struct caller){.words = words + 3, .count = count - 3, .all = &all, .done = &done};
        CHECK(pthread_create(&callers[i].thread, NULL, run_caller, &callers[i]) == 0);
    }
    pthread_barrier_wait(&all);
    for (int printed = 0, ended = 0; !ended; linger_ms(1)) {
        ended = atomic_load(&done) == len;
        int beside = thread_count() - before;
        peak = beside > peak ? beside : peak;
        if (!printed && (ended || beside >= most)) {
            printf("under way\n");
            fflush(stdout);
            printed = 1;
        }
    }
    pthread_barrier_wait(&all);
    struct tally t = {0};
    for (int i = 0; i < len; i++) {
        CHECK(pthread_join(callers[i].thread, NULL) == 0);
        add(&t, callers[i].outcome.result, callers[i].outcome.ms);
    }
    pthread_barrier_destroy(&all);
    print_tally(peak, &t);
}

/* A thread that closes a dialer, and the time at which it did. */
struct closer {
    pthread_t thread;
    jf_dialer dialer;
    int64_t us;
    double closed;
};

static void *close_later(void *argument) {
    struct closer *c = argument;
    nanosleep(&(struct timespec){.tv_nsec = c->us * 1000}, NULL);
    c->closed = clock_ms();
    OK(jf_dialer_close(c->dialer));
    return NULL;
}

static void close_during_dials(char **words, int count) {
    struct tally t = {0};
    int64_t begun_before = 0;
    uint64_t state = strtoull(words[2], NULL, 10) * 2 + 1;
    for (int i = atoi(words[1]); i > 0; i--) {
        struct closer c = {.dialer = OK(jf_dialer_open())};
        for (int at = 5; at < count - 1; at++)
            OK(apply_setting(c.dialer, words[at]));
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        c.us = (int64_t)(state % 3001);
        CHECK(pthread_create(&c.thread, NULL, close_later, &c) == 0);
        double begin = clock_ms();
        jf_socket s = jf_dialer_dial(c.dialer, words[4], strtoll(words[count - 1], NULL, 10));
        double end = clock_ms();
        CHECK(pthread_join(c.thread, NULL) == 0);
        begun_before += begin < c.closed;
        add(&t, s, end > c.closed ? end - c.closed : 0);
        if (s >= 0)
            OK(jf_close(s));
    }
    print_tally(begun_before, &t);
}

/* A thread that dials with a shared dialer. */
struct sharer {
    pthread_t thread;
    jf_dialer dialer;
    char **words;
    int count;
    jf_socket result;
    double ended;
};

static void *dial_with(void *argument) {
    struct sharer *s = argument;
    s->result = jf_dialer_dial(s->dialer, s->words[1], strtoll(s->words[s->count - 1], NULL, 10));
    s->ended = clock_ms();
    return NULL;
}

static void share_dialer(char **words, int count) {
    static struct sharer sharers[MOST_THREADS];
    struct tally t = {0};
    int len = atoi(words[1]);
    CHECK(len <= MOST_THREADS);
    jf_dialer d = OK(jf_dialer_open());
    for (int at = 5; at < count - 1; at++)
        OK(apply_setting(d, words[at]));
    for (int i = 0; i < len; i++) {
        sharers[i] = (struct sharer){.dialer = d, .words = words + 3, .count = count - 3};
        CHECK(pthread_create(&sharers[i].thread, NULL, dial_with, &sharers[i]) == 0);
    }
    int later = atoi(words[2]);
    linger_ms(later < 0 ? 0 : later);
    for (int i = 0; i < len && later < 0; i++)
        CHECK(pthread_join(sharers[i].thread, NULL) == 0);
    int64_t changed = jf_dialer_set_delay(d, 100);
    double closed = clock_ms();
    OK(jf_dialer_close(d));
    EXPECT(jf_dialer_close(d), JF_E_CLOSED);
    for (int i = 0; i < len; i++) {
        if (later >= 0)
            CHECK(pthread_join(sharers[i].thread, NULL) == 0);
        add(&t, sharers[i].result, sharers[i].ended > closed ? sharers[i].ended - closed : 0);
        if (sharers[i].result >= 0)
            OK(jf_close(sharers[i].result));
    }
    print_tally(changed, &t);
}

/* Replaces every other socket of the process with the first of the pair. */
static void replace_sockets(const int pair[2]) {
    for (int fd = 3; fd < 1024; fd++) {
        struct stat about;
        if (fd != pair[0] && fd != pair[1] && fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode))
            CHECK(dup2(pair[0], fd) == fd);
    }
}

static void run_in_child(char **words, int count, int replaces_sockets) {
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int pair[2];
        char byte;
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
        if (replaces_sockets)
            replace_sockets(pair);
        struct outcome o = perform(words + 1, count - 1);
        /* Nothing was sent on a socket that replaced an inherited one. */
        CHECK(recv(pair[1], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
        print_outcome(&o);
        fflush(stdout);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* The descriptors below this limit that `fill` opened. */
#define LIMIT 128
static int held[LIMIT], held_count;

static void take_descriptors(int left) {
    struct rlimit limit;
    static rlim_t before;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    before = before == 0 ? limit.rlim_cur : before;
    while (held_count > 0)
        close(held[--held_count]);
    limit.rlim_cur = left < 0 ? before : LIMIT;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (left < 0)
        return;
    for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
        held[held_count++] = fd;
    CHECK(errno == EMFILE);
    while (left-- > 0)
        close(held[--held_count]);
}

static void ignore_signal(int signal) {
    (void)signal;
}

static void set_timer(int ms) {
    /* SA_RESTART restarts the read of the next command; poll() is never restarted. */
    struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, ms * 1000}, {0, ms * 1000}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static void with_pending_signal(char **words, int count) {
    sigset_t set, pending;
    set_timer(0);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(kill(getpid(), SIGALRM) == 0);
    struct outcome o = perform(words + 1, count - 1);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGALRM) == 1);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    print_outcome(&o);
}

/* Runs a command of this file; returns whether `words` holds one. */
static int perform_many(char **words, int count) {
    static struct caller other;
    static pthread_barrier_t alone;
    static atomic_int done;
    const char *command = words[0];
    int64_t number = count > 1 ? strtoll(words[1], NULL, 10) : 0;
    if (strcmp(command, "row") == 0) {
        repeat(words, count);
    } else if (strcmp(command, "crowd") == 0) {
        run_in_parallel(words, count);
    } else if (strcmp(command, "cut") == 0) {
        close_during_dials(words, count);
    } else if (strcmp(command, "share") == 0) {
        share_dialer(words, count);
    } else if (strcmp(command, "signaled") == 0) {
        with_pending_signal(words, count);
    } else if (strcmp(command, "fork") == 0 || strcmp(command, "fork-anew") == 0) {
        run_in_child(words, count, command[4] != 0);
    } else if (strcmp(command, "count") == 0 || strcmp(command, "settle") == 0) {
        double start = clock_ms();
        int most[2] = {(int)number, count > 2 ? atoi(words[2]) : 0}, now[2] = {descriptor_count(), thread_count()};
        while (count > 1 && (now[0] > most[0] || now[1] > most[1]) && clock_ms() < start + 60000) {
            linger_ms(1);
            now[0] = descriptor_count(), now[1] = thread_count();
        }
        printf("0 %.1f %d %d\n", clock_ms() - start, now[0], now[1]);
    } else if (strcmp(command, "beside") == 0) {
        static char line[1000];
        static char *own[WORDS];
        for (int i = 1, at = 0; i < count; i++) {
            own[i - 1] = strcpy(line + at, words[i]);
            at += (int)strlen(words[i]) + 1;
        }
        other = (struct caller){.words = own, .count = count - 1, .all = &alone, .done = &done};
        pthread_barrier_init(&alone, NULL, 1);
        CHECK(pthread_create(&other.thread, NULL, run_caller, &other) == 0);
        printf("0 0\n");
    } else if (strcmp(command, "join") == 0) {
        CHECK(pthread_join(other.thread, NULL) == 0);
        print_outcome(&other.outcome);
    } else if (strcmp(command, "fill") == 0 || strcmp(command, "timer") == 0) {
        *command == 'f' ? take_descriptors((int)number) : set_timer((int)number);
        printf("0 0\n");
    } else {
        return 0;
    }
    return 1;
}
