//! Names in listings that are paths, and entries that stand for the directory itself.

use super::*;

/// Walks from `root`; returns the directories, the paths of the entries, and the number of unread
/// lines.
fn walked(client: &mut Client, root: &str) -> (Vec<String>, Vec<String>, usize) {
    let text = |path: Vec<u8>| String::from_utf8(path).unwrap();
    let (mut directories, mut entries, mut unread) = (Vec::new(), Vec::new(), 0);
    let mut walker = Walker::new(root).unwrap();
    for _ in 0..100 {
        let Some(listed) = client.walk(&mut walker, |_, _| true).unwrap() else {
            return (directories, entries, unread);
        };
        entries.extend(listed.entries.iter().map(|owned| text(listed.path_of(&owned.entry()))));
        unread += listed.unread.len();
        directories.push(text(listed.path));
    }
    panic!("a walk without end");
}

const MEMBERS: [&str; 4] = ["d/f", "d/g h", "d/e", "d/e/x"];

#[test]
fn a_listed_name_with_another_path_in_front_is_unread_and_nothing_is_removed() {
    let foreign: [&[&str]; 2] = [
        &[
            "type=file; ../up",
            "type=file; /etc/up",
            "type=file; sub/up",
            "type=dir; other/f1",
            "type=dir; /home",
            "type=file; e/x",
            "type=file; ./../up",
            "type=file; /home/d/e/up",
        ],
        &[
            "-rwxr-xr-x   1 me me  5 Jan 20  2020 ../up",
            "-rwxr-xr-x   1 me me  5 Jan 20  2020 /etc/up",
            "drwxr-xr-x   1 me me  5 Jan 20  2020 other/f1",
        ],
    ];
    for (lines, unique) in foreign.into_iter().zip([true, false]) {
        let ways = Ways { lines: [("/home/d/", lines)].into(), unique, ..Ways::default() };
        let peer = Peer::new(ways.clone());
        let mut client = client(&peer);
        let listed = client.list_all("d", &ListingLimits::default()).unwrap();
        assert_eq!((listed.entries.len(), listed.unread.len()), (3, lines.len()), "{listed:?}");
        assert!(!listed.is_whole());
        let (directories, entries, unread) = walked(&mut client, "d");
        assert_eq!(directories, ["d", "d/e"]);
        assert_eq!((entries, unread), (MEMBERS.map(String::from).to_vec(), lines.len()));
        let (unseen, _) = keeps_all(ways, removal("d"));
        assert_eq!(unseen.len(), lines.len());
    }
}

#[test]
fn the_listed_directory_itself_may_stand_in_front_of_a_name() {
    let fronts: [fn(&str, &str) -> String; 3] = [
        |directory, _| directory.to_owned(),
        |_, argument| if argument.is_empty() { String::new() } else { format!("{argument}/") },
        |_, _| "./".to_owned(),
    ];
    for front in fronts {
        for unique in [false, true] {
            for slashes in [false, true] {
                let ways = Ways { front: Some(front), unique, slashes, ..Ways::default() };
                let peer = Peer::new(ways);
                let mut client = client(&peer);
                for path in ["d", "/home/d", "./d", "../home/d"] {
                    let listed = client.list_all(path, &ListingLimits::default()).unwrap();
                    assert_eq!((listed.entries.len(), listed.unread.len()), (3, 0), "{path} {listed:?}");
                }
                let (directories, entries, unread) = walked(&mut client, "d");
                assert_eq!(directories, ["d", "d/e"]);
                assert_eq!((entries, unread), (MEMBERS.map(String::from).to_vec(), 0));
                assert_eq!(remove(&mut client, removal("d")), (vec![], vec![], true));
                assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
            }
        }
    }
}

#[test]
fn a_slash_behind_the_name_of_a_directory_is_no_part_of_it() {
    for unique in [false, true] {
        let peer = Peer::new(Ways { slashes: true, unique, ..Ways::default() });
        let mut client = client(&peer);
        let listed = client.list_all("d", &ListingLimits::default()).unwrap();
        assert!(listed.is_whole());
        let names: Vec<_> =
            listed.entries.iter().map(|owned| owned.entry().file_name().to_string()).collect();
        assert_eq!(names, ["f", "g h", "e"]);
        assert_eq!(walked(&mut client, "d").0, ["d", "d/e"]);
        assert_eq!(remove(&mut client, removal("d")), (vec![], vec![], true));
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
    }
    // An entry without a name then, or that is not a directory, is reported.
    for lines in [&["type=dir; /"][..], &["type=file; f/"], &["type=dir; //"]] {
        let ways = Ways { lines: [("/home/d/e/", lines)].into(), unique: true, ..Ways::default() };
        let peer = Peer::new(ways.clone());
        assert_eq!(walked(&mut client(&peer), "d").2, 1, "{lines:?}");
        assert!(matches!(&keeps_all(ways, removal("d")).0[..], [Unseen::Line(_)]), "{lines:?}");
    }
}

#[test]
fn the_directory_itself_and_its_parent_are_known_by_their_kind_whatever_they_are_called() {
    for lines in [
        &["type=cdir; /home/d", "type=pdir; /"][..],
        &["type=cdir; home", "type=pdir; /home"],
        &["type=cdir; .", "type=pdir; .."],
        &["type=cdir; d/", "type=pdir; /home/"],
    ] {
        let ways = Ways { lines: [("/home/d/", lines)].into(), unique: true, ..Ways::default() };
        let peer = Peer::new(ways);
        assert_eq!(walked(&mut client(&peer), "d").2, 0);
        assert_eq!(remove(&mut client(&peer), removal("d")), (vec![], vec![], true), "{lines:?}");
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
    }
}

#[test]
fn what_is_listed_twice_counts_once() {
    let mlsd: &[&str] = &["type=file;unique=U/home/d/f; f", "type=dir;unique=U/home/d/e/; e"];
    let list: &[&str] = &["-rwxr-xr-x   1 me me  5 Jan 20  2020 f", "drwxr-xr-x   1 me me  5 Jan 20  2020 e"];
    for (lines, unique) in [(mlsd, true), (list, false)] {
        let peer = Peer::new(Ways { lines: [("/home/d/", lines)].into(), unique, ..Ways::default() });
        let mut client = client(&peer);
        assert_eq!(client.list_all("d", &ListingLimits::default()).unwrap().entries.len(), 3);
        assert_eq!(walked(&mut client, "d").1, MEMBERS);
        assert_eq!(remove(&mut client, removal("d")), (vec![], vec![], true));
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
    }
    // Two lines that disagree on the kind of an entry are not read as one.
    let ways = Ways { lines: [("/home/d/", &["type=dir; f"][..])].into(), unique: true, ..Ways::default() };
    assert!(matches!(&keeps_all(ways, removal("d")).0[..], [Unseen::Line(_)]));
}

#[test]
fn list_may_hide_names_that_begin_with_a_dot_unless_it_shows_one() {
    const DOTTED: &[&str] = &["-rwxr-xr-x   1 me me  5 Jan 20  2020 .f"];
    for (lines, unique, hides) in [(&[][..], false, true), (DOTTED, false, false), (&[], true, false)] {
        let peer = Peer::new(Ways { lines: [("/home/d/", lines)].into(), unique, ..Ways::default() });
        let mut client = client(&peer);
        let listed = client.list_all("d", &ListingLimits::default()).unwrap();
        assert!(listed.is_whole());
        assert_eq!(listed.may_hide_names, hides, "{listed:?}");
        let walked = client.walk(&mut Walker::new("d").unwrap(), |_, _| true).unwrap().unwrap();
        assert_eq!(walked.may_hide_names, hides, "{walked:?}");
    }
}
