//! Files that change while they are transferred.

use std::io::Write;
use std::thread;

use super::*;

#[test]
fn a_file_that_changes_is_transferred_anew() {
    for is_up in [true, false] {
        // Otherwise the network's buffers would hold all of a download before it changes.
        let rate = std::num::NonZeroU64::new(1_000_000).unwrap();
        let served = Served::at("127.0.0.1:0", |server| server.with_max_rate(rate));
        let scratch = Scratch::new();
        let (local, there) = (scratch.path("local"), served.root.join("there"));
        let (source, target) = if is_up { (&local, &there) } else { (&there, &local) };
        let mut content = served::bytes(1_100_000);
        write(&source.join("file"), &content, LONG_AGO);
        let (path, part) = (source.join("file"), target.clone());
        let changing = thread::spawn(move || {
            // In the middle of the transfer, which takes a second: something of it has arrived.
            let has_begun = || {
                let entries = fs::read_dir(&part).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.metadata().ok()).any(|metadata| metadata.len() > 0)
            };
            for _ in 0..1000 {
                if has_begun() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            fs::File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
        });
        let (local, there) = (scratch.arg("local"), url(&served, "there"));
        let (from, to) = if is_up { (&local, &there) } else { (&there, &local) };
        let outcome = ftp(&["mirror", from, to]).succeeds();
        changing.join().unwrap();
        content.extend_from_slice(b"more");
        assert!(error(&outcome).contains("it changed while it was"), "{outcome}");
        assert_eq!(names(target), ["file"]);
        assert!(fs::read(target.join("file")).unwrap() == content, "{outcome}");
    }
}
