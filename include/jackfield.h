/*
 * jackfield: sockets as fast as the system call, and without its traps.
 *
 * Every function returns an int64_t: 0 or more is its result, less than 0 is a JF_E_ code. errno is neither set nor
 * needed. jf_error_name() and jf_error_text() tell what a code means.
 *
 * What holds for every function, unless it says otherwise:
 *
 * - It may be called from any thread, also while another thread has a call in flight on the same socket, and in a
 *   child after fork(). It is no thread cancellation point. It is not for signal handlers.
 * - A handle that is closed, of another kind or made up is JF_E_BAD_HANDLE; a NULL where one is not allowed, a pointer
 *   that is not aligned, a length above INT64_MAX, an unknown constant or flag is an error. None of them does any
 *   harm; of several, one is reported. All that can't be checked is that a pointer has the memory it promises, and that
 *   a descriptor handed over belongs to nobody else.
 * - What is written through a pointer is written only when the call succeeds.
 * - It waits only if it says so, and then for as long as the socket's JF_OPT_RECV_TIMEOUT or JF_OPT_SEND_TIMEOUT says,
 *   or its own timeout, counted from the call's start, whatever signals arrive. A timeout of 0 returns
 *   JF_E_WOULD_BLOCK, a longer one JF_E_TIMED_OUT; where Linux counts it, by its clock's ticks, the last tick (4
 *   milliseconds on most) may be missing. A call in flight on a socket that is closed returns JF_E_CLOSED.
 * - It raises no signal, changes no signal's disposition, prints nothing, and starts no thread, but for those functions
 *   that look a name up: they do that in a thread that handles no signal and ends with the look-up.
 * - It can return JF_E_OS - errno for an error that the operating system has and this header does not, and
 *   JF_E_INTERNAL for a defect of the library.
 *
 * This file is generated from the library's source. Do not edit it.
 */

#ifndef JACKFIELD_H
#define JACKFIELD_H

#include <stddef.h>
#include <stdint.h>
/* For C++ alone:
# */
#ifdef __cplusplus
extern "C" {
#endif
/* */


/**
 * Why a call failed; every call that can fail returns 0 or more when it did not. The numbers are the same on every
 * operating system and are never used again for anything else. In parentheses: the errno that each stands for.
 */
typedef enum jf_error {
    /** An argument is not one that this call takes. (EINVAL) */
    JF_E_INVALID = -1,
    /** The handle or descriptor is closed, was never open, or is of another kind. (EBADF) */
    JF_E_BAD_HANDLE = -2,
    /** The socket was closed while the call was in flight. */
    JF_E_CLOSED = -3,
    /** The call would have to wait, and may not. (EAGAIN) */
    JF_E_WOULD_BLOCK = -4,
    /** The connection is being made. (EINPROGRESS) */
    JF_E_IN_PROGRESS = -5,
    /** The time was over before the call was done. (ETIMEDOUT) */
    JF_E_TIMED_OUT = -6,
    /** A signal was handled while the call waited. (EINTR) */
    JF_E_INTERRUPTED = -7,
    /** The operation was canceled. (ECANCELED) */
    JF_E_CANCELED = -8,
    /** This socket or this system can't do that. (EOPNOTSUPP) */
    JF_E_UNSUPPORTED = -9,
    /** A defect of the library; please report it. */
    JF_E_INTERNAL = -10,
    /** There is no memory for it. (ENOMEM) */
    JF_E_NO_MEMORY = -11,
    /** The system has no buffers left for the network. (ENOBUFS) */
    JF_E_NO_BUFFERS = -12,
    /** The process has as many descriptors open as it may. (EMFILE) */
    JF_E_TOO_MANY_FILES = -13,
    /** The system has as many descriptors open as it can. (ENFILE) */
    JF_E_SYSTEM_FILES = -14,
    /** Permission for the address or path is denied. (EACCES) */
    JF_E_ACCESS = -15,
    /** The process may not do that. (EPERM) */
    JF_E_PERMISSION = -16,
    /** It is in use at the moment. (EBUSY) */
    JF_E_BUSY = -17,
    /** It exists already. (EEXIST) */
    JF_E_EXISTS = -18,
    /** There is nothing of that name. (ENOENT) */
    JF_E_NOT_FOUND = -19,
    /** The address is malformed, or is of a kind that this call can't use. */
    JF_E_ADDR_INVALID = -20,
    /** The address is in use. (EADDRINUSE) */
    JF_E_ADDR_IN_USE = -21,
    /** The address is not one of this machine's, or no port is left. (EADDRNOTAVAIL) */
    JF_E_ADDR_NOT_AVAILABLE = -22,
    /** The address family is not one of this socket's or of this system's. (EAFNOSUPPORT) */
    JF_E_FAMILY_UNSUPPORTED = -23,
    /** The family and type have no such protocol. (EPROTONOSUPPORT) */
    JF_E_PROTOCOL_UNSUPPORTED = -24,
    /** The socket type is not one that this family or this call has. (ESOCKTNOSUPPORT) */
    JF_E_TYPE_UNSUPPORTED = -25,
    /** This socket has no such option, or it can't be set. (ENOPROTOOPT) */
    JF_E_OPTION_UNSUPPORTED = -26,
    /** The descriptor is not a socket's. (ENOTSOCK) */
    JF_E_NOT_SOCKET = -27,
    /** Nobody listens at that address. (ECONNREFUSED) */
    JF_E_CONN_REFUSED = -28,
    /** The peer ended the connection without a word. (ECONNRESET) */
    JF_E_CONN_RESET = -29,
    /** The connection was given up on this side. (ECONNABORTED) */
    JF_E_CONN_ABORTED = -30,
    /** The socket is not connected. (ENOTCONN) */
    JF_E_NOT_CONNECTED = -31,
    /** The socket is connected already. (EISCONN) */
    JF_E_IS_CONNECTED = -32,
    /** The socket is being connected already. (EALREADY) */
    JF_E_ALREADY = -33,
    /** The stream is closed for sending, here or at the peer's end. (EPIPE) */
    JF_E_PIPE = -34,
    /** The socket has no peer, and no address was given. (EDESTADDRREQ) */
    JF_E_DEST_REQUIRED = -35,
    /** The message is longer than the socket can send in one. (EMSGSIZE) */
    JF_E_MESSAGE_SIZE = -36,
    /** The message was longer than the room; the room is filled and the rest is lost. */
    JF_E_TRUNCATED = -37,
    /** The stream ended before everything was received. */
    JF_E_END_OF_STREAM = -38,
    /** The network is down. (ENETDOWN) */
    JF_E_NETWORK_DOWN = -39,
    /** There is no route to that network. (ENETUNREACH) */
    JF_E_NETWORK_UNREACHABLE = -40,
    /** The host is down. (EHOSTDOWN) */
    JF_E_HOST_DOWN = -41,
    /** There is no route to that host. (EHOSTUNREACH) */
    JF_E_HOST_UNREACHABLE = -42,
    /** The protocol was violated. (EPROTO) */
    JF_E_PROTOCOL = -43,
    /** The name is not known. */
    JF_E_NAME_NOT_FOUND = -44,
    /** The name can't be looked up at the moment. */
    JF_E_NAME_TRY_AGAIN = -45,
    /** The name can't be looked up. */
    JF_E_NAME_FAILED = -46,
    /** The name is known, but has no address of that family. */
    JF_E_NAME_NO_ADDRESS = -47,
    /** An error of the operating system that has no name above is JF_E_OS - errno. */
    JF_E_OS = -100000,
} jf_error;

/** Address families. */
typedef enum jf_family {
    /** None: the family of an address that stands for nothing. */
    JF_UNSPEC = 0,
    /** IPv4. */
    JF_INET = 1,
    /** IPv6, and IPv4 too unless JF_OPT_ONLY_V6 is set. */
    JF_INET6 = 2,
    /** Sockets within one machine, named by a path, by an abstract name (Linux) or not at all. */
    JF_UNIX = 3,
    /**
     * Talking with the kernel (Linux): routes, links and more, by jf_open's protocol. Its messages are netlink(7)'s.
     */
    JF_NETLINK = 4,
    /** Between a virtual machine and its host. */
    JF_VSOCK = 5,
    /** Frames as a network interface sends and receives them (Linux); it takes CAP_NET_RAW. */
    JF_PACKET = 6,
} jf_family;

/** Types of sockets. */
typedef enum jf_type {
    /** A stream of bytes, in order and without loss: TCP, or a UNIX stream. */
    JF_STREAM = 1,
    /** Datagrams, each sent and received whole or not at all: UDP, or UNIX datagrams. */
    JF_DGRAM = 2,
    /** Messages in order and without loss, over a connection: JF_UNIX, JF_VSOCK, SCTP. */
    JF_SEQPACKET = 3,
    /**
     * Datagrams of the layer below, which takes CAP_NET_RAW: IP packets of one protocol (of IPv4 they are received with
     * their header), frames with theirs; of JF_NETLINK the same as JF_DGRAM.
     */
    JF_RAW = 4,
} jf_type;

/** Directions to shut down. */
typedef enum jf_how {
    /** Nothing more will be received. */
    JF_SHUT_READ = 1,
    /** Nothing more will be sent; the peer reads the end of the stream. */
    JF_SHUT_WRITE = 2,
    /** Both. */
    JF_SHUT_BOTH = 3,
} jf_how;

/** Sizes. */
typedef enum jf_size {
    /** Room for every address as text, with the zero at its end. */
    JF_ADDR_TEXT = 352,
    /** Room for every host's name, with the zero at its end. */
    JF_HOST_TEXT = 1025,
    /** The most buffers that jf_send_vec and jf_recv_vec take. */
    JF_VEC_MAX = 1024,
    /** The most descriptors that one message carries. */
    JF_PASSED_MAX = 253,
    /** The most sockets that jf_wait waits for. */
    JF_WAIT_MAX = 256,
} jf_size;

/** Flags of the sending and receiving calls, joined with |. */
typedef enum jf_flag {
    /** Send, receive: a stream's urgent byte. Receiving it never waits; without one JF_E_INVALID is returned. */
    JF_OUT_OF_BAND = 1,
    /** Receive: leave the data in the queue, to be received again. */
    JF_PEEK = 2,
    /**
     * Receive: return a message's whole length, even when it did not fit, instead of JF_E_TRUNCATED. No effect on a
     * stream, nor where the system does not know the length: in the queue of errors.
     */
    JF_TRUNC = 32,
    /** Send, receive: never wait, whatever the socket's timeout. */
    JF_DONT_WAIT = 64,
    /**
     * Receive on a stream: wait until the buffer is full. Less comes at the end, at the timeout, after an error and
     * when a signal was handled; jf_recv_exact tells them apart.
     */
    JF_WAIT_ALL = 256,
    /** Send: the peer answered just now, so that its link address needs no probe. */
    JF_CONFIRM = 2048,
    /**
     * Receive: take from the queue of errors instead of the data; never waits. 0 is an entry without data there, not
     * the end. Not for JF_UNIX and JF_NETLINK, and not with JF_PEEK.
     */
    JF_ERROR_QUEUE = 8192,
    /** Send: more will follow soon, so that a packet may wait for it. */
    JF_MORE = 32768,
    /** jf_recv_msg: sockets that came are plain descriptors, as other descriptors are. */
    JF_PLAIN_DESCRIPTORS = 65536,
} jf_flag;

/** What a jf_msg holds beside its data; the bits of its member present. */
typedef enum jf_has {
    /** addr: where it goes to, or who sent it. Of a queued error, where the datagram was to go. A stream has none. */
    JF_HAS_ADDR = 1,
    /** pid, uid, gid: the sender's process. JF_UNIX, JF_NETLINK; received with JF_OPT_PASS_CREDENTIALS. */
    JF_HAS_CREDENTIALS = 2,
    /**
     * interface_index, local: the interface and the address of this machine that it came to, or is to go out from.
     * Datagrams and raw packets of IP; received with JF_OPT_RECV_PACKET_INFO.
     */
    JF_HAS_PACKET_INFO = 4,
    /** ttl: how many more routers it may pass. Datagrams and raw packets of IP; received with JF_OPT_RECV_TTL. */
    JF_HAS_TTL = 8,
    /**
     * tos: its traffic class, of which the lower two bits are ECN. Datagrams and raw packets of IP; received with
     * JF_OPT_RECV_TOS.
     */
    JF_HAS_TOS = 16,
    /**
     * segment_size: the data is many datagrams of this size, of which the last may be shorter. UDP; received with
     * JF_OPT_GRO.
     */
    JF_HAS_SEGMENT_SIZE = 32,
    /** time: when it came, or when what was sent went out. Received with JF_OPT_TIMESTAMPS or JF_OPT_TIMESTAMPING. */
    JF_HAS_TIME = 64,
    /** hardware_time: the same by the clock of the network device. Received with JF_OPT_TIMESTAMPING. */
    JF_HAS_HARDWARE_TIME = 128,
    /** overflow: how many messages the socket has lost so far. Received with JF_OPT_RECV_OVERFLOW. */
    JF_HAS_OVERFLOW = 256,
    /** path_mtu: received with JF_OPT_RECV_PATH_MTU. */
    JF_HAS_PATH_MTU = 512,
    /** original: where it was to go before it was redirected to here. Received with JF_OPT_RECV_ORIGINAL_DEST. */
    JF_HAS_ORIGINAL_DEST = 1024,
    /**
     * process: a descriptor that stands for the sender's process (pidfd_open(2)), close-on-exec, which the caller
     * closes. Received with JF_OPT_PASS_PIDFD.
     */
    JF_HAS_PROCESS = 2048,
    /**
     * error and the members behind it: what became of something sent. Received with the flag JF_ERROR_QUEUE, with
     * JF_OPT_RECV_ERRORS and for timestamps of what was sent.
     */
    JF_HAS_ERROR = 4096,
} jf_has;

/** What a jf_msg had no room for; the bits of its member truncated. */
typedef enum jf_cut {
    /** The message was longer than the buffers. */
    JF_CUT_DATA = 1,
    /**
     * Descriptors, or control data of other kinds, were more than the room for them, or than the process may have open;
     * what did not fit is closed and lost.
     */
    JF_CUT_CONTROL = 2,
} jf_cut;

/** What a jf_passed is. */
typedef enum jf_passed_kind {
    /** A socket of the library. */
    JF_PASSED_SOCKET = 1,
    /** A plain descriptor. */
    JF_PASSED_DESCRIPTOR = 2,
} jf_passed_kind;

/** Where a queued error comes from; the member error_origin of jf_msg. */
typedef enum jf_origin {
    /** From something that has no name here. */
    JF_ORIGIN_OTHER = 0,
    /** From this machine. */
    JF_ORIGIN_LOCAL = 1,
    /** From an ICMP message. */
    JF_ORIGIN_ICMP = 2,
    /** From an ICMPv6 message. */
    JF_ORIGIN_ICMP6 = 3,
    /** It is no error, but the timestamp of something sent. */
    JF_ORIGIN_TIMESTAMP = 4,
    /** It is no error: something sent without a copy is done with. */
    JF_ORIGIN_ZERO_COPY = 5,
} jf_origin;

/** What jf_recv_many takes to receive datagrams that are run together. */
typedef enum jf_coalesced {
    /** So many jf_datagram for each room. */
    JF_COALESCED_COUNT = 128,
    /** So many bytes of room. */
    JF_COALESCED_ROOM = 65536,
} jf_coalesced;

/** Values of JF_OPT_PATH_MTU_DISCOVERY: whether routers may cut packets into fragments. */
typedef enum jf_pmtu {
    /** They may. */
    JF_PMTU_DONT = 0,
    /** As the route says; what is known to be too long for the path is cut here. */
    JF_PMTU_WANT = 1,
    /** They may not; a datagram that is too long for the path is JF_E_MESSAGE_SIZE. */
    JF_PMTU_DO = 2,
    /** They may not, and what is known of the path is not heeded, but the interface's own limit is. */
    JF_PMTU_PROBE = 3,
    /** They may, and nothing is learnt of the path: the interface's own limit alone counts. */
    JF_PMTU_INTERFACE = 4,
    /** As JF_PMTU_INTERFACE, but what is longer than that is cut here. */
    JF_PMTU_OMIT = 5,
} jf_pmtu;

/** Bits of JF_OPT_TIMESTAMPING, joined with |: which times of a packet are taken, and how they are told. */
typedef enum jf_timestamping {
    /** Take when the device sent it. */
    JF_TS_TX_HARDWARE = 1,
    /** Take when the system gave it to the device. */
    JF_TS_TX_SOFTWARE = 2,
    /** Take when the device received it. */
    JF_TS_RX_HARDWARE = 4,
    /** Take when the system received it. */
    JF_TS_RX_SOFTWARE = 8,
    /** Tell the times that the system took. */
    JF_TS_SOFTWARE = 16,
    /** Tell the times that the device took. */
    JF_TS_RAW_HARDWARE = 64,
    /** Tell the number of the sent datagram or byte as well. */
    JF_TS_OPT_ID = 128,
    /** Take when it came to the device's queue. */
    JF_TS_TX_SCHED = 256,
    /** Take when the peer had acknowledged all of it; TCP. */
    JF_TS_TX_ACK = 512,
    /** Tell the addresses of a sent packet as well. */
    JF_TS_OPT_CMSG = 1024,
    /** Tell the time without the packet. */
    JF_TS_OPT_TSONLY = 2048,
} jf_timestamping;

/**
 * The options of a socket: numbers for jf_set and jf_get, texts for jf_set_text and jf_get_text. A switch is 0 or 1.
 * Each says which sockets have it; the others, and those of a system without it, answer JF_E_OPTION_UNSUPPORTED. In
 * parentheses: the system's names for it.
 */
typedef enum jf_option {
    /**
     * How long accept and the receiving calls wait: -1 for ever (the default), 0 not at all. The system keeps the time
     * with the socket, so duplicates and processes that share the socket should not set different ones. -1 to INT64_MAX
     * milliseconds; every socket. (SO_RCVTIMEO)
     */
    JF_OPT_RECV_TIMEOUT = 1,
    /**
     * How long connect and the sending calls wait: -1 for ever (the default), 0 not at all. -1 to INT64_MAX
     * milliseconds; every socket. (SO_SNDTIMEO)
     */
    JF_OPT_SEND_TIMEOUT = 2,
    /**
     * A call that waits ends with JF_E_INTERRUPTED after a signal was handled in its thread, so that Ctrl-C works in a
     * host language; and perhaps after the process was stopped and continued. The signal's handler should not ask for
     * SA_RESTART: then the system itself goes on waiting. Switch, default 0; every socket.
     */
    JF_OPT_INTERRUPTIBLE = 3,
    /**
     * Bind takes an address whose old connections are still fading out, if the sockets that had it set this as well.
     * Switch, default 0, of raw sockets 1; every socket. (SO_REUSEADDR)
     */
    JF_OPT_REUSE_ADDR = 4,
    /** Several sockets bind to one address and share what comes in. Switch, default 0; IPv4, IPv6. (SO_REUSEPORT) */
    JF_OPT_REUSE_PORT = 5,
    /** The socket does not speak IPv4. To be set before bind. Switch, default 0; IPv6 that is not raw. (IPV6_V6ONLY) */
    JF_OPT_ONLY_V6 = 6,
    /** Small packets are sent at once instead of collected. Switch, default 0; TCP. (TCP_NODELAY) */
    JF_OPT_NO_DELAY = 7,
    /** Probe a peer that has been silent. Switch, default 0; every socket. (SO_KEEPALIVE) */
    JF_OPT_KEEP_ALIVE = 8,
    /** How long a peer is silent before the first probe. 1 to 32767 seconds; TCP. (TCP_KEEPIDLE) */
    JF_OPT_KEEP_IDLE = 9,
    /** The time between probes. 1 to 32767 seconds; TCP. (TCP_KEEPINTVL) */
    JF_OPT_KEEP_INTERVAL = 10,
    /** Probes without an answer until the connection is given up. 1 to 127; TCP. (TCP_KEEPCNT) */
    JF_OPT_KEEP_COUNT = 11,
    /**
     * How long close waits for unsent data, which the system may round up to whole seconds; 0 throws the data away and
     * resets the connection; -1 (the default) returns at once and sends it in the background. -1 to INT32_MAX
     * milliseconds; every socket. (SO_LINGER)
     */
    JF_OPT_LINGER = 12,
    /**
     * How much is kept until it is received. The system rounds and limits the number: read it back. 1 to 1073741823
     * bytes; every socket. (SO_RCVBUF)
     */
    JF_OPT_RECV_BUFFER = 13,
    /**
     * How much is kept until it is sent. The system rounds and limits the number: read it back. 1 to 1073741823 bytes;
     * every socket. (SO_SNDBUF)
     */
    JF_OPT_SEND_BUFFER = 14,
    /** Datagrams may go to a broadcast address. Switch, default 0; every socket. (SO_BROADCAST) */
    JF_OPT_BROADCAST = 15,
    /** Routers that a packet may pass. 1 to 255; IPv4, IPv6. (IP_TTL, IPV6_UNICAST_HOPS) */
    JF_OPT_TTL = 16,
    /**
     * The traffic class of the packets: DSCP in the upper six bits, ECN in the lower two. The ECN of a TCP connection
     * is the system's own: read it back. On IPv4 the priority follows it. 0 to 255, default 0; IPv4, IPv6. (IP_TOS,
     * IPV6_TCLASS)
     */
    JF_OPT_TOS = 17,
    /**
     * Routers that a packet to a group may pass; 0 keeps it on this host. 0 to 255, default 1; IPv4 and IPv6 but TCP.
     * (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)
     */
    JF_OPT_MULTICAST_TTL = 18,
    /**
     * What is sent to a group comes to its members on this host too. Switch, default 1; IPv4 and IPv6 but TCP.
     * (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)
     */
    JF_OPT_MULTICAST_LOOP = 19,
    /**
     * The index of the interface that packets to a group leave by; 0 (the default) is the system's choice.
     * JF_E_NOT_FOUND when there is none with that index. Linux does not tell which index an IPv4 socket was given by
     * another handle or process: that reads as 0, unless it was given by the interface's address. 0 to INT32_MAX; IPv4
     * and IPv6 but TCP. (IP_MULTICAST_IF, IPV6_MULTICAST_IF)
     */
    JF_OPT_MULTICAST_INTERFACE = 20,
    /**
     * The code of the jf_error that came in since this was last read, such as that of JF_E_CONN_REFUSED, or 0; reading
     * takes it. Number; every socket; read only. (SO_ERROR)
     */
    JF_OPT_ERROR = 21,
    /** The number of the socket's jf_type. Number; every socket; read only. (SO_TYPE) */
    JF_OPT_TYPE = 22,
    /** The number of the socket's jf_family. Number; every socket; read only. (SO_DOMAIN) */
    JF_OPT_FAMILY = 23,
    /**
     * The protocol's number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for UNIX and for frames. Number; every
     * socket; read only. (SO_PROTOCOL)
     */
    JF_OPT_PROTOCOL = 24,
    /** 1 after listen. Switch; every socket; read only. (SO_ACCEPTCONN) */
    JF_OPT_LISTENING = 25,
    /**
     * A stream's urgent byte stays in its place among the others, where it is received like them. Switch, default 0;
     * every socket. (SO_OOBINLINE)
     */
    JF_OPT_OOB_INLINE = 26,
    /**
     * Packets go to hosts of the networks that this one is directly connected to, and nowhere else. Switch, default 0;
     * every socket. (SO_DONTROUTE)
     */
    JF_OPT_DONT_ROUTE = 27,
    /**
     * The protocol records what it does, where the system has been built for that. Switch, default 0; every socket;
     * setting 1 needs CAP_NET_ADMIN. (SO_DEBUG)
     */
    JF_OPT_DEBUG = 28,
    /**
     * How much has to be there until a stream is readable and a receiving call goes on. The system limits the number:
     * read it back. 1 to INT32_MAX bytes, default 1; every socket. (SO_RCVLOWAT)
     */
    JF_OPT_RECV_LOW_WATER = 29,
    /**
     * How much room there has to be until a socket is writable; on Linux always 1. Number; every socket; read only.
     * (SO_SNDLOWAT)
     */
    JF_OPT_SEND_LOW_WATER = 30,
    /**
     * Which of an interface's queues packets go to first. More than 6 needs CAP_NET_ADMIN or CAP_NET_RAW. 0 to
     * UINT32_MAX, default 0; every socket. (SO_PRIORITY)
     */
    JF_OPT_PRIORITY = 31,
    /**
     * A mark on each packet, for routing and filters. 0 to UINT32_MAX, default 0; every socket; setting needs
     * CAP_NET_ADMIN or CAP_NET_RAW. (SO_MARK)
     */
    JF_OPT_MARK = 32,
    /**
     * How long a receiving call asks the network device again and again before it sleeps; 0 is not at all. Older
     * systems want CAP_NET_ADMIN for more than it was. The default is that of net.core.busy_read. 0 to INT32_MAX
     * microseconds; every socket. (SO_BUSY_POLL)
     */
    JF_OPT_BUSY_POLL = 33,
    /**
     * The device is asked rather than waited for to interrupt. Switch, default 0; every socket; setting 1 needs
     * CAP_NET_ADMIN. (SO_PREFER_BUSY_POLL)
     */
    JF_OPT_PREFER_BUSY_POLL = 34,
    /**
     * How many packets are taken each time the device is asked; 0 (the default) stands for 8. More than it was needs
     * CAP_NET_ADMIN. 0 to 65535; every socket; set only. (SO_BUSY_POLL_BUDGET)
     */
    JF_OPT_BUSY_POLL_BUDGET = 35,
    /**
     * The processor that the last packet came in by, -1 for none yet. Setting it has listeners and receivers that share
     * their address by JF_OPT_REUSE_PORT get what comes in by that processor. -1 to INT32_MAX; every socket.
     * (SO_INCOMING_CPU)
     */
    JF_OPT_INCOMING_CPU = 36,
    /**
     * The number of the device's queue that the last packet came in by, 0 for none. Number; every socket; read only.
     * (SO_INCOMING_NAPI_ID)
     */
    JF_OPT_INCOMING_NAPI_ID = 37,
    /**
     * A number that the system gave this socket, and gives no other until it is started again. Number; every socket;
     * read only. (SO_COOKIE)
     */
    JF_OPT_COOKIE = 38,
    /**
     * The name of the one interface that packets leave and come in by; empty (the default) for all. JF_E_NOT_FOUND when
     * there is none of that name. Changing it once it is set needs CAP_NET_RAW. Text of at most 15 bytes; every socket.
     * (SO_BINDTODEVICE)
     */
    JF_OPT_DEVICE = 39,
    /**
     * The index of the one interface that packets leave and come in by; 0 (the default) for all. The system takes the
     * index of an interface that does not exist. Changing it once it is set needs CAP_NET_RAW. 0 to INT32_MAX; every
     * socket. (SO_BINDTOIFINDEX)
     */
    JF_OPT_DEVICE_INDEX = 40,
    /**
     * Each message is received with the time at which it came, in nanoseconds. Switch, default 0; every socket.
     * (SO_TIMESTAMPNS)
     */
    JF_OPT_TIMESTAMPS = 41,
    /**
     * Which times of a packet are taken, and how they are told: the bits of Linux's SO_TIMESTAMPING, 0 for none.
     * JF_E_INVALID for bits that the system doesn't know, and for OPT_ID (128) on TCP without a connection. 0 to
     * INT32_MAX, default 0; every socket. (SO_TIMESTAMPING)
     */
    JF_OPT_TIMESTAMPING = 42,
    /**
     * Each message is received with the count of those dropped for want of room since the socket was opened, once there
     * are any. Switch, default 0; every socket. (SO_RXQ_OVFL)
     */
    JF_OPT_RECV_OVERFLOW = 43,
    /**
     * As JF_OPT_RECV_BUFFER, beyond the system's limit. 1 to 1073741823 bytes; every socket; set only, needs
     * CAP_NET_ADMIN. (SO_RCVBUFFORCE)
     */
    JF_OPT_RECV_BUFFER_FORCE = 44,
    /**
     * As JF_OPT_SEND_BUFFER, beyond the system's limit. 1 to 1073741823 bytes; every socket; set only, needs
     * CAP_NET_ADMIN. (SO_SNDBUFFORCE)
     */
    JF_OPT_SEND_BUFFER_FORCE = 45,
    /**
     * Each message is received with the sender's process, user and group. Switch, default 0; UNIX, netlink.
     * (SO_PASSCRED)
     */
    JF_OPT_PASS_CREDENTIALS = 46,
    /** Each message is received with the sender's security label. Switch, default 0; UNIX, netlink. (SO_PASSSEC) */
    JF_OPT_PASS_SECURITY = 47,
    /** Each message is received with a descriptor for the sender's process. Switch, default 0; UNIX. (SO_PASSPIDFD) */
    JF_OPT_PASS_PIDFD = 48,
    /**
     * The process that connected, or that listened, or that made the pair; 0 if it can't be seen from here.
     * JF_E_NOT_CONNECTED where the system knows none, which it never does of datagrams but those of a pair. Number;
     * UNIX; read only. (SO_PEERCRED)
     */
    JF_OPT_PEER_PID = 49,
    /** The effective user of the process that JF_OPT_PEER_PID tells. Number; UNIX; read only. (SO_PEERCRED) */
    JF_OPT_PEER_UID = 50,
    /** The effective group of the process that JF_OPT_PEER_PID tells. Number; UNIX; read only. (SO_PEERCRED) */
    JF_OPT_PEER_GID = 51,
    /**
     * The security label of the process at the other end. JF_E_OPTION_UNSUPPORTED where the system has no labels. Text
     * of at most 4095 bytes; UNIX; read only. (SO_PEERSEC)
     */
    JF_OPT_PEER_SECURITY = 52,
    /**
     * The socket gets what is sent to any group that some socket of this host has joined, not only to its own. Switch,
     * default 1; IPv4 and IPv6 but TCP. (IP_MULTICAST_ALL, IPV6_MULTICAST_ALL)
     */
    JF_OPT_MULTICAST_ALL = 53,
    /**
     * The index of the interface that packets to one host leave by, where the routes have a choice; 0 (the default) is
     * the system's. JF_E_NOT_FOUND when there is none with that index. 0 to INT32_MAX; IPv4, IPv6. (IP_UNICAST_IF,
     * IPV6_UNICAST_IF)
     */
    JF_OPT_UNICAST_INTERFACE = 54,
    /**
     * Bind takes an address that this host does not have, or not yet. Switch, default 0; IPv4, IPv6. (IP_FREEBIND,
     * IPV6_FREEBIND)
     */
    JF_OPT_FREEBIND = 55,
    /**
     * The socket takes packets and connections for addresses of other hosts, which the routes lead here. Switch,
     * default 0; IPv4, IPv6; setting 1 needs CAP_NET_ADMIN or CAP_NET_RAW. (IP_TRANSPARENT, IPV6_TRANSPARENT)
     */
    JF_OPT_TRANSPARENT = 56,
    /**
     * What is sent starts with its own IP header. Switch, default 0, but 1 for protocol 255; raw IPv4, raw IPv6.
     * (IP_HDRINCL, IPV6_HDRINCL)
     */
    JF_OPT_HEADER_INCLUDED = 57,
    /**
     * Bind to port 0 leaves the choice of a port to connect, which then shares ports with connections to other peers.
     * Switch, default 0; IPv4, IPv6 that is not raw. (IP_BIND_ADDRESS_NO_PORT)
     */
    JF_OPT_BIND_NO_PORT = 58,
    /**
     * Whether packets forbid routers to cut them into fragments: 0 never, 1 as the route says (the default), 2 always,
     * 3 always and whatever is known of the path, 4 never and by the interface's own limit alone, 5 as 4 but cut what
     * is longer. With 2 and 3 a datagram that is too long is JF_E_MESSAGE_SIZE. 0 to 5; IPv4, IPv6. (IP_MTU_DISCOVER,
     * IPV6_MTU_DISCOVER)
     */
    JF_OPT_PATH_MTU_DISCOVERY = 59,
    /**
     * A packet that is too long for its way is not cut into fragments: JF_OPT_PATH_MTU_DISCOVERY is set to 2 by 1, and
     * to 0 by 0. Reads as 1 when it is 2 or 3. Switch; IPv4, IPv6. (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER)
     */
    JF_OPT_DONT_FRAGMENT = 60,
    /**
     * How long a packet to the peer may be, with its headers, as far as is known. JF_E_NOT_CONNECTED without a peer.
     * Number; IPv4, IPv6; read only. (IP_MTU, IPV6_MTU)
     */
    JF_OPT_PATH_MTU = 61,
    /**
     * A change of JF_OPT_PATH_MTU is received as an empty message of control data. Switch, default 0; IPv6.
     * (IPV6_RECVPATHMTU)
     */
    JF_OPT_RECV_PATH_MTU = 62,
    /**
     * Each message is received with the number of routers it could still have passed. Switch, default 0; IPv4, IPv6.
     * (IP_RECVTTL, IPV6_RECVHOPLIMIT)
     */
    JF_OPT_RECV_TTL = 63,
    /**
     * Each message is received with its traffic class, ECN included. Switch, default 0; IPv4, IPv6. (IP_RECVTOS,
     * IPV6_RECVTCLASS)
     */
    JF_OPT_RECV_TOS = 64,
    /**
     * Each message is received with the address it was sent to and the interface it came in by. Switch, default 0;
     * IPv4, IPv6. (IP_PKTINFO, IPV6_RECVPKTINFO)
     */
    JF_OPT_RECV_PACKET_INFO = 65,
    /**
     * Errors that come in are queued, to be received with JF_ERROR_QUEUE; without a connection they are then told of at
     * all. Switch, default 0; IPv4, IPv6. (IP_RECVERR, IPV6_RECVERR)
     */
    JF_OPT_RECV_ERRORS = 66,
    /**
     * Each message is received with the address and port it was sent to before it was redirected here. Switch, default
     * 0; IPv4, IPv6. (IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR)
     */
    JF_OPT_RECV_ORIGINAL_DEST = 67,
    /**
     * Each message is received with the options of its IPv4 header. Switch, default 0; IPv4, IPv6 that is not raw.
     * (IP_RECVOPTS)
     */
    JF_OPT_RECV_IP_OPTIONS = 68,
    /**
     * Each message is received with the options of its IPv4 header made ready to be sent back. Switch, default 0; IPv4,
     * IPv6 that is not raw. (IP_RETOPTS)
     */
    JF_OPT_RETURN_IP_OPTIONS = 69,
    /** Each message is received with its hop-by-hop options. Switch, default 0; IPv6. (IPV6_RECVHOPOPTS) */
    JF_OPT_RECV_HOP_OPTIONS = 70,
    /** Each message is received with its routing header. Switch, default 0; IPv6. (IPV6_RECVRTHDR) */
    JF_OPT_RECV_ROUTING_HEADER = 71,
    /** Each message is received with its destination options. Switch, default 0; IPv6. (IPV6_RECVDSTOPTS) */
    JF_OPT_RECV_DEST_OPTIONS = 72,
    /**
     * TCP drops packets that could have passed fewer routers than this: 255 keeps the direct neighbours alone. On other
     * sockets it has no effect. 0 to 255, default 0; IPv4, IPv6. (IP_MINTTL, IPV6_MINHOPCOUNT)
     */
    JF_OPT_MIN_TTL = 73,
    /**
     * Packets get a flow label that is made from their addresses and ports. The default is that of
     * net.ipv6.auto_flowlabels. Switch; IPv6. (IPV6_AUTOFLOWLABEL)
     */
    JF_OPT_AUTO_FLOW_LABEL = 74,
    /**
     * The flow information of the address to connect or send to is heeded. Switch, default 0; IPv6.
     * (IPV6_FLOWINFO_SEND)
     */
    JF_OPT_FLOW_INFO_SEND = 75,
    /** Each message is received with its flow label and traffic class. Switch, default 0; IPv6. (IPV6_FLOWINFO) */
    JF_OPT_RECV_FLOW_INFO = 76,
    /**
     * Where in a packet the system puts and checks its checksum, an even number; -1 (the default) is nowhere. Fixed for
     * ICMPv6. -1 to 65534 bytes; raw IPv6. (IPV6_CHECKSUM)
     */
    JF_OPT_CHECKSUM_OFFSET = 77,
    /**
     * While it is 1 packets are not sent until they are full, on TCP for 200 milliseconds at the longest; UDP makes one
     * datagram of all that is sent meanwhile. Switch, default 0; TCP, UDP. (TCP_CORK, UDP_CORK)
     */
    JF_OPT_CORK = 78,
    /**
     * The longest segment of a connection, 88 to 32767; 0 is the system's choice. With a connection it reads as the
     * segment in use. 0 to 32767 bytes; TCP. (TCP_MAXSEG)
     */
    JF_OPT_MAX_SEGMENT = 79,
    /**
     * How long a listener keeps a connection to itself until its first data comes; 0 (the default) not at all. The
     * system rounds it up to the times of its retries: read it back. 0 to INT32_MAX seconds; TCP. (TCP_DEFER_ACCEPT)
     */
    JF_OPT_DEFER_ACCEPT = 80,
    /** How often connect asks again before it gives up. 1 to 127; TCP. (TCP_SYNCNT) */
    JF_OPT_SYN_COUNT = 81,
    /**
     * How long a closed connection waits for the peer to close it too: 0 is the system's default, -1 not at all, and
     * more than 120 is taken for 120: read it back. -1 to INT32_MAX seconds; TCP. (TCP_LINGER2)
     */
    JF_OPT_FIN_TIMEOUT = 82,
    /**
     * The largest window that is offered to the peer; 0 (the default) for no such limit. The system raises small
     * numbers: read it back. 0 to INT32_MAX bytes; TCP. (TCP_WINDOW_CLAMP)
     */
    JF_OPT_WINDOW_CLAMP = 83,
    /**
     * What comes in is acknowledged at once; 0 waits for an answer to go with it. The system goes on to change it.
     * Switch; TCP. (TCP_QUICKACK)
     */
    JF_OPT_QUICK_ACK = 84,
    /**
     * How long sent data may go without an acknowledgement until the connection is given up; 0 (the default) is as long
     * as the system's retries last. 0 to INT32_MAX milliseconds; TCP. (TCP_USER_TIMEOUT)
     */
    JF_OPT_USER_TIMEOUT = 85,
    /**
     * How many connections whose first packet brought data a listener may have before they are made; 0 (the default)
     * takes no such data. The system must allow it (net.ipv4.tcp_fastopen) and limits the number: read it back. 0 to
     * INT32_MAX; TCP. (TCP_FASTOPEN)
     */
    JF_OPT_FAST_OPEN = 86,
    /**
     * Connect returns at once, and the first packet carries what is sent first, if the server allowed it before.
     * Switch, default 0; TCP. (TCP_FASTOPEN_CONNECT)
     */
    JF_OPT_FAST_OPEN_CONNECT = 87,
    /**
     * The same without a permit from before; both ends must be set. Switch, default 0; TCP. (TCP_FASTOPEN_NO_COOKIE)
     */
    JF_OPT_FAST_OPEN_NO_COOKIE = 88,
    /**
     * The socket is writable only while less than this is unsent; 0 is the system's default. 0 to UINT32_MAX bytes;
     * TCP. (TCP_NOTSENT_LOWAT)
     */
    JF_OPT_NOT_SENT_LOW_WATER = 89,
    /**
     * A connection with little data in flight retries at even intervals instead of growing ones. Switch, default 0;
     * TCP. (TCP_THIN_LINEAR_TIMEOUTS)
     */
    JF_OPT_THIN_LINEAR_TIMEOUTS = 90,
    /**
     * The name of the way to control congestion, such as cubic or reno. JF_E_NOT_FOUND when the system has none of that
     * name; one that it doesn't allow to everybody needs CAP_NET_ADMIN. Text of at most 15 bytes; TCP. (TCP_CONGESTION)
     */
    JF_OPT_CONGESTION = 91,
    /**
     * The name of the protocol between the socket and TCP, such as tls, empty at first; it can be set once, mostly with
     * a connection. JF_E_NOT_FOUND when the system has none of that name. Text of at most 15 bytes; TCP. (TCP_ULP)
     */
    JF_OPT_ULP = 92,
    /**
     * What is sent is cut into datagrams of this length, on Linux into 128 at the most; 0 (the default) does not. 0 to
     * 65535 bytes; UDP, but not UDP-Lite. (UDP_SEGMENT)
     */
    JF_OPT_SEGMENT_SIZE = 93,
    /**
     * Datagrams of one length from one sender may be received as one, together with that length. Switch, default 0;
     * UDP, but not UDP-Lite. (UDP_GRO)
     */
    JF_OPT_GRO = 94,
    /**
     * How much is kept until it is received, within JF_OPT_VSOCK_BUFFER_MIN and JF_OPT_VSOCK_BUFFER_MAX: read it back.
     * 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_SIZE)
     */
    JF_OPT_VSOCK_BUFFER_SIZE = 95,
    /** The least that JF_OPT_VSOCK_BUFFER_SIZE may be. 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_MIN_SIZE) */
    JF_OPT_VSOCK_BUFFER_MIN = 96,
    /** The most that JF_OPT_VSOCK_BUFFER_SIZE may be. 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_MAX_SIZE) */
    JF_OPT_VSOCK_BUFFER_MAX = 97,
    /**
     * How much of each datagram its checksum covers, header included; 0 (the default) is all. 1 to 7 become 8: read it
     * back. 0 to 65535 bytes; UDP-Lite. (UDPLITE_SEND_CSCOV)
     */
    JF_OPT_UDP_LITE_SEND_COVERAGE = 98,
    /**
     * How much of a datagram its checksum must cover, else it is dropped; 0 (the default) is all. 1 to 7 become 8: read
     * it back. 0 to 65535 bytes; UDP-Lite. (UDPLITE_RECV_CSCOV)
     */
    JF_OPT_UDP_LITE_RECV_COVERAGE = 99,
} jf_option;

/** States of a TCP connection. */
typedef enum jf_tcp_state {
    /** One that this library does not know. */
    JF_TCP_UNKNOWN = 0,
    /** Both may send. */
    JF_TCP_ESTABLISHED = 1,
    /** A connection was asked for. */
    JF_TCP_SYN_SENT = 2,
    /** It was, and granted. */
    JF_TCP_SYN_RECEIVED = 3,
    /** This end is closed for sending, which the peer has yet to acknowledge. */
    JF_TCP_FIN_WAIT_1 = 4,
    /** This end is closed for sending. */
    JF_TCP_FIN_WAIT_2 = 5,
    /** Both ends are closed; what is under way fades out. */
    JF_TCP_TIME_WAIT = 6,
    /** There is no connection. */
    JF_TCP_CLOSED = 7,
    /** The peer's end is closed for sending. */
    JF_TCP_CLOSE_WAIT = 8,
    /** So is this one, which the peer has yet to acknowledge. */
    JF_TCP_LAST_ACK = 9,
    /** It takes connections. */
    JF_TCP_LISTEN = 10,
    /** Both ends closed at the same time. */
    JF_TCP_CLOSING = 11,
} jf_tcp_state;

/** What both ends of a TCP connection agreed on, joined with |. */
typedef enum jf_tcp_option {
    /** Segments carry timestamps. */
    JF_TCP_OPTION_TIMESTAMPS = 1,
    /** Acknowledgements are selective. */
    JF_TCP_OPTION_SACK = 2,
    /** Windows have scales. */
    JF_TCP_OPTION_WINDOW_SCALE = 4,
    /** Congestion is notified. */
    JF_TCP_OPTION_ECN = 8,
    /** A packet came that was marked as one that could be notified of congestion. */
    JF_TCP_OPTION_ECN_SEEN = 16,
    /** Data went with the first packet and was acknowledged: fast open. */
    JF_TCP_OPTION_SYN_DATA = 32,
} jf_tcp_option;

/** Fields of a jf_tcp_info_data that the system has filled, joined with |; each stands for the members it names. */
typedef enum jf_tcp_field {
    /** state. */
    JF_TCP_HAS_STATE = 1,
    /** options. */
    JF_TCP_HAS_OPTIONS = 2,
    /** rto_us. */
    JF_TCP_HAS_RTO = 4,
    /** snd_mss, rcv_mss. */
    JF_TCP_HAS_MSS = 8,
    /** unacked, sacked, lost, retrans, retransmits, probes. */
    JF_TCP_HAS_IN_FLIGHT = 16,
    /** last_data_sent_ms, last_data_received_ms, last_ack_received_ms. */
    JF_TCP_HAS_LAST = 32,
    /** path_mtu. */
    JF_TCP_HAS_PATH_MTU = 64,
    /** rtt_us, rttvar_us. */
    JF_TCP_HAS_RTT = 128,
    /** cwnd, ssthresh. */
    JF_TCP_HAS_CWND = 256,
    /** reordering. */
    JF_TCP_HAS_REORDERING = 512,
    /** rcv_rtt_us, rcv_space. */
    JF_TCP_HAS_RECEIVER = 1024,
    /** total_retransmits. */
    JF_TCP_HAS_TOTAL_RETRANSMITS = 2048,
    /** pacing_rate, max_pacing_rate. */
    JF_TCP_HAS_PACING = 4096,
    /** bytes_acked, bytes_received. */
    JF_TCP_HAS_BYTES = 8192,
    /** segs_out, segs_in. */
    JF_TCP_HAS_SEGS = 16384,
    /** notsent_bytes. */
    JF_TCP_HAS_NOTSENT = 32768,
    /** min_rtt_us. */
    JF_TCP_HAS_MIN_RTT = 65536,
    /** data_segs_out, data_segs_in. */
    JF_TCP_HAS_DATA_SEGS = 131072,
    /** delivery_rate. */
    JF_TCP_HAS_DELIVERY_RATE = 262144,
    /** busy_time_us, rwnd_limited_us, sndbuf_limited_us. */
    JF_TCP_HAS_TIMES = 524288,
    /** delivered, delivered_ce. */
    JF_TCP_HAS_DELIVERED = 1048576,
    /** bytes_sent, bytes_retransmitted. */
    JF_TCP_HAS_BYTES_SENT = 2097152,
    /** dsack_dups, reord_seen. */
    JF_TCP_HAS_REORD_SEEN = 4194304,
    /** rcv_ooopack. */
    JF_TCP_HAS_RCV_OOOPACK = 8388608,
    /** snd_wnd. */
    JF_TCP_HAS_SND_WND = 16777216,
    /** rcv_wnd. */
    JF_TCP_HAS_RCV_WND = 33554432,
    /** rehash. */
    JF_TCP_HAS_REHASH = 67108864,
    /** total_rto, total_rto_recoveries, total_rto_time_ms. */
    JF_TCP_HAS_TOTAL_RTO = 134217728,
} jf_tcp_field;

/** What a network interface is and can do. */
typedef enum jf_interface_flag {
    /** It is switched on. (IFF_UP) */
    JF_IF_UP = 1,
    /** It can carry packets. (IFF_RUNNING) */
    JF_IF_RUNNING = 2,
    /** It leads back into this machine. (IFF_LOOPBACK) */
    JF_IF_LOOPBACK = 4,
    /** It has broadcast addresses. (IFF_BROADCAST) */
    JF_IF_BROADCAST = 8,
    /** It leads to one peer. (IFF_POINTOPOINT) */
    JF_IF_POINT_TO_POINT = 16,
    /** It carries multicast. (IFF_MULTICAST) */
    JF_IF_MULTICAST = 32,
} jf_interface_flag;

/** Events of a socket, joined with |. */
typedef enum jf_event_flag {
    /** A receive or an accept would not block: data, a connection, end of stream or an error is available. */
    JF_READABLE = 1,
    /** A send would not block, or a connection attempt has finished. */
    JF_WRITABLE = 2,
    /**
     * An error is pending: read it with JF_OPT_ERROR, or receive it from the error queue with JF_ERROR_QUEUE.
     * Timestamps of sent data are in the error queue, too. Reported until it is read, and even if not requested.
     */
    JF_ERROR = 4,
    /** Both directions are closed, or the socket is not connected. Reported even if not requested. */
    JF_HANGUP = 8,
    /** The peer has closed its sending direction. Earlier data may remain to be received. */
    JF_READ_CLOSED = 16,
    /** Out-of-band data is available. */
    JF_PRIORITY = 32,
} jf_event_flag;

/** How a poller tells, joined with | to the events that it is asked for. */
typedef enum jf_poller_mode {
    /**
     * An event is told once when it comes up, not for as long as it lasts: receive, send or accept until
     * JF_E_WOULD_BLOCK. (Of a TCP stream a receive that left room has taken all that was there, unless JF_PRIORITY is
     * told, too. Of a UNIX stream it may have stopped at a descriptor in the middle.) JF_E_UNSUPPORTED on a system that
     * only has poll, but together with JF_ONE_SHOT.
     */
    JF_EDGE = 64,
    /** One event is told, and then none until jf_poller_modify asks again. */
    JF_ONE_SHOT = 128,
} jf_poller_mode;

/** The options of a poller. */
typedef enum jf_poller_option {
    /**
     * Whether jf_poller_wait returns JF_E_INTERRUPTED when a signal was handled: 0, the default, or 1. So Ctrl-C works
     * in a host language.
     */
    JF_POLLER_INTERRUPTIBLE = 1,
    /**
     * Whether listeners rest while there is no descriptor for a connection: 0, the default, or 1. When jf_accept has
     * returned JF_E_TOO_MANY_FILES or JF_E_SYSTEM_FILES, on whatever listener, those in the poller tell nothing until
     * 100 milliseconds have passed, or a wait begins after a socket was closed. With 0 a listener is ready for as long
     * as connections are queued, and a loop that can't accept them spins. It is for listeners that are added when it is
     * 1, listen by then, and are told of for as long as connections are queued: with JF_EDGE one is not told of again
     * after the rest.
     */
    JF_POLLER_REST_LISTENERS = 2,
} jf_poller_option;

/** A socket. The number is positive and below 2^53, stands for this socket alone, and is never given out again. */
typedef int64_t jf_socket;

/**
 * An address, 128 bytes on every operating system. An IPv4 or IPv6 one has a port; a UNIX one has a path, an abstract
 * name (Linux) or no name (len 0). Fill it with jf_addr_parse, or by hand after setting it all to zero. All numbers are
 * in the host's byte order.
 */
typedef struct jf_addr {
    /** JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK, JF_PACKET, or JF_UNSPEC for none. */
    uint16_t family;
    /** JF_INET, JF_INET6: the port. JF_PACKET: the frame's protocol, which is its Ethernet type. */
    uint16_t port;
    /**
     * JF_INET6: the index of the interface that a link-local address belongs to, else 0. JF_NETLINK: the socket's port,
     * 0 for the kernel's. JF_VSOCK: the machine (CID), UINT32_MAX for any. JF_PACKET: the interface's index.
     */
    uint32_t scope_id;
    /**
     * JF_INET6: flow label and traffic class. JF_NETLINK: a mask of groups. JF_VSOCK: the port, UINT32_MAX for any.
     * JF_PACKET, of a frame received: what it is (packet(7), PACKET_HOST and so on) times 65536, plus the kind of
     * hardware (ARPHRD_).
     */
    uint32_t flow_info;
    /**
     * How many bytes of data count: 4 for JF_INET, 16 for JF_INET6, 0 to 108 for JF_UNIX, 0 to 32 for JF_PACKET, else
     * 0.
     */
    uint32_t len;
    /**
     * The IP address in network byte order; or a path, which needs no zero at its end; or a zero and an abstract name;
     * or a hardware address.
     */
    uint8_t data[112];
} jf_addr;

/** A piece of memory. */
typedef struct jf_buf {
    /** Where it is; not looked at when len is 0. */
    void *data;
    /** How many bytes. */
    size_t len;
} jf_buf;

/** A socket or descriptor that a message carries. */
typedef struct jf_passed {
    /** A jf_socket, or the number of a descriptor. */
    int64_t value;
    /** JF_PASSED_SOCKET or JF_PASSED_DESCRIPTOR. */
    uint32_t kind;
    /** 0. */
    uint32_t reserved;
} jf_passed;

/** A message: data, an address, and what goes beside them. Set it all to zero, then size and what is needed. */
typedef struct jf_msg {
    /** sizeof(jf_msg); in a later version it may be larger. */
    uint32_t size;
    /** Which of the members are there: JF_HAS_ bits. jf_recv_msg writes it. */
    uint32_t present;
    /** jf_recv_msg writes here what did not fit: JF_CUT_ bits. */
    uint32_t truncated;
    /** 0. */
    uint32_t reserved;
    /** The data: to send from, or to receive into. Not looked at when buf_count is 0. */
    struct jf_buf *bufs;
    /** How many buffers, at most JF_VEC_MAX. */
    size_t buf_count;
    /**
     * Sockets and descriptors, on JF_UNIX. Sending passes duplicates of them on. Received ones are close-on-exec and
     * the caller's, to be closed with jf_close and close(2): whatever the library can use as a socket comes as one,
     * with the timeouts that jf_from_fd finds, which need not be those of the sender's handle.
     */
    struct jf_passed *passed;
    /** How many to send, at most JF_PASSED_MAX; jf_recv_msg writes how many came. */
    size_t passed_count;
    /** How many there is room for to receive. */
    size_t passed_room;
    /**
     * Control data of other kinds, packed as cmsg(3) says: to send more, or where to receive what the library has no
     * member for. NULL if there is none to send, or none is wanted. What is sent here is for the system to judge, which
     * may pass over kinds that the socket does not know; what comes is whole pieces with the padding behind each.
     */
    void *other;
    /** How many bytes to send, at most 2048; jf_recv_msg writes how many came. */
    size_t other_len;
    /** How many bytes there is room for to receive. */
    size_t other_room;
    /** JF_HAS_ADDR. */
    struct jf_addr addr;
    /** JF_HAS_PACKET_INFO: the address, whose port does not count; to send, JF_UNSPEC has the system choose. */
    struct jf_addr local;
    /** JF_HAS_PACKET_INFO: the interface; to send, 0 has the system choose. */
    uint32_t interface_index;
    /**
     * JF_HAS_CREDENTIALS: the process. To send another's takes CAP_SYS_ADMIN, another user or group CAP_SETUID and
     * CAP_SETGID.
     */
    int32_t pid;
    /** JF_HAS_CREDENTIALS: the user. */
    uint32_t uid;
    /** JF_HAS_CREDENTIALS: the group. */
    uint32_t gid;
    /** JF_HAS_TTL: to send 1 to 255. */
    uint32_t ttl;
    /** JF_HAS_TOS: 0 to 255. */
    uint32_t tos;
    /** JF_HAS_SEGMENT_SIZE: bytes, to send 1 to 65535. */
    uint32_t segment_size;
    /** JF_HAS_OVERFLOW: messages since the socket was opened. */
    uint32_t overflow;
    /** JF_HAS_TIME: nanoseconds since 1970 by the system's clock. */
    int64_t time;
    /** JF_HAS_HARDWARE_TIME: nanoseconds since the zero of the device's clock. */
    int64_t hardware_time;
    /** JF_HAS_PROCESS: a descriptor. */
    int64_t process;
    /** JF_HAS_ORIGINAL_DEST. */
    struct jf_addr original;
    /** JF_HAS_PATH_MTU: bytes. */
    uint32_t path_mtu;
    /** JF_HAS_ERROR: who says so, JF_ORIGIN_. */
    uint32_t error_origin;
    /**
     * JF_HAS_ERROR: what happened, a JF_E_ code, such as JF_E_CONN_REFUSED for a port nobody listens at,
     * JF_E_HOST_UNREACHABLE, or JF_E_MESSAGE_SIZE when a fragment was needed; 0 when it is no error.
     */
    int64_t error;
    /** JF_HAS_ERROR: the type of the ICMP message. */
    uint32_t icmp_type;
    /** JF_HAS_ERROR: the code of the ICMP message. */
    uint32_t icmp_code;
    /**
     * JF_HAS_ERROR: of JF_E_MESSAGE_SIZE the path's MTU in bytes; of a timestamp where it was taken: 0 by the driver or
     * device, 1 when it was queued for it, 2 when the peer acknowledged it.
     */
    uint32_t error_info;
    /** JF_HAS_ERROR: of a timestamp the number of what was sent, counted from 0 (JF_TS_OPT_ID). */
    uint32_t error_data;
    /** JF_HAS_ERROR: the router or host that reported it; JF_UNSPEC when it was this machine. */
    struct jf_addr error_from;
} jf_msg;

/**
 * A datagram of many: one to send, or one that came, and maybe room to receive into. Set an array of them to zero once,
 * then what is needed. What jf_recv_many wrote can be given to jf_send_many as it is, to be sent back: but for what has
 * a result of JF_E_TRUNCATED, a sender without a name, and JF_HAS_PACKET_INFO of what came to a group or a broadcast
 * address.
 */
typedef struct jf_datagram {
    /** Its bytes. To send: not looked at when len is 0. jf_recv_many writes where they are, in a room of the array. */
    void *data;
    /** How many. jf_recv_many writes it. */
    size_t len;
    /**
     * Written by both: the number of bytes, or a JF_E_ code: why it was not sent; JF_E_TRUNCATED when it was longer
     * than its room, which is filled.
     */
    int64_t result;
    /**
     * Which of the members are there: JF_HAS_ADDR, JF_HAS_PACKET_INFO, JF_HAS_TOS and, of one that came, JF_HAS_TIME.
     * jf_recv_many writes it.
     */
    uint32_t present;
    /** JF_HAS_TOS: its traffic class, of which the lower two bits are ECN. */
    uint32_t tos;
    /**
     * JF_HAS_ADDR: where it goes to, or who sent it. Without, it goes to the socket's peer. Of an IP address that came,
     * the bytes of data behind the first 16 are zero or as they were.
     */
    struct jf_addr addr;
    /**
     * JF_HAS_PACKET_INFO: the address that it came to, whose port does not count: of this machine, or of a group; to
     * send, the address of this machine that it is to come from, of which JF_UNSPEC has the system choose.
     */
    struct jf_addr local;
    /** JF_HAS_PACKET_INFO: the interface that it came to; to send, 0 has the system choose. */
    uint32_t interface_index;
    /** 0. */
    uint32_t reserved;
    /** JF_HAS_TIME: when it came, in nanoseconds since 1970 by the system's clock. */
    int64_t time;
    /**
     * Room to receive into. It need not be for the datagram of the same element. Neither this nor room_len is changed.
     */
    void *room;
    /** How many bytes of room; 0 when this one has none. */
    size_t room_len;
} jf_datagram;

/**
 * What the system knows of a TCP connection. A member that this system's version does not have is 0, and not in filled.
 * Later versions of the library may append members: size tells them apart.
 */
typedef struct jf_tcp_info_data {
    /** To be set to sizeof(jf_tcp_info_data) before the call. */
    uint32_t size;
    /** The connection's state: one of JF_TCP_ESTABLISHED and so on. */
    uint32_t state;
    /** Which members are filled: JF_TCP_HAS_* joined with |. */
    uint64_t filled;
    /** What was agreed on when the connection was made: JF_TCP_OPTION_* joined with |. */
    uint32_t options;
    /** How long an acknowledgement is waited for before sending again, in microseconds. */
    uint32_t rto_us;
    /** The most bytes of data that a segment to the peer holds. */
    uint32_t snd_mss;
    /** The same of segments from the peer, as far as it can be guessed, in bytes. */
    uint32_t rcv_mss;
    /** Segments sent and not yet acknowledged. */
    uint32_t unacked;
    /** Of those, how many the peer has told it has out of order. */
    uint32_t sacked;
    /** Of those, how many are taken for lost. */
    uint32_t lost;
    /** Of those, how many were sent again. */
    uint32_t retrans;
    /** How often in a row the timeout for an acknowledgement has passed. */
    uint32_t retransmits;
    /** Probes of a closed window or a silent peer without an answer. */
    uint32_t probes;
    /** Milliseconds since data was last sent, or else since the machine was started, about. */
    uint32_t last_data_sent_ms;
    /** Milliseconds since data last came. */
    uint32_t last_data_received_ms;
    /** Milliseconds since an acknowledgement last came. */
    uint32_t last_ack_received_ms;
    /** The longest packet that the path takes, in bytes. */
    uint32_t path_mtu;
    /** The round trip's time, smoothed, in microseconds; 0 before one was measured. */
    uint32_t rtt_us;
    /** How much it varies, in microseconds. */
    uint32_t rttvar_us;
    /** The congestion window: segments that may be on their way. */
    uint32_t cwnd;
    /** Segments up to which that window grows quickly; INT32_MAX before there was congestion. */
    uint32_t ssthresh;
    /** By how many segments the path is taken to change their order. */
    uint32_t reordering;
    /** The round trip's time as the receiver guesses it, in microseconds; 0 before it can. */
    uint32_t rcv_rtt_us;
    /** Bytes that the receiver lets come in one round trip. */
    uint32_t rcv_space;
    /** Segments sent again since the connection was made. */
    uint32_t total_retransmits;
    /** Segments sent, those without data included. */
    uint32_t segs_out;
    /** Segments received, those without data included. */
    uint32_t segs_in;
    /** Bytes that are queued and were not sent yet. */
    uint32_t notsent_bytes;
    /** The shortest round trip of late, in microseconds; UINT32_MAX before one was measured. */
    uint32_t min_rtt_us;
    /** Segments with data that were sent. */
    uint32_t data_segs_out;
    /** Segments with data that were received. */
    uint32_t data_segs_in;
    /** Segments with data that arrived, as the peer says, those sent again included. */
    uint32_t delivered;
    /** Of those, how many met congestion on their way. */
    uint32_t delivered_ce;
    /** Segments that the peer says it got twice. */
    uint32_t dsack_dups;
    /** How often segments were seen to arrive out of order at the peer. */
    uint32_t reord_seen;
    /** Segments that came out of order. */
    uint32_t rcv_ooopack;
    /** Bytes that the peer has room for. */
    uint32_t snd_wnd;
    /** Bytes that the peer was told there is room for here. */
    uint32_t rcv_wnd;
    /** How often another path was tried since this one seemed to fail. */
    uint32_t rehash;
    /** How often the timeout for an acknowledgement has passed. */
    uint32_t total_rto;
    /** How often sending was begun anew after that, once for several in a row. */
    uint32_t total_rto_recoveries;
    /** Milliseconds from those timeouts until what was lost had arrived. */
    uint32_t total_rto_time_ms;
    /** Nothing; 0. */
    uint32_t reserved;
    /** Bytes a second that are sent at the most for now; UINT64_MAX is no limit. */
    uint64_t pacing_rate;
    /** What that can rise to, in bytes a second; UINT64_MAX is no limit. */
    uint64_t max_pacing_rate;
    /** Bytes of data that the peer has acknowledged; the SYN counts as one. */
    uint64_t bytes_acked;
    /** Bytes of data that came, in order; the FIN counts as one. */
    uint64_t bytes_received;
    /** Bytes a second that have arrived at the peer of late; 0 before it was measured. */
    uint64_t delivery_rate;
    /** Microseconds in which there was something to send or to be acknowledged. */
    uint64_t busy_time_us;
    /** Of those, in how many the peer had no room. */
    uint64_t rwnd_limited_us;
    /** Of those, in how many the send buffer was too small. */
    uint64_t sndbuf_limited_us;
    /** Bytes of data sent, those sent again included. */
    uint64_t bytes_sent;
    /** Of those, how many were sent again. */
    uint64_t bytes_retransmitted;
} jf_tcp_info_data;

/**
 * A dialer: how to connect, and what another thread cuts a connecting short by. The number is positive and below 2^53,
 * stands for this dialer alone, and is never given out again.
 */
typedef int64_t jf_dialer;

/** A network interface with one of its addresses, or without one. */
typedef struct jf_interface {
    /**
     * The interface's name, with a zero at its end. An IPv4 address's own label on Linux, such as eth0:1, is not told.
     */
    char name[16];
    /**
     * Its index, as jf_addr's scope_id and jf_join have it. 0 when there is none of that name: it has just gone, or on
     * Linux the name is a label that somebody gave an IPv4 address without regard to the interface's.
     */
    uint32_t index;
    /** JF_IF_* joined with |. */
    uint32_t flags;
    /** The largest packet it carries, in bytes. */
    uint32_t mtu;
    /** How many bits of addr are the network's: 0 to 32, or to 128. */
    uint32_t prefix_len;
    /** How many bytes of hardware count: 6 for Ethernet, 0 when there is no link address. */
    uint32_t hardware_len;
    /** 0. */
    uint32_t reserved;
    /** The link address. */
    uint8_t hardware[32];
    /** The address, JF_INET or JF_INET6 with port 0; JF_UNSPEC when the interface has none. */
    struct jf_addr addr;
    /**
     * The network's broadcast address, or the address at the other end of one that leads to a single peer; else
     * JF_UNSPEC.
     */
    struct jf_addr peer;
} jf_interface;

/** One socket of a jf_wait call. */
typedef struct jf_wait_item {
    /** The socket. Several items may name the same socket. */
    jf_socket socket;
    /** [flags(jf_event_flag)] The events to wait for, or 0. JF_ERROR and JF_HANGUP are always included. */
    uint32_t events;
    /** [flags(jf_event_flag)] Output: the events that are ready, or 0. */
    uint32_t ready;
} jf_wait_item;

/** A poller. The number is positive and below 2^53, stands for this poller alone, and is never given out again. */
typedef int64_t jf_poller;

/** Something that a poller found ready. */
typedef struct jf_event {
    /** The token that it was added with. */
    uint64_t token;
    /** What it is ready for: JF_READABLE and so on, joined with |. */
    uint32_t events;
    /** 0, for what a later version may tell. */
    int32_t error;
} jf_event;

/**
 * Opens a socket. No program executed later inherits it.
 *
 * family: JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK or JF_PACKET.
 * type: JF_STREAM, JF_DGRAM, JF_SEQPACKET or JF_RAW.
 * protocol: 0 for the usual one of the family and type; a number from /etc/protocols, such as 6 for TCP, 132 for SCTP,
 * 136 for UDP-Lite, 1 for ICMP (with JF_RAW) or 58 for ICMPv6; of JF_NETLINK a number from netlink(7), where 0 is
 * routing; of JF_PACKET an Ethernet type in the host's byte order, 3 for all, 0 for none yet.
 *
 * Never blocks. Returns the socket, which the caller closes with jf_close. Errors: JF_E_FAMILY_UNSUPPORTED,
 * JF_E_TYPE_UNSUPPORTED and JF_E_PROTOCOL_UNSUPPORTED when there is no such socket; JF_E_PERMISSION for JF_RAW and
 * JF_PACKET, JF_E_ACCESS for ICMP with JF_DGRAM where the system does not allow it (of such a socket Linux tells only
 * jf_recv_msg that a message was cut, and passes over a segment size); JF_E_INVALID for a negative protocol;
 * JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY; JF_E_NO_BUFFERS. See socket(2). Since 0.1.
 */
int64_t jf_open(int32_t family, int32_t type, int32_t protocol);

/**
 * Opens two sockets that are connected with each other.
 *
 * family: JF_UNIX.
 * type: JF_STREAM, JF_DGRAM or JF_SEQPACKET.
 * out: room for the two sockets, which the caller closes with jf_close; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_FAMILY_UNSUPPORTED for every other family; JF_E_TYPE_UNSUPPORTED;
 * JF_E_INVALID for a NULL; JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See socketpair(2). Since 0.1.
 */
int64_t jf_pair(int32_t family, int32_t type, jf_socket *out);

/**
 * Gives a socket an address of its own. Port 0 is a free one, and for a UNIX address without a name Linux picks an
 * abstract one; jf_local_addr tells which.
 *
 * s: the socket.
 * a: the address; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE; JF_E_ADDR_NOT_AVAILABLE when it is not an address of this
 * machine; JF_E_ACCESS for a port or a folder that is not the caller's; JF_E_NOT_FOUND when the path's folder does
 * not exist; JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is
 * not an address; JF_E_INVALID for a NULL, or when the socket has an address; JF_E_BAD_HANDLE. See bind(2). Since
 * 0.1.
 */
int64_t jf_bind(jf_socket s, const struct jf_addr *a);

/**
 * Has the system take connections and keep them until they are accepted.
 *
 * s: the socket; usually bound, else the system picks an address.
 * backlog: how many connections to keep at the most, 0 or more; -1 for as many as the system allows. The system may
 * limit it.
 *
 * Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE when another socket listens there; JF_E_UNSUPPORTED for a
 * datagram socket; JF_E_INVALID for a backlog below -1, for a UNIX socket without an address, or when the socket is
 * connected; JF_E_BAD_HANDLE. See listen(2). Since 0.1.
 */
int64_t jf_listen(jf_socket s, int32_t backlog);

/**
 * Waits for the next connection. The new socket waits for ever in its calls, whatever the timeouts of the listener.
 *
 * s: a listening socket.
 * peer: where to write the peer's address; NULL if it does not matter.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT. Any number of threads may accept on one socket. Returns the connection, which the
 * caller closes with jf_close. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when none came; JF_E_CLOSED when another
 * thread closed the listener; JF_E_INVALID when it does not listen; JF_E_UNSUPPORTED for a datagram socket;
 * JF_E_INTERRUPTED; JF_E_CONN_ABORTED when the peer has gone: accept again; JF_E_TOO_MANY_FILES and JF_E_SYSTEM_FILES
 * when there is no descriptor for it, and then it waits on; JF_E_NO_MEMORY; JF_E_BAD_HANDLE. See accept(2). Since
 * 0.1.
 */
int64_t jf_accept(jf_socket s, struct jf_addr *peer);

/**
 * Connects a socket to a peer. A datagram or raw socket only remembers the peer's address; JF_UNSPEC has it forget.
 *
 * s: the socket.
 * a: the peer's address; not NULL.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT; a connection that is not made in that time goes on being made, and calling again
 * waits for it once more. Returns 0. Errors: JF_E_CONN_REFUSED; JF_E_TIMED_OUT; JF_E_IN_PROGRESS when the timeout is
 * 0, and JF_E_ALREADY when it is called again meanwhile; JF_E_NETWORK_UNREACHABLE; JF_E_HOST_UNREACHABLE;
 * JF_E_IS_CONNECTED; JF_E_CLOSED when another thread closed the socket; JF_E_INTERRUPTED; for a UNIX path
 * JF_E_NOT_FOUND, JF_E_ACCESS, and JF_E_WOULD_BLOCK when the listener's queue is full and the timeout is 0;
 * JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is not an
 * address, for a UNIX address without a name, and for JF_UNSPEC when it is no datagram socket; JF_E_INVALID for a
 * NULL; JF_E_BAD_HANDLE. See connect(2). Since 0.1.
 */
int64_t jf_connect(jf_socket s, const struct jf_addr *a);

/**
 * Ends one or both directions of a connection, for every process that shares the socket. The socket stays open.
 *
 * s: the socket.
 * how: JF_SHUT_READ, JF_SHUT_WRITE or JF_SHUT_BOTH.
 *
 * Never blocks; wakes calls of other threads that wait in that direction. Returns 0. Errors: JF_E_NOT_CONNECTED
 * (Linux does not say so of JF_UNIX); JF_E_INVALID for an unknown direction; JF_E_BAD_HANDLE. See shutdown(2). Since
 * 0.1.
 */
int64_t jf_shutdown(jf_socket s, int32_t how);

/**
 * Closes a socket. Calls that other threads have in flight on it return JF_E_CLOSED (or what they had done); later
 * ones return JF_E_BAD_HANDLE. When it returns, no call uses the socket any more, its descriptor is closed, and its
 * address is free again unless a duplicate or another process still holds the socket. If calls were in flight, the
 * connection is shut down for every process that shares it. What was sent is still delivered.
 *
 * s: the socket; any number, in fact: what is not an open socket does no harm.
 *
 * Waits until calls in flight are out, which takes some 20 milliseconds at most, and as JF_OPT_LINGER says. Must not
 * be called from a signal handler. Returns 0. Errors: JF_E_BAD_HANDLE. See close(2). Since 0.1.
 */
int64_t jf_close(jf_socket s);

/**
 * The socket's own address. That of a UNIX socket without a name has len 0.
 *
 * s: the socket.
 * out: where to write the address; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for a NULL; JF_E_BAD_HANDLE. See getsockname(2). Since 0.1.
 */
int64_t jf_local_addr(jf_socket s, struct jf_addr *out);

/**
 * The address of the socket's peer. That of a UNIX socket without a name has len 0.
 *
 * s: the socket.
 * out: where to write the address; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_NOT_CONNECTED; JF_E_INVALID for a NULL; JF_E_BAD_HANDLE. See getpeername(2).
 * Since 0.1.
 */
int64_t jf_peer_addr(jf_socket s, struct jf_addr *out);

/**
 * Takes over a socket's descriptor from elsewhere, which becomes close-on-exec. It keeps its mode: a non-blocking
 * descriptor makes a socket whose timeouts are 0, one with SO_RCVTIMEO or SO_SNDTIMEO a socket with that timeout.
 *
 * fd: the descriptor, which no socket of the library may own already: two owners would end up with somebody else's
 * descriptor when one of them closes it. On success it belongs to the library and must not be closed elsewhere; on
 * failure it is still the caller's, unchanged.
 *
 * Never blocks. Returns the socket, which the caller closes with jf_close. Errors: JF_E_NOT_SOCKET; JF_E_BAD_HANDLE
 * when the descriptor is not open; JF_E_FAMILY_UNSUPPORTED and JF_E_TYPE_UNSUPPORTED for a kind of socket that the
 * library does not know; JF_E_NO_MEMORY. Since 0.1.
 */
int64_t jf_from_fd(int64_t fd);

/**
 * Gives up a socket and returns its descriptor, with the socket's timeouts in it: non-blocking if both are 0, else
 * blocking, with SO_RCVTIMEO and SO_SNDTIMEO.
 *
 * s: the socket; on success it is closed as a handle.
 *
 * Never blocks. Returns the descriptor, which the caller closes. Errors: JF_E_BUSY while another thread has a call in
 * flight on it; JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_into_fd(jf_socket s);

/**
 * The descriptor of a socket, to look at or to wait for. It remains the library's: it must not be closed, and after
 * jf_close its number may be another file's.
 *
 * s: the socket.
 *
 * Never blocks. Returns the descriptor. Errors: JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_fd(jf_socket s);

/**
 * Opens another handle for the same socket, with a descriptor of its own that no program executed later inherits. The
 * two are closed independently, and the connection ends with the last, or when one is closed while a call of another
 * thread is in flight on it. All that the system keeps is shared: options, data, and the end of a direction. Each
 * handle has timeouts of its own, at first those of s, and should not be given others.
 *
 * s: the socket.
 *
 * Never blocks. Returns the new handle, which the caller closes with jf_close. Errors: JF_E_TOO_MANY_FILES;
 * JF_E_NO_MEMORY; JF_E_BAD_HANDLE. See fcntl(2), F_DUPFD_CLOEXEC. Since 0.1.
 */
int64_t jf_dup(jf_socket s);

/**
 * Reads an address from text: "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80" (or the interface's number),
 * "unix:/path", "unix:@abstract name", "unix:" for no name, "vsock:2:1024" for machine and port (or "any"),
 * "netlink:0:1" for port and groups, "packet:eth0:0x0800:02:00:00:00:00:01" for interface, protocol and hardware
 * address, which may be missing. In a UNIX address % and two hexadecimal digits stand for a byte. No name of a host is
 * looked up.
 *
 * text: a string that ends with a zero; not NULL.
 * out: where to write the address; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_ADDR_INVALID when the text is no address; JF_E_NOT_FOUND when there is no
 * interface of that name; JF_E_TOO_MANY_FILES and JF_E_SYSTEM_FILES when there is no descriptor to ask for one with;
 * JF_E_INVALID for a NULL. Since 0.1.
 */
int64_t jf_addr_parse(const char *text, struct jf_addr *out);

/**
 * Writes an address as text that jf_addr_parse reads; "unspecified" for JF_UNSPEC. A UNIX path's bytes that are not
 * text, and a % in it, are written as % and two hexadecimal digits.
 *
 * a: the address; not NULL.
 * text: where to write it, with a zero at its end; may be NULL when size is 0.
 * size: how many bytes there are at text; JF_ADDR_TEXT are enough for every address.
 *
 * Never blocks. Returns the length of the text without its zero. If that is not less than size, the text did not fit,
 * and an empty string was written instead (nothing, when size is 0). Errors: JF_E_INVALID for a NULL;
 * JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when it is not an address. Since 0.1.
 */
int64_t jf_addr_format(const struct jf_addr *a, char *text, size_t size);

/**
 * Whether two addresses are the same. Of JF_INET6 and JF_PACKET flow_info does not count.
 *
 * a, b: the addresses; not NULL.
 *
 * Never blocks. Returns 1 or 0. Errors: JF_E_INVALID for a NULL; JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when
 * one is not an address. Since 0.1.
 */
int64_t jf_addr_equal(const struct jf_addr *a, const struct jf_addr *b);

/**
 * The family of an address, for callers that can't read structs.
 *
 * a: the address; not NULL.
 *
 * Never blocks. Returns JF_INET or another of the families. Errors: JF_E_INVALID for a NULL;
 * JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when it is not an address. Since 0.1.
 */
int64_t jf_addr_family(const struct jf_addr *a);

/**
 * The port of an IPv4 or IPv6 address, for callers that can't read structs.
 *
 * a: the address; not NULL.
 *
 * Never blocks. Returns the port in the host's byte order. Errors: JF_E_INVALID for a NULL; JF_E_FAMILY_UNSUPPORTED
 * when the address has no port; JF_E_ADDR_INVALID when it is not an address. Since 0.1.
 */
int64_t jf_addr_port(const struct jf_addr *a);

/**
 * Changes the port of an IPv4 or IPv6 address, for callers that can't write structs.
 *
 * a: the address; not NULL.
 * port: 0 to 65535, in the host's byte order.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for a NULL or a port out of range; JF_E_FAMILY_UNSUPPORTED when the
 * address has no port; JF_E_ADDR_INVALID when it is not an address. Since 0.1.
 */
int64_t jf_addr_set_port(struct jf_addr *a, int32_t port);

/**
 * Sends bytes to the socket's peer: on a stream perhaps not all of them, a message always whole. SIGPIPE is never
 * raised.
 *
 * s: a connected socket.
 * data: what to send; not looked at when len is 0.
 * len: how many bytes, at most INT64_MAX. 0 sends an empty message, or nothing on a stream.
 * flags: 0, or JF_DONT_WAIT, JF_MORE, JF_OUT_OF_BAND, JF_CONFIRM joined with |.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT until there is room, on a stream until there is room for everything (on a UNIX
 * stream with a timeout for a part). One thread may send while another receives; of two threads that send on a
 * stream, the bytes may mix. Returns how many bytes were taken over. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when
 * there was no room; JF_E_PIPE and JF_E_CONN_RESET when the connection is over; JF_E_NOT_CONNECTED and
 * JF_E_DEST_REQUIRED when there is no peer (of TCP, Linux says JF_E_PIPE there too); JF_E_CONN_REFUSED when an
 * earlier datagram found nobody; JF_E_UNSUPPORTED for a flag that such a socket does not have; JF_E_MESSAGE_SIZE;
 * JF_E_CLOSED when another thread closed the socket; JF_E_INTERRUPTED; JF_E_INVALID for a NULL, a length or a flag;
 * JF_E_BAD_HANDLE. See send(2). Since 0.1.
 */
int64_t jf_send(jf_socket s, const void *data, size_t len, uint32_t flags);

/**
 * Receives bytes from a stream, as many as are there, or one message.
 *
 * s: a connected socket, or a datagram socket.
 * data: where to put them; not looked at when len is 0.
 * len: how much room there is, at most INT64_MAX.
 * flags: 0, or JF_DONT_WAIT, JF_PEEK, JF_WAIT_ALL, JF_TRUNC, JF_OUT_OF_BAND, JF_ERROR_QUEUE joined with |.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT until something is there. One thread may receive while another sends. Returns how
 * many bytes came. 0 is the end of a stream and nothing else (but for len 0, which returns 0 at once on a stream). On
 * a JF_DGRAM socket 0 is an empty message, on a JF_SEQPACKET socket an empty message or the end, which can't be told
 * apart. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when nothing came; JF_E_TRUNCATED when a message was longer than
 * the room, which is filled: the rest of the message is lost, but for JF_PEEK; JF_E_CONN_RESET, once: after that the
 * stream is at its end; JF_E_CONN_REFUSED when an earlier datagram found nobody; JF_E_NOT_CONNECTED (of a UNIX
 * stream, Linux says JF_E_INVALID); JF_E_UNSUPPORTED for a flag that such a socket does not have; JF_E_CLOSED when
 * another thread closed the socket; JF_E_INTERRUPTED; JF_E_INVALID for a NULL, a length or a flag; JF_E_BAD_HANDLE.
 * See recv(2). Since 0.1.
 */
int64_t jf_recv(jf_socket s, void *data, size_t len, uint32_t flags);

/**
 * Sends a message to an address; on a connected datagram socket, to this address instead of the peer.
 *
 * s: a datagram socket.
 * data, len, flags: as for jf_send.
 * a: where to; not NULL.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT until there is room. Returns how many bytes were taken over: all. Errors: those of
 * jf_send; JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is
 * not an address, or a UNIX one without a name; JF_E_NETWORK_UNREACHABLE; JF_E_HOST_UNREACHABLE; JF_E_ACCESS for a
 * broadcast address without JF_OPT_BROADCAST; JF_E_NOT_FOUND and JF_E_CONN_REFUSED for a UNIX path;
 * JF_E_TYPE_UNSUPPORTED when it is no datagram socket. See sendto(2). Since 0.1.
 */
int64_t jf_send_to(jf_socket s, const void *data, size_t len, uint32_t flags, const struct jf_addr *a);

/**
 * Receives a message and tells who sent it.
 *
 * s: a datagram socket; on a stream it is jf_recv, and the address is JF_UNSPEC.
 * data, len, flags: as for jf_recv.
 * from: where to write the sender's address, which is also written with JF_E_TRUNCATED; NULL if it does not matter.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT. Returns and errors: as jf_recv. See recvfrom(2). Since 0.1.
 */
int64_t jf_recv_from(jf_socket s, void *data, size_t len, uint32_t flags, struct jf_addr *from);

/**
 * Sends all of the bytes on a stream, however often the system takes only part of them.
 *
 * s: a connected stream.
 * data, len: what to send, as for jf_send.
 * sent: where to write how many bytes were sent, also when the call fails; NULL if it does not matter.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT, counted once for the whole. Returns 0. Errors: those of jf_send, after any part of
 * the bytes: after JF_E_TIMED_OUT, JF_E_WOULD_BLOCK and JF_E_INTERRUPTED go on with the rest; JF_E_TYPE_UNSUPPORTED
 * when it is no stream. Since 0.1.
 */
int64_t jf_send_all(jf_socket s, const void *data, size_t len, size_t *sent);

/**
 * Fills the whole buffer from a stream, however often the system gives only part of it.
 *
 * s: a connected stream.
 * data, len: the room, as for jf_recv.
 * received: where to write how many bytes came, also when the call fails; NULL if it does not matter.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT, counted once for the whole. Returns 0. Errors: JF_E_END_OF_STREAM when the stream
 * ended first; those of jf_recv, after any part of the bytes: after JF_E_TIMED_OUT, JF_E_WOULD_BLOCK and
 * JF_E_INTERRUPTED go on with the rest; JF_E_TYPE_UNSUPPORTED when it is no stream. Since 0.1.
 */
int64_t jf_recv_exact(jf_socket s, void *data, size_t len, size_t *received);

/**
 * Sends the bytes of several buffers, one after the other, as if they were one.
 *
 * s: a connected socket.
 * bufs: the buffers, which are only read; not looked at when count is 0.
 * count: how many, at most JF_VEC_MAX; together at most INT64_MAX bytes.
 * flags: as for jf_send.
 *
 * Blocks, returns and fails as jf_send. See sendmsg(2). Since 0.1.
 */
int64_t jf_send_vec(jf_socket s, const struct jf_buf *bufs, size_t count, uint32_t flags);

/**
 * Receives into several buffers, one after the other, as if they were one.
 *
 * s: a connected socket, or a datagram socket.
 * bufs: the buffers; not looked at when count is 0. The array itself is not changed.
 * count: how many, at most JF_VEC_MAX; together at most INT64_MAX bytes.
 * flags: as for jf_recv.
 *
 * Blocks, returns and fails as jf_recv. See recvmsg(2). Since 0.1.
 */
int64_t jf_recv_vec(jf_socket s, struct jf_buf *bufs, size_t count, uint32_t flags);

/**
 * Sends a message: data, to an address perhaps, with descriptors, credentials and other things beside it.
 *
 * s: the socket.
 * msg: the message, which is only read; not NULL. Of the members, those count that present names, and bufs, passed
 * and other. Values that are zero are not needed.
 * flags: as for jf_send.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT until there is room. On a stream what goes beside the data goes with its first byte;
 * when less than all was taken over, send the rest without it. A socket that is passed may be closed meanwhile: where
 * the call has to wait, it takes a duplicate of it (JF_E_TOO_MANY_FILES). Returns how many bytes were taken over: of a
 * message all. Errors: those of jf_send and, with an address, of jf_send_to; JF_E_UNSUPPORTED for something that such
 * a socket does not carry, or that can only be received; JF_E_INVALID for a NULL, a wrong size, an unknown bit, a
 * value out of range, more than JF_PASSED_MAX descriptors, and for something to go beside no data on a stream;
 * JF_E_BAD_HANDLE for a socket or descriptor to pass that is not open; JF_E_PERMISSION for the credentials of another;
 * JF_E_NOT_FOUND for an interface or a process that is not there; for an address in local that is not this machine's
 * JF_E_INVALID, or JF_E_NETWORK_UNREACHABLE of IPv4. See sendmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7). Since
 * 0.1.
 */
int64_t jf_send_msg(jf_socket s, const struct jf_msg *msg, uint32_t flags);

/**
 * Receives bytes from a stream, as many as are there, or one message, and what came beside them.
 *
 * s: the socket.
 * msg: the message; not NULL. Read are bufs, passed_room with passed, and other_room with other; written are present,
 * truncated, passed_count, other_len, and the members that present names.
 * flags: as for jf_recv, and JF_PLAIN_DESCRIPTORS. With JF_ERROR_QUEUE the data is that of the datagram in question;
 * of a timestamp it is the packet with all its headers, or nothing (JF_TS_OPT_TSONLY).
 *
 * Blocks for JF_OPT_RECV_TIMEOUT until something is there; with JF_ERROR_QUEUE never. Returns how many bytes came, as
 * jf_recv does. What did not fit is told in truncated: of the data with JF_E_TRUNCATED, after which msg is written
 * nonetheless; of what came beside it there is no other sign. Descriptors for which there is no room, or that nobody
 * asked for, are closed. Errors: those of jf_recv; JF_E_INVALID for a NULL or a wrong size. See recvmsg(2), cmsg(3),
 * unix(7), ip(7), ipv6(7), udp(7). Since 0.1.
 */
int64_t jf_recv_msg(jf_socket s, struct jf_msg *msg, uint32_t flags);

/**
 * Sends many datagrams, in their order, with few system calls.
 *
 * Neighbours that go to the same place with the same members beside them, and have the same length (the last may be
 * shorter), are handed to the system as one that the kernel or the network device takes apart (UDP GSO): up to 64 of
 * them and 65,400 bytes; and up to 32 such groups go into one system call. Where a system or a device can't do that, the
 * socket finds out by itself, once, and sends them one by one.
 *
 * A datagram is not cut into fragments, unless that is asked for: what is too long for its path is JF_E_MESSAGE_SIZE. For
 * that the first call on a handle of a socket of IP sets JF_OPT_PATH_MTU_DISCOVERY to JF_PMTU_DO, also for its other
 * calls, if it is JF_PMTU_WANT, as new sockets have it. Who wants fragments sets it to JF_PMTU_DONT or JF_PMTU_OMIT
 * before, or to anything afterwards. (Where Linux discovers no path's MTU, by net.ipv4.ip_no_pmtu_disc, new sockets of
 * IPv4 have JF_PMTU_DONT, and keep it.) While the MTU of a path is not known yet, a router drops what is too long for
 * it, with a shorter one that was handed over with it.
 *
 * JF_OPT_SEGMENT_SIZE and JF_OPT_CORK are for other calls: they change what goes alone. What JF_MORE or JF_OPT_CORK holds
 * back of other calls becomes one datagram with the first that are handed over as one.
 *
 * s: a socket of datagrams: JF_DGRAM of any family, raw and packet sockets.
 * datagrams: what to send. A result is written to each; nothing else. Not looked at when count is 0.
 * count: how many, at most INT64_MAX / sizeof(jf_datagram).
 * flags: 0, or JF_DONT_WAIT, JF_CONFIRM joined with |.
 *
 * Blocks for JF_OPT_SEND_TIMEOUT, counted once for all, until there is room for them. Returns how many were sent; 0
 * only when count is 0. A datagram that can't be sent does not keep back those behind it; its result says why: what
 * jf_send and jf_send_to return, JF_E_INVALID also for an unknown bit of present and a tos above 255, JF_E_UNSUPPORTED
 * for members that such a socket does not send. An ICMP error for an earlier datagram is told once, by
 * JF_E_CONN_REFUSED as the result of one that is not sent; what comes in while the call is under way Linux may forget.
 * When there is no more room or time (JF_E_WOULD_BLOCK, JF_E_TIMED_OUT, JF_E_NO_BUFFERS), when a signal interrupts the
 * call or the socket is closed, it ends, and the rest have that result. Errors: when none was sent, the first one's
 * result; JF_E_TYPE_UNSUPPORTED for a socket that has connections of its kind (JF_STREAM, JF_SEQPACKET); JF_E_INVALID
 * for a NULL, a count or a flag; JF_E_BAD_HANDLE. Then there may be no results. One thread may send while another
 * receives. See sendmmsg(2), udp(7). Since 0.1.
 */
int64_t jf_send_many(jf_socket s,
                     struct jf_datagram *datagrams,
                     size_t count,
                     uint32_t flags);

/**
 * Receives many datagrams with one system call: waits for one, and takes what others are there, without waiting.
 *
 * There are two ways.
 *
 * Each into its own room: the rooms of the elements are filled one after the other, up to the first element without room,
 * at most 64. This is for small numbers, and for every socket.
 *
 * Many into one room: on a UDP socket, with at least JF_COALESCED_COUNT elements and JF_COALESCED_ROOM bytes of room
 * in the first, datagrams come as the network and the kernel ran them together (UDP GRO) and are taken apart without a
 * copy: up to 128 in one room. All elements but the first can be without room; with twice as many elements a second
 * room is used, of as many bytes, in the second, and so on. What is not run together, such as from different senders,
 * or where there is no GRO, is one datagram a room.
 *
 * The library turns GRO on at the first such call. From then on the socket is for such calls alone: a smaller array is
 * JF_E_INVALID, and jf_recv, jf_recv_from, jf_recv_vec and jf_recv_msg, which would take many datagrams for one, are
 * JF_E_UNSUPPORTED but for JF_ERROR_QUEUE, until JF_OPT_GRO is set to 0, as jf_into_fd does; receive first what is
 * there, for that stays run together. Other handles of the socket, that jf_dup has made before or another process has,
 * and a jf_recv that is waiting meanwhile do not know of a change. Where the caller has set JF_OPT_GRO to 1, small
 * arrays are JF_E_INVALID as well, and the other calls receive as that option says.
 *
 * s: a socket of datagrams: JF_DGRAM of any family, raw and packet sockets.
 * datagrams: room and room_len say where to receive. The other members of the first elements are written, one for each
 * datagram, in the order of arrival. Not looked at when count is 0.
 * count: how many elements; what does not fit is received by the next call.
 * flags: 0, or JF_DONT_WAIT; JF_TRUNC has the result of a datagram that was cut be its whole length.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT until one is there. Returns how many came: at least 1, unless count is 0. Fewer than
 * there is room for does not mean that there are no more: with JF_EDGE, receive until JF_E_WOULD_BLOCK. After
 * jf_shutdown, Linux gives one empty datagram at each call. Which members there are is up to the socket:
 * JF_OPT_RECV_TOS, JF_OPT_RECV_PACKET_INFO, JF_OPT_TIMESTAMPS. Errors: those of jf_recv but JF_E_TRUNCATED, which is
 * the result of one datagram; JF_E_TYPE_UNSUPPORTED for a socket that has connections of its kind; JF_E_INVALID for a
 * NULL, an array or first element without room, a flag; JF_E_BAD_HANDLE. One thread may receive while another sends.
 * See recvmmsg(2), udp(7). Since 0.1.
 */
int64_t jf_recv_many(jf_socket s,
                     struct jf_datagram *datagrams,
                     size_t count,
                     uint32_t flags);

/**
 * Sends a part of a file on a stream.
 *
 * The bytes pass from the system's page cache to the connection without a copy through the program's memory. The file's
 * position is neither used nor changed.
 *
 * If the socket has a timeout or JF_OPT_INTERRUPTIBLE, its descriptor is non-blocking during the call. Calls through
 * this handle still block, but other users of the same descriptor see the change. If two handles of one socket send
 * files at the same time, a call may exceed its timeout.
 *
 * @param s       connected stream
 * @param fd      [fd] file that is open for reading
 * @param offset  position in the file of the first byte to send
 * @param count   number of bytes to send; 0 only checks both descriptors
 *
 * @blocks  for JF_OPT_SEND_TIMEOUT, counted once for the whole call, until all bytes are sent. Reading from the disk
 *          may take longer than the timeout.
 * @return  [count] number of bytes sent, at least 1 unless `count` is 0. It is less than `count` if the file ended or
 *          an error, the timeout, a signal or a close stopped the call; the next call for the remainder returns the
 *          reason.
 * @error   JF_E_END_OF_STREAM                the file ends at `offset`
 * @error   JF_E_INVALID                      the file ends before `offset`; `offset` or `count` is negative
 * @error   JF_E_UNSUPPORTED                  the system cannot send from `fd`, such as a pipe, socket, directory or
 *                                            terminal
 * @error   JF_E_BAD_HANDLE                   `fd` is not open, or not open for reading
 * @error   JF_E_TYPE_UNSUPPORTED             `s` is not a stream
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  the send queue was full
 * @error   JF_E_PIPE, JF_E_CONN_RESET        the connection is closed
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for TCP, Linux reports JF_E_PIPE instead
 * @see     sendfile(2)
 * @since   0.1
 */
int64_t jf_send_file(jf_socket s, int64_t fd, int64_t offset, int64_t count);

/**
 * Whether this system has an option, on whatever kind of socket. It is asked, by a socket that is opened for it.
 *
 * option: one of JF_OPT_*.
 *
 * Never blocks. Returns 1 or 0. Errors: JF_E_INVALID for an unknown option; JF_E_PERMISSION when only sockets have it
 * that this process may not open; JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY; JF_E_NO_BUFFERS. See
 * getsockopt(2). Since 0.1.
 */
int64_t jf_supported(int32_t option);

/**
 * Sets an option of a socket to a number.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * value: in the option's unit and range.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a value out of range, or where the socket's
 * state doesn't allow it; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read only or a
 * text; JF_E_PERMISSION; JF_E_NOT_FOUND when there is no interface with that index; JF_E_BAD_HANDLE. See
 * setsockopt(2). Since 0.1.
 */
int64_t jf_set(jf_socket s, int32_t option, int64_t value);

/**
 * Reads an option of a socket that is a number.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * value: where to write it, in the option's unit; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED when this
 * kind of socket has no such option or it is set only or a text; JF_E_NOT_CONNECTED for what is told of a peer;
 * JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
 */
int64_t jf_get(jf_socket s, int32_t option, int64_t *value);

/**
 * Sets an option of a socket to a text.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * text: a string that ends with a zero; not NULL.
 *
 * Never blocks, but the system may load a module for the name. Returns 0. Errors: JF_E_INVALID for an unknown option,
 * a NULL or a text that is too long; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read
 * only or a number; JF_E_NOT_FOUND when the system has nothing of that name; JF_E_PERMISSION; JF_E_BAD_HANDLE. See
 * setsockopt(2). Since 0.1.
 */
int64_t jf_set_text(jf_socket s, int32_t option, const char *text);

/**
 * Reads an option of a socket that is a text.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * text: where to write it, with a zero at its end; may be NULL when size is 0.
 * size: how many bytes there are at text.
 *
 * Never blocks. Returns the length of the text without its zero. If that is not less than size, the text did not fit,
 * and an empty string was written instead (nothing, when size is 0). Errors: JF_E_INVALID for an unknown option, a
 * NULL or a length; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is a number;
 * JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
 */
int64_t jf_get_text(jf_socket s, int32_t option, char *text, size_t size);

/**
 * Sets what the system knows by a level and a name, for what has no JF_OPT_. A timeout that is set so is the socket's
 * JF_OPT_RECV_TIMEOUT or JF_OPT_SEND_TIMEOUT from then on.
 *
 * s: the socket.
 * level, name: the system's numbers, such as SOL_SOCKET and SO_ATTACH_FILTER.
 * value: what the system wants; not looked at when len is 0. What it points to in turn is the caller's to get right.
 * len: how many bytes, at most INT32_MAX.
 *
 * Never blocks by itself. Returns 0. Errors: JF_E_OPTION_UNSUPPORTED when the socket has no such option;
 * JF_E_PERMISSION; JF_E_INVALID for a NULL or a length, or what the system doesn't take; JF_E_BAD_HANDLE; any other
 * that the option has. See setsockopt(2). Since 0.1.
 */
int64_t jf_set_raw(jf_socket s, int32_t level, int32_t name, const void *value, size_t len);

/**
 * Reads what the system knows by a level and a name, for what has no JF_OPT_.
 *
 * s: the socket.
 * level, name: the system's numbers, such as IPPROTO_TCP and TCP_INFO.
 * value: where to write it; not looked at when room is 0. Some options read from it first.
 * room: how many bytes there are at value, at most INT32_MAX. Of a longer value most options write the beginning.
 *
 * Never blocks. Returns the length of what was written. Errors: JF_E_OPTION_UNSUPPORTED when the socket has no such
 * option; JF_E_INVALID for a NULL or a length, or what the system doesn't take; JF_E_BAD_HANDLE; any other that the
 * option has. See getsockopt(2). Since 0.1.
 */
int64_t jf_get_raw(jf_socket s, int32_t level, int32_t name, void *value, size_t room);

/**
 * Tells what the system knows of a TCP connection at this moment.
 *
 * s: a TCP socket.
 * out: what to fill in; not NULL. Its member size must be set to sizeof(jf_tcp_info_data), or to more, up to 4096, by
 * who knows of more members: then those are set to 0.
 *
 * Never blocks. A listener has but its state, its pacing and its reordering. Returns 0. Errors:
 * JF_E_OPTION_UNSUPPORTED when it is no TCP socket; JF_E_INVALID for a NULL or a size that can't be; JF_E_BAD_HANDLE.
 * See tcp(7), TCP_INFO. Since 0.1.
 */
int64_t jf_tcp_info(jf_socket s, struct jf_tcp_info_data *out);

/**
 * Looks up the addresses of a host, and the port of a service, as the system does for every program: in its hosts
 * file, by DNS, or however else it is configured.
 *
 * host: a host's name (names that are not ASCII in UTF-8, as IDNA has it, for which glibc needs libidn2), or an
 * IPv4 or IPv6 address, the latter without brackets and maybe with a zone ("fe80::1%eth0"), for which nothing is
 * asked; "" for this machine's loopback addresses. A name whose last part is a number, such as "127.1", is
 * no name. Not NULL.
 * service: a port's number or a name from the system's database of services, such as "https"; NULL or "" for port 0.
 * family: JF_INET or JF_INET6 for addresses of that family alone, JF_UNSPEC for both.
 * type: JF_STREAM or JF_DGRAM, the kind of service that is meant; 0 for either.
 * timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all, which does for addresses.
 * out: where to write the addresses, in the order in which to try them (RFC 6724); not looked at when cap is 0.
 * cap: how many there is room for.
 *
 * Blocks for timeout_ms, whatever signals arrive. A look-up that is not done then goes on in a thread of its own,
 * which ends with it and touches nothing of the caller's. (In a child that was forked while another thread looked a
 * name up, glibc may never answer: give a time there.) At most 64 look-ups are under way in a process at once; further
 * ones wait for their turn. Returns how many addresses there are, of which the first cap were written. Errors:
 * JF_E_NAME_NOT_FOUND when there is no such name; JF_E_NAME_NO_ADDRESS when it has no address of that family;
 * JF_E_NAME_TRY_AGAIN when the name servers did not answer, failed or refused to; JF_E_NAME_FAILED when the system
 * says that they never will (glibc does not); JF_E_TIMED_OUT; JF_E_WOULD_BLOCK when a name would have to be looked up
 * and timeout_ms is 0; JF_E_NOT_FOUND for an unknown service or a zone that is no interface's name; JF_E_ADDR_INVALID
 * when host or service is none; JF_E_UNSUPPORTED for a name that is not ASCII where the system can't do IDNA;
 * JF_E_FAMILY_UNSUPPORTED and JF_E_TYPE_UNSUPPORTED for others than these; JF_E_INVALID for a NULL, a cap that no
 * memory has, and a timeout below -1; JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES and JF_E_NO_MEMORY when there is no
 * descriptor or thread to look it up with. See getaddrinfo(3). Since 0.1.
 */
int64_t jf_resolve(const char *host,
                   const char *service,
                   int32_t family,
                   int32_t type,
                   int64_t timeout_ms,
                   struct jf_addr *out,
                   size_t cap);

/**
 * Looks up the name of the host with an address, as the system is configured to.
 *
 * a: the address, JF_INET or JF_INET6; its port does not count. Not NULL.
 * timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all (JF_E_WOULD_BLOCK).
 * host: where to write the name, with a zero at its end; may be NULL when size is 0.
 * size: how many bytes there are at host; JF_HOST_TEXT are enough for every name.
 *
 * Blocks for timeout_ms, as jf_resolve does. Returns the length of the name without its zero. If that is not less than
 * size, it did not fit, and an empty string was written instead (nothing, when size is 0). Errors:
 * JF_E_NAME_NOT_FOUND when the address has no name; JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_TIMED_OUT,
 * JF_E_WOULD_BLOCK, JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES and JF_E_NO_MEMORY as from jf_resolve;
 * JF_E_FAMILY_UNSUPPORTED for other addresses; JF_E_ADDR_INVALID when it is none; JF_E_INVALID for a NULL or a timeout
 * below -1. See getnameinfo(3). Since 0.1.
 */
int64_t jf_resolve_addr(const struct jf_addr *a, int64_t timeout_ms, char *host, size_t size);

/**
 * Reads an endpoint: what to connect to, or where to serve, in one text.
 *
 *    tcp://example.org:https   tcp://127.0.0.1:80   tcp://[::1]:80   tcp://[fe80::1%eth0]:80   tcp://:8080
 *    udp://example.org:53      unix:///run/x.sock   unix://relative/path   unix://@name
 *
 * tcp:// and udp:// (lower case) are followed by a host, a colon and a port, unix:// by a path, or by @ and an
 * abstract name (Linux).
 *
 * The host is one of: nothing, for this machine; an IPv4 address, as four decimal numbers without leading zeros; an
 * IPv6 address in brackets, maybe with % and its zone, which is an interface's name (up to 15 bytes) or index; a name.
 * A name is made of letters, digits, "-" and "_", and beyond ASCII of what IDNA takes, in parts of 1 to 63 characters
 * with dots between them, 253 characters at most, and may have one more dot at its end. If its last part is a number,
 * decimal or hexadecimal after 0x, it is an IPv4 address or wrong: "127.1" and "2130706433" are wrong.
 *
 * The port is a number from 0 to 65535 of at most five digits, or the name of a service: 1 to 63 letters, digits, "-",
 * "_", "." and "+", one a letter at least.
 *
 * A path is 1 to 108 bytes, absolute (unix:///run/x.sock) or relative (unix://x.sock); an abstract name is 0 to 107
 * bytes. In both, % and two hexadecimal digits stand for a byte: %25 for a %, %40 for the @ that a path begins with.
 * In a path no byte is zero.
 *
 * This checks a text as jf_dial and jf_serve do, to tell what is wrong with it. Nothing is looked up, so whether IDNA
 * makes a name of what is not ASCII is not known yet.
 *
 * endpoint: a string, in UTF-8, that ends with a zero; not NULL.
 * at: where to write which character is the first that is wrong, as the number of bytes before it, which is the text's
 * length when something is missing; NULL if it does not matter. A number out of its range is wrong at its first digit.
 * Written when the text is wrong, and only then.
 * expected: where to write what should be there, as a string in English such as "] after the address" that is never
 * freed; NULL if it does not matter. Written when the text is wrong, and only then.
 *
 * Never blocks. Returns 0 when the text is an endpoint. Errors: JF_E_ADDR_INVALID when it is not; JF_E_INVALID for a
 * NULL. Since 0.1.
 */
int64_t jf_endpoint_check(const char *endpoint, size_t *at, const char **expected);

/**
 * Connects to an endpoint, by whichever of its addresses answers first: a name is looked up, its IPv6 and IPv4
 * addresses are tried in turn, the next one when the last has failed or has not answered for 250 ms, and the first
 * connection that is made is it (RFC 8305, "Happy Eyeballs"). A UDP socket is connected to the first address that
 * there is a route to.
 *
 * endpoint: such as "tcp://example.org:https", "udp://[::1]:53", "unix:///run/x.sock"; jf_endpoint_check says it all.
 * Without a host it is this machine's loopback addresses. Not NULL.
 * timeout_ms: how long all of it may take, in milliseconds; -1 for ever, 0 only as long as nothing has to be waited
 * for.
 *
 * Blocks for timeout_ms, whatever signals arrive; jf_dialer_dial can be cut short. Names are looked up as by
 * jf_resolve, of which 64 look-ups, abandoned ones too, are under way at once. Returns the socket, which waits for
 * ever in its calls as a new one does and which the caller closes with jf_close. Errors: JF_E_TIMED_OUT;
 * JF_E_WOULD_BLOCK when the timeout is 0; when every address failed the error that says most, such as
 * JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE or JF_E_ACCESS; JF_E_ADDR_INVALID when the text
 * is no endpoint (jf_endpoint_check tells why), or a link-local address without a zone; JF_E_NAME_NOT_FOUND,
 * JF_E_NAME_NO_ADDRESS, JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_NOT_FOUND and JF_E_UNSUPPORTED as from jf_resolve;
 * for a UNIX path JF_E_NOT_FOUND and JF_E_ACCESS; JF_E_INVALID for a NULL or a timeout below -1; JF_E_TOO_MANY_FILES;
 * JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See connect(2). Since 0.1.
 */
int64_t jf_dial(const char *endpoint, int64_t timeout_ms);

/**
 * Opens a socket that serves an endpoint: bound and, but for udp://, listening.
 *
 * endpoint: as for jf_endpoint_check. "tcp://:8080" is port 8080 of all of this machine's addresses, IPv6 and IPv4
 * with one socket, whatever the system's default for that; "tcp://127.0.0.1:0" picks a free port, which jf_local_addr
 * tells. A name stands for the first of its IPv4 addresses, or else IPv6 addresses, that is this machine's.
 * "unix:///run/x.sock" makes a socket file, in place of one that nobody serves any more; it stays when the socket is
 * closed. Not NULL.
 * backlog: how many connections to keep until they are accepted, as for jf_listen; -1 for as many as the system
 * allows.
 *
 * A TCP socket has JF_OPT_REUSE_ADDR, so that a server can be started again at once; so has a UDP one for a multicast
 * group, which can have many receivers. Blocks only to look a name up, and then for at most 5 seconds; and for at most
 * one second when it is to replace a socket file and somebody has the folder locked (flock(2)), as others who replace
 * one there have for a moment. Signals do not matter. Returns the socket, which the caller closes with jf_close.
 * Errors: JF_E_ADDR_IN_USE when somebody serves there; JF_E_EXISTS when the path is that of a file, a folder or a
 * symlink; JF_E_BUSY when the folder was locked for longer than that; JF_E_ADDR_INVALID when the text is no endpoint,
 * or none that can be served (a multicast group for TCP, a link-local address without a zone); JF_E_ADDR_NOT_AVAILABLE
 * when it is not an address of this machine; JF_E_ACCESS and JF_E_PERMISSION for a port, a folder or a file that is
 * not the caller's; JF_E_NOT_FOUND when there is no such folder, service or zone; JF_E_NAME_NOT_FOUND and so on, and
 * JF_E_TIMED_OUT, when a name can't be looked up; JF_E_INVALID for a NULL or a backlog below -1; JF_E_TOO_MANY_FILES;
 * JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See bind(2), listen(2). Since 0.1.
 */
int64_t jf_serve(const char *endpoint, int32_t backlog);

/**
 * Opens a dialer, which dials as jf_dial does until it is told otherwise.
 *
 * Never blocks. Returns the dialer, which the caller closes with jf_dialer_close. Errors: JF_E_TOO_MANY_FILES;
 * JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. Since 0.1.
 */
int64_t jf_dialer_open(void);

/**
 * Has a dialer set an option, a number, on each socket before it connects. What is set twice keeps the last value.
 * With JF_OPT_INTERRUPTIBLE the dialing itself ends at a signal with JF_E_INTERRUPTED; with JF_OPT_RECV_TIMEOUT and
 * JF_OPT_SEND_TIMEOUT the socket that comes of it has those.
 *
 * d: the dialer.
 * option: JF_OPT_ and a name.
 * value: what to set it to, in the option's unit.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option; JF_E_OPTION_UNSUPPORTED for one that can only
 * be read or is a text; JF_E_BUSY while another thread dials with it or changes it; JF_E_BAD_HANDLE. Whether the value
 * is one is found out when a socket is there: then jf_dialer_dial returns what jf_set would. Since 0.1.
 */
int64_t jf_dialer_set(jf_dialer d, int32_t option, int64_t value);

/**
 * Has a dialer set an option, a text, on each socket before it connects, such as JF_OPT_DEVICE.
 *
 * d: the dialer.
 * option: JF_OPT_ and a name.
 * text: what to set it to, a string that ends with a zero; not NULL. It is copied.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED for one that
 * can only be read or is a number; JF_E_BUSY while another thread dials with it or changes it; JF_E_BAD_HANDLE. As to
 * the value, see jf_dialer_set. Since 0.1.
 */
int64_t jf_dialer_set_text(jf_dialer d, int32_t option, const char *text);

/**
 * Has a dialer give each socket an address of its own before it connects. Only the endpoint's addresses of the same
 * family are tried.
 *
 * d: the dialer.
 * local: the address, with port 0 for any; one with a port is shared among the attempts by JF_OPT_REUSE_ADDR.
 * JF_UNSPEC to leave it to the system again. Not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_BUSY while another thread dials with it or changes it; JF_E_ADDR_INVALID and
 * JF_E_FAMILY_UNSUPPORTED when it is not an IPv4, IPv6 or UNIX address; JF_E_INVALID for a NULL; JF_E_BAD_HANDLE.
 * jf_dialer_dial then returns what jf_bind would, and JF_E_NAME_NO_ADDRESS for an endpoint without an address of that
 * family. Since 0.1.
 */
int64_t jf_dialer_bind(jf_dialer d, const struct jf_addr *local);

/**
 * Sets how long a dialer leaves an address to answer before it tries the next one beside it. It is 250 at first.
 *
 * d: the dialer.
 * delay_ms: 10 to 60,000 milliseconds. RFC 8305 would not have it below 100 on the public Internet.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for another number; JF_E_BUSY while another thread dials with it or
 * changes it; JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_dialer_set_delay(jf_dialer d, int64_t delay_ms);

/**
 * Connects to an endpoint as jf_dial does, with what the dialer was told. Any number of threads may dial with one
 * dialer.
 *
 * d: the dialer.
 * endpoint: as for jf_dial; not NULL.
 * timeout_ms: as for jf_dial.
 *
 * Blocks for timeout_ms, or until jf_dialer_close. Returns the socket, which the caller closes with jf_close. Errors:
 * as from jf_dial; JF_E_CLOSED when another thread closed the dialer; JF_E_INTERRUPTED when a signal was handled and
 * the dialer sets JF_OPT_INTERRUPTIBLE; what jf_set and jf_bind return for an option and an address that the socket
 * does not take; JF_E_BUSY while another thread changes the dialer; JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_dialer_dial(jf_dialer d, const char *endpoint, int64_t timeout_ms);

/**
 * Closes a dialer. Those who dial with it are cut short and return JF_E_CLOSED, unless they have a connection already;
 * the sockets that came of it stay open.
 *
 * d: the dialer; any number, in fact: what is not an open dialer does no harm.
 *
 * Waits until calls in flight are out, which takes a few milliseconds. Must not be called from a signal handler.
 * Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_dialer_close(jf_dialer d);

/**
 * Has the system deliver to a socket what is sent to a multicast group and comes in by one interface, from every
 * source or from a single one. A socket may join several groups, on several interfaces, and one group from several
 * sources, one call each. To receive, it is bound to the port that is sent to. On Linux a socket that is bound to no
 * particular address also gets what other sockets of the machine joined, unless IP_MULTICAST_ALL or IPV6_MULTICAST_ALL
 * is off; and what they let in by another interface, if it is sent to an IPv6 group of its own.
 *
 * s: a datagram or raw socket; a JF_INET6 datagram socket joins groups of IPv4 too.
 * group: the group, whose port does not matter; not NULL.
 * source: the one sender to receive from, of the group's family, whose port does not matter; NULL for all.
 * interface_index: the interface, as jf_addr's scope_id has it; 0 for the scope_id of the addresses, or if that is 0
 * too for the one of the system's choice.
 *
 * Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE when the socket has joined it already, or has joined it from all
 * sources and now from one, or the other way round; JF_E_ADDR_INVALID when the group is not multicast, when the source
 * is or is unspecified, or when one is not an address; JF_E_FAMILY_UNSUPPORTED for families that do not go together;
 * JF_E_TYPE_UNSUPPORTED for a stream; JF_E_NOT_FOUND when there is no such interface, or none for this group;
 * JF_E_NO_BUFFERS and JF_E_NO_MEMORY when the socket has joined as many as it may; JF_E_INVALID for a NULL, or when a
 * scope_id is another interface; JF_E_BAD_HANDLE. See ip(7), MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP. Since 0.1.
 */
int64_t jf_join(jf_socket s, const struct jf_addr *group, const struct jf_addr *source, uint32_t interface_index);

/**
 * Leaves a multicast group. What has come in before is still received. Closing a socket leaves all.
 *
 * s: the socket.
 * group: the group that was joined; not NULL.
 * source: the sender it was joined from; NULL leaves it altogether, from whichever sources it was joined.
 * interface_index: the interface it was joined on, as for jf_join. For 0 Linux leaves a group of IPv6 on the first
 * interface on which it is joined.
 *
 * Never blocks. Returns 0. Errors: JF_E_ADDR_NOT_AVAILABLE when it is not joined so, also for want of such
 * an interface; JF_E_ADDR_INVALID, JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED and JF_E_INVALID as for jf_join;
 * JF_E_BAD_HANDLE. See ip(7), MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP. Since 0.1.
 */
int64_t jf_leave(jf_socket s, const struct jf_addr *group, const struct jf_addr *source, uint32_t interface_index);

/**
 * Lists the machine's network interfaces: one entry for each address of each interface, and one with the address
 * JF_UNSPEC for an interface that has none, in the order of their indexes.
 *
 * out: where to write the entries; not looked at when cap is 0.
 * cap: how many entries there is room for.
 *
 * Never blocks. Returns how many entries there are, of which the first cap were written. Between two calls there may
 * come to be more. Errors: JF_E_INVALID for a NULL or a cap that no memory has; JF_E_NO_MEMORY; JF_E_TOO_MANY_FILES
 * and JF_E_SYSTEM_FILES when there is no descriptor to ask with. See getifaddrs(3). Since 0.1.
 */
int64_t jf_interfaces(struct jf_interface *out, size_t cap);

/**
 * Takes the sockets that a service manager such as systemd passed to this process: the descriptors from 3 on, as many
 * as LISTEN_FDS says, if LISTEN_PID says that they are for this process. They become close-on-exec and keep their
 * mode, as with jf_from_fd. Only one call gets them. The environment stays as it is, because changing it is not safe
 * in a program with threads; for the same reason no thread may change it during the call.
 *
 * out: where to write the sockets, in the manager's order; the caller closes each with jf_close. Not looked at when
 * cap is 0.
 * cap: how many there is room for. If that is too few, none is taken; 0 only asks.
 *
 * Never blocks. Returns how many sockets there are to take; 0 when nothing was passed, when it was passed to another
 * process (such as the one that this was forked from), and after a call, in any thread, that took them. A call that
 * fails takes none. Errors: JF_E_INVALID for a NULL, for a cap that no memory has, or when LISTEN_PID, LISTEN_FDS or
 * LISTEN_FDNAMES is malformed; JF_E_BAD_HANDLE when one of the descriptors is not open; JF_E_BUSY when one is
 * close-on-exec, so that it was opened or taken by somebody in this process; JF_E_NOT_SOCKET; JF_E_FAMILY_UNSUPPORTED
 * and JF_E_TYPE_UNSUPPORTED for a kind of socket that the library does not know; JF_E_NO_MEMORY, which is the
 * exception: they are closed then. See sd_listen_fds(3). Since 0.1.
 */
int64_t jf_inherited(jf_socket *out, size_t cap);

/**
 * The name that the service manager gave one of the sockets it passed, before or after they are taken; "unknown" when
 * it gave no names.
 *
 * index: which one, from 0 on.
 * text: where to write it, with a zero at its end; may be NULL when size is 0.
 * size: how many bytes there are at text; 256 are enough for the names that systemd gives.
 *
 * Never blocks; no thread may change the environment during the call. Returns the length of the name without its zero.
 * If that is not less than size, the name did not fit, and an empty string was written instead (nothing, when size is
 * 0). Errors: JF_E_NOT_FOUND when fewer were passed to this process; JF_E_INVALID for a NULL, or when LISTEN_PID,
 * LISTEN_FDS or LISTEN_FDNAMES is malformed. See sd_listen_fds_with_names(3). Since 0.1.
 */
int64_t jf_inherited_name(size_t index, char *text, size_t size);

/**
 * Waits until at least one of several sockets is ready.
 *
 * Readiness is level-triggered. The sockets' own timeouts do not apply. To wait for many sockets repeatedly, use a
 * poller: see docs/polling.md.
 *
 * @param items       [inout, array(count)] the sockets and events to wait for; `ready` of every item is written
 * @param count       number of items, at most JF_WAIT_MAX; 0 only waits for the timeout
 * @param timeout_ms  [milliseconds] how long to wait
 *
 * @blocks  for `timeout_ms`, until a socket is ready
 * @return  [count] number of items that are ready; 0 if the timeout expired
 * @error   JF_E_INVALID         `count` is too large, or `timeout_ms` is below -1
 * @error   JF_E_BAD_HANDLE      the socket of an item is not open
 * @error   JF_E_TOO_MANY_FILES  `count` exceeds the process's limit of open descriptors
 * @see     poll(2), jf_poller_wait
 * @since   0.1
 */
int64_t jf_wait(struct jf_wait_item *items, size_t count, int64_t timeout_ms);

/**
 * Opens a poller, which waits for any number of sockets at once.
 *
 * Never blocks. Returns the poller, which the caller closes with jf_poller_close. It is for this process: in a forked
 * child every call but jf_poller_close is JF_E_BAD_HANDLE. Errors: JF_E_TOO_MANY_FILES (it has two descriptors), also
 * when the process has 1024 pollers; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See epoll(7). Since 0.1.
 */
int64_t jf_poller_open(void);

/**
 * Has a poller wait for a socket, too.
 *
 * p: the poller.
 * s: the socket. It leaves the poller when it is closed: a wait that begins after that tells no event of it, one that
 * another thread is just returning from still may.
 * events: what for, JF_READABLE and so on joined with |; JF_ERROR and JF_HANGUP are told in any case. With JF_EDGE or
 * JF_ONE_SHOT they are told as those say, else for as long as they last.
 * token: what its events shall carry, such as a pointer or an index; any number but UINT64_MAX.
 *
 * Never blocks; threads that wait on p wait for s at once. Returns 0. Errors: JF_E_EXISTS when p has it already;
 * JF_E_INVALID for an unknown event and for that token; JF_E_NO_MEMORY, also when the system waits for as many as it
 * can; JF_E_BAD_HANDLE. See epoll_ctl(2). Since 0.1.
 */
int64_t jf_poller_add(jf_poller p, jf_socket s, uint32_t events, uint64_t token);

/**
 * Changes what a poller waits for on a socket, and the token. After JF_ONE_SHOT has told, this asks again.
 *
 * p: the poller.
 * s: the socket.
 * events, token: as for jf_poller_add.
 *
 * Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_INVALID for an unknown event and for
 * the token UINT64_MAX; JF_E_BAD_HANDLE. See epoll_ctl(2). Since 0.1.
 */
int64_t jf_poller_modify(jf_poller p, jf_socket s, uint32_t events, uint64_t token);

/**
 * Has a poller wait for a socket no longer. A wait that begins after this tells no event of it; one that another
 * thread is just returning from still may.
 *
 * p: the poller.
 * s: the socket.
 *
 * Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_BAD_HANDLE. See epoll_ctl(2). Since
 * 0.1.
 */
int64_t jf_poller_remove(jf_poller p, jf_socket s);

/**
 * Has a poller wait for a descriptor that is no socket of the library: a pipe, a terminal, an eventfd, another
 * library's socket, another poller (jf_poller_fd).
 *
 * p: the poller.
 * fd: the descriptor. It remains the caller's, who takes it out before closing it: else its events go on when a
 * duplicate or another process has it too.
 * events, token: as for jf_poller_add.
 *
 * Never blocks. Returns 0. Errors: JF_E_UNSUPPORTED for what can't be waited for, such as a file on a disk, or a
 * poller that would wait for itself; JF_E_BAD_HANDLE also when the descriptor is not open; the others as from
 * jf_poller_add. See epoll_ctl(2). Since 0.1.
 */
int64_t jf_poller_add_fd(jf_poller p, int64_t fd, uint32_t events, uint64_t token);

/**
 * Changes what a poller waits for on such a descriptor, as jf_poller_modify does for a socket.
 *
 * p: the poller.
 * fd: the descriptor.
 * events, token: as for jf_poller_add.
 *
 * Never blocks. Returns 0. Errors: as from jf_poller_modify; JF_E_BAD_HANDLE also when the descriptor is not open.
 * Since 0.1.
 */
int64_t jf_poller_modify_fd(jf_poller p, int64_t fd, uint32_t events, uint64_t token);

/**
 * Has a poller wait for such a descriptor no longer, as jf_poller_remove does for a socket.
 *
 * p: the poller.
 * fd: the descriptor.
 *
 * Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_BAD_HANDLE also when the descriptor is
 * not open. Since 0.1.
 */
int64_t jf_poller_remove_fd(jf_poller p, int64_t fd);

/**
 * Waits until something is ready. Any number of threads may wait on one poller. With JF_EDGE and JF_ONE_SHOT each
 * event is told to one of them; else every wait tells what is ready as it begins, and so may several at once.
 *
 * p: the poller.
 * events: where to write what is ready; not NULL. What is in it beyond the events that are told may be changed, too.
 * cap: how many there is room for, at least 1. What does not fit is told by the next wait.
 * timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all.
 *
 * Blocks for timeout_ms, never shorter, whatever signals arrive. Returns how many events were written; 0 when the time
 * is over, and when jf_poller_wake ended the wait. Errors: JF_E_CLOSED when another thread closed the poller;
 * JF_E_INTERRUPTED when a signal was handled and JF_POLLER_INTERRUPTIBLE is set; JF_E_INVALID for a NULL, a cap that
 * is 0 or that no memory has, and a timeout below -1; JF_E_BAD_HANDLE. See epoll_wait(2). Since 0.1.
 */
int64_t jf_poller_wait(jf_poller p, struct jf_event *events, size_t cap, int64_t timeout_ms);

/**
 * Has one thread that waits on a poller return at once with what is ready, or 0; or, when none waits, the next wait.
 * Several wakes that nobody has returned for yet may count as one.
 *
 * p: the poller.
 *
 * Never blocks. It may be called from a signal handler, if that has not interrupted a call on p's way to be closed.
 * Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_poller_wake(jf_poller p);

/**
 * Sets an option of a poller.
 *
 * p: the poller.
 * option: one of JF_POLLER_*.
 * value: what to set it to.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option and a value out of range; JF_E_TOO_MANY_FILES
 * and JF_E_SYSTEM_FILES, since JF_POLLER_REST_LISTENERS takes two more descriptors; JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_poller_set(jf_poller p, int32_t option, int64_t value);

/**
 * The descriptor of a poller, which is readable when an event can be had: to wait for it in another event loop, such
 * as GLib's, libuv's or asyncio's, or in another poller. It remains the library's and must not be closed.
 *
 * p: the poller.
 *
 * Never blocks. Returns the descriptor. Errors: JF_E_UNSUPPORTED on a system that only has poll; JF_E_BAD_HANDLE. Since
 * 0.1.
 */
int64_t jf_poller_fd(jf_poller p);

/**
 * Closes a poller. Threads that wait on it return JF_E_CLOSED. The sockets in it stay open.
 *
 * p: the poller; any number, in fact: what is not an open poller does no harm.
 *
 * Waits until calls in flight are out, which takes a few milliseconds. Must not be called from a signal handler.
 * Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
 */
int64_t jf_poller_close(jf_poller p);

/**
 * The version of the library that is loaded, as a number.
 *
 * Returns 1000000 for each major version, 1000 for each minor version and 1 for each patch. Since 0.1.
 */
int64_t jf_version(void);

/**
 * The version of the library that is loaded, as text.
 *
 * Returns a static string such as "0.1.0", never NULL. Since 0.1.
 */
const char *jf_version_text(void);

/**
 * The name of an error, such as "JF_E_TIMED_OUT"; "JF_E_OS" for every error that only the operating system has a name
 * for, "JF_OK" for 0 and more, and "JF_E_UNKNOWN" for a number that no call returns.
 *
 * code: what a call returned.
 *
 * Returns a static string, never NULL. Since 0.1.
 */
const char *jf_error_name(int64_t code);

/**
 * What happened, in one English sentence.
 *
 * code: what a call returned.
 *
 * Returns a static string, never NULL. Since 0.1.
 */
const char *jf_error_text(int64_t code);

/**
 * The operating system's number for an error, as its <errno.h> has it.
 *
 * code: what a call returned.
 *
 * Returns the errno, or 0 when the error has none: it is this library's own, or no error at all. Since 0.1.
 */
int64_t jf_error_os(int64_t code);

/* For C++ alone:
# */
#ifdef __cplusplus
}
#endif
/* */

#endif /* JACKFIELD_H */
