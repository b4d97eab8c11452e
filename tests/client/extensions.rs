//! Operations beyond the everyday ones of RFC 959: the commands that they send, and how answers are
//! read.

use super::*;
use ftp_proto::client::{Answer, Exchange, PlainAnswer};
use ftp_proto::codec::{ByteRange, HashAlgorithm, MffArgument, Timestamp};

fn time() -> Timestamp {
    Timestamp::parse(b"20240229123456").unwrap()
}

#[test]
fn each_operation_is_its_command_and_any_2yz_grants_it() {
    type Make = fn() -> Operation<Exchange<'static, PlainAnswer>>;
    let table: [(&str, &str, Make); 17] = [
        ("MFF UNIX.mode=0644; f", "213 done", || {
            client::set_facts(MffArgument::parse(b"UNIX.mode=0644; f").unwrap())
        }),
        ("STAT", "211-x\r\n y\r\n211 end", || client::status(None)),
        ("STAT d", "213-x\r\n y\r\n213 end", || client::status(Some(t("d")))),
        ("HELP", "214-x\r\n y\r\n214 end", || client::help(None)),
        ("HELP RETR", "214 x", || client::help(Some(t("RETR")))),
        ("SITE CHMOD 644 a b", "200 x", || client::chmod(t("a b"), 0o644)),
        ("SITE CHMOD 7777 a", "250 x", || client::chmod(t("a"), 0xffff)),
        ("SITE SYMLINK a b c", "200 x", || client::symlink(t("a"), t("b c"))),
        ("CLNT me 1.0", "200 x", || client::client_name(t("me 1.0"))),
        ("LANG de", "200 x", || client::language(Some(t("de")))),
        ("HOST ftp.example.org", "220 x", || client::host(t("ftp.example.org"))),
        ("OPTS UTF8 ON", "202 x", || client::utf8(true)),
        ("COMB whole \"part 1\" b", "250 x", || client::combine(t("whole \"part 1\" b"))),
        ("SMNT /a", "250 x", || client::structure_mount(t("/a"))),
        ("REIN", "220 x", client::reinitialize),
        ("ALLO 5", "202 x", || client::allocate(5)),
        ("ACCT books", "230 x", || client::account(secret("books"))),
    ];
    for (command, reply, make) in table {
        let verb = command.split(' ').next().unwrap();
        let mut rig = Rig::greeted().says(verb, reply);
        rig.run(&mut make(), |_| ()).done();
        assert_eq!(rig.commands(), [command]);
        assert_eq!(rig.lines().len(), reply.lines().count() - 1, "the lines before the last are shown");
        in_step(&mut rig);
        for refusal in ["500 what", "502 no", "504 not so", "530 who", "550 none"] {
            let mut rig = Rig::greeted().says(verb, refusal);
            let code: u16 = refusal[..3].parse().unwrap();
            assert_eq!(rig.run(&mut make(), |_| ()).refused(), code, "{command}");
            in_step(&mut rig);
        }
        let mut rig = Rig::greeted().on(verb, [Hangup]);
        assert_eq!(rig.run(&mut make(), |_| ()), peer_error(PeerError::Closed));
        cancelled(make, || Rig::greeted().says("MFF", "213 x"));
    }
}

#[test]
fn a_new_session_after_rein_may_take_its_time() {
    let mut rig = Rig::greeted().on("REIN", [Say("120 soon"), Delay(seconds(40)), Say("220 now")]);
    rig.run(&mut client::reinitialize(), |_| ()).done();
    in_step(&mut rig);
}

fn ask<A: Answer, O: std::fmt::Debug>(
    verb: &str,
    reply: &'static str,
    mut operation: Operation<Exchange<'static, A>>,
    own: impl Fn(A::Output<'_>) -> O,
) -> (O, String) {
    let mut rig = Rig::greeted().says(verb, reply);
    let output = rig.run(&mut operation, own).done();
    (output, rig.commands().join("; "))
}

#[test]
fn times_are_set_and_what_the_server_made_of_them_is_read() {
    for (reply, told) in [
        ("213 Modify=20240229123456; f", Some(time())),
        ("213 Create=20240229123456; f", Some(time())),
        ("213 done", None),
        ("253 Date/time changed okay.", None),
    ] {
        let mut rig = Rig::greeted().says("MFMT", reply);
        let modified = rig.run(&mut client::set_modification_time(t("f"), time()), |time| time).done();
        assert_eq!((modified, rig.commands()), (told, vec!["MFMT 20240229123456 f"]));
        let created = ask("MFCT", reply, client::set_creation_time(t("f"), time()), |time| time);
        assert_eq!(created, (told, "MFCT 20240229123456 f".to_owned()));
    }
}

#[test]
fn hashes_are_read_as_servers_write_them() {
    for (algorithm, verb, digits) in [
        (HashAlgorithm::Crc32, "XCRC", "352441c2"),
        (HashAlgorithm::Md5, "XMD5", "900150983cd24fb0d6963f7d28e17f72"),
        (HashAlgorithm::Sha1, "XSHA1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            HashAlgorithm::Sha256,
            "XSHA256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            HashAlgorithm::Sha512,
            "XSHA512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
             454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        for template in ["250 {}", "213 {}", "250 \"f\" {}", "213  {} "] {
            let reply: &'static str = template.replace("{}", digits).leak();
            let (digest, commands) =
                ask(verb, reply, client::checksum(t("f"), algorithm), |digest| digest.unwrap().to_string());
            assert_eq!((&*digest, commands), (digits, format!("{verb} f")));
        }
        let (unreadable, _) =
            ask(verb, "250 done", client::checksum(t("f"), algorithm), |digest| digest.is_err());
        assert!(unreadable);
    }
}

#[test]
fn a_hash_may_be_of_a_range_and_by_another_algorithm() {
    const REPLY: &str = "213 MD5 0-49 900150983cd24fb0d6963f7d28e17f72 f";
    let range = ByteRange::new(0, 49).unwrap();
    for (algorithm, range, commands) in [
        (None, None, &["TYPE I", "HASH f"][..]),
        (Some(HashAlgorithm::Md5), None, &["TYPE I", "OPTS HASH MD5", "HASH f"]),
        (None, Some(range), &["TYPE I", "RANG 0 49", "HASH f"]),
        (Some(HashAlgorithm::Md5), Some(range), &["TYPE I", "OPTS HASH MD5", "RANG 0 49", "HASH f"]),
    ] {
        let rig = || Rig::greeted().says("OPTS", "200 MD5").says("RANG", "350 so be it").says("HASH", REPLY);
        let make = || client::hash(t("f"), algorithm, range);
        let mut rig_now = rig();
        let reply = rig_now.run(&mut make(), |reply| reply).done().unwrap();
        assert_eq!((reply.start, reply.end), (0, 49));
        assert_eq!(reply.digest.algorithm(), HashAlgorithm::Md5);
        assert_eq!(rig_now.commands(), commands);
        cancelled(make, rig);
        for command in commands {
            let verb = command.split(' ').next().unwrap();
            let mut refusing = Rig::greeted().says(verb, "504 no");
            for (other, reply) in [("OPTS", "200 MD5"), ("RANG", "350 yes"), ("HASH", REPLY)] {
                refusing = refusing.says(other, reply);
            }
            assert_eq!(refusing.run(&mut make(), |_| ()).refused(), 504, "{command}");
            in_step(&mut refusing);
        }
    }
}

#[test]
fn what_is_available_is_a_number() {
    for (reply, bytes) in [("213 1024", Some(1024)), ("213 1024 bytes", Some(1024)), ("213 plenty", None)] {
        let (read, commands) = ask("AVBL", reply, client::available(Some(t("d"))), |bytes| bytes.ok());
        assert_eq!((read, &*commands), (bytes, "AVBL d"));
    }
}
