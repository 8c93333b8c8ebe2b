/* The sender's credentials, and a pidfd of the sending process. */
#include "messages.h"

#include <sys/wait.h>

static void check_own_credentials(const jf_msg *m) {
    CHECK(m->present & JF_HAS_CREDENTIALS);
    CHECK(m->pid == getpid() && m->uid == getuid() && m->gid == getgid());
}

/* Returns the process ID that a pidfd refers to. */
static int pid_of_pidfd(int64_t fd) {
    char path[64], line[128];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", (int)fd);
    FILE *file = fopen(path, "re");
    CHECK(file);
    while (fgets(line, sizeof line, file)) sscanf(line, "Pid: %d", &pid);
    CHECK(fclose(file) == 0);
    return pid;
}

static void check_credentials(jf_socket s[2], uint32_t default_present) {
    jf_msg m = message(NULL, 0);
    /* The receiver has not set JF_OPT_PASS_CREDENTIALS. */
    m.present = JF_HAS_CREDENTIALS;
    m.pid = getpid();
    m.uid = getuid();
    m.gid = getgid();
    EXPECT(send_message(s[0], "x", &m, 0), 1);
    m = receive_message(s[1], "x");
    CHECK(m.present == default_present && m.other_len == 0);
    OK(jf_set(s[1], JF_OPT_PASS_CREDENTIALS, 1));
    /* The sender specifies no credentials, or its own. */
    OK(jf_send(s[0], "x", 1, 0));
    m = receive_message(s[1], "x");
    CHECK(m.present == (default_present | JF_HAS_CREDENTIALS) && m.other_len == 0);
    check_own_credentials(&m);
    jf_msg own = message(NULL, 0);
    own.present = JF_HAS_CREDENTIALS;
    own.pid = getpid();
    own.uid = getuid();
    own.gid = getgid();
    EXPECT(send_message(s[0], "x", &own, 0), 1);
    m = receive_message(s[1], "x");
    CHECK(m.present == (default_present | JF_HAS_CREDENTIALS));
    check_own_credentials(&m);
}

/* Root may send the credentials of other processes, other users may not. The tests run as root. */
static void check_foreign_credentials(jf_socket s[2]) {
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_CREDENTIALS;
    m.pid = getppid();
    m.uid = 1234;
    m.gid = 5678;
    EXPECT(send_message(s[0], "x", &m, 0), 1);
    m = receive_message(s[1], "x");
    CHECK(m.pid == getppid() && m.uid == 1234 && m.gid == 5678);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        m = message(NULL, 0);
        m.present = JF_HAS_CREDENTIALS;
        CHECK(setgid(65534) == 0 && setuid(65534) == 0);
        for (int foreign = 0; foreign < 3; foreign++) {
            m.pid = foreign == 0 ? getppid() : getpid();
            m.uid = foreign == 1 ? 0 : 65534;
            m.gid = foreign == 2 ? 0 : 65534;
            EXPECT(send_message(s[0], "x", &m, 0), JF_E_PERMISSION);
        }
        m.pid = getpid();
        m.gid = 65534;
        EXPECT(send_message(s[0], "x", &m, 0), 1);
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    m = receive_message(s[1], "x");
    CHECK(m.pid == child && m.uid == 65534 && m.gid == 65534);
    jf_msg none = message_with_buffers();
    EXPECT(jf_recv_msg(s[1], &none, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void check_pidfd(jf_socket s[2], uint32_t default_present) {
    int before = count_descriptors();
    OK(jf_set(s[1], JF_OPT_PASS_PIDFD, 1));
    /* Together with a passed descriptor. */
    jf_passed p = descriptor_to_pass(0);
    EXPECT(pass_descriptors(s[0], &p, 1), 1);
    jf_msg m = receive_message(s[1], "x");
    CHECK(m.present == (default_present | JF_HAS_CREDENTIALS | JF_HAS_PROCESS));
    CHECK(m.passed_count == 1 && m.other_len == 0);
    check_own_credentials(&m);
    CHECK(closes_on_exec(m.process) && pid_of_pidfd(m.process) == getpid());
    CHECK(close((int)m.process) == 0 && close((int)m.passed[0].value) == 0);
    CHECK(count_descriptors() == before);
}

/* Between two programs over netlink. */
static void check_netlink(void) {
    enum { USER_SOCKETS = 2 };
    jf_socket s[2];
    jf_addr name[2], any = parsed("netlink:0:0");
    for (int i = 0; i < 2; i++) {
        s[i] = OK(jf_open(JF_NETLINK, JF_DGRAM, USER_SOCKETS));
        OK(jf_bind(s[i], &any));
        OK(jf_local_addr(s[i], &name[i]));
    }
    OK(jf_connect(s[0], &name[1]));
    check_credentials(s, JF_HAS_ADDR);
    check_foreign_credentials(s);
    close_both(s);
}

int main(int argc, char **argv) {
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        uint32_t default_present = kind == UNIX_STREAM ? 0 : JF_HAS_ADDR;
        check_credentials(s, default_present);
        check_foreign_credentials(s);
        /* Under valgrind, /proc/self/fdinfo does not show the process of a pidfd. */
        if (!is_slow(argc, argv)) check_pidfd(s, default_present);
        close_both(s);
    }
    check_netlink();
    return 0;
}
