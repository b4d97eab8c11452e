//! Removes a directory with everything in it, over any runtime.
//!
//! First the whole tree is examined, and nothing is removed unless everything was seen. Then each
//! entry is removed by its bare name, in a working directory that the server has confirmed, the
//! deepest directories first.

mod place;

use ::std::collections::{HashMap, VecDeque};

use super::collect::{Budget, ListingLimits, collect};
use super::connection::Connection;
use super::outcome::text;
use crate::client::{self, ListingRefusal, Location, WalkLimits, change_directory, delete, remove_directory};
use crate::codec::pathname::{join, must_be_entered};
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::listing::Kind;
use place::{Gone, go_to};

/// The removal of a file, or of a directory with everything in it. Pass it to the client's
/// `remove_all` until that returns `None`. Links are removed, but not followed.
///
/// A removal verifies which directory it is in. The path that PWD reports in the root of the
/// removal is the base. A directory below the root is the right one in two cases:
/// - PWD reports the base followed by the names along the path to the directory.
/// - PWD does not clearly report another directory, and the directory has the unique fact (RFC 3659
///   7.5.2) that its entry had. The fact counts only if it is not empty, no other entry of the tree
///   has it, and neither the root nor the home directory has it.
///
/// Nothing is removed in any other directory, unless paths are [trusted](Self::trust_paths). If PWD
/// reports nothing, or still reports the original directory after the session has entered the root,
/// then only entries of the root itself, or of a directory with such a fact, can be removed. They
/// are removed by path, unless that path contains `.` or `..`.
///
/// Nothing at all is removed unless everything could be seen: see [`Unseen`].
///
/// The client is free for other calls between two steps. The first step ensures that the path is
/// not that of a file, by trying to remove it as a file.
#[derive(Clone, Debug)]
pub struct Removal {
    root: Vec<u8>,
    limits: WalkLimits,
    budget: Budget,
    trust_paths: bool,
    stage: Stage,
    /// Directories that were found, each after its parent. The first one is the root.
    tree: Vec<Directory>,
    /// Path that PWD reported in the root; `None` if it reported no usable path.
    base: Option<Vec<u8>>,
    /// Path that PWD reported in the directory where the removal began.
    home: Option<Vec<u8>>,
    /// Number of entries seen with each unique fact.
    uniques: HashMap<Vec<u8>, u32>,
    /// Unique facts of the root and of the home directory, once they have been requested.
    landmarks: Option<[Option<Vec<u8>>; 2]>,
    /// The visit count when the session was last confirmed to be in a directory of the tree, and
    /// the index of that directory.
    place: Option<(u64, usize)>,
    /// Steps that are still to be reported, such as what could not be seen.
    unseen: VecDeque<Removed>,
    all_seen: bool,
    failed: bool,
    /// Path that the last step was about, for messages.
    current: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    /// Examining the tree: the next directory.
    Looking(usize),
    /// Removing: the directory, and the index of the next entry in it.
    Removing(usize, usize),
    Root,
    Over,
}

#[derive(Clone, Debug)]
struct Directory {
    /// Index of the parent; 0 for the root, which has none.
    parent: usize,
    name: Vec<u8>,
    depth: u16,
    unique: Option<Vec<u8>>,
    /// `true` if only its unique fact confirmed the directory. Entries that are seen later may have
    /// the same fact.
    by_fact: bool,
    /// `true` if the listing reported this as a directory; `false` if the kind is unknown.
    is_sure: bool,
    /// Names of the members that are not directories.
    files: Vec<Vec<u8>>,
    /// Indices of the members that are directories.
    directories: Vec<usize>,
    /// `true` if something in the directory still exists.
    keeps: bool,
}

/// A step of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removed {
    /// The directory at this path was examined. Nothing was removed by this step.
    Looked(Vec<u8>),
    /// Something at this path could not be seen, so nothing will be removed.
    Unseen(Vec<u8>, Unseen),
    /// The file or other non-directory at this path was removed.
    File(Vec<u8>),
    /// The directory at this path was removed.
    Directory(Vec<u8>),
}

/// The reason why a removal could not see all of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unseen {
    /// This line of the listing is not an entry, names something outside the directory, or
    /// contradicts another line.
    Line(Vec<u8>),
    /// The directory lies deeper than [`WalkLimits::depth`].
    TooDeep,
    /// There are more directories than [`WalkLimits::directories`].
    TooMany,
    /// The directory is only presumed to be empty: the server refused to list it with words that it
    /// also uses for empty directories, or reported the listing complete without using the data
    /// connection.
    PresumedEmpty,
    /// The server went to another directory, for which PWD reports this path.
    Elsewhere(Vec<u8>),
    /// The server does not confirm that the session is in the directory.
    Unconfirmed,
}

impl ::std::fmt::Display for Unseen {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        use crate::codec::Escaped;
        match self {
            Self::Line(line) => write!(f, "a line of the listing that cannot be read: {}", Escaped(line)),
            Self::TooDeep => f.write_str("the directory is nested too deeply"),
            Self::TooMany => f.write_str("there are too many directories"),
            Self::PresumedEmpty => {
                f.write_str("the server refused to list it, which may mean that it is empty")
            }
            Self::Elsewhere(place) => write!(f, "the server went to {} instead", Escaped(place)),
            Self::Unconfirmed => f.write_str("the server does not confirm that it is in this directory"),
        }
    }
}

impl Removal {
    /// Creates the removal of whatever is at `path`. The path is taken as a name and never as a
    /// home directory, even if it begins with a tilde.
    ///
    /// # Errors
    /// [`Error::Argument`] if `path` is empty or not a valid path, if its last name is `.` or `..`,
    /// or if it is the root directory. None of these paths names a directory within another, and
    /// everything in it would be removed.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, Error> {
        let root = path.as_ref().to_vec();
        if root.is_empty() {
            return Err(Error::Argument(crate::codec::Invalid::new("a path that is not empty")));
        }
        text(&root)?;
        let last = root.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty());
        let expected = match last {
            None => Some("a path other than the root directory's, which is not removed"),
            Some(b"." | b"..") => Some("a path whose last name is not . or .., since those are not removed"),
            Some(_) => None,
        };
        if let Some(expected) = expected {
            return Err(Error::Argument(crate::codec::Invalid::new(expected)));
        }
        let tree = vec![Directory {
            parent: 0,
            name: Vec::new(),
            depth: 0,
            unique: None,
            by_fact: false,
            is_sure: true,
            files: Vec::new(),
            directories: Vec::new(),
            keeps: false,
        }];
        Ok(Self {
            current: root.clone(),
            root,
            limits: WalkLimits::default(),
            budget: Budget::new(ListingLimits::default()),
            trust_paths: false,
            stage: Stage::Start,
            tree,
            base: None,
            home: None,
            uniques: HashMap::new(),
            landmarks: None,
            place: None,
            unseen: VecDeque::new(),
            all_seen: true,
            failed: false,
        })
    }

    /// Sets limits on the tree. Nothing is removed from a larger tree.
    #[must_use]
    pub const fn limits(mut self, limits: WalkLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets limits on the names that are kept for the whole tree. Nothing is removed from a larger
    /// tree.
    #[must_use]
    pub fn listing_limits(mut self, limits: ListingLimits) -> Self {
        self.budget = Budget::new(limits);
        self
    }

    /// Sets whether a path is trusted to lead to the right directory even if the server does not
    /// confirm that. `false` by default: a server may take a name for a home directory, or drop a
    /// part of the name.
    #[must_use]
    pub const fn trust_paths(mut self, trust: bool) -> Self {
        self.trust_paths = trust;
        self
    }

    /// Returns the path that the last step was about, even if the step failed.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.current
    }

    /// Returns whether everything was seen and removed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.stage == Stage::Over && self.all_seen && !self.failed
    }

    /// Returns whether everything could be seen so far.
    #[must_use]
    pub const fn has_seen_all(&self) -> bool {
        self.all_seen
    }

    /// Returns the names along the path from the root to this directory.
    fn names(&self, mut at: usize) -> Vec<&[u8]> {
        let mut names = Vec::new();
        while at > 0 {
            let directory = &self.tree[at];
            names.push(&directory.name[..]);
            at = directory.parent;
        }
        names.reverse();
        names
    }

    /// Returns the path of this directory, for messages and for servers that do not report the
    /// working directory.
    fn path_of(&self, at: usize) -> Vec<u8> {
        self.names(at).into_iter().fold(self.root.clone(), |path, name| join(&path, name))
    }

    /// Returns whether no other entry seen so far has the unique fact of this directory.
    fn is_identified(&self, at: usize) -> bool {
        let unique = self.tree[at].unique.as_ref().filter(|unique| !unique.is_empty());
        unique.is_some_and(|unique| self.uniques.get(unique) == Some(&1))
    }

    fn miss(&mut self, path: Vec<u8>, why: Unseen) {
        self.all_seen = false;
        self.unseen.push_back(Removed::Unseen(path, why));
    }

    /// Marks this directory and all above it as kept, since something in it still exists.
    fn keep(&mut self, mut at: usize) {
        self.failed = true;
        while !::std::mem::replace(&mut self.tree[at].keeps, true) {
            at = self.tree[at].parent;
        }
    }
}

/// Takes the next step.
pub(super) async fn step<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
) -> Result<Option<Removed>, Error> {
    connection.begin_call();
    loop {
        if let Some(unseen) = removal.unseen.pop_front() {
            return Ok(Some(unseen));
        }
        match removal.stage {
            Stage::Start => return start(connection, removal).await.map(Some),
            Stage::Looking(at) if at < removal.tree.len() => {
                removal.stage = Stage::Looking(at + 1);
                removal.current = removal.path_of(at);
                // A directory whose examination is abandoned halfway was not seen.
                let seen = ::std::mem::replace(&mut removal.all_seen, false);
                look(connection, removal, at).await?;
                removal.all_seen = seen && removal.unseen.is_empty();
                // Whatever could not be seen is reported first.
                let path = connection.local_name(removal.current.clone())?;
                removal.unseen.push_back(Removed::Looked(path));
            }
            Stage::Looking(count) => {
                for at in 0..count {
                    if removal.tree[at].by_fact && !removal.is_identified(at) {
                        removal.miss(removal.path_of(at), Unseen::Unconfirmed);
                    }
                }
                removal.stage = match removal.all_seen {
                    true => Stage::Removing(count - 1, 0),
                    false => Stage::Over,
                };
            }
            Stage::Removing(at, item) => match remove_item(connection, removal, at, item).await? {
                Some(removed) => return Ok(Some(removed)),
                None => removal.stage = at.checked_sub(1).map_or(Stage::Root, |at| Stage::Removing(at, 0)),
            },
            Stage::Root => {
                removal.stage = Stage::Over;
                removal.current.clone_from(&removal.root);
                if removal.tree[0].keeps {
                    continue;
                }
                removal.failed = true;
                let root = connection.wire_name(&removal.root)?.into_owned();
                connection.run(remove_directory(text(&root)?)).await?;
                removal.failed = false;
                return Ok(Some(Removed::Directory(removal.root.clone())));
            }
            // The next operation returns to the caller's working directory.
            Stage::Over => return Ok(None),
        }
    }
}

/// Removes a file, or finds out that the path is that of a directory, and where that directory is.
async fn start<R: Runtime>(connection: &mut Connection<R>, removal: &mut Removal) -> Result<Removed, Error> {
    removal.failed = true;
    removal.stage = Stage::Over;
    let root = connection.wire_name(&removal.root)?.into_owned();
    let refused = match connection.run(delete(text(&root)?)).await {
        Ok(_) => {
            removal.failed = false;
            return Ok(Removed::File(removal.root.clone()));
        }
        Err(refused @ Error::Refused(_)) => refused,
        Err(error) => return Err(error),
    };
    let leads_up = root.split(|byte| *byte == b'/').any(|name| matches!(name, b"." | b".."));
    // If the path is not that of a directory either, the first refusal is the reason why it still
    // exists.
    let home = connection.place().await?;
    if let Some(home) = home {
        let home = home.path;
        removal.home = Some(home.clone());
        connection.leave(home.clone());
        match connection.run_here(change_directory(text(&root)?), |_| {}).await {
            Ok(_) => {}
            Err(Error::Refused(_)) => {
                connection.stay();
                return Err(refused);
            }
            Err(error) => return Err(error),
        }
        if let Some(place) = connection.place().await? {
            // A plain relative path leads neither to the working directory nor above it.
            let relative = !root.starts_with(b"/");
            let names: Vec<&[u8]> =
                root.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
            let location = Location::new(&home);
            // If PWD confirms the expected path, there is no doubt about quotes in it.
            let bound = relative && !leads_up && location.is_confirmed_by(&names, &place.text);
            let base = location.path(&names).filter(|_| bound).unwrap_or(place.path);
            // A path with `..` may end in the working directory or above it, which `new` cannot
            // know.
            if leads_up && Location::new(&base).contains(&home) {
                return Err(Error::Argument(crate::codec::Invalid::new(
                    "a path that does not lead up to the working directory or above it",
                )));
            }
            let is_lost = relative && !leads_up && home.starts_with(&base) && !removal.trust_paths;
            match is_lost {
                // The server may have taken the name for something else.
                true if must_be_entered(&root) => {
                    (removal.failed, removal.all_seen) = (false, false);
                    return Ok(Removed::Unseen(removal.root.clone(), Unseen::Elsewhere(base)));
                }
                // The name cannot be taken for anything else, but PWD does not report the root:
                // entries are removed by path.
                true => {}
                false => {
                    removal.base = Some(base);
                    removal.place = Some((connection.visits(), 0));
                }
            }
        }
    }
    removal.failed = false;
    if leads_up && removal.base.is_none() && !removal.trust_paths {
        // The path may be that of the working directory, or of one above it.
        removal.all_seen = false;
        return Ok(Removed::Unseen(removal.root.clone(), Unseen::Unconfirmed));
    }
    removal.stage = Stage::Looking(0);
    Ok(Removed::Looked(removal.root.clone()))
}

/// Lists a directory and records its members.
async fn look<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
    at: usize,
) -> Result<(), Error> {
    match go_to(connection, removal, at).await? {
        Gone::There => {}
        Gone::NoDirectory => {
            let Directory { parent, name, .. } = removal.tree[at].clone();
            removal.tree[parent].directories.retain(|&child| child != at);
            removal.tree[parent].files.push(name);
            return Ok(());
        }
        Gone::Not(why) => {
            removal.miss(removal.current.clone(), why);
            return Ok(());
        }
    }
    let transfer = match removal.base {
        None => {
            let path = connection.wire_name(&removal.current)?.into_owned();
            connection.open_listing(&path, client::entries).await?
        }
        Some(_) => match connection.open_here(client::entries(None)).await {
            Err(Error::Refused(refused)) => match refused.refusal().of_listing() {
                ListingRefusal::Empty => {
                    removal.miss(removal.current.clone(), Unseen::PresumedEmpty);
                    return Ok(());
                }
                _ => return Err(Error::Refused(refused)),
            },
            opened => opened?,
        },
    };
    let path = removal.current.clone();
    let asked = if removal.base.is_some() { &b""[..] } else { &path };
    let collected = collect(connection, transfer, &mut removal.budget, asked, false).await?;
    for line in collected.unread {
        removal.miss(path.clone(), Unseen::Line(line));
    }
    if collected.presumed_empty {
        removal.miss(path.clone(), Unseen::PresumedEmpty);
    }
    let mut seen = HashMap::new();
    for owned in &collected.entries {
        let entry = owned.entry();
        let name = entry.file_name().as_bytes();
        // A name that is listed twice is one entry, unless the lines disagree on its kind.
        match seen.get(name) {
            Some(kind) if *kind == ::std::mem::discriminant(&entry.kind) => continue,
            Some(_) => {
                removal.miss(path.clone(), Unseen::Line(entry.raw().to_vec()));
                continue;
            }
            None => _ = seen.insert(name.to_vec(), ::std::mem::discriminant(&entry.kind)),
        }
        if let Some(unique) = entry.unique {
            *removal.uniques.entry(unique.as_bytes().to_vec()).or_default() += 1;
        }
        if !matches!(entry.kind, Kind::Directory | Kind::Unknown) {
            removal.tree[at].files.push(name.to_vec());
            continue;
        }
        let depth = removal.tree[at].depth + 1;
        let too_many =
            removal.tree.len() >= usize::try_from(removal.limits.directories).unwrap_or(usize::MAX);
        if depth > removal.limits.depth || too_many {
            let why = if too_many { Unseen::TooMany } else { Unseen::TooDeep };
            removal.miss(join(&path, name), why);
            continue;
        }
        let new = removal.tree.len();
        removal.tree[at].directories.push(new);
        removal.tree.push(Directory {
            parent: at,
            name: name.to_vec(),
            depth,
            unique: entry.unique.map(|unique| unique.as_bytes().to_vec()),
            by_fact: false,
            is_sure: entry.kind == Kind::Directory,
            files: Vec::new(),
            directories: Vec::new(),
            keeps: false,
        });
    }
    Ok(())
}

/// Removes one entry of a directory. Returns `None` after the last one.
async fn remove_item<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
    at: usize,
    item: usize,
) -> Result<Option<Removed>, Error> {
    let directory = &removal.tree[at];
    let (name, is_directory, keeps) = match directory.files.get(item) {
        Some(name) => (name.clone(), false, false),
        None => match directory.directories.get(item - directory.files.len()) {
            Some(&child) => (removal.tree[child].name.clone(), true, removal.tree[child].keeps),
            None => return Ok(None),
        },
    };
    let path = join(&removal.path_of(at), &name);
    removal.current.clone_from(&path);
    let removed = match keeps {
        // Everything that is still in the directory has been reported.
        true => Ok(false),
        false => remove_one(connection, removal, at, &name, is_directory).await,
    };
    removal.stage = Stage::Removing(at, item + 1);
    removal.current.clone_from(&path);
    match removed {
        Ok(true) if is_directory => Ok(Some(Removed::Directory(path))),
        Ok(true) => Ok(Some(Removed::File(path))),
        Ok(false) => {
            removal.keep(at);
            let unseen = removal.unseen.pop_front();
            Ok(Some(unseen.unwrap_or(Removed::Looked(path))))
        }
        Err(error) => {
            removal.keep(at);
            Err(error)
        }
    }
}

/// Removes one entry of the directory in which it was seen. Returns `false` if that directory is no
/// longer found.
async fn remove_one<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
    at: usize,
    name: &[u8],
    is_directory: bool,
) -> Result<bool, Error> {
    match go_to(connection, removal, at).await? {
        Gone::There => {}
        Gone::NoDirectory => {
            removal.miss(removal.path_of(at), Unseen::Unconfirmed);
            return Ok(false);
        }
        Gone::Not(why) => {
            removal.miss(removal.path_of(at), why);
            return Ok(false);
        }
    }
    let bare = match removal.base {
        Some(_) => name.to_vec(),
        None => join(&removal.path_of(at), name),
    };
    let bare = connection.wire_name(&bare)?.into_owned();
    let bare = text(&bare)?;
    match is_directory {
        true => connection.run_here(remove_directory(bare), |_| {}).await?,
        false => connection.run_here(delete(bare), |_| {}).await?,
    };
    Ok(true)
}
