//! The socket: its state, its life cycle, and the calls on one socket.

pub(super) mod accept;
pub(super) mod addresses;
pub(super) mod adopt;
pub(super) mod buffers;
pub(super) mod connect;
pub(super) mod fast_path;
pub(super) mod lifecycle;
pub(super) mod multicast;
pub(super) mod options;
pub(super) mod recv;
pub(super) mod send;
pub(super) mod send_file;
pub(super) mod state;
pub(super) mod std_traits;
pub(super) mod tcp_info;
pub(super) mod tcp_info_fields;
pub(super) mod temporary_nonblocking;
pub(super) mod transfer;
pub(super) mod wait;
