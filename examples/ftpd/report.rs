//! Problems with the configuration, and where in the file they are.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

/// Something that is wrong with the configuration.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The bytes of the file. `None` if it is not about a place in a file.
    span: Option<Range<usize>>,
    text: String,
    /// `true` if the server can run nevertheless.
    pub is_warning: bool,
}

impl Problem {
    pub fn new(text: impl Into<String>) -> Self {
        Self { span: None, text: text.into(), is_warning: false }
    }

    pub fn warning(self) -> Self {
        Self { is_warning: true, ..self }
    }

    /// Adds the place of a value. Values of the command line have none.
    pub fn at<T>(self, value: &Spanned<T>) -> Self {
        Self { span: Some(value.span()).filter(|span| !span.is_empty()), ..self }
    }

    /// Returns the place in the file, for sorting. What has none comes last.
    pub fn position(&self) -> usize {
        self.span.as_ref().map_or(usize::MAX, |span| span.start)
    }

    /// Returns the problem with its place in the file, and the line that it is in.
    pub fn shown<'a>(&'a self, source: &'a Source<'a>) -> impl fmt::Display + 'a {
        Shown { problem: self, source }
    }
}

impl From<&toml::de::Error> for Problem {
    fn from(error: &toml::de::Error) -> Self {
        Self { span: error.span(), text: error.message().trim_end().replace('\n', "; "), is_warning: false }
    }
}

/// The file that problems are in. Without a file, its text is empty.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub path: Option<&'a Path>,
    pub text: &'a str,
}

struct Shown<'a> {
    problem: &'a Problem,
    source: &'a Source<'a>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { span, text, is_warning } = self.problem;
        let kind = if *is_warning { "warning: " } else { "" };
        let Some(path) = self.source.path else { return write!(f, "{kind}{text}") };
        write!(f, "{}", path.display())?;
        let place = span.as_ref().and_then(|span| Line::of(self.source.text, span));
        let Some(Line { number, column, text: line, width }) = place else {
            return write!(f, ": {kind}{text}");
        };
        write!(f, ":{number}: {kind}{text}")?;
        // A line with a password is not repeated.
        if !line.trim().is_empty() && !line.contains("password") {
            write!(f, "\n    {line}\n    {}{}", " ".repeat(column), "^".repeat(width))?;
        }
        Ok(())
    }
}

/// The line in which something begins.
struct Line<'a> {
    number: usize,
    /// Number of characters before it.
    column: usize,
    text: &'a str,
    /// Number of its characters in this line, at least 1.
    width: usize,
}

impl<'a> Line<'a> {
    fn of(text: &'a str, span: &Range<usize>) -> Option<Self> {
        let before = text.get(..span.start)?;
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(begin..)?;
        let line = rest.lines().next().unwrap_or_default();
        let end = span.end.clamp(span.start, begin + line.len().max(span.start - begin));
        Some(Self {
            number: before.matches('\n').count() + 1,
            column: text.get(begin..span.start)?.chars().count(),
            text: line,
            width: text.get(span.start..end).map_or(0, |part| part.chars().count()).max(1),
        })
    }
}
