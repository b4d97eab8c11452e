//! Every command: known lines with their values, the arguments that each rejects, and the round
//! trip.

mod any;

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use core::num::NonZeroU8;
use std::collections::BTreeSet;
use std::format;
use std::vec::Vec;

use super::*;
use crate::codec::{Argument, FactSet, FormatControl, HashAlgorithm, NetworkProtocol, SiteCommand};
use CommandError::{BadArgument, MissingArgument, NotACommand, UnexpectedArgument, UnknownFamily};

fn text(text: &str) -> Text<'_> {
    Text::new(text.as_bytes()).unwrap()
}

fn secret(secret: &str) -> Secret<'_> {
    Secret::new(text(secret))
}

fn encoded(command: &Command<'_>) -> Vec<u8> {
    let mut out = arrayvec::ArrayVec::<u8, 512>::new();
    command.encode(&mut out).unwrap();
    out.to_vec()
}

fn v4(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 7), port)
}

fn v6(port: u16) -> SocketAddr {
    SocketAddrV6::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7), port, 0, 0).into()
}

fn time() -> Timestamp {
    Timestamp::new(2024, 1, 31, 23, 59, 58).unwrap()
}

fn mff(argument: &str) -> Command<'_> {
    Command::Mff(MffArgument::parse(argument.as_bytes()).unwrap())
}

/// A line, its parsed value, and the canonical line if it differs.
type Known = (&'static str, Command<'static>, &'static str);

#[rustfmt::skip]
fn known() -> Vec<Known> {
    use Command::*;
    let same = "";
    [
        ("USER anonymous", User(text("anonymous")), same),
        ("USER a b", User(text("a b")), same),
        ("PASS  two  spaces", Pass(secret(" two  spaces")), same),
        ("PASS", Pass(secret("")), "PASS "),
        ("PASS ", Pass(secret("")), same),
        ("ACCT sales", Acct(secret("sales")), same),
        ("CWD /pub/a b", Cwd(text("/pub/a b")), same),
        ("CWD  x", Cwd(text(" x")), same),
        ("CWD -", Cwd(text("-")), same),
        ("CDUP", Cdup, same),
        ("CDUP ", Cdup, "CDUP"),
        ("SMNT /mnt", Smnt(text("/mnt")), same),
        ("REIN", Rein, same),
        ("QUIT", Quit, same),
        ("PORT 192,0,2,7,200,34", Port(v4(51234)), same),
        ("PORT 192,0,2,7,000,021", Port(v4(21)), "PORT 192,0,2,7,0,21"),
        ("PASV", Pasv, same),
        ("TYPE I", Type(RepresentationType::Image), same),
        ("TYPE a n", Type(RepresentationType::ASCII), "TYPE A"),
        ("TYPE E T", Type(RepresentationType::Ebcdic(FormatControl::Telnet)), same),
        ("TYPE L 8", Type(RepresentationType::LOCAL_8), same),
        ("STRU f", Stru(FileStructure::File), "STRU F"),
        ("MODE S", Mode(TransferMode::Stream), same),
        ("RETR a\tb", Retr(text("a\tb")), same),
        ("STOR x", Stor(text("x")), same),
        ("STOU", Stou(None), same),
        ("STOU ", Stou(None), "STOU"),
        ("STOU x", Stou(Some(text("x"))), same),
        ("APPE x", Appe(text("x")), same),
        ("ALLO 10", Allo(Allocation { bytes: 10, record: None }), same),
        ("ALLO 10 R 5", Allo(Allocation { bytes: 10, record: Some(5) }), same),
        ("REST 1024", Rest(RestartMarker::Offset(1024)), same),
        ("REST 007", Rest(RestartMarker::Marker(text("007"))), same),
        ("RNFR a", Rnfr(text("a")), same),
        ("RNTO b", Rnto(text("b")), same),
        ("ABOR", Abor, same),
        ("DELE x", Dele(text("x")), same),
        ("RMD x", Rmd(text("x")), same),
        ("MKD x", Mkd(text("x")), same),
        ("PWD", Pwd, same),
        ("LIST", List(None), same),
        ("LIST -la /pub", List(Some(text("-la /pub"))), same),
        ("NLST", Nlst(None), same),
        ("NLST *.c", Nlst(Some(text("*.c"))), same),
        ("SITE CHMOD 644 x", Site(text("CHMOD 644 x")), same),
        ("SYST", Syst, same),
        ("STAT", Stat(None), same),
        ("STAT /pub", Stat(Some(text("/pub"))), same),
        ("HELP", Help(None), same),
        ("HELP RETR", Help(Some(text("RETR"))), same),
        ("noop", Noop, "NOOP"),
        ("XMKD x", Xmkd(text("x")), same),
        ("XRMD x", Xrmd(text("x")), same),
        ("XPWD", Xpwd, same),
        ("XCUP", Xcup, same),
        ("XCWD x", Xcwd(text("x")), same),
        ("AUTH TLS", Auth(text("TLS")), same),
        ("ADAT aGk=", Adat(secret("aGk=")), same),
        ("PBSZ 0", Pbsz(ProtectionBufferSize(0)), same),
        ("PROT p", Prot(ProtectionLevel::Private), "PROT P"),
        ("CCC", Ccc, same),
        ("MIC aGk=", Mic(secret("aGk=")), same),
        ("CONF aGk=", Conf(secret("aGk=")), same),
        ("ENC aGk=", Enc(secret("aGk=")), same),
        ("FEAT", Feat, same),
        ("OPTS utf8 on", Opts(OptsArgument::Utf8(true)), "OPTS UTF8 ON"),
        ("OPTS UTF8", Opts(OptsArgument::Utf8(true)), "OPTS UTF8 ON"),
        ("OPTS MLST Type;Size;", Opts(OptsArgument::Mlst(FactSet::TYPE.union(FactSet::SIZE))), same),
        ("OPTS HASH", Opts(OptsArgument::Hash(None)), same),
        ("OPTS X y z", Opts(OptsArgument::Other { name: text("X"), parameters: Some(text("y z")) }), same),
        ("EPRT |1|192.0.2.7|51234|", Eprt(v4(51234).into()), same),
        ("EPRT !2!2001:db8::7!21!", Eprt(v6(21)), "EPRT |2|2001:db8::7|21|"),
        ("EPSV", Epsv(EpsvArgument::Unspecified), same),
        ("EPSV 2", Epsv(EpsvArgument::Protocol(NetworkProtocol::IPV6)), same),
        ("EPSV all", Epsv(EpsvArgument::All), "EPSV ALL"),
        ("LPRT 4,4,192,0,2,7,2,200,34", Lprt(LongAddress(v4(51234).into())), same),
        ("LPRT 6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,7,2,0,21", Lprt(LongAddress(v6(21))), same),
        ("LPSV", Lpsv, same),
        ("LANG", Lang(None), same),
        ("LANG en-US", Lang(Some(text("en-US"))), same),
        ("MDTM x", Mdtm(text("x")), same),
        ("MDTM 20240131235958 x", Mdtm(text("20240131235958 x")), same),
        ("SIZE x", Size(text("x")), same),
        ("MLST", Mlst(None), same),
        ("MLST /", Mlst(Some(text("/"))), same),
        ("MLSD", Mlsd(None), same),
        ("MLSD /", Mlsd(Some(text("/"))), same),
        ("HOST ftp.example.org", Host(text("ftp.example.org")), same),
        ("MFMT 20240131235958 a b", Mfmt(TimedPath { time: time(), path: text("a b") }), same),
        ("MFCT 20240131235958 x", Mfct(TimedPath { time: time(), path: text("x") }), same),
        ("MFF UNIX.mode=644; a b", mff("UNIX.mode=644; a b"), same),
        ("MFF UNIX.mode=644 x", mff("UNIX.mode=644 x"), same),
        ("HASH x", Hash(text("x")), same),
        ("RANG 0 99", Rang(ByteRange::new(0, 99).unwrap()), same),
        ("RANG 1 0", Rang(ByteRange::WHOLE), same),
        ("XCRC x", Xcrc(text("x")), same),
        ("XMD5 x", Xmd5(text("x")), same),
        ("XSHA1 x", Xsha1(text("x")), same),
        ("xSha256 x", Xsha256(text("x")), "XSHA256 x"),
        ("XSHA512 x", Xsha512(text("x")), same),
        ("COMB t a b", Comb(text("t a b")), same),
        ("SSCN", Sscn(None), same),
        ("SSCN ON", Sscn(Some(true)), same),
        ("sscn off", Sscn(Some(false)), "SSCN OFF"),
        ("AVBL", Avbl(None), same),
        ("AVBL /", Avbl(Some(text("/"))), same),
        ("CSID Name=X;", Csid(text("Name=X;")), same),
        ("CLNT x 1.0", Clnt(text("x 1.0")), same),
        ("DSIZ", Dsiz(None), same),
        ("DSIZ /", Dsiz(Some(text("/"))), same),
        ("RMDA x", Rmda(text("x")), same),
        ("THMB PNG 8 8 x", Thmb(text("PNG 8 8 x")), same),
        ("PRET RETR x", Pret(text("RETR x")), same),
        ("FLY", Unknown { verb: text("FLY"), argument: None }, same),
        ("fly away, or not", Unknown { verb: text("fly"), argument: Some(text("away, or not")) }, same),
        ("FLY ", Unknown { verb: text("FLY"), argument: None }, "FLY"),
        ("XSHA2567 x", Unknown { verb: text("XSHA2567"), argument: Some(text("x")) }, same),
        ("U", Unknown { verb: text("U"), argument: None }, same),
        ("RETR:x", Unknown { verb: text("RETR:x"), argument: None }, same),
    ].into()
}

#[test]
fn every_command_is_read_as_its_value_and_written_as_its_line() {
    let mut seen = BTreeSet::new();
    for (line, command, canonical) in known() {
        assert_eq!(Command::parse(line.as_bytes()), Ok(command), "{line}");
        let canonical = if canonical.is_empty() { line } else { canonical };
        assert_eq!(encoded(&command), canonical.as_bytes());
        assert_eq!(Command::parse(canonical.as_bytes()), Ok(command), "{canonical}");
        seen.extend(command.known_verb());
    }
    assert_eq!(seen, Verb::ALL.iter().copied().collect(), "the table has a row for each command");
}

#[test]
fn an_unknown_command_is_one_word_and_none_of_the_known() {
    for verb in Verb::ALL {
        for name in [verb.as_str().to_owned(), verb.as_str().to_ascii_lowercase()] {
            assert!(Command::unknown(Text::new(name.as_bytes()).unwrap(), None).is_err(), "{name}");
        }
    }
    for verb in ["", " ", " USER", "USER me", "USER ", "PASS\t", "FR\u{7f}B", "FRÖB"] {
        assert!(Command::unknown(Text::new(verb.as_bytes()).unwrap(), Some(text("x"))).is_err(), "{verb:?}");
    }
    for (verb, argument, line) in [
        ("FROB", None, "FROB"),
        ("FROB", Some(text("")), "FROB"),
        ("frob", Some(text(" x")), "frob  x"),
        ("USERS", Some(text("me")), "USERS me"),
    ] {
        let command = Command::unknown(text(verb), argument).unwrap();
        assert_eq!(encoded(&command), line.as_bytes());
        assert_eq!(Command::parse(line.as_bytes()), Ok(command));
    }
}

#[test]
fn the_case_of_a_verb_means_nothing() {
    for (line, command, _) in known() {
        if let Some(verb) = command.known_verb() {
            let (name, argument) = line.split_at(verb.as_str().len());
            let mixed: String = (name.chars().zip([true, false].into_iter().cycle()))
                .map(|(c, up)| if up { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                .collect();
            for name in [mixed, name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                assert_eq!(Command::parse(format!("{name}{argument}").as_bytes()), Ok(command));
            }
        }
    }
}

#[test]
fn the_argument_is_there_where_the_table_wants_one() {
    for &verb in Verb::ALL {
        let (alone, argued) = (format!("{verb}"), format!("{verb} x"));
        let (alone, argued) = (Command::parse(alone.as_bytes()), Command::parse(argued.as_bytes()));
        match verb.info().argument {
            // Anonymous logins send `PASS` alone.
            Argument::Required(_) if verb == Verb::Pass => assert!(alone.is_ok()),
            Argument::Required(_) => assert_eq!(alone, Err(MissingArgument(verb))),
            Argument::Optional(_) => assert!(alone.is_ok(), "{verb}"),
            Argument::None => {
                assert!(alone.is_ok(), "{verb}");
                assert_eq!(argued, Err(UnexpectedArgument(verb)));
            }
        }
    }
}

#[test]
fn an_argument_that_is_not_of_its_grammar_is_refused() {
    let table: &[(Verb, &[&str])] = &[
        (
            Verb::Port,
            &["PORT 1,2,3,4,5", "PORT 256,0,0,1,0,21", "PORT 1,2,3,4,5,6,7", "PORT ::1", "PORT  1,2,3,4,5,6"],
        ),
        (Verb::Type, &["TYPE X", "TYPE A X", "TYPE L", "TYPE L 0", "TYPE I x", "TYPE II"]),
        (Verb::Stru, &["STRU X", "STRU FF"]),
        (Verb::Mode, &["MODE X", "MODE S x"]),
        (Verb::Allo, &["ALLO x", "ALLO -1", "ALLO 18446744073709551616", "ALLO 1 R", "ALLO 1 2"]),
        (Verb::Rest, &["REST 1 2", "REST \u{fc}"]),
        (Verb::Pbsz, &["PBSZ x", "PBSZ 4294967296"]),
        (Verb::Prot, &["PROT X", "PROT"]),
        (Verb::Opts, &["OPTS UTF8 MAYBE", "OPTS MLST Type Size", "OPTS MODE Z LEVEL x"]),
        (
            Verb::Eprt,
            &[
                "EPRT |1|192.0.2.7|65536|",
                "EPRT |2|192.0.2.7|21|",
                "EPRT 1,2,3,4,5,6",
                "EPRT |1|192.0.2.7|21",
            ],
        ),
        (Verb::Epsv, &["EPSV x", "EPSV ALL x"]),
        (Verb::Lprt, &["LPRT 4,4,1,2,3,4,2,5", "LPRT 4,4,1,2,3,4,2,5,6,7", "LPRT 1,2,3,4,5,6"]),
        (Verb::Mfmt, &["MFMT x", "MFMT 20240131235958", "MFMT 20240131235958 ", "MFMT 20241331235958 x"]),
        (Verb::Mfct, &["MFCT 2024 x"]),
        (Verb::Mff, &["MFF x", "MFF  x", "MFF a=b;", "MFF a=b; ", "MFF ab; x"]),
        (Verb::Rang, &["RANG 5", "RANG 5 1", "RANG x 1"]),
        (Verb::Sscn, &["SSCN x", "SSCN ON OFF", "SSCN 1"]),
    ];
    for (verb, lines) in table {
        for line in *lines {
            let refused = match Command::parse(line.as_bytes()) {
                Err(BadArgument(found, _)) => found == *verb,
                Err(MissingArgument(found)) => found == *verb && line.len() == verb.as_str().len(),
                _ => false,
            };
            assert!(refused, "{line}: {:?}", Command::parse(line.as_bytes()));
        }
    }
    assert_eq!(Command::parse(b"EPRT |3|x|21|"), Err(UnknownFamily(Verb::Eprt)));
    assert_eq!(Command::parse(b"LPRT 5,1,2,2,3,4"), Err(UnknownFamily(Verb::Lprt)));
}

#[test]
fn no_argument_holds_what_ends_a_line() {
    for verb in Verb::ALL {
        for end in ["\r", "\n", "\0", "\r\nDELE x"] {
            let line = format!("{verb} a{end}b");
            assert!(matches!(Command::parse(line.as_bytes()), Err(BadArgument(found, _)) if found == *verb));
            let line = format!("{verb}{end}");
            assert_eq!(Command::parse(line.as_bytes()), Err(NotACommand));
        }
    }
}

#[test]
fn a_line_that_does_not_begin_with_a_word_is_no_command() {
    for line in [
        &b""[..],
        b" ",
        b" NOOP",
        b"\tNOOP",
        b"\0",
        b"NOOP\0",
        b"NO\x01OP",
        b"NOOP\t",
        b"\xff",
        b"\xc3\x9cSER x",
        b"FLY a\rb",
    ] {
        assert_eq!(Command::parse(line), Err(NotACommand), "{line:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_the_command() {
    for (line, told) in [
        ("", "not a command: it begins with a word of printable ASCII, and holds no CR, LF or NUL"),
        ("RETR", "RETR needs an argument"),
        ("noop x", "NOOP takes no argument"),
        ("EPRT |9|x|1|", "the argument of EPRT names a network protocol that is neither IPv4 nor IPv6"),
    ] {
        assert_eq!(format!("{}", Command::parse(line.as_bytes()).unwrap_err()), told);
    }
    let bad = Command::parse(b"TYPE X").unwrap_err();
    assert!(format!("{bad}").starts_with("the argument of TYPE: expected "));
    assert_eq!((bad.verb(), NotACommand.verb()), (Some(Verb::Type), None));
}

#[test]
fn debug_shows_no_secret() {
    for &verb in Verb::ALL.iter().filter(|verb| verb.has_secret()) {
        let line = format!("{verb} hunter2");
        let shown = format!("{:?}", Command::parse(line.as_bytes()));
        assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    }
    for line in ["PASS hunter2", "ACCT hunter2", "ADAT hunter2"] {
        assert!(!format!("{:?}", Command::parse(line.as_bytes())).contains("hunter2"));
    }
}

#[test]
fn a_full_sink_says_so() {
    for (_, command, _) in known() {
        let length = encoded(&command).len();
        let mut room = [0; 64];
        for size in 0..length {
            let mut tx = crate::buffer::SendBuf::new(&mut room[..size]);
            assert_eq!(tx.view().append(|tx| command.encode(tx)), Err(Full));
        }
    }
}

#[test]
fn no_command_is_taken_without_the_name_that_it_is_about() {
    for start in [
        "RETR",
        "STOR",
        "APPE",
        "DELE",
        "CWD",
        "MKD",
        "RMD",
        "RNFR",
        "RNTO",
        "SIZE",
        "MDTM",
        "SMNT",
        "MFMT 20240131235959",
        "MFCT 20240131235959",
        "MFF Modify=20240131235959;",
        "XCRC",
        "XMD5",
        "HASH",
        "COMB",
    ] {
        for end in ["", " "] {
            let line = [start, end].concat();
            assert!(Command::parse(line.as_bytes()).is_err(), "{line:?}");
        }
    }
    for start in ["CHMOD 755", "UTIME 20240131235959", "SYMLINK a"] {
        for end in ["", " "] {
            let line = [start, end].concat();
            assert!(SiteCommand::parse(text(&line)).is_err(), "{line:?}");
        }
    }
}

#[test]
fn trailing_blanks_are_dropped_where_an_argument_cannot_hold_any() {
    for (padded, plain) in [
        ("PWD  ", "PWD"),
        ("PASV \t ", "PASV"),
        ("NOOP   ", "NOOP"),
        ("QUIT  ", "QUIT"),
        ("ABOR  ", "ABOR"),
        ("CDUP  ", "CDUP"),
        ("FEAT  ", "FEAT"),
        ("SYST  ", "SYST"),
        ("REIN  ", "REIN"),
        ("EPSV  ", "EPSV"),
        ("EPSV ALL ", "EPSV ALL"),
        ("EPSV 1 ", "EPSV 1"),
        ("PORT 192,0,2,2,156,65 ", "PORT 192,0,2,2,156,65"),
        ("EPRT |1|192.0.2.2|40001|  ", "EPRT |1|192.0.2.2|40001|"),
        ("TYPE I ", "TYPE I"),
        ("TYPE A N  ", "TYPE A N"),
        ("TYPE L 8\t", "TYPE L 8"),
        ("STRU F ", "STRU F"),
        ("MODE S ", "MODE S"),
        ("REST 17 ", "REST 17"),
        ("ALLO 17 ", "ALLO 17"),
        ("PBSZ 0 ", "PBSZ 0"),
        ("PROT P ", "PROT P"),
        ("RANG 1 2 ", "RANG 1 2"),
    ] {
        assert_eq!(Command::parse(padded.as_bytes()), Command::parse(plain.as_bytes()), "{padded:?}");
        assert!(Command::parse(padded.as_bytes()).is_ok(), "{padded:?}");
    }
    // An argument of only blanks is a missing argument where one is required.
    assert_eq!(Command::parse(b"TYPE   "), Err(CommandError::MissingArgument(Verb::Type)));
    assert!(Command::parse(b"NOOP x ").is_err());
}

#[test]
fn trailing_blanks_stay_in_paths_and_secrets() {
    for line in [
        "RETR a  ",
        "STOR  ",
        "CWD d ",
        "LIST  ",
        "NLST a ",
        "RNTO b\t",
        "MDTM x ",
        "MFMT 20240131235958 x ",
        "SITE x ",
    ] {
        let mut encoded = arrayvec::ArrayVec::<u8, 64>::new();
        Command::parse(line.as_bytes()).unwrap().encode(&mut encoded).unwrap();
        assert_eq!(&encoded[..], line.as_bytes());
    }
    let Ok(Command::Pass(secret)) = Command::parse(b"PASS a  ") else { panic!("no PASS") };
    assert_eq!(secret.reveal(), Text::literal("a  "));
}
