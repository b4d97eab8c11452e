//! The entries of a directory, page by page.

use ftp_proto::codec::Text;
use ftp_proto::io::AsyncEntries;
use ftp_proto::listing::{Entry, Fields, Kind, OwnedEntry};
use futures_util::TryStreamExt;
use opendal::{Lister, Operator};
use std::io;

use crate::store::describe;

/// Number of entries of a page: as many as S3 returns at once.
const PAGE: usize = 1000;

/// A listing that is being read while it is sent.
pub struct Listing {
    operator: Operator,
    /// The directory, which the store lists among what is in it.
    prefix: String,
    lister: Lister,
    fields: Fields,
}

impl Listing {
    pub const fn new(operator: Operator, prefix: String, lister: Lister, fields: Fields) -> Self {
        Self { operator, prefix, lister, fields }
    }

    /// Describes an entry; `None` for one that FTP cannot name.
    async fn describe(&self, entry: opendal::Entry) -> io::Result<Option<OwnedEntry>> {
        let name = entry.name().trim_end_matches('/').as_bytes();
        let Ok(text) = Text::new(name) else { return Ok(None) };
        let metadata = entry.metadata();
        if metadata.is_dir() {
            return Ok(Some(Entry::new(text, Kind::Directory).to_owned()));
        }
        // Some stores list only names.
        if metadata.last_modified().is_none() && !self.fields.is_empty() {
            return match self.operator.stat(entry.path()).await {
                Ok(metadata) => Ok(describe(name, &metadata).ok()),
                Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(io::Error::other(error)),
            };
        }
        Ok(describe(name, metadata).ok())
    }
}

impl AsyncEntries for Listing {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        let mut page = Vec::new();
        while page.len() < PAGE {
            let Some(entry) = self.lister.try_next().await.map_err(io::Error::other)? else { break };
            if entry.path() != self.prefix && !entry.name().is_empty() && entry.path() != "/" {
                page.extend(self.describe(entry).await?);
            }
        }
        Ok(page)
    }
}
