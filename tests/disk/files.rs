//! What is read and written, and where it lands.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use ftp_proto::io::{Access, Directory, File, Filesystem, Refusal, VirtualPath, Wishes};
use ftp_proto::listing::{Fields, Kind};

use crate::scratch::{READ, Scratch, WRITE, names, path, read_all, refused, write_all};

#[test]
fn reading_begins_at_the_offset_and_ends_at_the_end() {
    let scratch = Scratch::new();
    scratch.file("file", "0123456789");
    let directory = scratch.read_only();
    for (offset, expected) in [(0, "0123456789"), (3, "3456789"), (9, "9"), (10, "")] {
        let opened = directory.open(path("/file"), Access::Read { offset }, &Wishes::default()).unwrap();
        assert_eq!(opened.size, Some(10 - offset));
        assert_eq!(opened.unique_name, None);
        let behind = opened.file.as_file().unwrap();
        assert_eq!(std::io::Seek::stream_position(&mut &*behind).unwrap(), offset);
        assert_eq!(read_all(opened), expected.as_bytes());
    }
    for offset in [11, u64::MAX] {
        let opened = directory.open(path("/file"), Access::Read { offset }, &Wishes::default());
        assert_eq!(refused(opened), Some(Refusal::BadOffset));
    }
}

#[test]
fn writing_replaces_what_there_is_from_the_offset_on() {
    for (before, access, expected) in [
        (None, WRITE, Ok("new")),
        (Some(""), WRITE, Ok("new")),
        (Some("0123456789"), WRITE, Ok("new")),
        (Some("0123456789"), Access::Write { offset: 2 }, Ok("01new")),
        (Some("0123456789"), Access::Write { offset: 10 }, Ok("0123456789new")),
        (Some("0123456789"), Access::Write { offset: 11 }, Err(Refusal::BadOffset)),
        (Some(""), Access::Write { offset: 1 }, Err(Refusal::BadOffset)),
        (None, Access::Write { offset: 1 }, Err(Refusal::NotFound)),
        (None, Access::Append, Ok("new")),
        (Some("0123"), Access::Append, Ok("0123new")),
    ] {
        let scratch = Scratch::new();
        if let Some(content) = before {
            scratch.file("file", content);
        }
        for sync in [false, true] {
            let directory = scratch.writable().sync_on_finish(sync);
            let opened = directory.open(path("/file"), access, &Wishes::default());
            match expected {
                Ok(content) => {
                    let opened = opened.unwrap();
                    assert_eq!((opened.size, &opened.unique_name), (None, &None));
                    write_all(opened, b"new");
                    assert_eq!(scratch.content("file"), content, "{before:?} {access:?}");
                    before.map_or_else(
                        || fs::remove_file(scratch.at("file")).unwrap(),
                        |content| {
                            scratch.file("file", content);
                        },
                    );
                }
                Err(refusal) => {
                    assert_eq!(refused(opened), Some(refusal), "{before:?} {access:?}");
                    assert_eq!(fs::read_to_string(scratch.at("file")).ok().as_deref(), before);
                }
            }
        }
    }
}

#[test]
fn two_that_append_lose_nothing() {
    let scratch = Scratch::new();
    let directory = scratch.writable();
    let mut first = directory.open(path("/log"), Access::Append, &Wishes::default()).unwrap();
    let mut second = directory.open(path("/log"), Access::Append, &Wishes::default()).unwrap();
    assert!(first.file.as_file().is_none());
    first.file.write(b"a").unwrap();
    second.file.write(b"b").unwrap();
    first.file.write(b"c").unwrap();
    assert_eq!(scratch.content("log"), "abc");
}

#[test]
fn an_upload_broken_off_stays_to_be_resumed() {
    let scratch = Scratch::new();
    let directory = scratch.writable();
    let mut opened = directory.open(path("/file"), WRITE, &Wishes::default()).unwrap();
    opened.file.write(b"half").unwrap();
    drop(opened);
    write_all(
        directory.open(path("/file"), Access::Write { offset: 4 }, &Wishes::default()).unwrap(),
        b" and half",
    );
    assert_eq!(scratch.content("file"), "half and half");
}

#[test]
fn a_unique_name_is_one_that_nothing_has() {
    let scratch = Scratch::new();
    scratch.directory("d").file("name", "old").link("name.1", "../nowhere").directory("name.2");
    let directory = scratch.writable();
    for (wished, expected, stored) in [
        ("/name", "name.3", "name.3"),
        ("/name", "name.4", "name.4"),
        ("/other", "other", "other"),
        ("/d/name", "name", "d/name"),
        ("/d", "upload", "d/upload"),
        ("/d", "upload.1", "d/upload.1"),
        ("/", "upload", "upload"),
    ] {
        let opened = directory.open(path(wished), Access::Unique, &Wishes::default()).unwrap();
        assert_eq!(opened.unique_name.as_deref(), Some(expected.as_bytes()));
        write_all(opened, b"new");
        assert_eq!(scratch.content(stored), "new");
    }
    assert_eq!(scratch.content("name"), "old");
    assert!(!scratch.outside().join("nowhere").exists());
    for (wished, refusal) in [("/none/name", Refusal::NotFound), ("/name/name", Refusal::NotADirectory)] {
        assert_eq!(refused(directory.open(path(wished), Access::Unique, &Wishes::default())), Some(refusal));
    }
}

#[test]
fn unique_names_do_not_run_out() {
    let scratch = Scratch::new();
    let directory = scratch.writable();
    let mut given: Vec<_> = (0..150)
        .map(|_| {
            let mut opened = directory.open(path("/n"), Access::Unique, &Wishes::default()).unwrap();
            opened.file.begin().unwrap();
            opened.unique_name.unwrap()
        })
        .collect();
    assert_eq!((&*given[0], &*given[99]), (&b"n"[..], &b"n.99"[..]));
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 150);
    assert_eq!(names(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap()), given);
}

#[test]
fn what_is_no_file_is_not_opened_and_nobody_waits_for_it() {
    let scratch = Scratch::new();
    scratch.directory("directory").link("to-pipe", "pipe");
    assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
    let directory = scratch.writable();
    for (name, refusal) in [
        ("/pipe", Refusal::Denied),
        ("/to-pipe", Refusal::Denied),
        ("/socket", Refusal::Denied),
        ("/directory", Refusal::IsADirectory),
    ] {
        for access in [READ, WRITE, Access::Write { offset: 1 }, Access::Append] {
            assert_eq!(
                refused(directory.open(path(name), access, &Wishes::default())),
                Some(refusal),
                "{name} {access:?}"
            );
        }
    }
    let devices = Directory::open("/dev").unwrap().writable();
    assert!(matches!(
        devices.entry(path("/null"), false).unwrap().entry().kind,
        Kind::CharacterDevice(Some(_))
    ));
    assert_eq!(refused(devices.open(path("/null"), READ, &Wishes::default())), Some(Refusal::Denied));
    assert_eq!(refused(devices.open(path("/null"), WRITE, &Wishes::default())), Some(Refusal::Denied));
}

#[test]
fn a_pipe_swapped_in_meanwhile_does_not_block() {
    let scratch = Scratch::new();
    scratch.file("file", "content");
    assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
    let directory = scratch.writable();
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(scratch.at("file"), scratch.at("aside")).unwrap();
                fs::rename(scratch.at("pipe"), scratch.at("file")).unwrap();
                fs::rename(scratch.at("file"), scratch.at("pipe")).unwrap();
                fs::rename(scratch.at("aside"), scratch.at("file")).unwrap();
            }
        });
        for _ in 0..5_000 {
            if let Ok(opened) = directory.open(path("/file"), READ, &Wishes::default()) {
                assert_eq!(read_all(opened), b"content");
            }
            let _ = directory.open(path("/file"), Access::Write { offset: 7 }, &Wishes::default());
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_file_may_be_replaced_by_renaming_and_a_directory_moves() {
    let scratch = Scratch::new();
    scratch.file("a", "a").file("b", "b").directory("d").file("d/x", "x").link("l", "b");
    let directory = scratch.writable();
    directory.rename(path("/a"), path("/b")).unwrap();
    assert_eq!(scratch.content("b"), "a");
    directory.rename(path("/b"), path("/b")).unwrap();
    directory.rename(path("/d"), path("/d")).unwrap();
    directory.make_directory(path("/e"), &Wishes::default()).unwrap();
    directory.rename(path("/d"), path("/e/d")).unwrap();
    assert_eq!(scratch.content("e/d/x"), "x");
    // A link that is in the way is replaced, not what it leads to.
    directory.rename(path("/e/d/x"), path("/l")).unwrap();
    assert_eq!((scratch.content("l"), scratch.content("b")), ("x".into(), "a".into()));
    directory.remove_directory(path("/e/d")).unwrap();
    assert_eq!(names(directory.entries(path("/e"), Fields::all()).unwrap()), Vec::<Vec<u8>>::new());
}

#[test]
fn files_are_put_together_and_their_parts_are_gone() {
    let scratch = Scratch::new();
    scratch.file("1", "one").file("2", "two").file("3", "three").file("there", "zero");
    let directory = scratch.writable();
    directory.combine(path("/new"), &[path("/1"), path("/2")]).unwrap();
    assert_eq!(scratch.content("new"), "onetwo");
    directory.combine(path("/there"), &[path("/new"), path("/3")]).unwrap();
    assert_eq!(scratch.content("there"), "zeroonetwothree");
    assert_eq!(names(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap()), [b"there"]);
}

#[test]
fn files_that_cannot_be_put_together_stay_as_they_were() {
    let scratch = Scratch::new();
    scratch.file("1", "one").file("2", "two").file("there", "zero").directory("d").link("same", "there");
    scratch.link("out", "../secret");
    let (directory, read_only) = (scratch.writable(), scratch.read_only());
    for (target, parts, refusal) in [
        ("/new", &["/1", "/none"][..], Refusal::NotFound),
        ("/new", &["/1", "/d"], Refusal::IsADirectory),
        ("/new", &["/1", "/1"], Refusal::BadName),
        ("/new", &["/1", "/out"], Refusal::Denied),
        ("/out", &["/1"], Refusal::Denied),
        ("/there", &["/1", "/there"], Refusal::BadName),
        ("/there", &["/1", "/same"], Refusal::BadName),
        ("/d", &["/1"], Refusal::IsADirectory),
        ("/", &["/1"], Refusal::IsADirectory),
        ("/new", &["/1", "/"], Refusal::IsADirectory),
        ("/d/none/new", &["/1"], Refusal::NotFound),
    ] {
        let parts: Vec<_> = parts.iter().map(path).collect();
        assert_eq!(directory.combine(path(target), &parts), Err(refusal), "{target} {parts:?}");
        assert_eq!(read_only.combine(path(target), &parts), Err(Refusal::Denied), "{target} {parts:?}");
        assert_eq!(["1", "2", "there"].map(|name| scratch.content(name)), ["one", "two", "zero"]);
        assert!(!scratch.at("new").exists(), "{target} {parts:?}");
    }
}

#[test]
fn an_upload_that_never_begins_changes_nothing() {
    for (before, access) in [
        (None, WRITE),
        (Some("0123456789"), WRITE),
        (Some("0123456789"), Access::Write { offset: 3 }),
        (Some("0123456789"), Access::Append),
        (None, Access::Append),
        (None, Access::Unique),
        (Some(""), WRITE),
    ] {
        let scratch = Scratch::new();
        if let Some(content) = before {
            scratch.file("file", content);
        }
        let directory = scratch.writable();
        let opened = directory.open(path("/file"), access, &Wishes::default()).unwrap();
        assert_eq!(fs::read_to_string(scratch.at("file")).unwrap(), before.unwrap_or_default(), "{access:?}");
        drop(opened);
        assert_eq!(fs::read_to_string(scratch.at("file")).ok().as_deref(), before, "{access:?}");
        // What has begun and brought nothing is an empty file.
        let mut opened = directory.open(path("/file"), access, &Wishes::default()).unwrap();
        opened.file.begin().unwrap();
        drop(opened);
        assert!(scratch.at("file").exists(), "{access:?}");
    }
}

#[test]
fn a_file_that_was_made_for_an_upload_and_is_anothers_by_now_stays() {
    let scratch = Scratch::new();
    let directory = scratch.writable();
    let opened = directory.open(path("/file"), WRITE, &Wishes::default()).unwrap();
    write_all(directory.open(path("/file"), WRITE, &Wishes::default()).unwrap(), b"new");
    drop(opened);
    assert_eq!(scratch.content("file"), "new");
}
