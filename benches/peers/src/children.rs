//! Programs that end with this one, in whichever way it ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, io, process, thread};

use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::account::{self, Process};

/// Time that a program has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

static RUNNING: Mutex<Vec<Child>> = Mutex::new(Vec::new());
static DIRECTORY: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Makes SIGINT, SIGTERM and SIGHUP end all programs and remove the temporary directory first.
pub fn end_on_signals() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // The lock is kept: nothing starts any more, and `wait_if_ending` does not return.
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            end(running.drain(..).collect());
            remove_directory();
            process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Waits for the end of the process if a signal is ending it. Failures are then no news.
pub fn wait_if_ending() {
    drop(RUNNING.lock());
}

/// A program that runs until this is dropped.
#[derive(Debug)]
pub struct Program {
    pid: u32,
}

impl Program {
    /// Starts `command` in a process group of its own, with its output in the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Program> {
        use std::os::unix::process::CommandExt as _;
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let output = File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let pid = child.id();
        running.push(child);
        Ok(Program { pid })
    }

    /// Returns the number of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The exit code, if it has ended by itself; -1 after a signal.
    pub fn ended(&self) -> io::Result<Option<i32>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(child) = running.iter_mut().find(|child| child.id() == self.pid) else {
            return Ok(Some(-1));
        };
        Ok(child.try_wait()?.map(|status| status.code().unwrap_or(-1)))
    }
}

impl Program {
    /// Waits for the end of the program. Returns its exit code, -1 after a signal, or `None` if it
    /// still runs after `limit`.
    pub fn wait(&self, limit: Duration) -> Result<Option<i32>> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("no process")?;
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        let end = Instant::now() + limit;
        loop {
            if let Some(code) = self.ended()? {
                return Ok(Some(code));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let left = Timespec::try_from(left)?;
            match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = running.iter().position(|child| child.id() == self.pid) {
            let child = running.swap_remove(at);
            drop(running);
            end(vec![child]);
        }
    }
}

/// Ends programs and all that descend from them: SIGTERM, some patience, SIGKILL.
fn end(mut children: Vec<Child>) {
    let mut descendants: Vec<Process> = Vec::new();
    for child in &mut children {
        if matches!(child.try_wait(), Ok(None)) {
            descendants.extend(account::tree(child.id()).iter().skip(1));
            signal(child.id(), Signal::TERM);
        }
    }
    let limit = Instant::now() + GRACE;
    for child in &mut children {
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < limit {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    // Sessions that outlive their server. A number that another process has by now is not touched.
    for process in descendants.iter().filter(|process| process.runs()) {
        signal(process.pid, Signal::KILL);
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The temporary directory, which is removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// Makes the directory.
    pub fn new() -> Result<Directory> {
        let path = env::temp_dir().join(format!("ftp-peers-{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        *DIRECTORY.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
        Ok(Directory(path))
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        remove_directory();
    }
}

fn remove_directory() {
    let path = DIRECTORY.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(path) = path else { return };
    // Under another name nobody adds to it while it is emptied.
    let removed = path.with_extension("removed");
    if let Err(error) = fs::rename(&path, &removed).and_then(|()| fs::remove_dir_all(&removed)) {
        eprintln!("cannot remove {}: {error}", path.display());
    }
}
