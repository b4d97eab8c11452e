//! The login state of a control connection, as reported to the TLS layer.

use ::std::net::IpAddr;

/// The owner of a control connection.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "nobody asks"))]
pub(in crate::io) enum Login<'a> {
    /// Nobody is logged in.
    Nobody,
    /// A user is logged in whose connections do not share TLS sessions.
    Unshared,
    /// This user is logged in, from this address.
    User { host: Option<&'a [u8]>, name: &'a [u8], address: IpAddr },
}
