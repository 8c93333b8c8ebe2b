//! Receiving a batch of datagrams.

use crate::net::datagram::batch_state::Coalescing;
use crate::net::{Addr, Datagram, Error, Family, Flags, Opt, Result, Socket};
use crate::sys::{Direction, RECV_BATCH_MAX, RecvBatch, present};

/// The maximum number of datagrams that the system coalesces into one message.
pub const COALESCED_COUNT: usize = 128;
/// The size of a buffer for one coalesced message, in bytes.
pub const COALESCED_BYTES: usize = 65_536;

impl Socket {
    /// Receives datagrams and returns how many; the results are in `datagrams[..count]`.
    ///
    /// Each datagram takes one of the buffers of the leading elements, up to the first element without a buffer. If the
    /// first buffer and the number of elements are large enough for coalesced messages, each buffer of that size takes
    /// one message of several datagrams.
    pub(crate) fn recv_datagrams(&self, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.check_sends_datagrams()?;
        if !(Flags::DONT_WAIT | Flags::TRUNC).contains(flags) {
            return Err(Error::INVALID);
        }
        if datagrams.is_empty() {
            return Ok(0);
        }
        match self.usable_buffers(datagrams)? {
            // The usual case with coalescing. It needs less stack than the general case.
            1 => self.recv_into::<1>(1, datagrams, flags),
            buffers => self.recv_into_buffers(buffers, datagrams, flags),
        }
    }

    #[inline(never)]
    fn recv_into_buffers(&self, buffers: usize, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.recv_into::<RECV_BATCH_MAX>(buffers, datagrams, flags)
    }

    /// Receives messages into the first `buffers` elements' buffers and splits coalesced ones into datagrams.
    #[inline(always)]
    fn recv_into<const MESSAGES: usize>(
        &self,
        buffers: usize,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
    ) -> Result<usize> {
        let mut batch = RecvBatch::<MESSAGES>::new();
        datagrams[..buffers].iter().for_each(|datagram| batch.add(datagram));
        let fd_flags = if self.family == Family::Unix { Flags::CLOSE_ON_EXEC } else { Flags::NONE };
        let os_flags = flags.difference(Flags::TRUNC) | self.base_recv_flags() | fd_flags;
        let received = self.call(Direction::Recv, flags, |fd, extra| batch.receive(fd, os_flags | extra))?;
        let messages = if MESSAGES == 1 { 1 } else { received };
        let mut count = 0;
        for message in 0..messages {
            // One element is reserved for each later message: if another handle of the socket turned coalescing on,
            // this message could take all of them.
            let end = datagrams.len() - (messages - 1 - message);
            let out = &mut datagrams[count..end];
            let split = batch.split_message(message, out, |local| *self.to_own_family(Addr::from_os(local)).raw());
            count += split.count;
            // An unnamed UNIX sender has an address without a name.
            if self.family == Family::Unix {
                let datagram = &mut datagrams[count - 1];
                datagram.present |= present::ADDR;
                datagram.addr.family = Family::Unix as u16;
            }
            if let Some(len) = split.truncated_len {
                let result = if flags.intersects(Flags::TRUNC) { len as i64 } else { Error::TRUNCATED.code() };
                datagrams[count - 1].result = result;
            }
        }
        // A socket that was closed during the call also returns an empty message.
        if datagrams[0].is_empty() && self.is_canceled() { Err(Error::CLOSED) } else { Ok(count) }
    }

    /// How many leading elements' buffers to receive into. With coalescing, there must be [`COALESCED_COUNT`] elements
    /// for each.
    fn usable_buffers(&self, datagrams: &[Datagram<'_>]) -> Result<usize> {
        let accepts_coalesced = datagrams.len() >= COALESCED_COUNT && datagrams[0].buffer_len() >= COALESCED_BYTES;
        if accepts_coalesced {
            // Checked first: an array that is rejected must not turn coalescing on.
            let count = leading_buffers(&datagrams[..datagrams.len() / COALESCED_COUNT], COALESCED_BYTES)?;
            if self.prepare_coalescing(true)? {
                return Ok(count);
            }
        } else {
            self.prepare_coalescing(false)?;
        }
        leading_buffers(datagrams, 1)
    }

    /// Turns coalescing on if the caller accepts coalesced messages. Returns whether it is on.
    ///
    /// # Errors
    /// [`Error::INVALID`] if it is on and the caller does not accept coalesced messages.
    fn prepare_coalescing(&self, accepts_coalesced: bool) -> Result<bool> {
        match self.batches.coalescing() {
            Coalescing::Unknown => {
                self.read_coalescing();
                self.prepare_coalescing(accepts_coalesced)
            }
            Coalescing::OnByUser | Coalescing::OnByBatches if accepts_coalesced => Ok(true),
            Coalescing::OnByUser | Coalescing::OnByBatches => Err(Error::INVALID),
            Coalescing::Off if accepts_coalesced => Ok(self.turn_coalescing_on()),
            Coalescing::Off | Coalescing::Unsupported => Ok(false),
        }
    }

    #[cold]
    fn read_coalescing(&self) {
        self.batches.set_coalescing(match self.fd.get(Opt::Gro, self.family, self.kind) {
            Ok(0) => Coalescing::Off,
            Ok(_) => Coalescing::OnByUser,
            Err(_) => Coalescing::Unsupported,
        });
    }

    #[cold]
    fn turn_coalescing_on(&self) -> bool {
        // Other calls on this handle must be refused before the system coalesces.
        self.set_coalescing(Coalescing::OnByBatches);
        let is_on = self.fd.set(Opt::Gro, self.family, self.kind, 1).is_ok();
        if !is_on {
            self.set_coalescing(Coalescing::Unsupported);
        }
        is_on
    }

    /// Records the state of coalescing, and lets the fast path refuse calls that can't receive coalesced messages.
    pub(in crate::net) fn set_coalescing(&self, coalescing: Coalescing) {
        self.batches.set_coalescing(coalescing);
        self.store_timeout(Direction::Recv, self.timeout_ms(Direction::Recv));
    }
}

/// How many leading elements have a buffer of at least `min_len` bytes, at most [`RECV_BATCH_MAX`].
fn leading_buffers(datagrams: &[Datagram<'_>], min_len: usize) -> Result<usize> {
    let mut count = 0;
    for datagram in datagrams.iter().take(RECV_BATCH_MAX).take_while(|datagram| datagram.buffer_len() >= min_len) {
        if datagram.has_invalid_buffer() {
            return Err(Error::INVALID);
        }
        count += 1;
    }
    if count == 0 { Err(Error::INVALID) } else { Ok(count) }
}
