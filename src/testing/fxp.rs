//! Transfers from one scripted server to another.

use alloc::string::{String, ToString};

use super::script_error::Fault;
use super::{ScriptError, ScriptedServer};
use crate::client::{Fxp, FxpAction, FxpError, Side};
use crate::codec::Escaped;

/// Number of rounds after which a transfer is considered endless.
const ENDLESS: usize = 10_000;

/// The result of a transfer between two servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FxpOutcome {
    /// Both servers report success.
    Done,
    /// A server refused a command.
    Refused {
        /// The server that refused.
        side: Side,
        /// The reply code.
        code: u16,
        /// The text of the last reply line, escaped.
        text: String,
    },
    /// The transfer was aborted.
    Aborted,
    /// One side's connection broke or was misused.
    Error(FxpError),
}

/// Runs a transfer from one scripted server to another for `polls` polls. Returns `None` if the
/// transfer has not ended by then.
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::codec::{RepresentationType, Text};
/// use ftp_proto::testing::{FxpOutcome, ScriptedServer, run_fxp};
///
/// let [mut source, mut target] = ["192.0.2.1:21", "192.0.2.2:21"].map(|address| {
///     ScriptedServer::with(client::Config::default(), address.parse().unwrap())
///         .with_default_replies()
///         .whenever("RETR").reply("150 here").reply("226 sent")
///         .whenever("STOR").reply("150 go").reply("226 got it")
/// });
/// for server in [&mut source, &mut target] {
///     server.run(&mut client::greeting(), |_| ()).done();
/// }
/// let mut fxp = client::fxp(Text::literal("f"), Text::literal("g"), RepresentationType::Image, 0);
/// assert_eq!(run_fxp(&mut fxp, &mut source, &mut target, usize::MAX), Some(FxpOutcome::Done));
/// assert_eq!(target.commands().last(), Some(&"STOR g"));
/// ```
///
/// # Panics
/// Panics with the [`ScriptError`] if a dialogue departs from its script.
#[track_caller]
pub fn run_fxp(
    fxp: &mut Fxp<'_>,
    source: &mut ScriptedServer,
    target: &mut ScriptedServer,
    polls: usize,
) -> Option<FxpOutcome> {
    match drive(fxp, source, target, polls) {
        Ok(outcome) => outcome,
        Err(error) => panic!("{error}"),
    }
}

fn drive(
    fxp: &mut Fxp<'_>,
    source: &mut ScriptedServer,
    target: &mut ScriptedServer,
    polls: usize,
) -> Result<Option<FxpOutcome>, ScriptError> {
    for turn in 0..polls {
        if turn >= ENDLESS {
            return Err(source.fails(Fault::Endless));
        }
        let now = source.now().max(target.now());
        source.set_now(now);
        target.set_now(now);
        let waits = match fxp.poll(now, source.party(), target.party()) {
            Err(error) => return Ok(Some(FxpOutcome::Error(error))),
            Ok(FxpAction::Done) => return Ok(Some(FxpOutcome::Done)),
            Ok(FxpAction::Aborted) => return Ok(Some(FxpOutcome::Aborted)),
            Ok(FxpAction::Refused(side, refusal)) => {
                let (code, text) = (refusal.code.get(), Escaped(refusal.text).to_string());
                return Ok(Some(FxpOutcome::Refused { side, code, text }));
            }
            Ok(FxpAction::Data(side, id, op)) => {
                let server = if side == Side::Source { &mut *source } else { &mut *target };
                server.perform_data(id, op).map_err(|fault| server.fails(fault))?;
                continue;
            }
            Ok(FxpAction::Wait { source, target }) => [source, target],
            Ok(FxpAction::UpgradeControl(..) | FxpAction::DowngradeControl(..) | FxpAction::Close(_)) => {
                let rule =
                    "a transfer between servers begins with nothing left to do on either control connection";
                return Err(source.fails(Fault::Machine(rule)));
            }
        };
        let mut progress = false;
        for (server, wait) in [&mut *source, &mut *target].into_iter().zip(&waits) {
            progress |= server.exchange(wait).map_err(|fault| server.fails(fault))?;
        }
        if !progress {
            let deadlines = waits.iter().filter_map(|wait| wait.deadline);
            let silences = [source.goes_on_at(), target.goes_on_at()].into_iter().flatten();
            match deadlines.chain(silences).min() {
                Some(next) => {
                    source.set_now(next);
                    target.set_now(next);
                }
                None => return Err(source.fails(Fault::Deadlock)),
            }
        }
    }
    Ok(None)
}
