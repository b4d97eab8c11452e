//! The network: a control connection and a data connection between two ends in one memory.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use arrayvec::ArrayVec;
use ftp_proto::buffer::{RecvBuf, SendBuf};

/// The control connection's ends.
pub const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40000);
pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);

/// One direction of a connection: bytes on their way, and whether it was shut down behind them.
#[derive(Default)]
pub struct Wire {
    pub bytes: ArrayVec<u8, 256>,
    pub ended: bool,
}

/// Both directions of a connection.
#[derive(Default)]
pub struct Connection {
    pub to_server: Wire,
    pub to_client: Wire,
}

#[derive(Default)]
pub struct Network {
    pub control: Connection,
    pub data: Connection,
}

impl Wire {
    /// As much of `tx` as the wire takes.
    pub fn send<const N: usize>(&mut self, tx: &mut SendBuf<[u8; N]>) {
        let count = tx.pending().len().min(self.bytes.remaining_capacity());
        self.bytes.extend(tx.pending()[..count].iter().copied());
        tx.sent(count);
    }

    /// As much of the wire as `rx` has room for, and the end behind it.
    pub fn receive<const N: usize>(&mut self, rx: &mut RecvBuf<[u8; N]>) {
        let count = rx.extend(&self.bytes);
        self.bytes.drain(..count);
        if self.ended && self.bytes.is_empty() {
            rx.eof();
        }
    }
}
