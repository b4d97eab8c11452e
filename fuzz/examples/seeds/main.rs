//! Writes `fuzz/seeds/TARGET/NAME`, small inputs to begin with, from the tables of the crate and
//! the listings of its tests. With `--check` it writes nothing, and fails if anything would change.
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --example seeds
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod data;
mod dialogues;
#[path = "../../../tests/support/escapes.rs"]
mod escapes;
mod lines;
mod servers;
mod sessions;

/// What there is to write: a file by its path under `fuzz/seeds`.
#[derive(Default)]
struct Seeds(BTreeMap<PathBuf, Vec<u8>>);

impl Seeds {
    fn add(&mut self, target: &str, name: &str, bytes: Vec<u8>) {
        let name = name.to_ascii_lowercase();
        let before = self.0.insert(Path::new(target).join(&name), bytes);
        assert!(before.is_none(), "two seeds of {target} are named {name}");
    }
}

/// Adds an input as the bytes that are read as that input, which it checks.
macro_rules! add {
    ($seeds:expr, $target:literal, $name:expr, $type:ident $fields:tt) => {{
        let input = ftp_proto_fuzz::input::$type $fields;
        let bytes = input.to_seed();
        let read = <ftp_proto_fuzz::input::$type<'_> as arbitrary::Arbitrary>::arbitrary_take_rest(
            arbitrary::Unstructured::new(&bytes),
        );
        assert_eq!(format!("{:?}", read.unwrap()), format!("{input:?}"), "src/seed.rs is out of date");
        $seeds.add($target, $name, bytes);
    }};
}
use add;

/// Returns the files under `root`, by their paths from there.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries(root)
        .flat_map(|target| entries(&target))
        .map(|file| (file.strip_prefix(root).unwrap().to_path_buf(), fs::read(&file).unwrap()))
        .collect()
}

fn main() -> ExitCode {
    let mut seeds = Seeds::default();
    lines::commands(&mut seeds);
    lines::replies(&mut seeds);
    lines::values(&mut seeds);
    data::buffers(&mut seeds);
    data::listings(&mut seeds);
    data::transfers(&mut seeds);
    dialogues::clients(&mut seeds);
    servers::servers(&mut seeds);
    sessions::pairs(&mut seeds);
    sessions::transfers_between_servers(&mut seeds);
    sessions::walks(&mut seeds);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    if std::env::args().any(|argument| argument == "--check") {
        let there = files(&root);
        let differs = |name: &&PathBuf| there.get(*name) != seeds.0.get(*name);
        let names: BTreeSet<_> = there.keys().chain(seeds.0.keys()).filter(differs).collect();
        if !names.is_empty() {
            eprintln!("fuzz/seeds is out of date: run this without --check. {names:?}");
            return ExitCode::FAILURE;
        }
    } else {
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        for (name, bytes) in &seeds.0 {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }
    let size: usize = seeds.0.values().map(Vec::len).sum();
    println!("{} seeds, {size} bytes", seeds.0.len());
    ExitCode::SUCCESS
}
