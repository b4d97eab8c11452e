//! The example `socks`, through a proxy.

#[allow(dead_code, reason = "its main function is not called")]
#[path = "../../examples/socks.rs"]
pub(crate) mod example;

use crate::socks::Proxy;
use crate::world::{Wiring, World, bytes};
use std::fs;

#[test]
fn the_example_fetches_a_file_through_a_proxy() {
    let world = World::new(Wiring::PLAIN);
    let (proxy, content, port) = (Proxy::start(), bytes(300_000), world.address.port());
    fs::write(world.path("a file"), &content).unwrap();
    for host in ["ftp.example", "127.0.0.1"] {
        let url = format!("ftp://me:secret@{host}:{port}/a%20file");
        let mut received = Vec::new();
        assert_eq!(example::fetch(proxy.address, &url, &mut received).unwrap(), 300_000);
        assert!(received == content);
        let asked = std::mem::take(&mut *proxy.asked.lock().unwrap());
        // The dialogue, and the transfer.
        assert_eq!(asked.len(), 2);
        assert!(asked.iter().all(|(name, _)| name == host) && asked[0].1 == port, "{asked:?}");
    }
}

#[test]
fn the_example_reports_what_the_server_or_the_proxy_refuses() {
    let world = World::new(Wiring::PLAIN);
    let (proxy, port) = (Proxy::start(), world.address.port());
    let fetch = |url: &str| {
        let error = example::fetch(proxy.address, url, &mut Vec::new()).unwrap_err();
        example::explain(&*error)
    };
    let missing = fetch(&format!("ftp://me:secret@ftp.example:{port}/missing"));
    assert!(missing.contains("550"), "{missing}");
    drop(world);
    let nobody = fetch(&format!("ftp://me:secret@ftp.example:{port}/missing"));
    assert!(nobody.contains("refused with status 1"), "{nobody}");
}
