//! Truncated and otherwise damaged files. Only complete files are reported as such.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::site::{Runtime, Site};

/// More bytes than all buffers between client and server hold.
const SIZE: usize = 32 << 20;

/// Reads to the end, which may be an error.
fn drain(data: &mut TcpStream) -> (usize, Option<ErrorKind>) {
    let (mut count, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        match data.read(&mut buffer) {
            Ok(0) => return (count, None),
            Ok(read) => count += read,
            Err(error) => return (count, Some(error.kind())),
        }
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_is_451_and_no_end_in_order() {
    // Covers both sending by the kernel and by the server.
    for (type_and_mode, asks_size) in [("TYPE I", false), ("TYPE I", true), ("TYPE A", false)] {
        for runtime in Runtime::ALL {
            let site = Site::new(runtime);
            fs::write(site.path("file"), vec![b'x'; SIZE]).unwrap();
            let mut peer = Peer::new(site.address);
            if asks_size {
                peer.says("SIZE file", "213");
            }
            peer.says(type_and_mode, "200");
            let mut data = peer.data();
            peer.says("RETR file", "150");
            data.read_exact(&mut [0; 1000]).unwrap();
            File::options().write(true).open(site.path("file")).unwrap().set_len(100_000).unwrap();
            let (count, error) = drain(&mut data);
            assert!(count < SIZE && error.is_some(), "{runtime:?} {type_and_mode}: {count} {error:?}");
            peer.awaits("451");
            peer.says("NOOP", "200");
        }
    }
}

#[test]
fn a_file_that_grows_while_it_is_sent_is_sent_up_to_its_end_and_rang_bounds_it() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        fs::write(site.path("file"), vec![b'x'; SIZE]).unwrap();
        for (range, expected) in [(None, SIZE + 5), (Some("RANG 0 33554431"), SIZE)] {
            File::options().write(true).open(site.path("file")).unwrap().set_len(SIZE as u64).unwrap();
            let mut peer = Peer::new(site.address);
            let mut data = peer.data();
            if let Some(range) = range {
                peer.says(range, "350");
            }
            assert!(peer.says("RETR file", "150").contains(&format!("({SIZE} bytes)")));
            data.read_exact(&mut [0; 1000]).unwrap();
            File::options().append(true).open(site.path("file")).unwrap().write_all(b"grown").unwrap();
            assert_eq!(drain(&mut data), (expected - 1000, None), "{runtime:?}");
            drop(data);
            peer.awaits("226");
        }
    }
}

#[cfg(feature = "deflate")]
#[test]
fn bytes_behind_the_zlib_stream_are_no_upload() {
    // RFC 1950: a stored block with "ab", and its checksum.
    const ZLIB: [u8; 13] = [0x78, 0x01, 1, 2, 0, 0xfd, 0xff, b'a', b'b', 0x01, 0x26, 0x00, 0xc4];
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        let mut peer = Peer::new(site.address);
        peer.says("MODE Z", "200");
        // The trailer is sent at once, or later in a segment of its own.
        for (pause, trailer, code) in [(0, &b""[..], "226"), (0, b"c", "426"), (50, b"more", "426")] {
            let mut data = peer.data();
            peer.says("STOR file", "150");
            data.write_all(&ZLIB).unwrap();
            if pause > 0 {
                std::thread::sleep(Duration::from_millis(pause));
            }
            // The server may refuse the upload before this is sent.
            let _ = data.write_all(trailer);
            drop(data);
            peer.awaits(code);
        }
        assert_eq!(fs::read(site.path("file")).unwrap(), b"ab", "{runtime:?}");
    }
}

#[test]
fn the_226_to_a_download_does_not_wait_for_a_client_that_closes_and_not_long_for_one_that_does_not() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        fs::write(site.path("file"), [7; 1024]).unwrap();
        let mut peer = Peer::new(site.address);
        let mut times = [Duration::MAX; 2];
        for round in 0..20 {
            for (closes, fastest) in [true, false].into_iter().zip(&mut times) {
                let mut data = peer.data();
                let begun = Instant::now();
                peer.says("RETR file", "150");
                assert_eq!(drain(&mut data), (1024, None), "{runtime:?} {round}");
                let kept = (!closes).then_some(data);
                peer.awaits("226");
                *fastest = begun.elapsed().min(*fastest);
                drop(kept);
            }
        }
        let [closing, keeping] = times;
        assert!(closing < Duration::from_millis(4), "{runtime:?}: {closing:?}");
        assert!((Duration::from_millis(5)..Duration::from_millis(100)).contains(&keeping), "{keeping:?}");
    }
}
