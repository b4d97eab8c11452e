//! Setting a file's modification time, in whichever way the server supports.

use super::*;
use ftp_proto::codec::Timestamp;

const MFMT: &str = "MFMT 20240229123456.5 a f";
const MDTM: &str = "MDTM 20240229123456 a f";
const UTIME: &str = "SITE UTIME 20240229123456 a f";

fn time() -> Timestamp {
    Timestamp::parse(b"20240229123456.5").unwrap()
}

fn set(rig: &mut Rig) -> Outcome<Option<Timestamp>> {
    rig.clear_records();
    rig.run(&mut client::set_modification_time(t("a f"), time()), |told| told)
}

/// A server's answers to each way, the commands sent, and the outcome: `Ok` with the profile, or
/// the refusal.
type Case = ([&'static str; 3], &'static [&'static str], Result<Profile, u16>);

#[test]
fn a_time_is_set_by_the_first_way_that_the_server_has() {
    let none = Profile::empty();
    let table: [Case; 22] = [
        (["213 Modify=20240229123456; a f", "500", "500"], &[MFMT], Ok(none)),
        (["213 done", "500", "500"], &[MFMT], Ok(none)),
        (["250 done", "500", "500"], &[MFMT], Ok(none)),
        // vsftpd answers like this.
        (
            ["500 Unknown command.", "213 File modification time set.", "500"],
            &[MFMT, MDTM],
            Ok(Profile::TIME_BY_MDTM),
        ),
        (["502 no", "213 20240229123456", "500"], &[MFMT, MDTM], Ok(Profile::TIME_BY_MDTM)),
        (["504 no", "213 UTIME OK", "500"], &[MFMT, MDTM], Ok(Profile::TIME_BY_MDTM)),
        (["202 no need", "213 set", "500"], &[MFMT, MDTM], Ok(Profile::TIME_BY_MDTM)),
        // A server without the set form takes time and path for one name.
        (
            ["500 what", "550 20240229123456 a f: no such file", "200 set"],
            &[MFMT, MDTM, UTIME],
            Ok(Profile::TIME_BY_UTIME),
        ),
        (
            ["500 what", "550 no such file", "250 UTIME done"],
            &[MFMT, MDTM, UTIME],
            Ok(Profile::TIME_BY_UTIME),
        ),
        (["500 what", "501 one argument", "200 set"], &[MFMT, MDTM, UTIME], Ok(Profile::TIME_BY_UTIME)),
        (["502 no", "502 no", "213 set"], &[MFMT, MDTM, UTIME], Ok(Profile::TIME_BY_UTIME)),
        // There is a file of that name, which has a time of its own.
        (["500 what", "213 19990101000000", "200 set"], &[MFMT, MDTM, UTIME], Ok(Profile::TIME_BY_UTIME)),
        (["500 what", "213 19990101000000", "500 what"], &[MFMT, MDTM, UTIME], Err(500)),
        // A refusal of the file refuses the operation.
        (["550 no such file", "213 set", "200 set"], &[MFMT], Err(550)),
        (["450 busy", "213 set", "200 set"], &[MFMT], Err(450)),
        (["530 who", "213 set", "200 set"], &[MFMT], Err(530)),
        (["500 what", "450 busy", "200 set"], &[MFMT, MDTM], Err(450)),
        (["500 what", "500 what", "550 no such file"], &[MFMT, MDTM, UTIME], Err(550)),
        // Nothing is supported, or the refusal that gives the reason counts.
        (["500 what", "500 what", "500 what"], &[MFMT, MDTM, UTIME], Err(500)),
        (["502 no", "501 no", "504 no"], &[MFMT, MDTM, UTIME], Err(504)),
        (["500 what", "550 not yours", "500 Unknown SITE command."], &[MFMT, MDTM, UTIME, MDTM], Err(550)),
        (["500 what", "550 not yours", "202 no need"], &[MFMT, MDTM, UTIME, MDTM], Err(550)),
    ];
    for (answers, commands, outcome) in table {
        let rig = || {
            let rig = Rig::greeted().says("MFMT", answers[0]).says("SITE", answers[2]);
            rig.says("MDTM", answers[1])
        };
        let mut once = rig();
        match (set(&mut once), outcome) {
            (Outcome::Done(_), Ok(profile)) => assert_eq!(once.client().profile(), profile, "{answers:?}"),
            (Outcome::Refused { code, .. }, Err(expected)) => {
                assert_eq!(code, expected, "{answers:?}");
                assert_eq!(once.client().profile(), none, "{answers:?}: nothing was learnt");
            }
            (other, _) => panic!("{answers:?}: {other:?}"),
        }
        // An answer that is not in its row makes the client confirm the next one.
        let sent: Vec<&str> = once.commands().into_iter().filter(|command| *command != "SYST").collect();
        assert_eq!(sent, commands, "{answers:?}");
        in_step(&mut once);
        // The way that works is tried first the next time.
        if outcome.is_ok() {
            assert!(matches!(set(&mut once), Outcome::Done(_)));
            assert_eq!(once.commands(), commands[commands.len() - 1..], "{answers:?}");
        }
        cancelled(|| client::set_modification_time(t("a f"), time()), rig);
    }
}

#[test]
fn the_time_that_the_server_tells_is_read() {
    let whole = Timestamp::parse(b"20240229123456").unwrap();
    for (mfmt, mdtm, told) in [
        ("213 Modify=20240229123456; a f", "500", Some(whole)),
        ("213 done", "500", None),
        ("500", "213 20240229123456", Some(whole)),
        ("500", "213 done", None),
    ] {
        let mut rig = Rig::greeted().says("MFMT", mfmt).says("MDTM", mdtm);
        assert_eq!(set(&mut rig), Outcome::Done(told), "{mfmt}, {mdtm}");
    }
}

#[test]
fn a_way_that_worked_once_and_is_gone_is_followed_by_the_others() {
    let mut rig =
        Rig::greeted().profile(Profile::TIME_BY_MDTM).says("MDTM", "500 no more").says("MFMT", "213 set");
    assert_eq!(set(&mut rig), Outcome::Done(None));
    assert_eq!(rig.commands(), [MDTM, MFMT]);
    assert_eq!(rig.client().profile(), Profile::empty());
    let mut rig =
        Rig::greeted().profile(Profile::TIME_BY_UTIME | Profile::NO_EPSV).says("SITE", "500 no more");
    rig = rig.says("MFMT", "500 no").says("MDTM", "213 set");
    assert_eq!(set(&mut rig), Outcome::Done(None));
    assert_eq!(rig.commands(), [UTIME, MFMT, MDTM]);
    assert_eq!(rig.client().profile(), Profile::TIME_BY_MDTM | Profile::NO_EPSV);
    // Its refusal of a file is one.
    let mut rig = Rig::greeted().profile(Profile::TIME_BY_MDTM).says("MDTM", "550 no such file");
    assert_eq!(set(&mut rig).refused(), 550);
    assert_eq!(rig.commands(), [MDTM]);
}
