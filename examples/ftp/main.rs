//! A command-line client: transfers, mirrors and changes files and directories named by `ftp://`
//! URLs.
//!
//! ```text
//! ftp ls -h ftp://ftp.example.org/pub
//! ftp get 'ftp://ftp.example.org/pub/*.txt' texts         # a pattern, quoted for the shell
//! ftp get -c ftp://ftp.example.org/pub/big.iso            # resumes where the last call stopped
//! ftp put -r site ftp://me@www.example.org/htdocs         # the password is in $FTP_PASSWORD or ~/.netrc
//! ftp mirror -P 4 --delete site ftp://me@www.example.org/htdocs
//! ftp --tls ls ftp://ftp.example.org/                     # AUTH TLS; ftps:// begins with TLS
//! ftp --trace info ftp://127.0.0.1:2121/                  # shows the dialogue, passwords hidden
//! ```
//!
//! `cargo run --release --example ftp -- help` shows all commands, and `README.md` describes them.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | everything was done |
//! | 1 | the server refused, and would refuse again |
//! | 2 | the arguments were wrong; nothing was done |
//! | 3 | a later attempt may succeed: a temporary refusal, or the network or the dialogue broke |
//! | 4 | a local file cannot be read or written, or a name cannot be converted |
//! | 5 | something on the server could not be seen: an unreadable line of a listing, or a directory too large, too deep or not confirmed |
//! | 6 | `mirror --delete` removed nothing, because too much would have been removed or not all of the source was seen |
//!
//! A path that begins with a tilde is a name. Only `ls`, `get`, `cat` and `info` take it for a path
//! below a home directory, if nothing has that name; `./~` is the name for them too.
//!
//! If some of many files fail, the others are still transferred, and the exit code is that of the
//! first failure. A download is written to a part file next to its target (`name.NUMBER.part`),
//! which replaces the target at the end. An interrupted transfer leaves the part file, which `-c`
//! resumes.
//!
//! The modules: [`options`] is the command line, [`command`] carries it out, [`url`] parses URLs,
//! [`netrc`] finds logins, [`client`] is the library's client on any runtime, [`session`] logs in
//! and reconnects, [`tls`] configures TLS, [`download`] and [`upload`] transfer a file with what
//! [`transfer`] has for both, [`part`] holds a download until it is complete, [`walk`] transfers
//! directories, [`names`] knows what servers do to names, [`mirror`] makes two directories equal,
//! [`filter`] has the patterns, [`ls`] and [`show`] print listings, [`report`] and [`progress`]
//! talk to the user, [`rate`] limits the rate, and [`failure`] defines the exit codes.

mod client;
mod command;
mod download;
mod failure;
mod filter;
mod ls;
mod mirror;
mod names;
mod netrc;
mod options;
mod part;
mod progress;
mod rate;
mod report;
mod session;
mod show;
mod tls;
mod transfer;
mod upload;
mod url;
mod walk;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use command::Job;
use failure::Failure;
use options::Options;
use rate::Rate;
use report::{Report, Voice};
use session::{Limits, Manner, Session, Shared};

fn main() -> ExitCode {
    let options = Options::parse();
    let voice = Voice { quiet: options.quiet, json: options.json, no_progress: options.trace };
    let report = Arc::new(Report::new(voice));
    let mut has_summary = false;
    if let Err(failure) = run(options, &report, &mut has_summary) {
        if failure.is_broken_pipe() {
            return failure.exit_code().into();
        }
        report.fail(&failure);
    }
    report.finish(has_summary).into()
}

fn run(options: Options, report: &Arc<Report>, has_summary: &mut bool) -> Result<(), Failure> {
    // Errors in the arguments are found before connecting.
    let job = Job::new(options.command, report.voice)?;
    let manner = Manner {
        trace: options.trace,
        active: options.active,
        timeout: options.timeout.map(Duration::from_secs),
        // A person who waits for one file or listing is told of a failure at once.
        retries: options.retries.unwrap_or(if job.has_summary() { 5 } else { 0 }),
        retry_wait: Duration::from_secs_f64(options.retry_wait),
        netrc: !options.no_netrc,
        runtime: options.runtime,
        limits: Limits(options.most_entries),
        encoding: options.names_encoding,
    };
    let rate = Rate::new(options.limit_rate);
    let shared = Shared::new(&job.url, manner, &options.tls, Arc::clone(report), rate)?;
    let mut session = Session::open(&Arc::new(shared))?;
    *has_summary = job.has_summary();
    match job.perform(&mut session) {
        // Unless the failure is a refusal, the server may no longer be there to say goodbye.
        Err(failure) if failure.is_fatal() || !failure.is_refusal() => Err(failure),
        result => {
            session.close();
            result
        }
    }
}
