//! C functions for multicast groups.

use super::addr::{addr, jf_addr, optional_addr};
use super::boundary::{done, guard};
use super::socket::{SOCKETS, jf_socket};

/// Joins a multicast group on one interface, for all sources or for a single source.
///
/// A socket can join several groups, on several interfaces, and one group from several sources, with one call each. To
/// receive, bind the socket to the destination port of the datagrams.
///
/// On Linux, a socket bound to the wildcard address also receives datagrams for groups that other sockets of the
/// machine joined, unless JF_OPT_MULTICAST_ALL is 0. A socket also receives datagrams for its IPv6 groups on interfaces
/// on which only another socket joined the group.
///
/// @param s                 datagram or raw socket; a JF_INET6 datagram socket can join IPv4 groups, too
/// @param group             [in] group address; its port is ignored
/// @param source            [in, optional] the only sender to receive from, of the group's family; its port is ignored.
///                          NULL for all senders.
/// @param interface_index   interface, as in jf_addr's `scope_id`. 0 means the `scope_id` of `group` or `source`; if
///                          that is also 0, the system chooses.
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_ADDR_IN_USE                  the socket already joined the group with this `source`, or mixes joining
///                                          with and without a source
/// @error JF_E_ADDR_INVALID                 `group` is not a multicast address, `source` is a multicast or an
///                                          unspecified address, or one of them is malformed
/// @error JF_E_FAMILY_UNSUPPORTED           the families of socket, group and source do not match
/// @error JF_E_TYPE_UNSUPPORTED             the socket is a stream
/// @error JF_E_NOT_FOUND                    there is no such interface, or none for this group
/// @error JF_E_NO_BUFFERS, JF_E_NO_MEMORY   the socket reached the system's limit of groups or sources
/// @error JF_E_INVALID                      a `scope_id` contradicts `interface_index`
/// @see ip(7), ipv6(7), MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP
/// @since 0.1
// SAFETY: both addresses are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_join(
    s: jf_socket,
    group: *const jf_addr,
    source: *const jf_addr,
    interface_index: u32,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let (group, source) = unsafe { (addr(group)?, optional_addr(source)?) };
        SOCKETS.with(s, |socket| socket.join(group, source, interface_index)).map(done)
    })
}

/// Leaves a multicast group.
///
/// Datagrams that arrived earlier can still be received. jf_close leaves all groups.
///
/// @param s                 socket that joined the group
/// @param group             [in] group address
/// @param source            [in, optional] source from which the group was joined. NULL leaves the group for all
///                          sources.
/// @param interface_index   interface, as for jf_join. If 0, Linux leaves an IPv6 group on the first interface on which
///                          the socket joined it.
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_ADDR_NOT_AVAILABLE   the socket did not join the group, or not with this `source`, or there is no such
///                                  interface
/// @error JF_E_ADDR_INVALID         `group` is not a multicast address, `source` is a multicast or an unspecified
///                                  address, or one of them is malformed
/// @error JF_E_FAMILY_UNSUPPORTED   the families of socket, group and source do not match
/// @error JF_E_TYPE_UNSUPPORTED     the socket is a stream
/// @error JF_E_INVALID              a `scope_id` contradicts `interface_index`
/// @see ip(7), ipv6(7), MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP
/// @since 0.1
// SAFETY: both addresses are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_leave(
    s: jf_socket,
    group: *const jf_addr,
    source: *const jf_addr,
    interface_index: u32,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let (group, source) = unsafe { (addr(group)?, optional_addr(source)?) };
        SOCKETS.with(s, |socket| socket.leave(group, source, interface_index)).map(done)
    })
}
