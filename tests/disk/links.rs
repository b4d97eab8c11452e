//! That no path leads out of the directory: links least of all.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ftp_proto::io::{Access, Filesystem, Refusal, VirtualPath, Wishes};
use ftp_proto::listing::{Fields, Kind, OwnedEntry};

use crate::scratch::{READ, Scratch, WRITE, names, path, read_all, refused, whole};

#[test]
fn a_path_is_absolute_and_normal() {
    for good in ["/", "/a", "/a/b c", "/...", "/a/.b", "/\u{e4}"] {
        assert_eq!(VirtualPath::parse(good.as_bytes()).unwrap().as_bytes(), good.as_bytes());
    }
    for bad in
        ["", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/..", "/../a", "/a/./b", "/a\rb", "/a\nb", "/\0"]
    {
        assert!(VirtualPath::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

#[test]
fn no_link_leads_out() {
    let scratch = Scratch::new();
    let outside = scratch.outside().to_path_buf();
    scratch.directory("d");
    let links: &[(&str, &Path)] = &[
        ("absolute", Path::new("/etc/passwd")),
        ("absolute-directory", Path::new("/etc")),
        ("system-root", Path::new("/")),
        ("parent", Path::new("..")),
        ("file-of-parent", Path::new("../secret")),
        ("d/two-up", Path::new("../../secret")),
        ("out-and-in", Path::new("../root/d")),
        ("through-link", Path::new("d/up/secret")),
        ("d/up", Path::new("../..")),
        ("missing-outside", Path::new("../new")),
        ("own-root-by-absolute-path", &outside.join("root")),
        ("of-a-process", Path::new("/proc/self/cwd")),
    ];
    for (name, target) in links {
        scratch.link(name, target);
    }
    let before = fs::read_dir(&outside).unwrap().count();
    let directory = scratch.writable();
    for (name, _) in links {
        let link = format!("/{name}");
        let link = path(&link);
        let denied = Some(Refusal::Denied);
        assert_eq!(refused(directory.entry(link, true)), denied, "{name}");
        assert_eq!(refused(directory.entries(link, Fields::all())), denied, "{name}");
        assert!(directory.open_cached(link, 0).is_none(), "{name}");
        for access in [READ, WRITE, Access::Write { offset: 1 }, Access::Append] {
            assert_eq!(
                refused(directory.open(link, access, &Wishes::default())),
                denied,
                "{name} {access:?}"
            );
        }
        for below in ["secret", "passwd", "new", "d"] {
            let below = format!("/{name}/{below}");
            let below = path(&below);
            assert_eq!(refused(directory.entry(below, false)), denied, "{below:?}");
            assert_eq!(refused(directory.open(below, READ, &Wishes::default())), denied, "{below:?}");
            assert_eq!(refused(directory.open(below, WRITE, &Wishes::default())), denied, "{below:?}");
            assert_eq!(
                refused(directory.open(below, Access::Unique, &Wishes::default())),
                denied,
                "{below:?}"
            );
            assert_eq!(refused(directory.make_directory(below, &Wishes::default())), denied, "{below:?}");
            assert_eq!(refused(directory.remove_directory(below)), denied, "{below:?}");
            assert_eq!(refused(directory.remove_file(below)), denied, "{below:?}");
            assert_eq!(refused(directory.rename(below, path("/stolen"))), denied, "{below:?}");
            assert_eq!(refused(directory.rename(path("/d"), below)), denied, "{below:?}");
        }
        // The link itself is within, and may be seen and removed.
        assert!(matches!(directory.entry(link, false).unwrap().entry().kind, Kind::Link { .. }));
    }
    for (name, _) in links {
        directory.remove_file(path(&format!("/{name}"))).unwrap();
    }
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "outside");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), before);
}

#[test]
fn a_link_within_is_followed() {
    let scratch = Scratch::new();
    scratch.directory("d").file("d/file", "content").link("d/up", "..").link("link", "d/file");
    let directory = scratch.writable();
    for name in ["/link", "/d/up/link", "/d/up/d/file"] {
        assert_eq!(read_all(directory.open(path(name), READ, &Wishes::default()).unwrap()), b"content");
        assert_eq!(directory.entry(path(name), true).unwrap().entry().size, Some(7));
    }
    assert_eq!(
        names(directory.entries(path("/d/up/d"), Fields::all()).unwrap()),
        [b"file".to_vec(), b"up".to_vec()]
    );
    // It is the link that is moved and removed.
    directory.rename(path("/link"), path("/d/moved")).unwrap();
    directory.remove_file(path("/d/moved")).unwrap();
    assert_eq!(scratch.content("d/file"), "content");
    assert_eq!(refused(directory.remove_directory(path("/d/up"))), Some(Refusal::NotADirectory));
}

#[test]
fn a_link_swapped_in_meanwhile_does_not_lead_out() {
    let scratch = Scratch::new();
    scratch.directory("real").file("real/secret", "inside").link("fake", "..");
    scratch.directory("door").file("door/secret", "inside");
    let directory = scratch.writable();
    let stop = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            // `door` is by turns a directory, a link to the outside, and not there.
            while !stop.load(Ordering::Relaxed) {
                fs::rename(scratch.at("door"), scratch.at("aside")).unwrap();
                fs::rename(scratch.at("fake"), scratch.at("door")).unwrap();
                fs::rename(scratch.at("door"), scratch.at("fake")).unwrap();
                fs::rename(scratch.at("aside"), scratch.at("door")).unwrap();
            }
        });
        let mut opened = 0;
        for round in 0..20_000 {
            if let Ok(file) = directory.open(path("/door/secret"), READ, &Wishes::default()) {
                assert_eq!(read_all(file), b"inside");
                opened += 1;
            }
            if round % 16 == 0 {
                let _ = directory.remove_file(path("/door/new"));
                let _ =
                    directory.make_directory(path("/door/made"), &Wishes::default()).map(|()| opened += 1);
                let _ = directory.remove_directory(path("/door/made"));
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(opened > 0);
    });
    assert_eq!(fs::read_dir(scratch.outside()).unwrap().count(), 2);
}

#[test]
fn where_a_link_leads_is_told_only_within_the_root() {
    let scratch = Scratch::new();
    let within = ["file", "missing", "d/../file", "d/in", "self"];
    let outside = ["/etc/passwd", "..", "../secret", "../new", "d/../../secret", "d/up/new"];
    scratch.directory("d").file("file", "content").link("d/in", "../file").link("d/up", "../..");
    let name = |number: usize, of: &str| format!("{of}{number}");
    for (of, targets) in [("in", &within[..]), ("out", &outside[..])] {
        for (number, target) in targets.iter().enumerate() {
            scratch.link(&name(number, of), if *target == "self" { "in4" } else { target });
        }
    }
    let directory = scratch.writable();
    let shows = |entry: &OwnedEntry| matches!(entry.entry().kind, Kind::Link { target: Some(_) });
    for (of, targets, shown) in [("in", &within[..], true), ("out", &outside[..], false)] {
        for (number, target) in targets.iter().enumerate() {
            let link = format!("/{}", name(number, of));
            assert_eq!(shows(&directory.entry(path(&link), false).unwrap()), shown, "{target}");
        }
    }
    for entry in whole(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap()) {
        let name = entry.entry().name.as_bytes().to_vec();
        assert_eq!(shows(&entry), name.starts_with(b"in"), "{name:?}");
    }
    for entry in whole(directory.entries(path("/d"), Fields::all()).unwrap()) {
        assert_eq!(shows(&entry), entry.entry().name.as_bytes() == b"in");
    }
}
