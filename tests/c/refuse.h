/* Simulates a kernel without UDP segmentation offload: the relevant system calls of the calling thread fail. */
#ifndef REFUSE_H
#define REFUSE_H

#include "check.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The error, the number of segmented messages to let pass before, and the number of refused calls. */
static int refuse_error, refuse_after;
static _Atomic int refused, refuse_listener;

static inline int has_segments(const struct msghdr *header) {
    struct msghdr m = *header;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h))
        if (h->cmsg_level == SOL_UDP && h->cmsg_type == UDP_SEGMENT) return 1;
    return 0;
}

static inline int is_refused(const struct msghdr *header) {
    return has_segments(header) && refuse_after-- <= 0;
}

/* Decides the outcome of one intercepted call. The process is its own tracee: same memory, same descriptors. */
static inline void decide(const struct seccomp_notif *call, struct seccomp_notif_resp *answer) {
    const __u64 *args = call->data.args;
    *answer = (struct seccomp_notif_resp){.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (call->data.nr == SYS_sendmsg) {
        if (!is_refused((const struct msghdr *)(uintptr_t)args[1])) return;
    } else {
        struct mmsghdr *messages = (struct mmsghdr *)(uintptr_t)args[1];
        unsigned first = 0;
        while (first < args[2] && !is_refused(&messages[first].msg_hdr)) first++;
        if (first == args[2]) return;
        if (first > 0) {
            /* Sends the messages before it; the refused one comes with the next call. */
            int sent = sendmmsg((int)args[0], messages, first, (int)args[3]);
            *answer = (struct seccomp_notif_resp){
                .id = call->id, .val = sent < 0 ? 0 : sent, .error = sent < 0 ? -errno : 0};
            return;
        }
    }
    atomic_fetch_add(&refused, 1);
    *answer = (struct seccomp_notif_resp){.id = call->id, .error = -refuse_error};
}

static inline void *answer_calls(void *unused) {
    int fd;
    while ((fd = atomic_load(&refuse_listener)) == 0) usleep(1000);
    for (;;) {
        struct seccomp_notif call;
        struct seccomp_notif_resp answer;
        memset(&call, 0, sizeof call);
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
        decide(&call, &answer);
        ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    return unused;
}

static inline int filter(struct sock_filter *code, size_t count, unsigned flags) {
    struct sock_fprog program = {(unsigned short)count, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    CHECK(result >= 0);
    return result;
}

#define SYSCALL_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
/* The lower half of an argument. */
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))

/* Sends with UDP_SEGMENT fail with `error`, after the first `after` of them. */
static inline void refuse_segments(int error, int after) {
    struct sock_filter code[] = {
        SYSCALL_NUMBER,
        IF(SYS_sendmsg, 1, 0),
        IF(SYS_sendmmsg, 0, 1),
        RETURN(SECCOMP_RET_USER_NOTIF),
        RETURN(SECCOMP_RET_ALLOW),
    };
    pthread_t thread;
    refuse_error = error;
    refuse_after = after;
    /* The supervising thread starts before the filter, so the filter does not apply to it. */
    CHECK(pthread_create(&thread, NULL, answer_calls, NULL) == 0 && pthread_detach(thread) == 0);
    atomic_store(&refuse_listener, filter(code, sizeof code / sizeof *code, SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

/* A kernel with neither UDP_SEGMENT nor UDP_GRO: both options and the control message are unknown. */
static inline void refuse_options(void) {
    struct sock_filter code[] = {
        SYSCALL_NUMBER,
        IF(SYS_getsockopt, 1, 0),
        IF(SYS_setsockopt, 0, 6),
        ARGUMENT(1),
        IF(SOL_UDP, 0, 4),
        ARGUMENT(2),
        IF(UDP_SEGMENT, 1, 0),
        IF(UDP_GRO, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | ENOPROTOOPT),
        RETURN(SECCOMP_RET_ALLOW),
    };
    filter(code, sizeof code / sizeof *code, 0);
    refuse_segments(EINVAL, 0);
}

#endif
