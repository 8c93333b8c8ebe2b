// Every option: the one place that knows them. options.rs makes the enum from it and looks up in it where the system
// keeps an option; build.rs makes the C names, the header's comments and the README's list. A row is
//
//     /// What it does, for readers of Rust and of C. (build.rs turns links such as [`Opt::Ttl`] into JF_OPT_TTL.)
//     Name = number: Form(least, most, "unit") [who may] { Where: OS_NAME }
//
// with a place for each kind of socket that keeps it under a level and name of its own. An option is set at every place
// that a socket has, since an IPv6 socket speaks IPv4 too, and read at the last of them.
options! {
    /// How long accept and the receiving calls wait: -1 for ever (the default), 0 not at all. The system keeps the time
    /// with the socket, so duplicates and processes that share the socket should not set different ones.
    RecvTimeout = 1: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_RCVTIMEO }
    /// How long connect and the sending calls wait: -1 for ever (the default), 0 not at all.
    SendTimeout = 2: Number(-1, 9223372036854775807, "milliseconds") [] { Every: SO_SNDTIMEO }
    /// A call that waits ends with [`Error::INTERRUPTED`] after a signal was handled in its thread, so that Ctrl-C
    /// works in a host language; and perhaps after the process was stopped and continued. The signal's handler should
    /// not ask for SA_RESTART: then the system itself goes on waiting. Default 0.
    Interruptible = 3: Switch [] {}
    /// Bind takes an address whose old connections are still fading out, if the sockets that had it set this as well.
    /// Default 0, of raw sockets 1.
    ReuseAddr = 4: Switch [] { Every: SO_REUSEADDR }
    /// Several sockets bind to one address and share what comes in. Default 0.
    ReusePort = 5: Switch [] { Ip: SO_REUSEPORT }
    /// The socket does not speak IPv4. To be set before bind. Default 0.
    OnlyV6 = 6: Switch [] { Cooked6: IPV6_V6ONLY }
    /// Small packets are sent at once instead of collected. Default 0.
    NoDelay = 7: Switch [] { Tcp: TCP_NODELAY }
    /// Probe a peer that has been silent. Default 0.
    KeepAlive = 8: Switch [] { Every: SO_KEEPALIVE }
    /// How long a peer is silent before the first probe.
    KeepIdle = 9: Number(1, 32767, "seconds") [] { Tcp: TCP_KEEPIDLE }
    /// The time between probes.
    KeepInterval = 10: Number(1, 32767, "seconds") [] { Tcp: TCP_KEEPINTVL }
    /// Probes without an answer until the connection is given up.
    KeepCount = 11: Number(1, 127) [] { Tcp: TCP_KEEPCNT }
    /// How long close waits for unsent data, which the system may round up to whole seconds; 0 throws the data away and
    /// resets the connection; -1 (the default) returns at once and sends it in the background.
    Linger = 12: Linger(-1, 2147483647, "milliseconds") [] { Every: SO_LINGER }
    /// How much is kept until it is received. The system rounds and limits the number: read it back.
    RecvBuffer = 13: Buffer(1, 1073741823, "bytes") [] { Every: SO_RCVBUF }
    /// How much is kept until it is sent. The system rounds and limits the number: read it back.
    SendBuffer = 14: Buffer(1, 1073741823, "bytes") [] { Every: SO_SNDBUF }
    /// Datagrams may go to a broadcast address. Default 0.
    Broadcast = 15: Switch [] { Every: SO_BROADCAST }
    /// Routers that a packet may pass.
    Ttl = 16: Number(1, 255) [] { V4: IP_TTL, V6: IPV6_UNICAST_HOPS }
    /// The traffic class of the packets: DSCP in the upper six bits, ECN in the lower two. The ECN of a TCP connection
    /// is the system's own: read it back. On IPv4 the priority follows it. Default 0.
    Tos = 17: Number(0, 255) [] { V4: IP_TOS, V6: IPV6_TCLASS }
    /// Routers that a packet to a group may pass; 0 keeps it on this host. Default 1.
    MulticastTtl = 18: Number(0, 255) [] { Packets4: IP_MULTICAST_TTL, Packets6: IPV6_MULTICAST_HOPS }
    /// What is sent to a group comes to its members on this host too. Default 1.
    MulticastLoop = 19: Switch [] { Packets4: IP_MULTICAST_LOOP, Packets6: IPV6_MULTICAST_LOOP }
    /// The index of the interface that packets to a group leave by; 0 (the default) is the system's choice.
    /// [`Error::NOT_FOUND`] when there is none with that index. Linux does not tell which index an IPv4 socket was
    /// given by another handle or process: that reads as 0, unless it was given by the interface's address.
    MulticastInterface = 20: MulticastInterface(0, 2147483647)
        [] { Packets4: IP_MULTICAST_IF, Packets6: IPV6_MULTICAST_IF }
    /// The code of the [`Error`] that came in since this was last read, such as that of [`Error::CONN_REFUSED`], or 0;
    /// reading takes it.
    Error = 21: Number [read only] { Every: SO_ERROR }
    /// The number of the socket's [`Type`].
    Type = 22: Number [read only] { Every: SO_TYPE }
    /// The number of the socket's [`Family`].
    Family = 23: Number [read only] { Every: SO_DOMAIN }
    /// The protocol's number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for UNIX and for frames.
    Protocol = 24: Number [read only] { Every: SO_PROTOCOL }
    /// 1 after listen.
    Listening = 25: Switch [read only] { Every: SO_ACCEPTCONN }

    /// A stream's urgent byte stays in its place among the others, where it is received like them. Default 0.
    OobInline = 26: Switch [] { Every: SO_OOBINLINE }
    /// Packets go to hosts of the networks that this one is directly connected to, and nowhere else. Default 0.
    DontRoute = 27: Switch [] { Every: SO_DONTROUTE }
    /// The protocol records what it does, where the system has been built for that. Default 0.
    Debug = 28: Switch [setting 1 needs CAP_NET_ADMIN] { Every: SO_DEBUG }
    /// How much has to be there until a stream is readable and a receiving call goes on. The system limits the number:
    /// read it back. Default 1.
    RecvLowWater = 29: Number(1, 2147483647, "bytes") [] { Every: SO_RCVLOWAT }
    /// How much room there has to be until a socket is writable; on Linux always 1.
    SendLowWater = 30: Number [read only] { Every: SO_SNDLOWAT }
    /// Which of an interface's queues packets go to first. More than 6 needs CAP_NET_ADMIN or CAP_NET_RAW. Default 0.
    Priority = 31: Number(0, 4294967295) [] { Every: SO_PRIORITY }
    /// A mark on each packet, for routing and filters. Default 0.
    Mark = 32: Number(0, 4294967295) [setting needs CAP_NET_ADMIN or CAP_NET_RAW] { Every: SO_MARK }
    /// How long a receiving call asks the network device again and again before it sleeps; 0 is not at all. Older
    /// systems want CAP_NET_ADMIN for more than it was. The default is that of net.core.busy_read.
    BusyPoll = 33: Number(0, 2147483647, "microseconds") [] { Every: SO_BUSY_POLL }
    /// The device is asked rather than waited for to interrupt. Default 0.
    PreferBusyPoll = 34: Switch [setting 1 needs CAP_NET_ADMIN] { Every: SO_PREFER_BUSY_POLL }
    /// How many packets are taken each time the device is asked; 0 (the default) stands for 8. More than it was needs
    /// CAP_NET_ADMIN.
    BusyPollBudget = 35: Number(0, 65535) [set only] { Every: SO_BUSY_POLL_BUDGET }
    /// The processor that the last packet came in by, -1 for none yet. Setting it has listeners and receivers that
    /// share their address by [`Opt::ReusePort`] get what comes in by that processor.
    IncomingCpu = 36: Number(-1, 2147483647) [] { Every: SO_INCOMING_CPU }
    /// The number of the device's queue that the last packet came in by, 0 for none.
    IncomingNapiId = 37: Number [read only] { Every: SO_INCOMING_NAPI_ID }
    /// A number that the system gave this socket, and gives no other until it is started again.
    Cookie = 38: Wide [read only] { Every: SO_COOKIE }
    /// The name of the one interface that packets leave and come in by; empty (the default) for all.
    /// [`Error::NOT_FOUND`] when there is none of that name. Changing it once it is set needs CAP_NET_RAW.
    Device = 39: Text(15) [] { Every: SO_BINDTODEVICE }
    /// The index of the one interface that packets leave and come in by; 0 (the default) for all. The system takes the
    /// index of an interface that does not exist. Changing it once it is set needs CAP_NET_RAW.
    DeviceIndex = 40: Number(0, 2147483647) [] { Every: SO_BINDTOIFINDEX }
    /// Each message is received with the time at which it came, in nanoseconds. Default 0.
    Timestamps = 41: Switch [] { Every: SO_TIMESTAMPNS }
    /// Which times of a packet are taken, and how they are told: the bits of Linux's SO_TIMESTAMPING, 0 for none.
    /// [`Error::INVALID`] for bits that the system doesn't know, and for OPT_ID (128) on TCP without a connection.
    /// Default 0.
    Timestamping = 42: Number(0, 2147483647) [] { Every: SO_TIMESTAMPING }
    /// Each message is received with the count of those dropped for want of room since the socket was opened, once
    /// there are any. Default 0.
    RecvOverflow = 43: Switch [] { Every: SO_RXQ_OVFL }
    /// As [`Opt::RecvBuffer`], beyond the system's limit.
    RecvBufferForce = 44: Number(1, 1073741823, "bytes") [set only, needs CAP_NET_ADMIN] { Every: SO_RCVBUFFORCE }
    /// As [`Opt::SendBuffer`], beyond the system's limit.
    SendBufferForce = 45: Number(1, 1073741823, "bytes") [set only, needs CAP_NET_ADMIN] { Every: SO_SNDBUFFORCE }

    /// Each message is received with the sender's process, user and group. Default 0.
    PassCredentials = 46: Switch [] { Unix: SO_PASSCRED, Netlink: SO_PASSCRED }
    /// Each message is received with the sender's security label. Default 0.
    PassSecurity = 47: Switch [] { Unix: SO_PASSSEC, Netlink: SO_PASSSEC }
    /// Each message is received with a descriptor for the sender's process. Default 0.
    PassPidfd = 48: Switch [] { Unix: SO_PASSPIDFD }
    /// The process that connected, or that listened, or that made the pair; 0 if it can't be seen from here.
    /// [`Error::NOT_CONNECTED`] where the system knows none, which it never does of datagrams but those of a pair.
    PeerPid = 49: Peer [read only] { Unix: SO_PEERCRED }
    /// The effective user of the process that [`Opt::PeerPid`] tells.
    PeerUid = 50: Peer [read only] { Unix: SO_PEERCRED }
    /// The effective group of the process that [`Opt::PeerPid`] tells.
    PeerGid = 51: Peer [read only] { Unix: SO_PEERCRED }
    /// The security label of the process at the other end. [`Error::OPTION_UNSUPPORTED`] where the system has no
    /// labels.
    PeerSecurity = 52: Text(4095) [read only] { Unix: SO_PEERSEC }

    /// The socket gets what is sent to any group that some socket of this host has joined, not only to its own. Default
    /// 1.
    MulticastAll = 53: Switch [] { Packets4: IP_MULTICAST_ALL, Packets6: IPV6_MULTICAST_ALL }
    /// The index of the interface that packets to one host leave by, where the routes have a choice; 0 (the default) is
    /// the system's. [`Error::NOT_FOUND`] when there is none with that index.
    UnicastInterface = 54: Interface(0, 2147483647) [] { V4: IP_UNICAST_IF, V6: IPV6_UNICAST_IF }
    /// Bind takes an address that this host does not have, or not yet. Default 0.
    Freebind = 55: Switch [] { V4: IP_FREEBIND, V6: IPV6_FREEBIND }
    /// The socket takes packets and connections for addresses of other hosts, which the routes lead here. Default 0.
    Transparent = 56: Switch [setting 1 needs CAP_NET_ADMIN or CAP_NET_RAW] { V4: IP_TRANSPARENT, V6: IPV6_TRANSPARENT }
    /// What is sent starts with its own IP header. Default 0, but 1 for protocol 255.
    HeaderIncluded = 57: Switch [] { Raw4: IP_HDRINCL, Raw6: IPV6_HDRINCL }
    /// Bind to port 0 leaves the choice of a port to connect, which then shares ports with connections to other peers.
    /// Default 0.
    BindNoPort = 58: Switch [] { V4: IP_BIND_ADDRESS_NO_PORT }
    /// Whether packets forbid routers to cut them into fragments: 0 never, 1 as the route says (the default), 2 always,
    /// 3 always and whatever is known of the path, 4 never and by the interface's own limit alone, 5 as 4 but cut what
    /// is longer. With 2 and 3 a datagram that is too long is [`Error::MESSAGE_SIZE`].
    PathMtuDiscovery = 59: Number(0, 5) [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// A packet that is too long for its way is not cut into fragments: [`Opt::PathMtuDiscovery`] is set to 2 by 1, and
    /// to 0 by 0. Reads as 1 when it is 2 or 3.
    DontFragment = 60: DontFragment [] { V4: IP_MTU_DISCOVER, V6: IPV6_MTU_DISCOVER }
    /// How long a packet to the peer may be, with its headers, as far as is known. [`Error::NOT_CONNECTED`] without a
    /// peer.
    PathMtu = 61: Number [read only] { V4: IP_MTU, V6: IPV6_MTU }
    /// A change of [`Opt::PathMtu`] is received as an empty message of control data. Default 0.
    RecvPathMtu = 62: Switch [] { V6: IPV6_RECVPATHMTU }
    /// Each message is received with the number of routers it could still have passed. Default 0.
    RecvTtl = 63: Switch [] { V4: IP_RECVTTL, V6: IPV6_RECVHOPLIMIT }
    /// Each message is received with its traffic class, ECN included. Default 0.
    RecvTos = 64: Switch [] { V4: IP_RECVTOS, V6: IPV6_RECVTCLASS }
    /// Each message is received with the address it was sent to and the interface it came in by. Default 0.
    RecvPacketInfo = 65: Switch [] { V4: IP_PKTINFO, V6: IPV6_RECVPKTINFO }
    /// Errors that come in are queued, to be received with [`Flags::ERROR_QUEUE`]; without a connection they are then
    /// told of at all. Default 0.
    RecvErrors = 66: Switch [] { V4: IP_RECVERR, V6: IPV6_RECVERR }
    /// Each message is received with the address and port it was sent to before it was redirected here. Default 0.
    RecvOriginalDest = 67: Switch [] { V4: IP_RECVORIGDSTADDR, V6: IPV6_RECVORIGDSTADDR }
    /// Each message is received with the options of its IPv4 header. Default 0.
    RecvIpOptions = 68: Switch [] { V4: IP_RECVOPTS }
    /// Each message is received with the options of its IPv4 header made ready to be sent back. Default 0.
    ReturnIpOptions = 69: Switch [] { V4: IP_RETOPTS }
    /// Each message is received with its hop-by-hop options. Default 0.
    RecvHopOptions = 70: Switch [] { V6: IPV6_RECVHOPOPTS }
    /// Each message is received with its routing header. Default 0.
    RecvRoutingHeader = 71: Switch [] { V6: IPV6_RECVRTHDR }
    /// Each message is received with its destination options. Default 0.
    RecvDestOptions = 72: Switch [] { V6: IPV6_RECVDSTOPTS }
    /// TCP drops packets that could have passed fewer routers than this: 255 keeps the direct neighbours alone. On
    /// other sockets it has no effect. Default 0.
    MinTtl = 73: Number(0, 255) [] { V4: IP_MINTTL, V6: IPV6_MINHOPCOUNT }
    /// Packets get a flow label that is made from their addresses and ports. The default is that of
    /// net.ipv6.auto_flowlabels.
    AutoFlowLabel = 74: Switch [] { V6: IPV6_AUTOFLOWLABEL }
    /// The flow information of the address to connect or send to is heeded. Default 0.
    FlowInfoSend = 75: Switch [] { V6: IPV6_FLOWINFO_SEND }
    /// Each message is received with its flow label and traffic class. Default 0.
    RecvFlowInfo = 76: Switch [] { V6: IPV6_FLOWINFO }
    /// Where in a packet the system puts and checks its checksum, an even number; -1 (the default) is nowhere. Fixed
    /// for ICMPv6.
    ChecksumOffset = 77: Number(-1, 65534, "bytes") [] { Raw6: IPV6_CHECKSUM }

    /// While it is 1 packets are not sent until they are full, on TCP for 200 milliseconds at the longest; UDP makes
    /// one datagram of all that is sent meanwhile. Default 0.
    Cork = 78: Switch [] { Tcp: TCP_CORK, Udp: UDP_CORK }
    /// The longest segment of a connection, 88 to 32767; 0 is the system's choice. With a connection it reads as the
    /// segment in use.
    MaxSegment = 79: Number(0, 32767, "bytes") [] { Tcp: TCP_MAXSEG }
    /// How long a listener keeps a connection to itself until its first data comes; 0 (the default) not at all. The
    /// system rounds it up to the times of its retries: read it back.
    DeferAccept = 80: Number(0, 2147483647, "seconds") [] { Tcp: TCP_DEFER_ACCEPT }
    /// How often connect asks again before it gives up.
    SynCount = 81: Number(1, 127) [] { Tcp: TCP_SYNCNT }
    /// How long a closed connection waits for the peer to close it too: 0 is the system's default, -1 not at all, and
    /// more than 120 is taken for 120: read it back.
    FinTimeout = 82: Number(-1, 2147483647, "seconds") [] { Tcp: TCP_LINGER2 }
    /// The largest window that is offered to the peer; 0 (the default) for no such limit. The system raises small
    /// numbers: read it back.
    WindowClamp = 83: Number(0, 2147483647, "bytes") [] { Tcp: TCP_WINDOW_CLAMP }
    /// What comes in is acknowledged at once; 0 waits for an answer to go with it. The system goes on to change it.
    QuickAck = 84: Switch [] { Tcp: TCP_QUICKACK }
    /// How long sent data may go without an acknowledgement until the connection is given up; 0 (the default) is as
    /// long as the system's retries last.
    UserTimeout = 85: Number(0, 2147483647, "milliseconds") [] { Tcp: TCP_USER_TIMEOUT }
    /// How many connections whose first packet brought data a listener may have before they are made; 0 (the default)
    /// takes no such data. The system must allow it (net.ipv4.tcp_fastopen) and limits the number: read it back.
    FastOpen = 86: Number(0, 2147483647) [] { Tcp: TCP_FASTOPEN }
    /// Connect returns at once, and the first packet carries what is sent first, if the server allowed it before.
    /// Default 0.
    FastOpenConnect = 87: Switch [] { Tcp: TCP_FASTOPEN_CONNECT }
    /// The same without a permit from before; both ends must be set. Default 0.
    FastOpenNoCookie = 88: Switch [] { Tcp: TCP_FASTOPEN_NO_COOKIE }
    /// The socket is writable only while less than this is unsent; 0 is the system's default.
    NotSentLowWater = 89: Number(0, 4294967295, "bytes") [] { Tcp: TCP_NOTSENT_LOWAT }
    /// A connection with little data in flight retries at even intervals instead of growing ones. Default 0.
    ThinLinearTimeouts = 90: Switch [] { Tcp: TCP_THIN_LINEAR_TIMEOUTS }
    /// The name of the way to control congestion, such as cubic or reno. [`Error::NOT_FOUND`] when the system has none
    /// of that name; one that it doesn't allow to everybody needs CAP_NET_ADMIN.
    Congestion = 91: Text(15) [] { Tcp: TCP_CONGESTION }
    /// The name of the protocol between the socket and TCP, such as tls, empty at first; it can be set once, mostly
    /// with a connection. [`Error::NOT_FOUND`] when the system has none of that name.
    Ulp = 92: Text(15) [] { Tcp: TCP_ULP }
    /// What is sent is cut into datagrams of this length, on Linux into 128 at the most; 0 (the default) does not.
    SegmentSize = 93: Number(0, 65535, "bytes") [] { PlainUdp: UDP_SEGMENT }
    /// Datagrams of one length from one sender may be received as one, together with that length. Default 0.
    Gro = 94: Switch [] { PlainUdp: UDP_GRO }
    /// How much is kept until it is received, within [`Opt::VsockBufferMin`] and [`Opt::VsockBufferMax`]: read it back.
    VsockBufferSize = 95: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_SIZE }
    /// The least that [`Opt::VsockBufferSize`] may be.
    VsockBufferMin = 96: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MIN_SIZE }
    /// The most that [`Opt::VsockBufferSize`] may be.
    VsockBufferMax = 97: Wide(0, 9223372036854775807, "bytes") [] { Vsock: SO_VM_SOCKETS_BUFFER_MAX_SIZE }
    /// How much of each datagram its checksum covers, header included; 0 (the default) is all. 1 to 7 become 8: read it
    /// back.
    UdpLiteSendCoverage = 98: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_SEND_CSCOV }
    /// How much of a datagram its checksum must cover, else it is dropped; 0 (the default) is all. 1 to 7 become 8:
    /// read it back.
    UdpLiteRecvCoverage = 99: Number(0, 65535, "bytes") [] { UdpLite: UDPLITE_RECV_CSCOV }
}
