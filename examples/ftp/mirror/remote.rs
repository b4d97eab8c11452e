//! Reads a directory on the server.

use ftp_proto::client::ExpectedSize;
use ftp_proto::io::{Listed, local_name};
use ftp_proto::listing::{self, Entry, Modified, Precision};

use super::tree::{self, File, Kind, Moment, Tree, is_dotted};
use crate::failure::{Failure, Shown};
use crate::filter::Filter;
use crate::part::Key;
use crate::session::Session;
use crate::url::join;

/// Limits on the directories: a server that lies could go on forever.
const DEEPEST: usize = 64;
const MOST: usize = 1_000_000;
/// The number of files whose time is asked for to find the server's zone.
const ASKED: usize = 3;

/// A file as it was listed.
struct Found {
    path: tree::Path,
    size: Option<u64>,
    is_size_exact: bool,
    modified: Option<Modified>,
}

/// Reads everything below `root`. Links are not followed. What cannot be seen is reported, unless
/// it is the root.
pub fn read(
    session: &mut Session,
    root: &[u8],
    filter: &Filter,
    may_be_missing: bool,
) -> Result<Tree, Failure> {
    let shared = std::sync::Arc::clone(&session.shared);
    let spinner = shared.report.progress.spinner("reading");
    let (mut tree, mut files, mut seen) = (Tree::default(), Vec::new(), 0);
    let mut directories = vec![tree::Path::new()];
    while let Some(below) = directories.pop() {
        seen += 1;
        let result = read_directory(session, root, &below, filter, &mut tree, &mut files);
        match result {
            Ok(found) => directories.extend(found),
            // An upload makes the directory. One that is there and cannot be listed is a failure.
            Err(failure) if below.is_empty() => {
                let is_missing = failure.is_refusal() && may_be_missing && session.visit(root).is_err();
                return if is_missing { Ok(tree) } else { Err(failure) };
            }
            Err(failure) => {
                tree.is_partial = true;
                tree.kept.insert(below);
                session.attempt(Err(failure))?;
            }
        }
        spinner.show(format_args!("{} files in {seen} directories", files.len()));
        if seen + directories.len() > MOST {
            return Err(Failure::unseen(format!("{}: too many directories", Shown(root))));
        }
    }
    let zone = zone(session, root, &files)?;
    for found in files {
        let Found { path, size, is_size_exact, modified } = found;
        let time = modified.and_then(|modified| moment(&modified, zone));
        tree.nodes.insert(path, Kind::File(File { size, is_size_exact, time }));
    }
    tree.hides_dots &= !tree.nodes.keys().any(|path| is_dotted(path));
    Ok(tree)
}

/// Lists one directory, and returns those in it that are to be read.
fn read_directory(
    session: &mut Session,
    root: &[u8],
    below: &[u8],
    filter: &Filter,
    tree: &mut Tree,
    files: &mut Vec<Found>,
) -> Result<Vec<tree::Path>, Failure> {
    let directory = path_of(root, below);
    let limits = session.limits();
    let listed: Listed = session
        .persist(|session| session.client.list(&directory, &limits).map_err(Failure::remote(&directory)))?;
    if !listed.is_whole() {
        tree.is_partial = true;
        tree.kept.insert(below.to_vec());
    }
    tree.hides_dots |= listed.may_hide_names;
    let entries = session.sorted(listed)?;
    let mut directories = Vec::new();
    for owned in &entries {
        let entry = owned.entry();
        if entry.name.as_bytes() == directory
            && !entry.kind.is_directory()
            && entry.name.as_bytes().contains(&b'/')
        {
            return Err(Failure::missing(format!("{}: a file, and no directory", Shown(&directory))));
        }
        let name = entry.file_name().as_bytes();
        let path = join(below, name);
        let is_directory = entry.kind == listing::Kind::Directory;
        if !filter.admits(&path, is_directory) {
            tree.kept.insert(below.to_vec());
            continue;
        }
        let mut unseen = |tree: &mut Tree, what: &str| {
            tree.is_partial = true;
            tree.kept.insert(below.to_vec());
            session.attempt(Err(Failure::unseen(format!("{}: {what}", Shown(&path)))))
        };
        if tree.nodes.contains_key(&path) || files.last().is_some_and(|file| file.path == path) {
            unseen(tree, "listed twice; only the first is taken")?;
            continue;
        }
        match entry.kind {
            listing::Kind::Directory if path.iter().filter(|byte| **byte == b'/').count() >= DEEPEST => {
                unseen(tree, "too deep to be entered")?;
            }
            listing::Kind::Directory => {
                tree.nodes.insert(path.clone(), Kind::Directory);
                // One that cannot be saved under its name is refused by the plan.
                if local_name(name).is_ok() {
                    directories.push(path);
                }
            }
            listing::Kind::File | listing::Kind::Unknown if Key::is_part(name) => {
                tree.parts.insert(path, entry.size.unwrap_or(0));
            }
            listing::Kind::File | listing::Kind::Unknown => files.push(found(path, &entry)),
            listing::Kind::Link { .. } => _ = tree.nodes.insert(path, Kind::Link),
            listing::Kind::Pipe
            | listing::Kind::Socket
            | listing::Kind::BlockDevice(_)
            | listing::Kind::CharacterDevice(_) => _ = tree.nodes.insert(path, Kind::Other),
            // An entry of an unknown kind may hold anything, such as a file's content.
            _ => {
                unseen(tree, "skipped: an unknown kind of entry")?;
                tree.nodes.insert(path, Kind::Other);
            }
        }
    }
    Ok(directories)
}

fn found(path: tree::Path, entry: &Entry<'_>) -> Found {
    let is_size_exact = ExpectedSize::of(entry).is_some();
    Found { path, size: entry.size, is_size_exact, modified: entry.modified }
}

/// Returns the path on the server of a path below the root.
pub fn path_of(root: &[u8], below: &[u8]) -> Vec<u8> {
    match below.is_empty() {
        true => root.to_vec(),
        false => join(root, below),
    }
}

/// Finds the zone of the server's times in minutes east of UTC, if they come without one, by asking
/// for the times of the newest files in UTC.
fn zone(session: &mut Session, root: &[u8], files: &[Found]) -> Result<Option<i16>, Failure> {
    let is_useful = |modified: &Modified| modified.zone().is_none() && modified.precision() > Precision::Day;
    let mut newest: Vec<(Modified, &Found)> =
        files.iter().filter_map(|file| Some((file.modified.filter(is_useful)?, file))).collect();
    newest.sort_by_key(|(modified, _)| std::cmp::Reverse(modified.to_unix(0)));
    for (modified, file) in newest.into_iter().take(ASKED) {
        let path = path_of(root, &file.path);
        match session.client.zone_offset(&path, &modified) {
            Ok(Some(seconds)) => return Ok(i16::try_from(seconds / 60).ok()),
            Err(error) if error.is_fatal() => return Err(Failure::remote(&path)(error)),
            Ok(None) | Err(_) => {}
        }
    }
    Ok(None)
}

/// Converts a time, whose zone is `zone` if it does not say.
fn moment(modified: &Modified, zone: Option<i16>) -> Option<Moment> {
    let is_zone_inferred = modified.zone().is_none();
    let is_day = modified.precision() == Precision::Day;
    // A day in an unknown time zone begins at most a day earlier or later than in UTC.
    let (assumed, doubt) = match zone {
        Some(zone) => (zone, 0),
        None if is_zone_inferred && !is_day => return None,
        None => (0, if is_zone_inferred { 15 * 60 * 60 } else { 0 }),
    };
    let span = match modified.precision() {
        Precision::Day => 24 * 60 * 60 + 2 * doubt,
        Precision::Minute => 60,
        Precision::Second | Precision::Fraction => 1,
    };
    let (seconds, _) = modified.to_unix(assumed);
    Some(Moment { seconds: seconds - i64::from(doubt), span, is_zone_inferred })
}
