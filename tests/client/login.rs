//! The greeting, and the login (RFC 959 5.4).

use super::*;

#[test]
fn the_greeting_is_waited_for() {
    let text = |line: Option<ftp_proto::codec::ReplyLine<'_>>| line.map(|line| line.code.get());
    let mut rig = Rig::new();
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    let mut rig = Rig::new().opening([Say("120 soon"), Delay(seconds(50)), Say("220 now")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    let mut rig = Rig::new().opening([Say("220-welcome\r\nto\r\n220 here")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    assert_eq!(rig.lines(), ["220 welcome", "220 to"]);
    let mut rig = Rig::new().opening([Say("230 you are in")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(230)));
    let mut rig = Rig::new().opening([Say("421 go away")]);
    assert_eq!(rig.run(&mut client::greeting(), text).refused(), 421);
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
    let mut rig = Rig::new().opening([Say("554 no")]);
    assert_eq!(rig.run(&mut client::greeting(), text).refused(), 554);
}

#[test]
fn an_operation_without_a_greeting_waits_for_the_greeting_first() {
    let mut rig = Rig::new().opening([Delay(seconds(1)), Say("120 soon"), Say("220 now")]);
    rig.run(&mut login(), |_| ()).done();
    assert_eq!(rig.commands(), ["USER me", "PASS secret"]);
    in_step(&mut rig);
    let mut rig = Rig::new();
    rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
    assert_eq!(rig.transcript()[0], "S: 220 ready");
}

#[test]
fn a_greeting_that_was_given_up_can_be_waited_for_again() {
    let mut rig = Rig::new();
    assert!(rig.run_for(&mut client::greeting(), 1, |_| ()).is_none());
    rig.run(&mut client::greeting(), |_| ()).done();
    in_step(&mut rig);
    // The third time there is no greeting to wait for.
    assert_eq!(rig.run(&mut client::greeting(), |line| line.is_some()), Outcome::Done(false));
}

#[test]
fn a_login_gives_what_the_server_asks_for() {
    for (answers, commands) in [
        (&[("USER", "230 in")][..], &["USER me"][..]),
        (&[("USER", "232 by certificate")], &["USER me"]),
        (&[], &["USER me", "PASS secret"]),
        (&[("PASS", "202 superfluous")], &["USER me", "PASS secret"]),
        (&[("PASS", "332 account")], &["USER me", "PASS secret", "ACCT books"]),
        (&[("USER", "332 account")], &["USER me", "ACCT books"]),
    ] {
        let mut rig = Rig::greeted();
        for (command, reply) in answers {
            rig = rig.says(command, reply);
        }
        rig.run(&mut login(), |_| ()).done();
        assert_eq!(rig.commands(), commands);
    }
}

#[test]
fn a_login_that_goes_in_circles_ends_the_connection() {
    for (pass, acct) in [("331 again", ""), ("332 account", "332 again"), ("332 account", "331 again")] {
        let mut rig = Rig::greeted().says("PASS", pass).says("ACCT", acct);
        let outcome = rig.run(&mut login(), |_| ());
        assert!(matches!(outcome, Outcome::Error(Error::Peer(PeerError::UnexpectedReply(_)))), "{outcome:?}");
    }
}

#[test]
fn a_login_without_the_account_that_is_wanted_is_refused() {
    let mut rig = Rig::greeted().says("PASS", "332 account");
    assert_eq!(rig.run(&mut client::login(t("me"), secret("x"), None), |_| ()).refused(), 332);
}

#[test]
fn a_refusal_for_now_is_told_from_one_for_good() {
    for (reply, expected) in [
        ("530 Login incorrect.", false),
        ("530 Sorry, the maximum number of clients is connected", true),
        ("530 Too many users, try again later", true),
        ("430 not now", true),
    ] {
        let mut rig = Rig::greeted().says("PASS", reply);
        match rig.run(&mut login(), |_| ()) {
            Outcome::Refused { transient, verb, .. } => {
                assert_eq!((transient, verb), (expected, Some(Verb::Pass)), "{reply}")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_greeting_of_230_has_logged_the_client_in() {
    for greet_first in [false, true] {
        let mut rig = Rig::new().opening([Say("230 you are in")]);
        if greet_first {
            rig.run(&mut client::greeting(), |_| ()).done();
        }
        assert_eq!(rig.run(&mut login(), |line| line.is_some()), Outcome::Done(false));
        assert!(rig.commands().is_empty());
        in_step(&mut rig);
        // After REIN the session is like any other.
        rig = rig.says("REIN", "220 anew");
        rig.run(&mut client::reinitialize(), |_| ()).done();
        rig.clear_records();
        assert_eq!(rig.run(&mut login(), |line| line.is_some()), Outcome::Done(true));
        assert_eq!(rig.commands(), ["USER me", "PASS secret"]);
    }
    let mut rig = Rig::new().opening([Say("230 you are in")]).says("AUTH", "234 go on");
    rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::parse(b"AUTH TLS").unwrap()), |_| ())
        .done();
    rig.run(&mut login(), |_| ()).done();
    assert_eq!(rig.commands(), ["AUTH TLS", "USER me", "PASS secret"], "not where TLS is asked for");
}

#[test]
fn a_greeting_of_230_in_the_clear_logs_nobody_in_where_tls_is_required() {
    let mut config = Config::default();
    config.security = client::Security::explicit();
    let mut rig = Rig::with(config, PEER).opening([Say("230 you are in")]);
    rig.run(&mut client::greeting(), |_| ()).done();
    assert_eq!(rig.run(&mut login(), |_| ()), Outcome::Error(Error::Local(LocalError::Unprotected)));
    assert!(rig.commands().is_empty());
}

fn setup(rig: &mut Rig) -> client::Offers {
    rig.clear_records();
    rig.run(&mut client::setup(), |offers| offers).done()
}

#[test]
fn feat_refused_before_the_login_is_asked_again_after_it() {
    for refusal in ["530 log in first", "500 what", "502 no"] {
        let mut rig = Rig::greeted().says("FEAT", refusal).says("FEAT", "211-x\r\n SIZE\r\n211 end");
        rig.run(&mut client::features(), |_| ()).refused();
        assert_eq!(rig.client().offers(), None);
        rig.run(&mut login(), |_| ()).done();
        assert_eq!(setup(&mut rig).features(), Features::SIZE);
        assert_eq!(rig.commands(), ["FEAT"]);
        assert_eq!(setup(&mut rig).features(), Features::SIZE);
        assert!(rig.commands().is_empty(), "it is known");
        in_step(&mut rig);
    }
    let mut rig = Rig::greeted().says("FEAT", "502 no");
    assert_eq!(setup(&mut rig), client::Offers::default());
    in_step(&mut rig);
}

#[test]
fn opts_utf8_is_sent_where_feat_names_it_and_may_be_refused() {
    for answer in ["200 yes", "202 always on", "501 what", "504 no", "500 what", "530 no"] {
        for feat in ["211-x\r\n UTF8\r\n211 end", "211-x\r\n211-utf8\r\n211 end"] {
            let mut rig = Rig::greeted().says("FEAT", feat).says("OPTS", answer);
            assert_eq!(setup(&mut rig).features(), Features::UTF8, "{answer}");
            assert_eq!(rig.commands(), ["FEAT", "OPTS UTF8 ON"]);
            in_step(&mut rig);
        }
    }
    let mut rig = Rig::greeted().says("FEAT", "211 no features");
    assert_eq!(setup(&mut rig).features(), Features::empty());
    assert_eq!(rig.commands(), ["FEAT"]);
}

#[test]
fn what_was_offered_counts_no_more_after_auth_and_rein() {
    for (command, reply) in [("REIN", "220 anew"), ("AUTH TLS", "234 go on"), ("AUTH TLS", "334 go on")] {
        let verb = command.split(' ').next().unwrap();
        let mut rig = Rig::greeted().says(verb, reply);
        assert!(setup(&mut rig).features().contains(Features::SIZE));
        rig.run(
            &mut client::Exchange::<client::RawAnswer>::new(Command::parse(command.as_bytes()).unwrap()),
            |_| (),
        )
        .done();
        assert_eq!(rig.client().offers(), None, "{command}");
    }
}

#[test]
fn a_setup_may_be_dropped_at_any_point() {
    cancelled(client::setup, || Rig::greeted().says("FEAT", "211-x\r\n UTF8\r\n211 end"));
    cancelled(client::setup, Rig::new);
}
