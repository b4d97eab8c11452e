//! Uploads one file, and continues where it stopped if the connection is lost.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::io::Error;

use crate::failure::{Failure, Shown};
use crate::report::Transferred;
use crate::session::{Patience, Session};
use crate::transfer::{Attempt, STANDARD, Ways, copy, size_there};

/// Uploads `local` to `remote`; `-` is standard input.
pub fn put(session: &mut Session, local: &Path, remote: &[u8], mut ways: Ways) -> Result<(), Failure> {
    if local == Path::new(STANDARD) {
        let mut stdin = io::stdin().lock();
        return send(session, &mut stdin, None, local, remote, 0, &mut Attempt::default());
    }
    let (mut patience, mut attempt) = (Patience::new(), Attempt::default());
    loop {
        let failure = match put_once(session, local, remote, ways, &mut attempt) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        ways.resume |= attempt.ends(&mut patience);
        session.retry(&mut patience, failure)?;
    }
}

/// Uploads a file in one attempt.
fn put_once(
    session: &mut Session,
    local: &Path,
    remote: &[u8],
    ways: Ways,
    attempt: &mut Attempt,
) -> Result<(), Failure> {
    let mut file = File::open(local).map_err(Failure::local(local))?;
    let here = file.metadata().map_err(Failure::local(local))?;
    if here.is_dir() {
        let what = format!("{}: a directory: use -r to send its contents", local.display());
        return Err(Failure::here(what));
    }
    let size = here.len();
    let mut offset = 0;
    if ways.resume {
        offset = size_there(&mut session.client, remote)?.unwrap_or(0);
        if offset > size {
            let local = local.display();
            let what = format!("{local}: shorter than the file there, of {offset} bytes");
            return Err(Failure::here(what));
        }
        if offset == size && size > 0 {
            let report = &session.shared.report;
            report.count(|tally| tally.same += 1);
            report.note(format_args!("{}: it is already complete there", Shown(remote)));
            return Ok(());
        }
        file.seek(SeekFrom::Start(offset)).map_err(Failure::local(local))?;
    }
    send(session, &mut file, Some(size), local, remote, offset, attempt)
}

/// Sends all of `from` to the remote file, from its byte `offset` on.
fn send(
    session: &mut Session,
    from: &mut impl Read,
    size: Option<u64>,
    local: &Path,
    remote: &[u8],
    offset: u64,
    attempt: &mut Attempt,
) -> Result<(), Failure> {
    let (shared, begun) = (Arc::clone(&session.shared), Instant::now());
    let mut bar = shared.report.progress.bar(remote, size, offset);
    let client = &mut session.client;
    let mut upload = match client.store_from(remote, offset) {
        // Servers that cannot restart an upload may still append, which is the same at the end of
        // the file.
        Err(Error::Refused(refused)) if offset > 0 && !refused.is_fatal() => client.append(remote),
        opened => opened,
    }
    .map_err(Failure::remote(remote))?;
    attempt.begins(offset);
    let (reading, writing) = (Failure::local(local), Failure::transfer(remote));
    let moved = copy(from, &mut upload, &mut bar, &shared.rate, reading, writing)?;
    upload.finish().map_err(Failure::remote(remote))?;
    bar.finish();
    shared.report.transferred(&Transferred {
        is_upload: true,
        remote,
        local,
        size: offset + moved,
        resumed_at: offset,
        begun,
    });
    Ok(())
}
