//! The inputs of the fuzz targets that take more than bytes. `examples/seeds.rs` writes some.

use arbitrary::Arbitrary;

use crate::asks::Ask;

/// A stream, and how it arrives.
#[derive(Arbitrary, Debug)]
pub struct Buffer<'a> {
    pub limit: u8,
    pub room: u8,
    pub holds: u64,
    pub cuts: &'a [u8],
    pub stream: &'a [u8],
}

/// Operations, and what the server answers.
#[derive(Arbitrary, Debug)]
pub struct Client<'a> {
    /// The configuration, and what is known of the server: see [`settings`](crate::settings).
    pub config: u32,
    pub profile: u16,
    pub lenient: bool,
    /// Set if the server may say anything at any time. The pieces then make a difference.
    pub surplus: bool,
    pub patience: Option<u8>,
    pub cut: u8,
    pub greeted: bool,
    pub asks: Vec<Ask<'a>>,
    pub replies: Vec<Said<'a>>,
    pub choices: &'a [u8],
}

/// The server's answer to one command.
#[derive(Arbitrary, Clone, Debug)]
pub enum Said<'a> {
    Raw(&'a [u8]),
    Line(u8, &'a [u8]),
    Lines(u8, &'a [u8], &'a [u8]),
    Passive(u16),
    Opening,
    /// The answer of an ordinary server.
    Fine,
    /// One of the answers that servers are known for: see [`KNOWN`](crate::answers::KNOWN).
    Known(u8),
}

/// A transfer between two servers, and what each of them answers.
#[derive(Arbitrary, Debug)]
pub struct Fxp<'a> {
    /// The configuration of both clients: see [`settings`](crate::settings).
    pub config: u32,
    pub cut: u8,
    /// Set if the data is to be protected.
    pub secure: bool,
    /// Set if the transfer is dropped, instead of aborted, when patience ends.
    pub drops: bool,
    pub ascii: bool,
    pub offset: u16,
    /// The operations that both clients run first; the target runs only every other one.
    pub asks: Vec<Ask<'a>>,
    /// Number of steps after which the transfer is given up, if limited.
    pub patience: Option<u8>,
    pub source: Vec<Said<'a>>,
    pub target: Vec<Said<'a>>,
    pub choices: &'a [u8],
}

/// A listing, and how it arrives.
#[derive(Arbitrary, Debug)]
pub struct Listing<'a> {
    pub formats: u32,
    pub room: u8,
    pub now: Option<i64>,
    /// Number of minutes that the server is east of Greenwich, if known.
    pub zone: Option<i8>,
    /// The order of dates that is assumed, and whether the zone depends on the date.
    pub order: u8,
    pub cuts: &'a [u8],
    pub listing: &'a [u8],
}

/// Operations, and how both ends behave.
#[derive(Arbitrary, Debug)]
pub struct Pair<'a> {
    /// The configurations: see [`settings`](crate::settings). TLS is as the client has it.
    pub client: u32,
    pub server: u32,
    pub kind: bool,
    pub cut: u8,
    pub asks: Vec<Ask<'a>>,
    pub choices: &'a [u8],
}

/// The bytes of a reply.
#[derive(Arbitrary, Debug)]
pub struct Reply<'a> {
    pub within: u16,
    pub lenient: bool,
    pub bytes: &'a [u8],
}

/// Lines of a client, and how the host behaves.
#[derive(Arbitrary, Debug)]
pub struct Server<'a> {
    /// The configuration: see [`settings`](crate::settings).
    pub config: u32,
    /// Set if the client comes over IPv6.
    pub v6: bool,
    /// Set if the client reads its replies only while it is silent.
    pub slow: bool,
    /// Set if the machine below the session is run by itself as well.
    pub bare: bool,
    pub logged_in: bool,
    pub eof: bool,
    pub cut: u8,
    pub lines: Vec<Line<'a>>,
    pub choices: &'a [u8],
}

/// A line of the client, or what else happens.
#[derive(Arbitrary, Clone, Debug)]
pub enum Line<'a> {
    Raw(&'a [u8]),
    Command(u8),
    Argued(u8, &'a [u8]),
    Passive,
    Retrieve(&'a [u8]),
    Store(&'a [u8]),
    List,
    /// Carries out the events that were put off: see [`pause`](crate::server_end::ServerEnd::pause).
    Pause,
    /// Nothing for so many seconds, or until the next deadline.
    Silence(u8),
    /// An action of the owner of the session, by its row in
    /// [`intervene`](crate::server_end::ServerEnd::intervene).
    Owner(u8),
}

/// A file, or bytes from the wire, and their coding.
#[derive(Arbitrary, Debug)]
pub struct Transfer<'a> {
    pub representation: u8,
    pub structure: u8,
    pub mode: u8,
    /// Set if the bytes are from the wire, and not a file.
    pub wire: bool,
    pub markers: u8,
    pub level: u8,
    pub position: u32,
    pub skip: u16,
    /// The sizes of the input and of the output of each step, in turn.
    pub steps: &'a [u8],
    pub bytes: &'a [u8],
}

/// The bytes of one value.
#[derive(Arbitrary, Debug)]
pub struct Values<'a> {
    pub which: u8,
    pub bytes: &'a [u8],
    pub other: &'a [u8],
}

/// A tree whose directories are listed in turn.
#[derive(Arbitrary, Debug)]
pub struct Walk<'a> {
    pub room: u16,
    pub depth: u8,
    pub directories: u8,
    pub formats: u32,
    pub root: &'a [u8],
    /// The listings, with an empty line between them.
    pub listings: &'a [u8],
}
