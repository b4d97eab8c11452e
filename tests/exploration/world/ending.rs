//! Fair schedules, which bring a history to its end.

use super::World;
use crate::moves::{Move, Side};
use crate::task::Ask;
use ftp_proto::testing::Outcome;

/// Number of moves in which each operation of a fair schedule ends.
const FAIR: usize = 400;

impl World {
    /// Returns the next move of a fair schedule: a fixed order in which everything has its turn, until
    /// the operation is over. Returns `None` then.
    pub fn fair_move(&self) -> Option<Move> {
        if self.task.is_none() && (!self.gone[0] || self.gone[1]) {
            return None;
        }
        let rank = |step: &Move| match step {
            Move::Deliver(_) => 0,
            Move::Write(_) => 1,
            Move::Data(_) => 2,
            Move::Answer => 3,
            Move::Poll(_) => 4,
            _ => 5,
        };
        Some(self.natural().into_iter().min_by_key(rank).unwrap_or(Move::Time))
    }

    fn settle(&mut self) {
        let before = self.history.len();
        while let Some(step) = self.fair_move() {
            self.take(step);
            assert!(self.history.len() - before <= FAIR, "goes on and on");
        }
    }

    /// Brings the history to its end: whatever has happened, both sides close their connections,
    /// and if nothing fatal has happened, the client can do something else before. Returns the
    /// number of moves.
    pub fn finish(mut self) -> usize {
        let before = self.history.len();
        self.settle();
        self.moving = true;
        let first = if self.scenario.anew { self.begun.min(2) } else { 2 };
        for ask in [Ask::Greeting, Ask::Login, Ask::Noop, Ask::Retrieve, Ask::Quit].into_iter().skip(first) {
            if self.gone[Side::Client as usize] {
                break;
            }
            if ask == Ask::Retrieve && !self.session.is_logged_in() {
                continue;
            }
            self.take(Move::Begin(ask));
            self.settle();
            self.moving = true;
            let outcome = &self.outcome;
            assert!(self.doomed || *outcome == Some(Outcome::Done(())), "{ask:?}: {outcome:?}");
        }
        assert_eq!(self.gone, [true; 2]);
        assert_eq!(self.ends, [None; 2], "data connections outlive the session");
        self.moving = false;
        self.history.len() - before
    }
}
