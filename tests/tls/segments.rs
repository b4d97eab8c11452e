//! Which replies share a TLS record.

use crate::raw::client_config;
use crate::support::Served;
use ftp_proto::security::TlsMode;
use ftp_proto::server::Config;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The socket, of which a reader gets no more than one record at a time.
struct Records {
    stream: TcpStream,
    record: Vec<u8>,
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.record.is_empty() {
            let mut header = [0; 5];
            self.stream.read_exact(&mut header)?;
            let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
            self.stream.read_exact(&mut body)?;
            self.record = [&header[..], &body].concat();
        }
        let count = buffer.len().min(self.record.len());
        buffer[..count].copy_from_slice(&self.record[..count]);
        self.record.drain(..count);
        Ok(count)
    }
}

impl Write for Records {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sends `lines` together, and returns the text of each record until so many lines of `replies` came.
fn records(tls: &mut ClientConnection, socket: &mut Records, lines: &str, replies: usize) -> Vec<String> {
    tls.writer().write_all(lines.as_bytes()).unwrap();
    while tls.wants_write() {
        tls.write_tls(socket).unwrap();
    }
    let mut records: Vec<String> = Vec::new();
    while records.concat().lines().count() < replies {
        tls.read_tls(socket).unwrap();
        tls.process_new_packets().unwrap();
        let mut text = [0; 4096];
        // A part of a record, or one without text.
        let Ok(count) = tls.reader().read(&mut text) else { continue };
        assert!(count > 0, "the server has left after {records:?}");
        records.push(String::from_utf8(text[..count].to_vec()).unwrap());
    }
    records
}

#[test]
fn a_reply_that_names_a_data_address_is_alone_in_its_record() {
    let served = Served::start(TlsMode::Implicit, Config::default());
    let stream = TcpStream::connect(served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut socket = Records { stream, record: Vec::new() };
    let mut tls = ClientConnection::new(client_config(), ServerName::try_from("localhost").unwrap()).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut socket).unwrap();
    }
    let mut say = |lines: &str, replies| records(&mut tls, &mut socket, lines, replies);
    assert!(say("", 1)[0].starts_with("220 "));
    for line in ["USER me", "PASS secret", "PBSZ 0"] {
        say(&format!("{line}\r\n"), 1);
    }
    let records = say("TYPE I\r\nEPSV\r\nNOOP\r\nPASV\r\n", 4);
    let alone =
        |code: &str| records.iter().any(|record| record.starts_with(code) && record.lines().count() == 1);
    assert!(alone("229 ") && alone("227 "), "{records:?}");
}
