//! Comparing files with what they should be, by the best means that a server has.

use super::*;
use ftp_proto::client::{Expected, Mismatch, Verified};
use ftp_proto::codec::{Digest, HashAlgorithm};

const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
const CRC: &str = "352441c2";

fn digest(digits: &str, algorithm: HashAlgorithm) -> Option<Digest> {
    Some(Digest::parse(digits.as_bytes(), algorithm).unwrap())
}

fn sha256() -> Option<Digest> {
    digest(SHA256, HashAlgorithm::Sha256)
}

/// A server with these features, which was asked for them.
fn offering(features: &[&str]) -> Rig {
    let lines: String = features.iter().map(|feature| format!(" {feature}\r\n")).collect();
    let mut rig = Rig::greeted().says("FEAT", format!("211-x\r\n{lines}211 end").leak());
    rig.run(&mut client::setup(), |_| ()).done();
    rig.clear_records();
    rig
}

fn verify(rig: &mut Rig, expected: Expected) -> Outcome<Result<Verified, Mismatch>> {
    rig.run(&mut client::verify(t("f"), expected), |result| result)
}

#[test]
fn the_algorithm_to_hash_by_is_the_best_that_is_offered() {
    use HashAlgorithm::{Crc32, Md5, Sha1, Sha256, Sha512};
    for (features, algorithm) in [
        (&[][..], None),
        (&["SIZE", "MDTM"], None),
        (&["HASH SHA-1;MD5;SHA-256*"], Some(Sha256)),
        (&["HASH MD5*;SHA-512"], Some(Sha512)),
        (&["HASH MD5*;SHA-1", "XCRC"], Some(Sha1)),
        (&["HASH MD5*", "XSHA256"], Some(Sha256)),
        (&["HASH"], Some(Sha256)),
        (&["HASH CRC32;TIGER*"], Some(Crc32)),
        (&["XMD5", "XCRC"], Some(Md5)),
        (&["XCRC \"file\" SP EP"], Some(Crc32)),
    ] {
        let rig = offering(features);
        assert_eq!(rig.client().offers().unwrap().digest(), algorithm, "{features:?}");
    }
}

#[test]
fn a_hash_is_compared_where_the_server_computes_one() {
    let hash: &'static str = format!("213 SHA-256 0-3 {SHA256} f").leak();
    let md5: &'static str = format!("250 {MD5}").leak();
    let other = digest(&SHA256.replace('a', "b"), HashAlgorithm::Sha256);
    for (features, expected, commands, result) in [
        (
            &["HASH SHA-256*;MD5"][..],
            sha256(),
            &["TYPE I", "OPTS HASH SHA-256", "HASH f"][..],
            Ok(Verified::Digest(HashAlgorithm::Sha256)),
        ),
        (
            &["XMD5"],
            digest(MD5, HashAlgorithm::Md5),
            &["TYPE I", "XMD5 f"],
            Ok(Verified::Digest(HashAlgorithm::Md5)),
        ),
        (
            &["HASH SHA-256*"],
            other,
            &["TYPE I", "OPTS HASH SHA-256", "HASH f"],
            Err(Mismatch::Digest(sha256().unwrap())),
        ),
        (
            &["XCRC"],
            digest(CRC, HashAlgorithm::Crc32),
            &["TYPE I", "XCRC f"],
            Err(Mismatch::Digest(digest("0", HashAlgorithm::Crc32).unwrap())),
        ),
    ] {
        let mut rig = offering(features)
            .says("OPTS", "200 so be it")
            .says("HASH", hash)
            .says("XMD5", md5)
            .says("XCRC", "250 0");
        // There is no need to ask for the size.
        let expected = Expected { size: Some(9), digest: expected };
        assert_eq!(verify(&mut rig, expected), Outcome::Done(result), "{features:?}");
        assert_eq!(rig.commands(), commands);
        in_step(&mut rig);
    }
}

#[test]
fn what_cannot_be_hashed_is_compared_by_size() {
    for (size, result) in [(3, Ok(Verified::Size)), (4, Err(Mismatch::Size(3)))] {
        for digest in [None, sha256()] {
            let mut rig = offering(&["SIZE"]);
            assert_eq!(verify(&mut rig, Expected { size: Some(size), digest }), Outcome::Done(result));
            assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
        }
    }
    // The server was not asked for its features either.
    let mut rig = Rig::greeted();
    assert_eq!(
        verify(&mut rig, Expected { size: Some(3), digest: sha256() }),
        Outcome::Done(Ok(Verified::Size))
    );
}

#[test]
fn a_server_that_refuses_what_it_offers_is_asked_the_next_best() {
    let expected = Expected { size: Some(3), digest: sha256() };
    let own: &'static str = format!("250 {SHA256}").leak();
    for (opts, hash) in [
        ("504 no", ""),
        ("200 yes", "502 no"),
        ("200 yes", "550 no"),
        ("200 yes", "213 what"),
        ("200 yes", "213 MD5 0-3 900150983cd24fb0d6963f7d28e17f72 f"),
    ] {
        let mut rig =
            offering(&["HASH SHA-256", "XSHA256"]).says("OPTS", opts).says("HASH", hash).says("XSHA256", own);
        assert_eq!(verify(&mut rig, expected), Outcome::Done(Ok(Verified::Digest(HashAlgorithm::Sha256))));
        assert_eq!(rig.commands().last(), Some(&"XSHA256 f"));
        in_step(&mut rig);
        for own in ["500 what", "550 no", "250 done"] {
            let mut rig = offering(&["HASH SHA-256", "XSHA256"])
                .says("OPTS", opts)
                .says("HASH", hash)
                .says("XSHA256", own);
            assert_eq!(verify(&mut rig, expected), Outcome::Done(Ok(Verified::Size)));
            assert_eq!(rig.commands()[rig.commands().len() - 2..], ["XSHA256 f", "SIZE f"]);
        }
    }
}

#[test]
fn what_the_server_cannot_tell_is_unverifiable_and_what_is_not_there_is_refused() {
    let by_size = Expected { size: Some(3), digest: None };
    for reply in ["500 what", "502 no", "504 not so", "213 who knows"] {
        let mut rig = Rig::greeted().says("SIZE", reply);
        assert_eq!(verify(&mut rig, by_size), Outcome::Done(Ok(Verified::Unverifiable)), "{reply}");
        in_step(&mut rig);
    }
    let mut rig = Rig::greeted().says("SIZE", "550 no such file");
    assert_eq!(verify(&mut rig, by_size).refused(), 550);
    in_step(&mut rig);
    for digest in [None, sha256()] {
        let mut rig = Rig::greeted();
        assert_eq!(
            verify(&mut rig, Expected { size: None, digest }),
            Outcome::Done(Ok(Verified::Unverifiable))
        );
        assert!(rig.commands().is_empty(), "there is nothing to ask");
    }
}

#[test]
fn a_hash_may_take_its_time() {
    let own: &'static str = format!("250 {SHA256}").leak();
    let mut rig = offering(&["XSHA256"]).on("XSHA256", [Delay(seconds(500)), Say(own)]);
    let expected = Expected { size: None, digest: sha256() };
    assert_eq!(verify(&mut rig, expected), Outcome::Done(Ok(Verified::Digest(HashAlgorithm::Sha256))));
}

#[test]
fn a_verification_may_be_dropped_at_any_point() {
    let expected = Expected { size: Some(3), digest: sha256() };
    cancelled(
        || client::verify(t("f"), expected),
        || {
            offering(&["HASH SHA-256", "XSHA256"])
                .says("OPTS", "200 yes")
                .says("HASH", "502 no")
                .says("XSHA256", "550 no")
        },
    );
}
