//! The layout of explanations.

use std::fmt::{self, Display};

/// The width that lines are wrapped at.
const WIDTH: usize = 100;
/// The width of the labels of an explanation.
const LABEL: usize = 14;

/// Writes an item of an explanation: a label, and text that is wrapped beside it.
pub fn item(out: &mut impl fmt::Write, label: &str, text: &str) -> fmt::Result {
    wrapped(out, &format!("  {label:LABEL$}"), LABEL + 2, text)
}

/// Writes `text` after `head`, in lines that begin with `indent` spaces.
pub fn wrapped(out: &mut impl fmt::Write, head: &str, indent: usize, text: &str) -> fmt::Result {
    write!(out, "{head}")?;
    let mut column = indent;
    for (at, word) in text.split(' ').filter(|word| !word.is_empty()).enumerate() {
        let width = word.chars().count();
        if at > 0 && column + 1 + width > WIDTH {
            write!(out, "\n{:indent$}{word}", "")?;
            column = indent + width;
        } else {
            write!(out, "{}{word}", if at == 0 { "" } else { " " })?;
            column += width + usize::from(at > 0);
        }
    }
    writeln!(out)
}

/// Returns the values, separated by spaces.
pub fn list<T: Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
