//! Who has logged in, as TLS is told it.

use ::std::net::IpAddr;

/// Whose a control connection is.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "nobody asks"))]
pub(super) enum Login<'a> {
    /// Nobody's yet, or any more.
    Nobody,
    /// Somebody's whose other connections are none of its business.
    Unshared,
    /// This user's, from this address.
    User { host: Option<&'a [u8]>, name: &'a [u8], address: IpAddr },
}
