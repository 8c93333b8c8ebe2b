//! What is known of a socket's way to send and receive many datagrams at once.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Whether the system runs datagrams together that come one after the other (UDP coalescing, `UDP_GRO`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Coalescing {
    /// Nobody has asked yet.
    Unknown = 0,
    Off = 1,
    /// This socket has no such thing.
    Never = 2,
    /// Its user has set [`Opt::Gro`](super::Opt::Gro).
    Asked = 3,
    /// [`Socket::recv_many`](super::Socket::recv_many) has turned it on: other ways to receive would take many for one.
    /// The last, so that one comparison finds it.
    On = 4,
}

/// In one byte, since a socket has no room for more: the lowest bit says whether the next is known, that whether the
/// system takes apart what is sent; the others are a [`Coalescing`].
#[derive(Debug)]
pub(in crate::net) struct Batches(AtomicU8);

const SEGMENTS_KNOWN: u8 = 1;
const SEGMENTS: u8 = 2;
const SHIFT: u32 = 2;

impl Batches {
    pub(in crate::net) const fn new() -> Batches {
        Batches(AtomicU8::new(0))
    }

    #[inline]
    pub(in crate::net) fn can_segment(&self) -> Option<bool> {
        let now = self.0.load(Relaxed);
        (now & SEGMENTS_KNOWN != 0).then_some(now & SEGMENTS != 0)
    }

    pub(in crate::net) fn set_can_segment(&self, can: bool) {
        if can {
            self.0.fetch_or(SEGMENTS_KNOWN | SEGMENTS, Relaxed);
        } else {
            self.0.fetch_or(SEGMENTS_KNOWN, Relaxed);
            self.0.fetch_and(!SEGMENTS, Relaxed);
        }
    }

    #[inline]
    pub(in crate::net) fn coalescing(&self) -> Coalescing {
        match self.0.load(Relaxed) >> SHIFT {
            1 => Coalescing::Off,
            2 => Coalescing::Never,
            3 => Coalescing::Asked,
            4 => Coalescing::On,
            _ => Coalescing::Unknown,
        }
    }

    /// Whether nothing but a batch may be received.
    #[inline]
    pub(in crate::net) fn are_alone(&self) -> bool {
        self.0.load(Relaxed) >= (Coalescing::On as u8) << SHIFT
    }

    pub(in crate::net) fn set_coalescing(&self, coalescing: Coalescing) {
        let known = SEGMENTS_KNOWN | SEGMENTS;
        let changed = |now: u8| Some(now & known | (coalescing as u8) << SHIFT);
        let _ = self.0.fetch_update(Relaxed, Relaxed, changed);
    }
}
