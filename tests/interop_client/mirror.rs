//! Mirrors with real servers, whose listings are precise to the minute or the second.

use super::arg;
use super::peers::content::{NAMES, noise};
use super::peers::process::{Outcome, Program, run};
use super::peers::site::{Site, example};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LIMIT: Duration = Duration::from_secs(60);

#[track_caller]
fn mirror(arguments: &[&str]) -> Outcome {
    let mut command = Command::new(example("ftp"));
    run(command.args(["--timeout", "20", "mirror"]).args(arguments), LIMIT).succeeds()
}

/// The files below a directory, with content and time in seconds, and the directories.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<(Vec<u8>, u64)>> {
    let (mut tree, mut left) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let file = (!path.is_dir()).then(|| {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                (fs::read(&path).unwrap(), modified.duration_since(UNIX_EPOCH).unwrap().as_secs())
            });
            if file.is_none() {
                left.push(path.clone());
            }
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), file);
        }
    }
    tree
}

fn write(path: &Path, content: &[u8], time: SystemTime) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn summary(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stderr).lines().last().unwrap_or_default().to_owned()
}

/// A few hours ago, which listings show with its minutes, and years ago, which they show by the day.
fn times() -> [SystemTime; 2] {
    [SystemTime::now() - Duration::from_secs(5 * 3600 + 17), UNIX_EPOCH + Duration::from_secs(1_500_000_017)]
}

pub fn mirrors_what_differs(site: &Site) {
    let (source, back) = (site.local.path("source"), site.local.path("back"));
    for (number, time) in times().into_iter().enumerate() {
        for name in NAMES {
            write(&source.join(format!("d{number}/{name}")), name.as_bytes(), time);
        }
        write(&source.join(format!("big{number}")), &noise(3_000_000), time);
    }
    fs::create_dir(source.join("empty")).unwrap();
    let (here, there, back_here) = (arg(&source), site.url("site"), arg(&back));
    for (from, to, target) in [(&here, &there, site.root.path("site")), (&there, &back_here, back.clone())] {
        let outcome = mirror(&["-P", "3", "--verify", from, to]);
        assert!(summary(&outcome).contains("14 files"), "{outcome}");
        assert!(tree(&source) == tree(&target), "{outcome}");
        // The times of listings are as good as those that were set.
        let outcome = mirror(&["--delete", from, to]);
        assert!(summary(&outcome).contains("nothing transferred, 14 unchanged in"), "{outcome}");
    }
    write(&back.join("d0/extra"), b"x", times()[0]);
    write(&back.join("big0"), b"changed", times()[0]);
    fs::remove_dir_all(back.join("d1")).unwrap();
    fs::remove_dir(back.join("empty")).unwrap();
    let outcome = mirror(&["--delete", &back_here, &there]);
    assert!(summary(&outcome).contains("2 files (8 B) sent, 7 unchanged, 8 removed in"), "{outcome}");
    assert!(tree(&back) == tree(&site.root.path("site")), "{outcome}");
}

pub fn mirrors_two_thousand_files_although_it_is_killed(site: &Site) {
    const COUNT: usize = 2_000;
    let source = site.local.path("source");
    let time = times()[0];
    for number in 0..COUNT {
        write(&source.join(format!("d{}/f{number}", number % 9)), &noise(number % 89 * 40), time);
    }
    for number in 0..3 {
        write(&source.join(format!("big{number}")), &noise(2_000_000), time);
    }
    let (here, there, back) = (arg(&source), site.url("site"), arg(&site.local.path("back")));
    for (from, to, target) in
        [(&here, &there, site.root.path("site")), (&there, &back, site.local.path("back"))]
    {
        let mut command = Command::new(example("ftp"));
        command.args(["--quiet", "--limit-rate", "6M", "mirror", "-P", "4", from, to]);
        let mut program = Program::start(&mut command, Stdio::null());
        let (begun, count) = (Instant::now(), || {
            let directories = fs::read_dir(&target).into_iter().flatten().flatten();
            directories
                .map(|directory| fs::read_dir(directory.path()).into_iter().flatten().count())
                .sum::<usize>()
        });
        while count() < COUNT / 2 {
            assert!(
                begun.elapsed() < LIMIT && program.wait(Duration::ZERO).is_none(),
                "not killed in the middle"
            );
            thread::sleep(Duration::from_millis(30));
        }
        program.kill_now();
        mirror(&["-P", "4", from, to]);
        let found = tree(&target);
        assert!(tree(&source) == found, "{} of {COUNT} are there", found.len());
        let outcome = mirror(&["--delete", from, to]);
        assert!(summary(&outcome).contains("nothing transferred, 2003 unchanged in"), "{outcome}");
    }
}
