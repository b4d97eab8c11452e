//! Virtual hosts, limits of an account, and logs.

use std::fs;

use crate::daemon::{Daemon, becomes};
use crate::peer::Peer;

#[test]
fn a_host_has_accounts_of_its_own() {
    let account = |of: &str, root: &str| {
        format!("[[{of}account]]\nname = \"me\"\npassword = \"HASH\"\nroot = \"{root}\"\n")
    };
    let hosts = format!("[[host]]\nname = \"works.example.org\"\n{}", account("host.", "other"));
    let daemon = Daemon::new(&format!("banner = \"Hello.\"\n{}{hosts}", account("", "root")));
    assert_eq!(daemon.summary.len(), 2, "{:?}", daemon.summary);
    assert!(daemon.summary[1].starts_with("me@works.example.org: "), "{:?}", daemon.summary);
    fs::write(daemon.path("root/here"), b"x").unwrap();
    fs::write(daemon.path("other/there"), b"x").unwrap();
    for (host, found, missing) in [("", "here", "there"), ("WORKS.example.org", "there", "here")] {
        let mut peer = Peer::greeted(daemon.address());
        if !host.is_empty() {
            peer.says("HOST elsewhere.example.org", "504");
            peer.says(&format!("HOST {host}"), "220");
        }
        peer.says("USER me", "331");
        peer.says("PASS secret", "230");
        peer.says("TYPE I", "200");
        peer.says(&format!("SIZE {found}"), "213");
        peer.says(&format!("SIZE {missing}"), "550");
    }
    assert!(becomes(|| daemon.stderr().contains(" me@WORKS.example.org: logged in")), "{}", daemon.stderr());
    // Without hosts there is no such command.
    let daemon = Daemon::new(&account("", "root"));
    Peer::greeted(daemon.address()).says("HOST works.example.org", "5");
}

#[test]
fn an_account_has_as_many_sessions_as_it_may_have() {
    for runtime in ["std", "tokio"] {
        let config = format!(
            "runtime = \"{runtime}\"\n[[account]]\nname = \"me\"\npassword = \"HASH\"\nroot = \"root\"\nsessions = 2\n\
             [[account]]\nname = \"other\"\npassword = \"HASH\"\nroot = \"root\"\n"
        );
        let daemon = Daemon::new(&config);
        let login = |expected: &str| {
            let mut peer = Peer::greeted(daemon.address());
            peer.says("USER me", "331");
            peer.says("PASS secret", expected);
            peer
        };
        let (first, _second) = (login("230"), login("230"));
        login("451");
        let _other = Peer::named(daemon.address(), "other");
        // A new configuration counts on.
        assert!(daemon.reload(&config).contains("read again"));
        login("451");
        drop(first);
        assert!(
            becomes(|| {
                let mut peer = Peer::greeted(daemon.address());
                peer.says("USER me", "331");
                peer.says("PASS secret", "").starts_with("230")
            }),
            "{runtime}"
        );
    }
}

#[test]
fn logs_are_written_and_opened_again() {
    let config = "[log]\ntransfers = \"xferlog\"\nevents = \"events\"\n[anonymous]\nroot = \"root\"\n";
    let daemon = Daemon::new(config);
    fs::write(daemon.path("root/file"), b"12345").unwrap();
    let retrieve = || {
        let mut peer = Peer::greeted(daemon.address());
        peer.says("USER anonymous", "331");
        peer.says("PASS x", "230");
        let data = peer.data();
        peer.says("RETR file", "150");
        peer.awaits("226");
        drop(data);
        peer.says("QUIT", "221");
    };
    let read = |name: &str| fs::read_to_string(daemon.path(name)).unwrap_or_default();
    retrieve();
    assert!(becomes(|| read("xferlog").contains(" 127.0.0.1 5 /file ") && read("xferlog").ends_with(" c\n")));
    fs::rename(daemon.path("xferlog"), daemon.path("xferlog.1")).unwrap();
    daemon.reload(config);
    retrieve();
    assert!(becomes(|| read("xferlog").lines().count() == 1), "{}", read("xferlog"));
    assert_eq!(read("xferlog.1").lines().count(), 1);
    assert!(becomes(|| daemon.stderr().contains(" anonymous: left")), "{}", daemon.stderr());
}
