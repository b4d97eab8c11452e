//! The beginning of a session: the connection to the server, TLS on it, and the credentials.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use ftp_proto::codec::{Command, ProtectionBufferSize, ProtectionLevel, ReplyCode, Secret, Text};
use ftp_proto::io::tls::ClientSessions;
use tokio::net::lookup_host;

use super::Settings;
use super::data::connect;
use super::session::{Next, Session};
use super::stream::within;
use super::wire::{Said, Wire};

/// The most addresses of the server that are tried.
const MOST_ADDRESSES: usize = 8;
/// The most lines of a greeting.
const LONGEST_GREETING: usize = 200;
/// The most failed logins of a client.
const MOST_LOGINS: u32 = 3;

/// The server's side of a session that begins.
pub struct Upstream {
    pub wire: Wire,
    /// The TLS sessions of the control connection, which its data connections resume.
    pub sessions: Option<ClientSessions>,
    pub greeting: Vec<Said>,
}

/// Connects to the server, reads its greeting, and starts TLS if it is to have that.
pub async fn reach(client: &Wire, number: u64, settings: &Settings) -> io::Result<Upstream> {
    let addresses = within(settings.limit, lookup_host(&settings.upstream)).await?;
    let mut result = Err(ErrorKind::NotFound.into());
    for address in addresses.take(MOST_ADDRESSES) {
        result = connect(address, None).await;
        if result.is_ok() {
            break;
        }
    }
    let mut stream = result?;
    if settings.sends_proxy_header {
        stream.write_all(&proxy_header(client.peer, client.local), settings.limit).await?;
    }
    let log = (!settings.is_quiet).then(|| format!("[{number}] server"));
    let mut wire = Wire::new(stream, settings.limit, log)?;
    let mut greeting = Vec::new();
    loop {
        let said = wire.said().await?;
        let is_end = said.position.is_end() && !said.code.is_preliminary();
        greeting.push(said);
        if is_end {
            break;
        }
        if greeting.len() > LONGEST_GREETING {
            return Err(io::Error::other("the greeting does not end"));
        }
    }
    let is_welcome = greeting.last().is_some_and(|said| said.code.is_success());
    let Some((tls, name)) = settings.server_tls.as_ref().filter(|_| is_welcome) else {
        return Ok(Upstream { wire, sessions: None, greeting });
    };
    let sessions = tls.sessions(name.clone());
    let granted = |said: Said, what: &str| match said.code.is_success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("the server refused {what} with {}", said.code))),
    };
    granted(wire.ask(&Command::Auth(Text::literal("TLS"))).await?, "AUTH TLS")?;
    // Sent before the handshake, and not by the server that the certificate will name.
    if wire.has_more() {
        return Err(io::Error::other("the server sent unencrypted bytes behind its reply to AUTH"));
    }
    wire.stream.start_tls(sessions.connect().map_err(io::Error::other)?.into(), false).await?;
    let size = ProtectionBufferSize::parse(b"0").map_err(io::Error::other)?;
    granted(wire.ask(&Command::Pbsz(size)).await?, "PBSZ 0")?;
    granted(wire.ask(&Command::Prot(ProtectionLevel::Private)).await?, "PROT P")?;
    Ok(Upstream { wire, sessions: Some(sessions), greeting })
}

/// Returns a header of the PROXY protocol, version 2, for a connection from `source` to
/// `destination`.
fn proxy_header(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let mut addresses = Vec::with_capacity(36);
    let family = match (source.ip(), destination.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            addresses.extend(source.octets());
            addresses.extend(destination.octets());
            0x11
        }
        (source, destination) => {
            for ip in [source, destination] {
                addresses.extend(match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                    IpAddr::V6(ip) => ip.octets(),
                });
            }
            0x21
        }
    };
    addresses.extend(source.port().to_be_bytes());
    addresses.extend(destination.port().to_be_bytes());
    // Version 2, PROXY: a connection on behalf of another node.
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21".to_vec();
    header.push(family);
    header.extend((addresses.len() as u16).to_be_bytes());
    header.extend(addresses);
    header
}

impl Session {
    /// Takes USER, if the gateway has credentials of its own.
    pub async fn user(&mut self, name: &[u8]) -> io::Result<Next> {
        self.name = Some(name.to_vec());
        self.client.reply(ReplyCode::NEED_PASSWORD, "Password required.").await?;
        Ok(Next::Go)
    }

    /// Takes PASS, if the gateway has credentials of its own: checks the client's, and logs in with
    /// those for the server.
    pub async fn password(&mut self, password: &[u8]) -> io::Result<Next> {
        let settings = std::sync::Arc::clone(&self.settings);
        let Some((user, upstream_password)) = &settings.upstream_login else { return Ok(Next::Go) };
        let Some(name) = self.name.take() else {
            self.client.reply(ReplyCode::BAD_SEQUENCE, "USER first.").await?;
            return Ok(Next::Go);
        };
        let is_right = settings.login.as_ref().is_none_or(|(user, wanted)| {
            is_same(&name, user.as_bytes()) & is_same(password, wanted.as_bytes())
        });
        if !is_right {
            self.failed_logins += 1;
            if self.failed_logins >= MOST_LOGINS {
                self.client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "Too many failed logins.").await?;
                return Ok(Next::End);
            }
            // So that guessing takes time.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.client.reply(ReplyCode::NOT_LOGGED_IN, "Login incorrect.").await?;
            return Ok(Next::Go);
        }
        let text = |bytes: &'static str| io::Error::other(bytes);
        let user = Text::new(user.as_bytes()).map_err(|_| text("the upstream user is no text"))?;
        let password =
            Text::new(upstream_password.as_bytes()).map_err(|_| text("the upstream password is no text"))?;
        let mut said = self.server.ask(&Command::User(user)).await?;
        if said.code == ReplyCode::NEED_PASSWORD {
            said = self.server.ask(&Command::Pass(Secret::new(password))).await?;
        }
        // The text may name the other user.
        match said.code {
            code if code.is_success() => self.client.reply(ReplyCode::LOGGED_IN, "Logged in.").await?,
            ReplyCode::SERVICE_NOT_AVAILABLE => return Err(ErrorKind::ConnectionAborted.into()),
            _ => self.client.reply(ReplyCode::NOT_LOGGED_IN, "The server refuses the gateway.").await?,
        }
        Ok(Next::Go)
    }
}

/// Compares in a time that depends on the lengths only.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && differing == 0
}
