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

fn trace(input: &Input<'_>, piece: usize) -> Vec<String> {
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
    client.trace
}

fuzz_target!(|input: Input<'_>| {
    let whole = trace(&input, usize::MAX);
    let pieces = trace(&input, usize::from(input.cut) + 1);
    let bytes = trace(&input, 1);
    if !input.surplus {
        assert_eq!(bytes, whole, "byte by byte");
        assert_eq!(pieces, whole, "in pieces");
    }
});
