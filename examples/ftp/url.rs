//! Parses `ftp://` URLs (RFC 1738 3.2), and `ftps://` URLs, where TLS begins with the connection.
//!
//! ```text
//! ftp[s]://[user[:password]@]host[:port][/path]
//! ```
//! The user, password and path are percent-encoded bytes. The path is relative to the directory
//! that the login leads to; one that begins with a second slash (`ftp://host//etc`, or `/%2Fetc`)
//! is absolute. `?` and `#` have no meaning in FTP and stand for themselves; to `get`, an unencoded
//! `*`, `?` or `[` in the last name makes that a pattern.

use ftp_proto::codec::Text;
pub use ftp_proto::codec::pathname::join;

/// The location of a file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The user to log in; `None` is `anonymous`.
    pub user: Option<Vec<u8>>,
    /// The password, if the URL has one.
    pub password: Option<Vec<u8>>,
    /// A name or an address, without the brackets of an IPv6 address.
    pub host: String,
    /// Set if TLS begins with the connection.
    pub is_secure: bool,
    /// The port. By default it is 21, or 990 with TLS.
    pub port: u16,
    /// The path to send to the server; empty for the login directory.
    pub path: Vec<u8>,
    /// Set if the path ended in a slash or is empty, so that it can only be a directory.
    pub is_directory: bool,
    /// The last name as a pattern, if there is an unencoded wildcard in it.
    pub pattern: Option<glob::Pattern>,
}

impl Url {
    /// Parses a URL. The error describes the problem without the password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("a URL begins with ftp://")?;
        let is_secure = scheme.eq_ignore_ascii_case("ftps");
        if !is_secure && !scheme.eq_ignore_ascii_case("ftp") {
            return Err(format!("{scheme}:// is not supported: a URL begins with ftp:// or ftps://"));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The last @ counts, since a password may contain one, although it should be encoded.
        let (login, server) = match authority.rsplit_once('@') {
            Some((login, server)) => (Some(login), server),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
            Some(Ok((user, password))) => (Some(decode(user)?), Some(decode(password)?)),
            Some(Err(user)) => (Some(decode(user)?), None),
            None => (None, None),
        };
        let (host, port) = split_port(server)?;
        let port = port.unwrap_or(if is_secure { 990 } else { 21 });
        if host.is_empty() {
            return Err("the URL names no host".into());
        }
        let pattern = pattern(path.rsplit('/').next().unwrap_or_default())?;
        let mut path = decode(path)?;
        let is_directory = path.is_empty() || path.ends_with(b"/");
        while path.len() > 1 && path.ends_with(b"/") {
            path.pop();
        }
        Ok(Self { user, password, host: host.into(), is_secure, port, path, is_directory, pattern })
    }

    /// Returns whether both are on the same server, for the same user.
    pub fn is_beside(&self, other: &Self) -> bool {
        let of = |url: &Self| (url.user.clone(), url.host.clone(), url.port, url.is_secure);
        of(self) == of(other)
    }

    /// Returns the last name in the path, if there is one.
    pub fn name(&self) -> Option<&[u8]> {
        self.path.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty())
    }
}

/// Parses `host`, `host:port`, `[address]` or `[address]:port`.
fn split_port(server: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("the address has no closing bracket")?;
            match after {
                "" => (host, None),
                _ => (
                    host,
                    Some(after.strip_prefix(':').ok_or("a colon and a port have to follow the address")?),
                ),
            }
        }
        None => match server.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (server, None),
        },
    };
    match port {
        None | Some("") => Ok((host, None)),
        Some(port) => match port.parse() {
            Ok(port) if port != 0 => Ok((host, Some(port))),
            _ => Err(format!("{port:?} is not a port: a port is a number from 1 to 65535")),
        },
    }
}

/// Returns the pattern that a name in a URL is, if there is an unencoded wildcard in it. A bracket
/// that is not closed stands for itself.
fn pattern(name: &str) -> Result<Option<glob::Pattern>, String> {
    let (mut pattern, mut rest) = (String::new(), name);
    while let Some(at) = rest.find(['*', '?', '[', ']']) {
        let literal = decode(&rest[..at])?;
        pattern += &glob::Pattern::escape(&String::from_utf8_lossy(&literal));
        pattern += &rest[at..=at];
        rest = &rest[at + 1..];
    }
    if !pattern.contains(['*', '?', '[']) {
        return Ok(None);
    }
    pattern += &glob::Pattern::escape(&String::from_utf8_lossy(&decode(rest)?));
    Ok(glob::Pattern::new(&pattern).ok())
}

/// Decodes percent-encoding (RFC 3986 2.1). Refuses bytes that FTP cannot send, since they are a
/// mistake in the URL.
fn decode(encoded: &str) -> Result<Vec<u8>, String> {
    let mut pieces = encoded.split('%');
    let mut bytes: Vec<u8> = pieces.next().unwrap_or_default().into();
    for piece in pieces {
        let byte = piece.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes
            .push(byte.ok_or("a % has to be followed by two hexadecimal digits (write %25 for a % itself)")?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    match Text::new(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err("a name in the URL holds a line end or a NUL, which FTP cannot send".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_who_where_and_what() {
        type Row =
            (&'static str, Option<&'static str>, Option<&'static str>, &'static str, u16, &'static str);
        let rows: [Row; 11] = [
            ("ftp://host", None, None, "host", 21, ""),
            ("FTP://host:2121/a/b", None, None, "host", 2121, "a/b"),
            ("ftp://me@host/a%20b", Some("me"), None, "host", 21, "a b"),
            ("ftp://me:p%40%3a%2F@host/", Some("me"), Some("p@:/"), "host", 21, ""),
            ("ftp://me:p@ss@host/", Some("me"), Some("p@ss"), "host", 21, ""),
            ("ftps://host/", None, None, "host", 990, ""),
            ("FTPS://host:21/", None, None, "host", 21, ""),
            ("ftp://host//etc/", None, None, "host", 21, "/etc"),
            ("ftp://host/%2Fetc", None, None, "host", 21, "/etc"),
            ("ftp://host//", None, None, "host", 21, "/"),
            ("ftp://[::1]:99/c#1?", None, None, "::1", 99, "c#1?"),
        ];
        for (url, user, password, host, port, path) in rows {
            let found = Url::parse(url).unwrap();
            assert_eq!(found.user.as_deref(), user.map(str::as_bytes), "{url}");
            assert_eq!(found.password.as_deref(), password.map(str::as_bytes), "{url}");
            assert_eq!(
                (found.host.as_str(), found.port, &*found.path),
                (host, port, path.as_bytes()),
                "{url}"
            );
        }
    }

    #[test]
    fn an_unencoded_wildcard_makes_the_last_name_a_pattern() {
        for (path, name, expected) in [
            ("*.txt", "a.txt", Some(true)),
            ("*.txt", "a.txt2", Some(false)),
            ("d/a%20b?", "a b1", Some(true)),
            ("[a-c]%2A", "b*", Some(true)),
            ("[a-c]%2A", "bx", Some(false)),
            ("*%5Bx", "a[x", Some(true)),
            ("%2A.txt", "", None),
            ("a[1", "", None),
            ("a]", "", None),
            ("d*/a", "", None),
            ("*/", "", None),
        ] {
            let url = Url::parse(&format!("ftp://h/{path}")).unwrap();
            assert_eq!(url.pattern.map(|pattern| pattern.matches(name)), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_ftp_url_is_refused() {
        for url in [
            "host",
            "http://host/",
            "ftp://",
            "ftp:///a",
            "ftp://h:0/",
            "ftp://h:65536/",
            "ftp://[::1/",
            "ftp://h/%",
            "ftp://h/%g1",
            "ftp://h/%é",
            "ftp://h/a%0d%0ab",
            "ftp://h/%00",
            "ftp://a%0ab@h/",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }
}
