//! Explains a command. All of it is in the crate's table.

use std::fmt;

use ftp_proto::codec::{Argument, Direction, LoginGate, ReplyCode, TransferGate, Verb, VerbInfo};

use super::text::{item, list};

/// Writes the explanation of a command.
pub fn explain(verb: Verb, out: &mut impl fmt::Write) -> fmt::Result {
    let info = verb.info();
    writeln!(out, "{verb}: {}", info.summary)?;
    item(out, "defined in", info.source)?;
    if let Some(newer) = info.alias_of {
        item(out, "same as", &format!("{newer}, of which it is an older name"))?;
    }
    let argument = match info.argument {
        Argument::None => "none".to_owned(),
        Argument::Optional(syntax) => format!("optional: {verb}{syntax}"),
        Argument::Required(syntax) => format!("required: {verb}{syntax}"),
    };
    item(out, "argument", &argument)?;
    if info.secret {
        item(out, "secret", "the argument must not be shown in a log")?;
    }
    item(
        out,
        "login",
        match info.login {
            LoginGate::Anytime => "allowed before the login and after it",
            LoginGate::LoggedIn => "needs a login; 530 without one",
        },
    )?;
    item(
        out,
        "transfers",
        match info.transfer {
            TransferGate::Now => "answered at once, even during a transfer",
            TransferGate::Waits => "answered after the final reply of a transfer that is running",
        },
    )?;
    match info.data {
        Some(Direction::FromServer) => item(out, "data", "over a data connection, from the server")?,
        Some(Direction::ToServer) => item(out, "data", "over a data connection, to the server")?,
        None => {}
    }
    if info.changes {
        item(out, "effect", "changes files, directories or the meaning of later commands")?;
    }
    replies(info, out)
}

/// Writes the replies by outcome, each code with its meaning.
fn replies(info: &VerbInfo, out: &mut impl fmt::Write) -> fmt::Result {
    let outcomes = [
        ("begun", info.preliminary),
        ("done", info.success),
        ("continued", info.intermediate),
        ("seen too", info.seen),
        ("refused", info.failure),
    ];
    for (label, codes) in outcomes {
        for (at, code) in codes.iter().enumerate() {
            let mark = match () {
                () if info.departures.contains(code) => " (in no document for this command)",
                () if info.additions.contains(code) => " (added by a later document)",
                () => "",
            };
            let meaning = code.meaning().unwrap_or("in no document");
            item(out, if at == 0 { label } else { "" }, &format!("{code} {meaning}{mark}"))?;
        }
    }
    let any: Vec<ReplyCode> = VerbInfo::ANY.to_vec();
    item(out, "as any", &list(&any))
}

/// Returns the commands whose names resemble a word: one letter differs or is missing, or their order
/// does.
pub fn similar(word: &str) -> Vec<Verb> {
    let word = word.to_ascii_uppercase();
    let sorted = |name: &str| {
        let mut letters = name.as_bytes().to_vec();
        letters.sort_unstable();
        letters
    };
    let is_similar = |name: &str| {
        let differing = name.bytes().zip(word.bytes()).filter(|(one, other)| one != other).count();
        differing + name.len().abs_diff(word.len()) <= 1 || sorted(name) == sorted(&word)
    };
    Verb::ALL.iter().copied().filter(|verb| is_similar(verb.as_str())).collect()
}
