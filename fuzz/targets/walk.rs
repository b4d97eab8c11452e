//! Walks a tree of listings that say anything: no path leads out of the root, and every limit holds.
#![no_main]

use ftp_proto::client::{Found, Walk, WalkLimits, member_name};
use ftp_proto::codec::Text;
use ftp_proto::listing::{Clock, Formats, ListingParser};
use ftp_proto_fuzz::input::Walk as Input;
use libfuzzer_sys::fuzz_target;

/// Returns the parts of the listings, between empty lines.
fn parts(listings: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = listings;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"\n\n") {
        parts.push(&rest[..=at]);
        rest = &rest[at + 2..];
    }
    parts.push(rest);
    parts
}

fuzz_target!(|input: Input<'_>| {
    let Ok(root) = Text::new(input.root) else { return };
    let mut limits = WalkLimits::default();
    (limits.depth, limits.directories) = (input.depth.into(), input.directories.into());
    let formats = Formats::from_bits_truncate(input.formats);
    let Ok(mut walk) = Walk::new(vec![0; usize::from(input.room) % 4096], root, limits) else { return };
    let listings = parts(input.listings);
    let mut listed = 0;
    while let Some(path) = walk.next() {
        listed += 1;
        assert!(listed <= usize::from(input.directories).max(1), "more directories than allowed");
        assert!(path.as_bytes().starts_with(root.as_bytes()), "{path:?} is not below {root:?}");
        let below = walk.path_below_root();
        let names = || below.as_bytes().split(|byte| *byte == b'/');
        assert!(names().all(|name| name != b".."), "{below:?} leads out");
        assert!(walk.depth() <= u16::from(input.depth), "deeper than allowed");
        if !below.is_empty() && !root.is_empty() {
            assert_eq!(
                names().filter(|name| !name.is_empty()).count(),
                usize::from(walk.depth()),
                "{below:?}"
            );
        }
        let mut parser = ListingParser::new(vec![0; 256], formats, Clock::UNKNOWN);
        let mut rest = listings[(listed - 1) % listings.len()];
        while let Some(verdict) = parser.next(&mut rest) {
            let Ok(entry) = verdict else { continue };
            let own = walk.path().as_bytes().to_vec();
            let member = member_name(&entry, &[&own]);
            let found = walk.found(&entry);
            assert_eq!(found.is_left_out(), matches!(found, Found::TooDeep | Found::TooMany | Found::NoRoom));
            match found {
                Found::Elsewhere => assert_eq!(member, None, "{entry:?}"),
                Found::Directory => {
                    let name = member.expect("a directory has a name");
                    assert!(!name.as_bytes().contains(&b'/') && !matches!(name.as_bytes(), b"." | b".."));
                }
                _ => {}
            }
        }
    }
    assert_eq!(walk.next(), None);
});
