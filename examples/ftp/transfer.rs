//! Transfers one file from or to the server.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use ftp_proto::client::ExpectedSize;
use ftp_proto::io::Error;
use indicatif::ProgressBar;

use crate::failure::{Failure, Shown};
use crate::part::Target;
use crate::session::Session;

/// Number of bytes to move at a time.
const CHUNK: usize = 256 * 1024;
/// The name of standard input and output in messages.
const STANDARD: &str = "-";

/// The options of a transfer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways {
    /// Set to resume an earlier transfer.
    pub resume: bool,
    /// Set to give downloaded files the modification times that they have on the server.
    pub times: bool,
}

/// The facts that a listing reported about a file to be downloaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// The size in bytes, as far as a listing can tell.
    pub size: Option<u64>,
    /// The size, if a machine-readable listing reports it as a fact about a file. A download has to
    /// bring that many bytes.
    pub fact: Option<u64>,
    /// The time of the last change.
    pub modified: Option<SystemTime>,
}

/// Downloads the file at `remote` to `local`. An interrupted transfer leaves a part file, to be
/// resumed.
pub fn get(
    session: &mut Session,
    remote: &[u8],
    local: &Path,
    ways: Ways,
    known: Known,
) -> Result<(), Failure> {
    let manner = session.manner;
    let target = Target::new(local);
    let (mut expected, mut wanted) = (known.fact.map(ExpectedSize::Fact), 0);
    let mut size = known.size;
    if let (true, Some(here)) = (ways.resume, target.resumable()) {
        wanted = here;
        size = size_there(session, remote)?;
        expected = size.map(ExpectedSize::Size).or(expected);
        match size {
            Some(all) if target.is_whole(all) => {
                manner.note(format_args!("{}: it is already complete here", Shown(remote)));
                return Ok(());
            }
            // All bytes were received, but the part file was not renamed.
            Some(all) if wanted == all && all > 0 => {
                let modified = modification_time(session, remote, ways, known);
                target.open(all)?.finish(*modified.as_ref().unwrap_or(&None))?;
                return modified.map(drop);
            }
            Some(all) if wanted > all => {
                let local = local.display();
                return Err(Failure::here(format!("{local}: longer than the file there, of {all} bytes")));
            }
            _ => {}
        }
    }
    let opened = session.client.retrieve_expecting(remote, wanted, expected);
    let mut download = opened.map_err(Failure::remote(remote))?;
    // The server has something to send, so it may now replace what is here.
    let offset = download.offset();
    if offset < wanted {
        manner.note(format_args!("{}: the server cannot resume: starting over", Shown(remote)));
    }
    let mut part = target.open(offset)?;
    let bar = manner.progress(remote, size.or(download.size_hint()), offset);
    let copied = copy(&mut download, &mut part.file, &bar, Failure::transfer(remote), Failure::local(local));
    drop(download);
    if let Err(failure) = copied {
        if failure.is_ignored_restart() {
            part.take_back().map_err(Failure::local(local))?;
        }
        return Err(failure);
    }
    bar.finish();
    // All of the file was received, whether or not its time is known.
    let modified = modification_time(session, remote, ways, known);
    part.finish(*modified.as_ref().unwrap_or(&None))?;
    modified.map(drop)
}

/// Returns the modification time for the local file, if it is to have that of the remote one.
fn modification_time(
    session: &mut Session,
    remote: &[u8],
    ways: Ways,
    known: Known,
) -> Result<Option<SystemTime>, Failure> {
    if !ways.times || known.modified.is_some() {
        return Ok(known.modified.filter(|_| ways.times));
    }
    let time = session.client.modification_time(remote).map_err(Failure::remote(remote))?;
    Ok(time.to_system_time())
}

/// Downloads the file at `remote` to standard output.
pub fn print(session: &mut Session, remote: &[u8]) -> Result<(), Failure> {
    let manner = session.manner;
    let mut stdout = io::stdout().lock();
    let mut download = session.client.retrieve(remote).map_err(Failure::remote(remote))?;
    let bar = match stdout.is_terminal() {
        true => ProgressBar::hidden(),
        false => manner.progress(remote, download.size_hint(), 0),
    };
    let local = || Failure::local(Path::new(STANDARD));
    copy(&mut download, &mut stdout, &bar, Failure::transfer(remote), local())?;
    stdout.flush().map_err(local())?;
    bar.finish();
    Ok(())
}

/// Uploads `local` to `remote`; `-` is standard input.
pub fn put(session: &mut Session, local: &Path, remote: &[u8], ways: Ways) -> Result<(), Failure> {
    if local == Path::new(STANDARD) {
        if ways.resume {
            return Err(Failure::usage("standard input cannot be resumed"));
        }
        return send(session, &mut io::stdin().lock(), None, local, remote, 0);
    }
    let mut file = File::open(local).map_err(Failure::local(local))?;
    let here = file.metadata().map_err(Failure::local(local))?;
    if here.is_dir() {
        return Err(Failure::here(format!("{}: a directory: use -r to send its contents", local.display())));
    }
    let size = here.len();
    let mut offset = 0;
    if ways.resume {
        offset = size_there(session, remote)?.unwrap_or(0);
        if offset > size {
            let local = local.display();
            return Err(Failure::here(format!("{local}: shorter than the file there, of {offset} bytes")));
        }
        if offset == size && size > 0 {
            session.manner.note(format_args!("{}: it is already complete there", Shown(remote)));
            return Ok(());
        }
        file.seek(SeekFrom::Start(offset)).map_err(Failure::local(local))?;
    }
    send(session, &mut file, Some(size), local, remote, offset)
}

/// Sends all of `from` to the remote file, from its byte `offset` on.
fn send(
    session: &mut Session,
    from: &mut impl Read,
    size: Option<u64>,
    local: &Path,
    remote: &[u8],
    offset: u64,
) -> Result<(), Failure> {
    let bar = session.manner.progress(remote, size, offset);
    let client = &mut session.client;
    let mut upload = match client.store_from(remote, offset) {
        // Servers that cannot restart an upload may still append, which is the same at the end of
        // the file.
        Err(Error::Refused(_)) if offset > 0 => client.append(remote),
        opened => opened,
    }
    .map_err(Failure::remote(remote))?;
    copy(from, &mut upload, &bar, Failure::local(local), Failure::transfer(remote))?;
    upload.finish().map_err(Failure::remote(remote))?;
    bar.finish();
    Ok(())
}

/// Returns the size of the remote file, if it exists and the server can tell.
fn size_there(session: &mut Session, remote: &[u8]) -> Result<Option<u64>, Failure> {
    match session.client.size(remote) {
        Ok(size) => Ok(Some(size)),
        Err(error) if !error.is_fatal() => Ok(None),
        Err(error) => Err(Failure::remote(remote)(error)),
    }
}

/// Copies all bytes. An error is attributed to the side that failed.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    bar: &ProgressBar,
    reading: impl FnOnce(io::Error) -> Failure,
    writing: impl FnOnce(io::Error) -> Failure,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(reading(error)),
        };
        if let Err(error) = to.write_all(&buffer[..count]) {
            return Err(writing(error));
        }
        bar.inc(count as u64);
    }
}
