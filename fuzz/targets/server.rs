//! Runs a session against a client that sends anything, in any pieces. The session comes to rest,
//! all its replies are valid, and the pieces make no difference.
#![no_main]

use ftp_proto::codec::Verb;
use ftp_proto_fuzz::bare;
use ftp_proto_fuzz::input::{Line, Server as Input};
use ftp_proto_fuzz::server_end::{ServerEnd, endpoints};
use ftp_proto_fuzz::settings;
use libfuzzer_sys::fuzz_target;

/// A step of the client: a line, or what else happens.
enum Step {
    Bytes(Vec<u8>),
    Pause,
    Silence(u8),
    Owner(u8),
}

fn steps(input: &Input<'_>) -> Vec<Step> {
    let mut out = Vec::new();
    // Bytes that arrive together with AUTH end the session by design, so each line is fed
    // separately.
    let lines = |out: &mut Vec<Step>, bytes: &[u8]| {
        out.extend(bytes.split_inclusive(|byte| *byte == b'\n').map(|line| Step::Bytes(line.to_vec())));
    };
    if input.logged_in {
        lines(&mut out, b"USER x\r\nPASS y\r\n");
    }
    let name = |row: u8| Verb::ALL[usize::from(row) % Verb::ALL.len()].as_str();
    for line in &input.lines {
        let (verb, argument) = match line {
            Line::Raw(bytes) => {
                lines(&mut out, bytes);
                continue;
            }
            Line::Pause => {
                out.push(Step::Pause);
                continue;
            }
            Line::Silence(seconds) => {
                out.push(Step::Silence(*seconds));
                continue;
            }
            Line::Owner(how) => {
                out.push(Step::Owner(*how));
                continue;
            }
            Line::Command(row) => (name(*row), &b""[..]),
            Line::Argued(row, argument) => (name(*row), *argument),
            Line::Passive => ("EPSV", &b""[..]),
            Line::Retrieve(name) => ("RETR", *name),
            Line::Store(name) => ("STOR", *name),
            Line::List => ("LIST", &b""[..]),
        };
        let space: &[u8] = if argument.is_empty() { b"" } else { b" " };
        lines(&mut out, &[verb.as_bytes(), space, argument, b"\r\n"].concat());
    }
    out
}

/// Returns what the session sent, or nothing if the pieces may make a difference.
fn replies(input: &Input<'_>, steps: &[Step], piece: usize) -> Option<Vec<u8>> {
    let mut server = ServerEnd::new(settings::server(input.config), endpoints(input.v6), input.choices);
    server.slow = input.slow;
    for step in steps {
        match step {
            Step::Bytes(bytes) => bytes.chunks(piece).for_each(|piece| server.feed(piece)),
            Step::Pause => server.pause(),
            Step::Silence(seconds) => server.pass(*seconds),
            Step::Owner(how) => server.intervene(*how),
        }
    }
    if input.eof {
        server.eof();
    }
    server.run_down();
    server.check_replies();
    (!server.hurried).then_some(server.sent)
}

fuzz_target!(|input: Input<'_>| {
    let steps = steps(&input);
    let whole = replies(&input, &steps, usize::MAX);
    for piece in [1, usize::from(input.cut) + 1] {
        let pieces = replies(&input, &steps, piece);
        if let (Some(pieces), Some(whole)) = (pieces, &whole) {
            assert_eq!(pieces, *whole, "in pieces of {piece} bytes");
        }
    }
    if input.bare {
        let lines = steps
            .iter()
            .filter_map(|step| if let Step::Bytes(bytes) = step { Some(&bytes[..]) } else { None });
        let lines: Vec<_> = lines.collect();
        let whole = bare::replies(&lines, usize::MAX);
        assert_eq!(bare::replies(&lines, usize::from(input.cut) + 1), whole, "in pieces");
    }
});
