//! The command line.

use std::ffi::OsString;

use clap::{ArgAction, Args, Parser, Subcommand};
use encoding_rs::Encoding;

use crate::client::Runtime;
use crate::filter::Pattern;
use crate::tls::TlsOptions;

/// Lists, fetches, sends, mirrors and changes files on FTP servers.
///
/// A URL is ftp[s]://[user[:password]@]host[:port]/path, percent-encoded. Its path is relative to
/// the login directory unless it begins with a second slash. Without a user, the login is that of
/// the .netrc file ($NETRC or ~/.netrc) for the host, or else anonymous. The password of a user
/// without one in the URL is $FTP_PASSWORD, or else that of the .netrc file.
///
/// Exit codes: 0 all was done; 1 the server refused; 2 wrong arguments; 3 a later attempt may
/// succeed; 4 a local file failed; 5 not everything on the server could be seen; 6 --delete removed
/// nothing, for safety.
#[derive(Debug, Parser)]
#[command(name = "ftp", version, next_help_heading = "Options of all commands")]
pub struct Options {
    /// Show the dialogue on standard error, passwords hidden.
    #[arg(long, global = true)]
    pub trace: bool,
    /// Print errors only, no progress and no notes.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print one JSON object a line for each entry, transfer and failure, and a summary at the end.
    /// examples/ftp/README.md has the fields.
    #[arg(long, global = true)]
    pub json: bool,
    /// The time limit in seconds for anything that the server does [default: 60 for most things]
    #[arg(long, global = true, overrides_with = "timeout", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    /// Try again so many times in a row when the connection is lost or the server asks to come back
    /// later. A transfer continues where it stopped. A first connection is not tried again [default:
    /// 5 for many files, 0 for one]
    #[arg(long, global = true, overrides_with = "retries", value_name = "COUNT")]
    pub retries: Option<u32>,
    /// The time in seconds before the first retry. It doubles with each, up to a minute.
    #[arg(long, global = true, overrides_with = "retry_wait", value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub retry_wait: f64,
    /// Transfer no more bytes a second than this, in all: 500k, 2M.
    #[arg(long, global = true, overrides_with = "limit_rate", value_name = "RATE", value_parser = rate)]
    pub limit_rate: Option<u64>,
    /// Take no login from the .netrc file.
    #[arg(long, global = true)]
    pub no_netrc: bool,
    /// Let the server connect to this host for data, and not the other way round.
    #[arg(long, global = true)]
    pub active: bool,
    /// The runtime that moves the bytes: blocking calls, or an asynchronous runtime.
    #[arg(long, global = true, value_name = "RUNTIME", default_value = "std")]
    pub runtime: Runtime,
    /// The encoding of the server's names, by its label: gbk, shift_jis, latin1. Local names are
    /// then UTF-8.
    #[arg(long, global = true, value_name = "LABEL", value_parser = encoding)]
    pub names_encoding: Option<&'static Encoding>,
    /// Give up on listings with more entries than this [default: 10000000]
    #[arg(long, global = true, value_name = "COUNT")]
    pub most_entries: Option<usize>,
    #[command(flatten)]
    pub tls: TlsOptions,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List a directory, sorted: mode, size, time of the last change, name. Times are local if the
    /// server reports them with their zone, and otherwise in the server's zone.
    #[command(disable_help_flag = true)]
    Ls {
        #[command(flatten)]
        look: Look,
        /// Print names only, as NLST returns them.
        #[arg(long, conflicts_with_all = ["long", "one"])]
        names: bool,
        /// Print help.
        #[arg(long, action = ArgAction::Help)]
        help: Option<bool>,
        /// The directory.
        url: String,
    },
    /// Fetch files. An unencoded * ? or [a-z] in the last name of a URL makes it a pattern.
    Get {
        #[command(flatten)]
        options: Transfer,
        /// Give the files the modification times that they have on the server.
        #[arg(short = 'p', long)]
        times: bool,
        /// The URLs of the files, and the destination: a file, a directory to put them in, or - for
        /// standard output. With -r, the directory to fill. By default each file gets the last name
        /// in its URL.
        #[arg(required = true, value_name = "URL... [LOCAL]")]
        what: Vec<OsString>,
    },
    /// Send files.
    Put {
        #[command(flatten)]
        options: Transfer,
        /// The files, or - for standard input, and the URL of the destination: a file, or a
        /// directory to put them in if it ends in a slash. With -r, the directory to fill.
        #[arg(required = true, num_args = 2.., value_name = "LOCAL... URL")]
        what: Vec<OsString>,
    },
    /// Make a directory here like one on the server, or the other way round: what is missing or
    /// differs in size or time is transferred.
    Mirror {
        #[command(flatten)]
        options: MirrorOptions,
        /// The directory to copy: a URL or a local path.
        from: OsString,
        /// The directory to change: a local path or a URL.
        to: OsString,
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
        /// The new path, which is not a URL: relative to the login directory, or with a leading
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

/// The look of a listing.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Look {
    /// Show the number of links, the owner and the group too.
    #[arg(short)]
    pub long: bool,
    /// Show names that begin with a dot too.
    #[arg(short)]
    pub all: bool,
    /// Show names only, one on each line.
    #[arg(short = '1')]
    pub one: bool,
    /// Show sizes as 1.2K, 34M.
    #[arg(short = 'h')]
    pub human: bool,
    /// Sort by time, the newest first.
    #[arg(short = 't', conflicts_with = "size")]
    pub time: bool,
    /// Sort by size, the largest first.
    #[arg(short = 'S')]
    pub size: bool,
    /// Reverse the order.
    #[arg(short)]
    pub reverse: bool,
}

/// Options common to downloads and uploads.
#[derive(Args, Clone, Copy, Debug)]
pub struct Transfer {
    /// Transfer a directory, with everything in it. Links are left out.
    #[arg(short, long)]
    pub recursive: bool,
    /// Resume an earlier transfer: existing content is taken for the start of the same file.
    #[arg(short = 'c', long = "continue")]
    pub resume: bool,
}

/// The options of `mirror`.
#[derive(Args, Clone, Debug)]
pub struct MirrorOptions {
    /// Show what would be done, and do nothing.
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Remove what the source does not have. Nothing is removed unless all of the source was seen.
    #[arg(long)]
    pub delete: bool,
    /// With --delete: if more than so many files and directories would be removed, remove none.
    #[arg(long, value_name = "COUNT", requires = "delete")]
    pub max_delete: Option<usize>,
    /// Mirror only files that match one of these patterns: *.txt, or docs/*.txt from the top, with
    /// ** for any number of directories. Others are neither transferred nor removed.
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<Pattern>,
    /// Leave out files and directories that match one of these patterns. They are neither
    /// transferred nor removed. A pattern that ends in a slash is for directories only.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<Pattern>,
    /// Transfer so many files at a time, each on its own connection. With fewer if the server
    /// admits fewer.
    #[arg(long, short = 'P', value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallel: u8,
    /// Compare files of the same size by a hash, if the server computes one, and not by time.
    #[arg(long)]
    pub checksum: bool,
    /// Compare each transferred file with the server's hash of it.
    #[arg(long)]
    pub verify: bool,
    /// Take times that differ by no more than this for the same.
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub modify_window: u32,
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

/// Parses a time in seconds, of at most an hour.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 0 to 3600".into())
}

/// Parses a number of bytes, perhaps with a unit of 1024, 1024² or 1024³ bytes.
fn rate(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let rate = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    rate.filter(|rate| *rate > 0).ok_or_else(|| "a number of bytes, such as 100000, 500k or 2M".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_rate_is_in_bytes_or_in_units_of_1024() {
        for (text, expected) in [
            ("1", Some(1)),
            ("500k", Some(512_000)),
            ("2M", Some(2 << 20)),
            ("1G", Some(1 << 30)),
            ("0", None),
            ("", None),
            ("k", None),
            ("-1", None),
            ("1.5M", None),
            ("99999999999999999999", None),
            ("99999999999999999G", None),
        ] {
            assert_eq!(rate(text).ok(), expected, "{text}");
        }
    }
}
