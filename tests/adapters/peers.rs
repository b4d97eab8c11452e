//! Servers that misbehave, in threads.

use crate::certificates::certificate;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a peer waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Grants AUTH, with bytes in the clear behind the grant.
pub(crate) fn injecting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = accept(&listener);
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).split(b'\n');
        let auth = lines.next().unwrap().unwrap();
        assert!(auth.starts_with(b"AUTH"), "{auth:?}");
        stream.write_all(b"234 go\r\n200 injected\r\n200 injected\r\n").unwrap();
        // Whatever comes now, until the client leaves.
        lines.for_each(drop);
    });
    address
}

/// Answers every command with yes, under TLS, and sends `content` without ending TLS after it.
pub(crate) fn truncating(content: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (chain, key) = certificate();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    thread::spawn(move || {
        let mut stream = accept(&listener);
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut line = [0; 64];
        let _ = stream.read(&mut line).unwrap();
        stream.write_all(b"234 go\r\n").unwrap();
        let secured = |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        let ports = TcpListener::bind("127.0.0.1:0").unwrap();
        answer(secured(stream), &ports, || {
            let mut data = secured(accept(&ports));
            data.write_all(content).unwrap();
            data.flush().unwrap();
            // TCP ends in order, TLS does not.
            data.sock.shutdown(Shutdown::Write).unwrap();
            let _ = data.sock.read_to_end(&mut Vec::new());
            "226 sent"
        });
    });
    address
}

/// Sends data without end, and soon says on the control connection that this will be none: whether the client
/// heard of that, and set `heard`, while data came faster than it read.
pub(crate) fn pumping(heard: Arc<AtomicBool>) -> (SocketAddr, JoinHandle<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let mut stream = accept(&listener);
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut control = stream.try_clone().unwrap();
        let (ports, mut in_time) = (TcpListener::bind("127.0.0.1:0").unwrap(), false);
        answer(stream, &ports, || {
            let mut data = accept(&ports);
            let (start, mut said) = (Instant::now(), false);
            while !heard.load(Ordering::SeqCst) && start.elapsed() < PATIENCE / 2 {
                if data.write_all(&[b'x'; 65536]).is_err() {
                    break;
                }
                if !said && start.elapsed() > Duration::from_millis(200) {
                    control.write_all(b"451 the disk is gone\r\n").unwrap();
                    said = true;
                }
            }
            in_time = heard.load(Ordering::SeqCst);
            ""
        });
        in_time
    });
    (address, thread)
}

/// Takes some of an upload, and says that the disk is full.
pub(crate) fn full() -> SocketAddr {
    transferring("STOR", "150 here", |data, control| {
        data.read_exact(&mut [0; 1000]).unwrap();
        control.write_all(b"452 the disk is full\r\n").unwrap();
    })
}

/// Confirms a listing before its data has ended, and answers the next command before that is sent.
pub(crate) fn chattering() -> SocketAddr {
    transferring("MLSD", "150 here", |data, control| {
        data.write_all(b"type=file;size=1; f\r\n").unwrap();
        thread::sleep(Duration::from_millis(50));
        control.write_all(b"226 sent\r\n").unwrap();
        thread::sleep(Duration::from_millis(50));
        data.shutdown(Shutdown::Write).unwrap();
        thread::sleep(Duration::from_millis(100));
        control.write_all(b"215 nobody asked\r\n").unwrap();
    })
}

/// Takes an upload that it confirms instead of announcing it, and sends data of its own after the end of that, until the client
/// leaves: whether it does so in time.
pub(crate) fn talking_back() -> (SocketAddr, Receiver<bool>) {
    let (left, has_left) = mpsc::channel();
    let address = transferring("STOR", "", move |data, control| {
        control.write_all(b"226 taken\r\n").unwrap();
        data.read_to_end(&mut Vec::new()).unwrap();
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if data.write_all(&[b'x'; 65536]).is_err() {
                let _ = left.send(true);
                return;
            }
        }
        let _ = left.send(false);
    });
    (address, has_left)
}

/// Says yes to every command, and to `verb` what is `announced`, before it has `transfer` do the rest.
fn transferring(
    verb: &'static str,
    announced: &'static str,
    mut transfer: impl FnMut(&mut TcpStream, &mut TcpStream) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut control = accept(&listener);
        control.write_all(b"220 ready\r\n").unwrap();
        let ports = TcpListener::bind("127.0.0.1:0").unwrap();
        for line in BufReader::new(control.try_clone().unwrap()).split(b'\n') {
            let Ok(line) = line else { return };
            let reply = match line.split(|byte| !byte.is_ascii_alphabetic()).next().unwrap() {
                asked if asked == verb.as_bytes() => {
                    if !announced.is_empty() {
                        control.write_all(format!("{announced}\r\n").as_bytes()).unwrap();
                    }
                    transfer(&mut accept(&ports), &mut control);
                    continue;
                }
                b"EPSV" => format!("229 (|||{}|)", ports.local_addr().unwrap().port()),
                b"USER" => "331 password".to_owned(),
                b"PASS" => "230 in".to_owned(),
                b"SYST" => "215 UNIX".to_owned(),
                _ => "200 okay".to_owned(),
            };
            if control.write_all(format!("{reply}\r\n").as_bytes()).is_err() {
                return;
            }
        }
    });
    address
}

/// Says yes to every command, and to RETR what `retrieve` says once it has sent.
fn answer(stream: impl Read + Write, ports: &TcpListener, mut retrieve: impl FnMut() -> &'static str) {
    let mut control = BufReader::new(stream);
    let mut line = String::new();
    while matches!(control.read_line(&mut line), Ok(1..)) {
        let reply = match line.split_whitespace().next().unwrap_or_default() {
            "USER" => "331 password".to_owned(),
            "PASS" => "230 in".to_owned(),
            "EPSV" => format!("229 (|||{}|)", ports.local_addr().unwrap().port()),
            "RETR" => {
                control.get_mut().write_all(b"150 here\r\n").unwrap();
                retrieve().to_owned()
            }
            _ => "200 okay".to_owned(),
        };
        if !reply.is_empty() && control.get_mut().write_all(format!("{reply}\r\n").as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}
