//! Sessions and transfers as spans, on both sides of one dialogue. One test: there is one subscriber a process.
#![cfg(all(feature = "tracing", feature = "std", feature = "disk"))]

#[path = "support/served.rs"]
mod served;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use ftp_proto::io::std::Client;
use ftp_proto::io::{Directory, Users};
use served::Served;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const PASSWORD: &str = "correct horse";

/// Spans by number: the name, then the fields. Events are spans that have no number.
#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Vec<(String, Fields)>>>);

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Notebook {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut spans = self.0.lock().unwrap();
        spans.push((span.metadata().name().to_owned(), fields));
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap()[span.into_u64() as usize - 1].1);
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(("event".to_owned(), fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn sessions_and_transfers_are_spans_on_both_sides_and_hold_no_secret() {
    let notebook = Notebook::default();
    tracing::subscriber::set_global_default(notebook.clone()).unwrap();
    let alice = |directory: Directory| Users::new().user("alice", PASSWORD, directory.writable());
    let served = Served::to(alice, "127.0.0.1:0", |server| server);
    let address = served.address;

    let mut client = Client::connect(address).unwrap();
    client.login("alice", PASSWORD).unwrap();
    let mut upload = client.store("file").unwrap();
    upload.write_all(b"content").unwrap();
    upload.finish().unwrap();
    client.retrieve("file").unwrap().read_to_end(&mut Vec::new()).unwrap();
    client.quit().unwrap();
    drop(served);

    let spans = notebook.0.lock().unwrap().clone();
    let of = |name: &str| {
        spans.iter().filter(|(of, _)| of == name).map(|(_, fields)| &fields.0).collect::<Vec<_>>()
    };
    assert_eq!((of("ftp_client").len(), of("ftp_session").len()), (1, 1));
    assert_eq!(of("ftp_client")[0]["peer"], address.to_string());
    assert_eq!(of("ftp_session")[0]["user"], "\"alice\"");
    let transfers = of("ftp_transfer");
    assert_eq!(transfers.len(), 4, "two transfers, told by two: {transfers:?}");
    for transfer in &transfers {
        assert_eq!(transfer["bytes"], "7", "{transfer:?}");
        assert!(transfer["outcome"].eq_ignore_ascii_case("complete"), "{transfer:?}");
        assert!(transfer["duration_us"].parse::<u64>().unwrap() < 60_000_000, "{transfer:?}");
    }
    for direction in ["\"to server\"", "\"from server\""] {
        assert_eq!(transfers.iter().filter(|transfer| transfer["direction"] == direction).count(), 2);
    }
    let events = format!("{:?}", of("event"));
    assert!(events.contains("LoggedIn") && events.contains("Closed(Left)"), "{events}");
    assert!(!format!("{spans:?}").contains(PASSWORD));
}
