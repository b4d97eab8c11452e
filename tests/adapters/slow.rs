//! A server that takes its time: it says or moves a byte now and then, so that no stall is ever seen, or nothing
//! at all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The time between two bytes.
const PAUSE: Duration = Duration::from_millis(10);

/// How many bytes come so at the most: more than any test waits for.
const MOST: usize = 300;

/// What the server is slow at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    /// The greeting, which is the only thing it ever says.
    Greeting,
    /// The reply to PASS: many lines, a byte at a time.
    Login,
    /// Data, in both directions.
    Data,
    /// The reply that ends a transfer: the data itself is moved at once.
    End,
    /// Everything after the login: it never answers.
    Mute,
    /// Data connections that it is to open: it never does.
    Opening,
}

/// Serves each client in a thread.
pub(crate) fn slow(at: Slow) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            thread::spawn(move || serve(stream, at));
        }
    });
    address
}

/// One direction of the dialogue: a transfer says its end while commands are answered.
type Sayer = Arc<Mutex<TcpStream>>;

fn say(to: &Sayer, reply: &str) -> bool {
    to.lock().unwrap().write_all(format!("{reply}\r\n").as_bytes()).is_ok()
}

fn trickle(to: &mut impl Write, bytes: impl Iterator<Item = u8>) -> bool {
    bytes.take(MOST).all(|byte| {
        thread::sleep(PAUSE);
        to.write_all(&[byte]).is_ok()
    })
}

fn serve(stream: TcpStream, at: Slow) {
    let to: Sayer = Arc::new(Mutex::new(stream.try_clone().unwrap()));
    if at == Slow::Greeting {
        let mut to = to.lock().unwrap();
        let _ = trickle(&mut *to, b"220-please hold the line\r\n".iter().copied().cycle());
        return;
    }
    say(&to, "220 ready");
    let ports = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut logged_in = false;
    for line in BufReader::new(stream).split(b'\n') {
        let Ok(line) = line else { return };
        // Telnet's Synch comes before ABOR.
        let line: Vec<u8> = line.into_iter().filter(u8::is_ascii).collect();
        let line = String::from_utf8(line).unwrap();
        let reply = match line.split_whitespace().next().unwrap_or_default() {
            _ if at == Slow::Mute && logged_in => continue,
            "USER" => "331 password".to_owned(),
            "PASS" => {
                logged_in = true;
                if at == Slow::Login {
                    let mut to = to.lock().unwrap();
                    let _ = trickle(&mut *to, b"230-be patient\r\n".iter().copied().cycle().take(160));
                }
                "230 in".to_owned()
            }
            "EPSV" => format!("229 (|||{}|)", ports.local_addr().unwrap().port()),
            "EPRT" | "TYPE" | "NOOP" | "REST" => "200 okay".to_owned(),
            "RETR" | "MLSD" | "LIST" | "STOR" => {
                say(&to, "150 here");
                if at != Slow::Opening {
                    let (ports, to) = (ports.try_clone().unwrap(), Arc::clone(&to));
                    let upload = line.starts_with("STOR");
                    thread::spawn(move || transfer(&ports, &to, at, upload));
                }
                continue;
            }
            "ABOR" => "226 aborted".to_owned(),
            "SYST" => "215 UNIX".to_owned(),
            _ => "502 no".to_owned(),
        };
        if !say(&to, &reply) {
            return;
        }
    }
}

fn transfer(ports: &TcpListener, to: &Sayer, at: Slow, upload: bool) {
    let Ok((mut data, _)) = ports.accept() else { return };
    let line = b"type=file;size=1; f\r\n";
    let whole = match (at, upload) {
        (Slow::End, true) => data.read_to_end(&mut Vec::new()).is_ok(),
        (Slow::End, false) => data.write_all(line).is_ok(),
        (_, true) => (0..MOST).all(|_| {
            thread::sleep(PAUSE);
            matches!(data.read(&mut [0; 1]), Ok(1))
        }),
        (_, false) => trickle(&mut data, line.iter().copied().cycle()),
    };
    drop(data);
    if at == Slow::End {
        thread::sleep(PAUSE * 100);
    }
    say(to, if whole { "226 done" } else { "426 broken" });
}
