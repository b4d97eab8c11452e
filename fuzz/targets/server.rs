//! Runs a session against a client that sends anything, in any pieces. The session comes to rest,
//! all its replies are valid, and the pieces make no difference.
#![no_main]

use ftp_proto::codec::Verb;
use ftp_proto_fuzz::input::{Line, Server as Input};
use ftp_proto_fuzz::server_end::ServerEnd;
use libfuzzer_sys::fuzz_target;

fn stream(input: &Input<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    if input.logged_in {
        out.extend(b"USER x\r\nPASS y\r\n");
    }
    let name = |row: u8| Verb::ALL[usize::from(row) % Verb::ALL.len()].as_str();
    for line in &input.lines {
        let (verb, argument) = match line {
            Line::Raw(bytes) => {
                out.extend_from_slice(bytes);
                continue;
            }
            Line::Command(row) => (name(*row), &b""[..]),
            Line::Argued(row, argument) => (name(*row), *argument),
            Line::Passive => ("EPSV", &b""[..]),
            Line::Retrieve(name) => ("RETR", *name),
            Line::Store(name) => ("STOR", *name),
            Line::List => ("LIST", &b""[..]),
        };
        out.extend_from_slice(verb.as_bytes());
        if !argument.is_empty() {
            out.push(b' ');
            out.extend_from_slice(argument);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn replies(input: &Input<'_>, stream: &[u8], piece: usize) -> Vec<u8> {
    let mut server = ServerEnd::new(input.choices);
    // Bytes that arrive together with AUTH end the session by design, so each line is fed
    // separately.
    for piece in stream.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(piece.max(1))) {
        server.feed(piece);
    }
    if input.eof {
        server.eof();
    }
    server.run_down();
    server.check_replies();
    server.sent
}

fuzz_target!(|input: Input<'_>| {
    let stream = stream(&input);
    let whole = replies(&input, &stream, stream.len());
    assert_eq!(replies(&input, &stream, 1), whole, "byte by byte");
    assert_eq!(replies(&input, &stream, usize::from(input.cut) + 1), whole, "in pieces");
});
