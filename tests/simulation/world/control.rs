//! The control connection of a machine: pieces of what it carries, and TLS as far as machines see it. A handshake is a
//! message each way, and the end of TLS is, too.

use super::{Machine, Side, World};
use ftp_proto::codec::Escaped;
use ftp_proto::security::{Downgrade, Upgrade};

/// What a TLS client says first, and what a server answers; and what each says when it ends TLS.
pub const CLIENT_HELLO: &[u8] = b"\x16C";
pub const SERVER_HELLO: &[u8] = b"\x16S";
pub const CLOSE_NOTIFY: &[u8] = b"\x15";

/// What is on the wire.
#[derive(Debug)]
pub enum Layer {
    Clear,
    /// A handshake runs; whether this side has said what is its to say.
    Starting {
        token: Option<Upgrade>,
        said: bool,
    },
    Secure,
    /// TLS ends.
    Ending {
        token: Option<Downgrade>,
        said: bool,
    },
}

impl Layer {
    pub const fn upgrade(token: Upgrade) -> Self {
        Self::Starting { token: Some(token), said: false }
    }

    pub const fn downgrade(token: Downgrade) -> Self {
        Self::Ending { token: Some(token), said: false }
    }
}

impl Side {
    fn upgraded(&mut self, token: Upgrade, works: bool) {
        match (&mut self.machine, works) {
            (Machine::Client(client), true) => client.upgraded(token),
            (Machine::Client(client), false) => client.upgrade_failed(token),
            (Machine::Served(served), true) => served.session.upgraded(token),
            (Machine::Served(served), false) => served.session.upgrade_failed(token),
            _ => panic!("no machine"),
        }
        self.layer = if works { Layer::Secure } else { Layer::Clear };
        self.wait = None;
    }
}

impl World {
    /// A piece of what a machine queued goes out.
    pub(super) fn send(&mut self, side: usize) -> bool {
        let pending = self.sides[side].tx.pending().len().min(self.net.room(side ^ 1));
        let may = self.sides[side].wait.is_none_or(|wait| wait.writable);
        if pending == 0 || !may || self.sides[side].gone {
            return false;
        }
        if self.net.choices.chance(self.net.plan.control_resets, 1000) {
            self.net.note(|| "-- the control connection breaks".to_owned());
            self.net.harm.fatal += 1;
            self.net.hang_up(side);
            self.net.hang_up(side ^ 1);
        }
        if self.net.choices.chance(self.net.plan.control_stalls, 1000) {
            self.net.note(|| "-- the control connection is cut".to_owned());
            self.net.harm.fatal += 1;
            let way = self.net.choices.below(2);
            self.net.control[side ^ way].swallows = true;
        }
        let count = self.net.choices.piece(pending);
        self.pass_on(side, count);
        true
    }

    /// Puts bytes of a machine on the control connection.
    pub(super) fn pass_on(&mut self, side: usize, count: usize) {
        self.observe(side);
        let bytes = self.sides[side].tx.pending()[..count].to_vec();
        let secure = if matches!(self.sides[side].layer, Layer::Secure) { " (TLS)" } else { "" };
        self.net.note(|| format!("{}: {}{secure}", super::NAMES[side], Escaped(&bytes)));
        self.net.say(side ^ 1, &bytes);
        self.sides[side].tx.sent(count);
        self.sides[side].seen = self.sides[side].seen.saturating_sub(count);
        self.sides[side].wake(|wait| wait.writable);
        let doubted = self.sides[side].as_client().is_some_and(|client| client.last_stray().is_some());
        if let Machine::Liar(liar) = &mut self.sides[side ^ 1].machine {
            liar.dialogue.sends(&bytes, doubted);
        }
    }

    /// A piece of what has arrived goes to a machine.
    pub(super) fn receive(&mut self, to: usize) -> bool {
        if self.sides[to].gone || matches!(self.sides[to].machine, Machine::Liar(_) | Machine::Rogue(_)) {
            return false;
        }
        if matches!(self.sides[to].layer, Layer::Starting { .. } | Layer::Ending { .. }) {
            return self.change_layer(to);
        }
        let now = self.net.now;
        let ahead = matches!(self.sides[to ^ 1].machine, Machine::Client(_) | Machine::Served(_));
        let side = &mut self.sides[to];
        if !side.wait.is_some_and(|wait| wait.readable) {
            return false;
        }
        let pipe = &mut self.net.control[to];
        let arrived = pipe.arrived(now);
        if arrived.is_empty() {
            let over = pipe.is_over(now) && !core::mem::replace(&mut side.told_end, pipe.is_over(now));
            if over {
                self.net.note(|| format!("{}: the peer has closed the connection", super::NAMES[to]));
                side.rx.eof();
                side.wait = None;
            }
            return over;
        }
        // The peer is ahead with TLS.
        if ahead && matches!(arrived[0], 0x15 | 0x16) {
            return false;
        }
        let count = self.net.choices.piece(arrived.len());
        let taken = side.rx.extend(&arrived[..count]);
        assert!(taken > 0, "it waits for bytes and has no room for any");
        side.wait = None;
        if let Machine::Served(served) = &mut side.machine {
            served.dialogue.commands(&arrived[..taken]);
        }
        pipe.take(taken);
        if let Machine::Liar(liar) = &mut self.sides[to ^ 1].machine {
            liar.dialogue.hears(taken);
        }
        true
    }

    /// A step of a handshake, or of the end of TLS.
    fn change_layer(&mut self, side: usize) -> bool {
        let now = self.net.now;
        if !self.sides[side].tx.is_empty() {
            return false;
        }
        let is_client = side % 2 == super::CLIENT;
        let (hello, awaited) = match (&self.sides[side].layer, is_client) {
            (Layer::Ending { .. }, _) => (CLOSE_NOTIFY, CLOSE_NOTIFY),
            (_, true) => (CLIENT_HELLO, SERVER_HELLO),
            (_, false) => (SERVER_HELLO, CLIENT_HELLO),
        };
        let (Layer::Starting { said, .. } | Layer::Ending { said, .. }) = &mut self.sides[side].layer else {
            return false;
        };
        let starts_first = is_client || hello == CLOSE_NOTIFY;
        if starts_first && !core::mem::replace(said, true) {
            self.net.note(|| format!("{}: {}", super::NAMES[side], Escaped(hello)));
            self.net.say(side ^ 1, hello);
            return true;
        }
        let arrived = self.net.control[side].arrived(now);
        let comes = arrived.starts_with(awaited);
        let fails = !arrived.is_empty() || self.net.control[side].is_over(now);
        if !comes && !fails {
            return false;
        }
        if let Layer::Ending { token, .. } = &mut self.sides[side].layer {
            // Whatever was still under TLS is of no interest any more.
            let count = if comes { awaited.len() } else { arrived.len() };
            self.net.control[side].take(count);
            let token = token.take();
            match (&mut self.sides[side].machine, comes) {
                (Machine::Client(client), true) => client.downgraded(token.expect("a token")),
                (Machine::Served(served), true) => served.session.downgraded(token.expect("a token")),
                _ if count > 0 => {
                    self.sides[side].layer = Layer::Ending { token, said: true };
                    return true;
                }
                _ => {
                    let fresh = !core::mem::replace(&mut self.sides[side].told_end, true);
                    self.sides[side].rx.eof();
                    self.sides[side].layer = Layer::Ending { token, said: true };
                    self.sides[side].wait = self.sides[side].wait.take().filter(|_| !fresh);
                    return fresh;
                }
            }
            self.sides[side].layer = Layer::Clear;
            self.sides[side].wait = None;
            return true;
        }
        self.shake_hands(side, comes)
    }

    /// The peer's part of the handshake has come, or something else.
    fn shake_hands(&mut self, side: usize, comes: bool) -> bool {
        let mut works = comes;
        if comes {
            self.net.control[side].take(2);
            if self.net.choices.chance(self.net.plan.handshakes, 1000) {
                self.net.harm.fatal += 1;
                works = false;
                match self.net.choices.below(3) {
                    0 => self.net.hang_up(side ^ 1),
                    1 => self.net.say(side ^ 1, b"\x16?"),
                    // It is never answered, and this side does not know.
                    _ => {
                        self.net.note(|| "-- the handshake is swallowed".to_owned());
                        self.net.control[side ^ 1].swallows = true;
                        works = true;
                    }
                }
            }
        }
        if works && side % 2 == super::SERVER {
            self.net.say(side ^ 1, SERVER_HELLO);
        }
        let Layer::Starting { token, .. } = &mut self.sides[side].layer else { return false };
        let token = token.take().expect("a token");
        self.net.note(|| format!("{}: TLS: {works}", super::NAMES[side]));
        self.sides[side].upgraded(token, works);
        true
    }
}
