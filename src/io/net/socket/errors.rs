//! Errors of socket calls, by system, that [`io::ErrorKind`] does not distinguish.

use ::std::io;

/// The object that an error of accept concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum AcceptError {
    /// The connection that would have been accepted next. Systems report here that its network has
    /// failed, or that a firewall forbids it.
    Connection,
    /// The process or the system has no descriptor left.
    Descriptors,
    /// The listener, which is no longer usable.
    Listener,
    /// Anything else, such as a lack of memory.
    Other,
}

/// Returns what an error of accept concerns.
pub(in crate::io) fn accept_error(error: &io::Error) -> AcceptError {
    let Some(code) = error.raw_os_error() else {
        // The error of a runtime that is shutting down.
        return match error.kind() {
            io::ErrorKind::Interrupted => AcceptError::Connection,
            _ => AcceptError::Listener,
        };
    };
    let is_in = |codes: &[i32]| codes.contains(&code);
    match code {
        _ if is_in(system::OF_LISTENER) => AcceptError::Listener,
        _ if is_in(system::OF_DESCRIPTORS) => AcceptError::Descriptors,
        _ if is_in(system::OF_CONNECTION) => AcceptError::Connection,
        _ => AcceptError::Other,
    }
}

/// Returns whether an error of connect means that the attempt is still in progress.
pub(super) fn is_in_progress(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
        || error.raw_os_error() == Some(system::IN_PROGRESS)
}

/// Returns whether an error of getpeername means that the socket is not connected, or not yet.
pub(super) fn is_not_connected(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotConnected || error.raw_os_error() == Some(system::IN_PROGRESS)
}

/// Returns whether an error of bind means that another port may work. Windows refuses ports that
/// are reserved, or that another process uses exclusively.
pub(super) fn is_in_use(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
        || cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied
}

/// Returns whether an error of send means that the flags are not supported.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| system::UNSUPPORTED.contains(&code))
}

#[cfg(unix)]
mod system {
    use rustix::io::Errno;

    pub(super) const IN_PROGRESS: i32 = Errno::INPROGRESS.raw_os_error();
    pub(super) const UNSUPPORTED: &[i32] = &[Errno::OPNOTSUPP.raw_os_error(), Errno::INVAL.raw_os_error()];
    pub(super) const OF_LISTENER: &[i32] = &[
        Errno::BADF.raw_os_error(),
        Errno::NOTSOCK.raw_os_error(),
        Errno::INVAL.raw_os_error(),
        Errno::FAULT.raw_os_error(),
    ];
    pub(super) const OF_DESCRIPTORS: &[i32] = &[Errno::MFILE.raw_os_error(), Errno::NFILE.raw_os_error()];
    pub(super) const OF_CONNECTION: &[i32] = &[
        Errno::INTR.raw_os_error(),
        Errno::CONNABORTED.raw_os_error(),
        Errno::CONNRESET.raw_os_error(),
        Errno::PROTO.raw_os_error(),
        Errno::PERM.raw_os_error(),
        Errno::NETDOWN.raw_os_error(),
        Errno::NETUNREACH.raw_os_error(),
        Errno::NOPROTOOPT.raw_os_error(),
        Errno::HOSTDOWN.raw_os_error(),
        Errno::HOSTUNREACH.raw_os_error(),
        Errno::OPNOTSUPP.raw_os_error(),
        Errno::TIMEDOUT.raw_os_error(),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Errno::NONET.raw_os_error(),
    ];
}

/// The codes of winsock2.h.
#[cfg(windows)]
mod system {
    /// WSAEINPROGRESS.
    pub(super) const IN_PROGRESS: i32 = 10_036;
    /// WSAEINVAL, WSAEOPNOTSUPP.
    pub(super) const UNSUPPORTED: &[i32] = &[10_022, 10_045];
    /// ERROR_INVALID_HANDLE, WSAEBADF, WSAEFAULT, WSAEINVAL, WSAENOTSOCK.
    pub(super) const OF_LISTENER: &[i32] = &[6, 10_009, 10_014, 10_022, 10_038];
    /// WSAEMFILE.
    pub(super) const OF_DESCRIPTORS: &[i32] = &[10_024];
    /// WSAEINTR, WSAENETDOWN, WSAENETUNREACH, WSAENETRESET, WSAECONNABORTED, WSAECONNRESET,
    /// WSAETIMEDOUT, WSAEHOSTDOWN, WSAEHOSTUNREACH.
    pub(super) const OF_CONNECTION: &[i32] =
        &[10_004, 10_050, 10_051, 10_052, 10_053, 10_054, 10_060, 10_064, 10_065];
}
