//! SIGHUP: sessions that begin see a new configuration, and those that run do not.

use std::fs;
use std::io::{Read, Write};

use rcgen::{CertificateParams, KeyPair};

use crate::certificates::certificate_pem;
use crate::daemon::{Daemon, becomes, check, directory};
use crate::peer::Peer;
use crate::raw::{RawClient, client_config};

fn account(name: &str, more: &str) -> String {
    format!("[[account]]\nname = \"{name}\"\npassword = \"HASH\"\nroot = \"root\"\n{more}\n")
}

#[test]
fn accounts_and_limits_change_for_new_sessions_and_running_ones_go_on() {
    for runtime in ["std", "tokio", "smol"] {
        let of = |name: &str, more: &str| format!("runtime = \"{runtime}\"\n{more}{}", account(name, ""));
        let daemon = Daemon::new(&of("me", ""));
        fs::write(daemon.path("root/file"), vec![7; 2_000_000]).unwrap();
        let mut running = Peer::new(daemon.address());
        // A transfer that goes on meanwhile.
        let mut data = running.data();
        running.says("RETR file", "150");
        let said = daemon.reload(&of(
            "you",
            "banner = \"Changed.\"\n[limits]\nsessions = 2\nsessions-per-address = 2\nupload-size = 10\n",
        ));
        assert!(said.contains("the configuration was read again"), "{said}");
        let mut received = Vec::new();
        data.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), 2_000_000, "{runtime}");
        running.awaits("226");
        running.says("NOOP", "200");
        // The limit of uploads is not that of this session.
        let mut data = running.data();
        running.says("STOR up", "150");
        data.write_all(&[7; 100]).unwrap();
        drop(data);
        running.awaits("226");

        let mut next = Peer::named(daemon.address(), "you");
        let mut data = next.data();
        next.says("STOR up", "150");
        let _ = data.write_all(&[7; 100]);
        drop(data);
        next.awaits("552");
        assert_eq!(greeting(&daemon), "421");
        drop(next);
        assert!(becomes(|| greeting(&daemon) == "220"), "{runtime}");
        // Without the limit, which that client may still count towards.
        daemon.reload(&of("you", ""));
        let mut gone = Peer::greeted(daemon.address());
        gone.says("USER me", "331");
        gone.says("PASS secret", "530");
    }
}

/// The code of the greeting.
fn greeting(daemon: &Daemon) -> String {
    let mut greeting = [0; 3];
    std::net::TcpStream::connect(daemon.address()).unwrap().read_exact(&mut greeting).unwrap();
    String::from_utf8_lossy(&greeting).into_owned()
}

#[test]
fn a_file_with_errors_changes_nothing() {
    let daemon = Daemon::new(&account("me", ""));
    for (wrong, expected) in [
        ("[[account]]\nname = 7\n", "ftpd.toml:3: invalid type: integer `7`, expected a string"),
        ("[anonymous]\nroot = \"nowhere\"\n", "ftpd.toml:3: "),
        ("", "nobody can log in"),
        ("[anonymous", "ftpd.toml:2: "),
    ] {
        let said = daemon.reload(wrong);
        assert!(
            said.contains(expected) && said.contains("the previous configuration stays in force"),
            "{said}"
        );
        Peer::new(daemon.address()).says("NOOP", "200");
    }
    // A setting that cannot change is reported, and the others change.
    let said = daemon.reload(&format!("runtime = \"smol\"\n{}", account("you", "")));
    assert!(said.contains("warning: runtime changes only at the next start"), "{said}");
    Peer::named(daemon.address(), "you").says("NOOP", "200");
    let mut daemon = daemon;
    daemon.signal("TERM");
    assert!(daemon.ends());
}

#[test]
fn certificates_are_renewed() {
    let directory = directory();
    let renew = || {
        let (certificate, chain, key) = certificate_pem();
        fs::write(directory.join("chain.pem"), chain).unwrap();
        fs::write(directory.join("key.pem"), key).unwrap();
        certificate
    };
    let config = |session: &str| {
        let tls = "[tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\nrequire = [\"login\", \"data\"]\n";
        format!("{tls}{session}{}", account("me", ""))
    };
    let first = renew();
    let daemon = Daemon::within(directory.clone(), &config("implicit = [\"127.0.0.1:0\"]\n"));
    assert_eq!(daemon.addresses.len(), 2);
    assert!(daemon.summary[0].starts_with("TLS: required for login and data"), "{:?}", daemon.summary);
    let client = client_config();
    let mut running = RawClient::new(daemon.address(), &client);
    assert!(running.certificate() == first);
    // The key of another certificate.
    let second = renew();
    let chain = fs::read(directory.join("chain.pem")).unwrap();
    renew();
    fs::write(directory.join("chain.pem"), chain).unwrap();
    let said = daemon.reload(&config("implicit = [\"127.0.0.1:0\"]\n"));
    assert!(said.contains("ftpd.toml:4: the key does not belong to the certificate"), "{said}");
    assert!(RawClient::new(daemon.address(), &client_config()).certificate() == first);
    drop(second);
    let third = renew();
    let said = daemon.reload(&config("implicit = [\"127.0.0.1:0\"]\n"));
    assert!(said.contains("read again") && !said.contains("next start"), "{said}");
    assert!(RawClient::new(daemon.address(), &client_config()).certificate() == third);
    let mut data = running.data(&client);
    assert_eq!(running.say("STOR file"), 150);
    data.write_all(b"content").unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    drop(data);
    assert_eq!(running.reply(), 226);
    // Without TLS nobody logs in.
    let mut peer = Peer::greeted(daemon.address());
    assert!(peer.says("USER me", "")[..1] == *"5", "refused");
}

#[test]
fn a_check_reads_the_dates_of_the_certificate() {
    let directory = directory();
    for (from, to, expected) in [
        (2020, 2021, Some(("the certificate expired ", 1))),
        (2090, 2091, Some(("the certificate is valid only in ", 1))),
        (2020, 2090, None),
    ] {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        fs::write(directory.join("chain.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
        let config = "[tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n[anonymous]\nroot = \".\"\n";
        let (output, said) = check(&directory, config);
        let code = expected.map_or(0, |(_, code)| code);
        assert_eq!(output.status.code(), Some(code), "{said:#?}");
        match expected {
            Some((text, _)) => {
                assert!(said[0].starts_with(&format!("ftpd: ftpd.toml:2: {text}")), "{said:#?}")
            }
            None => assert!(said.is_empty(), "{said:#?}"),
        }
    }
    fs::remove_dir_all(directory).unwrap();
}
