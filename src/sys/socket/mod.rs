//! Sockets: descriptors, transfer calls, options, passed descriptors and the files of UNIX sockets.

pub(super) mod buffers;
pub(super) mod descriptor;
pub(super) mod listen_fds;
pub(super) mod multicast;
pub(super) mod options;
pub(super) mod send_file;
pub(super) mod socket_file;
pub(super) mod sockopt;
pub mod tcp_info;
pub(super) mod transfer;
