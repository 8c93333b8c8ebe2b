//! Sending a batch of datagrams.

use crate::net::deadline::Deadline;
use crate::net::message::packet_info::control_error;
use crate::net::{Addr, Datagram, Error, Family, Flags, Opt, PacketInfo, Result, Socket, Type};
use crate::sys::errno::EIO;
use crate::sys::{
    Descriptor, Direction, MAX_SEGMENTED_LEN, MAX_SEGMENTS, OutgoingControl, SendBatch, SendBatchMemory, present,
};

/// Values of [`Opt::PathMtuDiscovery`]: `WANT` fragments datagrams above the path MTU, `DO` rejects them.
const PMTU_WANT: i64 = 1;
const PMTU_DO: i64 = 2;

/// How the next system call sends datagrams. [`SendMode::after`] is the only place where the mode changes.
#[derive(Clone, Copy, PartialEq)]
enum SendMode {
    /// Neighbours with equal length and destination as one message, which the kernel segments.
    Segmented,
    /// Each datagram as a message, for the rest of the socket's life.
    Single,
    /// Each datagram as a message, to find out whether segmentation was the reason of an error.
    Probe,
    /// Each datagram as a message, because the segmented message was too long for the path, or with its headers.
    SingleOnce,
}

/// The result of one system call, as far as it concerns the mode.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// At least one datagram was sent.
    Sent,
    /// The first message was segmented and failed, perhaps because the system or device can't segment.
    SegmentationRefused,
    /// The first message was segmented and too long.
    TooLong,
    /// The first datagram failed; later ones may still be sent.
    DatagramFailed,
    /// No datagram can be sent now.
    BatchFailed,
}

impl SendMode {
    /// The mode of the next system call.
    ///
    /// | mode       | Sent               | SegmentationRefused | TooLong    | DatagramFailed |
    /// |------------|--------------------|---------------------|------------|----------------|
    /// | Segmented  | Segmented          | Probe               | SingleOnce | Segmented      |
    /// | Probe      | Single, remembered | -                   | -          | Segmented      |
    /// | SingleOnce | Segmented          | -                   | -          | SingleOnce     |
    /// | Single     | Single             | -                   | -          | Single         |
    ///
    /// The outcomes marked - need a segmented message. BatchFailed ends the batch in every mode.
    fn after(self, outcome: Outcome) -> SendMode {
        match (self, outcome) {
            (SendMode::Segmented, Outcome::SegmentationRefused) => SendMode::Probe,
            (SendMode::Segmented, Outcome::TooLong) => SendMode::SingleOnce,
            (SendMode::Probe, Outcome::Sent) => SendMode::Single,
            (SendMode::Probe, Outcome::DatagramFailed) | (SendMode::SingleOnce, Outcome::Sent) => SendMode::Segmented,
            (mode, _) => mode,
        }
    }
}

/// Why the first datagrams of a batch were not sent.
struct BatchError {
    error: Error,
    /// The first message was to be segmented by the kernel.
    was_segmented: bool,
}

impl BatchError {
    fn outcome(&self) -> Outcome {
        match self.error {
            // A system or device that can't segment reports one of these; so does a datagram that is at fault itself.
            Error::INVALID | Error::OPTION_UNSUPPORTED | Error::UNSUPPORTED if self.was_segmented => {
                Outcome::SegmentationRefused
            }
            error if self.was_segmented && error == Error::from_os(EIO) => Outcome::SegmentationRefused,
            Error::MESSAGE_SIZE if self.was_segmented => Outcome::TooLong,
            Error::WOULD_BLOCK
            | Error::TIMED_OUT
            | Error::INTERRUPTED
            | Error::CLOSED
            | Error::PIPE
            | Error::NO_BUFFERS
            | Error::NO_MEMORY => Outcome::BatchFailed,
            _ => Outcome::DatagramFailed,
        }
    }
}

/// A batch being sent. Datagrams below `done` have their final results.
struct Progress {
    mode: SendMode,
    done: usize,
    sent: usize,
}

impl Progress {
    /// Records the result of a system call that began at `done`, and returns the outcome.
    fn record(&mut self, result: Result<usize, BatchError>, datagrams: &mut [Datagram<'_>]) -> Outcome {
        let outcome = match &result {
            Ok(_) => Outcome::Sent,
            Err(failure) => failure.outcome(),
        };
        let (ended, error) = match (result, outcome) {
            (Ok(count), _) => {
                self.sent += count;
                (count, None)
            }
            (Err(_), Outcome::SegmentationRefused | Outcome::TooLong) => (0, None),
            (Err(failure), Outcome::BatchFailed) => (datagrams.len() - self.done, Some(failure.error)),
            // The kernel may report an earlier datagram's error, once. So it fails one datagram only.
            (Err(failure), _) => (1, Some(failure.error)),
        };
        if let Some(error) = error {
            datagrams[self.done..][..ended].iter_mut().for_each(|datagram| datagram.result = error.code());
        }
        self.done += ended;
        self.mode = self.mode.after(outcome);
        outcome
    }
}

impl Socket {
    /// Sends datagrams in order, several per system call, and returns how many were sent. [`Datagram::result`] holds
    /// each datagram's result. ([sendmmsg(2)], [udp(7)])
    ///
    /// Neighbours with the same destination and length, of which the last may be shorter, are passed to the kernel as
    /// one message, which the kernel or the network device segments (UDP GSO). Where that is not supported, datagrams
    /// are sent one by one.
    ///
    /// Datagrams are not fragmented: one that is too long for its path fails with [`Error::MESSAGE_SIZE`]. For that,
    /// the first call sets [`Opt::PathMtuDiscovery`] to 2 if it is 1, the default of new sockets. A socket with another
    /// value keeps it, as do new IPv4 sockets on a system without path MTU discovery (`ip_no_pmtu_disc` of [ip(7)]).
    ///
    /// A datagram that fails does not prevent the following ones from being sent. The call ends early if there is no
    /// buffer space or no time left, if a signal interrupts the call, or if the socket is closed. The remaining
    /// datagrams then have that error as their result.
    ///
    /// # Errors
    /// - If no datagram was sent, the first one's error: those of [`Socket::send`] and [`Socket::send_to`].
    /// - [`Error::TYPE_UNSUPPORTED`] for a socket type with connections.
    /// - [`Error::INVALID`] for flags other than [`Flags::DONT_WAIT`] and [`Flags::CONFIRM`].
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    /// [sendmmsg(2)]: https://man7.org/linux/man-pages/man2/sendmmsg.2.html
    /// [udp(7)]: https://man7.org/linux/man-pages/man7/udp.7.html
    pub fn send_many(&self, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.check_sends_datagrams()?;
        if !(Flags::DONT_WAIT | Flags::CONFIRM).contains(flags) {
            return Err(Error::INVALID);
        }
        if datagrams.is_empty() {
            return Ok(0);
        }
        let can_segment = self.batches.can_segment().unwrap_or_else(|| self.prepare_for_batches());
        if let [datagram] = datagrams {
            if datagram.present & !present::ADDR == 0 {
                return self.send_one(datagram, flags);
            }
        }
        let deadline =
            if flags.intersects(Flags::DONT_WAIT) { Deadline::Immediate } else { self.deadline(Direction::Send) };
        let mode = if can_segment { SendMode::Segmented } else { SendMode::Single };
        let first = if can_segment && is_likely_one_message(datagrams) {
            // Most batches. This needs less stack than the general case.
            self.send_one_message(datagrams, flags, deadline)
        } else {
            self.send_messages(datagrams, flags, deadline, mode)
        };
        match first {
            Ok(count) if count == datagrams.len() => Ok(count),
            first => self.send_remaining(first, datagrams, flags, deadline, mode),
        }
    }

    /// Sends the rest of a batch after its first system call, which returned `first`.
    #[inline(never)]
    fn send_remaining(
        &self,
        first: Result<usize, BatchError>,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
        mode: SendMode,
    ) -> Result<usize> {
        let mut batch = Progress { mode, done: 0, sent: 0 };
        let mut result = first;
        loop {
            let is_probe = batch.mode == SendMode::Probe;
            if batch.record(result, datagrams) == Outcome::Sent && is_probe {
                self.batches.set_can_segment(false);
            }
            if batch.done == datagrams.len() {
                break;
            }
            result = self.send_messages(&mut datagrams[batch.done..], flags, deadline, batch.mode);
        }
        match datagrams.first() {
            Some(first) if batch.sent == 0 => Err(Error::from_code(first.result).unwrap_or(Error::INTERNAL)),
            _ => Ok(batch.sent),
        }
    }

    /// Checks that the socket's type sends independent datagrams.
    pub(in crate::net) fn check_sends_datagrams(&self) -> Result<()> {
        if self.kind.has_connections() { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    /// Sends a batch of one by [`Socket::send`] or [`Socket::send_to`].
    fn send_one(&self, datagram: &mut Datagram<'_>, flags: Flags) -> Result<usize> {
        let result = match (datagram.has_invalid_data(), datagram.present) {
            (true, _) => Err(Error::INVALID),
            (false, 0) => self.send(datagram.send_buf(), flags),
            _ => self.send_to_raw(datagram.send_buf(), flags, &datagram.addr),
        };
        datagram.result = result.map_or_else(Error::code, |count| count as i64);
        result.map(|_| 1)
    }

    /// Turns fragmentation off if it has the default, and finds out whether the kernel segments messages.
    #[cold]
    fn prepare_for_batches(&self) -> bool {
        let is_ip = self.kind == Type::Dgram && matches!(self.family, Family::Inet | Family::Inet6);
        let can_segment = is_ip && self.fd.get(Opt::SegmentSize, self.family, self.kind).is_ok();
        if is_ip && self.fd.get(Opt::PathMtuDiscovery, self.family, self.kind) == Ok(PMTU_WANT) {
            // A socket that has the option can set it.
            let _ = self.fd.set(Opt::PathMtuDiscovery, self.family, self.kind, PMTU_DO);
        }
        self.batches.set_can_segment(can_segment);
        can_segment
    }

    /// Sends one message: the first datagram and those that fit its message. Returns how many datagrams were sent;
    /// their results are written.
    #[inline(always)]
    fn send_one_message(
        &self,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        let mut memory = SendBatchMemory::<1, MAX_SEGMENTS>::new();
        let mut batch = SendBatch::new(&mut memory, true);
        self.push_message(&mut batch, datagrams)?;
        self.send_batch(batch, flags, deadline)
    }

    /// Sends as many datagrams as fit one system call. Returns how many datagrams were sent; their results are written.
    #[inline(never)]
    fn send_messages(
        &self,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
        mode: SendMode,
    ) -> Result<usize, BatchError> {
        let mut memory = SendBatchMemory::<32, 128>::new();
        let mut batch = SendBatch::new(&mut memory, mode == SendMode::Segmented);
        let mut remaining = datagrams;
        while !remaining.is_empty() && !batch.is_full() {
            match self.push_message(&mut batch, remaining) {
                Ok(count) => remaining = &mut remaining[count..],
                Err(failure) if batch.len() == 0 => return Err(failure),
                // The next call reports the failure, after the datagrams before it are sent.
                Err(_) => break,
            }
        }
        self.send_batch(batch, flags, deadline)
    }

    /// Adds a message to `batch`: the first datagram and those that fit its message. Returns how many datagrams it
    /// holds.
    #[inline(always)]
    fn push_message<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        batch: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagrams: &mut [Datagram<'a>],
    ) -> Result<usize, BatchError> {
        let [first, next @ ..] = datagrams else { return Ok(0) };
        self.begin_message(batch, first).map_err(|error| BatchError { error, was_segmented: false })?;
        first.result = first.len() as i64;
        Ok(1 + batch.finish_message(first, next))
    }

    /// Begins a message with a datagram, its address and its control data.
    #[inline(always)]
    fn begin_message<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        batch: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagram: &Datagram<'a>,
    ) -> Result<()> {
        if datagram.has_invalid_data() {
            return Err(Error::INVALID);
        }
        let to = if datagram.present & present::ADDR == 0 { None } else { Some(&datagram.addr) };
        to.map_or(Ok(()), |to| self.check_raw_remote(to))?;
        batch.begin_message(datagram, to)?;
        if datagram.present & !present::ADDR == 0 { Ok(()) } else { self.push_control(batch, datagram) }
    }

    #[cold]
    fn push_control<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        batch: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagram: &Datagram<'a>,
    ) -> Result<()> {
        if datagram.present & !present::ALL != 0 {
            return Err(Error::INVALID);
        }
        let packet_fields = present::TOS | present::PACKET_INFO;
        if datagram.present & packet_fields != 0 && !matches!(self.family, Family::Inet | Family::Inet6) {
            return Err(Error::UNSUPPORTED);
        }
        if datagram.present & present::TOS != 0 {
            batch.push(OutgoingControl::Tos(u8::try_from(datagram.tos).map_err(|_| Error::INVALID)?), self.family)?;
        }
        if datagram.present & present::PACKET_INFO != 0 {
            let source = PacketInfo { interface: datagram.interface, addr: Addr::checked(datagram.local)? };
            source.check(self.family)?;
            let to = Addr::checked(datagram.addr).ok().filter(|_| datagram.present & present::ADDR != 0);
            let addr = self.to_source(source.addr, to.as_ref());
            batch.push(OutgoingControl::Source(source.interface, addr.raw()), self.family)?;
        }
        Ok(())
    }

    /// Makes the system call.
    #[inline(always)]
    fn send_batch<const MESSAGES: usize, const BUFS: usize>(
        &self,
        mut batch: SendBatch<'_, '_, MESSAGES, BUFS>,
        flags: Flags,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        let was_segmented = batch.is_first_segmented();
        let send = |fd: &Descriptor, extra| batch.send(fd, flags | extra);
        let result = match deadline {
            // The kernel would apply the socket's timeout to each message separately.
            Deadline::After(..) => self.call_in_poll(Direction::Send, deadline, send),
            _ => self.call_in_kernel(Direction::Send, deadline, send),
        };
        result.map_err(|error| BatchError { error: control_error(error), was_segmented })
    }
}

/// Whether all datagrams probably fit one message, judged by the first and the last. If not, the first message is sent
/// alone.
fn is_likely_one_message(datagrams: &[Datagram<'_>]) -> bool {
    let [first, .., last] = datagrams else { return true };
    let bytes = first.len().saturating_mul(datagrams.len());
    datagrams.len() <= MAX_SEGMENTS
        && bytes <= MAX_SEGMENTED_LEN
        && last.len() <= first.len()
        && last.can_share_message_with(first)
}
