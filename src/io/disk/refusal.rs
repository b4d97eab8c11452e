//! What a client is told of an error of the operating system.

use ::std::io::{self, ErrorKind};

use crate::io::host::Refusal;

/// By kind. What has no row, and no row below, is [`Refusal::Failed`].
const KINDS: &[(ErrorKind, Refusal)] = &[
    (ErrorKind::NotFound, Refusal::NotFound),
    // Also what cap-std says of a path that leads out.
    (ErrorKind::PermissionDenied, Refusal::Denied),
    (ErrorKind::ReadOnlyFilesystem, Refusal::Denied),
    (ErrorKind::AlreadyExists, Refusal::Exists),
    (ErrorKind::NotADirectory, Refusal::NotADirectory),
    (ErrorKind::IsADirectory, Refusal::IsADirectory),
    (ErrorKind::DirectoryNotEmpty, Refusal::NotEmpty),
    // A name that the file system has no way to write, and a directory moved into itself.
    (ErrorKind::InvalidInput, Refusal::BadName),
    (ErrorKind::QuotaExceeded, Refusal::QuotaExceeded),
    // Larger than a file may grow.
    (ErrorKind::FileTooLarge, Refusal::QuotaExceeded),
    (ErrorKind::StorageFull, Refusal::StorageFull),
    (ErrorKind::WouldBlock, Refusal::Busy),
    (ErrorKind::ResourceBusy, Refusal::Busy),
    (ErrorKind::ExecutableFileBusy, Refusal::Busy),
    (ErrorKind::Deadlock, Refusal::Busy),
    (ErrorKind::TimedOut, Refusal::Busy),
    // A move to another file system.
    (ErrorKind::CrossesDevices, Refusal::Unsupported),
    (ErrorKind::Unsupported, Refusal::Unsupported),
];

/// By number, where the standard library has no kind for it, or none in its older versions.
#[cfg(unix)]
const NUMBERS: &[(i32, Refusal)] = {
    use rustix::io::Errno;
    &[
        (Errno::NAMETOOLONG.raw_os_error(), Refusal::BadName),
        // Bytes that are no name to a file system that wants UTF-8.
        (Errno::ILSEQ.raw_os_error(), Refusal::BadName),
        // Links that lead to each other lead to nothing.
        (Errno::LOOP.raw_os_error(), Refusal::NotFound),
        // A socket, or a pipe that nobody reads: no file to open.
        (Errno::NXIO.raw_os_error(), Refusal::Denied),
        // No file descriptor left: there will be.
        (Errno::MFILE.raw_os_error(), Refusal::Busy),
        (Errno::NFILE.raw_os_error(), Refusal::Busy),
    ]
};

/// By number, where the standard library has no kind for it, or none in its older versions.
#[cfg(windows)]
const NUMBERS: &[(i32, Refusal)] = &[
    // ERROR_INVALID_NAME, ERROR_BAD_PATHNAME, ERROR_FILENAME_EXCED_RANGE.
    (123, Refusal::BadName),
    (161, Refusal::BadName),
    (206, Refusal::BadName),
    // ERROR_CANT_RESOLVE_FILENAME: links that lead to each other.
    (1921, Refusal::NotFound),
    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION: another program has it open.
    (32, Refusal::Busy),
    (33, Refusal::Busy),
];

/// By number: none known.
#[cfg(not(any(unix, windows)))]
const NUMBERS: &[(i32, Refusal)] = &[];

/// What `error` is to a client.
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
