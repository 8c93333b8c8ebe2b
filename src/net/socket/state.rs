//! The socket and its state.

use crate::net::datagram::batch_state::BatchState;
use crate::net::deadline::Deadline;
use crate::net::{Error, Family, Flags, Result, Type};
use crate::sys::errno::EPIPE;
use crate::sys::{Descriptor, Direction, Errno};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// A socket. Dropping it closes it.
///
/// # Waiting
/// A socket has one timeout for receiving and accepting ([`Opt::RecvTimeout`]) and one for sending and connecting
/// ([`Opt::SendTimeout`]). A new socket waits for ever. A call whose timeout expires fails with [`Error::TIMED_OUT`],
/// or with [`Error::WOULD_BLOCK`] if the timeout is 0. Signals neither end a call nor prolong it, unless
/// [`Opt::Interruptible`] is set.
///
/// # Threads
/// Every method takes `&self`, and any thread may call any method at any time. [`Socket::cancel`] ends the calls of
/// other threads.
///
/// [`Opt::RecvTimeout`]: crate::Opt::RecvTimeout
/// [`Opt::SendTimeout`]: crate::Opt::SendTimeout
/// [`Opt::Interruptible`]: crate::Opt::Interruptible
#[derive(Debug)]
pub struct Socket {
    pub(in crate::net) fd: Descriptor,
    pub(in crate::net) family: Family,
    pub(in crate::net) kind: Type,
    /// The timeout of each direction in milliseconds; -1 is for ever.
    timeouts: [AtomicI64; 2],
    /// 1 for a direction without a fast path. As wide as the flags of a call, so that one operation combines both.
    slow_path: [AtomicU32; 2],
    pub(in crate::net) interruptible: AtomicBool,
    /// The descriptor has `O_NONBLOCK` permanently: it was adopted so, or accepting needed it. Only `into_fd` resets
    /// it, because other processes may share the descriptor.
    pub(in crate::net) nonblocking: AtomicBool,
    /// The number of calls that have made the descriptor non-blocking for their duration.
    pub(in crate::net) nonblocking_calls: AtomicU16,
    /// Set once the descriptor has been made temporarily non-blocking. After that, EAGAIN no longer implies that the
    /// timeout expired.
    pub(in crate::net) was_nonblocking: AtomicBool,
    pub(in crate::net) canceled: AtomicBool,
    pub(in crate::net) is_listener: AtomicBool,
    /// A partial transfer already consumed ECONNRESET; the next call reports it.
    pub(in crate::net) pending_reset: AtomicBool,
    /// The index set by [`Opt::MulticastInterface`](crate::Opt::MulticastInterface). The system does not report it for
    /// IPv4.
    pub(in crate::net) multicast_interface: AtomicU32,
    /// The flags of every receive call, reduced to a byte.
    base_recv_flags: u8,
    pub(in crate::net) batches: BatchState,
}

// An idle connection takes one cache line of the handle table, the table's own fields included.
const _: () = assert!(size_of::<Socket>() <= 48);

impl Socket {
    /// A socket without timeouts.
    pub(in crate::net) fn new(fd: Descriptor, family: Family, kind: Type) -> Socket {
        let socket = Socket {
            fd,
            family,
            kind,
            timeouts: [const { AtomicI64::new(-1) }; 2],
            slow_path: [const { AtomicU32::new(0) }; 2],
            interruptible: AtomicBool::new(false),
            nonblocking: AtomicBool::new(false),
            nonblocking_calls: AtomicU16::new(0),
            was_nonblocking: AtomicBool::new(false),
            canceled: AtomicBool::new(false),
            is_listener: AtomicBool::new(false),
            pending_reset: AtomicBool::new(false),
            multicast_interface: AtomicU32::new(0),
            batches: BatchState::new(),
            // The system reports the full length of a truncated datagram.
            base_recv_flags: if kind.has_messages() { Flags::TRUNC.bits() as u8 } else { 0 },
        };
        for direction in [Direction::Recv, Direction::Send] {
            socket.store_timeout(direction, -1);
        }
        socket
    }

    /// The address family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The socket type.
    pub fn kind(&self) -> Type {
        self.kind
    }

    #[inline]
    pub(in crate::net) fn is_canceled(&self) -> bool {
        self.canceled.load(Relaxed)
    }

    /// Takes the reset that a partial transfer has consumed, if there is one.
    #[cold]
    pub(in crate::net) fn take_pending_reset(&self) -> bool {
        self.pending_reset.swap(false, Relaxed)
    }

    /// The flags of every receive call.
    #[inline(always)]
    pub(in crate::net) fn base_recv_flags(&self) -> Flags {
        Flags::from_bits_retain(self.base_recv_flags.into())
    }

    #[inline]
    pub(in crate::net) fn timeout_ms(&self, direction: Direction) -> i64 {
        self.timeouts[direction as usize].load(Relaxed)
    }

    /// Stores a timeout and decides whether the direction has a fast path. The kernel's timeout stays as it is.
    pub(in crate::net) fn store_timeout(&self, direction: Direction, ms: i64) {
        let blocks_in_kernel_for_ever = ms < 0 && !self.must_poll(direction, Deadline::Infinite);
        let is_refused = direction == Direction::Recv && self.batches.is_batch_only();
        self.timeouts[direction as usize].store(ms, Relaxed);
        self.slow_path[direction as usize].store(u32::from(!blocks_in_kernel_for_ever || is_refused), Relaxed);
    }

    /// Sets the kernel's timeout (`SO_RCVTIMEO`, `SO_SNDTIMEO`) to the socket's.
    pub(in crate::net) fn sync_kernel_timeout(&self, direction: Direction) -> Result<()> {
        let ms = self.timeout_ms(direction);
        Ok(self.fd.set_timeout(direction, (ms > 0).then(|| Duration::from_millis(ms as u64)))?)
    }

    /// Returns `flags` if the fast path supports them: none, or [`Flags::DONT_WAIT`].
    #[inline(always)]
    pub(in crate::net) fn fast_path_flags(&self, direction: Direction, flags: Flags) -> Option<Flags> {
        /// Makes the compiler test the other case first, which saves a comparison.
        #[cold]
        fn unlikely() {}

        match Flags::from_bits_retain(flags.bits() | self.slow_path[direction as usize].load(Relaxed)) {
            Flags::NONE => Some(Flags::NONE),
            Flags::DONT_WAIT => {
                unlikely();
                Some(Flags::DONT_WAIT)
            }
            _ => None,
        }
    }

    /// Whether a call in this direction must wait in poll, because nothing reliably ends a block in the kernel:
    /// - a shutdown wakes no call of the family;
    /// - a shutdown does not wake a sender of UNIX datagrams;
    /// - a sender to a UNIX stream waits for `SO_SNDTIMEO` anew for each part of its data.
    #[inline]
    pub(in crate::net) fn must_poll(&self, direction: Direction, deadline: Deadline) -> bool {
        let sends_to_unix = || match self.kind {
            Type::Dgram => true,
            Type::Stream => matches!(deadline, Deadline::After(..)),
            _ => false,
        };
        !self.family.is_woken_by_shutdown()
            || direction == Direction::Send && self.family == Family::Unix && sends_to_unix()
    }

    /// The error of a failed call. A cancellation and a pending reset take precedence.
    #[cold]
    pub(in crate::net) fn error_from(&self, errno: Errno) -> Error {
        match errno {
            _ if self.is_canceled() => Error::CLOSED,
            Errno(EPIPE) if self.take_pending_reset() => Error::CONN_RESET,
            _ => Error::from(errno),
        }
    }
}
