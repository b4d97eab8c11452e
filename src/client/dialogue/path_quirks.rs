//! Sends pathnames so that servers take them for names and nothing else.
//!
//! Many servers skip every space between a command and its argument, and so lose the spaces that a
//! name begins with. vsftpd, GNU ftpd and ProFTPD expand a leading `~` to a home directory, even in
//! DELE and RMD. Some pass a path that begins with `-` to `ls` as options. A leading `./` prevents
//! all of that: every command that takes a pathname puts `./` before a name that begins with such a
//! byte. Only [`change_to_home`](crate::client::change_to_home) asks for a home directory, so that
//! no name from a listing is ever taken for one.
//!
//! `./` is a path only if paths are written with slashes: if PWD has answered with a path that does
//! not begin with a slash ([`Profile::NO_DOT_PATHS`](crate::client::Profile::NO_DOT_PATHS)), names
//! are sent as they are.
//!
//! No prefix helps against servers that pass the arguments of LIST, NLST and STAT to `ls` or to a
//! pattern matcher: see [`must_be_entered`](crate::codec::pathname::must_be_entered).

use crate::buffer::Tx;
use crate::codec::pathname::needs_dot_path;
use crate::codec::{Argument, Command, Full, Sink, SiteCommand, slices};

/// Appends `command`, with `./` in front of a pathname that a server could misread. `dot_paths`
/// says whether the server understands such paths.
pub(super) fn encode(command: &Command<'_>, dot_paths: bool, tx: &mut Tx<'_>) -> Result<(), Full> {
    let at = match command {
        _ if !dot_paths => None,
        // The caller's line is sent as it was written.
        Command::Line(_) => None,
        Command::SetMdtm(timed) => Some(At::Piece(timed.path.as_bytes())),
        // Facts, a space and the path are one piece.
        Command::Mff(argument) => argument.facts().ok().map(|facts| At::End(facts.name.as_bytes().len())),
        _ => command.known_verb().and_then(|verb| match verb.info().argument {
            Argument::Required(grammar) | Argument::Optional(grammar) => {
                path_position(grammar).map(At::Spaces)
            }
            Argument::None => None,
        }),
    };
    match at {
        Some(at) => command.encode(&mut DotPaths { tx, at }),
        None => command.encode(tx),
    }
}

/// Appends SITE and `command`, like [`encode`].
pub(super) fn encode_site(command: &SiteCommand<'_>, dot_paths: bool, tx: &mut Tx<'_>) -> Result<(), Full> {
    tx.put(b"SITE ")?;
    match command.path() {
        Some(path) if dot_paths => command.encode(&mut DotPaths { tx, at: At::Piece(path.as_bytes()) }),
        _ => command.encode(tx),
    }
}

/// Returns the number of spaces before the pathname in an argument of this grammar, if it has one.
fn path_position(grammar: &str) -> Option<u8> {
    let grammar = grammar.as_bytes();
    let before = grammar.get(..slices::find(grammar, b"<pathname>")?)?;
    u8::try_from(before.windows(4).filter(|part| part == b"<SP>").count()).ok()
}

/// Puts `./` before a pathname, which it recognises by its position.
struct DotPaths<'s, 't, 'n> {
    tx: &'s mut Tx<'t>,
    at: At<'n>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At<'n> {
    /// The name follows after this many spaces, each put separately.
    Spaces(u8),
    Name,
    /// The name has this many bytes, and ends the piece that also holds the facts.
    End(usize),
    /// The name is this very piece, put separately.
    Piece(&'n [u8]),
    Rest,
}

impl Sink for DotPaths<'_, '_, '_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.at = match self.at {
            At::Spaces(1) if bytes == b" " => At::Name,
            At::Spaces(count @ 2..) if bytes == b" " => At::Spaces(count - 1),
            At::Piece(name) if !core::ptr::eq(name, bytes) => At::Piece(name),
            At::Name | At::Piece(_) => {
                if needs_dot_path(bytes) {
                    self.tx.put(b"./")?;
                }
                At::Rest
            }
            At::End(length) if bytes.len() > length + 1 => {
                let Some((before, name)) = bytes.split_at_checked(bytes.len() - length) else {
                    return self.tx.put(bytes);
                };
                if !before.ends_with(b" ") {
                    return self.tx.put(bytes);
                }
                self.tx.put(before)?;
                self.at = At::Rest;
                if needs_dot_path(name) {
                    self.tx.put(b"./")?;
                }
                return self.tx.put(name);
            }
            at => at,
        };
        self.tx.put(bytes)
    }
}
