//! The commands that came after RFC 959, against a session with a host in memory: each with a good, a
//! missing and a bad argument, before and after the login.

mod support;

use ftp_proto::codec::{Features, HashAlgorithm, ReplyCode, Verb, VerbSet};
use ftp_proto::error::{Error, LocalError, PeerError};
use ftp_proto::server::{Answer, Config, Refusal};
use support::server::{End, Rig, Slow, prompt};
use support::{seconds, t};

const ALL_HASHES: &[HashAlgorithm] = &[
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha512,
    HashAlgorithm::Sha1,
    HashAlgorithm::Md5,
    HashAlgorithm::Crc32,
];

fn hashing() -> Config {
    let mut config = prompt();
    config.hashes = ALL_HASHES;
    config.long_addresses = true;
    config.combines = true;
    config
}

/// A line; what it gets before the login, and after; what the host is asked then, if anything.
const TABLE: &[(&str, u16, u16, &str)] = &[
    ("FEAT", 211, 211, ""),
    ("FEAT x", 501, 501, ""),
    ("OPTS", 501, 501, ""),
    ("OPTS UTF8 ON", 200, 200, ""),
    ("opts utf8 on", 200, 200, ""),
    ("OPTS UTF8 OFF", 501, 501, ""),
    ("OPTS UTF8 MAYBE", 501, 501, ""),
    ("OPTS MLST size;", 200, 200, ""),
    ("OPTS MLST", 200, 200, ""),
    ("OPTS HASH", 200, 200, ""),
    ("OPTS HASH SHA-1", 200, 200, ""),
    ("OPTS HASH MD4", 501, 501, ""),
    ("OPTS RETR fast", 501, 501, ""),
    ("LANG", 200, 200, ""),
    ("LANG en", 200, 200, ""),
    ("LANG EN-us", 200, 200, ""),
    ("LANG fr", 504, 504, ""),
    ("LANG english", 504, 504, ""),
    ("CLNT me 1.0", 200, 200, ""),
    ("CLNT", 501, 501, ""),
    ("CSID Name=me;", 200, 200, ""),
    ("CSID", 501, 501, ""),
    ("HOST example.org", 220, 503, ""),
    ("HOST nowhere.example", 504, 503, ""),
    ("HOST", 501, 501, ""),
    ("MFMT 20240229123456 file", 530, 213, "Change(Changes { modified: Some("),
    ("MFMT 20240229123456 none", 530, 550, "Change("),
    ("MFMT 20240230123456 file", 530, 501, ""),
    ("MFMT 20240229123456", 530, 501, ""),
    ("MFMT", 530, 501, ""),
    ("MFCT 20240229123456 file", 530, 213, "created: Some("),
    ("MFCT file", 530, 501, ""),
    ("MFF Modify=20240229123456;UNIX.mode=640; file", 530, 213, "mode: Some(416)"),
    ("MFF Create=20240229123456; file", 530, 213, "created: Some("),
    ("MFF Size=3; file", 530, 504, ""),
    ("MFF Modify=20240229123456;Size=3; file", 530, 504, ""),
    ("MFF Modify=yesterday; file", 530, 501, ""),
    ("MFF file", 530, 501, ""),
    ("MFF", 530, 501, ""),
    ("HASH file", 530, 213, "Digest { algorithm: Sha256"),
    ("HASH none", 530, 550, "Digest"),
    ("HASH", 530, 501, ""),
    ("RANG 0 49", 530, 350, ""),
    ("RANG 1 0", 530, 350, ""),
    ("RANG 2 1", 530, 501, ""),
    ("RANG 0", 530, 501, ""),
    ("RANG", 530, 501, ""),
    ("XCRC file", 530, 250, "Digest { algorithm: Crc32"),
    ("XMD5 \"file\" 1 3", 530, 250, "Digest { algorithm: Md5"),
    ("XSHA1 none", 530, 550, "Digest { algorithm: Sha1"),
    ("XSHA256 file", 530, 250, "Digest { algorithm: Sha256"),
    ("XSHA512 file", 530, 250, "Digest { algorithm: Sha512"),
    ("XSHA512", 530, 501, ""),
    ("SITE", 530, 501, ""),
    ("SITE CHMOD 640 file", 530, 200, "mode: Some(416)"),
    ("SITE CHMOD 640 none", 530, 550, "Change("),
    ("SITE CHMOD 888 file", 530, 501, ""),
    ("SITE CHMOD 640", 530, 501, ""),
    ("SITE UMASK", 530, 200, ""),
    ("SITE UMASK 027", 530, 200, ""),
    ("SITE UMASK 7777", 530, 501, ""),
    ("SITE UMASK 9", 530, 501, ""),
    ("SITE IDLE", 530, 200, ""),
    ("SITE IDLE 20", 530, 200, ""),
    ("SITE IDLE now", 530, 501, ""),
    ("SITE UTIME 20240229123456 file", 530, 200, "modified: Some("),
    ("SITE UTIME file 20240229123456 20240229123456 20240229123456 UTC", 530, 200, "modified: Some("),
    ("SITE UTIME file", 530, 501, ""),
    ("SITE SYMLINK file link", 530, 200, "Symlink { target: \"file\" } /link"),
    ("SITE SYMLINK file dir", 530, 550, "Symlink"),
    ("SITE SYMLINK file", 530, 501, ""),
    ("SITE HELP", 530, 214, ""),
    ("SITE EXEC rm", 530, 504, "Site(\"EXEC rm\")"),
    ("COMB whole file", 530, 250, "/whole"),
    ("COMB \"a \"\"whole\"\"\" \"dir/../file\"", 530, 250, "/a \"whole\""),
    ("COMB whole none", 530, 550, "Combine"),
    ("COMB whole file none", 530, 550, "Combine"),
    ("COMB whole", 530, 501, ""),
    ("COMB whole \"file", 530, 501, ""),
    ("COMB \"whole\"file", 530, 501, ""),
    ("COMB", 530, 501, ""),
    ("AVBL", 530, 213, "Available /"),
    ("AVBL dir", 530, 213, "Available /dir"),
    ("AVBL none", 530, 550, "Available"),
    ("LPRT 4,4,192,0,2,2,2,156,65", 530, 200, ""),
    ("LPRT 4,4,192,0,2,9,2,156,65", 530, 504, ""),
    ("LPRT 4,4,192,0,2,2,2,0,25", 530, 504, ""),
    ("LPRT 5,1,1,1,1", 530, 521, ""),
    ("LPRT 4,4", 530, 501, ""),
    ("LPRT", 530, 501, ""),
    ("LPSV", 530, 228, ""),
    ("LPSV x", 530, 501, ""),
    // What is refused, and what is not served.
    ("ADAT c2VjcmV0", 503, 503, ""),
    ("ADAT", 501, 501, ""),
    ("MIC c2VjcmV0", 503, 503, ""),
    ("CONF c2VjcmV0", 503, 503, ""),
    ("ENC c2VjcmV0", 503, 503, ""),
    ("AUTH TLS", 502, 502, ""),
    ("PBSZ 0", 502, 502, ""),
    ("PROT P", 502, 502, ""),
    ("CCC", 530, 502, ""),
    ("SMNT /x", 530, 502, ""),
    ("DSIZ", 530, 502, ""),
    ("RMDA dir", 530, 502, ""),
    ("THMB JPEG 1 1 file", 530, 502, ""),
    ("PRET RETR file", 530, 502, ""),
    ("SSCN ON", 530, 502, ""),
    ("ACCT x", 503, 202, "Account { account: ***"),
    ("ALLO 10", 530, 202, ""),
    ("ALLO 10 R 5", 530, 202, ""),
    ("ALLO ten", 530, 501, ""),
];

#[test]
fn every_extension_answers_as_its_document_says() {
    for &(line, before, after, asked) in TABLE {
        let mut rig = Rig::with(hashing());
        rig.host_mut().clear_requests();
        assert_eq!(rig.say(line), [before], "{line}, before the login");
        if before == 530 {
            assert!(rig.host().requests().is_empty(), "{line} reached the host: {:?}", rig.host().requests());
        }
        let mut rig = Rig::with(hashing()).login();
        assert_eq!(rig.say(line), [after], "{line}, after the login");
        match rig.host().requests().first() {
            None => assert_eq!(asked, "", "{line}"),
            Some(request) => assert!(!asked.is_empty() && request.contains(asked), "{line}: {request}"),
        }
        let verb = Verb::from_bytes(line.split(' ').next().unwrap().as_bytes()).unwrap();
        for code in [before, after] {
            assert!(verb.allows(ReplyCode::new(code).unwrap()), "the table does not allow {code} for {line}");
        }
    }
}

#[test]
fn replies_are_worded_as_their_documents_say() {
    for (lines, reply) in [
        ("MFMT 20240229123456 file", "213 Modify=20240229123456; /file"),
        ("MFCT 20240229123456 file", "213 Create=20240229123456; /file"),
        ("MFF Modify=20240229123456;UNIX.mode=0640; file", "213 Modify=20240229123456;UNIX.mode=0640; /file"),
        ("HASH file", "213 SHA-256 0-5 cafe /file"),
        ("XCRC file", "250 cafe"),
        ("AVBL", "213 1000"),
        ("OPTS HASH", "200 SHA-256"),
        ("OPTS HASH CRC32", "200 CRC32"),
        ("OPTS MLST size;Type;x;", "200 MLST OPTS Type;Size;"),
        ("OPTS MLST", "200 MLST OPTS"),
        ("SITE UMASK", "200 UMASK is 022."),
        ("SITE UMASK 7", "200 UMASK is 007."),
        ("LPSV", "228 Entering Long Passive Mode (4,4,192,0,2,1,2,19,136)"),
    ] {
        let mut rig = Rig::with(hashing()).login();
        assert_eq!(rig.ask(lines).last().unwrap(), reply, "{lines}");
    }
}

// ---- FEAT (RFC 2389 3) ----

#[test]
fn feat_lists_one_feature_a_line_each_after_one_space() {
    let mut rig = Rig::with(hashing());
    let reply = rig.ask("FEAT").remove(0);
    let lines: Vec<_> = reply.lines().collect();
    assert!(lines[0].starts_with("211-") && lines.last().unwrap().starts_with("211 "), "{reply}");
    let features: Vec<_> = lines[1..lines.len() - 1]
        .iter()
        .map(|line| {
            let feature = line.strip_prefix(' ').unwrap_or_else(|| panic!("no space before {line:?}"));
            assert!(feature.starts_with(|first: char| first.is_ascii_graphic()), "{line:?}");
            assert_eq!(feature, feature.trim_end());
            feature
        })
        .collect();
    for feature in [
        "EPRT",
        "EPSV",
        "HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32",
        "LANG EN*",
        "MDTM",
        "RANG STREAM",
        "MLST Type*;Size*;Modify*;Perm*;Unique*;UNIX.mode*;UNIX.owner*;UNIX.group*;",
        "REST STREAM",
        "SIZE",
        "TVFS",
        "UTF8",
        "XCRC",
    ] {
        let found = features.iter().any(|line| line.eq_ignore_ascii_case(feature));
        assert!(found, "{feature} is missing: {reply}");
    }
    assert_eq!(features.contains(&"MODE Z"), cfg!(feature = "deflate"));
    for feature in ["AUTH TLS", "PROT", "LPRT"] {
        assert!(!features.contains(&feature), "{feature}");
    }
}

#[test]
fn feat_marks_what_opts_has_chosen() {
    let mut rig = Rig::with(hashing());
    assert_eq!(rig.say("OPTS HASH MD5\r\nOPTS MLST size;"), [200, 200]);
    let reply = rig.ask("FEAT").remove(0).to_lowercase();
    assert!(reply.contains(" hash sha-256;sha-512;sha-1;md5*;crc32\n"), "{reply}");
    assert!(reply.contains(" mlst type;size*;modify;"), "{reply}");
}

#[test]
fn feat_names_only_what_is_served() {
    let mut config = Config::default();
    config.commands = VerbSet::of(&[Verb::User, Verb::Pass, Verb::Feat, Verb::Size, Verb::Quit]);
    config.features &= Features::SIZE | Features::MDTM;
    assert_eq!(Rig::with(config.clone()).ask("FEAT"), ["211-Extensions supported:\n SIZE\n211 End."]);
    config.features = Features::MDTM;
    assert_eq!(Rig::with(config).ask("FEAT"), ["211 No extensions."]);
    let without_hashes = Rig::new().ask("FEAT").remove(0);
    assert!(!without_hashes.contains("HASH") && !without_hashes.contains("XCRC"), "{without_hashes}");
}

#[test]
fn every_feature_at_once_fits_in_the_smallest_buffer() {
    let mut config = hashing();
    config.features = Features::all();
    config.overridden = VerbSet::of(Verb::ALL).without(Verb::Feat).without(Verb::Help);
    let mut rig = Rig::with(config);
    *rig.parts().2 = ftp_proto::buffer::SendBuf::new(vec![0; 1024]);
    assert_eq!(rig.say("FEAT"), [211]);
    assert_eq!(rig.say("HELP"), [214]);
}

// ---- Switched off and overridden ----

#[test]
fn a_command_that_is_switched_off_is_502_and_gone_from_help_and_feat() {
    for &verb in Verb::ALL {
        if matches!(verb, Verb::User | Verb::Pass | Verb::Help | Verb::Feat) {
            continue;
        }
        let mut config = hashing();
        config.commands = config.commands.without(verb);
        let mut rig = Rig::with(config).login();
        let help = rig.ask("HELP").remove(0);
        assert!(!help.split_whitespace().any(|word| word == verb.as_str()), "{verb}: {help}");
        let feat = rig.ask("FEAT").remove(0);
        let named = feat.lines().any(|line| line.split_whitespace().next() == Some(verb.as_str()));
        assert!(!named, "{verb}: {feat}");
        assert_eq!(rig.say(&format!("HELP {verb}")), [501]);
        let refused = if matches!(verb, Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc) { 503 } else { 502 };
        assert_eq!(rig.say(&format!("{verb} x")), [refused], "{verb}");
    }
}

#[test]
fn an_overridden_command_reaches_the_host_through_the_gate() {
    let mut config = Config::default();
    config.overridden =
        VerbSet::of(&[Verb::Comb, Verb::Size, Verb::Syst, Verb::Quit, Verb::Noop, Verb::Mfmt]);
    let mut rig = Rig::with(config);
    rig.host_mut().clear_requests();
    assert_eq!(rig.say("COMB a b\r\nSIZE file"), [530, 530]);
    assert!(rig.host().requests().is_empty());
    // One that may come before the login.
    assert_eq!(rig.say("SYST"), [504]);
    rig = rig.login();
    assert_eq!(rig.say("COMB a b\r\nSIZE file\r\nNOOP"), [504, 504, 200]);
    assert_eq!(
        rig.host().requests(),
        ["Command(Comb(\"a b\")) /", "Command(Size(\"file\")) /", "Command(Noop) /"]
    );
    assert_eq!(rig.say("MFMT nonsense"), [501], "the argument is checked first");
    assert_eq!(rig.say("QUIT"), [221], "the session's own");
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn an_overridden_command_beside_a_transfer_is_the_sessions() {
    let mut config = hashing();
    config.overridden = VerbSet::of(&[Verb::Noop, Verb::Stat, Verb::Abor]);
    let mut rig = Rig::with(config).login();
    rig.passive();
    assert_eq!(rig.say("STOR new\r\nNOOP\r\nSTAT"), [150, 200, 211]);
    rig.upload(b"x");
    assert_eq!(rig.codes(), [226]);
    assert!(
        !rig.host().requests().iter().any(|request| request.contains("Command")),
        "{:?}",
        rig.host().requests()
    );
}

#[test]
fn the_host_may_give_only_replies_that_the_table_allows() {
    let mut config = Config::default();
    config.overridden = VerbSet::of(&[Verb::Syst]);
    let mut rig = Rig::with(config).login();
    rig.slow(Slow::Everything);
    for code in [ReplyCode::OPENING_DATA_CONNECTION, ReplyCode::LOGGED_IN] {
        assert_eq!(rig.say("SYST"), []);
        let ticket = rig.take_ticket().unwrap();
        let answer = Answer::Reply(code, &[t("What?")]);
        let (error, ticket) = rig.give(ticket, answer).unwrap_err();
        assert_eq!(error, LocalError::WrongAnswer);
        rig.put_ticket(ticket);
        rig.answer(Answer::Reply(ReplyCode::SYSTEM_TYPE, &[t("VMS")])).unwrap();
        assert_eq!(rig.replies(), ["215 VMS"]);
    }
}

// ---- Digests ----

#[test]
fn rang_holds_for_one_hash() {
    let mut rig = Rig::with(hashing()).login();
    assert_eq!(
        rig.ask("RANG 2 4\r\nHASH file\r\nHASH file"),
        ["350 Range accepted.", "213 SHA-256 2-5 cafe /file", "213 SHA-256 0-5 cafe /file"]
    );
    assert_eq!(rig.ask("RANG 2 4\r\nRANG 1 0\r\nHASH file").remove(2), "213 SHA-256 0-5 cafe /file");
}

#[test]
fn the_older_hashes_take_a_range_after_a_path_in_quotes() {
    for (line, path, range) in [
        ("XCRC file", "/file", "1, end: 0"),
        ("XCRC \"file\"", "/file", "1, end: 0"),
        ("XCRC \"file\" 2", "/file", "2, end: 18446744073709551615"),
        ("XCRC \"file\" 2 5", "/file", "2, end: 4"),
        ("XCRC file 2 5", "/file 2 5", "1, end: 0"),
        ("XCRC \"file\" 5 2", "/\"file\" 5 2", "1, end: 0"),
        ("XCRC \"file\" 0 0", "/\"file\" 0 0", "1, end: 0"),
        ("XCRC \"file\" 0 1", "/file", "0, end: 0"),
        ("XCRC \"fi le\" 1 2", "/fi le", "1, end: 1"),
    ] {
        let mut rig = Rig::with(hashing()).login();
        rig.say(line);
        let request = &rig.host().requests()[0];
        assert!(request.ends_with(path) && request.contains(&format!("start: {range}")), "{line}: {request}");
    }
}

#[test]
fn a_digest_that_waits_lets_noop_and_stat_through_and_nothing_else() {
    let mut rig = Rig::with(hashing()).login();
    rig.slow(Slow::Digests);
    assert_eq!(rig.say("HASH file\r\nNOOP\r\nSTAT\r\nSTAT file\r\nNOOP"), [200, 211, 450, 200]);
    assert!(rig.wait().application);
    assert_eq!(rig.say("PWD\r\nNOOP"), [], "a command behind one that waits waits too");
    rig.answer(Answer::Digest { digest: &[0xab, 0x01], range: (0, 7) }).unwrap();
    assert_eq!(rig.replies()[0], "213 SHA-256 0-7 ab01 /file");
    assert_eq!(rig.say("PWD"), [257]);
}

#[test]
fn abor_has_a_digest_given_up() {
    for (answer, code) in [
        (Answer::Refused(Refusal::Aborted), 450),
        (Answer::Digest { digest: &[1], range: (0, 7) }, 213),
        (Answer::Refused(Refusal::NotFound), 550),
    ] {
        let mut rig = Rig::with(hashing()).login();
        rig.slow(Slow::Digests);
        assert_eq!(rig.say("XMD5 file\r\nABOR\r\nABOR\r\nNOOP"), [], "{code}");
        assert_eq!(rig.aborts(), 1);
        rig.answer(answer).unwrap();
        let code = if code == 213 { 250 } else { code };
        assert_eq!(rig.codes(), [code, 226, 225, 200], "first the digest, then the ABOR");
    }
}

#[test]
fn a_client_that_leaves_during_a_digest_ends_the_session_and_the_answer_does_no_harm() {
    let mut rig = Rig::with(hashing()).login();
    rig.slow(Slow::Digests);
    assert_eq!(rig.say("HASH file"), []);
    rig.close();
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::Closed))));
    assert_eq!(rig.answer(Answer::Digest { digest: &[1], range: (0, 7) }), Err(LocalError::Ended));
    assert_eq!(rig.output(), b"");
}

#[test]
fn opts_hash_chooses_what_hash_computes_until_rein() {
    let mut rig = Rig::with(hashing()).login();
    assert_eq!(rig.ask("OPTS HASH SHA-1\r\nHASH file").remove(1), "213 SHA-1 0-5 cafe /file");
    assert_eq!(rig.say("REIN"), [220]);
    rig = rig.login();
    assert_eq!(rig.ask("HASH file"), ["213 SHA-256 0-5 cafe /file"]);
}

// ---- SITE, HOST ----

#[test]
fn site_idle_is_bounded_by_the_configuration() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.ask("SITE IDLE 4000000000"), ["200 Idle timeout 300 s, maximum 300 s."]);
    assert_eq!(rig.ask("SITE IDLE 0"), ["200 Idle timeout 1 s, maximum 300 s."]);
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [421]);
    let mut config = Config::default();
    config.timeouts.idle = std::time::Duration::from_millis(500);
    assert_eq!(Rig::with(config).login().say("SITE IDLE 5"), [200]);
}

#[test]
fn site_umask_is_told_to_the_host() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.session().umask(), None);
    assert_eq!(rig.say("SITE UMASK 077\r\nSITE UMASK"), [200, 200]);
    assert_eq!(rig.session().umask(), Some(0o077));
}

#[test]
fn host_may_come_again_and_the_last_one_counts() {
    let mut rig = Rig::new();
    assert_eq!(
        rig.say("HOST example.org\r\nHOST nowhere\r\nHOST example.org\r\nUSER me\r\nPASS secret"),
        [220, 504, 220, 331, 230]
    );
}

// ---- COMB ----

#[test]
fn files_are_put_together_only_where_the_host_can() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("COMB whole file"), [502]);
    assert!(!rig.ask("FEAT")[0].contains("COMB"));
    let mut rig = Rig::with(hashing()).login();
    assert!(rig.ask("FEAT")[0].contains("\n COMB\n"));
}

#[test]
fn parts_are_named_from_the_working_directory_and_put_together_in_order() {
    let mut rig = Rig::with(hashing()).login();
    for (path, content) in [("/dir/1", "one"), ("/dir/a \"b\"", "two"), ("/3", "three")] {
        rig.host_mut().put_file(path, content);
    }
    assert_eq!(rig.say("CWD dir\r\nCOMB \"the whole\" 1 \"a \"\"b\"\"\" /dir/../3"), [250, 250]);
    assert_eq!(rig.host().file("/dir/the whole"), Some(&b"onetwothree"[..]));
    assert_eq!(rig.host().file("/3"), None);
}

#[test]
fn abor_has_the_host_give_up_putting_files_together() {
    let mut rig = Rig::with(hashing()).login();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("COMB whole file\r\nABOR"), []);
    assert_eq!(rig.aborts(), 1);
    rig.answer(Answer::Refused(Refusal::Aborted)).unwrap();
    assert_eq!(rig.codes(), [550, 226]);
}
