//! The refusals that report errors of the operating system to a client.

use ::std::io::{self, ErrorKind};

use crate::io::host::Refusal;

/// Refusals by kind. An error in neither table is [`Refusal::Failed`].
const KINDS: &[(ErrorKind, Refusal)] = &[
    (ErrorKind::NotFound, Refusal::NotFound),
    // cap-std also returns this for a path that leads outside.
    (ErrorKind::PermissionDenied, Refusal::Denied),
    (ErrorKind::ReadOnlyFilesystem, Refusal::Denied),
    (ErrorKind::AlreadyExists, Refusal::Exists),
    (ErrorKind::NotADirectory, Refusal::NotADirectory),
    (ErrorKind::IsADirectory, Refusal::IsADirectory),
    (ErrorKind::DirectoryNotEmpty, Refusal::NotEmpty),
    // A name that the file system cannot store, or a directory moved into itself.
    (ErrorKind::InvalidInput, Refusal::BadName),
    (ErrorKind::QuotaExceeded, Refusal::QuotaExceeded),
    // Larger than a file can be.
    (ErrorKind::FileTooLarge, Refusal::QuotaExceeded),
    (ErrorKind::StorageFull, Refusal::StorageFull),
    (ErrorKind::WouldBlock, Refusal::Busy),
    (ErrorKind::ResourceBusy, Refusal::Busy),
    (ErrorKind::ExecutableFileBusy, Refusal::Busy),
    (ErrorKind::Deadlock, Refusal::Busy),
    (ErrorKind::TimedOut, Refusal::Busy),
    // A rename across file systems.
    (ErrorKind::CrossesDevices, Refusal::Unsupported),
    (ErrorKind::Unsupported, Refusal::Unsupported),
];

/// Refusals by error number, for errors that have no kind in the standard library or in its older
/// versions.
#[cfg(unix)]
const NUMBERS: &[(i32, Refusal)] = {
    use rustix::io::Errno;
    &[
        (Errno::NAMETOOLONG.raw_os_error(), Refusal::BadName),
        // Bytes that are not a valid name on a file system that requires UTF-8.
        (Errno::ILSEQ.raw_os_error(), Refusal::BadName),
        // Links that form a loop lead to nothing.
        (Errno::LOOP.raw_os_error(), Refusal::NotFound),
        // A socket, or a pipe without a reader: not a file that can be opened.
        (Errno::NXIO.raw_os_error(), Refusal::Denied),
        // Out of file descriptors, which is temporary.
        (Errno::MFILE.raw_os_error(), Refusal::Busy),
        (Errno::NFILE.raw_os_error(), Refusal::Busy),
    ]
};

/// Refusals by error number, for errors that have no kind in the standard library or in its older
/// versions.
#[cfg(windows)]
const NUMBERS: &[(i32, Refusal)] = &[
    // ERROR_INVALID_NAME, ERROR_BAD_PATHNAME, ERROR_FILENAME_EXCED_RANGE.
    (123, Refusal::BadName),
    (161, Refusal::BadName),
    (206, Refusal::BadName),
    // ERROR_CANT_RESOLVE_FILENAME: links that form a loop.
    (1921, Refusal::NotFound),
    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION: another program has the file open.
    (32, Refusal::Busy),
    (33, Refusal::Busy),
];

/// Refusals by error number. None are known for these systems.
#[cfg(not(any(unix, windows)))]
const NUMBERS: &[(i32, Refusal)] = &[];

/// Returns the refusal that reports `error` to a client.
pub(super) fn refusal(error: &io::Error) -> Refusal {
    let number = error.raw_os_error();
    let by_number = NUMBERS.iter().find(|row| Some(row.0) == number).map(|row| row.1);
    let by_kind = || KINDS.iter().find(|row| row.0 == error.kind()).map(|row| row.1);
    by_number.or_else(by_kind).unwrap_or(Refusal::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_refusal() {
        for (kind, expected) in KINDS {
            assert_eq!(refusal(&io::Error::from(*kind)), *expected);
        }
        assert_eq!(refusal(&io::Error::other("?")), Refusal::Failed);
    }

    #[cfg(unix)]
    #[test]
    fn errors_of_the_operating_system_have_their_refusal() {
        use rustix::io::Errno;
        let known = [
            (Errno::NOENT, Refusal::NotFound),
            (Errno::ACCESS, Refusal::Denied),
            (Errno::PERM, Refusal::Denied),
            (Errno::ROFS, Refusal::Denied),
            (Errno::EXIST, Refusal::Exists),
            (Errno::NOTDIR, Refusal::NotADirectory),
            (Errno::ISDIR, Refusal::IsADirectory),
            (Errno::NOTEMPTY, Refusal::NotEmpty),
            (Errno::NAMETOOLONG, Refusal::BadName),
            (Errno::INVAL, Refusal::BadName),
            (Errno::DQUOT, Refusal::QuotaExceeded),
            (Errno::FBIG, Refusal::QuotaExceeded),
            (Errno::NOSPC, Refusal::StorageFull),
            (Errno::AGAIN, Refusal::Busy),
            (Errno::BUSY, Refusal::Busy),
            (Errno::TXTBSY, Refusal::Busy),
            (Errno::XDEV, Refusal::Unsupported),
            (Errno::IO, Refusal::Failed),
        ];
        let known = known.map(|(number, refusal)| (number.raw_os_error(), refusal));
        for (number, expected) in known.iter().chain(NUMBERS) {
            assert_eq!(refusal(&io::Error::from_raw_os_error(*number)), *expected, "{number}");
        }
    }
}
