//! The socket: its state, its life, and the calls on one socket.

pub(super) mod buffers;
pub(super) mod connect;
pub(super) mod fast_path;
pub(super) mod io;
pub(super) mod multicast;
pub(super) mod options;
pub(super) mod send_file;
pub(super) mod state;
pub(super) mod std_traits;
pub(super) mod tcp_info;
pub(super) mod tcp_info_fields;
pub(super) mod wait;
