//! The server on each kind of store, as clients see it. `MOTO_SERVER` names the S3-compatible server of Python's `moto`;
//! curl and lftp have to be installed. `.ci/run objects` provides all of them.

mod scale;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

use ftp_proto::io::std::Client;
use ftp_proto::io::{Error, ListingLimits};
use support::{Scratch, Server, objects, s3};

fn login(server: &Server) -> Client {
    let mut client = Client::connect(server.address).unwrap();
    client.login("me", "secret").unwrap();
    client
}

fn content(size: usize) -> Vec<u8> {
    (0..size as u32).map(|n| n.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect()
}

fn put(client: &mut Client, path: &str, bytes: &[u8]) {
    let mut store = client.store(path).unwrap();
    store.write_all(bytes).unwrap();
    store.finish().unwrap();
}

fn get(client: &mut Client, path: &str, offset: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.retrieve_from(path, offset).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn names(client: &mut Client, path: &str) -> BTreeSet<String> {
    let listed = client.list_all(path, &ListingLimits::default()).unwrap();
    assert!(listed.is_whole(), "{path}");
    listed
        .entries
        .iter()
        .map(|entry| String::from_utf8(entry.entry().name.as_bytes().to_vec()).unwrap())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> u16 {
    result.expect_err("the server refuses this").refused().expect("a refusal").code.get()
}

/// All that a file system on objects does, and what it does not.
fn behaves(server: &Server, dates: bool) {
    let mut client = login(server);
    // Parts of a multi-part upload are of 8 MiB.
    for (name, size) in [("empty", 0), ("small", 5), ("large", (17 << 20) + 3)] {
        put(&mut client, name, &content(size));
        assert_eq!(client.size(name).unwrap(), size as u64, "{name}");
        assert!(get(&mut client, name, 0) == content(size), "{name}");
        assert!(get(&mut client, name, size as u64 / 2) == content(size)[size / 2..], "{name}");
        assert_eq!(client.modification_time(name).is_ok(), dates, "{name}");
    }
    put(&mut client, "small", b"replaced");
    assert_eq!(get(&mut client, "small", 0), b"replaced");
    let mut unique = client.store_unique().unwrap();
    unique.write_all(b"x").unwrap();
    let unique_name = String::from_utf8(unique.unique_name().unwrap().to_vec()).unwrap();
    unique.finish().unwrap();
    assert_eq!(get(&mut client, &unique_name, 0), b"x");
    client.delete(&unique_name).unwrap();

    client.make_directory("dir").unwrap();
    client.make_directory("dir/deep er").unwrap();
    put(&mut client, "dir/deep er/ü", b"name");
    assert_eq!(names(&mut client, ""), set(&["empty", "small", "large", "dir"]));
    assert_eq!(names(&mut client, "dir"), set(&["deep er"]));
    assert_eq!(names(&mut client, "dir/deep er"), set(&["ü"]));
    client.change_directory("dir/deep er").unwrap();
    assert_eq!(client.working_directory().unwrap(), b"/dir/deep er");
    assert_eq!(get(&mut client, "ü", 0), b"name");
    client.change_directory("/").unwrap();

    // Devices and WinSCP upload under another name.
    put(&mut client, "upload.filepart", b"whole");
    client.rename("upload.filepart", "upload").unwrap();
    client.rename("upload", "small").unwrap();
    assert_eq!(get(&mut client, "small", 0), b"whole");
    assert_eq!(code(client.size("upload")), 550);

    assert_eq!(code(client.append("small").map(drop)), 504);
    assert_eq!(code(client.store_from("small", 2).map(drop)), 504);
    assert_eq!(code(client.rename("dir", "other")), 504);
    assert_eq!(code(client.make_directory("dir")), 521);
    assert_eq!(code(client.make_directory("no/where")), 550);
    assert_eq!(code(client.store("no/where").map(drop)), 550);
    assert_eq!(code(client.store("dir").map(drop)), 550);
    assert_eq!(code(client.remove_directory("dir")), 550);
    assert_eq!(code(client.remove_directory("small")), 550);
    assert_eq!(code(client.delete("dir")), 550);
    assert_eq!(code(client.change_directory("nowhere")), 550);
    assert_eq!(code(client.list("nowhere").map(drop)), 550);
    assert_eq!(get(&mut client, "small", 0), b"whole", "no refusal has changed anything");

    // An upload that is cut off leaves what was there.
    let mut cut = client.store("small").unwrap();
    cut.write_all(&content(9 << 20)).unwrap();
    cut.abort().unwrap();
    assert_eq!(get(&mut client, "small", 0), b"whole");
    assert_eq!(names(&mut client, ""), set(&["empty", "small", "large", "dir"]));

    client.delete("dir/deep er/ü").unwrap();
    client.remove_directory("dir/deep er").unwrap();
    client.remove_directory("dir").unwrap();
    for name in ["empty", "small", "large"] {
        client.delete(name).unwrap();
    }
    assert_eq!(names(&mut client, ""), set(&[]));
    client.quit().unwrap();
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new("timeout").args(["60", program]).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{out}{err}", output.status);
    output
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// curl and lftp, active and passive.
fn serves_others(server: &Server, scratch: &Scratch) {
    let (local, back) = (scratch.at("local"), scratch.at("back"));
    fs::write(&local, content(3 << 20)).unwrap();
    let url = format!("ftp://me:secret@{}", server.address);
    for mode in [&["--disable-eprt"][..], &["--ftp-port", "127.0.0.1"]] {
        run("curl", &[&["-sS", "-T", shown(&local), &format!("{url}/by-curl")], mode].concat());
        run("curl", &[&["-sS", "-o", shown(&back), &format!("{url}/by-curl")], mode].concat());
        assert!(fs::read(&back).unwrap() == content(3 << 20), "{mode:?}");
    }
    let tree = scratch.at("tree");
    for n in 0..30 {
        fs::create_dir_all(tree.join(format!("d{}", n % 3))).unwrap();
        fs::write(tree.join(format!("d{}/f{n}", n % 3)), content(n * 100)).unwrap();
    }
    let mirrored = scratch.at("mirrored");
    let script = format!(
        "set net:max-retries 2; set net:timeout 20; open {url}; mirror -R {} there; mirror there {}; rm by-curl; rm -r there; quit",
        shown(&tree),
        shown(&mirrored)
    );
    run("lftp", &["-c", &script]);
    run("diff", &["-r", shown(&tree), shown(&mirrored)]);
    assert_eq!(names(&mut login(server), ""), set(&[]));
}

/// Two front ends on one store show the same tree, at once.
fn is_shared(one: &Server, other: &Server) {
    let (mut one, mut other) = (login(one), login(other));
    put(&mut one, "file", b"from one");
    assert_eq!(get(&mut other, "file", 0), b"from one");
    other.rename("file", "renamed").unwrap();
    assert_eq!(names(&mut one, ""), set(&["renamed"]));
    other.make_directory("dir").unwrap();
    put(&mut one, "dir/file", b"x");
    assert_eq!(names(&mut other, "dir"), set(&["file"]));
    other.delete("dir/file").unwrap();
    one.remove_directory("dir").unwrap();
    one.delete("renamed").unwrap();
    assert_eq!(names(&mut other, ""), set(&[]));
}

#[test]
fn objects_in_memory() {
    let server = objects("memory:///", &[]);
    behaves(&server, false);
    serves_others(&server, &Scratch::new("memory"));
}

#[test]
fn objects_in_a_directory() {
    let scratch = Scratch::new("directory");
    let (root, parts) = (scratch.at("root"), scratch.at("parts"));
    fs::create_dir_all(&root).unwrap();
    let store = format!("fs://{}", root.display());
    let options = ["--option".to_owned(), format!("atomic_write_dir={}", parts.display())];
    let (one, other) = (objects(&store, &options), objects(&store, &options));
    behaves(&one, true);
    is_shared(&one, &other);
    serves_others(&other, &scratch);
}

#[test]
fn objects_on_s3() {
    let scratch = Scratch::new("s3");
    let (_moto, endpoint) = s3("bucket");
    let options = [format!("endpoint={endpoint}"), "region=us-east-1".to_owned()];
    let options = options.map(|option| ["--option".to_owned(), option]).concat();
    let (one, other) = (objects("s3://bucket/pre/fix", &options), objects("s3://bucket/pre/fix", &options));
    behaves(&one, true);
    is_shared(&one, &other);
    serves_others(&other, &scratch);
}

#[test]
fn a_store_that_is_not_there_or_not_fit_is_an_error_at_the_start() {
    for (arguments, expected) in [
        (&["--anonymous", "fs:///tmp"][..], "atomic_write_dir"),
        (&["--anonymous", "gopher://somewhere"], "gopher"),
        (&["memory:///"], "nobody could log in"),
        (
            &[
                "--anonymous",
                "s3://bucket",
                "--option",
                "endpoint=http://127.0.0.1:1",
                "--option",
                "region=us-east-1",
            ],
            "s3://bucket",
        ),
    ] {
        let mut command = Command::new("timeout");
        command.args(["60", env!("CARGO_BIN_EXE_objects"), "--listen", "127.0.0.1:0"]).args(arguments);
        let output =
            command.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.starts_with("objects: ") && told.contains(expected), "{arguments:?}: {told}");
    }
}
