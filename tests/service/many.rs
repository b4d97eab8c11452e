//! A thousand sessions at once, each of which moves a file up and down.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::site::{Runtime, Setup, Site};

const SESSIONS: usize = 1000;
/// The threads that play the clients, with bare sockets: what memory is taken is the server's.
const THREADS: usize = 10;
const SIZE: usize = 20_000;

struct Peer {
    control: BufReader<TcpStream>,
}

impl Peer {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut peer = Self { control: BufReader::with_capacity(256, stream) };
        peer.awaits("220");
        peer.says("USER me", "331");
        peer.says("PASS secret", "230");
        peer.says("TYPE I", "200");
        peer
    }

    fn awaits(&mut self, code: &str) -> String {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        assert!(line.starts_with(code), "{code} was to come, not {line:?}");
        line
    }

    fn says(&mut self, line: &str, code: &str) -> String {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.awaits(code)
    }

    fn data(&mut self) -> TcpStream {
        let reply = self.says("EPSV", "229");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        let data = TcpStream::connect(("127.0.0.1", port)).unwrap();
        data.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        data
    }
}

/// Memory of this process that is in use, in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

/// Does something to all, a few at a time.
fn each<T: Send, O: Send>(items: Vec<T>, act: impl Fn(T) -> O + Sync) -> Vec<O> {
    let mut parts: Vec<Vec<T>> = (0..THREADS).map(|_| Vec::new()).collect();
    for (index, item) in items.into_iter().enumerate() {
        parts[index % THREADS].push(item);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(|| part.into_iter().map(&act).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn content(number: usize) -> Vec<u8> {
    (0..SIZE).map(|at| (at * 31 + number * 7) as u8).collect()
}

#[test]
fn a_thousand_sessions_move_their_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    for runtime in [Runtime::Tokio, Runtime::Smol] {
        let site = Site::with(runtime, Setup { sessions: Some(SESSIONS), ..Setup::default() });
        let start = Instant::now();
        let before = resident();
        let peers = each((0..SESSIONS).collect(), |number| (number, Peer::new(site.address)));
        let (logged_in, idle) = (start.elapsed(), resident());

        // All uploads run before the first ends.
        let uploads = each(peers, |(number, mut peer)| {
            let mut data = peer.data();
            peer.says(&format!("STOR {number}"), "150");
            data.write_all(&content(number)[..SIZE / 2]).unwrap();
            (number, peer, data)
        });
        let uploading = resident();
        let peers = each(uploads, |(number, mut peer, mut data)| {
            data.write_all(&content(number)[SIZE / 2..]).unwrap();
            drop(data);
            peer.awaits("226");
            (number, peer)
        });
        let downloads = each(peers, |(number, mut peer)| {
            let data = peer.data();
            peer.says(&format!("RETR {number}"), "150");
            (number, peer, data)
        });
        let downloading = resident();
        let peers = each(downloads, |(number, mut peer, mut data)| {
            let mut received = Vec::new();
            data.read_to_end(&mut received).unwrap();
            peer.awaits("226");
            assert!(received == content(number), "{number}");
            peer
        });
        let after = resident();
        let time = start.elapsed();
        each(peers, |mut peer| peer.says("QUIT", "221"));
        let each = |bytes: usize| bytes.saturating_sub(before) / SESSIONS / 1024;
        println!(
            "{runtime:?}: {SESSIONS} sessions in {time:.1?} (login {logged_in:.1?}), KiB a session: idle {}, uploading {}, \
             downloading {}, idle again {}",
            each(idle),
            each(uploading),
            each(downloading),
            each(after),
        );
        assert!(each(idle) <= 64, "an idle session has {} KiB", each(idle));
        site.shutdown.shut_down(Duration::ZERO);
        site.ends();
    }
}
