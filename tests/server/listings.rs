//! The arguments of LIST, NLST, MLSD, STAT and MDTM that can be read in more ways than one, and what listings show.

use crate::support::server::{Rig, Slow, prompt};
use ftp_proto::codec::{Sink, Text, Verb};
use ftp_proto::listing::{Clock, Entry, Formats, Kind, ListingParser};
use ftp_proto::server::{Answer, Config, DotFiles, Refusal};

/// A client in a tree with these directories, which end in a slash, and files.
fn among(config: Config, paths: &[&str]) -> Rig {
    let mut rig = Rig::with(config).login();
    rig.host_mut().remove("/");
    for path in paths {
        match path.strip_suffix('/') {
            Some(path) => rig.host_mut().put_directory(path),
            None => rig.host_mut().put_file(path, "x"),
        }
    }
    rig
}

/// The names, or the code of the refusal.
fn names(rig: &mut Rig, line: &str) -> Result<Vec<String>, u16> {
    rig.passive();
    match rig.say(line)[..] {
        [150] => {}
        [code] => {
            rig.say("ABOR");
            return Err(code);
        }
        ref codes => panic!("{line}: {codes:?}"),
    }
    let listing = String::from_utf8(rig.download()).unwrap();
    assert_eq!(rig.codes(), [226], "{line}");
    let formats = if line.starts_with("LIST") { Formats::LIST } else { Formats::NLST };
    let mut parser = ListingParser::new([0; 512], formats, Clock::UNKNOWN);
    let mut input = listing.as_bytes();
    let mut names = Vec::new();
    while let Some(entry) = parser.next(&mut input) {
        names.push(String::from_utf8(entry.unwrap().name.as_bytes().to_vec()).unwrap());
    }
    while let Some(entry) = parser.finish() {
        names.push(String::from_utf8(entry.unwrap().name.as_bytes().to_vec()).unwrap());
    }
    Ok(names)
}

const TREE: &[&str] = &[
    "/a.txt",
    "/b.txt",
    "/c.md",
    "/.hidden.txt",
    "/d.txt/",
    "/dir/",
    "/dir/e.txt",
    "/dir/f.md",
    "/dir/.g.txt",
    "/dir/sub/",
    "/dir/sub/h.txt",
    "/some where/",
    "/some where/i j.txt",
];

#[test]
fn wildcards_in_nlst_and_list_match_in_one_directory() {
    for (argument, listed, nlst) in [
        ("*.txt", &["a.txt", "b.txt", "d.txt"][..], &["a.txt", "b.txt", "d.txt"][..]),
        ("?.txt", &["a.txt", "b.txt", "d.txt"], &["a.txt", "b.txt", "d.txt"]),
        ("[ab].*", &["a.txt", "b.txt"], &["a.txt", "b.txt"]),
        ("[!a]*.txt", &["b.txt", "d.txt"], &["b.txt", "d.txt"]),
        (
            "*",
            &["a.txt", "b.txt", "c.md", "d.txt", "dir", "some where"],
            &["a.txt", "b.txt", "c.md", "d.txt", "dir", "some where"],
        ),
        (".*", &[".hidden.txt"], &[".hidden.txt"]),
        ("dir/*.txt", &["e.txt"], &["dir/e.txt"]),
        ("./dir/*.txt", &["e.txt"], &["./dir/e.txt"]),
        ("/dir/*", &["e.txt", "f.md", "sub"], &["/dir/e.txt", "/dir/f.md", "/dir/sub"]),
        ("dir/sub/../*.md", &["f.md"], &["dir/sub/../f.md"]),
        ("some where/*", &["i j.txt"], &["some where/i j.txt"]),
        ("-la dir/*.txt", &["e.txt"], &["dir/e.txt"]),
        ("-l *.md", &["c.md"], &["c.md"]),
        ("s*/", &["some where"], &["some where"]),
    ] {
        let mut rig = among(prompt(), TREE);
        assert_eq!(
            names(&mut rig, &format!("LIST {argument}")).as_deref(),
            Ok(&to_owned(listed)[..]),
            "{argument}"
        );
        assert_eq!(
            names(&mut rig, &format!("NLST {argument}")).as_deref(),
            Ok(&to_owned(nlst)[..]),
            "{argument}"
        );
    }
}

fn to_owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

#[test]
fn what_nlst_sends_for_a_pattern_or_a_file_can_be_retrieved() {
    let mut rig = among(prompt(), TREE);
    assert_eq!(rig.say("CWD dir"), [250]);
    for argument in ["*.txt", "../*.txt", "sub/*", "/dir/*.md", "e.txt", "sub/h.txt", "../a.txt", "./e.txt"] {
        for name in names(&mut rig, &format!("NLST {argument}")).unwrap() {
            let size = rig.say(&format!("TYPE I\r\nSIZE {name}"));
            let is_directory = name == "../d.txt";
            assert_eq!(size, [200, if is_directory { 550 } else { 213 }], "{argument}: {name}");
        }
    }
}

#[test]
fn wildcards_before_the_last_slash_are_names() {
    let mut rig = among(prompt(), &["/dir/", "/dir/a", "/d*/", "/d*/b"]);
    assert_eq!(names(&mut rig, "NLST d*/*"), Ok(to_owned(&["d*/b"])));
    let mut rig = among(prompt(), TREE);
    assert_eq!(names(&mut rig, "NLST */e.txt"), Err(550));
    assert_eq!(names(&mut rig, "NLST */*.txt"), Err(550));
    assert_eq!(
        names(&mut rig, "NLST */../*.md"),
        Ok(to_owned(&["*/../c.md"])),
        "a path is resolved by its names"
    );
}

#[test]
fn a_pattern_that_matches_nothing_is_550() {
    for argument in ["*.none", "none/*", "a.txt/*", "-a *.none", "[z-a]", "dir/sub/*.md", "."] {
        for verb in ["LIST", "NLST"] {
            let mut rig = among(prompt(), TREE);
            match argument {
                "." => assert!(names(&mut rig, &format!("{verb} .")).is_ok()),
                _ => {
                    assert_eq!(names(&mut rig, &format!("{verb} {argument}")), Err(550), "{verb} {argument}")
                }
            }
        }
    }
    // An empty directory is not the same: RFC 1123 4.1.2.7.
    assert_eq!(names(&mut among(prompt(), &["/empty/"]), "NLST empty"), Ok(Vec::new()));
}

#[test]
fn a_name_that_exists_is_no_pattern_and_no_option() {
    for (argument, listed) in [
        ("[x].txt", &["[x].txt"][..]),
        ("*", &["*"]),
        ("-l", &["-l"]),
        ("-la", &["inner"]),
        ("-la dir", &["-la dir"]),
        ("-R", &["-R"]),
        ("-a", &["-R", "-l", "-la", "-la dir", ".dot", "[x].txt", "dir", "x.txt", "*"]),
        ("-1 dir", &["*", "in dir"]),
        ("dir/*", &["*"]),
    ] {
        let mut rig = among(
            prompt(),
            &[
                "/[x].txt",
                "/x.txt",
                "/*",
                "/-l",
                "/-la/",
                "/-la/inner",
                "/-la dir",
                "/-R",
                "/.dot",
                "/dir/",
                "/dir/in dir",
                "/dir/*",
            ],
        );
        for verb in ["LIST", "NLST"] {
            let mut found = names(&mut rig, &format!("{verb} {argument}")).unwrap();
            found.iter_mut().for_each(|name| *name = name.trim_start_matches("dir/").to_owned());
            found.sort();
            let mut listed = to_owned(listed);
            listed.sort();
            assert_eq!(found, listed, "{verb} {argument}");
        }
    }
}

#[test]
fn options_have_no_effect_but_for_dot_files() {
    for (argument, dots) in [
        ("", false),
        ("-a", true),
        ("-A", true),
        ("-l", false),
        ("-la", true),
        ("-al", true),
        ("-lart", true),
        ("-l -a", true),
        ("-1", false),
        ("-F", false),
        ("-hSux", false),
        ("-a .", true),
        ("-la /", true),
    ] {
        for verb in ["LIST", "NLST"] {
            let mut rig = among(prompt(), &["/a", "/.b"]);
            let expected = if dots { &[".b", "a"][..] } else { &["a"] };
            assert_eq!(
                names(&mut rig, &format!("{verb} {argument}")),
                Ok(to_owned(expected)),
                "{verb} {argument}"
            );
        }
    }
    let mut rig = among(prompt(), TREE);
    assert_eq!(names(&mut rig, "LIST -la some where"), Ok(to_owned(&["i j.txt"])));
    assert_eq!(names(&mut rig, "LIST -la none"), Err(550));
    assert_eq!(names(&mut rig, "LIST --all"), Err(550), "no option");
}

#[test]
fn names_with_a_leading_dot_are_shown_as_the_configuration_says() {
    assert_eq!(Config::default().dot_files, DotFiles::OnRequest, "the default");
    for (setting, plain, asked, machine) in [
        (DotFiles::OnRequest, false, true, true),
        (DotFiles::Shown, true, true, true),
        (DotFiles::Hidden, false, true, false),
    ] {
        let mut config = prompt();
        config.dot_files = setting;
        for (line, shown) in [
            ("LIST", plain),
            ("NLST", plain),
            ("LIST -a", asked),
            ("NLST -la", asked),
            ("MLSD", machine),
            ("NLST .*", true),
            ("LIST .b", true),
            ("NLST *", false),
            ("NLST -a *", false),
        ] {
            let mut rig = among(config.clone(), &["/a", "/.b"]);
            rig.passive();
            assert_eq!(rig.say(line), [150], "{line}");
            let listing = String::from_utf8(rig.download()).unwrap();
            assert_eq!(listing.contains(".b"), shown, "{setting:?} {line}: {listing}");
        }
        for (line, shown) in [("STAT /", plain), ("STAT -a /", asked)] {
            let mut rig = among(config.clone(), &["/a", "/.b"]);
            assert_eq!(rig.ask(line)[0].contains(".b"), shown, "{setting:?} {line}");
        }
    }
}

#[test]
fn a_hidden_file_is_still_there() {
    let mut config = prompt();
    config.dot_files = DotFiles::Hidden;
    let mut rig = among(config, &["/.b"]);
    assert_eq!(rig.say("TYPE I\r\nSIZE .b\r\nMLST .b"), [200, 213, 250]);
}

#[test]
fn stat_reads_options_only_where_there_is_no_such_name() {
    let mut rig = among(prompt(), &["/-l/", "/-l/within", "/a"]);
    assert!(rig.ask("STAT -l")[0].contains("within"));
    assert!(rig.ask("STAT -la /")[0].contains(" a\n"));
    assert_eq!(rig.say("STAT -la none"), [550]);
    assert_eq!(rig.say("STAT *"), [550], "no patterns");
}

#[test]
fn mlsd_of_a_file_is_501_and_of_nothing_550() {
    let mut rig = among(prompt(), TREE);
    for (line, code) in [
        ("MLSD a.txt", 501),
        ("MLSD none", 550),
        ("MLSD *.txt", 550),
        ("MLSD -a", 550),
        ("MLSD dir/e.txt", 501),
    ] {
        rig.passive();
        assert_eq!(rig.say(line), [code], "{line}");
    }
    // Whatever made the host say so.
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("MLSD /file"), [0; 0]);
    rig.answer(Answer::Refused(Refusal::NotADirectory)).unwrap();
    assert_eq!(rig.codes(), [501]);
}

#[test]
fn abor_ends_a_search_for_another_reading() {
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("LIST -la *.txt"), [0; 0]);
    rig.answer(Answer::Refused(Refusal::NotFound)).unwrap();
    assert!(rig.host().requests().last().unwrap().contains("all: true"), "{:?}", rig.host().requests());
    assert_eq!(rig.say("ABOR"), [0; 0]);
    rig.answer(Answer::Refused(Refusal::NotFound)).unwrap();
    assert_eq!(rig.codes(), [550, 226]);
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn other_refusals_are_told_at_once() {
    for (refusal, code) in [(Refusal::Busy, 450), (Refusal::Failed, 451), (Refusal::Unsupported, 504)] {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.slow(Slow::Everything);
        assert_eq!(rig.say("LIST -la *.txt"), [0; 0]);
        rig.answer(Answer::Refused(refusal)).unwrap();
        assert_eq!(rig.codes(), [code]);
    }
}

#[test]
fn a_pattern_that_finds_no_room_in_the_path_storage_is_refused() {
    let mut rig = among(prompt(), TREE);
    let long = "*".repeat(2000);
    assert_eq!(rig.say(&format!("CWD /{}", "x/".repeat(900))), [550]);
    assert!(names(&mut rig, &format!("NLST {long}")).is_ok(), "stars match all there is");
    assert_eq!(names(&mut rig, &format!("NLST {}b", "a*".repeat(900))), Err(550));
}

#[test]
fn mdtm_with_a_time_sets_it_where_mfmt_is_served_and_nothing_has_that_name() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.ask("MDTM 20240131235958 file"), ["213 Modify=20240131235958; /file"]);
    let request = rig.host().requests().last().unwrap();
    assert!(request.starts_with("Change(") && request.contains("modified: Some"), "{request}");
    assert_eq!(rig.say("CWD dir\r\nMDTM 20240131235958 ../file"), [250, 213]);
    assert_eq!(rig.say("MDTM 20240131235958 none"), [550]);
    assert_eq!(rig.say("MDTM 20249931235958 file"), [550], "no time");
    assert_eq!(rig.say("MDTM 20240131235958"), [550]);

    // A file of that name is asked about.
    rig.host_mut().put_file("/20240131235958 file", b"".to_vec());
    rig.host_mut().clear_requests();
    assert_eq!(rig.ask("MDTM /20240131235958 file"), ["213 20240229123456"]);
    assert_eq!(rig.say("CWD /"), [250]);
    assert_eq!(rig.ask("MDTM 20240131235958 file"), ["213 20240229123456"]);
    assert!(rig.host().requests().iter().all(|request| !request.starts_with("Change(")));

    // MFMT is not served, or is the host's own.
    for overridden in [false, true] {
        let mut config = prompt();
        match overridden {
            true => config.overridden = config.overridden.with(Verb::Mfmt),
            false => config.commands = config.commands.without(Verb::Mfmt),
        }
        assert_eq!(Rig::with(config).login().say("MDTM 20240131235958 file"), [550]);
    }
}

struct Lines(Vec<u8>);

impl Sink for Lines {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ftp_proto::codec::Full> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// What a host sends that lists with the session's own lister.
fn recursive(config: Config, line: &str, paths: &[&str]) -> String {
    let mut rig = among(config, paths);
    rig.passive();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say(line), [0; 0], "{line}");
    while !rig.host().contains(rig.session().path().as_bytes()) {
        rig.answer(Answer::Refused(Refusal::NotFound)).unwrap();
        assert_eq!(rig.codes(), [0; 0], "{line}");
    }
    let top = rig.session().path().as_bytes().to_vec();
    let (mut lister, mut out) = (rig.session().lister(Clock::UNKNOWN), Lines(Vec::new()));
    let mut at = top.clone();
    loop {
        lister.heading(&mut out).unwrap();
        for name in rig.host().names(&at) {
            let path = [at.strip_suffix(b"/").unwrap_or(&at), b"/", &name[..]].concat();
            let kind = if rig.host().is_directory(path) { Kind::Directory } else { Kind::File };
            lister.write(&Entry::new(Text::new(&name).unwrap(), kind), &mut out).unwrap();
        }
        match lister.next_directory() {
            Some(below) => at = [top.strip_suffix(b"/").unwrap_or(&top), b"/", below].concat(),
            None => break,
        }
    }
    String::from_utf8(out.0).unwrap()
}

/// The headings and the names under each.
fn outline(listing: &str) -> Vec<String> {
    let name = |line: &str| line.rsplit(' ').next().unwrap().to_owned();
    listing
        .split("\r\n")
        .map(name)
        .collect::<Vec<_>>()
        .join(" ")
        .trim()
        .split("  ")
        .map(str::to_owned)
        .collect()
}

const DEEP: &[&str] = &["/a/", "/a/b/", "/a/b/c/", "/a/b/c/f", "/a/f", "/d/", "/.e/", "/.e/f", "/f"];

#[test]
fn list_recursive_has_the_form_of_ls() {
    let whole = recursive(prompt(), "LIST -R", &["/a/", "/a/b", "/c"]);
    assert_eq!(
        whole,
        ".:\r\n\
         drwxr-xr-x    1 ?        ?               0 Jan  1  1970 a\r\n\
         -rw-r--r--    1 ?        ?               0 Jan  1  1970 c\r\n\
         \r\n\
         ./a:\r\n\
         -rw-r--r--    1 ?        ?               0 Jan  1  1970 b\r\n"
    );
    for (line, expected) in [
        ("LIST -R", &[".: a d f", "./a: b f", "./a/b: c", "./a/b/c: f", "./d:"][..]),
        ("LIST -lR .", &[".: a d f", "./a: b f", "./a/b: c", "./a/b/c: f", "./d:"]),
        ("LIST -R a", &["a: b f", "a/b: c", "a/b/c: f"]),
        ("LIST -R /a/", &["/a: b f", "/a/b: c", "/a/b/c: f"]),
        ("LIST -R /", &["/: a d f", "/a: b f", "/a/b: c", "/a/b/c: f", "/d:"]),
        ("LIST -aR", &[".: .e a d f", "./.e: f", "./a: b f", "./a/b: c", "./a/b/c: f", "./d:"]),
        ("LIST", &["a d f"]),
        ("NLST -R", &["a d f"]),
        ("LIST -R [ad]", &["a d"]),
    ] {
        assert_eq!(outline(&recursive(prompt(), line, DEEP)), expected, "{line}");
    }
}

#[test]
fn list_recursive_is_bounded_in_depth_and_in_entries() {
    let limited = |depth, entries| {
        let mut config = prompt();
        (config.recursion.depth, config.recursion.entries) = (depth, entries);
        outline(&recursive(config, "LIST -R", DEEP))
    };
    assert_eq!(limited(0, 1000), ["a d f"]);
    assert_eq!(limited(1, 1000), [".: a d f", "./a: b f", "./d:"]);
    assert_eq!(limited(2, 1000), [".: a d f", "./a: b f", "./a/b: c", "./d:"]);
    // A directory that was begun is listed whole.
    assert_eq!(limited(9, 4), [".: a d f", "./a: b f"]);
    assert_eq!(limited(9, 3), [".: a d f"]);
    assert_eq!(limited(9, 0), [".: a d f"]);
    let defaults = Config::default().recursion;
    assert_eq!((defaults.depth, defaults.entries), (16, 10_000));
}

#[test]
fn the_entries_of_a_recursive_listing_are_read_by_the_parser() {
    let listing = recursive(prompt(), "LIST -R", DEEP);
    let mut parser = ListingParser::new([0; 512], Formats::LIST, Clock::UNKNOWN);
    let (mut input, mut names, mut headings) = (listing.as_bytes(), Vec::new(), 0);
    while let Some(line) = parser.next(&mut input) {
        match line {
            Ok(entry) => names.push(entry.name.as_bytes().to_vec()),
            // The parser never takes an entry of another directory for one of this.
            Err(_) => headings += 1,
        }
    }
    while let Some(line) = parser.finish() {
        match line {
            Ok(entry) => names.push(entry.name.as_bytes().to_vec()),
            Err(_) => headings += 1,
        }
    }
    assert_eq!(names, ["a", "d", "f", "b", "f", "c", "f"].map(|name| name.as_bytes().to_vec()));
    assert_eq!(headings, 5);
}
