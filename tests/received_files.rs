//! Downloads that the kernel moves to a file, from a server that ends them in every way.

#![cfg(feature = "std")]

use ftp_proto::io::std::Client;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use std::{env, fs, process, thread};

/// Far more than is received before the kernel takes over, and no multiple of what moves at once.
const SIZE: usize = (3 << 20) + 12_345;

/// The end of a download: whether the data connection is reset, and the final reply.
#[derive(Clone, Copy, Debug)]
struct End {
    reset: bool,
    reply: &'static str,
}

fn content() -> Vec<u8> {
    (0..SIZE as u32).map(|n| n.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect()
}

/// Serves one client, whose only file ends as `end` says.
fn serve(end: End) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut control, _) = listener.accept().unwrap();
        control.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let say = |control: &mut TcpStream, line: &str| control.write_all(format!("{line}\r\n").as_bytes());
        say(&mut control, "220 ready").unwrap();
        let data = TcpListener::bind("127.0.0.1:0").unwrap();
        for line in BufReader::new(control.try_clone().unwrap()).lines().map_while(Result::ok).take(30) {
            let port = data.local_addr().unwrap().port();
            let reply = match line.split(' ').next().unwrap_or_default() {
                "USER" => "230 in".to_owned(),
                "EPSV" => format!("229 here (|||{port}|)"),
                "RETR" => {
                    say(&mut control, "150 here it comes").unwrap();
                    let (mut stream, _) = data.accept().unwrap();
                    let _ = stream.write_all(&content());
                    if end.reset {
                        // The bytes in transit arrive first.
                        thread::sleep(Duration::from_millis(200));
                        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                    }
                    drop(stream);
                    end.reply.to_owned()
                }
                "TYPE" => "200 so".to_owned(),
                _ => "502 no".to_owned(),
            };
            if say(&mut control, &reply).is_err() {
                return;
            }
        }
    });
    address
}

#[test]
fn a_download_to_a_file_is_complete_only_if_data_and_reply_say_so() {
    let path = env::temp_dir().join(format!("ftp-proto-received-{}", process::id()));
    for (end, is_complete) in [
        (End { reset: false, reply: "226 done" }, true),
        (End { reset: false, reply: "426 cut" }, false),
        (End { reset: false, reply: "451 failed" }, false),
        (End { reset: true, reply: "226 done" }, false),
        (End { reset: true, reply: "426 cut" }, false),
    ] {
        let mut client = Client::connect(serve(end)).unwrap();
        client.login("me", "secret").unwrap();
        let options = &mut fs::OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        file.write_all(b"before").unwrap();
        let mut told = vec![0];
        let received = client.retrieve("f").unwrap().receive_into_with(&file, |bytes| told.push(bytes));
        assert_eq!(received.is_ok(), is_complete, "{end:?}: {received:?}");
        assert!(told.is_sorted() && told.len() > 2, "progress is told as it is made: {told:?}");
        let mut stored = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut stored).unwrap();
        let written = stored.strip_prefix(b"before").unwrap();
        assert!(content().starts_with(written), "{end:?}");
        if let Ok(count) = received {
            assert_eq!((count, written.len(), told.last()), (SIZE as u64, SIZE, Some(&count)));
        }
        // Linux cannot splice to a file opened for appending.
        let mut client = Client::connect(serve(end)).unwrap();
        client.login("me", "secret").unwrap();
        let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        let received = client.retrieve("f").unwrap().receive_into(&file);
        assert_eq!(received.is_ok(), is_complete, "{end:?}, appended: {received:?}");
    }
    fs::remove_file(path).unwrap();
}
