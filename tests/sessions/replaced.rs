//! An upload takes the place of a file as a whole, or not at all.

use crate::server::{Habits, Server};
use ftp_proto::io::{Error, Replaced, std::Client};
use std::fs::File;
use std::io::{Seek, Write};
use std::time::Duration;
use std::{env, process};

/// An upload of `new` over `old`, and what is there afterwards.
#[derive(Debug, PartialEq)]
struct After {
    result: Result<Replaced, String>,
    file: Option<&'static str>,
    part: Option<&'static str>,
}

const OLD: &str = "the old content";
const NEW: &str = "the new content, which is longer";

fn upload(name: &str, habits: Habits, old: bool) -> After {
    let server = Server::start(habits);
    if old {
        server.see(|seen| seen.files.insert("/f".to_owned(), OLD.into()));
    }
    let path = env::temp_dir().join(format!("ftp-proto-replaced-{name}-{}", process::id()));
    let mut file = File::create_new(&path).unwrap();
    file.write_all(NEW.as_bytes()).unwrap();
    file = File::open(&path).unwrap();
    file.rewind().unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut client = Client::connect(server.address).unwrap();
    client.login("me", "secret").unwrap();
    client.set_operation_timeout(Some(Duration::from_millis(700)));
    let result = client.store_atomic("/f", &file, None).map_err(|error| {
        let error = error.downcast::<Error>().expect("the client's own error");
        assert!(!error.is_fatal(), "{error}");
        error.to_string()
    });
    client.set_operation_timeout(None);
    client.noop().expect("the session goes on");
    let content = |path: &str| {
        server.see(|seen| match seen.files.get(path).map(Vec::as_slice) {
            None => None,
            Some(bytes) if bytes == OLD.as_bytes() => Some(OLD),
            Some(bytes) if bytes == NEW.as_bytes() => Some(NEW),
            Some(_) => Some("something else"),
        })
    };
    After { result, file: content("/f"), part: content("/f.part") }
}

#[test]
fn an_upload_replaces_a_file_as_a_whole_or_leaves_it_as_it_was() {
    let over = |renames_over| Habits { renames_over, ..Habits::default() };
    let refusing = |refuses, renames_over| Habits { refuses, renames_over, ..Habits::default() };
    let refused = |what: &str| Err(format!("{what} refused: 550 no"));
    let rows = [
        ("fresh", over(false), false, Ok(Replaced::ByRename), Some(NEW), None),
        ("over", over(true), true, Ok(Replaced::ByRename), Some(NEW), None),
        ("deleted first", over(false), true, Ok(Replaced::AfterDeletion), Some(NEW), None),
        ("no upload", refusing(&["STOR"], true), true, refused("STOR"), Some(OLD), None),
        ("no rename", refusing(&["RNFR"], true), false, refused("RNFR"), None, None),
        ("no deletion", refusing(&["DELE"], false), true, refused("DELE"), Some(OLD), Some(NEW)),
        ("not there", refusing(&["SIZE"], true), true, refused("SIZE"), Some(OLD), None),
        // The server cannot say more than that it has everything.
        (
            "no SIZE",
            Habits { lacks: &["SIZE"], ..Habits::default() },
            true,
            Ok(Replaced::ByRename),
            Some(NEW),
            None,
        ),
        (
            "short",
            Habits { loses: 1, ..Habits::default() },
            true,
            Err("the file on the server is not the one expected: it has 31 bytes".to_owned()),
            Some(OLD),
            None,
        ),
    ];
    for (name, habits, old, result, file, part) in rows {
        assert_eq!(upload(name, habits, old), After { result, file, part }, "{name}");
    }
}

#[test]
fn a_complete_upload_is_kept_if_the_old_file_is_gone_and_the_rename_fails() {
    // RNTO is refused whatever is there.
    let after = upload("kept", Habits { refuses: &["RNTO"], ..Habits::default() }, true);
    assert_eq!(after, After { result: Err("RNTO refused: 550 no".to_owned()), file: None, part: Some(NEW) });
}

#[test]
fn a_part_is_kept_while_nobody_knows_what_the_server_has_done() {
    let late = || Err("the time limit for the operation has expired".to_owned());
    // What is not answered in time is done all the same.
    let after = upload("renamed", Habits { delays: &["RNTO"], ..Habits::default() }, true);
    assert_eq!(after, After { result: late(), file: Some(NEW), part: None });
    let deletes = Habits { renames_over: false, delays: &["DELE"], ..Habits::default() };
    let after = upload("deleted", deletes, true);
    assert_eq!(after, After { result: late(), file: None, part: Some(NEW) }, "the only copy");
    let asks = Habits { delays: &["SIZE"], ..Habits::default() };
    let after = upload("asked", asks, true);
    assert_eq!(after, After { result: late(), file: Some(OLD), part: Some(NEW) }, "no time to delete it");
}
