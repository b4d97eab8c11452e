//! The core where there is no operating system and no allocator: a Cortex-M4 that is client and server at once. They talk
//! over wires in memory, and the client logs in, uploads, downloads, lists and is refused. Every buffer is an array.
//!
//! `.ci/run bare_metal` builds it and runs it in QEMU. What a program on a real machine does otherwise: its wires are
//! sockets, and its clock is a timer.
#![no_std]
#![no_main]

mod client_end;
mod data_end;
#[allow(dead_code, reason = "the program of the session alone uses the rest")]
mod server_end;
mod wire;

use arrayvec::ArrayString;
use cortex_m as _;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use ftp_proto::client::{self, Client};
use ftp_proto::codec::{RepresentationType, Text, TransferMode};
use ftp_proto::listing::{Kind, MlsdParser};
use ftp_proto::server::Session;
use panic_semihosting as _;

use client_end::ClientEnd;
use data_end::File;
use server_end::{NAME, PASSWORD, ServerEnd, USER};
use wire::Network;

/// For clippy, which looks at this as a program of the host's: there panic-semihosting is empty.
#[cfg(not(target_os = "none"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

const IMAGE: RepresentationType = RepresentationType::Image;

#[entry]
fn main() -> ! {
    let mut network = Network::default();
    let mut server = ServerEnd::new();
    let mut client = ClientEnd::new();
    let samples: File = (0..1500_u32).map(|at| (at * at / 7) as u8).collect();

    client.run(client::greeting(), &mut network, &mut server, |_| ()).expect("no greeting");
    client.run(client::login(USER, PASSWORD, None), &mut network, &mut server, |_| ()).expect("no login");

    for mode in [TransferMode::Stream, TransferMode::Block, TransferMode::Compressed] {
        client.run(client::mode(mode), &mut network, &mut server, |_| ()).expect("no such mode");

        client.file = samples.clone();
        let upload = client::store(NAME, IMAGE, 0);
        let sent = client.transfer(upload, &mut network, &mut server).expect("no upload");
        assert_eq!(*server.file(), samples);

        client.file.clear();
        let download = client::retrieve(NAME, IMAGE, 1000);
        let received = client.transfer(download, &mut network, &mut server).expect("no download");
        assert_eq!(client.file[..], samples[1000..]);
        hprintln!("mode {:?}: {} bytes sent, {} received", mode, sent, received);
    }

    client.file.clear();
    client.transfer(client::entries(None), &mut network, &mut server).expect("no listing");
    let mut parser = MlsdParser::new([0; 128]);
    let mut listing = &client.file[..];
    let entry = parser.next(&mut listing).expect("an empty directory").expect("a line that is no entry");
    assert_eq!((entry.name, entry.kind, entry.size), (NAME, Kind::File, Some(1500)));
    assert!(parser.next(&mut listing).is_none());

    let missing = client::size(Text::literal("missing"));
    let refusal = client.run(missing, &mut network, &mut server, |_| ()).expect_err("it is not there");
    hprintln!("{}", refusal);
    client.run(client::quit(), &mut network, &mut server, |_| ()).expect("it does not let go");

    hprintln!(
        "ok: a client has {} bytes, a session {}, and each a few buffers of its own",
        size_of::<Client>(),
        size_of::<Session<[u8; 0]>>()
    );
    debug::exit(debug::EXIT_SUCCESS);
    panic!("the debugger has let it go on");
}

/// A server's refusal, kept beyond the line it came in.
type Sentence = ArrayString<120>;
