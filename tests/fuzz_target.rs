//! The example `fuzz_target`, over sockets and over a dialogue that is read at once.
#![cfg(feature = "testing")]

#[allow(dead_code)]
#[path = "../examples/fuzz_target.rs"]
mod fuzz_target;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Returns the codes of the replies, one for each last line.
fn codes(replies: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(replies);
    let last = |line: &&str| line.len() > 3 && line.is_char_boundary(3) && line.as_bytes()[3] == b' ';
    text.lines().filter(last).map(|line| line[..3].to_string()).filter(|code| code != "   ").collect()
}

#[test]
fn a_dialogue_is_answered_the_same_each_time() {
    let dialogue =
        b"USER a\r\nPASS b\r\nTYPE I\r\nPASV\r\nRETR hello\r\nEPSV\r\nSTOR incoming/x\r\nSIZE incoming/x\r\n\
        EPSV\r\nMLSD\r\nPORT 127,0,0,1,156,65\r\nNLST\r\nPORT 127,0,0,1,0,21\r\nBAD\r\nQUIT\r\n";
    let replies = fuzz_target::answer(dialogue);
    assert_eq!(
        codes(&replies),
        [
            "220", "331", "230", "200", "227", "150", "226", "229", "150", "226", "213", "229", "150", "226",
            "200", "150", "226", "504", "500", "221"
        ],
        "{}",
        String::from_utf8_lossy(&replies)
    );
    assert_eq!(fuzz_target::answer(dialogue), replies);
}

#[test]
fn what_is_no_dialogue_ends_too() {
    for bytes in [&b""[..], b"\n\n\n", b"\xff\xf4\xff\xf2ABOR\r\n", b"USER", b"EPSV\r\nSTOR a", &[0; 70_000]]
    {
        assert!(fuzz_target::answer(bytes).starts_with(b"220 "));
    }
}

/// A client of the server in this process.
struct Client {
    control: BufReader<TcpStream>,
    data: SocketAddr,
}

impl Client {
    fn say(&mut self, line: &str) -> String {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    fn reply(&mut self) -> String {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        line[..3].to_string()
    }

    fn data(&mut self) -> TcpStream {
        assert_eq!(self.say("EPSV"), "229");
        connect(self.data)
    }
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

#[test]
fn files_move_over_sockets_and_each_client_begins_with_the_same() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Any port serves here: the test knows where to connect to.
    let data = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    data.set_nonblocking(true).unwrap();
    let (address, data_address) = (listener.local_addr().unwrap(), data.local_addr().unwrap());
    let server = thread::spawn(move || {
        for _ in 0..3 {
            let _ = fuzz_target::serve(listener.accept().unwrap().0, &data);
        }
    });
    for round in 0..3 {
        let mut client = Client { control: BufReader::new(connect(address)), data: data_address };
        assert_eq!(client.reply(), "220");
        assert_eq!(
            (client.say("USER me"), client.say("PASS me"), client.say("TYPE I")),
            ("331".into(), "230".into(), "200".into())
        );
        assert_eq!(client.say("SIZE incoming/up"), "550", "round {round}");

        let (mut stream, content) = (client.data(), vec![7; 20_000]);
        assert_eq!(client.say("STOR incoming/up"), "150");
        stream.write_all(&content).unwrap();
        drop(stream);
        assert_eq!(client.reply(), "226");

        let (mut stream, mut back) = (client.data(), Vec::new());
        assert_eq!(client.say("RETR incoming/up"), "150");
        stream.read_to_end(&mut back).unwrap();
        assert_eq!((client.reply(), back == content), ("226".into(), true));
        match round {
            0 => assert_eq!(client.say("QUIT"), "221"),
            // A client that leaves in the middle of an upload keeps nobody.
            1 => {
                let _open = client.data();
                assert_eq!(client.say("STOR incoming/more"), "150");
                drop(client);
            }
            _ => drop(client),
        }
    }
    server.join().unwrap();
}
