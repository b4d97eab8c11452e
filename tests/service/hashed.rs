//! Users with password hashes.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use argon2::Argon2;
use ftp_proto::io::std::Client;
use ftp_proto::io::{Directory, Users};
use password_hash::phc::PasswordHash;
use password_hash::{CustomizedPasswordHasher, Error, PasswordVerifier};
use pbkdf2::{Params, Pbkdf2};

use crate::hosts::Slow;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// A password that was verified, and the name of the thread that did so.
type Verified = (String, Option<String>);

/// A record of the verifications.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Verified>>>);

impl Seen {
    fn take(&self) -> Vec<Verified> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// PBKDF2, with a record of its calls.
struct Watched(Seen, Pbkdf2);

impl PasswordVerifier<PasswordHash> for Watched {
    fn verify_password(&self, password: &[u8], hash: &PasswordHash) -> Result<(), Error> {
        let what = String::from_utf8_lossy(password).into_owned();
        self.0.0.lock().unwrap().push((what, thread::current().name().map(str::to_owned)));
        self.1.verify_password(password, hash)
    }
}

/// A verifier that supports no algorithm.
struct Ignorant;

impl PasswordVerifier<PasswordHash> for Ignorant {
    fn verify_password(&self, _: &[u8], _: &PasswordHash) -> Result<(), Error> {
        Err(Error::Algorithm)
    }
}

fn hash(password: &str) -> String {
    let params = Params::new(1000).unwrap();
    let salt = password.as_bytes().iter().cycle().take(16).copied().collect::<Vec<_>>();
    let hash = Pbkdf2::SHA256.hash_password_with_params(password.as_bytes(), &salt, params);
    let hash: PasswordHash = hash.unwrap();
    hash.to_string()
}

fn setup() -> Setup {
    let mut setup = Setup { login_delays: Some(false), ..Setup::default() };
    setup.config.timeouts.login_delay = Duration::ZERO;
    setup
}

/// Each login, whether it succeeds, and how many hashes are verified. All logins verify one, except
/// those that need no password, so that an unknown user takes as long.
const LOGINS: [(&str, &str, bool, usize); 10] = [
    ("alice", "hers", true, 1),
    ("alice", "his", false, 1),
    ("alice", "", false, 1),
    ("bob", "his", true, 1),
    ("bob", "hers", false, 1),
    ("carol", "plain", true, 1),
    ("carol", "hers", false, 1),
    ("mallory", "hers", false, 1),
    ("mallory", "plain", false, 1),
    ("anonymous", "me@example.org", true, 0),
];

fn logs_in(site: &Site, seen: &Seen, runtime: Runtime) {
    for (user, password, right, verified) in LOGINS {
        let mut client = Client::connect(site.address).unwrap();
        assert_eq!(client.login(user, password).is_ok(), right, "{runtime:?} {user} {password}");
        let seen = seen.take();
        assert_eq!(seen.len(), verified, "{runtime:?} {user} {password}");
        for (what, thread) in seen {
            assert_eq!(what, password);
            if runtime != Runtime::Threads {
                assert_eq!(thread.as_deref(), Some("ftp-host"), "a thread that stalls nobody");
            }
        }
    }
}

#[test]
fn a_user_comes_in_by_the_hash_of_the_password_and_every_login_takes_the_time_of_one() {
    for runtime in Runtime::ALL {
        let (root, seen) = (directory(), Seen::default());
        let shared = Arc::new(Directory::open(&root).unwrap());
        let users = Users::new()
            .verifier(Ignorant)
            .verifier(Watched(seen.clone(), Pbkdf2::SHA256))
            .user_with_hash("alice", &hash("hers"), Arc::clone(&shared))
            .unwrap()
            .reader_with_hash("bob", &hash("his"), Arc::clone(&shared))
            .unwrap()
            .user("carol", "plain", Arc::clone(&shared))
            .anonymous(shared);
        assert_eq!(seen.take().len(), 1, "one verification tells that both hashes are supported");
        let site = Site::of(runtime, setup(), root, Host::<_, Slow>::Blocking(users));
        logs_in(&site, &seen, runtime);
    }
}

#[test]
fn hashes_are_verified_apart_for_an_asynchronous_file_system_too() {
    for runtime in Runtime::ALL {
        let seen = Seen::default();
        let users = Users::new()
            .verifier(Watched(seen.clone(), Pbkdf2::SHA256))
            .user_with_hash("alice", &hash("hers"), Slow::default())
            .unwrap()
            .user_with_hash("bob", &hash("his"), Slow::default())
            .unwrap()
            .user("carol", "plain", Slow::default())
            .anonymous(Slow::default());
        assert_eq!(seen.take().len(), 1, "one verification tells that both hashes are supported");
        let site = Site::of(runtime, setup(), directory(), Host::<Users<Directory>, _>::Async(users));
        logs_in(&site, &seen, runtime);
    }
}

#[test]
fn a_hash_that_could_let_nobody_in_is_refused_when_its_user_is_added() {
    let root = directory();
    let open = || Directory::open(&root).unwrap();
    let expected = |users: Users<Directory>, text: &str| {
        let reader = users.reader_with_hash("alice", text, open());
        reader.unwrap_err().expected()
    };
    let able = || Users::new().verifier(Ignorant).verifier(Pbkdf2::SHA256).verifier(Argon2::default());
    let phc = "a password hash in the PHC string format";
    for text in [
        "",
        "secret",
        "$",
        "$pbkdf2-sha256$i=1000$$$",
        "$2y$10$no phc string",
        // crypt(3)
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "$5$rounds=5000$toolongsaltstrin$un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGsh8wQ.",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    ] {
        assert_eq!(expected(able(), text), phc, "{text:?}");
        assert!(able().user_with_hash("alice", text, open()).is_err(), "{text:?}");
    }
    for text in ["$pbkdf2-sha256$i=1000", "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ"] {
        assert_eq!(expected(able(), text), "a password hash with its salt and its output", "{text:?}");
    }
    let supported = "a password hash that a verifier supports, which is added first";
    let hers = hash("hers");
    assert_eq!(expected(Users::new(), &hers), supported);
    assert_eq!(expected(Users::new().verifier(Ignorant), &hers), supported);
    assert_eq!(expected(Users::new().verifier(Argon2::default()), &hers), supported);
    for (from, to) in [
        ("$pbkdf2-sha256$", "$scrypt$"),
        // By chance, the output of some SHA-256 crypt is base64.
        ("$pbkdf2-sha256$i=1000,l=32$", "$5$"),
        ("i=1000", "i=1000,j=1"),
    ] {
        let text = hers.replace(from, to);
        assert_ne!(text, hers);
        assert_eq!(expected(able(), &text), supported, "{text}");
    }
    // One that is supported does not speak for another algorithm, nor for other parameters.
    let users = able().user_with_hash("alice", &hers, open()).unwrap();
    assert!(!format!("{users:?}").contains("pbkdf2"));
    assert_eq!(expected(users, &hers.replace("$pbkdf2-sha256$", "$pbkdf2-sha1$")), supported);
    let users = able().user_with_hash("alice", &hers, open()).unwrap();
    assert_eq!(expected(users, &hers.replace("i=1000", "i=1000,j=1")), supported);
    std::fs::remove_dir(root).unwrap();
}
