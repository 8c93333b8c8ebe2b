//! What a socket has learned about batches: UDP segmentation (GSO) and coalescing (GRO).

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Whether the system coalesces received datagrams (`UDP_GRO`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Coalescing {
    /// Not read yet.
    Unknown = 0,
    Off = 1,
    /// The socket has no such option.
    Unsupported = 2,
    /// The user has set [`Opt::Gro`](crate::Opt::Gro).
    OnByUser = 3,
    /// [`Socket::recv_many`](crate::Socket::recv_many) has turned it on. Other receiving calls would take several
    /// datagrams for one, so they are refused. It is the last value, so that one comparison finds it.
    OnByBatches = 4,
}

/// The state packed into one byte, which keeps [`Socket`](crate::Socket) small. Bit 0: the next bit is valid. Bit 1:
/// the kernel segments what is sent. The bits above are a [`Coalescing`].
#[derive(Debug)]
pub(in crate::net) struct BatchState(AtomicU8);

const SEGMENTATION_KNOWN: u8 = 1;
const CAN_SEGMENT: u8 = 2;
const COALESCING_SHIFT: u32 = 2;

impl BatchState {
    pub(in crate::net) const fn new() -> BatchState {
        BatchState(AtomicU8::new(0))
    }

    /// Whether the kernel segments messages; `None` if that is not known yet.
    #[inline]
    pub(in crate::net) fn can_segment(&self) -> Option<bool> {
        let state = self.0.load(Relaxed);
        (state & SEGMENTATION_KNOWN != 0).then_some(state & CAN_SEGMENT != 0)
    }

    pub(in crate::net) fn set_can_segment(&self, can_segment: bool) {
        if can_segment {
            self.0.fetch_or(SEGMENTATION_KNOWN | CAN_SEGMENT, Relaxed);
        } else {
            self.0.fetch_or(SEGMENTATION_KNOWN, Relaxed);
            self.0.fetch_and(!CAN_SEGMENT, Relaxed);
        }
    }

    #[inline]
    pub(in crate::net) fn coalescing(&self) -> Coalescing {
        match self.0.load(Relaxed) >> COALESCING_SHIFT {
            1 => Coalescing::Off,
            2 => Coalescing::Unsupported,
            3 => Coalescing::OnByUser,
            4 => Coalescing::OnByBatches,
            _ => Coalescing::Unknown,
        }
    }

    /// Whether only batches may be received.
    #[inline]
    pub(in crate::net) fn is_batch_only(&self) -> bool {
        self.0.load(Relaxed) >= (Coalescing::OnByBatches as u8) << COALESCING_SHIFT
    }

    pub(in crate::net) fn set_coalescing(&self, coalescing: Coalescing) {
        let segmentation = SEGMENTATION_KNOWN | CAN_SEGMENT;
        let update = |state: u8| Some(state & segmentation | (coalescing as u8) << COALESCING_SHIFT);
        let _ = self.0.fetch_update(Relaxed, Relaxed, update);
    }
}
