//! The configuration, as the file and the command line have it.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ftp_proto::security::SessionBinding;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use crate::report::Problem;
use crate::rights::Rights;
use crate::values::{Banner, Hash, Mode, Place, Ports, Proxy, Size, Time};

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Addresses to listen on, in the clear or for TLS on request (AUTH TLS).
    pub listen: Option<Vec<SocketAddr>>,
    pub runtime: Runtime,
    pub user: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
    pub umask: Option<Mode>,
    pub banner: Option<Banner>,
    /// Time that running transfers have after SIGTERM.
    pub grace: Option<Time>,
    pub foreign_addresses: bool,
    pub proxy: Option<Proxy>,
    pub limits: Limits,
    pub passive: Passive,
    pub tls: Option<Spanned<Tls>>,
    pub log: Log,
    pub anonymous: Option<Spanned<Anonymous>>,
    pub account: Vec<Spanned<Account>>,
    pub host: Vec<Spanned<Host>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    pub sessions: Option<usize>,
    pub sessions_per_address: Option<usize>,
    /// `false` if failed logins of an address do not delay its other logins.
    pub login_delays: Option<bool>,
    pub login_attempts: Option<u16>,
    pub login_time: Option<Time>,
    pub idle_time: Option<Time>,
    pub stall_time: Option<Time>,
    /// Bytes per second of each session, and of all together.
    pub rate: Option<Size>,
    pub total_rate: Option<Size>,
    pub upload_size: Option<Size>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Passive {
    pub ports: Option<Ports>,
    pub shared: bool,
    /// The address that clients see, or a name for it.
    pub address: Option<String>,
}

impl Passive {
    /// Returns whether the address is a name, which has to be looked up.
    pub fn is_named(&self) -> bool {
        self.address.as_ref().is_some_and(|name| name.parse::<Ipv4Addr>().is_err())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    pub certificate: Spanned<PathBuf>,
    pub key: Spanned<PathBuf>,
    /// Addresses to listen on for clients that begin with TLS.
    #[serde(default)]
    pub implicit: Vec<SocketAddr>,
    #[serde(default)]
    pub require: Vec<Protected>,
    pub client_authorities: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub client_certificates: ClientCertificates,
    #[serde(default)]
    pub session_binding: Binding,
}

/// A kind of use of a connection that is refused without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protected {
    Login,
    Data,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificates {
    #[default]
    Required,
    Optional,
}

/// The owner of the TLS session that a data connection has to resume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    #[default]
    User,
    Connection,
    Off,
}

impl From<Binding> for SessionBinding {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::User => Self::User,
            Binding::Connection => Self::Connection,
            Binding::Off => Self::Off,
        }
    }
}

/// The runtime of the sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// A thread for each session.
    #[default]
    Std,
    Tokio,
    Smol,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Log {
    /// The file for a line of an xferlog for each transfer; `stderr` is not a file.
    pub transfers: Option<Spanned<PathBuf>>,
    /// The same for a line for each event of a session.
    pub events: Option<Spanned<PathBuf>>,
}

/// The files of an account, and what it may do with them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Anonymous {
    pub root: Spanned<PathBuf>,
    pub access: Option<Rights>,
    #[serde(default)]
    pub directory: Vec<Spanned<Directory>>,
    pub quota: Option<Size>,
    pub sessions: Option<usize>,
    #[serde(default)]
    pub atomic_uploads: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Account {
    pub name: Spanned<String>,
    pub password: Option<Hash>,
    /// The password itself, which only the command line can have.
    #[serde(skip)]
    pub plain: Option<String>,
    /// The file of the client's certificate, which admits the account without a password.
    pub certificate: Option<Spanned<PathBuf>>,
    pub root: Spanned<PathBuf>,
    pub access: Option<Rights>,
    #[serde(default)]
    pub directory: Vec<Spanned<Directory>>,
    pub quota: Option<Size>,
    pub sessions: Option<usize>,
    #[serde(default)]
    pub atomic_uploads: bool,
}

impl Account {
    /// Returns the part of the account that the anonymous one has too.
    pub fn files(&self) -> Anonymous {
        Anonymous {
            root: self.root.clone(),
            access: self.access,
            directory: self.directory.clone(),
            quota: self.quota,
            sessions: self.sessions,
            atomic_uploads: self.atomic_uploads,
        }
    }
}

/// A directory in which an account has other rights than in its root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Directory {
    pub path: Spanned<Place>,
    pub access: Rights,
}

/// A virtual host (RFC 7151), with accounts of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Host {
    pub name: Spanned<String>,
    pub anonymous: Option<Spanned<Anonymous>>,
    #[serde(default)]
    pub account: Vec<Spanned<Account>>,
}

/// A way to reach the server: an address, and `true` if TLS begins at once there.
pub type Door = (SocketAddr, bool);

impl Config {
    /// Reads the text of a file. Returns as much of it as could be read, and what is wrong with the
    /// rest: all errors of a section, and the first one of each account or host.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let (mut table, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<_> = errors.iter().map(Problem::from).collect();
        if !problems.is_empty() {
            return (Self::default(), problems);
        }
        // A part with an error is left out, and the rest is read again. Each turn leaves out something.
        let turns = 2 + table.get_ref().values().map(|value| 1 + elements(value)).sum::<usize>();
        let mut missing = Vec::new();
        for _ in 0..turns {
            let error = match Self::deserialize(Deserializer::from(table.clone())) {
                Ok(config) => return (config, problems),
                Err(error) => error,
            };
            // A field that was left out is missing now, which is no further error.
            let is_known = missing.iter().any(|key| error.message() == format!("missing field `{key}`"));
            if !is_known {
                problems.push(Problem::from(&error));
            }
            let Some(span) = error.span() else { break };
            match leave_out(table.get_mut(), span.start, !is_known) {
                Some(key) => missing.push(key),
                None => break,
            }
        }
        (Self::default(), problems)
    }

    /// Returns the addresses to listen on.
    pub fn doors(&self) -> Vec<Door> {
        const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2121);
        let implicit = self.tls.iter().flat_map(|tls| &tls.get_ref().implicit);
        let implicit: Vec<Door> = implicit.map(|address| (*address, true)).collect();
        let explicit = match &self.listen {
            Some(addresses) => addresses.clone(),
            None if implicit.is_empty() => vec![DEFAULT],
            None => Vec::new(),
        };
        explicit.into_iter().map(|address| (address, false)).chain(implicit).collect()
    }

    /// Returns the settings that hold from the start of the server to its end, with their keys.
    pub fn fixed(&self) -> Vec<(&'static str, String)> {
        let plain = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.get_ref().clone());
        vec![
            ("listen", format!("{:?}", self.doors())),
            ("runtime", format!("{:?}", self.runtime)),
            ("user", format!("{:?}", plain(&self.user))),
            ("group", format!("{:?}", plain(&self.group))),
            ("umask", format!("{:?}", self.umask)),
            ("proxy", format!("{:?}", self.proxy)),
            // The name itself may change, but a server looks up names from the start or never.
            ("passive.address", format!("{:?}", self.passive.is_named())),
            ("passive.shared", format!("{:?}", self.passive.shared)),
            ("limits.login-delays", format!("{:?}", self.limits.login_delays)),
            ("tls", format!("{:?}", self.tls.is_some())),
        ]
    }

    /// Resolves the relative paths, which start from the directory of the file.
    pub fn resolve(&mut self, directory: &Path) {
        let from = |path: &mut Spanned<PathBuf>| {
            // Without a `.` at the end.
            let resolved = directory.join(path.get_ref()).components().collect();
            *path.get_mut() = resolved;
        };
        if let Some(tls) = self.tls.as_mut().map(Spanned::get_mut) {
            [Some(&mut tls.certificate), Some(&mut tls.key), tls.client_authorities.as_mut()]
                .into_iter()
                .flatten()
                .for_each(from);
        }
        let logs = [&mut self.log.transfers, &mut self.log.events];
        logs.into_iter().flatten().filter(|path| !is_stderr(path.get_ref())).for_each(from);
        let hosts = self.host.iter_mut().map(Spanned::get_mut);
        let (mut accounts, mut anonymous) = (vec![&mut self.account], vec![&mut self.anonymous]);
        for host in hosts {
            accounts.push(&mut host.account);
            anonymous.push(&mut host.anonymous);
        }
        for account in accounts.into_iter().flatten().map(Spanned::get_mut) {
            from(&mut account.root);
            account.certificate.iter_mut().for_each(from);
        }
        anonymous.into_iter().flatten().for_each(|anonymous| from(&mut anonymous.get_mut().root));
    }
}

/// Returns whether the place of a log is the standard error and not a file.
pub fn is_stderr(path: &Path) -> bool {
    path.as_os_str() == "stderr"
}

/// Returns the number of elements of an array, or of values of a table.
fn elements(value: &Spanned<DeValue<'_>>) -> usize {
    match value.get_ref() {
        DeValue::Array(array) => array.len(),
        DeValue::Table(table) => table.len(),
        _ => 0,
    }
}

/// Removes what is at a position of the text from the whole configuration: an element of an array,
/// a key with its value, or, if `deep` is `true`, such a part of a section. Returns the name of the
/// key, or `None` if there is nothing at the position.
fn leave_out(table: &mut DeTable<'_>, at: usize, deep: bool) -> Option<String> {
    let found = table.iter().find(|(key, value)| has(&key.span(), at) || contains(value, at));
    let (key, is_key) = found.map(|(key, _)| (key.clone(), has(&key.span(), at)))?;
    match table.get_mut(&key).map(Spanned::get_mut) {
        Some(DeValue::Array(array)) => {
            if let Some(index) = array.iter().position(|element| contains(element, at)) {
                let mut others = DeArray::new();
                let kept = array.iter().enumerate().filter(|(other, _)| *other != index);
                kept.for_each(|(_, element)| others.push(element.clone()));
                *array = others;
                return Some(key.get_ref().to_string());
            }
        }
        Some(DeValue::Table(section)) if deep && !is_key => {
            if let Some(name) = leave_out(section, at, false) {
                return Some(name);
            }
        }
        _ => {}
    }
    table.remove(&key).map(|_| key.get_ref().to_string())
}

fn has(span: &Range<usize>, at: usize) -> bool {
    span.start <= at && at < span.end.max(span.start + 1)
}

/// Returns whether a position of the text is in a value or something below it. The span of a table
/// is only that of its header.
fn contains(value: &Spanned<DeValue<'_>>, at: usize) -> bool {
    has(&value.span(), at)
        || match value.get_ref() {
            DeValue::Array(array) => array.iter().any(|element| contains(element, at)),
            DeValue::Table(table) => {
                table.iter().any(|(key, value)| has(&key.span(), at) || contains(value, at))
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Source;

    #[test]
    fn whatever_is_in_the_file_its_problems_are_shown() {
        let sample = include_str!("ftpd.toml");
        let (config, problems) = Config::parse(sample);
        assert!(problems.is_empty() && config.account.len() == 1 && config.host.len() == 1);
        // Without its comments, so that most changes count.
        let lines: Vec<_> =
            sample.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let text = lines.join("\n");
        let with = ["", "=", "\"", "[", "]", "[[x]]", "'", "\n", "é", "\u{0}", "x = 1\n", "{", "name = 7\n"];
        let mut wrong = 0;
        for at in (0..text.len()).step_by(3) {
            let part = with[at % with.len()];
            let end = (at + at % 5).min(text.len());
            let (Some(before), Some(after)) = (text.get(..at), text.get(end..)) else { continue };
            let changed = format!("{before}{part}{after}");
            let (_, problems) = Config::parse(&changed);
            let source = Source { path: Some(Path::new("file")), text: &changed };
            for problem in &problems {
                assert!(problem.shown(&source).to_string().starts_with("file:"), "{problem:?}");
            }
            wrong += usize::from(!problems.is_empty());
        }
        assert!(wrong > 100, "{wrong}");
    }
}
