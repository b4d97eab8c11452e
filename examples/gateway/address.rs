//! Sets up data connections: takes PASV, EPSV, PORT and EPRT from the client, and gives the server
//! a command of that kind with the gateway's own address.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use ftp_proto::codec::{Command, EndRule, EpsvArgument, NetworkProtocol, ReplyCode, ReplyLine, address};
use rustls::Connection;
use tokio::net::TcpListener;

use super::UpstreamData;
use super::data::{Half, Halves};
use super::session::{Next, Session, next};
use super::wire::Said;

/// The lowest port that data are sent to (RFC 2577 3).
const LOWEST_PORT: u16 = 1024;
/// The most ports of the range that are tried.
const MOST_PORTS: usize = 1_000;

/// The server's half, or the refusal that the client gets in its place.
pub type Result = std::result::Result<Half, Said>;

impl Session {
    /// Sets up a data connection as the client asks for it.
    pub async fn set_up(&mut self, command: &Command<'_>) -> io::Result<Next> {
        self.halves = None;
        let own = NetworkProtocol::of(&self.client.local.ip());
        // The client's address, if the gateway is to connect to it.
        let active = match command {
            _ if self.is_epsv_only && !matches!(command, Command::Epsv(_)) => {
                return self.refuse(ReplyCode::ARGUMENT_SYNTAX_ERROR, "Only EPSV after EPSV ALL.").await;
            }
            Command::Epsv(EpsvArgument::All) => {
                self.is_epsv_only = true;
                self.client.reply(ReplyCode::COMMAND_OKAY, "Only EPSV from now on.").await?;
                return Ok(Next::Go);
            }
            Command::Epsv(EpsvArgument::Protocol(protocol)) if *protocol != own => {
                self.client
                    .put(|tx| {
                        tx.put(b"522 ")?;
                        address::encode_protocols_reply(&[own], tx)?;
                        tx.put(b"\r\n")
                    })
                    .await?;
                return Ok(Next::Go);
            }
            Command::Pasv if own != NetworkProtocol::IPV4 => {
                return self.refuse(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, "No IPv4 here: use EPSV.").await;
            }
            Command::Port(address) => Some(SocketAddr::from(*address)),
            Command::Eprt(address) => Some(*address),
            _ => None,
        };
        if active.is_some_and(|to| to.ip().to_canonical() != self.client.ip() || to.port() < LOWEST_PORT) {
            // Nobody else gets the data (RFC 2577 3).
            return self.refuse(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "Not your address and port.").await;
        }
        let is_passive = match self.settings.upstream_data {
            // A server that knows the client's address sends no data to the gateway's.
            _ if self.settings.sends_proxy_header => true,
            UpstreamData::Same => active.is_none(),
            UpstreamData::Passive => true,
            UpstreamData::Active => false,
        };
        let server = match if is_passive { self.passive().await? } else { self.active().await? } {
            Ok(half) => half,
            Err(said) => {
                let text = String::from_utf8_lossy(said.text()).into_owned();
                // A refusal stays one, whatever command it was for.
                let code =
                    if said.code.is_failure() { said.code } else { ReplyCode::CANNOT_OPEN_DATA_CONNECTION };
                self.client.reply(code, &text).await?;
                return Ok(next(code));
            }
        };
        let client = match active {
            Some(to) => {
                self.client.reply(ReplyCode::COMMAND_OKAY, "The gateway will connect there.").await?;
                Half::At(to, self.client.local.ip())
            }
            None => self.listen(command).await?,
        };
        self.halves = Some(Halves { client, server });
        Ok(Next::Go)
    }

    /// Listens for the client, and replies to PASV or EPSV.
    async fn listen(&mut self, command: &Command<'_>) -> io::Result<Half> {
        let ip = self.client.local.ip();
        let listener = match self.settings.passive_ports {
            None => TcpListener::bind((ip, 0)).await?,
            Some((low, high)) => {
                let mut result = Err(ErrorKind::AddrInUse.into());
                for port in (low..=high).take(MOST_PORTS) {
                    result = TcpListener::bind((ip, port)).await;
                    if result.is_ok() {
                        break;
                    }
                }
                result?
            }
        };
        let port = listener.local_addr()?.port();
        let shown = match (self.settings.public_address, ip) {
            (Some(public), _) => public,
            (None, IpAddr::V4(ip)) => ip,
            // Only EPSV comes here, which has no address.
            (None, IpAddr::V6(_)) => std::net::Ipv4Addr::UNSPECIFIED,
        };
        // Some clients begin TLS before they send the command.
        let half = Half::arriving(listener, self.client.ip(), self.client_data_tls()?, self.settings.idle);
        self.client
            .put(|tx| {
                if matches!(command, Command::Pasv) {
                    tx.put(b"227 ")?;
                    address::encode_pasv_reply(std::net::SocketAddrV4::new(shown, port), tx)?;
                } else {
                    tx.put(b"229 ")?;
                    address::encode_epsv_reply(port, tx)?;
                }
                tx.put(b"\r\n")
            })
            .await?;
        Ok(half)
    }

    /// Lets the server listen: by EPSV, or by PASV if it does not know that.
    pub async fn passive(&mut self) -> io::Result<Result> {
        let ip = self.server.ip();
        if !self.lacks_extended {
            let said = self.server.ask(&Command::Epsv(EpsvArgument::Unspecified)).await?;
            if said.code.is_success() || !is_unsupported(said.code) || ip.is_ipv6() {
                return Ok(self.passive_half(said));
            }
            self.lacks_extended = true;
        }
        let said = self.server.ask(&Command::Pasv).await?;
        Ok(self.passive_half(said))
    }

    /// Takes the port from a passive reply. The address is the server's own, whatever the reply says:
    /// anything else could lead anywhere (RFC 2577 3).
    fn passive_half(&self, said: Said) -> Result {
        if !said.code.is_success() {
            return Err(said);
        }
        let port = ReplyLine::parse(&said.line, None, EndRule::SameCode)
            .and_then(|line| address::parse_passive_reply(&line));
        match port {
            Ok((_, port)) => Ok(Half::At((self.server.ip(), port).into(), self.server.local.ip())),
            Err(_) => Err(said),
        }
    }

    /// Listens for the server, and tells it where: by EPRT, or by PORT if it does not know that.
    pub async fn active(&mut self) -> io::Result<Result> {
        let listener = TcpListener::bind((self.server.local.ip(), 0)).await?;
        let to = SocketAddr::new(self.server.local.ip(), listener.local_addr()?.port());
        let half = Half::Listening(listener, self.server.ip());
        let mut said = None;
        if !self.lacks_extended {
            let reply = self.server.ask(&Command::Eprt(to)).await?;
            self.lacks_extended = is_unsupported(reply.code);
            said = Some(reply);
        }
        if let (SocketAddr::V4(to), true) = (to, said.is_none() || self.lacks_extended) {
            said = Some(self.server.ask(&Command::Port(to)).await?);
        }
        match said {
            Some(said) if !said.code.is_success() => Ok(Err(said)),
            _ => Ok(Ok(half)),
        }
    }

    /// Returns the TLS connection for the client's data, if they are protected.
    pub fn client_data_tls(&self) -> io::Result<Option<Connection>> {
        let sessions = self.client_sessions.as_ref().filter(|_| self.protects);
        sessions.map(|sessions| sessions.accept_data().map(Into::into).map_err(io::Error::other)).transpose()
    }

    /// Returns the TLS connection for the server's data, if there is TLS towards the server. It resumes
    /// the session of the control connection, which many servers demand.
    pub fn server_data_tls(&self) -> io::Result<Option<Connection>> {
        let sessions = self.server_sessions.as_ref();
        sessions.map(|sessions| sessions.connect().map(Into::into).map_err(io::Error::other)).transpose()
    }
}

/// Returns whether a server does not know a command or its address family.
fn is_unsupported(code: ReplyCode) -> bool {
    code.is_unknown_command()
        || matches!(
            code,
            ReplyCode::ARGUMENT_SYNTAX_ERROR
                | ReplyCode::PARAMETER_NOT_IMPLEMENTED
                | ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED
        )
}
