//! The example `inspect`, over reply codes, commands and the logs in `tests/dialogues`.

#[path = "support/example.rs"]
mod example;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use ftp_proto::codec::{ReplyCode, Verb};

/// The outcome of a run.
struct Done {
    code: Option<i32>,
    out: String,
    error: String,
}

impl Done {
    /// Returns the marks, each with the text of the line that it is on, without the wrapping.
    fn marks(&self) -> Vec<(String, String)> {
        let (mut line, mut marks) = (String::new(), Vec::<(String, String)>::new());
        let mut within = false;
        for text in self.out.lines() {
            let is_numbered = text.get(..5).is_some_and(|number| number.trim().parse::<u32>().is_ok());
            if is_numbered {
                line = text.get(9..).unwrap_or_default().to_owned();
            } else if let Some(mark) = text.strip_prefix("         ! ") {
                marks.push((line.clone(), mark.to_owned()));
            } else if let (true, Some((_, mark))) = (within && text.starts_with("      "), marks.last_mut()) {
                mark.push(' ');
                mark.push_str(text.trim());
            }
            within = text.starts_with("         ! ") || (within && text.starts_with("      "));
        }
        marks
    }

    /// Checks the marks: the line that each is on, and a part of it.
    #[track_caller]
    fn has_marks(&self, wanted: &[(&str, &str)]) {
        let marks = self.marks();
        for (line, part) in wanted {
            let found = marks.iter().any(|(on, mark)| on.starts_with(line) && mark.contains(part));
            assert!(found, "no mark {part:?} on {line:?}: {marks:#?}");
        }
        assert_eq!(marks.len(), wanted.len(), "{marks:#?}");
        assert_eq!(self.code, Some(i32::from(!wanted.is_empty())), "{}", self.out);
    }

    #[track_caller]
    fn says(&self, part: &str) {
        assert!(self.out.contains(part), "{part:?} is not in:\n{}", self.out);
    }
}

fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| example::example("inspect"))
}

fn inspect(arguments: &[&str], input: &[u8]) -> Done {
    let mut child = Command::new(program())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
}

fn of_file(name: &str) -> Done {
    inspect(&[&format!("{}/tests/dialogues/{name}.txt", env!("CARGO_MANIFEST_DIR"))], b"")
}

fn of_text(log: &str) -> Done {
    inspect(&["-"], log.as_bytes())
}

#[test]
fn every_code_is_explained_with_advice() {
    for code in ReplyCode::ALL {
        let done = inspect(&[&code.to_string()], b"");
        assert_eq!(done.code, Some(0), "{code}: {}", done.error);
        done.says(&format!("{code}: "));
        for label in ["outcome", "subject", "defined in", "answers", "in practice", "what to do"] {
            done.says(&format!("\n  {label}"));
        }
    }
}

#[test]
fn an_unknown_code_is_explained_by_its_digits() {
    let done = inspect(&["559"], b"");
    assert_eq!(done.code, Some(0));
    done.says("no document defines this code");
    done.says("5yz: not done");
    done.says("of its kind   550 551 552 553 554 555 556");
}

#[test]
fn a_code_names_the_commands_that_get_it() {
    let done = inspect(&["229"], b"");
    done.says("answers       EPSV\n");
    inspect(&["227"], b"").says("answers       PASV EPSV*\n");
    inspect(&["530"], b"").says("any command");
    inspect(&["120"], b"").says("a new connection");
}

#[test]
fn every_command_is_explained_in_any_case() {
    for verb in Verb::ALL {
        let name = verb.as_str().to_ascii_lowercase();
        let done = inspect(&[&name], b"");
        assert_eq!(done.code, Some(0), "{verb}: {}", done.error);
        done.says(&format!("{verb}: {}", verb.info().summary));
        done.says(verb.info().source);
        for code in verb.info().replies() {
            done.says(&format!("{code} "));
        }
    }
}

#[test]
fn arguments_that_are_nothing_exit_with_2_and_a_hint() {
    for (argument, hint) in [
        ("700", "three digits"),
        ("42", "three digits"),
        ("EPVS", "similar commands: EPSV"),
        ("no/such/file", "inspect 425"),
        ("", "inspect 425"),
    ] {
        let done = inspect(&[argument], b"");
        assert_eq!(done.code, Some(2), "{argument}");
        assert!(done.error.contains(hint), "{argument}: {}", done.error);
        assert!(done.out.is_empty());
    }
    let done = inspect(&["-"], b"Dear all,\nthe server is down.\n");
    assert_eq!(done.code, Some(2));
    assert!(done.error.contains("no line is a command or a reply"), "{}", done.error);
    assert_eq!(inspect(&[], b"").code, Some(2));
}

#[test]
fn a_single_line_is_explained() {
    let done = inspect(&["227 Entering Passive Mode (10,0,0,5,200,1)"], b"");
    done.says("10.0.0.5:51201");
    done.has_marks(&[("227", "the address 10.0.0.5 is private")]);
    inspect(&["RETR file"], b"").has_marks(&[]);
    inspect(&["PORT 1,2"], b"").has_marks(&[("PORT", "the argument of PORT")]);
}

#[test]
fn a_log_of_curl() {
    let done = of_file("curl");
    done.says("style of the log: curl -v");
    done.says("answers PASV in line 12");
    done.says("1 line is not FTP");
    done.says("ftp://me:***@ftp.example.org/pub/README");
    assert!(!done.out.contains("hunter2"), "{}", done.out);
    done.has_marks(&[
        ("PASS ***", "the log shows a secret"),
        ("227", "the address 192.168.1.20 is private, and not the server's, 198.51.100.7"),
        ("226", "a 150 or 125 is missing"),
    ]);
}

#[test]
fn a_log_of_lftp() {
    let done = of_file("lftp");
    done.says("style of the log: lftp");
    done.says("belongs to the reply 211");
    done.says("the password of an anonymous user");
    done.has_marks(&[("LIST", "a 226 or 250 is missing")]);
}

#[test]
fn a_log_of_filezilla_with_two_connections() {
    let done = of_file("filezilla");
    done.says("style of the log: FileZilla");
    assert_eq!(done.out.matches("the greeting\n").count(), 2, "{}", done.out);
    done.has_marks(&[
        ("226", "PWD in line 14 may not get 226"),
        ("PORT", "the client's address 192.168.1.5 is private and the server's is not"),
        ("PORT", "port 80"),
    ]);
    // The window shows the same without the numbers.
    let shown =
        "Status:\tConnecting to 198.51.100.7:21...\nResponse:\t220 Hi\nCommand:\tPWD\nResponse:\t530 No\n";
    of_text(shown).has_marks(&[]);
    of_text(&shown.replace("Status", "10:11:12\tStatus").replace("Command", "10:11:13\tCommand"))
        .has_marks(&[]);
}

#[test]
fn a_log_of_ftp_shows_some_replies_twice() {
    let done = of_file("ftp");
    done.says("style of the log: ftp with debug");
    done.says("shows such replies twice");
    done.says("1 line is not FTP");
    done.has_marks(&[]);
}

#[test]
fn a_plain_log_with_all_kinds_of_mistakes() {
    let done = of_file("plain");
    done.says("style of the log: plain text");
    done.says("sent before the reply to RNFR in line 27: the client pipelines");
    done.says("a command of no document");
    done.has_marks(&[
        ("PASV", "after EPSV ALL only EPSV may follow"),
        ("227", "the address 10.0.0.5 is private"),
        ("150", "a second 1yz reply to LIST"),
        ("226 Done", "no command waits for it"),
        ("226 Late", "out of sequence: it answers RETR in line 17"),
        ("TYPE Q", "the argument of TYPE"),
        ("257", "DELE in line 24 may not get 257"),
        ("hello", "not a reply"),
        ("NOOP", "had closed the connection"),
    ]);
}

#[test]
fn bare_lines_are_told_apart_by_their_form() {
    let done = of_file("bare");
    done.says("the server has these families: 2");
    done.says("?? some words that are no FTP");
    assert!(!done.out.contains("swordfish"), "{}", done.out);
    done.has_marks(&[("PASS ***", "the log shows a secret")]);
}

#[test]
fn the_servers_address_may_be_given() {
    let log = b"C: PASV\nS: 227 Entering Passive Mode (203,0,113,9,200,1)\n";
    inspect(&["-"], log).has_marks(&[]);
    inspect(&["--server", "203.0.113.9", "-"], log).has_marks(&[]);
    inspect(&["--server", "203.0.113.8", "-"], log)
        .has_marks(&[("227", "the address 203.0.113.9 is not the server's, 203.0.113.8")]);
    let private = b"C: PASV\nS: 227 Entering Passive Mode (10,0,0,9,200,1)\n";
    inspect(&["--server", "10.0.0.9", "-"], private).has_marks(&[]);
    assert_eq!(inspect(&["--server", "nowhere", "-"], log).code, Some(2));
}

#[test]
fn a_missing_226_is_marked_on_the_transfer_and_does_not_shift_later_replies() {
    of_text("C: RETR a\nS: 150 Go\nC: CWD x\nS: 550 No\nC: PWD\nS: 257 \"/\"\n")
        .has_marks(&[("RETR a", "a 226 or 250 is missing")]);
}

#[test]
fn what_answers_during_a_transfer_is_in_sequence() {
    of_text("C: RETR a\nS: 150 Go\nC: NOOP\nS: 200 Ok\nC: ABOR\nS: 426 Gone\nS: 226 Aborted\n")
        .has_marks(&[]);
    of_text("C: RETR a\nS: 150 Go\nC: QUIT\nS: 226 Done\nS: 221 Bye\n").has_marks(&[]);
}

#[test]
fn a_reply_without_an_end_is_marked() {
    of_text("C: FEAT\nS: 211-Features\nS:  SIZE\nC: PWD\nS: 257 \"/\"\n")
        .has_marks(&[("PWD", "the reply 211 before it has not ended"), ("FEAT", "no reply")]);
}

#[test]
fn a_second_connection_in_one_log_begins_anew() {
    of_text("C: USER a\nS: 331 And?\nC: QUIT\nS: 221 Bye\nS: 220 Hi\nC: USER b\nS: 331 And?\n")
        .has_marks(&[]);
    of_text("S: 421 Too many\nS: 220 Hi\nC: PWD\nS: 257 \"/\"\n").has_marks(&[]);
}

#[test]
fn secrets_are_hidden_wherever_they_are() {
    let log = "S: 220 Hi\nC: USER me\nS: 331 And?\n[pid 7] sent PASS topsecret\nC: PASS\ttopsecret\nC: SITE PSWD topsecret x\nsee ftp://me:topsecret@host/\nS: 230 In\n";
    let done = of_text(log);
    assert!(!done.out.contains("topsecret"), "{}", done.out);
    assert_eq!(of_text("C: PASS XXXX\nS: 230 In\n").code, Some(0));
    assert_eq!(of_text("C: PASS <hidden>\nS: 230 In\n").code, Some(0));
}

#[test]
fn any_bytes_are_explained_or_refused() {
    let mut state = 1_u32;
    for _ in 0..30 {
        let log: Vec<u8> = (0..400)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"CS: \n\r\t12530-PASVUERTR(),|\xff\0<>*"[(state >> 24) as usize % 31]
            })
            .collect();
        let done = inspect(&["-"], &log);
        assert!(matches!(done.code, Some(0..=2)), "{:?}: {}", done.code, done.error);
        assert!(!done.error.contains("panicked"), "{}", done.error);
    }
}
