//! Parses replies from arbitrary bytes: what was parsed is written as what parses the same, line by
//! line and as a whole.
#![no_main]

use ftp_proto::client::FactsReader;
use ftp_proto::codec::reply::{restart_markers, size, size_hint, time_fact, unique_name};
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
    if let Some((sent, kept)) = restart_markers(text) {
        assert!(!sent.is_empty() && !kept.is_empty());
    }
    if let Some(time) = time_fact(text) {
        assert!(
            text.windows(8)
                .any(|part| part
                    == format!("{:04}{:02}{:02}", time.year(), time.month(), time.day()).as_bytes())
        );
    }
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
        assert_eq!(read.going_on().is_some(), !read.position.is_end());
        readers(read.text);
        if let Ok((host, port)) = address::parse_passive_reply(&read) {
            assert!(port > 0 && (host.is_some() || read.code.get() == 229));
        }
    }
    readers(input.bytes);

    let Ok(Some((reply, rest))) = Reply::parse(input.bytes, rule) else { return };
    assert_eq!(reply.as_bytes().len() + rest.len(), input.bytes.len());
    let lines: Vec<_> = reply.lines().collect();
    assert!(lines.last().is_some_and(|line| line.position.is_end()));
    assert!(format!("{reply:?}").starts_with('['));
    // Facts are one entry at most, whatever the room for their parts.
    for room in [0, 32, 256] {
        let mut facts = FactsReader::new(vec![0; room]);
        let mut entries = 0;
        for line in &lines {
            entries += usize::from(matches!(facts.line(line), Some(Ok(_))));
        }
        assert!(entries <= 1);
    }
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
