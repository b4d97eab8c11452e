//! A runtime on the mio crate, in 204 lines of code: one thread that runs tasks, and waits for
//! sockets and timers when none can go on.
//!
//! 79 of the lines implement [`Runtime`]. The others are the executor and its poll loop. `std`'s
//! [`Waker`]s connect the two: those of a task are kept with its sockets and timers, and put the
//! task's number into a set of tasks to poll. The types are behind `Arc` and `Mutex` in spite of the
//! one thread, since a server's sessions are `Send`, and the threads of a server's host wake tasks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::io;
use std::mem::{replace, take};
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd as OwnedSocket};
#[cfg(windows)]
use std::os::windows::io::{AsSocket, BorrowedSocket, OwnedSocket};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use ftp_proto::io::{Interest, Runtime, Socket};
use mio::{Events, Registry, Token};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Number of the future that [`Mio::run`] waits for, as a task.
const MAIN: usize = 0;

/// Token of the waker that interrupts the wait for sockets.
const INTERRUPT: Token = Token(0);

/// A handle to a runtime, whose clones are handles to the same.
#[derive(Clone)]
pub struct Mio(Arc<Shared>);

struct Shared {
    poll: Mutex<mio::Poll>,
    registry: Registry,
    interrupt: mio::Waker,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last number that was given to a task, a socket or a timer.
    last: usize,
    spawned: Vec<(usize, Task)>,
    woken: BTreeSet<usize>,
    /// The tasks that wait to read from a socket, and to write to it.
    sockets: HashMap<Token, [Option<Waker>; 2]>,
    timers: BTreeMap<(Instant, usize), Waker>,
    /// Is set while the thread waits, and has to be interrupted to notice a task that was woken.
    is_waiting: bool,
}

impl State {
    fn number(&mut self) -> usize {
        self.last += 1;
        self.last
    }
}

impl Mio {
    pub fn new() -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let interrupt = mio::Waker::new(&registry, INTERRUPT)?;
        Ok(Self(Arc::new(Shared { poll: Mutex::new(poll), registry, interrupt, state: Mutex::default() })))
    }

    /// Starts a task. It makes progress while [`run`](Self::run) is called.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        let number = state.number();
        state.spawned.push((number, Box::pin(task)));
        drop(state);
        self.wake(number);
    }

    /// Runs `main` and all tasks until `main` has ended, and drops the tasks that have not.
    pub fn run<T>(&self, main: impl Future<Output = T>) -> T {
        let waker = |number| Waker::from(Arc::new(Woken(self.clone(), number)));
        let (mut main, of_main) = (pin!(main), waker(MAIN));
        let mut tasks: HashMap<usize, (Task, Waker)> = HashMap::new();
        let mut events = Events::with_capacity(256);
        self.wake(MAIN);
        loop {
            let (spawned, woken) = {
                let mut state = self.state();
                (take(&mut state.spawned), take(&mut state.woken))
            };
            tasks.extend(spawned.into_iter().map(|(number, task)| (number, (task, waker(number)))));
            for number in woken {
                if number == MAIN {
                    if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&of_main)) {
                        return output;
                    }
                } else if let Some((task, waker)) = tasks.get_mut(&number) {
                    if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
                        tasks.remove(&number);
                    }
                }
            }
            self.wait(&mut events);
        }
    }

    /// Waits until a task can go on, and wakes those whose sockets are ready or whose time has come.
    fn wait(&self, events: &mut Events) {
        let mut state = self.state();
        state.is_waiting = state.woken.is_empty();
        let next = state.timers.keys().next().map(|(at, _)| at.saturating_duration_since(Instant::now()));
        let timeout = if state.is_waiting { next } else { Some(Duration::ZERO) };
        drop(state);
        match self.0.poll.lock().unwrap().poll(events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => panic!("cannot wait: {error}"),
            _ => {}
        }
        let mut state = self.state();
        state.is_waiting = false;
        let later = state.timers.split_off(&(Instant::now(), usize::MAX));
        let mut woken: Vec<_> = replace(&mut state.timers, later).into_values().collect();
        for event in events.iter() {
            if let Some([read, write]) = state.sockets.get_mut(&event.token()) {
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    woken.extend(read.take());
                }
                if event.is_writable() || event.is_write_closed() || event.is_error() {
                    woken.extend(write.take());
                }
            }
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    fn wake(&self, task: usize) {
        let mut state = self.state();
        state.woken.insert(task);
        if take(&mut state.is_waiting) {
            self.0.interrupt.wake().expect("the poll exists as long as its waker");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

/// The waker of a task.
struct Woken(Mio, usize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.wake(self.1);
    }
}

impl Runtime for Mio {
    type Stream = Watched;
    type Listener = Watched;
    type Timer = Timer;

    fn stream(&self, stream: TcpStream) -> io::Result<Watched> {
        let token = Token(self.state().number());
        let socket = mio::net::TcpStream::from_std(stream);
        let mut watched = Watched { socket, token, runtime: self.clone() };
        self.state().sockets.insert(token, [None, None]);
        let interests = mio::Interest::READABLE | mio::Interest::WRITABLE;
        self.0.registry.register(&mut watched.socket, token, interests)?;
        Ok(watched)
    }

    /// Watches a listener as a stream, which is the same to mio but for a `try_io` that its
    /// listener does not have.
    fn listener(&self, listener: TcpListener) -> io::Result<Watched> {
        self.stream(OwnedSocket::from(listener).into())
    }

    fn timer(&self, at: Instant) -> Timer {
        Timer { at, number: self.state().number(), runtime: self.clone() }
    }
}

/// A socket, which leaves the loop when it is dropped.
pub struct Watched {
    socket: mio::net::TcpStream,
    token: Token,
    runtime: Mio,
}

impl Socket for Watched {
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        // The waker is set before the call: the socket may become ready right after it.
        if let Some(wakers) = self.runtime.state().sockets.get_mut(&self.token) {
            wakers[usize::from(interest == Interest::Write)] = Some(cx.waker().clone());
        }
        match self.socket.try_io(call) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }
}

#[cfg(unix)]
impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(windows)]
impl AsSocket for Watched {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.socket.as_socket()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.runtime.state().sockets.remove(&self.token);
        let _ = self.runtime.0.registry.deregister(&mut self.socket);
    }
}

/// A future that is ready at a moment.
pub struct Timer {
    at: Instant,
    number: usize,
    runtime: Mio,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at <= Instant::now() {
            return Poll::Ready(());
        }
        self.runtime.state().timers.insert((self.at, self.number), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.runtime.state().timers.remove(&(self.at, self.number));
    }
}
