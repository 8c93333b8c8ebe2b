//! Receiving many datagrams at once.

use crate::net::datagram::batch_state::Coalescing;
use crate::net::{Addr, Datagram, Error, Family, Flags, Opt, Result, Socket};
use crate::sys::{Direction, RECV_BATCH_MAX, RecvBatch, present};

/// How many datagrams may be run together in one message, and how much room they take at the most.
pub const COALESCED_COUNT: usize = 128;
/// See [`COALESCED_COUNT`].
pub const COALESCED_BYTES: usize = 65_536;

impl Socket {
    /// Receives datagrams and returns how many came, of which the first so many of these tell: each into the room that one
    /// of them has, as far as the first without; or as many as are run together into each room of those that are large
    /// enough for that, if the first is and there are so many datagrams.
    pub(crate) fn recv_datagrams(&self, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.expect_datagrams()?;
        if !flags.within(Flags::DONT_WAIT | Flags::TRUNC) {
            return Err(Error::INVALID);
        }
        if datagrams.is_empty() {
            return Ok(0);
        }
        match self.rooms(datagrams)? {
            // Most of what is run together, without a stack for more.
            1 => self.recv_into::<1>(1, datagrams, flags),
            rooms => self.recv_into_rooms(rooms, datagrams, flags),
        }
    }

    #[inline(never)]
    fn recv_into_rooms(&self, rooms: usize, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.recv_into::<RECV_BATCH_MAX>(rooms, datagrams, flags)
    }

    #[inline(always)]
    fn recv_into<const MOST: usize>(
        &self,
        rooms: usize,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
    ) -> Result<usize> {
        let mut inbox = RecvBatch::<MOST>::new();
        datagrams[..rooms].iter().for_each(|datagram| inbox.add(datagram));
        let passes = if self.family == Family::Unix { Flags::CLOSE_ON_EXEC } else { Flags::NONE };
        let os_flags = flags.without(Flags::TRUNC) | self.base_recv_flags() | passes;
        let came = self.call(Direction::Recv, flags, |fd, extra| inbox.receive(fd, os_flags | extra))?;
        let messages = if MOST == 1 { 1 } else { came };
        let mut count = 0;
        for message in 0..messages {
            // One is kept for each message behind it, lest that is lost when somebody else had datagrams run together.
            let end = datagrams.len() - (messages - 1 - message);
            let out = &mut datagrams[count..end];
            let taken = inbox.take(message, out, |local| *self.to_own_family(Addr::from_os(local)).raw());
            count += taken.count;
            // A sender without a name has that for an address.
            if self.family == Family::Unix {
                let datagram = &mut datagrams[count - 1];
                datagram.present |= present::ADDR;
                datagram.addr.family = Family::Unix as u16;
            }
            if let Some(len) = taken.cut {
                let told = if flags.intersects(Flags::TRUNC) { len as i64 } else { Error::TRUNCATED.code() };
                datagrams[count - 1].result = told;
            }
        }
        // Nothing is also what a socket gives that was closed meanwhile.
        if datagrams[0].is_empty() && self.is_canceled() { Err(Error::CLOSED) } else { Ok(count) }
    }

    /// How many rooms messages are received into: leading ones, and where datagrams are run together no more than there
    /// are datagrams for.
    fn rooms(&self, datagrams: &[Datagram<'_>]) -> Result<usize> {
        let can_be_taken = datagrams.len() >= COALESCED_COUNT && datagrams[0].room_len() >= COALESCED_BYTES;
        if can_be_taken {
            // An array that is refused turns nothing on.
            let count = leading_rooms(&datagrams[..datagrams.len() / COALESCED_COUNT], COALESCED_BYTES)?;
            if self.coalesces(true)? {
                return Ok(count);
            }
        } else {
            self.coalesces(false)?;
        }
        leading_rooms(datagrams, 1)
    }

    /// Whether the system runs datagrams together. It is turned on when the caller could take that; where it is on, the
    /// caller must.
    fn coalesces(&self, can_be_taken: bool) -> Result<bool> {
        match self.batches.coalescing() {
            Coalescing::Unknown => {
                self.look_up_coalescing();
                self.coalesces(can_be_taken)
            }
            Coalescing::Asked | Coalescing::On if can_be_taken => Ok(true),
            Coalescing::Asked | Coalescing::On => Err(Error::INVALID),
            Coalescing::Off if can_be_taken => Ok(self.turn_coalescing_on()),
            Coalescing::Off | Coalescing::Never => Ok(false),
        }
    }

    #[cold]
    fn look_up_coalescing(&self) {
        self.batches.set_coalescing(match self.fd.get(Opt::Gro, self.family, self.kind) {
            Ok(0) => Coalescing::Off,
            Ok(_) => Coalescing::Asked,
            Err(_) => Coalescing::Never,
        });
    }

    #[cold]
    fn turn_coalescing_on(&self) -> bool {
        // First no other call of this socket's may take many for one.
        self.coalescing_is_set(Coalescing::On);
        let is_on = self.fd.set(Opt::Gro, self.family, self.kind, 1).is_ok();
        if !is_on {
            self.coalescing_is_set(Coalescing::Never);
        }
        is_on
    }

    pub(in crate::net) fn coalescing_is_set(&self, coalescing: Coalescing) {
        self.batches.set_coalescing(coalescing);
        self.keep_timeout(Direction::Recv, self.timeout_ms(Direction::Recv));
    }
}

/// How many datagrams have so much room, up to the first that has not.
fn leading_rooms(datagrams: &[Datagram<'_>], least: usize) -> Result<usize> {
    let mut count = 0;
    for datagram in datagrams.iter().take(RECV_BATCH_MAX).take_while(|datagram| datagram.room_len() >= least) {
        if datagram.has_room_nowhere() {
            return Err(Error::INVALID);
        }
        count += 1;
    }
    if count == 0 { Err(Error::INVALID) } else { Ok(count) }
}
