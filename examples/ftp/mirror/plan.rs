//! Decides what a mirror has to do, from two trees and without touching either.

use std::collections::{BTreeSet, HashMap};

use ftp_proto::codec::pathname::UnsafeName;
use ftp_proto::io::local_name;

use super::tree::{File, Kind, Moment, Path, Tree, ancestors, directory_of, is_dotted};
use crate::part::Key;

/// The way to compare times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Times that differ mean that files differ.
    Equal,
    /// The target may be newer, because its times are those of uploads.
    NotOlder,
}

#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub times: Times,
    /// Differences of so many seconds do not count.
    pub window: u32,
    /// Set to compare files of the same size by their content.
    pub checksum: bool,
    pub delete: bool,
    pub max_delete: Option<usize>,
    /// Set if names that differ only in case are one name in the target.
    pub folds_case: bool,
    /// Set to leave out directories into which no file goes.
    pub only_needed_directories: bool,
}

/// The reason for a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    New,
    Size,
    Time,
    /// Too little is known to compare the files.
    Unknown,
    /// The content has to be compared first. If the server computes no hashes, the flag tells
    /// whether the times differ.
    Content(bool),
}

impl Why {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Size => "another size",
            Self::Time => "another time",
            Self::Unknown => "nothing to compare by",
            Self::Content(_) => "if the content differs",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    pub path: Path,
    /// The facts about the source.
    pub file: File,
    pub why: Why,
}

impl Copy {
    /// Returns the key of the part file, if enough is known about the source to recognise it later.
    pub fn key(&self) -> Option<Key> {
        let (size, time) = (self.file.size?, self.file.time.filter(Moment::is_exact)?);
        Some(Key::new(&self.path, size, time.seconds))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    pub path: Path,
    pub is_directory: bool,
}

/// The reason why something is not mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The name cannot be a local name.
    Name(UnsafeName),
    /// Another name differs only in case.
    Case,
    /// The target has something else of this name.
    InTheWay(&'static str),
}

/// The reason why nothing is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Not all of the source was seen.
    Partial(usize),
    /// More would be removed than allowed.
    TooMany(usize),
}

/// The steps of a mirror, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Removed first, because something else takes its place.
    pub cleared: Vec<Removal>,
    pub directories: Vec<Path>,
    pub copies: Vec<Copy>,
    /// Part files that nothing continues.
    pub stale: Vec<Path>,
    pub removals: Vec<Removal>,
    pub refused: Vec<(Path, Obstacle)>,
    /// Links and devices.
    pub skipped: Vec<(Path, &'static str)>,
    pub same: u64,
    pub withheld: Option<Withheld>,
}

/// Plans how to make `target` like `source`.
pub fn plan(source: &Tree, target: &Tree, rules: &Rules) -> Plan {
    let plan = draw(source, target, rules);
    let removed = plan.cleared.len() + plan.removals.len();
    let withheld = match rules.max_delete {
        _ if removed == 0 => None,
        _ if source.is_partial => Some(Withheld::Partial(removed)),
        Some(most) if removed > most => Some(Withheld::TooMany(removed)),
        _ => None,
    };
    match withheld {
        None => plan,
        withheld => Plan { withheld, ..draw(source, target, &Rules { delete: false, ..*rules }) },
    }
}

fn draw(source: &Tree, target: &Tree, rules: &Rules) -> Plan {
    let mut plan = Plan::default();
    let kept = with_ancestors(source, target);
    // Nothing below these is touched.
    let mut blocked: BTreeSet<&[u8]> = BTreeSet::new();
    // Things that the plan removes before it copies.
    let mut cleared: BTreeSet<&[u8]> = BTreeSet::new();
    let mut folded: HashMap<String, &[u8]> = HashMap::new();
    for (path, kind) in &source.nodes {
        let path = path.as_slice();
        if blocked.contains(directory_of(path)) {
            blocked.insert(path);
            continue;
        }
        let name = &path[directory_of(path).len()..];
        let first = *folded.entry(fold(path)).or_insert(path);
        let obstacle = match local_name(name.strip_prefix(b"/").unwrap_or(name)) {
            Err(unsafe_name) => Some(Obstacle::Name(unsafe_name)),
            Ok(_) if rules.folds_case && first != path => Some(Obstacle::Case),
            Ok(_) => in_the_way(kind, target, path, rules, &kept),
        };
        if let Some(obstacle) = obstacle {
            plan.refused.push((path.to_vec(), obstacle));
            blocked.insert(path);
            continue;
        }
        let found = target.nodes.get(path);
        match (kind, found) {
            (Kind::Link, _) => plan.skipped.push((path.to_vec(), "a link")),
            (Kind::Other, _) => plan.skipped.push((path.to_vec(), "not a file")),
            (Kind::Directory, Some(Kind::Directory)) => {}
            (Kind::Directory, _) => plan.directories.push(path.to_vec()),
            (Kind::File(file), Some(Kind::File(found))) => match difference(file, found, rules) {
                Some(why) => plan.copies.push(Copy { path: path.to_vec(), file: *file, why }),
                None => plan.same += 1,
            },
            (Kind::File(file), _) => {
                plan.copies.push(Copy { path: path.to_vec(), file: *file, why: Why::New });
            }
        }
        if matches!(kind, Kind::Link | Kind::Other) {
            blocked.insert(path);
        } else if matches!(
            (kind, found),
            (Kind::Directory, Some(Kind::File(_))) | (Kind::File(_), Some(Kind::Directory))
        ) {
            cleared.insert(path);
        }
    }
    if rules.only_needed_directories {
        let needed: BTreeSet<&[u8]> = plan.copies.iter().flat_map(|copy| ancestors(&copy.path)).collect();
        plan.directories.retain(|path| needed.contains(path.as_slice()));
    }
    // Deeper paths come first, so that a directory is empty when its turn comes.
    for (path, kind) in target.nodes.iter().rev().filter(|_| rules.delete) {
        let path = path.as_slice();
        let is_directory = *kind == Kind::Directory;
        let is_cleared = cleared.contains(path) || ancestors(path).any(|above| cleared.contains(above));
        let is_listed = source.nodes.contains_key(path) && !is_cleared;
        let is_shielded = blocked.contains(path) || ancestors(path).any(|above| blocked.contains(above));
        let is_hidden = source.hides_dots && is_dotted(path);
        let is_kept = *kind == Kind::Other || is_hidden || is_directory && kept.contains(path);
        if is_listed || is_shielded || is_kept {
            continue;
        }
        let removal = Removal { path: path.to_vec(), is_directory };
        // If case does not matter, the other spelling would otherwise be removed with it.
        match is_cleared || folded.contains_key(&fold(path)) {
            true => plan.cleared.push(removal),
            false => plan.removals.push(removal),
        }
    }
    plan.stale = stale(source, target, rules, &plan.copies);
    plan
}

/// Returns the obstacle that the target is, if it has something else of this name that may not be
/// removed.
fn in_the_way(
    kind: &Kind,
    target: &Tree,
    path: &[u8],
    rules: &Rules,
    kept: &BTreeSet<&[u8]>,
) -> Option<Obstacle> {
    let what = match (kind, target.nodes.get(path)?) {
        (Kind::Link | Kind::Other, _) => return None,
        (_, Kind::Link) => "a link",
        (_, Kind::Other) => "a device",
        (Kind::Directory, Kind::File(_)) if !rules.delete => "a file",
        (Kind::File(_), Kind::Directory) if !rules.delete || kept.contains(path) => "a directory",
        _ => return None,
    };
    Some(Obstacle::InTheWay(what))
}

/// Returns why a file has to be transferred, if it has to be.
fn difference(source: &File, target: &File, rules: &Rules) -> Option<Why> {
    let sizes = source.size.zip(target.size);
    if sizes.is_some_and(|(source, target)| source != target) {
        return Some(Why::Size);
    }
    let window = i64::from(rules.window);
    let differ = source.time.zip(target.time).map(|(source, target)| match rules.times {
        Times::Equal => !source.may_equal(&target, window),
        Times::NotOlder => source.is_after(&target, window),
    });
    match differ {
        differ if rules.checksum && sizes.is_some() => Some(Why::Content(differ.unwrap_or(false))),
        Some(true) => Some(Why::Time),
        None if sizes.is_none() => Some(Why::Unknown),
        _ => None,
    }
}

/// Returns the part files of files that are not transferred, as far as the source has them. If what
/// the source does not have is to be removed, those of other files too.
fn stale(source: &Tree, target: &Tree, rules: &Rules, copies: &[Copy]) -> Vec<Path> {
    let transferred: BTreeSet<&[u8]> = copies.iter().map(|copy| copy.path.as_slice()).collect();
    let is_all = rules.delete && !source.is_partial;
    let parts = target.parts.keys().filter(|part| {
        let file = Key::file_of(part);
        !transferred.contains(file) && (is_all || source.nodes.contains_key(file))
    });
    parts.cloned().collect()
}

/// Returns the directories of the target that hold something to be kept, at any depth.
fn with_ancestors<'t>(source: &Tree, target: &'t Tree) -> BTreeSet<&'t [u8]> {
    let is_kept = |path: &Path, kind: Kind| kind == Kind::Other || source.hides_dots && is_dotted(path);
    let others = target.nodes.iter().filter(|(path, kind)| is_kept(path, **kind));
    let others = others.flat_map(|(path, _)| ancestors(path));
    let kept = target.kept.iter().flat_map(|path| ancestors(path).chain([path.as_slice()]));
    kept.chain(others).collect()
}

fn fold(path: &[u8]) -> String {
    String::from_utf8_lossy(path).to_lowercase()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
