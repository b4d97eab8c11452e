//! Carries out the commands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ftp_proto::codec::pathname::parent;
use ftp_proto::io::local_name;
use ftp_proto::listing::{Kind, OwnedEntry};
use serde_json::json;

use crate::download;
use crate::failure::{Failure, Shown};
use crate::filter::matches_name;
use crate::mirror::{self, Direction};
use crate::names::remote_name;
use crate::options::{Command, Look, MirrorOptions, Transfer};
use crate::report::Voice;
use crate::session::Session;
use crate::transfer::{Known, Ways};
use crate::url::{Url, join};
use crate::{ls, show, upload, walk};

/// A command whose arguments are right.
pub struct Job {
    /// The server, and the path there.
    pub url: Url,
    action: Action,
}

enum Action {
    List(Look),
    Names,
    Info,
    Print,
    Get { urls: Vec<Url>, local: Option<PathBuf>, is_recursive: bool, ways: Ways },
    Put { files: Vec<PathBuf>, is_recursive: bool, ways: Ways },
    Mirror { direction: Direction, local: PathBuf, options: MirrorOptions },
    Remove,
    RemoveAll { trust_paths: bool },
    MakeDirectory,
    Rename { new_path: String },
}

/// Returns whether this is standard input or output.
fn is_stream(local: &Path) -> bool {
    local == Path::new("-")
}

impl Job {
    /// Checks the arguments.
    pub fn new(command: Command, voice: Voice) -> Result<Self, Failure> {
        Self::parse(command, voice).map_err(Failure::usage)
    }

    fn parse(command: Command, voice: Voice) -> Result<Self, String> {
        let with = |url: &str, action| Ok(Self { url: Url::parse(url)?, action });
        let job = match command {
            Command::Ls { names: true, url, .. } => with(&url, Action::Names),
            Command::Ls { look, url, .. } => with(&url, Action::List(look)),
            Command::Info { url } => with(&url, Action::Info),
            Command::Cat { url } => with(&url, Action::Print),
            Command::Get { options, times, what } => Self::get(options, times, what),
            Command::Put { options, what } => Self::put(options, what),
            Command::Mirror { options, from, to } => Self::mirror(options, from, to),
            Command::Rm { recursive: false, url, .. } => with(&url, Action::Remove),
            Command::Rm { trust_paths, url, .. } => with(&url, Action::RemoveAll { trust_paths }),
            Command::Mkdir { url } => with(&url, Action::MakeDirectory),
            Command::Mv { url, new_path } => with(&url, Action::Rename { new_path }),
        }?;
        match &job.action {
            Action::Print if job.url.is_directory => Err(IS_DIRECTORY.into()),
            Action::Print if voice.json => Err("cat prints a file, and --json something else".into()),
            Action::Get { local: Some(local), .. } if voice.json && is_stream(local) => {
                Err("a file and --json cannot both be written to standard output".into())
            }
            Action::Remove | Action::RemoveAll { .. } | Action::MakeDirectory | Action::Rename { .. }
                if job.url.path.is_empty() =>
            {
                Err("the URL has no path".into())
            }
            _ => Ok(job),
        }
    }

    fn get(options: Transfer, times: bool, mut what: Vec<OsString>) -> Result<Self, String> {
        let local = match what.len() > 1 && what.last().is_some_and(|last| !is_url(last)) {
            true => what.pop().map(PathBuf::from),
            false => None,
        };
        let urls: Vec<Url> = what.iter().map(parsed).collect::<Result<_, _>>()?;
        let url = urls.first().ok_or("a URL is missing")?.clone();
        let is_recursive = options.recursive;
        let is_one = urls.len() == 1 && (url.pattern.is_none() || is_recursive);
        let to_stream = local.as_deref().is_some_and(is_stream);
        if urls.iter().any(|other| !other.is_beside(&url)) {
            return Err("the URLs are of more than one server".into());
        }
        match is_recursive {
            true if urls.len() > 1 => return Err("with -r, one directory at a time".into()),
            true if to_stream => return Err("a directory cannot be written to standard output".into()),
            true if local.is_none() && url.name().is_none() => {
                return Err("the directory has no name: say what to call it here".into());
            }
            false if urls.iter().any(|url| url.is_directory) => return Err(IS_DIRECTORY.into()),
            false if to_stream && options.resume => return Err("standard output cannot be resumed".into()),
            _ => {}
        }
        let is_directory = |local: &Path| local.is_dir() && !is_stream(local);
        match &local {
            Some(local) if !is_one && !is_directory(local) => {
                Err(format!("{}: several files need a directory that exists", local.display()))
            }
            _ => {
                let ways = Ways { resume: options.resume, times };
                Ok(Self { url, action: Action::Get { urls, local, is_recursive, ways } })
            }
        }
    }

    fn put(options: Transfer, mut what: Vec<OsString>) -> Result<Self, String> {
        let url = parsed(&what.pop().unwrap_or_default())?;
        let files: Vec<PathBuf> = what.into_iter().map(PathBuf::from).collect();
        if files.iter().any(|file| is_stream(file))
            && (files.len() > 1 || options.recursive || options.resume || url.is_directory)
        {
            return Err("standard input becomes a new file: the URL has to name it".into());
        }
        if files.len() > 1 && !url.is_directory {
            return Err("several files need a directory: end the URL with a slash".into());
        }
        let ways = Ways { resume: options.resume, times: false };
        Ok(Self { url, action: Action::Put { files, is_recursive: options.recursive, ways } })
    }

    fn mirror(options: MirrorOptions, from: OsString, to: OsString) -> Result<Self, String> {
        let (direction, url, local) = match (is_url(&from), is_url(&to)) {
            (true, false) => (Direction::Down, parsed(&from)?, to),
            (false, true) => (Direction::Up, parsed(&to)?, from),
            _ => return Err("mirror needs a URL and a local directory, in either order".into()),
        };
        Ok(Self { url, action: Action::Mirror { direction, local: local.into(), options } })
    }

    /// Returns whether there may be many files, of which a summary says what became of them.
    pub fn has_summary(&self) -> bool {
        match &self.action {
            Action::Get { urls, is_recursive, .. } => {
                *is_recursive || urls.len() > 1 || urls.iter().any(|url| url.pattern.is_some())
            }
            Action::Put { files, is_recursive, .. } => *is_recursive || files.len() > 1,
            Action::Mirror { .. } => true,
            _ => false,
        }
    }

    pub fn perform(self, session: &mut Session) -> Result<(), Failure> {
        let Self { url, action } = self;
        let path = match action {
            Action::List(_) | Action::Names | Action::Info | Action::Print => {
                &session.read_path(&url.path)?[..]
            }
            _ => &url.path[..],
        };
        let client = &mut session.client;
        let (event, result) = match action {
            Action::List(look) => return ls::entries(session, path, look),
            Action::Names => return show::names(session, path),
            Action::Info => return show::info(session, path),
            Action::Print => return download::print(session, path),
            Action::Get { urls, local, is_recursive, ways } => {
                return get(session, &urls, local, is_recursive, ways);
            }
            Action::Put { files, is_recursive, ways } => {
                return put(session, &url, &files, is_recursive, ways);
            }
            Action::Mirror { direction, local, options } => {
                return mirror::mirror(session, direction, path, &local, &options);
            }
            Action::RemoveAll { trust_paths } => return walk::remove(session, path, trust_paths),
            Action::Remove => ("remove", client.delete(path)),
            Action::MakeDirectory => ("directory", client.make_directory(path)),
            Action::Rename { new_path } => ("rename", client.rename(path, new_path)),
        };
        result.map_err(Failure::remote(path))?;
        session.shared.report.event(event, path, json!({}));
        Ok(())
    }
}

const IS_DIRECTORY: &str = "the URL is of a directory: use get -r to fetch it, or ls to list it";

fn is_url(argument: &OsString) -> bool {
    argument.to_str().is_some_and(|argument| argument.contains("://"))
}

fn parsed(argument: &OsString) -> Result<Url, String> {
    Url::parse(argument.to_str().ok_or("a URL is Unicode, percent-encoded")?)
}

fn get(
    session: &mut Session,
    urls: &[Url],
    local: Option<PathBuf>,
    is_recursive: bool,
    ways: Ways,
) -> Result<(), Failure> {
    let local_of = |name: &[u8]| {
        let unsafe_name = |error| Failure::usage(format!("{error}: say what it is to be called here"));
        let name = || local_name(name).map(PathBuf::from).map_err(unsafe_name);
        match &local {
            None => name(),
            Some(local) if !is_recursive && local.is_dir() && !is_stream(local) => Ok(local.join(name()?)),
            Some(local) => Ok(local.clone()),
        }
    };
    let is_one = urls.len() == 1;
    for url in urls {
        let path = session.read_path(&url.path)?;
        let result = match (&url.pattern, url.name().unwrap_or_default()) {
            (_, name) if is_recursive => {
                let local = local_of(name)?;
                walk::get(session, &path, &local, ways)
            }
            _ if local.as_deref().is_some_and(is_stream) => download::print(session, &path),
            (None, name) => {
                local_of(name).and_then(|local| download::get(session, &path, &local, ways, Known::default()))
            }
            (Some(pattern), _) => get_matching(session, &path, pattern, ways, local_of),
        };
        if is_one { result? } else { session.attempt(result)? }
    }
    Ok(())
}

/// Downloads the files that a pattern matches, or the one file that is called like the pattern.
fn get_matching(
    session: &mut Session,
    path: &[u8],
    pattern: &glob::Pattern,
    ways: Ways,
    local_of: impl Fn(&[u8]) -> Result<PathBuf, Failure>,
) -> Result<(), Failure> {
    let directory = if path.contains(&b'/') { parent(path) } else { b"" };
    let mut entries = session.entries(directory)?;
    entries.retain(|entry| matches!(entry.entry().kind, Kind::File | Kind::Unknown | Kind::Link { .. }));
    let name = |entry: &OwnedEntry| entry.entry().file_name().as_bytes().to_vec();
    match entries.iter().any(|entry| path.ends_with(&name(entry)) && join(directory, &name(entry)) == path) {
        true => entries.retain(|entry| join(directory, &name(entry)) == path),
        false => entries.retain(|entry| matches_name(pattern, &name(entry))),
    }
    if entries.is_empty() {
        return Err(Failure::missing(format!("{}: no file matches", Shown(path))));
    }
    let bytes = entries.iter().filter_map(|entry| entry.entry().size).sum();
    session.shared.report.progress.expect(entries.len() as u64, bytes);
    for entry in &entries {
        let (name, known) = (name(entry), walk::known(&entry.entry()));
        let result = local_of(&name)
            .and_then(|local| download::get(session, &join(directory, &name), &local, ways, known));
        session.attempt(result)?;
    }
    Ok(())
}

fn put(
    session: &mut Session,
    url: &Url,
    files: &[PathBuf],
    is_recursive: bool,
    ways: Ways,
) -> Result<(), Failure> {
    for local in files {
        let remote = match local.file_name().and_then(remote_name) {
            Some(name) if url.is_directory => join(&url.path, &name),
            _ => url.path.clone(),
        };
        let result = match is_recursive {
            true => walk::put(session, local, &remote, ways),
            false => upload::put(session, local, &remote, ways),
        };
        if files.len() == 1 { result? } else { session.attempt(result)? }
    }
    Ok(())
}
