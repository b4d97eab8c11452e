//! The legal sequences of commands and replies, from the text of the documents, against the crate's
//! own table of commands.

#[path = "support/sequences.rs"]
#[allow(dead_code, reason = "the simulation uses the rest")]
mod sequences;

use ftp_proto::codec::{ReplyCode, Verb, VerbInfo};
use std::collections::BTreeSet;

/// Returns the codes that the crate's table lists for a command, without those that it marks as its
/// own: additions of later documents and departures.
fn of_the_crate(info: &VerbInfo) -> BTreeSet<u16> {
    let own: BTreeSet<_> = info.additions.iter().chain(info.departures).map(|code| code.get()).collect();
    info.replies().map(ReplyCode::get).filter(|code| !own.contains(code)).collect()
}

fn of_the_documents(command: &str) -> BTreeSet<u16> {
    let legal = sequences::legal(command).unwrap();
    [&legal.direct, &legal.preliminary, &legal.after].into_iter().flatten().copied().collect()
}

#[test]
fn what_the_crate_says_of_rfc_959_is_what_the_text_says() {
    let any: BTreeSet<u16> = VerbInfo::ANY.iter().map(|code| code.get()).collect();
    let mut differences = Vec::new();
    for (command, _) in sequences::commands() {
        let verb = Verb::from_bytes(command.as_bytes()).unwrap();
        let info = verb.info();
        if !info.source.starts_with("RFC 959") {
            continue;
        }
        let (ours, text) = (of_the_crate(info), of_the_documents(command));
        for code in ours.difference(&text) {
            differences.push(format!("{command}: {code} is not in the text"));
        }
        let additions: BTreeSet<_> = info.additions.iter().map(|code| code.get()).collect();
        for code in text.difference(&ours).filter(|code| !any.contains(code) && !additions.contains(code)) {
            differences.push(format!("{command}: {code} is missing"));
        }
    }
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn every_reply_of_the_documents_may_answer_its_command() {
    for (command, legal) in sequences::commands() {
        let verb = Verb::from_bytes(command.as_bytes()).unwrap();
        for code in legal.direct.iter().chain(&legal.preliminary).chain(&legal.after) {
            let code = ReplyCode::new(*code).unwrap();
            assert!(verb.allows(code), "{command} {code}");
            let is_final = !code.is_preliminary();
            assert_eq!(verb.info().is_answered_by(code), is_final, "{command} {code}");
        }
    }
}

#[test]
fn the_checker_tells_a_reply_before_the_transfer_from_one_after_it() {
    for (command, begun, code, is_legal) in [
        ("RETR", false, 150, true),
        ("RETR", false, 226, false),
        ("RETR", true, 226, true),
        ("RETR", true, 110, true),
        ("RETR", true, 550, false),
        ("RETR", false, 550, true),
        ("RETR", false, 425, false),
        ("LIST", true, 110, false),
        ("PWD", false, 257, true),
        ("PWD", false, 250, false),
        ("PWD", false, 421, true),
        ("greeting", false, 120, true),
        ("greeting", true, 220, true),
        ("XFOO", false, 999, true),
    ] {
        assert_eq!(
            sequences::departure(command, begun, code).is_none(),
            is_legal,
            "{command} {begun} {code}"
        );
    }
}

#[test]
fn a_follower_finds_what_no_document_has() {
    let mut follower = sequences::Follower::default();
    for line in [
        "< 220-Hello",
        "< 150 no reply",
        "< 220 ready",
        "> USER me",
        "< 331 go on",
        "> PASS x",
        "< 230 in",
        "> RETR f",
        "< 150 here",
        "> STAT",
        "< 211 some",
        "> ABOR",
        "< 426 broken",
        "< 226 closed",
        "> xpwd",
        "< 250 here",
        "> NOOP",
        "> SYST",
        "< 200 ok",
        "< 215 UNIX",
        "< 226 again",
    ] {
        match line.split_at(2) {
            ("> ", command) => follower.command(command.as_bytes()),
            (_, reply) => follower.reply(reply.as_bytes()),
        }
    }
    let of = |command: &str| sequences::Departure { command: command.into(), begun: false, code: 250 };
    assert_eq!(follower.departures, [of("PWD")]);
    assert_eq!((&*follower.out_of_turn, &*follower.strays), (&["SYST".to_owned()][..], &[226][..]));
}

#[test]
fn our_departures_are_departures() {
    let names: Vec<_> = sequences::commands().map(|(command, _)| command).collect();
    for (commands, begun, codes, why) in sequences::OURS {
        let all = if *commands == "*" { names.clone() } else { commands.split(' ').collect() };
        for code in *codes {
            let departs = all.iter().any(|command| sequences::departure(command, *begun, *code).is_some());
            assert!(departs, "{commands} {code} is in a document: {why}");
            assert!(all.iter().all(|command| names.contains(command)), "{commands}");
        }
    }
}
