//! The client's place in the tree when it lists and removes: tests against servers that take names
//! for something else, do not report the working directory, or do not show everything.

#![cfg(feature = "std")]

mod foreign;
#[path = "../support/misleading.rs"]
mod misleading;

use ftp_proto::client::{TransferFailure, WalkLimits};
use ftp_proto::io::std::Client;
use ftp_proto::io::{Error, ListingLimits, Removal, Removed, Unseen, Walker};
use misleading::{Peer, TREE, Ways};

fn client(peer: &Peer) -> Client {
    let mut client = Client::connect(peer.address).unwrap();
    client.login("me", "secret").unwrap();
    client
}

/// Runs a removal to its end; returns what could not be seen, the errors, and whether it is
/// complete.
fn remove(client: &mut Client, mut removal: Removal) -> (Vec<Unseen>, Vec<String>, bool) {
    let (mut unseen, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..1000 {
        match client.remove_all(&mut removal) {
            Ok(None) => return (unseen, errors, removal.is_complete()),
            Ok(Some(Removed::Unseen(_, why))) => unseen.push(why),
            Ok(Some(_)) => {}
            Err(error) => errors.push(error.to_string()),
        }
    }
    panic!("a removal without end");
}

fn removal(path: &str) -> Removal {
    Removal::new(path).unwrap()
}

/// Runs a removal on a server with these ways, and checks that nothing was removed.
#[track_caller]
fn keeps_all(ways: Ways, removal: Removal) -> (Vec<Unseen>, Vec<String>) {
    let peer = Peer::new(ways);
    let (unseen, errors, complete) = remove(&mut client(&peer), removal);
    assert!(!complete, "{unseen:?} {errors:?}");
    assert_eq!(peer.tree(), TREE);
    assert!(peer.commands().iter().all(|command| !command.starts_with("RMD")), "{:#?}", peer.commands());
    (unseen, errors)
}

#[test]
fn a_directory_is_removed_with_all_in_it_and_nothing_else() {
    for unique in [false, true] {
        for path in ["d", "/home/d", "./d", "../home/d"] {
            let peer = Peer::new(Ways { unique, ..Ways::default() });
            let mut client = client(&peer);
            assert_eq!(remove(&mut client, removal(path)), (vec![], vec![], true));
            assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"], "{path}");
            // The client is where it was before.
            assert_eq!(client.working_directory().unwrap(), b"/home");
        }
    }
}

#[test]
fn what_is_removed_is_named_by_its_name_alone() {
    let peer = Peer::new(Ways::default());
    remove(&mut client(&peer), removal("d"));
    let removals: Vec<String> = peer
        .commands()
        .into_iter()
        .filter(|command| command.starts_with("DELE") || command.starts_with("RMD"))
        .collect();
    assert_eq!(removals, ["DELE d", "DELE x", "DELE f", "DELE g h", "RMD e", "RMD d"]);
    assert!(peer.commands().iter().all(|command| !command.starts_with("LIST ")));
}

#[test]
fn a_tilde_is_the_directory_of_that_name_or_nothing() {
    let peer = Peer::new(Ways { tilde: true, ..Ways::default() });
    assert_eq!(remove(&mut client(&peer), removal("~")), (vec![], vec![], true));
    assert_eq!(peer.tree(), TREE[..7]);
    // The directory is gone, and its name leads nowhere else.
    let peer = Peer::with(&TREE[..7], Ways { tilde: true, ..Ways::default() });
    let (unseen, errors, complete) = remove(&mut client(&peer), removal("~"));
    assert!(unseen.is_empty() && errors.len() == 1 && !complete);
    assert_eq!(peer.tree(), TREE[..7]);
}

#[test]
fn a_root_that_leads_to_the_login_directory_or_above_is_not_removed() {
    for elsewhere in ["/home/", "/"] {
        let misled = [("/home/d/", elsewhere)].into();
        let peer_tree = [&TREE[..], &["/"]].concat();
        let peer = Peer::with(&peer_tree, Ways { misled, ..Ways::default() });
        let (unseen, _, complete) = remove(&mut client(&peer), removal("d"));
        assert!(matches!(&unseen[..], [Unseen::Unconfirmed]) && !complete, "{unseen:?}");
        assert_eq!(peer.tree(), peer_tree);
        // A name that servers are known to misread is not even entered.
        let misled = [("/home/~/", elsewhere)].into();
        let peer = Peer::with(&peer_tree, Ways { misled, ..Ways::default() });
        let (unseen, _, complete) = remove(&mut client(&peer), removal("~"));
        assert!(matches!(&unseen[..], [Unseen::Elsewhere(_)]) && !complete, "{unseen:?}");
        assert_eq!(peer.tree(), peer_tree);
    }
}

#[test]
fn a_server_that_says_that_it_is_always_at_home_has_the_first_level_removed_by_paths() {
    let replies = || [("PWD", "257 \"/home\" is always it")].into();
    let peer = Peer::new(Ways { replies: replies(), ..Ways::default() });
    assert_eq!(remove(&mut client(&peer), removal("d/e")), (vec![], vec![], true));
    assert_eq!(
        peer.tree(),
        TREE.map(String::from).into_iter().filter(|path| !path.contains("/e/")).collect::<Vec<_>>()
    );
    assert!(peer.commands().contains(&"DELE d/e/x".into()));
    keeps_all(Ways { replies: replies(), ..Ways::default() }, removal("d"));
}

#[test]
fn a_directory_below_that_leads_elsewhere_keeps_everything() {
    for elsewhere in ["/home/", "/home/d/", "/home/~/"] {
        let ways = Ways { misled: [("/home/d/e/", elsewhere)].into(), ..Ways::default() };
        let (unseen, _) = keeps_all(ways, removal("d"));
        assert_eq!(unseen, [Unseen::Elsewhere(elsewhere.trim_end_matches('/').into())]);
    }
}

#[test]
fn without_pwd_nothing_below_the_first_level_is_removed_unless_paths_are_trusted() {
    for pwd in ["500 unknown", "257 somewhere, it \"\" is"] {
        let ways = || Ways { replies: [("PWD", pwd)].into(), ..Ways::default() };
        let (unseen, errors) = keeps_all(ways(), removal("d"));
        assert_eq!((unseen, errors.len()), (vec![Unseen::Unconfirmed], 0), "{pwd}");
        let peer = Peer::new(ways());
        let (unseen, errors, complete) = remove(&mut client(&peer), removal("d").trust_paths(true));
        assert!(complete, "{unseen:?} {errors:?}");
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
        // The first level alone needs no trust.
        let peer = Peer::new(ways());
        assert!(remove(&mut client(&peer), removal("d/e")).2);
        assert!(!peer.tree().contains(&"/home/d/e/".to_owned()));
    }
}

#[test]
fn the_unique_fact_of_the_listing_confirms_a_directory_too() {
    for pwd in ["500 unknown", "257 \"/always/the/same\" is it"] {
        let ways = Ways { replies: [("PWD", pwd)].into(), unique: true, ..Ways::default() };
        let peer = Peer::new(ways.clone());
        let (unseen, errors, complete) = remove(&mut client(&peer), removal("d"));
        if pwd.starts_with('5') {
            assert!(complete, "{unseen:?} {errors:?} {:#?}", peer.commands());
            assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
        } else {
            // A server that claims to be everywhere has claimed to be at home.
            assert!(!complete);
            assert_eq!(peer.tree(), TREE);
        }
    }
    // A fact other than the listing's means another directory.
    let mut ways = Ways { replies: [("PWD", "500 unknown")].into(), unique: true, ..Ways::default() };
    ways.replies.insert("MLST d/e", "250-facts\r\n type=dir;unique=other; e\r\n250 end");
    let (unseen, _) = keeps_all(ways, removal("d"));
    assert_eq!(unseen, [Unseen::Unconfirmed]);
}

#[test]
fn nothing_is_removed_unless_everything_was_seen() {
    let bad: &[&str] = &["-rwxr-xr-x   1 me me  5 Jan 20  2020 "];
    for directory in ["/home/d/", "/home/d/e/"] {
        let ways = Ways { lines: [(directory, bad)].into(), ..Ways::default() };
        let (unseen, _) = keeps_all(ways, removal("d"));
        assert!(matches!(&unseen[..], [Unseen::Line(_)]), "{unseen:?}");
    }
    // A name that is a path belongs to another directory.
    for line in
        ["-rwxr-xr-x   1 me me  5 Jan 20  2020 ../kept", "drwxr-xr-x   1 me me  5 Jan 20  2020 /home/~"]
    {
        let lines: &'static [&'static str] = Box::leak(vec![line].into_boxed_slice());
        let ways = Ways { lines: [("/home/d/e/", lines)].into(), ..Ways::default() };
        let (unseen, _) = keeps_all(ways, removal("d"));
        assert!(matches!(&unseen[..], [Unseen::Line(_)]), "{unseen:?}");
    }
}

#[test]
fn a_directory_that_is_only_taken_to_be_empty_keeps_everything() {
    for reply in ["550 No files found.", "450 Directory is empty"] {
        let ways = Ways { replies: [("LIST", reply)].into(), ..Ways::default() };
        assert_eq!(keeps_all(ways, removal("d")).0, [Unseen::PresumedEmpty]);
    }
    for reply in ["550 Permission denied", "550 failed", "425 no data"] {
        let ways = Ways { replies: [("LIST", reply)].into(), ..Ways::default() };
        assert_eq!(keeps_all(ways, removal("d")).1.len(), 1, "{reply}");
    }
    let ways = Ways { listed: Some("226 Transfer done (but failed to open directory)."), ..Ways::default() };
    assert_eq!(keeps_all(ways, removal("d")).1.len(), 1);
}

#[test]
fn a_tree_beyond_the_limits_is_kept() {
    let mut limits = WalkLimits::default();
    limits.depth = 0;
    assert_eq!(keeps_all(Ways::default(), removal("d").limits(limits)).0, [Unseen::TooDeep]);
    let mut limits = WalkLimits::default();
    limits.directories = 1;
    assert_eq!(keeps_all(Ways::default(), removal("d").limits(limits)).0, [Unseen::TooMany]);
    let mut limits = ListingLimits::default();
    limits.entries = 2;
    assert_eq!(keeps_all(Ways::default(), removal("d").listing_limits(limits)).1.len(), 1);
}

#[test]
fn what_is_collected_has_an_end_although_the_listing_has_none() {
    let mut limits = ListingLimits::default();
    limits.entries = 5000;
    let bytes = {
        let mut limits = ListingLimits::default();
        limits.bytes = 1_000_000;
        limits
    };
    for limits in [limits, bytes] {
        let peer = Peer::new(Ways { endless: true, ..Ways::default() });
        let mut client = client(&peer);
        let listed = client.list_all("d", &limits);
        assert!(matches!(listed, Err(Error::ListingTooLong)), "{listed:?}");
        let mut walker = Walker::new("d").unwrap().listing_limits(limits.clone());
        let walked = client.walk(&mut walker, |_, _| true);
        assert!(matches!(walked, Err(Error::ListingTooLong)), "{walked:?}");
        let (_, errors, complete) = remove(&mut client, removal("d").listing_limits(limits));
        assert!(!complete && errors.len() == 1, "{errors:?}");
        assert_eq!(peer.tree(), TREE);
    }
}

#[test]
fn the_caller_may_do_anything_between_two_steps_of_a_removal() {
    let peer = Peer::new(Ways::default());
    let mut client = client(&peer);
    let mut removal = removal("d");
    for _ in 0..100 {
        if client.remove_all(&mut removal).unwrap().is_none() {
            break;
        }
        // Paths are relative to where the removal was started.
        assert_eq!(client.working_directory().unwrap(), b"/home");
        client.change_directory("/home/~").unwrap();
        assert_eq!(client.working_directory().unwrap(), b"/home/~");
        client.change_directory("/home").unwrap();
    }
    assert!(removal.is_complete());
    assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
}

#[test]
fn a_path_that_ls_could_take_apart_is_listed_from_within() {
    let tree = [
        "/home/",
        "/home/a b/",
        "/home/a b/f",
        "/home/x*/",
        "/home/-R/",
        "/home/~/",
        "/home/p/",
        "/home/p/q r/",
    ];
    for (path, entries) in [("a b", 1), ("x*", 0), ("-R", 0), ("~", 0), ("p/q r", 0), ("/home/a b", 1)] {
        let peer = Peer::with(&tree, Ways { tilde: true, ..Ways::default() });
        let mut client = client(&peer);
        assert_eq!(client.list(path).unwrap().count(), entries, "{path}");
        // The listing is dropped before its end, too.
        drop(client.list(path).unwrap());
        assert_eq!(client.names(path).err().map(|error| error.is_fatal()), Some(false), "it has no NLST");
        assert_eq!(client.working_directory().unwrap(), b"/home");
        assert!(
            peer.commands().iter().all(|command| !command.starts_with("LIST ")),
            "{:#?}",
            peer.commands()
        );
    }
}

#[test]
fn a_refused_listing_is_empty_only_when_the_directory_is_there_and_the_text_says_so() {
    let listed = |path: &str, reply: &'static str| {
        let peer = Peer::new(Ways {
            replies: [("LIST", reply), (Box::leak(format!("LIST {path}").into_boxed_str()), reply)].into(),
            ..Ways::default()
        });
        let mut client = client(&peer);
        let listed = client.list_all(path, &ListingLimits::default());
        assert_eq!(client.working_directory().unwrap(), b"/home");
        listed
    };
    for path in ["", "d", "/home/d"] {
        let empty = listed(path, "550 No files found").unwrap();
        assert!(empty.presumed_empty && empty.entries.is_empty() && !empty.is_whole());
        assert!(listed(path, "550 Permission denied").unwrap_err().refused().is_some());
        assert!(listed(path, "550 what").unwrap_err().refused().is_some());
    }
    assert!(listed("none", "550 No files found").unwrap_err().refused().is_some());
    let peer = Peer::new(Ways {
        listed: Some("226 Transfer done (but failed to open directory)."),
        ..Ways::default()
    });
    let mut client = client(&peer);
    let error = client.list_all("d", &ListingLimits::default()).unwrap_err();
    assert!(matches!(&error, Error::Data(TransferFailure::NotListed, _)) && !error.is_fatal(), "{error}");
    assert!(client.list("d").unwrap().last().unwrap().is_err());
}

#[test]
fn a_home_directory_is_found_without_moving() {
    let peer = Peer::new(Ways { tilde: true, ..Ways::default() });
    let mut client = client(&peer);
    client.change_directory("d").unwrap();
    assert_eq!(client.home_directory("").unwrap(), b"/home");
    assert!(client.home_directory("/none").is_err());
    assert_eq!(client.working_directory().unwrap(), b"/home/d");
}

#[test]
fn an_empty_path_is_never_an_argument() {
    let peer = Peer::new(Ways::default());
    let mut client = client(&peer);
    let before = peer.commands().len();
    assert!(matches!(client.size(""), Err(Error::Argument(_))));
    assert!(matches!(client.delete(""), Err(Error::Argument(_))));
    assert!(matches!(client.remove_directory(""), Err(Error::Argument(_))));
    assert!(matches!(client.retrieve(""), Err(Error::Argument(_))));
    assert!(Removal::new("").is_err());
    assert_eq!(peer.commands().len(), before);
}

#[test]
fn names_are_converted_both_ways_and_one_that_is_not_is_an_error() {
    let latin1 =
        |bytes: &[u8]| Some(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes());
    let to_latin1 = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
    };
    // The dialogue of this server is UTF-8: each of its bytes is two characters here.
    let peer = Peer::with(&["/home/", "/home/ü/", "/home/ü/f"], Ways::default());
    let mut client = Client::builder().names(latin1, to_latin1).connect(peer.address).unwrap();
    client.login("me", "secret").unwrap();
    let listed = client.list_all("", &ListingLimits::default()).unwrap();
    assert_eq!(listed.entries[0].entry().name.as_bytes(), "Ã¼".as_bytes());
    assert_eq!(client.list_all("Ã¼", &ListingLimits::default()).unwrap().entries.len(), 1);
    client.change_directory("Ã¼").unwrap();
    assert_eq!(client.working_directory().unwrap(), "/home/Ã¼".as_bytes());
    client.change_directory("..").unwrap();
    assert!(matches!(client.delete("日本"), Err(Error::Name(name)) if name == "日本".as_bytes()));
    assert_eq!(remove(&mut client, removal("Ã¼")), (vec![], vec![], true));
    assert_eq!(peer.tree(), ["/home/"]);
    // Names are converted one way only.
    let peer = Peer::with(&["/home/", "/home/A", "/home/b"], Ways::default());
    let builder =
        Client::builder().names(|bytes| Some(bytes.to_ascii_lowercase()), |bytes| Some(bytes.to_vec()));
    let mut client = builder.connect(peer.address).unwrap();
    client.login("me", "secret").unwrap();
    let listed = client.list_all("", &ListingLimits::default()).unwrap();
    assert!(!listed.is_whole() && listed.unread.iter().any(|line| line.ends_with(b" A")), "{listed:?}");
}

#[test]
fn a_deep_directory_is_gone_to_name_by_name() {
    let long = "n".repeat(200);
    let deep = format!("/home/d/{long}/{long}/{long}/");
    let tree: Vec<String> = deep
        .match_indices('/')
        .map(|(at, _)| deep[..=at].to_owned())
        .filter(|path| path.starts_with("/home/"))
        .chain([format!("{deep}f")])
        .collect();
    let tree: Vec<&str> = tree.iter().map(|path| &path[..]).collect();
    let peer = Peer::with(&tree, Ways::default());
    assert_eq!(remove(&mut client(&peer), removal("d")), (vec![], vec![], true));
    assert_eq!(peer.tree(), ["/home/"]);
    assert!(peer.commands().iter().all(|command| command.len() < 512));
}

#[test]
fn a_unique_fact_counts_only_where_it_identifies_the_directory() {
    let lone = ["/home/", "/home/d/", "/home/d/e/", "/home/d/e/x", "/home/~/", "/home/~/x"];
    for unique in ["0", ""] {
        for pwd in [None, Some("500 unknown"), Some("257 \"\" it is")] {
            // With five names, no other entry has the fact, but the root and the home directory
            // have it.
            for tree in [&TREE[..], &lone, &lone[..5]] {
                let mut ways = Ways { unique: true, unique_is: Some(unique), ..Ways::default() };
                ways.misled.insert("/home/d/e/", "/home/~/");
                ways.places.extend(pwd.map(|pwd| ("/home/~/", pwd)));
                let peer = Peer::with(tree, ways.clone());
                let (unseen, _, complete) = remove(&mut client(&peer), removal("d"));
                assert!(!complete && unseen.len() == 1, "{unseen:?}");
                assert_eq!(peer.tree(), tree);
                // PWD says nothing at all.
                ways.replies.extend(pwd.map(|pwd| ("PWD", pwd)));
                let peer = Peer::with(tree, ways);
                let (unseen, _, complete) = remove(&mut client(&peer), removal("d"));
                assert!(!complete && unseen.len() == 1, "{unseen:?}");
                assert_eq!(peer.tree(), tree);
            }
        }
    }
}

#[test]
fn a_unique_fact_confirms_a_directory_that_pwd_cannot_name() {
    for pwd in ["500 unknown", "257 \"\" it is", "257 \"/home/d/e"] {
        let ways = Ways { unique: true, places: [("/home/d/e/", pwd)].into(), ..Ways::default() };
        let peer = Peer::new(ways.clone());
        assert_eq!(remove(&mut client(&peer), removal("d")), (vec![], vec![], true), "{pwd}");
        assert_eq!(peer.tree(), ["/home/", "/home/kept", "/home/~/"]);
        // Another entry seen later has the same fact.
        let twin: &[&str] = &["type=file;unique=U/home/d/e/; twin"];
        let (unseen, _) = keeps_all(Ways { lines: [("/home/d/e/", twin)].into(), ..ways }, removal("d"));
        assert_eq!(unseen, [Unseen::Unconfirmed]);
    }
}

#[test]
fn a_pwd_that_clearly_names_another_directory_is_believed_before_a_unique_fact() {
    let ways = Ways {
        unique: true,
        misled: [("/home/d/e/", "/home/~/")].into(),
        replies: [("MLST", "250-facts\r\n type=dir;unique=U/home/d/e/; e\r\n250 end")].into(),
        ..Ways::default()
    };
    let peer = Peer::new(ways);
    let (unseen, _, complete) = remove(&mut client(&peer), removal("d"));
    assert!(!complete);
    assert_eq!(unseen, [Unseen::Elsewhere(b"/home/~".to_vec())]);
    assert_eq!(peer.tree(), TREE);
    assert!(!peer.commands().iter().any(|command| command.starts_with("MLST")), "{:#?}", peer.commands());
}

#[test]
fn neither_the_working_directory_nor_what_is_above_it_is_removed() {
    for path in [".", "..", "d/..", "d/.", "./", "../", "d/..//", "./.", "/", "//", "/home/d/..", "/.."] {
        let refused = Removal::new(path).unwrap_err();
        assert!(matches!(refused, Error::Argument(_)), "{path}: {refused}");
    }
    for path in ["../home", "d/../../home", "./../home/", "/home/d/../../home", "/../home"] {
        let peer = Peer::new(Ways::default());
        let mut client = client(&peer);
        let mut removal = removal(path);
        let refused = client.remove_all(&mut removal).unwrap_err();
        assert!(matches!(refused, Error::Argument(_)), "{path}: {refused}");
        assert_eq!(client.remove_all(&mut removal).unwrap(), None);
        assert!(!removal.is_complete());
        assert_eq!(peer.tree(), TREE);
        assert_eq!(client.working_directory().unwrap(), b"/home");
        // If PWD says nothing, the directory may be the working directory.
        for pwd in ["500 unknown", "257 \"\" it is"] {
            let ways = Ways { replies: [("PWD", pwd)].into(), ..Ways::default() };
            assert_eq!(keeps_all(ways, self::removal(path)).0, [Unseen::Unconfirmed], "{path}");
        }
    }
    // A path that merely begins like the working directory is another one.
    let peer = Peer::with(&["/home/", "/home/d/", "/home/d/f", "/home/dx/"], Ways::default());
    let mut client = client(&peer);
    client.change_directory("/home/dx").unwrap();
    assert_eq!(remove(&mut client, removal("../d")), (vec![], vec![], true));
    assert_eq!(peer.tree(), ["/home/", "/home/dx/"]);
}
