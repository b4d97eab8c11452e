//! Dialogues between both machines, in memory and without a socket.

use ftp_proto::client;
use ftp_proto::codec::{RepresentationType, Secret, Text};
use ftp_proto::testing::{MemoryHost, Pair};

fn pair() -> Pair<MemoryHost> {
    let mut pair = Pair::new(0, MemoryHost::new().with_file("/f", vec![7; 1024]));
    pair.run(&mut client::greeting(), |_| ()).done();
    pair
}

pub(crate) fn log_in(repetitions: u64) {
    for _ in 0..repetitions {
        logged_in();
    }
}

fn logged_in() -> Pair<MemoryHost> {
    let mut pair = pair();
    let mut login = client::login(Text::literal("me"), Secret::new(Text::literal("secret")), None);
    pair.run(&mut login, |_| ()).done();
    pair
}

/// Retrieves a file as often as asked in one session, whose login is not part of the difference that
/// is counted.
pub(crate) fn retrieve(repetitions: u64) {
    let mut pair = logged_in();
    for _ in 0..repetitions {
        let mut open = client::retrieve(Text::literal("/f"), RepresentationType::Image, 0);
        let transfer = pair.run(&mut open, |opened| opened.transfer).done();
        pair.run(&mut client::complete(transfer), |_| ()).done();
        assert_eq!(pair.take_received().len(), 1024);
    }
}
