//! Mirrors that do no harm: what is removed, and where things are written.

use super::misleading::{Peer, Ways};
use super::*;

const TREE: [&str; 6] = ["/home/", "/home/d/", "/home/d/e/", "/home/d/e/x", "/home/d/f", "/home/d/g/"];

fn peer_url(peer: &Peer, path: &str) -> String {
    format!("ftp://me:secret@{}/{path}", peer.address)
}

/// A local directory with what the server has, and with what it does not have.
fn local() -> Scratch {
    let scratch = Scratch::new();
    // The day that the server shows, and the size.
    for path in ["e/x", "f", "extra", "e/extra", "old/extra"] {
        write(&scratch.path("local").join(path), b"12345", 1_579_478_400);
    }
    scratch
}

#[test]
fn nothing_is_removed_after_a_listing_that_may_lack_something() {
    const UNREADABLE: &[&str] = &["-rwxr-xr-x   1 me me  5 Jan 20  2020 "];
    let ways = |change: fn(&mut Ways)| {
        let mut ways = Ways::default();
        change(&mut ways);
        ways
    };
    for (ways, code, message) in [
        (ways(|ways| ways.listed = Some("426 cut off")), 3, "cut off"),
        (ways(|ways| ways.listed = Some("451 disk")), 3, "disk"),
        (ways(|ways| _ = ways.replies.insert("LIST", "550 no")), 1, "no"),
        (ways(|ways| _ = ways.replies.insert("LIST d/e", "550 no")), 1, "d/e: LIST refused: 550 no"),
        (ways(|ways| _ = ways.replies.insert("LIST d/e", "450 busy")), 3, "450 busy"),
        (ways(|ways| _ = ways.lines.insert("/home/d/", UNREADABLE)), 5, "cannot be read"),
        (ways(|ways| _ = ways.lines.insert("/home/d/e/", UNREADABLE)), 5, "cannot be read"),
        (ways(|ways| _ = ways.lines.insert("/home/d/", &["garbage"])), 5, "cannot be read"),
    ] {
        let (peer, scratch) = (Peer::with(&TREE, ways), local());
        let before = tree(&scratch.path("local"));
        let mirror = ["--retries", "2", "mirror", "--delete", &peer_url(&peer, "d"), &scratch.arg("local")];
        let outcome = ftp(&mirror).ends_with(code);
        assert!(error(&outcome).contains(message), "{outcome}");
        let after = tree(&scratch.path("local"));
        assert!(before.iter().all(|(path, file)| after.get(path) == Some(file)), "{message}: {outcome}");
        assert_eq!(peer.tree(), TREE);
    }
    // A directory that is not there is no empty one.
    let (peer, scratch) = (Peer::with(&TREE, Ways::default()), local());
    let before = tree(&scratch.path("local"));
    ftp(&["mirror", "--delete", &peer_url(&peer, "missing"), &scratch.arg("local")]).ends_with(1);
    ftp(&["mirror", "--delete", &scratch.arg("missing"), &peer_url(&peer, "d")]).ends_with(4);
    assert!(tree(&scratch.path("local")) == before);
    assert_eq!(peer.tree(), TREE);
}

#[test]
fn what_the_source_lacks_is_removed_once_all_of_it_was_seen() {
    let (peer, scratch) = (Peer::with(&TREE, Ways::default()), local());
    let outcome =
        ftp(&["--json", "mirror", "--delete", &peer_url(&peer, "d"), &scratch.arg("local")]).succeeds();
    assert_eq!(summary(&outcome)["removed"], 4, "{outcome}");
    assert_eq!(names(&scratch.path("local")), ["e", "f", "g"]);
    // And the other way round.
    let empty = Scratch::new();
    ftp(&["mirror", "--delete", empty.0.to_str().unwrap(), &peer_url(&peer, "d")]).succeeds();
    assert_eq!(peer.tree(), ["/home/", "/home/d/"]);
}

#[test]
fn more_removals_than_allowed_are_none() {
    let (peer, scratch) = (Peer::with(&TREE, Ways::default()), local());
    let before = tree(&scratch.path("local"));
    let mirror = |most: &str| {
        ftp(&["mirror", "--delete", "--max-delete", most, &peer_url(&peer, "d"), &scratch.arg("local")])
    };
    let outcome = mirror("3").ends_with(6);
    assert!(error(&outcome).contains("it would have been 4, more than --max-delete"), "{outcome}");
    let after = tree(&scratch.path("local"));
    assert!(before.iter().all(|(path, file)| after.get(path) == Some(file)), "{outcome}");
    mirror("4").succeeds();
    assert_eq!(names(&scratch.path("local")), ["e", "f", "g"]);
}

#[test]
fn a_server_writes_nothing_outside_and_through_no_link() {
    const HOSTILE: &[&str] = &[
        "-rwxr-xr-x   1 me me  5 Jan 20  2020 a\x1bb",
        "-rwxr-xr-x   1 me me  5 Jan 20  2020 ../up",
        "-rwxr-xr-x   1 me me  5 Jan 20  2020 /etc/up",
        "drwxr-xr-x   1 me me  5 Jan 20  2020 a\tb",
        "lrwxrwxrwx   1 me me  5 Jan 20  2020 link -> /etc",
    ];
    let ways = Ways { lines: [("/home/d/", HOSTILE)].into(), ..Ways::default() };
    let (peer, scratch) = (Peer::with(&TREE, ways), local());
    let before = tree(&scratch.0);
    let outcome = ftp(&["mirror", "--delete", &peer_url(&peer, "d"), &scratch.arg("local")]).fails();
    for message in [r"a\u{1b}b: not mirrored", r"a\tb: not mirrored", "../up", "link: skipped: a link"] {
        assert!(error(&outcome).contains(message), "{message} in {outcome}");
    }
    assert!(before.iter().all(|(path, file)| tree(&scratch.0).get(path) == Some(file)), "{outcome}");

    // A link in place of a directory leads elsewhere.
    let (served, scratch) = (server(), Scratch::new());
    write(&served.root.join("d/file"), b"theirs", LONG_AGO);
    fs::create_dir_all(scratch.path("elsewhere")).unwrap();
    fs::create_dir_all(scratch.path("local")).unwrap();
    std::os::unix::fs::symlink(scratch.path("elsewhere"), scratch.path("local/d")).unwrap();
    let outcome = ftp(&["mirror", "--delete", &url(&served, ""), &scratch.arg("local")]).ends_with(4);
    assert!(error(&outcome).contains("d: not mirrored: a link is in its place"), "{outcome}");
    assert_eq!(names(&scratch.path("elsewhere")), [""; 0]);
    assert!(scratch.path("local/d").is_symlink());
    // One that is sent is skipped, and what has its name there stays.
    ftp(&["mirror", "--delete", &scratch.arg("local"), &url(&served, "")]).succeeds();
    assert_eq!(fs::read(served.root.join("d/file")).unwrap(), b"theirs");
}
