//! Tables in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::handshake;
use crate::measure::{self, Figure, Test};
use crate::run::Results;

/// Writes tables of medians, with the range, for all tests and servers.
pub fn markdown(results: &Results) -> String {
    let mut out = caption(results);
    let mut notes = Notes::default();
    let tests = || results.tests.iter().filter_map(|name| measure::named(name));
    heading(&mut out, "rate (min..max)", &results.servers);
    for test in tests() {
        let cells = results.servers.iter().map(|server| {
            let Some(values) = results.values(server, test, |figure| Some(figure.value)) else {
                let failure = results.failures(server, test).last().unwrap_or("not measured");
                return notes.refer(failure);
            };
            let failed = results.failures(server, test).count();
            let (median, range) = (number(median(&values)), range(&values));
            let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            format!("**{median}**{range}{failed}")
        });
        row(&mut out, &format!("{}, {}", test.title, test.unit), cells);
    }
    out.push('\n');
    heading(&mut out, "CPU time of the server (min..max)", &results.servers);
    for test in tests().filter(|test| !test.cpu_unit.is_empty()) {
        let cells = results.servers.iter().map(|server| {
            let values = results.values(server, test, |figure| figure.cpu);
            values.map_or("-".into(), |values| format!("**{}**{}", number(median(&values)), range(&values)))
        });
        row(&mut out, &format!("{}, {}", test.title, test.cpu_unit), cells);
    }
    notes.write(&mut out);
    remarks(&mut out, results);
    if !results.handshakes.is_empty() {
        out.push('\n');
        out.push_str(&handshake::markdown(&results.handshakes));
    }
    out
}

/// Writes what was noted at figures, each note once a server.
fn remarks(out: &mut String, results: &Results) {
    let mut tests: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for sample in &results.samples {
        if let Some(note) = sample.figure.as_ref().and_then(|figure| figure.note.as_deref()) {
            let tests = tests.entry((&sample.server, note)).or_default();
            if !tests.contains(&sample.test.as_str()) {
                tests.push(&sample.test);
            }
        }
    }
    if !tests.is_empty() {
        out.push_str("\nRemarks:\n\n");
    }
    for ((server, note), tests) in tests {
        _ = writeln!(out, "- {server}: {note} ({})", tests.join(", "));
    }
}

fn caption(results: &Results) -> String {
    let rounds = results.samples.iter().map(|sample| sample.round + 1).max().unwrap_or(0);
    let settings = &results.settings;
    format!(
        "{}. Medians of {rounds} rounds of {} s; large file of {} MiB, {} idle sessions.\n\n",
        results.machine,
        settings.seconds,
        settings.size >> 20,
        settings.idle
    )
}

/// Writes a row a test with our three runtimes, the best peer and the upper bound.
pub fn summary(results: &Results) -> String {
    let ours = ["ours-std", "ours-tokio", "ours-smol"];
    let mut out = caption(results);
    let columns = ["ours, std", "ours, tokio", "ours, smol", "best peer", "mini"].map(String::from);
    heading(&mut out, "medians (CPU time of the server)", &columns);
    for test in results.tests.iter().filter_map(|name| measure::named(name)) {
        let cell = |server: &str| {
            let value = median(&results.values(server, test, |figure| Some(figure.value))?);
            let cpu = results.values(server, test, |figure| figure.cpu);
            let cpu = cpu.map_or(String::new(), |cpu| format!(" ({})", number(median(&cpu))));
            Some((value, format!("{}{cpu}", number(value))))
        };
        let text = |server| cell(server).map_or("-".into(), |(_, text)| text);
        let peers = results.servers.iter().filter(|name| !ours.contains(&name.as_str()) && *name != "mini");
        let mut found: Vec<_> = peers.filter_map(|name| cell(name).map(|cell| (cell, name))).collect();
        found.sort_by(|((one, _), _), ((other, _), _)| one.total_cmp(other));
        let best = if test.is_cost() { found.first() } else { found.last() };
        let best = best.map_or("-".into(), |((_, text), name)| format!("{name} {text}"));
        let unit = if test.cpu_unit.is_empty() { String::new() } else { format!(" ({})", test.cpu_unit) };
        let [std, tokio, smol] = ours.map(text);
        let name = format!("{}, {}{unit}", test.title, test.unit);
        row(&mut out, &name, [std, tokio, smol, best, text("mini")].into_iter());
    }
    protocols(&mut out, results);
    out.push_str(&handshake::sentence(&results.handshakes));
    out
}

/// Writes which server spoke which TLS.
fn protocols(out: &mut String, results: &Results) {
    let mut servers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for sample in &results.samples {
        let note = sample.figure.as_ref().and_then(|figure| figure.note.as_deref());
        if let Some(tls) = note.filter(|note| note.starts_with("TLS ")) {
            let servers = servers.entry(tls).or_default();
            if !servers.contains(&sample.server.as_str()) {
                servers.push(&sample.server);
            }
        }
    }
    for (at, (tls, mut servers)) in servers.into_iter().enumerate() {
        servers.sort_unstable();
        _ = writeln!(out, "{}{}: {tls}.", if at == 0 { "\n" } else { "" }, servers.join(", "));
    }
}

impl Results {
    fn values(&self, server: &str, test: &Test, value: impl Fn(&Figure) -> Option<f64>) -> Option<Vec<f64>> {
        let samples =
            self.samples.iter().filter(|sample| sample.server == server && sample.test == test.name);
        let values: Vec<f64> = samples.filter_map(|sample| value(sample.figure.as_ref()?)).collect();
        (!values.is_empty()).then_some(values)
    }

    fn failures(&self, server: &str, test: &Test) -> impl DoubleEndedIterator<Item = &str> {
        let samples =
            self.samples.iter().filter(move |sample| sample.server == server && sample.test == test.name);
        samples.filter_map(|sample| sample.failure.as_deref())
    }
}

/// Notes that are too long for a cell.
#[derive(Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// Returns the text of a cell for `reason`.
    pub fn refer(&mut self, reason: &str) -> String {
        if reason.len() <= 12 {
            return reason.to_owned();
        }
        format!("failed {}", self.mark(reason))
    }

    /// Returns a mark for a note below the table.
    pub fn mark(&mut self, reason: &str) -> String {
        let at = self.0.iter().position(|known| known == reason).unwrap_or_else(|| {
            self.0.push(reason.to_owned());
            self.0.len() - 1
        });
        format!("[{}]", at + 1)
    }

    /// Writes the reasons.
    pub fn write(&self, out: &mut String) {
        for (at, reason) in self.0.iter().enumerate() {
            _ = writeln!(out, "{}[{}] {reason}", if at == 0 { "\n" } else { "" }, at + 1);
        }
    }
}

/// Writes the head of a table.
pub fn heading(out: &mut String, title: &str, columns: &[String]) {
    _ = writeln!(out, "| {title} | {} |", columns.join(" | "));
    _ = writeln!(out, "|---{}|", "|--:".repeat(columns.len()));
}

/// Writes a row of a table.
pub fn row(out: &mut String, title: &str, cells: impl Iterator<Item = String>) {
    _ = writeln!(out, "| {title} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// Returns the middle of `values`, of which there is one at least.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    f64::midpoint(sorted[low], sorted[high])
}

/// Returns the lowest and the highest of `values` in parentheses, if there are several.
pub fn range(values: &[f64]) -> String {
    if values.len() == 1 {
        return String::new();
    }
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    format!(" ({}..{})", number(low), number(high))
}

/// Formats `value` with three digits or more, those before the point in groups.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let places = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.places$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::{median, number};

    #[test]
    fn numbers_have_three_digits_or_more() {
        let shown = [1_234_567.8, 999.4, 12.34, 0.0714, -1234.0, -123.0].map(number);
        assert_eq!(shown, ["1,234,568", "999", "12.3", "0.071", "-1,234", "-123"]);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
