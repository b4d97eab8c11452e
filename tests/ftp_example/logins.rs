//! Logins from the URL, the environment and a .netrc file.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_login_is_found_in_the_netrc_file() {
    let served = Served::at("127.0.0.1:0", |server| server.with_login_delays(false));
    let scratch = Scratch::new();
    write(&served.root.join("file"), b"x", LONG_AGO);
    let address = served.address;
    let run_with = |file: &str, mode: u32, url: &str, arguments: &[&str]| {
        let netrc = scratch.path("netrc");
        fs::write(&netrc, file).unwrap();
        fs::set_permissions(&netrc, fs::Permissions::from_mode(mode)).unwrap();
        run(program().env("NETRC", &netrc).args(arguments).args(["ls", url]), LIMIT)
    };
    let (nobody, me) = (format!("ftp://{address}/"), format!("ftp://me@{address}/"));
    for (file, url, code) in [
        ("machine 127.0.0.1 login me password secret", &nobody, 0),
        ("machine 127.0.0.1 login me password secret", &me, 0),
        ("machine 127.0.0.1\n\tlogin me\n\tpassword \"secret\"\n", &nobody, 0),
        ("machine 127.0.0.1 login you password no\nmachine 127.0.0.1 login me password secret", &me, 0),
        ("machine 127.0.0.1 password secret", &me, 0),
        ("machine elsewhere login me password no\ndefault login me password secret", &nobody, 0),
        ("machine 127.0.0.1 login me password wrong", &nobody, 1),
        ("machine elsewhere login me password secret", &nobody, 1),
        ("machine elsewhere login me password secret", &me, 1),
    ] {
        let outcome = run_with(file, 0o600, url, &[]).ends_with(code);
        assert!(!error(&outcome).contains("chmod") && !error(&outcome).contains("secret"), "{outcome}");
    }
    let entry = "machine 127.0.0.1 login me password secret";
    // Others could read it: that is said, and it is used.
    let outcome = run_with(entry, 0o644, &nobody, &[]).succeeds();
    assert!(error(&outcome).contains("chmod 600"), "{outcome}");
    let outcome = run_with("machine 127.0.0.1 login", 0o600, &me, &[]).ends_with(1);
    assert!(error(&outcome).contains("not used"), "{outcome}");
    run_with(entry, 0o600, &nobody, &["--no-netrc"]).ends_with(1);
    // The URL and the environment come first.
    run_with(entry, 0o600, &url(&served, "").replace("secret", "wrong"), &[]).ends_with(1);
    let mut command = program();
    command.env("FTP_PASSWORD", "secret").args(["ls", &me]);
    run(&mut command, LIMIT).succeeds();
}

#[test]
fn the_file_is_looked_for_at_home() {
    let (served, scratch) = (server(), Scratch::new());
    fs::write(scratch.path(".netrc"), "default login me password secret").unwrap();
    let url = format!("ftp://{}/", served.address);
    run(program().env_remove("NETRC").env("HOME", &scratch.0).args(["ls", &url]), LIMIT).succeeds();
}
