//! The two buffers of a control connection: a receive window that frames lines, and a send queue.
//!
//! Both wrap storage that the caller chose: `[u8; 4096]`, `&mut [u8]`, `Vec<u8>`. The capacity of a
//! `Vec` is its length; nothing here ever grows. Machines see the buffers through [`Rx`] and
//! [`Tx`], which do not depend on the type of the storage.
//!
//! Both handle Telnet (RFC 854, by way of RFC 959 3.1 and RFC 1123 4.1.2.12). The window removes
//! commands and option negotiation from the stream, and turns `IAC IAC` into a 0xFF byte and `CR
//! NUL` into CR; the queue doubles each 0xFF. Machines see only text.

mod receive;
mod send;

pub use receive::{Frame, RecvBuf, Rx, Span};
pub use send::{SendBuf, Tx};

/// The Telnet commands that framing has to know (RFC 854, "Telnet command structure").
pub(crate) mod telnet {
    pub(super) const IAC: u8 = 255;
    pub(super) const DONT: u8 = 254;
    pub(super) const WILL: u8 = 251;
    pub(super) const SB: u8 = 250;
    pub(super) const SE: u8 = 240;
    pub(super) const IP: u8 = 244;
    /// Data Mark: the urgent byte of a Synch.
    pub(super) const DM: u8 = 242;

    /// Removes Telnet commands byte by byte, as the receive window does, for code that displays
    /// what it reads.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) enum Filter {
        #[default]
        Text,
        Command,
        Option,
        Subnegotiation,
        SubnegotiationCommand,
    }

    impl Filter {
        /// Returns the byte if it is part of the text.
        pub(crate) fn text(&mut self, byte: u8) -> core::option::Option<u8> {
            let (next, text) = match (*self, byte) {
                (Self::Text, IAC) => (Self::Command, None),
                (Self::Command, WILL..=DONT) => (Self::Option, None),
                (Self::Command, SB) => (Self::Subnegotiation, None),
                // All other commands are one byte long. IAC before a byte that is not a command is
                // dropped.
                (Self::Command, IAC) => (Self::Text, Some(IAC)),
                (Self::Command, SE..) => (Self::Text, None),
                (Self::Text | Self::Command, byte) => (Self::Text, Some(byte)),
                (Self::Option, _) | (Self::SubnegotiationCommand, SE) => (Self::Text, None),
                (Self::Subnegotiation, IAC) => (Self::SubnegotiationCommand, None),
                (Self::Subnegotiation | Self::SubnegotiationCommand, _) => (Self::Subnegotiation, None),
            };
            *self = next;
            text
        }
    }
}
