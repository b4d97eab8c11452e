//! Sets the modification time of a file: by MFMT (draft-somers-ftp-mfxx 3), by MDTM's set form,
//! which vsftpd and others have, or by SITE UTIME.

use crate::client::dialogue::Finding;
use crate::client::{Advance, Context, Operation, Profile, ReplyTo, Sequence, Verdict};
use crate::codec::{Command, ReplyCode, ReplyLine, SiteCommand, Text, TimedPath, Timestamp, Verb, reply};
use crate::error::LocalError;

/// Sets the modification time of `path`, by the first of MFMT, `MDTM time path` and SITE UTIME that
/// the server supports, and remembers that way ([`Profile::TIME_BY_MDTM`],
/// [`Profile::TIME_BY_UTIME`]). The output is the time that the server reports afterwards, if it
/// reports one: servers may round. Only MFMT takes fractions of a second.
///
/// The operation is refused if the server supports none of them, or refuses the one it supports,
/// because the file does not exist or belongs to someone else.
pub fn set_modification_time(path: Text<'_>, time: Timestamp) -> Operation<SetModificationTime<'_>> {
    Operation::new(SetModificationTime {
        path,
        time,
        attempt: Attempt::New,
        first: None,
        hint: Hint::None,
        reported: None,
    })
}

/// The operation of [`set_modification_time`].
#[derive(Debug)]
pub struct SetModificationTime<'a> {
    path: Text<'a>,
    time: Timestamp,
    attempt: Attempt,
    /// First way tried, which is not tried again.
    first: Option<Way>,
    hint: Hint,
    /// Time that the server reported.
    reported: Option<Timestamp>,
}

/// The way that is being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// No way has been chosen yet.
    New,
    /// The command of this way is to be sent.
    Due(Way),
    /// The command of this way was sent.
    Sent(Way),
}

/// The hint given by the refusal of MDTM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// No hint.
    None,
    /// MDTM was refused because of the file that it named: either the file itself, or a file whose
    /// name the server took to be time and path together.
    NamedFile,
    /// MDTM was refused because of the file, and is sent again because the other ways are unknown.
    /// Its second reply decides.
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Mfmt,
    /// MDTM with a time before the path.
    Mdtm,
    /// SITE UTIME with the time before the path.
    Utime,
}

impl Way {
    /// All ways, in the order in which they are tried.
    const ALL: [Self; 3] = [Self::Mfmt, Self::Mdtm, Self::Utime];

    const fn verb(self) -> Verb {
        match self {
            Self::Mfmt => Verb::Mfmt,
            Self::Mdtm => Verb::Mdtm,
            Self::Utime => Verb::Site,
        }
    }

    /// Returns the property that records this way. MFMT has none, since it is tried first anyway.
    const fn flag(self) -> Profile {
        match self {
            Self::Mfmt => Profile::empty(),
            Self::Mdtm => Profile::TIME_BY_MDTM,
            Self::Utime => Profile::TIME_BY_UTIME,
        }
    }

    /// Returns the way that has worked with this server.
    fn remembered(profile: Profile) -> Option<Self> {
        Self::ALL.into_iter().find(|way| profile.intersects(way.flag()))
    }
}

/// The result of trying one way.
enum Answer {
    Set,
    /// The server does not have the command.
    Unknown,
    /// The path names something that cannot be changed, or does not exist.
    Refused,
}

impl SetModificationTime<'_> {
    /// Returns the time without its fraction: the 14 digits that every server reads.
    fn seconds(&self) -> Timestamp {
        self.time.with_fraction(0, 0).unwrap_or(self.time)
    }

    /// Returns the way to try after `way`, which did not work.
    fn next(&self, way: Way) -> Option<Way> {
        let rest = Way::ALL.into_iter().filter(|next| Some(*next) != self.first);
        match Some(way) == self.first {
            true => rest.into_iter().next(),
            false => rest.skip_while(|next| *next != way).nth(1),
        }
    }

    fn read(&mut self, way: Way, line: &ReplyLine<'_>) -> Answer {
        match line.code.get() {
            // 202 means superfluous: the time was not set (RFC 959 4.2.2).
            202 | 500..=504 => return Answer::Unknown,
            _ if !line.code.is_success() => return Answer::Refused,
            _ => {}
        }
        self.reported = match way {
            Way::Mfmt => reply::time_fact(line.text),
            Way::Mdtm => Timestamp::parse(line.text.trim_ascii()).ok(),
            Way::Utime => None,
        };
        // If the reply has another time, MDTM reported the time of a file with this name, and set
        // nothing.
        match (way, self.reported) {
            (Way::Mdtm, Some(reported)) if reported.to_unix().0 != self.time.to_unix().0 => Answer::Refused,
            _ => Answer::Set,
        }
    }

    fn go_on_with(&mut self, way: Way) -> Verdict {
        self.attempt = Attempt::Due(way);
        Verdict::Continue
    }
}

impl Sequence for SetModificationTime<'_> {
    type Output<'b> = Option<Timestamp>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if let Attempt::New = self.attempt {
            let way = Way::remembered(cx.client().profile()).unwrap_or(Way::Mfmt);
            (self.attempt, self.first) = (Attempt::Due(way), Some(way));
        }
        if let Attempt::Due(way) = self.attempt {
            let (path, modified) = (self.path, self.seconds());
            let sent = match way {
                Way::Mfmt => cx.send(&Command::Mfmt(TimedPath { time: self.time, path }))?,
                Way::Mdtm => cx.send(&Command::SetMdtm(TimedPath { time: modified, path }))?,
                Way::Utime => cx.send_site(&SiteCommand::Utime { modified, path })?,
            };
            if sent {
                self.attempt = Attempt::Sent(way);
            }
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Continue;
        }
        let (Attempt::Due(way) | Attempt::Sent(way)) = self.attempt else { return Verdict::Continue };
        if to.verb() != Some(way.verb()) {
            return Verdict::Continue;
        }
        let remembered = Way::remembered(cx.client().profile());
        let answer = self.read(way, line);
        match answer {
            Answer::Set => {
                cx.client_mut().note(Finding::IsNot(Profile::TIME_BY_MDTM | Profile::TIME_BY_UTIME));
                cx.client_mut().note(Finding::Is(way.flag()));
                return Verdict::Done;
            }
            // The server knows the command, so its refusal concerns the file.
            Answer::Refused if self.hint == Hint::Repeated || way == Way::Mfmt || remembered == Some(way) => {
                return Verdict::Refused;
            }
            // A server without the set form takes time and path for the name of a missing file.
            Answer::Refused if way == Way::Mdtm && line.code == ReplyCode::FILE_UNAVAILABLE => {
                self.hint = Hint::NamedFile;
            }
            Answer::Refused if line.code.is_success() => {}
            Answer::Refused => return Verdict::Refused,
            Answer::Unknown => {}
        }
        match self.next(way) {
            Some(next) if self.hint != Hint::Repeated => self.go_on_with(next),
            // MDTM said more about the file than an unknown UTIME does, but its reply is no longer
            // available: send MDTM again.
            _ if self.hint == Hint::NamedFile && matches!(answer, Answer::Unknown) => {
                self.hint = Hint::Repeated;
                self.go_on_with(Way::Mdtm)
            }
            _ => Verdict::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Option<Timestamp> {
        self.reported
    }
}
