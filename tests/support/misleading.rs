//! A server with its own tree that misreads names, does not report its working directory, or does
//! not list all that it has.

// Each test program uses only a part.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Deviations from a correct server.
#[derive(Clone, Default)]
pub struct Ways {
    /// Replies to commands, by the whole line or by the verb.
    pub replies: BTreeMap<&'static str, &'static str>,
    /// Additional lines in listings, by directory.
    pub lines: BTreeMap<&'static str, &'static [&'static str]>,
    /// Set if the server has MLSD and MLST, with the unique fact.
    pub unique: bool,
    /// Unique fact to give for everything.
    pub unique_is: Option<&'static str>,
    /// Prefix of each listed name, by the path of the directory and by the argument.
    pub front: Option<fn(&str, &str) -> String>,
    /// Set if listed names of directories end in a slash.
    pub slashes: bool,
    /// Replies to PWD, by directory.
    pub places: BTreeMap<&'static str, &'static str>,
    /// Directories that CWD really leads to, by the one requested, which exists too.
    pub misled: BTreeMap<&'static str, &'static str>,
    /// Final reply to listings.
    pub listed: Option<&'static str>,
    /// Set if listings repeat one entry without end.
    pub endless: bool,
    /// Set if `~` is the login directory.
    pub tilde: bool,
}

#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    /// Paths of directories, which end in `/`, and of files.
    tree: Vec<String>,
    commands: Vec<String>,
}

/// Tree that most tests use.
pub const TREE: [&str; 8] =
    ["/home/", "/home/kept", "/home/d/", "/home/d/f", "/home/d/g h", "/home/d/e/", "/home/d/e/x", "/home/~/"];

impl Peer {
    pub fn new(ways: Ways) -> Self {
        Self::with(&TREE, ways)
    }

    pub fn with(tree: &[&str], ways: Ways) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tree = tree.iter().map(|path| path.to_string()).collect();
        let state = Arc::new(Mutex::new(State { tree, commands: Vec::new() }));
        let peer = Self { address, state };
        let shared = Arc::clone(&peer.state);
        thread::spawn(move || {
            // One client after the other, and only a few, so that the thread ends.
            for stream in listener.incoming().take(10).flatten() {
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                serve(stream, &shared, &ways);
            }
        });
        peer
    }

    pub fn tree(&self) -> Vec<String> {
        self.state.lock().unwrap().tree.clone()
    }

    pub fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }
}

fn absolute(place: &str, path: &str) -> String {
    let place = if path.starts_with('/') { "" } else { place };
    let mut names: Vec<&str> = place.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    if names.is_empty() { "/".into() } else { format!("/{}/", names.join("/")) }
}

fn serve(stream: TcpStream, state: &Mutex<State>, ways: &Ways) {
    let mut out = stream.try_clone().unwrap();
    let (mut place, mut ports) = ("/home/".to_owned(), None::<TcpListener>);
    let mut say = |reply: &str| out.write_all(format!("{reply}\r\n").as_bytes()).unwrap_or(());
    say("220 ready");
    for line in BufReader::new(stream).split(b'\n') {
        let Ok(line) = line else { return };
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let mut state = state.lock().unwrap();
        state.commands.push(line.clone());
        if let Some(reply) = ways.replies.get(&*line).or_else(|| ways.replies.get(verb)) {
            say(reply);
            continue;
        }
        let mut path = absolute(&place, argument);
        if ways.tilde && argument.starts_with('~') {
            path = absolute("/home", argument[1..].trim_start_matches('/'));
        }
        let file = path.trim_end_matches('/').to_owned();
        let unique_of = |path: &str| match ways.unique_is {
            Some(unique) => unique.to_owned(),
            None => format!("U{}", path.replace(' ', "_")),
        };
        match verb {
            "PWD" if ways.places.contains_key(&*place) => say(ways.places[&*place]),
            "USER" => say("331 password"),
            "PASS" => say("230 in"),
            "TYPE" | "NOOP" => say("200 fine"),
            "PWD" => say(&format!(
                "257 \"{}\" is here",
                if place == "/" { "/" } else { place.trim_end_matches('/') }
            )),
            "CWD" => {
                let path = ways.misled.get(&*path).map_or(path, |other| (*other).to_owned());
                match state.tree.contains(&path) {
                    true => {
                        place = path;
                        say("250 there");
                    }
                    false => say("550 no such directory"),
                }
            }
            "EPSV" => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                say(&format!("229 here (|||{}|)", listener.local_addr().unwrap().port()));
                ports = Some(listener);
            }
            "MLST" if ways.unique => {
                say(&format!("250-facts\r\n type=dir;unique={}; {path}\r\n250 end", unique_of(&path)));
            }
            "DELE" => match state.tree.iter().position(|there| *there == file) {
                Some(at) => {
                    state.tree.remove(at);
                    say("250 deleted");
                }
                None => say("550 no such file"),
            },
            "RMD" => {
                let inside = state.tree.iter().any(|there| there.starts_with(&path) && *there != path);
                match state.tree.iter().position(|there| *there == path) {
                    Some(at) if !inside => {
                        state.tree.remove(at);
                        say("250 removed");
                    }
                    _ => say("550 not empty"),
                }
            }
            "LIST" | "MLSD" if verb == "LIST" || ways.unique => {
                let directory = if argument.is_empty() { place.clone() } else { path };
                let mut lines: Vec<String> = Vec::new();
                for there in &state.tree {
                    let Some(name) = there.strip_prefix(&directory).filter(|name| !name.is_empty()) else {
                        continue;
                    };
                    let (kind, name) = match name.strip_suffix('/') {
                        Some(name) => ('d', name),
                        None => ('-', name),
                    };
                    if name.contains('/') {
                        continue;
                    }
                    let long = if kind == 'd' { "dir" } else { "file" };
                    let fact = unique_of(there);
                    let front = ways.front.map_or(String::new(), |front| front(&directory, argument));
                    let mark = if ways.slashes && kind == 'd' { "/" } else { "" };
                    let name = format!("{front}{name}{mark}");
                    lines.push(match verb {
                        "MLSD" => format!("type={long};unique={fact}; {name}"),
                        _ => format!("{kind}rwxr-xr-x   1 me me  5 Jan 20  2020 {name}"),
                    });
                }
                lines.extend(
                    ways.lines.get(&*directory).copied().unwrap_or_default().iter().map(ToString::to_string),
                );
                drop(state);
                say("150 here it comes");
                let (mut data, _) = ports.take().unwrap().accept().unwrap();
                let all: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
                let mut written = data.write_all(all.as_bytes());
                let many = "-rwxr-xr-x   1 me me  5 Jan 20  2020 again\r\n".repeat(1000);
                // Bounded, in case the client never ends it.
                for _ in 0..if ways.endless { 10_000 } else { 0 } {
                    written = written.and_then(|()| data.write_all(many.as_bytes()));
                }
                drop(data);
                say(ways.listed.unwrap_or("226 done"));
            }
            "ABOR" => say("226 aborted"),
            "QUIT" => return say("221 bye"),
            _ => say("500 unknown"),
        }
    }
}
