//! The session, its host and its driver, with every command that it has.
#![no_std]
#![no_main]

#[path = "../data_end.rs"]
mod data_end;
#[path = "../measured.rs"]
mod measured;
#[path = "../server_end.rs"]
#[allow(dead_code, reason = "the program with both ends uses the rest")]
mod server_end;
#[path = "../wire.rs"]
mod wire;

use cortex_m as _;
use cortex_m_rt::entry;
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::server::Session;
use panic_semihosting as _;

use server_end::ServerEnd;
use wire::{CLIENT, Network};

const LINES: &[&str] = &[
    "USER sensor",
    "PASS correct horse",
    "SYST",
    "FEAT",
    "HELP",
    "HELP SITE",
    "NOOP",
    "PWD",
    "XPWD",
    "STAT",
    "CLNT test",
    "LANG en",
    "OPTS UTF8 ON",
    "OPTS MLST type;size;modify;",
    "OPTS HASH SHA-256",
    "HOST ftp.example.org",
    "ACCT 7",
    "CWD /a b/c",
    "CDUP",
    "XCWD /",
    "XCUP",
    "SMNT /",
    "PBSZ 0",
    "PROT P",
    "AUTH TLS",
    "ADAT eA==",
    "CCC",
    "MIC eA==",
    "CONF eA==",
    "ENC eA==",
    "TYPE I",
    "MODE S",
    "STRU F",
    "ALLO 100 R 10",
    "EPSV",
    "STOR samples.bin",
    "EPSV 1",
    "REST 2",
    "RETR samples.bin",
    "PASV",
    "RETR samples.bin",
    "LPSV",
    "LIST",
    "EPSV",
    "LIST -la",
    "EPSV",
    "NLST",
    "EPSV",
    "NLST *.bin",
    "EPSV",
    "MLSD",
    "EPSV",
    "APPE samples.bin",
    "EPSV",
    "STOU",
    "EPSV",
    "STOU x",
    "PORT 192,0,2,2,19,136",
    "RETR samples.bin",
    "EPRT |1|192.0.2.2|5000|",
    "LIST /",
    "LPRT 4,4,192,0,2,2,2,19,136",
    "MLSD /",
    "RANG 1 3",
    "EPSV",
    "RETR samples.bin",
    "TYPE A",
    "EPSV",
    "RETR samples.bin",
    "MODE B",
    "STRU R",
    "EPSV",
    "RETR samples.bin",
    "MODE C",
    "EPSV",
    "STOR samples.bin",
    "MODE S",
    "STRU P",
    "EPSV",
    "RETR samples.bin",
    "STRU F",
    "TYPE I",
    "SIZE samples.bin",
    "MDTM samples.bin",
    "MDTM 20240229123456 samples.bin",
    "MLST samples.bin",
    "MLST",
    "STAT samples.bin",
    "STAT /",
    "MFMT 20240229123456 samples.bin",
    "MFCT 20240229123456 samples.bin",
    "MFF modify=20240229123456;UNIX.mode=0644; samples.bin",
    "HASH samples.bin",
    "XCRC samples.bin",
    "XMD5 samples.bin",
    "XSHA1 samples.bin",
    "XSHA256 samples.bin",
    "XSHA512 \"samples.bin\" 0 9",
    "COMB \"all\" \"a\" \"b\"",
    "AVBL",
    "AVBL /",
    "CSID Name=test; Version=1;",
    "DSIZ /",
    "RMDA /x",
    "THMB jpg 10 10 x",
    "PRET RETR x",
    "SSCN",
    "SSCN ON",
    "SITE CHMOD 644 samples.bin",
    "SITE UMASK 022",
    "SITE IDLE 60",
    "SITE UTIME 20240229123456 samples.bin",
    "SITE SYMLINK a b",
    "SITE HELP",
    "SITE OTHER",
    "MKD x",
    "XMKD x",
    "RMD x",
    "XRMD x",
    "RNFR samples.bin",
    "RNTO other",
    "DELE x",
    "ABOR",
    "XYZZY what",
    "RETR",
    "REIN",
    "USER nobody",
    "PASS wrong",
    "USER sensor",
    "PASS correct horse",
    "EPSV ALL",
    "PASV",
    "QUIT",
];

#[entry]
fn main() -> ! {
    let mut network = Network::default();
    let mut server = ServerEnd::new();
    let stack = measured::stack();
    let (mut done, mut refused) = (0, 0);
    for line in LINES {
        for byte in line.bytes().chain(*b"\r\n") {
            network.control.to_server.bytes.push(byte);
        }
        network.data = Default::default();
        network.data.to_server.bytes.extend(*b"123456789");
        network.data.to_server.ended = true;
        let mut answered = false;
        // A login that failed is answered after a second.
        for turn in 0..50_000 {
            server.turn(&mut network);
            let _ = server.is_met(CLIENT);
            match network.control.to_client.bytes.first() {
                Some(b'2' | b'3') => (answered, done) = (true, done + 1),
                Some(b'4' | b'5') => (answered, refused) = (true, refused + 1),
                _ => {}
            }
            network.control.to_client.bytes.clear();
            network.data.to_client.bytes.clear();
            if turn > 50 && answered && network.control.to_server.bytes.is_empty() {
                break;
            }
        }
        assert!(answered, "no reply to {line}");
    }
    assert!(server.is_closed() && done > 70 && refused > 20, "{done} done, {refused} refused");
    sizes!(
        "session" Session<[u8; 0]>,
        "receive buffer beyond its bytes" RecvBuf<[u8; 0]>,
        "send buffer beyond its bytes" SendBuf<[u8; 0]>,
    );
    measured::end(stack);
}
