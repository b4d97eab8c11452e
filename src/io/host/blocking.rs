//! The host of a server that may block its sessions' threads.

use ::std::io;
use ::std::sync::Arc;

use super::{
    Access, ByteRange, Changes, Digest, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor,
    Wishes, is_anonymous_name,
};
use crate::codec::Command;
use crate::listing::OwnedEntry;

/// Who may log in, and what they see then.
pub trait Accounts: Send + Sync + 'static {
    /// What an account sees.
    type Filesystem: Filesystem;

    /// Whether the calls may block. Yes by default; accounts in memory say no, and servers whose sessions share
    /// threads then call them at once. They are not to wait for anything then, a file or a lock.
    ///
    /// On those servers calls that may block are made in other threads: those of the accounts in some, those of each
    /// file system in others, so that none waits for what another hangs at. A session that has four of them unanswered,
    /// because their clients gave them up, is told that its next is [`Refusal::Busy`].
    fn blocks(&self) -> bool {
        true
    }

    /// Checks a login. Take as long for an unknown user as for a wrong password, so that clients
    /// cannot tell them apart (RFC 2577 6).
    ///
    /// # Errors
    /// Usually [`Refusal::Denied`]. [`Refusal::NeedsAccount`] if the password is right and
    /// [`account`](Self::account) makes the decision.
    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal>;

    /// Checks whether the client's certificate ([`Visitor::certificate`]) admits it as
    /// [`Visitor::user`] without a password (RFC 4217 3). Called when a client with a certificate
    /// names a user, and for no other client. By default the password is required.
    /// [`login`](Self::login) sees the certificate too, so that it can be an additional condition.
    ///
    /// # Errors
    /// [`Refusal::NeedsAccount`] if [`account`](Self::account) makes the decision. After any other
    /// refusal the client is asked for its password, and no failed login is counted.
    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Self::Filesystem>, Refusal> {
        let _ = visitor;
        Err(Refusal::Unsupported)
    }

    /// Checks an account (RFC 959 4.1.1): one that was asked for to complete a login, or one that lets a
    /// user do more, or less, than before. No accounts by default.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] when none is needed, [`Refusal::Denied`] when it is not the right one.
    fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let _ = (visitor, account);
        Err(Refusal::Unsupported)
    }

    /// Returns whether a user who has logged in is anonymous. The connections of such users do not
    /// share TLS sessions ([`SessionBinding`](crate::security::SessionBinding)). By default the
    /// names `anonymous` and `ftp` are (RFC 1635). This is called directly, even where the other
    /// calls run in other threads, and must not block.
    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        is_anonymous_name(&visitor.user)
    }

    /// A client names the virtual host that it wants (RFC 7151). There is none but this by default.
    ///
    /// # Errors
    /// When there is no such host here.
    fn host(&self, visitor: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        let _ = (visitor, name);
        Err(Refusal::Unsupported)
    }

    /// A command that comes before the login, and that the server is
    /// [configured](crate::server::Config::overridden) to leave to its host. See
    /// [`Filesystem::command`].
    ///
    /// # Errors
    /// When it is not carried out.
    fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let _ = (visitor, command);
        Err(Refusal::Unsupported)
    }
}

/// Files and directories, as an account sees them.
///
/// Every method may block. What it may not do is leave the root: symbolic links included.
pub trait Filesystem: Send + Sync + 'static {
    /// An open file.
    type File: File;
    /// The entries of a directory, read as they are sent. An error ends them, and is told the client.
    type Entries: Iterator<Item = io::Result<OwnedEntry>> + Send;

    /// What is at `path`. A symbolic link is told as such, unless `follow`.
    ///
    /// # Errors
    /// When there is nothing, or it may not be known.
    fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal>;

    /// The entries of the directory at `path`, without `.` and `..`, in any order.
    ///
    /// # Errors
    /// [`Refusal::NotADirectory`] for a file, and as for [`entry`](Self::entry).
    fn entries(&self, path: VirtualPath<'_>) -> Result<Self::Entries, Refusal>;

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// When it cannot be: each way has its refusal.
    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal>;

    /// Makes a directory.
    ///
    /// # Errors
    /// When something is there already, or it may not be made.
    fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// When it is none, or not empty, or may not be removed.
    fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Removes a file or a symbolic link.
    ///
    /// # Errors
    /// When it is a directory, or may not be removed.
    fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Moves what is at `from` to `to`, in the place of a file that is there.
    ///
    /// # Errors
    /// When it may not be.
    fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Sets times or permissions. Not supported by default, like all that follows.
    ///
    /// # Errors
    /// When it may not be, or not all of it can be.
    fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        let _ = (path, changes);
        Err(Refusal::Unsupported)
    }

    /// Makes a symbolic link to `target`, which is as the client wrote it.
    ///
    /// # Errors
    /// When something is there already, or it may not be made.
    fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        let _ = (path, target);
        Err(Refusal::Unsupported)
    }

    /// Puts the files at `parts` behind what is at `path`, in their order, and removes them; with nothing
    /// there it is made of them (COMB). Asked for only where the server is
    /// [configured](crate::server::Config::combines) to have it.
    ///
    /// # Errors
    /// When a part is missing, or it may not be. Then everything is as it was, as far as that can be had.
    fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        let _ = (path, parts);
        Err(Refusal::Unsupported)
    }

    /// How many bytes can still be stored at `path`.
    ///
    /// # Errors
    /// When that cannot be told.
    fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        let _ = path;
        Err(Refusal::Unsupported)
    }

    /// A hash of the file at `path`, or of a part of it. Asked for only those that the server is
    /// [configured](crate::server::Config::hashes) to have.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        let _ = (path, algorithm, range);
        Err(Refusal::Unsupported)
    }

    /// Carries out a SITE command that the server does not know: `line` is what follows `SITE`. `directory`
    /// is where the client is.
    ///
    /// # Errors
    /// When there is no such command, or it is not carried out.
    fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        let _ = (directory, line);
        Err(Refusal::Unsupported)
    }

    /// Carries out a command that the server is [configured](crate::server::Config::overridden) to leave to
    /// its host. `directory` is where the client is.
    ///
    /// # Errors
    /// When it is not carried out.
    fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let _ = (directory, command);
        Err(Refusal::Unsupported)
    }
}

/// An open file. An upload that is dropped before it is [finished](Self::finish) was cut off or
/// aborted. The part that was written may stay, so that the client can resume it.
///
/// # When an upload is complete
/// Only [`finish`](Self::finish) says so. A file that is dropped before that was cut off or aborted
/// for some reason, and so was one whose `finish` is never called because the session ends first.
/// The [event](crate::io::Transferred) of the transfer then has this
/// [`TransferOutcome`](crate::server::TransferOutcome):
///
/// | What happened | The host sees | The client receives | The outcome |
/// |---|---|---|---|
/// | the data ended in order: FIN, under TLS after close_notify; the end-of-file mark in modes B and C; in MODE Z the end of both the zlib stream and the connection | `finish` | 226, or the refusal of `finish` | `Complete`, `Refused` |
/// | the same, within [two seconds](crate::server::Timeouts::orphaned_upload) of the end of the control connection | `finish` | nothing, since it is gone | `Complete`, `Refused` |
/// | ABOR | drop | 426, then 226 | `Aborted` |
/// | a reset, TLS without close_notify, a missing mark, malformed data, a stall | drop | 426 | `Failed` |
/// | the host could not write, or the file became too large | drop | 451, 452, 552 | `Failed` |
/// | the data connection was never opened | drop, without `begin` | 425 | `Failed` |
/// | its TLS handshake failed, or resumed none of the required sessions | drop, without `begin` | 522 | `Failed` |
/// | the session ended before the data did | drop | nothing, or 421 | `Cut` |
///
/// - In stream mode without TLS, FIN is the only end-of-file mark (RFC 959 3.4.1). A client that
///   closes its data connection halfway instead of sending ABOR looks the same as one that has sent
///   everything. So does a client that was killed, since its system closes its connections in
///   order. Where this matters, require TLS, whose close_notify is sent by the program and not by
///   its system, or let clients compare the size or a hash.
/// - The size announced with ALLO ([`Wishes::size_hint`](super::Wishes::size_hint)) is only a hint.
///   It may count records or whole blocks, and many clients send it, some as zero, only because
///   some servers want one. An upload of another size is therefore not treated as cut off.
/// - [`Limits::upload_size`](crate::server::Limits::upload_size) sets a maximum and no minimum.
pub trait File: Send {
    /// Reads on; 0 is the end.
    ///
    /// # Errors
    /// Whatever went wrong: the client is told 451.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Begins the upload: the data connection is open, and secured if required. Change now what
    /// [`open`](Filesystem::open) has left unchanged until then, such as emptying the old file,
    /// before anything is [written](Self::write). Does nothing by default, which suits a host that
    /// replaces the old file in [`finish`](Self::finish). A file that is dropped before this call
    /// should leave everything as it was, including no file created for it.
    ///
    /// # Errors
    /// Those of [`write`](Self::write). [`io::ErrorKind::Interrupted`] means that a piece of a
    /// longer task is done. The call is then repeated, and commands are handled in between, so that
    /// the file is dropped if the upload is aborted.
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Writes on.
    ///
    /// # Errors
    /// Whatever went wrong. [`io::ErrorKind::StorageFull`] and `QuotaExceeded` are told as such; `FileTooLarge` is
    /// told as the latter.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Completes the upload, of which every byte has been written. Make it permanent.
    ///
    /// # Errors
    /// If it cannot be kept. The client then receives an error instead of 226.
    fn finish(self) -> Result<(), Refusal>;

    /// The operating system's file behind this one, at the same position, where there is one: bytes
    /// that need no change are then moved by the kernel.
    fn as_file(&self) -> Option<&::std::fs::File> {
        None
    }
}
