//! What a server tells its owner of its sessions: enough for a log, and no secret.
#![cfg(all(feature = "std", feature = "disk"))]

#[path = "support/served.rs"]
mod served;

use std::fs;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::codec::Direction;
use ftp_proto::io::std::Client;
use ftp_proto::io::{Closed, Directory, Happening, SessionEvent, Users, XferlogLine};
use served::Served;

const PASSWORD: &str = "correct horse";

/// A server whose owner writes down what he is told.
struct Site {
    served: Served,
    events: Arc<Mutex<Vec<String>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn new() -> Self {
        let (events, lines) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (event_log, line_log) = (Arc::clone(&events), Arc::clone(&lines));
        let mut config = ftp_proto::server::Config::default();
        config.timeouts.login_delay = Duration::ZERO;
        let alice = |directory: Directory| Users::new().user("alice", PASSWORD, directory.writable());
        let served = Served::to(alice, "127.0.0.1:0", |server| {
            server
                .with_config(config)
                .on_event(move |event| event_log.lock().unwrap().push(told(event)))
                .on_line(move |_, direction, line| {
                    line_log.lock().unwrap().push(format!("{direction:?} {line}"));
                })
        });
        Self { served, events, lines }
    }

    /// What was told, once the session is over.
    fn events(&self) -> Vec<String> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            let events = self.events.lock().unwrap();
            if events.last().is_some_and(|last| last.contains("closed")) {
                return events.clone();
            }
            drop(events);
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the session does not end: {:?}", self.events.lock().unwrap());
    }
}

fn told(event: &SessionEvent<'_>) -> String {
    let user = String::from_utf8_lossy(&event.visitor.user);
    let what = match event.what {
        Happening::Opened => "opened".to_owned(),
        Happening::LoggedIn => "logged in".to_owned(),
        Happening::LoginFailed => "login failed".to_owned(),
        Happening::Transferred(transferred) => {
            if let Some(line) = XferlogLine::of(event) {
                // The date has 24 bytes, and the seconds are one digit here.
                assert!(line.to_string()[26..].starts_with(" 127.0.0.1 "), "{line}");
            }
            let way = if transferred.end.direction == Direction::ToServer { "in" } else { "out" };
            format!("{way} {:?} {} {:?}", transferred.path, transferred.bytes, transferred.end.outcome)
        }
        Happening::Changed { change, path, from: None } => format!("{change:?} {path:?}"),
        Happening::Changed { change, path, from: Some(from) } => format!("{change:?} {path:?} from {from:?}"),
        Happening::Closed(Closed::Left) => "closed by QUIT".to_owned(),
        Happening::Closed(Closed::Peer(error)) => format!("closed: {error:?}"),
        ref other => format!("{other:?}"),
    };
    format!("{user}: {what}")
}

#[test]
fn a_session_is_told_from_its_opening_to_its_end() {
    let site = Site::new();
    let mut client = Client::connect(site.served.address).unwrap();
    client.login("mallory", "guess").unwrap_err();
    client.login("alice", PASSWORD).unwrap();
    let mut upload = client.store("file").unwrap();
    upload.write_all(b"content").unwrap();
    upload.finish().unwrap();
    let mut content = Vec::new();
    client.retrieve_from("/file", 3).unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, b"tent");
    client.list("/").unwrap().for_each(|entry| drop(entry.unwrap()));
    client.make_directory("new").unwrap();
    client.rename("file", "new/moved").unwrap();
    client.delete("new/moved").unwrap();
    client.delete("new/moved").unwrap_err();
    client.remove_directory("new").unwrap();
    client.quit().unwrap();
    let events = site.events();
    let listing = events.iter().find(|event| event.contains("out \"/\"")).cloned().unwrap();
    assert_eq!(
        events,
        [
            ": opened",
            "mallory: login failed",
            "alice: logged in",
            "alice: in \"/file\" 7 Complete",
            "alice: out \"/file\" 4 Complete",
            &listing,
            "alice: DirectoryMade \"/new\"",
            "alice: Renamed \"/new/moved\" from \"/file\"",
            "alice: FileRemoved \"/new/moved\"",
            "alice: DirectoryRemoved \"/new\"",
            "alice: closed by QUIT",
        ]
    );
    let lines = site.lines.lock().unwrap().join("\n");
    assert!(lines.contains("Received PASS ***") && lines.contains("Sent 230 "), "{lines}");
    assert!(!lines.contains(PASSWORD) && !events.concat().contains(PASSWORD));
}

#[test]
fn a_client_that_vanishes_in_a_download_leaves_it_unfinished_and_the_session_closed() {
    let site = Site::new();
    // More than all buffers on the way hold.
    fs::File::create(site.served.root.join("file")).unwrap().set_len(64 << 20).unwrap();
    let mut client = Client::connect(site.served.address).unwrap();
    client.login("alice", PASSWORD).unwrap();
    let mut download = client.retrieve("file").unwrap();
    download.read_exact(&mut [0; 10]).unwrap();
    std::mem::forget(download);
    drop(client);
    let events = site.events();
    assert_eq!(events.len(), 4, "{events:?}");
    assert!(events[2].starts_with("alice: out \"/file\" ") && !events[2].contains("Complete"), "{events:?}");
    assert!(events[3].starts_with("alice: closed: "), "{events:?}");
}
