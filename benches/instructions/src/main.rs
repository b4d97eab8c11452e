//! Repeats one task, so that a tool can count the instructions it takes: `instructions NAME TIMES`.
//! Without arguments, prints the names, each with the number of items that a repetition handles.
//! `run.sh` does the counting.

#![forbid(unsafe_code)]

mod codings;
mod dialogue;
mod listings;
mod rare;
#[path = "../../parse/transcript.rs"]
mod transcript;

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use ftp_proto::buffer::{Frame, RecvBuf};
use ftp_proto::codec::{Command, EndRule, ReplyLine};
use ftp_proto::listing::Formats;
use transcript::{COMMANDS, REPLIES};

/// Maximum length of a line in bytes, the default of the machines.
const LIMIT: usize = 2046;

/// A task: its name, the number of items in a repetition, and the function that makes `n`
/// repetitions.
type Task = (&'static str, u64, fn(u64));

fn tasks() -> [Task; 16] {
    [
        ("frame a line", lines(COMMANDS), |n| commands(n, |line| _ = black_box(line.len()))),
        ("parse a command", lines(COMMANDS), |n| {
            commands(n, |line| _ = black_box(Command::parse(black_box(line))));
        }),
        ("parse a line of a reply", lines(REPLIES), replies),
        ("parse a line of MLSD", listings::ENTRIES, |n| listings::parse(n, &listings::mlsd(), Formats::MLSD)),
        ("parse a Unix line", listings::ENTRIES, |n| listings::parse(n, &listings::unix(), Formats::LIST)),
        ("parse a DOS line", listings::ENTRIES, |n| listings::parse(n, &listings::dos(), Formats::LIST)),
        ("parse a VMS line", listings::ENTRIES, |n| listings::parse(n, &listings::vms(), Formats::LIST)),
        ("parse an EPLF line", listings::ENTRIES, |n| listings::parse(n, &listings::eplf(), Formats::LIST)),
        ("write a line of MLSD", listings::ENTRIES, listings::write_mlsd),
        ("write a Unix line", listings::ENTRIES, listings::write_unix),
        ("a file there and back in TYPE A", 1, |n| codings::there_and_back(n, codings::ASCII)),
        ("the same in MODE B", 1, |n| codings::there_and_back(n, codings::BLOCK)),
        ("the same in MODE C", 1, |n| codings::there_and_back(n, codings::COMPRESSED)),
        ("the same in STRU R", 1, |n| codings::there_and_back(n, codings::RECORDS)),
        ("log in, both machines", 1, dialogue::log_in),
        ("retrieve 1 KiB, both machines", 1, dialogue::retrieve),
    ]
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Takes each line out of a window that holds them all.
fn each_line(bytes: &[u8], repetitions: u64, mut take: impl FnMut(&[u8])) {
    let mut storage = bytes.to_vec();
    for _ in 0..repetitions {
        let mut rx = RecvBuf::new(&mut storage[..]);
        rx.filled(bytes.len());
        while let Frame::Line(line) = rx.view().next_line(LIMIT) {
            take(rx.bytes(line));
        }
    }
}

fn commands(repetitions: u64, take: impl FnMut(&[u8])) {
    each_line(COMMANDS, repetitions, take);
}

fn replies(repetitions: u64) {
    let mut within = None;
    each_line(REPLIES, repetitions, |line| {
        let line = black_box(ReplyLine::parse(black_box(line), within, EndRule::SameCode));
        within = line.ok().and_then(|line| line.going_on());
    });
}

/// All tasks, those of rare formats last.
fn all_tasks() -> impl Iterator<Item = Task> {
    tasks().into_iter().chain(rare::TASKS)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => {
            for (name, items, _) in all_tasks() {
                println!("{items}\t{name}");
            }
            ExitCode::SUCCESS
        }
        [name, times] => {
            let task = all_tasks().find(|task| task.0 == name);
            match (task, times.parse()) {
                (Some((_, _, run)), Ok(times)) => {
                    run(times);
                    ExitCode::SUCCESS
                }
                _ => {
                    eprintln!("no task `{name}`, or `{times}` is no number");
                    ExitCode::FAILURE
                }
            }
        }
        _ => {
            eprintln!("usage: instructions [NAME TIMES]");
            ExitCode::FAILURE
        }
    }
}
