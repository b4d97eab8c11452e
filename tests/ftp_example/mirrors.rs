//! Mirrors of trees, both ways.

use std::process::Stdio;
use std::thread;
use std::time::Instant;

use super::process::Program;
use super::*;

/// A tree of this many small files, some large ones, and names that need care.
fn make(root: &Path, count: usize) {
    for number in 0..count {
        let content = served::bytes(number % 97 * 50);
        write(
            &root.join(format!("d{}/e{}/f{number}.txt", number % 7, number % 3)),
            &content,
            LONG_AGO + number as u64,
        );
    }
    for number in 0..4 {
        write(&root.join(format!("big{number}")), &served::bytes(2_000_000 + number), LONG_AGO);
    }
    for name in ["sp ace", "~", "-r", "*", "[x]", "{a,b}", "naïve 日本語", "a;type=i", "#100%"] {
        write(&root.join("odd").join(name), name.as_bytes(), LONG_AGO);
    }
    fs::create_dir_all(root.join("empty/inside")).unwrap();
}

/// Starts a mirror, and kills it once the target has half of the files. Returns `false` if the mirror was quicker.
fn kill_in_the_middle(from: &str, to: &str, target: &Path, count: usize) -> bool {
    let mut command = program();
    // The limit lets no machine be done before it is killed.
    command.args(["--quiet", "--limit-rate", "6M", "mirror", "--parallel", "4", from, to]);
    let mut program = Program::start(&mut command, Stdio::null());
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        if program.wait(Duration::ZERO).is_some() {
            return false;
        }
        if target.exists() && tree_size(target) > count / 2 {
            // Dropping it would be kinder: it asks first.
            program.kill_now();
            return true;
        }
        thread::sleep(Duration::from_millis(30));
    }
    panic!("nothing is done after {LIMIT:?}");
}

fn tree_size(root: &Path) -> usize {
    let (mut count, mut left) = (0, vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                _ => count += 1,
            }
        }
    }
    count
}

#[test]
fn two_thousand_files_go_there_and_back_although_the_program_is_killed() {
    const COUNT: usize = 2_000;
    let (served, scratch) = (server(), Scratch::new());
    let (source, there) = (scratch.path("source"), served.root.join("site"));
    make(&source, COUNT);
    let (from, site, back) = (scratch.arg("source"), url(&served, "site"), scratch.arg("back"));
    for (from, to, target) in [(&from, &site, &there), (&site, &back, &scratch.path("back"))] {
        assert!(kill_in_the_middle(from, to, target, COUNT));
        let outcome = ftp(&["--json", "mirror", "--parallel", "4", from, to]).succeeds();
        let done = summary(&outcome);
        let moved = done["downloaded"].as_u64().unwrap() + done["uploaded"].as_u64().unwrap();
        assert!(done["unchanged"].as_u64() > Some(COUNT as u64 / 4), "{done}");
        assert_eq!(moved + done["unchanged"].as_u64().unwrap(), COUNT as u64 + 4 + 9, "{done}");
        assert!(tree(&source) == tree(target));
        // Once more, nothing is left to do.
        let outcome = ftp(&["mirror", "--delete", from, to]).succeeds();
        assert!(error(&outcome).contains("nothing transferred, 2013 unchanged in"), "{outcome}");
    }
}

#[test]
fn an_interrupted_file_is_continued_if_it_is_still_the_same() {
    for (is_up, is_same) in [(false, true), (false, false), (true, true), (true, false)] {
        let (served, scratch) = (server(), Scratch::new());
        let (local, there) = (scratch.path("local"), served.root.join("there"));
        let (source, target) = if is_up { (&local, &there) } else { (&there, &local) };
        let content = served::bytes(3_000_000);
        write(&source.join("file"), &content, LONG_AGO);
        let (local, there) = (scratch.arg("local"), url(&served, "there"));
        let (from, to) = if is_up { (&local, &there) } else { (&there, &local) };
        let mut command = program();
        command.args(["--limit-rate", "1M", "mirror", from, to]);
        let mut program = Program::start(&mut command, Stdio::null());
        let begun = Instant::now();
        let arrived = || {
            let entries = fs::read_dir(target).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum::<u64>()
        };
        while arrived() < 500_000 {
            assert!(begun.elapsed() < LIMIT && program.wait(Duration::ZERO).is_none());
            thread::sleep(Duration::from_millis(30));
        }
        program.kill_now();
        // Under its own name there is nothing yet.
        assert!(!target.join("file").exists() && names(target).len() == 1, "{:?}", names(target));
        let mut expected = content.clone();
        if !is_same {
            expected.reverse();
            write(&source.join("file"), &expected, LONG_AGO + 1);
        }
        let outcome = ftp(&["--json", "mirror", from, to]).succeeds();
        let events = events(&outcome);
        let transfer = events.iter().find(|event| event["event"] == "transfer").unwrap();
        assert_eq!(transfer["resumed_at"].as_u64() > Some(0), is_same, "{transfer}");
        assert_eq!(names(target), ["file"]);
        assert!(tree(source) == tree(target), "{is_up} {is_same}");
    }
}

#[test]
fn a_mirror_does_the_same_on_each_runtime() {
    for runtime in ["std", "tokio", "smol"] {
        let (served, scratch) = (server(), Scratch::new());
        make(&scratch.path("source"), 30);
        let (from, site, back) = (scratch.arg("source"), url(&served, "site"), scratch.arg("back"));
        for (from, to) in [(&from, &site), (&site, &back)] {
            ftp(&["--runtime", runtime, "mirror", "-P", "3", from, to]).succeeds();
        }
        assert!(tree(&scratch.path("source")) == tree(&scratch.path("back")), "{runtime}");
    }
}

#[test]
fn only_what_differs_is_transferred_and_only_what_is_to_be_removed_is() {
    let (served, scratch) = (server(), Scratch::new());
    let (source, target) = (scratch.path("source"), served.root.join("site"));
    for (root, files) in [
        (
            &source,
            &[("same", "a", 0), ("size", "aa", 0), ("time", "b", 0), ("new/file", "a", 0), ("x.o", "a", 0)][..],
        ),
        (
            &target,
            &[("same", "a", 0), ("size", "a", 0), ("time", "a", 1), ("old/file", "a", 0), ("y.o", "a", 0)],
        ),
    ] {
        for (name, content, later) in files {
            write(&root.join(name), content.as_bytes(), LONG_AGO + later);
        }
    }
    let (from, to) = (scratch.arg("source"), url(&served, "site"));
    let mirror = ["--json", "mirror", "--delete", "--exclude", "*.o"];
    let before = tree(&target);
    let outcome = ftp(&[&mirror[..], &["--dry-run", &from, &to]].concat()).succeeds();
    let mut planned: Vec<String> = events(&outcome)
        .iter()
        .filter(|event| event["event"] == "plan")
        .map(|event| format!("{} {}", event["action"].as_str().unwrap(), event["path"].as_str().unwrap()))
        .collect();
    planned.sort();
    let expected = [
        "make directory new",
        "remove old",
        "remove old/file",
        "upload new/file",
        "upload size",
        "upload time",
    ];
    assert_eq!(planned, expected);
    assert!(tree(&target) == before, "a dry run changes nothing");

    let done = summary(&ftp(&[&mirror[..], &[&from, &to]].concat()).succeeds());
    assert_eq!(
        (&done["uploaded"], &done["removed"], &done["unchanged"]),
        (&3.into(), &2.into(), &1.into()),
        "{done}"
    );
    assert_eq!(names(&target), ["new", "same", "size", "time", "y.o"]);
    // Only C files, and what is not mirrored is not removed.
    write(&source.join("c/a.c"), b"c", LONG_AGO);
    write(&source.join("h/a.h"), b"h", LONG_AGO);
    ftp(&["mirror", "--delete", "--include", "*.c", &from, &to]).succeeds();
    assert_eq!(names(&target), ["c", "new", "same", "size", "time", "y.o"]);
}

#[test]
fn content_is_compared_and_verified_where_the_server_computes_hashes() {
    let with = |hashes| {
        Served::at("127.0.0.1:0", move |server| {
            let mut config = ftp_proto::server::Config::default();
            config.hashes = hashes;
            server.with_config(config)
        })
    };
    let scratch = Scratch::new();
    let local = scratch.path("local");
    for is_up in [true, false] {
        let served = with(ftp_proto::io::HASHES);
        let there = served.root.join("there");
        let _ = fs::remove_dir_all(&local);
        let (source, target) = if is_up { (&local, &there) } else { (&there, &local) };
        for (root, content, time) in
            [(source, "same", 0), (target, "same", 7), (source, "abcd", 0), (target, "dcba", 0)]
        {
            let name = if content == "same" { "same" } else { "other" };
            write(&root.join(name), content.as_bytes(), LONG_AGO + time);
        }
        let (from, to) = match is_up {
            true => (scratch.arg("local"), url(&served, "there")),
            false => (url(&served, "there"), scratch.arg("local")),
        };
        let done = summary(&ftp(&["--json", "mirror", "--checksum", "--verify", &from, &to]).succeeds());
        let moved = done["uploaded"].as_u64().unwrap() + done["downloaded"].as_u64().unwrap();
        assert_eq!((moved, &done["unchanged"]), (1, &1.into()), "{done}");
        assert_eq!(fs::read(target.join("other")).unwrap(), b"abcd");
    }
    // Without hashes, sizes and times are what there is.
    let served = with(&[]);
    write(&served.root.join("there/same"), b"same", LONG_AGO);
    let outcome =
        ftp(&["mirror", "--checksum", "--verify", &url(&served, "there"), &scratch.arg("local")]).succeeds();
    assert!(error(&outcome).contains("computes no hashes"), "{outcome}");
}

#[test]
fn a_server_that_admits_fewer_connections_gets_fewer() {
    let served = Served::at("127.0.0.1:0", |server| server.with_max_sessions(2));
    let scratch = Scratch::new();
    make(&scratch.path("source"), 60);
    let outcome = ftp(&["mirror", "-P", "8", &scratch.arg("source"), &url(&served, "site")]).succeeds();
    assert!(error(&outcome).contains("one connection less"), "{outcome}");
    assert!(tree(&scratch.path("source")) == tree(&served.root.join("site")));
}

#[test]
fn several_files_and_trees_are_put() {
    let (served, scratch) = (server(), Scratch::new());
    make(&scratch.path("tree"), 20);
    write(&scratch.path("one"), b"1", LONG_AGO);
    write(&scratch.path("two"), b"2", LONG_AGO);
    fs::create_dir(served.root.join("d")).unwrap();
    ftp(&["put", &scratch.arg("one"), &scratch.arg("two"), &url(&served, "d")]).ends_with(2);
    ftp(&["put", &scratch.arg("one"), &scratch.arg("two"), &url(&served, "d/")]).succeeds();
    assert_eq!(names(&served.root.join("d")), ["one", "two"]);
    let outcome = ftp(&["put", &scratch.arg("one"), &scratch.arg("none"), &url(&served, "d/")]).ends_with(4);
    assert!(error(&outcome).contains("1 file (1 B) sent, 1 failed in"), "{outcome}");
    let outcome = ftp(&["put", "-r", &scratch.arg("tree"), &url(&served, "copy")]).succeeds();
    assert!(error(&outcome).contains("33 files") && error(&outcome).contains("sent in"), "{outcome}");
    assert_eq!(tree_size(&served.root.join("copy")), 33);
}
