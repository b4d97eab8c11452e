//! The files that all servers serve.

use std::fs::{self, File, Permissions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Number of small files.
pub const SMALL: usize = 1000;
/// Size of each in bytes.
pub const SMALL_SIZE: usize = 1024;
/// The account of tests/peers/server.sh by number.
const OWNER: u32 = 2121;

/// A directory of test files: `big`, `small/0` and so on, `up` for uploads, and `list-N` with N
/// empty files.
pub struct Data {
    root: PathBuf,
}

impl Data {
    /// Uses `root`, which is made if it is missing.
    pub fn new(root: &Path) -> Result<Data> {
        let data = Data { root: root.to_owned() };
        fs::create_dir_all(root).with_context(|| format!("cannot make {}", root.display()))?;
        data.make_directory("up")?;
        fs::set_permissions(root, Permissions::from_mode(0o755))?;
        Ok(data)
    }

    /// Returns the directory that is served.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn make_directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        // Peers write as an account of their own. Without root there are none.
        let _ = chown(&path, Some(OWNER), Some(OWNER));
        Ok(path)
    }

    /// Writes `big` with `size` bytes, unless it is there. No part of it is a hole.
    pub fn make_big(&self, size: u64) -> Result<()> {
        let path = self.root.join("big");
        if fs::metadata(&path).is_ok_and(|found| found.len() == size) {
            return Ok(());
        }
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let chunk = noise(1 << 20);
        let mut left = size;
        while left > 0 {
            let n = left.min(chunk.len() as u64);
            file.write_all(&chunk[..n as usize])?;
            left -= n;
        }
        file.flush()?;
        // Written back now, not while a server is measured.
        file.get_ref().sync_all()?;
        Ok(())
    }

    /// Writes the small files, unless they are there.
    pub fn make_small(&self) -> Result<()> {
        let path = self.make_directory("small")?;
        if path.join((SMALL - 1).to_string()).exists() {
            return Ok(());
        }
        let content = noise(SMALL_SIZE);
        for number in 0..SMALL {
            fs::write(path.join(number.to_string()), &content)?;
        }
        Ok(())
    }

    /// Makes a directory with `count` entries, unless it is there. Returns its name.
    pub fn make_list(&self, count: usize) -> Result<String> {
        let name = format!("list-{count}");
        let path = self.make_directory(&name)?;
        if !path.join(entry(count.saturating_sub(1))).exists() {
            for number in 0..count {
                File::create(path.join(entry(number)))?;
            }
        }
        Ok(name)
    }
}

fn entry(number: usize) -> String {
    format!("entry-{number:07}.dat")
}

/// Returns bytes that do not repeat soon (xorshift).
pub fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}
