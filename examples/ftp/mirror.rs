//! Makes a directory like another, one of them on a server.
//!
//! Both are read ([`local`], [`remote`]) into a [`tree`], the [`plan`] says what is to be done, and
//! [`run`] does it, with [`fetch`] and [`send`] for each file.
//!
//! A download goes to a part file beside its target, whose name depends on the size and time of the
//! file on the server, so that it is only continued while that file stays the same. An upload of
//! more than a megabyte goes to such a file on the server, which is renamed in the end.

mod content;
mod fetch;
mod local;
mod plan;
mod remote;
mod run;
mod send;
mod tree;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ftp_proto::codec::Features;
use serde_json::json;

use crate::failure::{Failure, Shown};
use crate::filter::Filter;
use crate::options::MirrorOptions;
use crate::report::Report;
use crate::session::Session;
use plan::{Obstacle, Plan, Rules, Times, Why, Withheld};
use tree::Tree;

/// A file of at least so many bytes is worth resuming. An upload of one goes to a part file, so
/// that nobody sees it before it is complete.
const LARGE: u64 = 1 << 20;

/// The direction in which files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the server.
    Down,
    /// To the server.
    Up,
}

/// A mirror that is being made.
struct Mirror<'a> {
    direction: Direction,
    remote: &'a [u8],
    local: &'a Path,
    options: &'a MirrorOptions,
    /// Part files that the target has, with their sizes.
    parts: &'a std::collections::BTreeMap<tree::Path, u64>,
    learnt: Learnt,
}

/// The limits of the server that were met on the way.
#[derive(Debug, Default)]
struct Learnt {
    /// The server cannot rename, so that uploads go to their own names.
    cannot_rename: AtomicBool,
    /// The server cannot set times.
    cannot_set_times: AtomicBool,
    /// The server cannot compute hashes.
    cannot_hash: AtomicBool,
}

/// Makes the target like the source.
pub fn mirror(
    session: &mut Session,
    direction: Direction,
    remote: &[u8],
    local: &Path,
    options: &MirrorOptions,
) -> Result<(), Failure> {
    session.set_up()?;
    let filter = Filter { include: options.include.clone(), exclude: options.exclude.clone() };
    let is_down = direction == Direction::Down;
    let remote_tree = remote::read(session, remote, &filter, !is_down)?;
    let local_tree = local::read(session, local, &filter, is_down)?;
    let (source, target) = if is_down { (&remote_tree, &local_tree) } else { (&local_tree, &remote_tree) };
    let rules = Rules {
        times: Times::Equal,
        window: options.modify_window,
        checksum: options.checksum,
        delete: options.delete,
        max_delete: options.max_delete,
        folds_case: is_down && local::folds_case(local, source, !options.dry_run),
        only_needed_directories: !options.include.is_empty(),
    };
    let mut plan = plan::plan(source, target, &rules);
    // If uploads get the time of the upload instead of their own, only older files are out of date.
    let lenient = plan::plan(source, target, &Rules { times: Times::NotOlder, ..rules });
    if !is_down && plan != lenient && !can_set_times(session, remote, &plan, options.dry_run)? {
        plan = lenient;
    }
    let shared = std::sync::Arc::clone(&session.shared);
    let report = &*shared.report;
    report.count(|tally| tally.same += plan.same);
    tell(report, &plan, source, target, remote);
    if options.dry_run {
        show(report, &plan, direction);
    } else {
        let learnt = Learnt::default();
        let mirror = Mirror { direction, remote, local, options, parts: &target.parts, learnt };
        run::run(session, &mirror, &plan)?;
    }
    match plan.withheld {
        None => Ok(()),
        Some(withheld) => session.attempt(Err(kept(withheld))),
    }
}

/// Returns whether the server lets clients set the times of files. One that does not say so is
/// asked to give a file that differs in its time the time that it has, unless nothing may be
/// changed.
fn can_set_times(session: &mut Session, root: &[u8], plan: &Plan, is_dry_run: bool) -> Result<bool, Failure> {
    if session.client.offers().unwrap_or_default().features().contains(Features::MFMT) {
        return Ok(true);
    }
    let differing = plan.copies.iter().find(|copy| matches!(copy.why, Why::Time | Why::Content(true)));
    let Some(copy) = differing.filter(|_| !is_dry_run) else { return Ok(false) };
    let path = remote::path_of(root, &copy.path);
    let time = session.client.modification_time(&path);
    match time.and_then(|time| session.client.set_modification_time(&path, time)) {
        Err(error) if error.is_fatal() => Err(Failure::remote(&path)(error)),
        result => Ok(result.is_ok()),
    }
}

fn kept(withheld: Withheld) -> Failure {
    Failure::kept(match withheld {
        Withheld::Partial(count) => format!(
            "nothing was removed (it would have been {count}), since not all of the source could be seen"
        ),
        Withheld::TooMany(count) => {
            format!("nothing was removed, since it would have been {count}, more than --max-delete admits")
        }
    })
}

/// Reports what the plan leaves out.
fn tell(report: &Report, plan: &Plan, source: &Tree, target: &Tree, remote: &[u8]) {
    for (path, what) in &plan.skipped {
        report.skip(path, what);
    }
    for (path, obstacle) in &plan.refused {
        let why = match obstacle {
            Obstacle::Name(unsafe_name) => unsafe_name.to_string(),
            Obstacle::Case => "another name differs only in case, and there both are one".to_owned(),
            Obstacle::InTheWay("a link") => "a link is in its place, which is not followed".to_owned(),
            Obstacle::InTheWay(what) => format!("{what} is in its place (--delete would remove it)"),
        };
        report.fail(&Failure::here(format!("{}: not mirrored: {why}", Shown(path))));
    }
    let is_untimed = |tree: &Tree| {
        let mut files = tree.nodes.values().filter_map(|kind| match kind {
            tree::Kind::File(file) => Some(file),
            _ => None,
        });
        files.any(|file| file.time.is_none())
    };
    if is_untimed(source) || is_untimed(target) {
        let remote = Shown(remote);
        report.note(format_args!(
            "{remote}: files without a time, or in an unknown zone: compared by size alone"
        ));
    }
}

/// Prints the plan.
fn show(report: &Report, plan: &Plan, direction: Direction) {
    let transfer = if direction == Direction::Down { "download" } else { "upload" };
    let step = |action: &str, path: &[u8], detail: &str| {
        report.event("plan", path, json!({ "action": action, "reason": detail }));
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        report.print_line(format_args!("{action} {}{detail}", Shown(path)));
    };
    let removals = |removals: &[plan::Removal]| {
        removals.iter().for_each(|removal| step("remove", &removal.path, ""));
    };
    removals(&plan.cleared);
    plan.directories.iter().for_each(|path| step("make directory", path, ""));
    plan.copies.iter().for_each(|copy| step(transfer, &copy.path, copy.why.describe()));
    removals(&plan.removals);
    let removed = plan.cleared.len() + plan.removals.len();
    report.note(format_args!("a dry run: {} to {transfer}, {removed} to remove", plan.copies.len()));
}
