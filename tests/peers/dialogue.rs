//! The dialogues of these tests, compared with the documents. What a real peer does otherwise is
//! listed by its name.

use super::process::Outcome;
use super::sequences::{Departure, Follower, is_ours};
use super::site::{OURS, PROFTPD, PURE_FTPD, VSFTPD};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The departures of real servers from the documents: the server, commands, `true` behind a preliminary
/// reply, the codes, and what it means by them.
const SERVERS: &[(&str, &str, bool, &[u16], &str)] = &[
    (VSFTPD, "STOR", false, &[550], "the account may not write"),
    (PROFTPD, "STOR", false, &[550], "the account may not write, or there is no such directory"),
];

/// Checks the dialogue that our client has traced on standard error.
#[track_caller]
pub fn check_trace(outcome: &Outcome) {
    let log = String::from_utf8_lossy(&outcome.stderr);
    let server = [(VSFTPD, "vsFTPd"), (PROFTPD, "ProFTPD"), (PURE_FTPD, "Pure-FTPd")];
    let server = server.iter().find(|(_, greets)| log.contains(greets)).map_or(OURS, |(name, _)| name);
    let mut follower = Follower::default();
    for line in log.lines() {
        match line.split_at_checked(2) {
            Some(("> ", command)) => follower.command(command.as_bytes()),
            Some(("< ", reply)) => follower.reply(reply.as_bytes()),
            _ => {}
        }
    }
    let unknown: Vec<_> = follower.departures.iter().filter(|found| !is_known(server, found)).collect();
    assert!(unknown.is_empty(), "{server} does what no document has: {unknown:?} in {outcome}");
    assert!(follower.out_of_turn.is_empty(), "sent out of turn: {:?} in {outcome}", follower.out_of_turn);
    assert!(follower.strays.is_empty(), "{server} says {:?} to nothing in {outcome}", follower.strays);
    // A client that fails by itself leaves at once.
    let unanswered: Vec<_> = follower.unanswered().filter(|_| outcome.code == Some(0)).collect();
    assert!(unanswered.is_empty(), "{server} does not answer {unanswered:?} in {outcome}");
}

fn is_known(server: &str, found: &Departure) -> bool {
    if server == OURS {
        return is_ours(found);
    }
    SERVERS.iter().any(|(name, commands, begun, codes, _)| {
        let named = *commands == "*" || commands.split(' ').any(|command| command == found.command);
        *name == server && named && *begun == found.begun && codes.contains(&found.code)
    })
}

/// Passes control connections on to our server, and follows them.
pub struct Recorder {
    /// The port to connect to instead.
    pub port: u16,
    found: Arc<Mutex<Vec<(Follower, String)>>>,
}

impl Recorder {
    /// Starts before the server at this address.
    #[track_caller]
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((server.ip(), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&found);
        // Ends with the process.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { continue };
                all.lock().unwrap().push((Follower::default(), String::new()));
                let index = all.lock().unwrap().len() - 1;
                for (mut from, mut to, sign) in
                    [(client.try_clone().unwrap(), server.try_clone().unwrap(), "> "), (server, client, "< ")]
                {
                    let all = Arc::clone(&all);
                    thread::spawn(move || {
                        let (mut piece, mut rest) = ([0; 4096], Vec::new());
                        while let Ok(count @ 1..) = from.read(&mut piece) {
                            rest.extend_from_slice(&piece[..count]);
                            // Before it is passed on: nobody can react to it before.
                            let (follower, log) = &mut all.lock().unwrap()[index];
                            while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
                                let line: Vec<u8> = rest.drain(..end + 2).take(end).collect();
                                *log += &format!("{sign}{}\n", line.escape_ascii());
                                match sign {
                                    "> " => follower.command(&line),
                                    _ => follower.reply(&line),
                                }
                            }
                            if to.write_all(&piece[..count]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        Self { port, found }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let found = self.found.lock().unwrap();
        assert!(!found.is_empty(), "nobody came");
        for (follower, log) in &*found {
            assert!(follower.departures.iter().all(is_ours), "{:?} in\n{log}", follower.departures);
            assert!(follower.out_of_turn.is_empty(), "{:?} out of turn in\n{log}", follower.out_of_turn);
            assert!(follower.strays.is_empty(), "{:?} to nothing in\n{log}", follower.strays);
            // A client may leave before it has the reply to this one.
            let unanswered: Vec<_> = follower.unanswered().filter(|command| *command != "QUIT").collect();
            assert!(unanswered.is_empty(), "no reply to {unanswered:?} in\n{log}");
        }
    }
}
