//! The user that the server runs as. Only root can become another one, so most of this needs root, as
//! in continuous integration.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};

use crate::certificates::certificate_pem;
use crate::daemon::{Daemon, directory, hash, program};
use crate::peer::Peer;
use crate::raw::{RawClient, client_config};

/// The user and group `nobody` and `nogroup`.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn account() -> String {
    format!("[[account]]\nname = \"me\"\npassword = \"{}\"\nroot = \"root\"\n", hash())
}

#[test]
fn started_as_root_it_becomes_the_user_and_reads_what_only_root_may_read_before() {
    if !is_root() {
        return eprintln!("needs root");
    }
    for runtime in ["std", "tokio", "smol"] {
        let directory = directory();
        let (_, chain, key) = certificate_pem();
        fs::write(directory.join("chain.pem"), chain).unwrap();
        fs::write(directory.join("key.pem"), key).unwrap();
        fs::set_permissions(directory.join("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        let root = directory.join("root");
        fs::create_dir(&root).unwrap();
        chown(&root, Some(NOBODY), Some(NOBODY)).unwrap();
        let config = format!(
            "runtime = \"{runtime}\"\nuser = \"nobody\"\numask = \"027\"\n[log]\ntransfers = \"xferlog\"\n\
             [tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n{}",
            account()
        );
        let daemon = Daemon::within(directory, &config);
        // Each of its threads, with the real, effective, saved and file system identities.
        let threads: Vec<_> = fs::read_dir(format!("/proc/{}/task", daemon.child.id())).unwrap().collect();
        assert!(!threads.is_empty());
        for thread in threads {
            let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            let words = |name: &str| -> Vec<String> {
                let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                line.split_whitespace().map(str::to_owned).collect()
            };
            assert_eq!(words("Uid:"), ["65534"; 4], "{runtime}");
            assert_eq!(words("Gid:"), ["65534"; 4], "{runtime}");
            assert_eq!(words("Groups:"), ["65534"], "{runtime}");
            for set in ["CapPrm:", "CapEff:"] {
                assert_eq!(words(set), ["0000000000000000"], "{runtime}");
            }
        }
        let mut client = RawClient::new(daemon.address(), &client_config());
        assert_eq!(client.say("MKD made"), 257);
        let made = fs::metadata(daemon.path("root/made")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&made), NOBODY);
        assert_eq!(made.permissions().mode() & 0o777, 0o750);
        let log = fs::metadata(daemon.path("xferlog")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&log), NOBODY, "it has to open the log again");
        let key = daemon.path("key.pem");
        let warned = format!("warning: nobody cannot read {} again on SIGHUP", key.display());
        assert!(daemon.stderr().contains(&warned), "{}", daemon.stderr());
        // The key can no longer be read, which keeps nothing else from changing.
        let said = daemon.reload(&format!("banner = \"Changed.\"\n{config}"));
        assert!(said.contains("the certificate and key stay as they were"), "{said}");
        assert!(said.contains("read again"), "{said}");
        RawClient::new(daemon.address(), &client_config());
    }
}

/// Runs `ftpd` as this user, with these groups, until it ends.
fn run_as(user: u32, groups: &str, directory: &Path, arguments: &[&str]) -> Output {
    // The directory of the build may be closed to others.
    let copy = directory.join("ftpd");
    fs::copy(program(), &copy).unwrap();
    Command::new("timeout")
        .args(["10", "setpriv", "--reuid", &user.to_string(), "--regid", &user.to_string()])
        .args(["--groups", groups])
        .arg(copy)
        .arg("--config")
        .arg(directory.join("ftpd.toml"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn it_does_not_run_as_somebody_else_than_it_was_told() {
    if !is_root() {
        return eprintln!("needs root");
    }
    let directory = directory();
    fs::create_dir(directory.join("root")).unwrap();
    let config = format!("listen = [\"127.0.0.1:0\"]\nuser = \"nobody\"\n{}", account());
    fs::write(directory.join("ftpd.toml"), &config).unwrap();
    let refused =
        "ftpd.toml:2: cannot run as nobody without being started as root or as nobody with no other group";
    // Another user, and the user itself with a group that it would keep.
    for (user, groups) in [(1, "1"), (NOBODY, "65534,1"), (NOBODY, "0")] {
        let output = run_as(user, groups, &directory, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{user} {groups}: {said}");
        assert!(said.contains(refused), "{user} {groups}: {said}");
        assert!(output.stdout.is_empty());
    }
    // A check says so without an error.
    let output = run_as(1, "1", &directory, &["--check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("warning: cannot run as nobody"), "{said}");
    // A root that the user cannot open is an error, though root could.
    fs::set_permissions(directory.join("root"), fs::Permissions::from_mode(0o700)).unwrap();
    let output = Command::new(program())
        .arg("--config")
        .arg(directory.join("ftpd.toml"))
        .arg("--check")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("root: Permission denied"), "{said}");
    // One that it cannot write to is a warning: somebody may have wanted that.
    fs::set_permissions(directory.join("root"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(program())
        .arg("--config")
        .arg(directory.join("ftpd.toml"))
        .arg("--check")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("warning: nothing can be written to "), "{said}");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_user_may_be_the_one_that_it_is() {
    if !is_root() {
        return eprintln!("needs root");
    }
    let directory = directory();
    fs::create_dir(directory.join("root")).unwrap();
    let config = format!("listen = [\"192.0.2.1:21\"]\nuser = \"65534\"\ngroup = \"65534\"\n{}", account());
    fs::write(directory.join("ftpd.toml"), &config).unwrap();
    let output = run_as(NOBODY, "65534", &directory, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // The program gets as far as listening, at an address that this machine does not have.
    assert!(said.contains("192.0.2.1:21: ") && !said.contains("cannot run"), "{said}");
    fs::remove_dir_all(directory).unwrap();
    // Without a user, all is as it was started.
    let daemon = Daemon::new(&account());
    Peer::new(daemon.address()).says("NOOP", "200");
}
