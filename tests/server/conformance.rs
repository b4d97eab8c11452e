//! Every command, in every state, with every kind of argument (RFC 959 5.4).

use crate::support::server::{DataState, End, PEER_DATA, Rig, Slow, prompt};
use ftp_proto::codec::{HashAlgorithm, ReplyCode, Verb, VerbSet};
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::server::{Answer, Config, Refusal};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Connected,
    Named,
    LoggedIn,
    AfterRnfr,
    AfterRest,
    Passive,
    Active,
    Transfer,
    AfterEpsvAll,
    Digesting,
    Secured,
    SecuredAndLoggedIn,
    Private,
}

const STATES: [State; 13] = [
    State::Connected,
    State::Named,
    State::LoggedIn,
    State::AfterRnfr,
    State::AfterRest,
    State::Passive,
    State::Active,
    State::Transfer,
    State::AfterEpsvAll,
    State::Digesting,
    State::Secured,
    State::SecuredAndLoggedIn,
    State::Private,
];

/// What is configured: the states are gone through with each.
pub(crate) fn configurations() -> [(&'static str, Config); 5] {
    const HASHES: &[HashAlgorithm] = &[HashAlgorithm::Sha256, HashAlgorithm::Crc32, HashAlgorithm::Md5];
    let (mut hashing, mut overriding) = (prompt(), prompt());
    hashing.hashes = HASHES;
    hashing.long_addresses = true;
    hashing.combines = true;
    overriding.hashes = HASHES;
    overriding.overridden = VerbSet::of(Verb::ALL);
    let (mut offering, mut requiring) = (prompt(), prompt());
    offering.security.tls = TlsMode::Explicit;
    offering.security.clear_command_channel = true;
    requiring.security.tls = TlsMode::Explicit;
    (requiring.security.control, requiring.security.data) = (Policy::Require, Policy::Require);
    [
        ("as it comes", prompt()),
        ("with hashes", hashing),
        ("with overridden commands", overriding),
        ("with TLS", offering),
        ("with TLS required", requiring),
    ]
}

fn rig_in(state: State, config: &Config) -> Rig {
    let mut rig = Rig::with(config.clone());
    if state == State::Connected {
        return rig;
    }
    if matches!(state, State::Secured | State::SecuredAndLoggedIn | State::Private) {
        assert_eq!(rig.say("AUTH TLS"), [234]);
    }
    if state == State::Secured {
        return rig;
    }
    assert_eq!(rig.say("USER me"), [331]);
    if state == State::Named {
        return rig;
    }
    assert_eq!(rig.say("PASS secret"), [230]);
    match state {
        State::AfterRnfr => assert_eq!(rig.say("RNFR /file"), [350]),
        State::AfterRest => assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]),
        State::Passive => rig.passive(),
        State::Active => assert_eq!(rig.say("PORT 192,0,2,2,156,65"), [200]),
        State::Transfer => {
            rig.passive();
            assert_eq!(rig.say("RETR /file"), [150]);
        }
        State::AfterEpsvAll => assert_eq!(rig.say("EPSV ALL"), [200]),
        State::Digesting => {
            rig.slow(Slow::Digests);
            assert_eq!(rig.say("HASH /file"), []);
        }
        State::Private => {
            assert_eq!(rig.say("PBSZ 0\r\nPROT P"), [200, 200]);
            rig.passive();
        }
        _ => {}
    }
    rig
}

/// Whether a state can be had.
fn exists(state: State, config: &Config) -> bool {
    // What the host answers itself brings the session into no state.
    let overridden = config.overridden != VerbSet::EMPTY && !matches!(state, State::Connected | State::Named);
    let offered = config.security.tls != TlsMode::None;
    match state {
        State::Secured | State::SecuredAndLoggedIn | State::Private => offered,
        State::Connected => !overridden,
        // There is no login in the clear.
        _ if config.security.control == Policy::Require => false,
        State::LoggedIn => true,
        State::Digesting => !overridden && !config.hashes.is_empty(),
        _ => !overridden,
    }
}

/// Arguments that the command takes, and one that it cannot do anything with.
pub(crate) fn arguments(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::User => ("me", "\u{1}"),
        Verb::Pass => ("secret", "wrong"),
        Verb::Port => ("192,0,2,2,156,65", "1,2,3"),
        Verb::Type => ("I", "Q"),
        Verb::Stru => ("F", "Q"),
        Verb::Mode => ("S", "Q"),
        Verb::Retr | Verb::Size | Verb::Mdtm | Verb::Rnfr | Verb::Dele => ("/file", "/none"),
        Verb::Stor | Verb::Appe | Verb::Stou => ("/new", "/dir"),
        Verb::Mkd | Verb::Xmkd => ("/new", "/dir"),
        Verb::Rnto => ("/new", "/"),
        Verb::Allo => ("10", "ten"),
        Verb::Rest => ("3", "-3"),
        Verb::Site => ("HELP", "EXEC rm"),
        Verb::Help => ("RETR", "NONE"),
        Verb::Eprt => ("|1|192.0.2.2|40001|", "|1|192.0.2.2|"),
        Verb::Epsv => ("1", "9"),
        Verb::Opts => ("UTF8 ON", "NONE"),
        Verb::Feat | Verb::Noop | Verb::Syst | Verb::Quit | Verb::Rein | Verb::Abor => ("", "what"),
        Verb::Mfmt | Verb::Mfct => ("20240229123456 /file", "20240230123456 /file"),
        Verb::Mff => ("Modify=20240229123456; /file", "Size=3; /file"),
        Verb::Hash | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512 => {
            ("/file", "/none")
        }
        Verb::Rang => ("0 3", "3 0"),
        Verb::Auth => ("TLS", "KERBEROS_V4"),
        Verb::Pbsz => ("0", "none"),
        Verb::Prot => ("P", "Q"),
        Verb::Ccc => ("", "what"),
        Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc => ("c2VjcmV0", "\u{1}"),
        Verb::Comb => ("/new /file", "/new \"/file"),
        Verb::Host => ("example.org", "example.net"),
        Verb::Lang => ("en-GB", "xx"),
        Verb::Lprt => ("4,4,192,0,2,2,2,156,65", "5,1,1,1,1"),
        Verb::Lpsv => ("", "what"),
        Verb::Pasv | Verb::Pwd | Verb::Xpwd | Verb::Cdup | Verb::Xcup => ("", "what"),
        _ => ("/dir", "/none"),
    }
}

pub(crate) fn lines(verb: Verb) -> Vec<String> {
    let (good, bad) = arguments(verb);
    let long = "x".repeat(2000);
    let mut lines =
        vec![verb.to_string(), format!("{verb} "), format!("{} {bad}", verb.as_str().to_lowercase())];
    lines.push(format!("{verb} {long}"));
    if !good.is_empty() {
        lines.push(format!("{verb} {good}"));
    }
    lines
}

/// Sees a transfer through, if the command began one.
fn finish_transfer(rig: &mut Rig) {
    if (rig.data_state() == DataState::Listening) && rig.session().is_transferring() {
        assert!(rig.arrive(PEER_DATA));
    }
    match rig.data_state() {
        DataState::Sending => drop(rig.download()),
        DataState::Receiving => rig.upload(b"uploaded"),
        _ => {}
    }
}

#[test]
fn every_command_gets_the_replies_that_it_may_get_and_one_final_one() {
    for (name, config) in configurations() {
        for state in STATES.into_iter().filter(|state| exists(*state, &config)) {
            println!("{state:?} {name}");
            every_command_in(state, &config);
        }
    }
}

fn every_command_in(state: State, config: &Config) {
    {
        for &verb in Verb::ALL {
            for line in lines(verb) {
                let mut rig = rig_in(state, config);
                let mut codes = rig.say(&line);
                let short = &line[..line.len().min(30)];
                if state == State::Digesting {
                    assert!(codes.len() <= usize::from(verb.answers_during_transfer()), "{short}: {codes:?}");
                    let aborted = rig.aborts() == 1;
                    assert_eq!(
                        aborted,
                        verb == Verb::Abor && !line.contains("what") && !line.contains('x'),
                        "{short}"
                    );
                    let answer = match aborted {
                        true => Answer::Refused(Refusal::Aborted),
                        false => Answer::Digest { digest: &[1], range: (0, 7) },
                    };
                    rig.slow(Slow::Never);
                    rig.answer(answer).unwrap();
                    let early = codes.len();
                    codes.extend(rig.codes());
                    assert_eq!(codes.remove(early), if aborted { 450 } else { 213 }, "{short}");
                }
                if state == State::Transfer {
                    let answered = if verb == Verb::Abor && codes.len() == 2 {
                        assert_eq!(codes.remove(0), 426, "{short}");
                        true
                    } else {
                        verb.answers_during_transfer()
                    };
                    assert_eq!(codes.len(), usize::from(answered), "{short}: {codes:?}");
                    if rig.session().is_transferring() {
                        rig.download();
                        codes.extend(rig.codes());
                        let ended = codes.remove(usize::from(answered));
                        assert_eq!(ended, 226, "{short}");
                    }
                }
                finish_transfer(&mut rig);
                codes.extend(rig.codes());
                let finals = codes.iter().filter(|code| **code >= 200).count();
                assert_eq!(finals, 1, "{short} in {state:?}: {codes:?}");
                assert!(codes.len() <= 2 && codes[codes.len() - 1] >= 200, "{short}: {codes:?}");
                for code in &codes {
                    let allowed = verb.allows(ReplyCode::new(*code).unwrap());
                    assert!(allowed, "{short} in {state:?} is not answered {code}");
                }
                let stranger = matches!(state, State::Connected | State::Named | State::Secured);
                if stranger && !verb.is_allowed_before_login() {
                    assert_eq!(codes, [530], "{short} in {state:?}");
                }
                if verb == Verb::Quit && codes == [221] {
                    assert_eq!(rig.end(), Some(End::Close));
                } else {
                    assert_eq!(rig.end(), None, "{short} in {state:?}: {codes:?}");
                    let next = rig.say("NOOP");
                    assert_eq!(next, [200], "after {short} in {state:?}");
                }
            }
        }
    }
}

#[test]
fn without_a_mechanism_its_data_and_its_commands_are_out_of_order_and_tls_has_none() {
    let mut config = prompt();
    config.security.tls = TlsMode::Explicit;
    for (command, clear, secured) in
        [("ADAT", 503, 503), ("MIC", 503, 537), ("CONF", 503, 537), ("ENC", 503, 537)]
    {
        let line = format!("{command} c2VjcmV0");
        assert_eq!(Rig::new().say(&line), [clear], "{command} where there is no TLS");
        assert_eq!(Rig::logged_in().say(&line), [clear], "{command} where there is no TLS, after the login");
        let mut rig = Rig::with(config.clone());
        assert_eq!(rig.say(&line), [clear], "{command} before AUTH");
        assert_eq!(rig.say("AUTH TLS"), [234]);
        assert_eq!(rig.say(&line), [secured], "{command} under TLS");
        assert_eq!(rig.say(command), [501]);
    }
}

#[test]
fn a_good_command_is_done() {
    for (line, expected) in [
        ("CWD dir", &[250][..]),
        ("CDUP", &[250]),
        ("PWD", &[257]),
        ("MKD new", &[257]),
        ("RMD dir", &[250]),
        ("DELE file", &[250]),
        ("RNFR file\r\nRNTO new", &[350, 250]),
        ("TYPE A", &[200]),
        ("TYPE A N", &[200]),
        ("TYPE L 8", &[200]),
        ("STRU F\r\nMODE S", &[200, 200]),
        ("STRU R\r\nMODE B", &[200, 200]),
        ("TYPE L 36", &[504]),
        ("TYPE E T\r\nSTRU R\r\nMODE C", &[200, 200, 200]),
        ("TYPE I\r\nSIZE file", &[200, 213]),
        ("TYPE I\r\nMODE B\r\nSIZE file", &[200, 200, 213]),
        ("MDTM file", &[213]),
        ("MLST file", &[250]),
        ("STAT", &[211]),
        ("STAT file", &[213]),
        ("STAT dir", &[212]),
        ("STAT /", &[212]),
        ("SYST", &[215]),
        ("HELP", &[214]),
        ("HELP RETR", &[214]),
        ("FEAT", &[211]),
        ("OPTS MLST type;size;", &[200]),
        ("OPTS UTF8 ON", &[200]),
        ("ALLO 5", &[202]),
        ("PASS again", &[202]),
        ("ACCT mine", &[202]),
        ("USER other", &[530]),
        ("REIN", &[220]),
        ("XPWD\r\nXMKD a\r\nXRMD a\r\nXCWD dir\r\nXCUP", &[257, 257, 250, 250, 250]),
    ] {
        assert_eq!(Rig::logged_in().say(line), expected, "{line}");
    }
}
