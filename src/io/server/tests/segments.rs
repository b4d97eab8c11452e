//! Tests of the replies that share a write.

use ::std::string::String;
use ::std::vec::Vec;

use super::blocking::elsewhere;
use super::codes;

#[test]
fn a_reply_that_names_a_data_address_is_written_alone_however_little_a_write_takes() {
    for room in (1..90).map(Some).chain([None]) {
        let (mut rig, _) = elsewhere(0, false);
        rig.control.0.lock().unwrap().room = room;
        rig.control.0.lock().unwrap().writes.clear();
        let said = rig.say("TYPE I\r\nEPSV\r\nNOOP\r\nPASV\r\nEPSV\r\nTYPE A\r\nNOOP\r\n");
        assert_eq!(codes(&said), ["200", "229", "200", "227", "229", "200", "200"], "{room:?}");
        // Positions in `said` at which writes begin and end.
        let mut edges = Vec::from([0]);
        for write in &rig.control.0.lock().unwrap().writes {
            edges.push(edges.last().unwrap() + write.len());
        }
        assert_eq!(edges.last(), Some(&said.len()));
        let mut start = 0;
        for line in said.split_inclusive('\n') {
            let (from, to) = (start, start + line.len());
            if line.starts_with("22") {
                assert!(edges.contains(&from) && edges.contains(&to), "{room:?}: {line:?} of {edges:?}");
            }
            start = to;
        }
        if room.is_none() {
            let writes = &rig.control.0.lock().unwrap().writes;
            let writes: Vec<_> = writes.iter().map(|write| String::from_utf8_lossy(write)).collect();
            assert!(writes.iter().filter(|write| write.starts_with("22")).count() == 3, "{writes:?}");
        }
    }
}
