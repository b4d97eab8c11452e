//! Tests of the data connection on sockets of this runtime.

use ::std::future::poll_fn;
use ::std::io::Write;
use ::std::net::{Shutdown, TcpListener};

use super::reactor::{Blocking, block_on};
use crate::action::{DataEvent, DataId, DataOp};
use crate::io::driver::data::Data;
use crate::io::net::runtime::Timed;
use crate::transfer::{Coding, Parameters};

#[test]
fn waiting_for_the_close_of_a_server_that_talks_keeps_nobody() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (runtime, mut data, id) = (Timed::new(Blocking::new()), Data::new(), DataId::NONE.next());
    let act = |data: &mut Data<Blocking>, op| data.act(&runtime, address.ip(), None, id, op);
    assert!(act(&mut data, DataOp::Connect(address)).is_none());
    let event = block_on(poll_fn(|cx| data.poll_setup(&runtime, None, cx)));
    assert_eq!(event, DataEvent::Connected);
    let (mut server, _) = listener.accept().unwrap();
    assert!(act(&mut data, DataOp::Send(Parameters::new(Coding::IDENTITY))).is_none());
    assert_eq!(block_on(poll_fn(|cx| data.poll_finish(cx))), DataEvent::Flushed);
    assert!(act(&mut data, DataOp::AwaitClose).is_none());
    // Send as much as the sockets take.
    server.set_nonblocking(true).unwrap();
    let mut filled = 0;
    while let Ok(count) = server.write(&[b'x'; 65536]) {
        filled += count;
    }
    assert!(filled > 200_000, "{filled}");
    server.set_nonblocking(false).unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    // One poll takes a part of the data and reports that there is more.
    let mut polls = 0;
    let event = block_on(poll_fn(|cx| {
        polls += 1;
        data.poll_setup(&runtime, None, cx)
    }));
    assert_eq!(event, DataEvent::Eof { clean: true });
    assert!(polls > filled / 200_000, "{polls} for {filled} bytes");
}
