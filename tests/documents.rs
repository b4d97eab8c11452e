//! Documents that are generated from the crate's tables. Each test compares a file with what it
//! should hold. To write the files: `UPDATE=1 cargo test --test documents`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use ftp_proto::codec::{Argument, Direction, LoginGate, ReplyCode, Severity, TransferGate, Verb, VerbInfo};
use ftp_proto::server::Config;
use ftp_proto::testing::{MemoryHost, ScriptedClient};

const HEAD: &str = "# Commands and replies

Generated from the tables in `src/codec/verb.rs`, `src/codec/code.rs` and `server::Config`, by `tests/documents.rs`. To change
it, change these and run `UPDATE=1 cargo test --test documents`.
";

const COMMANDS: &str = "
## Commands

- **server**: `yes`, the session serves the command, or leaves it to the host (`Config::overridden`); `own`, the session serves it
  and never leaves it to the host; `set`, it is served only if the configuration says so; `host`, only a host can answer it;
  `no`, it is never served.
- **when**: `login` needs a login; `anytime` does not. `now` is answered during a transfer, the others after it.
- **replies**: those of the command besides the ones that any command may get, below. `+` marks what a later document than the
  command's own has added, and `*` what no document lists for it but this server may send. Behind the bar are further successes
  that servers in use send, which a client accepts.

| command | argument | what it does | document | when | data | server | replies |
|---|---|---|---|---|---|---|---|
";

/// Writes text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

/// Writes the replies of a command, in the order of their outcomes.
fn replies(info: &VerbInfo) -> String {
    let marked = |code: ReplyCode| {
        let mark = match (info.departures.contains(&code), info.additions.contains(&code)) {
            (true, _) => "*",
            (_, true) => "+",
            _ => "",
        };
        format!("{code}{mark}")
    };
    let mut text = info.replies().map(marked).collect::<Vec<_>>().join(" ");
    // Codes that any command may get, but that this one gets in a departure from its document.
    for code in info.departures.iter().filter(|code| VerbInfo::ANY.contains(code)) {
        let _ = write!(text, " {code}*");
    }
    if !info.seen.is_empty() {
        let _ = write!(text, " \\| {}", numbers(info.seen));
    }
    text
}

fn numbers(codes: &[ReplyCode]) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Returns whether a session in its default configuration serves the command.
fn is_served(verb: Verb) -> bool {
    let mut client = ScriptedClient::new(Config::default(), MemoryHost::new());
    client.send("USER me\r\nPASS any\r\n");
    client.send(format!("{verb}\r\n"));
    let codes = client.codes();
    assert!(codes.len() > 3, "{verb} was not answered: {codes:?}");
    codes[3] != 502
}

fn commands() -> String {
    let mut text = COMMANDS.to_owned();
    for verb in Verb::ALL {
        let info = verb.info();
        let argument = match info.argument {
            Argument::None => String::new(),
            argument => cell(argument.syntax()),
        };
        let older = info.alias_of.map_or(String::new(), |verb| format!("; an older name of {verb}"));
        let login = if info.login == LoginGate::Anytime { "anytime" } else { "login" };
        let when = if info.transfer == TransferGate::Now { ", now" } else { "" };
        let data = match info.data {
            None => "",
            Some(Direction::FromServer) => "from the server",
            Some(Direction::ToServer) => "to the server",
        };
        let own = Config::OWN.contains(*verb);
        let server = match Config::COMMANDS.contains(*verb) {
            true if !is_served(*verb) => "set",
            true if own => "own",
            true => "yes",
            false if own => "no",
            false => "host",
        };
        let (name, summary, source) = (info.name, cell(info.summary), info.source);
        let _ = writeln!(
            text,
            "| {name} | {argument} | {summary}{older} | {source} | {login}{when} | {data} | {server} | {} |",
            replies(info)
        );
    }
    text
}

fn codes() -> String {
    let mut text = format!(
        "
## Replies that are in no row

| | codes |
|---|---|
| a new connection, besides 421 | {} |
| any command | {} |
| any command under a mechanism of RFC 2228 other than TLS | {} |
| any command whose host does not answer in time; in no document | {} |

## Reply codes

A code that is not here counts by its first digit. **Commands** are those with the code in their row.

| code | meaning | document | commands |
|---|---|---|---|
",
        numbers(VerbInfo::GREETING),
        numbers(VerbInfo::ANY),
        numbers(VerbInfo::PROTECTED),
        VerbInfo::UNANSWERED,
    );
    let mut last = None;
    for code in ReplyCode::ALL {
        if last != Some(code.severity()) {
            last = Some(code.severity());
            let _ = writeln!(text, "| **{}yz** | **{}** | | |", code.get() / 100, severity(code.severity()));
        }
        let in_rows: Vec<_> = Verb::ALL
            .iter()
            .filter(|verb| verb.info().replies().any(|reply| reply == *code))
            .map(|verb| verb.as_str())
            .collect();
        let rows = if VerbInfo::ANY.contains(code) { "any".to_owned() } else { in_rows.join(" ") };
        let (meaning, source) = (code.meaning().unwrap_or_default(), code.source().unwrap_or_default());
        let _ = writeln!(text, "| {code} | {} | {source} | {rows} |", cell(meaning));
    }
    text
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::PositivePreliminary => "begun; another reply follows",
        Severity::PositiveCompletion => "done",
        Severity::PositiveIntermediate => "accepted; the next command has to supply what is missing",
        Severity::TransientNegative => "not done; the same command may work later",
        Severity::PermanentNegative => "not done; the same command will fail again",
        Severity::Protected => "the text holds the actual reply, protected",
    }
}

/// Compares a file with the text that it should hold, or writes it.
fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    for (number, (found, wanted)) in found.lines().zip(text.lines()).enumerate() {
        assert_eq!(found, wanted, "{file}:{}: run UPDATE=1 cargo test --test documents", number + 1);
    }
    assert!(found == text, "{file} is too short or too long: run UPDATE=1 cargo test --test documents");
}

#[test]
fn the_page_of_commands_and_replies_is_what_the_tables_say() {
    let text = format!("{HEAD}{}{}", commands(), codes());
    assert!(text.lines().count() > Verb::ALL.len() + ReplyCode::ALL.len());
    check("docs/commands-and-replies.md", &text);
}
