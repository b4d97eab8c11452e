//! Parses replies from arbitrary bytes: what was parsed is written as what parses the same, line by
//! line and as a whole.
#![no_main]

use ftp_proto::codec::reply::{size, size_hint, unique_name};
use ftp_proto::codec::{
    EndRule, FeatureLine, Position, Quoted, Redacted, Reply, ReplyCode, ReplyLine, Text, address,
};
use ftp_proto_fuzz::encoded;
use ftp_proto_fuzz::input::Reply as Input;
use libfuzzer_sys::fuzz_target;

fn readers(text: &[u8]) {
    let _ = (size(text), size_hint(text), address::parse_pasv_reply(text), address::parse_epsv_reply(text));
    let _ = (address::parse_lpsv_reply(text), address::parse_protocols_reply(text).count());
    let _ = (FeatureLine::new(text).features(), Redacted(text).to_string());
    assert!(unique_name(text).is_none_or(|name| !name.is_empty() && name.len() <= text.len()));
    if let Ok(path) = Quoted::parse(text) {
        assert!(path.bytes().count() <= text.len());
    }
}

fuzz_target!(|input: Input<'_>| {
    let rule = if input.lenient { EndRule::AnyCode } else { EndRule::SameCode };
    let within = ReplyCode::new(input.within);
    let line = input.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Ok(read) = ReplyLine::parse(line, within, rule) {
        assert!(line.ends_with(read.text));
        assert_eq!(within.is_some(), matches!(read.position, Position::Middle | Position::Last));
        readers(read.text);
    }
    readers(input.bytes);

    let Ok(Some((reply, rest))) = Reply::parse(input.bytes, rule) else { return };
    assert_eq!(reply.as_bytes().len() + rest.len(), input.bytes.len());
    let lines: Vec<_> = reply.lines().collect();
    assert!(lines.last().is_some_and(|line| line.position.is_end()));
    // A bare CR or a NUL cannot be written.
    let texts: Option<Vec<_>> = lines.iter().map(|line| Text::new(line.text).ok()).collect();
    let Some(texts) = texts else { return };
    let mut written = Vec::new();
    for (line, text) in lines.iter().zip(texts) {
        written.extend(encoded(|out| ReplyLine::encode(line.code, line.position, text, out)));
    }
    let (again, rest) = Reply::parse(&written, rule).unwrap().unwrap();
    assert!(rest.is_empty());
    assert_eq!(again.lines().collect::<Vec<_>>(), lines);
});
