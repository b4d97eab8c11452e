//! Addresses of data connections: PORT and PASV (RFC 959 5.3.2), EPRT and EPSV (RFC 2428), LPRT and
//! LPSV (RFC 1639), as arguments and as the texts of 227, 229 and 228.
//!
//! A command's argument must match its grammar to the last byte. A reply's text is searched for an
//! address, since RFC 1123 4.1.2.6 leaves the text around it to the server. Values are those of
//! [`core::net`]. These functions read what the peer *said*; whether to connect to such an address
//! is a matter of policy, decided elsewhere.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use core::str::FromStr;

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take, take_while, take_while_m_n};
use nom::character::complete::{char, digit1, u8 as number, u16 as port};
use nom::combinator::{all_consuming, map, recognize, value, verify};
use nom::multi::{fold, many0_count};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::{Full, Invalid, ReplyCode, ReplyLine, Sink};

/// A network protocol by its IANA address family number, as in EPRT, EPSV and the text of 522 (RFC
/// 2428 section 2). Any number is accepted: the server decides which protocols it supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkProtocol(u16);

impl NetworkProtocol {
    /// IPv4.
    pub const IPV4: Self = Self(1);
    /// IPv6.
    pub const IPV6: Self = Self(2);

    /// Creates the protocol with this address family number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Returns the address family number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Returns the protocol of `address`.
    #[must_use]
    pub const fn of(address: &IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::IPV4,
            IpAddr::V6(_) => Self::IPV6,
        }
    }
}

impl fmt::Display for NetworkProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The reason why the argument of EPRT or LPRT is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedError {
    /// The argument violates the grammar: 501.
    Syntax,
    /// The grammar is right, but the network protocol is neither IPv4 nor IPv6: 522 to EPRT, 521 to
    /// LPRT.
    Family,
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not an address and port",
            Self::Family => "an address of a network protocol that is neither IPv4 nor IPv6",
        })
    }
}

impl core::error::Error for ExtendedError {}

// PORT, PASV

// host-port = host-number "," port-number                       ; RFC 959 5.3.2
// host-number = number "," number "," number "," number
// port-number = number "," number
// number = any decimal integer 0 through 255                     ; the RFC says 1 but means 0
fn host_port(input: &[u8]) -> IResult<&[u8], SocketAddrV4, ()> {
    // Parsed by hand, since every active transfer sends such an argument and nom takes half as long
    // again.
    let read = || {
        let (mut numbers, mut rest) = ([0_u8; 6], input);
        for (at, number) in numbers.iter_mut().enumerate() {
            if at > 0 {
                rest = rest.strip_prefix(b",")?;
            }
            let start = rest;
            while let Some((digit @ b'0'..=b'9', after)) = rest.split_first() {
                *number = number.checked_mul(10)?.checked_add(digit - b'0')?;
                rest = after;
            }
            if rest.len() == start.len() {
                return None;
            }
        }
        Some((rest, numbers))
    };
    let (rest, [a, b, c, d, high, low]) = read().ok_or(nom::Err::Error(()))?;
    Ok((rest, SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))))
}

/// Parses PORT's argument, `h1,h2,h3,h4,p1,p2`. Accepts any address and any port, including 0: a
/// server checks them afterwards, and refuses unacceptable ones with 504 (RFC 2577).
///
/// # Errors
/// Fails when `argument` is anything but six numbers of at most 255.
pub fn parse_host_port(argument: &[u8]) -> Result<SocketAddrV4, Invalid> {
    whole(host_port, argument).ok_or(Invalid::new("six numbers of at most 255, h1,h2,h3,h4,p1,p2"))
}

/// Appends PORT's argument.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_host_port<S: Sink + ?Sized>(address: SocketAddrV4, sink: &mut S) -> Result<(), Full> {
    let ([a, b, c, d], [high, low]) = (address.ip().octets(), address.port().to_be_bytes());
    sink.put_fmt(format_args!("{a},{b},{c},{d},{high},{low}"))
}

/// Finds the address in the text of 227: the first six numbers of the first run of at least six
/// numbers separated by commas, in parentheses or not (RFC 1123 4.1.2.6).
///
/// # Errors
/// Fails when there is no such run, a number in it exceeds 255, or the port is 0.
pub fn parse_pasv_reply(text: &[u8]) -> Result<SocketAddrV4, Invalid> {
    let run = first_run(text, 6).ok_or(Invalid::new("six numbers somewhere in the text of 227"))?;
    let (_, address) =
        host_port(run).map_err(|_| Invalid::new("numbers of at most 255 in the text of 227"))?;
    if address.port() == 0 {
        return Err(Invalid::new("a port other than 0 in the text of 227"));
    }
    Ok(address)
}

/// Appends the text of 227, without the code.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_pasv_reply<S: Sink + ?Sized>(address: SocketAddrV4, sink: &mut S) -> Result<(), Full> {
    sink.put(b"Entering Passive Mode (")?;
    encode_host_port(address, sink)?;
    sink.put(b")")
}

// EPRT, EPSV

// eprt-argument = d net-prt d net-addr d tcp-port d             ; RFC 2428 section 2
// d = %d33-126, the same byte each time
// net-prt = 1*DIGIT                                              ; 1 is IPv4, 2 is IPv6
// net-addr = dotted decimal / IPv6 as RFC 4291 2.2 writes it
// tcp-port = 1*DIGIT
/// Parses EPRT's argument: `|1|192.0.2.1|port|` or `|2|2001:db8::1|port|`, with any delimiter.
/// Accepts any port up to 65535, including 0: a server checks it as it does PORT's.
///
/// # Errors
/// Fails with [`ExtendedError::Family`] when the form is right but the protocol is unknown,
/// whatever the address looks like. Otherwise fails with [`ExtendedError::Syntax`], even if only an
/// IPv6 zone makes the address invalid.
pub fn parse_extended(argument: &[u8]) -> Result<SocketAddr, ExtendedError> {
    let (protocol, address, port) = whole(extended_fields, argument).ok_or(ExtendedError::Syntax)?;
    let ip = match protocol {
        Some(NetworkProtocol::IPV4) => from_text(address).map(IpAddr::V4),
        Some(NetworkProtocol::IPV6) => from_text(address).map(IpAddr::V6),
        _ => return Err(ExtendedError::Family),
    };
    Ok(SocketAddr::new(ip.ok_or(ExtendedError::Syntax)?, port))
}

/// The protocol (`None` when the number exceeds 16 bits), the address as text, and the port.
type ExtendedFields<'a> = (Option<NetworkProtocol>, &'a [u8], u16);

fn extended_fields(input: &[u8]) -> IResult<&[u8], ExtendedFields<'_>, ()> {
    let (input, delimiter) = delimiter(input)?;
    let field = || terminated(take_while(move |b| b != delimiter), take(1usize));
    let (input, protocol) = field().and_then(all_consuming(digit1)).parse(input)?;
    let protocol = whole(port, protocol).map(NetworkProtocol);
    let (input, address) = field().parse(input)?;
    let (input, port) = field().and_then(all_consuming(port)).parse(input)?;
    Ok((input, (protocol, address, port)))
}

fn delimiter(input: &[u8]) -> IResult<&[u8], u8, ()> {
    map(take_while_m_n(1, 1, |b| matches!(b, 33..=126)), |d: &[u8]| d.first().copied().unwrap_or(b'|'))
        .parse(input)
}

/// Appends EPRT's argument, delimited by `|`. Omits an IPv6 zone, which means nothing to the peer.
/// An IPv4-mapped address stays IPv6.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_extended<S: Sink + ?Sized>(address: SocketAddr, sink: &mut S) -> Result<(), Full> {
    let (ip, port) = (address.ip(), address.port());
    sink.put_fmt(format_args!("|{}|{ip}|{port}|", NetworkProtocol::of(&ip)))
}

/// EPSV's argument (RFC 2428 section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EpsvArgument {
    /// No argument: the protocol of the control connection.
    #[default]
    Unspecified,
    /// This protocol, known or not. A server that does not support it replies 522.
    Protocol(NetworkProtocol),
    /// `ALL`: from now on only EPSV sets up data connections.
    All,
}

impl EpsvArgument {
    // epsv-argument = [ net-prt / "ALL" ]                         ; RFC 2428 section 3
    /// Parses EPSV's argument. An empty `argument` stands for none.
    ///
    /// # Errors
    /// Fails unless `argument` is empty, a number up to 65535, or `ALL` (ignoring case).
    pub fn parse(argument: &[u8]) -> Result<Self, Invalid> {
        if argument.is_empty() {
            return Ok(Self::Unspecified);
        }
        let all = value(Self::All, tag_no_case("ALL"));
        whole(alt((all, map(port, |n| Self::Protocol(NetworkProtocol(n))))), argument)
            .ok_or(Invalid::new("a network protocol number or ALL"))
    }

    /// Appends the argument, or nothing when there is none.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Self::Unspecified => Ok(()),
            Self::Protocol(protocol) => sink.put_fmt(format_args!("{protocol}")),
            Self::All => sink.put(b"ALL"),
        }
    }
}

/// The length of the longest field before the port in 229: an IPv6 address with an IPv4 tail.
const LONGEST_FIELD: usize = 45;

// epsv-reply = *CHAR "(" d [net-prt] d [net-addr] d tcp-port d ")" *CHAR     ; RFC 2428 section 3
/// Finds the port in the text of 229: `(|||port|)`, with any delimiter. The RFC requires the
/// protocol and the address to be blank; where a server fills them in, they are skipped. A missing
/// `)` is accepted.
///
/// # Errors
/// Fails when there is no such group, or its port is 0 or exceeds 65535.
pub fn parse_epsv_reply(text: &[u8]) -> Result<u16, Invalid> {
    let digits = memchr::memchr_iter(b'(', text)
        .filter_map(|at| text.get(at..))
        .find_map(|group| epsv_group(group).ok())
        .map(|(_, digits)| digits)
        .ok_or(Invalid::new("(|||port|) somewhere in the text of 229"))?;
    whole(verify(port, |n| *n != 0), digits).ok_or(Invalid::new("a port of 1 to 65535 in the text of 229"))
}

/// Parses the digits of the port. Every field is bounded, so that trying every parenthesis takes
/// linear time.
fn epsv_group(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    let (input, delimiter) = preceded(char('('), delimiter).parse(input)?;
    // The byte after a field may be another one where the field is too long.
    let field = || {
        let end = char(char::from(delimiter));
        terminated(take_while_m_n(0, LONGEST_FIELD, move |b| b != delimiter), end)
    };
    preceded((field(), field()), field().and_then(all_consuming(digit1))).parse(input)
}

/// Appends the text of 229, without the code.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_epsv_reply<S: Sink + ?Sized>(port: u16, sink: &mut S) -> Result<(), Full> {
    sink.put_fmt(format_args!("Entering Extended Passive Mode (|||{port}|)"))
}

/// Appends the text of 522, which lists the supported protocols: `... use (1,2)` (RFC 2428 section
/// 2).
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_protocols_reply<S: Sink + ?Sized>(
    supported: &[NetworkProtocol],
    sink: &mut S,
) -> Result<(), Full> {
    sink.put(b"Network protocol not supported, use (")?;
    for (i, protocol) in supported.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        sink.put_fmt(format_args!("{comma}{protocol}"))?;
    }
    sink.put(b")")
}

/// Returns the protocols that the text of 522 offers: the numbers in its last parentheses. Yields
/// nothing when the text has no such list.
pub fn parse_protocols_reply(text: &[u8]) -> impl Iterator<Item = NetworkProtocol> + '_ {
    let list = memchr::memrchr(b'(', text)
        .and_then(|at| text.get(at + 1..))
        .and_then(|list| list.split(|&b| b == b')').next())
        .unwrap_or_default();
    list.split(|&b| b == b',').filter_map(|n| whole(port, n.trim_ascii())).map(NetworkProtocol)
}

/// Parses the reply to EPSV, PASV or LPSV. The code decides the form, not the command, since some
/// servers answer EPSV with 227. Returns the port, and the address if the reply has one (229 does
/// not).
///
/// The caller must decide whether to trust that address: a client that connects wherever it is told
/// can be led anywhere (RFC 2577 3).
///
/// # Errors
/// Fails like [`parse_epsv_reply`] for 229, [`parse_lpsv_reply`] for 228, and [`parse_pasv_reply`]
/// for any other code.
pub fn parse_passive_reply(line: &ReplyLine<'_>) -> Result<(Option<IpAddr>, u16), Invalid> {
    let named = match line.code {
        ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE => return Ok((None, parse_epsv_reply(line.text)?)),
        ReplyCode::ENTERING_LONG_PASSIVE_MODE => parse_lpsv_reply(line.text)?,
        _ => parse_pasv_reply(line.text)?.into(),
    };
    Ok((Some(named.ip()), named.port()))
}

// LPRT, LPSV

/// RFC 1639's own numbers for the address families, which are the IP version numbers.
const LONG_IPV4: u8 = 4;
const LONG_IPV6: u8 = 6;

// long-host-port = af "," hal 1*( "," h ) "," pal 1*( "," p )    ; RFC 1639
// af, hal, h, pal, p = number, 0 through 255                     ; hal counts the h, pal the p
/// Parses LPRT's argument: `4,4,h1,...,h4,2,p1,p2` or `6,16,h1,...,h16,2,p1,p2`.
///
/// # Errors
/// Fails with [`ExtendedError::Family`] when the form is right but the family is neither 4 nor 6,
/// and with [`ExtendedError::Syntax`] otherwise.
pub fn parse_long(argument: &[u8]) -> Result<SocketAddr, ExtendedError> {
    if let Some(address) = whole(long_host_port, argument) {
        return Ok(address);
    }
    match whole(long_form, argument) {
        Some(family) if ![LONG_IPV4, LONG_IPV6].contains(&family) => Err(ExtendedError::Family),
        _ => Err(ExtendedError::Syntax),
    }
}

fn long_host_port(input: &[u8]) -> IResult<&[u8], SocketAddr, ()> {
    fn octets<const N: usize>(mut input: &[u8]) -> IResult<&[u8], [u8; N], ()> {
        let mut octets = [0; N];
        for octet in &mut octets {
            (input, *octet) = preceded(char(','), number).parse(input)?;
        }
        Ok((input, octets))
    }
    // Any of the numbers may have leading zeros.
    let exactly = |value| verify(number, move |n| *n == value);
    let counts = |family, length| (exactly(family), char(','), exactly(length));
    let port = || map(preceded((char(','), exactly(2)), octets), u16::from_be_bytes);
    alt((
        map(preceded(counts(LONG_IPV4, 4), (octets::<4>, port())), |(host, port)| {
            SocketAddrV4::new(Ipv4Addr::from(host), port).into()
        }),
        map(preceded(counts(LONG_IPV6, 16), (octets::<16>, port())), |(host, port)| {
            SocketAddrV6::new(Ipv6Addr::from(host), port, 0, 0).into()
        }),
    ))
    .parse(input)
}

/// Parses an address of any family and returns the number of the family. Fails if a count is wrong.
fn long_form(input: &[u8]) -> IResult<&[u8], u8, ()> {
    fn counted(input: &[u8]) -> IResult<&[u8], (), ()> {
        let (input, n) = preceded(char(','), number).parse(input)?;
        fold(usize::from(n), preceded(char(','), number), || (), |(), _| ()).parse(input)
    }
    terminated(number, (counted, counted)).parse(input)
}

/// Appends LPRT's argument. Omits an IPv6 zone.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_long<S: Sink + ?Sized>(address: SocketAddr, sink: &mut S) -> Result<(), Full> {
    let (v4, v6);
    let (family, host): (u8, &[u8]) = match address.ip() {
        IpAddr::V4(ip) => {
            v4 = ip.octets();
            (LONG_IPV4, &v4)
        }
        IpAddr::V6(ip) => {
            v6 = ip.octets();
            (LONG_IPV6, &v6)
        }
    };
    sink.put_fmt(format_args!("{family},{}", host.len()))?;
    for octet in host {
        sink.put_fmt(format_args!(",{octet}"))?;
    }
    let [high, low] = address.port().to_be_bytes();
    sink.put_fmt(format_args!(",2,{high},{low}"))
}

/// Finds the address in the text of 228: the first run of at least nine numbers separated by
/// commas.
///
/// # Errors
/// Fails when there is no such run, it is not an IPv4 or IPv6 address with a port, or the port is
/// 0.
pub fn parse_lpsv_reply(text: &[u8]) -> Result<SocketAddr, Invalid> {
    let run = first_run(text, 9).ok_or(Invalid::new("a long address somewhere in the text of 228"))?;
    whole(verify(long_host_port, |address: &SocketAddr| address.port() != 0), run)
        .ok_or(Invalid::new("a long address of IPv4 or IPv6 with a port other than 0 in the text of 228"))
}

/// Appends the text of 228, without the code.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_lpsv_reply<S: Sink + ?Sized>(address: SocketAddr, sink: &mut S) -> Result<(), Full> {
    sink.put(b"Entering Long Passive Mode (")?;
    encode_long(address, sink)?;
    sink.put(b")")
}

/// Returns the first run of `at_least` or more numbers of any size, separated by single commas.
/// Examines each byte once, or twice in a run that is too short.
fn first_run(mut text: &[u8], at_least: usize) -> Option<&[u8]> {
    loop {
        let start = text.iter().position(u8::is_ascii_digit)?;
        let (rest, run) = numbers(text.get(start..)?).ok()?;
        if memchr::memchr_iter(b',', run).count() + 1 >= at_least {
            return Some(run);
        }
        text = rest;
    }
}

fn numbers(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    recognize((digit1, many0_count(preceded(char(','), digit1)))).parse(input)
}

/// Parses an address in the standard notation of its type. The standard library's parsers accept
/// neither zones nor octal.
fn from_text<T: FromStr>(text: &[u8]) -> Option<T> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

fn whole<'a, O>(parser: impl Parser<&'a [u8], Output = O, Error = ()>, input: &'a [u8]) -> Option<O> {
    all_consuming(parser).parse(input).ok().map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
