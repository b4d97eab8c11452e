//! Operations that are dropped before their end.

use super::*;

#[test]
fn an_operation_may_be_dropped_at_any_point() {
    cancelled(login, Rig::greeted);
    cancelled(|| client::retrieve(t("g"), ASCII, 0), Rig::greeted);
    cancelled(|| client::retrieve(t("g"), IMAGE, 9), Rig::greeted);
    cancelled(|| client::store(t("g"), IMAGE, 9), Rig::greeted);
    cancelled(|| client::store(t("g"), ASCII, 0), Rig::greeted);
    cancelled(|| client::rename(t("a"), t("b")), Rig::greeted);
    cancelled(|| client::size(t("a")), Rig::greeted);
    cancelled(client::features, Rig::greeted);
    cancelled(client::greeting, Rig::new);
    cancelled(login, Rig::new);
    cancelled(|| client::retrieve(t("g"), IMAGE, 0), || Rig::greeted().says("EPSV", "500 no"));
    cancelled(|| client::retrieve(t("g"), IMAGE, 0), || Rig::greeted().profile(Profile::NO_PIPELINING));
}

#[test]
fn a_transfer_may_be_dropped_at_any_point() {
    for store in [false, true] {
        for polls in 0..30 {
            let (mut rig, id) = transferring(store);
            let _ = rig.run_for(&mut client::complete(id), polls, |_| ());
            in_step(&mut rig);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
            in_step(&mut rig);
        }
    }
}

#[test]
fn a_transfer_that_is_not_completed_is_aborted() {
    let mut rig = Rig::greeted();
    let _ = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    in_step(&mut rig);
    assert!(rig.data_operations().contains(&DataOp::Abort));
}

#[test]
fn an_operation_that_is_over_says_so() {
    let mut rig = Rig::greeted();
    let mut operation = client::noop();
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.run(&mut operation, |_| ()), Outcome::Error(Error::Local(LocalError::OperationOver)));
}

#[test]
fn what_arrives_while_no_operation_is_polled_is_in_time() {
    let mut rig = Rig::greeted().on("PWD", [Delay(seconds(1)), Say("257 \"/\" it is")]);
    // The first is dropped while its reply is owed, and nothing happens for longer than any limit.
    assert!(rig.run_for(&mut client::working_directory(), 4, |_| ()).is_none());
    rig.pass(seconds(1000));
    in_step(&mut rig);
}
