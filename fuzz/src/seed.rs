//! Writes inputs as the bytes that `arbitrary` reads them from, for seeds that say something.
//!
//! `Unstructured` takes values from the front of its bytes, and the lengths of byte strings from
//! the back. So a value is written before all that follows it: [`Seed::before`] gets the bytes of
//! what is read later, and returns them with those of the value around them.

use crate::asks::Ask;
use crate::input::{Buffer, Client, Fxp, Line, Listing, Pair, Reply, Said, Server, Transfer, Values, Walk};

/// A value that is read by its `Arbitrary`.
pub trait Seed {
    /// Returns the bytes from which the value, and then what `rest` stands for, is read.
    fn before(&self, rest: Vec<u8>) -> Vec<u8>;
}

fn in_front(bytes: &[u8], rest: Vec<u8>) -> Vec<u8> {
    [bytes, &rest].concat()
}

fn all_before(values: &[&dyn Seed], rest: Vec<u8>) -> Vec<u8> {
    values.iter().rev().fold(rest, |rest, value| value.before(rest))
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Seed for $number {
            fn before(&self, rest: Vec<u8>) -> Vec<u8> {
                in_front(&self.to_le_bytes(), rest)
            }
        }
    )*};
}

numbers!(i8, u8, u16, u32, u64, i64);

impl Seed for bool {
    fn before(&self, rest: Vec<u8>) -> Vec<u8> {
        in_front(&[u8::from(*self)], rest)
    }
}

impl<T: Seed> Seed for Option<T> {
    fn before(&self, rest: Vec<u8>) -> Vec<u8> {
        match self {
            Some(value) => all_before(&[&true, value], rest),
            None => false.before(rest),
        }
    }
}

impl<T: Seed> Seed for Vec<T> {
    fn before(&self, rest: Vec<u8>) -> Vec<u8> {
        self.iter().rev().fold(false.before(rest), |rest, value| all_before(&[&true, value], rest))
    }
}

impl Seed for &[u8] {
    fn before(&self, rest: Vec<u8>) -> Vec<u8> {
        let mut out = in_front(self, rest);
        // The length takes as many bytes as are needed for the length of all that is left.
        match (out.len(), self.len()) {
            (0..=0xFF, length) => out.push(length as u8),
            (left, length) => {
                assert!(left <= 0xFFFF, "a seed is small");
                let [high, low] = (length as u16).to_be_bytes();
                out.extend(if left == 0xFF { [low, 0] } else { [high, low] });
            }
        }
        out
    }
}

/// Implements [`Seed`] for an enum whose variants are given in order.
macro_rules! variants {
    ($type:ident { $($variant:ident $(($($field:ident),*))?),* $(,)? }) => {
        impl Seed for $type<'_> {
            fn before(&self, rest: Vec<u8>) -> Vec<u8> {
                const NAMES: &[&str] = &[$(stringify!($variant)),*];
                let (name, rest) = match self {
                    $(Self::$variant $(($($field),*))? => {
                        (stringify!($variant), all_before(&[$($($field),*)?], rest))
                    })*
                };
                let row = NAMES.iter().position(|it| *it == name).unwrap() as u64;
                // The variants share the numbers of 32 bits equally.
                ((row << 32).div_ceil(NAMES.len() as u64) as u32).before(rest)
            }
        }
    };
}

variants!(Said { Raw(bytes), Line(row, text), Lines(row, text, more), Passive(port), Opening, Fine, Known(row) });
variants!(Line { Raw(bytes), Command(row), Argued(row, argument), Passive, Retrieve(name), Store(name), List, Pause, Silence(seconds), Owner(how) });
variants!(Ask {
    Greeting,
    Login(user, password, account),
    Retrieve(name, ascii, offset),
    RetrieveRange(name, first, last),
    RestartAt(name, marker, position),
    Store(name, ascii, offset),
    Append(name),
    StoreUnique(name),
    List(name),
    Names(name),
    MachineList(name),
    Facts(name),
    Size(name),
    ModificationTime(name),
    WorkingDirectory,
    Features,
    System,
    ChangeDirectory(name),
    MakeDirectory(name),
    RemoveDirectory(name),
    Delete(name),
    Rename(from, to),
    Noop,
    Raw(line),
    Quit,
    Secure,
    ProtectData(on),
    ClearCommandChannel,
    Other(row, one, two),
});

/// Adds `to_seed` to an input whose fields are given in order. The last takes all bytes that are
/// left.
macro_rules! inputs {
    ($($type:ident { $($field:ident),*; $last:ident })*) => {$(
        impl $type<'_> {
            /// Returns the bytes that are read as this input.
            pub fn to_seed(&self) -> Vec<u8> {
                let Self { $($field,)* $last } = self;
                all_before(&[$($field),*], $last.to_vec())
            }
        }
    )*};
}

inputs! {
    Buffer { limit, room, holds, cuts; stream }
    Client { config, profile, lenient, surplus, patience, cut, greeted, asks, replies; choices }
    Fxp { config, cut, secure, drops, ascii, offset, asks, patience, source, target; choices }
    Listing { formats, room, now, zone, order, cuts; listing }
    Pair { client, server, kind, cut, asks; choices }
    Reply { within, lenient; bytes }
    Server { config, v6, slow, bare, logged_in, eof, cut, lines; choices }
    Transfer { representation, structure, mode, wire, markers, level, position, skip, steps; bytes }
    Values { which, bytes; other }
    Walk { room, depth, directories, formats, root; listings }
}
