//! Uploads that replace a file when they are complete.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ftp_proto::io::{Access, Directory, File, Filesystem, Refusal, Wishes};
use ftp_proto::listing::Fields;

use crate::scratch::{Scratch, WRITE, names, path, read_all, refused, write_all};

fn atomic(scratch: &Scratch) -> Directory {
    scratch.writable().atomic_uploads(true)
}

/// Returns all names in the directory, including those that listings leave out.
fn all_names(scratch: &Scratch) -> Vec<String> {
    let names = fs::read_dir(scratch.at("")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_atomic_upload_is_seen_when_it_is_finished_and_not_before() {
    for sync in [false, true] {
        for before in [None, Some("old")] {
            let scratch = Scratch::new();
            if let Some(old) = before {
                scratch.file("file", old);
            }
            let directory = atomic(&scratch).sync_on_finish(sync);
            let mut opened = directory.open(path("/file"), WRITE, &Wishes::default()).unwrap();
            opened.file.begin().unwrap();
            opened.file.write(b"n").unwrap();
            assert_eq!(fs::read_to_string(scratch.at("file")).ok().as_deref(), before);
            // The documentation tells users to clean up by this name.
            let temporary = all_names(&scratch).into_iter().find(|name| name != "file").unwrap();
            let digits = temporary.strip_prefix(".ftp-proto-upload-").unwrap();
            assert!(digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let shown = before.map(|_| b"file".to_vec());
            assert_eq!(
                names(directory.entries(path("/"), Fields::all()).unwrap()),
                Vec::from_iter(shown.clone())
            );
            assert_eq!(
                names(scratch.read_only().entries(path("/"), Fields::all()).unwrap()),
                Vec::from_iter(shown)
            );
            write_all(opened, b"ew");
            assert_eq!(scratch.content("file"), "new");
            assert_eq!(all_names(&scratch), ["file"]);
        }
    }
}

#[test]
fn an_atomic_upload_that_is_broken_off_leaves_what_was_there_and_nothing_else() {
    for (access, begins) in
        [(WRITE, false), (WRITE, true), (Access::Write { offset: 2 }, true), (Access::Unique, true)]
    {
        let scratch = Scratch::new();
        scratch.file("file", "old");
        let mut opened = atomic(&scratch).open(path("/file"), access, &Wishes::default()).unwrap();
        if begins {
            opened.file.write(b"half").unwrap();
        }
        drop(opened);
        assert_eq!(scratch.content("file"), "old", "{access:?}");
        assert_eq!(all_names(&scratch), ["file"], "{access:?}");
    }
}

#[test]
fn an_atomic_upload_after_rest_begins_with_what_is_kept() {
    for (offset, expected) in [
        (0, Ok("new")),
        (2, Ok("01new")),
        (10, Ok("0123456789new")),
        (11, Err(Refusal::BadOffset)),
        (u64::MAX, Err(Refusal::BadOffset)),
    ] {
        let scratch = Scratch::new();
        scratch.file("file", "0123456789");
        let opened = atomic(&scratch).open(path("/file"), Access::Write { offset }, &Wishes::default());
        match expected {
            Ok(content) => {
                write_all(opened.unwrap(), b"new");
                assert_eq!(scratch.content("file"), content);
            }
            Err(refusal) => assert_eq!(refused(opened), Some(refusal), "{offset}"),
        }
        assert_eq!(all_names(&scratch), ["file"], "{offset}");
    }
    let scratch = Scratch::new();
    let opened = atomic(&scratch).open(path("/none"), Access::Write { offset: 1 }, &Wishes::default());
    assert_eq!(refused(opened), Some(Refusal::NotFound));
}

#[test]
fn much_that_is_kept_is_copied_in_pieces() {
    const SIZE: usize = 20 << 20;
    let scratch = Scratch::new();
    let content: Vec<u8> = (0..SIZE + 1).map(|n| (n / 1000) as u8).collect();
    fs::write(scratch.at("file"), &content).unwrap();
    let directory = atomic(&scratch);
    let access = Access::Write { offset: SIZE as u64 };
    let mut opened = directory.open(path("/file"), access, &Wishes::default()).unwrap();
    let pieces = (1..100).find(|_| match opened.file.begin() {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::Interrupted => false,
        Err(error) => panic!("{error}"),
    });
    assert_eq!(pieces, Some(3));
    write_all(opened, b"end");
    let expected = [&content[..SIZE], b"end"].concat();
    assert!(fs::read(scratch.at("file")).unwrap() == expected);
    // An upload may also finish without `begin`.
    let opened = directory.open(path("/file"), access, &Wishes::default()).unwrap();
    write_all(opened, b"end");
    assert!(fs::read(scratch.at("file")).unwrap() == expected);
    // Part of the old file vanishes before it is copied, so the upload must fail.
    let opened = directory.open(path("/file"), access, &Wishes::default()).unwrap();
    scratch.file("file", "short");
    assert_eq!(opened.file.finish(), Err(Refusal::Failed));
    assert_eq!((scratch.content("file").as_str(), all_names(&scratch).len()), ("short", 1));
}

#[test]
fn an_atomic_upload_under_a_unique_name_has_it_from_the_beginning() {
    let scratch = Scratch::new();
    scratch.file("file", "old");
    let directory = atomic(&scratch);
    let open = || directory.open(path("/file"), Access::Unique, &Wishes::default()).unwrap();
    let (first, second) = (open(), open());
    assert_eq!(first.unique_name.as_deref(), Some(&b"file.1"[..]));
    assert_eq!(second.unique_name.as_deref(), Some(&b"file.2"[..]));
    write_all(second, b"second");
    write_all(first, b"first");
    assert_eq!(all_names(&scratch), ["file", "file.1", "file.2"]);
    assert_eq!(scratch.content("file.1") + &scratch.content("file.2"), "firstsecond");
}

#[test]
fn what_is_added_is_written_in_place_where_uploads_are_atomic_too() {
    let scratch = Scratch::new();
    scratch.file("log", "a");
    let mut opened = atomic(&scratch).open(path("/log"), Access::Append, &Wishes::default()).unwrap();
    opened.file.write(b"b").unwrap();
    assert_eq!(scratch.content("log"), "ab");
}

#[test]
fn a_replaced_file_keeps_its_permissions_and_is_another_file() {
    let scratch = Scratch::new();
    scratch.file("file", "old");
    fs::set_permissions(scratch.at("file"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::hard_link(scratch.at("file"), scratch.outside().join("other")).unwrap();
    let before = fs::metadata(scratch.at("file")).unwrap().ino();
    write_all(atomic(&scratch).open(path("/file"), WRITE, &Wishes::default()).unwrap(), b"new");
    let after = fs::metadata(scratch.at("file")).unwrap();
    assert_eq!(after.permissions().mode() & 0o777, 0o600);
    assert_ne!(after.ino(), before);
    assert_eq!(fs::read(scratch.outside().join("other")).unwrap(), b"old");
}

#[test]
fn an_atomic_upload_goes_where_a_link_leads_and_never_out() {
    let scratch = Scratch::new();
    scratch.directory("d").file("d/file", "old");
    scratch.link("link", "d/file").link("dangling", "d/none").link("out", "../secret");
    let directory = atomic(&scratch);
    let open = |name: &str| directory.open(path(name), WRITE, &Wishes::default());
    write_all(open("/link").unwrap(), b"new");
    assert!(fs::symlink_metadata(scratch.at("link")).unwrap().is_symlink());
    assert_eq!(scratch.content("d/file"), "new");
    write_all(open("/dangling").unwrap(), b"itself");
    assert!(fs::symlink_metadata(scratch.at("dangling")).unwrap().is_file());
    assert_eq!(refused(open("/out")), Some(Refusal::Denied));
    assert_eq!(fs::read(scratch.outside().join("secret")).unwrap(), b"outside");
    assert_eq!(refused(open("/d")), Some(Refusal::IsADirectory));
    assert_eq!(refused(open("/none/file")), Some(Refusal::NotFound));
    assert_eq!(
        refused(scratch.read_only().atomic_uploads(true).open(path("/f"), WRITE, &Wishes::default())),
        Some(Refusal::Denied)
    );
    assert_eq!(all_names(&scratch), ["d", "dangling", "link", "out"]);
}

#[test]
fn a_name_as_long_as_can_be_can_be_uploaded_atomically() {
    let scratch = Scratch::new();
    let name = "n".repeat(255);
    let whole = format!("/{name}");
    let directory = atomic(&scratch);
    write_all(directory.open(path(&whole), WRITE, &Wishes::default()).unwrap(), b"new");
    let opened = directory.open(path(&whole), Access::Read { offset: 0 }, &Wishes::default()).unwrap();
    assert_eq!(read_all(opened), b"new");
    let longer = format!("{whole}n");
    let opened = directory.open(path(&longer), WRITE, &Wishes::default());
    assert_eq!(refused(opened), Some(Refusal::BadName));
}
