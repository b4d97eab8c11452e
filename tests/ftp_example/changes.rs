//! Files that change while they are transferred.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use super::*;

#[test]
fn a_file_that_changes_is_transferred_anew() {
    // It may have to be built, which takes long.
    let _built = program();
    for is_up in [true, false] {
        // Otherwise the network's buffers would hold all of a download before it changes.
        let rate = std::num::NonZeroU64::new(1_000_000).unwrap();
        let (begun, begins) = mpsc::channel();
        let (begun, asked) = (Mutex::new(begun), AtomicBool::new(false));
        let served = Served::at("127.0.0.1:0", |server| {
            server.with_max_rate(rate).on_line(move |_, _, line| {
                let line = line.to_string();
                if line.starts_with("STOR ") || line.starts_with("RETR ") {
                    asked.store(true, Ordering::SeqCst);
                } else if line.starts_with("150") && asked.swap(false, Ordering::SeqCst) {
                    let _ = begun.lock().unwrap().send(());
                }
            })
        });
        let scratch = Scratch::new();
        let (local, there) = (scratch.path("local"), served.root.join("there"));
        let (source, target) = if is_up { (&local, &there) } else { (&there, &local) };
        let mut content = served::bytes(1_100_000);
        write(&source.join("file"), &content, LONG_AGO);
        let path = source.join("file");
        let changing = thread::spawn(move || {
            // Both sides know how large the file was, and the transfer takes a second.
            begins.recv_timeout(Duration::from_secs(20)).unwrap();
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
