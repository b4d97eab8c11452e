//! Parses listings of 10,000 entries in pieces of the size that an adapter reads. `listing-compare`
//! measures other parsers on the same lines.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::listing::{Clock, Formats, ListingParser};

const ENTRIES: u32 = 10_000;
/// Number of bytes that an adapter reads at a time.
const CHUNK: usize = 32 * 1024;
/// 2024-11-10 12:00 UTC.
const NOW: i64 = 1_731_240_000;

/// Returns the number of entries in `listing`.
fn entries(listing: &[u8], formats: Formats) -> u32 {
    let mut parser = ListingParser::new([0; 1024], formats, Clock::at(NOW));
    let mut entries = 0;
    for mut chunk in listing.chunks(CHUNK) {
        while let Some(line) = parser.next(&mut chunk) {
            entries += u32::from(black_box(line).is_ok());
        }
    }
    entries
}

fn listings(c: &mut Criterion) {
    let (mut unix, mut dos, mut mlsd) = (String::new(), String::new(), String::new());
    for i in 0..ENTRIES {
        // Scrambled, so that branches cannot be predicted.
        let random = (i ^ 0x5bd1).wrapping_mul(2_654_435_761);
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(
            unix,
            "-rw-r--r-- {:4} ftp      users    {size:12} Nov {day:2} 20:{minute:02} report-{i}.txt\r\n",
            1
        );
        let _ = write!(dos, "11-{day:02}-24  08:{minute:02}PM {size:20} report-{i}.txt\r\n");
        let _ = write!(mlsd, "modify=202411{day:02}20{minute:02}00;perm=adfr;size={size};type=file;");
        let _ = write!(
            mlsd,
            "unique=FE00U{random:X};UNIX.group=100;UNIX.mode=0644;UNIX.owner=1000; report-{i}.txt\r\n"
        );
    }
    let mut group = c.benchmark_group("listing");
    for (name, listing, formats) in
        [("unix", unix, Formats::LIST), ("dos", dos, Formats::LIST), ("mlsd", mlsd, Formats::MLSD)]
    {
        assert_eq!(entries(listing.as_bytes(), formats), ENTRIES, "every line is an entry");
        group.throughput(Throughput::Bytes(listing.len() as u64));
        group.bench_function(name, |b| b.iter(|| entries(black_box(listing.as_bytes()), formats)));
    }
    group.finish();
}

criterion_group!(benches, listings);
criterion_main!(benches);
