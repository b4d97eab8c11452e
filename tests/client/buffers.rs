//! Storage that is too small, or just large enough.

use super::*;

#[test]
fn buffers_that_are_too_small_are_misuse() {
    let mut rig = Rig::greeted();
    let mut small = RecvBuf::new([0; 100]);
    let now = rig.now();
    let (client, rx, tx) = rig.parts();
    let error = client::noop().poll(client, now, &mut small, tx).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::RecvBufTooSmall { needed: 2048 }));
    let mut small = SendBuf::new([0; 5]);
    let mut noop = client::noop();
    // Before a command goes, what the server has sent is to be read.
    let first = noop.poll(client, now, rx, &mut small);
    assert!(matches!(first, Ok(ftp_proto::action::Action::Wait(_))), "{first:?}");
    let error = noop.poll(client, now, rx, &mut small).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::CommandTooLong));
    assert!(small.is_empty());
    in_step(&mut rig);
    let mut rig = Rig::greeted();
    let long = "x".repeat(1000);
    let mut operation = client::delete(Text::new(long.as_bytes()).unwrap());
    assert_eq!(rig.run(&mut operation, |_| ()), Outcome::Error(Error::Local(LocalError::CommandTooLong)));
    in_step(&mut rig);
    let mut open = client::retrieve(Text::new(long.as_bytes()).unwrap(), IMAGE, 0);
    assert_eq!(rig.run(&mut open, opened), Outcome::Error(Error::Local(LocalError::CommandTooLong)));
    in_step(&mut rig);
}

#[test]
fn a_send_queue_of_one_command_is_enough() {
    let mut rig = Rig::greeted();
    *rig.tx() = SendBuf::new(vec![0; 8]);
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "RETR f"]);
}
