//! A small server with the habits of others: a limit of sessions, and renames that some refuse.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How the server refuses a session too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuses {
    AtGreeting(&'static str),
    AtLogin(&'static str),
}

#[derive(Debug)]
pub struct Habits {
    /// Number of sessions that are served at once, and what the next one hears.
    pub limit: Option<(usize, Refuses)>,
    /// Whether a file may be renamed onto one that exists.
    pub renames_over: bool,
    /// Commands that are refused.
    pub refuses: &'static [&'static str],
    /// Commands that the server does not have.
    pub lacks: &'static [&'static str],
    /// Commands that are carried out, and answered only after a while.
    pub delays: &'static [&'static str],
    /// Bytes of each upload that are lost, although the server confirms it.
    pub loses: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self { limit: None, renames_over: true, refuses: &[], lacks: &[], delays: &[], loses: 0 }
    }
}

#[derive(Debug, Default)]
pub struct Seen {
    pub files: HashMap<String, Vec<u8>>,
    pub commands: Vec<String>,
    /// Sessions that were greeted or refused.
    pub connections: usize,
    pub now: usize,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub fn start(habits: Habits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let (seen, habits) = (Arc::clone(&server.seen), Arc::new(habits));
        thread::spawn(move || {
            for control in listener.incoming().take(500) {
                let (seen, habits) = (Arc::clone(&seen), Arc::clone(&habits));
                let Ok(control) = control else { return };
                thread::spawn(move || {
                    let counted = enter(&seen, &habits);
                    let _ = serve(control, &seen, &habits, counted);
                    if counted {
                        seen.lock().unwrap().now -= 1;
                    }
                });
            }
        });
        server
    }

    pub fn see<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap())
    }
}

/// Returns whether there is room for a session.
fn enter(seen: &Mutex<Seen>, habits: &Habits) -> bool {
    let mut seen = seen.lock().unwrap();
    seen.connections += 1;
    let admitted = habits.limit.is_none_or(|(limit, _)| seen.now < limit);
    if admitted {
        seen.now += 1;
    }
    admitted
}

fn serve(mut control: TcpStream, seen: &Mutex<Seen>, habits: &Habits, admitted: bool) -> std::io::Result<()> {
    control.set_read_timeout(Some(Duration::from_secs(20)))?;
    let refused = habits.limit.filter(|_| !admitted).map(|(_, refuses)| refuses);
    if let Some(Refuses::AtGreeting(line)) = refused {
        return write!(control, "{line}\r\n");
    }
    write!(control, "220 ready\r\n")?;
    let data = TcpListener::bind("127.0.0.1:0")?;
    let mut from = String::new();
    for line in BufReader::new(control.try_clone()?).lines().map_while(Result::ok).take(1000) {
        seen.lock().unwrap().commands.push(line.clone());
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let is_refused = habits.refuses.contains(&command);
        let reply = match command {
            _ if is_refused => "550 no".to_owned(),
            _ if habits.lacks.contains(&command) => "502 not here".to_owned(),
            "USER" => "331 password".to_owned(),
            "PASS" if argument == "wrong" => "530 Login incorrect.".to_owned(),
            "PASS" => match refused {
                Some(Refuses::AtLogin(line)) => line.to_owned(),
                _ => "230 in".to_owned(),
            },
            "TYPE" | "NOOP" | "CWD" | "MODE" => "200 so".to_owned(),
            "EPSV" => format!("229 here (|||{}|)", data.local_addr()?.port()),
            "STOR" => {
                write!(control, "150 send it\r\n")?;
                let mut bytes = Vec::new();
                data.accept()?.0.read_to_end(&mut bytes)?;
                bytes.truncate(bytes.len().saturating_sub(habits.loses));
                seen.lock().unwrap().files.insert(argument.to_owned(), bytes);
                "226 have it".to_owned()
            }
            "SIZE" => match seen.lock().unwrap().files.get(argument) {
                Some(bytes) => format!("213 {}", bytes.len()),
                None => "550 no such file".to_owned(),
            },
            "DELE" => match seen.lock().unwrap().files.remove(argument) {
                Some(_) => "250 gone".to_owned(),
                None => "550 no such file".to_owned(),
            },
            "RNFR" => {
                argument.clone_into(&mut from);
                "350 to what?".to_owned()
            }
            "RNTO" => {
                let files = &mut seen.lock().unwrap().files;
                match (files.contains_key(argument), habits.renames_over) {
                    (true, false) => "550 it exists".to_owned(),
                    _ => match files.remove(&from) {
                        Some(bytes) => {
                            files.insert(argument.to_owned(), bytes);
                            "250 renamed".to_owned()
                        }
                        None => "550 no such file".to_owned(),
                    },
                }
            }
            _ => "502 not here".to_owned(),
        };
        if habits.delays.contains(&command) {
            thread::sleep(Duration::from_secs(2));
        }
        write!(control, "{reply}\r\n")?;
    }
    Ok(())
}
