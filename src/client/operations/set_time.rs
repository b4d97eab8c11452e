//! Setting when a file was modified: by MFMT (draft-somers-ftp-mfxx 3), by MDTM's set form, which vsftpd and others
//! have, or by SITE UTIME.

use crate::client::dialogue::Finding;
use crate::client::{Context, Next, Operation, Profile, ReplyTo, Sequence};
use crate::codec::{Command, ReplyCode, ReplyLine, SiteCommand, Text, TimedPath, Timestamp, Verb, reply};
use crate::error::LocalError;

/// Sets when `path` was modified, by the first of MFMT, `MDTM time path` and SITE UTIME that the server has, which
/// is remembered ([`Profile::TIME_BY_MDTM`], [`Profile::TIME_BY_UTIME`]). Comes to the time that the server says it
/// has then, if it does: it may round. Only MFMT takes fractions of a second.
///
/// It is refused when the server has none of them, or has one and refuses: the file is not there or not ours.
pub fn set_modification_time(path: Text<'_>, time: Timestamp) -> Operation<SetModificationTime<'_>> {
    Operation::new(SetModificationTime {
        path,
        time,
        attempt: Attempt::New,
        first: None,
        hint: Hint::None,
        told: None,
    })
}

/// See [`set_modification_time`].
#[derive(Debug)]
pub struct SetModificationTime<'a> {
    path: Text<'a>,
    time: Timestamp,
    attempt: Attempt,
    /// The way that was tried first, and is not tried again.
    first: Option<Way>,
    hint: Hint,
    /// The time that the server told.
    told: Option<Timestamp>,
}

/// The way that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// The way was not chosen yet.
    New,
    /// Its command is to be sent.
    Due(Way),
    /// Its command was sent.
    Sent(Way),
}

/// The hint that the refusal of MDTM gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Nothing.
    None,
    /// MDTM was refused for what it named, which may be the file, or time and file taken for one name.
    NamedFile,
    /// That, and MDTM is asked again since the others are unknown: its answer counts.
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
    /// All of them, in the order in which they are tried.
    const ALL: [Self; 3] = [Self::Mfmt, Self::Mdtm, Self::Utime];

    const fn verb(self) -> Verb {
        match self {
            Self::Mfmt => Verb::Mfmt,
            Self::Mdtm => Verb::Mdtm,
            Self::Utime => Verb::Site,
        }
    }

    /// How the way is remembered that works; MFMT is the one that is tried first in any case.
    const fn flag(self) -> Profile {
        match self {
            Self::Mfmt => Profile::empty(),
            Self::Mdtm => Profile::TIME_BY_MDTM,
            Self::Utime => Profile::TIME_BY_UTIME,
        }
    }

    /// The way that has worked with this server.
    fn remembered(profile: Profile) -> Option<Self> {
        Self::ALL.into_iter().find(|way| profile.intersects(way.flag()))
    }
}

/// The result of a way.
enum Answer {
    Set,
    /// The server does not have the command.
    Unknown,
    /// The path names something that cannot be changed, or does not exist.
    Refused,
}

impl SetModificationTime<'_> {
    /// The time to the second: the 14 digits that every server reads.
    fn seconds(&self) -> Timestamp {
        self.time.with_fraction(0, 0).unwrap_or(self.time)
    }

    /// The next way behind one that did not work.
    fn next(&self, way: Way) -> Option<Way> {
        let rest = Way::ALL.into_iter().filter(|next| Some(*next) != self.first);
        match Some(way) == self.first {
            true => rest.into_iter().next(),
            false => rest.skip_while(|next| *next != way).nth(1),
        }
    }

    fn read(&mut self, way: Way, line: &ReplyLine<'_>) -> Answer {
        match line.code.get() {
            // Superfluous: it was not done (RFC 959 4.2.2).
            202 | 500..=504 => return Answer::Unknown,
            _ if !line.code.is_success() => return Answer::Refused,
            _ => {}
        }
        self.told = match way {
            Way::Mfmt => reply::time_fact(line.text),
            Way::Mdtm => Timestamp::parse(line.text.trim_ascii()).ok(),
            Way::Utime => None,
        };
        // A file of that name has another time: it was asked for, and not set.
        match (way, self.told) {
            (Way::Mdtm, Some(told)) if told.to_unix().0 != self.time.to_unix().0 => Answer::Refused,
            _ => Answer::Set,
        }
    }

    fn go_on_with(&mut self, way: Way) -> Next {
        self.attempt = Attempt::Due(way);
        Next::Continue
    }
}

impl Sequence for SetModificationTime<'_> {
    type Output<'b> = Option<Timestamp>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
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
        Ok(Next::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        match line.is_final() {
            true => self.finished(cx, to, line),
            false => Next::Continue,
        }
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        let (Attempt::Due(way) | Attempt::Sent(way)) = self.attempt else { return Next::Continue };
        if to.verb() != Some(way.verb()) {
            return Next::Continue;
        }
        let remembered = Way::remembered(cx.client().profile());
        let answer = self.read(way, line);
        match answer {
            Answer::Set => {
                cx.client_mut().note(Finding::IsNot(Profile::TIME_BY_MDTM | Profile::TIME_BY_UTIME));
                cx.client_mut().note(Finding::Is(way.flag()));
                return Next::Done;
            }
            // The command is known, so it is the file.
            Answer::Refused if self.hint == Hint::Repeated || way == Way::Mfmt || remembered == Some(way) => {
                return Next::Refused;
            }
            // Without the set form it is the name of a file that is not there.
            Answer::Refused if way == Way::Mdtm && line.code == ReplyCode::FILE_UNAVAILABLE => {
                self.hint = Hint::NamedFile;
            }
            Answer::Refused if line.code.is_success() => {}
            Answer::Refused => return Next::Refused,
            Answer::Unknown => {}
        }
        match self.next(way) {
            Some(next) if self.hint != Hint::Repeated => self.go_on_with(next),
            // MDTM said more of the file than that there is no UTIME, and its reply is gone: it is asked again.
            _ if self.hint == Hint::NamedFile && matches!(answer, Answer::Unknown) => {
                self.hint = Hint::Repeated;
                self.go_on_with(Way::Mdtm)
            }
            _ => Next::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Option<Timestamp> {
        self.told
    }
}
