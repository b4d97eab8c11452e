//! Opens a listing of exactly the directory that the caller means, and collects its entries within
//! limits.

use ::std::borrow::Cow;
use ::std::collections::HashMap;
use ::std::future::poll_fn;
use ::std::mem::size_of;

use super::connection::Connection;
use super::entries::Entries;
use super::outcome::{Reply, optional, text};
use super::transfer::Transfer;
use crate::client::{ListingRefusal, Open, Operation, change_directory, member_name, whereabouts};
use crate::codec::pathname::{for_listing, join, must_be_entered, resolve};
use crate::codec::{Quoted, Text};
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::listing::{Formats, ListingLine, OwnedEntry};

/// Limits on the part of a listing that is kept in memory. They do not apply to a listing that is
/// only streamed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListingLimits {
    /// Maximum number of entries and of lines that are not entries, together. 10,000,000 by
    /// default.
    pub entries: usize,
    /// Maximum number of bytes that these take in memory. 1 GiB by default.
    pub bytes: usize,
}

impl Default for ListingLimits {
    fn default() -> Self {
        Self { entries: 10_000_000, bytes: 1 << 30 }
    }
}

/// The unused part of the limits.
#[derive(Clone, Debug)]
pub(super) struct Budget(ListingLimits);

impl Budget {
    pub(super) const fn new(limits: ListingLimits) -> Self {
        Self(limits)
    }

    /// Reserves room for a line of `length` bytes, or fails if there is not enough left.
    fn take(&mut self, length: usize) -> Result<(), Error> {
        let bytes = length + size_of::<OwnedEntry>();
        let left = self.0.entries.checked_sub(1).zip(self.0.bytes.checked_sub(bytes));
        (self.0.entries, self.0.bytes) = left.ok_or(Error::ListingTooLong)?;
        Ok(())
    }
}

/// The contents of a listing.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) entries: Vec<OwnedEntry>,
    pub(super) unread: Vec<Vec<u8>>,
    pub(super) presumed_empty: bool,
    /// See [`Listed::may_hide_names`](super::walk::Listed::may_hide_names).
    pub(super) may_hide_names: bool,
}

/// Reads the listing of `path` to its end. Once the budget is used up, the listing is abandoned,
/// and the next operation cleans up. Entries that are not members of that directory are moved to
/// the unread lines, and an entry that is listed twice in identical words counts once. If
/// `may_be_file` is `true`, the listing may contain the file at `path` itself.
pub(super) async fn collect<R: Runtime>(
    connection: &mut Connection<R>,
    transfer: Transfer,
    budget: &mut Budget,
    path: &[u8],
    may_be_file: bool,
) -> Result<Collected, Error> {
    let mut collected = Collected { presumed_empty: transfer.presumed_empty, ..Collected::default() };
    let is_for_people = transfer.formats != Formats::MLSD;
    let mut listing = Entries::new(connection.into(), transfer);
    while let Some(line) = poll_fn(|cx| listing.poll_next(cx)).await {
        match line? {
            ListingLine::Entry(entry) if !entry.entry().kind.is_dot() => {
                budget.take(entry.entry().raw().len() + entry.entry().name.as_bytes().len())?;
                collected.entries.push(entry);
            }
            ListingLine::Entry(_) => {}
            ListingLine::Unparsed(line) => {
                budget.take(line.len())?;
                collected.unread.push(line);
            }
        }
    }
    collected.presumed_empty |= listing.is_presumed_empty();
    sort_out(connection, path, may_be_file, &mut collected).await?;
    let is_dotted = |owned: &OwnedEntry| owned.entry().file_name().as_bytes().starts_with(b".");
    collected.may_hide_names = is_for_people && !collected.entries.iter().any(is_dotted);
    Ok(collected)
}

/// The decision about an entry.
#[derive(PartialEq)]
enum Verdict {
    Keep,
    Drop,
    Unread,
}

/// Keeps the members of the directory `path`, and moves other entries to the unread lines.
async fn sort_out<R: Runtime>(
    connection: &mut Connection<R>,
    path: &[u8],
    may_be_file: bool,
    collected: &mut Collected,
) -> Result<(), Error> {
    let entries = &collected.entries;
    let is_doubtful = entries.iter().any(|owned| member_name(&owned.entry(), &[path]).is_none());
    let called = if is_doubtful { connection.absolute(path).await? } else { None };
    let spellings = [path, called.as_deref().unwrap_or_default()];
    let mut seen: HashMap<&[u8], &OwnedEntry> = HashMap::with_capacity(entries.len());
    let judge = |owned| {
        let entry = OwnedEntry::entry(owned);
        match member_name(&entry, &spellings) {
            None if may_be_file && !entry.kind.is_directory() && entry.name.as_bytes() == path => {
                Verdict::Keep
            }
            None => Verdict::Unread,
            Some(name) => match name.as_bytes() {
                b"." | b".." => Verdict::Drop,
                name if *seen.entry(name).or_insert(owned) == owned => {
                    // The entry equals the first one of its name: it is either that first one or a
                    // repetition of it.
                    match ::std::ptr::eq(seen[name], owned) {
                        true => Verdict::Keep,
                        false => Verdict::Drop,
                    }
                }
                _ => Verdict::Keep,
            },
        }
    };
    let verdicts: Vec<Verdict> = entries.iter().map(judge).collect();
    let mut verdicts = verdicts.into_iter();
    let mut unread = Vec::new();
    collected.entries.retain(|owned| {
        let verdict = verdicts.next().unwrap_or(Verdict::Unread);
        if verdict == Verdict::Unread {
            unread.push(owned.entry().raw().to_vec());
        }
        verdict == Verdict::Keep
    });
    collected.unread.append(&mut unread);
    Ok(())
}

/// The working directory of a session.
pub(super) struct Place {
    pub(super) path: Vec<u8>,
    /// The full text of the server's report.
    pub(super) text: Vec<u8>,
}

/// Creates the operation that lists the given path, or the working directory if there is none.
pub(super) type Lists = for<'a> fn(Option<Text<'a>>) -> Operation<Open<'a>>;

impl<R: Runtime> Connection<R> {
    /// Opens a listing of `path`, which is in the server's encoding; an empty path is the working
    /// directory. A directory whose path could be misread as an argument is entered first.
    pub(super) async fn open_listing(&mut self, path: &[u8], lists: Lists) -> Result<Transfer, Error> {
        self.go_home().await?;
        let entered = must_be_entered(path) && self.enter(path).await?;
        let argument = if entered { b"".into() } else { for_listing(path) };
        let refused = match self.open_here(lists(optional(&argument)?)).await {
            Err(Error::Refused(refused)) => refused,
            opened => return opened,
        };
        if refused.refusal().of_listing() != ListingRefusal::Empty {
            return Err(Error::Refused(refused));
        }
        let is_there = entered || path.is_empty() || matches!(self.enter(path).await, Ok(true));
        match is_there {
            true => Ok(Transfer::presumed_empty()),
            false => Err(Error::Refused(refused)),
        }
    }

    /// Returns the absolute path of a directory that was just listed, or `None` if the server does
    /// not report an absolute working directory.
    async fn absolute(&mut self, path: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(place) = self.place().await? else { return Ok(None) };
        let place = self.local_name(place.path)?;
        if path.is_empty() || must_be_entered(&self.wire_name(path)?) {
            return Ok(Some(place));
        }
        if !place.starts_with(b"/") {
            return Ok(None);
        }
        let mut absolute = vec![0; place.len() + path.len() + 2];
        Ok(resolve(&place, path, &mut absolute).ok().map(|length| {
            absolute.truncate(length);
            absolute
        }))
    }

    /// Makes `path` the working directory until the caller's next operation. Returns `false` if the
    /// server does not report the working directory, since there would be no way back.
    pub(super) async fn enter(&mut self, path: &[u8]) -> Result<bool, Error> {
        let Some(home) = self.place().await? else { return Ok(false) };
        let path = text(path)?;
        self.leave(home.path);
        match self.run_here(change_directory(path), |_| {}).await {
            Ok(_) => Ok(true),
            Err(refused @ Error::Refused(_)) => {
                self.stay();
                Err(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// Converts the path of something that is to be created to the server's encoding. Pure-FTPd
    /// strips the spaces that a name begins with, even after `./`, but not after the path of a
    /// directory.
    pub(super) async fn wire_new<'p>(&mut self, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
        let wire = self.wire_path(path)?;
        if !wire.starts_with(b" ") {
            return Ok(wire);
        }
        self.go_home().await?;
        match self.place().await? {
            Some(home) if home.path.starts_with(b"/") => Ok(join(&home.path, &wire).into()),
            _ => Ok(wire),
        }
    }

    /// Returns the working directory as the server writes it, or `None` if the server does not
    /// report it.
    pub(super) async fn place(&mut self) -> Result<Option<Place>, Error> {
        Ok(self.whereabouts().await?.filter(|place| !place.path.is_empty()))
    }

    /// Returns the server's report of the working directory. The path is empty if it cannot be
    /// parsed: some servers do not double the quotes in it.
    pub(super) async fn whereabouts(&mut self) -> Result<Option<Place>, Error> {
        match self.run_here(whereabouts(), |_| {}).await {
            Ok(Reply { text, .. }) => {
                let path = Quoted::parse(&text).map(|path| path.to_vec()).unwrap_or_default();
                Ok(Some(Place { path, text }))
            }
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
