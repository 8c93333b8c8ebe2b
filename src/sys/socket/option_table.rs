// The table of all options, the single place that defines them. options.rs generates the enum and the native levels and
// names from it; build/options.rs generates the C names, the comments of the header and the list of options. A row is
//
//     /// Description, for readers of Rust and C. (build/options.rs converts links such as [`Opt::Ttl`] to JF_OPT_TTL.)
//     Name = number: Form(least, most, "unit") [access] { Where: NATIVE_NAME }
//
// with one place for each kind of socket that has a separate native level and name. An option is set at every place
// that applies to a socket, because an IPv6 socket can use IPv4, too. It is read at the last of them.
options! {
    /// Timeout of accept and of the receiving calls: -1 (the default) waits for ever, 0 never waits. The system stores
    /// it with the socket, so duplicates and processes that share the socket should not set different timeouts.
    RecvTimeout = 1: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_RCVTIMEO }
    /// Timeout of connect and of the sending calls: -1 (the default) waits for ever, 0 never waits.
    SendTimeout = 2: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_SNDTIMEO }
    /// A call that waits returns [`Error::INTERRUPTED`] after a signal was handled in its thread, so that Ctrl-C works
    /// in a host language. It may also do so after the process was stopped and continued. The signal handler should not
    /// use SA_RESTART, with which the system itself resumes the wait. Default 0.
    Interruptible = 3: Switch [] {}
    /// Bind accepts an address whose old connections are in TIME_WAIT, if their sockets had this set, too. Default 0,
    /// of raw sockets 1.
    ReuseAddr = 4: Switch [] { Every: SO_REUSEADDR }
    /// Several sockets can bind to the same address and share its incoming connections and datagrams. Default 0.
    ReusePort = 5: Switch [] { Ip: SO_REUSEPORT }
    /// The socket does not use IPv4. Must be set before bind. Default 0.
    OnlyV6 = 6: Switch [] { Ipv6NotRaw: IPV6_V6ONLY }
    /// Small segments are sent at once instead of coalesced (disables Nagle's algorithm). Default 0.
    NoDelay = 7: Switch [] { Tcp: TCP_NODELAY }
    /// Probes an idle connection to detect a dead peer. Default 0.
    KeepAlive = 8: Switch [] { Every: SO_KEEPALIVE }
    /// Idle time before the first keepalive probe.
    KeepIdle = 9: Number(1, 32767, "seconds") [] { Tcp: TCP_KEEPIDLE }
    /// Time between keepalive probes.
    KeepInterval = 10: Number(1, 32767, "seconds") [] { Tcp: TCP_KEEPINTVL }
    /// Number of unanswered keepalive probes after which the connection is aborted.
    KeepCount = 11: Number(1, 127) [] { Tcp: TCP_KEEPCNT }
    /// How long close waits for unsent data; the system may round it up to whole seconds. 0 discards the data and
    /// resets the connection. -1 (the default) returns at once and sends the data in the background.
    Linger = 12: Linger(-1, 2147483647, "milliseconds") [] { Every: SO_LINGER }
    /// Size of the receive buffer. The system rounds and limits it: read it back.
    RecvBuffer = 13: Buffer(1, 1073741823, "bytes") [] { Every: SO_RCVBUF }
    /// Size of the send buffer. The system rounds and limits it: read it back.
    SendBuffer = 14: Buffer(1, 1073741823, "bytes") [] { Every: SO_SNDBUF }
    /// Datagrams may be sent to broadcast addresses. Default 0.
    Broadcast = 15: Switch [] { Every: SO_BROADCAST }
    /// Time to live (IPv6: hop limit) of outgoing packets.
    Ttl = 16: Number(1, 255) [] { V4: IP_TTL, V6: IPV6_UNICAST_HOPS }
    /// Traffic class of outgoing packets: DSCP in the upper six bits, ECN in the lower two. For TCP, the system sets
    /// the ECN bits: read it back. On IPv4 this also changes the priority. Default 0.
    Tos = 17: Number(0, 255) [] { V4: IP_TOS, V6: IPV6_TCLASS }
    /// Time to live (IPv6: hop limit) of outgoing multicast packets; 0 keeps them on this host. Default 1.
    MulticastTtl = 18: Number(0, 255) [] { Packets4: IP_MULTICAST_TTL, Packets6: IPV6_MULTICAST_HOPS }
    /// Outgoing multicast packets are also delivered to group members on this host. Default 1.
    MulticastLoop = 19: Switch [] { Packets4: IP_MULTICAST_LOOP, Packets6: IPV6_MULTICAST_LOOP }
    /// Index of the interface for outgoing multicast packets; with 0 (the default) the system chooses.
    /// [`Error::NOT_FOUND`] if there is no interface with this index. If another handle or process set it on an IPv4
    /// socket, Linux does not report the index: it reads as 0, unless it was set by the interface's address.
    MulticastInterface = 20: MulticastInterface(0, 2147483647)
        [] { Packets4: IP_MULTICAST_IF, Packets6: IPV6_MULTICAST_IF }
    /// Code of the pending [`Error`], such as that of [`Error::CONN_REFUSED`], or 0. Reading clears it.
    Error = 21: Number [read only] { Every: SO_ERROR }
    /// Number of the socket's [`Type`].
    Type = 22: Number [read only] { Every: SO_TYPE }
    /// Number of the socket's [`Family`].
    Family = 23: Number [read only] { Every: SO_DOMAIN }
    /// Protocol number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for UNIX and packet sockets.
    Protocol = 24: Number [read only] { Every: SO_PROTOCOL }
    /// 1 after listen.
    Listening = 25: Switch [read only] { Every: SO_ACCEPTCONN }

    /// Out-of-band data of a stream is received in line with the other data. Default 0.
    OobInline = 26: Switch [] { Every: SO_OOBINLINE }
    /// Packets are only sent to hosts on directly connected networks. Default 0.
    DontRoute = 27: Switch [] { Every: SO_DONTROUTE }
    /// Enables debug records of the protocol, if the system was built with them. Default 0.
    Debug = 28: Switch [setting 1 needs CAP_NET_ADMIN] { Every: SO_DEBUG }
    /// Number of bytes that must be available before a stream is readable and a receiving call returns. The system
    /// limits it: read it back. Default 1.
    RecvLowWater = 29: Number(1, 2147483647, "bytes") [] { Every: SO_RCVLOWAT }
    /// Free space in the send buffer at which a socket is writable; always 1 on Linux.
    SendLowWater = 30: Number [read only] { Every: SO_SNDLOWAT }
    /// Priority of outgoing packets in the interface's queues. Values above 6 need CAP_NET_ADMIN or CAP_NET_RAW.
    /// Default 0.
    Priority = 31: Number(0, 4294967295) [] { Every: SO_PRIORITY }
    /// Mark of outgoing packets, for routing and filters. Default 0.
    Mark = 32: Number(0, 4294967295) [setting needs CAP_NET_ADMIN or CAP_NET_RAW] { Every: SO_MARK }
    /// How long a receiving call polls the network device before it sleeps; 0 disables polling. Older systems require
    /// CAP_NET_ADMIN to increase it. The default is net.core.busy_read.
    BusyPoll = 33: Number(0, 2147483647, "microseconds") [] { Every: SO_BUSY_POLL }
    /// Prefers polling the network device over its interrupts. Default 0.
    PreferBusyPoll = 34: Switch [setting 1 needs CAP_NET_ADMIN] { Every: SO_PREFER_BUSY_POLL }
    /// Maximum number of packets per poll of the network device; 0 (the default) means 8. Increasing it needs
    /// CAP_NET_ADMIN.
    BusyPollBudget = 35: Number(0, 65535) [set only] { Every: SO_BUSY_POLL_BUDGET }
    /// CPU on which the last packet was received, -1 before the first packet. If set, listeners and receivers that
    /// share an address with [`Opt::ReusePort`] get the packets of that CPU.
    IncomingCpu = 36: Number(-1, 2147483647) [] { Every: SO_INCOMING_CPU }
    /// ID of the network device's queue on which the last packet was received; 0 if unknown.
    IncomingNapiId = 37: Number [read only] { Every: SO_INCOMING_NAPI_ID }
    /// Identifier of this socket, unique until the system restarts.
    Cookie = 38: Wide [read only] { Every: SO_COOKIE }
    /// Name of the only interface on which packets are sent and received; empty (the default) for all.
    /// [`Error::NOT_FOUND`] if there is no interface of this name. Changing it once it is set needs CAP_NET_RAW.
    Device = 39: Text(15) [] { Every: SO_BINDTODEVICE }
    /// Index of the only interface on which packets are sent and received; 0 (the default) for all. The system does not
    /// check whether the interface exists. Changing it once it is set needs CAP_NET_RAW.
    DeviceIndex = 40: Number(0, 2147483647) [] { Every: SO_BINDTOIFINDEX }
    /// Messages are received with their time of arrival, in nanoseconds. Default 0.
    Timestamps = 41: Switch [] { Every: SO_TIMESTAMPNS }
    /// Which timestamps of packets are taken and reported: the bits of Linux's SO_TIMESTAMPING, 0 for none.
    /// [`Error::INVALID`] for bits that the system does not know, and for OPT_ID (128) on an unconnected TCP socket.
    /// Default 0.
    Timestamping = 42: Number(0, 2147483647) [] { Every: SO_TIMESTAMPING }
    /// Messages are received with the number of messages dropped because the receive buffer was full, counted since the
    /// socket was opened, once it is not 0. Default 0.
    RecvOverflow = 43: Switch [] { Every: SO_RXQ_OVFL }
    /// Like [`Opt::RecvBuffer`], but may exceed the system's limit.
    RecvBufferForce = 44: Number(1, 1073741823, "bytes") [set only, needs CAP_NET_ADMIN] { Every: SO_RCVBUFFORCE }
    /// Like [`Opt::SendBuffer`], but may exceed the system's limit.
    SendBufferForce = 45: Number(1, 1073741823, "bytes") [set only, needs CAP_NET_ADMIN] { Every: SO_SNDBUFFORCE }

    /// Messages are received with the sender's credentials: process, user and group. Default 0.
    PassCredentials = 46: Switch [] { Unix: SO_PASSCRED, Netlink: SO_PASSCRED }
    /// Messages are received with the sender's security label. Default 0.
    PassSecurity = 47: Switch [] { Unix: SO_PASSSEC, Netlink: SO_PASSSEC }
    /// Messages are received with a pidfd of the sender's process. Default 0.
    PassPidfd = 48: Switch [] { Unix: SO_PASSPIDFD }
    /// Process that called connect, listen or socketpair at the other end; 0 if it is not visible in this PID
    /// namespace. [`Error::NOT_CONNECTED`] if the system does not know it, which is always so for datagram sockets
    /// other than those of a pair.
    PeerPid = 49: Peer [read only] { Unix: SO_PEERCRED }
    /// Effective user ID of the process of [`Opt::PeerPid`].
    PeerUid = 50: Peer [read only] { Unix: SO_PEERCRED }
    /// Effective group ID of the process of [`Opt::PeerPid`].
    PeerGid = 51: Peer [read only] { Unix: SO_PEERCRED }
    /// Security label of the process at the other end. [`Error::OPTION_UNSUPPORTED`] if the system has no security
    /// labels.
    PeerSecurity = 52: Text(4095) [read only] { Unix: SO_PEERSEC }

    /// The socket receives datagrams for every group that any socket of this host has joined, not only for its own
    /// groups. Default 1.
    MulticastAll = 53: Switch [] { Packets4: IP_MULTICAST_ALL, Packets6: IPV6_MULTICAST_ALL }
    /// Index of the interface for outgoing unicast packets, if several routes match; with 0 (the default) the system
    /// chooses. [`Error::NOT_FOUND`] if there is no interface with this index.
    UnicastInterface = 54: Interface(0, 2147483647) [] { V4: IP_UNICAST_IF, V6: IPV6_UNICAST_IF }
    /// Bind accepts an address that this host does not have, or does not have yet. Default 0.
    Freebind = 55: Switch [] { V4: IP_FREEBIND, V6: IPV6_FREEBIND }
    /// The socket accepts packets and connections for addresses of other hosts that are routed here. Default 0.
    Transparent = 56: Switch [setting 1 needs CAP_NET_ADMIN or CAP_NET_RAW] { V4: IP_TRANSPARENT, V6: IPV6_TRANSPARENT }
    /// Outgoing data starts with its own IP header. Default 0, but 1 for protocol 255.
    HeaderIncluded = 57: Switch [] { Raw4: IP_HDRINCL, Raw6: IPV6_HDRINCL }
    /// Bind to port 0 defers the choice of a port to connect, which can then share a port with connections to other
    /// peers. Default 0.
    BindNoPort = 58: Switch [] { V4: IP_BIND_ADDRESS_NO_PORT }
    /// Whether packets may be fragmented: 0 always, 1 as the route says (the default), 2 never, 3 never and the known
    /// path MTU is ignored, 4 always and only the interface's MTU applies, 5 as 4 but longer datagrams are fragmented
    /// here. With 2 and 3 a datagram that is too long fails with [`Error::MESSAGE_SIZE`].
    PathMtuDiscovery = 59: Number(0, 5) [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// Packets may not be fragmented: 1 sets [`Opt::PathMtuDiscovery`] to 2, and 0 sets it to 0. Reads as 1 if that is
    /// 2 or 3.
    DontFragment = 60: DontFragment [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// Known path MTU to the peer in bytes, headers included. [`Error::NOT_CONNECTED`] without a peer.
    PathMtu = 61: Number [read only] { V4: IP_MTU, V6: IPV6_MTU }
    /// A change of [`Opt::PathMtu`] is received as an empty message with ancillary data. Default 0.
    RecvPathMtu = 62: Switch [] { V6: IPV6_RECVPATHMTU }
    /// Messages are received with their time to live (IPv6: hop limit). Default 0.
    RecvTtl = 63: Switch [] { V4: IP_RECVTTL, V6: IPV6_RECVHOPLIMIT }
    /// Messages are received with their traffic class, including ECN. Default 0.
    RecvTos = 64: Switch [] { V4: IP_RECVTOS, V6: IPV6_RECVTCLASS }
    /// Messages are received with their destination address and incoming interface. Default 0.
    RecvPacketInfo = 65: Switch [] { V4: IP_PKTINFO, V6: IPV6_RECVPKTINFO }
    /// Asynchronous errors are put into the error queue, to be received with [`Flags::ERROR_QUEUE`]. Unconnected
    /// sockets report such errors only if this is set. Default 0.
    RecvErrors = 66: Switch [] { V4: IP_RECVERR, V6: IPV6_RECVERR }
    /// Messages are received with their destination address and port before redirection. Default 0.
    RecvOriginalDest = 67: Switch [] { V4: IP_RECVORIGDSTADDR, V6: IPV6_RECVORIGDSTADDR }
    /// Messages are received with their IPv4 header options. Default 0.
    RecvIpOptions = 68: Switch [] { V4: IP_RECVOPTS }
    /// Messages are received with their IPv4 header options in the form for a reply. Default 0.
    ReturnIpOptions = 69: Switch [] { V4: IP_RETOPTS }
    /// Messages are received with their hop-by-hop options. Default 0.
    RecvHopOptions = 70: Switch [] { V6: IPV6_RECVHOPOPTS }
    /// Messages are received with their routing header. Default 0.
    RecvRoutingHeader = 71: Switch [] { V6: IPV6_RECVRTHDR }
    /// Messages are received with their destination options. Default 0.
    RecvDestOptions = 72: Switch [] { V6: IPV6_RECVDSTOPTS }
    /// TCP drops packets with a smaller time to live (IPv6: hop limit); with 255, only direct neighbours are accepted.
    /// It has no effect on other sockets. Default 0.
    MinTtl = 73: Number(0, 255) [] { V4: IP_MINTTL, V6: IPV6_MINHOPCOUNT }
    /// Outgoing packets get a flow label computed from their addresses and ports. The default is
    /// net.ipv6.auto_flowlabels.
    AutoFlowLabel = 74: Switch [] { V6: IPV6_AUTOFLOWLABEL }
    /// The flow information in the address of connect and of the sending calls is used. Default 0.
    FlowInfoSend = 75: Switch [] { V6: IPV6_FLOWINFO_SEND }
    /// Messages are received with their flow label and traffic class. Default 0.
    RecvFlowInfo = 76: Switch [] { V6: IPV6_FLOWINFO }
    /// Offset in a packet at which the system writes and verifies a checksum, an even number; -1 (the default) disables
    /// it. Fixed for ICMPv6.
    ChecksumOffset = 77: Number(-1, 65534, "bytes") [] { Raw6: IPV6_CHECKSUM }

    /// While this is 1, partial segments are held back, on TCP for at most 200 milliseconds; on UDP all data sent
    /// meanwhile becomes one datagram. Default 0.
    Cork = 78: Switch [] { Tcp: TCP_CORK, Udp: UDP_CORK }
    /// Maximum segment size of a connection, 88 to 32767; with 0 the system chooses. On a connected socket it reads as
    /// the current size.
    MaxSegment = 79: Number(0, 32767, "bytes") [] { Tcp: TCP_MAXSEG }
    /// How long a listener holds back a connection until its first data arrives; 0 (the default) does not hold it back.
    /// The system rounds it up to its retransmission times: read it back.
    DeferAccept = 80: Number(0, 2147483647, "seconds") [] { Tcp: TCP_DEFER_ACCEPT }
    /// Number of times that connect retransmits its request before it fails.
    SynCount = 81: Number(1, 127) [] { Tcp: TCP_SYNCNT }
    /// How long a closed connection stays in FIN_WAIT_2: 0 is the system's default, -1 does not wait, and values above
    /// 120 become 120: read it back.
    FinTimeout = 82: Number(-1, 2147483647, "seconds") [] { Tcp: TCP_LINGER2 }
    /// Maximum receive window advertised to the peer; 0 (the default) means no such limit. The system increases small
    /// values: read it back.
    WindowClamp = 83: Number(0, 2147483647, "bytes") [] { Tcp: TCP_WINDOW_CLAMP }
    /// Segments are acknowledged at once; with 0, acknowledgements are delayed so that they can be sent with data. The
    /// system changes it by its own rules later.
    QuickAck = 84: Switch [] { Tcp: TCP_QUICKACK }
    /// How long sent data may stay unacknowledged before the connection is aborted; with 0 (the default) the system's
    /// retransmission limit applies.
    UserTimeout = 85: Number(0, 2147483647, "milliseconds") [] { Tcp: TCP_USER_TIMEOUT }
    /// Maximum number of pending TCP Fast Open requests of a listener; 0 (the default) disables TCP Fast Open. The
    /// system must allow it (net.ipv4.tcp_fastopen) and limits the number: read it back.
    FastOpen = 86: Number(0, 2147483647) [] { Tcp: TCP_FASTOPEN }
    /// Connect returns at once, and the first data is sent in the SYN, if the server allowed that in an earlier
    /// connection (TCP Fast Open). Default 0.
    FastOpenConnect = 87: Switch [] { Tcp: TCP_FASTOPEN_CONNECT }
    /// TCP Fast Open without a cookie from an earlier connection; must be set at both ends. Default 0.
    FastOpenNoCookie = 88: Switch [] { Tcp: TCP_FASTOPEN_NO_COOKIE }
    /// The socket is writable only while fewer bytes than this are unsent; 0 is the system's default.
    NotSentLowWater = 89: Number(0, 4294967295, "bytes") [] { Tcp: TCP_NOTSENT_LOWAT }
    /// A connection with little data in flight retransmits at constant instead of growing intervals. Default 0.
    ThinLinearTimeouts = 90: Switch [] { Tcp: TCP_THIN_LINEAR_TIMEOUTS }
    /// Name of the congestion control algorithm, such as cubic or reno. [`Error::NOT_FOUND`] if the system has none of
    /// this name; restricted algorithms need CAP_NET_ADMIN.
    Congestion = 91: Text(15) [] { Tcp: TCP_CONGESTION }
    /// Name of the upper layer protocol on top of TCP, such as tls; initially empty. It can be set once, usually on a
    /// connected socket. [`Error::NOT_FOUND`] if the system has none of this name.
    Ulp = 92: Text(15) [] { Tcp: TCP_ULP }
    /// Data that is sent is segmented into datagrams of this size (GSO), on Linux at most 128; 0 (the default) disables
    /// it.
    SegmentSize = 93: Number(0, 65535, "bytes") [] { PlainUdp: UDP_SEGMENT }
    /// Datagrams of one size from one sender can be received coalesced, together with that size. Default 0.
    Gro = 94: Switch [] { PlainUdp: UDP_GRO }
    /// Size of the receive buffer, within [`Opt::VsockBufferMin`] and [`Opt::VsockBufferMax`]: read it back.
    VsockBufferSize = 95: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_SIZE }
    /// Minimum of [`Opt::VsockBufferSize`].
    VsockBufferMin = 96: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MIN_SIZE }
    /// Maximum of [`Opt::VsockBufferSize`].
    VsockBufferMax = 97: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MAX_SIZE }
    /// Number of bytes of each outgoing datagram that the checksum covers, header included; 0 (the default) means all.
    /// 1 to 7 become 8: read it back.
    UdpLiteSendCoverage = 98: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_SEND_CSCOV }
    /// Minimum checksum coverage of incoming datagrams; others are dropped. 0 (the default) requires full coverage. 1
    /// to 7 become 8: read it back.
    UdpLiteRecvCoverage = 99: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_RECV_CSCOV }
}
