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
 *   counted from the call's start, whatever signals arrive. A timeout of 0 returns JF_E_WOULD_BLOCK, a longer one
 *   JF_E_TIMED_OUT. A call in flight on a socket that is closed returns JF_E_CLOSED.
 * - It raises no signal, changes no signal's disposition, prints nothing, and starts no thread.
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
    /**
     * An argument is not one that this call takes. (EINVAL)
     */
    JF_E_INVALID = -1,
    /**
     * The handle or descriptor is closed, was never open, or is of another kind. (EBADF)
     */
    JF_E_BAD_HANDLE = -2,
    /**
     * The socket was closed while the call was in flight.
     */
    JF_E_CLOSED = -3,
    /**
     * The call would have to wait, and may not. (EAGAIN)
     */
    JF_E_WOULD_BLOCK = -4,
    /**
     * The connection is being made. (EINPROGRESS)
     */
    JF_E_IN_PROGRESS = -5,
    /**
     * The time was over before the call was done. (ETIMEDOUT)
     */
    JF_E_TIMED_OUT = -6,
    /**
     * A signal was handled while the call waited. (EINTR)
     */
    JF_E_INTERRUPTED = -7,
    /**
     * The operation was canceled. (ECANCELED)
     */
    JF_E_CANCELED = -8,
    /**
     * This socket or this system can't do that. (EOPNOTSUPP)
     */
    JF_E_UNSUPPORTED = -9,
    /**
     * A defect of the library; please report it.
     */
    JF_E_INTERNAL = -10,
    /**
     * There is no memory for it. (ENOMEM)
     */
    JF_E_NO_MEMORY = -11,
    /**
     * The system has no buffers left for the network. (ENOBUFS)
     */
    JF_E_NO_BUFFERS = -12,
    /**
     * The process has as many descriptors open as it may. (EMFILE)
     */
    JF_E_TOO_MANY_FILES = -13,
    /**
     * The system has as many descriptors open as it can. (ENFILE)
     */
    JF_E_SYSTEM_FILES = -14,
    /**
     * Permission for the address or path is denied. (EACCES)
     */
    JF_E_ACCESS = -15,
    /**
     * The process may not do that. (EPERM)
     */
    JF_E_PERMISSION = -16,
    /**
     * It is in use at the moment. (EBUSY)
     */
    JF_E_BUSY = -17,
    /**
     * It exists already. (EEXIST)
     */
    JF_E_EXISTS = -18,
    /**
     * There is nothing of that name. (ENOENT)
     */
    JF_E_NOT_FOUND = -19,
    /**
     * The address is malformed, or is of a kind that this call can't use.
     */
    JF_E_ADDR_INVALID = -20,
    /**
     * The address is in use. (EADDRINUSE)
     */
    JF_E_ADDR_IN_USE = -21,
    /**
     * The address is not one of this machine's, or no port is left. (EADDRNOTAVAIL)
     */
    JF_E_ADDR_NOT_AVAILABLE = -22,
    /**
     * The address family is not one of this socket's or of this system's. (EAFNOSUPPORT)
     */
    JF_E_FAMILY_UNSUPPORTED = -23,
    /**
     * The family and type have no such protocol. (EPROTONOSUPPORT)
     */
    JF_E_PROTOCOL_UNSUPPORTED = -24,
    /**
     * The socket type is not one that this family or this call has. (ESOCKTNOSUPPORT)
     */
    JF_E_TYPE_UNSUPPORTED = -25,
    /**
     * This socket has no such option, or it can't be set. (ENOPROTOOPT)
     */
    JF_E_OPTION_UNSUPPORTED = -26,
    /**
     * The descriptor is not a socket's. (ENOTSOCK)
     */
    JF_E_NOT_SOCKET = -27,
    /**
     * Nobody listens at that address. (ECONNREFUSED)
     */
    JF_E_CONN_REFUSED = -28,
    /**
     * The peer ended the connection without a word. (ECONNRESET)
     */
    JF_E_CONN_RESET = -29,
    /**
     * The connection was given up on this side. (ECONNABORTED)
     */
    JF_E_CONN_ABORTED = -30,
    /**
     * The socket is not connected. (ENOTCONN)
     */
    JF_E_NOT_CONNECTED = -31,
    /**
     * The socket is connected already. (EISCONN)
     */
    JF_E_IS_CONNECTED = -32,
    /**
     * The socket is being connected already. (EALREADY)
     */
    JF_E_ALREADY = -33,
    /**
     * The stream is closed for sending, here or at the peer's end. (EPIPE)
     */
    JF_E_PIPE = -34,
    /**
     * The socket has no peer, and no address was given. (EDESTADDRREQ)
     */
    JF_E_DEST_REQUIRED = -35,
    /**
     * The message is longer than the socket can send in one. (EMSGSIZE)
     */
    JF_E_MESSAGE_SIZE = -36,
    /**
     * The message was longer than the room; the room is filled and the rest is lost.
     */
    JF_E_TRUNCATED = -37,
    /**
     * The stream ended before everything was received.
     */
    JF_E_END_OF_STREAM = -38,
    /**
     * The network is down. (ENETDOWN)
     */
    JF_E_NETWORK_DOWN = -39,
    /**
     * There is no route to that network. (ENETUNREACH)
     */
    JF_E_NETWORK_UNREACHABLE = -40,
    /**
     * The host is down. (EHOSTDOWN)
     */
    JF_E_HOST_DOWN = -41,
    /**
     * There is no route to that host. (EHOSTUNREACH)
     */
    JF_E_HOST_UNREACHABLE = -42,
    /**
     * The protocol was violated. (EPROTO)
     */
    JF_E_PROTOCOL = -43,
    /**
     * The name is not known.
     */
    JF_E_NAME_NOT_FOUND = -44,
    /**
     * The name can't be looked up at the moment.
     */
    JF_E_NAME_TRY_AGAIN = -45,
    /**
     * The name can't be looked up.
     */
    JF_E_NAME_FAILED = -46,
    /**
     * An error of the operating system that has no name above is JF_E_OS - errno.
     */
    JF_E_OS = -100000,
} jf_error;

/**
 * Address families.
 */
typedef enum jf_family {
    /**
     * None: the family of an address that stands for nothing.
     */
    JF_UNSPEC = 0,
    /**
     * IPv4.
     */
    JF_INET = 1,
    /**
     * IPv6, and IPv4 too unless JF_OPT_ONLY_V6 is set.
     */
    JF_INET6 = 2,
    /**
     * Sockets within one machine, named by a path, by an abstract name (Linux) or not at all.
     */
    JF_UNIX = 3,
    /**
     * Talking with the kernel (Linux): routes, links and more, by jf_open's protocol. Its messages are netlink(7)'s.
     */
    JF_NETLINK = 4,
    /**
     * Between a virtual machine and its host.
     */
    JF_VSOCK = 5,
    /**
     * Frames as a network interface sends and receives them (Linux); it takes CAP_NET_RAW.
     */
    JF_PACKET = 6,
} jf_family;

/**
 * Types of sockets.
 */
typedef enum jf_type {
    /**
     * A stream of bytes, in order and without loss: TCP, or a UNIX stream.
     */
    JF_STREAM = 1,
    /**
     * Datagrams, each sent and received whole or not at all: UDP, or UNIX datagrams.
     */
    JF_DGRAM = 2,
    /**
     * Messages in order and without loss, over a connection: JF_UNIX, JF_VSOCK, SCTP.
     */
    JF_SEQPACKET = 3,
    /**
     * Datagrams of the layer below, which takes CAP_NET_RAW: IP packets of one protocol (of IPv4 they are received
     * with their header), frames with theirs; of JF_NETLINK the same as JF_DGRAM.
     */
    JF_RAW = 4,
} jf_type;

/**
 * Directions to shut down.
 */
typedef enum jf_how {
    /**
     * Nothing more will be received.
     */
    JF_SHUT_READ = 1,
    /**
     * Nothing more will be sent; the peer reads the end of the stream.
     */
    JF_SHUT_WRITE = 2,
    /**
     * Both.
     */
    JF_SHUT_BOTH = 3,
} jf_how;

/**
 * Flags of the sending and receiving calls, joined with |.
 */
typedef enum jf_flag {
    /**
     * Send, receive: a stream's urgent byte. Receiving it never waits; without one JF_E_INVALID is returned.
     */
    JF_OUT_OF_BAND = 1,
    /**
     * Receive: leave the data in the queue, to be received again.
     */
    JF_PEEK = 2,
    /**
     * Receive: return a message's whole length, even when it did not fit, instead of JF_E_TRUNCATED. No effect on a
     * stream, nor where the system does not know the length: in the queue of errors.
     */
    JF_TRUNC = 32,
    /**
     * Send, receive: never wait, whatever the socket's timeout.
     */
    JF_DONT_WAIT = 64,
    /**
     * Receive on a stream: wait until the buffer is full. Less comes at the end, at the timeout, after an error and
     * when a signal was handled; jf_recv_exact tells them apart.
     */
    JF_WAIT_ALL = 256,
    /**
     * Send: the peer answered just now, so that its link address needs no probe.
     */
    JF_CONFIRM = 2048,
    /**
     * Receive: take from the queue of errors instead of the data; never waits. Not for JF_UNIX.
     */
    JF_ERROR_QUEUE = 8192,
    /**
     * Send: more will follow soon, so that a packet may wait for it.
     */
    JF_MORE = 32768,
    /**
     * jf_recv_msg: sockets that came are plain descriptors, as other descriptors are.
     */
    JF_PLAIN_DESCRIPTORS = 65536,
} jf_flag;

/**
 * What a jf_msg holds beside its data; the bits of its member present.
 */
typedef enum jf_has {
    /**
     * addr: where it goes to, or who sent it. Of a queued error, where the datagram was to go. A stream has none.
     */
    JF_HAS_ADDR = 1,
    /**
     * pid, uid, gid: the sender's process. JF_UNIX, JF_NETLINK; received with JF_OPT_PASS_CREDENTIALS.
     */
    JF_HAS_CREDENTIALS = 2,
    /**
     * interface_index, local: the interface and the address of this machine that it came to, or is to go out from.
     * Datagrams and raw packets of IP; received with JF_OPT_RECV_PACKET_INFO.
     */
    JF_HAS_PACKET_INFO = 4,
    /**
     * ttl: how many more routers it may pass. Datagrams and raw packets of IP; received with JF_OPT_RECV_TTL.
     */
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
    /**
     * time: when it came, or when what was sent went out. Received with JF_OPT_TIMESTAMPS or JF_OPT_TIMESTAMPING.
     */
    JF_HAS_TIME = 64,
    /**
     * hardware_time: the same by the clock of the network device. Received with JF_OPT_TIMESTAMPING.
     */
    JF_HAS_HARDWARE_TIME = 128,
    /**
     * overflow: how many messages the socket has lost so far. Received with JF_OPT_RECV_OVERFLOW.
     */
    JF_HAS_OVERFLOW = 256,
    /**
     * path_mtu: received with JF_OPT_RECV_PATH_MTU.
     */
    JF_HAS_PATH_MTU = 512,
    /**
     * original: where it was to go before it was redirected to here. Received with JF_OPT_RECV_ORIGINAL_DEST.
     */
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

/**
 * What a jf_msg had no room for; the bits of its member truncated.
 */
typedef enum jf_cut {
    /**
     * The message was longer than the buffers.
     */
    JF_CUT_DATA = 1,
    /**
     * Descriptors, or control data of other kinds, were more than the room for them; what did not fit is closed and
     * lost.
     */
    JF_CUT_CONTROL = 2,
} jf_cut;

/**
 * What a jf_passed is.
 */
typedef enum jf_passed_kind {
    /**
     * A socket of the library.
     */
    JF_PASSED_SOCKET = 1,
    /**
     * A plain descriptor.
     */
    JF_PASSED_DESCRIPTOR = 2,
} jf_passed_kind;

/**
 * Where a queued error comes from; the member error_origin of jf_msg.
 */
typedef enum jf_origin {
    /**
     * From something that has no name here.
     */
    JF_ORIGIN_OTHER = 0,
    /**
     * From this machine.
     */
    JF_ORIGIN_LOCAL = 1,
    /**
     * From an ICMP message.
     */
    JF_ORIGIN_ICMP = 2,
    /**
     * From an ICMPv6 message.
     */
    JF_ORIGIN_ICMP6 = 3,
    /**
     * It is no error, but the timestamp of something sent.
     */
    JF_ORIGIN_TIMESTAMP = 4,
    /**
     * It is no error: something sent without a copy is done with.
     */
    JF_ORIGIN_ZERO_COPY = 5,
} jf_origin;

/**
 * Sizes.
 */
typedef enum jf_size {
    /**
     * Room for every address as text, with the zero at its end.
     */
    JF_ADDR_TEXT = 352,
    /**
     * The most buffers that jf_send_vec and jf_recv_vec take.
     */
    JF_VEC_MAX = 1024,
    /**
     * The most descriptors that one message carries.
     */
    JF_PASSED_MAX = 253,
} jf_size;

/**
 * The options of a socket, for jf_set and jf_get. "Switch" is 0 or 1.
 */
typedef enum jf_option {
    /**
     * How long accept and the receiving calls wait, in milliseconds up to INT64_MAX: -1 for ever (the default), 0 not
     * at all. The system keeps the time with the socket, so duplicates and processes that share the socket should not
     * set different ones. (SO_RCVTIMEO)
     */
    JF_OPT_RECV_TIMEOUT = 1,
    /**
     * How long connect and the sending calls wait, in milliseconds: as JF_OPT_RECV_TIMEOUT. (SO_SNDTIMEO)
     */
    JF_OPT_SEND_TIMEOUT = 2,
    /**
     * Switch, default 0: a call that waits returns JF_E_INTERRUPTED after a signal was handled in its thread, so that
     * Ctrl-C works in a host language. The signal's handler should not ask for SA_RESTART: then the system itself
     * goes on waiting.
     */
    JF_OPT_INTERRUPTIBLE = 3,
    /**
     * Switch, default 0: jf_bind takes an address whose old connections are still fading out, if the sockets that had
     * it set this as well. (SO_REUSEADDR)
     */
    JF_OPT_REUSE_ADDR = 4,
    /**
     * Switch: several sockets bind to one address and share what comes in. (SO_REUSEPORT)
     */
    JF_OPT_REUSE_PORT = 5,
    /**
     * Switch, default 0: a JF_INET6 socket does not speak IPv4. To be set before jf_bind. (IPV6_V6ONLY)
     */
    JF_OPT_ONLY_V6 = 6,
    /**
     * Switch, default 0: TCP sends small packets at once instead of collecting. (TCP_NODELAY)
     */
    JF_OPT_NO_DELAY = 7,
    /**
     * Switch, default 0: probe a peer that has been silent. (SO_KEEPALIVE)
     */
    JF_OPT_KEEP_ALIVE = 8,
    /**
     * Seconds of silence before the first probe, 1 to 32767. (TCP_KEEPIDLE)
     */
    JF_OPT_KEEP_IDLE = 9,
    /**
     * Seconds between probes, 1 to 32767. (TCP_KEEPINTVL)
     */
    JF_OPT_KEEP_INTERVAL = 10,
    /**
     * Probes without an answer until the connection is given up, 1 to 127. (TCP_KEEPCNT)
     */
    JF_OPT_KEEP_COUNT = 11,
    /**
     * Milliseconds up to INT32_MAX that jf_close waits for unsent data, which the system may round up to whole
     * seconds; 0 throws the data away and resets the connection; -1 (the default) returns at once and sends it in the
     * background. (SO_LINGER)
     */
    JF_OPT_LINGER = 12,
    /**
     * Bytes that are kept until they are received, 1 to 1073741823. The system rounds and limits the number: read it
     * back. (SO_RCVBUF)
     */
    JF_OPT_RECV_BUFFER = 13,
    /**
     * Bytes that are kept until they are sent, 1 to 1073741823. The system rounds and limits the number: read it
     * back. (SO_SNDBUF)
     */
    JF_OPT_SEND_BUFFER = 14,
    /**
     * Switch, default 0: datagrams may go to a broadcast address. (SO_BROADCAST)
     */
    JF_OPT_BROADCAST = 15,
    /**
     * Routers that a packet may pass, 1 to 255. (IP_TTL, IPV6_UNICAST_HOPS)
     */
    JF_OPT_TTL = 16,
    /**
     * Read only: the JF_E_ code of the error that came in since this was last read, such as JF_E_CONN_REFUSED, or 0;
     * reading takes it. (SO_ERROR)
     */
    JF_OPT_ERROR = 21,
    /**
     * Read only: JF_STREAM, JF_DGRAM or JF_SEQPACKET. (SO_TYPE)
     */
    JF_OPT_TYPE = 22,
    /**
     * Read only: JF_INET, JF_INET6 or JF_UNIX. (SO_DOMAIN)
     */
    JF_OPT_FAMILY = 23,
    /**
     * Read only: the protocol's number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for JF_UNIX. (SO_PROTOCOL)
     */
    JF_OPT_PROTOCOL = 24,
    /**
     * Read only switch: 1 after jf_listen. (SO_ACCEPTCONN)
     */
    JF_OPT_LISTENING = 25,
} jf_option;

/**
 * A socket. The number is positive and below 2^53, stands for this socket alone, and is never given out again.
 */
typedef int64_t jf_socket;

/**
 * An address, 128 bytes on every operating system. An IPv4 or IPv6 one has a port; a UNIX one has a path, an abstract
 * name (Linux) or no name (len 0). Fill it with jf_addr_parse, or by hand after setting it all to zero. All numbers are
 * in the host's byte order.
 */
typedef struct jf_addr {
    /**
     * JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK, JF_PACKET, or JF_UNSPEC for none.
     */
    uint16_t family;
    /**
     * JF_INET, JF_INET6: the port. JF_PACKET: the frame's protocol, which is its Ethernet type.
     */
    uint16_t port;
    /**
     * JF_INET6: the index of the interface that a link-local address belongs to, else 0. JF_NETLINK: the socket's
     * port, 0 for the kernel's. JF_VSOCK: the machine (CID), UINT32_MAX for any. JF_PACKET: the interface's index.
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
     * The IP address in network byte order; or a path, which needs no zero at its end; or a zero and an abstract
     * name; or a hardware address.
     */
    uint8_t data[112];
} jf_addr;

/**
 * A piece of memory.
 */
typedef struct jf_buf {
    /**
     * Where it is; not looked at when len is 0.
     */
    void *data;
    /**
     * How many bytes.
     */
    size_t len;
} jf_buf;

/**
 * A socket or descriptor that a message carries.
 */
typedef struct jf_passed {
    /**
     * A jf_socket, or the number of a descriptor.
     */
    int64_t value;
    /**
     * JF_PASSED_SOCKET or JF_PASSED_DESCRIPTOR.
     */
    uint32_t kind;
    /**
     * 0.
     */
    uint32_t reserved;
} jf_passed;

/**
 * A message: data, an address, and what goes beside them. Set it all to zero, then size and what is needed.
 */
typedef struct jf_msg {
    /**
     * sizeof(jf_msg); in a later version it may be larger.
     */
    uint32_t size;
    /**
     * Which of the members are there: JF_HAS_ bits. jf_recv_msg writes it.
     */
    uint32_t present;
    /**
     * jf_recv_msg writes here what did not fit: JF_CUT_ bits.
     */
    uint32_t truncated;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The data: to send from, or to receive into. Not looked at when buf_count is 0.
     */
    struct jf_buf *bufs;
    /**
     * How many buffers, at most JF_VEC_MAX.
     */
    size_t buf_count;
    /**
     * Sockets and descriptors, on JF_UNIX. Sending passes duplicates of them on. Received ones are close-on-exec and
     * the caller's, to be closed with jf_close and close(2): whatever the library can use as a socket comes as one.
     */
    struct jf_passed *passed;
    /**
     * How many to send, at most JF_PASSED_MAX; jf_recv_msg writes how many came.
     */
    size_t passed_count;
    /**
     * How many there is room for to receive.
     */
    size_t passed_room;
    /**
     * Control data of other kinds, packed as cmsg(3) says: to send more, or where to receive what the library has no
     * member for. NULL if there is none to send, or none is wanted.
     */
    void *other;
    /**
     * How many bytes to send, at most 2048; jf_recv_msg writes how many came.
     */
    size_t other_len;
    /**
     * How many bytes there is room for to receive.
     */
    size_t other_room;
    /**
     * JF_HAS_ADDR.
     */
    struct jf_addr addr;
    /**
     * JF_HAS_PACKET_INFO: the address, whose port does not count; to send, JF_UNSPEC has the system choose.
     */
    struct jf_addr local;
    /**
     * JF_HAS_PACKET_INFO: the interface; to send, 0 has the system choose.
     */
    uint32_t interface_index;
    /**
     * JF_HAS_CREDENTIALS: the process. To send another's takes CAP_SYS_ADMIN, another user or group CAP_SETUID and
     * CAP_SETGID.
     */
    int32_t pid;
    /**
     * JF_HAS_CREDENTIALS: the user.
     */
    uint32_t uid;
    /**
     * JF_HAS_CREDENTIALS: the group.
     */
    uint32_t gid;
    /**
     * JF_HAS_TTL: to send 1 to 255.
     */
    uint32_t ttl;
    /**
     * JF_HAS_TOS: 0 to 255.
     */
    uint32_t tos;
    /**
     * JF_HAS_SEGMENT_SIZE: bytes, to send 1 to 65535.
     */
    uint32_t segment_size;
    /**
     * JF_HAS_OVERFLOW: messages since the socket was opened.
     */
    uint32_t overflow;
    /**
     * JF_HAS_TIME: nanoseconds since 1970 by the system's clock.
     */
    int64_t time;
    /**
     * JF_HAS_HARDWARE_TIME: nanoseconds since the zero of the device's clock.
     */
    int64_t hardware_time;
    /**
     * JF_HAS_PROCESS: a descriptor.
     */
    int64_t process;
    /**
     * JF_HAS_ORIGINAL_DEST.
     */
    struct jf_addr original;
    /**
     * JF_HAS_PATH_MTU: bytes.
     */
    uint32_t path_mtu;
    /**
     * JF_HAS_ERROR: who says so, JF_ORIGIN_.
     */
    uint32_t error_origin;
    /**
     * JF_HAS_ERROR: what happened, a JF_E_ code, such as JF_E_CONN_REFUSED for a port nobody listens at,
     * JF_E_HOST_UNREACHABLE, or JF_E_MESSAGE_SIZE when a fragment was needed; 0 when it is no error.
     */
    int64_t error;
    /**
     * JF_HAS_ERROR: the type of the ICMP message.
     */
    uint32_t icmp_type;
    /**
     * JF_HAS_ERROR: the code of the ICMP message.
     */
    uint32_t icmp_code;
    /**
     * JF_HAS_ERROR: of JF_E_MESSAGE_SIZE the path's MTU in bytes; of a timestamp where it was taken: 0 by the driver
     * or device, 1 when it was queued for it, 2 when the peer acknowledged it.
     */
    uint32_t error_info;
    /**
     * JF_HAS_ERROR: of a timestamp the number of what was sent, counted from 0 (JF_TS_OPT_ID).
     */
    uint32_t error_data;
    /**
     * JF_HAS_ERROR: the router or host that reported it; JF_UNSPEC when it was this machine.
     */
    struct jf_addr error_from;
} jf_msg;

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
 * JF_PACKET; JF_E_INVALID for a negative protocol; JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY; JF_E_NO_BUFFERS. See socket(2). Since 0.1.
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
 * two are closed independently; the connection ends with the last. All that the system keeps is shared: options,
 * data, and the end of a direction.
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
 * interface of that name; JF_E_INVALID for a NULL. Since 0.1.
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
 * when less than all was taken over, send the rest without it. Returns how many bytes were taken over: of a message
 * all. Errors: those of jf_send and, with an address, of jf_send_to; JF_E_UNSUPPORTED for something that such a socket
 * does not carry, or that can only be received; JF_E_INVALID for a NULL, a wrong size, an unknown bit, a value out of
 * range, more than JF_PASSED_MAX descriptors, and for something to go beside no data on a stream; JF_E_BAD_HANDLE for
 * a socket or descriptor to pass that is not open; JF_E_PERMISSION for the credentials of another. See sendmsg(2),
 * cmsg(3), unix(7), ip(7), ipv6(7), udp(7). Since 0.1.
 */
int64_t jf_send_msg(jf_socket s, const struct jf_msg *msg, uint32_t flags);

/**
 * Receives bytes from a stream, as many as are there, or one message, and what came beside them.
 *
 * s: the socket.
 * msg: the message; not NULL. Read are bufs, passed_room with passed, and other_room with other; written are present,
 * truncated, passed_count, other_len, and the members that present names.
 * flags: as for jf_recv, and JF_PLAIN_DESCRIPTORS. With JF_ERROR_QUEUE the data is that of the datagram in question.
 *
 * Blocks for JF_OPT_RECV_TIMEOUT until something is there; with JF_ERROR_QUEUE never. Returns how many bytes came, as
 * jf_recv does. What did not fit is told in truncated: of the data with JF_E_TRUNCATED, after which msg is written
 * nonetheless; of what came beside it there is no other sign. Descriptors for which there is no room, or that nobody
 * asked for, are closed. Errors: those of jf_recv; JF_E_INVALID for a NULL or a wrong size. See recvmsg(2), cmsg(3),
 * unix(7), ip(7), ipv6(7), udp(7). Since 0.1.
 */
int64_t jf_recv_msg(jf_socket s, struct jf_msg *msg, uint32_t flags);

/**
 * Sets an option of a socket.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * value: in the option's unit and range.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a value out of range;
 * JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read only; JF_E_BAD_HANDLE. See
 * setsockopt(2). Since 0.1.
 */
int64_t jf_set(jf_socket s, int32_t option, int64_t value);

/**
 * Reads an option of a socket.
 *
 * s: the socket.
 * option: one of JF_OPT_*.
 * value: where to write it, in the option's unit; not NULL.
 *
 * Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED when this
 * kind of socket has no such option; JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
 */
int64_t jf_get(jf_socket s, int32_t option, int64_t *value);

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
