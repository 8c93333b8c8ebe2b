//! Listening: by endpoint, on UNIX socket files, and on sockets that a service manager passed.

pub(super) mod listen_fds;
pub(super) mod serve;
pub(super) mod socket_file;
