//! lftp through the gateway, if it is installed.

use std::fs;
use std::process::Command;

use crate::served::bytes;
use crate::support::{CERTIFICATES, Gateway, file, tls_for_clients, tls_for_server, tls_server};

#[test]
fn lftp_goes_through() {
    if Command::new("lftp").arg("--version").output().is_err() {
        eprintln!("lftp is not installed");
        return;
    }
    let served = tls_server();
    let mut options = tls_for_server();
    options.extend(tls_for_clients());
    let gateway = Gateway::to(served.address, &options);
    let content = bytes(700_000);
    let (sent, received) =
        (CERTIFICATES.directory.join("lftp-sent"), CERTIFICATES.directory.join("lftp-received"));
    fs::write(&sent, &content).unwrap();
    let secured =
        format!("set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file {}", file("root.pem"));
    for tls in ["set ftp:ssl-allow no", &secured] {
        for passive in ["yes", "no"] {
            let script = format!(
                "set dns:order inet; set net:max-retries 1; set net:timeout 10; set ftp:passive-mode {passive}; \
                 set ftp:auto-passive-mode no; {tls}; set cmd:fail-exit yes; \
                 put {sent} -o up; get up -o {received}; ls > {received}.list; rm up; bye",
                sent = sent.display(),
                received = received.display(),
            );
            let output = Command::new("timeout")
                .args([
                    "60",
                    "lftp",
                    "--norc",
                    "-u",
                    "me,secret",
                    "-p",
                    &gateway.address.port().to_string(),
                    "-e",
                    &script,
                ])
                .arg("localhost")
                .output()
                .unwrap();
            let failed =
                || format!("{script}\n{}\n{}", String::from_utf8_lossy(&output.stderr), gateway.log());
            assert!(output.status.success(), "{}", failed());
            assert!(fs::read(&received).unwrap() == content, "{}", failed());
            let listing = fs::read_to_string(received.with_extension("list")).unwrap();
            assert!(listing.contains(" up"), "{listing}\n{}", failed());
            assert!(!served.root.join("up").exists(), "{}", failed());
            fs::remove_file(&received).unwrap();
            fs::remove_file(received.with_extension("list")).unwrap();
        }
    }
}
