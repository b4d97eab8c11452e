//! Uploads large enough for the kernel to move them to the file, where the system can do that.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ftp_proto::io::{Access, File, Filesystem, Opened, Refusal, Users, VirtualPath, Wishes};
use ftp_proto::listing::{Fields, OwnedEntry};

use crate::hosts::Slow;
use crate::peer::Peer;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// Far more than is received before the kernel takes over, and no multiple of what moves at once.
const SIZE: usize = (3 << 20) + 12_345;

fn content(size: usize) -> Vec<u8> {
    (0..size as u32).map(|n| n.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect()
}

/// Sends `content` and ends the data. Returns what was not taken as an error.
fn send(mut data: TcpStream, content: &[u8]) -> io::Result<()> {
    data.write_all(content)
}

#[test]
fn every_byte_arrives_up_to_the_largest_size_allowed_and_no_more() {
    let content = content(SIZE + 1);
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.limits.upload_size = NonZeroU64::new(SIZE as u64);
        let site = Site::with(runtime, setup);
        let mut peer = Peer::new(site.address);
        for (size, reply) in [(SIZE - 1, "226"), (SIZE, "226"), (SIZE + 1, "552"), (SIZE, "226")] {
            let data = peer.data();
            peer.says("STOR file", "150");
            let _ = send(data, &content[..size]);
            peer.awaits(reply);
            let stored = fs::read(site.path("file")).unwrap();
            assert!(content.starts_with(&stored), "{runtime:?} {size}");
            match reply {
                "226" => assert_eq!(stored.len(), size, "{runtime:?}"),
                _ => assert!(stored.len() <= SIZE, "{runtime:?} {}", stored.len()),
            }
        }
    }
}

#[test]
fn an_upload_continues_a_file_at_an_offset_or_at_its_end() {
    let content = content(SIZE);
    for runtime in Runtime::ALL {
        let site = Site::with(runtime, Setup::default());
        let mut peer = Peer::new(site.address);
        for (command, start) in [("STOR file", 1000), ("APPE file", SIZE)] {
            fs::write(site.path("file"), &content).unwrap();
            if command.starts_with("STOR") {
                peer.says(&format!("REST {start}"), "350");
            }
            let data = peer.data();
            peer.says(command, "150");
            send(data, &content).unwrap();
            peer.awaits("226");
            let stored = fs::read(site.path("file")).unwrap();
            assert!(stored[..start] == content[..start], "{runtime:?} {command}");
            assert!(stored[start..] == content, "{runtime:?} {command}");
        }
    }
}

#[test]
fn an_upload_that_ends_in_a_reset_or_an_abort_is_not_complete() {
    let content = content(SIZE);
    for runtime in Runtime::ALL {
        let site = Site::with(runtime, Setup::default());
        let mut peer = Peer::new(site.address);
        for abort in [false, true] {
            let mut data = peer.data();
            peer.says("STOR file", "150");
            data.write_all(&content).unwrap();
            if abort {
                peer.says("ABOR", "426");
                peer.awaits("226");
                drop(data);
            } else {
                socket2::SockRef::from(&data).set_linger(Some(Duration::ZERO)).unwrap();
                drop(data);
                peer.awaits("426");
            }
        }
        let data = peer.data();
        peer.says("STOR file", "150");
        send(data, &content).unwrap();
        peer.awaits("226");
        assert!(fs::read(site.path("file")).unwrap() == content, "{runtime:?}");
    }
}

/// Opens one file, for writing, in a way that may not suit the kernel.
struct One {
    path: PathBuf,
    options: fs::OpenOptions,
}

struct OneFile(fs::File);

impl File for OneFile {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn as_file(&self) -> Option<&fs::File> {
        Some(&self.0)
    }
}

impl Filesystem for One {
    type File = OneFile;
    type Entries = std::vec::IntoIter<io::Result<OwnedEntry>>;

    fn entry(&self, _: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        Err(Refusal::NotFound)
    }

    fn entries(&self, _: VirtualPath<'_>, _: Fields) -> Result<Self::Entries, Refusal> {
        Err(Refusal::NotFound)
    }

    fn open(&self, _: VirtualPath<'_>, _: Access, _: &Wishes) -> Result<Opened<OneFile>, Refusal> {
        let file = self.options.open(&self.path).map_err(|_| Refusal::Denied)?;
        Ok(Opened { file: OneFile(file), size: None, unique_name: None })
    }

    fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }
}

/// A server whose only file is the one at `path`.
fn site_of(runtime: Runtime, path: &Path, options: &fs::OpenOptions) -> Site {
    let one = One { path: path.into(), options: options.clone() };
    let users = Users::new().user("me", "secret", one);
    Site::of(runtime, Setup::default(), directory(), Host::<_, Slow>::Blocking(users))
}

#[test]
fn a_file_that_the_kernel_cannot_move_to_receives_every_byte_all_the_same() {
    let content = content(SIZE);
    for runtime in Runtime::ALL {
        let own = directory();
        let site = site_of(runtime, &own.join("file"), fs::OpenOptions::new().create(true).append(true));
        let mut peer = Peer::new(site.address);
        let data = peer.data();
        peer.says("STOR file", "150");
        send(data, &content).unwrap();
        peer.awaits("226");
        assert!(fs::read(own.join("file")).unwrap() == content, "{runtime:?}");
        fs::remove_dir_all(own).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_as_such() {
    for runtime in Runtime::ALL {
        let site = site_of(runtime, Path::new("/dev/full"), fs::OpenOptions::new().write(true));
        let mut peer = Peer::new(site.address);
        let data = peer.data();
        peer.says("STOR file", "150");
        let _ = send(data, &content(SIZE));
        peer.awaits("452");
    }
}

/// A pipe that nobody empties stands for a disk that hangs.
#[cfg(target_os = "linux")]
#[test]
fn an_abort_closes_the_data_connection_even_if_the_disk_hangs() {
    // With a thread for each session, the session itself waits for its disk.
    for runtime in [Runtime::Tokio, Runtime::Smol] {
        let own = directory();
        let path = own.join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
        let reader = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let site = site_of(runtime, &path, fs::OpenOptions::new().write(true));
        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("STOR file", "150");
        // More than the pipe and the buffers of the kernel hold, so that something waits.
        data.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let _ = data.write_all(&vec![7; 32 << 20]);
        peer.says("ABOR", "426");
        peer.awaits("226");
        data.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let closed = data.read(&mut [0; 16]);
        let reset = matches!(&closed, Err(error) if error.kind() == io::ErrorKind::ConnectionReset);
        assert!(reset || matches!(closed, Ok(0)), "{runtime:?} {closed:?}");
        drop(reader);
        fs::remove_dir_all(own).unwrap();
    }
}
