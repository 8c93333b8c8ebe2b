/*
 * jackfield: sockets for C, and for every language that can load a C library. The speed of the system calls, without
 * their traps.
 *
 * What holds for every function, unless its comment says otherwise:
 *
 * Results
 *   - A function that can fail returns an int64_t: 0 or more is the result, less than 0 is an error (JF_E_*).
 *     jf_error_name() and jf_error_text() describe an error. errno is not used: its value after a call is unspecified.
 *   - Handles are positive numbers. The result of a function that returns a handle can be stored in a variable of that
 *     type before it is checked. An error does not close a handle.
 *   - Memory behind an out-parameter is written only if the call succeeds, unless the function's comment says
 *     otherwise.
 *   - A pointer may be NULL if the length of its buffer, array or text is 0. Any other pointer may be NULL only if it
 *     is marked `optional`.
 *
 * Errors that every function can return, and that the functions therefore do not list
 *   - JF_E_BAD_HANDLE   a number was never returned as a handle of this kind
 *   - JF_E_INVALID      a pointer is NULL or misaligned, a length exceeds INT64_MAX, or an option, flag, event or
 *                       other constant is unknown. An unknown address family is JF_E_FAMILY_UNSUPPORTED, an unknown
 *                       socket type is JF_E_TYPE_UNSUPPORTED
 *   - JF_E_CLOSED       a handle is closed: it was closed before the call, or by another thread during the call
 *   - JF_E_INTERRUPTED  a signal handler ran while the call was blocked, and JF_OPT_INTERRUPTIBLE is set
 *                       (pollers: JF_POLLER_INTERRUPTIBLE)
 *   - JF_E_NO_MEMORY    out of memory
 *   - JF_E_OS - errno   an error of the operating system that has no JF_E_ code
 *   - JF_E_INTERNAL     a defect of the library; please report it
 *   A wrong argument makes the call fail without any other effect. If several arguments are wrong, one of them is
 *   reported. Two things cannot be checked: that a pointer points to as much memory as the caller states, and that a
 *   descriptor passed to the library has no other owner.
 *
 * Blocking
 *   - A function blocks only if the @blocks line of its comment says so. It blocks for at most the JF_OPT_RECV_TIMEOUT
 *     or JF_OPT_SEND_TIMEOUT of the socket, its timeout parameter, or the time that the line states.
 *   - A timeout is counted from the start of the call. Signals do not extend it.
 *   - Timeouts are in milliseconds: -1 waits for ever, 0 never waits. If the timeout expires, the error is
 *     JF_E_TIMED_OUT, or JF_E_WOULD_BLOCK for a timeout of 0. jf_wait and jf_poller_wait return 0 instead.
 *   - On Linux, JF_OPT_RECV_TIMEOUT and JF_OPT_SEND_TIMEOUT may expire up to one clock tick of the kernel early (4 ms
 *     on most systems).
 *
 * Threads, processes and signals
 *   - Every function may be called from any thread, also during another thread's call on the same handle.
 *   - Every function may be called in a child after fork(). A poller of the parent can only be closed there.
 *   - No function is a cancellation point.
 *   - No function may be called from a signal handler, except jf_poller_wake.
 *   - No function raises a signal (such as SIGPIPE), changes a signal's disposition or writes output.
 *   - Only name lookups start threads. Such a thread runs no signal handler and ends with its lookup.
 *
 * Marks in brackets, for parameters and struct fields
 *   - in, out, inout      the function reads, writes, or reads and writes the memory that the pointer points to
 *   - buffer(n)           that memory has n bytes
 *   - array(n)            that memory has n elements
 *   - text                a NUL-terminated string
 *   - text(n)             a buffer of n bytes for a NUL-terminated string
 *   - static text         a string that is never freed
 *   - borrowed(x)         the pointer points into memory that the parameter or field x describes
 *   - optional            the pointer may be NULL, whatever its length
 *   - flags(e), enum(e)   enumerators of e joined with |, or one enumerator of e
 *   - milliseconds        a timeout
 *   - fd                  a file descriptor that stays the caller's
 *   - owned fd            a file descriptor that belongs to the library after a successful call
 *
 * Marks of results
 *   - new t                   a handle of type t, which the caller closes
 *   - owned fd, borrowed fd   a file descriptor that the caller closes, or that stays the library's
 *   - count, length, number   a number; a length excludes the string's NUL
 *   - boolean                 0 or 1
 *   - enum(e)                 one enumerator of e
 *   - static text             a string that is never freed
 *
 * This file is generated. Do not edit it.
 */

#ifndef JACKFIELD_H
#define JACKFIELD_H

#include <stddef.h>
#include <stdint.h>
/* For C++ alone. Tools that delete all lines that start with # also delete the end of this comment in the next line, so
   that for them the comment extends to the end of the block:
# */
#ifdef __cplusplus
extern "C" {
#endif
/* */


/**
 * Errors. A call that fails returns one of these negative numbers; a call that succeeds returns 0 or more.
 *
 * The numbers are the same on every operating system, and no number ever changes its meaning. The corresponding errno
 * is in parentheses.
 */
typedef enum jf_error {
    /** Invalid argument. (EINVAL) */
    JF_E_INVALID = -1,
    /** The number was never returned as a handle of this kind, or the descriptor is not open. (EBADF) */
    JF_E_BAD_HANDLE = -2,
    /** The handle is closed: it was closed before the call, or by another thread during the call. */
    JF_E_CLOSED = -3,
    /** The call would have to wait, but the timeout is 0 or JF_DONT_WAIT is set. (EAGAIN) */
    JF_E_WOULD_BLOCK = -4,
    /** The connection attempt is in progress. (EINPROGRESS) */
    JF_E_IN_PROGRESS = -5,
    /** The operation timed out. (ETIMEDOUT) */
    JF_E_TIMED_OUT = -6,
    /** A signal handler interrupted the wait. (EINTR) */
    JF_E_INTERRUPTED = -7,
    /** The operation was canceled. (ECANCELED) */
    JF_E_CANCELED = -8,
    /** The socket or the system does not support the operation. (EOPNOTSUPP) */
    JF_E_UNSUPPORTED = -9,
    /** Internal error: a defect of the library. Please report it. */
    JF_E_INTERNAL = -10,
    /** Out of memory. (ENOMEM) */
    JF_E_NO_MEMORY = -11,
    /** The system has no network buffer space left. (ENOBUFS) */
    JF_E_NO_BUFFERS = -12,
    /** The process has reached its limit of open descriptors. (EMFILE) */
    JF_E_TOO_MANY_FILES = -13,
    /** The system has reached its limit of open descriptors. (ENFILE) */
    JF_E_SYSTEM_FILES = -14,
    /** Permission denied for the address or path. (EACCES) */
    JF_E_ACCESS = -15,
    /** The process lacks the privilege. (EPERM) */
    JF_E_PERMISSION = -16,
    /** The resource is in use. (EBUSY) */
    JF_E_BUSY = -17,
    /** The object already exists. (EEXIST) */
    JF_E_EXISTS = -18,
    /** No object has this name. (ENOENT) */
    JF_E_NOT_FOUND = -19,
    /** The address is malformed, or of a kind that the call can't use. */
    JF_E_ADDR_INVALID = -20,
    /** The address is already in use. (EADDRINUSE) */
    JF_E_ADDR_IN_USE = -21,
    /** The address does not belong to this machine, or no port is free. (EADDRNOTAVAIL) */
    JF_E_ADDR_NOT_AVAILABLE = -22,
    /** The socket or the system does not support the address family. (EAFNOSUPPORT) */
    JF_E_FAMILY_UNSUPPORTED = -23,
    /** The family and type have no such protocol. (EPROTONOSUPPORT) */
    JF_E_PROTOCOL_UNSUPPORTED = -24,
    /** The family or the call does not support the socket type. (ESOCKTNOSUPPORT) */
    JF_E_TYPE_UNSUPPORTED = -25,
    /** The socket does not have the option, or the option can't be set. (ENOPROTOOPT) */
    JF_E_OPTION_UNSUPPORTED = -26,
    /** The descriptor is not a socket. (ENOTSOCK) */
    JF_E_NOT_SOCKET = -27,
    /** Connection refused: no socket listens at the address or is bound to it. (ECONNREFUSED) */
    JF_E_CONN_REFUSED = -28,
    /** The peer reset the connection. (ECONNRESET) */
    JF_E_CONN_RESET = -29,
    /** The connection was aborted on this side. (ECONNABORTED) */
    JF_E_CONN_ABORTED = -30,
    /** The socket is not connected. (ENOTCONN) */
    JF_E_NOT_CONNECTED = -31,
    /** The socket is already connected. (EISCONN) */
    JF_E_IS_CONNECTED = -32,
    /** A connection attempt is already in progress. (EALREADY) */
    JF_E_ALREADY = -33,
    /** Broken pipe: the stream is closed for sending, on this side or by the peer. (EPIPE) */
    JF_E_PIPE = -34,
    /** The socket has no peer, and no address was given. (EDESTADDRREQ) */
    JF_E_DEST_REQUIRED = -35,
    /** The message is longer than the socket can send at once. (EMSGSIZE) */
    JF_E_MESSAGE_SIZE = -36,
    /**
     * The message was longer than the buffer. The buffer is filled; the remainder is discarded, unless JF_PEEK is set.
     */
    JF_E_TRUNCATED = -37,
    /** The stream ended before the buffer was full. */
    JF_E_END_OF_STREAM = -38,
    /** The network is down. (ENETDOWN) */
    JF_E_NETWORK_DOWN = -39,
    /** No route to the network. (ENETUNREACH) */
    JF_E_NETWORK_UNREACHABLE = -40,
    /** The host is down. (EHOSTDOWN) */
    JF_E_HOST_DOWN = -41,
    /** No route to the host. (EHOSTUNREACH) */
    JF_E_HOST_UNREACHABLE = -42,
    /** Protocol error. (EPROTO) */
    JF_E_PROTOCOL = -43,
    /** The host name does not exist. */
    JF_E_NAME_NOT_FOUND = -44,
    /** Temporary failure in name resolution; a later lookup may succeed. */
    JF_E_NAME_TRY_AGAIN = -45,
    /** Permanent failure in name resolution. */
    JF_E_NAME_FAILED = -46,
    /** The host name exists, but has no address of the requested family. */
    JF_E_NAME_NO_ADDRESS = -47,
    /** A system error without a constant above is JF_E_OS - errno. */
    JF_E_OS = -100000,
} jf_error;

/** Address families. */
typedef enum jf_family {
    /** No family: there is no address. */
    JF_UNSPEC = 0,
    /** IPv4. */
    JF_INET = 1,
    /** IPv6; also IPv4, unless JF_OPT_ONLY_V6 is set. */
    JF_INET6 = 2,
    /** Sockets within one machine. An address is a path, an abstract name (Linux) or unnamed. */
    JF_UNIX = 3,
    /**
     * Communication with the kernel (Linux): routes, links and more, by the protocol given to jf_open. See netlink(7).
     */
    JF_NETLINK = 4,
    /** Communication between a virtual machine and its host. */
    JF_VSOCK = 5,
    /** Frames as a network interface sends and receives them (Linux). Requires CAP_NET_RAW. */
    JF_PACKET = 6,
} jf_family;

/** Types of sockets. */
typedef enum jf_type {
    /** A reliable, ordered stream of bytes: TCP, or a UNIX stream. */
    JF_STREAM = 1,
    /** Datagrams, each sent and received as a whole or not at all: UDP, or UNIX datagrams. */
    JF_DGRAM = 2,
    /** Reliable, ordered messages over a connection: JF_UNIX, JF_VSOCK, SCTP. */
    JF_SEQPACKET = 3,
    /**
     * Datagrams of the layer below. With IP: the packets of one protocol; received IPv4 packets include their IP
     * header. With JF_PACKET: frames with their header. Both require CAP_NET_RAW. With JF_NETLINK: the same as
     * JF_DGRAM.
     */
    JF_RAW = 4,
} jf_type;

/** Directions to shut down. */
typedef enum jf_how {
    /** No more data will be received. */
    JF_SHUT_READ = 1,
    /** No more data will be sent; the peer reads the end of the stream. */
    JF_SHUT_WRITE = 2,
    /** Both directions. */
    JF_SHUT_BOTH = 3,
} jf_how;

/** Sizes and limits. */
typedef enum jf_size {
    /** Buffer size that is enough for every address as text, including the NUL. */
    JF_ADDR_TEXT = 352,
    /** Buffer size that is enough for every host name, including the NUL. */
    JF_HOST_TEXT = 1025,
    /** Maximum number of buffers of jf_send_vec and jf_recv_vec. */
    JF_VEC_MAX = 1024,
    /** Maximum number of descriptors in one message. */
    JF_PASSED_MAX = 253,
    /** Maximum number of sockets of jf_wait. */
    JF_WAIT_MAX = 256,
} jf_size;

/** Flags of the sending and receiving calls, combined with |. */
typedef enum jf_flag {
    /**
     * Send, receive: the out-of-band byte of a stream. A receive never waits; it returns JF_E_INVALID if there is no
     * such byte.
     */
    JF_OUT_OF_BAND = 1,
    /** Receive: leave the data in the queue, so that it can be received again. */
    JF_PEEK = 2,
    /**
     * Receive: if a message is longer than the buffer, return its whole length instead of JF_E_TRUNCATED. No effect on
     * a stream. No effect with JF_ERROR_QUEUE, because the system does not report the length there.
     */
    JF_TRUNC = 32,
    /** Send, receive: never wait, whatever the timeout of the socket. */
    JF_DONT_WAIT = 64,
    /**
     * Receive on a stream: wait until the buffer is full. The call returns less at the end of the stream, at the
     * timeout, after an error, and after a signal. jf_recv_exact distinguishes these cases.
     */
    JF_WAIT_ALL = 256,
    /** Send: the peer has just answered, so its link-layer address needs no probe. */
    JF_CONFIRM = 2048,
    /**
     * Receive: read the error queue instead of the data. Never waits. A result of 0 is an entry without data, not the
     * end of the stream. Not for JF_UNIX and JF_NETLINK, and not with JF_PEEK.
     */
    JF_ERROR_QUEUE = 8192,
    /** Send: more data follows soon, so the system may delay a packet that is not full. */
    JF_MORE = 32768,
    /** jf_recv_msg: deliver received sockets as descriptors, not as jf_sockets. */
    JF_PLAIN_DESCRIPTORS = 65536,
} jf_flag;

/** Bits of the field `present` of jf_msg and jf_datagram: which fields are valid. See docs/messages.md. */
typedef enum jf_has {
    /** `addr`: the destination, or the sender. For a queued error, the destination of the datagram. Not on a stream. */
    JF_HAS_ADDR = 1,
    /**
     * `pid`, `uid`, `gid`: the credentials of the sender. JF_UNIX, JF_NETLINK; received with JF_OPT_PASS_CREDENTIALS.
     */
    JF_HAS_CREDENTIALS = 2,
    /**
     * `interface_index`, `local`: the interface and local address that a packet arrived at, or is sent from. Datagrams
     * and raw packets of IP; received with JF_OPT_RECV_PACKET_INFO.
     */
    JF_HAS_PACKET_INFO = 4,
    /** `ttl`: the time to live, or hop limit. Datagrams and raw packets of IP; received with JF_OPT_RECV_TTL. */
    JF_HAS_TTL = 8,
    /**
     * `tos`: the traffic class, whose lower two bits are ECN. Datagrams and raw packets of IP; received with
     * JF_OPT_RECV_TOS.
     */
    JF_HAS_TOS = 16,
    /**
     * `segment_size`: the data is several datagrams of this size; the last may be shorter. UDP; received with
     * JF_OPT_GRO.
     */
    JF_HAS_SEGMENT_SIZE = 32,
    /**
     * `time`: when a message arrived, or when a sent message left. Received with JF_OPT_TIMESTAMPS or
     * JF_OPT_TIMESTAMPING.
     */
    JF_HAS_TIME = 64,
    /** `hardware_time`: the same, by the clock of the network device. Received with JF_OPT_TIMESTAMPING. */
    JF_HAS_HARDWARE_TIME = 128,
    /** `overflow`: how many messages the socket has dropped so far. Received with JF_OPT_RECV_OVERFLOW. */
    JF_HAS_OVERFLOW = 256,
    /** `path_mtu`: the MTU of the path. Received with JF_OPT_RECV_PATH_MTU. */
    JF_HAS_PATH_MTU = 512,
    /** `original`: the destination before a redirection to this socket. Received with JF_OPT_RECV_ORIGINAL_DEST. */
    JF_HAS_ORIGINAL_DEST = 1024,
    /**
     * `process`: a close-on-exec pidfd of the sender (see pidfd_open(2)), which the caller closes. Received with
     * JF_OPT_PASS_PIDFD.
     */
    JF_HAS_PROCESS = 2048,
    /**
     * `error` and the fields after it: an entry of the error queue. Received with the flag JF_ERROR_QUEUE. Errors
     * require JF_OPT_RECV_ERRORS; timestamps of sent messages require JF_OPT_TIMESTAMPING.
     */
    JF_HAS_ERROR = 4096,
} jf_has;

/** Bits of the field `truncated` of jf_msg: what did not fit. */
typedef enum jf_cut {
    /** The message was longer than the buffers. */
    JF_CUT_DATA = 1,
    /**
     * Descriptors or other control messages did not fit, or the process has too many open descriptors. What did not fit
     * is discarded; descriptors are closed.
     */
    JF_CUT_CONTROL = 2,
} jf_cut;

/** Kinds of a jf_passed. */
typedef enum jf_passed_kind {
    /** A jf_socket. */
    JF_PASSED_SOCKET = 1,
    /** A plain file descriptor. */
    JF_PASSED_DESCRIPTOR = 2,
} jf_passed_kind;

/** Where an entry of the error queue comes from: the field `error_origin` of a jf_msg. */
typedef enum jf_origin {
    /** An origin without a constant here. */
    JF_ORIGIN_OTHER = 0,
    /** This machine. */
    JF_ORIGIN_LOCAL = 1,
    /** An ICMP message. */
    JF_ORIGIN_ICMP = 2,
    /** An ICMPv6 message. */
    JF_ORIGIN_ICMP6 = 3,
    /** Not an error: the timestamp of a sent message. */
    JF_ORIGIN_TIMESTAMP = 4,
    /** Not an error: a zero-copy send is complete. */
    JF_ORIGIN_ZERO_COPY = 5,
} jf_origin;

/** What jf_recv_many needs to receive coalesced datagrams (UDP GRO). See docs/batches.md. */
typedef enum jf_coalesced {
    /** Number of jf_datagram elements that the array needs for each buffer. */
    JF_COALESCED_COUNT = 128,
    /** Size of each buffer in bytes. */
    JF_COALESCED_ROOM = 65536,
} jf_coalesced;

/** Values of JF_OPT_PATH_MTU_DISCOVERY: whether IP packets may be fragmented. */
typedef enum jf_pmtu {
    /** Packets may be fragmented, here and by routers. */
    JF_PMTU_DONT = 0,
    /** The route decides. Datagrams longer than the known path MTU are fragmented here. */
    JF_PMTU_WANT = 1,
    /** Packets are never fragmented. A datagram longer than the known path MTU fails with JF_E_MESSAGE_SIZE. */
    JF_PMTU_DO = 2,
    /**
     * Packets are never fragmented, and the known path MTU is ignored. A datagram longer than the interface's MTU fails
     * with JF_E_MESSAGE_SIZE.
     */
    JF_PMTU_PROBE = 3,
    /**
     * Only routers may fragment packets. The path MTU is neither learned nor used. A datagram longer than the
     * interface's MTU fails with JF_E_MESSAGE_SIZE.
     */
    JF_PMTU_INTERFACE = 4,
    /** Like JF_PMTU_INTERFACE, but datagrams longer than the interface's MTU are fragmented here. */
    JF_PMTU_OMIT = 5,
} jf_pmtu;

/** Bits of JF_OPT_TIMESTAMPING, joined with |: which timestamps are taken, and which are reported. */
typedef enum jf_timestamping {
    /** Take a timestamp when the network device sends the packet. */
    JF_TS_TX_HARDWARE = 1,
    /** Take a timestamp when the system passes the packet to the network device. */
    JF_TS_TX_SOFTWARE = 2,
    /** Take a timestamp when the network device receives the packet. */
    JF_TS_RX_HARDWARE = 4,
    /** Take a timestamp when the system receives the packet. */
    JF_TS_RX_SOFTWARE = 8,
    /** Report the timestamps that the system took. */
    JF_TS_SOFTWARE = 16,
    /** Report the timestamps that the network device took. */
    JF_TS_RAW_HARDWARE = 64,
    /** Also report the number of the sent datagram or byte. */
    JF_TS_OPT_ID = 128,
    /** Take a timestamp when the packet enters the packet scheduler. */
    JF_TS_TX_SCHED = 256,
    /** Take a timestamp when the peer has acknowledged all of the data; TCP. */
    JF_TS_TX_ACK = 512,
    /** Also report the addresses of a sent packet. */
    JF_TS_OPT_CMSG = 1024,
    /** Report the timestamp without the packet. */
    JF_TS_OPT_TSONLY = 2048,
} jf_timestamping;

/**
 * Options of sockets. jf_set and jf_get take numeric options, jf_set_text and jf_get_text take text options. A switch
 * is 0 or 1. Each comment ends with the range and the default, the kinds of sockets that have the option, and its
 * native names in parentheses. On other sockets, and on systems without the option, the functions return
 * JF_E_OPTION_UNSUPPORTED. An option that is not marked read-only or write-only can be set and read.
 */
typedef enum jf_option {
    /**
     * Timeout of accept and of the receiving calls: -1 (the default) waits for ever, 0 never waits. Each handle has its
     * own timeouts. The library also stores them in the socket, which duplicates and other processes share. These
     * should not set different timeouts, or a call may wait longer than its timeout. -1 to INT64_MAX milliseconds;
     * every socket. (SO_RCVTIMEO)
     */
    JF_OPT_RECV_TIMEOUT = 1,
    /**
     * Timeout of connect and of the sending calls: -1 (the default) waits for ever, 0 never waits. It is stored as
     * JF_OPT_RECV_TIMEOUT is. -1 to INT64_MAX milliseconds; every socket. (SO_SNDTIMEO)
     */
    JF_OPT_SEND_TIMEOUT = 2,
    /**
     * If 1, a blocked call returns JF_E_INTERRUPTED after a signal handler has run in its thread, for example so that
     * Ctrl-C ends a blocked call in Python. It may also do so after the process was stopped and continued. The option
     * also applies to a wait for several sockets that include this one; pollers have a separate option. Install the
     * handler without SA_RESTART: with it, the system resumes the wait. A signal just before the call is not noticed;
     * see "Ending on Ctrl-C" in docs/timeouts.md. Switch, default 0; every socket.
     */
    JF_OPT_INTERRUPTIBLE = 3,
    /**
     * Bind accepts an address that other sockets use, if they have this option, too. On TCP, these may be connected or
     * in TIME_WAIT, but not listening. On UDP, the socket that was bound last receives the unicast datagrams. Switch,
     * default 0 (raw sockets: 1); every socket. (SO_REUSEADDR)
     */
    JF_OPT_REUSE_ADDR = 4,
    /**
     * Several sockets can bind to the same address and share its incoming connections and datagrams. Switch, default 0;
     * IPv4, IPv6. (SO_REUSEPORT)
     */
    JF_OPT_REUSE_PORT = 5,
    /**
     * The socket does not use IPv4. Must be set before bind. Switch, default 0; IPv6 except raw sockets. (IPV6_V6ONLY)
     */
    JF_OPT_ONLY_V6 = 6,
    /**
     * Small segments are sent at once instead of coalesced (disables Nagle's algorithm). Switch, default 0; TCP.
     * (TCP_NODELAY)
     */
    JF_OPT_NO_DELAY = 7,
    /** Probes an idle connection to detect a dead peer. Switch, default 0; every socket. (SO_KEEPALIVE) */
    JF_OPT_KEEP_ALIVE = 8,
    /** Idle time before the first keepalive probe. 1 to 32767 seconds; TCP. (TCP_KEEPIDLE) */
    JF_OPT_KEEP_IDLE = 9,
    /** Time between keepalive probes. 1 to 32767 seconds; TCP. (TCP_KEEPINTVL) */
    JF_OPT_KEEP_INTERVAL = 10,
    /** Number of unanswered keepalive probes after which the connection is aborted. 1 to 127; TCP. (TCP_KEEPCNT) */
    JF_OPT_KEEP_COUNT = 11,
    /**
     * How long close waits for unsent data; the system may round it up to whole seconds. With 0, close discards the
     * data and resets the connection. With -1 (the default), close does not wait, and the system sends the data in the
     * background. -1 to INT32_MAX milliseconds; every socket. (SO_LINGER)
     */
    JF_OPT_LINGER = 12,
    /**
     * Size of the receive buffer. The system rounds and limits it. Reads as the value in effect. 1 to 1073741823 bytes;
     * every socket. (SO_RCVBUF)
     */
    JF_OPT_RECV_BUFFER = 13,
    /**
     * Size of the send buffer. The system rounds and limits it. Reads as the value in effect. 1 to 1073741823 bytes;
     * every socket. (SO_SNDBUF)
     */
    JF_OPT_SEND_BUFFER = 14,
    /** Datagrams may be sent to broadcast addresses. Switch, default 0; every socket. (SO_BROADCAST) */
    JF_OPT_BROADCAST = 15,
    /** Time to live (IPv6: hop limit) of outgoing packets. 1 to 255; IPv4, IPv6. (IP_TTL, IPV6_UNICAST_HOPS) */
    JF_OPT_TTL = 16,
    /**
     * Traffic class of outgoing packets: DSCP in the upper six bits, ECN in the lower two. For TCP, the system sets the
     * ECN bits. Reads as the value in effect. On IPv4 this also changes the priority. 0 to 255, default 0; IPv4, IPv6.
     * (IP_TOS, IPV6_TCLASS)
     */
    JF_OPT_TOS = 17,
    /**
     * Time to live (IPv6: hop limit) of outgoing multicast packets; 0 keeps them on this host. 0 to 255, default 1;
     * IPv4 and IPv6, except TCP. (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)
     */
    JF_OPT_MULTICAST_TTL = 18,
    /**
     * Outgoing multicast packets are also delivered to group members on this host. Switch, default 1; IPv4 and IPv6,
     * except TCP. (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)
     */
    JF_OPT_MULTICAST_LOOP = 19,
    /**
     * Index of the interface for outgoing multicast packets; with 0 (the default) the system chooses. JF_E_NOT_FOUND if
     * there is no interface with this index. Linux cannot report the index for an IPv4 socket if another handle or
     * process set it: the option then reads as 0. An interface that was set by its address, with the native option, is
     * always reported. 0 to INT32_MAX; IPv4 and IPv6, except TCP. (IP_MULTICAST_IF, IPV6_MULTICAST_IF)
     */
    JF_OPT_MULTICAST_INTERFACE = 20,
    /**
     * The pending jf_error as a negative number, such as that of JF_E_CONN_REFUSED, or 0. Reading clears it. Every
     * socket; read-only. (SO_ERROR)
     */
    JF_OPT_ERROR = 21,
    /** The socket's type: a jf_type. Every socket; read-only. (SO_TYPE) */
    JF_OPT_TYPE = 22,
    /** The socket's address family: a jf_family. Every socket; read-only. (SO_DOMAIN) */
    JF_OPT_FAMILY = 23,
    /**
     * Protocol number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for UNIX and packet sockets. Every socket;
     * read-only. (SO_PROTOCOL)
     */
    JF_OPT_PROTOCOL = 24,
    /** 1 if the socket is listening. Switch; every socket; read-only. (SO_ACCEPTCONN) */
    JF_OPT_LISTENING = 25,
    /**
     * Out-of-band data of a stream is received in line with the other data. Switch, default 0; every socket.
     * (SO_OOBINLINE)
     */
    JF_OPT_OOB_INLINE = 26,
    /**
     * Packets are only sent to hosts on directly connected networks. Switch, default 0; every socket. (SO_DONTROUTE)
     */
    JF_OPT_DONT_ROUTE = 27,
    /**
     * Enables debug records of the protocol, if the system was built with them. Switch, default 0; every socket;
     * setting 1 needs CAP_NET_ADMIN. (SO_DEBUG)
     */
    JF_OPT_DEBUG = 28,
    /**
     * Number of bytes that must be available before a stream is readable and a receiving call returns. The system
     * limits it. Reads as the value in effect. 1 to INT32_MAX bytes, default 1; every socket. (SO_RCVLOWAT)
     */
    JF_OPT_RECV_LOW_WATER = 29,
    /**
     * Free space in the send buffer that makes a socket writable; always 1 on Linux. Every socket; read-only.
     * (SO_SNDLOWAT)
     */
    JF_OPT_SEND_LOW_WATER = 30,
    /**
     * Priority of outgoing packets in the interface's queues. Values above 6 need CAP_NET_ADMIN or CAP_NET_RAW. 0 to
     * UINT32_MAX, default 0; every socket. (SO_PRIORITY)
     */
    JF_OPT_PRIORITY = 31,
    /**
     * Mark of outgoing packets, for routing and filters. 0 to UINT32_MAX, default 0; every socket; setting needs
     * CAP_NET_ADMIN or CAP_NET_RAW. (SO_MARK)
     */
    JF_OPT_MARK = 32,
    /**
     * How long a receiving call polls the network device before it sleeps; 0 disables polling. Older systems require
     * CAP_NET_ADMIN to increase it. The default is net.core.busy_read. 0 to INT32_MAX microseconds; every socket.
     * (SO_BUSY_POLL)
     */
    JF_OPT_BUSY_POLL = 33,
    /**
     * Prefers polling the network device over its interrupts. Switch, default 0; every socket; setting 1 needs
     * CAP_NET_ADMIN. (SO_PREFER_BUSY_POLL)
     */
    JF_OPT_PREFER_BUSY_POLL = 34,
    /**
     * Maximum number of packets per poll of the network device; 0 (the default) means 8. Increasing it needs
     * CAP_NET_ADMIN. 0 to 65535; every socket; write-only. (SO_BUSY_POLL_BUDGET)
     */
    JF_OPT_BUSY_POLL_BUDGET = 35,
    /**
     * CPU on which the last packet was received, -1 before the first packet. Setting it selects, among the sockets that
     * share an address with JF_OPT_REUSE_PORT, the one that gets the packets of that CPU. -1 to INT32_MAX; every
     * socket. (SO_INCOMING_CPU)
     */
    JF_OPT_INCOMING_CPU = 36,
    /**
     * ID of the network device's queue on which the last packet was received; 0 if unknown. Every socket; read-only.
     * (SO_INCOMING_NAPI_ID)
     */
    JF_OPT_INCOMING_NAPI_ID = 37,
    /** Identifier of this socket, unique until the system restarts. Every socket; read-only. (SO_COOKIE) */
    JF_OPT_COOKIE = 38,
    /**
     * Name of the only interface on which packets are sent and received; empty (the default) for all. JF_E_NOT_FOUND if
     * there is no interface of this name. Changing it once it is set needs CAP_NET_RAW. Text of at most 15 bytes; every
     * socket. (SO_BINDTODEVICE)
     */
    JF_OPT_DEVICE = 39,
    /**
     * Index of the only interface on which packets are sent and received; 0 (the default) for all. The system does not
     * check whether the interface exists. Changing it once it is set needs CAP_NET_RAW. 0 to INT32_MAX; every socket.
     * (SO_BINDTOIFINDEX)
     */
    JF_OPT_DEVICE_INDEX = 40,
    /**
     * Messages are received with their time of arrival, in nanoseconds. Switch, default 0; every socket.
     * (SO_TIMESTAMPNS)
     */
    JF_OPT_TIMESTAMPS = 41,
    /**
     * Which timestamps of packets are taken and reported: bits of jf_timestamping (those of Linux's SO_TIMESTAMPING), 0
     * for none. JF_E_INVALID for bits that the system does not know, and for JF_TS_OPT_ID (128) on an unconnected TCP
     * socket. 0 to INT32_MAX, default 0; every socket. (SO_TIMESTAMPING)
     */
    JF_OPT_TIMESTAMPING = 42,
    /**
     * Messages are received with the number of messages that the socket has dropped since it was opened because its
     * receive buffer was full. The number is omitted while it is 0. Switch, default 0; every socket. (SO_RXQ_OVFL)
     */
    JF_OPT_RECV_OVERFLOW = 43,
    /**
     * Like JF_OPT_RECV_BUFFER, but may exceed the system's limit. 1 to 1073741823 bytes; every socket; write-only,
     * needs CAP_NET_ADMIN. (SO_RCVBUFFORCE)
     */
    JF_OPT_RECV_BUFFER_FORCE = 44,
    /**
     * Like JF_OPT_SEND_BUFFER, but may exceed the system's limit. 1 to 1073741823 bytes; every socket; write-only,
     * needs CAP_NET_ADMIN. (SO_SNDBUFFORCE)
     */
    JF_OPT_SEND_BUFFER_FORCE = 45,
    /**
     * Messages are received with the sender's credentials: process, user and group. Switch, default 0; UNIX, netlink.
     * (SO_PASSCRED)
     */
    JF_OPT_PASS_CREDENTIALS = 46,
    /** Messages are received with the sender's security label. Switch, default 0; UNIX, netlink. (SO_PASSSEC) */
    JF_OPT_PASS_SECURITY = 47,
    /** Messages are received with a pidfd of the sender's process. Switch, default 0; UNIX. (SO_PASSPIDFD) */
    JF_OPT_PASS_PIDFD = 48,
    /**
     * Process that called connect, listen or socketpair at the other end; 0 if it is not visible in this PID namespace.
     * JF_E_NOT_CONNECTED if the system does not know it. Datagram sockets never have one, except those of a pair. UNIX;
     * read-only. (SO_PEERCRED)
     */
    JF_OPT_PEER_PID = 49,
    /** Effective user ID of the process of JF_OPT_PEER_PID. UNIX; read-only. (SO_PEERCRED) */
    JF_OPT_PEER_UID = 50,
    /** Effective group ID of the process of JF_OPT_PEER_PID. UNIX; read-only. (SO_PEERCRED) */
    JF_OPT_PEER_GID = 51,
    /**
     * Security label of the process at the other end. JF_E_OPTION_UNSUPPORTED if the system has no security labels.
     * Text of at most 4095 bytes; UNIX; read-only. (SO_PEERSEC)
     */
    JF_OPT_PEER_SECURITY = 52,
    /**
     * The socket receives datagrams for every group that any socket of this host has joined, not only for its own
     * groups. Switch, default 1; IPv4 and IPv6, except TCP. (IP_MULTICAST_ALL, IPV6_MULTICAST_ALL)
     */
    JF_OPT_MULTICAST_ALL = 53,
    /**
     * If several routes match: index of the interface for outgoing unicast packets. With 0 (the default) the system
     * chooses. JF_E_NOT_FOUND if there is no interface with this index. 0 to INT32_MAX; IPv4, IPv6. (IP_UNICAST_IF,
     * IPV6_UNICAST_IF)
     */
    JF_OPT_UNICAST_INTERFACE = 54,
    /**
     * Bind accepts an address that this host does not have, or does not have yet. Switch, default 0; IPv4, IPv6.
     * (IP_FREEBIND, IPV6_FREEBIND)
     */
    JF_OPT_FREEBIND = 55,
    /**
     * The socket accepts packets and connections for addresses of other hosts that are routed here. Switch, default 0;
     * IPv4, IPv6; setting 1 needs CAP_NET_ADMIN or CAP_NET_RAW. (IP_TRANSPARENT, IPV6_TRANSPARENT)
     */
    JF_OPT_TRANSPARENT = 56,
    /**
     * Outgoing data starts with its own IP header. Switch, default 0, but 1 for protocol 255; raw IPv4, raw IPv6.
     * (IP_HDRINCL, IPV6_HDRINCL)
     */
    JF_OPT_HEADER_INCLUDED = 57,
    /**
     * Bind with port 0 does not choose a port; connect chooses it later. The port can be shared with connections to
     * other peers. Switch, default 0; IPv4, and IPv6 except raw sockets. (IP_BIND_ADDRESS_NO_PORT)
     */
    JF_OPT_BIND_NO_PORT = 58,
    /**
     * Where IP packets may be fragmented, as in jf_pmtu. 0 (JF_PMTU_DONT): here and by routers. 1 (JF_PMTU_WANT, the
     * default): as the route requires. 2 (JF_PMTU_DO): nowhere. 3 (JF_PMTU_PROBE): nowhere, and the known path MTU is
     * ignored. 4 (JF_PMTU_INTERFACE): only by routers, and only the interface's MTU applies. 5 (JF_PMTU_OMIT): like 4,
     * but longer datagrams are also fragmented here. With 2 to 4, a datagram that is too long fails with
     * JF_E_MESSAGE_SIZE. 0 to 5; IPv4, IPv6. (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER)
     */
    JF_OPT_PATH_MTU_DISCOVERY = 59,
    /**
     * Packets may not be fragmented: 1 sets JF_OPT_PATH_MTU_DISCOVERY to 2 (JF_PMTU_DO), and 0 sets it to 0
     * (JF_PMTU_DONT). Reads as 1 if that option is 2 or 3 (JF_PMTU_PROBE). Switch; IPv4, IPv6. (IP_MTU_DISCOVER,
     * IPV6_MTU_DISCOVER)
     */
    JF_OPT_DONT_FRAGMENT = 60,
    /**
     * Known path MTU to the peer in bytes, headers included. JF_E_NOT_CONNECTED without a peer. IPv4, IPv6; read-only.
     * (IP_MTU, IPV6_MTU)
     */
    JF_OPT_PATH_MTU = 61,
    /**
     * A change of JF_OPT_PATH_MTU is received as an empty message that has the new path MTU as ancillary data. Switch,
     * default 0; IPv6. (IPV6_RECVPATHMTU)
     */
    JF_OPT_RECV_PATH_MTU = 62,
    /**
     * Messages are received with their time to live (IPv6: hop limit). Switch, default 0; IPv4, IPv6. (IP_RECVTTL,
     * IPV6_RECVHOPLIMIT)
     */
    JF_OPT_RECV_TTL = 63,
    /**
     * Messages are received with their traffic class, including ECN. Switch, default 0; IPv4, IPv6. (IP_RECVTOS,
     * IPV6_RECVTCLASS)
     */
    JF_OPT_RECV_TOS = 64,
    /**
     * Messages are received with their destination address and incoming interface. Switch, default 0; IPv4, IPv6.
     * (IP_PKTINFO, IPV6_RECVPKTINFO)
     */
    JF_OPT_RECV_PACKET_INFO = 65,
    /**
     * Asynchronous errors are put into the error queue, to be received with JF_ERROR_QUEUE. Unconnected sockets report
     * such errors only if this is set. Switch, default 0; IPv4, IPv6. (IP_RECVERR, IPV6_RECVERR)
     */
    JF_OPT_RECV_ERRORS = 66,
    /**
     * Messages are received with their destination address and port before redirection. Switch, default 0; IPv4, IPv6.
     * (IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR)
     */
    JF_OPT_RECV_ORIGINAL_DEST = 67,
    /**
     * Messages are received with their IPv4 header options. Switch, default 0; IPv4, and IPv6 except raw sockets.
     * (IP_RECVOPTS)
     */
    JF_OPT_RECV_IP_OPTIONS = 68,
    /**
     * Messages are received with their IPv4 header options in the form for a reply. Switch, default 0; IPv4, and IPv6
     * except raw sockets. (IP_RETOPTS)
     */
    JF_OPT_RETURN_IP_OPTIONS = 69,
    /** Messages are received with their hop-by-hop options. Switch, default 0; IPv6. (IPV6_RECVHOPOPTS) */
    JF_OPT_RECV_HOP_OPTIONS = 70,
    /** Messages are received with their routing header. Switch, default 0; IPv6. (IPV6_RECVRTHDR) */
    JF_OPT_RECV_ROUTING_HEADER = 71,
    /** Messages are received with their destination options. Switch, default 0; IPv6. (IPV6_RECVDSTOPTS) */
    JF_OPT_RECV_DEST_OPTIONS = 72,
    /**
     * TCP drops packets with a smaller time to live (IPv6: hop limit); with 255, only direct neighbours are accepted.
     * It has no effect on other sockets. 0 to 255, default 0; IPv4, IPv6. (IP_MINTTL, IPV6_MINHOPCOUNT)
     */
    JF_OPT_MIN_TTL = 73,
    /**
     * Outgoing packets get a flow label computed from their addresses and ports. The default is
     * net.ipv6.auto_flowlabels. Switch; IPv6. (IPV6_AUTOFLOWLABEL)
     */
    JF_OPT_AUTO_FLOW_LABEL = 74,
    /**
     * Connect and the sending calls use the flow information of the address. Switch, default 0; IPv6.
     * (IPV6_FLOWINFO_SEND)
     */
    JF_OPT_FLOW_INFO_SEND = 75,
    /** Messages are received with their flow label and traffic class. Switch, default 0; IPv6. (IPV6_FLOWINFO) */
    JF_OPT_RECV_FLOW_INFO = 76,
    /**
     * Even offset in a packet at which the system writes and verifies a checksum; -1 (the default) disables the
     * checksum. Fixed for ICMPv6. -1 to 65534 bytes; raw IPv6. (IPV6_CHECKSUM)
     */
    JF_OPT_CHECKSUM_OFFSET = 77,
    /**
     * While this is 1, the system holds back partial segments: on TCP for at most 200 milliseconds. On UDP, all data
     * sent meanwhile becomes one datagram, which is sent when this is set to 0. Switch, default 0; TCP, UDP. (TCP_CORK,
     * UDP_CORK)
     */
    JF_OPT_CORK = 78,
    /**
     * Maximum segment size of a connection. With 0, the system chooses; 1 to 87 are JF_E_INVALID. On a connected socket
     * it reads as the current size. 0 to 32767 bytes; TCP. (TCP_MAXSEG)
     */
    JF_OPT_MAX_SEGMENT = 79,
    /**
     * How long a listener holds back a connection until its first data arrives; 0 (the default) does not hold it back.
     * The system rounds it up to its retransmission times. Reads as the value in effect. 0 to INT32_MAX seconds; TCP.
     * (TCP_DEFER_ACCEPT)
     */
    JF_OPT_DEFER_ACCEPT = 80,
    /** Number of times that connect retransmits its request before it fails. 1 to 127; TCP. (TCP_SYNCNT) */
    JF_OPT_SYN_COUNT = 81,
    /**
     * How long a closed connection stays in FIN_WAIT_2. 0 is the system's default. -1 does not wait. Values above 120
     * become 120. Reads as the value in effect. -1 to INT32_MAX seconds; TCP. (TCP_LINGER2)
     */
    JF_OPT_FIN_TIMEOUT = 82,
    /**
     * Maximum receive window advertised to the peer; 0 (the default) means no such limit. The system increases small
     * values. Reads as the value in effect. 0 to INT32_MAX bytes; TCP. (TCP_WINDOW_CLAMP)
     */
    JF_OPT_WINDOW_CLAMP = 83,
    /**
     * Segments are acknowledged at once; with 0, acknowledgements are delayed so that they can be sent with data. The
     * system changes it by its own rules later. Switch; TCP. (TCP_QUICKACK)
     */
    JF_OPT_QUICK_ACK = 84,
    /**
     * How long sent data may stay unacknowledged before the connection is aborted; with 0 (the default) the system's
     * retransmission limit applies. 0 to INT32_MAX milliseconds; TCP. (TCP_USER_TIMEOUT)
     */
    JF_OPT_USER_TIMEOUT = 85,
    /**
     * Maximum number of pending TCP Fast Open requests of a listener; 0 (the default) disables TCP Fast Open. The
     * system must allow it (net.ipv4.tcp_fastopen) and limits the number. Reads as the value in effect. 0 to INT32_MAX;
     * TCP. (TCP_FASTOPEN)
     */
    JF_OPT_FAST_OPEN = 86,
    /**
     * Connect returns at once, and the first data is sent in the SYN, if the server allowed that in an earlier
     * connection (TCP Fast Open). Dialers refuse it. Switch, default 0; TCP. (TCP_FASTOPEN_CONNECT)
     */
    JF_OPT_FAST_OPEN_CONNECT = 87,
    /**
     * TCP Fast Open without a cookie from an earlier connection; must be set at both ends. Switch, default 0; TCP.
     * (TCP_FASTOPEN_NO_COOKIE)
     */
    JF_OPT_FAST_OPEN_NO_COOKIE = 88,
    /**
     * The socket is writable only while fewer bytes than this are unsent; 0 is the system's default. 0 to UINT32_MAX
     * bytes; TCP. (TCP_NOTSENT_LOWAT)
     */
    JF_OPT_NOT_SENT_LOW_WATER = 89,
    /**
     * A connection with little data in flight retransmits at constant instead of growing intervals. Switch, default 0;
     * TCP. (TCP_THIN_LINEAR_TIMEOUTS)
     */
    JF_OPT_THIN_LINEAR_TIMEOUTS = 90,
    /**
     * Name of the congestion control algorithm, such as cubic or reno. JF_E_NOT_FOUND if the system has none of this
     * name; restricted algorithms need CAP_NET_ADMIN. Text of at most 15 bytes; TCP. (TCP_CONGESTION)
     */
    JF_OPT_CONGESTION = 91,
    /**
     * Name of the upper layer protocol on top of TCP, such as tls; initially empty. It can be set once, usually on a
     * connected socket. JF_E_NOT_FOUND if the system has none of this name. Text of at most 15 bytes; TCP. (TCP_ULP)
     */
    JF_OPT_ULP = 92,
    /**
     * Data that is sent is segmented into datagrams of this size (GSO), on Linux at most 128 datagrams per call; 0 (the
     * default) disables it. 0 to 65535 bytes; UDP, except UDP-Lite. (UDP_SEGMENT)
     */
    JF_OPT_SEGMENT_SIZE = 93,
    /**
     * The system may coalesce datagrams of one size from one sender. They are received as one message, together with
     * that size. Switch, default 0; UDP, except UDP-Lite. (UDP_GRO)
     */
    JF_OPT_GRO = 94,
    /**
     * Size of the receive buffer, within JF_OPT_VSOCK_BUFFER_MIN and JF_OPT_VSOCK_BUFFER_MAX. Reads as the value in
     * effect. 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_SIZE)
     */
    JF_OPT_VSOCK_BUFFER_SIZE = 95,
    /** Minimum of JF_OPT_VSOCK_BUFFER_SIZE. 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_MIN_SIZE) */
    JF_OPT_VSOCK_BUFFER_MIN = 96,
    /** Maximum of JF_OPT_VSOCK_BUFFER_SIZE. 0 to INT64_MAX bytes; vsock. (SO_VM_SOCKETS_BUFFER_MAX_SIZE) */
    JF_OPT_VSOCK_BUFFER_MAX = 97,
    /**
     * Number of bytes of each outgoing datagram that the checksum covers, header included; 0 (the default) means all. 1
     * to 7 become 8. Reads as the value in effect. 0 to 65535 bytes; UDP-Lite. (UDPLITE_SEND_CSCOV)
     */
    JF_OPT_UDP_LITE_SEND_COVERAGE = 98,
    /**
     * Minimum checksum coverage of incoming datagrams; others are dropped. 0 (the default) requires full coverage. 1 to
     * 7 become 8. Reads as the value in effect. 0 to 65535 bytes; UDP-Lite. (UDPLITE_RECV_CSCOV)
     */
    JF_OPT_UDP_LITE_RECV_COVERAGE = 99,
} jf_option;

/** States of a TCP connection, as in RFC 9293. */
typedef enum jf_tcp_state {
    /** A state that this library does not know. */
    JF_TCP_UNKNOWN = 0,
    /** The connection is open in both directions. */
    JF_TCP_ESTABLISHED = 1,
    /** A connection was requested; no answer has arrived. */
    JF_TCP_SYN_SENT = 2,
    /** A request was received and answered; the handshake is not complete. */
    JF_TCP_SYN_RECEIVED = 3,
    /** This end is closed for sending; the peer has not acknowledged the FIN. */
    JF_TCP_FIN_WAIT_1 = 4,
    /** This end is closed for sending, and the peer has acknowledged it. */
    JF_TCP_FIN_WAIT_2 = 5,
    /** Both ends are closed; the connection waits until delayed packets have expired. */
    JF_TCP_TIME_WAIT = 6,
    /** There is no connection. */
    JF_TCP_CLOSED = 7,
    /** The peer's end is closed for sending. */
    JF_TCP_CLOSE_WAIT = 8,
    /** Both ends are closed, the peer's first; the peer has not acknowledged the FIN. */
    JF_TCP_LAST_ACK = 9,
    /** The socket listens for connections. */
    JF_TCP_LISTEN = 10,
    /** Both ends were closed at the same time; the peer has not acknowledged the FIN. */
    JF_TCP_CLOSING = 11,
} jf_tcp_state;

/** Options that both ends of a TCP connection negotiated, joined with |. */
typedef enum jf_tcp_option {
    /** Segments carry timestamps. */
    JF_TCP_OPTION_TIMESTAMPS = 1,
    /** Selective acknowledgements. */
    JF_TCP_OPTION_SACK = 2,
    /** Window scaling. */
    JF_TCP_OPTION_WINDOW_SCALE = 4,
    /** Explicit congestion notification. */
    JF_TCP_OPTION_ECN = 8,
    /** A packet with an ECN-capable mark was received. */
    JF_TCP_OPTION_ECN_SEEN = 16,
    /** Data in the SYN was acknowledged (TCP Fast Open). */
    JF_TCP_OPTION_SYN_DATA = 32,
} jf_tcp_option;

/** Bits of `filled` in jf_tcp_info_data, joined with |; each stands for the fields that it names. */
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

/** Flags of a network interface, joined with |. */
typedef enum jf_interface_flag {
    /** The interface is enabled. (IFF_UP) */
    JF_IF_UP = 1,
    /** The interface is operational. (IFF_RUNNING) */
    JF_IF_RUNNING = 2,
    /** The interface is a loopback. (IFF_LOOPBACK) */
    JF_IF_LOOPBACK = 4,
    /** The interface has a broadcast address. (IFF_BROADCAST) */
    JF_IF_BROADCAST = 8,
    /** The interface is a point-to-point link. (IFF_POINTOPOINT) */
    JF_IF_POINT_TO_POINT = 16,
    /** The interface supports multicast. (IFF_MULTICAST) */
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
     * Timestamps of sent data are in the error queue, too. Reported even if not requested, until it is read.
     */
    JF_ERROR = 4,
    /** Both directions are closed, or the socket is not connected. Reported even if not requested. */
    JF_HANGUP = 8,
    /** The peer has closed its sending direction. Earlier data may remain to be received. */
    JF_READ_CLOSED = 16,
    /** Out-of-band data is available. */
    JF_PRIORITY = 32,
} jf_event_flag;

/** Modes of a registration, joined with | to its events. See docs/polling.md. */
typedef enum jf_poller_mode {
    /**
     * Edge-triggered: an event is reported once when it occurs, not for as long as the condition lasts. Receive, send
     * or accept until JF_E_WOULD_BLOCK. A system without epoll supports it only together with JF_ONE_SHOT.
     */
    JF_EDGE = 64,
    /** One event is reported; then the registration is disabled until jf_poller_modify. */
    JF_ONE_SHOT = 128,
} jf_poller_mode;

/** Options of a poller. */
typedef enum jf_poller_option {
    /**
     * If 1, jf_poller_wait returns JF_E_INTERRUPTED after a signal handler has run in its thread, for example so that
     * Ctrl-C ends a wait in Python. A signal just before the call is not noticed; see "Ending on Ctrl-C" in
     * docs/timeouts.md. Default 0.
     */
    JF_POLLER_INTERRUPTIBLE = 1,
    /**
     * Accept backoff: if 1, the poller pauses its listeners after jf_accept failed with JF_E_TOO_MANY_FILES or
     * JF_E_SYSTEM_FILES. Applies to listeners that are added afterwards. Default 0. See docs/accept-backoff.md.
     */
    JF_POLLER_REST_LISTENERS = 2,
} jf_poller_option;

/** A handle of a socket: positive and below 2^53. A handle stands for one socket and is never reused. */
typedef int64_t jf_socket;

/**
 * An address: 128 bytes on every operating system. All numbers are in the host's byte order.
 *
 * An IPv4 or IPv6 address has a port. A UNIX address has a path, an abstract name (Linux) or no name (`len` 0). Fill
 * the struct with jf_addr_parse, or zero the whole struct and set its fields. See docs/addresses.md.
 */
typedef struct jf_addr {
    /** [enum(jf_family)] The address family; JF_UNSPEC for no address. */
    uint16_t family;
    /** JF_INET, JF_INET6: the port. JF_PACKET: the protocol of the frame, which is its Ethernet type. */
    uint16_t port;
    /**
     * JF_INET6: the interface index of a link-local address, else 0. JF_NETLINK: the port of the socket, 0 for the
     * kernel. JF_VSOCK: the machine (CID), UINT32_MAX for any. JF_PACKET: the interface index.
     */
    uint32_t scope_id;
    /**
     * JF_INET6: flow label and traffic class. JF_NETLINK: a mask of groups. JF_VSOCK: the port, UINT32_MAX for any.
     * JF_PACKET, for a received frame: its packet type (PACKET_HOST and so on, see packet(7)) times 65536, plus the
     * hardware type (ARPHRD_).
     */
    uint32_t flow_info;
    /**
     * Number of bytes used in `data`: 4 for JF_INET, 16 for JF_INET6, 0 to 108 for JF_UNIX, 0 to 32 for JF_PACKET, else
     * 0.
     */
    uint32_t len;
    /**
     * The IP address in network byte order; a path, which needs no terminating NUL; a NUL and an abstract name; or a
     * hardware address.
     */
    uint8_t data[112];
} jf_addr;

/** A buffer. */
typedef struct jf_buf {
    /** [inout, buffer(len)] the bytes; ignored if `len` is 0 */
    void *data;
    /** Number of bytes. */
    size_t len;
} jf_buf;

/** A socket or descriptor in a message. */
typedef struct jf_passed {
    /** A jf_socket, or the number of a file descriptor. */
    int64_t value;
    /** [enum(jf_passed_kind)] JF_PASSED_SOCKET or JF_PASSED_DESCRIPTOR. */
    uint32_t kind;
    /** Must be 0. */
    uint32_t reserved;
} jf_passed;

/**
 * A message: data, an address and control messages. Zero the struct. Then set `size` and the fields that you use. See
 * docs/messages.md.
 */
typedef struct jf_msg {
    /** sizeof(jf_msg). Later versions may be larger. */
    uint32_t size;
    /** [flags(jf_has)] Which fields are valid. Written by jf_recv_msg. */
    uint32_t present;
    /** [flags(jf_cut)] What did not fit. Written by jf_recv_msg. */
    uint32_t truncated;
    /** Must be 0. */
    uint32_t reserved;
    /** [in, array(buf_count)] The data: buffers to send from, or to receive into. Ignored if `buf_count` is 0. */
    struct jf_buf *bufs;
    /** Number of buffers, at most JF_VEC_MAX. */
    size_t buf_count;
    /**
     * [inout, array(passed_count)] Sockets and descriptors, on JF_UNIX. To receive, the array has `passed_room`
     * elements. The receiver gets duplicates. Received ones are close-on-exec and belong to the caller, who closes them
     * with jf_close or close(2).
     */
    struct jf_passed *passed;
    /** Number of elements to send, at most JF_PASSED_MAX. jf_recv_msg writes the number received. */
    size_t passed_count;
    /** Capacity of `passed` for receiving, in elements. */
    size_t passed_room;
    /**
     * [inout, buffer(other_len)] Control messages without a field here, packed as in cmsg(3): control messages to send,
     * or a buffer of `other_room` bytes for received ones.
     */
    void *other;
    /** Number of bytes to send, at most 2048. jf_recv_msg writes the number received. */
    size_t other_len;
    /** Capacity of `other` for receiving, in bytes. */
    size_t other_room;
    /** JF_HAS_ADDR: the destination, or the sender. */
    struct jf_addr addr;
    /** JF_HAS_PACKET_INFO: the local address, whose port is ignored. To send, JF_UNSPEC lets the system choose. */
    struct jf_addr local;
    /** JF_HAS_PACKET_INFO: the interface. To send, 0 lets the system choose. */
    uint32_t interface_index;
    /**
     * JF_HAS_CREDENTIALS: the process. Sending another process requires CAP_SYS_ADMIN; another user, CAP_SETUID;
     * another group, CAP_SETGID.
     */
    int32_t pid;
    /** JF_HAS_CREDENTIALS: the user. */
    uint32_t uid;
    /** JF_HAS_CREDENTIALS: the group. */
    uint32_t gid;
    /** JF_HAS_TTL: to send, 1 to 255. */
    uint32_t ttl;
    /** JF_HAS_TOS: 0 to 255. */
    uint32_t tos;
    /** JF_HAS_SEGMENT_SIZE: bytes; to send, 1 to 65535. */
    uint32_t segment_size;
    /** JF_HAS_OVERFLOW: number of dropped messages since the socket was opened. */
    uint32_t overflow;
    /** JF_HAS_TIME: nanoseconds since 1970, by the system clock. */
    int64_t time;
    /** JF_HAS_HARDWARE_TIME: nanoseconds since the zero of the device clock. */
    int64_t hardware_time;
    /** JF_HAS_PROCESS: a file descriptor. */
    int64_t process;
    /** JF_HAS_ORIGINAL_DEST: the original destination. */
    struct jf_addr original;
    /** JF_HAS_PATH_MTU: bytes. */
    uint32_t path_mtu;
    /** [enum(jf_origin)] JF_HAS_ERROR: where the entry comes from. */
    uint32_t error_origin;
    /**
     * JF_HAS_ERROR: a JF_E_ code, such as JF_E_CONN_REFUSED for a port without a socket, JF_E_HOST_UNREACHABLE, or
     * JF_E_MESSAGE_SIZE when fragmentation was needed. 0 if the entry is not an error.
     */
    int64_t error;
    /** JF_HAS_ERROR: the type of the ICMP message. */
    uint32_t icmp_type;
    /** JF_HAS_ERROR: the code of the ICMP message. */
    uint32_t icmp_code;
    /**
     * JF_HAS_ERROR: with JF_E_MESSAGE_SIZE, the MTU of the path in bytes. With a timestamp, where it was taken: 0 by
     * the driver or device, 1 when the message entered the packet scheduler, 2 when the peer acknowledged it.
     */
    uint32_t error_info;
    /** JF_HAS_ERROR: with a timestamp, the number of the sent message, counted from 0 (JF_TS_OPT_ID). */
    uint32_t error_data;
    /** JF_HAS_ERROR: the router or host that reported the error; JF_UNSPEC for this machine. */
    struct jf_addr error_from;
} jf_msg;

/**
 * An element of a batch. It describes a datagram to send or a received datagram, and may hold a buffer to receive into.
 * Zero the array once. Then set the fields that you use.
 *
 * The elements that jf_recv_many has written can be passed to jf_send_many, which sends each datagram back to its
 * sender. Exceptions are datagrams with the result JF_E_TRUNCATED, datagrams from an unnamed sender, and datagrams with
 * JF_HAS_PACKET_INFO whose `local` is a multicast or broadcast address.
 */
typedef struct jf_datagram {
    /**
     * [inout, buffer(len), borrowed(room)] The bytes to send; ignored if `len` is 0. jf_recv_many sets it to the
     * received bytes, which are in one of the buffers of the array, not necessarily in the buffer of this element.
     */
    void *data;
    /** Number of bytes. Written by jf_recv_many. */
    size_t len;
    /**
     * Written by jf_send_many: the number of bytes sent, or the JF_E_ code of the reason why the datagram was not sent.
     * Written by jf_recv_many: the length, or JF_E_TRUNCATED if the datagram was longer than its buffer, which is
     * filled.
     */
    int64_t result;
    /**
     * [flags(jf_has)] Which fields are valid: JF_HAS_ADDR, JF_HAS_PACKET_INFO, JF_HAS_TOS and, if received,
     * JF_HAS_TIME. Written by jf_recv_many.
     */
    uint32_t present;
    /** JF_HAS_TOS: the traffic class, whose lower two bits are ECN. */
    uint32_t tos;
    /**
     * JF_HAS_ADDR: the destination, or the sender. Without it, the datagram is sent to the peer of the socket. For a
     * received IP address, each byte of `addr.data` after the first 16 is zero or unchanged.
     */
    struct jf_addr addr;
    /**
     * JF_HAS_PACKET_INFO: the address that the datagram arrived at (a local, multicast or broadcast address); the port
     * is ignored. To send: the local address to send from; JF_UNSPEC lets the system choose.
     */
    struct jf_addr local;
    /** JF_HAS_PACKET_INFO: the interface that the datagram arrived at. To send, 0 lets the system choose. */
    uint32_t interface_index;
    /** Must be 0. */
    uint32_t reserved;
    /** JF_HAS_TIME: the time of arrival, in nanoseconds since 1970, by the system clock. */
    int64_t time;
    /**
     * [out, buffer(room_len)] Buffer to receive into, not necessarily for the datagram of this element. `room` and
     * `room_len` are not changed.
     */
    void *room;
    /** Size of the buffer in bytes; 0 if this element has none. */
    size_t room_len;
} jf_datagram;

/**
 * State and statistics of a TCP connection.
 *
 * A field that the system does not report is 0, and its bit in `filled` is not set. Later versions of the library may
 * append fields; `size` distinguishes the versions.
 */
typedef struct jf_tcp_info_data {
    /** Must be set to sizeof(jf_tcp_info_data) before the call. */
    uint32_t size;
    /** [enum(jf_tcp_state)] State of the connection. */
    uint32_t state;
    /** [flags(jf_tcp_field)] Fields that are filled in. */
    uint64_t filled;
    /** [flags(jf_tcp_option)] Options negotiated in the handshake. */
    uint32_t options;
    /** Retransmission timeout in microseconds. */
    uint32_t rto_us;
    /** Maximum segment size for sending, in bytes of data. */
    uint32_t snd_mss;
    /** Estimated maximum segment size of the peer's segments, in bytes of data. */
    uint32_t rcv_mss;
    /** Number of segments sent and not yet acknowledged. */
    uint32_t unacked;
    /** Number of those segments that the peer has acknowledged selectively. */
    uint32_t sacked;
    /** Number of those segments that are assumed lost. */
    uint32_t lost;
    /** Number of those segments that were retransmitted. */
    uint32_t retrans;
    /** Number of consecutive retransmission timeouts. */
    uint32_t retransmits;
    /** Number of unanswered zero-window or keepalive probes. */
    uint32_t probes;
    /** Milliseconds since data was last sent; if none was sent, roughly the time since the system started. */
    uint32_t last_data_sent_ms;
    /** Milliseconds since data was last received. */
    uint32_t last_data_received_ms;
    /** Milliseconds since an acknowledgement was last received. */
    uint32_t last_ack_received_ms;
    /** Path MTU in bytes. */
    uint32_t path_mtu;
    /** Smoothed round-trip time in microseconds; 0 before the first measurement. */
    uint32_t rtt_us;
    /** Variation of the round-trip time in microseconds. */
    uint32_t rttvar_us;
    /** Congestion window: the maximum number of segments in flight. */
    uint32_t cwnd;
    /** Slow-start threshold in segments; INT32_MAX before the first congestion. */
    uint32_t ssthresh;
    /** Assumed reordering of the path, in segments. */
    uint32_t reordering;
    /** Round-trip time in microseconds as estimated by the receiver; 0 before the first estimate. */
    uint32_t rcv_rtt_us;
    /** Bytes that the receiver allows in one round trip. */
    uint32_t rcv_space;
    /** Number of segments retransmitted since the connection was established. */
    uint32_t total_retransmits;
    /** Number of segments sent, including those without data. */
    uint32_t segs_out;
    /** Number of segments received, including those without data. */
    uint32_t segs_in;
    /** Number of bytes queued and not yet sent. */
    uint32_t notsent_bytes;
    /** Minimum of the recent round-trip times in microseconds; UINT32_MAX before the first measurement. */
    uint32_t min_rtt_us;
    /** Number of segments with data sent. */
    uint32_t data_segs_out;
    /** Number of segments with data received. */
    uint32_t data_segs_in;
    /** Number of segments with data delivered according to the peer, including retransmitted ones. */
    uint32_t delivered;
    /** Number of those segments that were marked with ECN congestion experienced. */
    uint32_t delivered_ce;
    /** Number of segments that the peer reported as duplicates. */
    uint32_t dsack_dups;
    /** Number of reordering events observed at the peer. */
    uint32_t reord_seen;
    /** Number of segments received out of order. */
    uint32_t rcv_ooopack;
    /** Receive window advertised by the peer, in bytes. */
    uint32_t snd_wnd;
    /** Receive window advertised to the peer, in bytes. */
    uint32_t rcv_wnd;
    /** Number of times another path was tried because the current one seemed to fail. */
    uint32_t rehash;
    /** Number of retransmission timeouts. */
    uint32_t total_rto;
    /** Number of recoveries after retransmission timeouts; consecutive timeouts count as one. */
    uint32_t total_rto_recoveries;
    /** Milliseconds spent in those recoveries: from the timeout until the lost data was delivered. */
    uint32_t total_rto_time_ms;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Current pacing rate in bytes per second; UINT64_MAX means no limit. */
    uint64_t pacing_rate;
    /** Maximum pacing rate in bytes per second; UINT64_MAX means no limit. */
    uint64_t max_pacing_rate;
    /** Number of bytes that the peer has acknowledged; the SYN counts as one. */
    uint64_t bytes_acked;
    /** Number of bytes received in order; the FIN counts as one. */
    uint64_t bytes_received;
    /** Recent rate of delivery to the peer in bytes per second; 0 before the first measurement. */
    uint64_t delivery_rate;
    /** Microseconds during which data was waiting to be sent or acknowledged. */
    uint64_t busy_time_us;
    /** Part of `busy_time_us` during which the peer's receive window was full. */
    uint64_t rwnd_limited_us;
    /** Part of `busy_time_us` during which the send buffer was too small. */
    uint64_t sndbuf_limited_us;
    /** Number of bytes of data sent, including retransmitted ones. */
    uint64_t bytes_sent;
    /** Number of bytes of data retransmitted. */
    uint64_t bytes_retransmitted;
} jf_tcp_info_data;

/** A dialer handle: a positive number below 2^53. A handle is never reused. */
typedef int64_t jf_dialer;

/** A network interface with one of its addresses, or without an address. */
typedef struct jf_interface {
    /**
     * The interface's name, NUL-terminated. On Linux, the separate label of an IPv4 address (such as eth0:1) is not
     * reported.
     */
    char name[16];
    /**
     * The interface's index, as in jf_addr's `scope_id` and in jf_join. 0 if the interface cannot be found by its name:
     * it was removed in the meantime, or (on Linux) an IPv4 address has a label that does not start with the
     * interface's name.
     */
    uint32_t index;
    /** [flags(jf_interface_flag)] JF_IF_* flags. */
    uint32_t flags;
    /** The largest packet that the interface carries, in bytes. */
    uint32_t mtu;
    /** The number of network bits in `addr`: 0 to 32 for IPv4, 0 to 128 for IPv6. */
    uint32_t prefix_len;
    /** The number of bytes used in `hardware`: 6 for Ethernet, 0 if there is no link-layer address. */
    uint32_t hardware_len;
    /** Reserved, 0. */
    uint32_t reserved;
    /** The link-layer address. */
    uint8_t hardware[32];
    /** The address: JF_INET or JF_INET6 with port 0; JF_UNSPEC if the interface has no address. */
    struct jf_addr addr;
    /** The broadcast address, or the remote address of a point-to-point link; otherwise JF_UNSPEC. */
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

/** A poller handle: a positive number below 2^53. A handle is never reused. */
typedef int64_t jf_poller;

/** An event that a poller reports. */
typedef struct jf_event {
    /** The token of the registration. */
    uint64_t token;
    /** [flags(jf_event_flag)] What the socket is ready for. */
    uint32_t events;
    /** Reserved, 0. */
    int32_t error;
} jf_event;

/**
 * Opens a socket. Its descriptor is close-on-exec.
 *
 * On an ICMP socket of type JF_DGRAM, only jf_recv_msg reports that a message was truncated. Linux ignores a segment
 * size on such a socket.
 *
 * @param family    [enum(jf_family)] JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK or JF_PACKET
 * @param type      [enum(jf_type)] JF_STREAM, JF_DGRAM, JF_SEQPACKET or JF_RAW
 * @param protocol  0 for the default protocol of the family and type, or a number. With JF_INET and JF_INET6: a number
 *                  from /etc/protocols, such as 6 (TCP), 132 (SCTP), 136 (UDP-Lite), 1 (ICMP) or 58 (ICMPv6). With
 *                  JF_NETLINK: a number from netlink(7); 0 is routing. With JF_PACKET: an Ethernet type in the host's
 *                  byte order; 3 is all types, 0 is none yet
 *
 * @blocks  never
 * @return  [new jf_socket] the socket, which the caller closes with jf_close
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED, JF_E_PROTOCOL_UNSUPPORTED
 *                                                  the system has no such socket
 * @error   JF_E_PERMISSION                         JF_RAW or JF_PACKET without CAP_NET_RAW
 * @error   JF_E_ACCESS                             ICMP with JF_DGRAM, where the system does not allow it
 * @error   JF_E_INVALID                            `protocol` is negative
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left in the process or in the system
 * @error   JF_E_NO_BUFFERS                         the system has no buffer space left
 * @see     socket(2)
 * @since   0.1
 */
int64_t jf_open(int32_t family, int32_t type, int32_t protocol);

/**
 * Opens two sockets that are connected to each other.
 *
 * @param family  [enum(jf_family)] JF_UNIX
 * @param type    [enum(jf_type)] JF_STREAM, JF_DGRAM or JF_SEQPACKET
 * @param out     [out, array(2)] where to write the two sockets; close each with jf_close
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_FAMILY_UNSUPPORTED                 the family is not JF_UNIX
 * @error   JF_E_TYPE_UNSUPPORTED                   the family has no such type
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left in the process or in the system
 * @see     socketpair(2)
 * @since   0.1
 */
int64_t jf_pair(int32_t family, int32_t type, jf_socket *out);

/**
 * Binds a socket to a local address.
 *
 * Port 0 selects a free port. For an unnamed UNIX address, Linux selects an abstract name. jf_local_addr returns the
 * address that was selected.
 *
 * @param s  socket
 * @param a  [in] local address
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_IN_USE         the address is in use
 * @error   JF_E_ADDR_NOT_AVAILABLE  the address does not belong to this machine
 * @error   JF_E_ACCESS              the process may not use the port, or may not write to the directory of the path
 * @error   JF_E_NOT_FOUND           the directory of the path does not exist
 * @error   JF_E_FAMILY_UNSUPPORTED  the address and the socket differ in family
 * @error   JF_E_ADDR_INVALID        the address is invalid
 * @error   JF_E_INVALID             the socket is already bound
 * @see     bind(2)
 * @since   0.1
 */
int64_t jf_bind(jf_socket s, const struct jf_addr *a);

/**
 * Makes a socket listen: the system accepts connections and queues them until jf_accept.
 *
 * @param s        socket, usually bound; for an unbound socket, the system selects an address
 * @param backlog  maximum number of queued connections, 0 or more; -1 for the maximum of the system. The system may
 *                 limit the number
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_IN_USE  another socket listens at the address
 * @error   JF_E_UNSUPPORTED  datagram socket
 * @error   JF_E_INVALID      `backlog` is below -1, the socket is connected, or is a UNIX socket without an address
 * @see     listen(2)
 * @since   0.1
 */
int64_t jf_listen(jf_socket s, int32_t backlog);

/**
 * Accepts the next connection.
 *
 * Both timeouts of the new socket are -1, and its JF_OPT_INTERRUPTIBLE is 0, whatever the listener has set. On TCP,
 * Linux copies most other options of the listener, such as JF_OPT_NO_DELAY. Any number of threads may accept on one
 * socket.
 *
 * @param s     listening socket
 * @param peer  [out, optional] where to write the address of the peer
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, until a connection is available
 * @return  [new jf_socket] the connection
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        no connection arrived in time
 * @error   JF_E_CONN_ABORTED                       the peer closed the connection before it was accepted; accept again
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left for the connection, which stays in the queue
 * @error   JF_E_INVALID                            the socket does not listen
 * @error   JF_E_UNSUPPORTED                        datagram socket
 * @see     accept(2)
 * @since   0.1
 */
int64_t jf_accept(jf_socket s, struct jf_addr *peer);

/**
 * Connects a socket to a peer.
 *
 * A datagram or raw socket stores the address of the peer; no packet is sent. JF_UNSPEC removes the stored address.
 *
 * If the timeout expires, the connection attempt continues. Call jf_connect again to wait for its result. With a
 * timeout of 0, first wait for JF_WRITABLE.
 *
 * @param s  socket
 * @param a  [in] address of the peer
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, until the connection is established or refused
 * @return  0
 * @error   JF_E_CONN_REFUSED        no socket listens at the address
 * @error   JF_E_TIMED_OUT           the connection was not established in time
 * @error   JF_E_IN_PROGRESS         the timeout is 0 and the connection attempt has started
 * @error   JF_E_ALREADY             the timeout is 0 and an earlier attempt is still in progress
 * @error   JF_E_WOULD_BLOCK         the timeout is 0 and the queue of the UNIX listener is full
 * @error   JF_E_IS_CONNECTED        the socket is already connected
 * @error   JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE
 *                                   no route to the network or the host
 * @error   JF_E_NOT_FOUND           the UNIX path does not exist
 * @error   JF_E_ACCESS              the process may not connect to the UNIX path
 * @error   JF_E_FAMILY_UNSUPPORTED  the address and the socket differ in family
 * @error   JF_E_ADDR_INVALID        the address is invalid, is an unnamed UNIX address, or is JF_UNSPEC and the socket
 *                                   is not a datagram socket
 * @see     connect(2)
 * @since   0.1
 */
int64_t jf_connect(jf_socket s, const struct jf_addr *a);

/**
 * Shuts down one or both directions of a connection. The socket stays open.
 *
 * This affects every process that shares the socket, and wakes other threads that wait in that direction.
 *
 * @param s    socket
 * @param how  [enum(jf_how)] JF_SHUT_READ, JF_SHUT_WRITE or JF_SHUT_BOTH
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_NOT_CONNECTED  the socket is not connected; Linux does not report this for JF_UNIX
 * @see     shutdown(2)
 * @since   0.1
 */
int64_t jf_shutdown(jf_socket s, int32_t how);

/**
 * Closes a socket.
 *
 * Calls in flight on the socket return JF_E_CLOSED, or the part that they have completed. Later calls return
 * JF_E_CLOSED and have no effect. When jf_close returns, no call uses the socket, and its descriptor is closed. Data
 * that was sent is still delivered, unless JF_OPT_LINGER is 0. See docs/closing.md for duplicates, other processes,
 * fork() and lingering.
 *
 * @param s  socket; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
 *
 * @blocks  until calls in flight have returned (at most about 20 milliseconds), and then for as long as JF_OPT_LINGER
 *          allows
 * @return  0
 * @see     close(2)
 * @since   0.1
 */
int64_t jf_close(jf_socket s);

/**
 * Reads the local address of a socket. An unnamed UNIX socket has an address whose `len` is 0.
 *
 * @param s    socket
 * @param out  [out] where to write the address
 *
 * @blocks  never
 * @return  0
 * @see     getsockname(2)
 * @since   0.1
 */
int64_t jf_local_addr(jf_socket s, struct jf_addr *out);

/**
 * Reads the address of the peer. An unnamed UNIX socket has an address whose `len` is 0.
 *
 * @param s    socket
 * @param out  [out] where to write the address
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_NOT_CONNECTED  the socket is not connected
 * @see     getpeername(2)
 * @since   0.1
 */
int64_t jf_peer_addr(jf_socket s, struct jf_addr *out);

/**
 * Makes a jf_socket from the descriptor of a socket.
 *
 * The descriptor becomes close-on-exec. If it is non-blocking, both timeouts of the socket are 0. Otherwise
 * JF_OPT_RECV_TIMEOUT and JF_OPT_SEND_TIMEOUT are the values of SO_RCVTIMEO and SO_SNDTIMEO.
 *
 * @param fd  [owned fd] descriptor that no other jf_socket owns. Don't close it elsewhere: the second close could hit
 *            an unrelated file. If the call fails, the descriptor is unchanged and stays the caller's
 *
 * @blocks  never
 * @return  [new jf_socket] the socket, which the caller closes with jf_close
 * @error   JF_E_NOT_SOCKET  the descriptor is not a socket
 * @error   JF_E_BAD_HANDLE  the descriptor is not open
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED
 *                           the library does not support this kind of socket
 * @since   0.1
 */
int64_t jf_from_fd(int64_t fd);

/**
 * Releases the descriptor of a socket from its handle. On success the handle is closed.
 *
 * The descriptor keeps the timeouts: it is non-blocking if both are 0; otherwise it is blocking, with SO_RCVTIMEO and
 * SO_SNDTIMEO set. If jf_recv_many has enabled UDP GRO, it is disabled again.
 *
 * @param s  socket
 *
 * @blocks  never
 * @return  [owned fd] the descriptor, which the caller closes
 * @error   JF_E_BUSY  another thread has a call in flight on the socket
 * @since   0.1
 */
int64_t jf_into_fd(jf_socket s);

/**
 * Returns the descriptor of a socket, for inspection or for waiting.
 *
 * The library still owns the descriptor. Don't close it. After jf_close, the same number may stand for another file.
 *
 * @param s  socket
 *
 * @blocks  never
 * @return  [borrowed fd] the descriptor
 * @since   0.1
 */
int64_t jf_fd(jf_socket s);

/**
 * Opens another handle for the same socket, with a separate close-on-exec descriptor.
 *
 * Both handles share everything that the system keeps: options, queued data, and shut-down directions. Each handle has
 * a separate JF_OPT_INTERRUPTIBLE and separate timeouts, initially those of `s`. The library also stores the timeouts
 * in the socket, which both handles share. If the two handles have different timeouts, a call may wait longer than its
 * timeout.
 *
 * Each handle is closed separately. The connection ends when the last one is closed, or when one is closed during
 * another thread's call on it. See docs/closing.md.
 *
 * @param s  socket
 *
 * @blocks  never
 * @return  [new jf_socket] the duplicate, which the caller closes with jf_close
 * @error   JF_E_TOO_MANY_FILES  no descriptor is left in the process
 * @see     fcntl(2)
 * @since   0.1
 */
int64_t jf_dup(jf_socket s);

/**
 * Parses an address. Host names are not resolved.
 *
 * The forms are "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80" (or an interface index), "unix:/path", "unix:@abstract
 * name", "unix:" for no name, "vsock:2:1024" (machine and port; either may be "any"), "netlink:0:1" (port and groups)
 * and "packet:eth0:0x0800:02:00:00:00:00:01" (interface, protocol, and an optional hardware address). In a UNIX
 * address, % and two hexadecimal digits stand for one byte. See docs/addresses.md.
 *
 * @param text  [in, text] the address
 * @param out   [out] where to write the address
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_INVALID                       the text is not an address
 * @error   JF_E_NOT_FOUND                          no interface has this name
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left for the lookup of an interface
 * @since   0.1
 */
int64_t jf_addr_parse(const char *text, struct jf_addr *out);

/**
 * Formats an address as text.
 *
 * jf_addr_parse reads every such text, except "unspecified", which stands for JF_UNSPEC. `flow_info` of JF_INET6 and
 * JF_PACKET is not part of the text.
 *
 * In a UNIX address, control characters, zero bytes, %, bytes that are not UTF-8, and an @ at the start of a path are
 * written as % and two hexadecimal digits.
 *
 * @param a     [in] the address
 * @param text  [out, text(size)] where to write the text
 * @param size  capacity of `text` in bytes; JF_ADDR_TEXT is enough for every address
 *
 * @blocks  never
 * @return  [length] of the whole text. If it is `size` or more, the text did not fit, and an empty string was written
 *          (nothing, if `size` is 0)
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  the address is invalid
 * @since   0.1
 */
int64_t jf_addr_format(const struct jf_addr *a, char *text, size_t size);

/**
 * Compares two addresses. `flow_info` is ignored for JF_INET6 and JF_PACKET.
 *
 * @param a  [in] an address
 * @param b  [in] another address
 *
 * @blocks  never
 * @return  [boolean] 1 if the addresses are equal, else 0
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  one of the addresses is invalid
 * @since   0.1
 */
int64_t jf_addr_equal(const struct jf_addr *a, const struct jf_addr *b);

/**
 * Returns the family of an address, for callers that can't read structs.
 *
 * @param a  [in] the address
 *
 * @blocks  never
 * @return  [enum(jf_family)] the family
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  the address is invalid
 * @since   0.1
 */
int64_t jf_addr_family(const struct jf_addr *a);

/**
 * Returns the port of an IPv4 or IPv6 address, for callers that can't read structs.
 *
 * @param a  [in] the address
 *
 * @blocks  never
 * @return  [number] the port, in the host's byte order
 * @error   JF_E_FAMILY_UNSUPPORTED  the address has no port
 * @error   JF_E_ADDR_INVALID        the address is invalid
 * @since   0.1
 */
int64_t jf_addr_port(const struct jf_addr *a);

/**
 * Sets the port of an IPv4 or IPv6 address, for callers that can't write structs.
 *
 * @param a     [inout] the address
 * @param port  0 to 65535, in the host's byte order
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_INVALID             `port` is out of range
 * @error   JF_E_FAMILY_UNSUPPORTED  the address has no port
 * @error   JF_E_ADDR_INVALID        the address is invalid
 * @since   0.1
 */
int64_t jf_addr_set_port(struct jf_addr *a, int32_t port);

/**
 * Sends bytes on a stream, or one message.
 *
 * A message is sent as a whole. On a stream, the call returns after a part of the bytes if the timeout is 0 or expires,
 * a signal handler runs, an error occurs, or another thread closes the socket. The result is then the length of that
 * part.
 *
 * SIGPIPE is never raised. One thread may send while another receives. If two threads send on one stream, their bytes
 * may interleave.
 *
 * @param s      connected socket
 * @param data   [in, buffer(len)] what to send; ignored if `len` is 0
 * @param len    number of bytes; 0 sends an empty message, or nothing on a stream
 * @param flags  [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_MORE | JF_OUT_OF_BAND | JF_CONFIRM
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has accepted the message; on a stream, all bytes; on a UNIX
 *          stream with a timeout, at least one byte
 * @return  [count] number of bytes that the system accepted
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
 * @error   JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
 * @error   JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
 * @error   JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
 *                                                  destination
 * @error   JF_E_MESSAGE_SIZE                       the message is longer than the socket can send
 * @error   JF_E_UNSUPPORTED                        the socket does not support a flag
 * @see     send(2)
 * @since   0.1
 */
int64_t jf_send(jf_socket s, const void *data, size_t len, uint32_t flags);

/**
 * Receives the available bytes of a stream, or one message.
 *
 * A result of 0 is the end of a stream. On a JF_DGRAM socket, 0 is an empty message. On a JF_SEQPACKET socket, 0 is an
 * empty message or the end, which can't be distinguished. One thread may receive while another sends.
 *
 * @param s      connected socket, or datagram socket
 * @param data   [out, buffer(len)] where to put the bytes; ignored if `len` is 0
 * @param len    capacity of `data` in bytes; with 0, a stream returns 0 at once
 * @param flags  [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_PEEK | JF_WAIT_ALL | JF_TRUNC | JF_OUT_OF_BAND |
 *               JF_ERROR_QUEUE
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available
 * @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
 * @error   JF_E_TRUNCATED                    the message was longer than `len`; the buffer is filled, and the remainder
 *                                            is discarded, unless JF_PEEK is set
 * @error   JF_E_CONN_RESET                   the peer reset the connection; reported once, after which the stream is at
 *                                            its end
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag, or jf_recv_many has enabled UDP GRO on
 *                                            it
 * @see     recv(2)
 * @since   0.1
 */
int64_t jf_recv(jf_socket s, void *data, size_t len, uint32_t flags);

/**
 * Sends a message to an address. On a connected datagram socket, the address replaces the peer's for this message.
 *
 * @param s      datagram socket
 * @param data   [in, buffer(len)] what to send; ignored if `len` is 0
 * @param len    number of bytes; 0 sends an empty message
 * @param flags  [flags(jf_flag)] as for jf_send
 * @param a      [in] destination address
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has space
 * @return  [count] number of bytes, always `len`
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  the queue had no space in time
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination; or no socket is bound to the UNIX path
 * @error   JF_E_NOT_FOUND                    the UNIX path does not exist
 * @error   JF_E_MESSAGE_SIZE                 the message is longer than the socket can send
 * @error   JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE
 *                                            no route to the network or the host
 * @error   JF_E_ACCESS                       broadcast address, but JF_OPT_BROADCAST is not set
 * @error   JF_E_FAMILY_UNSUPPORTED           the address and the socket differ in family
 * @error   JF_E_ADDR_INVALID                 the address is invalid, or is an unnamed UNIX address
 * @error   JF_E_TYPE_UNSUPPORTED             not a datagram socket
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag
 * @error   JF_E_PIPE                         the socket is shut down for sending
 * @see     sendto(2)
 * @since   0.1
 */
int64_t jf_send_to(jf_socket s, const void *data, size_t len, uint32_t flags, const struct jf_addr *a);

/**
 * Receives a message and the address of its sender. On a stream, the same as jf_recv, and the address is JF_UNSPEC.
 *
 * @param s      datagram socket, or connected socket
 * @param data   [out, buffer(len)] where to put the bytes; ignored if `len` is 0
 * @param len    capacity of `data` in bytes; with 0, a stream returns 0 at once
 * @param flags  [flags(jf_flag)] as for jf_recv
 * @param from   [out, optional] where to write the sender's address; also written with JF_E_TRUNCATED
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available
 * @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
 * @error   JF_E_TRUNCATED                    the message was longer than `len`; the buffer is filled, and the remainder
 *                                            is discarded, unless JF_PEEK is set
 * @error   JF_E_CONN_RESET                   the peer reset the connection; reported once, after which the stream is at
 *                                            its end
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag, or jf_recv_many has enabled UDP GRO on
 *                                            it
 * @see     recvfrom(2)
 * @since   0.1
 */
int64_t jf_recv_from(jf_socket s, void *data, size_t len, uint32_t flags, struct jf_addr *from);

/**
 * Sends all bytes on a stream, repeating the system call after partial sends.
 *
 * After JF_E_TIMED_OUT, JF_E_WOULD_BLOCK or JF_E_INTERRUPTED, the caller may continue with the remaining bytes.
 *
 * @param s     connected stream
 * @param data  [in, buffer(len)] what to send; ignored if `len` is 0
 * @param len   number of bytes
 * @param sent  [out, optional] where to write the number of bytes sent; also written when the call fails
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until all bytes are in the queue
 * @return  0
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time
 * @error   JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
 * @error   JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
 * @error   JF_E_TYPE_UNSUPPORTED                   not a stream
 * @since   0.1
 */
int64_t jf_send_all(jf_socket s, const void *data, size_t len, size_t *sent);

/**
 * Receives from a stream until the buffer is full, repeating the system call after partial receives.
 *
 * After JF_E_TIMED_OUT, JF_E_WOULD_BLOCK or JF_E_INTERRUPTED, the caller may continue with the rest of the buffer.
 *
 * @param s         connected stream
 * @param data      [out, buffer(len)] where to put the bytes; ignored if `len` is 0
 * @param len       capacity of `data` in bytes
 * @param received  [out, optional] where to write the number of bytes received; also written when the call fails
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, which covers the whole call, until `len` bytes are received
 * @return  0
 * @error   JF_E_END_OF_STREAM                the stream ended before the buffer was full
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  not enough bytes arrived in time
 * @error   JF_E_CONN_RESET                   the peer reset the connection
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
 * @error   JF_E_TYPE_UNSUPPORTED             not a stream
 * @since   0.1
 */
int64_t jf_recv_exact(jf_socket s, void *data, size_t len, size_t *received);

/**
 * Sends the bytes of several buffers, in order, as one message or as consecutive bytes of a stream.
 *
 * @param s      connected socket
 * @param bufs   [in, array(count)] the buffers, which are only read; ignored if `count` is 0
 * @param count  number of buffers, at most JF_VEC_MAX; together at most INT64_MAX bytes
 * @param flags  [flags(jf_flag)] as for jf_send
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, as jf_send
 * @return  [count] number of bytes that the system accepted
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
 * @error   JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
 * @error   JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
 * @error   JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
 *                                                  destination
 * @error   JF_E_MESSAGE_SIZE                       the message is longer than the socket can send
 * @error   JF_E_UNSUPPORTED                        the socket does not support a flag
 * @error   JF_E_INVALID                            more than JF_VEC_MAX buffers
 * @see     sendmsg(2)
 * @since   0.1
 */
int64_t jf_send_vec(jf_socket s, const struct jf_buf *bufs, size_t count, uint32_t flags);

/**
 * Receives into several buffers, which are filled in order. The array itself is not changed.
 *
 * @param s      connected socket, or datagram socket
 * @param bufs   [in, array(count)] the buffers, into which the bytes are written; ignored if `count` is 0
 * @param count  number of buffers, at most JF_VEC_MAX; together at most INT64_MAX bytes
 * @param flags  [flags(jf_flag)] as for jf_recv
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, as jf_recv
 * @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
 * @error   JF_E_TRUNCATED                    the message was longer than the buffers; they are filled, and the
 *                                            remainder is discarded, unless JF_PEEK is set
 * @error   JF_E_CONN_RESET                   the peer reset the connection; reported once, after which the stream is at
 *                                            its end
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag, or jf_recv_many has enabled UDP GRO on
 *                                            it
 * @error   JF_E_INVALID                      more than JF_VEC_MAX buffers
 * @see     recvmsg(2)
 * @since   0.1
 */
int64_t jf_recv_vec(jf_socket s, struct jf_buf *bufs, size_t count, uint32_t flags);

/**
 * Sends a message: data with an optional address, descriptors, credentials and other control messages.
 *
 * On a stream, control messages are attached to the first byte. If not all bytes were accepted, send the remaining
 * bytes without them. See docs/messages.md.
 *
 * @param s      socket
 * @param msg    [in] the message. The call reads `size`, `bufs`, `passed`, `other` and the fields whose bits are set in
 *               `present`
 * @param flags  [flags(jf_flag)] as for jf_send
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has space
 * @return  [count] number of bytes that the system accepted; for a message, all
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
 * @error   JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
 * @error   JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer, and JF_HAS_ADDR is not set in `present`
 * @error   JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
 *                                                  destination; or no socket is bound to the UNIX path
 * @error   JF_E_MESSAGE_SIZE                       the message is longer than the socket can send
 * @error   JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE
 *                                                  no route to the network or the host; with IPv4,
 *                                                  JF_E_NETWORK_UNREACHABLE also if `local` is not an address of this
 *                                                  machine
 * @error   JF_E_ACCESS                             broadcast address, but JF_OPT_BROADCAST is not set
 * @error   JF_E_FAMILY_UNSUPPORTED                 an address and the socket differ in family
 * @error   JF_E_ADDR_INVALID                       an address is invalid, or the destination is an unnamed UNIX address
 * @error   JF_E_TYPE_UNSUPPORTED                   JF_HAS_ADDR is set in `present`, and the socket is not a datagram
 *                                                  socket
 * @error   JF_E_UNSUPPORTED                        the socket does not support a flag or a field, or the field can only
 *                                                  be received
 * @error   JF_E_INVALID                            wrong `size`, unknown bit, value out of range, more than
 *                                                  JF_PASSED_MAX descriptors, control messages without data on a
 *                                                  stream, or `local` is not an address of this machine
 * @error   JF_E_CLOSED                             a socket in `passed` is closed
 * @error   JF_E_BAD_HANDLE                         a descriptor in `passed` is not open, or a number is not a handle of
 *                                                  a socket
 * @error   JF_E_TOO_MANY_FILES                     the call has to wait, and no descriptor is left to duplicate the
 *                                                  passed sockets
 * @error   JF_E_PERMISSION                         the process may not send these credentials
 * @error   JF_E_NOT_FOUND                          the interface or the process does not exist
 * @see     sendmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7)
 * @since   0.1
 */
int64_t jf_send_msg(jf_socket s, const struct jf_msg *msg, uint32_t flags);

/**
 * Receives bytes from a stream, or one message, together with its control messages.
 *
 * `truncated` reports what did not fit. If data was truncated, the call also returns JF_E_TRUNCATED; `msg` is written
 * nevertheless. Truncated control messages are reported by `truncated` alone. Descriptors that do not fit are closed.
 * See docs/messages.md.
 *
 * @param s      socket
 * @param msg    [inout] the message. Read: `size`, `bufs`, `passed` and `passed_room`, `other` and `other_room`.
 *               Written: `present`, `truncated`, `passed_count`, `other_len`, and the fields of `present`
 * @param flags  [flags(jf_flag)] as for jf_recv, and JF_PLAIN_DESCRIPTORS. With JF_ERROR_QUEUE, the data is that of the
 *               datagram that failed; for a timestamp, it is the packet with all headers, or nothing (JF_TS_OPT_TSONLY)
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available; with JF_ERROR_QUEUE
 *          never
 * @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
 * @error   JF_E_TRUNCATED                    the message was longer than the buffers; they are filled, and the
 *                                            remainder is discarded, unless JF_PEEK is set
 * @error   JF_E_CONN_RESET                   the peer reset the connection; reported once, after which the stream is at
 *                                            its end
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination
 * @error   JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag, or jf_recv_many has enabled UDP GRO on
 *                                            it
 * @error   JF_E_INVALID                      wrong `size`
 * @see     recvmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7)
 * @since   0.1
 */
int64_t jf_recv_msg(jf_socket s, struct jf_msg *msg, uint32_t flags);

/**
 * Sends a batch of datagrams, in order, with few system calls.
 *
 * The library passes a run of consecutive datagrams to the system as one message, if they have the same destination,
 * the same other fields and the same length; the last one may be shorter. The kernel or the network device then
 * segments the message (UDP GSO), if it supports that.
 *
 * The first call on an IP socket forbids fragmentation for all calls on it: it changes JF_OPT_PATH_MTU_DISCOVERY from
 * JF_PMTU_WANT to JF_PMTU_DO. See docs/batches.md.
 *
 * A datagram that can't be sent does not stop the batch; its `result` is the reason. The call ends early when no queue
 * space or time is left, at a signal, and when the socket is closed or shut down. Then `result` of all remaining
 * datagrams is that error. One thread may send while another receives.
 *
 * @param s          datagram socket: JF_DGRAM of any family, raw or packet socket
 * @param datagrams  [inout, array(count)] what to send; only `result` is written. Ignored if `count` is 0
 * @param count      number of datagrams, at most INT64_MAX / sizeof(jf_datagram)
 * @param flags      [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_CONFIRM
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until the queue has space for all datagrams
 * @return  [count] number of datagrams sent; 0 only if `count` is 0. If none was sent, the call returns the `result` of
 *          the first datagram. The errors below are values of `result`, unless their text says otherwise
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT, JF_E_NO_BUFFERS
 *                                                  the queue had no space in time
 * @error   JF_E_MESSAGE_SIZE                       the datagram is longer than the MTU of its path, or than the socket
 *                                                  can send
 * @error   JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
 *                                                  destination; this one was not sent
 * @error   JF_E_DEST_REQUIRED, JF_E_NOT_CONNECTED  no address, and the socket has no peer
 * @error   JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE
 *                                                  no route to the network or the host
 * @error   JF_E_NOT_FOUND                          the UNIX path or the interface does not exist
 * @error   JF_E_ACCESS                             broadcast address, but JF_OPT_BROADCAST is not set
 * @error   JF_E_FAMILY_UNSUPPORTED                 an address and the socket differ in family
 * @error   JF_E_ADDR_INVALID                       an address is invalid, or is an unnamed UNIX address
 * @error   JF_E_PIPE                               the socket is shut down for sending
 * @error   JF_E_UNSUPPORTED                        the socket can't send a field of `present`, or does not support a
 *                                                  flag
 * @error   JF_E_INVALID                            unknown bit in `present`, `tos` above 255, or `data` is NULL. Or,
 *                                                  returned by the call without writing any result: `datagrams`,
 *                                                  `count` or `flags` is invalid
 * @error   JF_E_TYPE_UNSUPPORTED                   returned by the call without writing any result: the type has
 *                                                  connections (JF_STREAM, JF_SEQPACKET)
 * @see     sendmmsg(2), udp(7)
 * @since   0.1
 */
int64_t jf_send_many(jf_socket s, struct jf_datagram *datagrams, size_t count, uint32_t flags);

/**
 * Receives a batch of datagrams with few system calls. The call waits for the first datagram, then takes further ones
 * without waiting.
 *
 * Coalescing: if the first element has a buffer of at least JF_COALESCED_ROOM bytes and `count` is at least
 * JF_COALESCED_COUNT, a UDP socket receives up to JF_COALESCED_COUNT coalesced datagrams in each such buffer (UDP GRO).
 * Otherwise each datagram has a separate buffer: the buffers are filled in order, up to the first element without a
 * buffer, at most 64.
 *
 * The first call with coalescing enables UDP GRO. Then only such calls can receive from the socket, until JF_OPT_GRO is
 * set to 0. See docs/batches.md.
 *
 * A result smaller than `count` does not mean that the queue is empty: with JF_EDGE, receive until JF_E_WOULD_BLOCK.
 * One thread may receive while another sends.
 *
 * @param s          datagram socket: JF_DGRAM of any family, raw or packet socket
 * @param datagrams  [inout, array(count)] `room` and `room_len` are the buffers. The other fields of the first elements
 *                   are written, one element per datagram, in order of arrival. Ignored if `count` is 0
 * @param count      number of elements; the next call receives what does not fit
 * @param flags      [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_TRUNC. With JF_TRUNC, the result of a truncated datagram
 *                   is its whole length
 *
 * @blocks  at most JF_OPT_RECV_TIMEOUT, until a datagram is available
 * @return  [count] number of datagrams received; 0 only if `count` is 0
 * @error   JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  no datagram arrived in time
 * @error   JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
 *                                            destination
 * @error   JF_E_UNSUPPORTED                  the socket does not support a flag
 * @error   JF_E_TRUNCATED                    only as a `result`: the datagram was longer than its buffer
 * @error   JF_E_INVALID                      the first element has no buffer, a buffer is NULL, or UDP GRO is enabled
 *                                            and the array is too small for it
 * @error   JF_E_TYPE_UNSUPPORTED             the type has connections (JF_STREAM, JF_SEQPACKET)
 * @see     recvmmsg(2), udp(7)
 * @since   0.1
 */
int64_t jf_recv_many(jf_socket s, struct jf_datagram *datagrams, size_t count, uint32_t flags);

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
 * @param count   number of bytes to send; with 0, the call only checks both descriptors
 *
 * @blocks  at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until all bytes are sent. Reading from the disk
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
 * Returns whether this system supports an option on at least one kind of socket.
 *
 * The answer comes from the system: the call opens a socket and tries the option.
 *
 * @param option  [enum(jf_option)] JF_OPT_* constant
 *
 * @blocks  never
 * @return  [boolean] 1 if the option is supported, 0 if not
 * @error   JF_E_PERMISSION  only sockets that this process may not open have the option
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_BUFFERS
 *                           the socket for the query could not be opened
 * @see     getsockopt(2)
 * @since   0.1
 */
int64_t jf_supported(int32_t option);

/**
 * Sets a numeric option of a socket.
 *
 * @param s       socket
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param value   value in the option's unit and range
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_INVALID             `value` is out of range, or the socket's state does not allow it
 * @error   JF_E_OPTION_UNSUPPORTED  this kind of socket has no such option, or the option is read-only or a text
 * @error   JF_E_PERMISSION          the process lacks a capability that the option requires
 * @error   JF_E_NOT_FOUND           there is no interface with this index
 * @see     setsockopt(2)
 * @since   0.1
 */
int64_t jf_set(jf_socket s, int32_t option, int64_t value);

/**
 * Reads a numeric option of a socket.
 *
 * @param s       socket
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param value   [out] where to write the value, in the option's unit
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_OPTION_UNSUPPORTED  this kind of socket has no such option, or the option is write-only or a text
 * @error   JF_E_NOT_CONNECTED       the option describes the peer, and the socket has none
 * @see     getsockopt(2)
 * @since   0.1
 */
int64_t jf_get(jf_socket s, int32_t option, int64_t *value);

/**
 * Sets a text option of a socket.
 *
 * @param s       socket
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param text    [in, text] value
 *
 * @blocks  never, except that the system may load a kernel module for the name
 * @return  0
 * @error   JF_E_INVALID             `text` is too long
 * @error   JF_E_OPTION_UNSUPPORTED  this kind of socket has no such option, or the option is read-only or a number
 * @error   JF_E_NOT_FOUND           the system has nothing of this name
 * @error   JF_E_PERMISSION          the process lacks a capability that the option or its value requires
 * @see     setsockopt(2)
 * @since   0.1
 */
int64_t jf_set_text(jf_socket s, int32_t option, const char *text);

/**
 * Reads a text option of a socket.
 *
 * @param s       socket
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param text    [out, text(size)] where to write the value
 * @param size    capacity of `text` in bytes
 *
 * @blocks  never
 * @return  [length] length of the value. If it is `size` or more, the value did not fit and `text` holds an empty
 *          string.
 * @error   JF_E_OPTION_UNSUPPORTED  this kind of socket has no such option, or the option is a number
 * @see     getsockopt(2)
 * @since   0.1
 */
int64_t jf_get_text(jf_socket s, int32_t option, char *text, size_t size);

/**
 * Sets a socket option by its native level and name, for options without a JF_OPT_ constant.
 *
 * A timeout that is set this way becomes the socket's JF_OPT_RECV_TIMEOUT or JF_OPT_SEND_TIMEOUT. The library can't
 * check pointers inside the value.
 *
 * @param s      socket
 * @param level  native level, such as SOL_SOCKET
 * @param name   native name, such as SO_ATTACH_FILTER
 * @param value  [in, buffer(len)] value in the system's format
 * @param len    length of `value` in bytes, at most INT32_MAX
 *
 * @blocks  never, unless the system blocks for this option
 * @return  0
 * @error   JF_E_OPTION_UNSUPPORTED  the socket has no such option
 * @error   JF_E_PERMISSION          the process lacks a capability that the option requires
 * @error   JF_E_INVALID             `len` is above INT32_MAX, or the system rejects the value
 * @error   JF_E_OS                  the code is JF_E_OS - errno: any other error of the option
 * @see     setsockopt(2)
 * @since   0.1
 */
int64_t jf_set_raw(jf_socket s, int32_t level, int32_t name, const void *value, size_t len);

/**
 * Reads a socket option by its native level and name, for options without a JF_OPT_ constant.
 *
 * @param s      socket
 * @param level  native level, such as IPPROTO_TCP
 * @param name   native name, such as TCP_INFO
 * @param value  [inout, buffer(room)] buffer for the value; some options also read it
 * @param room   capacity of `value` in bytes, at most INT32_MAX. For most options, a longer value is truncated.
 *
 * @blocks  never
 * @return  [count] number of bytes written
 * @error   JF_E_OPTION_UNSUPPORTED  the socket has no such option
 * @error   JF_E_INVALID             `room` is above INT32_MAX, or the system rejects the request
 * @error   JF_E_OS                  the code is JF_E_OS - errno: any other error of the option
 * @see     getsockopt(2)
 * @since   0.1
 */
int64_t jf_get_raw(jf_socket s, int32_t level, int32_t name, void *value, size_t room);

/**
 * Reads the current state and statistics of a TCP connection.
 *
 * For a listener, only its state, its pacing rates and its reordering are reported.
 *
 * @param s    TCP socket
 * @param out  [inout] struct to fill in. Its field `size` must be set to sizeof(jf_tcp_info_data). A larger size, up to
 *             4096, is accepted from a caller built with a later version; the fields that this version lacks are set to
 *             0.
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_OPTION_UNSUPPORTED  the socket is not a TCP socket
 * @error   JF_E_INVALID             `size` is less than it is in version 0.1, or above 4096
 * @see     tcp(7), TCP_INFO
 * @since   0.1
 */
int64_t jf_tcp_info(jf_socket s, struct jf_tcp_info_data *out);

/**
 * Looks up the addresses of a host and the port of a service, as the system is configured (hosts file, DNS and so on).
 *
 * The service is looked up first. If the timeout expires, the lookup continues in its own thread, which ends with the
 * lookup and accesses no memory of the caller. At most 64 lookups of a process run at once, and 64 more of services
 * alone; further ones are queued. A lookup that has timed out counts until it ends. In a child that was forked while
 * another thread looked a name up, glibc may never answer, so use a timeout there. See docs/names.md.
 *
 * @param host        [in, text] name (UTF-8; IDNA for non-ASCII names), or IPv4 or IPv6 address without brackets,
 *                    optionally with a zone ("fe80::1%eth0"). "" means the loopback addresses. A host whose last label
 *                    is a number, such as "127.1", is rejected (JF_E_ADDR_INVALID) unless it is an IPv4 address.
 * @param service     [in, text, optional] port number, or service name such as "https"; NULL or "" means port 0
 * @param family      [enum(jf_family)] JF_INET or JF_INET6 for addresses of one family, JF_UNSPEC for both
 * @param type        [enum(jf_type)] JF_STREAM or JF_DGRAM: socket type to look the service up for; 0 for either
 * @param timeout_ms  [milliseconds] how long to wait; with 0, the call only accepts an address as `host` and a number
 *                    as `service`
 * @param out         [out, array(cap)] where to write the addresses, in the order in which to try them (RFC 6724)
 * @param cap         capacity of `out`
 *
 * @blocks  at most `timeout_ms`, until the lookup ends; signals do not end it
 * @return  [count] number of addresses, which may exceed `cap`; the first `cap` of them are written
 * @error   JF_E_NAME_NOT_FOUND      the name does not exist
 * @error   JF_E_NAME_NO_ADDRESS     the name exists, but has no address of this family
 * @error   JF_E_NAME_TRY_AGAIN      the name servers did not answer, failed or refused to answer
 * @error   JF_E_NAME_FAILED         the system reports a permanent failure (glibc never does)
 * @error   JF_E_TIMED_OUT           the lookup took longer than `timeout_ms`
 * @error   JF_E_WOULD_BLOCK         a lookup is required and `timeout_ms` is 0
 * @error   JF_E_NOT_FOUND           the service is unknown, or the zone is not the name of an interface
 * @error   JF_E_ADDR_INVALID        `host` or `service` is malformed
 * @error   JF_E_UNSUPPORTED         the name is not ASCII and the system has no IDNA (glibc needs libidn2)
 * @error   JF_E_FAMILY_UNSUPPORTED  `family` is none of the above
 * @error   JF_E_TYPE_UNSUPPORTED    `type` is none of the above
 * @error   JF_E_INVALID             `timeout_ms` is below -1
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_MEMORY
 *                                   no descriptor or thread is available for the lookup
 * @see     getaddrinfo(3)
 * @since   0.1
 */
int64_t jf_resolve(const char *host,
                   const char *service,
                   int32_t family,
                   int32_t type,
                   int64_t timeout_ms,
                   struct jf_addr *out,
                   size_t cap);

/**
 * Looks up the host name of an address, as the system is configured (hosts file, DNS and so on).
 *
 * @param a           [in] JF_INET or JF_INET6 address; its port is ignored
 * @param timeout_ms  [milliseconds] how long to wait
 * @param host        [out, text(size)] where to write the name
 * @param size        capacity of `host` in bytes; JF_HOST_TEXT is enough for every name
 *
 * @blocks  at most `timeout_ms`, until the lookup ends; signals do not end it. After the timeout, the lookup continues
 *          as for jf_resolve.
 * @return  [length] length of the name. If it is `size` or more, the name did not fit and `host` holds an empty string.
 * @error   JF_E_NAME_NOT_FOUND      the address has no name
 * @error   JF_E_NAME_TRY_AGAIN      the name servers did not answer, failed or refused to answer
 * @error   JF_E_NAME_FAILED         the system reports a permanent failure (glibc never does)
 * @error   JF_E_TIMED_OUT           the lookup took longer than `timeout_ms`
 * @error   JF_E_WOULD_BLOCK         `timeout_ms` is 0
 * @error   JF_E_FAMILY_UNSUPPORTED  the address is of another family
 * @error   JF_E_ADDR_INVALID        the address is malformed
 * @error   JF_E_INVALID             `timeout_ms` is below -1
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_MEMORY
 *                                   no descriptor or thread is available for the lookup
 * @see     getnameinfo(3)
 * @since   0.1
 */
int64_t jf_resolve_addr(const struct jf_addr *a, int64_t timeout_ms, char *host, size_t size);

/**
 * Checks the syntax of an endpoint, as jf_dial and jf_serve do, and reports the position and cause of an error.
 *
 * An endpoint is a text that describes what to connect to or where to serve:
 *
 * tcp://example.org:https tcp://127.0.0.1:80 tcp://[::1]:80 tcp://[fe80::1%eth0]:80 tcp://:8080 udp://example.org:53
 * unix:///run/x.sock unix://relative/path unix://@name
 *
 * Names are not looked up, so jf_dial and jf_serve may still reject a non-ASCII name that IDNA does not allow. See
 * docs/addresses.md for the grammar.
 *
 * @param endpoint  [in, text] text to check, in UTF-8
 * @param at        [out, optional] where to write the position of the first wrong character, as the number of bytes
 *                  before it. If something is missing, it is the length of the text. If a number is out of range, it is
 *                  the position of the number's first digit. Written only if the endpoint is malformed.
 * @param expected  [out, static text, optional] where to write a description of what is expected there, in English,
 *                  such as "] after the address". Written only if the endpoint is malformed.
 *
 * @blocks  never
 * @return  0 if the text is an endpoint
 * @error   JF_E_ADDR_INVALID  the text is not an endpoint
 * @since   0.1
 */
int64_t jf_endpoint_check(const char *endpoint, size_t *at, const char **expected);

/**
 * Connects to an endpoint: looks the name up, and connects to the first of its addresses that answers (RFC 8305).
 *
 * IPv6 and IPv4 addresses are tried in turn. The next attempt starts when the previous one has failed, or has not
 * succeeded within 250 ms. If every attempt fails, the call returns the error of the attempt that got furthest: an
 * answer of the peer counts more than a missing route. See docs/names.md.
 *
 * A UDP socket is connected to the first address that has a route, whether or not a server uses it: for "localhost",
 * that may be [::1] while the server is bound to 127.0.0.1. The timeouts of the new socket are -1.
 *
 * @param endpoint    [in, text] such as "tcp://example.org:https", "udp://[::1]:53" or "unix:///run/x.sock"; see
 *                    docs/addresses.md. An endpoint without a host means this machine's loopback addresses.
 * @param timeout_ms  [milliseconds] timeout of the whole operation: the lookup of service and host, and all attempts;
 *                    with 0, the call never waits, so a name that needs a lookup is an error
 *
 * @blocks  at most `timeout_ms`, until a connection is made or every address has failed. Signals do not end the call;
 *          use jf_dialer_dial for cancellation. A lookup is queued while 64 lookups run, as for jf_resolve.
 * @return  [new jf_socket] the connected socket, which the caller closes with jf_close
 * @error   JF_E_TIMED_OUT                          no address answered within `timeout_ms`
 * @error   JF_E_WOULD_BLOCK                        `timeout_ms` is 0 and waiting is required
 * @error   JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE, JF_E_ACCESS
 *                                                  every address failed: one of these or another error of connect(2)
 * @error   JF_E_ADDR_INVALID                       the text is not an endpoint (use jf_endpoint_check for the cause),
 *                                                  or the address is link-local without a zone
 * @error   JF_E_NAME_NOT_FOUND                     the name does not exist
 * @error   JF_E_NAME_NO_ADDRESS                    the name exists, but has no address
 * @error   JF_E_NAME_TRY_AGAIN                     the name servers did not answer, failed or refused to answer
 * @error   JF_E_NAME_FAILED                        the system reports a permanent failure of the lookup (glibc never
 *                                                  does)
 * @error   JF_E_NOT_FOUND                          the service is unknown, the zone is not the name of an interface, or
 *                                                  the UNIX path does not exist
 * @error   JF_E_UNSUPPORTED                        the name is not ASCII and the system has no IDNA (glibc needs
 *                                                  libidn2)
 * @error   JF_E_INVALID                            `timeout_ms` is below -1
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available
 * @see     connect(2)
 * @since   0.1
 */
int64_t jf_dial(const char *endpoint, int64_t timeout_ms);

/**
 * Opens a socket that serves an endpoint: bound and, except for udp://, listening.
 *
 * "tcp://:8080" means port 8080 of all addresses of this machine, IPv6 and IPv4 with one socket, whatever the system's
 * default for dual-stack sockets. The address of an IPv4 client is then IPv4-mapped, such as [::ffff:192.0.2.1]:40000.
 * "tcp://127.0.0.1:0" picks a free port; jf_local_addr returns it. For a name, jf_serve uses the first IPv4 address of
 * the name that belongs to this machine; if there is none, the first such IPv6 address. "unix:///run/x.sock" creates a
 * socket file, or replaces one that no server uses any more; jf_close does not delete the file.
 *
 * A TCP socket has JF_OPT_REUSE_ADDR set, so that a server can be restarted at once. A UDP socket for a multicast group
 * has it, too, so that several receivers can share the port. See docs/names.md.
 *
 * @param endpoint  [in, text] where to serve; see docs/addresses.md
 * @param backlog   maximum number of connections to queue, as for jf_listen; -1 for the system's maximum
 *
 * @blocks  at most 5 seconds, until service and host have been looked up; at most 1 second, until the directory of a
 *          socket file to be replaced is locked (flock(2)); otherwise never. Signals do not end the call.
 * @return  [new jf_socket] the socket, which the caller closes with jf_close
 * @error   JF_E_ADDR_IN_USE                        another socket serves this endpoint
 * @error   JF_E_EXISTS                             the path exists and is not a socket; a symlink is not followed
 * @error   JF_E_BUSY                               another process locked the directory for longer than 1 second
 * @error   JF_E_ADDR_INVALID                       the text is not an endpoint, or it can't be served: a multicast
 *                                                  group for TCP, or a link-local address without a zone
 * @error   JF_E_ADDR_NOT_AVAILABLE                 the address does not belong to this machine
 * @error   JF_E_ACCESS, JF_E_PERMISSION            no permission for the port, the directory or the file
 * @error   JF_E_NOT_FOUND                          the directory, the service or the zone does not exist
 * @error   JF_E_NAME_NOT_FOUND, JF_E_NAME_NO_ADDRESS, JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_TIMED_OUT
 *                                                  the lookup of the host or the service failed
 * @error   JF_E_UNSUPPORTED                        the name is not ASCII and the system has no IDNA (glibc needs
 *                                                  libidn2)
 * @error   JF_E_INVALID                            `backlog` is below -1
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available
 * @see     bind(2), listen(2)
 * @since   0.1
 */
int64_t jf_serve(const char *endpoint, int32_t backlog);

/**
 * Opens a dialer: a reusable configuration for jf_dialer_dial, with socket options and a local address. Another thread
 * can cancel its dials.
 *
 * A new dialer connects as jf_dial does. See docs/names.md.
 *
 * @blocks  never
 * @return  [new jf_dialer] the dialer, which the caller closes with jf_dialer_close
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available
 * @since   0.1
 */
int64_t jf_dialer_open(void);

/**
 * Makes a dialer set a numeric option on each socket before it connects.
 *
 * A later value replaces an earlier one. With JF_OPT_INTERRUPTIBLE, jf_dialer_dial itself returns JF_E_INTERRUPTED
 * after a signal was handled in its thread. JF_OPT_RECV_TIMEOUT and JF_OPT_SEND_TIMEOUT apply to the socket that
 * results. The value is checked only by jf_dialer_dial, which returns the error that jf_set would.
 * JF_OPT_FAST_OPEN_CONNECT is refused: with it, connecting succeeds at once, even to an address that does not answer.
 * See docs/names.md.
 *
 * @param d       dialer
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param value   value in the option's unit
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_OPTION_UNSUPPORTED  the option is read-only or a text, or is JF_OPT_FAST_OPEN_CONNECT
 * @error   JF_E_BUSY                another thread is dialing with this dialer or changing it
 * @since   0.1
 */
int64_t jf_dialer_set(jf_dialer d, int32_t option, int64_t value);

/**
 * Makes a dialer set a text option, such as JF_OPT_DEVICE, on each socket before it connects.
 *
 * The value is checked only by jf_dialer_dial, which returns the error that jf_set_text would.
 *
 * @param d       dialer
 * @param option  [enum(jf_option)] JF_OPT_* constant
 * @param text    [in, text] value, which is copied
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_OPTION_UNSUPPORTED  the option is read-only or a number
 * @error   JF_E_BUSY                another thread is dialing with this dialer or changing it
 * @since   0.1
 */
int64_t jf_dialer_set_text(jf_dialer d, int32_t option, const char *text);

/**
 * Makes a dialer bind each socket to a local address before it connects.
 *
 * Only addresses of the endpoint with the same family are tried. jf_dialer_dial returns the error that jf_bind would,
 * and JF_E_NAME_NO_ADDRESS if the endpoint has no address of that family.
 *
 * @param d      dialer
 * @param local  [in] local address. Port 0 means any port. With another port, all attempts bind to it with
 *               JF_OPT_REUSE_ADDR (TCP). JF_UNSPEC undoes an earlier call.
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_INVALID        the address is malformed
 * @error   JF_E_FAMILY_UNSUPPORTED  the address is not an IPv4, IPv6 or UNIX address
 * @error   JF_E_BUSY                another thread is dialing with this dialer or changing it
 * @since   0.1
 */
int64_t jf_dialer_bind(jf_dialer d, const struct jf_addr *local);

/**
 * Sets how long a dialer waits for an address to answer before it also tries the next one. The default is 250 ms.
 *
 * @param d         dialer
 * @param delay_ms  10 to 60000 milliseconds; RFC 8305 recommends at least 100 on the public Internet
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_INVALID  `delay_ms` is out of range
 * @error   JF_E_BUSY     another thread is dialing with this dialer or changing it
 * @since   0.1
 */
int64_t jf_dialer_set_delay(jf_dialer d, int64_t delay_ms);

/**
 * Connects to an endpoint as jf_dial does, with the settings of a dialer.
 *
 * Any number of threads can dial with one dialer at once.
 *
 * @param d           dialer
 * @param endpoint    [in, text] endpoint, as for jf_dial
 * @param timeout_ms  [milliseconds] timeout of the whole operation; with 0, the call never waits
 *
 * @blocks  at most `timeout_ms`, until a connection is made, every address has failed or jf_dialer_close is called
 * @return  [new jf_socket] the connected socket, which the caller closes with jf_close
 * @error   JF_E_TIMED_OUT                          no address answered within `timeout_ms`
 * @error   JF_E_WOULD_BLOCK                        `timeout_ms` is 0 and waiting is required
 * @error   JF_E_CLOSED                             another thread closed the dialer
 * @error   JF_E_INTERRUPTED                        a signal was handled, and the dialer sets JF_OPT_INTERRUPTIBLE
 * @error   JF_E_BUSY                               another thread is changing the dialer
 * @error   JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE, JF_E_ACCESS
 *                                                  every address failed: the error is chosen as for jf_dial; it is one
 *                                                  of these or another error of connect(2)
 * @error   JF_E_ADDR_INVALID                       the text is not an endpoint, or the address is link-local without a
 *                                                  zone
 * @error   JF_E_NAME_NOT_FOUND                     the name does not exist
 * @error   JF_E_NAME_NO_ADDRESS                    the name exists, but has no address, or none of the family of the
 *                                                  local address
 * @error   JF_E_NAME_TRY_AGAIN                     the name servers did not answer, failed or refused to answer
 * @error   JF_E_NAME_FAILED                        the system reports a permanent failure of the lookup (glibc never
 *                                                  does)
 * @error   JF_E_NOT_FOUND                          the service is unknown, the zone is not the name of an interface, or
 *                                                  the UNIX path does not exist
 * @error   JF_E_UNSUPPORTED                        the name is not ASCII and the system has no IDNA (glibc needs
 *                                                  libidn2)
 * @error   JF_E_OPTION_UNSUPPORTED, JF_E_PERMISSION, JF_E_ADDR_IN_USE, JF_E_ADDR_NOT_AVAILABLE
 *                                                  the socket does not accept an option or the local address; other
 *                                                  errors of jf_set, jf_set_text and jf_bind are possible, too
 * @error   JF_E_INVALID                            `timeout_ms` is below -1, or the socket does not accept the value of
 *                                                  an option
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available
 * @see     jf_dial, connect(2)
 * @since   0.1
 */
int64_t jf_dialer_dial(jf_dialer d, const char *endpoint, int64_t timeout_ms);

/**
 * Closes a dialer. Calls of jf_dialer_dial in flight return JF_E_CLOSED, unless they already have a connection.
 *
 * Sockets that the dialer connected stay open.
 *
 * @param d  dialer; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
 *
 * @blocks  at most about 20 milliseconds, until calls in flight have returned
 * @return  0
 * @since   0.1
 */
int64_t jf_dialer_close(jf_dialer d);

/**
 * Joins a multicast group on one interface, for all sources or for a single source.
 *
 * A socket can join several groups, on several interfaces, and one group from several sources, with one call each. To
 * receive, bind the socket to the destination port of the datagrams.
 *
 * On Linux, a socket bound to the wildcard address also receives datagrams for groups that other sockets of the machine
 * joined, unless JF_OPT_MULTICAST_ALL is 0. A socket also receives datagrams for its IPv6 groups on interfaces on which
 * only another socket joined the group.
 *
 * @param s                datagram or raw socket; a JF_INET6 datagram socket can join IPv4 groups, too
 * @param group            [in] group address; its port is ignored
 * @param source           [in, optional] the only sender to receive from, of the group's family; its port is ignored.
 *                         NULL for all senders.
 * @param interface_index  interface, as in jf_addr's `scope_id`. 0 means the `scope_id` of `group` or `source`; if that
 *                         is also 0, the system chooses.
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_IN_USE                 the socket already joined the group with this `source`, or mixes joining
 *                                           with and without a source
 * @error   JF_E_ADDR_INVALID                `group` is not a multicast address, `source` is a multicast or an
 *                                           unspecified address, or one of them is malformed
 * @error   JF_E_FAMILY_UNSUPPORTED          the families of socket, group and source do not match
 * @error   JF_E_TYPE_UNSUPPORTED            the socket is a stream
 * @error   JF_E_NOT_FOUND                   there is no such interface, or none for this group
 * @error   JF_E_NO_BUFFERS, JF_E_NO_MEMORY  the socket reached the system's limit of groups or sources
 * @error   JF_E_INVALID                     a `scope_id` contradicts `interface_index`
 * @see     ip(7), ipv6(7), MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP
 * @since   0.1
 */
int64_t jf_join(jf_socket s, const struct jf_addr *group, const struct jf_addr *source, uint32_t interface_index);

/**
 * Leaves a multicast group.
 *
 * Datagrams that arrived earlier can still be received. jf_close leaves all groups.
 *
 * @param s                socket that joined the group
 * @param group            [in] group address
 * @param source           [in, optional] source from which the group was joined. NULL leaves the group for all sources.
 * @param interface_index  interface, as for jf_join. If 0, Linux leaves an IPv6 group on the first interface on which
 *                         the socket joined it.
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_ADDR_NOT_AVAILABLE  the socket did not join the group, or not with this `source`, or there is no such
 *                                   interface
 * @error   JF_E_ADDR_INVALID        `group` is not a multicast address, `source` is a multicast or an unspecified
 *                                   address, or one of them is malformed
 * @error   JF_E_FAMILY_UNSUPPORTED  the families of socket, group and source do not match
 * @error   JF_E_TYPE_UNSUPPORTED    the socket is a stream
 * @error   JF_E_INVALID             a `scope_id` contradicts `interface_index`
 * @see     ip(7), ipv6(7), MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP
 * @since   0.1
 */
int64_t jf_leave(jf_socket s, const struct jf_addr *group, const struct jf_addr *source, uint32_t interface_index);

/**
 * Lists the machine's network interfaces and their addresses.
 *
 * The list has one entry for each address of each interface, in the order of the interfaces' indexes. An interface
 * without addresses has one entry with a JF_UNSPEC address. The number of entries can change between two calls.
 *
 * @param out  [out, array(cap)] where to write the entries
 * @param cap  capacity of `out`
 *
 * @blocks  never
 * @return  [count] number of entries, which may exceed `cap`; the first `cap` of them are written
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available for the query
 * @see     getifaddrs(3)
 * @since   0.1
 */
int64_t jf_interfaces(struct jf_interface *out, size_t cap);

/**
 * Takes the sockets that a service manager such as systemd passed to this process.
 *
 * These are the descriptors from 3 on. The environment variable LISTEN_FDS holds their number. LISTEN_PID must be the
 * ID of this process. The descriptors become close-on-exec and keep their blocking mode, as with jf_from_fd. Only one
 * call gets the sockets; a call that fails takes none.
 *
 * The environment is not changed, because that is unsafe in a program with threads. For the same reason, no thread may
 * change the environment during the call.
 *
 * @param out  [out, array(cap)] where to write the sockets, in the service manager's order. The caller closes each with
 *             jf_close.
 * @param cap  capacity of `out`. If it is too small, no socket is taken; 0 only queries the number.
 *
 * @blocks  never
 * @return  [count] number of sockets available; 0 if none were passed to this process, or an earlier call took them
 * @error   JF_E_INVALID     LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES is malformed
 * @error   JF_E_BAD_HANDLE  one of the descriptors is not open
 * @error   JF_E_BUSY        one of the descriptors is close-on-exec, so it was opened or taken after the process
 *                           started
 * @error   JF_E_NOT_SOCKET  one of the descriptors is not a socket
 * @error   JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED
 *                           the library does not support one of the sockets
 * @error   JF_E_NO_MEMORY   out of memory; unlike after other errors, the sockets are closed
 * @see     sd_listen_fds(3)
 * @since   0.1
 */
int64_t jf_inherited(jf_socket *out, size_t cap);

/**
 * Reads the name that the service manager gave to one of the sockets that jf_inherited takes.
 *
 * The name can be read before and after the sockets are taken. No thread may change the environment during the call.
 *
 * @param index  which socket, counted from 0
 * @param text   [out, text(size)] where to write the name
 * @param size   capacity of `text` in bytes; 256 is enough for every name that systemd passes
 *
 * @blocks  never
 * @return  [length] length of the name; "unknown" if the service manager passed no names. If the length is `size` or
 *          more, the name did not fit and `text` holds an empty string.
 * @error   JF_E_NOT_FOUND  `index` is at least the number of sockets that were passed to this process
 * @error   JF_E_INVALID    LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES is malformed
 * @see     sd_listen_fds_with_names(3)
 * @since   0.1
 */
int64_t jf_inherited_name(size_t index, char *text, size_t size);

/**
 * Waits until at least one of several sockets is ready.
 *
 * Readiness is level-triggered. The timeouts of the sockets do not apply. If one of the sockets has
 * JF_OPT_INTERRUPTIBLE, a signal handler that runs during the wait ends it with JF_E_INTERRUPTED. To wait for many
 * sockets repeatedly, use a poller: see docs/polling.md.
 *
 * @param items       [inout, array(count)] the sockets and events to wait for; `ready` of every item is written
 * @param count       number of items, at most JF_WAIT_MAX; with 0, the call only waits for the timeout
 * @param timeout_ms  [milliseconds] how long to wait
 *
 * @blocks  at most `timeout_ms`, until a socket is ready
 * @return  [count] number of items that are ready; 0 if the timeout expired
 * @error   JF_E_INVALID         `count` is too large, or `timeout_ms` is below -1
 * @error   JF_E_CLOSED          the socket of an item is closed, or another thread closed it during the call
 * @error   JF_E_BAD_HANDLE      the `socket` of an item is not a handle of a socket
 * @error   JF_E_TOO_MANY_FILES  `count` exceeds the process's limit of open descriptors
 * @see     poll(2), jf_poller_wait
 * @since   0.1
 */
int64_t jf_wait(struct jf_wait_item *items, size_t count, int64_t timeout_ms);

/**
 * Opens a poller, which waits for any number of sockets at once.
 *
 * A poller belongs to the process that opened it: in a forked child, every call on it except jf_poller_close returns
 * JF_E_BAD_HANDLE. See docs/polling.md.
 *
 * @blocks  never
 * @return  [new jf_poller] the poller, which the caller closes with jf_poller_close
 * @error   JF_E_TOO_MANY_FILES  the process reached its limit of descriptors (a poller has two), or has 1024 pollers
 * @error   JF_E_SYSTEM_FILES    the system reached its limit of open files
 * @see     epoll(7)
 * @since   0.1
 */
int64_t jf_poller_open(void);

/**
 * Adds a socket to a poller.
 *
 * Threads that are waiting on the poller wait for the socket from now on. jf_close removes the socket from its pollers:
 * no wait that begins later reports it. A wait that returns at the same moment in another thread may still report it.
 *
 * @param p       poller
 * @param s       socket
 * @param events  [flags(jf_event_flag, jf_poller_mode)] events to report: JF_READABLE and so on, joined with |.
 *                JF_ERROR and JF_HANGUP are always reported. Readiness is level-triggered without JF_EDGE and
 *                JF_ONE_SHOT.
 * @param token   number that the events carry, such as a pointer or an index; any number but UINT64_MAX
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_EXISTS       the socket is already in this poller
 * @error   JF_E_INVALID      `token` is UINT64_MAX
 * @error   JF_E_UNSUPPORTED  JF_EDGE without JF_ONE_SHOT on a system without epoll
 * @error   JF_E_NO_MEMORY    out of memory, or the system reached its limit of registrations
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_add(jf_poller p, jf_socket s, uint32_t events, uint64_t token);

/**
 * Changes the events and the token of a socket in a poller. This enables a registration again after JF_ONE_SHOT.
 *
 * @param p       poller
 * @param s       socket
 * @param events  [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
 * @param token   number that the events carry, as for jf_poller_add
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_NOT_FOUND    the socket is not in this poller
 * @error   JF_E_INVALID      `token` is UINT64_MAX
 * @error   JF_E_UNSUPPORTED  JF_EDGE without JF_ONE_SHOT on a system without epoll
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_modify(jf_poller p, jf_socket s, uint32_t events, uint64_t token);

/**
 * Removes a socket from a poller.
 *
 * No wait that begins later reports the socket. A wait that returns at the same moment in another thread may still
 * report it.
 *
 * @param p  poller
 * @param s  socket
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_NOT_FOUND  the socket is not in this poller
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_remove(jf_poller p, jf_socket s);

/**
 * Adds a descriptor that is not a jf_socket to a poller: a pipe, a terminal, an eventfd, another library's socket, or
 * another poller (jf_poller_fd).
 *
 * Remove the descriptor before closing it. Otherwise its events continue while a duplicate or another process keeps it
 * open.
 *
 * @param p       poller
 * @param fd      [fd] descriptor
 * @param events  [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
 * @param token   number that the events carry, as for jf_poller_add
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_BAD_HANDLE   `fd` is not open
 * @error   JF_E_UNSUPPORTED  `fd` can't be waited for (such as a file on a disk), or the poller would wait for itself,
 *                            or JF_EDGE without JF_ONE_SHOT on a system without epoll
 * @error   JF_E_EXISTS       the descriptor is already in this poller
 * @error   JF_E_INVALID      `token` is UINT64_MAX
 * @error   JF_E_NO_MEMORY    out of memory, or the system reached its limit of registrations
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_add_fd(jf_poller p, int64_t fd, uint32_t events, uint64_t token);

/**
 * Changes the events and the token of a descriptor in a poller, as jf_poller_modify does for a socket.
 *
 * @param p       poller
 * @param fd      [fd] descriptor
 * @param events  [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
 * @param token   number that the events carry, as for jf_poller_add
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_BAD_HANDLE   `fd` is not open
 * @error   JF_E_NOT_FOUND    the descriptor is not in this poller
 * @error   JF_E_INVALID      `token` is UINT64_MAX
 * @error   JF_E_UNSUPPORTED  JF_EDGE without JF_ONE_SHOT on a system without epoll
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_modify_fd(jf_poller p, int64_t fd, uint32_t events, uint64_t token);

/**
 * Removes a descriptor from a poller, as jf_poller_remove does for a socket.
 *
 * @param p   poller
 * @param fd  [fd] descriptor
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_BAD_HANDLE  `fd` is not open
 * @error   JF_E_NOT_FOUND   the descriptor is not in this poller
 * @see     epoll_ctl(2)
 * @since   0.1
 */
int64_t jf_poller_remove_fd(jf_poller p, int64_t fd);

/**
 * Waits until at least one socket or descriptor of a poller is ready.
 *
 * Any number of threads can wait on one poller. An edge-triggered or one-shot event is reported to one of them. A
 * level-triggered event is reported by every wait that finds the condition, possibly by several at once.
 *
 * @param p           poller
 * @param events      [out, array(cap)] where to write the events. Elements beyond the returned count may be
 *                    overwritten, too.
 * @param cap         capacity of `events`, at least 1. The next wait reports the events that do not fit.
 * @param timeout_ms  [milliseconds] how long to wait
 *
 * @blocks  at most `timeout_ms`, until an event, jf_poller_wake or jf_poller_close. A timeout never expires early.
 *          Signals end the wait only with JF_POLLER_INTERRUPTIBLE.
 * @return  [count] number of events written; 0 after the timeout, and after jf_poller_wake if no event is ready
 * @error   JF_E_CLOSED       the poller is closed, or another thread closed it during the call
 * @error   JF_E_INTERRUPTED  a signal was handled and JF_POLLER_INTERRUPTIBLE is 1
 * @error   JF_E_INVALID      `cap` is 0, or `timeout_ms` is below -1
 * @see     epoll_wait(2)
 * @since   0.1
 */
int64_t jf_poller_wait(jf_poller p, struct jf_event *events, size_t cap, int64_t timeout_ms);

/**
 * Makes one jf_poller_wait return at once, with the events that are ready or with 0.
 *
 * If no thread is waiting, the next wait returns at once. Several wakes can be coalesced into one if no wait returned
 * in between. A signal handler may call this function, unless it interrupted jf_poller_close on the same poller. This
 * is how a signal ends a wait reliably: see "Ending on Ctrl-C" in docs/timeouts.md.
 *
 * @param p  poller
 *
 * @blocks  never
 * @return  0
 * @since   0.1
 */
int64_t jf_poller_wake(jf_poller p);

/**
 * Sets an option of a poller.
 *
 * @param p       poller
 * @param option  [enum(jf_poller_option)] JF_POLLER_* constant
 * @param value   new value
 *
 * @blocks  never
 * @return  0
 * @error   JF_E_INVALID                            `value` is out of range
 * @error   JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is available; JF_POLLER_REST_LISTENERS needs two
 * @since   0.1
 */
int64_t jf_poller_set(jf_poller p, int32_t option, int64_t value);

/**
 * Returns a poller's descriptor, which is readable while an event is ready.
 *
 * Use it to wait for the poller in another event loop, such as GLib, libuv or asyncio, or in another poller. The
 * descriptor remains the library's; do not close it.
 *
 * @param p  poller
 *
 * @blocks  never
 * @return  [borrowed fd] the descriptor
 * @error   JF_E_UNSUPPORTED  a system without epoll
 * @since   0.1
 */
int64_t jf_poller_fd(jf_poller p);

/**
 * Closes a poller. Threads that wait on it return JF_E_CLOSED. Its sockets stay open.
 *
 * @param p  poller; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
 *
 * @blocks  at most a few milliseconds, until calls in flight have returned
 * @return  0
 * @since   0.1
 */
int64_t jf_poller_close(jf_poller p);

/**
 * Returns the version of the loaded library as a number.
 *
 * @blocks  never
 * @return  [number] major version * 1000000 + minor version * 1000 + patch version
 * @since   0.1
 */
int64_t jf_version(void);

/**
 * Returns the version of the loaded library as text.
 *
 * @blocks  never
 * @return  [static text] such as "0.1.0"; never NULL
 * @since   0.1
 */
const char *jf_version_text(void);

/**
 * Returns the name of an error code, such as "JF_E_TIMED_OUT".
 *
 * @param code  result of any call
 *
 * @blocks  never
 * @return  [static text] the name; "JF_E_OS" for an errno without a JF_E_ code; "JF_OK" for 0 and above; "JF_E_UNKNOWN"
 *          for a number that no call returns; never NULL
 * @since   0.1
 */
const char *jf_error_name(int64_t code);

/**
 * Describes an error code in English, in lower case without a full stop.
 *
 * @param code  result of any call
 *
 * @blocks  never
 * @return  [static text] such as "operation timed out"; never NULL
 * @since   0.1
 */
const char *jf_error_text(int64_t code);

/**
 * Returns the errno of an error code, as defined in this system's <errno.h>.
 *
 * @param code  result of any call
 *
 * @blocks  never
 * @return  [number] the errno; 0 if the code is no error, or an error of this library without an errno
 * @since   0.1
 */
int64_t jf_error_os(int64_t code);

/* For C++ alone:
# */
#ifdef __cplusplus
}
#endif
/* */

#endif /* JACKFIELD_H */
