//! Tests of the driver with asynchronous and blocking hosts, over sockets in memory.

mod blocking;
mod idle;
mod memory;
mod segments;
mod slow;

use ::std::string::String;
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use ::std::task::{Context, Poll, Wake, Waker};
use ::std::time::Duration;

use super::Connection;
use crate::codec::Text;
use crate::error::Error;
use crate::io::host::AsyncAccounts;
use crate::io::net::runtime::Timed;
use crate::listing::{Entry, Kind, OwnedEntry};
use crate::server::{Config, Endpoints};
use memory::{Memory, Pipe};

struct Rig<A: AsyncAccounts> {
    connection: Connection<Memory, A>,
    control: Pipe,
    data: Pipe,
    clock: Arc<AtomicU64>,
    ended: Option<Result<(), Error>>,
}

struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<A: AsyncAccounts> Rig<A> {
    fn of(accounts: A) -> Self {
        let endpoints =
            Endpoints { local: "192.0.2.1:21".parse().unwrap(), peer: "192.0.2.2:40000".parse().unwrap() };
        let (control, data, clock) = (Pipe::default(), Pipe::default(), Arc::new(AtomicU64::new(1)));
        let runtime = Timed::new(Memory::new(data.clone(), Arc::clone(&clock)));
        let mut config = Config::default();
        config.timeouts.login_delay = Duration::ZERO;
        let connection =
            Connection::new(runtime, control.clone(), endpoints, config, Arc::new(accounts), true, None);
        let mut rig = Self { connection, control, data, clock, ended: None };
        assert_eq!(rig.say(""), "220 Service ready.\r\n");
        rig
    }

    /// Polls the connection until it no longer wakes itself.
    fn poll(&mut self) {
        let again = Arc::new(Again(true.into()));
        let waker = Waker::from(Arc::clone(&again));
        while self.ended.is_none() && again.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(ended) = self.connection.poll_serve(&mut Context::from_waker(&waker)) {
                self.ended = Some(ended);
            }
        }
    }

    /// Sends `lines`, and returns the output that follows at once.
    fn say(&mut self, lines: &str) -> String {
        self.control.send(lines.as_bytes());
        self.poll();
        String::from_utf8(self.control.take()).unwrap()
    }

    fn pass_time(&mut self, time: Duration) -> String {
        self.clock.fetch_add(time.as_micros() as u64, Ordering::SeqCst);
        self.say("")
    }
}

fn entry(name: &str, kind: Kind<'_>) -> OwnedEntry {
    Entry::to_owned(&Entry::new(Text::new(name.as_bytes()).unwrap(), kind))
}

fn codes(said: &str) -> Vec<&str> {
    said.lines().map(|line| &line[..3]).collect()
}
