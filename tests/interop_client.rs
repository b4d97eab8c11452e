//! Our `ftp` with the servers that people run: vsftpd, ProFTPD and Pure-FTPd. Each cell of the table is a test with a server of
//! its own. Run by name, as root, after tests/peers/install.sh: `cargo test --test interop_client`.

#[macro_use]
mod peers;
#[path = "interop_client/mirror.rs"]
mod mirror;

use mirror::{mirrors_two_thousand_files_although_it_is_killed, mirrors_what_differs};
use peers::content::{BIG, NAMES, bytes, interrupted, noise};
use peers::dialogue::check_trace;
use peers::process::{Outcome, run};
use peers::site::{IPV4, IPV6, PASSWORD, PROFTPD, PURE_FTPD, Site, VSFTPD, example, free_port};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

table! {
    Site::theirs;
    lists_names:                              VSFTPD PROFTPD PURE_FTPD;
    lists_details:                            VSFTPD PROFTPD PURE_FTPD;
    lists_an_empty_directory:                 VSFTPD PROFTPD PURE_FTPD;
    gets:                                     VSFTPD PROFTPD PURE_FTPD;
    gets_from_a_directory:                    VSFTPD PROFTPD PURE_FTPD;
    gets_under_the_remote_name:               VSFTPD PROFTPD PURE_FTPD;
    gets_an_empty_file:                       VSFTPD PROFTPD PURE_FTPD;
    gets_100_megabytes:                       VSFTPD PROFTPD PURE_FTPD;
    moves_data_every_way:                     VSFTPD PROFTPD PURE_FTPD;
    gets_the_rest:                            VSFTPD PROFTPD PURE_FTPD;
    gets_nothing_more_of_what_is_complete:    VSFTPD PROFTPD PURE_FTPD;
    gets_a_tree:                              VSFTPD PROFTPD PURE_FTPD;
    gets_as_anonymous:                        VSFTPD PROFTPD PURE_FTPD;
    prints_a_file:                            VSFTPD PROFTPD PURE_FTPD;
    tells_about_a_file:                       VSFTPD PROFTPD PURE_FTPD;
    puts:                                     VSFTPD PROFTPD PURE_FTPD;
    puts_into_a_directory:                    VSFTPD PROFTPD PURE_FTPD;
    puts_over_what_is_there:                  VSFTPD PROFTPD PURE_FTPD;
    puts_an_empty_file:                       VSFTPD PROFTPD PURE_FTPD;
    puts_100_megabytes:                       VSFTPD PROFTPD PURE_FTPD;
    puts_the_rest:                            VSFTPD PROFTPD PURE_FTPD;
    puts_a_tree:                              VSFTPD PROFTPD PURE_FTPD;
    makes_and_removes_a_directory:            VSFTPD PROFTPD PURE_FTPD;
    removes_a_file:                           VSFTPD PROFTPD PURE_FTPD;
    removes_a_tree:                           VSFTPD PROFTPD PURE_FTPD;
    moves:                                    VSFTPD PROFTPD PURE_FTPD;
    says_by_its_exit_code_who_refused:        VSFTPD PROFTPD PURE_FTPD;
    traces_the_dialogue_without_the_password: VSFTPD PROFTPD PURE_FTPD;
    does_the_same_on_each_runtime:            VSFTPD PROFTPD PURE_FTPD;
    mirrors_what_differs:                     VSFTPD PROFTPD PURE_FTPD;
    mirrors_two_thousand_files_although_it_is_killed: VSFTPD;
}

/// Runs `ftp` in bounded time, and compares its dialogue with the documents.
#[track_caller]
fn ftp<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome {
    let mut command = Command::new(example("ftp"));
    command.args(["--quiet", "--timeout", "20", "--retry-wait", "0.1"]);
    if !arguments.iter().any(|argument| argument.as_ref() == "--trace") {
        command.arg("--trace");
    }
    let outcome = run(command.args(arguments), Duration::from_secs(60));
    check_trace(&outcome);
    outcome
}

/// The path as an argument.
fn arg(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// The names that `ls --names` prints, sorted. Some servers name the directory itself and its parent too.
#[track_caller]
fn names(site: &Site, directory: &str) -> Vec<String> {
    let outcome = ftp(&["ls", "--names", &site.url(directory)]).succeeds();
    let lines = outcome.text().lines().filter(|name| !matches!(*name, "." | ".."));
    let mut names: Vec<String> = lines.map(String::from).collect();
    names.sort();
    names
}

fn lists_names(site: &Site) {
    let mut wanted = NAMES.map(String::from).to_vec();
    wanted.sort();
    for name in NAMES {
        site.seed(name, b"x");
    }
    assert_eq!(names(site, ""), wanted);
    for directory in ["some where", "-dash"] {
        site.seed_directory(directory);
        for name in NAMES {
            site.seed_directory(&format!("{directory}/{name}"));
        }
        assert_eq!(names(site, directory), wanted, "{directory}");
    }
}

fn lists_details(site: &Site) {
    for name in NAMES {
        site.seed(name, &noise(54_321));
    }
    let outcome = ftp(&["ls", &site.url("")]).succeeds();
    for name in NAMES {
        let line = outcome.text().lines().find(|line| line.ends_with(name));
        assert!(line.is_some_and(|line| line.contains("54321")), "{name:?} in {outcome}");
    }
}

fn lists_an_empty_directory(site: &Site) {
    site.seed_directory("empty");
    assert_eq!(names(site, "empty"), [""; 0]);
}

fn gets(site: &Site) {
    for name in NAMES {
        let content = [name.as_bytes(), &bytes()].concat();
        site.seed(name, &content);
        ftp(&["get", &site.url(name), &arg(&site.local.path("got"))]).succeeds();
        site.local.holds("got", &content);
        fs::remove_file(site.local.path("got")).unwrap();
    }
}

fn gets_from_a_directory(site: &Site) {
    site.seed_directory("-a dïr");
    site.seed("-a dïr/-a file", &bytes());
    ftp(&["get", &site.url("-a dïr/-a file"), &arg(&site.local.path("got"))]).succeeds();
    site.local.holds("got", &bytes());
}

fn gets_under_the_remote_name(site: &Site) {
    for name in NAMES {
        site.seed(name, name.as_bytes());
        let mut command = Command::new(example("ftp"));
        command.args(["--quiet", "get", &site.url(name)]).current_dir(&site.local.0);
        run(&mut command, Duration::from_secs(60)).succeeds();
        site.local.holds(name, name.as_bytes());
    }
}

fn gets_an_empty_file(site: &Site) {
    site.seed("empty", b"");
    ftp(&["get", &site.url("empty"), &arg(&site.local.path("got"))]).succeeds();
    site.local.holds("got", b"");
}

fn gets_100_megabytes(site: &Site) {
    let content = noise(BIG);
    site.seed("big", &content);
    ftp(&["get", &site.url("big"), &arg(&site.local.path("got"))]).succeeds();
    site.local.holds("got", &content);
}

/// Over each protocol, with either side opening the connection.
fn moves_data_every_way(site: &Site) {
    site.seed("file", &bytes());
    let (got, mine) = (arg(&site.local.path("got")), arg(&site.local.write("mine", &bytes())));
    for host in [IPV4, IPV6] {
        for (options, way) in [(&["--trace"][..], "EPSV"), (&["--trace", "--active"], "EPRT")] {
            let by = |arguments: &[&str]| {
                let outcome = ftp(&[options, arguments].concat()).succeeds();
                assert_eq!(outcome.ways(), [way], "{outcome}");
                outcome
            };
            let url = |path| site.url_at(host, path);
            assert_eq!(by(&["ls", "--names", &url("")]).text().lines().last(), Some("file"));
            by(&["get", &url("file"), &got]);
            site.local.holds("got", &bytes());
            fs::remove_file(&got).unwrap();
            by(&["put", &mine, &url("theirs")]);
            site.root.holds("theirs", &bytes());
            fs::remove_file(site.root.path("theirs")).unwrap();
        }
    }
}

fn gets_the_rest(site: &Site) {
    let whole = noise(1_000_000);
    let (partial, resumed) = interrupted(&whole);
    site.seed("file", &whole);
    let local = site.local.write("got", &partial);
    ftp(&["get", "-c", &site.url("file"), &arg(&local)]).succeeds();
    site.local.holds("got", &resumed);
}

fn gets_nothing_more_of_what_is_complete(site: &Site) {
    site.seed("file", &bytes());
    let local = site.local.write("got", &bytes());
    ftp(&["get", "-c", &site.url("file"), &arg(&local)]).succeeds();
    site.local.holds("got", &bytes());
}

/// Directories in directories, with files in each, and one directory with nothing.
const TREE: [&str; 3] = ["tree", "tree/one two", "tree/one two/-three"];
const EMPTY: &str = "tree/empty ü";

fn gets_a_tree(site: &Site) {
    for directory in TREE {
        site.seed_directory(directory);
        for name in NAMES {
            site.seed(&format!("{directory}/{name}"), &[directory, name].concat().into_bytes());
        }
    }
    site.seed_directory(EMPTY);
    ftp(&["get", "-r", &site.url("tree"), &arg(&site.local.path("tree"))]).succeeds();
    for directory in TREE {
        for name in NAMES {
            site.local.holds(&format!("{directory}/{name}"), &[directory, name].concat().into_bytes());
        }
    }
    assert!(site.local.path(EMPTY).is_dir());
}

fn gets_as_anonymous(site: &Site) {
    site.seed("file", &bytes());
    ftp(&["get", &site.anonymous_url("file"), &arg(&site.local.path("got"))]).succeeds();
    site.local.holds("got", &bytes());
    ftp(&["put", &arg(&site.local.path("got")), &site.anonymous_url("new")]).ends_with(1);
    assert!(!site.root.has("new"));
}

fn prints_a_file(site: &Site) {
    for name in NAMES {
        site.seed(name, &bytes());
        assert_eq!(ftp(&["cat", &site.url(name)]).succeeds().stdout, bytes());
    }
}

fn tells_about_a_file(site: &Site) {
    for name in NAMES {
        site.seed(name, &noise(54_321));
        let outcome = ftp(&["info", &site.url(name)]).succeeds();
        assert!(outcome.text().contains("54321"), "{outcome}");
    }
}

fn puts(site: &Site) {
    for name in NAMES {
        let content = [name.as_bytes(), &bytes()].concat();
        ftp(&["put", &arg(&site.local.write("mine", &content)), &site.url(name)]).succeeds();
        site.root.holds(name, &content);
    }
}

fn puts_into_a_directory(site: &Site) {
    site.seed_directory("-a dïr");
    ftp(&["put", &arg(&site.local.write("mine", &bytes())), &site.url("-a dïr/-a file")]).succeeds();
    site.root.holds("-a dïr/-a file", &bytes());
}

fn puts_over_what_is_there(site: &Site) {
    site.seed("file", &noise(50_000));
    ftp(&["put", &arg(&site.local.write("mine", b"short")), &site.url("file")]).succeeds();
    site.root.holds("file", b"short");
}

fn puts_an_empty_file(site: &Site) {
    ftp(&["put", &arg(&site.local.write("mine", b"")), &site.url("empty")]).succeeds();
    site.root.holds("empty", b"");
}

fn puts_100_megabytes(site: &Site) {
    let content = noise(BIG);
    ftp(&["put", &arg(&site.local.write("mine", &content)), &site.url("big")]).succeeds();
    site.root.holds("big", &content);
}

fn puts_the_rest(site: &Site) {
    let whole = noise(1_000_000);
    let (partial, resumed) = interrupted(&whole);
    site.seed("file", &partial);
    ftp(&["put", "-c", &arg(&site.local.write("mine", &whole)), &site.url("file")]).succeeds();
    site.root.holds("file", &resumed);
}

fn puts_a_tree(site: &Site) {
    for directory in TREE {
        fs::create_dir(site.local.path(directory)).unwrap();
        for name in NAMES {
            site.local.write(&format!("{directory}/{name}"), &[directory, name].concat().into_bytes());
        }
    }
    fs::create_dir(site.local.path(EMPTY)).unwrap();
    // The second time, every directory is there already.
    for _ in 0..2 {
        ftp(&["put", "-r", &arg(&site.local.path("tree")), &site.url("tree")]).succeeds();
        for directory in TREE {
            for name in NAMES {
                site.root.holds(&format!("{directory}/{name}"), &[directory, name].concat().into_bytes());
            }
        }
        assert!(site.root.path(EMPTY).is_dir());
        assert!(!site.root.has("tree/tree"));
    }
}

fn makes_and_removes_a_directory(site: &Site) {
    for name in NAMES {
        ftp(&["mkdir", &site.url(name)]).succeeds();
        assert!(site.root.path(name).is_dir(), "{name}");
        ftp(&["mkdir", &site.url(name)]).ends_with(1);
        ftp(&["rm", "-r", &site.url(name)]).succeeds();
        assert!(!site.root.has(name), "{name}");
    }
}

fn removes_a_file(site: &Site) {
    for name in NAMES {
        site.seed(name, b"x");
        ftp(&["rm", &site.url(name)]).succeeds();
        assert!(!site.root.has(name), "{name}");
    }
    // Without -r a directory stays.
    site.seed_directory("directory");
    site.seed("directory/file", b"x");
    ftp(&["rm", &site.url("directory")]).ends_with(1);
    assert!(site.root.has("directory/file"));
}

fn removes_a_tree(site: &Site) {
    for directory in TREE {
        site.seed_directory(directory);
        for name in NAMES {
            site.seed(&format!("{directory}/{name}"), b"x");
        }
    }
    site.seed("beside", b"x");
    ftp(&["rm", "-r", &site.url("tree")]).succeeds();
    assert!(!site.root.has("tree") && site.root.has("beside"));
}

fn moves(site: &Site) {
    for name in NAMES {
        site.seed("before", name.as_bytes());
        ftp(&["mv", "--", &site.url("before"), name]).succeeds();
        site.root.holds(name, name.as_bytes());
        ftp(&["mv", "--", &site.url(name), "after"]).succeeds();
        site.root.holds("after", name.as_bytes());
        assert!(!site.root.has(name) && !site.root.has("before"), "{name}");
        fs::remove_file(site.root.path("after")).unwrap();
    }
}

fn says_by_its_exit_code_who_refused(site: &Site) {
    let here = arg(&site.local.write("here", b"x"));
    let missing = arg(&site.local.path("no directory/file"));
    site.seed("there", b"x");
    // The server, for good.
    ftp(&["get", &site.url("missing"), &here]).ends_with(1);
    ftp(&["put", &here, &site.url("no directory/file")]).ends_with(1);
    ftp(&["rm", &site.url("missing")]).ends_with(1);
    ftp(&["ls", &site.url("there").replace(PASSWORD, "wrong")]).ends_with(1);
    // The file here.
    ftp(&["put", &missing, &site.url("new")]).ends_with(4);
    ftp(&["get", &site.url("there"), &missing]).ends_with(4);
}

fn traces_the_dialogue_without_the_password(site: &Site) {
    let outcome = ftp(&["--trace", "ls", "--names", &site.url("")]).succeeds();
    let trace = String::from_utf8_lossy(&outcome.stderr);
    assert!(trace.contains("USER ftptest") && trace.contains("PASS ") && trace.contains("220"), "{outcome}");
    assert!(!trace.contains(PASSWORD) && !outcome.text().contains(PASSWORD), "{outcome}");
}

fn does_the_same_on_each_runtime(site: &Site) {
    for directory in TREE {
        fs::create_dir(site.local.path(directory)).unwrap();
        site.local.write(&format!("{directory}/file"), directory.as_bytes());
    }
    let mine = arg(&site.local.write("mine", &noise(1_000_000)));
    for runtime in ["std", "tokio", "smol"] {
        for way in [&[][..], &["--active"]] {
            let does = |arguments: &[&str]| ftp(&[&["--runtime", runtime], way, arguments].concat());
            does(&["put", &mine, &site.url("file")]).succeeds();
            site.root.holds("file", &noise(1_000_000));
            let got = arg(&site.local.path("got"));
            does(&["get", "-p", &site.url("file"), &got]).succeeds();
            site.local.holds("got", &noise(1_000_000));
            assert_eq!(does(&["cat", &site.url("file")]).succeeds().stdout, noise(1_000_000));
            assert!(does(&["info", &site.url("file")]).succeeds().text().contains("1000000"));
            assert!(does(&["ls", &site.url("")]).succeeds().text().contains("1000000"));
            does(&["put", "-r", &arg(&site.local.path("tree")), &site.url("tree")]).succeeds();
            does(&["mv", &site.url("tree"), "moved"]).succeeds();
            does(&["get", "-r", &site.url("moved"), &arg(&site.local.path("copy"))]).succeeds();
            for directory in TREE {
                let copy = directory.replacen("tree", "copy", 1);
                site.local.holds(&format!("{copy}/file"), directory.as_bytes());
            }
            does(&["rm", "-r", &site.url("moved")]).succeeds();
            does(&["rm", &site.url("file")]).succeeds();
            does(&["get", &site.url("file"), &got]).ends_with(1);
            assert!(!site.root.has("moved") && !site.root.has("file"));
            fs::remove_dir_all(site.local.path("copy")).unwrap();
        }
    }
}

/// What is no server's doing, or the doing of one that is none.
mod alone {
    use super::*;

    #[test]
    fn a_wrong_call_ends_with_2() {
        let wrong: [&[&str]; 6] = [
            &["fetch", "ftp://127.0.0.1/"],
            &["get"],
            &["get", "gopher://127.0.0.1/"],
            &["ls", "--no-such-option"],
            &["mv", "ftp://127.0.0.1/a"],
            &["ls", "ftp://127.0.0.1:99999/"],
        ];
        for arguments in wrong {
            ftp(arguments).ends_with(2);
        }
    }

    #[test]
    fn a_name_that_would_be_a_second_command_is_never_sent() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("ftp://u:p@127.0.0.1:{}/a%0D%0ADELE%20b", listener.local_addr().unwrap().port());
        listener.set_nonblocking(true).unwrap();
        ftp(&["cat", &url]).ends_with(2);
    }

    #[test]
    fn nobody_listening_ends_with_3() {
        ftp(&["ls", &format!("ftp://127.0.0.1:{}/", free_port())]).ends_with(3);
    }

    #[test]
    fn a_server_that_says_nothing_ends_with_3_in_time() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("ftp://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let start = Instant::now();
        ftp(&["--timeout", "2", "ls", &url]).ends_with(3);
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_server_that_speaks_no_ftp_is_a_failure_in_time() {
        for answer in [
            "",
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "\0\u{ff}\r\n\r\n\r\n",
            "220",
            "220-\r\n220-\r\n",
            "120 later\r\n",
        ] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let url = format!("ftp://127.0.0.1:{}/file", listener.local_addr().unwrap().port());
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            ftp(&["cat", &url]).fails();
            server.join().unwrap();
        }
    }

    #[test]
    fn a_greeting_without_end_is_a_failure_in_time() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("ftp://127.0.0.1:{}/file", listener.local_addr().unwrap().port());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // 200 MB are enough: a client that keeps what comes has lost by then.
            for _ in 0..200 {
                if stream.write_all(&[b'2'; 1_000_000]).is_err() {
                    break;
                }
            }
        });
        ftp(&["--timeout", "5", "cat", &url]).fails();
        server.join().unwrap();
    }
}
