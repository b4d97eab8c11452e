//! A cursor over the columns of a line, which moves from left to right and never back.
//!
//! Listing lines other than MLSD's have no grammar: columns are padded, missing or made of several
//! words. A parser can only state what may come next, and these methods do so.

use crate::codec::scan;

/// The rest of a line.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Returns the next byte without taking it.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes `byte` if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                Some(())
            }
            _ => None,
        }
    }

    /// Takes all blanks that come next, possibly none.
    #[inline]
    pub(super) fn blanks(&mut self) {
        // Columns are padded with many spaces, so take eight at a time.
        while let Some(word) = self.rest.first_chunk() {
            let others = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b' '; 8]);
            self.rest = self.rest.get((others.trailing_zeros() / 8) as usize..).unwrap_or_default();
            if others != 0 {
                break;
            }
        }
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes all blanks that come next; there must be at least one.
    #[inline]
    pub(super) fn gap(&mut self) -> Option<()> {
        let before = self.rest.len();
        self.blanks();
        (self.rest.len() < before).then_some(())
    }

    /// Takes everything up to a blank or the end, possibly nothing.
    #[inline]
    pub(super) fn word(&mut self) -> &'a [u8] {
        let all = self.rest;
        let (word, rest) = all.split_at_checked(scan::word(all)).unwrap_or((all, &[]));
        self.rest = rest;
        word
    }

    /// Takes all digits that come next. There must be `least` to `most` of them, and `most` is at
    /// most 9.
    #[inline]
    pub(super) fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let mut value: u32 = 0;
        let mut count = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest {
            count += 1;
            if count > most {
                return None;
            }
            value = value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
            self.rest = rest;
        }
        (count >= least).then_some(value)
    }

    /// Takes at most two digits, like [`digits`](Self::digits).
    #[inline]
    pub(super) fn small(&mut self, least: usize) -> Option<u8> {
        self.digits(least, 2).and_then(|value| u8::try_from(value).ok())
    }

    /// Takes everything up to `mark`, which must follow and is not taken.
    pub(super) fn until(&mut self, mark: u8) -> Option<&'a [u8]> {
        let (text, rest) = self.rest.split_at_checked(memchr::memchr(mark, self.rest)?)?;
        self.rest = rest;
        Some(text)
    }

    /// Takes the blanks that pad a column, up to `width` of them; there must be at least one.
    pub(super) fn pad(&mut self, width: usize) -> Option<()> {
        let present = self.rest.iter().take(width).take_while(|&&byte| byte == b' ').count();
        self.rest = self.rest.get(present..)?;
        (present > 0).then_some(())
    }

    /// Takes the next word and the blanks after it, if both are present and `wanted` accepts the
    /// word. Returns whether they were taken.
    pub(super) fn skip_word(&mut self, wanted: impl FnOnce(&[u8]) -> bool) -> bool {
        let mut after = *self;
        let found = wanted(after.word()) && after.gap().is_some();
        if found {
            *self = after;
        }
        found
    }
}
