//! Reads logins from a `.netrc` file, as `ftp` and curl do.
//!
//! ```text
//! machine ftp.example.org login me password secret
//! machine www.example.org
//!     login web
//!     password "two words"
//!     account staff
//! default login anonymous password me@example.org
//! ```
//! Words are separated by blanks and line ends. A word in quotes may have blanks in it, and a
//! backslash before a quote. A line that begins with `#` is a comment, and `macdef` begins a macro,
//! which ends with an empty line and is not used here.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The login for a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub user: Option<Vec<u8>>,
    pub password: Option<Vec<u8>>,
    pub account: Option<Vec<u8>>,
}

/// Returns the path of the file: `$NETRC`, or `.netrc` in the home directory.
pub fn path() -> Option<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".netrc"));
    env::var_os("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from).or_else(home)
}

/// Returns the login for this host from the file, for this user if one is given. `warn` is called
/// with what is wrong with the file.
pub fn login(path: &Path, host: &str, user: Option<&[u8]>, warn: impl Fn(String)) -> Option<Login> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            warn(format!("{}: not used: {error}", path.display()));
            return None;
        }
    };
    let found = find(&text, host, user).unwrap_or_else(|problem| {
        warn(format!("{}: not used: {problem}", path.display()));
        None
    })?;
    if found.password.is_some() && is_open_to_others(path) {
        warn(format!("{0}: others can read the passwords in it; run: chmod 600 {0}", path.display()));
    }
    Some(found)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Finds the first entry for this host and user. One without a login is for any user.
fn find(text: &[u8], host: &str, user: Option<&[u8]>) -> Result<Option<Login>, String> {
    let words = words(text)?;
    let mut words = words.into_iter();
    let mut entry: Option<Login> = None;
    let is_for = |login: &Login| match (user, &login.user) {
        (Some(user), Some(login)) => user == login,
        (None, None) => false,
        _ => true,
    };
    while let Some(word) = words.next() {
        let mut value =
            || words.next().ok_or(format!("nothing follows {:?}", String::from_utf8_lossy(&word)));
        let begins = match &*word {
            b"machine" => Some(value()?.eq_ignore_ascii_case(host.as_bytes())),
            b"default" => Some(true),
            _ => None,
        };
        if let Some(is_of_host) = begins {
            if entry.as_ref().is_some_and(is_for) {
                break;
            }
            entry = is_of_host.then(Login::default);
            continue;
        }
        let value = value()?;
        let Some(entry) = &mut entry else { continue };
        match &*word {
            b"login" => entry.user = Some(value),
            b"password" => entry.password = Some(value),
            b"account" => entry.account = Some(value),
            _ => return Err(format!("{:?} is no word of such a file", String::from_utf8_lossy(&word))),
        }
    }
    Ok(entry.filter(is_for))
}

/// Splits the text into words, without comments and macros.
fn words(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut words = Vec::new();
    let mut lines = text.split(|byte| *byte == b'\n');
    while let Some(line) = lines.next() {
        let mut rest = line.trim_ascii();
        if rest.starts_with(b"#") {
            continue;
        }
        while !rest.is_empty() {
            let (word, after) = word(rest)?;
            rest = after.trim_ascii_start();
            if word == b"macdef" {
                lines.by_ref().find(|line| line.trim_ascii().is_empty());
                break;
            }
            words.push(word);
        }
    }
    Ok(words)
}

/// Returns the first word of a line, and the rest.
fn word(line: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        return Ok((line[..end].to_vec(), &line[end..]));
    };
    let (mut word, mut rest) = (Vec::new(), quoted);
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Ok((word, after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return Err("a quote is not closed".into()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"# of mine\n\
        machine one login me password #1\n\
        machine two\n\tlogin her\n\tpassword \"two words \\\" \"\n\taccount staff\n\
        macdef init\n machine three login no\n\n\
        machine two login him password his\n\
        machine bare password only\n\
        default login anonymous password me@home\n";

    #[test]
    fn the_first_entry_for_host_and_user_is_found() {
        let login = |user: &str, password: &str, account: Option<&str>| {
            let bytes = |text: &str| Some(text.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty());
            Some(Login { user: bytes(user), password: bytes(password), account: account.and_then(bytes) })
        };
        for (host, user, expected) in [
            ("one", None, login("me", "#1", None)),
            ("ONE", Some("me"), login("me", "#1", None)),
            ("two", None, login("her", "two words \" ", Some("staff"))),
            ("two", Some("him"), login("him", "his", None)),
            ("two", Some("nobody"), None),
            ("bare", Some("any"), login("", "only", None)),
            ("three", None, login("anonymous", "me@home", None)),
            ("three", Some("anonymous"), login("anonymous", "me@home", None)),
            ("three", Some("me"), None),
        ] {
            assert_eq!(find(FILE, host, user.map(str::as_bytes)), Ok(expected), "{host} {user:?}");
        }
        assert_eq!(find(b"", "one", None), Ok(None));
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        for text in ["machine", "machine a login", "machine a user me", "machine a password \"x"] {
            assert!(find(text.as_bytes(), "a", None).is_err(), "{text}");
        }
    }
}
