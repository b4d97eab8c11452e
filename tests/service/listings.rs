//! Listings with patterns, with options, and of directories that may not be searched.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, process};

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

/// Returns the lines received on the data connection, sorted unless their order matters.
fn listed(peer: &mut Peer, line: &str) -> Vec<String> {
    let mut data = peer.data();
    peer.says(line, "150");
    let mut listing = String::new();
    data.read_to_string(&mut listing).unwrap();
    peer.awaits("226");
    listing.split_terminator("\r\n").map(str::to_owned).collect()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// Returns the last word of each line.
fn names(lines: Vec<String>) -> Vec<String> {
    sorted(lines.iter().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect())
}

fn refused(peer: &mut Peer, line: &str, code: &str) {
    let _data = peer.data();
    peer.says(line, code);
}

#[test]
fn stat_shows_the_lines_of_list() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        fs::write(site.path("new"), "new").unwrap();
        fs::write(site.path("old"), "old").unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
        fs::File::options().write(true).open(site.path("old")).unwrap().set_modified(long_ago).unwrap();
        let mut peer = Peer::new(site.address);
        let lines = sorted(listed(&mut peer, "LIST"));
        assert!(lines.iter().any(|line| line.contains(" 2017 ")), "{runtime:?} {lines:?}");
        assert!(lines.iter().any(|line| line.contains(':')), "{runtime:?} {lines:?}");
        peer.says("STAT /", "212");
        let shown: Vec<_> = lines.iter().map(|_| peer.awaits("").trim_end().to_owned()).collect();
        assert_eq!(sorted(shown), lines, "{runtime:?}");
        peer.awaits("212 ");
        for line in &lines {
            let name = line.rsplit(' ').next().unwrap();
            peer.says(&format!("STAT {name}"), "213-");
            assert_eq!(peer.awaits("").trim().replace(" /", " "), *line, "{runtime:?}");
            peer.awaits("213 ");
        }
    }
}

#[test]
fn patterns_and_options_are_read_on_every_runtime() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        fs::create_dir_all(site.path("dir/sub")).unwrap();
        for name in ["a.txt", "b.txt", "c.md", ".d.txt", "dir/e.txt", "dir/.f.txt", "[x].txt", "x.txt"] {
            fs::write(site.path(name), name).unwrap();
        }
        let mut peer = Peer::new(site.address);
        for (argument, expected) in [
            ("*.txt", &["[x].txt", "a.txt", "b.txt", "x.txt"][..]),
            ("[x].txt", &["[x].txt"]),
            ("[ab].txt", &["a.txt", "b.txt"]),
            ("dir/*.txt", &["dir/e.txt"]),
            ("dir/e.txt", &["dir/e.txt"]),
            ("-a", &[".d.txt", "[x].txt", "a.txt", "b.txt", "c.md", "dir", "x.txt"]),
            ("-l dir", &["e.txt", "sub"]),
            (".*", &[".d.txt"]),
        ] {
            assert_eq!(
                sorted(listed(&mut peer, &format!("NLST {argument}"))),
                expected,
                "{runtime:?} {argument}"
            );
            let bare: Vec<_> = expected.iter().map(|name| name.trim_start_matches("dir/")).collect();
            assert_eq!(names(listed(&mut peer, &format!("LIST {argument}"))), bare, "{runtime:?} {argument}");
        }
        for argument in ["*.none", "none/*", "a.txt/*", "*/e.txt", "-l none"] {
            refused(&mut peer, &format!("NLST {argument}"), "550");
            refused(&mut peer, &format!("LIST {argument}"), "550");
        }
        refused(&mut peer, "MLSD a.txt", "501");
        refused(&mut peer, "MLSD *.txt", "550");
        peer.says("MDTM 20240131235958 a.txt", "213");
        peer.says("MDTM a.txt", "213 20240131235958");
    }
}

#[test]
fn a_pattern_is_looked_for_in_a_great_directory_without_an_end_to_the_session() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        for number in 0..5000 {
            fs::write(site.path(format!("{number}")), "").unwrap();
        }
        fs::write(site.path("needle"), "").unwrap();
        let mut peer = Peer::new(site.address);
        assert_eq!(listed(&mut peer, "NLST n*"), ["needle"]);
        refused(&mut peer, "NLST m*", "550");
        assert_eq!(listed(&mut peer, "NLST [0-9]*").len(), 5000);
    }
}

#[test]
fn list_recursive_goes_through_the_directories_on_every_runtime() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.recursion.depth = 2;
        let site = Site::with(runtime, setup);
        fs::create_dir_all(site.path("a/b/c/d")).unwrap();
        fs::write(site.path("a/b/c/f"), "").unwrap();
        symlink("a", site.path("link")).unwrap();
        let mut peer = Peer::new(site.address);
        let lines = listed(&mut peer, "LIST -R");
        let words: Vec<_> = lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(words[0], ".:");
        let begin = words.iter().position(|word| word.is_empty()).unwrap();
        let mut top = words[1..begin].to_vec();
        top.sort();
        // The last word of a symbolic link's line is its target.
        assert_eq!(top, ["a", "a"], "{runtime:?} {lines:?}");
        assert_eq!(words[begin..], ["", "./a:", "b", "", "./a/b:", "c"], "{runtime:?}");
        let lines = listed(&mut peer, "LIST -lR a/b");
        let words: Vec<_> = lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert!(words[..2] == ["a/b:", "c"] && words[2..4] == ["", "a/b/c:"], "{words:?}");
        assert!(listed(&mut peer, "NLST -R").iter().all(|line| !line.contains(':')));
    }
}

const ROLE: &str = "FTP_PROTO_TEST_NOBODY";

/// Runs in a process that is not root's, since permissions do not restrict root.
#[test]
fn a_directory_that_may_be_read_and_not_searched_is_listed_by_names_and_kinds() {
    if rustix::process::geteuid().is_root() && env::var(ROLE).is_err() {
        let copy = env::temp_dir().join(format!("ftp-proto-service-nobody-{}", process::id()));
        fs::copy(env::current_exe().unwrap(), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        let status = Command::new(&copy)
            .args(["a_directory_that_may_be_read", "--nocapture", "--test-threads=1"])
            .env(ROLE, "1")
            .current_dir(env::temp_dir())
            .uid(65534)
            .gid(65534)
            .status();
        fs::remove_file(&copy).unwrap();
        assert!(status.unwrap().success());
        return;
    }
    let site = Site::new(Runtime::Threads);
    fs::create_dir_all(site.path("closed/dir")).unwrap();
    fs::write(site.path("closed/file"), "x").unwrap();
    symlink("file", site.path("closed/link")).unwrap();
    fs::create_dir(site.path("shut")).unwrap();
    let mode =
        |name: &str, mode| fs::set_permissions(site.path(name), fs::Permissions::from_mode(mode)).unwrap();
    mode("closed", 0o444);
    mode("shut", 0o111);
    let mut peer = Peer::new(site.address);
    assert_eq!(sorted(listed(&mut peer, "NLST closed")), ["dir", "file", "link"]);
    assert_eq!(sorted(listed(&mut peer, "NLST closed/f*")), ["closed/file"]);
    let kinds = |lines: Vec<String>| sorted(lines.iter().map(|line| line[..1].to_owned()).collect());
    assert_eq!(kinds(listed(&mut peer, "LIST closed")), ["-", "d", "l"]);
    let facts = sorted(listed(&mut peer, "MLSD closed")).join("\n").to_lowercase();
    assert!(facts.contains("type=dir; dir") && facts.contains("type=file; file"), "{facts}");
    let recursive = listed(&mut peer, "LIST -R").join("\n");
    assert!(recursive.contains("./closed:\n") && !recursive.contains("./shut:"), "{recursive}");
    refused(&mut peer, "LIST shut", "550");
    refused(&mut peer, "RETR closed/file", "550");
    mode("closed", 0o755);
    mode("shut", 0o755);
}
