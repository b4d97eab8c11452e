//! Two rigs, and a file that goes from one server to the other.

use super::Rig;
use ftp_proto::client::{Fxp, FxpError, Side};
use ftp_proto::testing;

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
    let [source, target] = rigs;
    testing::run_fxp(fxp, source, target, polls).map(|outcome| match outcome {
        testing::FxpOutcome::Done => FxpOutcome::Done,
        testing::FxpOutcome::Refused { side, code, text } => {
            assert!(!text.is_empty(), "the text is kept");
            FxpOutcome::Refused(side, code)
        }
        testing::FxpOutcome::Aborted => FxpOutcome::Aborted,
        testing::FxpOutcome::Error(error) => FxpOutcome::Error(error),
    })
}
