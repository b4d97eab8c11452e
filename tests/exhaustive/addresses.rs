//! Addresses of data connections (RFC 959 5.3.2, 2428, 1639).

use ftp_proto::codec::address::*;
use ftp_proto::codec::{EpsvArgument, ExtendedError, NetworkProtocol};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

use crate::{depth, is_number, number, sequences, written};

/// Strings to be put in the place of a number.
const FIELD: [&str; 9] = ["0", "1", "2", "5", "9", ",", " ", "x", "-"];

fn octets<const N: usize>(fields: &[&[u8]]) -> Option<[u8; N]> {
    let octets: Option<Vec<u8>> = fields.iter().map(|field| number(field, 255).map(|n| n as u8)).collect();
    octets?.try_into().ok()
}

fn fields(text: &[u8]) -> Vec<&[u8]> {
    text.split(|byte| *byte == b',').collect()
}

fn host_port(fields: &[&[u8]]) -> Option<SocketAddrV4> {
    let [a, b, c, d, high, low] = octets(fields)?;
    Some(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from(high) * 256 + u16::from(low)))
}

/// The numbers of the first run of so many numbers with commas between them.
fn run(text: &[u8], at_least: usize) -> Option<Vec<&[u8]>> {
    let mut runs = Vec::new();
    for part in text.split(|byte| !matches!(byte, b'0'..=b'9' | b',')) {
        let mut run = Vec::new();
        for number in fields(part) {
            match number {
                [] => runs.push(std::mem::take(&mut run)),
                number => run.push(number),
            }
        }
        runs.push(run);
    }
    runs.into_iter().find(|run| run.len() >= at_least)
}

fn check_host_port(text: &[u8]) {
    assert_eq!(parse_host_port(text).ok(), host_port(&fields(text)), "{}", text.escape_ascii());
    let found = run(text, 6).and_then(|run| host_port(&run[..6])).filter(|address| address.port() != 0);
    assert_eq!(parse_pasv_reply(text).ok(), found, "{}", text.escape_ascii());
}

#[test]
fn six_numbers_are_an_address_wherever_they_are_in_227_and_alone_in_port() {
    sequences("PORT and 227", &["7", ",", " "], 11, check_host_port);
    for place in 0..6 {
        sequences("a number of PORT and 227", &FIELD, 3, |field| {
            let mut all = ["1", "2", "3", "4", "5", "6"].map(str::as_bytes);
            all[place] = field;
            check_host_port(&all.join(&b','));
        });
        for value in 0..=1000 {
            let mut all = [1; 6];
            all[place] = value;
            check_host_port(all.map(|n: u32| n.to_string()).join(",").as_bytes());
        }
    }
}

#[test]
fn every_port_is_read_as_it_was_written() {
    let hosts: [IpAddr; 2] = [Ipv4Addr::new(192, 0, 2, 255).into(), "2001:db8::ff".parse().unwrap()];
    for (port, host) in (0..=u16::MAX).flat_map(|port| hosts.map(|host| (port, host))) {
        let address = SocketAddr::new(host, port);
        let nonzero = Some(port).filter(|port| *port != 0);
        assert_eq!(parse_extended(&written(|out| encode_extended(address, out))), Ok(address));
        assert_eq!(parse_long(&written(|out| encode_long(address, out))), Ok(address));
        let found = parse_lpsv_reply(&written(|out| encode_lpsv_reply(address, out))).ok();
        assert_eq!(found, nonzero.map(|_| address));
        if let SocketAddr::V4(address) = address {
            assert_eq!(parse_host_port(&written(|out| encode_host_port(address, out))), Ok(address));
            let found = parse_pasv_reply(&written(|out| encode_pasv_reply(address, out))).ok();
            assert_eq!(found, nonzero.map(|_| address));
            assert_eq!(parse_epsv_reply(&written(|out| encode_epsv_reply(port, out))).ok(), nonzero);
        }
    }
}

#[test]
fn an_address_is_read_as_it_was_written_whatever_its_parts() {
    let check = |ip: IpAddr| {
        let address = SocketAddr::new(ip, 5000);
        assert_eq!(parse_extended(&written(|out| encode_extended(address, out))), Ok(address));
        assert_eq!(parse_long(&written(|out| encode_long(address, out))), Ok(address));
    };
    // The number in base 3 has a digit for each group, and the one in base 6 for each octet.
    for number in 0..3_usize.pow(8) {
        check(
            std::array::from_fn::<u16, 8, _>(|at| [0, 1, 0xffff][number / 3_usize.pow(at as u32) % 3]).into(),
        );
    }
    for number in 0..6_usize.pow(4) {
        check(
            std::array::from_fn::<u8, 4, _>(|at| {
                [0, 9, 10, 99, 100, 255][number / 6_usize.pow(at as u32) % 6]
            })
            .into(),
        );
    }
}

fn ipv4(text: &[u8]) -> Option<[u8; 4]> {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    // A leading zero could mean octal.
    let plain = |part: &&[u8]| part.len() <= 3 && (part.len() == 1 || !part.starts_with(b"0"));
    if parts.iter().all(plain) { octets(&parts) } else { None }
}

/// The groups of a part of an IPv6 address. The last may be an IPv4 address if `ends` the whole.
fn groups(text: &[u8], ends: bool) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    if text.is_empty() {
        return Some(groups);
    }
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b':').collect();
    for (at, part) in parts.iter().enumerate() {
        if let Some([a, b, c, d]) = ipv4(part).filter(|_| ends && at + 1 == parts.len()) {
            groups.extend([u16::from(a) * 256 + u16::from(b), u16::from(c) * 256 + u16::from(d)]);
            continue;
        }
        let digits = std::str::from_utf8(part).ok().filter(|_| part.iter().all(u8::is_ascii_hexdigit))?;
        groups.push(u16::from_str_radix(digits, 16).ok().filter(|_| part.len() <= 4)?);
    }
    Some(groups)
}

fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let mut all = match text.windows(2).position(|two| two == b"::") {
        Some(at) => {
            let (mut all, tail) = (groups(&text[..at], false)?, groups(&text[at + 2..], true)?);
            // The two colons stand for at least one group.
            let zeros = 7_usize.checked_sub(all.len() + tail.len())? + 1;
            all.extend(vec![0; zeros]);
            all.extend(tail);
            all
        }
        None => groups(text, true)?,
    };
    let all: [u16; 8] = std::mem::take(&mut all).try_into().ok()?;
    Some(all.into())
}

fn extended(text: &[u8]) -> Result<SocketAddr, ExtendedError> {
    let syntax = Err(ExtendedError::Syntax);
    let Some((delimiter @ 33..=126, rest)) = text.split_first() else { return syntax };
    let fields: Vec<&[u8]> = rest.split(|byte| byte == delimiter).collect();
    let [protocol, address, port, []] = fields[..] else { return syntax };
    let Some(port) = number(port, 65_535).filter(|_| is_number(protocol)) else { return syntax };
    let ip = match number(protocol, 65_535) {
        Some(1) => ipv4(address).map(IpAddr::from),
        Some(2) => ipv6(address).map(IpAddr::from),
        _ => return Err(ExtendedError::Family),
    };
    ip.map(|ip| SocketAddr::new(ip, port as u16)).ok_or(ExtendedError::Syntax)
}

fn check_extended(text: &[u8]) {
    assert_eq!(parse_extended(text), extended(text), "{}", text.escape_ascii());
}

#[test]
fn the_argument_of_eprt_is_three_fields_between_any_delimiters() {
    sequences("EPRT", &["|", "1", "2", "::1", "1.2.3.4"], 7, check_extended);
    sequences("EPRT's IPv6", &["1:", ":", "1", "1.2.3.4"], 8, |address| {
        check_extended(&[b"|2|", address, b"|7|"].concat());
    });
    sequences("EPRT's IPv6", &["f", "0", ":", "::", "g", "."], 5, |address| {
        check_extended(&[b"|2|", address, b"|7|"].concat());
    });
    sequences("EPRT's IPv4", &["0", "1", "25", ".", ":"], 6, |address| {
        check_extended(&[b"|1|", address, b"|7|"].concat());
        check_extended(&[b"|1|1.", address, b".4|7|"].concat());
    });
    for protocol in 0..=70_000 {
        check_extended(format!("|{protocol}|1.2.3.4|{protocol}|").as_bytes());
        check_extended(format!("|1|1.2.3.4|{protocol}|").as_bytes());
    }
    for delimiter in 0..=255 {
        check_extended(
            &[&[delimiter], &b"1"[..], &[delimiter], b"9.2.3.4", &[delimiter], b"7", &[delimiter]].concat(),
        );
    }
}

fn epsv(text: &[u8]) -> Option<u16> {
    let group = |open: usize| {
        let (delimiter @ 33..=126, rest) = text[open + 1..].split_first()? else { return None };
        let fields: Vec<&[u8]> = rest.split(|byte| byte == delimiter).collect();
        let [protocol, address, port, _, ..] = fields[..] else { return None };
        // No field is longer than the longest address.
        let is_group = [protocol, address, port].iter().all(|field| field.len() <= 45) && is_number(port);
        is_group.then_some(port)
    };
    let port = (0..text.len()).filter(|at| text[*at] == b'(').find_map(group)?;
    number(port, 65_535).map(|port| port as u16).filter(|port| *port != 0)
}

fn check_epsv(text: &[u8]) {
    assert_eq!(parse_epsv_reply(text).ok(), epsv(text), "{}", text.escape_ascii());
}

#[test]
fn the_port_of_229_is_the_third_field_of_the_first_group() {
    sequences("229", &["(", ")", "|", "7", "x"], 7, check_epsv);
    for port in 0..=70_000 {
        check_epsv(format!("(|||{port}|)").as_bytes());
    }
    for length in 0..=100 {
        let (digits, zeros) = ("1".repeat(length), "0".repeat(length));
        for text in [
            format!("(|{digits}||7|)"),
            format!("(||{digits}|7|)"),
            format!("(|||{zeros}7|)"),
            format!("(|||{zeros}7x"),
            format!("(|{digits}x|7|)"),
            format!("(|{digits}(||7|8|9|)"),
        ] {
            check_epsv(text.as_bytes());
        }
    }
    for delimiter in 0..=255 {
        check_epsv(&[&b"("[..], &[delimiter; 3], b"7", &[delimiter], b")"].concat());
    }
}

#[test]
fn the_argument_of_epsv_is_a_number_or_all() {
    let check = |text: &[u8]| {
        let expected = match text {
            [] => Some(EpsvArgument::Unspecified),
            [b'A' | b'a', b'L' | b'l', b'L' | b'l'] => Some(EpsvArgument::All),
            text => number(text, 65_535).map(|n| EpsvArgument::Protocol(NetworkProtocol::new(n as u16))),
        };
        assert_eq!(EpsvArgument::parse(text).ok(), expected, "{}", text.escape_ascii());
    };
    sequences("EPSV", &["A", "a", "l", "L", "1", "0", " "], 5, check);
    (0..=70_000).for_each(|n: u32| check(n.to_string().as_bytes()));
}

#[test]
fn the_protocols_of_522_are_the_numbers_in_its_last_parentheses() {
    sequences("522", &["(", ")", ",", "1", "70000", " ", "x"], 5, |text| {
        let list = text.iter().rposition(|byte| *byte == b'(').map(|at| &text[at + 1..]).unwrap_or_default();
        let list = list.iter().position(|byte| *byte == b')').map_or(list, |at| &list[..at]);
        let named = fields(list).into_iter().filter_map(|n| number(n.trim_ascii(), 65_535));
        let expected: Vec<u64> = named.collect();
        let found: Vec<u64> = parse_protocols_reply(text).map(|it| it.number().into()).collect();
        assert_eq!(found, expected, "{}", text.escape_ascii());
    });
}

fn long(fields: &[&[u8]]) -> Result<SocketAddr, ExtendedError> {
    let numbers: Option<Vec<u8>> = fields.iter().map(|field| number(field, 255).map(|n| n as u8)).collect();
    let counted = |numbers: &[u8]| {
        let (count, rest) = numbers.split_first()?;
        let (these, rest) = rest.split_at_checked((*count).into())?;
        Some((these.to_vec(), rest.to_vec()))
    };
    let form = || {
        let numbers = numbers?;
        let (family, rest) = numbers.split_first()?;
        let (host, rest) = counted(rest)?;
        let (port, rest) = counted(&rest)?;
        rest.is_empty().then_some((*family, host, port))
    };
    let (family, host, port) = form().ok_or(ExtendedError::Syntax)?;
    let ip = match family {
        4 => <[u8; 4]>::try_from(host).ok().map(IpAddr::from),
        6 => <[u8; 16]>::try_from(host).ok().map(IpAddr::from),
        _ => return Err(ExtendedError::Family),
    };
    let port = <[u8; 2]>::try_from(port).ok().map(|[high, low]| u16::from(high) * 256 + u16::from(low));
    ip.zip(port).map(SocketAddr::from).ok_or(ExtendedError::Syntax)
}

fn check_long(text: &[u8]) {
    assert_eq!(parse_long(text), long(&fields(text)), "{}", text.escape_ascii());
    let found = run(text, 9).and_then(|run| long(&run).ok()).filter(|address| address.port() != 0);
    assert_eq!(parse_lpsv_reply(text).ok(), found, "{}", text.escape_ascii());
}

#[test]
fn the_counts_of_a_long_address_are_right() {
    sequences("LPRT and 228", &["4,", "2,", "0,"], 9, |text| {
        check_long(text.strip_suffix(b",").unwrap_or(text));
    });
    let v6 = "6,16,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,2,16,17";
    for base in ["4,4,1,2,3,4,2,5,6", v6] {
        for place in 0..fields(base.as_bytes()).len() {
            let check = |field: &[u8]| {
                let mut all = fields(base.as_bytes());
                all[place] = field;
                check_long(&all.join(&b','));
            };
            (0..=300).for_each(|n: u32| check(n.to_string().as_bytes()));
            for zeros in 1..4 {
                let same = fields(base.as_bytes())[place];
                check(&[&b"000"[..zeros], same].concat());
            }
            if depth() > 0 || place < 3 {
                sequences("a number of LPRT and 228", &FIELD, 2, check);
            }
        }
    }
}
