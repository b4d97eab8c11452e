//! What a server shows of its dialogues: no password, however it comes.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ftp_proto::io::std::Server;
use ftp_proto::io::{Directory, Users};

#[test]
fn no_password_is_traced_whatever_telnet_has_before_and_in_its_command() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let server = Server::bind("127.0.0.1:0", Users::<Directory>::new()).unwrap();
    let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
    let server = server.on_line(move |_, _, line| lines.lock().unwrap().push(line.to_string()));
    let served = thread::spawn(move || server.serve());
    let commands: [&[u8]; 9] = [
        b"PASS hunter2\r\n",
        b"\xff\xf1PASS hunter2\r\n",
        b"PA\xff\xf1SS hunter2\r\n",
        b"PA\xff\xfb\nSS hunter2\r\n",
        b"PA\xff\xfa\x01\n\n\xff\xf0SS hunter2\r\n",
        b"PASS\xff\xf1 \xff\xf4hunter2\r\n",
        b"\xffPASS hunter2\r\n",
        b"ACCT \xff\xf2hunter2\r\n",
        b"SI\xff\xf1TE PSWD old hunter2\r\n",
    ];
    for command in commands {
        for pieces in [1, command.len()] {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            for piece in command.chunks(command.len().div_ceil(pieces)) {
                stream.write_all(piece).unwrap();
                if pieces > 1 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    shutdown.shut_down(Duration::ZERO);
    served.join().unwrap().unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.iter().filter(|line| line.contains("***")).count() >= 2 * commands.len(), "{seen:?}");
    for line in seen.iter() {
        assert!(!line.contains("hunter2"), "{line}");
    }
}
