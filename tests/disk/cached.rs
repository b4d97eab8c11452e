//! What is opened without waiting.

#[cfg(target_os = "linux")]
use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use ftp_proto::io::{Filesystem, Guarded, Wishes};

use crate::scratch::{READ, Scratch, path, read_all};

/// Returns what is read from `offset` on, if the file is opened at once.
fn cached(on: &impl Filesystem, name: &str, offset: u64) -> Option<(Option<u64>, Vec<u8>)> {
    on.open_cached(path(name), offset).map(|opened| (opened.size, read_all(opened)))
}

#[test]
fn a_file_that_is_cached_is_opened_at_once_as_by_a_call_that_waits() {
    let scratch = Scratch::new();
    scratch.file("file", "0123456789").directory("d").file("d/f", "").link("link", "d/../file");
    let directory = scratch.read_only();
    // Not every file system takes part, and any path may have left the cache: nothing is opened then.
    for _ in 0..3 {
        for (name, offset, size) in
            [("/file", 0, 10), ("/file", 7, 3), ("/file", 10, 0), ("/d/f", 0, 0), ("/link", 1, 9)]
        {
            let content = b"0123456789"[10 - size..].to_vec();
            let expected = (Some(size as u64), content);
            for on in [
                cached(&directory, name, offset),
                cached(&Guarded::read_only(scratch.read_only()), name, offset),
            ] {
                assert!(on.is_none_or(|read| read == expected), "{name} from {offset}");
            }
        }
    }
    // On a file system that does, a file that was just written is there.
    #[cfg(target_os = "linux")]
    if rustix::fs::fstatfs(fs::File::open(scratch.at("")).unwrap()).unwrap().f_type as u64 == 0xef53 {
        assert_eq!(cached(&directory, "/file", 3), Some((Some(7), b"3456789".to_vec())));
    }
}

#[test]
fn nothing_but_a_regular_file_inside_is_opened_at_once() {
    let scratch = Scratch::new();
    scratch.file("file", "0123456789").directory("d");
    scratch.link("up", "..").link("secret", "../secret").link("absolute", scratch.outside().join("secret"));
    scratch.link("dangling", "none").link("itself", "itself").link("process", "/proc/self/exe");
    assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
    let directory = scratch.writable();
    for name in [
        "/",
        "/d",
        "/none",
        "/up",
        "/up/secret",
        "/secret",
        "/absolute",
        "/dangling",
        "/itself",
        "/process",
        "/pipe",
        "/socket",
        "/file/x",
    ] {
        assert!(directory.open_cached(path(name), 0).is_none(), "{name}");
    }
    for offset in [11, u64::MAX] {
        assert!(directory.open_cached(path("/file"), offset).is_none());
    }
    // The failures above have not ended it for others.
    let opened = directory.open(path("/file"), READ, &Wishes::default()).unwrap();
    assert_eq!(read_all(opened), b"0123456789");
}
