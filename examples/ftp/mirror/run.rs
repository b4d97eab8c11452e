//! Carries out a plan, on one connection or on several.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::json;

use super::local;
use super::plan::{Copy, Plan, Removal, Why};
use super::remote::path_of;
use super::tree::{Path, ancestors, directory_of};
use super::{Direction, Mirror};
use crate::failure::{Failure, Shown};
use crate::names::{confirm, foreign, is_plain, is_risky, make, make_new, make_parents};
use crate::part::Key;
use crate::session::{Session, Shared};

/// Files that wait for a connection.
type Queue = Mutex<VecDeque<Copy>>;

/// Carries out the plan. The failure of a single file does not end it.
pub fn run(session: &mut Session, mirror: &Mirror<'_>, plan: &Plan) -> Result<(), Failure> {
    remove(session, mirror, &plan.cleared)?;
    let mut out = make_directories(session, mirror, plan)?;
    let mut copies = plan.copies.clone();
    copies.retain(|copy| !out.contains(directory_of(&copy.path)));
    if mirror.direction == Direction::Up {
        out = hidden(session, mirror, &copies)?;
        copies.retain(|copy| !out.contains(&copy.path));
    }
    transfer(session, mirror, &copies)?;
    if mirror.direction == Direction::Up {
        confirm_all(session, mirror, plan, &copies)?;
    }
    for part in &plan.stale {
        let removal = Removal { path: part.clone(), is_directory: false };
        let result = remove_one(session, mirror, &removal);
        session.attempt(result)?;
    }
    remove(session, mirror, &plan.removals)
}

/// Makes the directories. Returns those that could not be made, with what is below them.
fn make_directories(
    session: &mut Session,
    mirror: &Mirror<'_>,
    plan: &Plan,
) -> Result<BTreeSet<Path>, Failure> {
    let mut failed = BTreeSet::new();
    match mirror.direction {
        Direction::Down => fs::create_dir_all(mirror.local).map_err(Failure::local(mirror.local))?,
        Direction::Up => {
            make_parents(session, mirror.remote)?;
            make(session, mirror.remote)?;
        }
    }
    for path in &plan.directories {
        if ancestors(path).any(|above| failed.contains(above)) {
            failed.insert(path.clone());
            continue;
        }
        let result = match mirror.direction {
            Direction::Down => local::path_of(mirror.local, path)
                .and_then(|local| fs::create_dir(&local).map_err(Failure::local(&local))),
            Direction::Up => {
                let name = path[directory_of(path).len()..].to_vec();
                let name = name.strip_prefix(b"/").unwrap_or(&name).to_vec();
                session.persist(|session| make_new(session, &path_of(mirror.remote, path), &name))
            }
        };
        match result {
            Ok(()) => session.shared.report.event("directory", path, json!({})),
            Err(failure) => {
                failed.insert(path.clone());
                session.attempt(Err(failure))?;
            }
        }
    }
    Ok(failed)
}

/// Returns the files that the server would store under another name, possibly in place of an
/// existing file. They are reported.
fn hidden(session: &mut Session, mirror: &Mirror<'_>, copies: &[Copy]) -> Result<BTreeSet<Path>, Failure> {
    let mut risky: BTreeMap<&[u8], Vec<Vec<u8>>> = BTreeMap::new();
    for copy in copies.iter().filter(|copy| copy.why == Why::New) {
        let (directory, name) = split(&copy.path);
        if is_risky(name) {
            risky.entry(directory).or_default().push(name.to_vec());
        }
    }
    let mut found = BTreeSet::new();
    for (directory, names) in risky {
        for name in foreign(session, &path_of(mirror.remote, directory), names)? {
            let path = crate::url::join(directory, &name);
            let what = format!("{}: not sent, since the server has another name for it", Shown(&path));
            session.attempt(Err(Failure::unseen(what)))?;
            found.insert(path);
        }
    }
    Ok(found)
}

/// Checks that the server has new files and directories under their names, where it may have
/// changed them.
fn confirm_all(
    session: &mut Session,
    mirror: &Mirror<'_>,
    plan: &Plan,
    copies: &[Copy],
) -> Result<(), Failure> {
    let mut doubtful: BTreeMap<&[u8], Vec<Vec<u8>>> = BTreeMap::new();
    let new = copies.iter().filter(|copy| copy.why == Why::New).map(|copy| &copy.path);
    for path in plan.directories.iter().chain(new) {
        let (directory, name) = split(path);
        if !is_plain(name) {
            doubtful.entry(directory).or_default().push(name.to_vec());
        }
    }
    for (directory, names) in doubtful {
        let directory = path_of(mirror.remote, directory);
        session.persist(|session| confirm(session, &directory, names.clone()))?;
    }
    Ok(())
}

/// Splits a path into its directory and its name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let directory = directory_of(path);
    (directory, path[directory.len()..].strip_prefix(b"/").unwrap_or(path))
}

/// Transfers files, over as many connections as asked for and admitted.
fn transfer(session: &mut Session, mirror: &Mirror<'_>, copies: &[Copy]) -> Result<(), Failure> {
    if copies.is_empty() {
        return Ok(());
    }
    let shared = Arc::clone(&session.shared);
    let bytes = copies.iter().filter_map(|copy| copy.file.size).sum();
    shared.report.progress.expect(copies.len() as u64, bytes);
    let queue = Mutex::new(copies.iter().cloned().collect::<VecDeque<_>>());
    let helpers = usize::from(mirror.options.parallel).min(copies.len()) - 1;
    let lost = thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|| help(&shared, mirror, &queue));
        }
        work(session, mirror, &queue)
    });
    let left = queue.lock().unwrap_or_else(PoisonError::into_inner).len();
    match lost {
        Err(failure) if left > 0 => {
            shared.report.fail(&failure);
            Err(Failure::changing(format!("{left} files were not tried, since the connection is lost")))
        }
        // Others have done the rest; this session is needed for what follows.
        Err(failure) => {
            shared.report.fail(&failure);
            *session = Session::open(&shared)?;
            session.set_up()
        }
        Ok(()) => Ok(()),
    }
}

/// Transfers files on a connection of its own. One that the server does not admit is not needed.
fn help(shared: &Arc<Shared>, mirror: &Mirror<'_>, queue: &Queue) {
    let opened = Session::open(shared).and_then(|mut session| session.set_up().map(|()| session));
    let mut session = match opened {
        Ok(session) => session,
        Err(failure) => {
            shared.report.note(format_args!("one connection less, since {failure}"));
            return;
        }
    };
    match work(&mut session, mirror, queue) {
        Ok(()) => session.close(),
        Err(failure) => shared.report.fail(&failure),
    }
}

/// Transfers files until there are no more, or the connection is lost for good.
fn work(session: &mut Session, mirror: &Mirror<'_>, queue: &Queue) -> Result<(), Failure> {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(copy) = next else { return Ok(()) };
        let result = match mirror.direction {
            Direction::Down => mirror.fetch(session, &copy),
            Direction::Up => mirror.send(session, &copy),
        };
        session.attempt(result)?;
    }
}

impl Mirror<'_> {
    /// Removes the part files that earlier mirrors left of a file that is complete now.
    pub fn clean(&self, session: &mut Session, path: &[u8]) {
        for part in self.parts.keys().filter(|part| Key::file_of(part) == path) {
            // The one that was continued is gone already.
            let _ = remove_one(session, self, &Removal { path: part.clone(), is_directory: false });
        }
    }
}

fn remove(session: &mut Session, mirror: &Mirror<'_>, removals: &[Removal]) -> Result<(), Failure> {
    for removal in removals {
        let result = remove_one(session, mirror, removal);
        if result.is_ok() {
            let report = &session.shared.report;
            report.count(|tally| tally.removed += 1);
            report.event("remove", &removal.path, json!({}));
        }
        session.attempt(result)?;
    }
    Ok(())
}

fn remove_one(session: &mut Session, mirror: &Mirror<'_>, removal: &Removal) -> Result<(), Failure> {
    match mirror.direction {
        Direction::Down => {
            let local = local::path_of(mirror.local, &removal.path)?;
            let removed = match removal.is_directory {
                true => fs::remove_dir(&local),
                false => fs::remove_file(&local),
            };
            removed.map_err(Failure::local(&local))
        }
        Direction::Up => {
            let path = path_of(mirror.remote, &removal.path);
            match removal.is_directory {
                true => session.client.remove_directory(&path),
                false => session.client.delete(&path),
            }
            .map_err(Failure::remote(&path))
        }
    }
}
