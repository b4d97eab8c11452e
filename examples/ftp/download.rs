//! Downloads one file, and continues where it stopped if the connection is lost.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use ftp_proto::client::ExpectedSize;

use crate::failure::{Failure, Shown};
use crate::part::Target;
use crate::rate::Rate;
use crate::report::Transferred;
use crate::session::{Patience, Session};
use crate::transfer::{Attempt, Known, STANDARD, Ways, copy, size_there};

/// Downloads the file at `remote` to `local`. An interrupted transfer leaves a part file, to be
/// resumed.
pub fn get(
    session: &mut Session,
    remote: &[u8],
    local: &Path,
    mut ways: Ways,
    known: Known,
) -> Result<(), Failure> {
    let target = Target::new(local);
    let (mut patience, mut attempt) = (Patience::new(), Attempt::default());
    loop {
        let failure = match get_once(session, remote, local, &target, ways, known, &mut attempt) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        ways.resume |= attempt.ends(&mut patience);
        session.retry(&mut patience, failure)?;
    }
}

/// Downloads a file in one attempt.
fn get_once(
    session: &mut Session,
    remote: &[u8],
    local: &Path,
    target: &Target,
    ways: Ways,
    known: Known,
    attempt: &mut Attempt,
) -> Result<(), Failure> {
    let (shared, begun) = (Arc::clone(&session.shared), Instant::now());
    let report = &shared.report;
    let (mut expected, mut wanted) = (known.expected, 0);
    let mut size = known.size;
    if let (true, Some(here)) = (ways.resume, target.resumable()) {
        wanted = here;
        size = size_there(&mut session.client, remote)?;
        expected = size.map(ExpectedSize::Size).or(expected);
        match size {
            Some(all) if target.is_whole(all) => {
                report.count(|tally| tally.same += 1);
                report.note(format_args!("{}: it is already complete here", Shown(remote)));
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
        report.note(format_args!("{}: the server cannot resume: starting over", Shown(remote)));
    }
    let mut part = target.open(offset)?;
    attempt.begins(offset);
    let mut bar = report.progress.bar(remote, size.or(download.size_hint()), offset);
    let copied = copy(
        &mut download,
        &mut part.file,
        &mut bar,
        &shared.rate,
        Failure::transfer(remote),
        Failure::local(local),
    );
    drop(download);
    let moved = match copied {
        Ok(moved) => moved,
        Err(failure) => {
            if failure.is_ignored_restart() {
                part.take_back().map_err(Failure::local(local))?;
            }
            return Err(failure);
        }
    };
    bar.finish();
    // The file is complete, even if its time cannot be obtained.
    let modified = modification_time(session, remote, ways, known);
    part.finish(*modified.as_ref().unwrap_or(&None))?;
    report.transferred(&Transferred {
        is_upload: false,
        remote,
        local,
        size: offset + moved,
        resumed_at: offset,
        begun,
    });
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
    let (shared, mut stdout) = (Arc::clone(&session.shared), io::stdout().lock());
    let (mut patience, mut printed) = (Patience::new(), 0);
    let local = || Failure::local(Path::new(STANDARD));
    loop {
        let failure =
            match print_rest(session, remote, &mut stdout, &shared.rate, &mut printed, &mut patience) {
                Ok(()) => return stdout.flush().map_err(local()),
                Err(failure) => failure,
            };
        session.retry(&mut patience, failure)?;
    }
}

fn print_rest(
    session: &mut Session,
    remote: &[u8],
    stdout: &mut io::StdoutLock<'_>,
    rate: &Rate,
    printed: &mut u64,
    patience: &mut Patience,
) -> Result<(), Failure> {
    let shared = Arc::clone(&session.shared);
    let opened = session.client.retrieve_from(remote, *printed);
    let mut download = opened.map_err(Failure::remote(remote))?;
    if download.offset() != *printed {
        let what = format!("{}: cut off after {printed} bytes, and the server cannot resume", Shown(remote));
        return Err(Failure::unseen(what));
    }
    let mut bar = shared.report.progress.bar(remote, download.size_hint(), *printed);
    if stdout.is_terminal() {
        bar.hide();
    }
    let before = bar.moved();
    let local = Failure::local(Path::new(STANDARD));
    let copied = copy(&mut download, stdout, &mut bar, rate, Failure::transfer(remote), local);
    if bar.moved() > before {
        patience.renew();
    }
    *printed = bar.moved();
    copied?;
    bar.finish();
    Ok(())
}
