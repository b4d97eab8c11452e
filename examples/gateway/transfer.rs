//! A transfer: the command, the bytes, and the commands that may come meanwhile.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use ftp_proto::codec::{Command, Direction, ReplyCode, Verb};
use ftp_proto::io::tls::ClientSessions;

use super::UpstreamData;
use super::data::{self, Half, PARTING};
use super::session::{Next, Session, next};
use super::stream::within;
use super::wire::{Heard, Said};

/// The time that a server has for a reply behind that of the transfer.
const SECOND_REPLY: Duration = Duration::from_secs(10);
/// The most lines of a transfer's final reply, which is kept until the data are through.
const LONGEST_REPLY: usize = 2_000;
/// The most commands that may wait for a reply during a transfer.
const MOST_WAITING: usize = 20;

type Relay = Pin<Box<dyn Future<Output = io::Result<u64>> + Send>>;

/// A transfer that the server has begun.
struct Transfer {
    /// The bytes in transit. `None` once they are through, or given up.
    relay: Option<Relay>,
    /// The outcome of the relay.
    outcome: io::Result<u64>,
    /// The reply that is not complete.
    reply: Vec<Said>,
    /// The final reply of the transfer, held until the relay has ended: the client may take it for
    /// proof that everything has arrived.
    last: Option<Vec<Said>>,
    /// The commands that were passed on meanwhile and have no final reply.
    waiting: Vec<Verb>,
}

enum Event {
    Data(io::Result<u64>),
    Server(io::Result<Said>),
    Client(io::Result<Heard>),
}

impl Session {
    /// Passes on a command that opens a data connection, and its data.
    pub async fn transfer(&mut self, line: &[u8], direction: Direction) -> io::Result<Next> {
        let Some(mut halves) = self.halves.take() else {
            return self
                .refuse(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, "Use PASV, EPSV, PORT or EPRT first.")
                .await;
        };
        // A server that listens may wait for the connection before it replies.
        if let Half::At(..) = halves.server {
            match halves.server.open(self.settings.limit).await {
                Ok(stream) => halves.server = Half::Open(stream),
                Err(error) => {
                    let text = format!("The gateway cannot connect to the server's data port: {error}.");
                    return self.refuse(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, &text).await;
                }
            }
        }
        self.server.pass_on(line).await?;
        let code = loop {
            let said = self.server.said().await?;
            self.client.pass_on(&said.line).await?;
            // A success without a 1yz has no data that could be waited for.
            if said.position.is_end()
                && (!said.code.is_preliminary() || said.code != ReplyCode::RESTART_MARKER)
            {
                break said.code;
            }
        };
        if !code.is_preliminary() {
            return Ok(next(code));
        }
        let relay = data::relay(
            halves,
            direction,
            self.client_data_tls()?,
            self.server_data_tls()?,
            self.settings.limit,
        );
        let mut transfer = Transfer {
            relay: Some(Box::pin(relay)),
            outcome: Ok(0),
            reply: Vec::new(),
            last: None,
            waiting: Vec::new(),
        };
        let next = self.follow(&mut transfer).await?;
        // Now, and not before the next transfer, which REST may precede.
        self.renew_tickets().await?;
        Ok(next)
    }

    /// Lets the server send TLS tickets if all are used up, as
    /// [`renew_session`](ftp_proto::client::renew_session) does: ProFTPD sends none with an upload,
    /// and refuses data connections that resume nothing. It refuses this one too, and sends tickets
    /// all the same.
    async fn renew_tickets(&mut self) -> io::Result<()> {
        if !self.server_sessions.as_ref().is_some_and(ClientSessions::has_spent_its_tickets) {
            return Ok(());
        }
        let half = match self.settings.upstream_data {
            UpstreamData::Active => self.active().await?,
            UpstreamData::Same | UpstreamData::Passive => self.passive().await?,
        };
        // Without a connection there are no tickets, and the next transfer fails on its own.
        let half = match half {
            Ok(half @ Half::At(..)) => match half.open(self.settings.limit).await {
                Ok(stream) => Half::Open(stream),
                Err(_) => return Ok(()),
            },
            Ok(half) => half,
            Err(_) => return Ok(()),
        };
        self.server.pass_on(b"NLST").await?;
        let code = loop {
            let said = self.server.said().await?;
            if said.position.is_end() {
                break said.code;
            }
        };
        if !code.is_preliminary() {
            return Ok(());
        }
        if let (Ok(mut stream), Some(tls)) = (half.open(self.settings.limit).await, self.server_data_tls()?) {
            if stream.start_tls(tls, true).await.is_ok() {
                stream.drain(PARTING).await;
            }
        }
        self.server.answer().await.map(|_| ())
    }

    /// Follows a transfer until its data are through and all replies have come.
    async fn follow(&mut self, transfer: &mut Transfer) -> io::Result<Next> {
        loop {
            if let (Some(_), None) = (&transfer.last, &transfer.relay) {
                let code = self.finish(transfer).await?;
                if next(code) == Next::End {
                    return Ok(Next::End);
                }
                self.remaining(transfer).await?;
                return Ok(Next::Go);
            }
            match self.event(transfer).await? {
                Event::Data(outcome) => {
                    // Both connections are closed now. After a failure that makes the server reply.
                    (transfer.relay, transfer.outcome) = (None, outcome);
                }
                Event::Server(said) => self.heard(transfer, said?).await?,
                Event::Client(heard) => match heard? {
                    Heard::Line(line) => self.meanwhile(transfer, line).await?,
                    Heard::Unreadable => {
                        self.refuse(ReplyCode::SYNTAX_ERROR, "Not a command, or too long.").await?;
                    }
                    Heard::End => return Err(ErrorKind::UnexpectedEof.into()),
                },
            }
        }
    }

    /// Passes on the replies to the commands that were sent during the transfer. Not every server
    /// answers ABOR apart from the transfer.
    async fn remaining(&mut self, transfer: &mut Transfer) -> io::Result<()> {
        while let Some(verb) = transfer.waiting.first() {
            let said = match within(SECOND_REPLY.min(self.settings.limit), self.server.said()).await {
                Err(error) if error.kind() == ErrorKind::TimedOut && *verb == Verb::Abor => return Ok(()),
                said => said?,
            };
            self.client.pass_on(&said.line).await?;
            if said.position.is_end() && !said.code.is_preliminary() {
                transfer.waiting.remove(0);
            }
        }
        Ok(())
    }

    /// Awaits whatever happens next.
    async fn event(&mut self, transfer: &mut Transfer) -> io::Result<Event> {
        let Self { client, server, held, settings, .. } = self;
        let is_moving = transfer.relay.is_some();
        let next = poll_fn(|cx| {
            if let Some(relay) = &mut transfer.relay {
                if let Poll::Ready(outcome) = relay.as_mut().poll(cx) {
                    return Poll::Ready(Event::Data(outcome));
                }
            }
            if let Poll::Ready(said) = server.poll_said(cx) {
                return Poll::Ready(Event::Server(said));
            }
            match held {
                // The client waits its turn.
                Some(_) => Poll::Pending,
                None => client.poll_line(cx).map(Event::Client),
            }
        });
        // The relay limits each of its own steps, and after it the server's reply is due.
        match is_moving {
            true => Ok(next.await),
            false => within(settings.limit, async { Ok(next.await) }).await,
        }
    }

    /// Takes a line of the server.
    async fn heard(&mut self, transfer: &mut Transfer, said: Said) -> io::Result<()> {
        let (is_end, code) = (said.position.is_end(), said.code);
        transfer.reply.push(said);
        if transfer.reply.len() > LONGEST_REPLY {
            return Err(io::Error::other("a reply does not end"));
        }
        if !is_end {
            return Ok(());
        }
        let reply = std::mem::take(&mut transfer.reply);
        let is_last = !code.is_preliminary() && !self.answers_meanwhile(transfer, code);
        if !is_last {
            for said in reply {
                self.client.pass_on(&said.line).await?;
            }
            return Ok(());
        }
        if !code.is_success() {
            // Nothing more comes, and nothing more is read.
            transfer.relay = None;
        }
        transfer.last = Some(reply);
        Ok(())
    }

    /// Returns whether a final reply belongs to a command that was sent during the transfer. By its
    /// code: some servers answer those at once, others after the transfer.
    fn answers_meanwhile(&self, transfer: &mut Transfer, code: ReplyCode) -> bool {
        // The final replies that a transfer gets, apart from those that say nothing of it.
        let is_of_transfer = Verb::Stor.info().replies().any(|reply| reply == code)
            || code == ReplyCode::SERVICE_NOT_AVAILABLE;
        let at = transfer.waiting.iter().position(|verb| verb.allows(code));
        match at {
            Some(at) if transfer.last.is_some() || !is_of_transfer => {
                transfer.waiting.remove(at);
                true
            }
            _ => false,
        }
    }

    /// Takes a line of the client.
    async fn meanwhile(&mut self, transfer: &mut Transfer, line: Vec<u8>) -> io::Result<()> {
        let parsed = Command::parse(&line);
        let verb = parsed.as_ref().ok().and_then(Command::known_verb);
        let Some(verb) = verb.filter(|verb| verb.answers_during_transfer()) else {
            self.held = Some(line);
            return Ok(());
        };
        if let Some((code, text)) = self.judge(&parsed) {
            return self.refuse(code, text).await.map(|_| ());
        }
        if transfer.waiting.len() >= MOST_WAITING {
            return self.refuse(ReplyCode::BAD_SEQUENCE, "Too many commands at a time.").await.map(|_| ());
        }
        self.server.pass_on(&line).await?;
        transfer.waiting.push(verb);
        if verb == Verb::Abor && transfer.relay.take().is_some() {
            transfer.outcome = Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Passes on the final reply of a transfer. A success becomes a failure if the data did not get
    /// through.
    async fn finish(&mut self, transfer: &mut Transfer) -> io::Result<ReplyCode> {
        let last = transfer.last.take().unwrap_or_default();
        let code = last.last().map_or(ReplyCode::LOCAL_ERROR, |said| said.code);
        if let (Err(error), true) = (&transfer.outcome, code.is_success()) {
            let text = format!("The data did not get through the gateway: {error}.");
            self.client.reply(ReplyCode::TRANSFER_ABORTED, &text).await?;
            return Ok(ReplyCode::TRANSFER_ABORTED);
        }
        for said in last {
            self.client.pass_on(&said.line).await?;
        }
        Ok(code)
    }
}
