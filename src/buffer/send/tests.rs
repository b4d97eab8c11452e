//! Tests of the send queue against a model, and against known answers.

use std::collections::VecDeque;
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Vec<u8>>),
    Put(Vec<u8>),
    Segment(Vec<u8>),
    Sent(usize),
}

/// A model of the queue: its bytes, each with the number of its segment.
#[derive(Clone, Debug, Default)]
struct Model {
    queue: VecDeque<(u8, u32)>,
    last: u32,
    alone: Option<u32>,
}

impl Model {
    fn append(&mut self, bytes: &[u8]) {
        self.queue.extend(bytes.iter().map(|byte| (*byte, self.last)));
    }

    /// Appends bytes in a segment of their own. Returns `false` if such a segment is already
    /// queued.
    fn append_alone(&mut self, bytes: &[u8]) -> bool {
        if self.alone.is_some() {
            return false;
        }
        if !bytes.is_empty() {
            (self.alone, self.last) = (Some(self.last + 1), self.last + 1);
            self.append(bytes);
            self.last += 1;
        }
        true
    }

    fn pending(&self) -> Vec<u8> {
        let first = self.queue.front().map(|(_, segment)| *segment);
        self.queue.iter().take_while(|(_, segment)| Some(*segment) == first).map(|(byte, _)| *byte).collect()
    }

    fn sent(&mut self, count: usize) {
        self.queue.drain(..count.min(self.pending().len()));
        self.alone = self.alone.filter(|alone| self.queue.iter().any(|(_, segment)| segment == alone));
    }
}

proptest! {
    #[test]
    fn a_queue_takes_all_of_an_append_or_nothing(
        steps in prop::collection::vec(prop_oneof![
            prop::collection::vec(prop::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..6), 0..4).prop_map(Step::Append),
            prop::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..12).prop_map(Step::Put),
            prop::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..6).prop_map(Step::Segment),
            prop_oneof![0..12_usize, Just(usize::MAX)].prop_map(Step::Sent),
        ], 0..40),
        double in any::<bool>(),
    ) {
        const SIZE: usize = 16;
        let mut tx = SendBuf::new([0; SIZE]).with_doubled_iac(double);
        let mut model = Model::default();
        let wire = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().flat_map(|&b| core::iter::repeat_n(b, if double && b == 0xFF { 2 } else { 1 })).collect()
        };
        for step in steps {
            let before = model.clone();
            let mut may = true;
            let done = match &step {
                Step::Append(parts) => {
                    model.append(&wire(&parts.concat()));
                    tx.view().append(|tx| parts.iter().try_for_each(|part| tx.put(part)))
                }
                Step::Put(bytes) => {
                    model.append(&wire(bytes));
                    tx.view().put(bytes)
                }
                Step::Segment(bytes) => {
                    may = model.append_alone(&wire(bytes));
                    tx.view().append_segment(|tx| bytes.iter().try_for_each(|byte| tx.put(&[*byte])))
                }
                Step::Sent(count) => {
                    model.sent(*count);
                    tx.sent(*count);
                    Ok(())
                }
            };
            prop_assert_eq!(done.is_ok(), may && model.queue.len() <= SIZE, "{:?}", step);
            if done.is_err() {
                model = before;
            }
            prop_assert_eq!(tx.pending(), model.pending());
            prop_assert_eq!(tx.view().free(), SIZE - model.queue.len());
            prop_assert_eq!(tx.is_empty(), model.queue.is_empty());
            prop_assert_eq!(tx.pending().is_empty(), model.queue.is_empty());
            prop_assert_eq!(tx.view().has_segment(), model.alone.is_some());
        }
    }
}

#[test]
fn a_segment_of_its_own_shows_alone() {
    let mut buf = SendBuf::new([0; 64]);
    buf.view().put(b"200 before\r\n").unwrap();
    buf.view().append_segment(|tx| tx.put(b"229 alone\r\n")).unwrap();
    buf.view().put(b"200 behind\r\n").unwrap();
    assert_eq!(buf.pending(), b"200 before\r\n");
    buf.sent(4);
    assert_eq!(buf.pending(), b"before\r\n");
    // No more can have been sent than was pending.
    buf.sent(usize::MAX);
    assert_eq!(buf.pending(), b"229 alone\r\n");
    buf.sent(10);
    assert_eq!(buf.pending(), &b"\n"[..]);
    assert!(buf.view().has_segment());
    buf.sent(1);
    assert_eq!(buf.pending(), &b"200 behind\r\n"[..]);
    assert!(!buf.view().has_segment());
    buf.sent(12);
    assert!(buf.is_empty());
}

#[test]
fn a_queue_holds_one_segment_of_its_own_at_a_time() {
    let mut buf = SendBuf::new([0; 64]);
    buf.view().append_segment(|tx| tx.put(b"PASV\r\n")).unwrap();
    assert_eq!(buf.view().append_segment(|tx| tx.put(b"EPSV\r\n")), Err(Full));
    assert_eq!(buf.pending(), b"PASV\r\n");
    buf.sent(6);
    buf.view().append_segment(|tx| tx.put(b"EPSV\r\n")).unwrap();
    assert_eq!(buf.pending(), b"EPSV\r\n");
}

#[test]
fn an_append_that_fails_takes_its_segment_with_it() {
    let mut buf = SendBuf::new([0; 16]);
    buf.view().put(b"abcd").unwrap();
    let failed = buf.view().append(|tx| {
        tx.append_segment(|tx| tx.put(b"PASV\r\n"))?;
        tx.put(b"0123456789")
    });
    assert_eq!(failed, Err(Full));
    assert_eq!(buf.pending(), &b"abcd"[..]);
    assert!(!buf.view().has_segment());
}

#[test]
fn an_urgent_byte_behind_the_edge_of_a_segment_is_not_due_yet() {
    let mut buf = SendBuf::new([0; 32]);
    buf.view().append_segment(|tx| tx.put(b"PASV\r\n")).unwrap();
    buf.view().put_synch().unwrap();
    assert_eq!(buf.urgent(), None);
    buf.sent(6);
    assert_eq!(buf.urgent(), Some(4));
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
    // The pending bytes are moved to the front to make room.
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
