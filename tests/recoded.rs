//! A server whose clients have names in another encoding than its file system.
#![cfg(feature = "disk")]

use ftp_proto::io::std::{Client, Server};
use ftp_proto::io::{Directory, ListingLimits, Recoded, Removal, Users};
use std::io::{Read, Write};
use std::time::Duration;
use std::{env, fs, process, thread};

fn from_latin1(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

fn to_latin1(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[test]
fn clients_see_names_in_their_encoding_and_the_file_system_in_its_own() {
    let root = env::temp_dir().join(format!("ftp-proto-recoded-{}", process::id()));
    fs::create_dir(&root).unwrap();
    let directory = Recoded::new(Directory::open(&root).unwrap().writable(), from_latin1, to_latin1);
    let server = Server::bind("127.0.0.1:0", Users::new().user("me", "secret", directory)).unwrap();
    let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
    let served = thread::spawn(|| server.serve().unwrap());

    let login = |mut client: Client| {
        client.login("me", "secret").unwrap();
        client
    };
    let mut plain = login(Client::connect(address).unwrap());
    let mut converting = login(Client::builder().names(from_latin1, to_latin1).connect(address).unwrap());
    // The bytes of Latin-1 on the way, UTF-8 at both ends.
    plain.make_directory(b"gr\xfcn").unwrap();
    assert!(root.join("grün").is_dir());
    let mut store = converting.store("grün/ä ö").unwrap();
    store.write_all(b"content").unwrap();
    store.finish().unwrap();
    assert_eq!(fs::read(root.join("grün/ä ö")).unwrap(), b"content");
    // What Latin-1 lacks can be neither named nor seen.
    fs::write(root.join("日本"), b"kept").unwrap();
    let limits = ListingLimits::default();
    let names = |client: &mut Client, path: &[u8]| {
        let listed = client.list_all(path, &limits).unwrap();
        listed.entries.iter().map(|entry| entry.entry().name.as_bytes().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut plain, b""), [b"gr\xfcn"]);
    assert_eq!(names(&mut plain, b"gr\xfcn"), [b"\xe4 \xf6"]);
    assert_eq!(names(&mut converting, "grün".as_bytes()), ["ä ö".as_bytes()]);
    let mut back = String::new();
    converting.retrieve("grün/ä ö").unwrap().read_to_string(&mut back).unwrap();
    assert_eq!(back, "content");
    plain.change_directory(b"gr\xfcn").unwrap();
    assert_eq!(plain.working_directory().unwrap(), b"/gr\xfcn");
    let mut removal = Removal::new("grün").unwrap();
    while converting.remove_all(&mut removal).unwrap().is_some() {}
    assert!(removal.is_complete() && !root.join("grün").exists() && root.join("日本").exists());

    drop((plain, converting));
    shutdown.shut_down(Duration::from_secs(5));
    served.join().unwrap();
    fs::remove_dir_all(root).unwrap();
}
