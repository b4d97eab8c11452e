//! A client against a server that misbehaves.
//!
//! The server is a model of one session: a tree, and every command that the client sends. It doubles replies, delays
//! or drops them, inserts others and garbage, cuts data short, never ends it or never accepts it, refuses anything before or
//! after it was done, spoils handshakes, and leaves at any moment. Half of the sessions have one fault or none; some
//! have as many as there are commands. The server keeps a log of what it really did.
//!
//! These rules are checked:
//! - An upload that is reported done was stored by its own command, with exactly these bytes.
//! - A download that is reported done has exactly the bytes of the file from its offset on.
//! - A listing that is reported done has every entry.
//! - A removal, a renaming or a new directory that is reported done was made by its own command.
//! - A size, a working directory, a system or facts that are reported are those that the server told.
//! - Neither a name nor a password is sent before TLS where TLS is demanded.
//! - An operation ends within [`play::LONGEST`] of virtual time and a bounded number of polls, and the client never
//!   waits without a deadline.
//! - As long as replies are doubled at once and nothing else is wrong, every operation ends as it would have without.
//!
//! Some lies cannot be seen through. These are not held against the client, and counted:
//! - A download that is cut short in order, if nothing that the client can know contradicts its length: neither the
//!   caller, nor the 150, nor SIZE or MLST where they are asked (`play::Sources`). The same goes for a REST that is
//!   granted and ignored while SIZE is not at hand.
//! - A listing that is answered by a final reply alone, with its data connection left unused, counts as empty.
//! - A reply that was meant for something else, if its code is in the row of the command and it comes between the
//!   command and its own reply (`dialogue::Misleading`). If a reply too many has come before, only what changes
//!   nothing can be misled: the client confirms the rest by a probe. And any reply that can answer the command, if
//!   its own never comes.
//!
//! The model never commits these lies, since no client could know: it does not confirm an upload that it announced
//! (1yz) without storing it, grant REST to an upload and ignore it, cut a listing short, or confirm a removal that it
//! did not make.

mod dialogue;
mod faults;
mod play;
mod script;
mod server;
mod transfer;

use super::choices::Choices;
use super::shrink::Kind;
use play::Play;
pub use server::Server as Liar;

/// Counts the outcomes of operations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    done: usize,
    refused: usize,
    failed: usize,
    lost: usize,
    dropped: usize,
    aborted: usize,
    moved: usize,
    whole: usize,
    /// Wrong downloads that nothing could tell from right ones, and listings taken for empty.
    unknowable: usize,
    /// Operations reported done that were not, because of a reply that nothing sets apart.
    misled: usize,
    faults: usize,
    one_fault: usize,
    longest: u64,
    polls: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.failed += other.failed;
        self.lost += other.lost;
        self.dropped += other.dropped;
        self.aborted += other.aborted;
        self.moved += other.moved;
        self.whole += other.whole;
        self.unknowable += other.unknowable;
        self.misled += other.misled;
        self.faults += other.faults;
        self.one_fault += other.one_fault;
        self.longest = self.longest.max(other.longest);
        self.polls = self.polls.max(other.polls);
    }
}

fn session(choices: Choices) -> Tally {
    let mut play = Play::new(&choices);
    play.run();
    play.tally
}

#[test]
fn whatever_a_misbehaving_server_says_only_what_it_did_is_reported_done() {
    const TEST: &str = "whatever_a_misbehaving_server";
    let Some((sessions, tally)) = Kind { test: TEST, session }.run(3000) else { return };
    let Tally { done, refused, failed, lost, dropped, aborted, moved, whole, one_fault, .. } = tally;
    for count in [done, refused, failed, lost, dropped, aborted, moved, whole, one_fault] {
        assert!(count as u64 >= sessions / 50, "the simulation no longer simulates everything: {tally:?}");
    }
    assert!(tally.misled as u64 <= sessions / 200 + 1, "too much is excused: {tally:?}");
}
