//! Runs a transfer between two servers that say anything, and that both clients survive: the transfer
//! ends, and so does an operation of each client after it.
#![no_main]

use ftp_proto::client::{self, FxpAction, Side};
use ftp_proto::codec::{EndRule, RepresentationType, Text};
use ftp_proto::error::LocalError;
use ftp_proto_fuzz::answers::Server;
use ftp_proto_fuzz::asks::Ask;
use ftp_proto_fuzz::client_end::ClientEnd;
use ftp_proto_fuzz::input::{Fxp as Input, Said};
use libfuzzer_sys::fuzz_target;

/// Number of steps after which a transfer is considered endless.
const ENDLESS: usize = 20_000;

/// Returns a client that is logged in and has run every `step`th of what is asked.
fn end<'a>(input: &'a Input<'_>, replies: &'a [Said<'a>], step: usize) -> ClientEnd<'a, Server<'a, 'a>> {
    let piece = usize::from(input.cut) + 1;
    let server = Server::new(Some(EndRule::SameCode), true, replies, piece);
    let mut client = ClientEnd::new(server, input.config, false, 0, input.choices, None);
    client.ask(&Ask::Greeting);
    if input.secure {
        client.ask(&Ask::Secure);
    }
    client.ask(&Ask::Login(b"me", b"secret", false));
    for ask in input.asks.iter().take(4).step_by(step) {
        client.ask(ask);
    }
    client
}

fuzz_target!(|input: Input<'_>| {
    let (mut source, mut target) = (end(&input, &input.source, 1), end(&input, &input.target, 2));
    if source.failed.is_some() || target.failed.is_some() {
        return;
    }
    let representation = if input.ascii { RepresentationType::ASCII } else { RepresentationType::Image };
    let (from, to) = (Text::literal("f"), Text::literal("g"));
    let mut fxp = client::fxp(from, to, representation, input.offset.into());
    let mut patience = input.patience.map_or(usize::MAX, usize::from);
    let mut over = false;
    for step in 0.. {
        assert!(step < ENDLESS, "does not come to rest");
        if patience == step {
            if input.drops {
                break;
            }
            fxp.abort();
            patience = usize::MAX;
        }
        let now = source.now().max(target.now());
        let waits = match fxp.poll(now, source.party(), target.party()) {
            Ok(FxpAction::Data(Side::Source, id, op)) => {
                source.data(id, &op);
                continue;
            }
            Ok(FxpAction::Data(Side::Target, id, op)) => {
                target.data(id, &op);
                continue;
            }
            Ok(FxpAction::UpgradeControl(side, token)) => {
                let end = if side == Side::Source { &mut source } else { &mut target };
                end.party().client.upgraded(token);
                continue;
            }
            Ok(FxpAction::DowngradeControl(side, token)) => {
                let end = if side == Side::Source { &mut source } else { &mut target };
                end.party().client.downgraded(token);
                continue;
            }
            Ok(FxpAction::Wait { source, target }) => [source, target],
            Ok(FxpAction::Refused(_, refusal)) => {
                assert!(!refusal.code.is_preliminary(), "{refusal}");
                over = true;
                break;
            }
            Ok(_) => {
                over = true;
                break;
            }
            Err(error) => {
                let side = if error.side == Side::Source { "the source: " } else { "the target: " };
                assert!(error.to_string().starts_with(side));
                over = true;
                break;
            }
        };
        let moved = [source.exchange(), target.exchange()];
        if moved == [false, false] {
            let next = waits.iter().filter_map(|wait| wait.deadline).min();
            source.pass(next);
            target.pass(next);
        }
    }
    if over {
        fxp.abort();
        let again = fxp.poll(source.now(), source.party(), target.party());
        assert!(again.is_err_and(|again| again.error == LocalError::OperationOver.into()));
    }
    for client in [&mut source, &mut target] {
        client.ask(&Ask::Noop);
        client.ask(&Ask::Retrieve(b"h", false, 0));
    }
});
