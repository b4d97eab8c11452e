//! Tests of the table: its consistency, its lookup against a linear search, and its rows against
//! the tables of the RFCs.

use std::collections::BTreeSet;
use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// The rows of RFC 959 5.4, with all codes in the order of the RFC, which has 110 in parentheses.
const RFC_959_5_4: &[(Verb, &[u16])] = &[
    (Verb::User, &[230, 530, 500, 501, 421, 331, 332]),
    (Verb::Pass, &[230, 202, 530, 500, 501, 503, 421, 332]),
    (Verb::Acct, &[230, 202, 530, 500, 501, 503, 421]),
    (Verb::Cwd, &[250, 500, 501, 502, 421, 530, 550]),
    (Verb::Cdup, &[200, 500, 501, 502, 421, 530, 550]),
    (Verb::Smnt, &[202, 250, 500, 501, 502, 421, 530, 550]),
    (Verb::Rein, &[120, 220, 421, 500, 502]),
    (Verb::Quit, &[221, 500]),
    (Verb::Port, &[200, 500, 501, 421, 530]),
    (Verb::Pasv, &[227, 500, 501, 502, 421, 530]),
    (Verb::Mode, &[200, 500, 501, 504, 421, 530]),
    (Verb::Type, &[200, 500, 501, 504, 421, 530]),
    (Verb::Stru, &[200, 500, 501, 504, 421, 530]),
    (Verb::Allo, &[200, 202, 500, 501, 504, 421, 530]),
    (Verb::Rest, &[500, 501, 502, 421, 530, 350]),
    (Verb::Stor, &[125, 150, 110, 226, 250, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 421, 530]),
    (Verb::Stou, &[125, 150, 110, 226, 250, 425, 426, 451, 551, 552, 532, 450, 452, 553, 500, 501, 421, 530]),
    (Verb::Retr, &[125, 150, 110, 226, 250, 425, 426, 451, 450, 550, 500, 501, 421, 530]),
    (Verb::List, &[125, 150, 226, 250, 425, 426, 451, 450, 500, 501, 502, 421, 530]),
    (Verb::Nlst, &[125, 150, 226, 250, 425, 426, 451, 450, 500, 501, 502, 421, 530]),
    (
        Verb::Appe,
        &[125, 150, 110, 226, 250, 425, 426, 451, 551, 552, 532, 450, 550, 452, 553, 500, 501, 502, 421, 530],
    ),
    (Verb::Rnfr, &[450, 550, 500, 501, 502, 421, 530, 350]),
    (Verb::Rnto, &[250, 532, 553, 500, 501, 502, 503, 421, 530]),
    (Verb::Dele, &[250, 450, 550, 500, 501, 502, 421, 530]),
    (Verb::Rmd, &[250, 500, 501, 502, 421, 530, 550]),
    (Verb::Mkd, &[257, 500, 501, 502, 421, 530, 550]),
    (Verb::Pwd, &[257, 500, 501, 502, 421, 550]),
    (Verb::Abor, &[225, 226, 500, 501, 502, 421]),
    (Verb::Syst, &[215, 500, 501, 502, 421]),
    (Verb::Stat, &[211, 212, 213, 450, 500, 501, 502, 421, 530]),
    (Verb::Help, &[211, 214, 500, 501, 502, 421]),
    (Verb::Site, &[200, 202, 500, 501, 530]),
    (Verb::Noop, &[200, 500, 421]),
];

/// The rows of RFC 2228 8.2 for the commands that it introduces.
const RFC_2228_8_2: &[(Verb, &[u16])] = &[
    (Verb::Auth, &[234, 334, 502, 504, 534, 431, 500, 501, 421]),
    (Verb::Adat, &[235, 335, 503, 501, 535, 500, 421]),
    (Verb::Pbsz, &[200, 503, 500, 501, 421, 530]),
    (Verb::Prot, &[200, 504, 536, 503, 534, 431, 500, 501, 421, 530]),
    (Verb::Mic, &[535, 533, 500, 501, 421]),
    (Verb::Conf, &[535, 533, 500, 501, 421]),
    (Verb::Enc, &[535, 533, 500, 501, 421]),
];

/// The replies that later documents add to commands of RFC 959: RFC 2228 8.2 (232, 336, 534, 535),
/// RFC 4217 10.2 (521, 522), RFC 1123 4.1.3.4 (554 and 555, where a transfer can be restarted).
const ADDITIONS: &[(Verb, &[u16])] = &[
    (Verb::User, &[232, 336]),
    (Verb::Retr, &[521, 522, 534, 535, 554, 555]),
    (Verb::Stor, &[521, 522, 534, 535, 554, 555]),
    (Verb::Stou, &[521, 522, 534, 535, 554, 555]),
    (Verb::Appe, &[521, 522, 534, 535, 554, 555]),
    (Verb::List, &[521, 522, 534, 535]),
    (Verb::Nlst, &[521, 522, 534, 535]),
];

type Set = BTreeSet<u16>;

fn set(codes: impl IntoIterator<Item = ReplyCode>) -> Set {
    codes.into_iter().map(ReplyCode::get).collect()
}

fn column(codes: &[ReplyCode]) -> Set {
    set(codes.iter().copied())
}

fn rfc_959() -> &'static [Verb] {
    &Verb::ALL[..=Verb::Noop as usize]
}

#[test]
fn the_table_holds_every_command_of_rfc_959_once_and_in_front() {
    assert_eq!(rfc_959().len(), 33);
    let listed: BTreeSet<Verb> = RFC_959_5_4.iter().map(|row| row.0).collect();
    assert_eq!(listed, rfc_959().iter().copied().collect());
    for verb in Verb::ALL {
        assert_eq!(verb.info().source.starts_with("RFC 959 "), rfc_959().contains(verb), "{verb}");
    }
}

#[test]
fn a_command_may_get_every_reply_that_rfc_959_lists_for_it() {
    for (verb, codes) in RFC_959_5_4 {
        for &code in *codes {
            assert!(verb.allows(ReplyCode::literal(code)), "{verb} {code}");
        }
    }
}

#[test]
fn a_reply_that_rfc_959_does_not_list_is_an_addition_or_a_departure() {
    for (verb, codes) in RFC_959_5_4 {
        let info = verb.info();
        let listed: Set = codes.iter().copied().collect();
        let ours: Set = &column(info.additions) | &column(info.departures);
        let any = column(VerbInfo::ANY);
        assert_eq!(&(&set(info.replies()) - &ours) - &any, &listed - &any, "{verb}");
        assert!(ours.is_disjoint(&listed), "{verb}: {ours:?} holds what is in 5.4");
    }
}

#[test]
fn a_login_that_rfc_959_does_not_ask_for_is_a_departure() {
    for (verb, codes) in RFC_959_5_4 {
        let departs = !codes.contains(&530) && !verb.is_allowed_before_login();
        assert_eq!(verb.info().departures.contains(&ReplyCode::NOT_LOGGED_IN), departs, "{verb}");
    }
}

#[test]
fn later_documents_add_what_they_list() {
    for verb in rfc_959() {
        let listed: Set =
            ADDITIONS.iter().filter(|row| row.0 == *verb).flat_map(|row| row.1.iter().copied()).collect();
        assert_eq!(column(verb.info().additions), listed, "{verb}");
    }
}

#[test]
fn a_security_command_may_get_every_reply_that_rfc_2228_lists_for_it() {
    for (verb, codes) in RFC_2228_8_2 {
        for &code in *codes {
            assert!(verb.allows(ReplyCode::literal(code)), "{verb} {code}");
        }
    }
}

#[test]
fn additions_and_departures_mark_replies_that_the_row_has() {
    for verb in Verb::ALL {
        let info = verb.info();
        let (additions, departures) = (column(info.additions), column(info.departures));
        assert!(additions.is_subset(&set(info.replies())), "{verb}");
        assert!(departures.is_subset(&(&set(info.replies()) | &column(VerbInfo::ANY))), "{verb}");
        assert!(additions.is_disjoint(&departures), "{verb}");
    }
}

#[test]
fn every_reply_stands_in_the_column_of_its_severity_once_and_has_a_name() {
    for verb in Verb::ALL {
        let info = verb.info();
        assert!(info.preliminary.iter().all(|c| c.is_preliminary()), "{verb}");
        assert!(info.success.iter().all(|c| c.is_success()), "{verb}");
        assert!(info.intermediate.iter().all(|c| c.is_intermediate()), "{verb}");
        assert!(info.failure.iter().all(|c| c.is_failure()), "{verb}");
        let columns = [
            info.preliminary,
            info.success,
            info.intermediate,
            info.failure,
            info.additions,
            info.departures,
        ];
        for column in columns {
            assert!(column.is_sorted_by(|a, b| a < b), "{verb} {column:?}");
            assert!(column.iter().all(|c| c.meaning().is_some()), "{verb} {column:?}");
        }
    }
}

#[test]
fn no_row_repeats_what_any_command_may_get() {
    for verb in Verb::ALL {
        for code in verb.info().replies() {
            assert!(!VerbInfo::ANY.contains(&code) && !VerbInfo::PROTECTED.contains(&code), "{verb} {code}");
        }
        for &code in VerbInfo::ANY.iter().chain(VerbInfo::PROTECTED) {
            assert!(verb.allows(code), "{verb} {code}");
        }
        assert!(verb.allows(VerbInfo::UNANSWERED));
        assert!(!verb.allows(ReplyCode::literal(299)), "{verb}");
    }
}

#[test]
fn every_command_can_succeed_unless_it_carries_another() {
    for verb in Verb::ALL {
        let info = verb.info();
        let envelope = matches!(verb, Verb::Mic | Verb::Conf | Verb::Enc);
        assert_eq!(info.success.is_empty() && info.intermediate.is_empty(), envelope, "{verb}");
    }
}

#[test]
fn a_transfer_and_only_a_transfer_opens_a_data_connection() {
    for verb in Verb::ALL {
        let info = verb.info();
        let transfers = info.preliminary.contains(&ReplyCode::OPENING_DATA_CONNECTION);
        assert_eq!(verb.opens_data_connection(), transfers, "{verb}");
        if transfers {
            for code in [226, 425, 426, 451] {
                assert!(verb.allows(ReplyCode::literal(code)), "{verb} {code}");
            }
        }
    }
}

#[test]
fn the_gates_open_for_these_commands_and_no_others() {
    use Verb::*;
    let before_login = [
        User, Pass, Acct, Auth, Adat, Pbsz, Prot, Mic, Conf, Enc, Host, Feat, Opts, Clnt, Csid, Lang, Help,
        Noop, Syst, Quit, Rein,
    ];
    let during_transfer = [Abor, Stat, Noop];
    let from_server = [Retr, List, Nlst, Mlsd, Thmb];
    let to_server = [Stor, Stou, Appe];
    let secret = [Pass, Acct, Adat, Mic, Conf, Enc];
    for verb in Verb::ALL {
        assert_eq!(verb.is_allowed_before_login(), before_login.contains(verb), "{verb}");
        assert_eq!(verb.answers_during_transfer(), during_transfer.contains(verb), "{verb}");
        assert_eq!(verb.info().data == Some(FromServer), from_server.contains(verb), "{verb}");
        assert_eq!(verb.info().data == Some(ToServer), to_server.contains(verb), "{verb}");
        assert_eq!(verb.has_secret(), secret.contains(verb), "{verb}");
    }
}

#[test]
fn an_older_name_is_the_same_command() {
    let pairs = [
        (Verb::Xmkd, Verb::Mkd),
        (Verb::Xrmd, Verb::Rmd),
        (Verb::Xpwd, Verb::Pwd),
        (Verb::Xcup, Verb::Cdup),
        (Verb::Xcwd, Verb::Cwd),
    ];
    for verb in Verb::ALL {
        let pair = pairs.iter().find(|pair| pair.0 == *verb);
        assert_eq!(verb.canonical(), pair.map_or(*verb, |pair| pair.1), "{verb}");
    }
    for (old, new) in pairs {
        let (a, b) = (old.info(), new.info());
        assert_eq!(
            (a.argument, a.login, a.transfer, a.summary),
            (b.argument, b.login, b.transfer, b.summary)
        );
        assert_eq!(
            (a.success, a.failure, a.additions, a.departures),
            (b.success, b.failure, b.additions, b.departures)
        );
        assert_eq!((a.data, a.secret, b.alias_of), (b.data, b.secret, None));
    }
}

#[test]
fn syntax_and_summary_are_fit_for_help() {
    for verb in Verb::ALL {
        let info = verb.info();
        match info.argument {
            Argument::None => assert_eq!(info.argument.syntax(), ""),
            Required(syntax) => assert!(syntax.starts_with("<SP> <"), "{verb}"),
            Optional(syntax) => assert!(syntax.starts_with("[<SP> ") && syntax.ends_with(']'), "{verb}"),
        }
        assert!(info.summary.starts_with(|c: char| c.is_ascii_uppercase()), "{verb}");
        assert!(!info.summary.ends_with('.') && info.summary.is_ascii(), "{verb}");
    }
}

fn by_linear_search(name: &[u8]) -> Option<Verb> {
    Verb::ALL.iter().copied().find(|verb| verb.as_str().as_bytes().eq_ignore_ascii_case(name))
}

#[test]
fn names_are_unique_upper_case_and_told_by_display() {
    let names: BTreeSet<&str> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    assert_eq!(names.len(), Verb::ALL.len());
    for (row, verb) in Verb::ALL.iter().enumerate() {
        assert_eq!(*verb as usize, row);
        assert_eq!(verb.to_string(), NAMES[row]);
        assert_eq!(verb.as_str(), verb.as_str().to_ascii_uppercase());
        assert_eq!(verb.as_str().to_ascii_lowercase(), std::format!("{verb:?}").to_ascii_lowercase());
    }
}

#[test]
fn a_name_is_found_in_any_case() {
    for verb in Verb::ALL {
        let name = verb.as_str().as_bytes();
        for cases in 0..1_u32 << name.len() {
            let mixed: Vec<u8> = (0..name.len())
                .map(|i| if cases >> i & 1 == 0 { name[i] } else { name[i].to_ascii_lowercase() })
                .collect();
            assert_eq!(Verb::from_bytes(&mixed), Some(*verb));
        }
    }
}

#[test]
fn part_of_a_name_or_more_than_a_name_is_no_name() {
    assert_eq!(Verb::from_bytes(b""), None);
    for verb in Verb::ALL {
        let name = verb.as_str().as_bytes();
        for end in 0..name.len() {
            assert_eq!(Verb::from_bytes(&name[..end]), by_linear_search(&name[..end]), "{verb} {end}");
        }
        for byte in 0..=u8::MAX {
            let longer = [name, &[byte]].concat();
            assert_eq!(Verb::from_bytes(&longer), by_linear_search(&longer), "{verb} {byte}");
        }
    }
}

#[test]
fn a_name_with_one_byte_changed_is_another_name_or_none() {
    for verb in Verb::ALL {
        let mut name = verb.as_str().as_bytes().to_vec();
        for at in 0..name.len() {
            let kept = name[at];
            for byte in 0..=u8::MAX {
                name[at] = byte;
                assert_eq!(Verb::from_bytes(&name), by_linear_search(&name), "{name:?}");
            }
            name[at] = kept;
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_are_found_as_a_linear_search_finds_them(name: Vec<u8>, word in "[A-Za-z0-9]{0,8}") {
        prop_assert_eq!(Verb::from_bytes(&name), by_linear_search(&name));
        prop_assert_eq!(Verb::from_bytes(word.as_bytes()), by_linear_search(word.as_bytes()));
    }
}

#[test]
fn what_stores_is_irrevocable_and_changes_and_an_alias_is_like_its_command() {
    for verb in Verb::ALL {
        let info = verb.info();
        if info.data == Some(Direction::ToServer) {
            assert!(info.changes && info.irrevocable, "{verb}");
        }
        if let Some(other) = info.alias_of.map(Verb::info) {
            let columns = |info: &VerbInfo| (info.changes, info.carries_value, info.irrevocable);
            assert_eq!(columns(info), columns(other), "{verb}");
        }
        // A command whose reply carries a value only asks for the value, which changes nothing.
        assert!(!(info.changes && info.carries_value), "{verb}");
    }
}
