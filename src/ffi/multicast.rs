//! Multicast as C sees it.

use super::addr::{addr, jf_addr, optional_addr};
use super::boundary::{done, guard};
use super::socket::{SOCKETS, jf_socket};

/// Has the system deliver to a socket what is sent to a multicast group and comes in by one interface, from every
/// source or from a single one. A socket may join several groups, on several interfaces, and one group from several
/// sources, one call each. To receive, it is bound to the port that is sent to. On Linux a socket that is bound to no
/// particular address also gets what other sockets of the machine joined, unless IP_MULTICAST_ALL or IPV6_MULTICAST_ALL
/// is off; and what they let in by another interface, if it is sent to an IPv6 group of its own.
///
/// s: a datagram or raw socket; a JF_INET6 datagram socket joins groups of IPv4 too.
/// group: the group, whose port does not matter; not NULL.
/// source: the one sender to receive from, of the group's family, whose port does not matter; NULL for all.
/// interface_index: the interface, as jf_addr's scope_id has it; 0 for the scope_id of the addresses, or if that is 0
/// too for the one of the system's choice.
///
/// Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE when the socket has joined it already, or has joined it from all
/// sources and now from one, or the other way round; JF_E_ADDR_INVALID when the group is not multicast, when the source
/// is or is unspecified, or when one is not an address; JF_E_FAMILY_UNSUPPORTED for families that do not go together;
/// JF_E_TYPE_UNSUPPORTED for a stream; JF_E_NOT_FOUND when there is no such interface, or none for this group;
/// JF_E_NO_BUFFERS and JF_E_NO_MEMORY when the socket has joined as many as it may; JF_E_INVALID for a NULL, or when a
/// scope_id is another interface; JF_E_BAD_HANDLE. See ip(7), MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP. Since 0.1.
// SAFETY: both addresses are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_join(
    s: jf_socket,
    group: *const jf_addr,
    source: *const jf_addr,
    interface_index: u32,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let (group, source) = unsafe { (addr(group)?, optional_addr(source)?) };
        SOCKETS.with(s, |socket| socket.join(group, source, interface_index)).map(done)
    })
}

/// Leaves a multicast group. What has come in before is still received. Closing a socket leaves all.
///
/// s: the socket.
/// group: the group that was joined; not NULL.
/// source: the sender it was joined from; NULL leaves it altogether, from whichever sources it was joined.
/// interface_index: the interface it was joined on, as for jf_join. For 0 Linux leaves a group of IPv6 on the first
/// interface on which it is joined.
///
/// Never blocks. Returns 0. Errors: JF_E_ADDR_NOT_AVAILABLE when it is not joined so, also for want of such
/// an interface; JF_E_ADDR_INVALID, JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED and JF_E_INVALID as for jf_join;
/// JF_E_BAD_HANDLE. See ip(7), MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP. Since 0.1.
// SAFETY: both addresses are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_leave(
    s: jf_socket,
    group: *const jf_addr,
    source: *const jf_addr,
    interface_index: u32,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let (group, source) = unsafe { (addr(group)?, optional_addr(source)?) };
        SOCKETS.with(s, |socket| socket.leave(group, source, interface_index)).map(done)
    })
}
