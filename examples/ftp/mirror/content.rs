//! Compares files by their content.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::Ordering;

use ftp_proto::client::{Expected, Verified};
use ftp_proto::codec::Digest;
use ftp_proto::io::{Error, Hasher};

use super::Mirror;
use super::plan::{Copy, Why};
use crate::failure::{Failure, Shown};
use crate::session::Session;

/// Number of bytes to read at a time.
const CHUNK: usize = 256 * 1024;

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Same,
    Different,
    /// The server computes no hashes.
    Unknown,
}

impl Mirror<'_> {
    /// Compares the hashes of a local file and of one on the server.
    fn compare(&self, session: &mut Session, local: &Path, remote: &[u8]) -> Result<Content, Failure> {
        let algorithm = session.client.offers().and_then(|offers| offers.digest());
        let hasher = algorithm.and_then(Hasher::new);
        if let (Some(hasher), false) = (hasher, self.learnt.cannot_hash.load(Ordering::Relaxed)) {
            let digest = Some(digest(local, hasher).map_err(Failure::local(local))?);
            match session.client.verify(remote, Expected { size: None, digest }) {
                Ok(Verified::Digest(_)) => return Ok(Content::Same),
                Err(Error::Mismatch(_)) => return Ok(Content::Different),
                Err(error) => return Err(Failure::remote(remote)(error)),
                Ok(_) => {}
            }
        }
        if !self.learnt.cannot_hash.swap(true, Ordering::Relaxed) {
            session.shared.report.warn("the server computes no hashes: files are compared by size and time");
        }
        Ok(Content::Unknown)
    }

    /// Returns whether a file is left as it is, because its content turns out to be the same. Says so.
    pub fn is_same(
        &self,
        session: &mut Session,
        job: &Copy,
        local: &Path,
        remote: &[u8],
    ) -> Result<bool, Failure> {
        let Why::Content(differs) = job.why else { return Ok(false) };
        let content = session.persist(|session| self.compare(session, local, remote))?;
        let is_same = content == Content::Same || content == Content::Unknown && !differs;
        if is_same {
            session.shared.report.skip_same(job.file.size);
        }
        Ok(is_same)
    }

    /// Checks a file that was transferred, if that was asked for: by a hash, or by its size if the
    /// server computes none.
    pub fn verify(
        &self,
        session: &mut Session,
        local: &Path,
        remote: &[u8],
        size: u64,
    ) -> Result<(), Failure> {
        if !self.options.verify {
            return Ok(());
        }
        match self.compare(session, local, remote)? {
            Content::Same => Ok(()),
            Content::Different => {
                Err(Failure::changing(format!("{}: the server's hash is another one", Shown(remote))))
            }
            Content::Unknown => {
                let expected = Expected { size: Some(size), digest: None };
                session.client.verify(remote, expected).map(drop).map_err(Failure::remote(remote))
            }
        }
    }
}

fn digest(path: &Path, mut hasher: Hasher) -> std::io::Result<Digest> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; CHUNK]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
