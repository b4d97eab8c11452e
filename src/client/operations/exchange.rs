//! Operations that consist of one command and its reply, as most operations do.

use core::marker::PhantomData;

use crate::client::dialogue::Finding;
use crate::client::facts::is_entry;
use crate::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{
    Command, Features, FileStructure, Invalid, Quoted, ReplyCode, ReplyLine, RepresentationType, SiteCommand,
    Text, Timestamp, TransferMode, Verb, reply,
};
use crate::error::LocalError;

/// A way to read the reply to a command.
pub trait Answer: Default {
    /// The content of the reply, which may borrow from its last line.
    type Output<'b>;

    /// `true` if the answer depends on the representation type, so that TYPE I has to be in force
    /// first.
    const IMAGE: bool = false;

    /// Takes a line other than the last; returns whether to show it to the caller.
    fn line(&mut self, line: &ReplyLine<'_>) -> bool {
        let _ = line;
        true
    }

    /// Returns whether the final reply grants the command. By default every 2yz does, because some
    /// servers send 250 instead of 257, or 202 instead of 200.
    fn grants(line: &ReplyLine<'_>) -> bool {
        line.code.is_success()
    }

    /// Returns whether the last line of a granting reply is shown to the caller, like the lines
    /// before it.
    fn shows_last(line: &ReplyLine<'_>) -> bool {
        let _ = line;
        false
    }

    /// Reads the last line of a granting reply.
    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b>;

    /// Returns the output for a line that is as long as
    /// [`Limits::line`](crate::client::Limits::line) allows, so that its end may have been cut off:
    /// a truncated path is another path, and a truncated number is another number. `None`, the
    /// default, accepts such a line as it is.
    fn cut<'b>() -> Option<Self::Output<'b>> {
        None
    }
}

/// One command and its reply.
#[derive(Debug)]
pub struct Exchange<'a, A> {
    line: Line<'a>,
    step: Step,
    answer: A,
}

/// The step of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The command is to be sent.
    Due(Try),
    /// The command was sent.
    Sent(Try),
    /// The granting reply was shown.
    Granted,
    /// The reply grants the command, but its last line may have been longer than the limit.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    First,
    /// Retried after an 'ASCII mode' refusal.
    Second,
}

/// The command that is sent.
#[derive(Debug)]
enum Line<'a> {
    Command(Command<'a>),
    Site(SiteCommand<'a>),
}

impl Line<'_> {
    /// Returns whether a reply answers this line rather than a command that was sent ahead of it.
    fn is_answered(&self, to: ReplyTo) -> bool {
        to.verb()
            == match self {
                Self::Command(command) => command.known_verb(),
                Self::Site(_) => Some(Verb::Site),
            }
    }
}

impl<'a, A: Answer> Exchange<'a, A> {
    /// Creates an operation that sends `command`, and whose reply `A` reads.
    pub fn new(command: Command<'a>) -> Operation<Self> {
        Self::with(command, A::default())
    }

    /// Like [`new`](Self::new), with an answer that knows what the command asked for.
    pub fn with(command: Command<'a>, answer: A) -> Operation<Self> {
        Operation::new(Self::of(Line::Command(command), answer))
    }

    /// Like [`new`](Self::new), for a SITE command.
    pub fn site(command: SiteCommand<'a>) -> Operation<Self> {
        Operation::new(Self::of(Line::Site(command), A::default()))
    }

    const fn of(line: Line<'a>, answer: A) -> Self {
        Self { line, step: Step::Due(Try::First), answer }
    }
}

/// Returns whether a line may have been longer than the limit and was therefore truncated. The
/// limit includes the code and the separator after it, which the text may already lack.
fn may_be_cut(cx: &Context<'_, '_>, line: &ReplyLine<'_>) -> bool {
    is_as_long_as(cx.client().config().limits.line, line)
}

/// Returns whether a line may have been longer than this limit.
pub(super) const fn is_as_long_as(limit: usize, line: &ReplyLine<'_>) -> bool {
    const CODE: usize = 4;
    line.text.len().saturating_add(CODE) >= limit
}

impl<A: Answer> Sequence for Exchange<'_, A> {
    type Output<'b> = A::Output<'b>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        let Step::Due(attempt) = self.step else {
            return Ok(if self.step == Step::Granted { Advance::Done } else { Advance::Continue });
        };
        if A::IMAGE && !cx.set_type(RepresentationType::Image)? {
            return Ok(Advance::Continue);
        }
        let sent = match &self.line {
            Line::Command(command) => cx.send(command)?,
            Line::Site(command) => cx.send_site(command)?,
        };
        if sent {
            self.step = Step::Sent(attempt);
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            let is_readable = !may_be_cut(cx, line) || A::cut().is_none();
            return match self.line.is_answered(to) && self.answer.line(line) && is_readable {
                true => Verdict::Show,
                false => Verdict::Continue,
            };
        }
        if !self.line.is_answered(to) {
            // Without TYPE I the answer would be a different one, and retrying would never end.
            return if line.code.is_success() { Verdict::Continue } else { Verdict::Refused };
        }
        if A::grants(line) {
            let (is_cut, shows) = (may_be_cut(cx, line), A::shows_last(line));
            self.step = if is_cut { Step::Cut } else { Step::Granted };
            return if shows && !is_cut { Verdict::Show } else { Verdict::Done };
        }
        // The server may refuse with `550 SIZE not allowed in ASCII mode` although it granted TYPE
        // I before: send both commands again.
        let mistyped = line.text.windows(5).any(|word| word.eq_ignore_ascii_case(b"ascii"));
        if A::IMAGE && self.step == Step::Sent(Try::First) && mistyped {
            self.step = Step::Due(Try::Second);
            cx.client_mut().note(Finding::TypeDiffers);
            return Verdict::Continue;
        }
        Verdict::Refused
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> A::Output<'b> {
        if let (Step::Cut, Some(output)) = (self.step, A::cut()) {
            return output;
        }
        // If there is no line here, the line was already shown.
        self.answer.read(last.unwrap_or(ReplyLine::EMPTY))
    }
}

/// The reply as it was received. Its text is empty if the server's replies were in doubt, so that
/// the client sent another command before it reported success.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainAnswer(PhantomData<()>);

impl Answer for PlainAnswer {
    type Output<'b> = ReplyLine<'b>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> ReplyLine<'b> {
        last
    }
}

/// The error for a line that may have been cut, in answers that mean something else when truncated.
pub(super) const CUT: Invalid = Invalid::new("a line shorter than limits.line");

/// A path in quotes (RFC 959 appendix II).
#[derive(Clone, Copy, Debug, Default)]
pub struct PathAnswer(PhantomData<()>);

impl Answer for PathAnswer {
    type Output<'b> = Result<Quoted<'b>, Invalid>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b> {
        // A reply with neither code 257 nor quotes contains no path: `250 Directory changed.` is
        // CWD's answer.
        match last.code == ReplyCode::PATHNAME || last.text.contains(&b'"') {
            true => Quoted::parse(last.text),
            false => Err(Invalid::new("a path in quotes")),
        }
    }

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(Err(CUT))
    }
}

/// A size in bytes (RFC 3659 4).
#[derive(Clone, Copy, Debug, Default)]
pub struct SizeAnswer(PhantomData<()>);

impl Answer for SizeAnswer {
    type Output<'b> = Result<u64, Invalid>;
    const IMAGE: bool = true;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b> {
        reply::size(last.text)
    }

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(Err(CUT))
    }
}

/// A modification time in UTC (RFC 3659 3).
#[derive(Clone, Copy, Debug, Default)]
pub struct ModificationTimeAnswer(PhantomData<()>);

impl Answer for ModificationTimeAnswer {
    type Output<'b> = Result<Timestamp, Invalid>;

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> Self::Output<'b> {
        Timestamp::parse(last.text.trim_ascii())
    }

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(Err(CUT))
    }
}

/// The features that a server lists (RFC 2389 3). Each line is shown too.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeaturesAnswer(Features);

impl Answer for FeaturesAnswer {
    type Output<'b> = Features;

    fn line(&mut self, line: &ReplyLine<'_>) -> bool {
        self.0 |= Features::from_line(line.text);
        true
    }

    fn read<'b>(&mut self, _: ReplyLine<'b>) -> Features {
        self.0
    }
}

/// The facts of one entry (RFC 3659 7.2). The facts are on the middle lines, or on the only line,
/// which are shown as [`Event::Line`](crate::client::Event::Line): read these lines with a
/// [`FactsReader`](crate::client::FactsReader). The facts are valid once the operation is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct FactsAnswer(PhantomData<()>);

impl Answer for FactsAnswer {
    type Output<'b> = ();

    fn shows_last(line: &ReplyLine<'_>) -> bool {
        is_entry(line.text)
    }

    fn read<'b>(&mut self, _: ReplyLine<'b>) {}

    fn cut<'b>() -> Option<Self::Output<'b>> {
        Some(())
    }
}

/// The reply as it was received, 2yz or 3yz, to a command whose meaning only the caller knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawAnswer(PhantomData<()>);

impl Answer for RawAnswer {
    type Output<'b> = ReplyLine<'b>;

    fn grants(line: &ReplyLine<'_>) -> bool {
        line.code.is_success() || line.code.is_intermediate()
    }

    fn read<'b>(&mut self, last: ReplyLine<'b>) -> ReplyLine<'b> {
        last
    }
}

/// STRU: sets the structure of the files transferred from now on (RFC 959 3.1.2).
pub fn structure(structure: FileStructure) -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Stru(structure))
}

/// MODE: sets how data is encoded on the wire from now on (RFC 959 3.4). Deflate needs the feature
/// `deflate`: ask [`Coding::is_supported`](crate::transfer::Coding::is_supported) first.
pub fn mode(mode: TransferMode) -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Mode(mode))
}

/// CWD: makes `path` the working directory (RFC 959 4.1.1).
pub fn change_directory(path: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Cwd(path))
}

/// CDUP: makes the parent the working directory (RFC 959 4.1.1).
pub fn change_to_parent() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Cdup)
}

/// PWD: asks for the working directory (RFC 959 4.1.3).
pub fn working_directory() -> Operation<Exchange<'static, PathAnswer>> {
    Exchange::new(Command::Pwd)
}

/// PWD: asks for the working directory, and returns the unparsed reply, for
/// [`Location`](crate::client::Location) to compare. To read the path, use [`working_directory`].
pub fn whereabouts() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Pwd)
}

/// MKD: creates a directory (RFC 959 4.1.3). The path in the answer is the server's name for the
/// directory; many servers do not report one.
pub fn make_directory(path: Text<'_>) -> Operation<Exchange<'_, PathAnswer>> {
    Exchange::new(Command::Mkd(path))
}

/// RMD: removes an empty directory (RFC 959 4.1.3).
pub fn remove_directory(path: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Rmd(path))
}

/// DELE: removes a file (RFC 959 4.1.3).
pub fn delete(path: Text<'_>) -> Operation<Exchange<'_, PlainAnswer>> {
    Exchange::new(Command::Dele(path))
}

/// SIZE: asks for the number of bytes that a download of `path` would transfer in TYPE I, which is
/// set first (RFC 3659 4).
pub fn size(path: Text<'_>) -> Operation<Exchange<'_, SizeAnswer>> {
    Exchange::new(Command::Size(path))
}

/// MDTM: asks when `path` was modified (RFC 3659 3).
pub fn modification_time(path: Text<'_>) -> Operation<Exchange<'_, ModificationTimeAnswer>> {
    Exchange::new(Command::Mdtm(path))
}

/// MLST: asks for the facts of `path`, or of the working directory (RFC 3659 7).
pub fn facts(path: Option<Text<'_>>) -> Operation<Exchange<'_, FactsAnswer>> {
    Exchange::new(Command::Mlst(path))
}

/// FEAT: asks for the features beyond RFC 959 (RFC 2389 3). A server without FEAT refuses.
pub fn features() -> Operation<Exchange<'static, FeaturesAnswer>> {
    Exchange::new(Command::Feat)
}

/// SYST: asks for the server's type of system, which is in the reply's text (RFC 959 4.1.3).
pub fn system() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Syst)
}

/// NOOP: does nothing but get a reply (RFC 959 4.1.3).
pub fn noop() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Noop)
}

/// QUIT: ends the session (RFC 959 4.1.1). Close the control connection once the operation is done.
pub fn quit() -> Operation<Exchange<'static, PlainAnswer>> {
    Exchange::new(Command::Quit)
}
