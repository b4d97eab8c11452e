//! A command-line server: serves directories, and nothing outside them.
//!
//! ```text
//! ftpd                                            # current directory, read-only, local clients
//! ftpd --user me:secret --no-anonymous /srv/files # one account with write access
//! ftpd --listen 0.0.0.0:21 --passive-ports 50000-50100 --public-address ftp.example.org /srv/files
//! ftpd --cert chain.pem --key key.pem --require-tls --user me:secret /srv/files
//! ftpd --xferlog /var/log/xferlog /srv/files      # transfer log in the format of other servers
//! ftpd --config ftpd.toml                         # all of it, and more, from a file
//! ftpd --config ftpd.toml --check                 # says what is wrong with the file
//! ftpd --hash-password                            # makes the hash of a password for the file
//! ```
//!
//! `ftpd.toml` beside this file has every setting with an explanation: accounts with hashes of
//! passwords, rights by directory, quotas, virtual hosts, limits, TLS, logs, and the user to run as.
//!
//! Without TLS, FTP sends passwords and files in the clear, and anyone on the network path can read
//! them: use that to try things out, or in networks that you trust. Passwords on a command line are
//! visible in the list of processes, even with TLS.
//!
//! SIGTERM, SIGINT (Ctrl-C) and, without `--config`, SIGHUP, and on Windows Ctrl-C and Ctrl-Break,
//! end the server once running transfers are done, or after `--grace` seconds, with exit code 0. A
//! second signal ends it at once, with exit code 1. SIGHUP has no effect if it was ignored when
//! `ftpd` started, as with `nohup` (on Linux, where that can be detected). With `--config`, SIGHUP has
//! the file read again: new sessions see its accounts, limits, certificates and logs, and running ones
//! go on as they are. If the file has errors, all stays as it was. The exit code is also 1 if the
//! server cannot run, and 2 for wrong arguments.
//!
//! | Module | What it has |
//! |---|---|
//! | `options`, `config`, `values` | the command line and the file, as the same `Config` |
//! | `report` | what is wrong with the file, and where |
//! | `site` | what a configuration makes of the server |
//! | `accounts`, `home`, `rights`, `quota` | who may log in, and a file system within rights and a quota, around the crate's own |
//! | `tls`, `log`, `password`, `privileges`, `signals` | one thing each |
//! | `serve` | the start, `--check`, and the reload |

mod accounts;
mod config;
mod home;
mod log;
mod options;
mod password;
mod privileges;
mod quota;
mod report;
mod rights;
mod serve;
mod signals;
mod site;
mod tls;
mod values;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let options = options::Options::parse();
    let result = match () {
        () if options.hash_password => password::hash().map_err(|error| {
            serve::complain(error);
            serve::Failed
        }),
        () if options.check => serve::check(&options),
        () => serve::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(serve::Failed) => ExitCode::FAILURE,
    }
}
