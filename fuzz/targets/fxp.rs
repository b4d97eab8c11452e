//! Runs a transfer between two servers that say anything, and that both clients survive: the transfer
//! ends, and so does an operation of each client after it.
#![no_main]

use ftp_proto::client::{self, FxpAction, Side};
use ftp_proto::codec::{EndRule, RepresentationType, Text};
use ftp_proto_fuzz::answers::Server;
use ftp_proto_fuzz::client_end::{Ask, ClientEnd};
use ftp_proto_fuzz::input::{Fxp as Input, Said};
use libfuzzer_sys::fuzz_target;

/// Number of steps after which a transfer is considered endless.
const ENDLESS: usize = 20_000;

fn end<'a>(input: &'a Input<'_>, replies: &'a [Said<'a>]) -> ClientEnd<'a, Server<'a, 'a>> {
    let piece = usize::from(input.cut) + 1;
    let server = Server::new(Some(EndRule::SameCode), true, replies, piece);
    let mut client = ClientEnd::new(server, input.choices, false, None);
    client.ask(&Ask::Greeting);
    if input.secure {
        client.ask(&Ask::Secure);
    }
    client.ask(&Ask::Login(b"me", b"secret", false));
    client
}

fuzz_target!(|input: Input<'_>| {
    let (mut source, mut target) = (end(&input, &input.source), end(&input, &input.target));
    if source.failed.is_some() || target.failed.is_some() {
        return;
    }
    let mut fxp = client::fxp(Text::literal("f"), Text::literal("g"), RepresentationType::Image, 0);
    let mut patience = input.patience.map_or(usize::MAX, usize::from);
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
            Ok(FxpAction::Wait { source, target }) => [source, target],
            Ok(_) | Err(_) => break,
        };
        let moved = [source.exchange(), target.exchange()];
        if moved == [false, false] {
            let next = waits.iter().filter_map(|wait| wait.deadline).min();
            source.pass(next);
            target.pass(next);
        }
    }
    for client in [&mut source, &mut target] {
        client.ask(&Ask::Noop);
        client.ask(&Ask::Retrieve(b"h", false, 0));
    }
});
