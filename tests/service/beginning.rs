//! What an upload changes before its data connection stands: nothing.

use std::fs;
use std::io::Write;
use std::time::Duration;

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

#[test]
fn an_upload_whose_data_connection_never_stands_changes_nothing() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.timeouts.accept = Duration::from_millis(300);
        let site = Site::with(runtime, setup);
        fs::write(site.path("old"), b"content").unwrap();
        for (command, name) in [("STOR", "old"), ("APPE", "old"), ("STOR", "new"), ("APPE", "new")] {
            let mut peer = Peer::new(site.address);
            peer.says("EPSV", "229");
            peer.says(&format!("{command} {name}"), "150");
            assert_eq!(fs::read(site.path("old")).unwrap(), b"content");
            peer.awaits("425");
            // A file is closed a moment later.
            peer.says("NOOP", "200");
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(fs::read(site.path("old")).unwrap(), b"content", "{runtime:?} {command}");
            assert!(!site.path("new").exists(), "{runtime:?} {command}");
        }
        for (name, content) in [("old", &b""[..]), ("new", b""), ("old", b"more")] {
            let mut peer = Peer::new(site.address);
            let mut data = peer.data();
            peer.says(&format!("STOR {name}"), "150");
            data.write_all(content).unwrap();
            drop(data);
            peer.awaits("226");
            assert_eq!(fs::read(site.path(name)).unwrap(), content, "{runtime:?}");
        }
    }
}
