//! Month names in listings: English, which most servers write, and the names that a server running
//! in another language writes.

/// Names that `ls` writes in the C locale.
pub(super) const ENGLISH: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Returns the month, 1 to 12, for a name in any charset that its language is written in. Ignores
/// case and any full stop or comma after the name.
pub(super) fn number(name: &[u8]) -> Option<u8> {
    if let Some(month) = name.try_into().ok().and_then(english) {
        return Some(month);
    }
    let name = name.strip_suffix(b",").unwrap_or(name);
    let name = name.strip_suffix(b".").unwrap_or(name);
    if !(3..=20).contains(&name.len()) {
        return None;
    }
    let named = |known: &str| {
        // Three letters of a DOS charset may form one letter of UTF-8, but one that no month has.
        core::str::from_utf8(name).is_ok_and(|name| is_same(known, name.chars()))
            || !name.is_ascii()
                && CHARSETS.iter().any(|decode| is_same(known, name.iter().map(|&byte| decode(byte))))
    };
    OTHERS.iter().find(|(known, _)| named(known)).map(|&(_, month)| month)
}

/// Returns whether the two names are equal without regard to case.
fn is_same(known: &str, name: impl Iterator<Item = char>) -> bool {
    known.chars().map(lower_case).eq(name.map(lower_case))
}

/// Returns the lower-case letter, for the alphabets in which months are written. The function of
/// the standard library covers all alphabets and is large.
fn lower_case(letter: char) -> char {
    let code = u32::from(letter);
    let lower = match code {
        0x41..=0x5a | 0xc0..=0xde | 0x391..=0x3a9 | 0x410..=0x42f => code + 0x20,
        0x400..=0x40f => code + 0x50,
        0x100..=0x137 | 0x14a..=0x177 => code | 1,
        0x139..=0x148 | 0x179..=0x17e => code + code % 2,
        _ => code,
    };
    char::from_u32(lower).unwrap_or(letter)
}

/// Decoders for charsets other than UTF-8, for the letters that names of months contain. An unknown
/// byte becomes a character that no month has.
const CHARSETS: [fn(u8) -> char; 6] = [
    // Latin-1
    char::from,
    // Latin-2, and Windows-1250 where it differs
    |byte| letter(byte, "\u{bc}ź\u{9f}ź\u{ec}ě\u{f8}ř\u{e1}á\u{ed}í\u{fa}ú\u{e9}é\u{fc}ü"),
    // DOS, code page 850
    |byte| letter(byte, "\u{84}ä\u{8e}ä\u{81}ü\u{82}é\u{90}é\u{96}û\u{a0}á\u{a3}ú\u{87}ç"),
    // Windows-1251
    |byte| match byte {
        0xc0.. => cyrillic(byte - 0xc0),
        0xb2 | 0xb3 => 'і',
        _ => char::from(byte),
    },
    // DOS, code page 866
    |byte| match byte {
        0x80..=0xaf => cyrillic(byte - 0x80),
        0xe0..=0xef => cyrillic(byte - 0xb0),
        _ => char::from(byte),
    },
    // KOI8-R, and і of KOI8-U
    |byte| match byte {
        0xc0.. => "юабцдефгхийклмнопярстужвьызшэщчъ".chars().nth(usize::from(byte % 32)).unwrap_or('?'),
        0xa6 | 0xb6 => 'і',
        _ => char::from(byte),
    },
];

/// Looks up `byte` in `pairs`, each of which is a byte, written as a character, and its letter.
fn letter(byte: u8, pairs: &str) -> char {
    let mut letters = pairs.chars();
    while let (Some(code), Some(letter)) = (letters.next(), letters.next()) {
        if code == char::from(byte) {
            return letter;
        }
    }
    if byte.is_ascii() { char::from(byte) } else { '?' }
}

/// Returns a letter of the Russian alphabet, capitals first.
fn cyrillic(place: u8) -> char {
    char::from_u32(0x410 + u32::from(place)).unwrap_or('?')
}

/// Returns the month, 1 to 12, for an English name, ignoring case.
#[inline]
pub(super) fn english(name: [u8; 3]) -> Option<u8> {
    let lower = lower(name);
    let (known, month) = *SLOTS.get(slot(lower))?;
    (known == lower).then_some(month)
}

/// Packs the letters into a number that is the same for upper and lower case.
const fn lower([a, b, c]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, a | 0x20, b | 0x20, c | 0x20])
}

/// Hashes the twelve names without a collision.
const fn slot(lower: u32) -> usize {
    lower as usize % 31
}

/// Packed names with their months, each in its [`slot`].
static SLOTS: [(u32, u8); 31] = {
    let mut slots = [(0, 0); 31];
    let mut month = 0;
    while month < 12 {
        let name = lower(*ENGLISH[month]);
        assert!(slots[slot(name)].0 == 0, "two months in one slot");
        month += 1;
        slots[slot(name)] = (name, month as u8);
    }
    slots
};

/// Names other than the short English ones: the names that `ls` and FTP servers write in other
/// locales, and long names.
#[rustfmt::skip]
const OTHERS: &[(&str, u8)] = &[
    // the short English names again, for those with a full stop after them
    ("jan", 1), ("feb", 2), ("mar", 3), ("apr", 4), ("may", 5), ("jun", 6),
    ("jul", 7), ("aug", 8), ("sep", 9), ("oct", 10), ("nov", 11), ("dec", 12),
    // English, long
    ("january", 1), ("february", 2), ("march", 3), ("april", 4), ("june", 6), ("july", 7), ("august", 8),
    ("sept", 9), ("september", 9), ("october", 10), ("november", 11), ("december", 12),
    // German
    ("jän", 1), ("mär", 3), ("mrz", 3), ("märz", 3), ("mai", 5), ("juni", 6), ("juli", 7), ("okt", 10), ("dez", 12),
    // French
    ("janv", 1), ("févr", 2), ("fév", 2), ("mars", 3), ("avr", 4), ("avril", 4), ("juin", 6), ("juil", 7),
    ("août", 8), ("aoû", 8), ("déc", 12),
    // Spanish
    ("ene", 1), ("abr", 4), ("ago", 8), ("dic", 12),
    // Italian
    ("gen", 1), ("mag", 5), ("giu", 6), ("lug", 7), ("set", 9), ("ott", 10),
    // Portuguese
    ("fev", 2), ("out", 10),
    // Dutch
    ("mrt", 3), ("mei", 5),
    // Danish, Norwegian, Swedish, Slovenian
    ("maj", 5), ("des", 12), ("avg", 8),
    // Finnish
    ("tammi", 1), ("helmi", 2), ("maalis", 3), ("huhti", 4), ("touko", 5), ("kesä", 6),
    ("heinä", 7), ("elo", 8), ("syys", 9), ("loka", 10), ("marras", 11), ("joulu", 12),
    // Polish
    ("sty", 1), ("lut", 2), ("kwi", 4), ("cze", 6), ("lip", 7), ("sie", 8), ("wrz", 9), ("paź", 10), ("lis", 11), ("gru", 12),
    // Czech, Slovak
    ("led", 1), ("úno", 2), ("bře", 3), ("dub", 4), ("kvě", 5), ("máj", 5), ("čen", 6), ("jún", 6), ("čec", 7), ("júl", 7),
    ("srp", 8), ("zář", 9), ("říj", 10), ("pro", 12),
    // Hungarian
    ("febr", 2), ("márc", 3), ("ápr", 4), ("szept", 9),
    // Romanian
    ("ian", 1), ("iun", 6), ("iul", 7),
    // Turkish
    ("oca", 1), ("Şub", 2), ("nis", 4), ("haz", 6), ("tem", 7), ("ağu", 8), ("eyl", 9), ("eki", 10), ("kas", 11), ("ara", 12),
    // Greek
    ("Ιαν", 1), ("Φεβ", 2), ("Μαρ", 3), ("Απρ", 4), ("Μαΐ", 5), ("Ιουν", 6), ("Ιουλ", 7), ("Αυγ", 8), ("Σεπ", 9), ("Οκτ", 10),
    ("Νοε", 11), ("Δεκ", 12),
    // Ukrainian
    ("січ", 1), ("лют", 2), ("бер", 3), ("кві", 4), ("тра", 5), ("чер", 6), ("лип", 7), ("сер", 8), ("вер", 9), ("жов", 10),
    ("лис", 11), ("гру", 12),
    // Russian
    ("янв", 1), ("фев", 2), ("мар", 3), ("апр", 4), ("май", 5), ("мая", 5),
    ("июн", 6), ("июл", 7), ("авг", 8), ("сен", 9), ("окт", 10), ("ноя", 11), ("дек", 12),
    // full names, which `ls` does not write
    ("januar", 1), ("februar", 2), ("oktober", 10), ("dezember", 12), ("jänner", 1),
    ("janvier", 1), ("février", 2), ("juillet", 7), ("septembre", 9), ("octobre", 10), ("novembre", 11), ("décembre", 12),
    ("enero", 1), ("febrero", 2), ("marzo", 3), ("abril", 4), ("mayo", 5), ("junio", 6), ("julio", 7), ("agosto", 8),
    ("septiembre", 9), ("octubre", 10), ("noviembre", 11), ("diciembre", 12),
    ("gennaio", 1), ("febbraio", 2), ("aprile", 4), ("maggio", 5), ("giugno", 6), ("luglio", 7), ("settembre", 9),
    ("ottobre", 10), ("dicembre", 12),
    ("janeiro", 1), ("fevereiro", 2), ("março", 3), ("maio", 5), ("junho", 6), ("julho", 7), ("setembro", 9),
    ("outubro", 10), ("novembro", 11), ("dezembro", 12),
    ("januari", 1), ("februari", 2), ("maart", 3), ("augustus", 8), ("augusti", 8),
    ("января", 1), ("февраля", 2), ("марта", 3), ("апреля", 4), ("июня", 6), ("июля", 7), ("августа", 8),
    ("сентября", 9), ("октября", 10), ("ноября", 11), ("декабря", 12),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_known_by_its_names_in_any_case() {
        for (i, name) in ENGLISH.iter().enumerate() {
            assert_eq!(number(*name), Some(i as u8 + 1));
            assert_eq!(number(&name.to_ascii_uppercase()), Some(i as u8 + 1));
        }
        for (name, month) in
            [("Sept", 9), ("Mär", 3), ("déc.", 12), ("мая", 5), ("Nov.", 11), ("Juli,", 7), ("Jan.,", 1)]
        {
            assert_eq!(number(name.as_bytes()), Some(month), "{name}");
        }
        for name in ["", "no", "nov-", "root", "users", "\0ov", "novembre!"] {
            assert_eq!(number(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn every_month_is_known_in_upper_and_in_lower_case() {
        // Some letters with two accents are two characters in upper case.
        let same = |name: &str, other: &str| name.chars().count() == other.chars().count();
        for (known, month) in OTHERS {
            for name in
                [known.to_uppercase(), known.to_lowercase()].into_iter().filter(|name| same(known, name))
            {
                assert_eq!(number(name.as_bytes()), Some(*month), "{name}");
            }
        }
    }

    #[test]
    fn a_month_is_known_in_the_charsets_of_its_language() {
        for (name, month) in [
            (&b"M\xe4r"[..], 3),
            (b"M\xc4R", 3),
            (b"M\x84rz", 3),
            (b"f\xe9vr.", 2),
            (b"d\x82c.", 12),
            (b"ao\xfbt", 8),
            (b"ao\x96t", 8),
            (b"pa\xbc", 10),
            (b"pa\x9f", 10),
            (b"\xf8\xedj", 10),
            (b"\xff\xed\xe2", 1),
            (b"\xdf\xed\xe2", 1),
            (b"\xd1\xce\xd7", 1),
            (b"\xf1\xce\xd7", 1),
            (b"\xef\xad\xa2", 1),
            (b"\xec\xe0\xff", 5),
            (b"\xcd\xc1\xd1", 5),
            (b"\xf1\xb3\xf7", 1),
        ] {
            assert_eq!(number(name), Some(month), "{}", name.escape_ascii());
        }
        for (name, month) in [("MÄRZ", 3), ("ДЕК", 12), ("ΦΕΒ", 2), ("ŞUB", 2), ("ÁPR", 4), ("Января", 1)]
        {
            assert_eq!(number(name.as_bytes()), Some(month), "{name}");
        }
        for name in [&b"\xff\xff\xff"[..], b"M\xe5r", b"\xa0\xa1\xa2", b"pa?", b"?ij"] {
            assert_eq!(number(name), None, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn no_charset_makes_one_month_of_another() {
        for (known, month) in OTHERS {
            for decode in CHARSETS {
                let encoded = known
                    .chars()
                    .map(|letter| (0..=255).find(|&byte| lower_case(decode(byte)) == lower_case(letter)));
                if let Some(name) = encoded.collect::<Option<std::vec::Vec<u8>>>() {
                    assert_eq!(number(&name), Some(*month), "{known} {}", name.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn no_name_stands_for_two_months() {
        for (i, (name, month)) in OTHERS.iter().enumerate() {
            for (other, and) in &OTHERS[i + 1..] {
                assert!(!name.eq_ignore_ascii_case(other) || month == and, "{name}");
            }
        }
    }
}
