//! The rights of accounts in their directories.

use std::fs;
use std::io::{Read, Write};

use crate::daemon::Daemon;
use crate::peer::Peer;

const ACCOUNT: &str = "[[account]]\nname = \"me\"\npassword = \"HASH\"\nroot = \"root\"\n";

/// The reply to a command, and to the end of its transfer if it has one, in which `content` is sent.
fn say(peer: &mut Peer, line: &str, content: &[u8]) -> String {
    let moves = ["STOR", "STOU", "APPE", "RETR", "LIST", "NLST", "MLSD"];
    if !moves.iter().any(|verb| line.starts_with(verb)) {
        return peer.says(line, "");
    }
    let mut data = peer.data();
    let reply = peer.says(line, "");
    if !reply.starts_with("150") {
        return reply;
    }
    if ["STOR", "STOU", "APPE"].iter().any(|verb| line.starts_with(verb)) {
        data.write_all(content).unwrap();
    } else {
        data.read_to_end(&mut Vec::new()).unwrap();
    }
    drop(data);
    peer.awaits("")
}

/// A command in a directory with each of these rights: `none`, `read-only`, `drop-box`, `list`, `create` and `list`, `write` and
/// `list`, `full`. The directory has the file `old` and the empty directory `sub`.
const RIGHTS: [&str; 7] = [
    "\"none\"",
    "\"read-only\"",
    "\"drop-box\"",
    "[\"list\"]",
    "[\"create\", \"list\"]",
    "[\"write\", \"list\"]",
    "\"full\"",
];

const COMMANDS: &[(&str, [&str; 7])] = &[
    ("CWD /dir", ["550", "250", "250", "250", "250", "250", "250"]),
    ("NLST /dir", ["550", "226", "550", "226", "226", "226", "226"]),
    ("SIZE /dir/old", ["550", "213", "550", "213", "213", "213", "213"]),
    ("RETR /dir/old", ["550", "226", "550", "550", "550", "550", "226"]),
    ("STOR /dir/new", ["550", "550", "226", "550", "226", "226", "226"]),
    ("STOU /dir/some", ["550", "550", "226", "550", "226", "226", "226"]),
    ("APPE /dir/newer", ["550", "550", "226", "550", "226", "226", "226"]),
    ("MKD /dir/sub/made", ["550", "550", "257", "550", "257", "257", "257"]),
    ("STOR /dir/old", ["550", "550", "550", "550", "550", "226", "226"]),
    ("APPE /dir/old", ["550", "550", "550", "550", "550", "226", "226"]),
    ("MFMT 20240229123456 /dir/old", ["550", "550", "550", "550", "550", "213", "213"]),
    ("RNFR /dir/old\r\nRNTO /dir/moved", ["550", "550", "550", "550", "550", "250", "250"]),
    ("DELE /dir/old", ["550", "550", "550", "550", "550", "550", "250"]),
    ("RMD /dir/sub", ["550", "550", "550", "550", "550", "550", "250"]),
];

#[test]
fn each_right_allows_its_commands_and_no_others() {
    let mut config = String::new();
    for (number, rights) in RIGHTS.iter().enumerate() {
        config += &ACCOUNT
            .replace("\"me\"", &format!("\"me{number}\""))
            .replace("\"root\"", &format!("\"root{number}\""));
        config += &format!("[[account.directory]]\npath = \"/dir\"\naccess = {rights}\n");
    }
    let directory = crate::daemon::directory();
    for number in 0..RIGHTS.len() {
        fs::create_dir_all(directory.join(format!("root{number}/dir/sub"))).unwrap();
    }
    let daemon = Daemon::within(directory, &config);
    for (number, rights) in RIGHTS.iter().enumerate() {
        let mut peer = Peer::named(daemon.address(), &format!("me{number}"));
        for (command, expected) in COMMANDS {
            let (old, sub) = (format!("root{number}/dir/old"), daemon.path(&format!("root{number}/dir/sub")));
            fs::write(daemon.path(&old), b"old").unwrap();
            let _ = fs::remove_dir(sub.join("made"));
            let _ = fs::create_dir(&sub);
            let mut reply = String::new();
            for line in command.split("\r\n") {
                reply = say(&mut peer, line, b"new");
                if !reply.starts_with("350") {
                    break;
                }
            }
            assert!(reply.starts_with(expected[number]), "{rights}: {command}: {reply}");
            if reply.starts_with('5') {
                assert_eq!(fs::read(daemon.path(&old)).unwrap(), b"old", "{rights}: {command}");
            }
        }
    }
}

#[test]
fn a_rule_cannot_be_evaded_by_renaming_and_what_has_no_rights_is_not_seen() {
    let rules = "[[account.directory]]\npath = \"/a/hidden\"\naccess = \"none\"\n\
                 [[account.directory]]\npath = \"/box\"\naccess = \"drop-box\"\n\
                 [[account.directory]]\npath = \"/written\"\naccess = [\"list\", \"write\", \"delete\"]\n";
    let daemon = Daemon::new(&format!("{ACCOUNT}{rules}"));
    for name in ["root/a/hidden", "root/box", "root/written"] {
        fs::create_dir_all(daemon.path(name)).unwrap();
    }
    for name in ["root/a/hidden/file", "root/box/file", "root/written/file", "root/file"] {
        fs::write(daemon.path(name), b"content").unwrap();
    }
    let mut peer = Peer::new(daemon.address());
    for (from, to, expected) in [
        ("/a", "/b", "550"),
        ("/a/hidden", "/b", "550"),
        ("/box", "/b", "550"),
        ("/file", "/a/hidden/file", "550"),
        // Where more is allowed than here.
        ("/box/file", "/file", "550"),
        ("/written/file", "/read", "550"),
        ("/file", "/written/other", "250"),
        ("/written/other", "/written/another", "250"),
    ] {
        let begun = peer.says(&format!("RNFR {from}"), "");
        let reply = if begun.starts_with("350") { peer.says(&format!("RNTO {to}"), "") } else { begun };
        assert!(reply.starts_with(expected), "{from} to {to}: {reply}");
    }
    for line in
        ["RMD /box", "RMD /a", "MLST /a/hidden", "CWD /a/hidden", "STOR /a/hidden/x", "DELE /a/hidden/file"]
    {
        assert!(say(&mut peer, line, b"x").starts_with("550"), "{line}");
    }
    let mut data = peer.data();
    peer.says("NLST /a", "150");
    let mut names = String::new();
    data.read_to_string(&mut names).unwrap();
    assert_eq!(names, "");
    peer.awaits("226");
    // The facts say the same.
    for (path, expected) in [
        ("/written", "perm=celmp;"),
        ("/written/file", "perm=adfw;"),
        ("/box", "perm=cem;"),
        ("/a", "perm=celmp;"),
    ] {
        peer.says(&format!("MLST {path}"), "250-");
        let facts = peer.awaits(" ");
        peer.awaits("250 ");
        assert!(facts.contains(expected), "{path}: {facts}");
    }
}

#[test]
fn one_of_two_uploads_to_the_same_new_name_in_a_drop_box_is_refused() {
    let daemon = Daemon::new("[anonymous]\nroot = \"root\"\naccess = \"drop-box\"\n");
    let mut peers: Vec<_> = (0..2)
        .map(|_| {
            let mut peer = Peer::greeted(daemon.address());
            peer.says("USER anonymous", "331");
            peer.says("PASS me@example.org", "230");
            peer.says("TYPE I", "200");
            let data = peer.data();
            (peer, data)
        })
        .collect();
    peers[0].0.says("STOR name", "150");
    peers[0].1.write_all(b"first").unwrap();
    peers[1].0.says("STOR name", "550");
    let (mut peer, data) = peers.remove(0);
    drop(data);
    peer.awaits("226");
    assert_eq!(fs::read(daemon.path("root/name")).unwrap(), b"first");
    assert_eq!(fs::read_dir(daemon.path("root")).unwrap().count(), 1);
    // A file is not continued there, either.
    peer.says("REST 2", "350");
    assert!(say(&mut peer, "STOR name", b"x").starts_with("550"));
}
