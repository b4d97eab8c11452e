//! A command-line client: transfers and changes files and directories named by `ftp://` URLs.
//!
//! ```text
//! ftp ls ftp://ftp.example.org/pub
//! ftp get -c ftp://ftp.example.org/pub/big.iso            # resumes where the last call stopped
//! ftp put -r site ftp://me@www.example.org/htdocs         # the password is in $FTP_PASSWORD
//! ftp --tls ls ftp://ftp.example.org/                     # AUTH TLS; ftps:// begins with TLS
//! ftp --trace info ftp://127.0.0.1:2121/                  # shows the dialogue, passwords hidden
//! ```
//!
//! `cargo run --release --example ftp -- help` shows all commands.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | everything was done |
//! | 1 | the server refused, and would refuse again |
//! | 2 | the arguments were wrong; nothing was done |
//! | 3 | a later attempt may succeed: a temporary refusal, or the network or the dialogue broke |
//! | 4 | a local file cannot be read or written, or a name cannot be converted |
//! | 5 | something on the server could not be seen: an unreadable line of a listing, or a directory too large, too deep or not confirmed |
//!
//! A path that begins with a tilde is a name. Only `ls`, `get`, `cat` and `info` take it for a path
//! below a home directory, if nothing has that name; `./~` is the name for them too.
//!
//! If some of many files fail, the others are still transferred, and the exit code is that of the
//! first failure. A download is written to a part file next to its target (`name.NUMBER.part`),
//! which replaces the target at the end. An interrupted transfer leaves the part file, which `-c`
//! resumes.
//!
//! The modules: [`url`] parses URLs, [`client`] is the library's client on any runtime, [`session`]
//! logs in, [`tls`] configures TLS, [`transfer`] transfers a file, [`part`] holds a download until
//! it is complete, [`walk`] transfers directories, [`show`] prints listings, and [`failure`]
//! defines the exit codes.

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
/// A URL is ftp[s]://[user[:password]@]host[:port]/path, percent-encoded. Its path is relative to
/// the login directory unless it begins with a second slash. Without a user, the login is
/// anonymous. $FTP_PASSWORD is the password of a user without one in the URL.
#[derive(Debug, Parser)]
#[command(name = "ftp", version)]
struct Options {
    /// Show the dialogue on standard error, passwords hidden.
    #[arg(long, global = true)]
    trace: bool,
    /// Print errors only, no progress and no notes.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// The time limit in seconds for anything that the server does [default: 60 for most things]
    #[arg(long, global = true, overrides_with = "timeout", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Let the server connect to this host for data, and not the other way round.
    #[arg(long, global = true)]
    active: bool,
    /// The runtime that moves the bytes: blocking calls, or an asynchronous runtime.
    #[arg(long, global = true, value_name = "RUNTIME", default_value = "std")]
    runtime: Runtime,
    /// The encoding of the server's names, by its label: gbk, shift_jis, latin1. Local names are
    /// then UTF-8.
    #[arg(long, global = true, value_name = "LABEL", value_parser = encoding)]
    names_encoding: Option<&'static Encoding>,
    /// Give up on listings with more entries than this [default: 10000000]
    #[arg(long, global = true, value_name = "COUNT")]
    most_entries: Option<usize>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List a directory: mode, size, time, name. Times are UTC if followed by a Z, otherwise in the
    /// server's zone.
    Ls {
        /// Print names only, as NLST returns them.
        #[arg(long)]
        names: bool,
        /// The directory.
        url: String,
    },
    /// Fetch a file.
    Get {
        #[command(flatten)]
        options: Transfer,
        /// Give the files the modification times that they have on the server.
        #[arg(short = 'p', long)]
        times: bool,
        /// The file.
        url: String,
        /// The destination: a file, a directory to put it in, or - for standard output. With -r,
        /// the directory to fill. By default the last name in the URL.
        local: Option<PathBuf>,
    },
    /// Send a file.
    Put {
        #[command(flatten)]
        options: Transfer,
        /// The file, or - for standard input.
        local: PathBuf,
        /// The destination: a file, or a directory to put it in if it ends in a slash. With -r, the
        /// directory to fill.
        url: String,
    },
    /// Remove a file.
    Rm {
        /// Remove a directory too, with everything in it.
        #[arg(short)]
        recursive: bool,
        /// Continue even if the server does not confirm that it is in the intended directory.
        #[arg(long)]
        trust_paths: bool,
        /// The file or directory to remove.
        url: String,
    },
    /// Make a directory.
    Mkdir {
        /// The directory.
        url: String,
    },
    /// Rename or move a file or a directory.
    Mv {
        /// The file or directory to rename.
        url: String,
        /// Its new path, which is not a URL: relative to the login directory, or with a leading
        /// slash.
        new_path: String,
    },
    /// Print a file on standard output.
    Cat {
        /// The file.
        url: String,
    },
    /// Show what the server reports about a file or a directory, and about itself if the URL has no
    /// path.
    Info {
        /// The file or directory.
        url: String,
    },
}

/// Options common to downloads and uploads.
#[derive(Args, Clone, Copy, Debug)]
struct Transfer {
    /// Transfer a directory, with everything in it. Links are left out.
    #[arg(short, long)]
    recursive: bool,
    /// Resume an earlier transfer: existing content is taken for the start of the same file.
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

/// Returns the encoding with this label. Refuses encodings that are not compatible with ASCII,
/// which FTP itself is written in.
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
    // Errors in the arguments are found before connecting.
    command.check(&url).map_err(Failure::usage)?;
    let mut session = Session::open(&url, manner, tls)?;
    match command.perform(&mut session, &url) {
        // Unless the failure is a refusal, the server may no longer be there to say goodbye.
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

    /// Returns an error if the arguments are wrong.
    fn check(&self, url: &Url) -> Result<(), &'static str> {
        let is_stream = |local: &Path| local == Path::new("-");
        match self {
            Self::Get { options: Transfer { recursive: true, .. }, local, .. } => match local {
                Some(local) if is_stream(local) => Err("a directory cannot be written to standard output"),
                None if url.name().is_none() => Err("the directory has no name: say what to call it here"),
                _ => Ok(()),
            },
            Self::Get { .. } | Self::Cat { .. } if url.is_directory => {
                Err("the URL is of a directory: use get -r to fetch it, or ls to list it")
            }
            Self::Get { options: Transfer { resume: true, .. }, local: Some(local), .. }
                if is_stream(local) =>
            {
                Err("standard output cannot be resumed")
            }
            Self::Put { options: Transfer { recursive, resume }, local, .. } if is_stream(local) => {
                match *recursive || *resume || url.is_directory {
                    true => Err("standard input becomes a new file: the URL has to name it"),
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
