//! The answers of the host of a session, and the listings that it writes.

use ftp_proto::codec::{HashAlgorithm, Permissions, ReplyCode, Text, Timestamp, Verb};
use ftp_proto::listing::{Clock, Entry, Fields, Kind, Modified, Precision};
use ftp_proto::server::{Access, Answer, Listing, Refusal, Request, Session};

/// Every reason to refuse. The last is for an account alone.
const REFUSALS: [Refusal; 15] = [
    Refusal::NotFound,
    Refusal::Denied,
    Refusal::Exists,
    Refusal::NotADirectory,
    Refusal::IsADirectory,
    Refusal::NotEmpty,
    Refusal::BadName,
    Refusal::BadOffset,
    Refusal::QuotaExceeded,
    Refusal::StorageFull,
    Refusal::Busy,
    Refusal::Unsupported,
    Refusal::Failed,
    Refusal::Aborted,
    Refusal::NeedsAccount,
];

/// An answer that outlives its request.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    Done,
    Refused(Refusal),
    Opened {
        size: Option<u64>,
        unique: bool,
    },
    Entry(u8),
    /// So many entries, and then that it is done.
    Entries(u8),
    Digest(HashAlgorithm, u64),
    Count(u64),
    Reply(ReplyCode, usize),
}

impl Given {
    /// Passes the answer to `tell`.
    pub fn tell<T>(self, tell: impl FnOnce(Answer<'_>) -> T) -> T {
        const NAMES: [Text<'static>; 3] = [Text::literal("made up"); 3];
        let digest = [0xA5; 64];
        let entry = entry(if let Self::Entry(number) = self { number } else { 0 });
        tell(match self {
            Self::Done | Self::Entries(_) => Answer::Done,
            Self::Refused(refusal) => Answer::Refused(refusal),
            Self::Opened { size, unique } => Answer::Opened { size, unique_name: unique.then_some(NAMES[0]) },
            Self::Entry(_) => Answer::Entry(&entry),
            Self::Digest(algorithm, end) => {
                Answer::Digest { digest: &digest[..algorithm.digest_len()], range: (0, end) }
            }
            Self::Count(bytes) => Answer::Count(bytes),
            Self::Reply(code, lines) => Answer::Reply(code, &NAMES[..lines]),
        })
    }
}

/// Returns an answer that does not fit `request`.
pub const fn unfit(request: &Request<Text<'_>>) -> Answer<'static> {
    match request {
        Request::Available => Answer::Opened { size: None, unique_name: None },
        _ => Answer::Count(0),
    }
}

/// Returns an entry, whose kind and other fields depend on its number.
pub fn entry(number: u8) -> Entry<'static> {
    let name = [
        Text::literal("made up"),
        Text::literal(".hidden"),
        Text::literal("a\"b"),
        Text::literal("-x"),
        Text::literal(".."),
        Text::literal(""),
    ];
    let kind = [
        Kind::File,
        Kind::File,
        Kind::Directory,
        Kind::Link { target: Some(Text::literal("there")) },
        Kind::ParentDirectory,
        Kind::Unknown,
    ];
    let mut entry = Entry::new(name[usize::from(number) / 4 % 6], kind[usize::from(number) % 6]);
    entry.size = (number & 0x20 == 0).then_some(number.into());
    if number & 0x10 == 0 {
        let shown = Timestamp::new(2024, 1, 31, 23, 59, 59).unwrap();
        entry.modified = Some(Modified::new(shown, Precision::Second, Some(0)));
        entry.permissions = Some(Permissions::from_bits_truncate(number.into()));
        (entry.mode, entry.links) = (Some(u16::from(number) << 4), Some(1));
        (entry.owner, entry.group) = (Some(Text::literal("me")), Some(Text::literal("us")));
    }
    entry
}

/// Returns the answer that `choice` stands for. If the host is `kind`, it refuses nothing.
pub fn answer(session: &Session<Vec<u8>>, request: &Request<Text<'_>>, choice: u8, kind: bool) -> Given {
    let refuses = choice & 0x80 != 0 && !kind;
    let refused = Given::Refused(REFUSALS[usize::from(choice) % REFUSALS.len()]);
    // No file is named as options, as a pattern, or as a time and a path.
    let name = session.path().file_name().unwrap_or_default();
    let missing = name.starts_with(b"-") || name.iter().any(|byte| matches!(byte, b'*' | b' '));
    match *request {
        Request::List(_) | Request::Stat { .. } if missing => Given::Refused(Refusal::NotFound),
        Request::Admit if choice != 0xFF || kind => Given::Done,
        Request::Login { .. } if !refuses => Given::Done,
        // A host answers what it serves itself with a code of that command.
        Request::Command(line) => {
            let verb = Verb::split_from(line.reveal().as_bytes()).map(|(verb, _)| verb);
            let verb = verb.expect("only commands that it knows are overridden");
            let mut codes = verb.info().replies().filter(|code| !code.is_preliminary());
            match refuses && verb.allows(ReplyCode::FILE_UNAVAILABLE) {
                true => refused,
                false => Given::Reply(
                    codes.next().unwrap_or(ReplyCode::NOT_IMPLEMENTED),
                    1 + usize::from(choice) % 2,
                ),
            }
        }
        _ if refuses => refused,
        Request::Stat { .. } => Given::Entry(if choice & 2 == 0 { 0 } else { choice }),
        Request::Open(access) => Given::Opened {
            size: (choice & 4 == 0).then_some(choice.into()),
            unique: access == Access::Unique,
        },
        Request::List(listing) => list(session, listing, choice),
        Request::Entries { .. } => {
            assert!(Fields::all().contains(request.fields()));
            Given::Entries(choice % 8)
        }
        Request::Digest { algorithm, .. } => Given::Digest(algorithm, choice.into()),
        Request::Available => Given::Count(choice.into()),
        Request::Combine { parts } => {
            let mut room = [0; 600];
            for part in parts.iter() {
                let path = session.resolve(part, &mut room);
                assert!(path.is_ok_and(|path| path.as_bytes().starts_with(b"/")), "{path:?}");
            }
            Given::Done
        }
        Request::Site(_) => Given::Reply(ReplyCode::COMMAND_OKAY, usize::from(choice) % 3),
        _ => Given::Done,
    }
}

/// Writes a listing, checks it, and opens it unless it would show nothing that was asked for.
fn list(session: &Session<Vec<u8>>, listing: Listing, choice: u8) -> Given {
    let clock = if choice & 1 == 0 { Clock::UNKNOWN } else { Clock::at(1_731_240_000) };
    let selection = session.selection();
    assert_eq!(selection.listing(), listing);
    assert_eq!(Request::<()>::List(listing).fields(), listing.writer(clock).fields());
    assert!(!selection.label().is_empty());
    let numbers = (0..24).map(|number| number * 5 + (choice & 3));
    let mut shown = false;
    for number in numbers.clone() {
        let (entry, mut line, mut itself) = (entry(number), Vec::new(), Vec::new());
        selection.write(&entry, clock, &mut line).unwrap();
        selection.write_itself(&entry, clock, &mut itself).unwrap();
        assert!(selection.shows(entry.name.as_bytes()) || line.is_empty(), "{entry:?}");
        for line in [&line, &itself] {
            assert!(line.is_empty() || line.ends_with(b"\r\n"), "{entry:?}");
            assert!(line.iter().filter(|byte| **byte == b'\n').count() <= 1, "{entry:?}");
        }
        shown |= !line.is_empty();
    }
    let mut lister = session.lister(clock);
    assert_eq!(lister.selection().listing(), listing);
    let recursive = matches!(listing, Listing::Unix { recursive: true, .. }) && !selection.needs_directory();
    let (mut out, mut itself) = (Vec::new(), Vec::new());
    lister.write_itself(&entry(choice), &mut itself).unwrap();
    assert!(itself.is_empty() || itself.ends_with(b"\r\n"));
    // Every directory has directories here, of which a few will do.
    for _ in 0..40 {
        let begun = out.len();
        lister.heading(&mut out).unwrap();
        assert_eq!(out[begun..].ends_with(b":\r\n"), recursive);
        for number in numbers.clone() {
            lister.write(&entry(number), &mut out).unwrap();
        }
        match lister.next_directory() {
            Some(path) => assert!(recursive && !path.starts_with(b"/") && !path.is_empty()),
            None => break,
        }
    }
    if selection.needs_match() && !shown {
        return Given::Refused(Refusal::NotFound);
    }
    Given::Opened { size: None, unique: false }
}
