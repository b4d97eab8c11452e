//! Explains reply codes, commands and logged dialogues of FTP:
//!
//! ```text
//! inspect 425                 # a reply code
//! inspect EPSV                # a command
//! inspect session.log         # a log, as people put it into bug reports
//! curl -v ftp://host/ 2>&1 | inspect -
//! inspect "227 Entering Passive Mode (10,0,0,5,200,1)"
//! ```
//!
//! Logs of curl, lftp, FileZilla and ftp are recognized, and plain ones. Each line is explained, and
//! marked with `!` if something is wrong: a reply that the command may not get, an address that
//! leads nowhere, a missing reply, a password. Secrets are hidden in the output.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | explained, and nothing is wrong |
//! | 1 | something is wrong in the dialogue |
//! | 2 | the argument is none of these, or cannot be read |
//!
//! The modules: [`codes`] explains reply codes, [`verbs`] commands, and [`dialogue`] logs, of which
//! [`style`] reads the lines, [`session`] follows each connection, [`addresses`] judges addresses,
//! and [`secrets`] hides what must not be shown. [`text`] is the layout.

mod addresses;
mod codes;
mod dialogue;
mod secrets;
mod session;
mod style;
mod text;
mod verbs;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use dialogue::Dialogue;
use ftp_proto::codec::{EndRule, ReplyCode, ReplyLine, Verb};

/// The most bytes of a log that are read.
const LONGEST_LOG: u64 = 64 << 20;

/// Explains a reply code, a command, or a dialogue.
///
/// Exits with 0 if nothing is wrong, 1 if something in the dialogue is, and 2 if the argument cannot
/// be explained.
#[derive(Debug, Parser)]
#[command(name = "inspect", version)]
struct Options {
    /// A reply code (425), a command (EPSV), a file with a dialogue, - for standard input, or one
    /// line of a dialogue.
    what: String,
    /// The address of the server, if the dialogue does not show it: passive addresses are compared
    /// with it.
    #[arg(long, value_name = "ADDRESS")]
    server: Option<IpAddr>,
    /// Show only the lines of the dialogue that something is wrong with.
    #[arg(long, short)]
    marked: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (text, code) = match run(&options) {
        Ok(done) => done,
        Err(message) => {
            eprintln!("inspect: {message}");
            return ExitCode::from(2);
        }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("inspect: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(code),
    }
}

/// Returns the explanation and the exit code.
fn run(options: &Options) -> Result<(String, u8), String> {
    let what = options.what.trim();
    let mut text = String::new();
    // Writing to a string cannot fail.
    if let Some(code) = ReplyCode::from_digits(what.as_bytes()) {
        let _ = codes::explain(code, &mut text);
        return Ok((text, 0));
    }
    if let Some(verb) = Verb::from_bytes(what.as_bytes()) {
        let _ = verbs::explain(verb, &mut text);
        return Ok((text, 0));
    }
    let dialogue = Dialogue::read(&log(what)?, options.server);
    if !dialogue.has_any() {
        return Err(format!("{what}: no line is a command or a reply"));
    }
    let _ = dialogue.write(options.marked, &mut text);
    Ok((text, u8::from(dialogue.marks() > 0)))
}

/// Reads the log that the argument names or is.
fn log(what: &str) -> Result<Vec<u8>, String> {
    let mut log = Vec::new();
    let read = |source: &mut dyn Read, log: &mut Vec<u8>| source.take(LONGEST_LOG).read_to_end(log);
    if what == "-" {
        read(&mut io::stdin().lock(), &mut log).map_err(|error| format!("standard input: {error}"))?;
        return Ok(log);
    }
    if Path::new(what).exists() {
        let mut file = File::open(what).map_err(|error| format!("{what}: {error}"))?;
        read(&mut file, &mut log).map_err(|error| format!("{what}: {error}"))?;
        return Ok(log);
    }
    let is_reply = ReplyLine::parse(what.as_bytes(), None, EndRule::SameCode).is_ok();
    let is_command = Verb::split_from(what.as_bytes()).is_some();
    if is_reply || is_command {
        return Ok(what.as_bytes().to_vec());
    }
    Err(unknown(what))
}

/// Returns what to say to an argument that is nothing known.
fn unknown(what: &str) -> String {
    if !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{what}: a reply code has three digits, of which the first is 1 to 6");
    }
    let shown = secrets::shown_from_elsewhere(what.as_bytes());
    let hint = match verbs::similar(what) {
        similar if similar.is_empty() => String::new(),
        similar => format!("; similar commands: {}", text::list(&similar)),
    };
    format!(
        "{shown}: neither a reply code (inspect 425), nor a command (inspect EPSV), nor a file with a \
         dialogue, nor - for standard input{hint}"
    )
}
