//! Walks through a tree, in memory that is lent.

use super::*;
use ftp_proto::client::{Found, Walk, WalkLimits, member_name};
use ftp_proto::listing::{Entry, Format, Kind};
use std::collections::BTreeMap;

/// Walks a tree given as lines of LIST or MLSD by directory, and returns the directories visited.
fn walked(
    root: &str,
    tree: &[(&str, &[&str])],
    room: usize,
    limits: WalkLimits,
) -> (Vec<String>, Vec<Found>) {
    let tree: BTreeMap<&str, &[&str]> = tree.iter().copied().collect();
    let mut walk = Walk::new(vec![0; room], Text::new(root.as_bytes()).unwrap(), limits).unwrap();
    let (mut paths, mut left_out) = (Vec::new(), Vec::new());
    while let Some(path) = walk.next() {
        paths.push(path.to_string());
        assert!(paths.len() < 10_000);
        let lines: &[&str] = tree.get(&*path.to_string()).unwrap_or_else(|| panic!("{path} is not there"));
        for line in lines {
            let format = if line.contains(';') { Format::Mlsd } else { Format::Unix };
            let entry = format.parse_line(line.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap();
            let found = walk.found(&entry);
            if found.is_left_out() {
                left_out.push(found);
            }
        }
    }
    (paths, left_out)
}

fn limits() -> WalkLimits {
    WalkLimits::default()
}

#[test]
fn all_directories_are_walked_and_nothing_else_is() {
    let tree: &[(&str, &[&str])] = &[
        (
            "/pub",
            &[
                "type=cdir; /pub",
                "type=pdir; /",
                "type=dir; a b",
                "type=file; file",
                "type=OS.unix=slink:/; link",
                "type=OS.unix=symlink; other",
                "type=dir; z",
                "modify=20240101000000; unknown",
            ],
        ),
        ("/pub/a b", &["type=dir; deep", "type=dir; ."]),
        ("/pub/a b/deep", &["type=dir; deeper"]),
        ("/pub/a b/deep/deeper", &[]),
        (
            "/pub/z",
            &[
                "drwxr-xr-x   2 root  wheel  4096 Nov  9 2001 .",
                "drwxr-xr-x   2 root  wheel  4096 Nov  9 2001 ..",
                "drwxr-xr-x   2 root  wheel  4096 Nov  9 2001 y",
                "lrwxrwxrwx   1 root  wheel     4 Nov  9  2001 up -> ..",
            ],
        ),
        ("/pub/z/y", &[]),
    ];
    let (paths, left_out) = walked("/pub", tree, 1024, limits());
    assert_eq!(paths, ["/pub", "/pub/z", "/pub/z/y", "/pub/a b", "/pub/a b/deep", "/pub/a b/deep/deeper"]);
    assert!(left_out.is_empty());
}

#[test]
fn paths_are_joined_to_any_root() {
    for (root, child, grandchild) in [
        ("", "a", "a/b"),
        ("/", "/a", "/a/b"),
        ("x/", "x/a", "x/a/b"),
        ("./x", "./x/a", "./x/a/b"),
        ("/x y", "/x y/a", "/x y/a/b"),
    ] {
        let tree: &[(&str, &[&str])] =
            &[(root, &["type=dir; a", "type=dir; c"]), (child, &["type=dir; b"]), (grandchild, &[])];
        let other = child.replace('a', "c");
        let tree = [tree, &[(&*other, &[][..])]].concat();
        assert_eq!(walked(root, &tree, 100, limits()).0, [root, &other, child, grandchild]);
    }
    // Names that `ls` would take for options, that would lose their space, or that would be a home
    // directory.
    for name in ["-R", " a", "~", "~root"] {
        let child = format!("./{name}");
        let line = format!("type=dir; {name}");
        let deeper = format!("{child}/-b");
        let tree: &[(&str, &[&str])] = &[
            ("", &[&line, "type=dir; c"]),
            ("c", &[]),
            (&child, &["type=dir; -b", "type=dir; d"]),
            (&deeper, &[]),
            (&format!("{child}/d"), &[]),
        ];
        assert_eq!(walked("", tree, 100, limits()).0, ["", "c", &child, &format!("{child}/d"), &deeper]);
    }
}

proptest! {
    /// A directory has up to three others in it, and its listing breaks off up to twice.
    #[test]
    fn a_directory_whose_listing_broke_off_is_listed_again(
        counts in prop::collection::vec(0usize..4, 40),
        breaks in prop::collection::vec(0usize..3, 40),
        most in 1u32..60,
    ) {
        let limits = || { let mut limits = WalkLimits::default(); limits.directories = most; limits };
        let walked = |breaks: &[usize]| {
            let mut walk = Walk::new([0; 4000], t("/r"), limits()).unwrap();
            let (mut left, mut seen) = (counts.clone(), Vec::new());
            while let Some(path) = walk.next() {
                seen.push(path.to_string());
                let at = seen.len() - 1;
                let count = left.pop().unwrap_or(0);
                for again in 0..=breaks.get(at).copied().unwrap_or(0) {
                    let found = (0..count).map(|n| walk.found(&Entry::new(t(["a", "b", "c"][n]), Kind::Directory)));
                    let found = found.filter(|found| *found == Found::Directory).count();
                    if again < breaks.get(at).copied().unwrap_or(0) {
                        assert!(found <= count);
                        walk.retry();
                        assert_eq!(walk.next().map(|path| path.to_string()).as_ref(), seen.last());
                    }
                }
            }
            seen
        };
        prop_assert_eq!(walked(&breaks), walked(&[]));
    }
}

#[test]
fn the_path_below_the_root_is_what_a_copy_is_made_of() {
    for (root, name, below) in
        [("/pub", "a", "a"), ("", "a", "a"), ("", "-a", "-a"), ("/", "a", "a"), ("x/", "a", "a")]
    {
        let mut walk = Walk::new([0; 100], Text::new(root.as_bytes()).unwrap(), limits()).unwrap();
        walk.next().unwrap();
        assert_eq!((walk.path_below_root(), walk.depth()), (t(""), 0));
        assert_eq!(walk.found(&Entry::new(t(name), Kind::Directory)), Found::Directory);
        walk.next().unwrap();
        assert_eq!((walk.path_below_root(), walk.depth()), (t(below), 1), "{root}");
    }
}

#[test]
fn no_entry_leads_out_of_its_directory() {
    let mut walk = Walk::new([0; 1000], t("/pub"), limits()).unwrap();
    walk.next().unwrap();
    for (name, found) in [
        ("..", Found::Nothing),
        (".", Found::Nothing),
        ("./.", Found::Nothing),
        ("/pub/..", Found::Nothing),
        ("../..", Found::Elsewhere),
        ("/", Found::Elsewhere),
        ("", Found::Elsewhere),
        ("../../etc", Found::Elsewhere),
        ("/etc", Found::Elsewhere),
        ("sub/etc", Found::Elsewhere),
        ("./../etc", Found::Elsewhere),
        ("pub/etc", Found::Elsewhere),
        ("/pub/etc", Found::Directory),
        ("./etc/", Found::Directory),
    ] {
        assert_eq!(walk.found(&Entry::new(t(name), Kind::Directory)), found, "{name}");
    }
    assert_eq!(walk.next(), Some(t("/pub/etc")));
    assert_eq!(walk.next(), Some(t("/pub/etc")));
    assert_eq!(walk.next(), None);
    assert_eq!(walk.next(), None);
}

#[test]
fn a_tree_without_end_is_walked_to_the_limits() {
    for (depth, directories, expected) in [(0, 1000, 1), (3, 1000, 15), (1000, 20, 20), (4, 3, 3)] {
        let mut limits = limits();
        (limits.depth, limits.directories) = (depth, directories);
        let mut walk = Walk::new([0; 10_000], t("/"), limits).unwrap();
        let (mut walked, mut left_out) = (0, 0);
        while walk.next().is_some() {
            walked += 1;
            for name in ["a", "b"] {
                left_out += usize::from(walk.found(&Entry::new(t(name), Kind::Directory)).is_left_out());
            }
        }
        assert_eq!((walked, left_out), (expected, expected + 1), "each has two");
    }
}

#[test]
fn what_does_not_fit_is_told_and_the_rest_is_walked() {
    assert!(Walk::new([0; 3], t("/pub"), limits()).is_err());
    let mut walk = Walk::new([0; 20], t("/pub"), limits()).unwrap();
    walk.next().unwrap();
    let mut found = |name: &'static str| walk.found(&Entry::new(t(name), Kind::Directory));
    assert_eq!(found("a name that is too long"), Found::NoRoom);
    assert_eq!(found("abc"), Found::Directory);
    assert_eq!(found("defgh"), Found::Directory);
    assert_eq!(found(""), Found::Elsewhere);
    assert_eq!(found("x"), Found::NoRoom);
    assert_eq!(walk.next(), Some(t("/pub/defgh")));
    assert_eq!(walk.found(&Entry::new(t("more"), Kind::Directory)), Found::NoRoom);
    assert_eq!(walk.next(), Some(t("/pub/abc")));
    assert_eq!(walk.found(&Entry::new(t("more"), Kind::Directory)), Found::Directory);
    assert_eq!(walk.next(), Some(t("/pub/abc/more")));
    assert_eq!(walk.next(), None);
}

#[test]
fn the_listings_are_by_mlsd_or_list_whichever_the_server_has() {
    for refusal in [None, Some("500 what")] {
        let mut rig = Rig::greeted();
        if let Some(refusal) = refusal {
            rig = rig.says("MLSD", refusal);
        }
        let mut walk = Walk::new([0; 100], t("/pub"), limits()).unwrap();
        let mut left = vec![Kind::Directory, Kind::File];
        while let Some(path) = walk.next() {
            assert_eq!(transfer(&mut rig, client::entries(Some(path))), Outcome::Done(3));
            if let Some(kind) = left.pop() {
                let _ = walk.found(&Entry::new(t("f"), kind));
                let _ = walk.found(&Entry::new(t("d"), left.pop().unwrap()));
            }
        }
        let verb = if refusal.is_some() { "LIST" } else { "MLSD" };
        assert_eq!(rig.commands().last(), Some(&&*format!("{verb} /pub/d")));
    }
}

#[test]
fn a_name_is_a_members_only_behind_the_path_of_the_directory() {
    for (listed, directories, expected) in [
        ("a", &[""][..], Some("a")),
        ("a b/", &[""], Some("a b")),
        ("./a", &["d"], Some("a")),
        ("./a//", &["d"], Some("a")),
        ("d/a", &["d"], Some("a")),
        ("d/a", &["d/"], Some("a")),
        ("d/a", &["./d"], Some("a")),
        ("./d/a/", &["d"], Some("a")),
        ("/x/d/a", &["d", "/x/d"], Some("a")),
        ("../a", &[".."], Some("a")),
        ("/a", &["/"], Some("a")),
        ("d/..", &["d"], Some("..")),
        (".//a", &["d"], Some("a")),
        ("/a", &[""], None),
        ("/a", &[".//"], None),
        ("/a", &["."], None),
        ("/d/a", &["d"], None),
        ("d/a", &["/d"], None),
        ("d/a", &["/"], None),
        ("d/b/a", &["d"], None),
        ("dd/a", &["d"], None),
        ("../a", &["d"], None),
        ("d/../a", &["d"], None),
        ("d/", &["x/d"], Some("d")),
        ("", &["", "d"], None),
        ("/", &["/"], None),
    ] {
        let directories: Vec<&[u8]> = directories.iter().map(|path| path.as_bytes()).collect();
        let entry = Entry::new(t(listed), Kind::Directory);
        assert_eq!(member_name(&entry, &directories), expected.map(t), "{listed} {directories:?}");
    }
    // A file's name never ends in a slash.
    assert_eq!(member_name(&Entry::new(t("a/"), Kind::File), &[b"d", b"a"]), None);
    assert_eq!(member_name(&Entry::new(t("a/"), Kind::Unknown), &[]), Some(t("a")));
}

proptest! {
    #[test]
    fn a_members_name_has_no_slash_and_what_stands_before_it_is_the_directory(
        listed in "[ad./]{0,8}",
        directory in "[ad./]{0,5}",
    ) {
        let entry = Entry::new(Text::new(listed.as_bytes()).unwrap(), Kind::Directory);
        if let Some(name) = member_name(&entry, &[directory.as_bytes()]) {
            prop_assert!(!name.as_bytes().is_empty() && !name.as_bytes().contains(&b'/'));
            prop_assert_eq!(name, entry.file_name());
            let resolved = |path: &[u8]| {
                let mut out = [0; 40];
                let length = ftp_proto::codec::pathname::resolve(b"/w", path, &mut out).unwrap();
                out[..length].to_vec()
            };
            let member = [directory.as_bytes(), b"/", name.as_bytes()].concat();
            let place = resolved(listed.as_bytes());
            prop_assert!(place == resolved(name.as_bytes()) || place == resolved(&member));
        }
    }

    #[test]
    fn no_names_and_no_storage_make_it_panic_or_go_on_for_ever(
        names in prop::collection::vec("[a/. -]{0,9}", 0..30),
        room in 0usize..80,
        depth in 0u16..6,
    ) {
        let mut limits = limits();
        (limits.depth, limits.directories) = (depth, 100);
        let Ok(mut walk) = Walk::new(vec![0; room], t("/r"), limits) else { return Ok(()) };
        let mut walked = 0;
        while let Some(path) = walk.next() {
            prop_assert!(path.as_bytes().starts_with(b"/r"));
            let components = path.as_bytes().split(|byte| *byte == b'/');
            prop_assert!(components.clone().all(|component| !matches!(component, b"." | b"..")));
            prop_assert_eq!(components.count(), 2 + usize::from(walk.depth()));
            walked += 1;
            for name in &names {
                let _ = walk.found(&Entry::new(Text::new(name.as_bytes()).unwrap(), Kind::Directory));
            }
        }
        prop_assert!(walked <= 100);
    }
}
