//! The messages for the user: notes, failures and the summary, or JSON for a program. Any number of
//! threads share it.

use std::fmt;
use std::io::{Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::HumanBytes;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, Shown};
use crate::progress::Progress;

/// The failures that the summary repeats.
const REPEATED: usize = 10;

/// The form of the messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Voice {
    /// Set to show only errors.
    pub quiet: bool,
    /// Set to print JSON on standard output.
    pub json: bool,
    /// Set if something else writes on the terminal, so that no progress can be shown there.
    pub no_progress: bool,
}

#[derive(Debug)]
pub struct Report {
    pub voice: Voice,
    pub progress: Progress,
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The exit code of the first failure.
    exit_code: u8,
    failed: usize,
    failures: Vec<String>,
    /// Lines printed since the first failure.
    lines_since: usize,
    /// Set if a later attempt may succeed.
    may_pass: bool,
    tally: Tally,
}

/// The things done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub downloaded: u64,
    pub uploaded: u64,
    pub bytes: u64,
    pub same: u64,
    pub removed: u64,
    pub skipped: u64,
}

/// A file that was transferred.
pub struct Transferred<'a> {
    pub is_upload: bool,
    pub remote: &'a [u8],
    pub local: &'a std::path::Path,
    /// The size of the file.
    pub size: u64,
    /// Bytes that earlier transfers had moved.
    pub resumed_at: u64,
    pub begun: Instant,
}

impl Report {
    pub fn new(voice: Voice) -> Self {
        let progress = Progress::new(!voice.quiet && !voice.no_progress);
        Self { voice, progress, begun: Instant::now(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: impl fmt::Display) {
        self.state().lines_since += 1;
        self.progress.suspend(|| eprintln!("ftp: {line}"));
    }

    /// Shows a message that is not an error.
    pub fn note(&self, note: impl fmt::Display) {
        if !self.voice.quiet {
            self.say(note);
        }
    }

    /// Shows something on the way that the user should know, whatever comes of it.
    pub fn warn(&self, warning: impl fmt::Display) {
        self.say(warning);
    }

    /// Notes something that is left out on purpose.
    pub fn skip(&self, path: &[u8], reason: &str) {
        self.state().tally.skipped += 1;
        self.event("skip", path, json!({ "reason": reason }));
        self.note(format_args!("{}: skipped: {reason}", Shown(path)));
    }

    /// Reports a failure that does not end everything.
    pub fn fail(&self, failure: &Failure) {
        let text = failure.to_string();
        self.say(&text);
        self.record(failure, text);
    }

    /// Counts a failure, which is printed elsewhere.
    pub fn record(&self, failure: &Failure, text: String) {
        let code = failure.exit_code();
        self.print(json!({ "event": "failure", "message": text, "exit_code": code }));
        let state = &mut *self.state();
        state.failed += 1;
        state.may_pass |= code == 3;
        if state.exit_code == 0 {
            state.exit_code = code;
        }
        if state.failures.is_empty() {
            state.lines_since = 0;
        }
        if state.failures.len() < REPEATED {
            state.failures.push(text);
        }
    }

    /// Counts a file that turned out to be the same.
    pub fn skip_same(&self, size: Option<u64>) {
        self.state().tally.same += 1;
        self.progress.skip(size.unwrap_or(0));
    }

    pub fn count(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.state().tally);
    }

    /// Prints an event about a path, if the output is JSON.
    pub fn event(&self, event: &str, path: &[u8], fields: Value) {
        if self.voice.json {
            let mut all = named(event, path);
            if let Value::Object(fields) = fields {
                all.extend(fields);
            }
            self.print(Value::Object(all));
        }
    }

    /// Prints a line on standard output, unless the output is JSON.
    pub fn print_line(&self, line: impl fmt::Display) {
        if !self.voice.json {
            self.progress.suspend(|| {
                let _ = writeln!(stdout().lock(), "{line}");
            });
        }
    }

    fn print(&self, event: Value) {
        if self.voice.json {
            // A reader that is gone misses the rest, and the transfers go on.
            self.progress.suspend(|| {
                let _ = writeln!(stdout().lock(), "{event}");
            });
        }
    }

    /// Counts and reports a file that was transferred.
    pub fn transferred(&self, done: &Transferred<'_>) {
        let moved = done.size - done.resumed_at.min(done.size);
        {
            let tally = &mut self.state().tally;
            let count = if done.is_upload { &mut tally.uploaded } else { &mut tally.downloaded };
            *count += 1;
            tally.bytes += moved;
        }
        let fields = json!({
            "direction": if done.is_upload { "upload" } else { "download" },
            "local": done.local.to_string_lossy(),
            "size": done.size,
            "bytes": moved,
            "resumed_at": done.resumed_at,
            "seconds": seconds(done.begun),
        });
        self.event("transfer", done.remote, fields);
    }

    /// Takes the progress off the screen and, if there were many files, prints the summary. Returns
    /// the exit code.
    pub fn finish(&self, has_summary: bool) -> u8 {
        // What is printed below locks the state again.
        let (tally, failed, failures, is_far, may_pass, exit_code) = {
            let state = &mut *self.state();
            let is_far = state.lines_since > REPEATED;
            let failures = std::mem::take(&mut state.failures);
            (state.tally, state.failed, failures, is_far, state.may_pass, state.exit_code)
        };
        self.progress.end();
        self.print(json!({
            "event": "summary",
            "downloaded": tally.downloaded,
            "uploaded": tally.uploaded,
            "bytes": tally.bytes,
            "unchanged": tally.same,
            "removed": tally.removed,
            "skipped": tally.skipped,
            "failed": failed,
            "seconds": seconds(self.begun),
            "exit_code": exit_code,
        }));
        if !has_summary {
            return exit_code;
        }
        if is_far {
            failures.iter().for_each(|failure| self.say(format_args!("failed: {failure}")));
            if failed > failures.len() {
                self.say(format_args!("failed: and {} more, see above", failed - failures.len()));
            }
        }
        let line = summary(&tally, failed, seconds(self.begun));
        if failed > 0 {
            self.warn(line)
        } else {
            self.note(line)
        }
        if may_pass {
            self.warn("run the same command again to go on: files that are complete are not sent again");
        }
        exit_code
    }
}

/// Describes what was done, such as `3 files (1.2 MiB) sent, 5 unchanged in 0.3 s`.
fn summary(tally: &Tally, failed: usize, seconds: f64) -> String {
    let files = |count: u64| format!("{count} file{}", if count == 1 { "" } else { "s" });
    let bytes = HumanBytes(tally.bytes);
    let mut parts = Vec::new();
    match (tally.downloaded, tally.uploaded) {
        (0, 0) => parts.push("nothing transferred".to_owned()),
        (received, 0) => parts.push(format!("{} ({bytes}) received", files(received))),
        (received, sent) => parts.push(format!("{} ({bytes}) sent", files(received + sent))),
    }
    for (count, what) in [
        (tally.same, "unchanged"),
        (tally.removed, "removed"),
        (tally.skipped, "skipped"),
        (failed as u64, "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{} in {seconds:.1} s", parts.join(", "))
}

/// The fields that name the event and the path. A path that is not UTF-8 is given in hexadecimal
/// digits too.
pub fn named(event: &str, path: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("event".into(), event.into());
    fields.insert("path".into(), String::from_utf8_lossy(path).into());
    if std::str::from_utf8(path).is_err() {
        let hex: String = path.iter().map(|byte| format!("{byte:02x}")).collect();
        fields.insert("path_hex".into(), hex.into());
    }
    fields
}

fn seconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
}
