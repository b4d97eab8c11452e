//! The attacks on FTP servers and clients that need no TLS, each with the defence that answers it: RFC 2577 and
//! the vulnerabilities that both have had.
//!
//! | attack | tests here begin with | and elsewhere |
//! |---|---|---|
//! | bounce through PORT and EPRT (RFC 2577 3) | `bounce` | |
//! | theft of a passive data connection (RFC 2577 4) | `theft` | tests/client/active.rs for the client's listeners |
//! | cross-protocol requests (CVE-2021-3618) | `cross_protocol` | |
//! | an over-long line split into two (CVE-2008-4242) | `an_over_long_line` | |
//! | CR, LF, NUL in arguments (CVE-2017-3533) | `no_argument` | tests/client/names.rs |
//! | a hostile 227 (CVE-2020-8284, CVE-2021-4189) | `a_hostile_227` | tests/client/passive.rs |
//! | names in listings that are paths (CVE-2018-10916, CVE-2014-4877) | `a_hostile_listing` | tests/client/walk.rs |
//! | forged lines of a listing | `a_file_name_forges` | |
//! | paths out of the root, links (CVE-2017-7418, CVE-2020-20277) | `no_path_leaves` | tests/disk/links.rs |
//! | globbing (CVE-2010-2632) | `globbing_stays_in_one_directory_and_within_its_budget` | |
//! | endless replies and listings | `endless` | |
//! | Telnet sequences (CVE-2010-4221) | `telnet` | |
//! | enumeration and timing (RFC 2577) | `enumeration` | |
//! | guessing passwords (RFC 2577) | `guessing` | |
//! | floods of connections | `the_host_is_asked` | tests/service/limits.rs |
//! | slow peers | `slow_peers` | tests/deadlines.rs, tests/client/time.rs |
//! | memory through pipelining | `pipelining` | |
//! | information before the login | `before_the_login` | |
//! | offsets that overflow | `offsets` | |
//! | secrets in logs | `secrets` | |

mod support;

use ftp_proto::action::{DataEvent, DataOp};
use ftp_proto::client::{self, Walk, WalkLimits};
use ftp_proto::codec::{Command, RepresentationType, Secret, Text, Verb, safe_name};
use ftp_proto::error::{Awaited, Error, PeerError, Protocol};
use ftp_proto::listing::{Clock, Entry, Formats, Kind, ListingParser, ListingWriter};
use ftp_proto::server::{Config, Endpoints, Limits, Request, Session, VirtualPath};
use std::time::Duration;
use support::client::{Act::Raw, Outcome, Rig as Client};
use support::server::{DataState, End, LOCAL, PEER, PEER_DATA, Rig, STRANGER};
use support::{seconds, t};

#[test]
fn bounce_a_transfer_goes_to_the_clients_own_host_and_to_no_privileged_port() {
    for (line, allowed) in [
        ("PORT 192,0,2,2,156,65", true),
        ("PORT 192,0,2,66,156,65", false),
        ("PORT 127,0,0,1,156,65", false),
        ("PORT 192,0,2,1,0,21", false),
        ("PORT 192,0,2,2,0,25", false),
        ("EPRT |1|192.0.2.2|40001|", true),
        ("EPRT |2|::ffff:192.0.2.2|40001|", true),
        // Any address is no other host's: lftp says so over IPv6.
        ("EPRT |2|::|40001|", true),
        ("PORT 0,0,0,0,156,65", true),
        ("EPRT |1|192.0.2.66|40001|", false),
        ("EPRT |2|::1|40001|", false),
        ("EPRT |1|192.0.2.2|1023|", false),
        ("LPRT 4,4,192,0,2,66,2,156,65", false),
    ] {
        let mut config = Config::default();
        config.long_addresses = true;
        let mut rig = Rig::with(config).login();
        let code = rig.say(line);
        assert_eq!(code, [if allowed { 200 } else { 504 }], "{line}");
        assert!(rig.data_operations().is_empty(), "{line}: nothing is dialled before the transfer");
        rig.say("RETR file");
        let dialled = rig.data_operations().iter().filter_map(|op| match op {
            DataOp::Connect(to) => Some(to.ip().to_canonical().to_string()),
            _ => None,
        });
        let dialled: Vec<_> = dialled.collect();
        assert_eq!(dialled, if allowed { vec!["192.0.2.2"] } else { vec![] }, "{line}");
    }
}

#[test]
fn bounce_another_host_is_allowed_by_the_knob_alone_and_a_privileged_port_never() {
    for (line, allowed) in [
        ("PORT 192,0,2,66,156,65", true),
        ("EPRT |1|192.0.2.66|40001|", true),
        ("PORT 192,0,2,66,0,25", false),
        ("EPRT |1|192.0.2.66|1023|", false),
    ] {
        let mut config = Config::default();
        assert!(!config.foreign_addresses);
        config.foreign_addresses = true;
        let mut rig = Rig::with(config).login();
        assert_eq!(rig.say(line), [if allowed { 200 } else { 504 }], "{line}");
        assert!(rig.data_operations().is_empty(), "{line}: nothing is dialled before the transfer");
    }
    let mut config = Config::default();
    config.foreign_addresses = true;
    let mut rig = Rig::with(config).login();
    assert_eq!(rig.say("PASV\r\nRETR file"), [227, 150]);
    assert!(rig.arrive(STRANGER), "the other server of a transfer between two");
}

#[test]
fn theft_a_stranger_is_dropped_before_a_byte_and_the_listener_goes_on_for_the_client_once() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV\r\nRETR file"), [227, 150]);
    for _ in 0..100 {
        assert!(!rig.arrive(STRANGER));
        assert!((rig.data_state() == DataState::Listening), "it goes on listening");
    }
    assert_eq!(rig.codes(), [], "never an unsolicited reply");
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.say("RETR file"), [425], "a listener is good for one transfer");
}

#[test]
fn theft_strangers_win_no_time() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV\r\nRETR file"), [227, 150]);
    for _ in 0..29 {
        rig.pass(seconds(1));
        assert!(!rig.arrive(STRANGER));
    }
    rig.pass(seconds(1));
    assert_eq!(rig.codes(), [425]);
}

#[test]
fn cross_protocol_requests_close_the_session_and_input_is_never_echoed() {
    for login in [false, true] {
        let rig = || if login { Rig::logged_in() } else { Rig::new() };
        for (line, protocol) in [
            ("POST / HTTP/1.1\r\nHost: x\r\n\r\nDELE file", Protocol::Http),
            ("ehlo there\r\nDELE file", Protocol::Smtp),
        ] {
            let mut other = rig();
            assert_eq!(other.say(line), [421]);
            let ended = (other.end(), other.session().ended_by());
            assert_eq!(ended, (Some(End::Close), Some(PeerError::OtherProtocol(protocol))));
        }
        for verb in
            ["XEVIL", "USER", "TYPE", "SITE", "OPTS", "HELP", "LANG", "HOST", "AUTH", "PROT", "CLNT", "CSID"]
        {
            let reply = rig().ask(&format!("{verb} <script>alert(1)</script>")).join("\n");
            assert!(!reply.contains("script"), "{verb}: {reply}");
        }
    }
}

#[test]
fn an_over_long_line_is_no_command_and_neither_is_its_tail() {
    for length in [2047, 2048, 2049, 4096, 100_000] {
        let mut rig = Rig::logged_in();
        let line = format!("CWD {}DELE /file", "x".repeat(length - 4));
        assert_eq!(rig.say(&format!("{line}\r\nNOOP")), [500, 200], "{length}");
        assert!(rig.host().requests().is_empty());
    }
}

#[test]
fn no_argument_holds_cr_lf_or_nul() {
    for bytes in [&b"DELE a\0b\r\n"[..], b"DELE a\rDELE file\r\n", b"STOR a\r\0b\r\n", b"\0DELE file\r\n"] {
        let mut rig = Rig::logged_in();
        rig.send(bytes);
        rig.send(b"NOOP\r\n");
        let codes = rig.codes();
        assert_eq!(codes.len(), 2, "{bytes:?}: {codes:?}");
        assert!(matches!(codes[0], 500 | 501), "{bytes:?}: {codes:?}");
        assert!(rig.host().requests().is_empty(), "{:?}", rig.host().requests());
    }
    for byte in [b'\r', b'\n', 0] {
        let bytes = [b'a', byte, b'b'];
        assert!(Text::new(&bytes).is_err());
        assert!(VirtualPath::parse(&[b'/', byte]).is_err());
    }
}

#[test]
fn a_hostile_227_leads_nowhere_but_to_the_server_itself() {
    for named in ["127,0,0,1", "10,0,0,1", "169,254,169,254", "0,0,0,0", "203,0,113,5", "255,255,255,255"] {
        let reply: &'static str = format!("227 Entering Passive Mode ({named},0,22)").leak();
        for verb in ["EPSV", "PASV"] {
            let refusal = if verb == "PASV" { "500 what" } else { reply };
            let mut rig = Client::greeted().says("EPSV", refusal).says("PASV", reply);
            let image = RepresentationType::Image;
            let _ = rig.run(&mut client::retrieve(t("f"), image, 0), |_| ());
            assert_eq!(rig.connected_to(), ["192.0.2.1:22".parse().unwrap()], "{reply}");
        }
    }
}

#[test]
fn a_hostile_listing_names_nothing_outside_its_directory_and_its_links_are_not_followed() {
    const LISTING: &[u8] = b"type=dir; ../../etc\r\ntype=dir; /root\r\ntype=dir; ..\r\ntype=dir; .\r\n\
        type=OS.unix=slink:/; x\r\ntype=OS.unix=symlink; y\r\ntype=pdir; z\r\ntype=dir; a\\b\r\n";
    let mut parser = ListingParser::new([0; 200], Formats::MLSD, Clock::UNKNOWN);
    let mut walk = Walk::new([0; 1000], t("/pub"), WalkLimits::default()).unwrap();
    walk.next().unwrap();
    let mut input = LISTING;
    while let Some(entry) = parser.next(&mut input) {
        let entry = entry.unwrap();
        let _ = walk.found(&entry);
        // What the entry is called is no local path.
        assert!(!matches!(entry.kind, Kind::Directory) || safe_name(entry.name.as_bytes()).is_err());
    }
    let mut visited = Vec::new();
    while let Some(path) = walk.next() {
        visited.push(path.to_string());
    }
    assert_eq!(visited, ["/pub/a\\b"]);
}

#[test]
fn endless_replies_end_at_the_limits_and_endless_listings_take_no_memory() {
    // Lines without end, and a line without end.
    for piece in [&b"215-and so on\r\n"[..], b"215-and so on "] {
        let flood = piece.repeat(300_000);
        let mut rig = Client::greeted().on("SYST", [Raw(flood)]);
        let outcome = rig.run(&mut client::system(), |_| ());
        let too_long = Outcome::Error(Error::Peer(PeerError::ReplyTooLong));
        let late = Outcome::Error(Error::Peer(PeerError::TimedOut(Awaited::Reply)));
        assert_eq!(outcome, if piece.ends_with(b"\n") { too_long } else { late });
        assert!(rig.lines().len() <= 10_000);
    }
    // The storage of a listing is one line; a longer one is told once and skipped.
    let mut parser = ListingParser::new([0; 100], Formats::LIST, Clock::UNKNOWN);
    let mut told = 0;
    for _ in 0..10_000 {
        let mut input = &[b'x'; 1000][..];
        told += usize::from(parser.next(&mut input).is_some());
        assert!(input.is_empty());
    }
    assert_eq!(told, 1);
    // So is a tree: see the walk's limits.
    let limits = WalkLimits::default();
    assert!(limits.depth <= 100 && limits.directories <= 1_000_000);
}

#[test]
fn a_file_name_forges_no_line_of_a_listing_and_no_reply() {
    // What could end a line is unrepresentable; what a client may take for a reply stays in its line.
    assert!(Text::new(b"x\r\n226 Done.").is_err());
    let entry = Entry::new(t("226 Transfer complete."), Kind::File);
    let mut line = Vec::new();
    ListingWriter::nlst().write(&entry, &mut line).unwrap();
    assert_eq!(line, b"226 Transfer complete.\r\n");
    let mut rig = Rig::logged_in();
    rig.host_mut().put_directory("/dir/212 End.");
    let reply = rig.ask("STAT dir");
    assert_eq!(reply.len(), 1, "{reply:?}");
    assert_eq!(reply[0].lines().count(), 3);
}

#[test]
fn no_path_leaves_the_root() {
    for path in
        ["..", "../..", "/..", "/../../etc", "dir/../..", "//..//", "./../.", "/dir/../../../x", "~", "~root"]
    {
        for command in ["RETR", "STOR", "DELE", "CWD", "SIZE", "STAT", "MLST", "RNFR", "MKD"] {
            let mut rig = Rig::logged_in();
            rig.passive();
            rig.say(&format!("TYPE I\r\n{command} {path}"));
            for request in rig.host().requests() {
                let path = request.rsplit(' ').next().unwrap();
                assert!(VirtualPath::parse(path.as_bytes()).is_ok(), "{command}: {request}");
            }
        }
    }
}

#[test]
fn globbing_stays_in_one_directory_and_within_its_budget() {
    let pattern = "{*/../*/../*/../*,[a-z]?}*";
    for command in ["LIST", "NLST", "LIST -la"] {
        let mut rig = Rig::logged_in();
        rig.host_mut().put_directory("/dir/file");
        rig.passive();
        assert_eq!(
            rig.say(&format!("{command} {pattern}")),
            [550],
            "no braces, and no pattern before a slash"
        );
        let lists = rig.host().requests().len();
        assert!(lists <= 3, "one request a reading, whatever the pattern: {:?}", rig.host().requests());
        rig.passive();
        assert_eq!(rig.say(&format!("{command} *")), [150]);
        assert!(!String::from_utf8(rig.download()).unwrap().contains("dir/file"));
    }
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say(&format!("STAT {pattern}")), [550]);
    assert_eq!(rig.host().requests().len(), 1, "STAT knows no patterns");

    // The longest pattern that a line holds, against the longest names.
    let mut rig = Rig::logged_in();
    for number in 0..1000 {
        rig.host_mut().put_directory(format!("/{}{number}", "a".repeat(250)));
    }
    let begin = std::time::Instant::now();
    rig.passive();
    assert_eq!(rig.say(&format!("NLST {}b", "a*".repeat(1000))), [550]);
    assert!(begin.elapsed() < std::time::Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn telnet_commands_are_bounded_and_hide_nothing() {
    for noise in [&b"\xff\xf4\xff\xf2"[..], b"\xff\xfb\x01\xff\xfd\x03", b"\xff\xf1\xff\xf1\xff\xf1"] {
        let mut rig = Rig::logged_in();
        rig.send([noise, b"NOOP\r\n"].concat());
        assert_eq!(rig.codes(), [200], "{noise:?}");
    }
    let mut rig = Rig::logged_in();
    rig.send(b"\xff\xfa".repeat(100_000));
    rig.send(b"\xff\xf0\r\n");
    rig.replies();
    // The IAC that is a byte of a name is not lost, and no line longer than the limit comes of it.
    rig.send(b"MKD a\xff\xffb\r\n");
    rig.output();
    assert!(rig.host().contains(&b"/a\xffb"[..]));
}

#[test]
fn enumeration_every_name_gets_the_same_answer_after_the_same_time() {
    let mut seen = Vec::new();
    for user in ["me", "root", "nobody-has-this-name", "anonymous", "x"] {
        let mut rig = Rig::with(Config::default());
        let mut replies = rig.ask(&format!("USER {user}"));
        replies.extend(rig.ask("PASS wrong"));
        let asked = rig.now();
        let due = rig.wait().deadline.unwrap();
        rig.pass(due.since(asked));
        replies.extend(rig.replies());
        seen.push((replies, due.since(asked)));
    }
    assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
    assert_eq!(seen[0].1, Duration::from_secs(1));
}

#[test]
fn guessing_takes_longer_each_time_and_ends_the_session() {
    // Names that nobody has count too.
    for user in ["me", "nobody-has-this-name"] {
        let mut config = Config::default();
        config.timeouts.login = seconds(1000);
        let mut rig = Rig::with(config);
        let mut waited = Duration::ZERO;
        while rig.end().is_none() {
            // Starting over does not help.
            rig.say(&format!("REIN\r\nUSER {user}\r\nPASS wrong"));
            if let (None, Some(deadline)) = (rig.end(), rig.wait().deadline) {
                let delay = deadline.since(rig.now());
                assert!(delay >= waited, "{delay:?} after {waited:?}");
                waited = delay;
                rig.pass(delay);
            }
        }
        assert_eq!(waited, seconds(16));
        assert_eq!(rig.session().ended_by(), Some(PeerError::TooManyLogins));
    }
}

#[test]
fn the_host_is_asked_before_the_greeting() {
    let mut rig = Rig::silent(Config::default(), LOCAL, PEER);
    rig.host_mut().set_admits(false);
    rig.settle();
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.host().requests().len(), 1);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn slow_peers_each_wait_has_its_own_end() {
    // To log in.
    let mut rig = Rig::new();
    for _ in 0..7 {
        rig.pass(seconds(9));
        rig.send(b"NOOP\r\nUSER me\r\n");
    }
    assert_eq!(rig.session().ended_by(), Some(PeerError::TimedOut(Awaited::Login)));
    // A line that never ends is silence too.
    let mut rig = Rig::logged_in();
    for _ in 0..31 {
        rig.pass(seconds(10));
        rig.send(b"x");
    }
    assert_eq!(rig.session().ended_by(), Some(PeerError::TimedOut(Awaited::Command)));
    // To come to the data connection, to move bytes on it, and to move enough of them.
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nRETR file"), [229, 150]);
    rig.pass(seconds(30));
    assert_eq!(rig.codes(), [425]);
    for (rate, moved, code) in [(0, 0, Some(426)), (0, 1, None), (10, 1, Some(426))] {
        let mut config = Config::default();
        config.limits.minimum_rate = rate;
        let mut rig = Rig::with(config).login();
        rig.passive();
        assert_eq!(rig.say("STOR x"), [150]);
        let id = rig.data_id();
        for _ in 0..12 {
            rig.pass(seconds(10));
            if moved > 0 && rig.session().is_transferring() {
                rig.tell(id, DataEvent::Moved(moved));
            }
        }
        assert_eq!(rig.codes().first().copied(), code, "{moved} at {rate}");
        assert!(rig.host().file("/x").is_none());
    }
}

#[test]
fn pipelining_takes_no_memory_but_the_windows() {
    let mut rig = Rig::logged_in();
    rig.set_deaf(true);
    for _ in 0..5_000 {
        rig.send(b"FEAT\r\nSTAT\r\n");
    }
    assert!(!rig.wait().readable, "who does not take replies is not read from");
    assert!(rig.unread() > 50_000);
    assert!(rig.parts().2.pending().len() <= 4096);
    rig.set_deaf(false);
    rig.settle();
    assert_eq!(rig.codes().len(), 10_000);
}

#[test]
fn before_the_login_nothing_is_told_and_the_host_is_asked_nothing() {
    for &verb in Verb::ALL {
        if verb.is_allowed_before_login() {
            continue;
        }
        for argument in ["", " x", " /dir", " \u{1}"] {
            let mut rig = Rig::new();
            rig.host_mut().clear_requests();
            let reply = rig.ask(&format!("{verb}{argument}"));
            assert_eq!(reply, Rig::new().ask("NONE"), "{verb}{argument}: as an unknown command");
            assert!(rig.host().requests().is_empty() && rig.data_operations().is_empty());
        }
    }
}

#[test]
fn offsets_do_not_overflow() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("TYPE I\r\nREST 18446744073709551616\r\nREST -1\r\nREST 0x10"), [200, 501, 501, 501]);
    for command in ["RETR file", "STOR file"] {
        rig.passive();
        assert_eq!(rig.say(&format!("REST 18446744073709551615\r\n{command}")), [350, 554], "{command}");
    }
    let mut config = Config::default();
    config.hashes = &[ftp_proto::codec::HashAlgorithm::Md5];
    let mut rig = Rig::with(config).login();
    for line in ["RANG 0 18446744073709551615\r\nHASH file", "XMD5 \"file\" 18446744073709551615 0"] {
        rig.send(format!("{line}\r\n").as_bytes());
        assert!(rig.codes().iter().all(|code| matches!(code, 213 | 250 | 350 | 550)));
    }
    rig.passive();
    assert_eq!(rig.say("RETR file"), [150]);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Moved(u64::MAX));
    rig.tell(id, DataEvent::Moved(u64::MAX));
    assert_eq!(rig.say("STAT"), [211]);
}

#[test]
fn secrets_do_not_show_in_debug() {
    for line in ["PASS hunter2", "ACCT hunter2", "ADAT hunter2", "MIC hunter2", "CONF hunter2", "ENC hunter2"]
    {
        let shown = format!("{:?}", Command::parse(line.as_bytes()).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let request = Request::Login { password: Secret::new(t("hunter2")) };
    assert!(!format!("{request:?}").contains("hunter2"));
    let mut rig = Rig::new();
    rig.say("USER me\r\nPASS hunter2");
    assert!(!format!("{:?}", rig.session()).contains("hunter2"));
    // Control bytes are shown escaped: no line of a log is forged.
    let command = Command::parse(b"CWD a\x1b[2Jb").unwrap();
    assert!(!format!("{command:?}").contains('\u{1b}'));
}

#[test]
fn the_limits_are_on_unless_somebody_takes_them_off() {
    let (limits, config) = (Limits::default(), Config::default());
    assert!(limits.line <= 4096 && limits.bad_commands <= 100 && limits.login_attempts <= 10);
    let timeouts = config.timeouts;
    for time in [timeouts.login, timeouts.idle, timeouts.accept, timeouts.stall, timeouts.host] {
        assert!(time > Duration::ZERO && time <= seconds(600));
    }
    assert!(timeouts.login_delay > Duration::ZERO);
    let endpoints = Endpoints { local: LOCAL.parse().unwrap(), peer: PEER.parse().unwrap() };
    let session = Session::new(Config::default(), endpoints, vec![0; 100]);
    assert!(!session.is_logged_in());
}
