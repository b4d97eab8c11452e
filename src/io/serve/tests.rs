//! Tests of accepting, with a listener that fails by script.

use ::std::cell::Cell;
use ::std::collections::VecDeque;
use ::std::future::{Ready, ready};
use ::std::rc::Rc;
use ::std::task::{Context, Waker};
use ::std::time::Instant as Moment;

use rustix::io::Errno;
use socket2::SockRef;

use super::*;

/// A clock that advances to every deadline that is waited on.
#[derive(Clone)]
struct Skips(Rc<Cell<Moment>>);

impl Runtime for Skips {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Timer = Ready<()>;

    fn stream(&self, stream: TcpStream) -> io::Result<TcpStream> {
        Ok(stream)
    }

    fn listener(&self, listener: TcpListener) -> io::Result<TcpListener> {
        Ok(listener)
    }

    fn timer(&self, at: Moment) -> Ready<()> {
        self.0.set(self.0.get().max(at));
        ready(())
    }

    fn now(&self) -> Moment {
        self.0.get()
    }

    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        call()
    }
}

/// Runs the accept loop through these errors, with a client waiting behind them. Returns the number
/// of clients accepted, the time that passed, and the result if the loop ended.
fn outcome(errors: &[Errno]) -> (usize, Duration, Option<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let state = State::default();
    let (clock, mut script) = (Rc::new(Cell::new(Moment::now())), VecDeque::from(errors.to_vec()));
    let (mut runtime, start) = (Timed::new(Skips(Rc::clone(&clock))), clock.get());
    let mut taken = 0;
    let mut begin = |_, _| taken += 1;
    let mut calls = 0;
    let cx = &mut Context::from_waker(Waker::noop());
    let mut ended = None;
    {
        let mut accepting = pin!(accept_all(&mut runtime, &state, &mut begin, |_| {
            calls += 1;
            match script.pop_front() {
                Some(error) => Poll::Ready(Err(io::Error::from(error))),
                None if calls == errors.len() + 1 => {
                    Poll::Ready(socket::accept(&SockRef::from(&listener)).map(Some))
                }
                None => Poll::Pending,
            }
        }));
        // The loop yields to other tasks now and then.
        for _ in 0..1000 {
            if let Poll::Ready(result) = accepting.as_mut().poll(cx) {
                ended = Some(result);
                break;
            }
        }
    }
    // Sessions count whole microseconds since an epoch, and the clock began between two of them.
    let passed = (clock.get() - start).as_nanos().div_ceil(1000);
    (taken, Duration::from_micros(u64::try_from(passed).unwrap()), ended)
}

#[test]
fn no_error_of_a_connection_or_of_a_lack_ends_the_server_though_nobody_is_served() {
    for error in [
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
        Errno::PROTO,
        Errno::PERM,
        Errno::CONNABORTED,
        Errno::NETDOWN,
        Errno::IO,
    ] {
        for times in [1, 3, 100] {
            let (taken, _, ended) = outcome(&vec![error; times]);
            assert!(taken == 1 && ended.is_none(), "{error:?}: {taken} {ended:?}");
        }
    }
}

#[test]
fn errors_of_a_connection_cost_no_time_and_a_lack_is_waited_out() {
    let (_, time, _) = outcome(&[Errno::PROTO, Errno::PERM, Errno::CONNABORTED, Errno::NETDOWN]);
    assert_eq!(time, Duration::ZERO);
    let (_, time, _) = outcome(&[Errno::MFILE, Errno::NFILE, Errno::NOBUFS]);
    assert_eq!(time, 3 * PAUSE);
}

#[test]
fn a_listener_that_is_gone_ends_the_server() {
    for error in [Errno::BADF, Errno::NOTSOCK, Errno::INVAL] {
        let (taken, _, ended) = outcome(&[Errno::PROTO, error]);
        assert!(taken == 0 && matches!(ended, Some(Err(_))), "{error:?}: {taken} {ended:?}");
    }
}
