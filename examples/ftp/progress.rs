//! Progress on the terminal: a bar for each file on its way, and one for all of them together. Any
//! number of threads share it.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Shown;

#[derive(Debug)]
pub struct Progress {
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The bar of all files together, once there are many.
    total: Option<ProgressBar>,
    files: u64,
    done: u64,
    /// Bars of single files that are not in use.
    free: Vec<ProgressBar>,
}

impl Progress {
    /// Creates the progress, which only a terminal shows.
    pub fn new(is_shown: bool) -> Self {
        let target = match is_shown && stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self { bars: MultiProgress::with_draw_target(target), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `print` while no bar is on the screen.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.bars.suspend(print);
    }

    /// Takes the bar of all files off the screen. That of a single file stays.
    pub fn end(&self) {
        if let Some(total) = self.state().total.take() {
            total.finish_and_clear();
            let _ = self.bars.clear();
        }
    }

    /// Announces more files to transfer, and shows their progress together.
    pub fn expect(&self, files: u64, bytes: u64) {
        let state = &mut *self.state();
        state.files += files;
        let total = state.total.get_or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(0));
            bar.set_style(style("{msg:24}"));
            bar
        });
        total.inc_length(bytes);
        total.set_message(format!("{} of {} files", state.done, state.files));
    }

    /// Counts a file that need not be transferred.
    pub fn skip(&self, bytes: u64) {
        let state = &mut *self.state();
        state.done += 1;
        if let Some(total) = &state.total {
            total.dec_length(bytes);
            total.set_message(format!("{} of {} files", state.done, state.files));
        }
    }

    /// Shows that something is going on whose end is not known.
    pub fn spinner(&self, what: &str) -> Spinner<'_> {
        let bar = self.bars.add(ProgressBar::no_length());
        bar.set_style(spinning("{spinner} {prefix}: {msg}"));
        bar.set_prefix(what.to_owned());
        Spinner { bar, progress: self }
    }

    /// Shows the progress of a file. Only a terminal shows it.
    pub fn bar(&self, name: &[u8], size: Option<u64>, offset: u64) -> Bar<'_> {
        let state = &mut *self.state();
        let bar = state.free.pop().unwrap_or_else(|| {
            let bar = ProgressBar::new(0);
            match &state.total {
                Some(total) => self.bars.insert_before(total, bar),
                None => self.bars.add(bar),
            }
        });
        bar.reset();
        match size {
            Some(size) => {
                bar.set_length(size);
                bar.set_style(style("{prefix:24}"));
            }
            None => {
                bar.unset_length();
                bar.set_style(spinning("{prefix:24} {spinner} {bytes:>10} {bytes_per_sec:>12} {elapsed}"));
            }
        }
        bar.set_prefix(shortened(&Shown(name).to_string()));
        // Bytes from an earlier transfer do not count towards the rate.
        bar.set_position(offset);
        bar.reset_eta();
        let total = state.total.clone();
        if let Some(total) = &total {
            total.inc(offset);
        }
        Bar { bar, total, moved: offset, size, progress: self }
    }
}

/// Returns the style of a bar behind `name`, with what was moved, the rate and the time left, in
/// columns.
fn style(name: &str) -> ProgressStyle {
    spinning(&format!("{name} {{wide_bar}} {{percent:>3}}% {{bytes:>10}} {{bytes_per_sec:>12}} {{eta:>4}}"))
}

fn spinning(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Shortens a path so that the bar behind it has room: the end of a path says most.
fn shortened(path: &str) -> String {
    const MOST: usize = 24;
    let count = path.chars().count();
    match count > MOST {
        true => format!("…{}", path.chars().skip(count - MOST + 1).collect::<String>()),
        false => path.to_owned(),
    }
}

/// The progress of one file.
#[derive(Debug)]
pub struct Bar<'r> {
    bar: ProgressBar,
    total: Option<ProgressBar>,
    moved: u64,
    size: Option<u64>,
    progress: &'r Progress,
}

impl Bar<'_> {
    /// Does without the bar, because the terminal shows something else.
    pub fn hide(&self) {
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Returns the number of bytes up to now, including those of earlier transfers.
    pub fn moved(&self) -> u64 {
        self.moved
    }

    pub fn advance(&mut self, count: u64) {
        self.moved += count;
        self.bar.inc(count);
        if let Some(total) = &self.total {
            total.inc(count);
        }
    }

    /// Ends the bar of a file that is complete.
    pub fn finish(self) {
        let state = &mut *self.progress.state();
        state.done += 1;
        match &self.total {
            Some(total) => total.set_message(format!("{} of {} files", state.done, state.files)),
            None => self.bar.finish(),
        }
    }
}

/// Gives the bar to the next file, if there is one. A file that failed will be counted anew.
impl Drop for Bar<'_> {
    fn drop(&mut self) {
        if let Some(total) = &self.total {
            if self.size.is_none_or(|size| self.moved < size) {
                total.dec(self.moved);
            }
            self.bar.finish_and_clear();
            self.progress.state().free.push(self.bar.clone());
        }
    }
}

/// Something whose end is not known.
pub struct Spinner<'r> {
    bar: ProgressBar,
    progress: &'r Progress,
}

impl Spinner<'_> {
    pub fn show(&self, message: impl fmt::Display) {
        if !self.bar.is_hidden() {
            self.bar.set_message(message.to_string());
            self.bar.tick();
        }
    }
}

impl Drop for Spinner<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.progress.bars.remove(&self.bar);
    }
}
