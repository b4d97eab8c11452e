//! The parsers of numbers, addresses and times against slow references that are written from the
//! grammars alone: every input up to a length over a small alphabet, every value of a narrow type,
//! and the values around the powers of two and ten of a wide one.
//!
//! `EXHAUSTIVE_DEPTH=n cargo test --release --test exhaustive` makes each input `n` symbols longer,
//! and tries all codes of three bytes.

mod addresses;
mod numbers;
mod times;
mod words;

/// The number of symbols by which inputs are longer than usual.
fn depth() -> usize {
    std::env::var("EXHAUSTIVE_DEPTH").map_or(0, |depth| depth.parse().expect("EXHAUSTIVE_DEPTH"))
}

/// Calls `each` with every sequence of up to `most` symbols, the empty one included, and prints how
/// many there were.
fn sequences(what: &str, symbols: &[&str], most: usize, mut each: impl FnMut(&[u8])) {
    fn longer(text: &mut Vec<u8>, symbols: &[&str], left: usize, each: &mut impl FnMut(&[u8])) -> u64 {
        each(text);
        let mut count = 1;
        if left > 0 {
            for symbol in symbols {
                let length = text.len();
                text.extend(symbol.bytes());
                count += longer(text, symbols, left - 1, each);
                text.truncate(length);
            }
        }
        count
    }
    let count = longer(&mut Vec::new(), symbols, most + depth(), &mut each);
    println!("{what}: {count} sequences of {symbols:?}");
}

/// Returns the value of a text that consists of digits, if it is at most `most`.
fn number(text: &[u8], most: u64) -> Option<u64> {
    let mut value = 0_u128;
    for byte in text {
        // Saturates, since the text may have any number of digits.
        value = value.saturating_mul(10).saturating_add(u128::from(digit(*byte)?));
    }
    (!text.is_empty() && value <= most.into()).then_some(value as u64)
}

fn digit(byte: u8) -> Option<u8> {
    (b'0'..=b'9').position(|digit| digit == byte).map(|value| value as u8)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| digit(*byte).is_some())
}

/// Returns what `encode` writes.
fn written(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), ftp_proto::codec::Full>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out).unwrap();
    out
}
