//! Secrets in logs: what is hidden before a line is shown again.

use ftp_proto::codec::{Command, Escaped, Redacted, Verb};

/// Returns a line of the dialogue as it may be shown: without the arguments of PASS, ACCT and their
/// like.
pub fn shown(line: &[u8]) -> String {
    without_urls(&Redacted(line).to_string())
}

/// Returns a line that is not of the dialogue as it may be shown. A command that needs hiding may be
/// anywhere in it, behind whatever some program put there.
pub fn shown_from_elsewhere(line: &[u8]) -> String {
    let blanks = line.iter().enumerate().filter(|(_, byte)| byte.is_ascii_whitespace());
    let starts = std::iter::once(0).chain(blanks.map(|(at, _)| at + 1));
    for start in starts {
        let rest = line.get(start..).unwrap_or_default();
        let word = rest.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if Verb::from_bytes(word).is_some_and(Verb::has_secret) && word.len() < rest.len() {
            let before = Escaped(line.get(..start).unwrap_or_default()).to_string();
            return without_urls(&format!("{before}{} ***", Escaped(word)));
        }
    }
    shown(line)
}

/// Hides the password in `ftp://user:password@host`.
fn without_urls(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        match authority.rsplit_once('@').and_then(|(login, host)| Some((login.split_once(':')?.0, host))) {
            Some((user, host)) => {
                shown.push_str(user);
                shown.push_str(":***@");
                shown.push_str(host);
            }
            None => shown.push_str(authority),
        }
        rest = path;
    }
    shown.push_str(rest);
    shown
}

/// Returns whether a command has a secret that the log shows, and did not mask itself.
pub fn shows_secret(command: &Command<'_>, line: &[u8]) -> bool {
    if !command.known_verb().is_some_and(Verb::has_secret) {
        return false;
    }
    let at = line.iter().position(|byte| *byte == b' ').map_or(line.len(), |at| at + 1);
    let argument = line.get(at..).unwrap_or_default().trim_ascii();
    let is_masked = argument.iter().all(|byte| matches!(byte, b'*' | b'X' | b'x' | b'.'))
        || (argument.starts_with(b"<") && argument.ends_with(b">"))
        || (argument.starts_with(b"[") && argument.ends_with(b"]"))
        || (argument.starts_with(b"(") && argument.ends_with(b")"));
    !is_masked
}
