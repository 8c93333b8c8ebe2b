/* Who sent it: the process, the user and the group, and a descriptor for the process. */
#include "messages.h"

#include <sys/wait.h>

static void is_me(const jf_msg *m) {
    CHECK(m->present & JF_HAS_CREDENTIALS);
    CHECK(m->pid == getpid() && m->uid == getuid() && m->gid == getgid());
}

/* The process that a descriptor stands for. */
static int process_of(int64_t fd) {
    char path[64], line[128];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", (int)fd);
    FILE *file = fopen(path, "re");
    CHECK(file);
    while (fgets(line, sizeof line, file)) sscanf(line, "Pid: %d", &pid);
    CHECK(fclose(file) == 0);
    return pid;
}

static void told(jf_socket s[2], uint32_t usual) {
    jf_msg m = message(NULL, 0);
    /* Nobody has asked. */
    m.present = JF_HAS_CREDENTIALS;
    m.pid = getpid();
    m.uid = getuid();
    m.gid = getgid();
    EXPECT(send_with(s[0], "x", &m, 0), 1);
    m = received(s[1], "x");
    CHECK(m.present == usual && m.other_len == 0);
    OK(jf_set(s[1], JF_OPT_PASS_CREDENTIALS, 1));
    /* The sender says nothing, or the truth. */
    OK(jf_send(s[0], "x", 1, 0));
    m = received(s[1], "x");
    CHECK(m.present == (usual | JF_HAS_CREDENTIALS) && m.other_len == 0);
    is_me(&m);
    jf_msg truth = message(NULL, 0);
    truth.present = JF_HAS_CREDENTIALS;
    truth.pid = getpid();
    truth.uid = getuid();
    truth.gid = getgid();
    EXPECT(send_with(s[0], "x", &truth, 0), 1);
    m = received(s[1], "x");
    CHECK(m.present == (usual | JF_HAS_CREDENTIALS));
    is_me(&m);
}

/* Root may say that it is somebody else, and who is not may not; the tests run as root. */
static void others(jf_socket s[2]) {
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_CREDENTIALS;
    m.pid = getppid();
    m.uid = 1234;
    m.gid = 5678;
    EXPECT(send_with(s[0], "x", &m, 0), 1);
    m = received(s[1], "x");
    CHECK(m.pid == getppid() && m.uid == 1234 && m.gid == 5678);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        m = message(NULL, 0);
        m.present = JF_HAS_CREDENTIALS;
        CHECK(setgid(65534) == 0 && setuid(65534) == 0);
        for (int wrong = 0; wrong < 3; wrong++) {
            m.pid = wrong == 0 ? getppid() : getpid();
            m.uid = wrong == 1 ? 0 : 65534;
            m.gid = wrong == 2 ? 0 : 65534;
            EXPECT(send_with(s[0], "x", &m, 0), JF_E_PERMISSION);
        }
        m.pid = getpid();
        m.gid = 65534;
        EXPECT(send_with(s[0], "x", &m, 0), 1);
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    m = received(s[1], "x");
    CHECK(m.pid == child && m.uid == 65534 && m.gid == 65534);
    jf_msg none = roomy();
    EXPECT(jf_recv_msg(s[1], &none, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void processes(jf_socket s[2], uint32_t usual) {
    int before = descriptors_open();
    OK(jf_set(s[1], JF_OPT_PASS_PIDFD, 1));
    /* With everything else that comes on such a socket. */
    jf_passed p = descriptor_to_pass(0);
    EXPECT(pass(s[0], &p, 1), 1);
    jf_msg m = received(s[1], "x");
    CHECK(m.present == (usual | JF_HAS_CREDENTIALS | JF_HAS_PROCESS) && m.passed_count == 1 && m.other_len == 0);
    is_me(&m);
    CHECK(closes_on_exec(m.process) && process_of(m.process) == getpid());
    CHECK(close((int)m.process) == 0 && close((int)m.passed[0].value) == 0);
    CHECK(descriptors_open() == before);
}

/* Between two programs over netlink. */
static void netlink(void) {
    enum { USER_SOCKETS = 2 };
    jf_socket s[2];
    jf_addr name[2], any = parsed("netlink:0:0");
    for (int i = 0; i < 2; i++) {
        s[i] = OK(jf_open(JF_NETLINK, JF_DGRAM, USER_SOCKETS));
        OK(jf_bind(s[i], &any));
        OK(jf_local_addr(s[i], &name[i]));
    }
    OK(jf_connect(s[0], &name[1]));
    told(s, JF_HAS_ADDR);
    others(s);
    close_both(s);
}

int main(int argc, char **argv) {
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        uint32_t usual = kind == UNIX_STREAM ? 0 : JF_HAS_ADDR;
        told(s, usual);
        others(s);
        /* What the descriptor is of, valgrind's own look at /proc does not tell. */
        if (!is_slow(argc, argv)) processes(s, usual);
        close_both(s);
    }
    netlink();
    return 0;
}
