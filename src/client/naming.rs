//! How a name is sent that servers would not take for what it is.
//!
//! Many skip all the spaces between a command and its argument, and with them those that a name begins with: a
//! path in front (`./`) keeps them.

use crate::buffer::Tx;
use crate::codec::{Argument, Command, Full, Sink};

/// Appends a command; a pathname that begins with a space as one in the working directory.
pub(super) fn encode(command: &Command<'_>, tx: &mut Tx<'_>) -> Result<(), Full> {
    let grammar = match command.known_verb().map(|verb| verb.info().argument) {
        Some(Argument::Required(grammar) | Argument::Optional(grammar)) => grammar,
        _ => "",
    };
    match grammar.trim_start_matches('[').starts_with("<SP> <pathname>") {
        true => command.encode(&mut Fronted { tx, at: At::Verb }),
        false => command.encode(tx),
    }
}

struct Fronted<'s, 't> {
    tx: &'s mut Tx<'t>,
    at: At,
}

#[derive(PartialEq, Eq)]
enum At {
    Verb,
    /// The space between the verb and the name was put.
    Name,
    Rest,
}

impl Sink for Fronted<'_, '_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        if self.at == At::Name && bytes.first() == Some(&b' ') {
            self.tx.put(b"./")?;
        }
        self.at = match self.at {
            At::Verb if bytes == b" " => At::Name,
            At::Verb => At::Verb,
            _ => At::Rest,
        };
        self.tx.put(bytes)
    }
}
