//! Our server with their clients.

use super::*;

table! {
    identity;
    lists_downloads_and_uploads_every_way:  CURL LFTP WGET FTPLIB;
    moves_20_megabytes:                     CURL LFTP WGET FTPLIB;
    keeps_to_the_rules_of_a_file:           CURL LFTP FTPLIB;
}

/// The kinds of TLS that a client knows.
fn kinds(client: &Program) -> &'static [Tls] {
    match client.knows_implicit_tls {
        true => &[Tls::Explicit, Tls::Implicit],
        false => &[Tls::Explicit],
    }
}

fn lists_downloads_and_uploads_every_way(client: &Program) {
    for &tls in kinds(client) {
        let site = Site::ours_by_tls(tls, &[]);
        site.seed("file", &bytes());
        let (got, mine) = (site.local.path("got"), site.local.write("mine", &noise(300_000)));
        for &way in client.ways_under_tls {
            let by = |request| {
                let outcome = client.tries_by(way, &site, request).succeeds();
                assert_eq!(outcome.ways(), [way.verb()], "{outcome}");
                outcome
            };
            assert_eq!(client.names(&by(Request::Names(""))), ["file"]);
            by(Request::Get("file", &got));
            site.local.holds("got", &bytes());
            fs::remove_file(&got).unwrap();
            if client.uploads {
                by(Request::Put(&mine, "theirs"));
                site.root.holds("theirs", &noise(300_000));
                fs::remove_file(site.root.path("theirs")).unwrap();
            }
        }
    }
}

/// An account with a hash of its password, a quota that suffices, and a directory that is only for reading.
fn keeps_to_the_rules_of_a_file(client: &Program) {
    const RULES: &str =
        "quota = \"1 MB\"\n[[account.directory]]\npath = \"/fixed\"\naccess = \"read-only\"\n";
    for &tls in kinds(client) {
        let site = Site::ours_by_file(tls, RULES);
        site.seed("file", &bytes());
        site.seed_directory("fixed");
        site.seed("fixed/file", &bytes());
        let (got, mine) = (site.local.path("got"), site.local.write("mine", &noise(300_000)));
        for from in ["file", "fixed/file"] {
            client.does(&site, Request::Get(from, &got));
            site.local.holds("got", &bytes());
            fs::remove_file(&got).unwrap();
        }
        client.does(&site, Request::Put(&mine, "theirs"));
        site.root.holds("theirs", &noise(300_000));
        client.tries(&site, Request::Put(&mine, "fixed/file")).fails();
        site.root.holds("fixed/file", &bytes());
    }
}

/// lftp would try for ever: it sees its connection reset, and not the reply.
#[test]
fn curl_is_told_that_a_quota_is_used_up() {
    for tls in [Tls::Explicit, Tls::Implicit] {
        let site = Site::ours_by_file(tls, "quota = \"1 MB\"\n");
        let mine = site.local.write("mine", &noise(600_000));
        CURL.does(&site, Request::Put(&mine, "one"));
        // 70: the storage is exceeded.
        CURL.tries(&site, Request::Put(&mine, "other")).ends_with(70);
        CURL.does(&site, Request::Put(&mine, "one"));
    }
}

fn moves_20_megabytes(client: &Program) {
    let big = noise(20_000_000);
    for &tls in kinds(client) {
        let site = Site::ours_by_tls(tls, &[]);
        site.seed("big", &big);
        client.does(&site, Request::Get("big", &site.local.path("got")));
        site.local.holds("got", &big);
        if client.uploads {
            client.does(&site, Request::Put(&site.local.path("got"), "theirs"));
            site.root.holds("theirs", &big);
        }
    }
}

/// One connection each: ten files down, ten up, by curl and by lftp, in each version, from each runtime.
#[test]
fn many_transfers_go_over_one_control_connection() {
    for (tls, runtime) in [(Tls::Explicit, "std"), (Tls::Explicit, "tokio"), (Tls::Implicit, "smol")] {
        let site = Site::ours_by_tls(tls, &["--runtime", runtime]);
        for number in 0..10 {
            site.seed(&format!("file-{number}"), &noise(1 + number * 10_000));
        }
        for version in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3", "--tls-max", "1.3"]] {
            let mut down: Vec<String> = Vec::new();
            let mut up: Vec<String> = Vec::new();
            for number in 0..10 {
                let file = format!("file-{number}");
                down.extend([site.url(&file), "-o".into(), format!("got-{number}")]);
                let local = site.root.path(&file).to_str().unwrap().to_owned();
                up.extend(["-T".into(), local, site.url(&format!("up-{number}"))]);
            }
            // Under TLS 1.3 curl 7.88 uses each ticket once, and closes an upload without waiting for the next.
            for transfers in [down, up] {
                let mut curl = Command::new("curl");
                curl.args(["-q", "-sS", "-v", "--fail-early", "--max-time", "60", "--ssl-reqd", "--cacert"]);
                curl.arg(site.authority()).args(version).args(transfers).current_dir(&site.local.0);
                let outcome = run(&mut curl, Duration::from_secs(60)).succeeds();
                assert_eq!(count(&outcome.commands(), "USER "), 1, "{outcome}");
            }
            all_are_there(&site);
        }
        for priority in ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"] {
            let actions: String =
                (0..10).map(|n| format!("get file-{n} -o got-{n}\nput got-{n} -o up-{n}\n")).collect();
            let settings = format!("set cmd:fail-exit yes\nset ssl:priority {priority}");
            let outcome = lftp_does(&site, &settings, &actions).succeeds();
            assert_eq!(count(&outcome.commands(), "USER "), 1, "{outcome}");
            all_are_there(&site);
        }
    }
}

fn count(commands: &[String], start: &str) -> usize {
    commands.iter().filter(|command| command.starts_with(start)).count()
}

#[track_caller]
fn all_are_there(site: &Site) {
    for number in 0..10 {
        site.local.holds(&format!("got-{number}"), &noise(1 + number * 10_000));
        fs::remove_file(site.local.path(&format!("got-{number}"))).unwrap();
        site.root.holds(&format!("up-{number}"), &noise(1 + number * 10_000));
        fs::remove_file(site.root.path(&format!("up-{number}"))).unwrap();
    }
}

/// Each has the session of its own control connection, although one process made them all.
#[test]
fn lftp_mixes_no_sessions_of_its_parallel_connections() {
    for tls in [Tls::Explicit, Tls::Implicit] {
        let site = Site::ours_by_tls(tls, &[]);
        site.seed_directory("tree");
        for number in 0..20 {
            site.seed(&format!("tree/file-{number}"), &noise(1_000_000 + number));
        }
        let outcome = lftp_does(&site, "set cmd:fail-exit yes", "mirror --parallel=4 tree copy").succeeds();
        assert!(count(&outcome.commands(), "USER ") > 1, "{outcome}");
        for number in 0..20 {
            site.local.holds(&format!("copy/file-{number}"), &noise(1_000_000 + number));
        }
    }
}

/// Whole trees, there and back. lftp leaves the tickets of its uploads unread, and so does rclone, whose connections share
/// the sessions, and whose TLS 1.2 knows tickets only.
#[test]
fn trees_go_up_and_down_over_one_connection_and_over_several() {
    for binding in ["user", "off"] {
        let site = Site::ours_by_tls(Tls::Explicit, &["--session-binding", binding]);
        let files: Vec<_> = (0..20).map(|n| (format!("file-{n}"), noise(1 + n * 20_000))).collect();
        fs::create_dir(site.local.path("tree")).unwrap();
        for (name, content) in &files {
            site.local.write(&format!("tree/{name}"), content);
        }
        let all_are_there = |way: &str| {
            for (name, content) in &files {
                site.root.holds(&format!("up/{name}"), content);
                site.local.holds(&format!("down/{name}"), content);
            }
            println!("{way}, bound to {binding}: all are there");
            fs::remove_dir_all(site.root.path("up")).unwrap();
            fs::remove_dir_all(site.local.path("down")).unwrap();
        };
        for at_once in ["1", "4"] {
            for version in ["1.2", "1.3"] {
                let actions = [
                    "mirror --reverse --parallel=",
                    at_once,
                    " tree up\nmirror --parallel=",
                    at_once,
                    " up down",
                ];
                let settings =
                    format!("set cmd:fail-exit yes\nset ssl:priority NORMAL:-VERS-ALL:+VERS-TLS{version}");
                let outcome = lftp_does(&site, &settings, &actions.concat()).succeeds();
                assert!(!outcome.to_string().contains("<--- 522"), "{outcome}");
                all_are_there("lftp");
                for (from, to) in [("tree", ":ftp:up"), (":ftp:up", "down")] {
                    rclone(&site, at_once, version, from, to).succeeds();
                }
                all_are_there("rclone");
            }
        }
    }
}

fn rclone(site: &Site, at_once: &str, version: &str, from: &str, to: &str) -> Outcome {
    let mut obscure = Command::new("rclone");
    let obscured = run(obscure.args(["obscure", PASSWORD]), Duration::from_secs(10)).succeeds();
    let mut rclone = Command::new("rclone");
    rclone.args(["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1"]);
    rclone.args(["--contimeout", "10s", "--timeout", "20s", "--transfers", at_once, "--checkers", at_once]);
    rclone.args(["--ftp-explicit-tls", "--ftp-no-check-certificate", "--ftp-user", USER]);
    rclone.args(["--ftp-pass", obscured.text().trim(), "--ftp-host", &site.host.to_string()]);
    rclone.args(["--ftp-port", &site.port.to_string()]);
    if version == "1.2" {
        rclone.arg("--ftp-disable-tls13");
    }
    rclone.args(["copy", from, to]).current_dir(&site.local.0);
    run(&mut rclone, Duration::from_secs(60))
}

/// curl can be told to resume nothing, and Python's ftplib has no way to be told to.
#[test]
fn fresh_sessions_are_refused_unless_they_are_allowed() {
    let fresh = |site: &Site| {
        site.seed("file", &bytes());
        let mut python = Command::new("/usr/bin/python3");
        python.arg(peers::site::peers().join("ftplib_client.py"));
        python.args([&site.host.to_string(), &site.port.to_string(), "--tls"]).arg(site.authority());
        python.args(["--fresh", "get", "file"]).arg(site.local.path("got"));
        (curl(site, &["--no-sessionid"]), run(&mut python, Duration::from_secs(30)))
    };
    let (curl, python) = fresh(&Site::ours_by_tls(Tls::Explicit, &[]));
    curl.fails();
    // curl tells what it lacks of the file, and Python what it was told.
    let refused = python.fails();
    assert!(refused.to_string().contains("522"), "{refused}");
    let site = Site::ours_by_tls(Tls::Explicit, &["--session-binding", "off"]);
    let (curl, python) = fresh(&site);
    assert_eq!(curl.succeeds().stdout, bytes());
    python.succeeds();
    site.local.holds("got", &bytes());
}

#[test]
fn nobody_logs_in_and_no_data_moves_in_the_clear() {
    let site = Site::ours_by_tls(Tls::Explicit, &[]);
    site.seed("file", b"x");
    let mut open = Command::new("curl");
    open.args(["-q", "-sS", "--max-time", "20"]).arg(site.url("file"));
    run(&mut open, Duration::from_secs(30)).ends_with(67);
    // The dialogue only.
    let mut half = Command::new("curl");
    half.args(["-q", "-sS", "--max-time", "20", "--ftp-ssl-control", "--cacert"]).arg(site.authority());
    run(half.arg(site.url("file")), Duration::from_secs(30)).fails();
    assert_eq!(curl(&site, &[]).succeeds().stdout, b"x");
}

#[test]
fn nobody_is_served_without_the_certificate_that_is_asked_for() {
    let other = Site::ours_by_tls(Tls::Explicit, &[]);
    let authority = other.authority();
    for tls in [Tls::Explicit, Tls::Implicit] {
        let site = Site::ours_by_tls(tls, &["--client-ca", authority.to_str().unwrap()]);
        site.seed("file", b"x");
        curl(&site, &[]).fails();
        let client = |name: &str| authority.with_file_name(name).to_str().unwrap().to_owned();
        let (cert, key) = (client("client.pem"), client("client.key"));
        assert_eq!(curl(&site, &["--cert", &cert, "--key", &key]).succeeds().stdout, b"x");
        let mut ftp = Command::new(example("ftp"));
        ftp.args(["--quiet", "--tls", "--cert", &cert, "--key", &key, "--cacert"]).arg(site.authority());
        let outcome = run(ftp.args(["cat", &site.url("file")]), Duration::from_secs(30)).succeeds();
        assert_eq!(outcome.stdout, b"x");
    }
}
