/* The expected properties of each option, taken from the man pages: level and name, the accepted values, and the
 * sockets that have it. It is independent of the library's own table. */
#ifndef OPTION_TABLE_H
#define OPTION_TABLE_H

#include "pairs.h"

#include <sys/socket.h>

#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <unistd.h>

/* Constants that are missing in older system headers. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef UDP_CORK
#define UDP_CORK 1
#endif
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#define IPV6_FLOWINFO_SEND 33
#endif
#ifndef IPV6_UNICAST_IF
#define IPV6_UNICAST_IF 76
#endif
#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif
/* The system's UDP-Lite header conflicts with <netinet/udp.h>. */
#define SOL_UDPLITE 136
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11

/* Further kinds of sockets, after those of pairs.h. */
enum { RAW4 = KINDS, RAW6, UDPLITE4, UDPLITE6, NETLINK, PACKET, VSOCK, SOCKETS };

static inline int socket_family(int kind) {
    return kind < KINDS                          ? kind_family((enum kind)kind)
           : kind == RAW4 || kind == UDPLITE4 ? JF_INET
           : kind == RAW6 || kind == UDPLITE6 ? JF_INET6
           : kind == NETLINK                  ? JF_NETLINK
           : kind == PACKET                   ? JF_PACKET
                                              : JF_VSOCK;
}

static inline int socket_type(int kind) {
    return kind < KINDS                             ? kind_type((enum kind)kind)
           : kind == UDPLITE4 || kind == UDPLITE6 ? JF_DGRAM
           : kind == VSOCK                        ? JF_STREAM
                                                  : JF_RAW;
}

/* Protocol 253 is reserved for experiments; the kernel adds no header for it. */
static inline int socket_protocol(int kind) {
    return kind == RAW4 || kind == RAW6 ? 253 : kind == UDPLITE4 || kind == UDPLITE6 ? SOL_UDPLITE : 0;
}

/* A new socket of a kind; 0 if the system lacks VSOCK or UDP-Lite. */
static inline jf_socket fresh(int kind) {
    int64_t s = jf_open(socket_family(kind), socket_type(kind), socket_protocol(kind));
    if (kind == VSOCK && s == JF_E_FAMILY_UNSUPPORTED) return 0;
    if ((kind == UDPLITE4 || kind == UDPLITE6) && s == JF_E_PROTOCOL_UNSUPPORTED) return 0;
    return OK(s);
}

/* Raw sockets and privileged options require root. */
static inline void need_root(void) {
    if (geteuid() == 0) return;
    fprintf(stderr, "this test needs root\n");
    exit(1);
}

#define OF(kind) (1u << (kind))
enum {
    TCP = OF(TCP4) | OF(TCP6),
    UDP = OF(UDP4) | OF(UDP6) | OF(UDPLITE4) | OF(UDPLITE6),
    PLAIN_UDP = OF(UDP4) | OF(UDP6),
    LITE = OF(UDPLITE4) | OF(UDPLITE6),
    RAW = OF(RAW4) | OF(RAW6),
    IP4 = OF(TCP4) | OF(UDP4) | OF(UDPLITE4) | OF(RAW4),
    IP6 = OF(TCP6) | OF(UDP6) | OF(UDPLITE6) | OF(RAW6),
    /* IPv6 sockets that also handle IPv4. */
    DUAL = OF(TCP6) | OF(UDP6) | OF(UDPLITE6),
    GROUPS4 = OF(UDP4) | OF(UDPLITE4) | OF(RAW4),
    GROUPS6 = OF(UDP6) | OF(UDPLITE6) | OF(RAW6),
    GROUPS_DUAL = OF(UDP6) | OF(UDPLITE6),
    UNIX = OF(UNIX_STREAM) | OF(UNIX_DGRAM) | OF(UNIX_SEQPACKET),
    ANY = OF(SOCKETS) - 1,
};

enum form {
    /* int, unsigned int, 64-bit integer, int in network byte order. */
    INT, UINT, WIDE, SWAPPED,
    /* 1 is IP_PMTUDISC_DO, 0 is IP_PMTUDISC_DONT. */
    NO_FRAGMENT,
    /* struct ip_mreqn on IPv4, an int on IPv6. */
    GROUP_INTERFACE,
    /* Write-only, read-only, text. */
    SET, READ, TEXT,
    /* The two timeouts, the buffer sizes, and options that the library stores: tested one by one. */
    OTHER,
};

struct place {
    unsigned kinds;
    int level, name;
    const char *level_word, *name_word;
};

struct option {
    int number, option;
    const char *word;
    enum form form;
    /* min..max is accepted; of these, least..most is read back unchanged. */
    int64_t min, max, least, most;
    /* The value of a new socket; -2 if it depends on the system. */
    int64_t initial;
    /* The level and name; a kind of socket listed in both places sets both. */
    struct place places[2];
};

/* Each macro stringizes the names directly: an argument passed on would already be expanded to its number. */
#define NONE {0, 0, 0, 0, 0}
#define PLACE(kinds, level, name) {kinds, level, name, #level, #name}
#define ON(kinds, level, name) {{kinds, level, name, #level, #name}, NONE}
#define EVERY(name) {{ANY, SOL_SOCKET, name, "SOL_SOCKET", #name}, NONE}
#define IPS(v4, v6) {{IP6, SOL_IPV6, v6, "SOL_IPV6", #v6}, {IP4 | DUAL, SOL_IP, v4, "SOL_IP", #v4}}
#define GROUPS(v4, v6) \
    {{GROUPS6, SOL_IPV6, v6, "SOL_IPV6", #v6}, {GROUPS4 | GROUPS_DUAL, SOL_IP, v4, "SOL_IP", #v4}}
#define NOWHERE {NONE, NONE}
#define OPTION(number, name, form, min, max, least, most, initial, ...) \
    {number, JF_OPT_##name, #name, form, min, max, least, most, initial, __VA_ARGS__}
#define SWITCH(number, name, initial, ...) OPTION(number, name, INT, 0, 1, 0, 1, initial, __VA_ARGS__)
#define RANGE(number, name, form, min, max, initial, ...) \
    OPTION(number, name, form, min, max, min, max, initial, __VA_ARGS__)
#define SPECIAL(number, name, form, ...) OPTION(number, name, form, 0, 0, 0, 0, -2, __VA_ARGS__)

static const struct option options[] = {
    SPECIAL(1, RECV_TIMEOUT, OTHER, EVERY(SO_RCVTIMEO)),
    SPECIAL(2, SEND_TIMEOUT, OTHER, EVERY(SO_SNDTIMEO)),
    SPECIAL(3, INTERRUPTIBLE, OTHER, NOWHERE),
    SWITCH(4, REUSE_ADDR, -2, EVERY(SO_REUSEADDR)),
    SWITCH(5, REUSE_PORT, 0, ON(IP4 | IP6, SOL_SOCKET, SO_REUSEPORT)),
    SWITCH(6, ONLY_V6, 0, ON(DUAL, SOL_IPV6, IPV6_V6ONLY)),
    SWITCH(7, NO_DELAY, 0, ON(TCP, SOL_TCP, TCP_NODELAY)),
    SWITCH(8, KEEP_ALIVE, 0, EVERY(SO_KEEPALIVE)),
    RANGE(9, KEEP_IDLE, INT, 1, 32767, -2, ON(TCP, SOL_TCP, TCP_KEEPIDLE)),
    RANGE(10, KEEP_INTERVAL, INT, 1, 32767, -2, ON(TCP, SOL_TCP, TCP_KEEPINTVL)),
    RANGE(11, KEEP_COUNT, INT, 1, 127, -2, ON(TCP, SOL_TCP, TCP_KEEPCNT)),
    SPECIAL(12, LINGER, OTHER, EVERY(SO_LINGER)),
    SPECIAL(13, RECV_BUFFER, OTHER, EVERY(SO_RCVBUF)),
    SPECIAL(14, SEND_BUFFER, OTHER, EVERY(SO_SNDBUF)),
    SWITCH(15, BROADCAST, 0, EVERY(SO_BROADCAST)),
    RANGE(16, TTL, INT, 1, 255, -2, IPS(IP_TTL, IPV6_UNICAST_HOPS)),
    RANGE(17, TOS, INT, 0, 255, 0, IPS(IP_TOS, IPV6_TCLASS)),
    RANGE(18, MULTICAST_TTL, INT, 0, 255, 1, GROUPS(IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)),
    SWITCH(19, MULTICAST_LOOP, 1, GROUPS(IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)),
    OPTION(20, MULTICAST_INTERFACE, GROUP_INTERFACE, 0, INT32_MAX, 0, 1, 0, GROUPS(IP_MULTICAST_IF, IPV6_MULTICAST_IF)),
    SPECIAL(21, ERROR, READ, EVERY(SO_ERROR)),
    SPECIAL(22, TYPE, READ, EVERY(SO_TYPE)),
    SPECIAL(23, FAMILY, READ, EVERY(SO_DOMAIN)),
    SPECIAL(24, PROTOCOL, READ, EVERY(SO_PROTOCOL)),
    SPECIAL(25, LISTENING, READ, EVERY(SO_ACCEPTCONN)),
    SWITCH(26, OOB_INLINE, 0, EVERY(SO_OOBINLINE)),
    SWITCH(27, DONT_ROUTE, 0, EVERY(SO_DONTROUTE)),
    SWITCH(28, DEBUG, 0, EVERY(SO_DEBUG)),
    OPTION(29, RECV_LOW_WATER, INT, 1, INT32_MAX, 1, 65536, 1, EVERY(SO_RCVLOWAT)),
    SPECIAL(30, SEND_LOW_WATER, READ, EVERY(SO_SNDLOWAT)),
    RANGE(31, PRIORITY, UINT, 0, UINT32_MAX, 0, EVERY(SO_PRIORITY)),
    RANGE(32, MARK, UINT, 0, UINT32_MAX, 0, EVERY(SO_MARK)),
    RANGE(33, BUSY_POLL, INT, 0, INT32_MAX, -2, EVERY(SO_BUSY_POLL)),
    SWITCH(34, PREFER_BUSY_POLL, 0, EVERY(SO_PREFER_BUSY_POLL)),
    RANGE(35, BUSY_POLL_BUDGET, SET, 0, 65535, -2, EVERY(SO_BUSY_POLL_BUDGET)),
    RANGE(36, INCOMING_CPU, INT, -1, INT32_MAX, -1, EVERY(SO_INCOMING_CPU)),
    SPECIAL(37, INCOMING_NAPI_ID, READ, EVERY(SO_INCOMING_NAPI_ID)),
    SPECIAL(38, COOKIE, READ, EVERY(SO_COOKIE)),
    SPECIAL(39, DEVICE, TEXT, EVERY(SO_BINDTODEVICE)),
    RANGE(40, DEVICE_INDEX, INT, 0, INT32_MAX, 0, EVERY(SO_BINDTOIFINDEX)),
    SWITCH(41, TIMESTAMPS, 0, EVERY(SO_TIMESTAMPNS)),
    OPTION(42, TIMESTAMPING, INT, 0, INT32_MAX, 0, 31, 0, EVERY(SO_TIMESTAMPING)),
    SWITCH(43, RECV_OVERFLOW, 0, EVERY(SO_RXQ_OVFL)),
    RANGE(44, RECV_BUFFER_FORCE, SET, 1, INT32_MAX / 2, -2, EVERY(SO_RCVBUFFORCE)),
    RANGE(45, SEND_BUFFER_FORCE, SET, 1, INT32_MAX / 2, -2, EVERY(SO_SNDBUFFORCE)),
    SWITCH(46, PASS_CREDENTIALS, 0, ON(UNIX | OF(NETLINK), SOL_SOCKET, SO_PASSCRED)),
    SWITCH(47, PASS_SECURITY, 0, ON(UNIX | OF(NETLINK), SOL_SOCKET, SO_PASSSEC)),
    SWITCH(48, PASS_PIDFD, 0, ON(UNIX, SOL_SOCKET, SO_PASSPIDFD)),
    SPECIAL(49, PEER_PID, READ, ON(UNIX, SOL_SOCKET, SO_PEERCRED)),
    SPECIAL(50, PEER_UID, READ, ON(UNIX, SOL_SOCKET, SO_PEERCRED)),
    SPECIAL(51, PEER_GID, READ, ON(UNIX, SOL_SOCKET, SO_PEERCRED)),
    SPECIAL(52, PEER_SECURITY, TEXT, ON(UNIX, SOL_SOCKET, SO_PEERSEC)),
    SWITCH(53, MULTICAST_ALL, 1, GROUPS(IP_MULTICAST_ALL, IPV6_MULTICAST_ALL)),
    OPTION(54, UNICAST_INTERFACE, SWAPPED, 0, INT32_MAX, 0, 1, 0, IPS(IP_UNICAST_IF, IPV6_UNICAST_IF)),
    SWITCH(55, FREEBIND, 0, IPS(IP_FREEBIND, IPV6_FREEBIND)),
    SWITCH(56, TRANSPARENT, 0, IPS(IP_TRANSPARENT, IPV6_TRANSPARENT)),
    SWITCH(57, HEADER_INCLUDED, 0, {PLACE(OF(RAW6), SOL_IPV6, IPV6_HDRINCL), PLACE(OF(RAW4), SOL_IP, IP_HDRINCL)}),
    SWITCH(58, BIND_NO_PORT, 0, ON(IP4 | DUAL, SOL_IP, IP_BIND_ADDRESS_NO_PORT)),
    RANGE(59, PATH_MTU_DISCOVERY, INT, 0, 5, 1, IPS(IP_MTU_DISCOVER, IPV6_MTU_DISCOVER)),
    RANGE(60, DONT_FRAGMENT, NO_FRAGMENT, 0, 1, 0, IPS(IP_MTU_DISCOVER, IPV6_MTU_DISCOVER)),
    SPECIAL(61, PATH_MTU, READ, IPS(IP_MTU, IPV6_MTU)),
    SWITCH(62, RECV_PATH_MTU, 0, ON(IP6, SOL_IPV6, IPV6_RECVPATHMTU)),
    SWITCH(63, RECV_TTL, 0, IPS(IP_RECVTTL, IPV6_RECVHOPLIMIT)),
    SWITCH(64, RECV_TOS, 0, IPS(IP_RECVTOS, IPV6_RECVTCLASS)),
    SWITCH(65, RECV_PACKET_INFO, 0, IPS(IP_PKTINFO, IPV6_RECVPKTINFO)),
    SWITCH(66, RECV_ERRORS, 0, IPS(IP_RECVERR, IPV6_RECVERR)),
    SWITCH(67, RECV_ORIGINAL_DEST, 0, IPS(IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR)),
    SWITCH(68, RECV_IP_OPTIONS, 0, ON(IP4 | DUAL, SOL_IP, IP_RECVOPTS)),
    SWITCH(69, RETURN_IP_OPTIONS, 0, ON(IP4 | DUAL, SOL_IP, IP_RETOPTS)),
    SWITCH(70, RECV_HOP_OPTIONS, 0, ON(IP6, SOL_IPV6, IPV6_RECVHOPOPTS)),
    SWITCH(71, RECV_ROUTING_HEADER, 0, ON(IP6, SOL_IPV6, IPV6_RECVRTHDR)),
    SWITCH(72, RECV_DEST_OPTIONS, 0, ON(IP6, SOL_IPV6, IPV6_RECVDSTOPTS)),
    RANGE(73, MIN_TTL, INT, 0, 255, 0, IPS(IP_MINTTL, IPV6_MINHOPCOUNT)),
    SWITCH(74, AUTO_FLOW_LABEL, -2, ON(IP6, SOL_IPV6, IPV6_AUTOFLOWLABEL)),
    SWITCH(75, FLOW_INFO_SEND, 0, ON(IP6, SOL_IPV6, IPV6_FLOWINFO_SEND)),
    SWITCH(76, RECV_FLOW_INFO, 0, ON(IP6, SOL_IPV6, IPV6_FLOWINFO)),
    RANGE(77, CHECKSUM_OFFSET, INT, -1, 65534, -1, ON(OF(RAW6), SOL_IPV6, IPV6_CHECKSUM)),
    SWITCH(78, CORK, 0, {PLACE(TCP, SOL_TCP, TCP_CORK), PLACE(UDP, SOL_UDP, UDP_CORK)}),
    OPTION(79, MAX_SEGMENT, INT, 0, 32767, 88, 32767, -2, ON(TCP, SOL_TCP, TCP_MAXSEG)),
    OPTION(80, DEFER_ACCEPT, INT, 0, INT32_MAX, 0, 1, 0, ON(TCP, SOL_TCP, TCP_DEFER_ACCEPT)),
    RANGE(81, SYN_COUNT, INT, 1, 127, -2, ON(TCP, SOL_TCP, TCP_SYNCNT)),
    OPTION(82, FIN_TIMEOUT, INT, -1, INT32_MAX, 1, 120, -2, ON(TCP, SOL_TCP, TCP_LINGER2)),
    OPTION(83, WINDOW_CLAMP, INT, 0, INT32_MAX, 4096, INT32_MAX, 0, ON(TCP, SOL_TCP, TCP_WINDOW_CLAMP)),
    SWITCH(84, QUICK_ACK, 1, ON(TCP, SOL_TCP, TCP_QUICKACK)),
    RANGE(85, USER_TIMEOUT, INT, 0, INT32_MAX, 0, ON(TCP, SOL_TCP, TCP_USER_TIMEOUT)),
    OPTION(86, FAST_OPEN, INT, 0, INT32_MAX, 0, 128, 0, ON(TCP, SOL_TCP, TCP_FASTOPEN)),
    SWITCH(87, FAST_OPEN_CONNECT, 0, ON(TCP, SOL_TCP, TCP_FASTOPEN_CONNECT)),
    SWITCH(88, FAST_OPEN_NO_COOKIE, 0, ON(TCP, SOL_TCP, TCP_FASTOPEN_NO_COOKIE)),
    RANGE(89, NOT_SENT_LOW_WATER, UINT, 0, UINT32_MAX, -2, ON(TCP, SOL_TCP, TCP_NOTSENT_LOWAT)),
    SWITCH(90, THIN_LINEAR_TIMEOUTS, 0, ON(TCP, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS)),
    SPECIAL(91, CONGESTION, TEXT, ON(TCP, SOL_TCP, TCP_CONGESTION)),
    SPECIAL(92, ULP, TEXT, ON(TCP, SOL_TCP, TCP_ULP)),
    RANGE(93, SEGMENT_SIZE, INT, 0, 65535, 0, ON(PLAIN_UDP, SOL_UDP, UDP_SEGMENT)),
    SWITCH(94, GRO, 0, ON(PLAIN_UDP, SOL_UDP, UDP_GRO)),
    OPTION(95, VSOCK_BUFFER_SIZE, WIDE, 0, INT64_MAX, 128, 262144, 262144,
           ON(OF(VSOCK), AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE)),
    RANGE(96, VSOCK_BUFFER_MIN, WIDE, 0, INT64_MAX, 128, ON(OF(VSOCK), AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE)),
    RANGE(97, VSOCK_BUFFER_MAX, WIDE, 0, INT64_MAX, 262144, ON(OF(VSOCK), AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE)),
    OPTION(98, UDP_LITE_SEND_COVERAGE, INT, 0, 65535, 8, 65535, 0, ON(LITE, SOL_UDPLITE, UDPLITE_SEND_CSCOV)),
    OPTION(99, UDP_LITE_RECV_COVERAGE, INT, 0, 65535, 8, 65535, 0, ON(LITE, SOL_UDPLITE, UDPLITE_RECV_CSCOV)),
};
enum { OPTIONS = sizeof options / sizeof options[0] };

/* The index-th place of the option for a kind of socket; NULL if there are no more. */
static inline const struct place *place_of(const struct option *o, int kind, int index) {
    for (int i = 0; i < 2; i++)
        if (o->places[i].kinds & OF(kind) && index-- == 0) return &o->places[i];
    return NULL;
}

/* The value that the kernel stores: TCP manages the two lowest bits of the traffic class (ECN) itself. */
static inline int64_t kept(const struct option *o, int kind, int64_t value) {
    return o->option == JF_OPT_TOS && TCP & OF(kind) ? value & ~3 : value;
}

static inline int64_t get_option(jf_socket s, int option) {
    int64_t value = 77;
    OK(jf_get(s, option, &value));
    return value;
}

/* As get_option, but read with getsockopt() in the option's form. */
static inline int64_t system_has(jf_socket s, const struct place *place, enum form form) {
    unsigned char value[16] = {0};
    socklen_t len = form == WIDE ? 8 : 4;
    uint64_t wide;
    uint32_t narrow;
    CHECK(getsockopt((int)OK(jf_fd(s)), place->level, place->name, value, &len) == 0);
    memcpy(&wide, value, sizeof wide);
    memcpy(&narrow, value, sizeof narrow);
    switch (form) {
    case WIDE: return (int64_t)wide;
    case UINT: return narrow;
    case SWAPPED: return ntohl(narrow);
    case NO_FRAGMENT: return narrow == IP_PMTUDISC_DO || narrow == IP_PMTUDISC_PROBE;
    default: return (int32_t)narrow;
    }
}

#endif
