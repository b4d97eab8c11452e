//! Permissions of an account, by directory.

use std::fmt;

use ftp_proto::codec::Permissions;
use ftp_proto::io::VirtualPath;

/// Things that an account may do in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    pub const NONE: Self = Self(0);
    /// See the names of files and directories.
    pub const LIST: Self = Self(1);
    /// Retrieve files.
    pub const READ: Self = Self(2);
    /// Store files and make directories under new names, and change nothing that exists.
    pub const CREATE: Self = Self(4);
    /// Also replace, continue and rename files, and set their times and modes.
    pub const WRITE: Self = Self(4 | 8);
    /// Remove files and directories.
    pub const DELETE: Self = Self(16);
    pub const READ_ONLY: Self = Self::LIST.with(Self::READ);
    pub const FULL: Self = Self(31);

    /// Their names in the configuration.
    pub const WORDS: [(&str, Self); 5] = [
        ("list", Self::LIST),
        ("read", Self::READ),
        ("create", Self::CREATE),
        ("write", Self::WRITE),
        ("delete", Self::DELETE),
    ];
    /// Names of frequent combinations.
    pub const SETS: [(&str, Self); 4] = [
        ("none", Self::NONE),
        ("read-only", Self::READ_ONLY),
        ("drop-box", Self::CREATE),
        ("full", Self::FULL),
    ];

    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns these rights in a directory as the facts of MLSD have them, for the directory itself.
    fn of_directory(self, parent: Self) -> Permissions {
        let mut permissions = Permissions::ENTER;
        for (right, facts) in [
            (Self::LIST, Permissions::LIST),
            (Self::CREATE, Permissions::CREATE | Permissions::MAKE_DIRECTORY),
            (Self::DELETE, Permissions::PURGE),
        ] {
            permissions.set(facts, self.has(right));
        }
        permissions.set(Permissions::DELETE, parent.has(Self::DELETE));
        permissions.set(Permissions::RENAME, parent.has(Self::WRITE));
        permissions
    }

    /// Returns these rights in a directory as the facts of MLSD have them, for a file in it.
    fn of_file(self) -> Permissions {
        let mut permissions = Permissions::empty();
        for (right, facts) in [
            (Self::READ, Permissions::RETRIEVE),
            (Self::WRITE, Permissions::APPEND | Permissions::STORE | Permissions::RENAME),
            (Self::DELETE, Permissions::DELETE),
        ] {
            permissions.set(facts, self.has(right));
        }
        permissions
    }
}

/// Writes the name of the combination, or the names of the rights.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = Self::SETS.iter().find(|(_, rights)| rights == self) {
            return f.write_str(name);
        }
        // `write` includes `create`.
        let is_told =
            |(name, rights): &(_, Self)| self.has(*rights) && !(*name == "create" && self.has(Self::WRITE));
        let names: Vec<_> = Self::WORDS.iter().filter(|word| is_told(word)).map(|(name, _)| *name).collect();
        f.write_str(&names.join(", "))
    }
}

/// The rights of an account: those in its root, and those in the directories that differ.
///
/// A directory without a rule has the rights of the one that it is in. The rules go by names: a
/// directory with a rule can be neither renamed nor removed, since it would leave its rule behind.
/// For the same reason they do not suit a file system that ignores case below a system that does not.
#[derive(Clone, Debug)]
pub struct Rules {
    root: Rights,
    others: Vec<(Vec<u8>, Rights)>,
}

impl Rules {
    pub fn new(root: Rights) -> Self {
        Self { root, others: Vec::new() }
    }

    /// Adds the rule of a directory, an absolute path.
    pub fn add(&mut self, path: &str, rights: Rights) {
        match path {
            "/" => self.root = rights,
            path => self.others.push((folded(path.as_bytes()), rights)),
        }
    }

    /// Returns whether the same holds everywhere.
    pub fn is_uniform(&self) -> bool {
        self.others.is_empty()
    }

    /// Returns the rights in the root.
    pub const fn root(&self) -> Rights {
        self.root
    }

    /// Returns whether anything may be changed anywhere.
    pub fn change_anything(&self) -> bool {
        let changing = Rights::WRITE.with(Rights::DELETE);
        self.root.has_any(changing) || self.others.iter().any(|(_, rights)| rights.has_any(changing))
    }

    /// Returns the rights in a directory, or those on a file.
    pub fn at(&self, path: &[u8]) -> Rights {
        if self.others.is_empty() {
            return self.root;
        }
        let path = folded(path);
        let rules = self.others.iter().filter(|(rule, _)| is_within(&path, rule));
        rules.max_by_key(|(rule, _)| rule.len()).map_or(self.root, |(_, rights)| *rights)
    }

    /// Returns the rights in the directory that a path is in. The root is in itself.
    pub fn around(&self, path: VirtualPath<'_>) -> Rights {
        let path = path.as_bytes();
        let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.at(path.get(..end.max(1)).unwrap_or(path))
    }

    /// Returns whether a rule is about this path or something below it.
    pub fn hold_below(&self, path: &[u8]) -> bool {
        let path = folded(path);
        self.others.iter().any(|(rule, _)| is_within(rule, &path))
    }

    /// Returns the facts of MLSD for an entry at a path.
    pub fn permissions(&self, path: &[u8], parent: Rights, is_directory: bool) -> Permissions {
        let mut permissions = match is_directory {
            true => self.at(path).of_directory(parent),
            false => self.at(path).of_file(),
        };
        if !self.is_uniform() && self.hold_below(path) {
            permissions.remove(Permissions::DELETE | Permissions::RENAME);
        }
        permissions
    }
}

/// Returns whether a path is a directory or in it.
fn is_within(path: &[u8], directory: &[u8]) -> bool {
    match path.strip_prefix(directory) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || directory == b"/",
        None => false,
    }
}

/// Returns a path in the form in which paths to the same directory are equal.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn folded(path: &[u8]) -> Vec<u8> {
    path.to_vec()
}

/// Returns a path in the form in which paths to the same directory are equal: the file systems of
/// these systems ignore case. Both conversions, since some letters have two small or two large forms.
#[cfg(any(windows, target_vendor = "apple"))]
fn folded(path: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(path).to_uppercase().to_lowercase().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_holds() {
        let mut rules = Rules::new(Rights::READ_ONLY);
        rules.add("/in", Rights::CREATE);
        rules.add("/in/mine", Rights::FULL);
        for (path, expected) in [
            ("/", Rights::READ_ONLY),
            ("/file", Rights::READ_ONLY),
            ("/in", Rights::CREATE),
            ("/in/file", Rights::CREATE),
            ("/inner", Rights::READ_ONLY),
            ("/in/mine", Rights::FULL),
            ("/in/mine/a/b", Rights::FULL),
            ("/in/mined", Rights::CREATE),
        ] {
            assert_eq!(rules.at(path.as_bytes()), expected, "{path}");
        }
        for (path, expected) in
            [("/", true), ("/in", true), ("/in/mine", true), ("/in/mine/a", false), ("/i", false)]
        {
            assert_eq!(rules.hold_below(path.as_bytes()), expected, "{path}");
        }
        let around = |path: &str| rules.around(VirtualPath::parse(path.as_bytes()).unwrap());
        assert_eq!(around("/in"), Rights::READ_ONLY);
        assert_eq!(around("/in/mine"), Rights::CREATE);
        assert_eq!(around("/"), Rights::READ_ONLY);
    }
}
