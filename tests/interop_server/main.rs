//! Our `ftpd` with the clients that people use: curl, lftp, wget and Python's ftplib; with patterns tnftp, inetutils' ftp
//! and ncftp, too. Each cell of the table is a test with a server of its own. Run by name after tests/peers/install.sh:
//! `cargo test --test interop_server`.

#[macro_use]
#[path = "../peers/mod.rs"]
mod peers;
mod patterns;

use peers::clients::{CURL, Client, FTPLIB, IPV6_WAYS, LFTP, Request, WGET, Way, lftp_does};
use peers::content::{BIG, NAMES, bytes, interrupted, noise};
use peers::process::run;
use peers::site::{Directory, IPV4, IPV6, Site};
use std::convert::identity;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpStream};
use std::process::Command;
use std::time::Duration;

// wget does downloads only, curl and ftplib know no directory trees.
table! {
    identity;
    lists_names:                             CURL LFTP WGET FTPLIB;
    lists_facts:                                  LFTP      FTPLIB;
    lists_an_empty_directory:                CURL LFTP WGET FTPLIB;
    downloads:                               CURL LFTP WGET FTPLIB;
    downloads_from_a_directory:              CURL LFTP WGET FTPLIB;
    downloads_an_empty_file:                 CURL LFTP WGET FTPLIB;
    downloads_100_megabytes:                 CURL LFTP WGET FTPLIB;
    moves_data_over_ipv4_every_way:          CURL LFTP WGET FTPLIB;
    moves_data_over_ipv6_every_way:          CURL LFTP WGET FTPLIB;
    moves_data_every_way_where_both_arrive:  CURL LFTP WGET FTPLIB;
    resumes_a_download:                      CURL LFTP WGET FTPLIB;
    is_refused_what_is_missing:              CURL LFTP WGET FTPLIB;
    uploads:                                 CURL LFTP      FTPLIB;
    uploads_into_a_directory:                CURL LFTP      FTPLIB;
    uploads_over_what_is_there:              CURL LFTP      FTPLIB;
    uploads_an_empty_file:                   CURL LFTP      FTPLIB;
    uploads_100_megabytes:                   CURL LFTP      FTPLIB;
    resumes_an_upload:                       CURL LFTP      FTPLIB;
    makes_and_removes_a_directory:           CURL LFTP      FTPLIB;
    renames:                                 CURL LFTP      FTPLIB;
    deletes:                                 CURL LFTP      FTPLIB;
    mirrors_a_directory:                          LFTP WGET;
    mirrors_into_a_directory:                     LFTP;
}

/// Our server, whose dialogues are compared with the documents.
fn ours() -> Site {
    Site::ours(&[]).recorded()
}

fn sorted_names() -> Vec<String> {
    let mut names = NAMES.map(String::from).to_vec();
    names.sort();
    names
}

fn lists_names(client: &Client) {
    let site = ours();
    for name in NAMES {
        site.seed(name, b"x");
    }
    assert_eq!(client.finds(&site, Request::Names("")), sorted_names());
    for directory in ["some where", "-dash"] {
        site.seed_directory(directory);
        for name in NAMES {
            site.seed_directory(&format!("{directory}/{name}"));
        }
        assert_eq!(client.finds(&site, Request::Names(directory)), sorted_names(), "{directory}");
    }
}

fn lists_facts(client: &Client) {
    let site = ours();
    for name in NAMES {
        site.seed(name, b"x");
    }
    assert_eq!(client.finds(&site, Request::Facts("")), sorted_names());
}

fn lists_an_empty_directory(client: &Client) {
    let site = ours();
    site.seed_directory("empty");
    assert_eq!(client.finds(&site, Request::Names("empty")), [""; 0]);
}

fn downloads(client: &Client) {
    let site = ours();
    for name in NAMES {
        let content = [name.as_bytes(), &bytes()].concat();
        site.seed(name, &content);
        client.does(&site, Request::Get(name, &site.local.path("got")));
        site.local.holds("got", &content);
        fs::remove_file(site.local.path("got")).unwrap();
    }
}

fn downloads_from_a_directory(client: &Client) {
    let site = ours();
    site.seed_directory("-a dïr");
    site.seed("-a dïr/-a file", &bytes());
    client.does(&site, Request::Get("-a dïr/-a file", &site.local.path("got")));
    site.local.holds("got", &bytes());
}

fn downloads_an_empty_file(client: &Client) {
    let site = ours();
    site.seed("empty", b"");
    // Some clients make no file if no byte comes; one that is there must be empty.
    client.does(&site, Request::Get("empty", &site.local.path("got")));
    assert!(fs::read(site.local.path("got")).unwrap_or_default().is_empty());
}

fn downloads_100_megabytes(client: &Client) {
    let (site, content) = (ours(), noise(BIG));
    site.seed("big", &content);
    client.does(&site, Request::Get("big", &site.local.path("got")));
    site.local.holds("got", &content);
}

fn moves_data_over_ipv4_every_way(client: &Client) {
    moves_data(client, &ours(), client.ipv4_ways);
}

fn moves_data_over_ipv6_every_way(client: &Client) {
    moves_data(client, &Site::ours_at(IPV6, &[]).recorded(), IPV6_WAYS);
}

/// A socket that listens at `::` takes IPv4 too, whose addresses it writes as `::ffff:127.0.0.1`.
fn moves_data_every_way_where_both_arrive(client: &Client) {
    let mut site = Site::ours_at(Ipv6Addr::UNSPECIFIED.into(), &[]);
    for (host, ways) in [(IPV4, client.ipv4_ways), (IPV6, IPV6_WAYS)] {
        site = site.at(host);
        moves_data(client, &site, ways);
    }
}

/// Lists, downloads and uploads, over data connections that came about as they should.
fn moves_data(client: &Client, site: &Site, ways: &[Way]) {
    site.seed("file", &bytes());
    let (got, mine) = (site.local.path("got"), site.local.write("mine", &bytes()));
    for &way in ways {
        let by = |request| {
            let outcome = client.tries_by(way, site, request).succeeds();
            assert_eq!(outcome.ways(), [way.verb()], "{outcome}");
            outcome
        };
        assert_eq!(client.names(&by(Request::Names(""))), ["file"]);
        by(Request::Get("file", &got));
        site.local.holds("got", &bytes());
        fs::remove_file(&got).unwrap();
        if client.uploads {
            by(Request::Put(&mine, "theirs"));
            site.root.holds("theirs", &bytes());
            fs::remove_file(site.root.path("theirs")).unwrap();
        }
    }
}

fn resumes_a_download(client: &Client) {
    let (site, whole) = (ours(), noise(1_000_000));
    let (partial, resumed) = interrupted(&whole);
    site.seed("file", &whole);
    let local = site.local.write("got", &partial);
    client.does(&site, Request::ResumeGet("file", &local));
    site.local.holds("got", &resumed);
}

fn is_refused_what_is_missing(client: &Client) {
    let site = ours();
    client.tries(&site, Request::Get("missing", &site.local.path("got"))).fails();
    client.tries(&site, Request::Get("no directory/missing", &site.local.path("got"))).fails();
}

fn uploads(client: &Client) {
    let site = ours();
    for name in NAMES {
        let content = [name.as_bytes(), &bytes()].concat();
        client.does(&site, Request::Put(&site.local.write("mine", &content), name));
        site.root.holds(name, &content);
    }
}

fn uploads_into_a_directory(client: &Client) {
    let site = ours();
    site.seed_directory("-a dïr");
    client.does(&site, Request::Put(&site.local.write("mine", &bytes()), "-a dïr/-a file"));
    site.root.holds("-a dïr/-a file", &bytes());
}

fn uploads_over_what_is_there(client: &Client) {
    let site = ours();
    site.seed("file", &noise(50_000));
    client.does(&site, Request::Put(&site.local.write("mine", b"short"), "file"));
    site.root.holds("file", b"short");
}

fn uploads_an_empty_file(client: &Client) {
    let site = ours();
    client.does(&site, Request::Put(&site.local.write("mine", b""), "empty"));
    site.root.holds("empty", b"");
}

fn uploads_100_megabytes(client: &Client) {
    let (site, content) = (ours(), noise(BIG));
    client.does(&site, Request::Put(&site.local.write("mine", &content), "big"));
    site.root.holds("big", &content);
}

fn resumes_an_upload(client: &Client) {
    let (site, whole) = (ours(), noise(1_000_000));
    let (partial, resumed) = interrupted(&whole);
    site.seed("file", &partial);
    client.does(&site, Request::ResumePut(&site.local.write("mine", &whole), "file"));
    site.root.holds("file", &resumed);
}

fn makes_and_removes_a_directory(client: &Client) {
    let site = ours();
    for name in NAMES {
        client.does(&site, Request::MakeDirectory(name));
        assert!(site.root.path(name).is_dir(), "{name}");
        client.tries(&site, Request::MakeDirectory(name)).fails();
        client.does(&site, Request::RemoveDirectory(name));
        assert!(!site.root.has(name), "{name}");
    }
}

fn renames(client: &Client) {
    let site = ours();
    for name in NAMES {
        site.seed("before", name.as_bytes());
        client.does(&site, Request::Rename("before", name));
        site.root.holds(name, name.as_bytes());
        client.does(&site, Request::Rename(name, "after"));
        site.root.holds("after", name.as_bytes());
        assert!(!site.root.has(name) && !site.root.has("before"), "{name}");
        fs::remove_file(site.root.path("after")).unwrap();
    }
}

fn deletes(client: &Client) {
    let site = ours();
    for name in NAMES {
        site.seed(name, b"x");
        client.does(&site, Request::Delete(name));
        assert!(!site.root.has(name), "{name}");
        client.tries(&site, Request::Delete(name)).fails();
    }
}

/// Directories in directories, with files in each.
const TREE: [&str; 3] = ["tree", "tree/one two", "tree/one two/-three"];

fn mirrors_a_directory(client: &Client) {
    let site = ours();
    for directory in TREE {
        site.seed_directory(directory);
        site.seed(&format!("{directory}/file ü"), directory.as_bytes());
    }
    let copy = Directory::new();
    client.does(&site, Request::Mirror("tree", &copy.0));
    for directory in TREE {
        // lftp copies into a directory that is there, wget takes one step off the path.
        let inside = directory.replacen("tree", ".", 1);
        let file = [format!("{inside}/file ü"), format!("{directory}/file ü")]
            .into_iter()
            .find(|file| copy.has(file));
        copy.holds(
            &file.unwrap_or_else(|| panic!("no copy of the file in {directory}")),
            directory.as_bytes(),
        );
    }
}

fn mirrors_into_a_directory(client: &Client) {
    let site = ours();
    for directory in TREE {
        fs::create_dir(site.local.path(directory)).unwrap();
        site.local.write(&format!("{directory}/file ü"), directory.as_bytes());
    }
    client.does(&site, Request::ReverseMirror(&site.local.path("tree"), "copy"));
    for directory in TREE {
        site.root.holds(&format!("{}/file ü", directory.replacen("tree", "copy", 1)), directory.as_bytes());
    }
}

/// lftp kills a job by ABOR behind Telnet's Interrupt Process, whose first byte it sends as urgent data, and keeps the connection.
mod lftp_gives_up {
    use super::*;

    const POINTS: usize = 20;

    #[test]
    fn downloads_anywhere_and_goes_on() {
        let (site, big) = (Site::ours(&[]), noise(BIG / 2));
        site.seed("big", &big);
        give_up(&site, "get big -o part");
        is_a_start_of(&big, |part| site.local.path(part));
    }

    #[test]
    fn uploads_anywhere_and_goes_on() {
        let (site, big) = (Site::ours(&[]), noise(BIG / 2));
        site.local.write("big", &big);
        give_up(&site, "put big -o part");
        is_a_start_of(&big, |part| site.root.path(part));
    }

    /// Kills what `begin` begins, by turns in passive and in active mode; after each, another transfer.
    fn give_up(site: &Site, begin: &str) {
        site.seed("small", &bytes());
        let mut actions = String::new();
        for (point, random) in noise(POINTS).into_iter().enumerate() {
            let passive = if point % 2 == 0 { "yes" } else { "no" };
            // Never so long that the transfer is over, nor so short that it has not begun.
            let milliseconds = 100 + 2 * u32::from(random);
            actions += &format!(
                "set ftp:passive-mode {passive}\n{begin}-{point} &\nsleep 0.{milliseconds}\nkill all\n\
                 get small -o small-{point}\n"
            );
        }
        // 10 MB/s
        let outcome =
            lftp_does(site, "set net:limit-total-rate 10000000\nset ftp:auto-passive-mode no", &actions)
                .succeeds();
        let log = String::from_utf8_lossy(&outcome.stderr);
        let count = |line: &str| log.lines().filter(|found| found.starts_with(line)).count();
        assert_eq!(count("---- Connecting to "), 1, "{outcome}");
        assert_eq!(count("---> USER "), 1, "{outcome}");
        assert_eq!(count("---> ABOR"), POINTS, "{outcome}");
        assert_eq!(count("<--- 426 "), POINTS, "{outcome}");
        assert_eq!(count("---> RETR small"), POINTS, "{outcome}");
        // Of ABOR, and of what came after it.
        assert_eq!(count("<--- 226 "), 2 * POINTS, "{outcome}");
        for point in 0..POINTS {
            site.local.holds(&format!("small-{point}"), &bytes());
        }
    }

    fn is_a_start_of(whole: &[u8], path: impl Fn(&str) -> std::path::PathBuf) {
        let mut lengths: Vec<usize> = (0..POINTS)
            .map(|point| {
                let part = fs::read(path(&format!("part-{point}"))).unwrap();
                assert!(
                    part.len() < whole.len() && whole.starts_with(&part),
                    "{point}: {} bytes",
                    part.len()
                );
                part.len()
            })
            .collect();
        lengths.sort();
        lengths.dedup();
        assert!(lengths.len() > POINTS / 2, "it stopped at the same places: {lengths:?}");
    }
}

/// What `ftpd` promises on its command line.
mod ftpd {
    use super::*;

    fn curl(arguments: &[&str]) -> peers::process::Outcome {
        run(
            Command::new("curl").args(["-q", "-sS", "--max-time", "20"]).args(arguments),
            Duration::from_secs(30),
        )
    }

    #[test]
    fn anonymous_users_read_and_do_not_write() {
        let site = Site::ours(&[]);
        site.seed("file", &bytes());
        assert_eq!(curl(&[&site.anonymous_url("file")]).succeeds().stdout, bytes());
        let mine = site.local.write("mine", b"x");
        curl(&["-T", mine.to_str().unwrap(), &site.anonymous_url("theirs")]).fails();
        for command in ["DELE file", "MKD new", "RNFR file"] {
            curl(&["-l", "-Q", command, &site.anonymous_url("")]).fails();
        }
        assert_eq!(fs::read_dir(&site.root.0).unwrap().count(), 1);
    }

    #[test]
    fn without_anonymous_users_a_login_is_needed() {
        let site = Site::ours(&["--no-anonymous"]);
        site.seed("file", b"x");
        assert_eq!(curl(&[&site.url("file")]).succeeds().stdout, b"x");
        // 67: login denied
        curl(&[&site.anonymous_url("file")]).ends_with(67);
    }

    #[test]
    fn a_wrong_password_is_refused() {
        let site = Site::ours(&[]);
        curl(&[&site.url("").replace("ftppass", "wrong")]).ends_with(67);
    }

    #[test]
    fn no_path_leaves_the_directory() {
        let site = Site::ours(&[]);
        site.local.write("secret", b"secret");
        std::os::unix::fs::symlink(site.local.path("secret"), site.root.path("link")).unwrap();
        let away = format!("..{}", site.local.path("secret").display());
        for path in ["link", away.as_str(), "../../../../etc/passwd", "/etc/passwd"] {
            let outcome = curl(&["--path-as-is", "--ftp-method", "nocwd", &site.url(path)]).fails();
            assert!(outcome.stdout.is_empty(), "{path}");
        }
    }

    #[test]
    fn passive_connections_come_to_the_ports_given() {
        let site = Site::ours(&["--passive-ports", "42100-42103"]);
        for options in [&["-v"][..], &["-v", "--disable-epsv"]] {
            let url = site.url("");
            let outcome = curl(&[options, &["-l", &url]].concat()).succeeds();
            let log = String::from_utf8_lossy(&outcome.stderr).into_owned();
            let in_range = |port: &u32| (42100..=42103).contains(port);
            let epsv =
                log.lines().filter_map(|line| line.split_once("|||")?.1.split('|').next()?.parse().ok());
            let pasv = log.lines().filter(|line| line.starts_with("< 227")).filter_map(|line| {
                let numbers: Vec<u32> =
                    line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
                Some(numbers.get(numbers.len().checked_sub(2)?)? * 256 + numbers.last()?)
            });
            let ports: Vec<u32> = epsv.chain(pasv).collect();
            assert!(!ports.is_empty() && ports.iter().all(in_range), "{ports:?} in {log}");
        }
    }

    #[test]
    fn a_dialogue_survives_what_is_no_command() {
        let site = Site::ours(&[]);
        let mut control = TcpStream::connect(site.address()).unwrap();
        control.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        control.write_all(b"\x80\xff\x00\x01 garbage\r\n\r\nUSER \xff\xfe\0\r\n").unwrap();
        control.write_all(&[b'A'; 1_000_000]).unwrap();
        control.write_all(b"\r\nNOOP\r\nSYST\r\nQUIT\r\n").unwrap();
        let mut answers = Vec::new();
        control.read_to_end(&mut answers).unwrap();
        let answers = String::from_utf8_lossy(&answers).into_owned();
        assert!(answers.starts_with("220"), "{answers}");
        assert!(answers.lines().last().is_some_and(|line| line.starts_with("221")), "{answers}");
    }

    #[test]
    fn a_dialogue_cut_anywhere_leaves_the_server_up() {
        let site = Site::ours(&[]);
        site.seed("file", &noise(5_000_000));
        for part in [
            "",
            "US",
            "USER ftptest\r\nPASS ftppass\r\nPASV\r\n",
            "USER ftptest\r\nPASS ftppass\r\nRETR file\r\n",
        ] {
            TcpStream::connect(site.address()).unwrap().write_all(part.as_bytes()).unwrap();
        }
        assert_eq!(curl(&[&site.url("file")]).succeeds().stdout.len(), 5_000_000);
    }

    #[test]
    fn a_line_is_appended_to_the_xferlog_for_each_file_that_is_moved() {
        let logs = Directory::new();
        let log = logs.write("xferlog", b"what was there\n");
        for runtime in ["std", "tokio", "smol"] {
            fs::write(&log, b"what was there\n").unwrap();
            let site = Site::ours(&["--xferlog", log.to_str().unwrap(), "--runtime", runtime]);
            site.seed("a file", b"12345");
            let mine = site.local.write("mine", b"123");
            curl(&[&site.anonymous_url("a file")]).succeeds();
            curl(&[&site.url("")]).succeeds();
            curl(&["-T", mine.to_str().unwrap(), &site.url("up")]).succeeds();
            curl(&["-B", &site.url("a file")]).succeeds();
            // The server may still be writing what the last client has seen the end of.
            let lines = || fs::read_to_string(&log).unwrap();
            let begin = std::time::Instant::now();
            while lines().lines().count() < 4 && begin.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(Duration::from_millis(10));
            }
            let lines = lines();
            let lines: Vec<&str> = lines.lines().collect();
            assert_eq!(lines.len(), 4, "{lines:#?}");
            assert_eq!(lines[0], "what was there");
            for (line, end) in lines[1..].iter().zip([
                "127.0.0.1 5 /a_file b _ o a anonymous ftp 0 * c",
                "127.0.0.1 3 /up b _ i r ftptest ftp 0 * c",
                "127.0.0.1 5 /a_file a _ o r ftptest ftp 0 * c",
            ]) {
                assert!(line.ends_with(end) && line.split_ascii_whitespace().count() == 18, "{line}");
            }
        }
    }

    #[test]
    fn an_xferlog_that_cannot_be_opened_is_said_before_anybody_is_served() {
        let outcome = run(
            Command::new(peers::site::example("ftpd")).args(["--xferlog", "/no/such/directory/xferlog"]),
            Duration::from_secs(10),
        );
        let said = String::from_utf8_lossy(&outcome.ends_with(1).stderr).into_owned();
        assert!(said.contains("/no/such/directory/xferlog"), "{said}");
    }

    #[test]
    fn sigterm_ends_it_gracefully() {
        let mut site = Site::ours(&[]);
        // One who is connected and says nothing does not hold it up.
        let mut idle = TcpStream::connect(site.address()).unwrap();
        idle.read_exact(&mut [0; 4]).unwrap();
        site.program.terminate();
        let status = site.program.wait(Duration::from_secs(10)).expect("ended");
        assert!(status.success(), "{status}");
        TcpStream::connect(site.address()).expect_err("nobody listens");
    }

    #[test]
    fn sixteen_clients_are_served_at_once() {
        let (site, content) = (Site::ours(&[]), noise(2_000_000));
        site.seed("file", &content);
        let url = site.url("file");
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert!(curl(&[&url]).succeeds().stdout == content));
            }
        });
    }
}
