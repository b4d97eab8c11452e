//! Virtual time, and what lies between the client and the server.

use super::super::network::Pipe;
use super::dialogue::Dialogue;
use ftp_proto::testing::Random;
use std::collections::VecDeque;

pub const SECOND: u64 = 1_000_000;

/// A data connection.
#[derive(Debug, Default)]
pub struct Link {
    pub to_client: Pipe,
    pub to_server: Pipe,
}

/// A port of the server that is listened on.
#[derive(Debug)]
pub struct Listener {
    pub port: u16,
    /// Who has come, and when the server sees it.
    pub link: Option<(u64, usize)>,
}

#[derive(Debug)]
pub struct Net {
    pub now: u64,
    pub random: Random,
    /// The longest delay of a segment.
    delay: u64,
    /// The largest piece of data, and how much a data connection holds.
    pub piece: usize,
    pub window: usize,
    pub to_client: Pipe,
    pub to_server: Pipe,
    pub links: Vec<Link>,
    /// The server's listener.
    pub passive: Option<Listener>,
    /// The client's listener, and who has come.
    pub active: Option<(u16, VecDeque<(u64, usize)>)>,
    pub dialogue: Dialogue,
    trace: Vec<String>,
}

impl Net {
    pub fn new(mut random: Random) -> Self {
        let delay = [0, 1000, 50_000, SECOND][random.below(4)];
        let piece = 1 + [40, 400, 4000][random.below(3)];
        let window = 200 + random.below(6000);
        Self {
            now: 5,
            random,
            delay,
            piece,
            window,
            to_client: Pipe::default(),
            to_server: Pipe::default(),
            links: Vec::new(),
            passive: None,
            active: None,
            dialogue: Dialogue::default(),
            trace: Vec::new(),
        }
    }

    pub fn note(&mut self, line: &str) {
        let (seconds, micros) = (self.now / SECOND, self.now % SECOND);
        self.trace.push(format!("{seconds:>6}.{micros:06} {line}"));
    }

    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    pub fn delay(&mut self) -> u64 {
        match self.random.below(3) {
            0 => 0,
            _ => self.random.below(self.delay as usize + 1) as u64,
        }
    }

    /// A time up to this many microseconds, mostly far less.
    pub fn some_time(&mut self, most: u64) -> u64 {
        match self.random.below(4) {
            0 => 0,
            1 => self.random.below(most.min(2000) as usize + 1) as u64,
            2 => self.random.below((most / 20) as usize + 1) as u64,
            _ => self.random.below(most as usize + 1) as u64,
        }
    }

    /// When the next thing arrives.
    pub fn next(&self) -> Option<u64> {
        let pipes = self.links.iter().rev().take(4).flat_map(|link| [&link.to_client, &link.to_server]);
        let pipes = pipes.chain([&self.to_client, &self.to_server]).filter_map(|pipe| pipe.next(self.now));
        let arrivals = self.active.iter().filter_map(|(_, arrivals)| arrivals.front().map(|(at, _)| *at));
        let accepts = self.passive.iter().filter_map(|listener| listener.link.map(|(at, _)| at));
        pipes.chain(arrivals).chain(accepts).filter(|at| *at > self.now).min()
    }
}
