//! Names, sent and received.

use super::*;

#[test]
fn a_byte_255_in_a_name_is_doubled() {
    let mut rig = Rig::greeted();
    let name = [b'a', 0xff, b'b'];
    let mut operation = client::delete(Text::new(&name).unwrap());
    assert!(rig.run_for(&mut operation, 1, |_| ()).is_none());
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.commands(), ["DELE a\\xff\\xffb"]);
}

#[test]
fn what_ends_a_line_is_no_name() {
    for bad in ["a\r\nDELE b", "a\nb", "a\rb", "a\0b"] {
        assert!(Text::new(bad.as_bytes()).is_err());
    }
}
