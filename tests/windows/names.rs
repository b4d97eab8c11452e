//! Names that mean something else on Windows, held against the sandbox of [`Directory`]: none of
//! them reaches a device, a stream or a file outside of it.
#![cfg(windows)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

use ftp_proto::io::std::{Client, Server};
use ftp_proto::io::{Directory, Error, Users};

/// Names that denote something other than a file of that name.
const REFUSED: &[&str] = &[
    // Devices, which are in every directory, with any ending.
    "CON",
    "con",
    "PRN",
    "AUX",
    "NUL",
    "nul",
    "Nul.txt",
    "nul.tar.gz",
    "CONIN$",
    "CONOUT$",
    "COM0",
    "COM1",
    "com9.log",
    "LPT1",
    "lpt9.x",
    "COM\u{b9}",
    "LPT\u{b3}",
    "NUL ",
    "con .txt",
    "aux.c",
    // Endings that the system drops.
    "victim.txt.",
    "victim.txt ",
    "victim.txt. .",
    "...",
    " ",
    "directory.",
    "directory ",
    // Streams of a file.
    "victim.txt:stream",
    "victim.txt::$DATA",
    "directory::$INDEX_ALLOCATION",
    ":stream",
    // Drives, shares and devices' paths.
    "C:",
    "C:victim.txt",
    "c:\\windows\\win.ini",
    "\\\\localhost\\share",
    "\\\\.\\NUL",
    "\\\\?\\C:\\x",
    "\\??\\C:\\x",
    // Separators.
    "..\\outside.txt",
    "directory\\..\\..\\outside.txt",
    "\\outside.txt",
    "directory\\inside.txt",
];

/// Names that the system has no way to write; its own error is reported.
const UNWRITABLE: &[&str] = &["a*b", "a?b", "a<b", "a>b", "a|b", "a\"b"];

/// Names that look like the others.
const ALLOWED: &[&str] = &[
    "console",
    "COM",
    "COM10",
    "xcon",
    "nulls.txt",
    "x.con",
    ".bashrc",
    "-rf",
    "..x",
    "a b",
    " lead",
    "gr\u{fc}n",
    "\u{6587}\u{5b57}",
];

/// A server of a directory beside which there is a file that it must not touch.
struct Site {
    top: PathBuf,
    root: PathBuf,
    address: SocketAddr,
}

impl Site {
    fn new(name: &str) -> Self {
        let top = env::temp_dir().join(format!("ftp-proto-names-{name}-{}", process::id()));
        let root = top.join("root");
        fs::create_dir_all(root.join("directory")).unwrap();
        fs::write(top.join("outside.txt"), b"outside").unwrap();
        fs::write(root.join("victim.txt"), b"victim").unwrap();
        fs::write(root.join("directory").join("inside.txt"), b"inside").unwrap();
        let users = Users::new().user("me", "secret", Directory::open(&root).unwrap().writable());
        let server = Server::bind("127.0.0.1:0", users).unwrap();
        let address = server.local_addr();
        thread::spawn(|| server.serve());
        Self { top, root, address }
    }

    fn client(&self) -> Client {
        let mut client = Client::connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }

    /// Everything is as it was made.
    fn is_untouched(&self, name: &str) {
        let names = |path: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&self.top), ["outside.txt", "root"], "{name:?}");
        assert_eq!(names(&self.root), ["directory", "victim.txt"], "{name:?}");
        assert_eq!(names(&self.root.join("directory")), ["inside.txt"], "{name:?}");
        for (path, content) in [
            ("outside.txt", "outside"),
            ("root/victim.txt", "victim"),
            ("root/directory/inside.txt", "inside"),
        ] {
            assert_eq!(fs::read_to_string(self.top.join(path)).unwrap(), content, "{name:?}");
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(50));
        let _ = fs::remove_dir_all(&self.top);
    }
}

/// Returns the code of a refusal; `None` where there is none.
fn code<T>(result: Result<T, Error>) -> Option<u16> {
    result.err()?.refused().map(|refused| refused.code.get())
}

#[test]
fn names_with_another_meaning_are_refused_for_every_command() {
    let site = Site::new("refused");
    let mut client = site.client();
    for name in REFUSED.iter().chain(UNWRITABLE) {
        let inside = format!("directory/{name}");
        for path in [*name, inside.as_str()] {
            let stored = client.store(path).and_then(|store| store.finish());
            assert_eq!(code(stored), Some(553), "STOR {path:?}");
            let renamed = client.rename("victim.txt", path);
            assert_eq!(code(renamed), Some(553), "RNTO {path:?}");
            assert!(code(client.make_directory(path)).is_some(), "MKD {path:?}");
            assert!(code(client.retrieve(path).map(drop)).is_some(), "RETR {path:?}");
            assert!(code(client.delete(path)).is_some(), "DELE {path:?}");
            assert!(code(client.remove_directory(path)).is_some(), "RMD {path:?}");
            assert!(code(client.change_directory(path)).is_some(), "CWD {path:?}");
            assert!(code(client.size(path)).is_some(), "SIZE {path:?}");
        }
        site.is_untouched(name);
    }
    client.quit().unwrap();
}

#[test]
fn names_that_look_like_those_are_names_of_files() {
    let site = Site::new("allowed");
    let mut client = site.client();
    for name in ALLOWED {
        let mut store = client.store(name).unwrap();
        std::io::Write::write_all(&mut store, name.as_bytes()).unwrap();
        store.finish().unwrap();
        assert_eq!(fs::read_to_string(site.root.join(name)).unwrap(), *name);
        client.delete(name).unwrap();
    }
    site.is_untouched("");
    client.quit().unwrap();
}

#[test]
fn case_does_not_tell_files_apart() {
    let site = Site::new("case");
    let mut client = site.client();
    assert_eq!(client.size("VICTIM.TXT").unwrap(), 6);
    client.change_directory("DIRECTORY").unwrap();
    client.change_directory("/").unwrap();
    // A name in another case is no obstacle to its own renaming.
    client.rename("directory", "Directory").unwrap();
    assert!(fs::exists(site.root.join("directory").join("inside.txt")).unwrap());
    client.quit().unwrap();
}
