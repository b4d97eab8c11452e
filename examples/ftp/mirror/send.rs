//! Uploads one file of a mirror.

use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ftp_proto::codec::Timestamp;
use ftp_proto::io::Error;

use super::local::{facts, path_of as local_path};
use super::plan::{Copy, Why};
use super::remote::path_of;
use super::{LARGE, Mirror};
use crate::failure::{Failure, Shown};
use crate::report::Transferred;
use crate::session::{Patience, Session};
use crate::transfer::{Attempt, copy, size_there};

/// The number of times to begin anew with a file that changes.
const TRIES: u32 = 3;
impl Mirror<'_> {
    /// Uploads a file.
    pub fn send(&self, session: &mut Session, job: &Copy) -> Result<(), Failure> {
        let (remote, local) = (path_of(self.remote, &job.path), local_path(self.local, &job.path)?);
        if self.is_same(session, job, &local, &remote)? {
            return Ok(());
        }
        let mut job = job.clone();
        let (mut patience, mut attempt, mut tries) = (Patience::new(), Attempt::default(), 1);
        loop {
            let failure = match self.send_once(session, &job, &remote, &local, &mut attempt) {
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
            if let Some(key) = job.key().filter(|_| attempt.has_begun()) {
                // Nothing can be continued with that, if it went to a part file.
                match session.client.delete(&key.path_for(&remote)) {
                    Err(error) if error.is_fatal() => return Err(Failure::remote(&remote)(error)),
                    _ => {}
                }
            }
            if tries == TRIES {
                return Err(failure);
            }
            tries += 1;
            session.shared.report.note(format_args!("{failure}: beginning anew"));
            job.file = facts(&fs::metadata(&local).map_err(Failure::local(&local))?);
            attempt = Attempt::default();
        }
    }

    fn send_once(
        &self,
        session: &mut Session,
        job: &Copy,
        remote: &[u8],
        local: &Path,
        attempt: &mut Attempt,
    ) -> Result<(), Failure> {
        let (shared, begun) = (Arc::clone(&session.shared), Instant::now());
        let changed = || Failure::changing(format!("{}: it changed while it was sent", local.display()));
        let mut file = fs::File::open(local).map_err(Failure::local(local))?;
        let before = facts(&file.metadata().map_err(Failure::local(local))?);
        let size = before.size.unwrap_or_default();
        if before != job.file {
            return Err(changed());
        }
        let is_direct = size < LARGE || self.learnt.cannot_rename.load(Ordering::Relaxed);
        let key = job.key().filter(|_| !is_direct);
        let path = key.map_or_else(|| remote.to_vec(), |key| key.path_for(remote));
        let offset = match key {
            // The file may have got more than the server said when it was listed, or since.
            Some(key) if attempt.has_begun() || self.parts.contains_key(&key.path_for(&job.path)) => {
                size_there(&mut session.client, &path)?.filter(|offset| *offset <= size).unwrap_or(0)
            }
            _ => 0,
        };
        let mut bar = shared.report.progress.bar(&job.path, Some(size), offset);
        if offset == 0 || offset < size {
            file.seek(SeekFrom::Start(offset)).map_err(Failure::local(local))?;
            let client = &mut session.client;
            let mut upload = match client.store_from(&path, offset) {
                // Servers that cannot restart an upload may still append, which is the same at the
                // end of the file.
                Err(Error::Refused(refused)) if offset > 0 && !refused.is_fatal() => client.append(&path),
                opened => opened,
            }
            .map_err(Failure::remote(remote))?;
            attempt.begins(offset);
            let (reading, writing) = (Failure::local(local), Failure::transfer(remote));
            let moved = copy(&mut file, &mut upload, &mut bar, &shared.rate, reading, writing)?;
            upload.finish().map_err(Failure::remote(remote))?;
            if offset + moved != size {
                return Err(changed());
            }
        }
        if facts(&file.metadata().map_err(Failure::local(local))?) != before {
            return Err(changed());
        }
        self.verify(session, local, &path, size)?;
        if key.is_some() && !self.rename(session, &path, remote, job.why != Why::New)? {
            drop(bar);
            return self.send_once(session, job, remote, local, attempt);
        }
        self.set_time(session, remote, job)?;
        bar.finish();
        shared.report.transferred(&Transferred {
            is_upload: true,
            remote,
            local,
            size,
            resumed_at: offset,
            begun,
        });
        Ok(())
    }

    /// Gives a complete part file its name. Returns `false` if the server does not rename, in which
    /// case the part file is removed.
    fn rename(
        &self,
        session: &mut Session,
        part: &[u8],
        remote: &[u8],
        is_there: bool,
    ) -> Result<bool, Failure> {
        let mut renamed = session.client.rename(part, remote);
        if let (Err(Error::Refused(refused)), true) = (&renamed, is_there) {
            // Some servers replace no file in this way.
            if !refused.is_fatal() && session.client.delete(remote).is_ok() {
                renamed = session.client.rename(part, remote);
            }
        }
        match renamed {
            Ok(()) => Ok(true),
            Err(Error::Refused(refused)) if !refused.is_fatal() => {
                if !self.learnt.cannot_rename.swap(true, Ordering::Relaxed) {
                    session.shared.report.note(format_args!(
                        "{}: uploads are visible before they are complete, since {refused}",
                        Shown(remote)
                    ));
                }
                session.client.delete(part).map_err(Failure::remote(part))?;
                Ok(false)
            }
            Err(error) => Err(Failure::remote(remote)(error)),
        }
    }

    /// Gives the file on the server the time of the local one, if the server can do that.
    fn set_time(&self, session: &mut Session, remote: &[u8], job: &Copy) -> Result<(), Failure> {
        let time = job.file.time.and_then(|time| Timestamp::from_unix(time.seconds, 0).ok());
        let (Some(time), false) = (time, self.learnt.cannot_set_times.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        match session.client.set_modification_time(remote, time) {
            Err(error) if error.is_fatal() => Err(Failure::remote(remote)(error)),
            Err(error) if !self.learnt.cannot_set_times.swap(true, Ordering::Relaxed) => {
                let note = format!("the server keeps the times of the uploads, since {error}");
                session.shared.report.note(note);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
