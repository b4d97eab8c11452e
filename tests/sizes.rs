//! The sizes of values that are passed from function to function, and of the machines, of which a program may have thousands.

use std::mem::size_of;

use ftp_proto::action::{Action, DataOp, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf, Span};
use ftp_proto::client::{self, Client, Operation};
use ftp_proto::codec::facts::Facts;
use ftp_proto::codec::{Command, CommandError, ReplyLine, Text, Timestamp};
use ftp_proto::error::Error;
use ftp_proto::listing::{BadLine, Entry, ListingParser, Modified};
use ftp_proto::server::{self, Server, Session};

#[cfg(target_pointer_width = "64")]
#[test]
fn no_type_grows_unnoticed() {
    let mut grown = Vec::new();
    for (name, size, most) in [
        ("Text", size_of::<Text<'_>>(), 16),
        ("Timestamp", size_of::<Timestamp>(), 12),
        ("Command", size_of::<Command<'_>>(), 40),
        ("Result<Command, _>", size_of::<Result<Command<'_>, CommandError>>(), 40),
        ("ReplyLine", size_of::<ReplyLine<'_>>(), 24),
        ("Facts", size_of::<Facts<'_>>(), 264),
        ("Entry", size_of::<Entry<'_>>(), 168),
        ("Option<Result<Entry, BadLine>>", size_of::<Option<Result<Entry<'_>, BadLine<'_>>>>(), 168),
        ("Modified", size_of::<Modified>(), 20),
        ("Error", size_of::<Error>(), 40),
        ("Wait", size_of::<Wait>(), 24),
        ("DataOp", size_of::<DataOp>(), 48),
        ("Action<Span>", size_of::<Action<Span>>(), 56),
        ("client::Step", size_of::<client::Step>(), 56),
        ("server::Step", size_of::<server::Step>(), 56),
        ("RecvBuf", size_of::<RecvBuf<[u8; 0]>>(), 40),
        ("SendBuf", size_of::<SendBuf<[u8; 0]>>(), 64),
        ("ListingParser", size_of::<ListingParser<[u8; 0]>>(), 168),
        ("Client", size_of::<Client>(), 1256),
        ("Fxp", size_of::<client::Fxp<'_>>(), 1024),
        ("Greeting", size_of::<Operation<client::Greeting>>(), 96),
        ("Login", size_of::<Operation<client::Login<'_>>>(), 384),
        ("Open", size_of::<Operation<client::Open<'_>>>(), 384),
        ("Complete", size_of::<Operation<client::Complete>>(), 120),
        ("Rename", size_of::<Operation<client::Rename<'_>>>(), 384),
        ("Exchange", size_of::<Operation<client::Exchange<'_, client::PlainAnswer>>>(), 384),
        ("Server", size_of::<Server>(), 48),
        ("Session", size_of::<Session<[u8; 0]>>(), 1184),
    ] {
        println!("{name}: {size} bytes");
        if size > most {
            grown.push((name, size));
        }
    }
    assert!(grown.is_empty(), "larger than before: {grown:?}");
}
