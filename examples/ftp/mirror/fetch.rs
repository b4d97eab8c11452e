//! Downloads one file of a mirror.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ftp_proto::client::ExpectedSize;

use super::local::{self, path_of as local_path};
use super::plan::Copy;
use super::remote::path_of;
use super::tree::{File, Moment};
use super::{LARGE, Mirror};
use crate::failure::{Failure, Shown};
use crate::part::{Key, Target};
use crate::report::Transferred;
use crate::session::{Patience, Session};
use crate::transfer::{Attempt, copy, size_there};

/// The number of times to begin anew with a file that changes.
const TRIES: u32 = 3;
/// A transfer that takes longer is long enough for the file to change meanwhile.
const LONG: Duration = Duration::from_secs(2);

impl Mirror<'_> {
    /// Downloads a file, which replaces the local one once it is complete.
    pub fn fetch(&self, session: &mut Session, job: &Copy) -> Result<(), Failure> {
        let (remote, local) = (path_of(self.remote, &job.path), local_path(self.local, &job.path)?);
        if self.is_same(session, job, &local, &remote)? {
            return Ok(());
        }
        let mut job = job.clone();
        // A listing for people does not say enough to continue a part file one day.
        if job.key().is_none() && job.file.size.is_some_and(|size| size >= LARGE) {
            let exact = session.persist(|session| facts(session, &remote))?;
            if exact.size.is_none_or(|size| Some(size) == job.file.size) {
                job.file.time = exact.time.or(job.file.time);
            }
        }
        let (mut patience, mut attempt, mut tries) = (Patience::new(), Attempt::default(), 1);
        loop {
            let failure = match self.fetch_once(session, &job, &remote, &local, &mut attempt) {
                Ok(()) => {
                    self.clean(session, &job.path);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            attempt.ends(&mut patience);
            if !failure.is_changing() {
                session.retry(&mut patience, failure)?;
                continue;
            }
            if tries == TRIES {
                return Err(failure);
            }
            tries += 1;
            session.shared.report.note(format_args!("{failure}: beginning anew"));
            job.file = session.persist(|session| facts(session, &remote))?;
            attempt = Attempt::default();
        }
    }

    fn fetch_once(
        &self,
        session: &mut Session,
        job: &Copy,
        remote: &[u8],
        local: &Path,
        attempt: &mut Attempt,
    ) -> Result<(), Failure> {
        let (shared, begun) = (Arc::clone(&session.shared), Instant::now());
        let File { size, is_size_exact, time } = job.file;
        let changed = || Failure::changing(format!("{}: it changed while it was fetched", Shown(remote)));
        // Without a key, the part file is only good for this call.
        let target = Target::keyed(local, job.key().unwrap_or(Key::new(&job.path, u64::MAX, i64::MIN)));
        let may_resume = job.key().is_some() || attempt.has_begun();
        let wanted =
            target.part_len().filter(|length| may_resume && size.is_some_and(|size| *length <= size));
        let wanted = wanted.unwrap_or(0);
        if wanted > 0 && attempt.has_begun() && !is_as_before(session, remote, &job.file)? {
            return Err(changed());
        }
        let expected = size.filter(|_| is_size_exact).map(ExpectedSize::Fact);
        let mut offset = wanted;
        let mut total = wanted;
        if wanted == 0 || Some(wanted) != size {
            let opened = session.client.retrieve_expecting(remote, wanted, expected);
            let mut download = opened.map_err(Failure::remote(remote))?;
            offset = download.offset();
            let mut part = target.open(offset)?;
            attempt.begins(offset);
            let mut bar = shared.report.progress.bar(&job.path, size, offset);
            let (reading, writing) = (Failure::transfer(remote), Failure::local(local));
            let copied = copy(&mut download, &mut part.file, &mut bar, &shared.rate, reading, writing);
            drop(download);
            match copied {
                Ok(moved) => total = offset + moved,
                Err(failure) => {
                    if failure.is_ignored_restart() {
                        part.take_back().map_err(Failure::local(local))?;
                    }
                    return Err(failure);
                }
            }
            // A size in a listing for people may be another one.
            if size.is_some_and(|size| size != total)
                && (is_size_exact || size_there(&mut session.client, remote)? != Some(total))
            {
                drop(part);
                discard(&target)?;
                return Err(changed());
            }
            bar.finish();
        }
        let modified = self.time_of(session, remote, time, begun.elapsed() > LONG)?;
        let Some(modified) = modified else {
            discard(&target)?;
            return Err(changed());
        };
        if let Err(failure) = self.verify(session, target.part_path(), remote, total) {
            if failure.is_changing() {
                discard(&target)?;
            }
            return Err(failure);
        }
        target.open(total)?.finish(modified)?;
        shared.report.transferred(&Transferred {
            is_upload: false,
            remote,
            local,
            size: total,
            resumed_at: offset,
            begun,
        });
        Ok(())
    }

    /// Returns the time for the local file, if there is one; `None` if the file is no longer the
    /// one that was listed.
    fn time_of(
        &self,
        session: &mut Session,
        remote: &[u8],
        listed: Option<Moment>,
        was_long: bool,
    ) -> Result<Option<Option<SystemTime>>, Failure> {
        let exact = listed.filter(Moment::is_exact);
        if let (Some(time), false) = (exact, was_long) {
            return Ok(Some(local::system_time(time)));
        }
        match session.client.modification_time(remote) {
            Ok(time) => {
                let is_same = exact.is_none_or(|exact| exact.seconds == time.to_unix().0);
                Ok(is_same.then(|| time.to_system_time()))
            }
            Err(error) if error.is_fatal() => Err(Failure::remote(remote)(error)),
            Err(_) => Ok(Some(listed.and_then(local::system_time))),
        }
    }
}

/// Returns whether the file on the server has the size and time that it had, as far as the server
/// can tell.
fn is_as_before(session: &mut Session, remote: &[u8], before: &File) -> Result<bool, Failure> {
    let now = facts(session, remote)?;
    let is_same_time = match (before.time.filter(Moment::is_exact), now.time) {
        (Some(before), Some(now)) => before == now,
        _ => true,
    };
    Ok(is_same_time && before.size.zip(now.size).is_none_or(|(before, now)| before == now))
}

/// Asks for the facts about one file.
fn facts(session: &mut Session, remote: &[u8]) -> Result<File, Failure> {
    let size = size_there(&mut session.client, remote)?;
    let time = match session.client.modification_time(remote) {
        Ok(time) => Some(Moment::exact(time.to_unix().0)),
        Err(error) if error.is_fatal() => return Err(Failure::remote(remote)(error)),
        Err(_) => None,
    };
    Ok(File { size, is_size_exact: false, time })
}

/// Removes a part file that is of no file any more.
fn discard(target: &Target) -> Result<(), Failure> {
    match fs::remove_file(target.part_path()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::local(target.part_path())(error))
        }
        _ => Ok(()),
    }
}
