//! The rows of the reference. Codes that no client can cause are missing: a full disk (452), a
//! quota of the file system (552), a service that is down (431), a busy file system (450).

use std::fs;

use crate::Step::{self, *};
use crate::site::Kind::{self, *};

/// A row: a command, or several with the same replies, and the dialogues that show these. Each
/// dialogue has its own server and connection.
pub struct Row {
    pub command: &'static str,
    pub dialogues: &'static [(Kind, &'static [Step])],
}

const fn row(command: &'static str, dialogues: &'static [(Kind, &'static [Step])]) -> Row {
    Row { command, dialogues }
}

/// A command with a name of more than 255 bytes, too long for any file system in this test.
macro_rules! too_long {
    ($verb:literal) => {
        concat!(
            $verb,
            " xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        )
    };
}

const MODE_Z: &str = if cfg!(feature = "deflate") { "200 *" } else { "504 *" };
/// The reply to FEAT. MODE Z depends on a feature of the crate.
const FEATURES: &str = concat!(
    "211-*\n AVBL\n CLNT\n COMB\n CSID\n EPRT\n EPSV\n HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32\n HOST\n LANG EN*\n MDTM\n",
    " MFCT\n MFF\n MFMT\n MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner*;UNIX.group*;\n* RANG STREAM\n",
    " REST STREAM\n SIZE\n TVFS\n UTF8\n XCRC\n XMD5\n XSHA1\n XSHA256\n XSHA512\n211 *",
);
const GREETED: Step = Hears("220 *");

#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    row("connect", &[
        (Plain, &[
            Hears("220 *"),
        ]),
        (Full, &[
            GREETED, Another("421 *"),
        ]),
    ]),
    row("USER", &[
        (Plain, &[
            GREETED, Says("USER me", "331 *"), Says("USER nobody", "331 *"), Says("USER", "501 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("USER me", "530 *"),
        ]),
        (TlsOnly, &[
            GREETED, Says("USER me", "534 *"),
        ]),
    ]),
    row("PASS", &[
        (Plain, &[
            GREETED, Says("USER me", "331 *"), Says("PASS secret", "230 *"), Says("PASS secret", "202 *"),
        ]),
        (Plain, &[
            GREETED, Says("PASS secret", "503 *"),
        ]),
        (Plain, &[
            GREETED, Says("USER me", "331 *"), Says("PASS wrong", "530 *"), Says("PASS secret", "503 *"),
        ]),
        (Plain, &[
            GREETED, Says("USER nobody", "331 *"), Says("PASS secret", "530 *"),
        ]),
    ]),
    row("ACCT", &[
        (Plain, &[
            GREETED, Says("ACCT x", "503 *"), LogsIn, Says("ACCT x", "202 *"), Says("ACCT", "501 *"),
        ]),
    ]),
    row("CWD", &[
        (Plain, &[
            GREETED, LogsIn, Says("CWD dir", "250 *"), Says("CWD none", "550 *"), Says("CWD /file", "550 *"),
            Says("XCWD /dir", "250 *"), Says("CWD", "501 *"),
        ]),
    ]),
    row("CDUP", &[
        (Plain, &[
            GREETED, LogsIn, Says("CWD dir", "250 *"), Says("CDUP", "250 *"), Says("PWD", "257 \"/\"*"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("CWD dir/empty", "250 *"), Does(|root| fs::remove_dir_all(root.join("dir")).unwrap()),
            Says("CDUP", "550 *"), Says("XCUP", "550 *"), Says("CDUP x", "501 *"),
        ]),
    ]),
    row("SMNT", &[
        (Plain, &[
            GREETED, LogsIn, Says("SMNT x", "502 *"),
        ]),
    ]),
    row("REIN", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE A", "200 *"), Says("REIN", "220 *"), Says("PWD", "530 *"), LogsIn,
        ]),
        (Tls, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("REIN", "220 *"), Clears,
            Says("NOOP", "200 *"), Says("PWD", "530 *"), Says("AUTH TLS", "234 *"), Secures, LogsIn,
        ]),
    ]),
    row("QUIT", &[
        (Plain, &[
            GREETED, Says("QUIT", "221 *"), Ends,
        ]),
        // QUIT waits for the end of the transfer.
        (Plain, &[
            GREETED, LogsIn, Opens, Says("RETR big", "150 *"), Sends("QUIT\r\n"), Receives("*"), Hears("226 *"),
            Hears("221 *"), Ends,
        ]),
    ]),
    row("PORT, EPRT", &[
        (Plain, &[
            GREETED, LogsIn, Says("PORT 127,0,0,1,156,65", "200 *"), Says("EPRT |1|127.0.0.1|40001|", "200 *"),
            Says("PORT 127,0,0,1,156", "501 *"), Says("PORT 1,2,3,4,5,256", "501 *"), Says("EPRT x", "501 *"),
            Says("PORT 192,0,2,1,156,65", "504 *"), Says("EPRT |1|192.0.2.1|40001|", "504 *"),
            Says("PORT 127,0,0,1,0,25", "504 *"), Says("EPRT |1|127.0.0.1|25|", "504 *"),
            // The reply names the address family that this connection can use.
            Says("EPRT |3|x|40001|", "522 *(1)*"),
        ]),
    ]),
    row("PASV, EPSV", &[
        (Plain, &[
            GREETED, LogsIn, Says("PASV", "227 *(127,0,0,1,*,*)*"), Says("EPSV", "229 *(|||*|)*"),
            Says("EPSV 1", "229 *(|||*|)*"), Says("EPSV 2", "522 *(1)*"), Says("EPSV 3", "522 *(1)*"),
            Says("EPSV x", "501 *"), Says("EPSV ALL", "200 *"), Says("PASV", "501 *"),
            Says("PORT 127,0,0,1,156,65", "501 *"), Says("EPRT |1|127.0.0.1|40001|", "501 *"),
            Says("EPSV", "229 *(|||*|)*"),
        ]),
        (NoPort, &[
            GREETED, LogsIn, Says("PASV", "425 *"), Says("EPSV", "425 *"),
        ]),
        (Ipv6, &[
            GREETED, LogsIn, Says("PASV", "425 *"), Says("EPSV", "229 *(|||*|)*"), Says("EPSV 2", "229 *"),
            Says("EPSV 1", "522 *(2)*"),
        ]),
    ]),
    row("LPRT, LPSV", &[
        (Plain, &[
            GREETED, LogsIn, Says("LPSV", "502 *"), Says("LPRT 4,4,127,0,0,1,2,156,65", "502 *"),
        ]),
        (Long, &[
            GREETED, LogsIn, Says("LPRT 4,4,127,0,0,1,2,156,65", "200 *"),
            Says("LPSV", "228 *(4,4,127,0,0,1,2,*,*)*"), Says("LPRT 7,4,127,0,0,1,2,156,65", "521 *"),
            Says("LPRT x", "501 *"), Says("LPRT 4,4,192,0,2,1,2,156,65", "504 *"),
        ]),
    ]),
    row("TYPE, STRU, MODE", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE A", "200 *"), Says("TYPE A N", "200 *"), Says("TYPE E", "200 *"),
            Says("TYPE I", "200 *"), Says("TYPE L 8", "200 *"), Says("TYPE L 36", "504 *"),
            Says("TYPE X", "501 *"), Says("TYPE", "501 *"), Says("STRU F", "200 *"), Says("STRU R", "200 *"),
            Says("STRU P", "200 *"), Says("STRU X", "501 *"), Says("STRU F", "200 *"), Says("MODE S", "200 *"),
            Says("MODE B", "200 *"), Says("MODE C", "200 *"), Says("MODE X", "501 *"), Says("MODE Z", MODE_Z),
        ]),
    ]),
    row("ALLO", &[
        (Plain, &[
            GREETED, LogsIn, Says("ALLO 1000", "202 *"), Says("ALLO 1000 R 80", "202 *"), Says("ALLO x", "501 *"),
        ]),
        (Small, &[
            GREETED, LogsIn, Says("ALLO 10", "202 *"), Opens, Says("STOR new", "150 *"), Uploads("1"),
            Hears("226 *"),
        ]),
    ]),
    row("REST", &[
        (Plain, &[
            GREETED, LogsIn, Says("REST 3", "350 *"), Says("REST 0", "350 *"), Says("REST x", "501 *"),
            Says("REST -1", "501 *"), Says("REST 18446744073709551616", "501 *"), Says("REST", "501 *"),
        ]),
        // A restart offset in ASCII is refused when it would be used.
        (Plain, &[
            GREETED, LogsIn, Says("TYPE A", "200 *"), Says("REST 3", "350 *"), Opens, Says("STOR file", "504 *"),
        ]),
    ]),
    row("RETR", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("RETR file", "150 *(7 bytes)*"),
            Receives("content"), Hears("226 *"), Says("REST 3", "350 *"), Opens, Says("RETR file", "150 *"),
            Receives("tent"), Hears("226 *"), Opens, Says("RETR none", "550 *"), Opens, Says("RETR dir", "550 *"),
            Says("REST 8", "350 *"), Opens, Says("RETR file", "554 *"), Says("RETR", "501 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("RETR file", "425 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("RETR big", "150 *"), Breaks, Hears("426 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("RETR big", "150 *"), Sends("ABOR\r\n"),
            Hears("426 *"), Hears("226 *"),
        ]),
        // A line that already ends in CRLF is sent unchanged, unless the server is set to literal
        // TYPE A.
        (Plain, &[
            GREETED, LogsIn, Does(|root| fs::write(root.join("lines"), "a\r\nb\n").unwrap()), Says("TYPE A", "200 *"),
            Opens, Says("RETR lines", "150 *"), Receives("a\nb\n"), Hears("226 *"),
        ]),
        (Literal, &[
            GREETED, LogsIn, Does(|root| fs::write(root.join("lines"), "a\r\nb\n").unwrap()), Says("TYPE A", "200 *"),
            Opens, Says("RETR lines", "150 *"), Receives("a\r\nb\n"), Hears("226 *"),
        ]),
        // The memory of the process can be opened, but not read at offset 0.
        (Proc, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("RETR mem", "150 *"), Hears("451 *"),
        ]),
    ]),
    row("STOR, APPE", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("STOR new", "150 *"), Uploads("12345"),
            Hears("226 *"), Opens, Says("APPE new", "150 *"), Uploads("67"), Hears("226 *"),
            Says("SIZE new", "213 7"), Opens, Says("STOR dir", "550 *"), Opens, Says("STOR none/new", "550 *"),
            Opens, Says("APPE dir", "550 *"), Opens, Says(too_long!("STOR"), "553 *"), Opens, Says(too_long!("APPE"), "553 *"),
            Says("REST 1", "350 *"), Opens, Says("APPE new", "450 *"), Says("REST 99", "350 *"),
            Opens, Says("STOR new", "554 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("STOR new", "425 *"), Says("APPE new", "425 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Opens, Says("STOR new", "550 *"), Opens, Says("APPE file", "550 *"),
        ]),
        (Small, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Opens, Says("STOR new", "150 *"), Uploads("12345678901"),
            Hears("552 *"),
        ]),
        (Small, &[
            GREETED, LogsIn, Says("ALLO 11", "202 *"), Opens, Says("STOR new", "552 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Opens, Says("STOR new", "150 *"), Sends("ABOR\r\n"), Hears("426 *"), Hears("226 *"),
        ]),
        // Block mode marks the end, so a connection that closes before the mark was cut off.
        (Plain, &[
            GREETED, LogsIn, Says("MODE B", "200 *"), Opens, Says("STOR new", "150 *"), Uploads("1"),
            Hears("426 *"),
        ]),
    ]),
    row("STOU", &[
        (Plain, &[
            GREETED, LogsIn, Opens, Says("STOU", "150 FILE: *"), Uploads("1"), Hears("226 *FILE: *"), Opens,
            Says("STOU file", "150 FILE: file.1"), Uploads("1"), Hears("226 *FILE: file.1"), Opens,
            Says("STOU none/new", "550 *"), Opens, Says(too_long!("STOU"), "553 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("STOU", "425 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Opens, Says("STOU", "550 *"),
        ]),
    ]),
    row("LIST, NLST, MLSD", &[
        (Plain, &[
            GREETED, LogsIn, Opens, Says("LIST", "150 *"), Receives("*r* file\n*"), Hears("226 *"), Opens,
            Says("NLST dir", "150 *"), Receives("*inner\n*"), Hears("226 *"), Opens, Says("MLSD dir", "150 *"),
            Receives("*; inner\n*"), Hears("226 *"), Opens, Says("LIST file", "150 *"),
            Receives("-r* 7 * file\n"), Hears("226 *"), Opens, Says("NLST dir/inner", "150 *"),
            Receives("dir/inner\n"), Hears("226 *"), Opens, Says("NLST f*", "150 *"), Receives("file\n"),
            Hears("226 *"),
        ]),
        // An empty directory is not an error.
        (Plain, &[
            GREETED, LogsIn, Opens, Says("LIST dir/empty", "150 *"), Receives(""), Hears("226 *"), Opens,
            Says("NLST dir/empty", "150 *"), Receives(""), Hears("226 *"), Opens, Says("MLSD dir/empty", "150 *"),
            Receives(""), Hears("226 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Opens, Says("LIST none", "550 *"), Opens, Says("NLST none", "550 *"),
            Opens, Says("MLSD none", "550 *"), Opens, Says("LIST n*", "550 *"), Opens, Says("NLST n*", "550 *"),
            Opens, Says("MLSD file", "501 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Says("LIST", "425 *"), Says("NLST", "425 *"), Says("MLSD", "425 *"),
        ]),
    ]),
    row("RNFR", &[
        (Plain, &[
            GREETED, LogsIn, Says("RNFR file", "350 *"), Says("RNFR dir", "350 *"), Says("RNFR none", "550 *"),
            Says("RNFR", "501 *"),
        ]),
    ]),
    row("RNTO", &[
        (Plain, &[
            GREETED, LogsIn, Says("RNFR file", "350 *"), Says("RNTO moved", "250 *"), Says("RNTO again", "503 *"),
            Says("RNFR moved", "350 *"), Says("NOOP", "200 *"), Says("STAT", "211*"), Says("RNTO file", "250 *"),
            Says("RNFR file", "350 *"), Says("PWD", "257 *"), Says("RNTO moved", "503 *"),
            Says("RNFR file", "350 *"), Says("RNTO none/file", "550 *"), Says("RNFR file", "350 *"),
            Says("RNTO dir", "550 *"), Says("RNFR file", "350 *"), Says(too_long!("RNTO"), "553 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Says("RNFR file", "550 *"), Says("RNTO new", "503 *"),
        ]),
    ]),
    row("DELE, RMD", &[
        (Plain, &[
            GREETED, LogsIn, Says("DELE file", "250 *"), Says("DELE file", "550 *"), Says("DELE dir", "550 *"),
            Says("RMD dir", "550 *"), Says("RMD dir/empty", "250 *"), Says("RMD dir/empty", "550 *"),
            Says("RMD dir/inner", "550 *"), Says("XRMD none", "550 *"), Says("DELE", "501 *"),
            Says("RMD", "501 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Says("DELE file", "550 *"), Says("RMD dir/empty", "550 *"),
        ]),
    ]),
    row("MKD", &[
        (Plain, &[
            GREETED, LogsIn, Says("MKD new", "257 \"/new\"*"), Says("CWD new", "250 *"),
            Says("MKD a\"b", "257 \"/new/a\"\"b\"*"), Says("XMKD /new/x", "257 \"/new/x\"*"),
            Says("MKD x", "521 *"), Says("MKD /file", "521 *"), Says("MKD none/new", "550 *"),
            Says("MKD", "501 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Says("MKD new", "550 *"),
        ]),
    ]),
    row("PWD", &[
        (Plain, &[
            GREETED, LogsIn, Says("PWD", "257 \"/\"*"), Says("MKD a\"b", "257 *"), Says("CWD a\"b", "250 *"),
            Says("PWD", "257 \"/a\"\"b\"*"), Says("XPWD", "257 \"/a\"\"b\"*"), Says("PWD x", "501 *"),
            Says("PWD ", "257 *"),
        ]),
    ]),
    row("ABOR", &[
        (Plain, &[
            GREETED, LogsIn, Says("ABOR", "225 *"), Says("NOOP", "200 *"),
        ]),
        (Plain, &[
            GREETED, LogsIn, Opens, Says("RETR big", "150 *"), Sends("ABOR\r\n"), Hears("426 *"), Hears("226 *"),
            Says("NOOP", "200 *"), Says("ABOR", "225 *"),
        ]),
    ]),
    row("STAT", &[
        (Plain, &[
            GREETED, Says("STAT", "530 *"), LogsIn, Says("STAT", "211-*\n *\n211 *"),
            Says("STAT file", "213-*\n-r* 7 * /file\n213 *"), Says("STAT dir", "212-*\n*inner*\n212 *"),
            Says("STAT none", "550 *"),
        ]),
        (Plain, &[
            GREETED, Says("STAT file", "530 *"),
        ]),
    ]),
    row("HELP", &[
        (Plain, &[
            GREETED, Says("HELP", "214-*\n *RETR*\n214 *"), Says("HELP RETR", "214 RETR <SP> <pathname>*"),
            Says("HELP x", "501 *"),
        ]),
    ]),
    row("SYST, NOOP", &[
        (Plain, &[
            GREETED, Says("SYST", "215 UNIX Type: L8"), Says("NOOP", "200 *"), Says("SYST x", "501 *"),
            Says("NOOP x", "501 *"),
        ]),
    ]),
    row("SITE", &[
        (Plain, &[
            GREETED, Says("SITE HELP", "530 *"), LogsIn, Says("SITE HELP", "214 *"),
            Says("SITE UMASK 022", "200 *"), Says("SITE IDLE 60", "200 *"), Says("SITE CHMOD 644 file", "200 *"),
            Says("SITE CHMOD 644 none", "550 *"), Says("SITE UTIME 20240131235958 file", "200 *"),
            Says("SITE FROB", "504 *"), Says("SITE", "501 *"),
        ]),
    ]),
    row("FEAT", &[
        (Plain, &[
            GREETED, Says("FEAT", FEATURES),
        ]),
    ]),
    row("OPTS", &[
        (Plain, &[
            GREETED, Says("OPTS UTF8 ON", "200 *"), Says("OPTS MLST type;size;", "200 MLST OPTS Type;Size;"),
            Says("OPTS HASH SHA-256", "200 SHA-256"), Says("OPTS HASH x", "501 *"),
            Says("OPTS UTF8 MAYBE", "501 *"), Says("OPTS FROB", "501 *"), Says("OPTS", "501 *"),
        ]),
    ]),
    row("AUTH", &[
        (Tls, &[
            GREETED, Says("AUTH GSSAPI", "504 *"), Says("AUTH TLS", "234 *"), Secures, Says("AUTH TLS", "503 *"),
            LogsIn,
        ]),
        (Tls, &[
            GREETED, Says("AUTH SSL", "234 *"), Secures, LogsIn,
        ]),
        (NoTls, &[
            GREETED, Says("AUTH TLS", "534 *"),
        ]),
        (Plain, &[
            GREETED, Says("AUTH TLS", "502 *"),
        ]),
        (Tls, &[
            GREETED, LogsIn, Says("AUTH TLS", "234 *"), Secures, Says("PWD", "530 *"),
        ]),
    ]),
    row("PBSZ", &[
        (Tls, &[
            GREETED, Says("PBSZ 0", "503 *"), Says("AUTH TLS", "234 *"), Secures, Says("PBSZ 0", "200 PBSZ=0"),
            Says("PBSZ 1000", "200 PBSZ=0"), Says("PBSZ x", "501 *"),
        ]),
        (Implicit, &[
            GREETED, Says("PBSZ 0", "200 PBSZ=0"),
        ]),
    ]),
    row("PROT", &[
        (Tls, &[
            GREETED, Says("PROT P", "503 *"), Says("AUTH TLS", "234 *"), Secures, Says("PROT P", "503 *"),
            Says("PBSZ 0", "200 *"), Says("PROT P", "200 *"), Says("PROT C", "200 *"), Says("PROT S", "536 *"),
            Says("PROT E", "536 *"), Says("PROT X", "504 *"), Says("PROT", "501 *"),
        ]),
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, Says("PBSZ 0", "200 *"), Says("PROT C", "534 *"),
        ]),
        (ClearData, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, Says("PBSZ 0", "200 *"), Says("PROT P", "534 *"),
        ]),
    ]),
    row("CCC", &[
        (Tls, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("CCC", "200 *"), Clears,
            Says("PWD", "257 *"), Says("CCC", "533 *"),
        ]),
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("CCC", "534 *"),
        ]),
    ]),
    row("ADAT, MIC, CONF, ENC", &[
        (Tls, &[
            GREETED, Says("ADAT eA==", "503 *"), Says("MIC eA==", "503 *"), Says("CONF eA==", "503 *"),
            Says("ENC eA==", "503 *"), Says("AUTH TLS", "234 *"), Secures, Says("ADAT eA==", "503 *"),
            Says("MIC eA==", "537 *"), Says("CONF eA==", "537 *"), Says("ENC eA==", "537 *"),
        ]),
    ]),
    row("data TLS policy", &[
        // The protection is checked when the transfer is requested, not before.
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("EPSV", "229 *"),
            Says("PORT 127,0,0,1,156,65", "200 *"), Opens, Says("RETR file", "521 *"), Opens, Says("STOR new", "521 *"),
            Opens, Says("LIST", "521 *"),
        ]),
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("PBSZ 0", "200 *"), Says("PROT P", "200 *"),
            Says("TYPE I", "200 *"), Opens, Says("RETR file", "150 *"), SecuresData { resumes: true },
            Receives("content"), Hears("226 *"),
        ]),
        // The data connection does not resume a session.
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("PBSZ 0", "200 *"), Says("PROT P", "200 *"),
            Opens, Says("RETR file", "150 *"), SecuresData { resumes: false }, Hears("522 *"),
        ]),
        // The client sends no handshake.
        (TlsOnly, &[
            GREETED, Says("AUTH TLS", "234 *"), Secures, LogsIn, Says("PBSZ 0", "200 *"), Says("PROT P", "200 *"),
            Opens, Says("STOR new", "150 *"), Uploads("in the clear"), Hears("522 *"),
        ]),
    ]),
    row("SIZE, MDTM", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Says("SIZE file", "213 7"), Says("MDTM file", "213 20*"),
            Says("SIZE none", "550 *"), Says("SIZE dir", "550 *"), Says("MDTM none", "550 *"),
            Says("MDTM dir", "550 *"), Says("TYPE A", "200 *"), Says("SIZE file", "550 *"), Says("SIZE", "501 *"),
            Says("MDTM", "501 *"),
        ]),
    ]),
    row("MLST", &[
        (Plain, &[
            GREETED, LogsIn, Says("MLST file", "250-*\n type=file;*; /file\n250 *"),
            Says("MLST", "250-*\n type=dir;*; /\n250 *"),
            Says("MLST dir/inner", "250-*\n type=file;*; /dir/inner\n250 *"), Says("MLST none", "550 *"),
        ]),
    ]),
    row("MFMT, MFF, MFCT", &[
        (Plain, &[
            GREETED, LogsIn, Says("MFMT 20240131235958 file", "213 Modify=20240131235958; /file"),
            Says("MDTM file", "213 20240131235958"),
            Says("MFF UNIX.mode=0600;Modify=20240131235959; file", "213 *; /file"),
            Says("MDTM 20230131235958 file", "213 Modify=20230131235958; /file"),
            Says("MDTM file", "213 20230131235958"), Says("MFCT 20240131235958 file", "504 *"),
            Says("MFF x=1; file", "504 *"), Says("MFMT x file", "501 *"), Says("MFMT 20240131235958", "501 *"),
            Says("MFF file", "501 *"), Says("MFMT 20240131235958 none", "550 *"),
            Says("MFF UNIX.mode=0600; none", "550 *"),
        ]),
        (ReadOnly, &[
            GREETED, LogsIn, Says("MFMT 20240131235958 file", "550 *"), Says("MDTM 20240131235958 file", "550 *"),
        ]),
    ]),
    row("LANG", &[
        (Plain, &[
            GREETED, Says("LANG EN", "200 *"), Says("LANG", "200 *"), Says("LANG de", "504 *"),
        ]),
    ]),
    row("HOST", &[
        (Hosts, &[
            GREETED, Says("HOST example.org", "220 *"), Says("HOST example.net", "504 *"),
            Says("HOST EXAMPLE.ORG", "220 *"), Says("USER me", "331 *"), Says("PASS other", "230 *"),
            Says("HOST example.org", "503 *"),
        ]),
        (Plain, &[
            GREETED, Says("HOST example.org", "504 *"), Says("HOST", "501 *"),
        ]),
    ]),
    row("HASH", &[
        (Plain, &[
            GREETED, LogsIn,
            Says("HASH file", "213 SHA-256 0-7 ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73 /file"),
            Says("OPTS HASH CRC32", "200 CRC32"), Says("HASH file", "213 CRC32 0-7 *"), Says("RANG 0 1", "350 *"),
            Says("HASH file", "213 CRC32 0-2 *"), Says("HASH none", "550 *"), Says("HASH dir", "550 *"),
            Says("HASH", "501 *"),
        ]),
    ]),
    row("RANG", &[
        (Plain, &[
            GREETED, LogsIn, Says("TYPE I", "200 *"), Says("RANG 1 3", "350 *"), Opens,
            Says("RETR file", "150 *"), Receives("ont"), Hears("226 *"), Says("RANG 3", "501 *"),
            Says("RANG x y", "501 *"),
        ]),
    ]),
    row("XCRC XMD5 XSHA1 XSHA256 XSHA512", &[
        (Plain, &[
            GREETED, LogsIn, Says("XCRC file", "250 *"),
            Says("XMD5 file", "250 9a0364b9e99bb480dd25e1f0284c8555"),
            Says("XSHA1 file", "250 040f06fd774092478d450774f5ba30c5da78acc8"),
            Says("XSHA256 file", "250 ed7002b4*"), Says("XSHA512 file", "250 *"),
            Says("XCRC \"file\" 0 3", "250 *"), Says("XMD5 none", "550 *"), Says("XCRC dir", "550 *"),
            Says("XCRC", "501 *"),
        ]),
    ]),
    row("COMB, AVBL, CLNT, CSID", &[
        (Plain, &[
            GREETED, LogsIn, Says("COMB whole file dir/inner", "250 *"), Says("SIZE whole", "550 *"),
            Says("TYPE I", "200 *"), Says("SIZE whole", "213 12"), Says("COMB whole none", "550 *"),
            Says("COMB x", "501 *"), Says("AVBL", "213 *"), Says("CLNT test", "200 *"),
            Says("CSID Name=test;", "200 *"),
        ]),
    ]),
    row("before the login", &[
        (Plain, &[
            GREETED, Says("CWD /", "530 *"), Says("PWD", "530 *"), Says("RETR file", "530 *"),
            Says("STOR x", "530 *"), Says("LIST", "530 *"), Says("TYPE I", "530 *"), Says("PASV", "530 *"),
            Says("PORT x", "530 *"), Says("ABOR", "530 *"), Says("SITE x", "530 *"), Says("FROB", "530 *"),
            Says("SMNT x", "530 *"), Says("FEAT", "211*"), Says("HELP", "214*"), Says("NOOP", "200 *"),
            Says("SYST", "215 *"), Says("OPTS UTF8 ON", "200 *"), Says("CLNT x", "200 *"),
            Says("CSID x", "200 *"), Says("LANG", "200 *"), Says("REIN", "220 *"), Says("QUIT", "221 *"),
        ]),
    ]),
    row("during a transfer", &[
        (Plain, &[
            GREETED, LogsIn, Opens, Says("RETR big", "150 *"), Says("NOOP", "200 *"),
            Says("STAT", "211-*bytes*\n211 *"),
            // All other commands wait for the end of the transfer, in order.
            Sends("PWD\r\nSYST\r\n"), Receives("*"), Hears("226 *"), Hears("257 *"), Hears("215 *"),
        ]),
    ]),
    row("any command", &[
        (Plain, &[
            GREETED, LogsIn, Says("FROB", "500 *"), Says("\u{1}", "500 *"), Says("CWD", "501 *"),
            Says("SSCN", "502 *"), Says("TYPE L 36", "504 *"),
            // A blank line gets no reply.
            Sends("\r\n\r\n"), Says("NOOP", "200 *"), Says("noop", "200 *"),
            // Trailing blanks are accepted after arguments that cannot contain any.
            Says("NOOP  ", "200 *"), Says("TYPE I ", "200 *"), Says("EPSV ", "229 *"), Says("REST 1  ", "350 *"),
            Says("PORT 127,0,0,1,156,65 ", "200 *"), Says("PWD \t", "257 *"),
        ]),
    ]),
];
