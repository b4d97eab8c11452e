//! Two rigs, and a file that goes from one server to the other.

use super::Rig;
use crate::support::outcome::code;
use ftp_proto::client::{Fxp, FxpAction, FxpError, Party, Side};

/// End of a transfer between two servers.
#[derive(Debug, PartialEq)]
pub enum FxpOutcome {
    Done,
    Refused(Side, u16),
    Aborted,
    Error(FxpError),
}

/// Runs a transfer between the servers of two rigs for `polls` polls. Returns `None` if it is not
/// over then.
#[track_caller]
pub fn run_fxp(fxp: &mut Fxp<'_>, rigs: &mut [Rig; 2], polls: usize) -> Option<FxpOutcome> {
    for turn in 0..polls {
        let [source, target] = rigs;
        assert!(turn < 10_000, "it goes on and on: {:#?} {:#?}", source.transcript, target.transcript);
        let now = source.now.max(target.now);
        (source.now, target.now) = (now, now);
        fn party(rig: &mut Rig) -> Party<'_, Vec<u8>, Vec<u8>> {
            let Rig { client, rx, tx, .. } = rig;
            Party { client, rx, tx }
        }
        let waits = match fxp.poll(now, party(source), party(target)) {
            Err(error) => return Some(FxpOutcome::Error(error)),
            Ok(FxpAction::Done) => return Some(FxpOutcome::Done),
            Ok(FxpAction::Aborted) => return Some(FxpOutcome::Aborted),
            Ok(FxpAction::Refused(side, refusal)) => {
                assert!(!refusal.text.is_empty(), "the text is kept");
                return Some(FxpOutcome::Refused(side, code(refusal.code)));
            }
            Ok(FxpAction::Data(side, id, op)) => {
                rigs[side as usize].act(id, op);
                continue;
            }
            Ok(FxpAction::Wait { source, target }) => [source, target],
            Ok(other) => panic!("{other:?}"),
        };
        assert!(waits.iter().any(|wait| wait.readable || wait.writable || wait.deadline.is_some()));
        let mut progress = false;
        for (rig, wait) in rigs.iter_mut().zip(&waits) {
            progress |= rig.flush() || (wait.readable && rig.deliver()) || rig.serve();
        }
        if !progress {
            let next =
                rigs.iter().filter_map(|rig| rig.until).chain(waits.iter().filter_map(|w| w.deadline)).min();
            let next = next
                .unwrap_or_else(|| panic!("deadlock: {:#?} {:#?}", rigs[0].transcript, rigs[1].transcript));
            for rig in rigs.iter_mut() {
                rig.now = rig.now.max(next);
            }
        }
    }
    None
}
