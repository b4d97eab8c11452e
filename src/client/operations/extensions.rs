//! Operations of one command and its reply that not every client needs: extensions, and the rarer
//! commands of RFC 959.

use super::exchange::CUT;
use crate::client::{Answer, Exchange, Operation, PlainAnswer};
use crate::codec::{
    Allocation, Command, Digest, HashAlgorithm, Invalid, MffArgument, OptsArgument, ReplyLine, Secret,
    SiteCommand, Text, TimedPath, Timestamp, reply,
};

/// The time that the server reports for a file after setting it; `None` if it reports none.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSetAnswer(());

impl Answer for TimeSetAnswer {
    type Output<'b> = Option<Timestamp>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Option<Timestamp> {
        reply::time_fact(last.text)
    }
}

/// A hash computed by XCRC or a similar command.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChecksumAnswer(Option<HashAlgorithm>);

impl Answer for ChecksumAnswer {
    type Output<'b> = Result<Digest, Invalid>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b> {
        Digest::find(last.text, self.0.unwrap_or(HashAlgorithm::Crc32))
    }

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(Err(CUT))
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct AvailableAnswer(());

impl Answer for AvailableAnswer {
    type Output<'b> = Result<u64, Invalid>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b> {
        reply::size(last.text)
    }

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(Err(CUT))
    }
}

/// MFCT: sets the creation time of `path` (draft-somers-ftp-mfxx 4). The output is the time that
/// the server reports afterwards, if it reports one: servers may round.
pub fn set_creation_time(path: Text<'_>, time: Timestamp) -> Operation<Exchange<'_, TimeSetAnswer>> {
    Exchange::new(Command::Mfct(TimedPath { time, path }))
}

/// MFF: sets facts of a file, such as `UNIX.mode=0644; path` (draft-somers-ftp-mfxx 5).
pub fn set_facts(facts: MffArgument<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Mff(facts))
}

/// XCRC, XMD5, XSHA1, XSHA256 or XSHA512: asks for the hash of `path`, for servers without
/// [`hash`](crate::client::hash). The server computes the hash on request, which takes as long as
/// reading the file.
pub fn checksum(path: Text<'_>, algorithm: HashAlgorithm) -> Operation<Exchange<'_, ChecksumAnswer>> {
    Exchange::with(checksum_command(path, algorithm), ChecksumAnswer(Some(algorithm)))
}

pub(super) fn checksum_command(path: Text<'_>, algorithm: HashAlgorithm) -> Command<'_> {
    match algorithm {
        HashAlgorithm::Crc32 => Command::Xcrc(path),
        HashAlgorithm::Md5 => Command::Xmd5(path),
        HashAlgorithm::Sha1 => Command::Xsha1(path),
        HashAlgorithm::Sha256 => Command::Xsha256(path),
        HashAlgorithm::Sha512 => Command::Xsha512(path),
    }
}

/// AVBL: asks how many bytes may still be stored in the directory `path`, or in the working
/// directory (draft-peterson-streamlined-ftp-command-extensions 4).
pub fn available(path: Option<Text<'_>>) -> Operation<Exchange<'_, AvailableAnswer>> {
    Exchange::new(Command::Avbl(path))
}

/// STAT: asks for the state of the session, or for the listing of `path` over the control
/// connection (RFC 959 4.1.3). The lines are shown as they arrive. During a transfer, use
/// [`Operation::ask_status`](Operation<super::Complete>::ask_status).
pub fn status(path: Option<Text<'_>>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Stat(path))
}

/// HELP: asks for help on the server's commands, or on one of them (RFC 959 4.1.3). The help is
/// shown line by line.
pub fn help(about: Option<Text<'_>>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Help(about))
}

/// SITE: sends any of the server's own commands (RFC 959 4.1.3).
pub fn site(command: SiteCommand<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::site(command)
}

/// SITE CHMOD: sets the twelve permission bits of `path`.
pub fn chmod(path: Text<'_>, mode: u16) -> Operation<Exchange<'_, PlainAnswer>> {
    site(SiteCommand::Chmod { mode: mode & 0o7777, path })
}

/// SITE SYMLINK: creates the symbolic link `link` to `target`, which must not contain spaces:
/// servers end the target at the first space.
pub fn symlink<'a>(target: Text<'a>, link: Text<'a>) -> Operation<Exchange<'a, PlainAnswer>> {
    site(SiteCommand::Symlink { target, link })
}

/// CLNT: sends the name of this client. Sending it is a courtesy, though some servers require it
/// before they speak UTF-8.
pub fn client_name(name: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Clnt(name))
}

/// LANG: sets the language of the server's messages, or restores the server's default (RFC 2640
/// 4.1).
pub fn language(tag: Option<Text<'_>>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Lang(tag))
}

/// HOST: selects one of the hosts at the server's address, before the login (RFC 7151 3).
pub fn host(name: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Host(name))
}

/// OPTS UTF8: turns pathnames in UTF-8 on or off (RFC 2640, in use). A refusal proves nothing,
/// since servers that always speak UTF-8 refuse too.
pub fn utf8(on: bool) -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Opts(OptsArgument::Utf8(on)))
}

/// OPTS MODE Z: sets the server's compression level from now on, 0 through 9
/// (draft-preston-ftpext-deflate); `None` restores the server's default. For uploads, see
/// [`Config::deflate_level`](crate::client::Config::deflate_level).
pub fn deflate_level(level: Option<u8>) -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Opts(OptsArgument::Deflate(level.map(|level| level.min(9)))))
}

/// OPTS: sets how a command behaves from now on (RFC 2389 4).
pub fn options(argument: OptsArgument<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Opts(argument))
}

/// SMNT: mounts another file system (RFC 959 4.1.1).
pub fn structure_mount(path: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Smnt(path))
}

/// COMB: appends parts to a file, in order. No document describes this command. `names` lists the
/// file and then its parts, each quoted if it contains a space: see
/// [`NameList`](crate::codec::NameList).
pub fn combine(names: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Comb(names))
}

/// REIN: starts the session over, as if the connection had just been opened (RFC 959 4.1.1). Log in
/// next.
pub fn reinitialize() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Rein)
}

/// ALLO: announces the size of the next upload, in bytes (RFC 959 4.1.3). Most servers do not need
/// ALLO and say so with 202, which counts as success too.
pub fn allocate(bytes: u64) -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Allo(Allocation { bytes, record: None }))
}

/// ACCT: sends the account for the commands that follow, if the server asks for one after the
/// login, such as with 532 to an upload (RFC 959 4.1.1).
pub fn account(account: Secret<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Acct(account))
}
