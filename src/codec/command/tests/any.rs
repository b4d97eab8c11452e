//! Random commands and random bytes: every parsed command encodes to a line that parses to the same
//! command.

use std::string::String;

use proptest::prelude::*;

use super::*;

/// The random parts of a command.
#[derive(Clone, Debug)]
struct Parts {
    text: Vec<u8>,
    word: String,
    numbers: (u64, u64),
    small: u32,
    port: u16,
    v4: [u8; 4],
    v6: [u8; 16],
    flag: bool,
    row: usize,
    time: (i64, u32),
}

fn parts() -> impl Strategy<Value = Parts> {
    let byte = prop_oneof![8 => b' '..=b'~', 1 => any::<u8>()]
        .prop_filter("CR LF NUL", |b| ![0, 10, 13].contains(b));
    let number = || prop_oneof![0..10_u64, any::<u64>(), Just(u64::MAX)];
    let time = (0..253_402_300_800_i64, 0..1_000_000_000_u32);
    (
        (prop::collection::vec(byte, 1..20), "[!-~]{1,9}", (number(), number()), any::<u32>(), any::<u16>()),
        (any::<[u8; 4]>(), any::<[u8; 16]>(), any::<bool>(), any::<usize>(), time),
    )
        .prop_map(|((text, word, numbers, small, port), (v4, v6, flag, row, time))| Parts {
            text,
            word,
            numbers,
            small,
            port,
            v4,
            v6,
            flag,
            row,
            time,
        })
}

/// Builds a command with the verb of `row`, or one without a row.
fn build(parts: &Parts) -> Command<'_> {
    use Command::*;
    let Parts { numbers: (a, b), flag, small, port, .. } = *parts;
    let text = Text::new(&parts.text).unwrap();
    let word = Text::new(parts.word.as_bytes()).unwrap();
    let maybe = flag.then_some(text);
    let secret = Secret::new(text);
    let v4 = SocketAddrV4::new(parts.v4.into(), port);
    let any = if flag { v4.into() } else { SocketAddr::new(Ipv6Addr::from(parts.v6).into(), port) };
    let timed = TimedPath { time: Timestamp::from_unix(parts.time.0, parts.time.1).unwrap(), path: text };
    let pick = small as usize;
    let form = [FormatControl::NonPrint, FormatControl::Telnet, FormatControl::CarriageControl][pick % 3];
    let verb = parts.row % (Verb::ALL.len() + 1);
    let Some(&verb) = Verb::ALL.get(verb) else {
        return Command::unknown(word, maybe).unwrap_or(Noop);
    };
    match verb {
        Verb::User => User(text),
        Verb::Pass => Pass(if flag { secret } else { Secret::default() }),
        Verb::Acct => Acct(secret),
        Verb::Cwd => Cwd(text),
        Verb::Cdup => Cdup,
        Verb::Smnt => Smnt(text),
        Verb::Rein => Rein,
        Verb::Quit => Quit,
        Verb::Port => Port(v4),
        Verb::Pasv => Pasv,
        Verb::Type => Type(match pick % 4 {
            0 => RepresentationType::Image,
            1 => RepresentationType::Ascii(form),
            2 => RepresentationType::Ebcdic(form),
            _ => RepresentationType::Local(NonZeroU8::new(parts.v4[0]).unwrap_or(NonZeroU8::MAX)),
        }),
        Verb::Stru => Stru([FileStructure::File, FileStructure::Record, FileStructure::Page][pick % 3]),
        Verb::Mode => Mode([TransferMode::Stream, TransferMode::Block, TransferMode::Compressed][pick % 3]),
        Verb::Retr => Retr(text),
        Verb::Stor => Stor(text),
        Verb::Stou => Stou(maybe),
        Verb::Appe => Appe(text),
        Verb::Allo => Allo(Allocation { bytes: a, record: flag.then_some(b) }),
        // A word of digits is an offset, unless the number is too large for one.
        Verb::Rest => Rest(match RestartMarker::parse(word.as_bytes()) {
            Ok(marker) if flag => marker,
            _ => RestartMarker::Offset(a),
        }),
        Verb::Rnfr => Rnfr(text),
        Verb::Rnto => Rnto(text),
        Verb::Abor => Abor,
        Verb::Dele => Dele(text),
        Verb::Rmd => Rmd(text),
        Verb::Mkd => Mkd(text),
        Verb::Pwd => Pwd,
        Verb::List => List(maybe),
        Verb::Nlst => Nlst(maybe),
        Verb::Site => Site(text),
        Verb::Syst => Syst,
        Verb::Stat => Stat(maybe),
        Verb::Help => Help(maybe),
        Verb::Noop => Noop,
        Verb::Xmkd => Xmkd(text),
        Verb::Xrmd => Xrmd(text),
        Verb::Xpwd => Xpwd,
        Verb::Xcup => Xcup,
        Verb::Xcwd => Xcwd(text),
        Verb::Auth => Auth(text),
        Verb::Adat => Adat(secret),
        Verb::Pbsz => Pbsz(ProtectionBufferSize(small)),
        Verb::Prot => Prot([ProtectionLevel::Clear, ProtectionLevel::Private][pick % 2]),
        Verb::Ccc => Ccc,
        Verb::Mic => Mic(secret),
        Verb::Conf => Conf(secret),
        Verb::Enc => Enc(secret),
        Verb::Feat => Feat,
        Verb::Opts => Opts(match pick % 5 {
            0 => OptsArgument::Utf8(flag),
            1 => OptsArgument::Mlst(FactSet::from_bits_truncate(small >> 3)),
            2 => OptsArgument::Hash(flag.then_some(HashAlgorithm::Sha256)),
            3 => OptsArgument::Deflate(flag.then_some(parts.v4[0] % 10)),
            _ => OptsArgument::Other { name: Text::literal("CHARSET"), parameters: maybe },
        }),
        Verb::Eprt => Eprt(any),
        Verb::Epsv => Epsv(match pick % 3 {
            0 => EpsvArgument::Unspecified,
            1 => EpsvArgument::All,
            _ => EpsvArgument::Protocol(NetworkProtocol::new(port)),
        }),
        Verb::Lprt => Lprt(LongAddress(any)),
        Verb::Lpsv => Lpsv,
        Verb::Lang => Lang(maybe),
        Verb::Mdtm => Mdtm(text),
        Verb::Size => Size(text),
        Verb::Mlst => Mlst(maybe),
        Verb::Mlsd => Mlsd(maybe),
        Verb::Host => Host(text),
        Verb::Mfmt => Mfmt(timed),
        Verb::Mfct => Mfct(timed),
        Verb::Mff => mff(if flag { "modify=20240131235958;UNIX.mode=644; a b" } else { "x=y z" }),
        Verb::Hash => Hash(text),
        Verb::Rang => Rang(ByteRange::new(a.min(b), a.max(b)).unwrap_or(ByteRange::WHOLE)),
        Verb::Xcrc => Xcrc(text),
        Verb::Xmd5 => Xmd5(text),
        Verb::Xsha1 => Xsha1(text),
        Verb::Xsha256 => Xsha256(text),
        Verb::Xsha512 => Xsha512(text),
        Verb::Comb => Comb(text),
        Verb::Sscn => Sscn(flag.then_some(pick % 2 == 0)),
        Verb::Avbl => Avbl(maybe),
        Verb::Csid => Csid(text),
        Verb::Clnt => Clnt(text),
        Verb::Dsiz => Dsiz(maybe),
        Verb::Rmda => Rmda(text),
        Verb::Thmb => Thmb(text),
        Verb::Pret => Pret(text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_command_comes_back_from_its_line(parts in parts()) {
        let command = build(&parts);
        let line = encoded(&command);
        prop_assert!(!line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        prop_assert_eq!(Command::parse(&line), Ok(command));
    }

    #[test]
    fn any_line_that_is_read_is_written_as_one_that_reads_the_same(
        verb in prop_oneof![prop::sample::select(Verb::ALL).prop_map(|verb| format!("{verb}")), "[!-~]{1,9}"],
        argument in prop_oneof!["", " [ -~]{0,24}", " [0-9,|:. A-Za-z=;]{0,40}"],
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut line = format!("{verb}{argument}").into_bytes();
        if let Some((at, byte)) = noise {
            let at = at.index(line.len());
            line[at] = byte;
        }
        if let Ok(command) = Command::parse(&line) {
            let canonical = encoded(&command);
            prop_assert_eq!(Command::parse(&canonical), Ok(command));
            prop_assert_eq!(encoded(&Command::parse(&canonical).unwrap()), canonical);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(line in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Command::parse(&line);
    }
}
