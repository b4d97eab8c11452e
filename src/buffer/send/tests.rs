//! Queues against a model of them, and against known answers.

use std::collections::VecDeque;
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>),
    Put(Vec<u8>),
    Sent(usize),
}

proptest! {
    #[test]
    fn a_queue_takes_all_of_an_append_or_nothing(
        steps in prop::collection::vec(prop_oneof![
            prop::collection::vec(prop::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..6), 0..4).prop_map(Step::Append),
            prop::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..12).prop_map(Step::Put),
            (0..12_usize).prop_map(Step::Sent),
        ], 0..40),
        double in any::<bool>(),
    ) {
        const SIZE: usize = 16;
        let mut tx = SendBuf::new([0; SIZE]).with_doubled_iac(double);
        let mut queue = VecDeque::new();
        let wire = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().flat_map(|&b| core::iter::repeat_n(b, if double && b == 0xFF { 2 } else { 1 })).collect()
        };
        for step in steps {
            let before = queue.clone();
            let done = match &step {
                Step::Append(parts) => {
                    queue.extend(wire(&parts.concat()));
                    tx.view().append(|tx| parts.iter().try_for_each(|part| tx.put(part)))
                }
                Step::Put(bytes) => {
                    queue.extend(wire(bytes));
                    tx.view().put(bytes)
                }
                Step::Sent(count) => {
                    queue.drain(..(*count).min(queue.len()));
                    tx.sent(*count);
                    Ok(())
                }
            };
            prop_assert_eq!(done.is_ok(), queue.len() <= SIZE, "{:?}", step);
            if done.is_err() {
                queue = before;
            }
            prop_assert_eq!(tx.pending(), queue.make_contiguous());
            prop_assert_eq!(tx.view().free(), SIZE - queue.len());
            prop_assert_eq!(tx.is_empty(), queue.is_empty());
        }
    }
}

#[test]
fn what_is_printed_into_a_queue_comes_out() {
    let mut tx = SendBuf::new([0; 16]);
    tx.view().append(|tx| tx.put_fmt(format_args!("213 {}\r\n", 1024))).unwrap();
    assert_eq!(tx.pending(), format!("213 {}\r\n", 1024).as_bytes());
}

#[test]
fn the_urgent_byte_is_known_until_it_is_sent() {
    let mut buf = SendBuf::new([0; 12]);
    buf.view().put(b"abcd").unwrap();
    buf.sent(3);
    assert_eq!(buf.urgent(), None);
    buf.view().put_synch().unwrap();
    assert_eq!(buf.pending(), b"d\xff\xf4\xff\xf2");
    assert_eq!(buf.urgent(), Some(5));
    // What is pending is moved to the front to make room.
    buf.view().put(b"ABOR\r\n").unwrap();
    assert_eq!((buf.pending(), buf.urgent()), (&b"d\xff\xf4\xff\xf2ABOR\r\n"[..], Some(5)));
    assert!(buf.view().put_synch().is_err());
    assert_eq!(buf.urgent(), Some(5));
    buf.sent(4);
    assert_eq!(buf.urgent(), Some(1));
    buf.sent(1);
    assert_eq!(buf.urgent(), None);
    buf.sent(6);
    assert!(buf.is_empty());
}

#[test]
fn storage_can_be_given_up_while_nothing_waits() {
    let mut tx = SendBuf::new(vec![0; 8]);
    tx.view().put(b"NOOP\r\n").unwrap();
    tx.sent(2);
    assert!(tx.replace_storage(Vec::new()).is_err());
    tx.sent(4);
    assert_eq!(tx.replace_storage(Vec::new()).map(|storage| storage.len()), Ok(8));
    assert_eq!(tx.view().put(b"x"), Err(Full));
}
