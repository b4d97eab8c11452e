//! The choices of a session: numbers that are drawn from a seed and recorded, or replayed from a list. Everything
//! that may go one way or another is decided here, so that the list alone determines a session.
//!
//! Zero is the plainest choice everywhere: all bytes at once, no delay, nothing wrong, the first of the operations. A
//! list that ends early goes on with zeros, so that any list makes a session, and a shorter one a simpler session.

use ftp_proto::testing::Random;
use std::cell::RefCell;
use std::rc::Rc;

/// The most choices of one session.
const MOST: usize = 4_000_000;

#[derive(Debug)]
struct Stream {
    /// The source of what the list does not have; without one it is zeros.
    random: Option<Random>,
    /// What was chosen, and from the position on what is to be.
    list: Vec<u32>,
    at: usize,
    /// Unset for long transfers, of which no list is wanted.
    records: bool,
}

/// A source of choices. Clones share it.
#[derive(Clone, Debug)]
pub struct Choices(Rc<RefCell<Stream>>);

impl Choices {
    /// Draws choices from a seed.
    pub fn drawn(seed: u64) -> Self {
        let random = Some(Random::new(seed ^ 0x0070_1a2b));
        Self(Rc::new(RefCell::new(Stream { random, list: Vec::new(), at: 0, records: true })))
    }

    /// Draws choices from a seed, and does not record them.
    pub fn unrecorded(seed: u64) -> Self {
        let choices = Self::drawn(seed);
        choices.0.borrow_mut().records = false;
        choices
    }

    /// Repeats a list.
    pub fn listed(list: &[u32]) -> Self {
        Self(Rc::new(RefCell::new(Stream { random: None, list: list.to_vec(), at: 0, records: true })))
    }

    /// Returns what was chosen until now.
    pub fn list(&self) -> Vec<u32> {
        let stream = self.0.borrow();
        stream.list[..stream.at.min(stream.list.len())].to_vec()
    }

    /// Returns a number in `0..bound`, or 0 if `bound` is 0.
    pub fn below(&self, bound: usize) -> usize {
        if bound <= 1 {
            return 0;
        }
        let stream = &mut *self.0.borrow_mut();
        if let Some(random) = &mut stream.random {
            let chosen = random.below(bound);
            if !stream.records {
                return chosen;
            }
            stream.list.push(chosen as u32);
        }
        let chosen = stream.list.get(stream.at).map_or(0, |chosen| *chosen as usize);
        stream.at += 1;
        assert!(stream.at < MOST, "it goes on and on");
        chosen.min(bound - 1)
    }

    /// Returns whether something happens that happens `of` times `among` so many.
    pub fn chance(&self, of: usize, among: usize) -> bool {
        of > 0 && self.below(among) + of >= among
    }

    /// Returns one of the items.
    pub fn one<T: Copy>(&self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Returns the size of a piece of `available`: sometimes everything, usually little.
    pub fn piece(&self, available: usize) -> usize {
        if available <= 1 {
            return available;
        }
        match self.below(4) {
            0 => available,
            1 => 1,
            _ => (1 + self.below(16)).min(available),
        }
    }

    /// Returns noise of a length up to `most`, with bytes that a transfer of text has to be careful with, and a
    /// number at its end that no other content has. It takes two choices, whatever its length.
    pub fn content(&self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        let number = self.below(1 << 30) as u64;
        let mut random = Random::new(number);
        let bytes = (0..length).map(|_| match random.below(6) {
            0 => b'\r',
            1 => b'\n',
            2 => 0xff,
            _ => random.below(256) as u8,
        });
        bytes.chain(format!("#{number:08x}").into_bytes()).collect()
    }
}
