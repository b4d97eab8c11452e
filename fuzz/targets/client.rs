//! Runs a client against a server that says anything, in any pieces. The client comes to rest, and
//! the pieces make no difference.
#![no_main]

use ftp_proto::client::Profile;
use ftp_proto::codec::EndRule;
use ftp_proto_fuzz::answers::Server;
use ftp_proto_fuzz::asks::Ask;
use ftp_proto_fuzz::client_end::ClientEnd;
use ftp_proto_fuzz::input::Client as Input;
use libfuzzer_sys::fuzz_target;

/// Returns what the client did, or nothing if the pieces may make a difference: a reply that answers
/// nothing can arrive before the next command or after it.
fn trace(input: &Input<'_>, piece: usize) -> Option<Vec<String>> {
    let lenient = input.lenient || input.profile & Profile::ANY_CODE_ENDS.bits() != 0;
    let rule = if lenient { EndRule::AnyCode } else { EndRule::SameCode };
    let rule = (!input.surplus).then_some(rule);
    let server = Server::new(rule, input.greeted, &input.replies, piece);
    let (config, profile, lenient) = (input.config, input.profile, input.lenient);
    let mut client = ClientEnd::new(server, config, lenient, profile, input.choices, input.patience);
    client.ask(&Ask::Greeting);
    for ask in input.asks.iter().take(24) {
        client.ask(ask);
    }
    // The server may send the second reply to ABOR that it is known not to send.
    let known = Profile::from_bits_truncate(input.profile) | client.party().client.profile();
    (!input.surplus && !known.contains(Profile::ONE_ABORT_REPLY)).then_some(client.trace)
}

fuzz_target!(|input: Input<'_>| {
    let whole = trace(&input, usize::MAX);
    for piece in [1, usize::from(input.cut) + 1] {
        let pieces = trace(&input, piece);
        if let (Some(pieces), Some(whole)) = (pieces, &whole) {
            assert_eq!(pieces, *whole, "in pieces of {piece} bytes");
        }
    }
});
