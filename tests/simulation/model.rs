//! What a session's tree must be: paths and bytes, as they follow from the commands and the codes of their replies.
//! Nothing here asks the session or its host.

use ftp_proto::codec::Verb;
use ftp_proto::testing::MemoryHost;
use std::collections::BTreeMap;

/// A directory, or a file with its bytes.
type Node = Option<Vec<u8>>;

#[derive(Clone, Debug, Default)]
pub struct Model {
    nodes: BTreeMap<Vec<u8>, Node>,
    here: Vec<u8>,
    /// What RNFR named.
    from: Option<Vec<u8>>,
    /// The offset of REST, which the next transfer uses up whatever comes of it.
    rest: u64,
    /// The most bytes that a client may store in a file.
    quota: Option<u64>,
    /// How many files were stored and sent.
    pub moved: (usize, usize),
}

/// Splits a command from its argument.
fn split(line: &[u8]) -> (Option<Verb>, &[u8]) {
    let at = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    (Verb::from_bytes(&line[..at]), line.get(at + 1..).unwrap_or_default())
}

impl Model {
    pub fn new(quota: Option<u64>) -> Self {
        Self { here: b"/".to_vec(), quota, ..Self::default() }
    }

    /// Takes over what is there.
    pub fn take(&mut self, tree: &MemoryHost) {
        let node = |path: &[u8]| tree.file(path).map(<[u8]>::to_vec);
        self.nodes = tree.paths().map(|path| (path.to_vec(), node(path))).collect();
    }

    pub fn put_file(&mut self, path: &[u8], content: &[u8]) {
        self.nodes.insert(path.to_vec(), Some(content.to_vec()));
    }

    pub fn remove(&mut self, path: &[u8]) {
        self.nodes.remove(path);
    }

    pub fn file(&self, path: &[u8]) -> Option<&[u8]> {
        self.nodes.get(path)?.as_deref()
    }

    pub fn directory(&self) -> &[u8] {
        &self.here
    }

    fn resolve(&self, argument: &[u8]) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = Vec::new();
        let base = if argument.first() == Some(&b'/') { &b""[..] } else { &self.here };
        for part in base.split(|byte| *byte == b'/').chain(argument.split(|byte| *byte == b'/')) {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        [b"/", &parts.join(&b'/')[..]].concat()
    }

    /// Takes the reply to a command. `carried` returns what was sent to the session over its data connection, or by
    /// it; `cut` says whether somebody else than the sender has ended that under TLS.
    pub fn answered<'n>(
        &mut self,
        line: &[u8],
        code: u16,
        text: &[u8],
        carried: impl Fn(bool) -> &'n [u8],
        cut: bool,
    ) {
        let (Some(verb), argument) = split(line) else { return };
        let done = (200..300).contains(&code);
        let path = self.resolve(argument);
        match verb {
            Verb::Rest => self.rest = number(argument).filter(|_| code == 350).unwrap_or(0),
            Verb::Rnfr => self.from = (code == 350).then_some(path),
            Verb::Retr if done => {
                let file = self.file(&path).unwrap_or_else(|| panic!("what is not there was sent: {line:?}"));
                let fits = file.get(self.rest as usize..) == Some(carried(false));
                assert!(fits, "{}: what was sent is not the file", line.escape_ascii());
                self.moved.1 += 1;
            }
            Verb::Stor | Verb::Appe | Verb::Stou if done => {
                let path = match verb {
                    Verb::Stou => unique(text).unwrap_or(path),
                    _ => path,
                };
                assert!(!cut, "what was cut off was stored");
                self.store(verb, path, carried(true));
                self.moved.0 += 1;
            }
            // 202: the client was logged in already.
            _ if done && code != 202 => self.carry_out(verb, path),
            _ => {}
        }
        if code >= 200 && verb.opens_data_connection() {
            self.rest = 0;
        }
    }

    fn store(&mut self, verb: Verb, path: Vec<u8>, bytes: &[u8]) {
        let old = self.nodes.get(&path).cloned().flatten().unwrap_or_default();
        let kept = match verb {
            Verb::Appe => old.len(),
            Verb::Stou => 0,
            _ => (self.rest as usize).min(old.len()),
        };
        let content = [&old[..kept], bytes].concat();
        let counts = if verb == Verb::Appe { bytes.len() } else { content.len() };
        assert!(
            self.quota.is_none_or(|quota| counts as u64 <= quota),
            "more is stored than may be: {counts}"
        );
        self.nodes.insert(path, Some(content));
    }

    fn carry_out(&mut self, verb: Verb, path: Vec<u8>) {
        match verb {
            Verb::Cwd | Verb::Xcwd => self.here = path,
            Verb::Cdup | Verb::Xcup => self.here = self.resolve(b".."),
            Verb::Pass | Verb::Rein | Verb::Auth | Verb::User => self.reset(),
            Verb::Dele | Verb::Rmd | Verb::Xrmd => drop(self.nodes.remove(&path)),
            Verb::Mkd | Verb::Xmkd => drop(self.nodes.insert(path, None)),
            Verb::Rnto => {
                let from = self.from.take().expect("RNTO without RNFR is granted");
                let node = self.nodes.remove(&from).expect("what is not there was moved");
                self.nodes.insert(path, node);
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        (self.here, self.from, self.rest) = (b"/".to_vec(), None, 0);
    }

    /// Checks that the tree is this one.
    pub fn check(&self, tree: &MemoryHost) {
        if let Some(difference) = self.difference(tree) {
            panic!("{difference}");
        }
    }

    fn difference(&self, tree: &MemoryHost) -> Option<String> {
        let name = |path: &[u8]| path.escape_ascii().to_string();
        for path in tree.paths() {
            match self.nodes.get(path) {
                None => return Some(format!("{} is there, and was not stored", name(path))),
                Some(node) if node.as_deref() != tree.file(path) => {
                    let [is, must] = [tree.file(path).map(<[u8]>::len), node.as_ref().map(Vec::len)];
                    return Some(format!("{} is something else: {is:?} bytes, not {must:?}", name(path)));
                }
                Some(_) => {}
            }
        }
        let missing = self.nodes.keys().find(|path| !tree.contains(path));
        missing.map(|path| format!("{} is missing", name(path)))
    }

    /// The session has ended: what it was at may be done or not, and nothing else.
    pub fn end(&mut self, open: Option<&[u8]>, said: &[u8], tree: &MemoryHost) {
        let Some(difference) = self.difference(tree) else { return };
        let mut done = self.clone();
        if let Some(line) = open {
            let (verb, argument) = split(line);
            match verb {
                Some(verb @ (Verb::Stor | Verb::Appe)) => done.store(verb, self.resolve(argument), said),
                Some(Verb::Stou) => {
                    let new = tree.paths().find(|path| !self.nodes.contains_key(*path)).map(<[u8]>::to_vec);
                    done.store(Verb::Stou, new.unwrap_or_default(), said);
                }
                Some(verb) => done.carry_out(verb, self.resolve(argument)),
                None => {}
            }
        }
        let open = open.map(|line| line.escape_ascii().to_string());
        assert_eq!(done.difference(tree), None, "{difference}, and {open:?} does not explain it");
        *self = done;
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Returns the name that the reply to STOU tells.
fn unique(text: &[u8]) -> Option<Vec<u8>> {
    let at = text.windows(6).position(|part| part == b"FILE: ")?;
    Some(text[at + 6..].trim_ascii_end().to_vec())
}
