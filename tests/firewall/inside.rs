//! Tests that run in a network namespace of their own, behind a firewall.

use crate::peers::process::run;
use crate::peers::site::example;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Set inside of a namespace.
const INSIDE: &str = "FTP_PROTO_INSIDE";
/// Set where a kernel without the helper is a failure.
const NEEDED: &str = "FTP_PROTO_NEEDS_CONNTRACK";
/// The exit code of behind.sh and of a test where the kernel lacks the helper.
const LACKING: i32 = 77;

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firewall/behind.sh")
}

/// Runs `body`, which is the test called `name`, in a namespace of its own: this program is started there once
/// more, with that test alone.
#[track_caller]
pub fn inside(name: &str, body: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return body();
    }
    let mut command = Command::new(script());
    command.arg("enter").arg(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads", "1"]).env(INSIDE, "1");
    // Built out here, once, where cargo may want a network.
    command.env("FTP_EXAMPLE", example("ftp")).env("FTPD_EXAMPLE", example("ftpd"));
    let outcome = run(&mut command, Duration::from_secs(120));
    if outcome.code == Some(LACKING) {
        assert!(env::var_os(NEEDED).is_none_or(|value| value != "1"), "{NEEDED} is set, and {outcome}");
        eprintln!("{name}: not run: {}", String::from_utf8_lossy(&outcome.stderr));
        return;
    }
    let outcome = outcome.succeeds();
    assert!(outcome.text().contains("1 passed"), "no test is called {name}: {outcome}");
}

/// Closes the firewall around this namespace: what comes in goes to the control port `port`, or was announced on a
/// control connection to it in a way that Linux's FTP helper understands. To be called before such a connection
/// is opened, and once the server is up.
#[track_caller]
pub fn close(port: u16) {
    let outcome = run(Command::new(script()).arg("close").arg(port.to_string()), Duration::from_secs(10));
    if outcome.code == Some(LACKING) {
        eprint!("{}", String::from_utf8_lossy(&outcome.stderr));
        std::process::exit(LACKING);
    }
    outcome.succeeds();
}
