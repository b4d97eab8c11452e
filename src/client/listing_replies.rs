//! Distinguishes an empty directory from one that cannot be listed, where only the text of a reply
//! tells them apart.
//!
//! Old servers refuse to list an empty directory with 450 or 550, the codes that they also use for
//! one that is missing or forbidden. vsftpd ends the listing of a directory that it could not read
//! with 226, just as it ends the listing of an empty one.

use super::event::Refusal;
use crate::codec::ReplyCode;
use crate::codec::slices;

/// The meaning of the refusal of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListingRefusal {
    /// The directory is empty, if it exists: make sure with
    /// [`change_directory`](super::change_directory).
    Empty,
    /// The directory may not be listed.
    Forbidden,
    /// The text says neither.
    Unclear,
}

/// Words in refusals of directories that may not be listed. They are checked before [`EMPTY`].
const FORBIDDEN: [&str; 10] = [
    "permission",
    "denied",
    "not allowed",
    "not permitted",
    "forbidden",
    "access",
    "authori",
    "privilege",
    "rights",
    "credential",
];
/// Words in refusals of empty directories, such as `No files found`, `Directory is empty` and
/// `No members found`.
const EMPTY: [&str; 6] = ["no file", "empty", "not found", "no entries", "no members", "no data set"];
/// Words for the failure in a reply that grants a listing but reports that there is none. `TO_OPEN`
/// has the words for what failed.
const FAILED: [&str; 7] = ["fail", "cannot", "can not", "can't", "could not", "couldn't", "unable"];
const TO_OPEN: [&str; 6] = ["open", "read dir", "read the dir", "be read", "list dir", "be listed"];
/// Phrases that name both the failure and what failed.
const NOT_OPENED: [&str; 9] = [
    "permission denied",
    "access denied",
    "access is denied",
    "error open",
    "error read",
    "error list",
    "error access",
    "no permission",
    "not authori",
];

fn says(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| slices::contains(text, word.as_bytes()))
}

impl<B: AsRef<[u8]>> Refusal<B> {
    /// Returns what this refusal of LIST, NLST or MLSD says about the directory. Only 450 and 550
    /// can say anything (RFC 959 5.4).
    #[must_use]
    pub fn of_listing(&self) -> ListingRefusal {
        match self.code {
            ReplyCode::FILE_BUSY | ReplyCode::FILE_UNAVAILABLE => {}
            _ => return ListingRefusal::Unclear,
        }
        if says(self.text.as_ref(), &FORBIDDEN) {
            return ListingRefusal::Forbidden;
        }
        match says(self.text.as_ref(), &EMPTY) {
            true => ListingRefusal::Empty,
            false => ListingRefusal::Unclear,
        }
    }
}

/// Returns whether the text of the 226 or 250 that ends a listing reports that the directory could
/// not be read, so that there is no listing. An example is vsftpd's
/// `Transfer done (but failed to open directory).`
pub(super) fn says_not_listed(text: &[u8]) -> bool {
    (says(text, &FAILED) && says(text, &TO_OPEN)) || says(text, &NOT_OPENED)
}

#[cfg(test)]
mod tests {
    use super::super::ReplyTo;
    use super::*;

    #[test]
    fn a_refused_listing_is_that_of_an_empty_directory_only_when_the_text_says_so() {
        use ListingRefusal::{Empty, Forbidden, Unclear};
        for (code, text, expected) in [
            (550, "No files found.", Empty),
            (450, "No files found", Empty),
            (550, "Directory is empty", Empty),
            (450, "/pub: directory EMPTY", Empty),
            (550, "*: not found", Empty),
            (550, "No members found.", Empty),
            (550, "You are not authorised; no files", Forbidden),
            (550, "Authorization required, directory not found", Forbidden),
            (550, "Insufficient privilege: file not found", Forbidden),
            (550, "/pub: Permission denied", Forbidden),
            (550, "Access is denied. No files found", Forbidden),
            (450, "Listing is not allowed", Forbidden),
            (550, "Failed to open directory.", Unclear),
            (550, "No such directory", Unclear),
            (450, "try again", Unclear),
            (550, "", Unclear),
            (500, "No files found", Unclear),
            (425, "No files found", Unclear),
            (426, "empty", Unclear),
        ] {
            let code = ReplyCode::new(code).unwrap();
            let refusal = Refusal { to: ReplyTo::Other, code, text: text.as_bytes() };
            assert_eq!(refusal.of_listing(), expected, "{code} {text}");
        }
    }

    #[test]
    fn a_226_may_say_that_nothing_was_listed() {
        for (text, expected) in [
            ("Transfer done (but failed to open directory).", true),
            ("Could not open directory", true),
            ("unable to read the directory", true),
            ("/root: Permission denied", true),
            ("Directory send OK.", false),
            ("Transfer complete", false),
            ("0 matches total", false),
            ("Closing data connection, no errors, nothing failed", false),
        ] {
            assert_eq!(says_not_listed(text.as_bytes()), expected, "{text}");
        }
    }
}
