//! Tests of the memory that a session holds while it waits for its client.

use ::std::format;
use ::std::mem::size_of;
use ::std::string::String;

use super::blocking::elsewhere;
use super::codes;

/// Size in bytes of a session without its buffers, on a 64-bit system. Thousands of idle sessions
/// take this much each.
const SESSION: usize = 2950;

fn size<T>(_: &T) -> usize {
    size_of::<T>()
}

#[test]
fn a_session_that_waits_for_its_client_holds_no_buffers() {
    let (mut rig, _) = elsewhere(3, false);
    assert!(size(&rig.connection) <= SESSION, "{}", size(&rig.connection));
    let long = ["/", "d".repeat(700).as_str()].concat();
    for (said, codes_wanted, is_idle) in [
        ("", &[][..], true),
        ("NOOP\r\n", &["200"], true),
        // A line that is not complete is kept.
        ("NO", &[], false),
        ("OP\r\n", &["200"], true),
        ("\u{ff}", &[], false),
        ("\r\nPWD\r\n", &["500", "257"], true),
        (&[&format!("RNFR {long}"), "\r\n"].concat(), &["350"], true),
        ("RNTO /e\r\n", &["550"], true),
        ("MODE S\r\nTYPE A\r\nTYPE I\r\n", &["200", "200", "200"], true),
    ] {
        assert_eq!(codes(&rig.say(said)), codes_wanted, "{said:?}");
        assert_eq!(rig.connection.idle, is_idle, "{said:?}");
    }
}

#[test]
fn the_paths_of_a_session_outlast_its_buffers() {
    let (mut rig, _) = elsewhere(0, false);
    let directory = String::from_utf8(vec![b'd'; 900]).unwrap();
    for _ in 0..3 {
        assert_eq!(codes(&rig.say(&format!("CWD /{directory}\r\n"))), ["250"]);
        assert!(rig.connection.idle);
        let working = rig.say("PWD\r\n");
        assert!(working.starts_with(&format!("257 \"/{directory}\"")), "{working}");
        assert_eq!(codes(&rig.say("CDUP\r\n")), ["250"]);
        assert!(rig.say("PWD\r\n").starts_with("257 \"/\""));
    }
}
