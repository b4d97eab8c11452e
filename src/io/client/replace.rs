//! Uploads of which nobody sees a part: under another name first, and renamed once complete.

use ::std::fs::File;
use ::std::io;

use super::{Client, Error};
use crate::client::Expected;
use crate::codec::Digest;
use crate::io::net::runtime::Runtime;
use crate::listing::{Kind, OwnedEntry};

/// Appended to the path of a file while it is uploaded.
const SUFFIX: &[u8] = b".part";

/// The way in which an upload took the place of a file; see [`Client::store_atomic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replaced {
    /// By one rename: the path named either the old file or the whole new one, at any time, if the
    /// server's rename is atomic.
    ByRename,
    /// The server does not rename onto a file that exists. The old file was deleted first, and for
    /// a moment there was no file.
    AfterDeletion,
}

impl<R: Runtime> Client<R> {
    /// Uploads the rest of `file` so that nobody ever sees a part of it at `path`: as
    /// `path` with `.part` appended, which replaces whatever is left there from an earlier attempt.
    /// Then compares the result with what was sent ([`verify`](Self::verify)): by the hash `digest`
    /// if it is given and the server computes such hashes, otherwise by the size, if the server
    /// reports it. Finally renames it to `path`.
    ///
    /// Some servers, those on Windows among them, do not rename onto a file that exists. If the
    /// rename is refused and there is a file at `path`, it is deleted and the rename is tried
    /// again.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or any of the steps fails; the error of the client is
    /// inside of the [`io::Error`].
    ///
    /// If the upload or the comparison fails, or the server refuses a rename or a deletion, the file
    /// at `path` is as it was, and the part is deleted if the session allows it. If a rename or the
    /// deletion fails in any other way (the connection is lost, or its time is over), the server
    /// may have carried it out, so the part is left where it is: it may be the only copy. It also
    /// stays if the old file was deleted and the second rename fails, and if this future is
    /// dropped.
    pub async fn store_atomic(
        &mut self,
        path: impl AsRef<[u8]>,
        file: &File,
        digest: Option<Digest>,
    ) -> io::Result<Replaced> {
        let path = path.as_ref();
        let part = [path, SUFFIX].concat();
        if let Err(error) = self.store_part(&part, file, digest).await {
            self.delete_part(&part).await;
            return Err(error);
        }
        let refused = match self.rename(&part, path).await {
            Ok(()) => return Ok(Replaced::ByRename),
            Err(error) => error,
        };
        let deleted = match has_changed_nothing(&refused) && self.exists(path).await {
            true => self.delete(path).await,
            false => Err(refused),
        };
        if let Err(error) = deleted {
            if has_changed_nothing(&error) {
                self.delete_part(&part).await;
            }
            return Err(error.into());
        }
        self.rename(&part, path).await?;
        Ok(Replaced::AfterDeletion)
    }

    async fn store_part(&mut self, part: &[u8], file: &File, digest: Option<Digest>) -> io::Result<()> {
        let mut store = self.store(part).await?;
        let size = store.send_file(file).await?;
        store.finish().await?;
        self.verify(part, Expected { size: Some(size), digest }).await?;
        Ok(())
    }

    /// Deletes a part, if the session allows it.
    async fn delete_part(&mut self, part: &[u8]) {
        if !self.connection.is_over() {
            let _ = self.delete(part).await;
        }
    }

    /// Returns whether the server says that there is a file at `path`.
    async fn exists(&mut self, path: &[u8]) -> bool {
        let is_file = |entry: OwnedEntry| matches!(entry.entry().kind, Kind::File);
        self.size(path).await.is_ok() || self.facts(path).await.is_ok_and(is_file)
    }
}

/// Returns whether the server has said that it did not do what failed with this error.
fn has_changed_nothing(error: &Error) -> bool {
    matches!(error, Error::Refused(_)) && !error.is_fatal()
}
