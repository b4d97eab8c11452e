//! Checks every value that has a grammar: what was parsed is written as what parses the same. The
//! functions of values agree with each other.
#![no_main]

mod more;

use ftp_proto::codec::{
    Allocation, ByteRange, EpsvArgument, FactChoice, FactSet, Facts, FileStructure, Full, MffArgument,
    NameCase, OptsArgument, ProtectionBufferSize, ProtectionLevel, Quoted, ReplyCode, RepresentationType,
    RestartMarker, SiteCommand, Text, TimedPath, Timestamp, TransferMode, address, pathname,
};
use ftp_proto_fuzz::input::Values as Input;
use ftp_proto_fuzz::{Room, encoded};
use libfuzzer_sys::fuzz_target;

macro_rules! inverse {
    ($bytes:expr, $parse:expr, $encode:expr) => {{
        if let Err(error) = $parse($bytes) {
            more::explains(&error);
        }
        if let Ok(value) = $parse($bytes) {
            for room in 0..encoded(|out| $encode(&value, out)).len().min(40) {
                assert_eq!($encode(&value, &mut Room(room)), Err(Full));
            }
            let canonical = encoded(|out| $encode(&value, out));
            let again = $parse(&canonical);
            assert_eq!(again.as_ref().ok(), Some(&value), "{:?}", canonical.escape_ascii().to_string());
            assert_eq!(encoded(|out| $encode(again.as_ref().unwrap(), out)), canonical);
        }
    }};
}

fuzz_target!(|input: Input<'_>| {
    let bytes = input.bytes;
    match input.which % 32 {
        0 => inverse!(bytes, address::parse_host_port, |value: &std::net::SocketAddrV4, out| {
            address::encode_host_port(*value, out)
        }),
        1 => inverse!(bytes, address::parse_extended, |value: &std::net::SocketAddr, out| {
            address::encode_extended(*value, out)
        }),
        2 => inverse!(bytes, address::parse_long, |value: &std::net::SocketAddr, out| address::encode_long(
            *value, out
        )),
        3 => inverse!(bytes, EpsvArgument::parse, EpsvArgument::encode),
        4 => inverse!(bytes, address::parse_epsv_reply, |port: &u16, out| address::encode_epsv_reply(
            *port, out
        )),
        5 => inverse!(bytes, address::parse_pasv_reply, |value: &std::net::SocketAddrV4, out| {
            address::encode_pasv_reply(*value, out)
        }),
        6 => inverse!(bytes, Timestamp::parse, Timestamp::encode),
        7 => inverse!(bytes, RepresentationType::parse, RepresentationType::encode),
        8 => inverse!(bytes, FileStructure::parse, FileStructure::encode),
        9 => inverse!(bytes, TransferMode::parse, TransferMode::encode),
        10 => inverse!(bytes, Allocation::parse, Allocation::encode),
        11 => inverse!(bytes, ByteRange::parse, ByteRange::encode),
        12 => inverse!(bytes, RestartMarker::parse, RestartMarker::encode),
        13 => inverse!(bytes, ProtectionBufferSize::parse, ProtectionBufferSize::encode),
        14 => inverse!(bytes, ProtectionLevel::parse, ProtectionLevel::encode),
        15 => inverse!(bytes, OptsArgument::parse, OptsArgument::encode),
        16 => inverse!(bytes, TimedPath::parse, TimedPath::encode),
        17 => inverse!(bytes, MffArgument::parse, MffArgument::encode),
        18 => {
            // The list is kept as it arrived, so only the written form is compared.
            for facts in [Facts::parse(bytes), Facts::parse_indented(bytes)].into_iter().flatten() {
                let canonical = encoded(|out| facts.encode(out));
                let again = Facts::parse(&canonical).unwrap();
                assert_eq!((again.values, again.name), (facts.values, facts.name));
                assert_eq!(encoded(|out| again.encode(out)), canonical);
                more::facts(&facts);
            }
        }
        19 => inverse!(bytes, FactSet::parse, |facts: &FactSet, out| facts.encode(NameCase::Canonical, out)),
        20 => {
            inverse!(bytes, FactChoice::parse, |facts: &FactChoice, out| facts.encode(NameCase::Lower, out))
        }
        21 => {
            more::features(bytes);
            inverse!(bytes, ReplyCode::parse, ReplyCode::encode);
        }
        22 => {
            if let Ok(text) = Text::new(bytes) {
                let quoted = encoded(|out| pathname::encode_quoted(text, out));
                let path = Quoted::parse(&quoted).map(|path| path.bytes().collect::<Vec<_>>());
                // A path that no reply can contain is refused when it is parsed.
                assert!(path.is_err() || path.as_deref() == Ok(bytes));
            }
            more::quoted(bytes);
            more::safe_name(bytes);
        }
        24 => more::pattern(bytes, input.other),
        25 => more::names(bytes),
        26 => {
            inverse!(
                bytes,
                |bytes| Text::new(bytes).and_then(SiteCommand::parse),
                |site: &SiteCommand<'_>, out| { site.encode(out) }
            )
        }
        27 => more::location(bytes, input.other),
        28 => more::times(bytes, input.other),
        29 => more::code(bytes, input.other),
        30 => more::digest(bytes, input.other),
        31 => more::texts(bytes, input.other),
        _ => {
            // The base directory of a session is always normal.
            let mut base = [0; 64];
            let length = pathname::resolve(b"/", input.other, &mut base).unwrap_or(0);
            let base = if length == 0 { &b"/"[..] } else { &base[..length] };
            let mut out = [0; 96];
            if let Ok(length) = pathname::resolve(base, bytes, &mut out) {
                let path = &out[..length];
                assert!(path.starts_with(b"/") && (path == b"/" || !path.ends_with(b"/")));
                let special = |part: &[u8]| matches!(part, b"" | b"." | b"..");
                assert!(path == b"/" || !path[1..].split(|byte| *byte == b'/').any(special));
                let mut again = [0; 96];
                assert_eq!(pathname::resolve(base, path, &mut again), Ok(length));
                assert_eq!(&again[..length], path);
                more::path(path);
            }
        }
    }
});
