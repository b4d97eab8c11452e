//! A client for the command line: files and directories by their `ftp://` URLs.
//!
//! ```text
//! ftp ls ftp://ftp.example.org/pub
//! ftp get -c ftp://ftp.example.org/pub/big.iso            # goes on where the last call stopped
//! ftp put -r site ftp://me@www.example.org/htdocs         # the password is in $FTP_PASSWORD
//! ftp --tls ls ftp://ftp.example.org/                      # protected; ftps:// where TLS begins at once
//! ftp --trace info ftp://127.0.0.1:2121/                  # shows the dialogue, passwords hidden
//! ```
//!
//! `cargo run --release --example ftp -- help` shows all commands.
//!
//! | exit code | what it means |
//! |---|---|
//! | 0 | all is done |
//! | 1 | the server refused, and would again |
//! | 2 | the call was wrong; nothing was done |
//! | 3 | it may work later: the server cannot now, or the network or the dialogue broke |
//! | 4 | a file here cannot be read or written, or a name not be converted |
//! | 5 | something there could not be seen: a line of a listing that cannot be read, a directory too large, too deep or not confirmed |
//!
//! A path that begins with a tilde is a name. Only `ls`, `get`, `cat` and `info` take it for a path below a home directory,
//! if there is nothing of that name; `./~` is the name to them too.
//!
//! When some of many files fail the others are transferred all the same; the exit code is that of the first
//! failure. A download is written to a part file beside its target (`name.NUMBER.part`), which takes its place at the end;
//! a transfer that breaks leaves the part, which `-c` goes on with.
//!
//! Here is how it is made: [`url`] reads URLs, [`client`] is the library's on any runtime, [`session`] logs in, [`tls`] protects,
//! [`transfer`] moves a file, [`part`] holds it until it is complete, [`walk`] moves directories, [`show`] prints listings, [`failure`] knows the exit codes.

mod client;
mod failure;
mod part;
mod session;
mod show;
mod tls;
mod transfer;
mod url;
mod walk;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use client::Runtime;
use encoding_rs::Encoding;
use failure::Failure;
use ftp_proto::io::local_name;
use session::{Limits, Manner, Session};
use tls::TlsOptions;
use transfer::{Known, Ways};
use url::{Url, join};

/// Lists, fetches, sends and changes files on FTP servers.
///
/// A URL is ftp[s]://[user[:password]@]host[:port]/path, percent-encoded; its path is relative to the login
/// directory unless it begins with a second slash. Without a user it logs in as anonymous; $FTP_PASSWORD is
/// the password of a user without one.
#[derive(Debug, Parser)]
#[command(name = "ftp", version)]
struct Options {
    /// Show the dialogue on standard error, passwords hidden.
    #[arg(long, global = true)]
    trace: bool,
    /// Print no progress and no notes, errors only.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// How long the server may take to do anything, in seconds [default: 60 for most things]
    #[arg(long, global = true, overrides_with = "timeout", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Let the server connect to this host for data, and not the other way round.
    #[arg(long, global = true)]
    active: bool,
    /// What moves the bytes: blocking calls, or one of the asynchronous runtimes.
    #[arg(long, global = true, value_name = "RUNTIME", default_value = "std")]
    runtime: Runtime,
    /// The encoding of the server's names, by its label: gbk, shift_jis, latin1. Names here are UTF-8 then.
    #[arg(long, global = true, value_name = "LABEL", value_parser = encoding)]
    names_encoding: Option<&'static Encoding>,
    /// Give up listings with more entries than this [default: 10000000]
    #[arg(long, global = true, value_name = "COUNT")]
    most_entries: Option<usize>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List a directory: mode, size, time, name. Times are UTC where a Z follows, else in the server's zone.
    Ls {
        /// Names only, as NLST gives them.
        #[arg(long)]
        names: bool,
        /// The directory.
        url: String,
    },
    /// Fetch a file.
    Get {
        #[command(flatten)]
        options: Transfer,
        /// Give the files the times that they have there.
        #[arg(short = 'p', long)]
        times: bool,
        /// The file.
        url: String,
        /// Where to: a file, a directory to put it in, or - for standard output. With -r the directory to
        /// fill. By default the last name of the URL.
        local: Option<PathBuf>,
    },
    /// Send a file.
    Put {
        #[command(flatten)]
        options: Transfer,
        /// The file, or - for standard input.
        local: PathBuf,
        /// Where to: a file; a directory to put it in if it ends in a slash. With -r the directory to fill.
        url: String,
    },
    /// Remove a file.
    Rm {
        /// A directory too, with all that is in it.
        #[arg(short)]
        recursive: bool,
        /// Go on where the server does not confirm that it is in the directory that is meant.
        #[arg(long)]
        trust_paths: bool,
        /// What to remove.
        url: String,
    },
    /// Make a directory.
    Mkdir {
        /// The directory.
        url: String,
    },
    /// Rename or move a file or a directory.
    Mv {
        /// What to rename.
        url: String,
        /// Its new path: no URL, relative to the login directory or with a slash in front.
        new_path: String,
    },
    /// Print a file on standard output.
    Cat {
        /// The file.
        url: String,
    },
    /// Tell what the server tells about a file or a directory; about itself too when the URL has no path.
    Info {
        /// Whatever it is about.
        url: String,
    },
}

/// What fetching and sending have in common.
#[derive(Args, Clone, Copy, Debug)]
struct Transfer {
    /// A directory, with all that is in it. Links are left out.
    #[arg(short, long)]
    recursive: bool,
    /// Go on where an earlier transfer stopped: what is there already is taken to be the start of the same file.
    #[arg(short = 'c', long = "continue")]
    resume: bool,
}

fn main() -> ExitCode {
    let Options { trace, quiet, timeout, active, runtime, names_encoding, most_entries, tls, command } =
        Options::parse();
    let (timeout, limits, encoding) =
        (timeout.map(Duration::from_secs), Limits(most_entries), names_encoding);
    let manner = Manner { trace, quiet, active, timeout, runtime, limits, encoding };
    match run(command, manner, &tls) {
        Ok(code) => code.into(),
        Err(failure) => {
            if !failure.is_broken_pipe() {
                eprintln!("ftp: {failure}");
            }
            failure.exit_code().into()
        }
    }
}

/// An encoding by its label. Those are refused whose bytes do not hold ASCII, which FTP itself is written in.
fn encoding(label: &str) -> Result<&'static Encoding, String> {
    let encoding =
        Encoding::for_label_no_replacement(label.as_bytes()).ok_or("no encoding has this label")?;
    match encoding.is_ascii_compatible() {
        true => Ok(encoding),
        false => Err("names in this encoding cannot be sent".into()),
    }
}

fn run(command: Command, manner: Manner, tls: &TlsOptions) -> Result<u8, Failure> {
    let url = Url::parse(command.url()).map_err(Failure::usage)?;
    // What is wrong with the call is found out before anybody is connected to.
    command.check(&url).map_err(Failure::usage)?;
    let mut session = Session::open(&url, manner, tls)?;
    match command.perform(&mut session, &url) {
        // After anything but a refusal there may be nobody who says goodbye.
        Err(failure) if failure.is_fatal() || !failure.is_refusal() => Err(failure),
        result => {
            let code = session.close();
            result.map(|()| code)
        }
    }
}

impl Command {
    fn url(&self) -> &str {
        match self {
            Self::Ls { url, .. }
            | Self::Get { url, .. }
            | Self::Put { url, .. }
            | Self::Rm { url, .. }
            | Self::Mkdir { url }
            | Self::Mv { url, .. }
            | Self::Cat { url }
            | Self::Info { url } => url,
        }
    }

    /// Says what is wrong with the call, if anything is.
    fn check(&self, url: &Url) -> Result<(), &'static str> {
        let is_stream = |local: &Path| local == Path::new("-");
        match self {
            Self::Get { options: Transfer { recursive: true, .. }, local, .. } => match local {
                Some(local) if is_stream(local) => Err("a directory does not fit into standard output"),
                None if url.name().is_none() => {
                    Err("the directory has no name: say what it is to be called here")
                }
                _ => Ok(()),
            },
            Self::Get { .. } | Self::Cat { .. } if url.is_directory => {
                Err("the URL is a directory's: get -r fetches one, ls lists one")
            }
            Self::Get { options: Transfer { resume: true, .. }, local: Some(local), .. }
                if is_stream(local) =>
            {
                Err("standard output has no start that could be gone on from")
            }
            Self::Put { options: Transfer { recursive, resume }, local, .. } if is_stream(local) => {
                match *recursive || *resume || url.is_directory {
                    true => Err("standard input is one new file: the URL has to name it"),
                    false => Ok(()),
                }
            }
            Self::Rm { .. } | Self::Mkdir { .. } | Self::Mv { .. } if url.path.is_empty() => {
                Err("the URL has no path")
            }
            _ => Ok(()),
        }
    }

    fn perform(self, session: &mut Session, url: &Url) -> Result<(), Failure> {
        let path = match self {
            Self::Ls { .. } | Self::Get { .. } | Self::Cat { .. } | Self::Info { .. } => {
                &session.read_path(&url.path)?[..]
            }
            _ => &url.path[..],
        };
        match self {
            Self::Ls { names: true, .. } => show::names(session, path),
            Self::Ls { .. } => show::entries(session, path),
            Self::Info { .. } => show::info(session, path),
            Self::Cat { .. } => transfer::print(session, path),
            Self::Get { local: Some(local), .. } if local == Path::new("-") => transfer::print(session, path),
            Self::Get { options: Transfer { recursive, resume }, times, local, .. } => {
                let ways = Ways { resume, times };
                let name = || {
                    let name = url.name().unwrap_or_default();
                    let unsafe_name =
                        |error| Failure::usage(format!("{error}: say what it is to be called here"));
                    local_name(name).map(PathBuf::from).map_err(unsafe_name)
                };
                let local = match local {
                    None => name()?,
                    Some(local) if !recursive && local.is_dir() => local.join(name()?),
                    Some(local) => local,
                };
                match recursive {
                    true => walk::get(session, path, &local, ways),
                    false => transfer::get(session, path, &local, ways, Known::default()),
                }
            }
            Self::Put { options: Transfer { recursive, resume }, local, .. } => {
                let ways = Ways { resume, times: false };
                let remote = match local.file_name().and_then(walk::remote_name) {
                    Some(name) if url.is_directory => join(path, &name),
                    _ => path.to_vec(),
                };
                match recursive {
                    true => walk::put(session, &local, &remote, ways),
                    false => transfer::put(session, &local, &remote, ways),
                }
            }
            Self::Rm { recursive: true, trust_paths, .. } => walk::remove(session, path, trust_paths),
            Self::Rm { .. } => session.client.delete(path).map_err(Failure::remote(path)),
            Self::Mkdir { .. } => session.client.make_directory(path).map_err(Failure::remote(path)),
            Self::Mv { new_path, .. } => session.client.rename(path, new_path).map_err(Failure::remote(path)),
        }
    }
}
