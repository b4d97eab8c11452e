//! The dialogue, and each step of it (RFC 959 5.4). How commands go out is in `sending.rs`, how replies
//! come in in `replies.rs`.

use core::net::SocketAddr;

use arrayvec::ArrayVec;

use super::abort::GivingUp;
use super::channel::Channel;
use super::expected::{ExpectedReplies, Generation};
use super::fxp::Elsewhere;
use super::login::LoginState;
use super::replies::ReplyProgress;
use super::secure::Shield;
use super::sending::Listening;
use super::settings::Settings;
use super::{Config, Inherits, Offers, Profile, ReceivedLine, ReplyTo};
use crate::action::{Action, DataId, DataOp};
use crate::buffer::{Frame, Rx, Span, Tx};
use crate::codec::ReplyCode;
use crate::error::{Awaited, PeerError};
use crate::time::Instant;
use crate::transfer::Marker;

/// A client's side of one control connection.
///
/// Made for a connection that stands, the server's greeting not yet read. It is driven through
/// [`Operation`](super::Operation)s.
#[derive(Debug)]
pub struct Client {
    pub(super) config: Config,
    pub(super) profile: Profile,
    /// What the caller knew of the server.
    pub(super) given_profile: Profile,
    pub(super) shield: Shield,
    pub(super) settings: Settings,
    pub(super) expected: ExpectedReplies,
    /// The last restart marker of the last transfer.
    pub(super) last_marker: Option<Marker>,
    pub(super) channel: Option<Channel>,
    pub(super) peer: SocketAddr,
    pub(super) login: LoginState,
    /// What FEAT has named, once it was answered; and what its answer has named so far.
    pub(super) offers: Option<Offers>,
    pub(super) naming: Offers,
    pub(super) generation: Generation,
    pub(super) reply: ReplyProgress,
    pub(super) listening: Listening,
    pub(super) last_data: DataId,
    pub(super) ops: ArrayVec<(DataId, DataOp), 4>,
    pub(super) clock: Option<(Awaited, Instant)>,
    /// When the control connection was last used to keep it alive.
    pub(super) kept_alive: Option<Instant>,
    /// The transfer that is owed goes on between this server and another.
    pub(super) elsewhere: Elsewhere,
    /// The transfer that is being given up.
    pub(super) giving_up: Option<GivingUp>,
    /// Of the two replies to a transfer and the ABOR that ends it, one has come.
    pub(super) abort_answered: bool,
    /// That answer spoke of ABOR and of success: the transfer may have none of its own.
    pub(super) abort_said: bool,
    failed: Option<PeerError>,
    /// 421 arrived; the confirmed transfer is finished first.
    pub(super) leaving: bool,
    /// QUIT was sent, and nothing after it.
    pub(super) quitting: bool,
    /// The text of a reply that an operation is still to report is held in the receive window.
    pub(super) keeping: bool,
}

/// What [`Client::step`] tells the layer above.
#[derive(Debug)]
pub enum Heard {
    /// A line of a reply.
    Reply(ReceivedLine<Span>),
    /// What is owed has changed without a reply: ask the operation again.
    Changed,
}

impl Client {
    /// A client on a control connection to `peer`.
    ///
    /// Its receive storage has to hold a line of [`Limits::line`](super::Limits::line) bytes and its end, 2,048
    /// bytes by default; its send storage a whole command, and better those that travel together: 512 bytes do
    /// where paths are short. Less is a [`LocalError`](crate::error::LocalError) when the operation is polled.
    #[must_use]
    pub fn new(config: Config, peer: SocketAddr) -> Self {
        Self {
            shield: Shield::new(config.security.tls),
            config,
            profile: Profile::empty(),
            given_profile: Profile::empty(),
            settings: Settings::default(),
            expected: ExpectedReplies::new(),
            last_marker: None,
            channel: None,
            peer,
            login: LoginState::No,
            offers: None,
            naming: Offers::default(),
            generation: 0,
            reply: ReplyProgress::default(),
            listening: Listening::default(),
            last_data: DataId::NONE,
            ops: ArrayVec::new(),
            clock: None,
            kept_alive: None,
            elsewhere: Elsewhere::No,
            giving_up: None,
            abort_answered: false,
            abort_said: false,
            failed: None,
            leaving: false,
            quitting: false,
            keeping: false,
        }
    }

    /// Takes over what is known of the server.
    pub const fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
        self.given_profile = profile;
    }

    /// What was learnt of the server: worth keeping for the next connection to it.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// What the server said that it can do, when it was last asked by FEAT and answered; nothing before
    /// that, and after what makes it void (AUTH, REIN).
    #[must_use]
    pub const fn offers(&self) -> Option<Offers> {
        self.offers
    }

    /// Bytes that went over the running transfer's data connection.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.channel.map_or(0, |channel| channel.moved)
    }

    /// From where the last transfer in block or compressed mode can go on, should it not have come to its
    /// end (RFC 959 3.5): the server's marker, for [`Operation::<Open>::restart_at`], at a position of one's
    /// own file. None where there was no marker in it.
    ///
    /// [`Operation::<Open>::restart_at`]: super::Operation::restart_at
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.last_marker
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// The last reply of this session that answered nothing, where there was one: its code, and the first bytes
    /// of its text (up to 48). After [`PeerError::UnexpectedReply`] it is the one that the error is about.
    #[must_use]
    pub fn last_stray(&self) -> Option<(ReplyCode, &[u8])> {
        self.expected.last_stray().map(|stray| (stray.code, stray.text.as_slice()))
    }

    /// One step of the dialogue, below any operation: for those who build layers of their own.
    ///
    /// # Errors
    /// When the server broke the dialogue or ended it; the same again at every later call.
    pub fn step(
        &mut self,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Action<Heard>, PeerError> {
        if core::mem::take(&mut self.keeping) {
            // Whoever wanted to tell it is gone.
            let _ = rx.next_line(usize::MAX);
        }
        loop {
            self.go_on_giving_up(tx);
            if let Some((id, op)) = self.next_op() {
                return Ok(Action::Data(id, op));
            }
            if self.leaving && self.channel.is_none() {
                self.fail(PeerError::ServiceClosing);
            }
            if let Some(error) = self.failed {
                return Err(error);
            }
            if let Some(step) = self.change_protection(now, tx)? {
                return Ok(step);
            }
            let line = match rx.next_line(self.config.limits.line) {
                Frame::Line(line) | Frame::TooLong(line) => line,
                Frame::Binary => {
                    let greets = self.expected.awaits_greeting();
                    self.fail(if greets { PeerError::NotFtp } else { PeerError::NulInReply });
                    continue;
                }
                Frame::End { cut } if cut || self.reply.within.is_some() => {
                    self.fail(PeerError::ClosedInside);
                    continue;
                }
                Frame::End { .. } if self.quitting => return Ok(Action::Close),
                // After the reply that ends a transfer the rest of the data may still come.
                Frame::End { .. } if self.is_owed() || self.channel.is_none() => {
                    self.fail(PeerError::Closed);
                    continue;
                }
                Frame::End { .. } | Frame::Partial => {
                    if rx.pending() > 0 && self.reply.within.is_none() {
                        self.expected.began(tx.unsent_lines());
                    }
                    match self.wait(now, rx, tx) {
                        Some(step) => return Ok(step),
                        None => continue,
                    }
                }
            };
            if self.reply.within.is_none() && !line.is_empty() {
                self.expected.began(tx.unsent_lines());
            }
            if let Some(reply) = self.line(rx, line) {
                return Ok(Action::Event(Heard::Reply(reply)));
            }
        }
    }

    /// The connection is of no more use, and no reply will come.
    pub(super) fn fail(&mut self, error: PeerError) {
        self.failed = Some(error);
        self.stop_giving_up(error);
        self.expected.clear();
        self.close_data(DataOp::Abort);
    }

    // What operations use.

    /// A new operation begins. What an earlier one left and this one does not inherit is not its own: a
    /// data connection is closed, and replies still owed are read and dropped.
    pub(super) fn begin(&mut self, inherits: Inherits) -> Generation {
        let adopted = match inherits {
            // One between two servers has no data connection here.
            Inherits::Transfer(DataId::NONE) => self.elsewhere != Elsewhere::No,
            Inherits::Transfer(id) => self.channel.is_some_and(|channel| channel.id == id),
            Inherits::Nothing | Inherits::Greeting => false,
        };
        if !adopted {
            self.give_up_by_policy();
            self.expected.set_aside();
        }
        // What an earlier operation has heard is no longer all that came before the next command.
        self.listening = Listening::No;
        // Never the generation of no operation.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.expected.adopt(self.generation, |expected| match inherits {
            Inherits::Nothing => false,
            Inherits::Greeting => expected.to == ReplyTo::Greeting,
            Inherits::Transfer(_) => adopted && (expected.is_transfer() || expected.during_transfer),
        });
        self.generation
    }

    /// Whether every reply still owed is owed to this operation, and nothing keeps it from sending.
    pub(super) fn is_settled(&self, generation: Generation) -> bool {
        self.expected.all_belong_to(generation) && !self.shield.is_changing()
    }

    /// Whether a reply is owed.
    pub(super) fn is_owed(&self) -> bool {
        !self.expected.is_empty()
    }

    pub(super) fn peer_is_ipv6(&self) -> bool {
        match self.peer {
            SocketAddr::V4(_) => false,
            SocketAddr::V6(peer) => peer.ip().to_ipv4_mapped().is_none(),
        }
    }
}
