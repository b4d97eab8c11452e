//! The parser of listings, with every sample of every format.
#![no_std]
#![no_main]

#[path = "../measured.rs"]
mod measured;

use cortex_m as _;
use cortex_m_rt::entry;
use ftp_proto::listing::{Clock, Formats, ListingParser, MlsdParser};
use panic_semihosting as _;

/// Lines that begin with `< ` are lines of a listing, and `@` begins another listing.
macro_rules! samples {
    ($($name:literal),+) => {
        [$(include_bytes!(concat!("../../../listings/", $name, ".txt")).as_slice()),+]
    };
}

const SAMPLES: [&[u8]; 18] = samples!(
    "as400",
    "cms",
    "connect-enterprise",
    "dos",
    "eplf",
    "guardian",
    "mac",
    "mlsd",
    "mvs",
    "netware",
    "nlst",
    "os2",
    "unix",
    "unix-languages",
    "unix-ls",
    "unix-proftpd",
    "vms",
    "vxworks"
);

#[entry]
fn main() -> ! {
    let new = || ListingParser::new([0; 512], Formats::all(), Clock::at(1_732_000_000));
    let mut parser = new();
    let stack = measured::stack();
    let mut entries = 0;
    for line in SAMPLES.iter().flat_map(|sample| sample.split(|byte| *byte == b'\n')) {
        match line {
            [b'@', ..] => {
                entries += end(&mut parser);
                parser = new();
            }
            [b'<', b' ', line @ ..] => entries += feed(&mut parser, line) + feed(&mut parser, b"\n"),
            _ => {}
        }
    }
    assert!(entries > 500, "{entries} entries");
    sizes!("listing parser" ListingParser<[u8; 0]>, "listing parser of MLSD alone" MlsdParser<[u8; 0]>);
    cortex_m_semihosting::hprintln!("samples {}", SAMPLES.iter().map(|sample| sample.len()).sum::<usize>());
    measured::end(stack);
}

#[inline(never)]
fn feed(parser: &mut ListingParser<[u8; 512]>, mut input: &[u8]) -> usize {
    let mut entries = 0;
    while let Some(entry) = parser.next(&mut input) {
        entries += usize::from(entry.is_ok());
    }
    entries
}

#[inline(never)]
fn end(parser: &mut ListingParser<[u8; 512]>) -> usize {
    let mut entries = 0;
    while let Some(entry) = parser.finish() {
        entries += usize::from(entry.is_ok());
    }
    entries
}
