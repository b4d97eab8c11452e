//! The table of all FTP commands: the argument, gates and possible replies of each (RFC 959 4.1,
//! 5.3 and 5.4, and later documents).
//!
//! Everything else derives from this table: the shape of arguments for the parser, gates for the
//! server, the meaning of replies for the client, syntax and summary for HELP, and legal replies
//! for the tests. To add a command or change a rule, change one row.
//!
//! ```text
//! command   = verb [SP argument] CRLF     ; RFC 959 5.3
//! verb      = 3*7(ALPHA / DIGIT)          ; ignoring case; RFC 959 needs no more than 4 letters
//! ```

use core::fmt;

use super::ReplyCode;
use Argument::{Optional, Required};
use Direction::{FromServer, ToServer};
use LoginGate::Anytime;
use TransferGate::Now;
use info::codes;

mod info;
mod name;
mod set;

pub use info::{Argument, Direction, LoginGate, TransferGate, VerbInfo};
pub use set::VerbSet;

/// Defines the enum, its names and the rows of the table. A column that a row omits has its value
/// in [`VerbInfo::PLAIN`].
macro_rules! verbs {
    ($($variant:ident $name:literal $source:literal $summary:literal {
        $($column:ident: $value:expr),*; $($outcome:ident [$($code:literal)*]),* $(,)?
    })*) => {
        /// A known command.
        ///
        /// Its properties are in its [`VerbInfo`]. The order is that of the table: RFC 959 first,
        /// in its own order, then later additions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Verb {
            $(#[doc = concat!("`", $name, "`: ", $summary, " (", $source, ").")] $variant,)*
        }

        impl Verb {
            /// Every known command, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }

        impl Verb {
            /// Returns the row of the table.
            #[inline]
            #[must_use]
            pub const fn info(self) -> &'static VerbInfo {
                match self {
                    $(Self::$variant => const {
                        &VerbInfo {
                            name: $name,
                            source: $source,
                            summary: $summary,
                            $($column: $value,)*
                            $($outcome: codes![$($code)*],)*
                            ..VerbInfo::PLAIN
                        }
                    },)*
                }
            }
        }

        const NAMES: [&str; Verb::ALL.len()] = [$($name),*];
    };
}

// A row lists the name, the document, what the command does, its argument and gates, then the
// replies it may get besides `ANY`, `PROTECTED` and `UNANSWERED`. The lists of the four outcomes
// are complete; `additions` and `departures` mark those of their codes that the document of the row
// does not list. `seen` lists further replies of real servers, which only a client needs to know.
verbs! {
    // ---- RFC 959: access control ----
    User "USER" "RFC 959 4.1.1" "Name the user who logs in" {
        argument: Required("<SP> <username>"), login: Anytime;
        success [230 232], intermediate [331 332 336], failure [534], additions [232 336], departures [534]
    }
    Pass "PASS" "RFC 959 4.1.1" "Give the password of the user" {
        argument: Required("<SP> <password>"), login: Anytime, secret: true;
        success [202 230], intermediate [332], failure [503]
    }
    Acct "ACCT" "RFC 959 4.1.1" "Give the account of the user" {
        argument: Required("<SP> <account-information>"), login: Anytime, secret: true;
        success [202 230], failure [503]
    }
    Cwd "CWD" "RFC 959 4.1.1" "Change the working directory" {
        argument: Required("<SP> <pathname>"), changes: true;
        success [250], failure [550]
    }
    Cdup "CDUP" "RFC 959 4.1.1" "Change the working directory to its parent" {
        changes: true;
        success [200 250], failure [550], departures [250]
    }
    Smnt "SMNT" "RFC 959 4.1.1" "Mount another file system" {
        argument: Required("<SP> <pathname>");
        success [202 250], failure [550]
    }
    Rein "REIN" "RFC 959 4.1.1" "Log out and begin anew on the same connection" {
        login: Anytime;
        preliminary [120], success [220]
    }
    Quit "QUIT" "RFC 959 4.1.1" "Log out and close the connection, once a running transfer has ended" {
        login: Anytime;
        success [221]
    }

    // ---- RFC 959: transfer parameters ----
    Port "PORT" "RFC 959 4.1.2" "Say where the server is to open the data connection" {
        argument: Required("<SP> <host-port>"), exact: true;
        success [200], seen [202 250]
    }
    Pasv "PASV" "RFC 959 4.1.2" "Let the server listen for the data connection" {
        exact: true;
        success [227], failure [425], departures [425]
    }
    Type "TYPE" "RFC 959 4.1.2" "Set the representation type of the data" {
        argument: Required("<SP> <type-code>");
        success [200]
    }
    Stru "STRU" "RFC 959 4.1.2" "Set the structure of files" {
        argument: Required("<SP> <structure-code>");
        success [200]
    }
    Mode "MODE" "RFC 959 4.1.2" "Set the transfer mode" {
        argument: Required("<SP> <mode-code>");
        success [200]
    }

    // ---- RFC 959: service ----
    Retr "RETR" "RFC 959 4.1.3" "Retrieve a file" {
        argument: Required("<SP> <pathname>"), data: Some(FromServer), exact: true;
        preliminary [110 125 150], success [226 250],
        failure [425 426 450 451 521 522 534 535 550 554 555], additions [521 522 534 535 554 555]
    }
    Stor "STOR" "RFC 959 4.1.3" "Store a file, in place of one of that name" {
        argument: Required("<SP> <pathname>"), data: Some(ToServer), exact: true, irrevocable: true, changes: true;
        preliminary [110 125 150], success [226 250],
        failure [425 426 450 451 452 521 522 532 534 535 550 551 552 553 554 555],
        additions [521 522 534 535 554 555], departures [550]
    }
    // RFC 959 gives STOU no argument, but clients send the name that they prefer, and servers
    // accept it.
    Stou "STOU" "RFC 959 4.1.3" "Store a file under a name that the server makes up" {
        argument: Optional("[<SP> <pathname>]"), data: Some(ToServer), exact: true, irrevocable: true, changes: true;
        preliminary [110 125 150], success [226 250],
        failure [425 426 450 451 452 521 522 532 534 535 550 551 552 553 554 555],
        additions [521 522 534 535 554 555], departures [550]
    }
    Appe "APPE" "RFC 959 4.1.3" "Store at the end of a file, or as a new one" {
        argument: Required("<SP> <pathname>"), data: Some(ToServer), exact: true, irrevocable: true, changes: true;
        preliminary [110 125 150], success [226 250],
        failure [425 426 450 451 452 521 522 532 534 535 550 551 552 553 554 555],
        additions [521 522 534 535 554 555]
    }
    Allo "ALLO" "RFC 959 4.1.3" "Reserve storage for the file that follows" {
        argument: Required("<SP> <decimal-integer> [<SP> R <SP> <decimal-integer>]");
        success [200 202], failure [552], departures [552]
    }
    Rest "REST" "RFC 959 4.1.3" "Say where the next transfer is to start" {
        argument: Required("<SP> <marker>"), changes: true;
        intermediate [350]
    }
    Rnfr "RNFR" "RFC 959 4.1.3" "Name the file to rename" {
        argument: Required("<SP> <pathname>"), exact: true, irrevocable: true;
        intermediate [350], failure [450 550]
    }
    Rnto "RNTO" "RFC 959 4.1.3" "Give the file that RNFR named its new name" {
        argument: Required("<SP> <pathname>"), irrevocable: true, changes: true;
        success [250], failure [503 532 550 553], departures [550]
    }
    Abor "ABOR" "RFC 959 4.1.3" "Abort the transfer that is running" {
        transfer: Now;
        success [225 226], departures [530]
    }
    Dele "DELE" "RFC 959 4.1.3" "Delete a file" {
        argument: Required("<SP> <pathname>"), irrevocable: true, changes: true;
        success [250], failure [450 550]
    }
    Rmd "RMD" "RFC 959 4.1.3" "Remove a directory" {
        argument: Required("<SP> <pathname>"), irrevocable: true, changes: true;
        success [250], failure [550]
    }
    // 521 (the directory exists) is in RFC 959 Appendix II.
    Mkd "MKD" "RFC 959 4.1.3" "Make a directory" {
        argument: Required("<SP> <pathname>"), changes: true;
        success [257], failure [521 550], departures [521]
    }
    Pwd "PWD" "RFC 959 4.1.3" "Tell the working directory" {
        exact: true, carries_value: true;
        success [257], failure [550], departures [530], seen [250]
    }
    List "LIST" "RFC 959 4.1.3" "List a directory, for a person to read" {
        argument: Optional("[<SP> <pathname>]"), data: Some(FromServer), exact: true;
        preliminary [125 150], success [226 250],
        failure [425 426 450 451 521 522 534 535 550], additions [521 522 534 535], departures [550]
    }
    Nlst "NLST" "RFC 959 4.1.3" "List the names in a directory" {
        argument: Optional("[<SP> <pathname>]"), data: Some(FromServer), exact: true;
        preliminary [125 150], success [226 250],
        failure [425 426 450 451 521 522 534 535 550], additions [521 522 534 535], departures [550]
    }
    // The text after SITE and the reply to it are specific to the server; 214 answers SITE HELP.
    Site "SITE" "RFC 959 4.1.3" "Give a command that only this server has" {
        argument: Required("<SP> <string>"), irrevocable: true;
        success [200 202 214], failure [550], departures [214 550]
    }
    Syst "SYST" "RFC 959 4.1.3" "Tell the operating system of the server" {
        login: Anytime, exact: true, carries_value: true;
        success [215]
    }
    Stat "STAT" "RFC 959 4.1.3" "Tell the state of the server or of a transfer, or list a path" {
        argument: Optional("[<SP> <pathname>]"), transfer: Now;
        success [211 212 213], failure [450 550], departures [550]
    }
    Help "HELP" "RFC 959 4.1.3" "Tell which commands there are, or what one does" {
        argument: Optional("[<SP> <string>]"), login: Anytime;
        success [211 214]
    }
    Noop "NOOP" "RFC 959 4.1.3" "Do nothing" {
        login: Anytime, transfer: Now;
        success [200]
    }

    // ---- RFC 775: the older names of the directory commands ----
    Xmkd "XMKD" "RFC 775" "Make a directory" {
        argument: Required("<SP> <pathname>"), alias_of: Some(Verb::Mkd), changes: true;
        success [257], failure [521 550], departures [521]
    }
    Xrmd "XRMD" "RFC 775" "Remove a directory" {
        argument: Required("<SP> <pathname>"), alias_of: Some(Verb::Rmd), irrevocable: true, changes: true;
        success [250], failure [550]
    }
    Xpwd "XPWD" "RFC 775" "Tell the working directory" {
        alias_of: Some(Verb::Pwd), exact: true, carries_value: true;
        success [257], failure [550], departures [530], seen [250]
    }
    Xcup "XCUP" "RFC 775" "Change the working directory to its parent" {
        alias_of: Some(Verb::Cdup), changes: true;
        success [200 250], failure [550], departures [250]
    }
    Xcwd "XCWD" "RFC 775" "Change the working directory" {
        argument: Required("<SP> <pathname>"), alias_of: Some(Verb::Cwd), changes: true;
        success [250], failure [550]
    }

    // ---- RFC 1639: long addresses ----
    Lprt "LPRT" "RFC 1639" "Say at which long address the server is to open the data connection" {
        argument: Required("<SP> <long-host-port>"), exact: true;
        success [200], failure [521]
    }
    Lpsv "LPSV" "RFC 1639" "Let the server listen for the data connection at a long address" {
        exact: true;
        success [228], failure [425 521], departures [425]
    }

    // ---- RFC 2228: security ----
    Auth "AUTH" "RFC 2228 3" "Choose a security mechanism, such as TLS" {
        argument: Required("<SP> <mechanism-name>"), login: Anytime, exact: true, irrevocable: true;
        success [234], intermediate [334], failure [431 503 534], departures [503]
    }
    Adat "ADAT" "RFC 2228 3" "Give data to the security mechanism" {
        argument: Required("<SP> <base64data>"), login: Anytime, secret: true;
        success [235], intermediate [335], failure [503 535]
    }
    Pbsz "PBSZ" "RFC 2228 3" "Set the largest size of a protected block of data" {
        argument: Required("<SP> <decimal-integer>"), login: Anytime;
        success [200], failure [503]
    }
    Prot "PROT" "RFC 2228 3" "Set the protection of the data connection" {
        argument: Required("<SP> <prot-code>"), login: Anytime, irrevocable: true;
        success [200], failure [431 503 534 536]
    }
    Ccc "CCC" "RFC 2228 3" "Return the control connection to plain text" {
        irrevocable: true;
        success [200], failure [534]
    }
    // The enclosed command also gets replies of its own, which are sent inside a 6yz reply.
    Mic "MIC" "RFC 2228 3" "Carry a command that is protected against change" {
        argument: Required("<SP> <base64data>"), login: Anytime, secret: true;
        failure [503 535 537]
    }
    Conf "CONF" "RFC 2228 3" "Carry a command that is encrypted" {
        argument: Required("<SP> <base64data>"), login: Anytime, secret: true;
        failure [503 535 537]
    }
    Enc "ENC" "RFC 2228 3" "Carry a command that is encrypted and protected against change" {
        argument: Required("<SP> <base64data>"), login: Anytime, secret: true;
        failure [503 535 537]
    }

    // ---- RFC 2389: features ----
    Feat "FEAT" "RFC 2389 3" "List what the server can do beyond RFC 959" {
        login: Anytime, exact: true;
        success [211]
    }
    Opts "OPTS" "RFC 2389 4" "Set how a command is to behave" {
        argument: Required("<SP> <command-name> [<SP> <command-options>]"), login: Anytime;
        success [200], failure [451]
    }

    // ---- RFC 2428: IPv6 ----
    Eprt "EPRT" "RFC 2428 2" "Say at which address of any family the server is to open the data connection" {
        argument: Required("<SP> <d><net-prt><d><net-addr><d><tcp-port><d>"), exact: true;
        success [200], failure [522], seen [202 250]
    }
    // 200 answers EPSV ALL, for which RFC 2428 specifies no reply. Some embedded servers answer
    // EPSV like PASV.
    Epsv "EPSV" "RFC 2428 3" "Let the server listen for the data connection, in any address family" {
        argument: Optional("[<SP> <net-prt> | <SP> ALL]"), exact: true;
        success [200 229], failure [425 522], departures [200 425], seen [227]
    }

    // ---- RFC 2640: languages ----
    Lang "LANG" "RFC 2640 4.1" "Choose the language of the replies" {
        argument: Optional("[<SP> <lang-tag>]"), login: Anytime;
        success [200]
    }

    // ---- RFC 3659: facts of files ----
    Mdtm "MDTM" "RFC 3659 3" "Tell when a file was last modified" {
        argument: Required("<SP> <pathname>"), exact: true, carries_value: true;
        success [213], failure [450 451 550], seen [253]
    }
    Size "SIZE" "RFC 3659 4" "Tell how many bytes a file is when transferred" {
        argument: Required("<SP> <pathname>"), exact: true, carries_value: true;
        success [213], failure [450 451 550]
    }
    Mlst "MLST" "RFC 3659 7" "Tell the facts of a file, for a program to read" {
        argument: Optional("[<SP> <pathname>]"), exact: true, carries_value: true;
        success [250], failure [450 451 503 550 553]
    }
    Mlsd "MLSD" "RFC 3659 7" "List a directory with the facts of its files, for a program to read" {
        argument: Optional("[<SP> <pathname>]"), data: Some(FromServer), exact: true;
        preliminary [125 150], success [226 250],
        failure [425 426 450 451 503 521 522 534 535 550 553], additions [521 522 534 535],
        departures [125 250]
    }

    // ---- RFC 7151: virtual hosts ----
    Host "HOST" "RFC 7151 3" "Name the virtual host to log in to" {
        argument: Required("<SP> <hostname>"), login: Anytime;
        success [220], failure [503]
    }

    // ---- No RFC: facts that can be changed ----
    Mfmt "MFMT" "draft-somers-ftp-mfxx 3" "Set when a file was last modified" {
        argument: Required("<SP> <time-val> <SP> <pathname>");
        success [213], failure [450 451 550]
    }
    Mfct "MFCT" "draft-somers-ftp-mfxx 4" "Set when a file was made" {
        argument: Required("<SP> <time-val> <SP> <pathname>");
        success [213], failure [450 451 550]
    }
    Mff "MFF" "draft-somers-ftp-mfxx 5" "Set facts of a file" {
        argument: Required("<SP> <mff-facts> <SP> <pathname>");
        success [213], failure [450 451 550]
    }

    // ---- No RFC: hashes and ranges ----
    Hash "HASH" "draft-ietf-ftpext2-hash" "Tell the hash of a file, or of the range that RANG set" {
        argument: Required("<SP> <pathname>"), exact: true, carries_value: true;
        success [213], failure [450 550 556]
    }
    Rang "RANG" "draft-bryan-ftp-range" "Say which bytes the next transfer or hash is to cover" {
        argument: Required("<SP> <start> <SP> <end>");
        intermediate [350]
    }
    // No document defines these commands; some servers reply with 250, others with 213.
    Xcrc "XCRC" "no document" "Tell the CRC-32 of a file" {
        argument: Required("<SP> <pathname> [<SP> <start> [<SP> <end>]]");
        success [213 250], failure [450 550]
    }
    Xmd5 "XMD5" "no document" "Tell the MD5 hash of a file" {
        argument: Required("<SP> <pathname> [<SP> <start> [<SP> <end>]]");
        success [213 250], failure [450 550]
    }
    Xsha1 "XSHA1" "no document" "Tell the SHA-1 hash of a file" {
        argument: Required("<SP> <pathname> [<SP> <start> [<SP> <end>]]");
        success [213 250], failure [450 550]
    }
    Xsha256 "XSHA256" "no document" "Tell the SHA-256 hash of a file" {
        argument: Required("<SP> <pathname> [<SP> <start> [<SP> <end>]]");
        success [213 250], failure [450 550]
    }
    Xsha512 "XSHA512" "no document" "Tell the SHA-512 hash of a file" {
        argument: Required("<SP> <pathname> [<SP> <start> [<SP> <end>]]");
        success [213 250], failure [450 550]
    }

    // ---- No RFC: other commands in common use ----
    Sscn "SSCN" "no document" "Let the server be the TLS client on data connections, or ask whether it is" {
        argument: Optional("[<SP> ON | <SP> OFF]");
        success [200], failure [503]
    }
    Comb "COMB" "no document" "Put the parts of a file together" {
        argument: Required("<SP> <target> 1*(<SP> <part>)"), irrevocable: true, changes: true;
        success [250], failure [550 553]
    }
    Avbl "AVBL" "draft-peterson-streamlined-ftp-command-extensions" "Tell how many bytes are left in a directory" {
        argument: Optional("[<SP> <pathname>]");
        success [213], failure [550]
    }
    Csid "CSID" "draft-peterson-streamlined-ftp-command-extensions" "Tell which programs the client and the server are" {
        argument: Required("<SP> <facts>"), login: Anytime;
        success [200]
    }
    Clnt "CLNT" "no document" "Tell which program the client is" {
        argument: Required("<SP> <string>"), login: Anytime;
        success [200]
    }
    Dsiz "DSIZ" "draft-peterson-streamlined-ftp-command-extensions" "Tell how many bytes a directory and all in it take" {
        argument: Optional("[<SP> <pathname>]");
        success [213], failure [550]
    }
    Rmda "RMDA" "draft-peterson-streamlined-ftp-command-extensions" "Remove a directory and all in it" {
        argument: Required("<SP> <pathname>"), irrevocable: true;
        success [250], failure [550]
    }
    Thmb "THMB" "draft-peterson-streamlined-ftp-command-extensions" "Retrieve a small picture of a picture" {
        argument: Required("<SP> <format> <SP> <width> <SP> <height> <SP> <pathname>"), data: Some(FromServer), exact: true;
        preliminary [125 150], success [226 250],
        failure [425 426 450 451 521 522 534 535 550], additions [521 522 534 535]
    }
    Pret "PRET" "no document" "Announce the transfer that the next PASV is for" {
        argument: Required("<SP> <command>");
        success [200], failure [550]
    }
}

impl Verb {
    /// Returns the command with this name, ignoring case. Returns `None` for an unknown or an
    /// incomplete name, and if anything follows the name. Takes the same few nanoseconds for every
    /// command.
    ///
    /// ```
    /// use ftp_proto::codec::Verb;
    ///
    /// assert_eq!(Verb::from_bytes(b"ReTr"), Some(Verb::Retr));
    /// assert_eq!(Verb::from_bytes(b"RETR "), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn from_bytes(name: &[u8]) -> Option<Self> {
        match name::split(name) {
            Some((verb, [])) => Some(verb),
            _ => None,
        }
    }

    /// Returns the command whose name `line` begins with, ignoring case, and the rest of the line,
    /// which is empty or begins with a space or a control byte.
    ///
    /// ```
    /// use ftp_proto::codec::Verb;
    ///
    /// assert_eq!(Verb::split_from(b"cwd /pub"), Some((Verb::Cwd, &b" /pub"[..])));
    /// assert_eq!(Verb::split_from(b"CWDX /pub"), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn split_from(line: &[u8]) -> Option<(Self, &[u8])> {
        name::split(line)
    }

    /// Returns the name, in upper case.
    #[inline]
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().name
    }

    /// Returns the same command under its name in RFC 959: MKD for XMKD. A command that has only
    /// one name is its own canonical form.
    #[must_use]
    pub const fn canonical(self) -> Self {
        match self.info().alias_of {
            Some(verb) => verb,
            None => self,
        }
    }

    /// Returns whether the command is allowed before login. Other commands are answered with 530
    /// until then.
    #[must_use]
    pub const fn is_allowed_before_login(self) -> bool {
        matches!(self.info().login, LoginGate::Anytime)
    }

    /// Returns whether the command is answered immediately during a transfer. Other commands wait
    /// for the end of the transfer.
    #[must_use]
    pub const fn answers_during_transfer(self) -> bool {
        matches!(self.info().transfer, TransferGate::Now)
    }

    /// Returns whether the command opens a data connection.
    #[must_use]
    pub const fn opens_data_connection(self) -> bool {
        self.info().data.is_some()
    }

    /// Returns whether the command or its reply gives the address of a data connection: PORT, PASV
    /// and their successors.
    #[must_use]
    pub const fn names_data_address(self) -> bool {
        matches!(self, Self::Port | Self::Pasv | Self::Eprt | Self::Epsv | Self::Lprt | Self::Lpsv)
    }

    /// Returns whether the argument must not be shown.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        self.info().secret
    }

    /// Returns whether a server may answer the command with `code`: [`VerbInfo::allows`].
    #[must_use]
    pub fn allows(self, code: ReplyCode) -> bool {
        self.info().allows(code)
    }
}

/// Writes the name, in upper case.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
