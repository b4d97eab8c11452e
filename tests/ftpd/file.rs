//! The configuration file, and what is wrong with it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::daemon::{check, directory, program};

const ANONYMOUS: &str = "[anonymous]\nroot = \".\"\n";

/// A part of a file, and the first lines of what is said of it: with the number of the line and the key.
const WRONG: &[(&str, &[&str])] = &[
    ("", &["ftpd: ftpd.toml: nobody can log in: there is neither [anonymous] nor an [[account]]"]),
    (
        "limit = 1\n[anonymous]\nroot = \".\"",
        &[
            "ftpd: ftpd.toml:1: unknown field `limit`, expected one of `listen`, `runtime`, `user`, `group`, `umask`, \
           `banner`, `grace`, `foreign-addresses`, `proxy`, `limits`, `passive`, `tls`, `log`, `anonymous`, `account`, `host`",
        ],
    ),
    ("listen = [\"127.0.0.1\"]", &["ftpd: ftpd.toml:1: invalid socket address syntax"]),
    (
        "runtime = \"mio\"",
        &["ftpd: ftpd.toml:1: unknown variant `mio`, expected one of `std`, `tokio`, `smol`"],
    ),
    (
        "umask = \"9\"",
        &["ftpd: ftpd.toml:1: invalid value: string \"9\", expected three octal digits in quotes: \"027\""],
    ),
    (
        "umask = 27",
        &["ftpd: ftpd.toml:1: invalid value: integer `27`, expected three octal digits in quotes: \"027\""],
    ),
    (
        "banner = \"two\\nlines\"",
        &["ftpd: ftpd.toml:1: invalid value: string \"two\\nlines\", \
           expected one line of at most 400 bytes, without control characters"],
    ),
    (
        "user = \"no-such-user\"\n[anonymous]\nroot = \".\"",
        &["ftpd: ftpd.toml:1: there is no user \"no-such-user\""],
    ),
    ("group = \"root\"\n[anonymous]\nroot = \".\"", &["ftpd: ftpd.toml:1: a group needs a user"]),
    (
        "user = \"root\"\n[anonymous]\nroot = \".\"",
        &["ftpd: ftpd.toml:1: the server is to run as another user than root"],
    ),
    (
        "proxy = \"10.0.0.1, x\"",
        &["ftpd: ftpd.toml:1: invalid value: string \"10.0.0.1, x\", \
           expected the addresses of the proxies, separated by commas, or \"any\""],
    ),
    (
        // All of a section, in their order.
        "[limits]\nrate = \"10 XB\"\nidle-time = -5\nsessions = \"many\"",
        &[
            "ftpd: ftpd.toml:2: invalid value: string \"10 XB\", expected a number of bytes from 1 on, \
             or one with a unit (kB, MB, GB, TB, KiB, MiB, GiB, TiB): \"10 GiB\"",
            "ftpd: ftpd.toml:3: invalid value: integer `-5`, expected a number of seconds up to a year, \
             or one with a unit (s, min, h, d): \"5 min\"",
            "ftpd: ftpd.toml:4: invalid type: string \"many\", expected usize",
        ],
    ),
    (
        "[passive]\nports = \"100-50\"",
        &["ftpd: ftpd.toml:2: invalid value: string \"100-50\", \
           expected two numbers from 1 to 65535, the lower one first: \"50000-50100\""],
    ),
    (
        "[tls]\ncertificate = \"none.pem\"\nkee = \"none.key\"\nrequire = [\"log-in\"]",
        &[
            "ftpd: ftpd.toml:1: missing field `key`",
            "ftpd: ftpd.toml:3: unknown field `kee`, expected one of `certificate`, `key`, `implicit`, `require`, \
             `client-authorities`, `client-certificates`, `session-binding`",
            "ftpd: ftpd.toml:4: unknown variant `log-in`, expected `login` or `data`",
        ],
    ),
    (
        "[tls]\ncertificate = \"none.pem\"\nkey = \"ftpd.toml\"\n[anonymous]\nroot = \".\"",
        &[
            "ftpd: ftpd.toml:2: none.pem: No such file or directory (os error 2)",
            "ftpd: ftpd.toml:3: ftpd.toml: no private key in PEM",
        ],
    ),
    (
        "[log]\ntransfers = \"none/xferlog\"\n[anonymous]\nroot = \".\"",
        &["ftpd: ftpd.toml:2: none/xferlog: No such file or directory (os error 2)"],
    ),
    (
        "[anonymous]\nroot = \"nowhere\"\naccess = \"all\"\n[[account]]\nname = \"a\"\nroot = \".\"\naccess = [\"list\", \"reed\"]",
        &[
            "ftpd: ftpd.toml:2: nowhere: No such file or directory (os error 2)",
            "ftpd: ftpd.toml:3: invalid value: string \"all\", expected one of \"none\", \"read-only\", \"drop-box\", \"full\", \
             or a list of \"list\", \"read\", \"create\", \"write\", \"delete\"",
            "ftpd: ftpd.toml:7: invalid value: string \"reed\", expected one of \"none\", \"read-only\", \"drop-box\", \"full\", \
             or a list of \"list\", \"read\", \"create\", \"write\", \"delete\"",
        ],
    ),
    (
        // A password that is no hash is not repeated.
        "[[account]]\nname = \"a\"\nroot = \".\"\npassword = \"my password\"",
        &["ftpd: ftpd.toml:4: invalid value, \
           expected the hash of a password with argon2 or pbkdf2, as `ftpd --hash-password` prints it"],
    ),
    ("[[account]]\nname = \"a\"\nroot = \".\"", &["ftpd: ftpd.toml:2: account \"a\" has no password"]),
    ("[[account]]\nname = \"a\"\npassword = \"HASH\"", &["ftpd: ftpd.toml:1: missing field `root`"]),
    (
        "[[account]]\nname = \"a\"\nroot = \".\"\npassword = \"HASH\"\n[[account]]\nname = \"a\"\nroot = \".\"\npassword = \"HASH\"",
        &["ftpd: ftpd.toml:6: a second account \"a\""],
    ),
    (
        "[anonymous]\nroot = \".\"\n[[account]]\nname = \"FTP\"\nroot = \".\"\npassword = \"HASH\"",
        &["ftpd: ftpd.toml:4: \"FTP\" is the name of the anonymous user"],
    ),
    (
        "[[account]]\nname = \"a\"\nroot = \".\"\ncertificate = \"none.pem\"",
        &[
            "ftpd: ftpd.toml:4: certificates of accounts need tls.client-authorities",
            "ftpd: ftpd.toml:4: none.pem: No such file or directory (os error 2)",
        ],
    ),
    (
        "[anonymous]\nroot = \".\"\n[[anonymous.directory]]\npath = \"../up\"\naccess = \"full\"",
        &[
            "ftpd: ftpd.toml:4: invalid value: string \"../up\", expected a path from the root of the account, such as \"/incoming\"",
        ],
    ),
    (
        "[anonymous]\nroot = \".\"\n[[host]]\nname = \"a\"\n[[host]]\nname = \"A\"\n[host.anonymous]\nroot = \".\"",
        &["ftpd: ftpd.toml:4: nobody can log in at \"a\"", "ftpd: ftpd.toml:6: a second host \"A\""],
    ),
    (
        "[limits]\nidle-time = 0\n[anonymous]\nroot = \".\"",
        &["ftpd: ftpd.toml: limits.idle-time is zero: nobody could do anything"],
    ),
    ("listen = [\"127.0.0.1:0\"", &["ftpd: ftpd.toml:1: unclosed array, expected `]`"]),
];

#[test]
fn what_is_wrong_is_reported_with_its_line_and_what_is_allowed() {
    let directory = directory();
    for (config, expected) in WRONG {
        let (output, said) = check(&directory, config);
        assert_eq!(output.status.code(), Some(1), "{config}\n{said:#?}");
        assert!(output.stdout.is_empty(), "{config}");
        let found: Vec<_> = said.iter().filter(|line| line.starts_with("ftpd: ")).collect();
        assert_eq!(&found, expected, "{config}");
        assert!(!said.iter().any(|line| line.contains("my password")), "{said:#?}");
    }
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn an_error_shows_its_line_and_a_warning_is_no_error() {
    let directory = directory();
    let (_, said) = check(&directory, "[anonymous]\nroot = \".\"\n\nacces = \"full\"\n");
    assert_eq!(said[1..], ["    acces = \"full\"", "    ^^^^^"]);
    let warned = format!(
        "listen = [\"0.0.0.0:21\"]\n{ANONYMOUS}[[anonymous.directory]]\npath = \"/new\"\naccess = \"full\""
    );
    let (output, said) = check(&directory, &warned);
    assert_eq!(output.status.code(), Some(0), "{said:#?}");
    let found: Vec<_> = said.iter().filter(|line| line.starts_with("ftpd: ")).collect();
    assert_eq!(
        found,
        [
            "ftpd: ftpd.toml:5: warning: new: no such directory",
            "ftpd: ftpd.toml: warning: passwords may come to 0.0.0.0:21 in the clear, unless tls.require has \"login\"",
        ]
    );
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_sample_has_no_errors() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ftpd/ftpd.toml");
    let output = Command::new(program()).args(["--check", "--config", sample]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("no errors") && told.contains("bob@works.example.org: "), "{told}");

    // With all that is commented out, too, where the files that it names are missing.
    let text = fs::read_to_string(sample).unwrap();
    let is_setting = |line: &str| {
        let word = line.split_once(" = ").map_or("", |(key, _)| key);
        line.starts_with('[') || (!word.is_empty() && !word.contains(' '))
    };
    let whole: Vec<_> = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
        .collect();
    let directory = directory();
    let (_, said) = check(&directory, &whole.join("\n"));
    let wrong = said.iter().filter(|line| line.starts_with("ftpd: "));
    let wrong: Vec<_> = wrong
        .filter(|line| !line.contains("No such file or directory") && !line.contains("no such directory"))
        .filter(|line| !line.contains("cannot run as") && !line.contains("Permission denied"))
        .filter(|line| !line.contains("there is no user") && !line.contains("there is no group"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(whole.iter().filter(|line| line.contains(" = ")).count() > 45);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_password_becomes_a_hash_that_the_file_takes() {
    let hash = |password: &str| {
        let mut child = Command::new(program())
            .arg("--hash-password")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let (one, other) = (hash("secret\n"), hash("secret"));
    assert!(one.status.success() && one.stdout.starts_with(b"$argon2id$"), "{one:?}");
    assert_ne!(one.stdout, other.stdout, "each has a salt of its own");
    let directory = directory();
    let text = String::from_utf8(one.stdout).unwrap();
    let account = format!("[[account]]\nname = \"me\"\nroot = \".\"\npassword = \"{}\"\n", text.trim());
    let (output, said) = check(&directory, &account);
    assert!(output.status.success(), "{said:#?}");
    fs::remove_dir_all(directory).unwrap();
    assert_eq!(hash("\n").status.code(), Some(1), "an empty password");
}
