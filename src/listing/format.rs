//! Names of the formats that a listing may be in. The table of formats is in the
//! [module above](super), and dispatch.rs calls the parsers.

use core::fmt;

macro_rules! define {
    ($($(#[$doc:meta])+ $format:ident $set:ident = $bit:expr, $name:literal, $module:ident::$parse:ident;)+) => {
        /// Format of a listing line. The file that parses a format describes it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "kebab-case")
        )]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$doc])+ $format,)+
        }

        bitflags::bitflags! {
            /// Set of formats that a listing may be in.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct Formats: u32 {
                $(
                    #[doc = concat!("[`Format::", stringify!($format), "`].")]
                    const $set = $bit;
                )+
            }
        }

        impl Format {
            /// All formats, in the order in which they are first tried.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$format),+];

            /// Returns the set that holds only this format.
            #[must_use]
            #[inline]
            pub const fn alone(self) -> Formats {
                match self {
                    $(Self::$format => Formats::$set,)+
                }
            }

            /// Returns a short name in lower case: `unix`, `connect-enterprise`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$format => $name,)+
                }
            }
        }
    };
}

formats!(define);

impl Formats {
    /// Formats in which a server may answer LIST: all except MLST and bare names, since any line is
    /// a valid name.
    pub const LIST: Self = Self::all().difference(Self::NLST.union(Self::MLST));

    /// Returns whether the set holds at most one format.
    pub(super) const fn is_single(self) -> bool {
        self.bits() & self.bits().wrapping_sub(1) == 0
    }
}

/// Prints the [`name`](Format::name).
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
