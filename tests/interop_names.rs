//! Names that servers, shells and `ls` take for something else, with our `ftp` and the servers that people run: a tree of them
//! goes there, comes back and is removed. Run by name, as root, after tests/peers/install.sh: `cargo test --test interop_names`.

#[path = "support/misleading.rs"]
mod misleading;
#[macro_use]
mod peers;

use misleading::{Peer, TREE, Ways};
use peers::process::{Outcome, run};
use peers::site::{Directory, INETUTILS, OURS, PROFTPD, PURE_FTPD, PYFTPDLIB, Site, VSFTPD, example};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, iter};

table! {
    Site::any;
    a_hostile_tree_goes_there_and_back_and_is_removed: VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
    a_tilde_is_a_name_to_what_removes_and_overwrites:  VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
    a_neighbour_is_not_overwritten_under_another_name: VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
    each_name_is_moved_alone_at_the_top:               VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
    an_upload_makes_the_parents_that_are_missing:      VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
    a_byte_255_is_a_byte_of_a_name_or_an_error:        VSFTPD PROFTPD PURE_FTPD INETUTILS PYFTPDLIB OURS;
}

/// Names, many of them beside the one that they are taken for.
const HOSTILE: [&[u8]; 65] = [
    b"plain.txt",
    b" lead",
    b"  two lead",
    b"lead",
    b"trail ",
    b"trail",
    b"in  side",
    b" ",
    b"~",
    b"~root",
    b"~ftptest",
    b"~x y",
    b"a~b",
    b"-",
    b"-rf",
    b"--help",
    b"-a b",
    b"- ",
    b".hidden",
    b"..x",
    b"...",
    b"x*y",
    b"x-y",
    b"*",
    b"?",
    b"q?",
    b"qa",
    b"[a] b",
    b"[a-z]",
    b"a",
    b"{a,b}.jpg",
    b"a.jpg",
    b"b.jpg",
    b"'",
    b"\"",
    b"\"quoted\"",
    b"it's",
    b"`id`",
    b"$HOME",
    b"a$b",
    b"a;b",
    b"a;type=i",
    b"a|b",
    b"a&b",
    b"a>b",
    b"<a>",
    b"(a)",
    b"!x",
    b"#",
    b"a#b",
    b"%",
    b"%20",
    b"100%",
    b"\\",
    b"a\\b",
    b"a\\*b",
    "日本 語".as_bytes(),
    "e\u{301}".as_bytes(),
    "é".as_bytes(),
    b"gr\xfcn",
    b"\x83\x5c\x83\x5c",
    b"a=b;c= d",
    b"a -> b",
    b"1 Jan  1 00:00 x",
    b"total 5",
];

/// With the longest that a file system takes.
fn hostile() -> impl Iterator<Item = Vec<u8>> {
    HOSTILE.into_iter().map(<[u8]>::to_vec).chain(iter::once(vec![b'n'; 255]))
}

#[track_caller]
fn ftp<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome {
    let mut command = Command::new(example("ftp"));
    run(
        command.args(["--quiet", "--timeout", "20", "--retry-wait", "0.1"]).args(arguments),
        Duration::from_secs(300),
    )
}

fn below(directory: &Path, name: &[u8]) -> PathBuf {
    directory.join(OsStr::from_bytes(name))
}

/// What is in a directory by path, and the content of files.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let (mut tree, mut left) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let content = (!path.is_dir()).then(|| fs::read(&path).unwrap());
            if content.is_none() {
                left.push(path.clone());
            }
            tree.insert(path.strip_prefix(root).unwrap().to_owned(), content);
        }
    }
    tree
}

/// The percent-encoded URL of a path of any bytes.
fn url(site: &Site, path: &[u8]) -> String {
    let encoded: String = path.iter().map(|byte| format!("%{byte:02X}")).collect();
    format!("{}{encoded}", site.url(""))
}

fn own(site: &Site, path: &Path) {
    let owner = fs::metadata(&site.root.0).unwrap();
    use std::os::unix::fs::MetadataExt;
    chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// Each name as a file, and as a directory with a file in it.
fn make_tree(site: &Site) -> PathBuf {
    let root = site.local.path("tree");
    // A line of LIST says nothing by a name of blanks alone, and these servers have no MLSD.
    let blank_is_lost = matches!(site.name(), VSFTPD | INETUTILS);
    for name in hostile().filter(|name| name != b" " || !blank_is_lost) {
        fs::create_dir_all(root.join("files")).unwrap();
        fs::create_dir_all(below(&root.join("directories"), &name)).unwrap();
        fs::write(below(&root.join("files"), &name), [b"file ", &name[..]].concat()).unwrap();
        // GNU ftpd takes no line of more than 512 bytes.
        let inside = below(&below(&root.join("directories"), &name), &name[..name.len().min(200)]);
        fs::write(inside, [b"inside ", &name[..]].concat()).unwrap();
    }
    root
}

/// What the message about a path begins with: the path as it is shown.
fn shown(path: &Path) -> String {
    ftp_proto::codec::Escaped(path.as_os_str().as_bytes()).to_string()
}

fn a_hostile_tree_goes_there_and_back_and_is_removed(site: &Site) {
    site.seed("beside", b"untouched");
    site.seed_directory("home");
    site.seed("home/file", b"untouched");
    let before = tree(&site.root.0);
    let source = make_tree(site);
    let sent = ftp(&["put", "-r", source.to_str().unwrap(), &site.url("tree")]);
    // What arrived is as it was sent, and what did not was named.
    let (mine, theirs) = (tree(&source), tree(&site.root.path("tree")));
    let errors = String::from_utf8(sent.stderr.clone()).unwrap();
    for (path, content) in &mine {
        if theirs.get(path) != Some(content) {
            let named = path.ancestors().any(|part| errors.contains(&format!("tree/{}: ", shown(part))));
            assert!(named, "{path:?} is missing and was not named: {errors}");
        }
    }
    let complete = mine == theirs;
    assert_eq!(sent.code == Some(0), complete, "{errors}");
    // Those that keep names as bytes keep all of them.
    let keeps_all = matches!(site.name(), VSFTPD | INETUTILS | OURS);
    assert!(complete || !keeps_all, "{errors}");

    let listed = ftp(&["ls", "-a", &site.url("tree/files")]).succeeds().stdout;
    for entry in fs::read_dir(site.root.path("tree/files")).unwrap() {
        let name = [b" ", entry.unwrap().file_name().as_bytes()].concat();
        let count = listed.split(|byte| *byte == b'\n').filter(|line| line.ends_with(&name)).count();
        assert!(count >= 1, "{}", name.escape_ascii());
    }
    let lines = listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(lines, fs::read_dir(site.root.path("tree/files")).unwrap().count());

    let copy = site.local.path("copy");
    ftp(&["get", "-r", &site.url("tree"), copy.to_str().unwrap()]).succeeds();
    assert!(tree(&copy) == theirs, "what came back is what was there");

    ftp(&["rm", "-r", &site.url("tree")]).succeeds();
    assert!(!site.root.has("tree"));
    assert!(tree(&site.root.0) == before, "nothing else was touched");
}

fn a_tilde_is_a_name_to_what_removes_and_overwrites(site: &Site) {
    for name in ["~", "~root", "~ftptest"] {
        site.seed("beside", b"untouched");
        site.seed_directory("home");
        site.seed("home/file", b"untouched");
        let before = tree(&site.root.0);
        site.seed_directory(name);
        site.seed(&format!("{name}/file"), b"x");
        // A walk of the root has it once, under its name.
        let copy = site.local.path("copy");
        ftp(&["get", "-r", &site.url(""), copy.to_str().unwrap()]).succeeds();
        assert!(tree(&copy) == tree(&site.root.0));
        fs::remove_dir_all(copy).unwrap();
        ftp(&["rm", "-r", &site.url(name)]).succeeds();
        assert!(tree(&site.root.0) == before, "{name}");
        ftp(&["rm", "-r", &site.url(name)]).ends_with(1);
        ftp(&["mkdir", &site.url(name)]).succeeds();
        assert!(site.root.path(name).is_dir());
        ftp(&["mv", &site.url(name), "~other"]).succeeds();
        ftp(&["rm", "-r", &site.url("~other")]).succeeds();
        assert!(tree(&site.root.0) == before, "{name}");
        fs::remove_file(site.root.path("home/file")).unwrap();
        fs::remove_dir(site.root.path("home")).unwrap();
    }
}

fn a_neighbour_is_not_overwritten_under_another_name(site: &Site) {
    // Pure-FTPd writes `_` for a blank at the end, pyftpdlib U+FFFD for what is no UTF-8.
    let neighbours = [&b"trail_"[..], b"_", b"trail", "gr\u{fffd}n".as_bytes()];
    let source = site.local.path("tree");
    fs::create_dir(&source).unwrap();
    site.seed_directory("tree");
    for name in neighbours {
        let path = below(&site.root.path("tree"), name);
        fs::write(&path, b"untouched").unwrap();
        own(site, &path);
    }
    for name in [&b"trail "[..], b" ", b"gr\xfcn"] {
        fs::write(below(&source, name), b"mine").unwrap();
    }
    ftp(&["put", "-r", source.to_str().unwrap(), &site.url("tree")]);
    for name in neighbours {
        assert_eq!(
            fs::read(below(&site.root.path("tree"), name)).unwrap(),
            b"untouched",
            "{}",
            name.escape_ascii()
        );
    }
}

fn each_name_is_moved_alone_at_the_top(site: &Site) {
    site.seed("beside", b"untouched");
    for (number, name) in hostile().enumerate() {
        // A blank at the end is not everybody's, and a URL may end in none.
        let path = below(&site.root.0, &name);
        fs::write(&path, &name).unwrap();
        own(site, &path);
        // What is no UTF-8 cannot be asked for where names are UTF-8.
        let odd = name.ends_with(b" ") || std::str::from_utf8(&name).is_err() || name.contains(&b'\\');
        if odd && !matches!(site.name(), VSFTPD | INETUTILS | OURS) {
            fs::remove_file(path).unwrap();
            continue;
        }
        let got = ftp(&["cat", &url(site, &name)]).succeeds();
        assert_eq!(got.stdout, name);
        ftp(&["rm", &url(site, &name)]).succeeds();
        assert!(!path.exists(), "{}", name.escape_ascii());
        let mine = site.local.write("mine", &name);
        if !(name.contains(&b'*') && site.name() == PROFTPD) {
            ftp(&["put", mine.to_str().unwrap(), &url(site, &name)]).succeeds();
            assert_eq!(fs::read(&path).unwrap(), name);
            fs::remove_file(path).unwrap();
        }
        assert_eq!(fs::read_dir(&site.root.0).unwrap().count(), 1, "{number}");
    }
    site.root.holds("beside", b"untouched");
}

fn an_upload_makes_the_parents_that_are_missing(site: &Site) {
    let source = site.local.path("tree");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), b"x").unwrap();
    for target in ["a/b c/~/tree", "a/b c/~/other"] {
        ftp(&["put", "-r", source.to_str().unwrap(), &site.url(target)]).succeeds();
        site.root.holds(&format!("{target}/file"), b"x");
    }
    ftp(&["rm", "-r", &site.url("a")]).succeeds();
    assert_eq!(fs::read_dir(&site.root.0).unwrap().count(), 0);
}

fn a_byte_255_is_a_byte_of_a_name_or_an_error(site: &Site) {
    // Telnet doubles it (RFC 854), which vsftpd and Pure-FTPd do not know.
    let source = site.local.path("tree");
    fs::create_dir(&source).unwrap();
    fs::write(below(&source, b"\xff\xfe"), b"mine").unwrap();
    let sent = ftp(&["put", "-r", source.to_str().unwrap(), &site.url("tree")]);
    let arrived = tree(&source) == tree(&site.root.path("tree"));
    assert_eq!(sent.code == Some(0), arrived, "{sent}");
    if !arrived {
        assert!(String::from_utf8_lossy(&sent.stderr).contains(r"tree/\xff\xfe: "), "{sent}");
    }
}

/// Against a server that misleads.
mod alone {
    use super::*;

    fn url(peer: &Peer, path: &str) -> String {
        format!("ftp://me:secret@{}/{path}", peer.address)
    }

    const NO_NAME: &[&str] = &["-rwxr-xr-x   1 me me  5 Jan 20  2020 "];

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_ends_with_5() {
        let peer = || Peer::new(Ways { lines: [("/home/d/", NO_NAME)].into(), ..Ways::default() });
        let local = Directory::new();
        let copy = local.path("copy");
        for arguments in [&["ls"][..], &["get", "-r"], &["rm", "-r"]] {
            let peer = peer();
            let url = url(&peer, "d");
            let mut all = [arguments, &[&url]].concat();
            if arguments[0] == "get" {
                all.push(copy.to_str().unwrap());
            }
            let outcome = ftp(&all);
            let told = String::from_utf8_lossy(&outcome.stderr).contains("cannot be read: -rwxr-xr-x");
            assert!(told, "{outcome}");
            // What else there is was listed, though not all of it could be fetched from this server.
            assert!(outcome.code == Some(5) || arguments[0] == "get" && outcome.code != Some(0), "{outcome}");
            assert_eq!(peer.tree(), TREE);
        }
    }

    #[test]
    fn what_is_not_confirmed_is_kept_unless_paths_are_trusted() {
        let peer = Peer::new(Ways { replies: [("PWD", "500 unknown")].into(), ..Ways::default() });
        let outcome = ftp(&["rm", "-r", &url(&peer, "d")]).ends_with(5);
        assert!(String::from_utf8_lossy(&outcome.stderr).contains("--trust-paths"), "{outcome}");
        assert_eq!(peer.tree(), TREE);
        ftp(&["rm", "-r", "--trust-paths", &url(&peer, "d")]).succeeds();
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
    }

    #[test]
    fn a_listing_without_end_ends_with_5() {
        for arguments in [&["ls"][..], &["rm", "-r"]] {
            let peer = Peer::new(Ways { endless: true, ..Ways::default() });
            ftp(&[&["--most-entries", "5000"], arguments, &[&url(&peer, "d")]].concat()).ends_with(5);
            assert_eq!(peer.tree(), TREE);
        }
    }

    #[test]
    fn what_is_told_of_the_login_directory_takes_no_empty_argument() {
        let peer = Peer::new(Ways::default());
        let outcome = ftp(&["info", &url(&peer, "")]).succeeds();
        assert!(outcome.text().contains("/home"), "{outcome}");
        assert!(peer.commands().iter().all(|command| !command.ends_with(' ')), "{:#?}", peer.commands());
    }

    #[test]
    fn a_tilde_is_a_name_first_and_a_home_to_what_only_reads() {
        let tree = ["/home/", "/home/f", "/home/~/", "/home/~/inside"];
        for (path, expected) in [("~", "inside"), ("./~", "inside"), ("~/", "inside")] {
            let peer = Peer::with(&tree, Ways { tilde: true, ..Ways::default() });
            let outcome = ftp(&["ls", &url(&peer, path)]).succeeds();
            assert!(outcome.text().contains(expected), "{path} {outcome}");
        }
        let peer = Peer::with(&tree[..2], Ways { tilde: true, ..Ways::default() });
        assert!(ftp(&["ls", &url(&peer, "~")]).succeeds().text().contains(" f"));
        ftp(&["ls", &url(&peer, "./~")]).ends_with(1);
        ftp(&["rm", "-r", &url(&peer, "~")]).ends_with(1);
        assert_eq!(peer.tree(), tree[..2]);
    }

    #[test]
    fn a_file_whose_name_ls_could_take_apart_is_listed_alone() {
        let peer =
            Peer::with(&["/home/", "/home/a b", "/home/d/", "/home/d/x*", "/home/d/xy"], Ways::default());
        for (path, name) in [("a%20b", "a b"), ("d/x*", "x*")] {
            let outcome = ftp(&["ls", &url(&peer, path)]).succeeds();
            assert!(
                outcome.text().lines().count() == 1 && outcome.text().trim_end().ends_with(name),
                "{outcome}"
            );
        }
        ftp(&["ls", &url(&peer, "d/x%3F")]).ends_with(1);
    }

    #[test]
    fn names_are_shown_in_utf_8_whatever_the_server_has() {
        let peer = Peer::with(&["/home/", "/home/ü"], Ways::default());
        // Its bytes are those of two characters in Latin-1.
        let outcome = ftp(&["--names-encoding", "latin1", "ls", &url(&peer, "")]).succeeds();
        assert!(outcome.text().contains("Ã¼"), "{outcome}");
        ftp(&["--names-encoding", "latin1", "rm", &url(&peer, "Ã¼")]).succeeds();
        assert_eq!(peer.tree(), ["/home/"]);
        ftp(&["--names-encoding", "latin1", "rm", &url(&peer, "日本")]).ends_with(4);
        for label in ["no-such", "utf-16", "replacement"] {
            ftp(&["--names-encoding", label, "ls", &url(&peer, "")]).ends_with(2);
        }
    }
}
