//! The arguments of the programs, which are the same for all of them.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// The account of tests/peers/server.sh.
pub const USER: &str = "ftptest";
/// The password of the account.
pub const PASSWORD: &str = "ftppass";

/// A task, and the way in which to do it.
pub struct Task {
    /// The address of the server.
    pub server: String,
    /// The transfer to make.
    pub kind: Kind,
    /// `true` to hand a whole file to the client, and `false` to copy it by the standard library's or
    /// tokio's `copy`.
    pub by_file: bool,
}

/// A transfer to make.
pub enum Kind {
    /// Fetch the large file to this path.
    Down(PathBuf),
    /// Send the file at this path.
    Up(PathBuf),
    /// Fetch so many small files to this directory.
    Small(usize, PathBuf),
}

impl Task {
    /// Reads `SERVER copy|file down|up|small PATH [COUNT]`.
    pub fn from_arguments() -> Result<Task> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [server, way, kind, path, rest @ ..] = &arguments[..] else {
            bail!("usage: SERVER copy|file down|up|small PATH [COUNT]");
        };
        let kind = match (kind.as_str(), rest) {
            ("down", []) => Kind::Down(path.into()),
            ("up", []) => Kind::Up(path.into()),
            ("small", [count]) => Kind::Small(count.parse().context("not a number of files")?, path.into()),
            _ => bail!("no such task: {kind}"),
        };
        let by_file = match way.as_str() {
            "copy" => false,
            "file" => true,
            _ => bail!("neither copy nor file: {way}"),
        };
        Ok(Task { server: server.clone(), kind, by_file })
    }
}

/// The name of a small file on the server.
pub fn small(number: usize) -> String {
    format!("small/{number}")
}

/// The name of an upload on the server.
pub const UPLOAD: &str = "up/client";
