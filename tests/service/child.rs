//! A server in a process of its own, whose limits are not this one's.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, io};

use crate::site::{Runtime, Setup, Site};

const ROLE: &str = "FTP_PROTO_TEST_CHILD";

/// A process that serves until it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// In the child, which `test` runs again as, serves after `prepare`, and never comes back. In the parent: the
    /// child. `test` is the whole path of the test that calls this.
    pub(crate) fn by(test: &str, runtime: Runtime, setup: Setup, prepare: impl FnOnce()) -> Self {
        let role = format!("{test} {runtime:?}");
        match env::var(ROLE) {
            Ok(given) if given == role => {
                prepare();
                let site = Site::with(runtime, setup);
                println!("\nserves at {}", site.address);
                // Until the parent has had enough.
                let _ = io::stdin().read(&mut [0]);
                drop(site);
                std::process::exit(0);
            }
            // Another part of the same test.
            Ok(_) => {
                return Self {
                    child: Command::new("true").spawn().unwrap(),
                    address: ([0, 0, 0, 0], 0).into(),
                };
            }
            Err(_) => {}
        }
        let mut child = Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("serves at ")?.parse().ok())
            .expect("the child serves");
        Self { child, address }
    }

    /// Whether this is a child that is to play another part.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.address.port() == 0
    }

    #[track_caller]
    pub(crate) fn is_alive(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the server has died");
    }

    /// A new client, and the code that it is met with: none if it is left alone.
    pub(crate) fn greeting(&self) -> (TcpStream, String) {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut code = [0; 3];
        let read = (&stream).read_exact(&mut code);
        let code = read.map_or_else(|error| error.to_string(), |()| String::from_utf8_lossy(&code).into());
        (stream, code)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
