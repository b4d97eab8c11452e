use super::*;
use crate::codec::EndRule;
use arrayvec::ArrayVec;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

type Out = ArrayVec<u8, 128>;

fn encoded(encode: impl FnOnce(&mut Out) -> Result<(), Full>) -> String {
    let mut out = Out::new();
    encode(&mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn v4(text: &str) -> SocketAddrV4 {
    text.parse().unwrap()
}

#[test]
fn six_numbers_are_an_address_and_a_port() {
    for (argument, address) in [
        ("127,0,0,1,8,77", "127.0.0.1:2125"),
        ("132,235,1,2,24,131", "132.235.1.2:6275"),
        ("0,0,0,0,0,0", "0.0.0.0:0"),
        ("255,255,255,255,255,255", "255.255.255.255:65535"),
    ] {
        assert_eq!(parse_host_port(argument.as_bytes()), Ok(v4(address)));
        assert_eq!(encoded(|out| encode_host_port(v4(address), out)), argument);
    }
    assert_eq!(parse_host_port(b"010,000,000,001,004,000"), Ok(v4("10.0.0.1:1024")), "decimal, padded");
}

#[test]
fn anything_but_six_numbers_to_255_is_no_port_argument() {
    for bad in [
        "",
        "1",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "1,2,3,4,5,256",
        "256,2,3,4,5,6",
        "1,2,3,4,5,-6",
        "1,2,3,4,5,+6",
        " 1,2,3,4,5,6",
        "1,2,3,4,5,6 ",
        "1, 2,3,4,5,6",
        "1,2,3,4,5,",
        ",1,2,3,4,5",
        "1,2,3,4,,6",
        "1.2.3.4,5,6",
        "99999999999999999999,2,3,4,5,6",
        "(1,2,3,4,5,6)",
        "a,b,c,d,e,f",
    ] {
        assert!(parse_host_port(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn the_first_run_of_six_numbers_in_227_is_the_address() {
    for text in [
        "Entering Passive Mode (10,0,0,1,4,5)",
        "Entering Passive Mode (10,0,0,1,4,5).",
        "Entering Passive Mode. 10,0,0,1,4,5",
        "Entering Passive Mode 10,0,0,1,4,5 ok",
        "=10,0,0,1,4,5",
        "10,0,0,1,4,5",
        "3 data ports left, (1,2) of them (10,0,0,1,4,5) (9,9,9,9,9,9)",
        "1,2,3,4,5,,10,0,0,1,4,5",
        "Entering Passive Mode (10,0,0,1,4,5,6)",
        "(10,0,0,1,4,5,)",
        "\u{e9}\u{e9}10,0,0,1,4,5",
    ] {
        assert_eq!(parse_pasv_reply(text.as_bytes()), Ok(v4("10.0.0.1:1029")), "{text}");
    }
    let text = "Entering Passive Mode (10,0,0,1,4,5)";
    assert_eq!(encoded(|out| encode_pasv_reply(v4("10.0.0.1:1029"), out)), text);
}

#[test]
fn a_227_with_no_address_or_a_number_over_255_or_port_0_is_refused() {
    for bad in [
        "",
        "Entering Passive Mode",
        "Entering Passive Mode (10,0,0,1,4)",
        "Entering Passive Mode (10,0,0,1,4,256)",
        "Entering Passive Mode (300,10,0,0,1,4,5)",
        "(4294967306,0,0,1,4,5) then (10,0,0,1,4,5)",
        "(10,0,0,1,0,0)",
        "(10, 0, 0, 1, 4, 5)",
        "(10.0.0.1.4.5)",
        "Entering Extended Passive Mode (|||6446|)",
    ] {
        assert!(parse_pasv_reply(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn eprt_names_a_protocol_an_address_and_a_port() {
    for (argument, address) in [
        ("|1|132.235.1.2|6275|", "132.235.1.2:6275"),
        ("|2|1080::8:800:200c:417a|5282|", "[1080::8:800:200c:417a]:5282"),
        ("|2|::1|65535|", "[::1]:65535"),
        ("|2|::ffff:192.0.2.1|21|", "[::ffff:192.0.2.1]:21"),
        ("|1|0.0.0.0|0|", "0.0.0.0:0"),
    ] {
        let address: SocketAddr = address.parse().unwrap();
        assert_eq!(parse_extended(argument.as_bytes()), Ok(address));
        assert_eq!(encoded(|out| encode_extended(address, out)), argument);
        for delimiter in (33u8..=126).filter(|b| !b.is_ascii_hexdigit() && !b".:".contains(b)) {
            let other = argument.replace('|', core::str::from_utf8(&[delimiter]).unwrap());
            assert_eq!(parse_extended(other.as_bytes()), Ok(address), "{other}");
        }
    }
    assert_eq!(
        parse_extended(b"|2|1080:0:0:0:8:800:200C:417A|5282|"),
        Ok("[1080::8:800:200c:417a]:5282".parse().unwrap())
    );
}

#[test]
fn an_ipv6_zone_is_left_out_of_what_is_sent() {
    let zoned = SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().unwrap(), 99, 0, 3));
    assert_eq!(encoded(|out| encode_extended(zoned, out)), "|2|fe80::1|99|");
}

#[test]
fn an_unknown_protocol_is_told_from_a_wrong_argument() {
    for unknown in ["|3|anything|21|", "|0||1|", "|99999999|x|1|", "|16|1.2.3.4|21|"] {
        assert_eq!(parse_extended(unknown.as_bytes()), Err(ExtendedError::Family), "{unknown}");
    }
    for wrong in [
        "",
        "|",
        "||||",
        "|1|1.2.3.4|21",
        "|1|1.2.3.4|21||",
        "|1|1.2.3.4|21|x",
        "1|1.2.3.4|21|",
        "|1|::1|21|",
        "|2|1.2.3.4|21|",
        "|2|fe80::1%eth0|21|",
        "|2|[::1]|21|",
        "|1|1.2.3|21|",
        "|1|1.2.3.4|65536|",
        "|1|1.2.3.4|-1|",
        "|1|1.2.3.4||",
        "||1.2.3.4|21|",
        "|1|01.2.3.4|21|",
        "|x|1.2.3.4|21|",
        "|1|1.2.3.4,21|",
        "|1|1.2.3.256|21|",
        " 1 1.2.3.4 21 ",
        "\x7f1\x7f1.2.3.4\x7f21\x7f",
        "|-1|1.2.3.4|21|",
        "|3|x|99999|",
        "|1|1.2.3.4 |21|",
        "|1|1.2.3.4|21/",
    ] {
        assert_eq!(parse_extended(wrong.as_bytes()), Err(ExtendedError::Syntax), "{wrong:?}");
    }
}

#[test]
fn epsv_asks_for_a_protocol_or_for_all() {
    for (text, argument) in [
        ("", EpsvArgument::Unspecified),
        ("1", EpsvArgument::Protocol(NetworkProtocol::IPV4)),
        ("2", EpsvArgument::Protocol(NetworkProtocol::IPV6)),
        ("3", EpsvArgument::Protocol(NetworkProtocol::new(3))),
        ("ALL", EpsvArgument::All),
    ] {
        assert_eq!(EpsvArgument::parse(text.as_bytes()), Ok(argument));
        assert_eq!(encoded(|out| argument.encode(out)), text);
    }
    assert_eq!(EpsvArgument::parse(b"aLl"), Ok(EpsvArgument::All));
    for bad in ["ALLES", "1 ", " 1", "-1", "x", "65536", "AL"] {
        assert!(EpsvArgument::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn the_port_of_229_stands_in_any_delimiter_with_or_without_an_address() {
    for text in [
        "Entering Extended Passive Mode (|||6446|)",
        "Entering Extended Passive Mode (|||6446|).",
        "Entering Extended Passive Mode (!!!6446!)",
        "Extended Passive Mode OK (|1|192.0.2.1|6446|)",
        "(|2|2001:db8:aaaa:bbbb:cccc:dddd:192.168.100.200|6446|)",
        "(1|) (and more) Extended ((|||6446|)",
        "(|||6446|",
        "(|||06446|)",
        "(   ) (@@@6446@)",
    ] {
        assert_eq!(parse_epsv_reply(text.as_bytes()), Ok(6446), "{text}");
    }
    for delimiter in (33u8..=126).filter(|b| !b"64".contains(b)) {
        let d = char::from(delimiter);
        let text = std::format!("Mode ({d}{d}{d}6446{d})");
        assert_eq!(parse_epsv_reply(text.as_bytes()), Ok(6446), "{text}");
    }
    assert_eq!(encoded(|out| encode_epsv_reply(6446, out)), "Entering Extended Passive Mode (|||6446|)");
}

#[test]
fn a_229_without_a_port_that_can_be_connected_to_is_refused() {
    for bad in [
        "",
        "Entering Extended Passive Mode",
        "(|||0|)",
        "(|||65536|)",
        "(|||99999999999999999999|)",
        "(|||70000|) (|||6446|)",
        "(|||-1|)",
        "(||||)",
        "(|||6446)",
        "(||6446|)",
        "(|!|6446|)",
        "|||6446|",
        "(   6446 )",
        "Entering Passive Mode (10,0,0,1,4,5)",
    ] {
        assert!(parse_epsv_reply(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn where_a_passive_reply_leads_goes_by_its_code() {
    for (line, expected) in [
        ("229 Entering Extended Passive Mode (|||6446|)", Ok((None, 6446))),
        ("227 Entering Passive Mode (10,0,0,1,4,5)", Ok((Some("10.0.0.1"), 1029))),
        ("228 Entering Long Passive Mode (4,4,10,0,0,1,2,4,5)", Ok((Some("10.0.0.1"), 1029))),
        ("228 (6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,4,5)", Ok((Some("::1"), 1029))),
        ("200 10,0,0,1,4,5", Ok((Some("10.0.0.1"), 1029))),
        ("229 10,0,0,1,4,5", Err(())),
        ("228 10,0,0,1,4,5", Err(())),
        ("227 (|||6446|)", Err(())),
    ] {
        let line = ReplyLine::parse(line.as_bytes(), None, EndRule::SameCode).unwrap();
        let expected = expected.map(|(named, port)| (named.map(|ip| ip.parse().unwrap()), port));
        assert_eq!(parse_passive_reply(&line).map_err(drop), expected, "{line:?}");
    }
}

#[test]
fn the_text_of_522_lists_what_would_do() {
    let both = [NetworkProtocol::IPV4, NetworkProtocol::IPV6];
    for protocols in [&both[..], &both[..1], &[]] {
        let text = encoded(|out| encode_protocols_reply(protocols, out));
        assert_eq!(parse_protocols_reply(text.as_bytes()).collect::<Vec<_>>(), protocols, "{text}");
    }
    let text = encoded(|out| encode_protocols_reply(&both, out));
    assert_eq!(text, "Network protocol not supported, use (1,2)");
    assert_eq!(parse_protocols_reply(b"use ( 2 )").collect::<Vec<_>>(), [NetworkProtocol::IPV6]);
    assert_eq!(parse_protocols_reply(b"Not supported").count(), 0);
}

#[test]
fn long_addresses_count_their_own_numbers() {
    for (argument, address) in [
        ("4,4,10,0,0,1,2,4,5", "10.0.0.1:1029"),
        ("6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,4,5", "[2001:db8::1]:1029"),
    ] {
        let address: SocketAddr = address.parse().unwrap();
        assert_eq!(parse_long(argument.as_bytes()), Ok(address));
        assert_eq!(encoded(|out| encode_long(address, out)), argument);
        let reply = encoded(|out| encode_lpsv_reply(address, out));
        assert_eq!(reply, std::format!("Entering Long Passive Mode ({argument})"));
        assert_eq!(parse_lpsv_reply(reply.as_bytes()), Ok(address));
    }
    for (argument, error) in [
        ("5,2,1,2,1,9", ExtendedError::Family),
        ("16,0,0", ExtendedError::Family),
        ("5,2,1,2,1", ExtendedError::Syntax),
        ("5,2,1,2,1,9,9", ExtendedError::Syntax),
        ("4,3,10,0,0,2,4,5", ExtendedError::Syntax),
        ("4,4,10,0,0,1,1,4", ExtendedError::Syntax),
        ("4,4,10,0,0,1,2,4,256", ExtendedError::Syntax),
        ("4,4,10,0,0,1,2,4,5,6", ExtendedError::Syntax),
        ("6,16,1,2,3,4,2,4,5", ExtendedError::Syntax),
        ("", ExtendedError::Syntax),
    ] {
        assert_eq!(parse_long(argument.as_bytes()), Err(error), "{argument}");
    }
    for bad in ["(4,4,10,0,0,1,2,0,0)", "(5,2,1,2,3,4,5,6,7)", "(4,4,10,0,0,1,2,4)", "none"] {
        assert!(parse_lpsv_reply(bad.as_bytes()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn addresses_survive_every_way_of_writing_them(ip: [u8; 4], long: [u8; 16], port in 1u16..) {
        let four = SocketAddrV4::new(ip.into(), port);
        let six = SocketAddr::V6(SocketAddrV6::new(long.into(), port, 0, 0));
        let text = encoded(|out| encode_host_port(four, out));
        prop_assert_eq!(parse_host_port(text.as_bytes()), Ok(four));
        let text = encoded(|out| encode_pasv_reply(four, out));
        prop_assert_eq!(parse_pasv_reply(text.as_bytes()), Ok(four));
        let text = encoded(|out| encode_epsv_reply(port, out));
        prop_assert_eq!(parse_epsv_reply(text.as_bytes()), Ok(port));
        for address in [four.into(), six] {
            let text = encoded(|out| encode_extended(address, out));
            prop_assert_eq!(parse_extended(text.as_bytes()), Ok(address));
            let text = encoded(|out| encode_lpsv_reply(address, out));
            prop_assert_eq!(parse_lpsv_reply(text.as_bytes()), Ok(address));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), near in "[(|!0-9,.:a ]{0,60}") {
        for input in [&bytes[..], near.as_bytes()] {
            let _ = parse_host_port(input);
            let _ = parse_pasv_reply(input);
            let _ = parse_extended(input);
            let _ = parse_epsv_reply(input);
            let _ = EpsvArgument::parse(input);
            let _ = parse_protocols_reply(input).count();
            let _ = parse_long(input);
            let _ = parse_lpsv_reply(input);
        }
    }
}
