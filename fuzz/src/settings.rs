//! The configurations of both ends, from numbers in which each bit, or two, is one setting. With zero, TLS is possible and
//! never required, and a server offers all that it knows.

use std::net::Ipv4Addr;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use ftp_proto::client::{self, AbortPolicy, DataConnection, PassiveAddress};
use ftp_proto::codec::{EndRule, HashAlgorithm, Verb, VerbSet};
use ftp_proto::security::{Policy, SessionBinding, TlsMode};
use ftp_proto::server::{self, DotFiles};
use ftp_proto::transfer::LineEnds;

/// Number of bits that [`client`] and [`client_room`] read.
pub const CLIENT_BITS: u32 = 20;
/// Number of bits that [`server`] reads.
pub const SERVER_BITS: u32 = 22;

/// The settings in a number, from its lowest bit on.
struct Bits(u32);

impl Bits {
    fn next(&mut self) -> bool {
        let bit = self.0 & 1;
        self.0 >>= 1;
        bit == 1
    }

    /// Takes two bits, which say one of `values`.
    fn of<T: Copy, const N: usize>(&mut self, values: [T; N]) -> T {
        let value = values[(self.0 & 3) as usize % N];
        self.0 >>= 2;
        value
    }
}

/// Reads an end's security: how it uses TLS, and how it protects the control and the data connection.
fn security(bits: &mut Bits) -> (TlsMode, Policy, Policy) {
    let tls = bits.of([TlsMode::Explicit, TlsMode::None, TlsMode::Implicit]);
    let policies = [Policy::Prefer, Policy::Require, Policy::Never];
    (tls, bits.of(policies), bits.of(policies))
}

/// Returns a client's configuration.
#[must_use]
pub fn client(number: u32, lenient: bool) -> client::Config {
    let mut bits = Bits(number);
    let mut config = client::Config::default();
    config.limits.line = 256;
    config.limits.reply_lines = 64;
    (config.security.tls, config.security.control, config.security.data) = security(&mut bits);
    config.end_of_reply = if lenient { EndRule::AnyCode } else { EndRule::SameCode };
    config.data_connection =
        bits.of([DataConnection::Passive, DataConnection::Active, DataConnection::PassiveThenActive]);
    config.abort = bits.of([
        AbortPolicy::Abor,
        AbortPolicy::AborUploads,
        AbortPolicy::CloseData,
        AbortPolicy::AborWithSynch,
    ]);
    config.pipelining = bits.next();
    config.passive_address = if bits.next() { PassiveAddress::AsNamed } else { PassiveAddress::ControlPeer };
    config.line_ends = if bits.next() { LineEnds::Literal } else { LineEnds::Kept };
    config.keepalive = bits.next().then_some(Duration::from_secs(15));
    config.marker_interval = bits.next().then_some(NonZeroU32::MIN);
    config.deflate_level = bits.next().then_some(9);
    if bits.next() {
        config.timeouts = client::Timeouts::all(Duration::from_secs(7));
    }
    if bits.next() {
        (config.limits.reply_bytes, config.limits.preliminary_replies) = (512, 2);
    }
    if bits.next() {
        config.active.ports = 50_000..=50_009;
        config.active.address = Some(Ipv4Addr::new(192, 0, 2, 9).into());
    }
    config
}

/// Returns the size in bytes of a client's send buffer: with the last bit, some commands have no room.
#[must_use]
pub const fn client_room(number: u32) -> usize {
    if number >> (CLIENT_BITS - 1) & 1 == 0 { 1024 } else { 48 }
}

/// Returns a server's configuration.
#[must_use]
pub fn server(number: u32) -> server::Config {
    let mut bits = Bits(number);
    let mut config = server::Config::default();
    config.limits.line = 256;
    (config.security.tls, config.security.control, config.security.data) = security(&mut bits);
    config.security.clear_command_channel = !bits.next();
    config.security.session_binding =
        bits.of([SessionBinding::User, SessionBinding::Connection, SessionBinding::Off]);
    // The clock does not advance by itself.
    config.timeouts.login_delay = Duration::from_secs(bits.next().into());
    config.hashes = if bits.next() { &[] } else { HashAlgorithm::ALL };
    config.combines = bits.next();
    config.long_addresses = !bits.next();
    config.dot_files = bits.of([DotFiles::OnRequest, DotFiles::Shown, DotFiles::Hidden]);
    config.line_ends = if bits.next() { LineEnds::Literal } else { LineEnds::Kept };
    if bits.next() {
        config.marker_interval = Some(NonZeroU32::MIN);
        config.deflate_level = Some(9);
    }
    if bits.next() {
        config.passive_ports = 50_000..=50_009;
        config.passive_address = Some(Ipv4Addr::new(192, 0, 2, 9));
        config.foreign_addresses = true;
    }
    config.active = !bits.next();
    if bits.next() {
        config.limits.minimum_rate = 2;
        config.limits.upload_size = NonZeroU64::new(8);
        config.recursion.depth = 1;
        config.recursion.entries = 3;
    }
    if bits.next() {
        (config.limits.bad_commands, config.limits.login_attempts) = (2, 2);
    }
    if bits.next() {
        config.overridden =
            VerbSet::of(&[Verb::Size, Verb::Acct, Verb::Help, Verb::Noop, Verb::Mfmt, Verb::Quit]);
        config.commands = config.commands.without(Verb::Mdtm).without(Verb::Stat);
        config.recursion.depth = 0;
    }
    config
}
