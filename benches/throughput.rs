//! Bulk transfers through the blocking client and server, compared with a bare `std::io::copy` over
//! TCP that moves the same bytes between the same kinds of ends: file to socket, socket to sink or
//! file.
//!
//! `FTP_BENCH_MIB` sets the size in MiB, 1024 by default. The files are stored in the system's
//! temporary directory.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::io::std::{Client, Server};
use ftp_proto::io::{Directory, Users};

fn size() -> u64 {
    let mib = std::env::var("FTP_BENCH_MIB").ok().and_then(|mib| mib.parse().ok()).unwrap_or(1024);
    mib << 20
}

fn site() -> PathBuf {
    let root = std::env::temp_dir().join(format!("ftp-proto-bench-{}", std::process::id()));
    fs::create_dir_all(&root).unwrap();
    let file = File::create(root.join("file")).unwrap();
    io::copy(&mut io::repeat(b'x').take(size()), &mut &file).unwrap();
    root
}

/// Starts a bare TCP server. The first byte tells it whether the client wants the file or sends
/// one.
fn bare_server(root: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut way = [0];
            stream.read_exact(&mut way).unwrap();
            if way == *b"d" {
                io::copy(&mut File::open(root.join("file")).unwrap(), &mut stream).unwrap();
            } else {
                io::copy(&mut stream, &mut File::create(root.join("stored")).unwrap()).unwrap();
                stream.write_all(b"k").unwrap();
            }
        }
    });
    address
}

fn bare_download(server: SocketAddr) -> u64 {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.write_all(b"d").unwrap();
    io::copy(&mut stream, &mut io::sink()).unwrap()
}

fn bare_upload(server: SocketAddr, root: &Path) -> u64 {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.write_all(b"u").unwrap();
    let count = io::copy(&mut File::open(root.join("file")).unwrap(), &mut stream).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    count
}

fn settings(group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>) {
    group.throughput(Throughput::Bytes(size()));
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
}

fn throughput(c: &mut Criterion) {
    let root = site();
    let bare = bare_server(root.clone());
    let users = Users::new().user("bench", "bench", Directory::open(&root).unwrap().writable());
    let server = Server::bind("127.0.0.1:0", users).unwrap();
    let address = server.local_addr();
    let shutdown = server.shutdown_handle();
    let serving = thread::spawn(move || server.serve());
    let mut client = Client::connect(address).unwrap();
    client.login("bench", "bench").unwrap();

    let mut group = c.benchmark_group("download");
    settings(&mut group);
    group.bench_function("bare", |b| b.iter(|| assert_eq!(bare_download(bare), size())));
    group.bench_function("ftp", |b| {
        b.iter(|| {
            let mut file = client.retrieve("file").unwrap();
            assert_eq!(io::copy(&mut file, &mut io::sink()).unwrap(), size());
        });
    });
    group.finish();

    let mut group = c.benchmark_group("upload");
    settings(&mut group);
    group.bench_function("bare", |b| b.iter(|| assert_eq!(bare_upload(bare, &root), size())));
    group.bench_function("ftp", |b| {
        b.iter(|| {
            let mut upload = client.store("stored").unwrap();
            let mut file = File::open(root.join("file")).unwrap();
            assert_eq!(io::copy(&mut file, &mut upload).unwrap(), size());
            upload.finish().unwrap();
        });
    });
    group.bench_function("ftp, by send_file", |b| {
        b.iter(|| {
            let mut upload = client.store("stored").unwrap();
            let file = File::open(root.join("file")).unwrap();
            assert_eq!(upload.send_file(&file).unwrap(), size());
            upload.finish().unwrap();
        });
    });
    group.finish();

    client.quit().unwrap();
    shutdown.shut_down(Duration::from_secs(1));
    serving.join().unwrap().unwrap();
    fs::remove_dir_all(root).unwrap();
}

criterion_group!(benches, throughput);
criterion_main!(benches);
