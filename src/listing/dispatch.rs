//! Calls the parser of a format.

use super::context::Context;
use super::parsed::Line;
use super::{Clock, Entry, Format};
use crate::codec::Invalid;

macro_rules! dispatch {
    ($($(#[$doc:meta])+ $format:ident $set:ident = $bit:expr, $name:literal, $module:ident::$parse:ident;)+) => {
        impl Format {
            /// Parses one line in this format.
            #[inline]
            pub(super) fn parse<'a>(self, line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
                match self {
                    $(Self::$format => super::$module::$parse(line, context),)+
                }
            }
        }
    };
}

formats!(dispatch);

impl Format {
    /// Parses one line, without its line end. Returns `None` for a line that belongs to the format
    /// but is not an entry (`total 12`, a blank line). If a VMS entry spans two lines, pass both,
    /// with the line end between them. Information from other lines, such as headers, is not
    /// available here; see [`ListingParser`](super::ListingParser).
    ///
    /// # Errors
    /// Fails when the line does not have this format. No entry is ever made from part of a line.
    pub fn parse_line<'a>(self, line: &'a [u8], clock: &Clock) -> Result<Option<Entry<'a>>, Invalid> {
        match self.parse(line, &mut Context::new(*clock))? {
            Line::Entry(entry) => Ok(Some(entry)),
            Line::Noise => Ok(None),
            Line::Wrapped => Err(Invalid::new("the second line of an entry")),
            Line::Spread(_) => Err(Invalid::new("a name in one piece")),
        }
    }
}
