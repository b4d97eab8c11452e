//! A directory on disk as a file system, through what the crate exports: that no path leaves it, and that
//! each thing that can go wrong has its refusal.
#![cfg(all(feature = "disk", unix))]

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use ftp_proto::codec::Permissions;
use ftp_proto::io::{
    Access, Accounts, Directory, File, Filesystem, Guarded, Opened, Refusal, Users, VirtualPath, Visitor,
    Wishes,
};
use ftp_proto::listing::{Kind, OwnedEntry};

const READ: Access = Access::Read { offset: 0 };
const WRITE: Access = Access::Write { offset: 0 };

/// A directory of this test alone, removed after it. The root is one level down, so that there is an
/// outside too.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftp-proto-disk-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("root")).unwrap();
        fs::write(path.join("secret"), "outside").unwrap();
        Self(path)
    }

    fn outside(&self) -> &Path {
        &self.0
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join("root").join(name)
    }

    fn file(&self, name: &str, content: &str) -> &Self {
        fs::write(self.at(name), content).unwrap();
        self
    }

    fn directory(&self, name: &str) -> &Self {
        fs::create_dir(self.at(name)).unwrap();
        self
    }

    fn link(&self, name: &str, target: impl AsRef<Path>) -> &Self {
        symlink(target, self.at(name)).unwrap();
        self
    }

    fn content(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn read_only(&self) -> Directory {
        Directory::open(self.0.join("root")).unwrap()
    }

    fn writable(&self) -> Directory {
        self.read_only().writable()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn path(text: &(impl AsRef<[u8]> + ?Sized)) -> VirtualPath<'_> {
    VirtualPath::parse(text.as_ref()).unwrap()
}

fn refused<T>(result: Result<T, Refusal>) -> Option<Refusal> {
    result.err()
}

fn read_all(mut opened: Opened<impl File>) -> Vec<u8> {
    let (mut content, mut buffer) = (Vec::new(), [0; 7]);
    loop {
        match opened.file.read(&mut buffer).unwrap() {
            0 => return content,
            read => content.extend_from_slice(&buffer[..read]),
        }
    }
}

fn write_all(mut opened: Opened<impl File>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = opened.file.write(bytes).unwrap();
        bytes = &bytes[written..];
    }
    opened.file.finish().unwrap();
}

fn whole(entries: impl Iterator<Item = io::Result<OwnedEntry>>) -> Vec<OwnedEntry> {
    entries.map(|entry| entry.unwrap()).collect()
}

fn names(entries: impl Iterator<Item = io::Result<OwnedEntry>>) -> Vec<Vec<u8>> {
    let mut names: Vec<_> =
        whole(entries).iter().map(|entry| entry.entry().name.as_bytes().to_vec()).collect();
    names.sort();
    names
}

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
        assert_eq!(refused(directory.entries(link)), denied, "{name}");
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
    assert_eq!(names(directory.entries(path("/d/up/d")).unwrap()), [b"file".to_vec(), b"up".to_vec()]);
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
        .map(|_| directory.open(path("/n"), Access::Unique, &Wishes::default()).unwrap().unique_name.unwrap())
        .collect();
    assert_eq!((&*given[0], &*given[99]), (&b"n"[..], &b"n.99"[..]));
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 150);
    assert_eq!(names(directory.entries(VirtualPath::ROOT).unwrap()), given);
}

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
        assert_eq!(names(directory.entries(VirtualPath::ROOT).unwrap()), [name]);
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
    assert_eq!(names(directory.entries(VirtualPath::ROOT).unwrap()), [b"link".to_vec(), b"plain".to_vec()]);
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
    let listed = whole(directory.entries(VirtualPath::ROOT).unwrap());
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
fn each_thing_that_can_go_wrong_has_its_refusal() {
    use Refusal::{BadName, Exists, IsADirectory, NotADirectory, NotEmpty, NotFound};
    let scratch = Scratch::new();
    scratch.file("file", "").directory("empty").directory("full").file("full/file", "");
    scratch.link("loop", "loop").link("dangling", "nothing").file("other", "");
    let directory = scratch.writable();
    let long = format!("/{}", "x".repeat(300));
    type Call = fn(&Directory, VirtualPath<'_>) -> Result<(), Refusal>;
    let calls: &[(&str, Call)] = &[
        ("entry", |on, path| on.entry(path, true).map(drop)),
        ("entries", |on, path| on.entries(path).map(drop)),
        ("read", |on, path| on.open(path, READ, &Wishes::default()).map(drop)),
        ("write", |on, path| on.open(path, WRITE, &Wishes::default()).map(drop)),
        ("make", |on, path| on.make_directory(path, &Wishes::default())),
        ("rmdir", |on, path| on.remove_directory(path)),
        ("remove", |on, path| on.remove_file(path)),
        ("from", |on, path| on.rename(path, self::path("/moved"))),
        ("to", |on, path| on.rename(self::path("/other"), path)),
        ("over", |on, path| on.rename(self::path("/empty"), path)),
    ];
    for (call, name, refusal) in [
        ("entry", "/none", NotFound),
        ("entry", "/none/none", NotFound),
        ("entry", "/file/none", NotADirectory),
        ("entry", "/loop", NotFound),
        ("entry", &long, BadName),
        ("entries", "/none", NotFound),
        ("entries", "/file", NotADirectory),
        ("entries", "/dangling", NotFound),
        ("read", "/none", NotFound),
        ("read", "/full", IsADirectory),
        ("read", "/file/none", NotADirectory),
        ("read", "/loop", NotFound),
        ("read", &long, BadName),
        ("write", "/full", IsADirectory),
        ("write", "/none/none", NotFound),
        ("write", &long, BadName),
        ("make", "/file", Exists),
        ("make", "/full", Exists),
        ("make", "/dangling", Exists),
        ("make", "/none/none", NotFound),
        ("make", "/file/none", NotADirectory),
        ("make", &long, BadName),
        ("rmdir", "/none", NotFound),
        ("rmdir", "/file", NotADirectory),
        ("rmdir", "/full", NotEmpty),
        ("remove", "/none", NotFound),
        ("remove", "/full", IsADirectory),
        ("remove", "/empty", IsADirectory),
        ("remove", "/file/none", NotADirectory),
        ("from", "/none", NotFound),
        ("to", "/full", Exists),
        ("to", "/empty", Exists),
        ("to", "/none/none", NotFound),
        ("to", "/file/none", NotADirectory),
        ("to", &long, BadName),
        ("over", "/full", Exists),
        ("over", "/file", Exists),
        ("over", "/empty/none", BadName),
    ] {
        let (_, run) = calls.iter().find(|row| row.0 == call).unwrap();
        assert_eq!(run(&directory, path(name)), Err(refusal), "{call} {name}");
    }
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
    assert_eq!(names(directory.entries(path("/e")).unwrap()), Vec::<Vec<u8>>::new());
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
    assert_eq!(names(directory.entries(VirtualPath::ROOT).unwrap()), [b"there"]);
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
fn an_entry_that_vanishes_while_listing_is_left_out() {
    let scratch = Scratch::new();
    // More than one read of the directory brings.
    for number in 0..2_000 {
        scratch.file(&format!("file-with-a-name-of-some-length-{number}"), "");
    }
    let directory = scratch.read_only();
    let mut entries = directory.entries(VirtualPath::ROOT).unwrap();
    assert!(entries.next().is_some());
    for number in 0..2_000 {
        fs::remove_file(scratch.at(&format!("file-with-a-name-of-some-length-{number}"))).unwrap();
    }
    assert_eq!(entries.by_ref().count(), 0);
    assert!(entries.next().is_none());
}

/// Every call that changes something, with what it does when it is allowed.
fn changes<F: Filesystem>(on: &F) -> Vec<Option<Refusal>> {
    vec![
        refused(on.open(path("/file"), WRITE, &Wishes::default())),
        refused(on.open(path("/file"), Access::Write { offset: 1 }, &Wishes::default())),
        refused(on.open(path("/new"), WRITE, &Wishes::default())),
        refused(on.open(path("/file"), Access::Append, &Wishes::default())),
        refused(on.open(path("/file"), Access::Unique, &Wishes::default())),
        refused(on.open(path("/"), Access::Unique, &Wishes::default())),
        refused(on.open(path("/"), WRITE, &Wishes::default())),
        refused(on.make_directory(path("/made"), &Wishes::default())),
        refused(on.make_directory(path("/"), &Wishes::default())),
        refused(on.remove_directory(path("/d"))),
        refused(on.remove_file(path("/file"))),
        refused(on.remove_file(path("/"))),
        refused(on.rename(path("/file"), path("/moved"))),
    ]
}

#[test]
fn nothing_changes_what_is_read_only() {
    let scratch = Scratch::new();
    scratch.file("file", "content").directory("d");
    let guarded = Guarded::read_only(scratch.writable());
    assert!(changes(&scratch.read_only()).iter().all(|refusal| *refusal == Some(Refusal::Denied)));
    assert!(changes(&scratch.writable().read_only()).iter().all(|refusal| *refusal == Some(Refusal::Denied)));
    assert!(changes(&guarded).iter().all(|refusal| *refusal == Some(Refusal::Denied)));
    assert_eq!(read_all(guarded.open(path("/file"), READ, &Wishes::default()).unwrap()), b"content");
    assert_eq!(names(scratch.read_only().entries(VirtualPath::ROOT).unwrap()).len(), 2);

    // And it says so: the same entries from either.
    let plain = whole(scratch.read_only().entries(VirtualPath::ROOT).unwrap());
    assert_eq!(whole(guarded.entries(VirtualPath::ROOT).unwrap()), plain);
    let file = guarded.entry(path("/file"), false).unwrap();
    assert_eq!(file.entry().permissions, Some(Permissions::RETRIEVE));

    let full = Guarded::full(scratch.writable());
    let entries = whole(full.entries(VirtualPath::ROOT).unwrap());
    assert_eq!(entries, whole(scratch.writable().entries(VirtualPath::ROOT).unwrap()));
    assert!(changes(&full).iter().filter(|refusal| refusal.is_none()).count() > 6);
}

#[test]
fn a_user_comes_in_with_the_password_and_anonymous_with_any() {
    let scratch = Scratch::new();
    let peer = "192.0.2.1:1".parse().unwrap();
    let shared = Arc::new(scratch.writable());
    let login = |users: &Users<Directory>, name: &str, password: &str| {
        users
            .login(&Visitor::new(name, peer, peer), password.as_bytes())
            .map(|guarded| guarded.is_read_only())
    };
    let users = Users::<Directory>::new();
    assert_eq!(login(&users, "anonymous", "me@example.org"), Err(Refusal::Denied));
    assert_eq!(login(&users, "", ""), Err(Refusal::Denied));
    let users = users
        .user("alice", "old", Arc::clone(&shared))
        .user("alice", "secret", Arc::clone(&shared))
        .reader("bob", "", Arc::clone(&shared))
        .user("ftp", "hers", Arc::clone(&shared));
    assert_eq!(login(&users, "ftp", "hers"), Ok(false));
    let users = users.anonymous(shared);
    for (name, password, read_only) in [
        ("alice", "secret", Ok(false)),
        ("alice", "old", Err(Refusal::Denied)),
        ("alice", "secre", Err(Refusal::Denied)),
        ("alice", "secretsecret", Err(Refusal::Denied)),
        ("alice", "", Err(Refusal::Denied)),
        ("Alice", "secret", Err(Refusal::Denied)),
        ("mallory", "secret", Err(Refusal::Denied)),
        ("", "", Err(Refusal::Denied)),
        ("bob", "", Ok(true)),
        ("bob", "x", Err(Refusal::Denied)),
        ("anonymous", "", Ok(true)),
        ("anonymous", "me@example.org", Ok(true)),
        ("Anonymous", "x", Ok(true)),
        ("ftp", "x", Ok(true)),
        ("FTP", "hers", Ok(true)),
    ] {
        assert_eq!(login(&users, name, password), read_only, "{name} {password}");
    }
    assert!(!format!("{users:?}").contains("secret"));
}
