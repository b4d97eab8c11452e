//! The plans as tables. A tree is written as a list of paths: `d/` is a directory, `f 5 100` a file
//! of 5 bytes with a time of 100 seconds, `l@` a link and `p|` a device.

use super::*;

fn tree(nodes: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for node in nodes {
        let mut words = node.split(' ');
        let path = words.next().unwrap();
        let size = words.next().map(|size| size.parse().unwrap());
        let time = words.next().map(|time| Moment::exact(time.parse().unwrap()));
        let (path, kind) = match path.split_at(path.len() - 1) {
            (path, "/") => (path, Kind::Directory),
            (path, "@") => (path, Kind::Link),
            (path, "|") => (path, Kind::Other),
            _ => (path, Kind::File(File { size, is_size_exact: true, time })),
        };
        tree.nodes.insert(path.as_bytes().to_vec(), kind);
    }
    tree
}

const RULES: Rules = Rules {
    times: Times::Equal,
    window: 0,
    checksum: false,
    delete: false,
    max_delete: None,
    folds_case: false,
    only_needed_directories: false,
};
const DELETE: Rules = Rules { delete: true, ..RULES };

/// Writes a plan as the steps that it has, in order.
fn steps(plan: &Plan) -> Vec<String> {
    let text = |path: &Path| String::from_utf8(path.clone()).unwrap();
    let removal =
        |removal: &Removal| format!("{}{}", text(&removal.path), if removal.is_directory { "/" } else { "" });
    let mut steps = Vec::new();
    steps.extend(plan.cleared.iter().map(|it| format!("clear {}", removal(it))));
    steps.extend(plan.directories.iter().map(|path| format!("make {}", text(path))));
    steps.extend(plan.copies.iter().map(|copy| format!("copy {} {:?}", text(&copy.path), copy.why)));
    steps.extend(plan.stale.iter().map(|path| format!("stale {}", text(path))));
    steps.extend(plan.removals.iter().map(|it| format!("remove {}", removal(it))));
    steps.extend(plan.refused.iter().map(|(path, why)| format!("refuse {} {why:?}", text(path))));
    steps.extend(plan.skipped.iter().map(|(path, why)| format!("skip {} {why}", text(path))));
    steps.extend(plan.withheld.map(|why| format!("{why:?}")));
    steps
}

#[test]
fn a_plan_has_what_is_missing_and_what_differs() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], Rules, &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        (&[], &[], DELETE, &[]),
        (&["a 1 9"], &[], RULES, &["copy a New"]),
        (&["a 1 9"], &["a 1 9"], DELETE, &[]),
        (&["a 1 9"], &["a 2 9"], RULES, &["copy a Size"]),
        (&["a 1 9"], &["a 1 8"], RULES, &["copy a Time"]),
        (&["a 1 8"], &["a 1 9"], RULES, &["copy a Time"]),
        (&["a 1 8"], &["a 1 9"], Rules { times: Times::NotOlder, ..RULES }, &[]),
        (&["a 1 9"], &["a 1 8"], Rules { times: Times::NotOlder, ..RULES }, &["copy a Time"]),
        (&["a 1 9"], &["a 1 7"], Rules { window: 2, ..RULES }, &[]),
        (&["a 1 9"], &["a 1 6"], Rules { window: 2, ..RULES }, &["copy a Time"]),
        (&["a 1"], &["a 1 8"], RULES, &[]),
        (&["a"], &["a 1 8"], RULES, &["copy a Unknown"]),
        (&["a 1 9"], &["a 1 8"], Rules { checksum: true, ..RULES }, &["copy a Content(true)"]),
        (&["a 1 9"], &["a 1 9"], Rules { checksum: true, ..RULES }, &["copy a Content(false)"]),
        (&["a 1 9"], &["a 2 9"], Rules { checksum: true, ..RULES }, &["copy a Size"]),
        (&["d/", "d/e/", "d/e/f 1 1"], &["d/"], RULES, &["make d/e", "copy d/e/f New"]),
        // Empty directories are mirrored, unless only some files are.
        (&["d/"], &[], RULES, &["make d"]),
        (
            &["d/", "e/", "e/f 1 1"],
            &[],
            Rules { only_needed_directories: true, ..RULES },
            &["make e", "copy e/f New"],
        ),
        // Removals: what is deeper first, and only if asked for.
        (&[], &["a 1 1", "d/", "d/e/", "d/e/f 1 1", "d-"], RULES, &[]),
        (
            &[],
            &["a 1 1", "d/", "d/e/", "d/e/f 1 1", "d- 1 1"],
            DELETE,
            &["remove d/e/f", "remove d/e/", "remove d-", "remove d/", "remove a"],
        ),
        (&[], &["a@", "d/", "d/p|"], DELETE, &["remove a"]),
        // Something else of the same name.
        (&["a/"], &["a 1 1"], RULES, &["refuse a InTheWay(\"a file\")"]),
        (&["a/", "a/b 1 1"], &["a 1 1"], RULES, &["refuse a InTheWay(\"a file\")"]),
        (&["a/", "a/b 1 1"], &["a 1 1"], DELETE, &["clear a", "make a", "copy a/b New"]),
        (&["a 1 1"], &["a/", "a/b 1 1"], RULES, &["refuse a InTheWay(\"a directory\")"]),
        (&["a 1 1"], &["a/", "a/b 1 1"], DELETE, &["clear a/b", "clear a/", "copy a New"]),
        (&["a 1 1"], &["a/", "a/p|"], DELETE, &["refuse a InTheWay(\"a directory\")"]),
        (&["a 1 1"], &["a@"], DELETE, &["refuse a InTheWay(\"a link\")"]),
        (&["a/", "a/b 1 1"], &["a@"], DELETE, &["refuse a InTheWay(\"a link\")"]),
        // Links are not followed, and what has their place stays.
        (&["a@", "p|"], &["a/", "a/b 1 1", "p 1 1"], DELETE, &["skip a a link", "skip p not a file"]),
        // Names that cannot be local ones.
        (&["a\x1bb 1 1"], &[], RULES, &["refuse a\x1bb Name(Control)"]),
        (&["../", "../b 1 1"], &[], RULES, &["refuse .. Name(Directory)"]),
        // Names that differ in case.
        (&["A 1 1", "a 1 1"], &[], RULES, &["copy A New", "copy a New"]),
        (&["A 1 1", "a 1 1"], &[], Rules { folds_case: true, ..RULES }, &["copy A New", "refuse a Case"]),
        (
            &["D/", "D/x 1 1", "d/", "d/y 1 1"],
            &[],
            Rules { folds_case: true, ..RULES },
            &["make D", "copy D/x New", "refuse d Case"],
        ),
        // Removed before the new one is there, since they may be one.
        (&["a 1 1"], &["A 1 1"], DELETE, &["clear A", "copy a New"]),
        // More than allowed: nothing at all is removed.
        (
            &["b 1 1"],
            &["a 1 1", "c 1 1"],
            Rules { max_delete: Some(1), ..DELETE },
            &["copy b New", "TooMany(2)"],
        ),
        (&[], &["a 1 1", "c 1 1"], Rules { max_delete: Some(2), ..DELETE }, &["remove c", "remove a"]),
        (
            &["a/"],
            &["a 1 1"],
            Rules { max_delete: Some(0), ..DELETE },
            &["refuse a InTheWay(\"a file\")", "TooMany(1)"],
        ),
    ];
    for (source, target, rules, expected) in rows {
        let plan = plan(&tree(source), &tree(target), rules);
        assert_eq!(steps(&plan), *expected, "{source:?} {target:?} {rules:?}");
    }
}

#[test]
fn nothing_is_removed_unless_all_of_the_source_was_seen() {
    let source = Tree { is_partial: true, ..tree(&["a 1 1", "d/"]) };
    let target = tree(&["b 1 1", "d 1 1"]);
    assert_eq!(
        steps(&plan(&source, &target, &DELETE)),
        ["copy a New", "refuse d InTheWay(\"a file\")", "Partial(2)"]
    );
    // There is nothing to be said if there is nothing to be removed.
    assert_eq!(steps(&plan(&source, &tree(&["a 1 1", "d/"]), &DELETE)), [""; 0]);
}

#[test]
fn a_directory_with_something_unseen_in_it_is_kept() {
    let mut target = tree(&["d/", "d/e/", "d/e/f 1 1", "g/"]);
    target.kept.insert(b"d/e".to_vec());
    assert_eq!(steps(&plan(&tree(&[]), &target, &DELETE)), ["remove g/", "remove d/e/f"]);
    assert_eq!(
        steps(&plan(&tree(&["d 1 1"]), &target, &DELETE)),
        ["remove g/", "refuse d InTheWay(\"a directory\")"]
    );
}

#[test]
fn names_that_the_source_may_hide_are_kept() {
    let target = tree(&[".a 1 1", "a 1 1", "d/", "d/.b 1 1", "d/c 1 1", ".g/", ".g/h 1 1"]);
    let source = Tree { hides_dots: true, ..tree(&[]) };
    assert_eq!(steps(&plan(&source, &target, &DELETE)), ["remove d/c", "remove a"]);
    let all =
        ["remove d/c", "remove d/.b", "remove d/", "remove a", "remove .g/h", "remove .g/", "remove .a"];
    assert_eq!(steps(&plan(&tree(&[]), &target, &DELETE)), all);
}

#[test]
fn times_are_the_same_if_they_may_be() {
    let minute = |seconds| Moment { seconds, span: 60, is_zone_inferred: false };
    let day = |seconds| Moment { seconds, span: 86_400, is_zone_inferred: false };
    let guessed = |moment: Moment| Moment { is_zone_inferred: true, ..moment };
    let exact = Moment::exact;
    for (one, other, window, equal, after) in [
        (exact(100), exact(100), 0, true, false),
        (exact(101), exact(100), 0, false, true),
        (exact(101), exact(100), 1, true, false),
        (exact(60), minute(60), 0, true, false),
        (exact(119), minute(60), 0, true, false),
        (exact(120), minute(60), 0, false, true),
        (exact(59), minute(60), 0, false, false),
        (exact(86_399), day(0), 0, true, false),
        (exact(86_400), day(0), 0, false, true),
        // Summer time in the other half of the year.
        (exact(60 + 3600), guessed(minute(60)), 0, true, false),
        (exact(60 + 7200), guessed(minute(60)), 0, false, true),
        (exact(1800), guessed(minute(60)), 0, false, false),
    ] {
        let found = (one.may_equal(&other, window), one.is_after(&other, window));
        assert_eq!(found, (equal, after), "{one:?} {other:?} {window}");
        assert_eq!(other.may_equal(&one, window), equal);
    }
}

#[test]
fn a_part_file_is_kept_as_long_as_its_file_may_continue_it() {
    let source = tree(&["a 9 5", "b 9 5"]);
    let part = |path: &[u8]| Key::new(path, 9, 5).path_for(path);
    let [of_a, of_b, foreign] = [part(b"a"), part(b"b"), part(b"c")];
    let mut target = tree(&["b 9 5"]);
    target.parts.extend([&of_a, &of_b, &foreign].map(|path| (path.clone(), 3)));
    assert_eq!(plan(&source, &target, &RULES).stale, std::slice::from_ref(&of_b));
    assert_eq!(plan(&source, &target, &DELETE).stale, [of_b.clone(), foreign]);
    let partial = Tree { is_partial: true, ..source.clone() };
    assert_eq!(plan(&partial, &target, &DELETE).stale, [of_b]);
    // A file without an exact time cannot be recognised.
    let copy = &plan(&source, &target, &RULES).copies[0];
    assert_eq!(copy.key().map(|key| key.path_for(b"a")), Some(of_a));
    let time = Some(Moment { seconds: 5, span: 60, is_zone_inferred: false });
    assert_eq!(Copy { file: File { time, ..copy.file }, ..copy.clone() }.key(), None);
}
