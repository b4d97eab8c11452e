//! Files and directories by path.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::codec::{Text, Timestamp};
use crate::listing::{Entry, Kind, Modified, Precision};

/// A file, or a directory, which has no content.
#[derive(Clone, Debug)]
struct Node {
    content: Option<Vec<u8>>,
    /// Time of the last modification, if one was set.
    modified: Option<Timestamp>,
}

/// Nodes by absolute path. The root always exists.
#[derive(Clone, Debug)]
pub(super) struct Tree(BTreeMap<Vec<u8>, Node>);

/// Returns the common prefix of the paths in a directory.
fn prefix(directory: &[u8]) -> Vec<u8> {
    if directory == b"/" { b"/".to_vec() } else { [directory, b"/"].concat() }
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut tree = Self(BTreeMap::new());
        tree.put_directory(b"/");
        tree
    }

    pub(super) fn put_file(&mut self, path: &[u8], content: Vec<u8>) {
        self.put_above(path);
        self.0.insert(path.to_vec(), Node { content: Some(content), modified: None });
    }

    pub(super) fn put_directory(&mut self, path: &[u8]) {
        self.put_above(path);
        self.0.insert(path.to_vec(), Node { content: None, modified: None });
    }

    fn put_above(&mut self, path: &[u8]) {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for end in slashes.map(|(at, _)| at.max(1)) {
            let Some(directory) = path.get(..end) else { continue };
            self.0.entry(directory.to_vec()).or_insert(Node { content: None, modified: None });
        }
    }

    /// Removes a node and everything below it. The root itself stays.
    pub(super) fn remove(&mut self, path: &[u8]) {
        let inside = prefix(path);
        self.0.retain(|other, _| other == b"/" || !(other == path || other.starts_with(&inside)));
    }

    /// Moves a node and everything below it.
    pub(super) fn rename(&mut self, from: &[u8], to: &[u8]) {
        let Some(node) = self.0.remove(from) else { return };
        let inside = prefix(from);
        let below: Vec<Vec<u8>> = self.0.keys().filter(|path| path.starts_with(&inside)).cloned().collect();
        self.0.insert(to.to_vec(), node);
        for path in below {
            let rest = path.get(inside.len()..).unwrap_or_default();
            if let Some(node) = self.0.remove(&path) {
                self.0.insert([&prefix(to), rest].concat(), node);
            }
        }
    }

    pub(super) fn set_modified(&mut self, path: &[u8], time: Timestamp) {
        if let Some(node) = self.0.get_mut(path) {
            node.modified = Some(time);
        }
    }

    pub(super) fn file(&self, path: &[u8]) -> Option<&[u8]> {
        self.0.get(path)?.content.as_deref()
    }

    pub(super) fn is_directory(&self, path: &[u8]) -> bool {
        self.0.get(path).is_some_and(|node| node.content.is_none())
    }

    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(Vec::as_slice)
    }

    pub(super) fn names(&self, directory: &[u8]) -> impl Iterator<Item = &[u8]> + use<'_> {
        let prefix = prefix(directory);
        let name = move |path: &'_ Vec<u8>| path.starts_with(&prefix).then_some(prefix.len());
        self.0.keys().filter_map(move |path| {
            let name = path.get(name(path)?..)?;
            (!name.is_empty() && !name.contains(&b'/')).then_some(name)
        })
    }

    /// Returns the entry at the path, with its full path as its name.
    pub(super) fn entry<'a>(&self, path: &'a [u8]) -> Option<Entry<'a>> {
        Some(entry(path, self.0.get(path)?))
    }

    /// Returns the entry at the path, with its file name.
    pub(super) fn named_entry<'a>(&self, path: &'a [u8]) -> Option<Entry<'a>> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        Some(entry(name, self.0.get(path)?))
    }

    /// Returns an entry of a directory.
    pub(super) fn entry_in<'a>(&self, directory: &[u8], name: &'a [u8]) -> Option<Entry<'a>> {
        Some(entry(name, self.0.get(&[&prefix(directory), name].concat())?))
    }
}

fn entry<'a>(name: &'a [u8], node: &Node) -> Entry<'a> {
    let name = Text::new(name).unwrap_or_default();
    let mut entry = Entry::new(name, if node.content.is_some() { Kind::File } else { Kind::Directory });
    entry.size = node.content.as_ref().map(|content| content.len() as u64);
    let modified = node.modified.or_else(|| Timestamp::new(2024, 2, 29, 12, 34, 56).ok());
    entry.modified = modified.map(|time| Modified::new(time, Precision::Second, Some(0)));
    entry
}
