//! Names and contents that go wrong where somebody took a short cut.

/// Names of files and directories.
pub const NAMES: [&str; 6] = [
    "plain.txt",
    "two  spaces in.txt",
    "naïve 日本語 ß.txt",
    "-dash.txt",
    "100%25 #1;type=a?.txt",
    "\"quoted\" it's.txt",
];

/// How long the big file is: 100 MB.
pub const BIG: usize = 100_000_000;

/// Bytes that a transfer as text, or as Telnet, would change; some of every value.
pub fn bytes() -> Vec<u8> {
    let mut bytes = b"one\ntwo\r\nthree\rfour\0five\xff\xf4\xff\xf2\xff\xff\x1a\x04".to_vec();
    bytes.extend(noise(10_000));
    bytes
}

/// `length` bytes that look random, and are the same every time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64, Marsaglia 2003
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The start of a file as an interrupted transfer left it, but marked, and what is there once the rest has come: a
/// transfer that begins again from nothing gives itself away.
pub fn interrupted(whole: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let partial: Vec<u8> = whole[..whole.len() * 2 / 5].iter().map(|byte| !byte).collect();
    let resumed = [&partial, &whole[partial.len()..]].concat();
    (partial, resumed)
}
