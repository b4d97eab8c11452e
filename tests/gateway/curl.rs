//! curl through the gateway, if it is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::served::bytes;
use crate::support::{CERTIFICATES, Gateway, file, tls_for_clients, tls_for_server, tls_server};

/// Runs curl, if it is installed, and returns what it fetched.
#[track_caller]
fn curl(gateway: &Gateway, arguments: &[&str], path: &str) -> Option<Vec<u8>> {
    let url = format!("ftp://me:secret@localhost:{}/{path}", gateway.address.port());
    let output = Command::new("curl")
        .args(["-sS", "-4", "--max-time", "20"])
        .args(arguments)
        .arg(url)
        .output()
        .ok()?;
    assert!(
        output.status.success(),
        "{arguments:?}: {}\n{}",
        String::from_utf8_lossy(&output.stderr),
        gateway.log()
    );
    Some(output.stdout)
}

#[test]
fn curl_goes_through() {
    let served = tls_server();
    let mut options = tls_for_server();
    options.extend(tls_for_clients());
    let gateway = Gateway::to(served.address, &options);
    let content = bytes(700_000);
    let local = CERTIFICATES.directory.join("sent");
    fs::write(&local, &content).unwrap();
    let (local, root) = (path(&local), file("root.pem"));
    let tls = ["--ssl-reqd", "--cacert", &root];
    for how in [&[][..], &["-P", "-"], &["--disable-epsv"], &["-P", "-", "--disable-eprt"]] {
        // curl 7.88 fails at active transfers under TLS, without a gateway too.
        let is_passive = !how.contains(&"-P");
        for tls in [&[][..], &tls].into_iter().take(1 + usize::from(is_passive)) {
            let options = [how, tls].concat();
            if curl(&gateway, &[&options[..], &["-T", local]].concat(), "sent").is_none() {
                eprintln!("curl is not installed");
                return;
            }
            assert!(fs::read(served.root.join("sent")).unwrap() == content, "{options:?}");
            assert!(curl(&gateway, &options, "sent").unwrap() == content, "{options:?}");
            let listing = String::from_utf8(curl(&gateway, &options, "").unwrap()).unwrap();
            assert!(listing.contains("sent"), "{options:?}: {listing}");
            fs::remove_file(served.root.join("sent")).unwrap();
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
