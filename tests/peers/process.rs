//! Programs run in bounded time, and ended with the test that started them.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What a program left behind.
pub struct Outcome {
    /// The exit code, `None` after a signal.
    pub code: Option<i32>,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
    command: String,
}

impl Outcome {
    /// This outcome, if it is a success.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// This outcome, if the exit code is `code`.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert!(self.code == Some(code), "wanted exit code {code} of {self}");
        self
    }

    /// This outcome, if the program said that it failed (and did not crash, nor panic).
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0 && code != 101), "wanted a failure of {self}");
        self
    }

    /// Standard output as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap_or_else(|_| panic!("not UTF-8: {self}"))
    }
}

impl Outcome {
    /// The commands of the dialogue as the trace on standard error shows them: each of the clients here writes
    /// `> EPSV`, with or without dashes in front.
    pub fn commands(&self) -> Vec<String> {
        let log = String::from_utf8_lossy(&self.stderr);
        let sent = log.lines().filter_map(|line| line.trim_start_matches('-').strip_prefix("> "));
        sent.map(|command| command.trim_end().to_owned()).collect()
    }

    /// The verbs of RFC 959 and RFC 2428 by which data connections were agreed on, each once.
    pub fn ways(&self) -> Vec<String> {
        let mut ways: Vec<String> = self
            .commands()
            .iter()
            .filter_map(|command| command.split(' ').next())
            .filter(|verb| ["EPSV", "PASV", "EPRT", "PORT"].contains(verb))
            .map(String::from)
            .collect();
        ways.sort();
        ways.dedup();
        ways
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: exit code {:?}", self.command, self.code)?;
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let shown = &bytes[bytes.len().saturating_sub(4000)..];
            writeln!(f, "--- {name}, {} bytes\n{}", bytes.len(), String::from_utf8_lossy(shown))?;
        }
        Ok(())
    }
}

/// Runs `command` to its end. It panics if the program cannot be started, or has not ended after `limit`.
#[track_caller]
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    let mut program = Program::start(command, Stdio::piped());
    let stdout = collect(program.child.stdout.take().expect("piped"));
    let status = program.wait(limit);
    let in_time = status.is_some();
    if !in_time {
        program.kill();
    }
    let outcome = Outcome {
        code: status.and_then(|status| status.code()),
        stdout: stdout.recv().unwrap_or_default(),
        stderr: program.log(),
        command: format!("{command:?}"),
    };
    assert!(in_time, "not done after {limit:?}: {outcome}");
    outcome
}

/// A program that runs until it is dropped: SIGTERM, some patience, SIGKILL for it and all that it started.
pub struct Program {
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
    log_ended: Receiver<()>,
}

impl Program {
    /// Starts `command` without standard input, in a process group of its own.
    #[track_caller]
    pub fn start(command: &mut Command, stdout: Stdio) -> Program {
        let command = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).process_group(0);
        // A missing program is a failure here, never a test skipped.
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut stderr = child.stderr.take().expect("piped");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (ended, log_ended) = mpsc::channel();
        let writer = Arc::clone(&log);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut chunk) {
                writer.lock().unwrap().extend_from_slice(&chunk[..n]);
            }
            let _ = ended.send(());
        });
        Program { child, log, log_ended }
    }

    /// The first line of standard output, which must have been piped.
    #[track_caller]
    pub fn first_line(&mut self, limit: Duration) -> String {
        let mut stdout = BufReader::new(self.child.stdout.take().expect("piped, and not read before"));
        let (sender, line) = mpsc::channel();
        thread::spawn(move || {
            let mut first = String::new();
            let _ = stdout.read_line(&mut first);
            let _ = sender.send(first);
            // The rest is read so that the program never waits for a reader.
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        });
        line.recv_timeout(limit).unwrap_or_else(|_| panic!("no line on standard output after {limit:?}"))
    }

    /// Waits for the end, for as long as `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            match self.child.try_wait().expect("our own child") {
                Some(status) => return Some(status),
                None if start.elapsed() >= limit => return None,
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Sends SIGTERM to the program.
    pub fn terminate(&self) {
        self.signal(&format!("kill -TERM {}", self.child.id()));
    }

    /// Sends SIGKILL, and waits for the end.
    pub fn kill_now(mut self) {
        self.kill();
    }

    /// Standard error, complete if the program has ended.
    fn log(&self) -> Vec<u8> {
        // Something that the program left running may hold the pipe open: no long wait for that.
        let _ = self.log_ended.recv_timeout(Duration::from_secs(2));
        self.log.lock().unwrap().clone()
    }

    fn kill(&mut self) {
        self.signal(&format!("kill -KILL -{}", self.child.id()));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The standard library sends SIGKILL only, and this crate has no unsafe code: the shell's builtin does the rest.
    fn signal(&self, kill: &str) {
        let _ = Command::new("sh").args(["-c", kill]).stderr(Stdio::null()).status();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.wait(Duration::ZERO).is_none() {
            self.terminate();
            self.wait(Duration::from_secs(5));
            // Also what it started and left running.
            self.kill();
        }
        if thread::panicking() {
            eprintln!("--- the server's stderr\n{}", String::from_utf8_lossy(&self.log()));
        }
    }
}

/// Reads a pipe to its end beside the test, so that a full pipe never stops the program.
fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}
