//! The end of the connection, announced or not.

use super::*;

#[test]
fn a_421_in_answer_to_anything_ends_the_connection() {
    for (commands, operation) in OPERATIONS {
        for command in commands.split(' ') {
            let mut rig = Rig::greeted().on(command, [Say("421 closing"), Hangup]);
            let outcome = operation(&mut rig);
            let told = matches!(outcome, Outcome::Refused { code: 421, .. })
                || outcome == peer_error(PeerError::ServiceClosing);
            assert!(told, "{command}: {outcome:?}");
            let closed = matches!(rig.data_operations().last(), None | Some(DataOp::Abort | DataOp::Close));
            assert!(closed, "{command}: {:?}", rig.data_operations());
            assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
        }
    }
}

#[test]
fn a_421_in_the_middle_of_a_transfer_ends_the_connection() {
    let mut rig = Rig::greeted().on("RETR", [Say("150 go"), Delay(seconds(1)), Say("421 closing"), Hangup]);
    assert_eq!(retrieve(&mut rig).refused(), 421);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
}

#[test]
fn a_421_behind_the_confirmation_of_a_transfer_waits_for_its_data() {
    for data_first in [false, true] {
        let mut rig = Rig::greeted().on(
            "RETR",
            [Say("150 here"), Data(b"abc"), Say("226 sent\r\n421 the server is shutting down"), Hangup],
        );
        rig.set_data_first(data_first);
        retrieve(&mut rig).done();
        let next = rig.run(&mut client::noop(), |_| ());
        assert_eq!(next, Outcome::Error(Error::Peer(PeerError::ServiceClosing)), "{:#?}", rig.transcript());
    }
}

#[test]
fn a_421_while_nothing_is_asked_ends_the_connection() {
    let mut rig = Rig::greeted().on("NOOP", [Say("200 okay"), Say("421 idle for too long"), Hangup]);
    rig.run(&mut client::noop(), |_| ()).done();
    assert_eq!(rig.run(&mut client::system(), |_| ()), peer_error(PeerError::ServiceClosing));
}

#[test]
fn an_end_in_the_middle_is_told() {
    for (commands, operation) in OPERATIONS {
        for command in commands.split(' ') {
            for (acts, error) in [
                (vec![Hangup], PeerError::Closed),
                (vec![Raw(b"250 hal".to_vec()), Hangup], PeerError::ClosedInside),
                (vec![Raw(b"250-half\r\n".to_vec()), Hangup], PeerError::ClosedInside),
            ] {
                let mut rig = Rig::greeted().on(command, acts);
                assert_eq!(operation(&mut rig), peer_error(error), "{command}");
                let closed =
                    matches!(rig.data_operations().last(), None | Some(DataOp::Abort | DataOp::Close));
                assert!(closed, "{command}: {:?}", rig.data_operations());
            }
        }
    }
}

#[test]
fn an_end_after_quit_is_no_error() {
    let mut rig = Rig::greeted().on("QUIT", [Say("221 bye"), Hangup]);
    rig.run(&mut client::quit(), |_| ()).done();
    let mut rig = Rig::greeted().on("QUIT", [Hangup]);
    assert_eq!(rig.run(&mut client::quit(), |_| ()), Outcome::Close);
    let mut rig = Rig::greeted().on("QUIT", [Raw(b"221 by".to_vec()), Hangup]);
    assert_eq!(rig.run(&mut client::quit(), |_| ()), peer_error(PeerError::ClosedInside));
}
