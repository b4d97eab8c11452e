//! Tests of the session's timer.

use ::std::net::TcpListener;
use ::std::sync::Arc;
use ::std::sync::atomic::AtomicU32;
use ::std::task::{Wake, Waker};
use ::std::time::Duration;

use super::*;

/// Sockets that nothing watches, for tests whose runtimes need none.
impl Socket for TcpStream {
    fn poll_io<T>(
        &self,
        _: Interest,
        _: &mut Context<'_>,
        _: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        Poll::Pending
    }
}

impl Socket for TcpListener {
    fn poll_io<T>(
        &self,
        _: Interest,
        _: &mut Context<'_>,
        _: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        Poll::Pending
    }
}

/// A runtime whose timers fire at their second poll, if their moment is near.
#[derive(Clone)]
struct Early(Arc<AtomicU32>);

/// A timer of [`Early`], which counts its polls if it is to fire.
struct Alarm(Option<Arc<AtomicU32>>);

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Some(polls) if polls.fetch_add(1, Ordering::SeqCst) > 0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

impl Runtime for Early {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Timer = Alarm;

    fn stream(&self, stream: TcpStream) -> io::Result<TcpStream> {
        Ok(stream)
    }

    fn listener(&self, listener: TcpListener) -> io::Result<TcpListener> {
        Ok(listener)
    }

    fn timer(&self, at: Moment) -> Alarm {
        Alarm((at < Moment::now() + Duration::from_secs(1000)).then(|| Arc::clone(&self.0)))
    }

    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        call()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_moment_that_comes_while_a_later_one_is_asked_for_is_not_lost() {
    let mut timed = Timed::new(Early(Arc::default()));
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let cx = &mut Context::from_waker(&waker);
    let (near, far) =
        (timed.now().after(Duration::from_secs(500)), timed.now().after(Duration::from_secs(5000)));
    assert!(timed.poll_deadline(near, cx).is_pending());
    assert!(!woken.0.load(Ordering::SeqCst));
    assert!(timed.poll_deadline(far, cx).is_pending());
    assert!(woken.0.load(Ordering::SeqCst));
}

#[test]
fn a_move_of_few_bytes_is_a_small_part_of_what_is_done_at_once() {
    let cx = &Context::from_waker(Waker::noop());
    // Returns the number of such moves before it is the turn of other tasks.
    let at_once = |bytes| {
        let mut turns = Turns::default();
        let mut next = || {
            let next = turns.poll_after(true, cx);
            turns.moved(bytes);
            next.is_ready()
        };
        (0..1000).take_while(|_| next()).count()
    };
    assert_eq!([1, 8 * 1024, 16 * 1024, 64 * 1024, 1 << 20].map(at_once), [56, 56, 28, 7, 7]);
}
