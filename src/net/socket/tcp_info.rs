//! State and statistics of a TCP connection.

use crate::net::socket::options::no_such_option;
use crate::net::socket::tcp_info_fields::tcp_info_fields;
use crate::net::{Result, Socket};
use crate::sys::tcp_info::{self as kernel, RawTcpInfo};
use bitflags::bitflags;
use std::mem::{offset_of, size_of};

/// The state of a TCP connection, as in RFC 9293.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum TcpState {
    /// A state that this library does not know.
    #[default]
    Unknown = 0,
    /// The connection is open in both directions.
    Established = 1,
    /// A connection was requested; no answer has arrived.
    SynSent = 2,
    /// A request was received and answered; the handshake is not complete.
    SynReceived = 3,
    /// This end is closed for sending; the peer has not acknowledged the FIN.
    FinWait1 = 4,
    /// This end is closed for sending, and the peer has acknowledged it.
    FinWait2 = 5,
    /// Both ends are closed; the connection waits until delayed packets have expired.
    TimeWait = 6,
    /// There is no connection.
    Closed = 7,
    /// The peer's end is closed for sending.
    CloseWait = 8,
    /// Both ends are closed, the peer's first; the peer has not acknowledged the FIN.
    LastAck = 9,
    /// The socket listens for connections.
    Listen = 10,
    /// Both ends were closed at the same time; the peer has not acknowledged the FIN.
    Closing = 11,
}

impl TcpState {
    /// Converts the kernel's number. Linux numbers the states as this type does, and has a second one for a half-open
    /// connection, 12.
    fn from_number(number: u8) -> TcpState {
        use TcpState::*;
        let states = [
            Unknown,
            Established,
            SynSent,
            SynReceived,
            FinWait1,
            FinWait2,
            TimeWait,
            Closed,
            CloseWait,
            LastAck,
            Listen,
            Closing,
            SynReceived,
        ];
        states.get(usize::from(number)).copied().unwrap_or(Unknown)
    }
}

bitflags! {
    /// Options that both ends of a TCP connection negotiated.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct TcpOptions: u32 {
        /// Segments carry timestamps.
        const TIMESTAMPS = 0x1;
        /// Selective acknowledgements.
        const SACK = 0x2;
        /// Window scaling.
        const WINDOW_SCALE = 0x4;
        /// Explicit congestion notification.
        const ECN = 0x8;
        /// A packet with an ECN-capable mark was received.
        const ECN_SEEN = 0x10;
        /// Data in the SYN was acknowledged (TCP Fast Open).
        const SYN_DATA = 0x20;
    }
}

impl TcpOptions {
    fn from_kernel(bits: u8) -> TcpOptions {
        let options = [
            (kernel::TCP_TIMESTAMPS, TcpOptions::TIMESTAMPS),
            (kernel::TCP_SACK, TcpOptions::SACK),
            (kernel::TCP_WINDOW_SCALE, TcpOptions::WINDOW_SCALE),
            (kernel::TCP_ECN, TcpOptions::ECN),
            (kernel::TCP_ECN_SEEN, TcpOptions::ECN_SEEN),
            (kernel::TCP_SYN_DATA, TcpOptions::SYN_DATA),
        ];
        options.iter().filter(|(bit, _)| bits & bit != 0).map(|&(_, option)| option).collect()
    }
}

/// The length that the kernel's struct has at least if it contains a field.
const fn end_of<T>(offset: usize, _: fn(&RawTcpInfo) -> T) -> usize {
    offset + size_of::<T>()
}

/// Defines [`TcpFields`] and [`TcpInfo`] from the list of fields.
macro_rules! define_tcp_info {
    (
        u32 { $($group32:ident = $bit32:literal { $($(#[$doc32:meta])+ $field32:ident = $raw32:ident;)+ })+ }
        u64 { $($group64:ident = $bit64:literal { $($(#[$doc64:meta])+ $field64:ident = $raw64:ident;)+ })+ }
    ) => {
        bitflags! {
            /// Groups of fields of a [`TcpInfo`].
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
            #[repr(transparent)]
            pub struct TcpFields: u64 {
                /// `state`
                const STATE = 1 << 0;
                /// `options`
                const OPTIONS = 1 << 1;
                $(#[doc = concat!($("`", stringify!($field32), "` "),+)]
                const $group32 = 1 << $bit32;)+
                $(#[doc = concat!($("`", stringify!($field64), "` "),+)]
                const $group64 = 1 << $bit64;)+
            }
        }

        impl TcpFields {
            /// The names of the fields of each group.
            #[cfg(all(test, feature = "capi"))]
            pub(crate) const GROUPS: &'static [(TcpFields, &'static [&'static str])] = &[
                (TcpFields::STATE, &["state"]),
                (TcpFields::OPTIONS, &["options"]),
                $((TcpFields::$group32, &[$(stringify!($field32)),+]),)+
                $((TcpFields::$group64, &[$(stringify!($field64)),+]),)+
            ];

            /// The groups that a kernel has filled completely if it wrote `len` bytes.
            fn filled_by(len: usize) -> TcpFields {
                let is_filled = |end: usize| end <= len;
                let mut filled = TcpFields::empty();
                filled.set(TcpFields::STATE, is_filled(end_of(offset_of!(RawTcpInfo, state), |raw| raw.state)));
                filled.set(TcpFields::OPTIONS, is_filled(end_of(offset_of!(RawTcpInfo, options), |raw| raw.options)));
                $(filled.set(
                    TcpFields::$group32,
                    true $(&& is_filled(end_of(offset_of!(RawTcpInfo, $raw32), |raw| raw.$raw32)))+,
                );)+
                $(filled.set(
                    TcpFields::$group64,
                    true $(&& is_filled(end_of(offset_of!(RawTcpInfo, $raw64), |raw| raw.$raw64)))+,
                );)+
                filled
            }
        }

        /// State and statistics of a TCP connection. A field that this system's version lacks is 0, and its bit in
        /// `filled` is not set.
        // The layout is that of C's struct.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(C)]
        #[non_exhaustive]
        pub struct TcpInfo {
            size: u32,
            /// The state of the connection.
            pub state: TcpState,
            /// The fields that are filled in.
            pub filled: TcpFields,
            /// The options negotiated in the handshake.
            pub options: TcpOptions,
            $($($(#[$doc32])+ pub $field32: u32,)+)+
            reserved: u32,
            $($($(#[$doc64])+ pub $field64: u64,)+)+
        }

        impl TcpInfo {
            /// Converts the kernel's struct, of which it wrote `len` bytes.
            fn new(raw: &RawTcpInfo, len: usize) -> TcpInfo {
                let filled = TcpFields::filled_by(len);
                let state = TcpState::from_number(raw.state);
                if state == TcpState::Listen {
                    // The other fields are 0, or hold figures of the accept queue.
                    let filled = filled & (TcpFields::STATE | TcpFields::PACING | TcpFields::REORDERING);
                    let RawTcpInfo { pacing_rate, max_pacing_rate, reordering, .. } = *raw;
                    return TcpInfo { state, filled, pacing_rate, max_pacing_rate, reordering, ..TcpInfo::default() };
                }
                TcpInfo {
                    size: size_of::<TcpInfo>() as u32,
                    state,
                    filled,
                    options: TcpOptions::from_kernel(raw.options),
                    $($($field32: raw.$raw32.into(),)+)+
                    reserved: 0,
                    $($($field64: raw.$raw64,)+)+
                }
            }
        }
    };
}
tcp_info_fields!(define_tcp_info);

impl Socket {
    /// Reads the current state and statistics of a TCP connection. ([tcp(7)], `TCP_INFO`)
    ///
    /// A listener has only its state, its pacing rates and its reordering.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`](crate::Error::OPTION_UNSUPPORTED) if the socket is not a TCP socket.
    ///
    /// [tcp(7)]: https://man7.org/linux/man-pages/man7/tcp.7.html
    pub fn tcp_info(&self) -> Result<TcpInfo> {
        let (raw, len) = self.fd.tcp_info().map_err(no_such_option)?;
        Ok(TcpInfo::new(&raw, len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(len: usize, fields: TcpFields) -> bool {
        TcpFields::filled_by(len).contains(fields)
    }

    #[test]
    fn the_length_decides_which_groups_are_filled() {
        assert_eq!(TcpFields::filled_by(0), TcpFields::empty());
        assert_eq!(TcpFields::filled_by(1), TcpFields::STATE);
        // Linux 2.6 ends with the number of retransmissions.
        assert!(has(104, TcpFields::TOTAL_RETRANSMITS) && has(104, TcpFields::RTT) && has(104, TcpFields::CWND));
        assert!(!has(103, TcpFields::TOTAL_RETRANSMITS) && !has(104, TcpFields::PACING));
        // All fields of a group must be there.
        assert!(has(120, TcpFields::PACING) && !has(112, TcpFields::PACING));
        // Linux 4.10, and 5.4.
        assert!(has(192, TcpFields::TIMES) && !has(192, TcpFields::DELIVERED));
        assert!(has(232, TcpFields::SND_WND) && has(232, TcpFields::BYTES_SENT) && !has(232, TcpFields::RCV_WND));
        // The whole struct, and a longer one.
        assert_eq!(TcpFields::filled_by(248).bits(), (1 << 28) - 1);
        assert_eq!(TcpFields::filled_by(4096), TcpFields::all());
        for len in 0..248 {
            let (fewer, more) = (TcpFields::filled_by(len), TcpFields::filled_by(len + 1));
            assert!(more.contains(fewer), "{len}");
        }
    }

    #[test]
    fn a_listener_has_few_fields() {
        let raw = RawTcpInfo { state: 10, unacked: 3, sacked: 16, pacing_rate: 5, reordering: 3, ..Default::default() };
        let info = TcpInfo::new(&raw, 248);
        assert_eq!((info.state, info.unacked, info.sacked), (TcpState::Listen, 0, 0));
        assert_eq!((info.pacing_rate, info.reordering), (5, 3));
        assert!(info.filled.contains(TcpFields::STATE) && !info.filled.contains(TcpFields::IN_FLIGHT));
    }

    #[test]
    fn states_are_converted_from_the_kernels_numbers() {
        assert_eq!(TcpState::from_number(1), TcpState::Established);
        assert_eq!(TcpState::from_number(11), TcpState::Closing);
        assert_eq!(TcpState::from_number(12), TcpState::SynReceived);
        assert_eq!(TcpState::from_number(13), TcpState::Unknown);
        assert_eq!(TcpState::from_number(0), TcpState::Unknown);
    }
}
