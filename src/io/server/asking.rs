//! Turns the requests of a session into calls of its host.

use ::std::sync::Arc;

use super::hashing::Hashing;
use super::moving::Moving;
use super::pages::Pages;
use super::{PATHS, Work};
use crate::codec::Text;
use crate::io::host::{
    Access, AsyncAccounts, AsyncFile, AsyncFilesystem, Digest, HostReply, Opened, OwnedCommand, OwnedPath,
    Refusal, Visitor, Wishes,
};
use crate::io::hosts::hasher::Hasher;
use crate::listing::{Clock, Kind, OwnedEntry};
use crate::server::{Lister, Request, Session};

/// An owned answer of the host, before it is lent to the session.
pub(super) enum Told<F: AsyncFilesystem> {
    Done,
    LoggedIn(Arc<F>),
    /// The virtual host of this name was chosen.
    Host(Vec<u8>),
    Entry(OwnedEntry),
    Opened {
        moving: Moving<F>,
        size: Option<u64>,
        unique_name: Option<Vec<u8>>,
    },
    Entries(Pages<F::Entries>),
    Digest(Digest),
    Hashing(Box<Hashing<F::File>>),
    Count(u64),
    Reply(HostReply),
}

/// The host's work on a request.
pub(super) type Asking<F> = Work<Result<Told<F>, Refusal>>;

/// Wraps an answer that is already known.
fn at_once<F: AsyncFilesystem>(told: Result<Told<F>, Refusal>) -> Asking<F> {
    Box::pin(::std::future::ready(told))
}

/// Passes a request to the accounts.
pub(super) fn ask_accounts<A: AsyncAccounts>(
    accounts: &Arc<A>,
    visitor: Visitor,
    request: &Request<Text<'_>>,
) -> Asking<A::Filesystem> {
    let accounts = Arc::clone(accounts);
    match request {
        Request::Identify => {
            Box::pin(async move { accounts.login_by_certificate(&visitor).await.map(Told::LoggedIn) })
        }
        Request::Login { password } => {
            let password = password.reveal().as_bytes().to_vec();
            Box::pin(async move { accounts.login(&visitor, &password).await.map(Told::LoggedIn) })
        }
        Request::Account { account } => {
            let account = account.reveal().as_bytes().to_vec();
            Box::pin(async move { accounts.account(&visitor, &account).await.map(Told::LoggedIn) })
        }
        Request::Host(name) => {
            let name = name.as_bytes().to_vec();
            Box::pin(async move { accounts.host(&visitor, &name).await.map(|()| Told::Host(name)) })
        }
        Request::Command(line) => {
            let command = OwnedCommand::from_line(line.reveal());
            Box::pin(async move { accounts.command(&visitor, &command.lent()?).await.map(Told::Reply) })
        }
        _ => at_once(Err(Refusal::Denied)),
    }
}

/// Passes a request to the file system.
pub(super) fn ask<F: AsyncFilesystem>(
    filesystem: &Arc<F>,
    session: &Session<Vec<u8>>,
    request: &Request<Text<'_>>,
) -> Asking<F> {
    let filesystem = Arc::clone(filesystem);
    let path = OwnedPath::from(session.path());
    let wishes = Wishes { size_hint: session.size_hint(), umask: session.umask() };
    match *request {
        Request::ChangeDirectory => Box::pin(async move {
            match filesystem.entry(path.lent(), true).await?.entry().kind {
                Kind::Directory => Ok(Told::Done),
                _ => Err(Refusal::NotADirectory),
            }
        }),
        Request::MakeDirectory => {
            Box::pin(
                async move { filesystem.make_directory(path.lent(), &wishes).await.map(|()| Told::Done) },
            )
        }
        Request::RemoveDirectory => {
            Box::pin(async move { filesystem.remove_directory(path.lent()).await.map(|()| Told::Done) })
        }
        Request::Delete => {
            Box::pin(async move { filesystem.remove_file(path.lent()).await.map(|()| Told::Done) })
        }
        Request::Rename => {
            let from = OwnedPath::from(session.source_path());
            Box::pin(async move { filesystem.rename(from.lent(), path.lent()).await.map(|()| Told::Done) })
        }
        Request::Stat { follow } => {
            Box::pin(async move { filesystem.entry(path.lent(), follow).await.map(Told::Entry) })
        }
        Request::Open(access) => Box::pin(async move {
            let Opened { file, size, unique_name } = filesystem.open(path.lent(), access, &wishes).await?;
            let moving = match access {
                Access::Read { .. } => {
                    let kernel = file.as_file().is_some();
                    Moving::file(file, kernel).of_size(size)
                }
                Access::Write { .. } | Access::Append | Access::Unique => Moving::upload(file),
            };
            Ok(Told::Opened { moving, size, unique_name })
        }),
        Request::List(_) => {
            let lister = session.lister(clock());
            Box::pin(async move { list(filesystem, path, lister).await })
        }
        Request::Entries { .. } => {
            let fields = request.fields();
            Box::pin(async move {
                filesystem.entries(path.lent(), fields).await.map(Pages::of).map(Told::Entries)
            })
        }
        Request::Change(changes) => {
            Box::pin(async move { filesystem.change(path.lent(), &changes).await.map(|()| Told::Done) })
        }
        Request::Symlink { target } => {
            let target = target.as_bytes().to_vec();
            Box::pin(async move { filesystem.symlink(path.lent(), &target).await.map(|()| Told::Done) })
        }
        Request::Combine { parts } => {
            let mut room = vec![0; PATHS];
            let parts: Result<Vec<_>, _> =
                parts.iter().map(|part| session.resolve(part, &mut room).map(OwnedPath::from)).collect();
            let Ok(parts) = parts else { return at_once(Err(Refusal::BadName)) };
            Box::pin(async move {
                let parts: Vec<_> = parts.iter().map(OwnedPath::lent).collect();
                filesystem.combine(path.lent(), &parts).await.map(|()| Told::Done)
            })
        }
        Request::Available => {
            Box::pin(async move { filesystem.available(path.lent()).await.map(Told::Count) })
        }
        Request::Digest { algorithm, range } => {
            Box::pin(async move {
                match (filesystem.digest(path.lent(), algorithm, range).await, Hasher::new(algorithm)) {
                    // If the host does not compute the hash, it is computed from the content.
                    (Err(Refusal::Unsupported), Some(hasher)) => {
                        let offset = range.bounds().map_or(0, |(first, _)| first);
                        let access = Access::Read { offset };
                        let opened = filesystem.open(path.lent(), access, &Wishes::default()).await?;
                        Ok(Told::Hashing(Box::new(Hashing::new(opened.file, hasher, range))))
                    }
                    (digest, _) => digest.map(Told::Digest),
                }
            })
        }
        Request::Site(line) => {
            let directory = OwnedPath::from(session.working_directory());
            let line = line.as_bytes().to_vec();
            Box::pin(async move { filesystem.site(directory.lent(), &line).await.map(Told::Reply) })
        }
        Request::Command(line) => {
            let command = OwnedCommand::from_line(line.reveal());
            Box::pin(async move { filesystem.command(path.lent(), &command.lent()?).await.map(Told::Reply) })
        }
        _ => at_once(Err(Refusal::Unsupported)),
    }
}

/// Opens a file or directory to be listed. If the listing must not be empty, looks for the first
/// entry that it shows.
async fn list<F: AsyncFilesystem>(
    filesystem: Arc<F>,
    path: OwnedPath,
    lister: Lister,
) -> Result<Told<F>, Refusal> {
    let fields = lister.selection().listing().fields();
    let what = filesystem.entry(path.lent(), true).await?;
    let is_directory = what.entry().kind == Kind::Directory;
    let mut pages = match is_directory {
        true => Pages::of(filesystem.entries(path.lent(), fields).await?),
        false if lister.selection().needs_directory() => return Err(Refusal::NotADirectory),
        false => Pages::single(what),
    };
    if lister.selection().needs_match() && !pages.has(|name| lister.selection().shows(name)).await {
        return Err(Refusal::NotFound);
    }
    let below = move |below: &[u8]| -> Work<_> {
        let (filesystem, path) = (Arc::clone(&filesystem), path.joined(below));
        Box::pin(async move { filesystem.entries(path.lent(), fields).await })
    };
    let moving = Moving::entries(pages, lister, Box::new(below));
    Ok(Told::Opened { moving, size: None, unique_name: None })
}

/// Finishes an upload that was received in full.
pub(super) fn finish<F: AsyncFilesystem>(moving: Option<Moving<F>>) -> Asking<F> {
    match moving.and_then(Moving::into_file) {
        Some(file) => Box::pin(async move { file.finish().await.map(|()| Told::Done) }),
        None => at_once(Err(Refusal::Failed)),
    }
}

/// Returns the clock of listings: the times in them are in UTC.
pub(super) fn clock() -> Clock {
    Clock::now().with_zone(0)
}
