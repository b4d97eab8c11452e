//! Names that a server may store in another way, and the directories that an upload needs.

use std::collections::HashSet;
use std::ffi::OsStr;

use ftp_proto::io::Error;

use crate::client::Store;
use crate::failure::{Failure, Shown};
use crate::session::Session;
use crate::url::join;

/// Returns whether every server keeps this name unchanged.
pub fn is_plain(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(plain)
}

/// Returns those of `names` under which the server would store something else, possibly in place of
/// an existing file. To find out, appends nothing to each that is not listed yet: if the directory
/// then lists the name, the file may be sent.
pub fn foreign(
    session: &mut Session,
    directory: &[u8],
    names: Vec<Vec<u8>>,
) -> Result<HashSet<Vec<u8>>, Failure> {
    let mut asked = Vec::new();
    for name in missing(session, directory, names)? {
        let path = join(directory, &name);
        let appended = session.client.append(&path).and_then(Store::finish);
        match appended.map_err(Failure::remote(&path)) {
            Ok(()) => asked.push(name),
            Err(failure) if failure.is_fatal() => return Err(failure),
            // The server will refuse the file itself too, with the reason.
            Err(_) => {}
        }
    }
    missing(session, directory, asked).map(HashSet::from_iter)
}

/// Returns whether a server may change this name: because of a blank or dot at its end, characters
/// that Windows does not allow, or bytes that are not UTF-8.
pub fn is_risky(name: &[u8]) -> bool {
    name.ends_with(b" ")
        || name.ends_with(b".")
        || name.iter().any(|byte| b"\\:*?<>|\"".contains(byte))
        || std::str::from_utf8(name).is_err()
}

/// Checks that a directory lists these names. Some servers silently change names that they cannot
/// store.
pub fn confirm(session: &mut Session, directory: &[u8], names: Vec<Vec<u8>>) -> Result<(), Failure> {
    for name in missing(session, directory, names)? {
        let path = join(directory, &name);
        let what = format!("{}: sent, but the server does not list it under this name", Shown(&path));
        session.attempt(Err(Failure::unseen(what)))?;
    }
    Ok(())
}

/// Returns those of `names` that the directory does not list.
fn missing(session: &mut Session, directory: &[u8], names: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Failure> {
    if names.is_empty() {
        return Ok(names);
    }
    // If the directory can be written to but not listed, there is nothing to compare.
    let limits = session.limits();
    let listed = match session.client.list(directory, &limits) {
        Ok(listed) => listed,
        Err(error) if error.is_fatal() => return Err(Failure::remote(directory)(error)),
        Err(_) => return Ok(Vec::new()),
    };
    let entries: Vec<_> = listed.entries.iter().map(|entry| entry.entry()).collect();
    let found: HashSet<&[u8]> = entries.iter().map(|entry| entry.file_name().as_bytes()).collect();
    Ok(names.into_iter().filter(|name| !found.contains(&name[..])).collect())
}

/// Creates those parents of this directory that do not exist.
pub fn make_parents(session: &mut Session, remote: &[u8]) -> Result<(), Failure> {
    let parents = (1..remote.len()).filter(|&at| remote[at] == b'/').map(|at| &remote[..at]);
    let mut missing = Vec::new();
    for parent in parents.collect::<Vec<_>>().into_iter().rev() {
        match session.visit(parent) {
            Ok(()) => break,
            Err(failure) if failure.is_fatal() => return Err(failure),
            Err(_) => missing.push(parent),
        }
    }
    for parent in missing.into_iter().rev() {
        make(session, parent)?;
    }
    Ok(())
}

/// Like [`make`], but a directory that exists already may belong to another name, if the server may
/// change this one. The listing of its parent shows that.
pub fn make_new(session: &mut Session, remote: &[u8], name: &[u8]) -> Result<(), Failure> {
    if !is_risky(name) {
        return make(session, remote);
    }
    match session.client.make_directory(remote) {
        Err(refusal @ Error::Refused(_)) => {
            let parent = &remote[..remote.len() - name.len()];
            let is_there = missing(session, parent, vec![name.to_vec()])?.is_empty();
            if is_there { make(session, remote) } else { Err(Failure::remote(remote)(refusal)) }
        }
        result => result.map_err(Failure::remote(remote)),
    }
}

/// Creates a directory, which may exist already.
pub fn make(session: &mut Session, remote: &[u8]) -> Result<(), Failure> {
    if remote.is_empty() {
        return Ok(());
    }
    match session.client.make_directory(remote) {
        Err(refusal @ Error::Refused(_)) => {
            session.visit(remote).map_err(|_| Failure::remote(remote)(refusal))
        }
        result => result.map_err(Failure::remote(remote)),
    }
}

/// Returns the remote name of a local file: its bytes, or UTF-8.
pub fn remote_name(name: &OsStr) -> Option<Vec<u8>> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec());
    #[cfg(not(unix))]
    name.to_str().map(Into::into)
}
