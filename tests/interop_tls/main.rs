//! TLS both ways: our client with the servers that people run, which demand that data connections resume the session of their
//! control connection, and our `ftpd`, which demands the same, with the clients that people use. Run by name, as root, after
//! tests/peers/install.sh: `cargo test --test interop_tls`.

#[macro_use]
#[path = "../peers/mod.rs"]
mod peers;
mod our_server;

use ftp_proto::client::{Config, DataConnection, Profile};
use ftp_proto::io::Direction;
use ftp_proto::io::std::Client;
use ftp_proto::io::tls::ClientTls;
use peers::clients::{CURL, Client as Program, FTPLIB, LFTP, Request, WGET, lftp_does};
use peers::content::{bytes, noise};
use peers::process::{Outcome, run};
use peers::site::{IPV4, IPV6, PASSWORD, PROFTPD, PURE_FTPD, Site, Tls, USER, VSFTPD, example};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use std::convert::identity;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What each rule below is done with: how TLS begins, and its version.
const KINDS: [(Tls, Version); 4] =
    [(Tls::Explicit, V12), (Tls::Explicit, V13), (Tls::Implicit, V12), (Tls::Implicit, V13)];

/// A version, as OpenSSL and as our `ftp` call it.
#[derive(Clone, Copy, Debug)]
struct Version {
    openssl: &'static str,
    ours: &'static str,
}

const V12: Version = Version { openssl: "TLSv1.2", ours: "1.2" };
const V13: Version = Version { openssl: "TLSv1.3", ours: "1.3" };

static ONLY_TLS12: &[&SupportedProtocolVersion] = &[&TLS12];
static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&TLS13];

#[track_caller]
fn curl(site: &Site, options: &[&str]) -> Outcome {
    let mut curl = Command::new("curl");
    curl.args(["-q", "-sS", "--max-time", "20", "--ssl-reqd", "--cacert"]).arg(site.authority());
    run(curl.args(options).arg(site.url("file")), Duration::from_secs(30))
}

fn tls(site: &Site, version: Version) -> ClientTls {
    let roots = CertificateDer::pem_file_iter(site.authority()).unwrap().map(Result::unwrap);
    let tls = ClientTls::builder().roots(roots).versions(match version.ours {
        "1.2" => ONLY_TLS12,
        _ => ONLY_TLS13,
    });
    tls.build().unwrap()
}

fn got(client: &mut Client, path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    client.retrieve(path).unwrap().read_to_end(&mut content).unwrap();
    content
}

/// Our client with their servers.
mod our_client {
    use super::*;

    table! {
        identity;
        does_each_operation_on_each_runtime:    VSFTPD PROFTPD PURE_FTPD;
        moves_data_every_way:                   VSFTPD PROFTPD PURE_FTPD;
        moves_100_files_on_one_connection:      VSFTPD PROFTPD PURE_FTPD;
        downloads_100_files_on_one_connection:  VSFTPD PROFTPD PURE_FTPD;
        downloads_150_files_of_a_series:        VSFTPD PROFTPD PURE_FTPD;
        goes_on_after_transfers_given_up:       VSFTPD PROFTPD PURE_FTPD;
        mixes_no_sessions_of_two_connections:   VSFTPD PROFTPD PURE_FTPD;
        trusts_nobody_unasked:                  VSFTPD PROFTPD PURE_FTPD;
    }

    /// A server for each kind of TLS that it has.
    fn each(server: &str, does: impl Fn(&Site, Version)) {
        for (tls, version) in KINDS {
            if (server, tls) != (PURE_FTPD, Tls::Implicit) {
                does(&Site::theirs_by_tls(server, tls, Some(version.openssl)), version);
            }
        }
    }

    fn client_at(host: IpAddr, site: &Site, version: Version, data_connection: DataConnection) -> Client {
        let mut config = Config::default();
        config.data_connection = data_connection;
        client_by(host, site, version, config)
    }

    fn client_by(host: IpAddr, site: &Site, version: Version, config: Config) -> Client {
        let (tls, name) = (tls(site, version), host.to_string());
        let builder = Client::builder().config(config);
        let builder = match site.tls() {
            Some(Tls::Implicit) => builder.implicit_tls(tls, &name),
            _ => builder.explicit_tls(tls, &name),
        };
        let mut client = builder.unwrap().connect(SocketAddr::new(host, site.port)).unwrap();
        client.login(USER, PASSWORD).unwrap();
        client
    }

    fn client(site: &Site, version: Version) -> Client {
        client_at(IPV4, site, version, DataConnection::Passive)
    }

    fn put(client: &mut Client, path: &str, content: &[u8]) {
        let mut store = client.store(path).unwrap();
        store.write_all(content).unwrap();
        store.finish().unwrap();
    }

    fn names(client: &mut Client) -> Vec<String> {
        let names = client.names("").unwrap().map(|line| line.unwrap().into_entry().unwrap());
        let names = names.map(|entry| String::from_utf8(entry.entry().name.as_bytes().to_vec()).unwrap());
        names.filter(|name| name != "." && name != "..").collect()
    }

    fn ftp(site: &Site, options: &[&str], command: &[&str]) -> Outcome {
        let mut ftp = Command::new(example("ftp"));
        ftp.args(["--quiet", "--timeout", "20", "--tls", "--cacert"]).arg(site.authority());
        run(ftp.args(options).args(command), Duration::from_secs(60))
    }

    fn does_each_operation_on_each_runtime(server: &&str) {
        each(server, |site, version| {
            site.seed("file", &bytes());
            let url = |path| site.url(path);
            let local = |name| site.local.path(name).to_str().unwrap().to_owned();
            site.local.write("mine", &noise(300_000));
            for (runtime, way) in [("std", &["--active"][..]), ("tokio", &[]), ("smol", &["--active"])] {
                let options = [&["--tls-version", version.ours, "--runtime", runtime], way].concat();
                let does = |command: &[&str]| ftp(site, &options, command).succeeds();
                assert!(does(&["ls", &url("")]).text().contains("file"));
                does(&["get", &url("file"), &local("got")]);
                site.local.holds("got", &bytes());
                does(&["put", &local("mine"), &url("theirs")]);
                site.root.holds("theirs", &noise(300_000));
                assert_eq!(does(&["cat", &url("theirs")]).stdout, noise(300_000));
                does(&["mkdir", &url("directory")]);
                does(&["mv", &url("theirs"), "directory/moved"]);
                does(&["get", "-r", &url("directory"), &local("directory")]);
                site.local.holds("directory/moved", &noise(300_000));
                does(&["rm", "-r", &url("directory")]);
                assert!(!site.root.has("directory"));
                fs::remove_dir_all(site.local.path("directory")).unwrap();
            }
        });
    }

    fn moves_data_every_way(server: &&str) {
        each(server, |site, version| {
            let content = noise(300_000);
            for host in [IPV4, IPV6] {
                for data_connection in [DataConnection::Passive, DataConnection::Active] {
                    let mut client = client_at(host, site, version, data_connection);
                    put(&mut client, "file", &content);
                    site.root.holds("file", &content);
                    assert!(got(&mut client, "file") == content);
                    put(&mut client, "empty", b"");
                    assert_eq!(got(&mut client, "empty"), b"");
                    let mut names = names(&mut client);
                    names.sort();
                    assert_eq!(names, ["empty", "file"], "{host} {data_connection:?} {version:?}");
                    client.quit().unwrap();
                }
            }
        });
    }

    fn moves_100_files_on_one_connection(server: &&str) {
        each(server, |site, version| {
            let mut client = client(site, version);
            for number in 0..50 {
                let content = noise(1 + number * 997);
                put(&mut client, "file", &content);
                assert!(got(&mut client, "file") == content, "{number} {version:?}");
            }
            client.quit().unwrap();
        });
    }

    fn downloads_100_files_on_one_connection(server: &&str) {
        let content = bytes();
        each(server, |site, version| {
            site.seed("file", &content);
            let mut client = client(site, version);
            for number in 0..100 {
                assert!(got(&mut client, "file") == content, "{number} {version:?}");
            }
            client.quit().unwrap();
        });
    }

    fn downloads_150_files_of_a_series(server: &&str) {
        let names: Vec<String> = (0..150).map(|index| format!("file {index}")).collect();
        each(server, |site, version| {
            for (index, name) in names.iter().enumerate().filter(|(index, _)| index % 10 != 7) {
                site.seed(name, &noise(index * 30));
            }
            let mut config = Config::default();
            config.pipelining = true;
            let mut client = client_by(IPV4, site, version, config);
            let mut downloads = client.retrieve_many(&names);
            let mut count = 0;
            while let Some((name, download)) = downloads.next_file() {
                match count % 10 {
                    7 => assert!(download.unwrap_err().refused().is_some(), "{name}"),
                    _ => {
                        let mut got = Vec::new();
                        download.unwrap().read_to_end(&mut got).unwrap();
                        assert!(got == noise(count * 30), "{name} {version:?}");
                    }
                }
                count += 1;
            }
            assert_eq!(count, names.len());
            let profile = client.profile();
            assert!(profile.contains(Profile::IN_ORDER), "{profile:?}");
            assert!(!profile.intersects(Profile::OUT_OF_ORDER | Profile::NO_PIPELINING), "{profile:?}");
            client.quit().unwrap();
        });
    }

    /// A TLS 1.3 ticket is good for one handshake, and what is given up may end before it brought the next.
    fn goes_on_after_transfers_given_up(server: &&str) {
        let big = noise(8_000_000);
        each(server, |site, version| {
            site.seed("big", &big);
            for data_connection in [DataConnection::Passive, DataConnection::Active] {
                let mut client = client_at(IPV4, site, version, data_connection);
                for point in 0..12 {
                    // Asked for, or dropped. Not at the very start: vsftpd and Pure-FTPd end the session when a
                    // handshake on a data connection breaks off.
                    let mut start = vec![0; point / 2 * 50_000];
                    let mut retrieve = client.retrieve("big").unwrap();
                    retrieve.read_exact(&mut start).unwrap();
                    assert!(start == big[..start.len()]);
                    match point % 2 {
                        0 => drop(retrieve),
                        _ => retrieve.abort().unwrap(),
                    }
                    let mut store = client.store("up").unwrap();
                    store.write_all(&start).unwrap();
                    match point % 2 {
                        0 => drop(store),
                        _ => store.abort().unwrap(),
                    }
                    let small = noise(1000 + point);
                    put(&mut client, "small", &small);
                    assert!(got(&mut client, "small") == small, "{point} {data_connection:?} {version:?}");
                }
                client.quit().unwrap();
            }
        });
    }

    /// By turns, so that whoever kept the sessions of both in one place offers the wrong one.
    fn mixes_no_sessions_of_two_connections(server: &&str) {
        each(server, |site, version| {
            let mut clients = [client(site, version), client(site, version)];
            let contents = [noise(100_000), bytes()];
            for _ in 0..5 {
                for (client, (name, content)) in clients.iter_mut().zip(["a", "b"].iter().zip(&contents)) {
                    put(client, name, content);
                }
                let [a, b] = &mut clients;
                // Both at once.
                let (mut first, mut second) = (a.retrieve("a").unwrap(), b.retrieve("b").unwrap());
                let (mut one, mut other) = (Vec::new(), Vec::new());
                second.read_to_end(&mut other).unwrap();
                first.read_to_end(&mut one).unwrap();
                assert!(one == contents[0] && other == contents[1]);
            }
        });
    }

    fn trusts_nobody_unasked(server: &&str) {
        each(server, |site, version| {
            // Without --cacert, with a name that the certificate does not have, and without TLS.
            let url = site.url("");
            let mut untrusting = Command::new(example("ftp"));
            run(untrusting.args(["--tls", "ls", &url]), Duration::from_secs(30)).ends_with(3);
            let misnamed = url.replace("127.0.0.1", "localhost.localdomain");
            ftp(site, &["--tls-version", version.ours], &["ls", &misnamed]).fails();
            if let Some(Tls::Explicit) = site.tls() {
                let mut open = Command::new(example("ftp"));
                run(open.args(["ls", &url]), Duration::from_secs(30)).fails();
            }
        });
    }
}

/// Two of their servers, whose data goes from the one to the other under TLS, and our client of both.
mod between_servers {
    use super::*;

    /// Each way the one that stores is the TLS client; in the end, both are servers of their clients again.
    #[test]
    fn a_file_goes_there_and_back() {
        let content = noise(3_000_000);
        for version in [V12, V13] {
            let sites = [(); 2].map(|()| Site::theirs_for_fxp_by_tls(PROFTPD, version.openssl));
            sites[0].seed("file", &content);
            let [(mut here, told_here), (mut there, told_there)] =
                sites.each_ref().map(|site| traced(site, version));
            for _ in 0..3 {
                here.transfer_to("file", &mut there, "copy").unwrap();
                sites[1].root.holds("copy", &content);
                there.transfer_to("copy", &mut here, "back").unwrap();
                sites[0].root.holds("back", &content);
            }
            assert!(got(&mut here, "back") == content && got(&mut there, "copy") == content);
            here.quit().unwrap();
            there.quit().unwrap();
            for told in [told_here, told_there] {
                let told = told.lock().unwrap();
                let told: Vec<_> = told.iter().filter(|line| line.starts_with("SSCN")).collect();
                assert_eq!(told, ["SSCN ON", "SSCN OFF"].repeat(3), "{version:?}");
            }
        }
    }

    type Lines = Arc<Mutex<Vec<String>>>;

    /// A client, and what it has sent.
    fn traced(site: &Site, version: Version) -> (Client, Lines) {
        let lines = Lines::default();
        let seen = Arc::clone(&lines);
        let builder = Client::builder().trace(move |direction, line| {
            if direction == Direction::Sent {
                seen.lock().unwrap().push(line.to_string());
            }
        });
        let builder = builder.explicit_tls(tls(site, version), &site.host.to_string());
        let mut client = builder.unwrap().connect(site.address()).unwrap();
        client.login(USER, PASSWORD).unwrap();
        (client, lines)
    }
}

/// The servers as they are when they speak TLS: with curl, so that whoever fails at them knows whose fault it is.
mod their_servers {
    use super::*;

    fn serves(site: &Site) {
        site.seed("file", &bytes());
        assert_eq!(curl(site, &[]).succeeds().stdout, bytes());
    }

    #[test]
    fn speak_the_version_that_they_are_told_to() {
        for server in [VSFTPD, PROFTPD, PURE_FTPD] {
            let site = Site::theirs_by_tls(server, Tls::Explicit, Some("TLSv1.2"));
            serves(&site);
            curl(&site, &["--tlsv1.3"]).fails();
            let site = Site::theirs_by_tls(server, Tls::Explicit, Some("TLSv1.3"));
            serves(&site);
            curl(&site, &["--tls-max", "1.2"]).fails();
        }
    }

    #[test]
    fn begin_with_it_when_told() {
        for server in [VSFTPD, PROFTPD] {
            serves(&Site::theirs_by_tls(server, Tls::Implicit, None));
        }
    }

    #[test]
    fn demand_that_data_connections_resume_the_session() {
        for server in [VSFTPD, PROFTPD] {
            let site = Site::theirs_by_tls(server, Tls::Explicit, None);
            serves(&site);
            curl(&site, &["--no-sessionid"]).fails();
        }
    }
}
