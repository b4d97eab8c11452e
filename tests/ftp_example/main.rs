//! The example `ftp` as a program, with servers in this process: `mirror`, retries, logins, listings, patterns and JSON.
//! tests/interop_client.rs has it with real servers.

#[path = "../support/example.rs"]
mod example;
#[path = "../support/misleading.rs"]
mod misleading;
#[path = "../peers/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../support/served.rs"]
mod served;

mod changes;
mod cut;
mod listings;
mod logins;
mod mirrors;
mod safety;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, fs};

use process::{Outcome, run};
use serde_json::Value;
use served::Served;

/// The longest that a run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The program, without anything of the environment that it would look at.
fn program() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(|| example::example("ftp")));
    for variable in ["FTP_PASSWORD", "NETRC", "HOME", "TZ", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.env("NETRC", "/nonexistent").args(["--timeout", "20", "--retries", "5", "--retry-wait", "0.05"]);
    command
}

#[track_caller]
fn ftp<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome {
    run(program().args(arguments), LIMIT)
}

/// The events that a run with `--json` prints. All of the output has to be events.
#[track_caller]
fn events(outcome: &Outcome) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let events: Vec<Value> = outcome.text().lines().map(parse).collect();
    assert!(events.iter().all(|event| event["event"].is_string()), "{outcome}");
    assert!(events.last().is_some_and(|last| last["event"] == "summary"), "{outcome}");
    events
}

/// The summary at the end of the events.
#[track_caller]
fn summary(outcome: &Outcome) -> Value {
    events(outcome).pop().unwrap()
}

fn error(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

/// A server for `me`, whose password is `secret`.
fn server() -> Served {
    Served::at("127.0.0.1:0", |server| server)
}

fn url(served: &Served, path: &str) -> String {
    format!("ftp://me:secret@{}/{path}", served.address)
}

/// An empty directory, removed with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("ftp-proto-example-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a file and its parents, with a time so many seconds after 1970.
fn write(path: &Path, content: &[u8], seconds: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    set_time(path, seconds);
}

fn set_time(path: &Path, seconds: u64) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

/// The paths below a directory, with the content and the time of files.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<(Vec<u8>, u64)>> {
    let (mut tree, mut left) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            let file = metadata.is_file().then(|| {
                let modified = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
                (fs::read(&path).unwrap(), modified.as_secs())
            });
            if metadata.is_dir() {
                left.push(path.clone());
            }
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), file);
        }
    }
    tree
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A time that listings show with its minutes, or its day, or exactly.
const LONG_AGO: u64 = 1_500_000_000;
