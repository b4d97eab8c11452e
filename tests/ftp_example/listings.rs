//! Listings, patterns, JSON and exit codes.

use super::*;

fn seeded() -> Served {
    let served = server();
    for (name, size) in [("a.txt", 1), ("b.txt", 2000), ("c.dat", 3), (".hidden.txt", 4), ("d*.txt", 5)] {
        write(&served.root.join("dir").join(name), &served::bytes(size), LONG_AGO + size as u64);
    }
    fs::create_dir(served.root.join("dir/sub.txt")).unwrap();
    served
}

#[test]
fn ls_looks_like_ls() {
    let served = seeded();
    let ls = |options: &[&str]| {
        let outcome = ftp(&[&["ls"], options, &[&url(&served, "dir")]].concat()).succeeds();
        outcome.text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = ls(&[]);
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(plain.len(), 5);
    assert_eq!(columns(&plain[0]), ["-rw-r--r--", "1", "Jul", "14", "2017", "a.txt"]);
    assert!(plain[4].starts_with("drwx") && plain[4].ends_with(" sub.txt"), "{plain:?}");
    assert!(plain.iter().all(|line| !line.contains('\x1b')), "no colour but on a terminal");
    assert_eq!(ls(&["-a"]).len(), 6);
    assert_eq!(ls(&["-1"]), ["a.txt", "b.txt", "c.dat", "d*.txt", "sub.txt"]);
    assert_eq!(ls(&["-1S"])[0], "b.txt");
    assert_eq!(ls(&["-1tr"]).last().unwrap(), "sub.txt");
    assert!(ls(&["-h"])[1].contains(" 2.0K "));
    assert_eq!(columns(&ls(&["-l"])[0]).len(), 9);
    let one = ftp(&["ls", &url(&served, "dir/.hidden.txt")]).succeeds();
    assert_eq!(one.text().lines().count(), 1);
}

#[test]
fn a_pattern_fetches_what_it_matches() {
    let (served, scratch) = (seeded(), Scratch::new());
    let get = |path: &str| {
        let target = scratch.path("got");
        let _ = fs::remove_dir_all(&target);
        fs::create_dir(&target).unwrap();
        let outcome = ftp(&["get", &url(&served, path), &scratch.arg("got")]);
        (names(&target), outcome)
    };
    for (path, expected) in [
        ("dir/*.txt", &["a.txt", "b.txt", "d*.txt"][..]),
        ("dir/[ab].*", &["a.txt", "b.txt"]),
        ("dir/?.???", &["a.txt", "b.txt", "c.dat"]),
        ("dir/.*.txt", &[".hidden.txt"]),
        // The name itself, although it is a pattern too.
        ("dir/d*.txt", &["d*.txt"]),
        ("dir/d%2A.txt", &["d*.txt"]),
    ] {
        let (found, outcome) = get(path);
        assert_eq!(found, expected, "{path} {outcome}");
        outcome.succeeds();
    }
    let (found, outcome) = get("dir/*.none");
    assert_eq!(found, [""; 0]);
    assert!(error(&outcome.ends_with(1)).contains("no file matches"));
    get("none/*").1.ends_with(1);
    // Several URLs, one of them of a file that is not there.
    let urls = ["dir/a.txt", "dir/none", "dir/c.dat"].map(|path| url(&served, path));
    let mut command = program();
    fs::create_dir(scratch.path("here")).unwrap();
    let outcome = run(command.arg("get").args(&urls).current_dir(scratch.path("here")), LIMIT).ends_with(1);
    assert_eq!(names(&scratch.path("here")), ["a.txt", "c.dat"]);
    assert!(error(&outcome).contains("2 files (4 B) received, 1 failed in"), "{outcome}");
}

#[test]
fn json_has_an_object_a_line_for_everything() {
    let (served, scratch) = (seeded(), Scratch::new());
    let listed = events(&ftp(&["--json", "ls", &url(&served, "dir")]).succeeds());
    let entry = &listed[0];
    assert_eq!(entry["path"], "dir/.hidden.txt");
    assert_eq!((&entry["kind"], &entry["size"]), (&"file".into(), &4.into()));
    assert_eq!((&entry["modified"], &entry["mode"]), (&"2017-07-14T02:40:04Z".into(), &"0644".into()));
    assert_eq!(listed.len(), 7);
    write(&served.root.join("gr\u{fc}n"), b"", LONG_AGO);
    let of = |arguments: &[&str], code| {
        let outcome = ftp(&[&["--json"], arguments].concat()).ends_with(code);
        events(&outcome)
    };
    let kinds = |events: &[Value]| {
        events.iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (got, one) = (scratch.arg("got"), url(&served, "dir/a.txt"));
    let transfer = of(&["get", &one, &got], 0);
    assert_eq!(kinds(&transfer), ["transfer", "summary"]);
    let fields = ["direction", "path", "local", "size", "bytes", "resumed_at", "seconds"];
    assert!(fields.iter().all(|field| !transfer[0][field].is_null()), "{}", transfer[0]);
    assert_eq!((&transfer[1]["downloaded"], &transfer[1]["exit_code"]), (&1.into(), &0.into()));
    let failed = of(&["get", &url(&served, "none"), &got], 1);
    assert_eq!(kinds(&failed), ["failure", "summary"]);
    assert_eq!((&failed[0]["exit_code"], &failed[1]["failed"]), (&1.into(), &1.into()));
    assert_eq!(kinds(&of(&["mkdir", &url(&served, "new")], 0)), ["directory", "summary"]);
    assert_eq!(kinds(&of(&["rm", "-r", &url(&served, "new")], 0)), ["remove", "summary"]);
    assert_eq!(kinds(&of(&["info", &one], 0)), ["info", "summary"]);
    assert_eq!(kinds(&of(&["ls", "--names", &url(&served, "dir")], 0)).len(), 6);
    let mirrored = of(&["mirror", &url(&served, "dir"), &scratch.arg("mirror")], 0);
    assert_eq!(mirrored.iter().filter(|event| event["event"] == "transfer").count(), 5);
    assert_eq!(mirrored.last().unwrap()["bytes"], 2013);
    ftp(&["--json", "cat", &one]).ends_with(2);
}

#[test]
fn wrong_arguments_end_with_2_before_anything_is_done() {
    for arguments in [
        &["mirror", "a", "b"][..],
        &["mirror", "ftp://127.0.0.1:1/a", "ftp://127.0.0.1:1/b"],
        &["mirror", "--max-delete", "3", "a", "ftp://127.0.0.1:1/"],
        &["mirror", "--exclude", "[", "a", "ftp://127.0.0.1:1/"],
        &["mirror", "--parallel", "0", "a", "ftp://127.0.0.1:1/"],
        &["--limit-rate", "0", "ls", "ftp://127.0.0.1:1/"],
        &["--retry-wait", "-1", "ls", "ftp://127.0.0.1:1/"],
        &["get", "ftp://127.0.0.1:1/a", "ftp://127.0.0.1:2/b"],
        &["get", "ftp://127.0.0.1:1/a", "ftp://127.0.0.1:1/b", "/nonexistent"],
        &["get", "ftp://127.0.0.1:1/*", "/nonexistent"],
        &["put", "a"],
        &["put", "-", "b", "ftp://127.0.0.1:1/d/"],
    ] {
        ftp(arguments).ends_with(2);
    }
    assert!(ftp(&["ls", "--help"]).succeeds().text().contains("-h"));
}
