//! The names of the months in listings: English, which servers write, and what a server running in
//! another language writes instead.

/// As `ls` writes them in the C locale.
pub(super) const ENGLISH: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Month 1 to 12 of its name, in any case of the ASCII letters; a full stop and a comma after it are no part of
/// it.
pub(super) fn number(name: &[u8]) -> Option<u8> {
    if let Some(month) = name.try_into().ok().and_then(english) {
        return Some(month);
    }
    let name = name.strip_suffix(b",").unwrap_or(name);
    let name = name.strip_suffix(b".").unwrap_or(name);
    if !(3..=12).contains(&name.len()) {
        return None;
    }
    OTHERS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|&(_, month)| month)
}

/// Month 1 to 12 of its English name, in any case.
#[inline]
pub(super) fn english(name: [u8; 3]) -> Option<u8> {
    let lower = lower(name);
    let (known, month) = *SLOTS.get(slot(lower))?;
    (known == lower).then_some(month)
}

/// Of letters, with those in lower case the same number.
const fn lower([a, b, c]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, a | 0x20, b | 0x20, c | 0x20])
}

/// Tells the twelve apart.
const fn slot(lower: u32) -> usize {
    lower as usize % 31
}

/// Each of the twelve in its [`slot`], as a number.
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

/// Names that differ from the English: those that `ls` and FTP servers write in other locales, and long ones.
#[rustfmt::skip]
const OTHERS: &[(&str, u8)] = &[
    // the twelve again, for a full stop after them
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
    fn no_name_stands_for_two_months() {
        for (i, (name, month)) in OTHERS.iter().enumerate() {
            for (other, and) in &OTHERS[i + 1..] {
                assert!(!name.eq_ignore_ascii_case(other) || month == and, "{name}");
            }
        }
    }
}
