// The table of all options, the single place that defines them. options.rs generates the enum and the native levels and
// names from it; build/options.rs generates the C names, the comments of the header and the list of options. A row is
//
//     /// Description, for readers of Rust and C. (build/options.rs converts links such as [`Opt::Ttl`] to JF_OPT_TTL.)
//     Name = number: Format(minimum, maximum, "unit") [access] { Sockets: NATIVE_NAME }
//
// with one native name for each kind of socket that has a separate level and name. An option is set under every name
// that applies to a socket, because an IPv6 socket can use IPv4, too. It is read under the last listed name that
// applies.
options! {
    /// Timeout of accept and of the receiving calls: -1 (the default) waits for ever, 0 never waits. Each handle has
    /// its own timeouts. The library also stores them in the socket, which duplicates and other processes share. These
    /// should not set different timeouts, or a call may wait longer than its timeout.
    RecvTimeout = 1: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_RCVTIMEO }
    /// Timeout of connect and of the sending calls: -1 (the default) waits for ever, 0 never waits. It is stored as
    /// [`Opt::RecvTimeout`] is.
    SendTimeout = 2: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_SNDTIMEO }
    /// If 1, a blocked call returns [`Error::INTERRUPTED`] after a signal handler has run in its thread, for example so
    /// that Ctrl-C ends a blocked call in Python. It may also do so after the process was stopped and continued. The
    /// option also applies to a wait for several sockets that include this one; pollers have a separate option. Install
    /// the handler without SA_RESTART: with it, the system resumes the wait. A signal just before the call is not
    /// noticed; see "Ending on Ctrl-C" in docs/timeouts.md. Default 0.
    Interruptible = 3: Switch [] {}
    /// Bind accepts an address that other sockets use, if they have this option, too. On TCP, these may be connected or
    /// in TIME_WAIT, but not listening. On UDP, the socket that was bound last receives the unicast datagrams. Default
    /// 0 (raw sockets: 1).
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
    /// How long close waits for unsent data; the system may round it up to whole seconds. With 0, close discards the
    /// data and resets the connection. With -1 (the default), close does not wait, and the system sends the data in the
    /// background.
    Linger = 12: Linger(-1, 2147483647, "milliseconds") [] { Every: SO_LINGER }
    /// Size of the receive buffer. The system rounds and limits it. Reads as the value in effect.
    RecvBuffer = 13: Buffer(1, 1073741823, "bytes") [] { Every: SO_RCVBUF }
    /// Size of the send buffer. The system rounds and limits it. Reads as the value in effect.
    SendBuffer = 14: Buffer(1, 1073741823, "bytes") [] { Every: SO_SNDBUF }
    /// Datagrams may be sent to broadcast addresses. Default 0.
    Broadcast = 15: Switch [] { Every: SO_BROADCAST }
    /// Time to live (IPv6: hop limit) of outgoing packets.
    Ttl = 16: Number(1, 255) [] { V4: IP_TTL, V6: IPV6_UNICAST_HOPS }
    /// Traffic class of outgoing packets: DSCP in the upper six bits, ECN in the lower two. For TCP, the system sets
    /// the ECN bits. Reads as the value in effect. On IPv4 this also changes the priority. Default 0.
    Tos = 17: Number(0, 255) [] { V4: IP_TOS, V6: IPV6_TCLASS }
    /// Time to live (IPv6: hop limit) of outgoing multicast packets; 0 keeps them on this host. Default 1.
    MulticastTtl = 18: Number(0, 255) [] { Packets4: IP_MULTICAST_TTL, Packets6: IPV6_MULTICAST_HOPS }
    /// Outgoing multicast packets are also delivered to group members on this host. Default 1.
    MulticastLoop = 19: Switch [] { Packets4: IP_MULTICAST_LOOP, Packets6: IPV6_MULTICAST_LOOP }
    /// Index of the interface for outgoing multicast packets; with 0 (the default) the system chooses.
    /// [`Error::NOT_FOUND`] if there is no interface with this index. Linux cannot report the index for an IPv4 socket
    /// if another handle or process set it: the option then reads as 0. An interface that was set by its address, with
    /// the native option, is always reported.
    MulticastInterface = 20: MulticastInterface(0, 2147483647)
        [] { Packets4: IP_MULTICAST_IF, Packets6: IPV6_MULTICAST_IF }
    /// The pending [`Error`] as a negative number, such as that of [`Error::CONN_REFUSED`], or 0. Reading clears it.
    Error = 21: Number [read only] { Every: SO_ERROR }
    /// The socket's type: a [`Type`].
    Type = 22: Number [read only] { Every: SO_TYPE }
    /// The socket's address family: a [`Family`].
    Family = 23: Number [read only] { Every: SO_DOMAIN }
    /// Protocol number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for UNIX and packet sockets.
    Protocol = 24: Number [read only] { Every: SO_PROTOCOL }
    /// 1 if the socket is listening.
    Listening = 25: Switch [read only] { Every: SO_ACCEPTCONN }

    /// Out-of-band data of a stream is received in line with the other data. Default 0.
    OobInline = 26: Switch [] { Every: SO_OOBINLINE }
    /// Packets are only sent to hosts on directly connected networks. Default 0.
    DontRoute = 27: Switch [] { Every: SO_DONTROUTE }
    /// Enables debug records of the protocol, if the system was built with them. Default 0.
    Debug = 28: Switch [setting 1 needs CAP_NET_ADMIN] { Every: SO_DEBUG }
    /// Number of bytes that must be available before a stream is readable and a receiving call returns. The system
    /// limits it. Reads as the value in effect. Default 1.
    RecvLowWater = 29: Number(1, 2147483647, "bytes") [] { Every: SO_RCVLOWAT }
    /// Free space in the send buffer that makes a socket writable; always 1 on Linux.
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
    BusyPollBudget = 35: Number(0, 65535) [write only] { Every: SO_BUSY_POLL_BUDGET }
    /// CPU on which the last packet was received, -1 before the first packet. Setting it selects, among the sockets
    /// that share an address with [`Opt::ReusePort`], the one that gets the packets of that CPU.
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
    /// Which timestamps of packets are taken and reported: bits of jf_timestamping (those of Linux's SO_TIMESTAMPING),
    /// 0 for none. [`Error::INVALID`] for bits that the system does not know, and for JF_TS_OPT_ID (128) on an
    /// unconnected TCP socket. Default 0.
    Timestamping = 42: Number(0, 2147483647) [] { Every: SO_TIMESTAMPING }
    /// Messages are received with the number of messages that the socket has dropped since it was opened because its
    /// receive buffer was full. The number is omitted while it is 0. Default 0.
    RecvOverflow = 43: Switch [] { Every: SO_RXQ_OVFL }
    /// Like [`Opt::RecvBuffer`], but may exceed the system's limit.
    RecvBufferForce = 44: Number(1, 1073741823, "bytes") [write only, needs CAP_NET_ADMIN] { Every: SO_RCVBUFFORCE }
    /// Like [`Opt::SendBuffer`], but may exceed the system's limit.
    SendBufferForce = 45: Number(1, 1073741823, "bytes") [write only, needs CAP_NET_ADMIN] { Every: SO_SNDBUFFORCE }

    /// Messages are received with the sender's credentials: process, user and group. Default 0.
    PassCredentials = 46: Switch [] { Unix: SO_PASSCRED, Netlink: SO_PASSCRED }
    /// Messages are received with the sender's security label. Default 0.
    PassSecurity = 47: Switch [] { Unix: SO_PASSSEC, Netlink: SO_PASSSEC }
    /// Messages are received with a pidfd of the sender's process. Default 0.
    PassPidfd = 48: Switch [] { Unix: SO_PASSPIDFD }
    /// Process that called connect, listen or socketpair at the other end; 0 if it is not visible in this PID
    /// namespace. [`Error::NOT_CONNECTED`] if the system does not know it. Datagram sockets never have one, except
    /// those of a pair.
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
    /// If several routes match: index of the interface for outgoing unicast packets. With 0 (the default) the system
    /// chooses. [`Error::NOT_FOUND`] if there is no interface with this index.
    UnicastInterface = 54: Interface(0, 2147483647) [] { V4: IP_UNICAST_IF, V6: IPV6_UNICAST_IF }
    /// Bind accepts an address that this host does not have, or does not have yet. Default 0.
    Freebind = 55: Switch [] { V4: IP_FREEBIND, V6: IPV6_FREEBIND }
    /// The socket accepts packets and connections for addresses of other hosts that are routed here. Default 0.
    Transparent = 56: Switch [setting 1 needs CAP_NET_ADMIN or CAP_NET_RAW] { V4: IP_TRANSPARENT, V6: IPV6_TRANSPARENT }
    /// Outgoing data starts with its own IP header. Default 0, but 1 for protocol 255.
    HeaderIncluded = 57: Switch [] { Raw4: IP_HDRINCL, Raw6: IPV6_HDRINCL }
    /// Bind with port 0 does not choose a port; connect chooses it later. The port can be shared with connections to
    /// other peers. Default 0.
    BindNoPort = 58: Switch [] { V4: IP_BIND_ADDRESS_NO_PORT }
    /// Where IP packets may be fragmented, as in jf_pmtu. 0 (JF_PMTU_DONT): here and by routers. 1 (JF_PMTU_WANT, the
    /// default): as the route requires. 2 (JF_PMTU_DO): nowhere. 3 (JF_PMTU_PROBE): nowhere, and the known path MTU is
    /// ignored. 4 (JF_PMTU_INTERFACE): only by routers, and only the interface's MTU applies. 5 (JF_PMTU_OMIT): like 4,
    /// but longer datagrams are also fragmented here. With 2 to 4, a datagram that is too long fails with
    /// [`Error::MESSAGE_SIZE`].
    PathMtuDiscovery = 59: Number(0, 5) [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// Packets may not be fragmented: 1 sets [`Opt::PathMtuDiscovery`] to 2 (JF_PMTU_DO), and 0 sets it to 0
    /// (JF_PMTU_DONT). Reads as 1 if that option is 2 or 3 (JF_PMTU_PROBE).
    DontFragment = 60: DontFragment [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// Known path MTU to the peer in bytes, headers included. [`Error::NOT_CONNECTED`] without a peer.
    PathMtu = 61: Number [read only] { V4: IP_MTU, V6: IPV6_MTU }
    /// A change of [`Opt::PathMtu`] is received as an empty message that has the new path MTU as ancillary data.
    /// Default 0.
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
    /// Connect and the sending calls use the flow information of the address. Default 0.
    FlowInfoSend = 75: Switch [] { V6: IPV6_FLOWINFO_SEND }
    /// Messages are received with their flow label and traffic class. Default 0.
    RecvFlowInfo = 76: Switch [] { V6: IPV6_FLOWINFO }
    /// Even offset in a packet at which the system writes and verifies a checksum; -1 (the default) disables the
    /// checksum. Fixed for ICMPv6.
    ChecksumOffset = 77: Number(-1, 65534, "bytes") [] { Raw6: IPV6_CHECKSUM }

    /// While this is 1, the system holds back partial segments: on TCP for at most 200 milliseconds. On UDP, all data
    /// sent meanwhile becomes one datagram, which is sent when this is set to 0. Default 0.
    Cork = 78: Switch [] { Tcp: TCP_CORK, Udp: UDP_CORK }
    /// Maximum segment size of a connection. With 0, the system chooses; 1 to 87 are [`Error::INVALID`]. On a connected
    /// socket it reads as the current size.
    MaxSegment = 79: Number(0, 32767, "bytes") [] { Tcp: TCP_MAXSEG }
    /// How long a listener holds back a connection until its first data arrives; 0 (the default) does not hold it back.
    /// The system rounds it up to its retransmission times. Reads as the value in effect.
    DeferAccept = 80: Number(0, 2147483647, "seconds") [] { Tcp: TCP_DEFER_ACCEPT }
    /// Number of times that connect retransmits its request before it fails.
    SynCount = 81: Number(1, 127) [] { Tcp: TCP_SYNCNT }
    /// How long a closed connection stays in FIN_WAIT_2. 0 is the system's default. -1 does not wait. Values above 120
    /// become 120. Reads as the value in effect.
    FinTimeout = 82: Number(-1, 2147483647, "seconds") [] { Tcp: TCP_LINGER2 }
    /// Maximum receive window advertised to the peer; 0 (the default) means no such limit. The system increases small
    /// values. Reads as the value in effect.
    WindowClamp = 83: Number(0, 2147483647, "bytes") [] { Tcp: TCP_WINDOW_CLAMP }
    /// Segments are acknowledged at once; with 0, acknowledgements are delayed so that they can be sent with data. The
    /// system changes it by its own rules later.
    QuickAck = 84: Switch [] { Tcp: TCP_QUICKACK }
    /// How long sent data may stay unacknowledged before the connection is aborted; with 0 (the default) the system's
    /// retransmission limit applies.
    UserTimeout = 85: Number(0, 2147483647, "milliseconds") [] { Tcp: TCP_USER_TIMEOUT }
    /// Maximum number of pending TCP Fast Open requests of a listener; 0 (the default) disables TCP Fast Open. The
    /// system must allow it (net.ipv4.tcp_fastopen) and limits the number. Reads as the value in effect.
    FastOpen = 86: Number(0, 2147483647) [] { Tcp: TCP_FASTOPEN }
    /// Connect returns at once, and the first data is sent in the SYN, if the server allowed that in an earlier
    /// connection (TCP Fast Open). Dialers refuse it. Default 0.
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
    /// Data that is sent is segmented into datagrams of this size (GSO), on Linux at most 128 datagrams per call; 0
    /// (the default) disables it.
    SegmentSize = 93: Number(0, 65535, "bytes") [] { PlainUdp: UDP_SEGMENT }
    /// The system may coalesce datagrams of one size from one sender. They are received as one message, together with
    /// that size. Default 0.
    Gro = 94: Switch [] { PlainUdp: UDP_GRO }
    /// Size of the receive buffer, within [`Opt::VsockBufferMin`] and [`Opt::VsockBufferMax`]. Reads as the value in
    /// effect.
    VsockBufferSize = 95: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_SIZE }
    /// Minimum of [`Opt::VsockBufferSize`].
    VsockBufferMin = 96: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MIN_SIZE }
    /// Maximum of [`Opt::VsockBufferSize`].
    VsockBufferMax = 97: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MAX_SIZE }
    /// Number of bytes of each outgoing datagram that the checksum covers, header included; 0 (the default) means all.
    /// 1 to 7 become 8. Reads as the value in effect.
    UdpLiteSendCoverage = 98: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_SEND_CSCOV }
    /// Minimum checksum coverage of incoming datagrams; others are dropped. 0 (the default) requires full coverage. 1
    /// to 7 become 8. Reads as the value in effect.
    UdpLiteRecvCoverage = 99: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_RECV_CSCOV }
}
