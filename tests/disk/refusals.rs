//! What is refused, and to whom.

use std::sync::Arc;

use ftp_proto::codec::Permissions;
use ftp_proto::io::{
    Access, Accounts, Directory, Filesystem, Guarded, Refusal, Users, VirtualPath, Visitor, Wishes,
};
use ftp_proto::listing::Fields;

use crate::scratch::{READ, Scratch, WRITE, names, path, read_all, refused, whole};

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
        ("entries", |on, path| on.entries(path, Fields::all()).map(drop)),
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
    assert_eq!(names(scratch.read_only().entries(VirtualPath::ROOT, Fields::all()).unwrap()).len(), 2);

    // And it says so: the same entries from either.
    let plain = whole(scratch.read_only().entries(VirtualPath::ROOT, Fields::all()).unwrap());
    assert_eq!(whole(guarded.entries(VirtualPath::ROOT, Fields::all()).unwrap()), plain);
    let file = guarded.entry(path("/file"), false).unwrap();
    assert_eq!(file.entry().permissions, Some(Permissions::RETRIEVE));

    let full = Guarded::full(scratch.writable());
    let entries = whole(full.entries(VirtualPath::ROOT, Fields::all()).unwrap());
    assert_eq!(entries, whole(scratch.writable().entries(VirtualPath::ROOT, Fields::all()).unwrap()));
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

#[test]
fn a_file_system_is_taken_by_value_or_shared_and_its_type_inferred() {
    let scratch = Scratch::new();
    let peer = "192.0.2.1:1".parse().unwrap();
    let visitor = Visitor::new("alice", peer, peer);
    let shared = Arc::new(scratch.writable());
    // The types are inferred.
    let by_value = Users::new().user("alice", "secret", scratch.writable()).anonymous(scratch.read_only());
    let by_arc = Users::new().user("alice", "secret", Arc::clone(&shared)).anonymous(Arc::clone(&shared));
    let by_both = Users::new().anonymous(scratch.read_only()).reader("alice", "secret", Arc::clone(&shared));
    for (users, is_shared) in [(by_value, false), (by_arc, true), (by_both, true)] {
        let found = users.login(&visitor, b"secret").unwrap();
        assert_eq!(Arc::ptr_eq(found.inner(), &shared), is_shared);
    }
    assert!(Arc::ptr_eq(Guarded::full(Arc::clone(&shared)).inner(), &shared));
    assert!(Guarded::read_only(Guarded::full(shared)).is_read_only());
}
