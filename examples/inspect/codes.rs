//! Explains a reply code. The tables of the crate have its meaning, its source and the commands that
//! get it; this file has what a person who reads it in an error message wants to know besides.

use std::fmt::{self, Write};

use ftp_proto::codec::{Group, ReplyCode, Severity, Verb, VerbInfo};

use super::text::{item, list};

/// Returns when a server sends the code, and what the user can do about it. `None` for a code that
/// no document defines.
#[rustfmt::skip]
pub fn advice(code: ReplyCode) -> Option<(&'static str, &'static str)> {
    Some(match code.get() {
        110 => ("A restart marker for the data sent so far. Only transfers in MODE B and MODE C have them.",
                "Nothing. A client that keeps the last marker can give it to REST after a failure."),
        120 => ("The server is up but not ready: a second reply, 220, follows when it is.",
                "Wait. If no 220 comes in the time that the text names, connect again later."),
        125 => ("The transfer begins on a data connection that exists already. It is not complete before 226 or 250.",
                "Nothing. If the transfer then hangs, the data connection is blocked, not the control connection."),
        150 => ("The server has accepted the transfer and opens the data connection. The file is complete only after 226 or 250.",
                "Nothing. If nothing follows, a firewall blocks the data connection: try the other of passive and active mode."),
        200 => ("The command was carried out and there is nothing more to say about it.", "Nothing."),
        202 => ("The server has no need of the command, for example of ALLO where files grow by themselves.",
                "Nothing: it counts as a success."),
        211 => ("The status that STAT asked for, the list of features that FEAT asked for, or help. Usually many lines.",
                "Nothing. The list of features is the place to look for what the server supports."),
        212 => ("A listing of a directory on the control connection, as the answer to STAT with a path.", "Nothing."),
        213 => ("The value that was asked for is in the text: a size, a modification time, a hash, or the status of a file.",
                "Nothing. A size is that of the transfer in the current TYPE: in TYPE A it may differ from that on disk."),
        214 => ("Help for people. Programs should use FEAT.", "Nothing."),
        215 => ("The operating system of the server, as the answer to SYST. It often says UNIX where there is none.", "Nothing."),
        220 => ("The greeting of a new connection, or the answer to REIN or HOST.", "Log in."),
        221 => ("The goodbye of the server, as the answer to QUIT.", "Nothing."),
        225 => ("The answer to ABOR when no transfer was running: the data connection is usable.", "Nothing."),
        226 => ("The transfer has succeeded. To ABOR: the transfer was given up as asked.",
                "Nothing. Compare the size of the file if the server is known to say it too early."),
        227 => ("The server waits for a data connection at the six numbers in the text: four of the address, and a port of high * 256 + low.",
                "If the connection then fails and the address is private, the server sits behind NAT and does not know its public address: \
                 let the client use EPSV or ignore the address, or set the public address in the server."),
        228 => ("Like 227, for LPSV and addresses of any length. Hardly any server has it: EPSV has replaced it.", "Prefer EPSV."),
        229 => ("The server waits for a data connection at the port in the text, on the address of the control connection.",
                "If the connection fails, the firewall of the server blocks its passive ports: open them."),
        230 => ("The login is complete.", "Nothing."),
        232 => ("The login is complete without a password, since a certificate or ticket has proved who the user is.", "Nothing."),
        234 => ("The server accepts AUTH. With AUTH TLS the TLS handshake begins with the next byte.",
                "If the connection ends here, the handshake failed: look at certificates and TLS versions."),
        235 => ("The exchange of security data is complete.", "Nothing."),
        250 => ("The file or directory was changed, entered, removed or described as asked. Some servers end transfers with it.", "Nothing."),
        257 => ("The path of a directory in quotes: the one just made, or the current one. A quote in the path is doubled.", "Nothing."),
        331 => ("The user name is taken. It says nothing about whether the user exists.", "Send the password."),
        332 => ("The server wants ACCT, which few servers have.", "Find out which account to give, and send it with ACCT."),
        334 => ("The security mechanism is accepted and the next step is ADAT. With AUTH TLS this is wrong: 234 is right.",
                "Check which mechanism the client asked for."),
        335 => ("The security data was good and there are more steps.", "Let the client continue with ADAT."),
        336 => ("The password has to be computed from the challenge in the text, by one-time passwords for example.",
                "Compute the answer and send it as the password."),
        350 => ("Half of a pair was accepted: RNFR waits for RNTO, and REST and RANG for a transfer.",
                "Nothing. If the second half fails, nothing was done."),
        421 => ("The server closes the control connection: it shuts down, has too many users, or has waited too long for a command.",
                "Connect again later, with fewer connections at once. For idle connections, raise the server's timeout or send NOOP."),
        425 => ("The data connection could not be made: a firewall or NAT blocks it, the port is closed, nobody came in time, or no PASV or PORT was sent.",
                "Use passive mode if the client is behind NAT; open the passive ports in the server's firewall; check the address in 227; \
                 with TLS, let the client resume the session of the control connection."),
        426 => ("The data connection broke, or ABOR ended it. The file is not complete.",
                "Try again, from the break with REST. If it happens after the same time or size, look at timeouts, quotas and NAT on the way."),
        431 => ("Something that TLS or another mechanism needs is missing in the server: often its certificate.",
                "Ask the operator: the server's TLS is not set up."),
        434 => ("The virtual host that HOST named is not available. Servers after RFC 7151 say 504 instead.",
                "Check the name of the host."),
        450 => ("The file or directory cannot be used at the moment: it is locked or in use. Some servers send it for a missing file or an empty listing too.",
                "Try again later."),
        451 => ("The server failed while it worked: a read or write error, a script, or a host that does not answer.",
                "Try again; if it stays, the log of the server has the reason."),
        452 => ("The disk of the server is full.", "Free some space, or ask the operator to."),
        500 => ("The server does not know the command, or cannot read the line: it is too long, or something else than FTP arrived.",
                "Clients try an older command instead. If every command gets it, something between rewrites the connection, or TLS was expected."),
        501 => ("The command is known and its argument is wrong: a missing or malformed path, number or address.",
                "Check the argument: spaces, encoding, a PORT address that differs from the client's own."),
        502 => ("The server knows the command and does not offer it, or an operator has switched it off.",
                "Use another command: PASV instead of EPSV, LIST instead of MLSD. AUTH: the server has no TLS."),
        503 => ("A command that has to come first is missing: USER before PASS, RNFR before RNTO, PBSZ before PROT, PROT P before a transfer.",
                "Send the missing command. If it was sent, it had failed: look at its reply."),
        504 => ("The command exists but not for this argument: a TYPE, MODE or PROT that the server lacks, or an address that it refuses.",
                "Choose another argument. To PORT or EPRT: give the client's own address and a port of at least 1024, or use passive mode."),
        521 => ("To a transfer: not with this PROT. To MKD: the directory exists. To LPRT and LPSV: not this address family.",
                "To a transfer: send PBSZ 0 and PROT P first. To MKD: use the directory as it is."),
        522 => ("To EPRT and EPSV: not this address family; those in parentheses work. To a transfer: TLS on the data connection failed.",
                "EPRT, EPSV: use the family in parentheses, 1 for IPv4 and 2 for IPv6. \
                 A transfer: let the client resume the TLS session of its control connection, which many servers require."),
        530 => ("The login failed, or a command came before the login. Some servers send it to AUTH or USER when they demand TLS.",
                "Check the user name and the password. If TLS is demanded, let the client use AUTH TLS."),
        532 => ("Storing files needs an account, given with ACCT.", "Send ACCT, or ask the operator which account to use."),
        533 => ("The command has to come protected.", "Use TLS on the control connection, and do not end it with CCC."),
        534 => ("A policy of the server forbids it: no login without TLS, no such PROT, no CCC, or this mechanism is refused.",
                "Use AUTH TLS and PROT P. To AUTH: the server refuses TLS for this host."),
        535 => ("A check of the security mechanism failed: a certificate, a checksum, or data out of order.",
                "Look at the certificates of both sides and at their clocks."),
        536 => ("The mechanism does not have this level of protection. TLS has C and P only.", "Use PROT P."),
        537 => ("The mechanism does not have this kind of protected command. TLS has none of MIC, CONF and ENC.", "Send the command plainly, under TLS."),
        550 => ("The path does not exist, is of the wrong kind, or access is denied. The text says which, and it is the only hint.",
                "Check the path with PWD and a listing of its directory: case, spaces and the encoding of names. Then check the permissions."),
        551 => ("A transfer in STRU P met a page of an unknown type. Hardly anyone uses pages.", "Use STRU F."),
        552 => ("The upload exceeds a quota. What was sent may be left as a truncated file.", "Remove something, or ask for a greater quota."),
        553 => ("The file may not have this name: characters, length, or an upload may not replace a file.",
                "Choose another name. For uploads over an existing file, ask whether the server permits that."),
        554 => ("The offset of REST is beyond the end of the file, or not possible in this TYPE or MODE.",
                "Compare the sizes of both files, and start at 0 if they differ."),
        555 => ("The file has another type or structure than the transfer asks for.", "Use TYPE I and STRU F."),
        556 => ("The server does not hash this file: it is a directory, or too large.", "Download the file and hash it, or ask for a range with RANG."),
        631 => ("A reply inside a reply: it is protected against change and has to be decoded. TLS does not use it.",
                "Only a client of the same mechanism of RFC 2228 can read it."),
        632 => ("A reply inside a reply: it is encrypted and protected against change. TLS does not use it.",
                "Only a client of the same mechanism of RFC 2228 can read it."),
        633 => ("A reply inside a reply: it is encrypted. TLS does not use it.",
                "Only a client of the same mechanism of RFC 2228 can read it."),
        _ => return None,
    })
}

const fn outcome(severity: Severity) -> &'static str {
    match severity {
        Severity::PositivePreliminary => "1yz: begun; another reply to the same command follows",
        Severity::PositiveCompletion => "2yz: done",
        Severity::PositiveIntermediate => {
            "3yz: accepted so far; the next command has to supply what is missing"
        }
        Severity::TransientNegative => "4yz: not done; the same command may work later",
        Severity::PermanentNegative => "5yz: not done; the same command will fail again",
        Severity::Protected => "6yz: the text contains the actual reply, protected",
    }
}

const fn subject(group: Option<Group>) -> &'static str {
    match group {
        Some(Group::Syntax) => "x0z: the syntax of commands, and whatever fits nowhere else",
        Some(Group::Information) => "x1z: information that was asked for",
        Some(Group::Connections) => "x2z: the control and data connections",
        Some(Group::Authentication) => "x3z: login, accounting and protection",
        Some(Group::Unspecified) => "x4z: a group that RFC 959 leaves open",
        Some(Group::FileSystem) => "x5z: the file system",
        None => "a group that no document defines",
    }
}

/// Returns the commands that may get the code, with a mark at those whose own document lacks it.
fn commands(code: ReplyCode) -> String {
    let mut names: Vec<String> = Vec::new();
    for verb in Verb::ALL {
        let info = verb.info();
        let (listed, seen) = (info.replies().any(|reply| reply == code), info.seen.contains(&code));
        if listed || seen {
            let mark = match () {
                () if seen || info.departures.contains(&code) => "*",
                () if info.additions.contains(&code) => "+",
                () => "",
            };
            names.push(format!("{verb}{mark}"));
        }
    }
    let mut text = names.join(" ");
    let mut or = |more: &str| {
        let _ = write!(text, "{}{more}", if text.is_empty() { "" } else { "; " });
    };
    if VerbInfo::ANY.contains(&code) {
        or("any command");
    }
    if VerbInfo::GREETING.contains(&code) || code == ReplyCode::SERVICE_NOT_AVAILABLE {
        or("a new connection, before any command");
    }
    if VerbInfo::PROTECTED.contains(&code) {
        or("any command under a mechanism of RFC 2228 other than TLS");
    }
    if code == VerbInfo::UNANSWERED {
        or("any command that a server fails to carry out");
    }
    match text.is_empty() {
        true => "no command in any document".into(),
        false => text,
    }
}

/// Writes the explanation of a code, known or not.
pub fn explain(code: ReplyCode, out: &mut impl fmt::Write) -> fmt::Result {
    match code.meaning() {
        Some(meaning) => writeln!(out, "{code}: {meaning}")?,
        None => writeln!(out, "{code}: no document defines this code; its first digit decides")?,
    }
    item(out, "outcome", outcome(code.severity()))?;
    item(out, "subject", subject(code.group()))?;
    if let Some(source) = code.source() {
        item(out, "defined in", source)?;
    }
    let commands = commands(code);
    item(out, "answers", &commands)?;
    let marks =
        [('+', "+ added by a later document than the command's own"), ('*', "* in use, but in no document")];
    let marks: Vec<_> =
        marks.iter().filter(|(mark, _)| commands.contains(*mark)).map(|(_, text)| *text).collect();
    if !marks.is_empty() {
        item(out, "", &marks.join("; "))?;
    }
    if let Some((when, act)) = advice(code) {
        item(out, "in practice", when)?;
        item(out, "what to do", act)?;
    } else {
        let similar: Vec<ReplyCode> =
            ReplyCode::ALL.iter().copied().filter(|known| known.get() / 10 == code.get() / 10).collect();
        if !similar.is_empty() {
            item(out, "of its kind", &list(&similar))?;
        }
    }
    Ok(())
}
