//! Sending many datagrams at once.

use crate::net::deadline::Deadline;
use crate::net::message::packet_info::control_error;
use crate::net::{Addr, Datagram, Error, Family, Flags, Opt, PacketInfo, Result, Socket, Type};
use crate::sys::errno::EIO;
use crate::sys::{
    Descriptor, Direction, OutgoingControl, SEGMENTS, SEGMENTS_BYTES, SendBatch, SendBatchMemory, present,
};

/// Values of [`Opt::PathMtuDiscovery`]: what cuts what is too long for its path, and what refuses it.
const CUTS_IF_NEEDED: i64 = 1;
const NEVER_CUTS: i64 = 2;

/// How a batch goes out.
#[derive(Clone, Copy, PartialEq)]
enum SendMode {
    /// Neighbours together, taken apart by the kernel.
    InSegments,
    OneByOne,
    /// The next one by one, to see if it was their segmentation that was refused.
    OnTrial,
    /// The next one by one, since they were too long together, for the path or with all that is packed beside them.
    ForOnce,
}

/// How far a batch has come, and how it goes on.
struct Progress {
    at: usize,
    way: SendMode,
}

/// Why the first datagram of a batch was not sent.
struct BatchError {
    error: Error,
    /// It was to go out together with others.
    in_segments: bool,
}

impl Socket {
    /// Sends datagrams in their order, many of them in one system call, and returns how many were sent. What became of
    /// each is told by [`Datagram::result`].
    ///
    /// Neighbours of one length that go to the same place are handed over as one, which the kernel or the network
    /// device takes apart (UDP segmentation), where those can; else one by one. No datagram is cut into fragments: one that
    /// is too long for the path is [`Error::MESSAGE_SIZE`], unless [`Opt::PathMtuDiscovery`] asks for fragments: where that
    /// is 1, as sockets are made, the first call sets it so. (A system that discovers no path's MTU at all, by
    /// `ip_no_pmtu_disc` of [ip(7)], makes sockets of IPv4 that ask for fragments, and they are left so.)
    ///
    /// A datagram that can't be sent does not keep the others back. When there is no room or no time left, when the call
    /// is interrupted or the socket closed, it ends, and all that were not sent say so. ([sendmmsg(2)], [udp(7)])
    ///
    /// # Errors
    /// The first datagram's, when none was sent: those of [`Socket::send`] and [`Socket::send_to`].
    /// [`Error::TYPE_UNSUPPORTED`] for a socket that has no datagrams.
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    /// [sendmmsg(2)]: https://man7.org/linux/man-pages/man2/sendmmsg.2.html
    /// [udp(7)]: https://man7.org/linux/man-pages/man7/udp.7.html
    pub fn send_many(&self, datagrams: &mut [Datagram<'_>], flags: Flags) -> Result<usize> {
        self.expect_datagrams()?;
        if !flags.within(Flags::DONT_WAIT | Flags::CONFIRM) {
            return Err(Error::INVALID);
        }
        if datagrams.is_empty() {
            return Ok(0);
        }
        let in_segments = self.batches.can_segment().unwrap_or_else(|| self.prepare_for_batches());
        if let [datagram] = datagrams {
            if datagram.present & !present::ADDR == 0 {
                return self.send_one(datagram, flags);
            }
        }
        let deadline =
            if flags.intersects(Flags::DONT_WAIT) { Deadline::Immediate } else { self.deadline(Direction::Send) };
        let way = if in_segments { SendMode::InSegments } else { SendMode::OneByOne };
        let first = if in_segments && may_be_one_message(datagrams) {
            // What most batches are, without a stack for more.
            self.send_message(datagrams, flags, deadline)
        } else {
            self.send_messages(datagrams, flags, deadline, way)
        };
        match first {
            Ok(count) if count == datagrams.len() => Ok(count),
            first => self.send_rest(first, datagrams, flags, deadline, way),
        }
    }

    /// Goes on with a batch from what the first system call came to.
    #[inline(never)]
    fn send_rest(
        &self,
        first: Result<usize, BatchError>,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
        way: SendMode,
    ) -> Result<usize> {
        let mut course = Progress { at: 0, way };
        let (mut sent, mut some) = (0, first);
        loop {
            match some {
                Ok(count) => {
                    match course.way {
                        SendMode::OnTrial => {
                            self.batches.set_can_segment(false);
                            course.way = SendMode::OneByOne;
                        }
                        SendMode::ForOnce => course.way = SendMode::InSegments,
                        SendMode::InSegments | SendMode::OneByOne => {}
                    }
                    course.at += count;
                    sent += count;
                }
                Err(fault) => self.go_on_after(fault, &mut course, datagrams),
            }
            if course.at == datagrams.len() {
                break;
            }
            some = self.send_messages(&mut datagrams[course.at..], flags, deadline, course.way);
        }
        match datagrams.first() {
            Some(first) if sent == 0 => Err(Error::from_code(first.result).unwrap_or(Error::INTERNAL)),
            _ => Ok(sent),
        }
    }

    /// Tells those that were not sent why, or finds another way for them.
    #[cold]
    fn go_on_after(&self, fault: BatchError, course: &mut Progress, datagrams: &mut [Datagram<'_>]) {
        if fault.in_segments && fault.may_be_of_segments() {
            course.way = SendMode::OnTrial;
            return;
        }
        if fault.in_segments && fault.error == Error::MESSAGE_SIZE {
            course.way = SendMode::ForOnce;
            return;
        }
        // Others of the same message may be sent: it may be an earlier datagram's error, which is told once.
        let untold = &mut datagrams[course.at..];
        let count = if fault.ends_all() { untold.len() } else { 1 };
        untold[..count].iter_mut().for_each(|datagram| datagram.result = fault.error.code());
        course.at += count;
        if course.way == SendMode::OnTrial {
            course.way = SendMode::InSegments;
        }
    }

    /// What has datagrams that stand for themselves.
    pub(in crate::net) fn expect_datagrams(&self) -> Result<()> {
        if self.kind.has_connections() { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    /// One is sent as any other.
    fn send_one(&self, datagram: &mut Datagram<'_>, flags: Flags) -> Result<usize> {
        let result = match (datagram.is_nowhere(), datagram.present) {
            (true, _) => Err(Error::INVALID),
            (false, 0) => self.send(datagram.send_buf(), flags),
            _ => self.send_to_raw(datagram.send_buf(), flags, &datagram.addr),
        };
        datagram.result = result.map_or_else(Error::code, |count| count as i64);
        result.map(|_| 1)
    }

    /// Has the socket cut nothing into fragments, if that is not set, and tells whether the system takes apart what it sends.
    #[cold]
    fn prepare_for_batches(&self) -> bool {
        let is_ip = self.kind == Type::Dgram && matches!(self.family, Family::Inet | Family::Inet6);
        let can_segment = is_ip && self.fd.get(Opt::SegmentSize, self.family, self.kind).is_ok();
        if is_ip && self.fd.get(Opt::PathMtuDiscovery, self.family, self.kind) == Ok(CUTS_IF_NEEDED) {
            // What has it can set it.
            let _ = self.fd.set(Opt::PathMtuDiscovery, self.family, self.kind, NEVER_CUTS);
        }
        self.batches.set_can_segment(can_segment);
        can_segment
    }

    /// Sends the first of the datagrams and those that go with it, and returns how many that were, which have their results.
    #[inline(always)]
    fn send_message(
        &self,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        let mut memory = SendBatchMemory::<1, SEGMENTS>::new();
        let mut outbox = SendBatch::new(&mut memory, true);
        self.put(&mut outbox, datagrams)?;
        self.hand_over(outbox, flags, deadline)
    }

    /// Sends as many of the datagrams as go into one system call, and returns how many that were, which have their results.
    #[inline(never)]
    fn send_messages(
        &self,
        datagrams: &mut [Datagram<'_>],
        flags: Flags,
        deadline: Deadline,
        way: SendMode,
    ) -> Result<usize, BatchError> {
        let mut memory = SendBatchMemory::<32, 128>::new();
        let mut outbox = SendBatch::new(&mut memory, way == SendMode::InSegments);
        let mut rest = datagrams;
        while !rest.is_empty() && !outbox.is_full() {
            match self.put(&mut outbox, rest) {
                Ok(count) => rest = &mut rest[count..],
                Err(fault) if outbox.len() == 0 => return Err(fault),
                // Its turn comes when those before it are out.
                Err(_) => break,
            }
        }
        self.hand_over(outbox, flags, deadline)
    }

    /// Makes a message of the first of these and those that go with it, and returns how many they are.
    #[inline(always)]
    fn put<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        outbox: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagrams: &mut [Datagram<'a>],
    ) -> Result<usize, BatchError> {
        let [first, next @ ..] = datagrams else { return Ok(0) };
        self.begin(outbox, first).map_err(|error| BatchError { error, in_segments: false })?;
        first.result = first.len() as i64;
        Ok(1 + outbox.end(first, next))
    }

    /// Makes the system call.
    #[inline(always)]
    fn hand_over<const MESSAGES: usize, const BUFS: usize>(
        &self,
        mut outbox: SendBatch<'_, '_, MESSAGES, BUFS>,
        flags: Flags,
        deadline: Deadline,
    ) -> Result<usize, BatchError> {
        let in_segments = outbox.begins_in_segments();
        let send = |fd: &Descriptor, extra| outbox.send(fd, flags | extra);
        let result = match deadline {
            // The kernel would take the socket's timeout for each message anew.
            Deadline::After(..) => self.call_in_poll(Direction::Send, deadline, send),
            _ => self.call_in_kernel(Direction::Send, deadline, send),
        };
        result.map_err(|error| BatchError { error: control_error(error), in_segments })
    }

    /// Begins a message with a datagram.
    #[inline(always)]
    fn begin<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        outbox: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagram: &Datagram<'a>,
    ) -> Result<()> {
        if datagram.is_nowhere() {
            return Err(Error::INVALID);
        }
        let to = if datagram.present & present::ADDR == 0 { None } else { Some(&datagram.addr) };
        to.map_or(Ok(()), |to| self.expect_raw_peer(to))?;
        outbox.begin(datagram, to)?;
        if datagram.present & !present::ADDR == 0 { Ok(()) } else { self.put_beside(outbox, datagram) }
    }

    #[cold]
    fn put_beside<'a, const MESSAGES: usize, const BUFS: usize>(
        &self,
        outbox: &mut SendBatch<'_, 'a, MESSAGES, BUFS>,
        datagram: &Datagram<'a>,
    ) -> Result<()> {
        if datagram.present & !present::ALL != 0 {
            return Err(Error::INVALID);
        }
        let of_packets = present::TOS | present::PACKET_INFO;
        if datagram.present & of_packets != 0 && !matches!(self.family, Family::Inet | Family::Inet6) {
            return Err(Error::UNSUPPORTED);
        }
        if datagram.present & present::TOS != 0 {
            outbox.push(OutgoingControl::Tos(u8::try_from(datagram.tos).map_err(|_| Error::INVALID)?), self.family)?;
        }
        if datagram.present & present::PACKET_INFO != 0 {
            let source = PacketInfo { interface: datagram.interface, addr: Addr::checked(datagram.local)? };
            source.check(self.family)?;
            let to = Addr::checked(datagram.addr).ok().filter(|_| datagram.present & present::ADDR != 0);
            let addr = self.to_source(source.addr, to.as_ref());
            outbox.push(OutgoingControl::Source(source.interface, addr.raw()), self.family)?;
        }
        Ok(())
    }
}

/// Whether these look like one message: when the last one goes with the first. If they are more, the first goes by itself.
fn may_be_one_message(datagrams: &[Datagram<'_>]) -> bool {
    let [first, .., last] = datagrams else { return true };
    let bytes = first.len().saturating_mul(datagrams.len());
    datagrams.len() <= SEGMENTS && bytes <= SEGMENTS_BYTES && last.len() <= first.len() && last.goes_with(first)
}

impl BatchError {
    /// Whether it is what a system or a device says that can't take messages apart, which a datagram's own may be, too.
    fn may_be_of_segments(&self) -> bool {
        let refused = [Error::from_os(EIO), Error::INVALID, Error::OPTION_UNSUPPORTED, Error::UNSUPPORTED];
        refused.contains(&self.error)
    }

    /// Whether nothing more can be sent.
    fn ends_all(&self) -> bool {
        matches!(
            self.error,
            Error::WOULD_BLOCK
                | Error::TIMED_OUT
                | Error::INTERRUPTED
                | Error::CLOSED
                | Error::PIPE
                | Error::NO_BUFFERS
                | Error::NO_MEMORY
        )
    }
}
