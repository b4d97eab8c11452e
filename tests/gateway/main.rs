//! The example `gateway`, in front of a server of this crate and of servers that misbehave, with a
//! client of this crate, with curl where it is installed, and with clients that misbehave.

#[path = "../support/example.rs"]
mod example;
#[path = "../support/served.rs"]
mod served;

mod clients;
mod curl;
mod lftp;
mod peer;
mod servers;
mod support;

use std::fs;
use std::io::{Read, Write};

use ftp_proto::io::Error;
use ftp_proto::io::std::Client;
use ftp_proto::listing::ListingLine;

use served::{Served, bytes};
use support::{
    Gateway, arguments, client_tls, file, plain_server, tls_for_clients, tls_for_server, tls_server,
};

#[track_caller]
fn refused_with<T>(code: u16, result: Result<T, Error>) {
    match result {
        Err(Error::Refused(refused)) if refused.code == code => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("granted, wanted {code}"),
    }
}

/// Sends, lists and fetches files of several sizes.
#[track_caller]
fn round(client: &mut Client, served: &Served) {
    for (number, size) in [0, 1, 1_500_000].into_iter().enumerate() {
        let (name, content) = (format!("file{number}"), bytes(size));
        let mut upload = client.store(&name).unwrap();
        upload.write_all(&content).unwrap();
        upload.finish().unwrap();
        assert!(fs::read(served.root.join(&name)).unwrap() == content, "{name} differs on the server");
        let mut fetched = Vec::new();
        client.retrieve(&name).unwrap().read_to_end(&mut fetched).unwrap();
        assert!(fetched == content, "{name} differs here");
        client.rename(&name, format!("{name}.old")).unwrap();
    }
    let names: Vec<String> = client
        .list("")
        .unwrap()
        .map(|line| match line.unwrap() {
            ListingLine::Entry(entry) => String::from_utf8_lossy(entry.entry().name.as_bytes()).into_owned(),
            ListingLine::Unparsed(line) => panic!("{line:?}"),
        })
        .collect();
    for name in ["file0.old", "file1.old", "file2.old"] {
        assert!(names.iter().any(|listed| listed == name), "{name} is not in {names:?}");
    }
}

#[test]
fn files_go_through_in_every_combination_of_passive_and_active() {
    let served = plain_server();
    for how in ["same", "passive", "active"] {
        let gateway = Gateway::to(served.address, &arguments(&format!("--upstream-data {how}")));
        for active in [false, true] {
            let mut client = gateway.client(Client::builder().active(active));
            round(&mut client, &served);
            client.quit().unwrap();
            let (to_client, to_server) =
                if active { ("client ---> EPRT", how) } else { ("client ---> EPSV", how) };
            gateway.logs(to_client);
            let is_passive = to_server == "passive" || (to_server == "same" && !active);
            gateway.logs(if is_passive { "server <--- EPSV" } else { "server <--- EPRT" });
        }
        assert!(!gateway.log().contains("secret"), "{}", gateway.log());
        gateway.logs("PASS ***");
    }
}

#[test]
fn tls_ends_at_the_gateway() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &tls_for_clients());
    for active in [false, true] {
        let builder = Client::builder().active(active).explicit_tls(client_tls(), "localhost").unwrap();
        let mut client = gateway.client(builder);
        assert!(client.protection().data, "{:?}", client.protection());
        round(&mut client, &served);
        client.quit().unwrap();
    }
    // The log shows what TLS hides from everybody else, and the server knows nothing of TLS.
    gateway.logs("client ---> PROT P");
    assert!(!gateway.log().contains("server <--- AUTH"), "{}", gateway.log());
}

#[test]
fn tls_begins_at_the_gateway_and_data_connections_resume_its_session() {
    // The server refuses data connections that do not resume the session of their user.
    let served = tls_server();
    for how in ["passive", "active"] {
        let mut options = tls_for_server();
        options.extend(arguments(&format!("--upstream-data {how}")));
        let gateway = Gateway::to(served.address, &options);
        let mut client = gateway.client(Client::builder());
        round(&mut client, &served);
        client.quit().unwrap();
        gateway.logs("server <--- PROT P");
        assert!(!gateway.log().contains("client ---> AUTH"), "{}", gateway.log());
    }
}

#[test]
fn a_transfer_that_is_given_up_leaves_the_session_usable() {
    let served = plain_server();
    fs::write(served.root.join("big"), bytes(30_000_000)).unwrap();
    let gateway = Gateway::to(served.address, &[]);
    let mut client = gateway.client(Client::builder());
    let mut retrieval = client.retrieve("big").unwrap();
    retrieval.read_exact(&mut [0; 1000]).unwrap();
    retrieval.abort().unwrap();
    round(&mut client, &served);
    gateway.logs("server <--- ABOR");
}

#[test]
fn more_transfers_than_a_server_has_tickets() {
    let served = tls_server();
    let gateway = Gateway::to(served.address, &tls_for_server());
    let mut client = gateway.client(Client::builder());
    for number in 0..25_u8 {
        let mut upload = client.store("file").unwrap();
        upload.write_all(&[number; 100]).unwrap();
        upload.finish().unwrap_or_else(|error| panic!("upload {number}: {error}"));
    }
    assert_eq!(fs::read(served.root.join("file")).unwrap(), [24; 100]);
}

/// The server sees the client, and not the gateway.
#[cfg(feature = "proxy-protocol")]
#[test]
fn a_server_behind_the_proxy_protocol_gets_everything() {
    use ftp_proto::io::Proxies;

    for (options, is_secure) in [(Vec::new(), false), (tls_for_server(), true)] {
        let served = Served::at("127.0.0.1:0", |server| {
            let server = server.with_proxy_protocol(Proxies::any());
            if is_secure { server.with_explicit_tls(support::server_tls()) } else { server }
        });
        let options = [options, arguments("--proxy-protocol")].concat();
        let gateway = Gateway::to(served.address, &options);
        for active in [false, true] {
            round(&mut gateway.client(Client::builder().active(active)), &served);
        }
    }
}

#[test]
fn tls_on_both_sides() {
    let served = tls_server();
    let mut options = tls_for_server();
    options.extend(tls_for_clients());
    let gateway = Gateway::to(served.address, &options);
    for active in [false, true] {
        let builder = Client::builder().active(active).explicit_tls(client_tls(), "localhost").unwrap();
        let mut client = gateway.client(builder);
        round(&mut client, &served);
        client.quit().unwrap();
    }
}

#[test]
fn a_server_that_the_gateway_does_not_trust_is_not_reached() {
    let served = tls_server();
    let mut options = tls_for_server();
    // Signed by nobody known: the certificate of the server is no root.
    *options.last_mut().unwrap() = file("cert.pem");
    let gateway = Gateway::to(served.address, &options);
    refused_with(421, Client::connect(gateway.address.to_string()));
}

#[test]
fn untouched_tls_goes_through() {
    let served = tls_server();
    let gateway = Gateway::to(served.address, &arguments("--tls-passthrough"));
    let builder = Client::builder().explicit_tls(client_tls(), "localhost").unwrap();
    let mut client = gateway.client(builder);
    assert!(client.protection().control);
    round(&mut client, &served);
    client.quit().unwrap();
    gateway.logs("client ---> AUTH TLS");
    assert!(!gateway.log().contains("USER"), "{}", gateway.log());
    // Without AUTH the gateway works as ever.
    let mut client = gateway.client(Client::builder());
    round(&mut client, &served);
    gateway.logs("client ---> USER");
}

#[test]
fn filtered_commands_are_answered_502_and_do_not_reach_the_server() {
    let served = plain_server();
    fs::write(served.root.join("kept"), b"kept").unwrap();
    let gateway = Gateway::to(served.address, &arguments("--deny DELE,MKD"));
    let mut client = gateway.client(Client::builder());
    refused_with(502, client.delete("kept"));
    refused_with(502, client.make_directory("new"));
    // The older name of MKD is no way around.
    refused_with(502, client.raw("XMKD new", |_| {}));
    round(&mut client, &served);
    assert!(!gateway.log().contains("server <--- DELE"), "{}", gateway.log());
    assert!(served.root.join("kept").exists() && !served.root.join("new").exists());

    let gateway = Gateway::to(served.address, &arguments("--allow RETR,CWD"));
    let mut client = gateway.client(Client::builder());
    let mut fetched = Vec::new();
    client.retrieve("kept").unwrap().read_to_end(&mut fetched).unwrap();
    assert_eq!(fetched, b"kept");
    refused_with(502, client.raw("PWD", |_| {}));
    // FEAT does not promise what is refused.
    let mut features = Vec::new();
    client.raw("FEAT", |line| features.push(String::from_utf8_lossy(line.text).into_owned())).unwrap();
    assert!(
        features.iter().all(|feature| !feature.contains("MLST") && !feature.contains("SIZE")),
        "{features:?}"
    );
}

#[test]
fn the_server_sees_other_credentials() {
    let served = plain_server();
    let options = arguments("--upstream-user me --user guest");
    let environment = [("UPSTREAM_PASSWORD", "secret"), ("GATEWAY_PASSWORD", "welcome")];
    let gateway = Gateway::with(served.address, &options, &environment);
    for (user, password) in [("guest", "secret"), ("me", "secret"), ("me", "welcome")] {
        let mut client = Client::connect(gateway.address.to_string()).unwrap();
        refused_with(530, client.login(user, password));
    }
    assert!(!gateway.log().contains("server <--- USER"), "{}", gateway.log());
    let mut client = Client::connect(gateway.address.to_string()).unwrap();
    client.login("guest", "welcome").unwrap();
    round(&mut client, &served);
    gateway.logs("server <--- USER me");
    let log = gateway.log();
    assert!(!log.contains("welcome") && !log.contains("server <--- USER guest"), "{log}");
}
