//! The login and the gate.

use crate::support::seconds;
use crate::support::server::{End, LOCAL, PEER, Rig, Slow, prompt};
use ftp_proto::codec::{ReplyCode, Text};
use ftp_proto::security::TlsMode;
use ftp_proto::server::{Answer, Config, Refusal};

#[test]
fn an_unknown_command_is_not_told_from_a_known_one_before_the_login() {
    let mut rig = Rig::new();
    let [unknown, known] = ["NONE", "RETR x"].map(|line| rig.ask(line));
    assert_eq!(unknown, known);
    assert_eq!(rig.ask("\u{1}"), known);
}

#[test]
fn the_right_password_logs_in_and_a_wrong_one_begins_anew() {
    let mut rig = Rig::new();
    assert_eq!(rig.say("PASS secret"), [503]);
    assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    assert_eq!(rig.say("PASS secret"), [503], "a failed login forgets the user");
    assert_eq!(rig.say("USER me\r\nPASS\r\nUSER me\r\nPASS secret"), [331, 530, 331, 230]);
    assert!(rig.session().is_logged_in());
}

#[test]
fn a_login_may_need_an_account_too() {
    let mut rig = Rig::new();
    rig.slow(Slow::Everything);
    let ask_for_account = |rig: &mut Rig| {
        assert_eq!(rig.say("USER me\r\nPASS secret"), [331]);
        rig.answer(Answer::Refused(Refusal::NeedsAccount)).unwrap();
        assert_eq!(rig.codes(), [332]);
        assert_eq!(rig.session().user(), b"me", "the host is to know whose account it is");
    };
    ask_for_account(&mut rig);
    assert_eq!(rig.say("PWD\r\nPASS secret\r\nACCT wrong"), [530, 503]);
    rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
    assert_eq!(rig.say("ACCT books"), [530, 503], "a failed login begins anew");
    assert_eq!(rig.session().failed_logins(), 1);

    ask_for_account(&mut rig);
    assert_eq!(rig.say("ACCT books"), []);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [230]);
    assert!(rig.session().is_logged_in());
}

#[test]
fn an_account_may_be_given_later_to_do_more() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("ACCT books\r\nACCT none"), [230, 202]);
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("ACCT wrong"), []);
    rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
    assert_eq!(rig.codes(), [530]);
    assert!(rig.session().is_logged_in());
    for (command, code) in [("STOR /new", 532), ("MKD /new", 550)] {
        if code == 532 {
            rig.passive();
        }
        assert_eq!(rig.say(command), []);
        rig.answer(Answer::Refused(Refusal::NeedsAccount)).unwrap();
        assert_eq!(rig.codes(), [code]);
    }
}

#[test]
fn a_reply_of_the_hosts_own_may_have_any_number_of_lines() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    let line = |text: &'static str| Text::literal(text);
    for (lines, sent) in [
        (&[][..], "200"),
        (&[line("One.")], "200 One."),
        (&[line("One"), line("Two.")], "200-One\n200 Two."),
        (&[line("One"), line(""), line("200 no end"), line("Two.")], "200-One\n\n200-200 no end\n200 Two."),
    ] {
        assert_eq!(rig.ask("SITE QUOTA"), [""; 0]);
        rig.answer(Answer::Reply(ReplyCode::COMMAND_OKAY, lines)).unwrap();
        assert_eq!(rig.replies(), [sent]);
    }
}

#[test]
fn rein_logs_out_and_forgets_everything() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("CWD dir\r\nTYPE I\r\nEPSV ALL\r\nRNFR /file\r\nREIN"), [250, 200, 200, 350, 220]);
    assert!(!rig.session().is_logged_in());
    assert_eq!(rig.say("PWD"), [530]);
    rig = rig.login();
    assert_eq!(rig.ask("PWD"), ["257 \"/\""]);
    assert_eq!(rig.say("RNTO x"), [503]);
    assert_eq!(rig.say("PASV"), [227]);
    assert_eq!(rig.say("SIZE /file"), [550], "TYPE is A again");
}

#[test]
fn rein_starts_the_time_for_a_login_anew() {
    let mut rig = Rig::logged_in();
    rig.pass(seconds(200));
    assert_eq!(rig.say("REIN"), [220]);
    rig.pass(seconds(59));
    assert_eq!(rig.end(), None);
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn rein_before_the_login_wins_no_time() {
    let mut rig = Rig::new();
    rig.pass(seconds(40));
    assert_eq!(rig.say("REIN"), [220]);
    rig.pass(seconds(40));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn too_many_failed_logins_end_the_session() {
    let mut rig = Rig::new();
    for _ in 0..4 {
        assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    }
    assert_eq!(rig.say("USER me\r\nPASS wrong\r\nNOOP"), [331, 421]);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn a_client_that_is_not_admitted_is_told_421() {
    let mut rig = Rig::silent(Config::default(), LOCAL, PEER);
    rig.host_mut().set_admits(false);
    rig.send(b"USER me\r\n");
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn a_login_that_the_host_has_no_time_for_is_no_failure() {
    let mut rig = Rig::new();
    rig.slow(Slow::Everything);
    for _ in 0..20 {
        assert_eq!(rig.say("USER me\r\nPASS secret"), [331]);
        rig.answer(Answer::Refused(Refusal::Busy)).unwrap();
        assert_eq!(rig.codes(), [451]);
    }
    assert_eq!(rig.session().failed_logins(), 0);
    assert_eq!(rig.say("PASS secret"), [503], "it begins with a user again");
}

/// Under TLS by AUTH, of a client that has shown a certificate.
fn certified() -> Rig {
    let mut config = prompt();
    config.security.tls = TlsMode::Explicit;
    config.security.clear_command_channel = true;
    config.timeouts.login = seconds(600);
    let mut rig = Rig::with(config);
    rig.set_certified(true);
    rig
}

#[test]
fn a_certificate_may_be_enough_and_else_the_password_is_asked_for() {
    let mut rig = certified();
    assert_eq!(rig.say("USER certain"), [331], "nothing was shown yet");
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    assert_eq!(rig.session().failed_logins(), 1, "to be asked for the password is no failure");
    assert_eq!(rig.say("USER certain\r\nPASS secret\r\nPWD"), [232, 202, 257]);
    // RFC 4217 13: REIN takes TLS off, and what it has proved.
    assert_eq!(rig.say("REIN"), [220]);
    assert!(!rig.session().is_certified());
    assert_eq!(rig.say("USER certain"), [331]);
    let identified = rig.host().requests().iter().filter(|request| request.starts_with("Identify"));
    assert_eq!(identified.count(), 2);
}

#[test]
fn what_a_certificate_proves_ends_with_its_tls() {
    let mut rig = certified();
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.say("USER certain"), [232]);
    assert_eq!(rig.say("CCC"), [200]);
    assert!(!rig.session().is_certified());
    rig.set_certified(false);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.say("USER certain"), [331], "the new handshake has shown none");
}

#[test]
fn a_certificate_may_need_an_account_too_and_a_host_that_hangs_is_not_waited_for() {
    let mut rig = certified();
    assert_eq!(rig.say("AUTH TLS"), [234]);
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("USER certain"), []);
    rig.answer(Answer::Refused(Refusal::NeedsAccount)).unwrap();
    assert_eq!(rig.codes(), [332]);
    assert_eq!(rig.say("ACCT books"), []);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [230]);

    let mut rig = certified();
    assert_eq!(rig.say("AUTH TLS"), [234]);
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("USER certain"), []);
    rig.pass(seconds(301));
    assert_eq!(rig.codes(), [451]);
    rig.slow(Slow::Never);
    assert_eq!(rig.say("PASS secret"), [503]);
}
