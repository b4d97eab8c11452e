//! Tests of the waits of a thread, and of urgent data.

use ::std::future::poll_fn;
use ::std::io::Read;
use ::std::net::{TcpListener, TcpStream};

use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::*;
use crate::io::net::runtime::{Stream, Timed, Turns, Watched};
use crate::io::std::reactor::Blocking;

/// A stream of this runtime, and its other end.
fn pair() -> (Watched<Polled>, TcpStream) {
    pair_of(&Timed::new(Blocking::new()))
}

fn pair_of(runtime: &Timed<Blocking>) -> (Watched<Polled>, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let socket = runtime
        .adopt({
            let (stream, _) = listener.accept().unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .unwrap();
    (socket, peer)
}

fn written(result: Poll<io::Result<usize>>) {
    assert!(matches!(result, Poll::Ready(Ok(1..))), "{result:?}");
}

#[test]
fn a_future_that_wakes_itself_hears_of_its_sockets() {
    let runtime = Timed::new(Blocking::new());
    let (mut busy, _unread) = pair_of(&runtime);
    let (mut quiet, mut peer) = pair_of(&runtime);
    let (mut buffer, mut calls) = ([0; 16], 0);
    let (mut said, mut turns) = (false, Turns::default());
    let read = block_on(poll_fn(|cx| {
        loop {
            if let Poll::Ready(read) = quiet.poll_read(cx, &mut buffer) {
                return Poll::Ready(read);
            }
            // The socket was found to be quiet, and now becomes readable.
            if !said {
                peer.write_all(b"stop").unwrap();
                said = true;
            }
            assert!(calls < 100, "nobody looked");
            calls += 1;
            written(busy.poll_write(cx, b"more"));
            if turns.poll_next(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }));
    assert_eq!(&buffer[..read.unwrap()], b"stop");
}

#[test]
fn what_was_waited_for_and_dropped_is_closed_before_the_wait() {
    let runtime = Timed::new(Blocking::new());
    let (socket, mut peer) = pair_of(&runtime);
    let (mut other, mut distant) = pair_of(&runtime);
    let mut socket = Some(socket);
    let mut buffer = [0; 16];
    // The thread sees the end of the first connection and answers on the second.
    let answer = ::std::thread::spawn(move || {
        let end = peer.read(&mut [0; 16]);
        distant.write_all(b"gone").unwrap();
        (end, distant)
    });
    let read = block_on(poll_fn(|cx| {
        if let Some(mut socket) = socket.take() {
            assert!(socket.poll_read(cx, &mut buffer).is_pending());
        }
        other.poll_read(cx, &mut buffer)
    }));
    assert_eq!(&buffer[..read.unwrap()], b"gone");
    assert_eq!(answer.join().unwrap().0.unwrap(), 0);
}

#[test]
fn a_future_is_woken_by_another_thread() {
    let start = Moment::now();
    let (mut turns, mut other) = (0, None);
    block_on_woken(poll_fn(|cx| {
        turns += 1;
        match turns {
            // A ring before the wait counts, too.
            1 => cx.waker().wake_by_ref(),
            2 => {
                let waker = cx.waker().clone();
                other = Some(::std::thread::spawn(move || {
                    ::std::thread::sleep(Duration::from_millis(20));
                    waker.wake();
                }));
            }
            _ => return Poll::Ready(()),
        }
        Poll::Pending
    }))
    .unwrap();
    assert!(start.elapsed() >= Duration::from_millis(20));
    other.unwrap().join().unwrap();
}

#[test]
fn an_urgent_byte_goes_out_of_band() {
    let (mut socket, mut peer) = pair();
    let cx = &mut Context::from_waker(Waker::noop());
    written(socket.poll_write(cx, b"abc"));
    written(socket.poll_write_urgent(cx, b'!'));
    written(socket.poll_write(cx, b"def"));
    let (mut bytes, mut urgent) = ([0; 3], [0]);
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"abc");
    let mut fds = [PollFd::new(&peer, PollFlags::PRI)];
    poll(&mut fds, Timespec::try_from(Duration::from_secs(10)).ok().as_ref()).unwrap();
    recv(&peer, &mut urgent, RecvFlags::OOB).unwrap();
    assert_eq!(&urgent, b"!");
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"def");
}

#[test]
fn an_urgent_byte_is_read_where_it_stands() {
    let (mut socket, mut peer) = pair();
    socket.read_urgent_in_line();
    peer.write_all(b"abc").unwrap();
    send(&peer, b"!", SendFlags::OOB).unwrap();
    peer.write_all(b"def").unwrap();
    drop(peer);
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16]);
    // Each iteration waits for one read. There are at most as many reads as bytes, and one for the
    // end.
    for _ in 0..8 {
        match block_on(poll_fn(|cx| socket.poll_read(cx, &mut chunk))).unwrap() {
            0 => break,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
    assert_eq!(bytes, b"abc!def");
}
