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
//! | `clock` | [`Moment`]s of a clock that never goes back |
//! | `control` | what a message carries beside its data: [`Sent`] packed, and unpacked again into [`Came`] |
//! | `descriptor` | [`Descriptor`], an owned socket: opened close-on-exec, never raising SIGPIPE, and its life |
//! | `transfer` | sending and receiving, one system call each |
//! | `interfaces` | the machine's interfaces and their addresses |
//! | `multicast` | joining and leaving groups |
//! | `options`, `option_table` | [`Opt`]s: which there are, where the system keeps each, reading and setting them |
//! | `sockopt` | the same by level and name, and the two timeouts that the kernel keeps for a blocking call |
//! | `ready` | waiting for one descriptor with a deadline |
//! | `fork` | a number that is another one in a forked child |
//!
//! Three rules hold for every call in it. It makes one system call and reports what that said: no retry at a signal, no
//! waiting of its own. Nothing in it is a thread cancellation point: `pthread_cancel` unwinds the stack it finds, and
//! Rust's frames end the process when that happens. And nothing in it allocates, but for opening a descriptor. The list of
//! interfaces is the exception from the first and the last: the C library makes it, and is kept from being cancelled.

#[cfg(not(target_os = "linux"))]
compile_error!("jackfield runs on Linux so far: a port provides what src/sys/mod.rs lists");

mod addr;
mod call;
mod clock;
mod control;
mod descriptor;
pub mod errno;
#[cfg(feature = "capi")]
mod fork;
mod interfaces;
mod multicast;
mod options;
mod ready;
mod sockopt;
mod transfer;
mod types;

pub use addr::{ADDR_DATA, HARDWARE_MAX, RawAddr, SockAddr, interface_index};
pub use clock::Moment;
pub use control::{Came, ControlBuf, Credentials, DESCRIPTORS_MAX, Descriptors, Origin, Sent};
pub use descriptor::Descriptor;
pub use errno::Errno;
#[cfg(feature = "capi")]
pub use fork::{EPOCH_SHIFT, fork_epoch, watch_forks};
pub use interfaces::{InterfaceFlags, RawInterface, interfaces};
pub use options::{Opt, TEXT_ROOM, supports};
pub use ready::{Direction, pause, wait_ready};
#[cfg(feature = "capi")]
pub use sockopt::{multicast_interface_of, timeout_of};
pub use transfer::{RecvBuf, SendBuf, VEC_MAX};
pub use types::{Family, Flags, Shutdown, Type};

use std::ffi::c_long;

/// The result of a raw system call as a `Result`.
fn check(result: c_long) -> Result<usize, Errno> {
    // Everything but the errors is zero or more.
    usize::try_from(result).map_err(|_| Errno::last())
}
