//! The system layer: Linux's calls behind a portable interface.
//!
//! The layers above use only what this module exports. They name no type or constant of a system, with one exception:
//! `net` compares an [`Errno`] with the error numbers of `errno` by their POSIX names, and decides what each means for
//! a call. Some values have Linux's numbers (flags, path MTU discovery, TCP states); a port converts them here.
//!
//! Two types, [`Datagram`] and [`PollerEvent`], have the layout of the C interface, so that no call copies an array.
//! Documentation of the types that users see links to the layers above.
//!
//! A port implements these files:
//!
//! | directory | file | contract |
//! |---|---|---|
//! | | `types` | [`Family`], [`Type`], [`Shutdown`] and [`Flags`], with the same numbers on every system |
//! | | `errno` | [`Errno`], error numbers of the system, with names and descriptions |
//! | | `addr` | [`RawAddr`], an address of 128 bytes on every system; [`SockAddr`], the system's form of it |
//! | | `clock` | [`Instant`], monotonic time |
//! | | `fd` | owned descriptors whose close is not a cancellation point |
//! | | `plain` | structs of the system as plain bytes |
//! | | `system_call` | system calls that bypass the C library; C library calls with cancellation disabled |
//! | `socket` | `descriptor` | [`Descriptor`]: open, bind, listen, accept, connect, shut down, close |
//! | `socket` | `buffers` | [`SendBuf`] and [`RecvBuf`], elements of a system call's array of buffers |
//! | `socket` | `transfer` | sending and receiving, on the descriptor |
//! | `socket` | `options`, `option_table` | [`Opt`]: options, where the system keeps each, reading and setting |
//! | `socket` | `sockopt` | options by native level and name; the kernel's two timeouts |
//! | `socket` | `multicast` | joining and leaving multicast groups |
//! | `socket` | `tcp_info` | [`RawTcpInfo`](tcp_info::RawTcpInfo), the kernel's statistics of a TCP connection |
//! | `socket` | `send_file` | sending from a file, and [`FileEnd`] |
//! | `socket` | `socket_file` | the files of UNIX sockets, and a lock on their [`Directory`] |
//! | `socket` | `listen_fds` | descriptors passed by a service manager |
//! | `message` | `control` | [`OutgoingControl`] and [`IncomingControl`], control messages |
//! | `message` | `control_buf`, `pack`, `parse` | [`ControlBuf`]: packing and parsing control messages |
//! | `message` | `descriptors` | [`Descriptors`], a queue of received descriptors |
//! | `datagram` | `types` | [`Datagram`] and [`Batch`] |
//! | `datagram` | `send_batch`, `recv_batch` | [`SendBatch`] and [`RecvBatch`]: many datagrams in one system call |
//! | `poll` | `events` | [`Events`], kinds of readiness |
//! | `poll` | `wait` | waiting for descriptors until a deadline |
//! | `poll` | `poller` | [`RawPoller`]: waiting for registered descriptors, with epoll or poll |
//! | `poll` | `registrations` | removing a descriptor's registration when it is closed |
//! | `poll` | `serial_update` | [`SerialUpdate`]: updates made by one thread at a time |
//! | `poll` | `timer` | [`Timer`], a timer for a poller |
//! | `poll` | `wake` | [`WakeFd`], which ends a wait from another thread |
//! | `names` | `resolver` | looking up names of hosts and services |
//! | `names` | `interfaces` | the network interfaces and their addresses |
//! | `process` | `sigpipe` | [`SigpipeGuard`] suppresses SIGPIPE for calls without a flag for it |
//! | `process` | `fd_exhaustion` | whether the process has run out of descriptors |
//! | `process` | `fork` | a number that changes in a forked child |
//! | `process` | `detached_thread` | threads that need no join |
//!
//! Rules for every function:
//!
//! 1. It makes one system call and returns its result. It does not retry after a signal, and does not wait by other
//!    means.
//! 2. It is not a thread cancellation point: `pthread_cancel` would unwind Rust frames, which aborts the process.
//! 3. It does not allocate memory.
//! 4. It is safe to call with any arguments that its types allow.
//!
//! Exceptions to rule 1:
//!
//! - [`Descriptor::open`] also sets `IPV6_V6ONLY`. Closing a descriptor first removes it from its pollers.
//! - [`Descriptor::family_and_type`] and [`file_end`] make up to two calls, and [`listen_fds`] makes one per
//!   descriptor.
//! - An option with two native names is set under both. Some options also read the socket's protocol or the interfaces.
//! - [`supports`], [`is_stale`] and [`interface_index`] open a socket, and close it.
//! - [`SigpipeGuard`] changes the signal mask and restores it. It retries the call that discards SIGPIPE.
//! - [`spawn_detached`] changes the signal mask around the creation of the thread.
//! - The poller over epoll repeats a wait with an older call if the kernel has no `epoll_pwait2`. The poller over poll
//!   keeps its own interest list, and wakes waiting threads when the list changes.
//! - The list of interfaces and the resolver call the C library, with cancellation disabled.
//!
//! Exceptions to rule 3: [`interfaces`], an IPv4 socket's [`Opt::MulticastInterface`], the resolver, [`listen_fds`],
//! [`spawn_detached`], [`Batch`] and the poller over poll.
//!
//! Exceptions to rule 4: the functions of [`SendBatch`] and [`RecvBatch`] must be called in the documented order, which
//! the hot path does not check. [`Descriptor::get_raw`] and [`Descriptor::set_raw`] may be called only for a C caller
//! that names the option. [`listen_fds`] takes descriptors by number. These functions can't be `unsafe`, because `net`
//! contains no unsafe code.
//!
//! System calls are made in one of three ways. The hot path, and calls that are cancellation points in the C library,
//! use `system_call`. `socket2` makes other socket calls, and `nix` other UNIX calls, unless they cost an extra system
//! call or lose an error number.

#[cfg(not(target_os = "linux"))]
compile_error!("jackfield runs on Linux so far: a port provides what src/sys/mod.rs lists");

mod addr;
mod clock;
mod datagram;
pub mod errno;
mod fd;
mod message;
mod names;
mod plain;
mod poll;
mod process;
mod socket;
mod system_call;
mod types;

pub use addr::{ADDR_DATA_LEN, HARDWARE_ADDR_MAX, RawAddr, SockAddr};
pub use clock::Instant;
pub use datagram::recv_batch::{RECV_BATCH_MAX, RecvBatch};
pub use datagram::send_batch::{MAX_SEGMENTED_LEN, MAX_SEGMENTS, SendBatch, SendBatchMemory};
pub use datagram::types::{Batch, Datagram, present};
pub use errno::Errno;
pub use message::control::{Credentials, IncomingControl, Origin, OsError, OutgoingControl};
pub use message::control_buf::ControlBuf;
pub use message::descriptors::{DESCRIPTORS_MAX, Descriptors};
pub use names::interfaces::{InterfaceFlags, RawInterface, interface_index, interfaces};
pub use names::resolver::{NameError, lookup_addr, lookup_host, lookup_host_without_search, lookup_service};
pub use poll::events::Events;
pub use poll::poller::{EventBuffer, PollerEvent, RESERVED_TOKEN, RawPoller, WaitOutcome};
pub use poll::serial_update::SerialUpdate;
pub use poll::timer::Timer;
pub use poll::wait::{Direction, PollItem, sleep, wait_many, wait_ready};
pub use poll::wake::WakeFd;
pub use process::detached_thread::spawn_detached;
pub use process::fd_exhaustion::{FdExhaustion, fd_exhaustion, record_fd_exhaustion};
pub use process::fork::{EPOCH_SHIFT, fork_epoch, register_fork_handler};
pub use process::sigpipe::SigpipeGuard;
pub use socket::buffers::{RecvBuf, SendBuf, VEC_MAX};
pub use socket::descriptor::Descriptor;
pub use socket::listen_fds::{LISTEN_FDS_MAX, listen_fds};
pub use socket::options::{Opt, TEXT_CAPACITY, supports};
pub use socket::send_file::{FileEnd, file_end};
pub use socket::socket_file::{Directory, is_socket, is_stale, remove_file};
#[cfg(feature = "capi")]
pub use socket::sockopt::{is_coalescing, multicast_interface_of, timeout_of};
pub use socket::tcp_info;
pub use system_call::RawResult;
pub use types::{Family, Flags, Shutdown, Type};
