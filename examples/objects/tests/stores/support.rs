//! Servers on stores, and directories for them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Ends the process when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server, `objects` or `moto`, until it is dropped.
pub struct Server {
    process: Running,
    pub address: SocketAddr,
}

pub fn objects(store: &str, options: &[String]) -> Server {
    let mut process = Command::new(env!("CARGO_BIN_EXE_objects"))
        .args(["--listen", "127.0.0.1:0", "--user", "me:secret", store])
        .args(options)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let first = first_line(process.stdout.take().unwrap());
    let address = first.strip_prefix("listening on ").unwrap_or_else(|| panic!("{first}")).trim().parse();
    Server { process: Running(process), address: address.unwrap() }
}

fn first_line(stdout: ChildStdout) -> String {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    line
}

/// Starts moto with an empty bucket.
pub fn s3(bucket: &str) -> (Server, String) {
    let program = std::env::var_os("MOTO_SERVER").expect("MOTO_SERVER names moto's server");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { process: Running(process), address: SocketAddr::from(([127, 0, 0, 1], port)) };
    let end = Instant::now() + Duration::from_secs(60);
    let mut stream = loop {
        match TcpStream::connect(server.address) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "moto does not listen: {error}"),
        }
        sleep(Duration::from_millis(100));
    };
    let request = format!("PUT /{bucket} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.contains(" 200 "), "{reply}");
    let endpoint = format!("http://127.0.0.1:{port}");
    (server, endpoint)
}

/// A directory of a test's own, removed at its end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ftp-proto-objects-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Server {
    /// Returns the memory that the process takes for itself and its share of what it has in common
    /// with others, in KiB.
    pub fn memory(&self) -> u64 {
        let maps = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.0.id())).unwrap();
        let line = maps.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
