//! What is told of what is there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use ftp_proto::codec::Permissions;
use ftp_proto::io::{Access, DirectoryEntries, Filesystem, Refusal, VirtualPath, Wishes};
use ftp_proto::listing::{Entry, Fields, Kind};

use crate::scratch::{READ, Scratch, WRITE, names, path, read_all, refused, whole, write_all};

#[test]
fn names_are_bytes() {
    let scratch = Scratch::new();
    let directory = scratch.writable();
    for name in [&b"\xff\xfe"[..], b"caf\xe9", b"a\\b", b"..\\x", b"c:", b" ", b"tab\tq", b"\x7f\x1b[0m"] {
        let full = [b"/", name].concat();
        match directory.open(path(&full), WRITE, &Wishes::default()) {
            Ok(opened) => write_all(opened, name),
            // Some file systems hold Unicode alone.
            Err(refusal) => {
                assert_eq!(refusal, Refusal::BadName);
                continue;
            }
        }
        assert_eq!(fs::read(scratch.at("").join(OsStr::from_bytes(name))).unwrap(), name);
        assert_eq!(directory.entry(path(&full), false).unwrap().entry().name.as_bytes(), name);
        assert_eq!(names(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap()), [name]);
        directory.rename(path(&full), path("/plain")).unwrap();
        directory.rename(path("/plain"), path(&full)).unwrap();
        assert_eq!(read_all(directory.open(path(&full), READ, &Wishes::default()).unwrap()), name);
        directory.remove_file(path(&full)).unwrap();
    }
}

#[test]
fn a_name_that_no_line_can_show_is_left_out() {
    let scratch = Scratch::new();
    scratch.file("plain", "").file("cr\r", "").file("lf\n-rw-r--r-- 1 0 0 0 Jan 1 1970 forged", "");
    scratch.link("link", "tar\nget");
    let directory = scratch.read_only();
    assert_eq!(
        names(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap()),
        [b"link".to_vec(), b"plain".to_vec()]
    );
    let link = directory.entry(path("/link"), false).unwrap();
    assert_eq!(link.entry().kind, Kind::Link { target: None });
}

#[test]
fn an_entry_of_every_kind_is_told_as_what_it_is() {
    let scratch = Scratch::new();
    scratch.file("file", "12345").directory("directory").link("link", "directory/../file");
    scratch.link("dangling", "nothing").link("absolute", "/etc/passwd").link("loop", "loop");
    fs::set_permissions(scratch.at("file"), fs::Permissions::from_mode(0o4640)).unwrap();
    fs::hard_link(scratch.at("file"), scratch.at("hard")).unwrap();
    let changed = UNIX_EPOCH + Duration::from_millis(1_731_182_790_250);
    fs::File::options().write(true).open(scratch.at("file")).unwrap().set_modified(changed).unwrap();
    assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();

    let directory = scratch.writable();
    let listed = whole(directory.entries(VirtualPath::ROOT, Fields::all()).unwrap());
    let target = |target: &'static str| Kind::Link { target: Some(target.try_into().unwrap()) };
    let expected = [
        ("file", Kind::File, Some("adfrw")),
        ("hard", Kind::File, Some("adfrw")),
        ("directory", Kind::Directory, Some("cdeflmp")),
        ("link", target("directory/../file"), None),
        ("dangling", target("nothing"), None),
        ("loop", target("loop"), None),
        // What lies outside is not told.
        ("absolute", Kind::Link { target: None }, None),
        ("pipe", Kind::Pipe, Some("df")),
        ("socket", Kind::Socket, Some("df")),
    ];
    assert_eq!(listed.len(), expected.len());
    for (name, kind, letters) in expected {
        let alone = directory.entry(path(&format!("/{name}")), false).unwrap();
        let entry = alone.entry();
        assert!(listed.contains(&alone), "{name}");
        assert_eq!((entry.name.as_bytes(), entry.kind), (name.as_bytes(), kind));
        assert_eq!(entry.permissions, letters.map(|letters| Permissions::parse(letters.as_bytes()).unwrap()));
        let status = fs::symlink_metadata(scratch.at(name)).unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_eq!(entry.size, status.is_file().then_some(status.len()));
        assert_eq!(entry.mode.map(u32::from), Some(status.mode() & 0o7777));
        assert_eq!(entry.links, Some(status.nlink()));
        assert_eq!(entry.owner.unwrap().as_bytes(), status.uid().to_string().as_bytes());
        assert_eq!(entry.group.unwrap().as_bytes(), status.gid().to_string().as_bytes());
        assert_eq!(entry.modified.unwrap().to_unix(0), (status.mtime(), 0));
    }
    let unique = |name| directory.entry(path(name), false).unwrap().entry().unique.unwrap().to_string();
    assert_eq!(unique("/file"), unique("/hard"));
    assert_ne!(unique("/file"), unique("/directory"));
    let file = directory.entry(path("/file"), false).unwrap();
    assert_eq!(file.entry().modified.unwrap().to_string(), "2024-11-09T20:06:30Z");
    assert_eq!(file.entry().mode, Some(0o4640));

    for (name, expected) in [
        ("/link", Ok(Kind::File)),
        ("/dangling", Err(Refusal::NotFound)),
        ("/loop", Err(Refusal::NotFound)),
        ("/absolute", Err(Refusal::Denied)),
    ] {
        let entry = directory.entry(path(name), true);
        assert_eq!(entry.as_ref().map(|entry| entry.entry().kind).map_err(|refusal| *refusal), expected);
    }
}

#[test]
fn every_field_that_is_asked_for_is_told_whatever_else_is_asked_for() {
    let scratch = Scratch::new();
    scratch.file("file", "12345").directory("directory").link("link", "directory/../file");
    scratch.link("absolute", "/etc/passwd");
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
    assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
    let directory = scratch.writable();
    let listed = |fields| {
        let mut listed = whole(directory.entries(VirtualPath::ROOT, fields).unwrap());
        listed.sort_by_key(|entry| entry.entry().name.as_bytes().to_vec());
        listed
    };
    let expected = listed(Fields::all());
    assert_eq!(expected.len(), 6);
    for bits in 0..=Fields::all().bits() {
        let fields = Fields::from_bits(bits).unwrap();
        let found = listed(fields);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let (found, expected) = (found.entry(), expected.entry());
            assert_eq!(found.name, expected.name);
            for field in fields.iter() {
                let is_same = match field {
                    Fields::KIND => found.kind == expected.kind,
                    Fields::SIZE => found.size == expected.size,
                    Fields::MODIFIED => found.modified == expected.modified,
                    Fields::MODE => found.mode == expected.mode,
                    Fields::PERMISSIONS => found.permissions == expected.permissions,
                    Fields::OWNER => found.owner == expected.owner,
                    Fields::GROUP => found.group == expected.group,
                    Fields::LINKS => found.links == expected.links,
                    _ => found.unique == expected.unique,
                };
                assert!(is_same, "{field:?} of {fields:?}: {found:?}, not {expected:?}");
            }
        }
    }
}

#[test]
fn the_root_is_a_directory_that_stays_where_it_is() {
    let scratch = Scratch::new();
    scratch.file("file", "");
    let directory = scratch.writable();
    for follow in [false, true] {
        let root = directory.entry(VirtualPath::ROOT, follow).unwrap();
        assert_eq!((root.entry().name.as_bytes(), root.entry().kind), (&b"/"[..], Kind::Directory));
        assert_eq!(root.entry().permissions, Some(Permissions::parse(b"celmp").unwrap()));
    }
    let root = VirtualPath::ROOT;
    for access in [READ, WRITE, Access::Append] {
        assert_eq!(refused(directory.open(root, access, &Wishes::default())), Some(Refusal::IsADirectory));
    }
    assert_eq!(refused(directory.make_directory(root, &Wishes::default())), Some(Refusal::Exists));
    assert_eq!(refused(directory.remove_file(root)), Some(Refusal::IsADirectory));
    assert_eq!(refused(directory.remove_directory(root)), Some(Refusal::Denied));
    assert_eq!(refused(directory.rename(root, path("/a"))), Some(Refusal::Denied));
    assert_eq!(refused(directory.rename(path("/file"), root)), Some(Refusal::Denied));
}

#[test]
fn an_entry_that_vanishes_while_listing_is_left_out() {
    let scratch = Scratch::new();
    // More than one read of the directory brings.
    for number in 0..2_000 {
        scratch.file(&format!("file-with-a-name-of-some-length-{number}"), "");
    }
    let directory = scratch.read_only();
    let mut entries = directory.entries(VirtualPath::ROOT, Fields::all()).unwrap();
    let mut shown = 0;
    let mut show = |_: &Entry<'_>| {
        shown += 1;
        for number in 0..2_000 {
            let _ = fs::remove_file(scratch.at(&format!("file-with-a-name-of-some-length-{number}")));
        }
    };
    let more = (0..2_000).any(|_| !entries.next_entries(&mut show).unwrap());
    assert!(more && !entries.next_entries(&mut show).unwrap());
    assert_eq!(shown, 1);
}
