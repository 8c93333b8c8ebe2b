//! What differs from one operating system to the next, behind one contract.
//!
//! The layers above call only what is listed here, and find in it no type or constant of an operating system. A port
//! provides:
//!
//! | file | contract |
//! |---|---|
//! | `types` | the words of the contract: [`Family`], [`Type`], [`Shutdown`], [`Flags`], with numbers of our own |
//! | `errno` | [`Errno`], the number an operating system reports an error by, and the conditions' names for it |
//! | `addr` | [`RawAddr`], an address with the same 128 bytes everywhere, and its way into a `sockaddr` and back |
//! | `call` | making a system call, past the C library |
//! | `clock` | [`Instant`]s of a clock that never goes back |
//! | `control` | what a message carries beside its data: [`OutgoingControl`] packed, and unpacked again into [`IncomingControl`] |
//! | `descriptor` | [`Descriptor`], an owned socket: opened close-on-exec, never raising SIGPIPE, and its life |
//! | `transfer` | sending and receiving, one system call each |
//! | `datagram`, `outbox`, `inbox` | [`Datagram`]s, many of which are sent or received by one system call |
//! | `listen_fds` | taking over the descriptors that a service manager passed |
//! | `file` | sending from a file, and where that ends |
//! | `signal` | keeping SIGPIPE away from calls that have no flag for it |
//! | `interfaces` | the machine's interfaces and their addresses |
//! | `multicast` | joining and leaving groups |
//! | `options`, `option_table` | [`Opt`]s: which there are, where the system keeps each, reading and setting them |
//! | `sockopt` | the same by level and name, and the two timeouts that the kernel keeps for a blocking call |
//! | `tcp` | [`RawTcpInfo`](tcp::RawTcpInfo), what the kernel knows of a TCP connection |
//! | `events` | [`Events`], what a socket can be ready for |
//! | `ready` | waiting for descriptors with a deadline |
//! | `socket_file` | the files of UNIX sockets, and a lock on their [`Folder`] |
//! | `poller`, `registrations` | [`RawPoller`], waiting for many descriptors over epoll or poll; leaving it when one is closed |
//! | `turn` | a change that one thread at a time makes |
//! | `shortage` | whether descriptors ran short |
//! | `timer` | [`Timer`], for a poller |
//! | `wake` | [`WakeFd`], ending such a wait from another thread |
//! | `resolver` | looking up names of hosts and services |
//! | `worker` | a thread that can be left behind |
//! | `fork` | a number that is another one in a forked child |
//!
//! Three rules hold for every call in it. It makes one system call and reports what that said: no retry at a signal, no
//! waiting of its own. Nothing in it is a thread cancellation point: `pthread_cancel` unwinds the stack it finds, and
//! Rust's frames end the process when that happens. And nothing in it allocates, but for opening a descriptor. The list
//! of interfaces and the resolver are the exception from the first and the last: they are the C library's, which is kept
//! from being cancelled. The poller over poll is another, since it keeps what it waits for and wakes those who wait when
//! that changes. An option that a socket keeps in two places is set in both, and which options the system has is asked with
//! a socket that is opened for it.

#[cfg(not(target_os = "linux"))]
compile_error!("jackfield runs on Linux so far: a port provides what src/sys/mod.rs lists");

mod addr;
mod clock;
mod datagram;
pub mod errno;
mod message;
mod names;
mod plain;
mod poll;
mod process;
mod socket;
mod system_call;
mod types;

pub use addr::{ADDR_DATA, HARDWARE_MAX, RawAddr, SockAddr};
pub use clock::Instant;
pub use datagram::recv_batch::{RECV_BATCH_MAX, RecvBatch};
pub use datagram::send_batch::{SEGMENTS, SEGMENTS_BYTES, SendBatch, SendBatchMemory};
pub use datagram::types::{Batch, Datagram, present};
pub use errno::Errno;
pub use message::control::{Credentials, IncomingControl, Origin, OsError, OutgoingControl};
pub use message::control_buf::ControlBuf;
pub use message::descriptors::{DESCRIPTORS_MAX, Descriptors};
pub use names::interfaces::{InterfaceFlags, RawInterface, interface_index, interfaces};
pub use names::resolver::{NameError, look_up, look_up_as_is, name_of, service_port};
pub use poll::events::Events;
pub use poll::fd_exhaustion::{fd_exhaustion, record_fd_exhaustion};
pub use poll::poller::{EventBuffer, OWN_TOKEN, PollerEvent, RawPoller, Waited};
pub use poll::serial_update::SerialUpdate;
pub use poll::timer::Timer;
pub use poll::wait::{Direction, PollItem, pause, wait_many, wait_ready};
pub use poll::wake::WakeFd;
pub use process::detached_thread::spawn_detached;
pub use process::fork::{EPOCH_SHIFT, fork_epoch, register_fork_handler};
pub use process::sigpipe::NoSigpipe;
pub use socket::buffers::{RecvBuf, SendBuf, VEC_MAX};
pub use socket::descriptor::Descriptor;
pub use socket::listen_fds::{LISTEN_FDS_MAX, listen_fds};
pub use socket::options::{Opt, TEXT_CAPACITY, supports};
pub use socket::send_file::{FileEnd, file_end};
pub use socket::socket_file::{Folder, is_dead, is_socket, remove_file};
#[cfg(feature = "capi")]
pub use socket::sockopt::{is_coalescing, multicast_interface_of, timeout_of};
pub use socket::tcp_info;
pub use system_call::RawResult;
use system_call::check;
pub use types::{Family, Flags, Shutdown, Type};
