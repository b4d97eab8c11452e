//! Quotas.

use std::fs;
use std::io::Write;

use crate::daemon::{Daemon, becomes};
use crate::peer::Peer;

const ACCOUNT: &str =
    "[[account]]\nname = \"me\"\npassword = \"HASH\"\nroot = \"root\"\nquota = \"100 kB\"\n";

/// Stores so many bytes, and returns the last reply.
fn store(peer: &mut Peer, line: &str, bytes: usize) -> String {
    let mut data = peer.data();
    let reply = peer.says(line, "");
    if !reply.starts_with("150") {
        return reply;
    }
    // The server may have closed it before all has gone.
    let _ = data.write_all(&vec![7; bytes]);
    drop(data);
    peer.awaits("")
}

fn size(daemon: &Daemon, name: &str) -> Option<u64> {
    fs::metadata(daemon.path("root").join(name)).ok().map(|file| file.len())
}

#[test]
fn an_upload_beyond_the_quota_is_refused_and_not_kept() {
    for (runtime, atomic) in [("std", false), ("tokio", true), ("smol", false)] {
        let daemon = Daemon::new(&format!("runtime = \"{runtime}\"\n{ACCOUNT}atomic-uploads = {atomic}\n"));
        // Files that are there already count.
        fs::create_dir(daemon.path("root/sub")).unwrap();
        fs::write(daemon.path("root/sub/old"), vec![0; 40_000]).unwrap();
        let mut peer = Peer::new(daemon.address());
        let mut check = |line: &str, bytes, expected: &str, kept: Option<u64>, left: &str| {
            let reply = store(&mut peer, line, bytes);
            assert!(reply.starts_with(expected), "{runtime}: {line}: {reply}");
            let name = line.split(' ').nth(1).unwrap();
            // A file is removed a moment after the reply.
            assert!(becomes(|| size(&daemon, name) == kept), "{runtime}: {line}: {:?}", size(&daemon, name));
            let mut found = String::new();
            assert!(
                becomes(|| {
                    found = peer.says("AVBL", "213");
                    found.trim_end() == format!("213 {left}")
                }),
                "{runtime}: {line}: {found}"
            );
        };
        check("STOR a", 50_000, "226", Some(50_000), "10000");
        check("STOR b", 10_001, "552", None, "10000");
        check("STOR b", 1_000_000, "552", None, "10000");
        check("STOR b", 10_000, "226", Some(10_000), "0");
        // Refused before the data connection is used.
        check("STOR c", 1, "552", None, "0");
        check("APPE b", 1, "552", Some(10_000), "0");
        if !atomic {
            // The old content of a file that is replaced does not count.
            check("STOR a", 30_000, "226", Some(30_000), "20000");
            // A file that is continued keeps what fits.
            let reply = store(&mut peer, "APPE a", 30_000);
            assert!(reply.starts_with("552"), "{reply}");
            assert!(size(&daemon, "a").unwrap() <= 50_000);
        }
        peer.says("DELE b", "250");
        peer.says("DELE a", "250");
        assert_eq!(peer.says("AVBL", "213").trim_end(), "213 60000", "{runtime}");
    }
}

#[test]
fn what_a_client_announces_is_refused_before_it_is_sent() {
    let daemon = Daemon::new(ACCOUNT);
    let mut peer = Peer::new(daemon.address());
    peer.says("ALLO 100001", "202");
    let data = peer.data();
    peer.says("STOR a", "552");
    drop(data);
    assert_eq!(size(&daemon, "a"), None);
    peer.says("ALLO 100000", "202");
    assert!(store(&mut peer, "STOR a", 100_000).starts_with("226"));
}

#[test]
fn uploads_at_the_same_time_share_a_quota_and_so_do_accounts_with_the_same_root() {
    let other = ACCOUNT.replace("\"me\"", "\"other\"");
    let daemon = Daemon::new(&format!("{ACCOUNT}{other}"));
    let (mut one, mut two) = (Peer::new(daemon.address()), Peer::named(daemon.address(), "other"));
    let (mut first, mut second) = (one.data(), two.data());
    one.says("STOR a", "150");
    two.says("STOR b", "150");
    for data in [&mut first, &mut second] {
        data.write_all(&vec![7; 60_000]).unwrap();
    }
    drop((first, second));
    let mut replies = [one.awaits(""), two.awaits("")].map(|reply| reply[..3].to_owned());
    replies.sort();
    assert_eq!(replies, ["226", "552"]);
    let sum = || [size(&daemon, "a"), size(&daemon, "b")].into_iter().flatten().sum::<u64>();
    assert!(becomes(|| sum() == 60_000), "{}", sum());
    // Replacing a file by a rename gives back its bytes.
    let (kept, peer) = if size(&daemon, "a").is_some() { ("a", &mut one) } else { ("b", &mut two) };
    assert!(store(peer, "STOR c", 30_000).starts_with("226"));
    peer.says("RNFR c", "350");
    peer.says(&format!("RNTO {kept}"), "250");
    assert_eq!(peer.says("AVBL", "213").trim_end(), "213 70000");
}
