//! Checks that a parsed command is written as one that parses the same, and that it shows no
//! secret.
#![no_main]

use ftp_proto::codec::{Command, Redacted, Verb};
use ftp_proto_fuzz::{Room, encoded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    let parsed = Command::parse(line);
    let shown = format!("{parsed:?}");
    let command = match parsed {
        Ok(command) => command,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(error.verb().is_none_or(|verb| error.to_string().contains(verb.as_str())));
            return;
        }
    };
    if let Command::Unknown { verb, argument, .. } = command {
        assert_eq!(Command::unknown(verb, argument), Ok(command));
    }
    let canonical = encoded(|out| command.encode(out));
    assert!(!canonical.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    let again = Command::parse(&canonical);
    assert_eq!(again, Ok(command));
    assert_eq!(encoded(|out| again.unwrap().encode(out)), canonical);
    for room in 0..canonical.len().min(40) {
        assert!(command.encode(&mut Room(room)).is_err());
    }
    let verb = command.known_verb();
    assert_eq!(verb, Verb::split_from(line).map(|(verb, _)| verb));
    if let Some(verb) = verb.filter(|verb| verb.has_secret()) {
        assert_eq!(shown, format!("Ok({verb:?}(***))"));
        let redacted = Redacted(&canonical).to_string();
        assert!(redacted == verb.as_str() || redacted == format!("{verb} ***"));
        assert_eq!(format!("{:?}", Redacted(&canonical)), redacted);
    }
});
